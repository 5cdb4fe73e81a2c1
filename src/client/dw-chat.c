/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-chat.h"

#include "client/messages/dw-notice.h"
#include "client/messages/dw-seen.h"

#include "wire/dw-fingerprint.h"
#include "wire/dw-safe-text.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * SECTION:dw-chat
 *
 * One stage and what is said there: its session, its outbox and its conversation, joined. What becomes of a frame:
 *
 * | what it is | what happens |
 * |---|---|
 * | a broadcast of our own | the message is delivered |
 * | a broadcast of somebody else's | a message |
 * | a broadcast with an id, text and sender that came before | dropped |
 * | what a search for the stage's message format has said | dropped |
 * | "Too Many Requests" after a send | the newest message that has not come back waits again, and the pace slows |
 * | another gateway error after a send | the oldest message that has not come back has failed |
 * | a gateway error without one | a notice |
 * | what has the gateway's shape and another connection's ID | a message |
 * | the same where our own ID is unknown | a notice that does not say whose it is |
 * | a route response, an unreadable frame | a notice |
 *
 * What cannot be a frame at all is in the table of dw-connection.c.
 */
struct _DwChat
{
  GObject parent_instance;

  DwStage *stage;
  DwStore *store;
  DwSession *session;
  DwOutbox *outbox;
  DwConversation *conversation;
  DwSeen *seen;
  DwTrace *trace;
  DwRawHistory *raw_history;
  DwDialectSearch *search; /* the last one on this stage, or NULL */
  gint64 least_gap;        /* what is shorter has no line, in microseconds */
  gint64 lost_at;          /* when the connection was lost, in microseconds since 1970 UTC, or 0 */
  guint unread;            /* unread messages from other people */
  gboolean attended;       /* its newest messages are on the screen */
  gboolean restored;       /* the outbox knows what an earlier run left */
  DwMessage *doomed;       /* to be deleted once it is read again, or NULL */
  guint deletion;
  guint looks; /* for it, until now */
};

/* A line that is read again before it is deleted is looked for this often, so many milliseconds apart. */
#define LOOKS 100
#define LOOK_MS 50

G_DEFINE_FINAL_TYPE (DwChat, dw_chat, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_UNREAD,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
add_message (DwChat *self, DwMessageKind kind, const char *text, const char *sender, const char *id)
{
  g_autoptr (DwMessage) message = dw_message_new (kind, text, sender, id, g_get_real_time ());

  dw_conversation_append (self->conversation, message);
}

static void
add_notice (DwChat *self, const DwFrame *frame)
{
  g_autofree char *text = dw_notice_of_frame (frame);

  add_message (self, DW_MESSAGE_NOTICE, text, NULL, NULL);
}

static void
add_broadcast (DwChat *self, const DwFrame *frame)
{
  g_autofree char *fingerprint = dw_fingerprint_of_frame (frame);
  gboolean own = dw_outbox_match (self->outbox, frame) != NULL;

  if (dw_seen_is_first (self->seen, fingerprint) && !own)
    add_message (self, DW_MESSAGE_THEIRS, frame->text, frame->sender, frame->id);
}

static void
on_frame (DwChat *self, const DwFrame *frame)
{
  if (self->search != NULL && dw_dialect_search_is_own (self->search, frame->text))
    return;
  switch (frame->kind)
    {
    case DW_FRAME_BROADCAST:
      add_broadcast (self, frame);
      break;
    case DW_FRAME_GATEWAY_ERROR:
      if (dw_outbox_refuse (self->outbox, frame) == NULL)
        add_notice (self, frame);
      break;
    case DW_FRAME_ROUTE_RESPONSE:
    case DW_FRAME_UNREADABLE:
      add_notice (self, frame);
      break;
    case DW_FRAME_NOTIFICATION:
    default:
      /* The session's state says it already. */
      break;
    }
}

static void
on_lost (DwChat *self, gint64 before, gint64 silence)
{
  gint64 lost_at = g_get_real_time () - silence;

  /* At the end of a rollover the next connection is open already. */
  if (before != G_MAXINT64)
    return;

  dw_stage_set_left_at (self->stage, lost_at);
  if (self->lost_at == 0)
    self->lost_at = lost_at;
}

/* The gap that the conversation ends with, or NULL. */
static DwMessage *
find_last_gap (DwChat *self)
{
  GListModel *lines = G_LIST_MODEL (self->conversation);
  guint n = g_list_model_get_n_items (lines);
  g_autoptr (DwMessage) line = NULL;

  if (n == 0 || !dw_conversation_is_settled (self->conversation))
    return NULL;
  line = g_list_model_get_item (lines, n - 1);
  return dw_message_get_kind (line) == DW_MESSAGE_GAP ? g_steal_pointer (&line) : NULL;
}

/* The stage keeps nothing for those who are away, so what was said meanwhile is missing, and that is shown. A short gap
 * is not: nearly every reconnection would leave one. But one right after another gap makes that one longer. */
static void
add_gap (DwChat *self)
{
  gint64 now = g_get_real_time ();
  gint64 from = self->lost_at;
  gint64 online;
  g_autoptr (DwMessage) before = NULL;
  g_autoptr (DwMessage) gap = NULL;

  self->lost_at = 0;
  if (from == 0)
    return;
  before = find_last_gap (self);
  online = before != NULL ? from - dw_message_get_until (before) : -1;

  if (online >= 0 && online < self->least_gap)
    {
      from = dw_message_get_time (before);
      dw_conversation_remove (self->conversation, before);
    }
  else if (now - from < self->least_gap)
    return;
  gap = dw_message_new (DW_MESSAGE_GAP, "", NULL, NULL, from);
  dw_message_set_until (gap, now);
  dw_conversation_append (self->conversation, gap);
}

static void
on_state (DwChat *self)
{
  DwSessionState state = dw_session_get_status (self->session)->state;

  /* The gap comes before the new connection's messages. */
  if (self->restored && (state == DW_SESSION_CONNECTED || state == DW_SESSION_ONLINE))
    add_gap (self);
  if (state != DW_SESSION_ONLINE)
    return;

  /* If the program is killed, it was online until now at least. */
  dw_stage_set_left_at (self->stage, g_get_real_time ());
}

static void
set_unread (DwChat *self, guint unread)
{
  if (self->unread == unread)
    return;
  self->unread = unread;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_UNREAD]);
}

static void
set_all_read (DwChat *self)
{
  gint64 newest = dw_conversation_get_last_place (self->conversation);

  dw_stage_set_seen (self->stage, MAX (newest, dw_stage_get_seen (self->stage)));
  set_unread (self, 0);
}

static void
remove_message (DwChat *self, DwMessage *message)
{
  dw_outbox_discard (self->outbox, message);
  dw_conversation_remove (self->conversation, message);
}

static void
on_shown (DwChat *self, GPtrArray *lines)
{
  guint unread = 0;

  if (self->attended)
    {
      gint64 newest = dw_message_get_place (g_ptr_array_index (lines, lines->len - 1));

      dw_stage_set_seen (self->stage, MAX (newest, dw_stage_get_seen (self->stage)));
      return;
    }

  for (guint i = 0; i < lines->len; i++)
    {
      DwMessage *message = g_ptr_array_index (lines, i);

      if (dw_message_get_kind (message) != DW_MESSAGE_THEIRS)
        continue;
      if (self->unread == 0 && unread == 0)
        dw_conversation_set_unread_from (self->conversation, dw_message_get_place (message));
      unread++;
    }
  set_unread (self, self->unread + unread);
}

/* TCP slows a stage that is read no faster than what it says is saved. */
static void
on_congested (DwChat *self)
{
  dw_session_set_held (self->session, dw_conversation_is_congested (self->conversation));
}

/* Messages left by an earlier run of the program. */
static void
restore (DwChat *self, DwStoreOpening *opening)
{
  gint64 newest = 0;

  if (opening->tail->len > 0)
    newest = ((DwRecord *) g_ptr_array_index (opening->tail, opening->tail->len - 1))->time;
  for (guint i = 0; i < opening->fingerprints->len; i++)
    dw_seen_is_first (self->seen, g_ptr_array_index (opening->fingerprints, i));
  if (newest != 0)
    self->lost_at = MAX (dw_stage_get_left_at (self->stage), newest);
  self->restored = TRUE;
  for (guint i = 0; i < opening->waiting->len; i++)
    {
      const DwRecord *record = g_ptr_array_index (opening->waiting, i);
      DwMessage *message = dw_conversation_find (self->conversation, record->id);

      if (message != NULL)
        dw_outbox_restore (self->outbox, message);
    }
  if (dw_session_get_status (self->session)->state == DW_SESSION_ONLINE)
    add_gap (self);
}

static void
on_opened (DwChat *self, DwStoreOpening *opening)
{
  if (!self->restored)
    restore (self, opening);

  /* Lines have been deleted, and with them those that were seen. */
  if (dw_stage_get_seen (self->stage) > opening->last)
    dw_stage_set_seen (self->stage, opening->last);
  if (opening->unread > 0)
    dw_conversation_set_unread_from (self->conversation, dw_stage_get_seen (self->stage) + 1);
  if (self->attended)
    dw_stage_set_seen (self->stage, opening->last);
  set_unread (self, self->attended ? 0 : opening->unread);
}

static void
dw_chat_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_UNREAD:
      g_value_set_uint (value, DW_CHAT (object)->unread);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
dw_chat_dispose (GObject *object)
{
  DwChat *self = DW_CHAT (object);

  if (self->session != NULL)
    dw_session_disconnect (self->session);
  g_clear_handle_id (&self->deletion, g_source_remove);
  g_clear_object (&self->doomed);
  g_clear_object (&self->outbox);
  g_clear_object (&self->session);
  g_clear_object (&self->conversation);
  g_clear_object (&self->stage);
  g_clear_object (&self->store);
  g_clear_object (&self->trace);
  g_clear_object (&self->search);
  g_clear_pointer (&self->seen, dw_seen_free);
  g_clear_pointer (&self->raw_history, dw_raw_history_free);
  G_OBJECT_CLASS (dw_chat_parent_class)->dispose (object);
}

static void
dw_chat_class_init (DwChatClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_chat_dispose;
  G_OBJECT_CLASS (klass)->get_property = dw_chat_get_property;

  /**
   * DwChat:unread:
   *
   * The number of unread messages from other people.
   */
  properties[PROP_UNREAD] = g_param_spec_uint ("unread", NULL, NULL, 0, G_MAXUINT, 0,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);
}

static void
dw_chat_init (DwChat *self)
{
  self->seen = dw_seen_new ();
  self->trace = dw_trace_new ();
  self->raw_history = dw_raw_history_new ();
  self->least_gap = DW_CHAT_GAP_US;
}

/**
 * dw_chat_new:
 * @stage: the stage, which has a number
 * @store: where its conversation is
 * @policy: the durations of its session
 * @monitor: (nullable): what knows about the network
 *
 * Returns: (transfer full): a chat on that stage, offline
 */
DwChat *
dw_chat_new (DwStage *stage, DwStore *store, DwSessionPolicy *policy, GNetworkMonitor *monitor)
{
  DwChat *self = g_object_new (DW_TYPE_CHAT, NULL);

  self->stage = g_object_ref (stage);
  self->store = g_object_ref (store);
  self->session = dw_session_new (policy, monitor, self->trace);
  dw_session_set_stage (self->session, stage);
  self->conversation = dw_conversation_new (store, stage);
  self->outbox = dw_outbox_new (self->session, stage, store);
  g_signal_connect_object (self->conversation, "opened", G_CALLBACK (on_opened), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->conversation, "shown", G_CALLBACK (on_shown), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->conversation, "notify::congested", G_CALLBACK (on_congested), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->conversation, "written", G_CALLBACK (dw_outbox_add), self->outbox,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "lost", G_CALLBACK (on_lost), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "notify::state", G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "frame", G_CALLBACK (on_frame), self, G_CONNECT_SWAPPED);
  return self;
}

/**
 * dw_chat_set_least_gap:
 * @self: a chat
 * @least: which absence is worth a line of the conversation, in microseconds; %DW_CHAT_GAP_US until this is called
 */
void
dw_chat_set_least_gap (DwChat *self, gint64 least)
{
  self->least_gap = least;
}

/**
 * dw_chat_set_search:
 * @self: a chat
 * @search: a search for the message format of its stage
 *
 * What the search says there is nobody's message, and is not shown; what comes late neither.
 */
void
dw_chat_set_search (DwChat *self, DwDialectSearch *search)
{
  g_set_object (&self->search, search);
}

/**
 * dw_chat_connect:
 * @self: a chat
 *
 * Connects, now and whenever the program starts.
 */
void
dw_chat_connect (DwChat *self)
{
  dw_stage_set_online (self->stage, TRUE);
  dw_session_connect (self->session);
}

/**
 * dw_chat_disconnect:
 * @self: a chat
 *
 * Disconnects, until dw_chat_connect().
 */
void
dw_chat_disconnect (DwChat *self)
{
  dw_stage_set_online (self->stage, FALSE);
  dw_session_disconnect (self->session);
}

/**
 * dw_chat_get_stage:
 * @self: a chat
 *
 * Returns: (transfer none): its stage
 */
DwStage *
dw_chat_get_stage (DwChat *self)
{
  return self->stage;
}

/**
 * dw_chat_get_session:
 * @self: a chat
 *
 * Returns: (transfer none): what keeps it connected
 */
DwSession *
dw_chat_get_session (DwChat *self)
{
  return self->session;
}

/**
 * dw_chat_get_conversation:
 * @self: a chat
 *
 * Returns: (transfer none): what was said
 */
DwConversation *
dw_chat_get_conversation (DwChat *self)
{
  return self->conversation;
}

/**
 * dw_chat_get_outbox:
 * @self: a chat
 *
 * Returns: (transfer none): what still has to be said
 */
DwOutbox *
dw_chat_get_outbox (DwChat *self)
{
  return self->outbox;
}

/**
 * dw_chat_get_store:
 * @self: a chat
 *
 * Returns: (transfer none): where its conversation is
 */
DwStore *
dw_chat_get_store (DwChat *self)
{
  return self->store;
}

/* What somebody said last, or NULL. */
static DwMessage *
find_last (DwChat *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->conversation));

  /* Few lines follow the last message. */
  for (guint i = n; i > 0 && n - i < 8; i--)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (G_LIST_MODEL (self->conversation), i - 1);
      DwMessageKind kind = dw_message_get_kind (message);

      if (kind == DW_MESSAGE_OWN || kind == DW_MESSAGE_THEIRS)
        return g_steal_pointer (&message);
    }
  return NULL;
}

/**
 * dw_chat_dup_last_words:
 * @self: a chat
 * @said_at: (out) (optional): when that was, in microseconds since 1970 UTC; 0 where it is nothing
 *
 * Returns: (transfer full) (nullable): who said last, and what, as untrusted as a message; or %NULL where that is
 *   nothing, or not read yet
 */
char *
dw_chat_dup_last_words (DwChat *self, gint64 *said_at)
{
  g_autoptr (DwMessage) message = find_last (self);
  const char *sender = message != NULL ? dw_message_get_sender (message) : NULL;

  if (said_at != NULL)
    *said_at = message != NULL ? dw_message_get_time (message) : 0;
  if (message == NULL)
    return NULL;
  if (dw_message_get_kind (message) == DW_MESSAGE_OWN)
    return g_strdup_printf (_ ("You: %s"), dw_message_get_text (message));
  if (sender != NULL && dw_safe_text_is_seen (sender))
    return g_strdup_printf ("%s: %s", sender, dw_message_get_text (message));
  return g_strdup (dw_message_get_text (message));
}

/**
 * dw_chat_get_raw_history:
 * @self: a chat
 *
 * Returns: (transfer none): the raw frames that were written and sent there while the program runs
 */
DwRawHistory *
dw_chat_get_raw_history (DwChat *self)
{
  return self->raw_history;
}

/**
 * dw_chat_get_trace:
 * @self: a chat
 *
 * Returns: (transfer none): what crossed the wire last
 */
DwTrace *
dw_chat_get_trace (DwChat *self)
{
  return self->trace;
}

/**
 * dw_chat_get_unread:
 * @self: a chat
 *
 * Returns: the number of unread messages from other people
 */
guint
dw_chat_get_unread (DwChat *self)
{
  return self->unread;
}

/**
 * dw_chat_set_attended:
 * @self: a chat
 * @attended: whether its newest messages are on the screen
 *
 * Unread messages stay marked until another chat is shown.
 */
void
dw_chat_set_attended (DwChat *self, gboolean attended)
{
  if (self->attended == attended)
    return;
  self->attended = attended;
  if (!self->restored)
    return;
  if (!attended)
    dw_conversation_set_unread_from (self->conversation, 0);
  set_all_read (self);
}

/**
 * dw_chat_mark_read:
 * @self: a chat
 *
 * Counts all its messages as read, and takes the line away that stands before the unread ones.
 */
void
dw_chat_mark_read (DwChat *self)
{
  if (!self->restored)
    return;
  dw_conversation_set_unread_from (self->conversation, 0);
  set_all_read (self);
}

/**
 * dw_chat_say:
 * @self: a chat
 * @text: what the person wrote, UTF-8 and not empty
 *
 * Saves the message, shows it and sends it, now or when the stage is back.
 *
 * Returns: (transfer none) (nullable): the message, or %NULL where the store cannot be read for so long that no
 * more can wait, or where another process has it
 */
DwMessage *
dw_chat_say (DwChat *self, const char *text)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autoptr (DwMessage) message = NULL;

  if (dw_store_get_trouble (self->store) == DW_STORE_HELD)
    return NULL;

  message = dw_message_new (DW_MESSAGE_OWN, text, dw_stage_get_own_name (self->stage), id, g_get_real_time ());
  /* Replying counts as having read everything. */
  dw_conversation_set_unread_from (self->conversation, 0);

  dw_outbox_announce (self->outbox, message);
  if (!dw_conversation_append (self->conversation, message))
    {
      dw_outbox_discard (self->outbox, message);
      return NULL;
    }
  /* The conversation holds it. */
  return message;
}

/**
 * dw_chat_send_again:
 * @self: a chat
 * @id: the id of one's own message that failed, is unconfirmed or asks
 *
 * The person wants it sent once more, under the same id.
 *
 * Returns: whether there is such a message and it was queued
 */
gboolean
dw_chat_send_again (DwChat *self, const char *id)
{
  DwMessage *message = dw_conversation_find (self->conversation, id);

  if (message == NULL || !dw_message_needs_decision (message))
    return FALSE;
  return dw_outbox_send_again (self->outbox, message);
}

/**
 * dw_chat_discard:
 * @self: a chat
 * @id: the id of one's own message that failed, is unconfirmed or asks
 *
 * The person does not want it any more.
 *
 * Returns: (transfer full) (nullable): its text, or %NULL where there is no such message
 */
char *
dw_chat_discard (DwChat *self, const char *id)
{
  g_autoptr (DwMessage) message = NULL;
  DwMessage *found = dw_conversation_find (self->conversation, id);

  if (found == NULL || !dw_message_needs_decision (found))
    return NULL;
  message = g_object_ref (found);
  remove_message (self, message);
  return g_strdup (dw_message_get_text (message));
}

/**
 * dw_chat_can_delete:
 * @self: a chat
 * @message: a line of its conversation
 *
 * One's own that is under way, or needs a decision, stays: its echo would come as somebody else's message.
 *
 * Returns: whether dw_chat_delete() takes it
 */
gboolean
dw_chat_can_delete (DwChat *self, DwMessage *message)
{
  DwDelivery delivery = dw_message_get_delivery (message);

  if (dw_store_get_trouble (self->store) == DW_STORE_HELD)
    return FALSE;
  switch (dw_message_get_kind (message))
    {
    case DW_MESSAGE_THEIRS:
    case DW_MESSAGE_NOTICE:
      return TRUE;
    case DW_MESSAGE_OWN:
      return delivery == DW_DELIVERY_DELIVERED || (delivery == DW_DELIVERY_SENT && !dw_stage_echoes (self->stage));
    case DW_MESSAGE_DAY:
    case DW_MESSAGE_GAP:
    case DW_MESSAGE_UNREAD:
    case DW_MESSAGE_BLANK:
    default:
      return FALSE;
    }
}

/* A day on which nothing is left: what stood before this place is its caption. */
static void
remove_empty_day (DwChat *self, gint64 place)
{
  DwMessage *day = dw_conversation_peek_line (self->conversation, place - 1);
  DwMessage *next = dw_conversation_peek_line (self->conversation, place);

  if (day == NULL || dw_message_get_kind (day) != DW_MESSAGE_DAY)
    return;
  if (next != NULL && dw_message_get_kind (next) != DW_MESSAGE_DAY)
    return;
  /* What follows is not in memory, or not shown yet. */
  if (next == NULL
      && (place <= dw_conversation_get_last_place (self->conversation)
          || !dw_conversation_is_settled (self->conversation)))
    return;
  dw_conversation_remove (self->conversation, day);
}

static gboolean
delete_now (DwChat *self, DwMessage *message)
{
  gint64 place = dw_message_get_place (message);

  if (!dw_chat_can_delete (self, message) || !dw_conversation_contains (self->conversation, message))
    return FALSE;
  remove_message (self, message);
  remove_empty_day (self, place);
  return TRUE;
}

static gboolean
is_out_of_memory (DwChat *self, gint64 place)
{
  DwMessage *line = dw_conversation_peek_line (self->conversation, place);

  return line == NULL || dw_message_get_kind (line) == DW_MESSAGE_BLANK;
}

static gboolean
on_deletion_due (gpointer data)
{
  DwChat *self = data;
  g_autoptr (DwMessage) message = NULL;

  if (is_out_of_memory (self, dw_message_get_place (self->doomed)) && ++self->looks < LOOKS)
    return G_SOURCE_CONTINUE;
  self->deletion = 0;
  message = g_steal_pointer (&self->doomed);
  delete_now (self, message);
  return G_SOURCE_REMOVE;
}

/* What was not looked at for long is not in memory, and only what is there can be compared. */
static gboolean
delete_later (DwChat *self, DwMessage *message)
{
  g_autoptr (DwMessage) line = NULL;
  guint position;

  if (!is_out_of_memory (self, dw_message_get_place (message))
      || !dw_conversation_get_position (self->conversation, dw_message_get_place (message), &position))
    return FALSE;
  /* Asks for it. */
  line = g_list_model_get_item (G_LIST_MODEL (self->conversation), position);
  g_set_object (&self->doomed, message);
  self->looks = 0;
  if (self->deletion == 0)
    self->deletion = g_timeout_add (LOOK_MS, on_deletion_due, self);
  return TRUE;
}

/**
 * dw_chat_delete:
 * @self: a chat
 * @message: a line that was taken from its conversation some time ago
 *
 * Deletes it here, in the list and in the store; others still have it. The caption of a day goes with its last line. A
 * line that is in memory no more is read first; one such line at a time.
 *
 * Returns: whether it was there and might be deleted, or is being read
 */
gboolean
dw_chat_delete (DwChat *self, DwMessage *message)
{
  g_autoptr (DwMessage) keep = g_object_ref (message);

  return delete_now (self, keep) || (dw_chat_can_delete (self, keep) && delete_later (self, keep));
}

/* How many bytes of frames are read as JSON to find the one that carries a message: a fraction of a second where somebody
 * fills the trace with frames that are slow to read. */
#define FIND_FRAME_BYTES (512 * 1024)

/* Whether a JSON text may have a string: as it is, or with something escaped. */
static gboolean
may_hold (GBytes *bytes, const char *string)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  return g_strstr_len (data, (gssize) size, string) != NULL || memchr (data, '\\', size) != NULL;
}

/* Whether a frame may carry a message, by what costs little to look at. The frame that brought a message is the newest
 * before it, however often it is repeated; @timed is FALSE where that gave none, since clocks may be set meanwhile. */
static gboolean
may_carry (const DwTraceEntry *entry, DwMessage *message, gboolean timed)
{
  gboolean own = dw_message_get_kind (message) == DW_MESSAGE_OWN;

  if (entry->bytes == NULL || entry->kind != (own ? DW_TRACE_OUT : DW_TRACE_IN))
    return FALSE;
  if (g_bytes_get_size (entry->bytes) < strlen (dw_message_get_text (message))
      || !may_hold (entry->bytes, dw_message_get_text (message)))
    return FALSE;
  if (!timed)
    return TRUE;
  return own ? entry->time >= dw_message_get_time (message) : entry->time <= dw_message_get_time (message);
}

static gboolean
carries (DwChat *self, const DwTraceEntry *entry, DwMessage *message, JsonParser *parser)
{
  gboolean own = dw_message_get_kind (message) == DW_MESSAGE_OWN;
  const char *id = dw_message_get_id (message);
  const char *text = dw_message_get_text (message);
  g_autofree char *raw = g_strndup (g_bytes_get_data (entry->bytes, NULL), g_bytes_get_size (entry->bytes));
  g_autoptr (DwFrame) frame = NULL;

  if (!own && id == NULL && dw_message_get_sender (message) == NULL && g_str_equal (raw, text))
    return TRUE;
  frame = dw_frame_classify (dw_stage_get_dialect (self->stage), parser, raw, strlen (raw));
  if (frame->kind != DW_FRAME_BROADCAST)
    return FALSE;
  if (frame->id != NULL && id != NULL && !g_str_equal (frame->id, id))
    return FALSE;
  return g_str_equal (frame->text, text)
         && (own || g_strcmp0 (frame->sender, dw_message_get_sender (message)) == 0);
}

static guint64
find_frame (DwChat *self, DwMessage *message, gboolean timed)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gsize read = 0;

  for (guint64 serial = dw_trace_get_last (self->trace); serial >= MAX (dw_trace_get_first (self->trace), 1);
       serial--)
    {
      const DwTraceEntry *entry = dw_trace_get_entry (self->trace, serial);

      if (entry == NULL || !may_carry (entry, message, timed))
        continue;
      if (carries (self, entry, message, parser))
        return serial;
      read += g_bytes_get_size (entry->bytes);
      if (read >= FIND_FRAME_BYTES)
        break;
    }
  return 0;
}

/**
 * dw_chat_find_frame:
 * @self: a chat
 * @message: a line of its conversation
 *
 * Looks for the frame that brought a message, or that took one's own away last.
 *
 * Returns: its serial in dw_chat_get_trace(), or 0 where that has it no more, never had, or has too much after it that
 *   looks like it
 */
guint64
dw_chat_find_frame (DwChat *self, DwMessage *message)
{
  DwMessageKind kind = dw_message_get_kind (message);
  guint64 found;

  if (kind != DW_MESSAGE_THEIRS && kind != DW_MESSAGE_OWN)
    return 0;
  found = find_frame (self, message, TRUE);
  /* What has an id is known by it. */
  if (found == 0 && dw_message_get_id (message) != NULL)
    found = find_frame (self, message, FALSE);
  return found;
}

/**
 * dw_chat_answer_asking:
 * @self: a chat
 * @send: whether to send or to discard them
 *
 * What becomes of the messages that have waited for more than an hour.
 */
void
dw_chat_answer_asking (DwChat *self, gboolean send)
{
  DwMessage *message;

  g_object_freeze_notify (G_OBJECT (self->outbox));
  while ((message = dw_outbox_peek_asking (self->outbox)) != NULL)
    {
      g_autoptr (DwMessage) keep = g_object_ref (message);

      if (send)
        dw_outbox_send_again (self->outbox, keep);
      else
        remove_message (self, keep);
    }
  g_object_thaw_notify (G_OBJECT (self->outbox));
}

static void
on_cleared (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwChat) self = data;

  dw_store_lines_clear_finish (DW_STORE (source), result, NULL);
  if (self->conversation != NULL)
    dw_conversation_reload (self->conversation);
}

/**
 * dw_chat_clear_history:
 * @self: a chat
 *
 * Deletes what was said, really. What still waits to be sent is sent all the same.
 */
void
dw_chat_clear_history (DwChat *self)
{
  dw_store_lines_clear_async (self->store, dw_stage_get_number (self->stage), on_cleared, g_object_ref (self));
}
