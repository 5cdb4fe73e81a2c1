/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-outbox.h"

#include "dw-boot-clock.h"

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
  GQueue waiting;  /* of Entry: queued, in order; at most DW_OUTBOX_WAITING */
  GQueue unechoed; /* of Entry: sent, in order; at most DW_OUTBOX_UNECHOED */
  GQueue
      refused; /* of Entry: failed, but a handler that was late may still broadcast it; at most DW_OUTBOX_REFUSED */
  gboolean echoes; /* the stage was seen to broadcast to the sender too */
  guint pace_ms;
  guint timer;
};

G_DEFINE_FINAL_TYPE (DwOutbox, dw_outbox, G_TYPE_OBJECT)

/* Without an id an echo is looked for this long, in microseconds: later, an equal text is somebody else's. */
#define ECHO_WAIT (10 * G_USEC_PER_SEC)

typedef struct
{
  DwMessage *message;
  gint64 sent_at;  /* boot clock */
  gboolean had_id; /* it went with its id at least once, so it must never go without */
} Entry;

static void
entry_free (Entry *entry)
{
  g_object_unref (entry->message);
  g_free (entry);
}

static void send_next (DwOutbox *self);

static gboolean
on_pace (gpointer data)
{
  DwOutbox *self = data;

  self->timer = 0;
  send_next (self);
  return G_SOURCE_REMOVE;
}

/* FALSE where it has to go on waiting. */
static gboolean
hand_over (DwOutbox *self, Entry *entry)
{
  const DwSessionStatus *status = dw_session_get_status (self->session);
  gboolean with_id = (status->features & DW_FEATURE_ID) != 0;
  gboolean with_sender = (status->features & DW_FEATURE_SENDER) != 0;
  g_autoptr (GError) error = NULL;
  g_autofree char *frame = NULL;

  /* Nobody could drop a copy that goes without the id, so it waits until the stage has said what it can do. */
  if (entry->had_id && !with_id && !status->confirmed)
    return FALSE;
  frame = dw_frame_encode (dw_stage_get_dialect (self->stage), dw_message_get_text (entry->message),
                           with_sender ? dw_stage_get_own_name (self->stage) : NULL,
                           with_id ? dw_message_get_id (entry->message) : NULL, &error);
  if (frame == NULL)
    {
      dw_message_set_delivery (entry->message, DW_DELIVERY_FAILED, error->message);
      entry_free (entry);
      return TRUE;
    }
  if (entry->had_id && !with_id)
    {
      /* The stage has no ids any more: the person decides. */
      dw_message_set_delivery (
          entry->message, DW_DELIVERY_UNCONFIRMED,
          _ ("The stage cannot drop a second copy any more, so it is not sent again by itself."));
      entry_free (entry);
      return TRUE;
    }
  if (!dw_session_send (self->session, frame))
    return FALSE;
  entry->sent_at = dw_boot_clock_now ();
  entry->had_id = with_id;
  g_queue_push_tail (&self->unechoed, entry);
  if (g_queue_get_length (&self->unechoed) > DW_OUTBOX_UNECHOED)
    entry_free (g_queue_pop_head (&self->unechoed));
  dw_message_set_delivery (entry->message, DW_DELIVERY_SENT, NULL);
  return TRUE;
}

static void
send_next (DwOutbox *self)
{
  Entry *entry;

  if (self->timer != 0 || dw_session_get_status (self->session)->state != DW_SESSION_ONLINE)
    return;
  entry = g_queue_pop_head (&self->waiting);
  if (entry == NULL)
    return;
  if (hand_over (self, entry))
    self->timer = g_timeout_add (self->pace_ms, on_pace, self);
  else
    g_queue_push_head (&self->waiting, entry);
}

/* With an id everybody drops a second copy, so what may be lost is sent again. Without one nobody can tell it from
 * the first, so the person decides, and an equal text from somebody else must not be taken for the echo. */
static void
on_lost (DwOutbox *self, gint64 before)
{
  GList *at = self->unechoed.tail;

  while (at != NULL)
    {
      GList *previous = at->prev;
      Entry *entry = at->data;

      if (entry->sent_at < before)
        {
          g_queue_delete_link (&self->unechoed, at);
          /* Where a stage was never seen to echo, “sent” is final. */
          if (self->echoes || entry->had_id)
            dw_message_set_delivery (entry->message, DW_DELIVERY_UNCONFIRMED, NULL);
          if (entry->had_id)
            g_queue_push_head (&self->waiting, entry);
          else
            entry_free (entry);
        }
      at = previous;
    }
  send_next (self);
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
  g_queue_clear_full (&self->waiting, (GDestroyNotify) entry_free);
  g_queue_clear_full (&self->unechoed, (GDestroyNotify) entry_free);
  g_queue_clear_full (&self->refused, (GDestroyNotify) entry_free);
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
  g_queue_init (&self->refused);
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
  Entry *entry;

  if (g_queue_get_length (&self->waiting) >= DW_OUTBOX_WAITING)
    {
      dw_message_set_delivery (message, DW_DELIVERY_FAILED, _ ("Too many messages are waiting. Try again later."));
      return FALSE;
    }
  entry = g_new0 (Entry, 1);
  entry->message = g_object_ref (message);
  g_queue_push_tail (&self->waiting, entry);
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
  GQueue *queues[] = { &self->unechoed, &self->waiting, &self->refused };

  for (guint i = 0; i < G_N_ELEMENTS (queues); i++)
    for (GList *at = queues[i]->head; at != NULL; at = at->next)
      if (((Entry *) at->data)->message == message)
        {
          entry_free (at->data);
          g_queue_delete_link (queues[i], at);
          return;
        }
}

/* A broadcast with an id can only be the message of that id, whatever its text. One without is the echo of a
 * message that went without, was sent a moment ago, and says the same; a message that waits cannot have come back
 * so. */
static gboolean
is_echo (const Entry *entry, const DwFrame *frame, gboolean sent)
{
  if (frame->id != NULL)
    return g_strcmp0 (frame->id, dw_message_get_id (entry->message)) == 0;
  return sent && !entry->had_id && dw_boot_clock_now () - entry->sent_at < ECHO_WAIT
         && strcmp (frame->text, dw_message_get_text (entry->message)) == 0;
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
  GQueue *queues[] = { &self->unechoed, &self->waiting, &self->refused };

  for (guint i = 0; i < G_N_ELEMENTS (queues); i++)
    for (GList *at = queues[i]->head; at != NULL; at = at->next)
      {
        Entry *entry = at->data;
        DwMessage *message = entry->message;

        if (!is_echo (entry, frame, i == 0))
          continue;
        self->echoes = TRUE;
        self->pace_ms = MAX (self->pace_ms / 2, DW_OUTBOX_PACE_MS);
        dw_message_set_delivery (message, DW_DELIVERY_DELIVERED, NULL);
        g_queue_delete_link (queues[i], at);
        /* The conversation holds it too. */
        entry_free (entry);
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

static DwMessage *
put_back (DwOutbox *self, Entry *entry)
{
  self->pace_ms = DW_OUTBOX_SLOW_MS;
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = g_timeout_add (self->pace_ms, on_pace, self);
  g_queue_push_head (&self->waiting, entry);
  dw_message_set_delivery (entry->message, DW_DELIVERY_QUEUED, NULL);
  return entry->message;
}

/**
 * dw_outbox_refuse:
 * @self: an outbox
 * @frame: a gateway error
 *
 * The gateway does not say what it refused. "Too Many Requests" is about the newest message that has not come back:
 * it goes back into the queue and the pace slows. Any other error is about the oldest; on a stage that does not
 * echo all but the newest are likely to have arrived.
 *
 * Returns: (transfer none) (nullable): the message it is about, or %NULL where none can be
 */
DwMessage *
dw_outbox_refuse (DwOutbox *self, const DwFrame *frame)
{
  gboolean throttled = frame->gateway_error == DW_GATEWAY_THROTTLED;
  Entry *newest = g_queue_peek_tail (&self->unechoed);
  gboolean takes_newest = throttled || (newest != NULL && !self->echoes && !newest->had_id);
  Entry *entry = takes_newest ? g_queue_pop_tail (&self->unechoed) : g_queue_pop_head (&self->unechoed);
  DwMessage *message;

  if (entry == NULL)
    return NULL;
  if (throttled)
    return put_back (self, entry);
  message = entry->message;
  dw_message_set_delivery (message, DW_DELIVERY_FAILED, reason_of (frame->gateway_error));
  g_queue_push_tail (&self->refused, entry);
  if (g_queue_get_length (&self->refused) > DW_OUTBOX_REFUSED)
    entry_free (g_queue_pop_head (&self->refused));
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
