/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-chat.h"

#include "dw-seen.h"

#include <glib/gi18n-lib.h>

/**
 * SECTION:dw-chat
 *
 * One stage and what is said there: its session, its outbox and its conversation, joined. What becomes of a frame:
 *
 * | what it is | what happens |
 * |---|---|
 * | a broadcast of our own | the message is delivered |
 * | a broadcast of somebody else's | a message |
 * | a broadcast whose id came before | dropped |
 * | "Too Many Requests" after a send | the newest message that has not come back waits again, and the pace slows |
 * | another gateway error after a send | the oldest message that has not come back has failed |
 * | a gateway error without one | a notice |
 * | a route response, an unreadable frame | a notice |
 *
 * What cannot be a frame at all is in the table of dw-connection.c.
 */
struct _DwChat
{
  GObject parent_instance;

  DwStage *stage;
  DwSession *session;
  DwOutbox *outbox;
  DwConversation *conversation;
  DwSeen *seen;
  char *draft;    /* what was typed and not sent, or NULL */
  gint64 lost_at; /* when the connection was lost, in microseconds since 1970 UTC, or 0 */
};

/* A shorter absence is no news; what it may have cost cannot be told either way. In microseconds. */
#define GAP_WORTH_TELLING (1 * G_USEC_PER_SEC)

G_DEFINE_FINAL_TYPE (DwChat, dw_chat, G_TYPE_OBJECT)

static void
add_message (DwChat *self, DwMessageKind kind, const char *text, const char *sender, const char *id)
{
  g_autoptr (DwMessage) message = dw_message_new (kind, text, sender, id, g_get_real_time ());

  dw_conversation_append (self->conversation, message);
}

static void
add_notice (DwChat *self, const char *sentence, const char *quoted)
{
  g_autofree char *start = g_utf8_substring (quoted, 0, MIN (g_utf8_strlen (quoted, -1), DW_CHAT_UNREADABLE_SHOWN));
  g_autofree char *text = NULL;

  /* Translators: %1$s is a sentence about a frame, %2$s the start of that frame. */
  text = *start != '\0' ? g_strdup_printf (_ ("%1$s It begins: %2$s"), sentence, start) : g_strdup (sentence);
  add_message (self, DW_MESSAGE_NOTICE, text, NULL, NULL);
}

static void
add_gateway_error (DwChat *self, const DwFrame *frame)
{
  g_autofree char *text = NULL;

  if (dw_outbox_refuse (self->outbox, frame) != NULL)
    return;
  /* Translators: %s is what the gateway says, such as “Internal server error”. */
  text = g_strdup_printf (_ ("The stage reports: %s"), frame->text);
  add_message (self, DW_MESSAGE_NOTICE, text, NULL, NULL);
}

static void
on_frame (DwChat *self, const DwFrame *frame)
{
  switch (frame->kind)
    {
    case DW_FRAME_BROADCAST:
      if (!dw_seen_is_first (self->seen, frame->id))
        break;
      if (dw_outbox_match (self->outbox, frame) == NULL)
        add_message (self, DW_MESSAGE_THEIRS, frame->text, frame->sender, frame->id);
      break;
    case DW_FRAME_GATEWAY_ERROR:
      add_gateway_error (self, frame);
      break;
    case DW_FRAME_ROUTE_RESPONSE:
      {
        g_autofree char *text = NULL;

        /* Translators: %s is what a route of the stage answered, such as “Message sent”. */
        text = g_strdup_printf (_ ("The stage answers: %s"), frame->text);
        add_message (self, DW_MESSAGE_NOTICE, text, NULL, NULL);
        break;
      }
    case DW_FRAME_UNREADABLE:
      add_notice (self, frame->reason, frame->text);
      break;
    case DW_FRAME_NOTIFICATION:
    default:
      /* The session's state says it already. */
      break;
    }
}

static void
on_lost (DwChat *self, gint64 before)
{
  /* The end of a rollover leaves no gap. */
  if (self->lost_at == 0 && before == G_MAXINT64)
    self->lost_at = g_get_real_time ();
}

static char *
clock_time (gint64 time)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = g_date_time_to_local (utc);

  return g_date_time_format (local, _ ("%H:%M"));
}

/* The stage kept nothing for us meanwhile, so the hole is shown and not hidden. */
static void
on_state (DwChat *self)
{
  gint64 now = g_get_real_time ();
  g_autofree char *from = NULL;
  g_autofree char *to = NULL;
  g_autofree char *text = NULL;

  if (self->lost_at == 0 || dw_session_get_status (self->session)->state != DW_SESSION_ONLINE)
    return;
  if (ABS (now - self->lost_at) >= GAP_WORTH_TELLING)
    {
      from = clock_time (self->lost_at);
      to = clock_time (now);
      /* Translators: a line in the conversation; two times of day. What was said meanwhile cannot be had. */
      text = g_strdup_printf (_ ("Offline %1$s – %2$s"), from, to);
      add_message (self, DW_MESSAGE_NOTICE, text, NULL, NULL);
    }
  self->lost_at = 0;
}

static void
dw_chat_dispose (GObject *object)
{
  DwChat *self = DW_CHAT (object);

  if (self->session != NULL)
    dw_session_disconnect (self->session);
  g_clear_object (&self->outbox);
  g_clear_object (&self->session);
  g_clear_object (&self->conversation);
  g_clear_object (&self->stage);
  g_clear_pointer (&self->seen, dw_seen_free);
  g_clear_pointer (&self->draft, g_free);
  G_OBJECT_CLASS (dw_chat_parent_class)->dispose (object);
}

static void
dw_chat_class_init (DwChatClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_chat_dispose;
}

static void
dw_chat_init (DwChat *self)
{
  self->conversation = dw_conversation_new ();
  self->seen = dw_seen_new ();
}

/**
 * dw_chat_new:
 * @stage: the stage
 * @policy: the durations of its session
 * @monitor: (nullable): what knows about the network
 *
 * Returns: (transfer full): a chat on that stage, offline
 */
DwChat *
dw_chat_new (DwStage *stage, const DwSessionPolicy *policy, GNetworkMonitor *monitor)
{
  DwChat *self = g_object_new (DW_TYPE_CHAT, NULL);

  self->stage = g_object_ref (stage);
  self->session = dw_session_new (policy, monitor);
  dw_session_set_stage (self->session, stage);
  self->outbox = dw_outbox_new (self->session, stage);
  g_signal_connect_object (self->session, "lost", G_CALLBACK (on_lost), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "notify::state", G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "frame", G_CALLBACK (on_frame), self, G_CONNECT_SWAPPED);
  return self;
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
 * dw_chat_get_draft:
 * @self: a chat
 *
 * Returns: what was typed here and not sent, perhaps empty
 */
const char *
dw_chat_get_draft (DwChat *self)
{
  return self->draft != NULL ? self->draft : "";
}

/**
 * dw_chat_set_draft:
 * @self: a chat
 * @draft: what is typed and not sent
 */
void
dw_chat_set_draft (DwChat *self, const char *draft)
{
  char *copy = g_strdup (draft);

  g_free (self->draft);
  self->draft = copy;
}

/**
 * dw_chat_say:
 * @self: a chat
 * @text: what the person wrote, UTF-8 and not empty
 *
 * Shows the message and sends it, now or when the stage is back.
 *
 * Returns: (transfer none): the message
 */
DwMessage *
dw_chat_say (DwChat *self, const char *text)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autoptr (DwMessage) message = NULL;

  message = dw_message_new (DW_MESSAGE_OWN, text, dw_stage_get_own_name (self->stage), id, g_get_real_time ());
  dw_conversation_append (self->conversation, message);
  dw_outbox_add (self->outbox, message);
  /* The conversation holds it. */
  return message;
}

/**
 * dw_chat_send_again:
 * @self: a chat
 * @id: the id of one's own message that failed or is unconfirmed
 *
 * The person wants it sent once more, under the same id.
 *
 * Returns: whether there is such a message and it was queued
 */
gboolean
dw_chat_send_again (DwChat *self, const char *id)
{
  DwMessage *message = dw_conversation_find (self->conversation, id);

  if (message == NULL
      || (dw_message_get_delivery (message) != DW_DELIVERY_FAILED
          && dw_message_get_delivery (message) != DW_DELIVERY_UNCONFIRMED))
    return FALSE;
  return dw_outbox_send_again (self->outbox, message);
}
