/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-outbox.h"

#include "dw-outgoing.h"

#include "client/connection/dw-boot-clock.h"

#include <glib/gi18n-lib.h>

/**
 * SECTION:dw-outbox
 *
 * Messages to be sent. The protocol acknowledges nothing, so a message is known to have arrived only when the
 * stage broadcasts it back: by its id, else by its text, in the order of sending.
 */
struct _DwOutbox
{
  GObject parent_instance;

  DwSession *session;
  DwStage *stage;
  DwStore *store;
  /* Of DwOutgoing: to be sent, in order, but for those that ask; at most DW_OUTBOX_WAITING and _WAITING_BYTES. */
  GQueue waiting;
  gsize waiting_bytes;
  /* Of DwOutgoing: sent, in order; at most DW_OUTBOX_UNECHOED, each no longer than a frame. */
  GQueue unechoed;
  /* Of DwOutgoing: failed, but a slow handler may still broadcast it; at most DW_OUTBOX_REFUSED. */
  GQueue refused;
  DwOutgoing *marking;    /* taken from the queue while the store saves that it may have left; or NULL */
  DwMessage *announced;   /* not in the queue yet: it is being saved as one that may have left; or NULL */
  gboolean ids_come_back; /* the stage was seen to broadcast a message with its id */
  guint pace_ms;
  guint timer;
  guint probe; /* asks the stage once more what it can do, while a message waits for that */
  DwOutboxClock clock;
  gpointer clock_data;
};

G_DEFINE_FINAL_TYPE (DwOutbox, dw_outbox, G_TYPE_OBJECT)

/* A dead peer is found within this time. A message sent earlier that has not come back never will. In microseconds. */
#define DEATH_WAIT (60 * G_USEC_PER_SEC)

enum
{
  PROP_0,
  PROP_N_ASKING,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static gboolean
asks (DwMessage *message)
{
  return dw_message_get_delivery (message) == DW_DELIVERY_ASKING;
}

static void
set_delivery (DwOutbox *self, DwMessage *message, DwDelivery delivery, const char *reason)
{
  gboolean asked = asks (message);

  dw_message_set_delivery (message, delivery, reason);
  dw_store_lines_update_async (self->store, dw_stage_get_number (self->stage), dw_message_get_record (message),
                               NULL, NULL);
  if (asked)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ASKING]);
}

static void send_next (DwOutbox *self);

static gsize
size_of (DwMessage *message)
{
  return dw_record_get_size (dw_message_get_record (message));
}

static void
insert_waiting (DwOutbox *self, GList *before, DwOutgoing *entry)
{
  g_queue_insert_before (&self->waiting, before, entry);
  self->waiting_bytes += size_of (entry->message);
}

static DwOutgoing *
take_waiting (DwOutbox *self, GList *link)
{
  DwOutgoing *entry = link->data;

  self->waiting_bytes -= size_of (entry->message);
  g_queue_delete_link (&self->waiting, link);
  if (asks (entry->message))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ASKING]);
  return entry;
}

static GList *
find_waiting (DwOutbox *self, gboolean asking)
{
  GList *at = self->waiting.head;

  while (at != NULL && asks (((DwOutgoing *) at->data)->message) != asking)
    at = at->next;
  return at;
}

static GList *
find_entry (GQueue *queue, DwMessage *message)
{
  GList *at = queue->head;

  while (at != NULL && ((DwOutgoing *) at->data)->message != message)
    at = at->next;
  return at;
}

/* Puts it back into its place in the order: older ones may be back already. */
static void
requeue (DwOutbox *self, DwOutgoing *entry)
{
  GList *at = self->waiting.head;

  while (at != NULL
         && dw_message_get_place (((DwOutgoing *) at->data)->message) < dw_message_get_place (entry->message))
    at = at->next;
  insert_waiting (self, at, entry);
}

static gboolean
on_pace (gpointer data)
{
  DwOutbox *self = data;

  self->timer = 0;
  send_next (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_probe (gpointer data)
{
  DwOutbox *self = data;

  self->probe = 0;
  send_next (self);
  return G_SOURCE_REMOVE;
}

static gboolean
is_online (DwOutbox *self)
{
  return dw_session_get_status (self->session)->state == DW_SESSION_ONLINE;
}

static gboolean
sends_ids (DwOutbox *self)
{
  return (dw_session_get_status (self->session)->features & DW_FEATURE_ID) != 0;
}

/* How a message that is sent now departs. */
static DwDeparture
next_departure (DwOutbox *self)
{
  return sends_ids (self) ? DW_DEPARTURE_WITH_ID : DW_DEPARTURE_PLAIN;
}

/* The store was told that it may have left, and it has not. */
static void
withdraw (DwOutbox *self, DwMessage *message)
{
  dw_message_set_departure (message, DW_DEPARTURE_NONE);
  dw_store_lines_update_async (self->store, dw_stage_get_number (self->stage), dw_message_get_record (message),
                               NULL, NULL);
}

static char *
encode (DwOutbox *self, DwOutgoing *entry, GError **error)
{
  gboolean with_sender = (dw_session_get_status (self->session)->features & DW_FEATURE_SENDER) != 0;

  return dw_frame_encode (dw_stage_get_dialect (self->stage), dw_message_get_text (entry->message),
                          with_sender ? dw_stage_get_own_name (self->stage) : NULL,
                          sends_ids (self) ? dw_message_get_id (entry->message) : NULL, error);
}

/* The store already says that it may have left, which is all a later run needs. Only on a stage that does not echo does
 * “sent” say more, since it is final there; see dw_outbox_restore(). */
static void
set_sent (DwOutbox *self, DwMessage *message)
{
  if (dw_stage_echoes (self->stage))
    dw_message_set_delivery (message, DW_DELIVERY_SENT, NULL);
  else
    set_delivery (self, message, DW_DELIVERY_SENT, NULL);
}

/* FALSE where the connection is closing, so that nothing can be sent before there is another. */
static gboolean
hand_over (DwOutbox *self, DwOutgoing *entry)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *frame = encode (self, entry, &error);

  if (frame == NULL)
    {
      set_delivery (self, entry->message, DW_DELIVERY_FAILED, error->message);
      dw_outgoing_free (entry);
    }
  else if (!dw_session_send (self->session, frame))
    {
      insert_waiting (self, self->waiting.head, entry);
      return FALSE;
    }
  else
    {
      entry->sent_at = dw_boot_clock_now ();
      g_queue_push_tail (&self->unechoed, entry);
      if (g_queue_get_length (&self->unechoed) > DW_OUTBOX_UNECHOED)
        dw_outgoing_free (g_queue_pop_head (&self->unechoed));
      set_sent (self, entry->message);
      self->timer = g_timeout_add (self->pace_ms, on_pace, self);
      self->pace_ms = MAX (self->pace_ms * 9 / 10, DW_OUTBOX_PACE_MS);
    }
  return TRUE;
}

/* The mark is saved, or the store takes too long. A slow disk does not delay sending: if the program is killed before
 * the write, the next run assumes that the message has not left, and sends it again. */
static void
on_marked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwOutbox) self = data;
  DwOutgoing *entry = g_steal_pointer (&self->marking);

  dw_store_run_finish (DW_STORE (source), result, NULL);
  if (entry == NULL)
    {
      send_next (self);
      return;
    }

  /* The stage may have said meanwhile that it has too many requests. */
  if (is_online (self) && self->timer == 0 && dw_message_get_departure (entry->message) == next_departure (self))
    {
      if (hand_over (self, entry))
        send_next (self);
      return;
    }

  /* With an id it does no harm if the store is wrong: everybody drops a second copy. */
  if (!dw_outgoing_had_id (entry))
    withdraw (self, entry->message);
  requeue (self, entry);
  send_next (self);
}

/* If the program is killed its next start must know that the message may have left, so that is saved first. */
static void
mark (DwOutbox *self, DwOutgoing *entry)
{
  dw_message_set_departure (entry->message, next_departure (self));
  self->marking = entry;
  dw_store_lines_update_async (self->store, dw_stage_get_number (self->stage),
                               dw_message_get_record (entry->message), on_marked, g_object_ref (self));
}

/* Move all of them first, since a handler of the notification may change the queue. */
static void
let_old_ask (DwOutbox *self)
{
  g_autoptr (GPtrArray) old = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 now = self->clock (self->clock_data);

  for (GList *at = self->waiting.head; at != NULL; at = at->next)
    {
      const DwOutgoing *entry = at->data;

      if (!asks (entry->message) && dw_outgoing_is_old (entry, now))
        g_ptr_array_add (old, g_object_ref (entry->message));
    }

  for (guint i = 0; i < old->len; i++)
    set_delivery (self, g_ptr_array_index (old, i), DW_DELIVERY_ASKING,
                  _ ("This message was queued for more than an hour. Send it again or discard it."));
  if (old->len > 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ASKING]);
}

/* Where the stage echoes, what was sent is remembered until it comes back: only then can it be sent again if the peer turns
 * out to be dead. So nothing more is sent while that is full. */
static gboolean
has_room (DwOutbox *self)
{
  const DwOutgoing *oldest = g_queue_peek_head (&self->unechoed);

  return g_queue_get_length (&self->unechoed) < DW_OUTBOX_UNECHOED || !dw_stage_echoes (self->stage)
         || dw_boot_clock_now () - oldest->sent_at > DEATH_WAIT;
}

static void
send_next (DwOutbox *self)
{
  GList *link;

  if (self->timer != 0 || self->marking != NULL || !is_online (self))
    return;

  let_old_ask (self);
  if (!has_room (self))
    self->timer = g_timeout_add (DW_OUTBOX_SLOW_MS, on_pace, self);

  while (self->timer == 0 && self->marking == NULL && is_online (self)
         && (link = find_waiting (self, FALSE)) != NULL)
    {
      DwOutgoing *entry = take_waiting (self, link);

      if (!dw_outgoing_had_id (entry) || sends_ids (self))
        {
          if (dw_message_get_departure (entry->message) != next_departure (self))
            mark (self, entry);
          else if (!hand_over (self, entry))
            return;
        }
      else if (!dw_session_get_status (self->session)->confirmed)
        {
          /* Without the id a second copy would not be recognized, so it waits until the stage has announced its
           * features. */
          insert_waiting (self, self->waiting.head, entry);
          if (self->probe == 0)
            self->probe = g_timeout_add (dw_session_probe (self->session), on_probe, self);
          return;
        }
      else
        {
          /* The stage has no ids any more: the person decides. */
          set_delivery (self, entry->message, DW_DELIVERY_UNCONFIRMED,
                        _ ("This message isn’t resent automatically, because others could receive it twice."));
          dw_outgoing_free (entry);
        }
    }
}

static void
lose (DwOutbox *self, DwOutgoing *entry)
{
  gboolean had_id = dw_outgoing_had_id (entry);
  gboolean repeats = had_id && dw_outgoing_may_repeat (entry, self->ids_come_back);

  /* Where a stage was never seen to echo, “sent” is final. */
  if (dw_stage_echoes (self->stage) || had_id)
    set_delivery (self, entry->message, DW_DELIVERY_UNCONFIRMED,
                  had_id && !repeats
                      ? _ ("The stage never confirmed this message, so it isn’t resent automatically.")
                      : NULL);
  if (repeats)
    {
      entry->repeats++;
      requeue (self, entry);
    }
  else
    dw_outgoing_free (entry);
}

/* With an id everybody drops a second copy, so a message that may be lost is sent again. Without one a copy cannot be
 * recognized, so the user decides, and another person's equal text must not be taken for the echo. */
static void
on_lost (DwOutbox *self, gint64 before)
{
  GList *at = self->unechoed.tail;

  while (at != NULL)
    {
      GList *previous = at->prev;
      DwOutgoing *entry = at->data;

      if (entry->sent_at < before)
        {
          g_queue_delete_link (&self->unechoed, at);
          lose (self, entry);
        }
      at = previous;
    }
  send_next (self);
}

static void
on_changed (DwOutbox *self)
{
  if (is_online (self))
    send_next (self);
}

static void
dw_outbox_dispose (GObject *object)
{
  DwOutbox *self = DW_OUTBOX (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->probe, g_source_remove);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) dw_outgoing_free);
  g_queue_clear_full (&self->unechoed, (GDestroyNotify) dw_outgoing_free);
  g_queue_clear_full (&self->refused, (GDestroyNotify) dw_outgoing_free);
  g_clear_pointer (&self->marking, dw_outgoing_free);
  g_clear_object (&self->announced);
  g_clear_object (&self->session);
  g_clear_object (&self->stage);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (dw_outbox_parent_class)->dispose (object);
}

static void
dw_outbox_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_N_ASKING:
      g_value_set_uint (value, dw_outbox_get_n_asking (DW_OUTBOX (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
dw_outbox_class_init (DwOutboxClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_outbox_dispose;
  G_OBJECT_CLASS (klass)->get_property = dw_outbox_get_property;

  /**
   * DwOutbox:n-asking:
   *
   * How many messages ask: they have waited for long, or waited in a history that was copied.
   */
  properties[PROP_N_ASKING] = g_param_spec_uint (
      "n-asking", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);
}

static gint64
wall_clock (gpointer unused)
{
  return g_get_real_time ();
}

static void
dw_outbox_init (DwOutbox *self)
{
  self->clock = wall_clock;
  g_queue_init (&self->waiting);
  g_queue_init (&self->unechoed);
  g_queue_init (&self->refused);
  self->pace_ms = DW_OUTBOX_PACE_MS;
}

/**
 * dw_outbox_new:
 * @session: the way to the stage
 * @stage: its dialect and one's own name there
 * @store: where the messages are
 *
 * Returns: (transfer full): an empty outbox that sends when @session is online
 */
DwOutbox *
dw_outbox_new (DwSession *session, DwStage *stage, DwStore *store)
{
  DwOutbox *self = g_object_new (DW_TYPE_OUTBOX, NULL);

  self->session = g_object_ref (session);
  self->stage = g_object_ref (stage);
  self->store = g_object_ref (store);
  g_signal_connect_object (session, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "lost", G_CALLBACK (on_lost), self, G_CONNECT_SWAPPED);
  return self;
}

/**
 * dw_outbox_set_clock:
 * @self: an outbox
 * @clock: tells the time by which a message is old, instead of the computer's clock
 * @data: for @clock
 */
void
dw_outbox_set_clock (DwOutbox *self, DwOutboxClock clock, gpointer data)
{
  self->clock = clock;
  self->clock_data = data;
}

static gboolean
queue (DwOutbox *self, DwMessage *message, gboolean approved)
{
  if (g_queue_get_length (&self->waiting) >= DW_OUTBOX_WAITING
      || self->waiting_bytes + size_of (message) > DW_OUTBOX_WAITING_BYTES)
    return FALSE;

  insert_waiting (self, NULL, dw_outgoing_new (message, approved));
  if (asks (message))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ASKING]);
  return TRUE;
}

/**
 * dw_outbox_announce:
 * @self: an outbox
 * @message: one's own message, which is about to be saved and then added
 *
 * If it would be sent as soon as it is saved, it is saved as one that may have left, and needs no second write that says
 * so. dw_outbox_add() takes that back where it could not be sent after all.
 */
void
dw_outbox_announce (DwOutbox *self, DwMessage *message)
{
  if (self->announced != NULL || self->marking != NULL || self->timer != 0 || !is_online (self) || !has_room (self)
      || find_waiting (self, FALSE) != NULL)
    return;

  self->announced = g_object_ref (message);
  dw_message_set_departure (message, next_departure (self));
}

/**
 * dw_outbox_add:
 * @self: an outbox
 * @message: one's own message, which is in the store
 *
 * Queues a message, and sends it where the session is online.
 *
 * Returns: %FALSE where %DW_OUTBOX_WAITING messages or %DW_OUTBOX_WAITING_BYTES wait already; the message has failed
 * then
 */
gboolean
dw_outbox_add (DwOutbox *self, DwMessage *message)
{
  gboolean announced = self->announced == message;

  if (announced)
    g_clear_object (&self->announced);
  if (announced && dw_message_get_departure (message) != next_departure (self))
    withdraw (self, message);

  if (!queue (self, message, FALSE))
    {
      if (announced)
        dw_message_set_departure (message, DW_DEPARTURE_NONE);
      set_delivery (self, message, DW_DELIVERY_FAILED, _ ("Too many messages are queued. Try again later."));
      return FALSE;
    }

  send_next (self);
  if (announced && find_entry (&self->waiting, message) != NULL)
    withdraw (self, message);
  return TRUE;
}

/**
 * dw_outbox_restore:
 * @self: an outbox
 * @message: one's own message, as the store had it: queued, sent, unconfirmed or asking
 *
 * Takes over a message from an earlier run of the program. If it has not left it is queued. If it may have left with
 * its id it is unconfirmed and sent again, since everybody drops a second copy. If it may have left without one it is
 * unconfirmed and the user decides; but if it was sent to a stage that does not echo, it is final.
 */
void
dw_outbox_restore (DwOutbox *self, DwMessage *message)
{
  DwDeparture departure = dw_message_get_departure (message);
  DwDelivery delivery = dw_message_get_delivery (message);
  gboolean doubtful =
      dw_stage_echoes (self->stage) || delivery == DW_DELIVERY_QUEUED || delivery == DW_DELIVERY_ASKING;

  if (departure == DW_DEPARTURE_NONE || (departure == DW_DEPARTURE_WITH_ID && delivery == DW_DELIVERY_ASKING))
    queue (self, message, FALSE);
  else if (departure == DW_DEPARTURE_WITH_ID)
    {
      set_delivery (self, message, DW_DELIVERY_UNCONFIRMED, NULL);
      queue (self, message, FALSE);
    }
  else if (doubtful && delivery != DW_DELIVERY_UNCONFIRMED)
    set_delivery (self, message, DW_DELIVERY_UNCONFIRMED, NULL);

  send_next (self);
}

/**
 * dw_outbox_send_again:
 * @self: an outbox
 * @message: one's own message that failed, is unconfirmed or asks
 *
 * The person wants it sent once more.
 *
 * Returns: as dw_outbox_add()
 */
gboolean
dw_outbox_send_again (DwOutbox *self, DwMessage *message)
{
  dw_outbox_discard (self, message);
  if (!queue (self, message, TRUE))
    return dw_outbox_add (self, message);
  set_delivery (self, message, DW_DELIVERY_QUEUED, NULL);
  send_next (self);
  return TRUE;
}

/**
 * dw_outbox_get_n_asking:
 * @self: an outbox
 *
 * Returns: how many messages ask before they are sent: they have waited for long, or waited in a history that was copied
 */
guint
dw_outbox_get_n_asking (DwOutbox *self)
{
  guint n = 0;

  for (GList *at = self->waiting.head; at != NULL; at = at->next)
    n += asks (((DwOutgoing *) at->data)->message);
  return n;
}

/**
 * dw_outbox_has_doubtful:
 * @self: an outbox
 *
 * Returns: whether one of the messages that ask has not waited for long: it waited in a history that was copied, and may
 *   have been sent from the other one
 */
gboolean
dw_outbox_has_doubtful (DwOutbox *self)
{
  gint64 now = self->clock (self->clock_data);

  for (GList *at = self->waiting.head; at != NULL; at = at->next)
    {
      const DwOutgoing *entry = at->data;

      if (asks (entry->message) && !dw_outgoing_is_old (entry, now))
        return TRUE;
    }
  return FALSE;
}

/**
 * dw_outbox_peek_asking:
 * @self: an outbox
 *
 * Returns: (transfer none) (nullable): the first of them
 */
DwMessage *
dw_outbox_peek_asking (DwOutbox *self)
{
  GList *link = find_waiting (self, TRUE);

  return link != NULL ? ((DwOutgoing *) link->data)->message : NULL;
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
  GQueue *queues[] = { &self->unechoed, &self->refused };
  GList *link;

  if (self->announced == message)
    g_clear_object (&self->announced);
  if (self->marking != NULL && self->marking->message == message)
    g_clear_pointer (&self->marking, dw_outgoing_free);

  link = find_entry (&self->waiting, message);
  if (link != NULL)
    dw_outgoing_free (take_waiting (self, link));
  for (guint i = 0; i < G_N_ELEMENTS (queues); i++)
    if ((link = find_entry (queues[i], message)) != NULL)
      {
        dw_outgoing_free (link->data);
        g_queue_delete_link (queues[i], link);
      }
}

/**
 * dw_outbox_match:
 * @self: an outbox
 * @frame: a broadcast
 *
 * Returns: (transfer none) (nullable): the user's own message that came back, now delivered, or %NULL if the frame is
 * another person's
 */
DwMessage *
dw_outbox_match (DwOutbox *self, const DwFrame *frame)
{
  GQueue *queues[] = { &self->unechoed, &self->waiting, &self->refused };
  const char *own_name = dw_stage_get_own_name (self->stage);
  gint64 now = dw_boot_clock_now ();

  for (guint i = 0; i < G_N_ELEMENTS (queues); i++)
    for (GList *at = queues[i]->head; at != NULL; at = at->next)
      {
        DwOutgoing *entry = at->data;
        DwMessage *message = entry->message;

        if (!dw_outgoing_is_echo (entry, frame, own_name, i == 0, now))
          continue;
        dw_stage_set_echoes (self->stage, TRUE);
        self->ids_come_back |= frame->id != NULL;
        set_delivery (self, message, DW_DELIVERY_DELIVERED, NULL);
        if (queues[i] == &self->waiting)
          take_waiting (self, at);
        else
          g_queue_delete_link (queues[i], at);
        /* The conversation holds it too. */
        dw_outgoing_free (entry);
        return message;
      }
  return NULL;
}

static void
slow_down (DwOutbox *self)
{
  self->pace_ms = DW_OUTBOX_SLOW_MS;
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = g_timeout_add (self->pace_ms, on_pace, self);
}

static DwMessage *
put_back (DwOutbox *self, DwOutgoing *entry)
{
  entry->repeats++;
  requeue (self, entry);

  /* The gateway said that it did not take it. */
  if (!dw_outgoing_had_id (entry))
    dw_message_set_departure (entry->message, DW_DEPARTURE_NONE);
  set_delivery (self, entry->message, DW_DELIVERY_QUEUED, NULL);
  return entry->message;
}

/* Why the message failed, with what helps. */
static const char *
reason_of (DwGatewayError error)
{
  switch (error)
    {
    case DW_GATEWAY_FORBIDDEN:
      return _ ("The stage has no such route. Check the stage’s message format.");
    case DW_GATEWAY_INTERNAL:
      return _ ("The stage couldn’t process this message. Send it again.");
    case DW_GATEWAY_TIMEOUT:
      return _ ("The stage took too long to respond. The message may still have been delivered.");
    case DW_GATEWAY_THROTTLED:
      return _ ("The stage is receiving too many requests.");
    case DW_GATEWAY_BAD_BODY:
      return _ ("The stage didn’t understand this message. Check the stage’s message format.");
    case DW_GATEWAY_OTHER:
    default:
      return _ ("The stage rejected this message.");
    }
}

/**
 * dw_outbox_refuse:
 * @self: an outbox
 * @frame: a gateway error, which the caller knows to be the gateway's
 *
 * The gateway does not say what it refused. "Too Many Requests" is about the newest message that has not come back: it
 * goes back into the queue, %DW_OUTGOING_REPEATS times at most unless second copies are known to be dropped, and the
 * pace slows. Any other error is about the oldest; on a stage that does not echo all but the newest are likely to have
 * arrived. It cannot be about a message sent more than 35 s ago.
 *
 * Returns: (transfer none) (nullable): the message it is about, or %NULL where none can be
 */
DwMessage *
dw_outbox_refuse (DwOutbox *self, const DwFrame *frame)
{
  gboolean throttled = frame->gateway_error == DW_GATEWAY_THROTTLED;
  DwOutgoing *newest = g_queue_peek_tail (&self->unechoed);
  gboolean takes_newest =
      throttled || (newest != NULL && !dw_stage_echoes (self->stage) && !dw_outgoing_had_id (newest));
  GList *link = takes_newest ? self->unechoed.tail : self->unechoed.head;
  DwOutgoing *entry;
  DwMessage *message;

  if (throttled)
    slow_down (self);
  while (link != NULL && !dw_outgoing_may_be_refused (link->data, dw_boot_clock_now ()))
    link = takes_newest ? NULL : link->next;
  if (link == NULL)
    return NULL;
  entry = link->data;
  g_queue_delete_link (&self->unechoed, link);
  if (throttled && dw_outgoing_may_repeat (entry, self->ids_come_back))
    return put_back (self, entry);
  message = entry->message;
  set_delivery (self, message, DW_DELIVERY_FAILED, reason_of (frame->gateway_error));
  g_queue_push_tail (&self->refused, entry);
  if (g_queue_get_length (&self->refused) > DW_OUTBOX_REFUSED)
    dw_outgoing_free (g_queue_pop_head (&self->refused));
  return message;
}

/**
 * dw_outbox_get_n_waiting:
 * @self: an outbox
 *
 * Returns: how many messages wait for a connection, without those that ask
 */
guint
dw_outbox_get_n_waiting (DwOutbox *self)
{
  return g_queue_get_length (&self->waiting) - dw_outbox_get_n_asking (self);
}
