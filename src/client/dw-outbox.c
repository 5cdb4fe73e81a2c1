/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-outbox.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * SECTION:dw-outbox
 *
 * What still has to be said. The protocol acknowledges nothing, so a message is known to have arrived only when the
 * stage broadcasts it back: by its id, else by its text, in the order of sending.
 */
struct _DwOutbox
{
  GObject parent_instance;

  DwSession *session;
  DwStage *stage;
  GQueue waiting;  /* of DwMessage: queued, in order; at most DW_OUTBOX_WAITING */
  GQueue unechoed; /* of DwMessage: sent or unconfirmed, in order; at most DW_OUTBOX_UNECHOED */
  gboolean echoes; /* the stage was seen to broadcast to the sender too */
  guint pace_ms;
  guint timer;
};

G_DEFINE_FINAL_TYPE (DwOutbox, dw_outbox, G_TYPE_OBJECT)

static void send_next (DwOutbox *self);

static gboolean
on_pace (gpointer data)
{
  DwOutbox *self = data;

  self->timer = 0;
  send_next (self);
  return G_SOURCE_REMOVE;
}

/* FALSE where the message has to go on waiting. */
static gboolean
hand_over (DwOutbox *self, DwMessage *message)
{
  DwFeatures features = dw_session_get_status (self->session)->features;
  g_autoptr (GError) error = NULL;
  g_autofree char *frame = NULL;

  frame = dw_frame_encode (dw_stage_get_dialect (self->stage), dw_message_get_text (message),
                           features & DW_FEATURE_SENDER ? dw_stage_get_own_name (self->stage) : NULL,
                           features & DW_FEATURE_ID ? dw_message_get_id (message) : NULL, &error);
  if (frame == NULL)
    {
      dw_message_set_delivery (message, DW_DELIVERY_FAILED, error->message);
      return TRUE;
    }
  if (!dw_session_send (self->session, frame))
    return FALSE;
  g_queue_push_tail (&self->unechoed, g_object_ref (message));
  if (g_queue_get_length (&self->unechoed) > DW_OUTBOX_UNECHOED)
    g_object_unref (g_queue_pop_head (&self->unechoed));
  dw_message_set_delivery (message, DW_DELIVERY_SENT, NULL);
  return TRUE;
}

static void
send_next (DwOutbox *self)
{
  g_autoptr (DwMessage) message = NULL;

  if (self->timer != 0 || dw_session_get_status (self->session)->state != DW_SESSION_ONLINE)
    return;
  message = g_queue_pop_head (&self->waiting);
  if (message == NULL)
    return;
  if (!hand_over (self, message))
    g_queue_push_head (&self->waiting, g_steal_pointer (&message));
  self->timer = g_timeout_add (self->pace_ms, on_pace, self);
}

/* With an id everybody drops a second copy, so what may be lost is sent again. Without one nobody can tell it from
 * the first, so the person decides, and an equal text from somebody else must not be taken for the echo. */
static void
on_lost (DwOutbox *self)
{
  gboolean has_id = (dw_session_get_status (self->session)->features & DW_FEATURE_ID) != 0;
  DwMessage *message;

  while ((message = g_queue_pop_tail (&self->unechoed)) != NULL)
    {
      /* Where a stage was never seen to echo, “sent” is final. */
      if (self->echoes || has_id)
        dw_message_set_delivery (message, DW_DELIVERY_UNCONFIRMED, NULL);
      if (has_id)
        g_queue_push_head (&self->waiting, message);
      else
        g_object_unref (message);
    }
}

static void
on_changed (DwOutbox *self)
{
  if (dw_session_get_status (self->session)->state == DW_SESSION_ONLINE)
    send_next (self);
}

static void
dw_outbox_dispose (GObject *object)
{
  DwOutbox *self = DW_OUTBOX (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_queue_clear_full (&self->waiting, g_object_unref);
  g_queue_clear_full (&self->unechoed, g_object_unref);
  g_clear_object (&self->session);
  g_clear_object (&self->stage);
  G_OBJECT_CLASS (dw_outbox_parent_class)->dispose (object);
}

static void
dw_outbox_class_init (DwOutboxClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_outbox_dispose;
}

static void
dw_outbox_init (DwOutbox *self)
{
  g_queue_init (&self->waiting);
  g_queue_init (&self->unechoed);
  self->pace_ms = DW_OUTBOX_PACE_MS;
}

/**
 * dw_outbox_new:
 * @session: the way to the stage
 * @stage: its dialect and one's own name there
 *
 * Returns: (transfer full): an empty outbox that sends when @session is online
 */
DwOutbox *
dw_outbox_new (DwSession *session, DwStage *stage)
{
  DwOutbox *self = g_object_new (DW_TYPE_OUTBOX, NULL);

  self->session = g_object_ref (session);
  self->stage = g_object_ref (stage);
  g_signal_connect_object (session, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "lost", G_CALLBACK (on_lost), self, G_CONNECT_SWAPPED);
  return self;
}

/**
 * dw_outbox_add:
 * @self: an outbox
 * @message: one's own message
 *
 * Queues a message, and sends it where the session is online.
 *
 * Returns: %FALSE where %DW_OUTBOX_WAITING messages wait already; the message has failed then
 */
gboolean
dw_outbox_add (DwOutbox *self, DwMessage *message)
{
  if (g_queue_get_length (&self->waiting) >= DW_OUTBOX_WAITING)
    {
      dw_message_set_delivery (message, DW_DELIVERY_FAILED, _ ("Too many messages are waiting. Try again later."));
      return FALSE;
    }
  g_queue_push_tail (&self->waiting, g_object_ref (message));
  dw_message_set_delivery (message, DW_DELIVERY_QUEUED, NULL);
  send_next (self);
  return TRUE;
}

/**
 * dw_outbox_send_again:
 * @self: an outbox
 * @message: one's own message that failed or is unconfirmed
 *
 * The person wants it sent once more.
 *
 * Returns: as dw_outbox_add()
 */
gboolean
dw_outbox_send_again (DwOutbox *self, DwMessage *message)
{
  dw_outbox_discard (self, message);
  return dw_outbox_add (self, message);
}

/**
 * dw_outbox_discard:
 * @self: an outbox
 * @message: one's own message
 *
 * Neither sends nor looks for it any more.
 */
void
dw_outbox_discard (DwOutbox *self, DwMessage *message)
{
  if (g_queue_remove (&self->waiting, message))
    g_object_unref (message);
  if (g_queue_remove (&self->unechoed, message))
    g_object_unref (message);
}

static gboolean
is_echo (DwMessage *message, const DwFrame *frame)
{
  /* A broadcast with an id can only be the message of that id, whatever its text. */
  if (frame->id != NULL)
    return g_strcmp0 (frame->id, dw_message_get_id (message)) == 0;
  return strcmp (frame->text, dw_message_get_text (message)) == 0;
}

/**
 * dw_outbox_match:
 * @self: an outbox
 * @frame: a broadcast
 *
 * Returns: (transfer none) (nullable): one's own message that came back, delivered now, or %NULL where it is
 * somebody else's
 */
DwMessage *
dw_outbox_match (DwOutbox *self, const DwFrame *frame)
{
  GQueue *queues[] = { &self->unechoed, &self->waiting };

  for (guint i = 0; i < G_N_ELEMENTS (queues); i++)
    for (GList *at = queues[i]->head; at != NULL; at = at->next)
      {
        DwMessage *message = at->data;

        /* One that waits to be sent again may still come back from the first time, but only an id proves it. */
        if (!is_echo (message, frame) || (queues[i] == &self->waiting && frame->id == NULL))
          continue;
        self->echoes = TRUE;
        self->pace_ms = DW_OUTBOX_PACE_MS;
        dw_message_set_delivery (message, DW_DELIVERY_DELIVERED, NULL);
        g_queue_delete_link (queues[i], at);
        /* The conversation holds it too. */
        g_object_unref (message);
        return message;
      }
  return NULL;
}

static const char *
reason_of (DwGatewayError error)
{
  switch (error)
    {
    case DW_GATEWAY_FORBIDDEN:
      return _ ("The stage has no such route. Check the stage’s dialect.");
    case DW_GATEWAY_INTERNAL:
      return _ ("The stage failed to handle it. Send it again.");
    case DW_GATEWAY_TIMEOUT:
      return _ ("The stage took too long. It may have arrived all the same.");
    case DW_GATEWAY_THROTTLED:
      return _ ("The stage has too many requests.");
    case DW_GATEWAY_BAD_BODY:
      return _ ("The stage did not understand it. Check the stage’s dialect.");
    case DW_GATEWAY_OTHER:
    default:
      return _ ("The stage refused it.");
    }
}

/**
 * dw_outbox_refuse:
 * @self: an outbox
 * @frame: a gateway error
 *
 * The gateway does not say what it refused. "Too Many Requests" is about the newest message that has not come back:
 * it goes back into the queue and the pace slows. Any other error is about the oldest.
 *
 * Returns: (transfer none) (nullable): the message it is about, or %NULL where none can be
 */
DwMessage *
dw_outbox_refuse (DwOutbox *self, const DwFrame *frame)
{
  DwMessage *message;

  if (frame->gateway_error == DW_GATEWAY_THROTTLED)
    {
      message = g_queue_pop_tail (&self->unechoed);
      if (message == NULL)
        return NULL;
      self->pace_ms = DW_OUTBOX_SLOW_MS;
      g_clear_handle_id (&self->timer, g_source_remove);
      self->timer = g_timeout_add (self->pace_ms, on_pace, self);
      g_queue_push_head (&self->waiting, message);
      dw_message_set_delivery (message, DW_DELIVERY_QUEUED, NULL);
      return message;
    }
  message = g_queue_pop_head (&self->unechoed);
  if (message == NULL)
    return NULL;
  dw_message_set_delivery (message, DW_DELIVERY_FAILED, reason_of (frame->gateway_error));
  /* The conversation holds it too. */
  g_object_unref (message);
  return message;
}

/**
 * dw_outbox_get_n_waiting:
 * @self: an outbox
 *
 * Returns: how many messages wait for a connection
 */
guint
dw_outbox_get_n_waiting (DwOutbox *self)
{
  return g_queue_get_length (&self->waiting);
}
