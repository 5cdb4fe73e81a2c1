/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-announcer.h"

#include "app/text/dw-status-text.h"
#include "app/toolkit/dw-speech.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* Announces new messages and state changes to a screen reader without moving the focus. Before GTK 4.14, which can
 * announce, it is a status region of no size whose name changes. */
struct _DwAnnouncer
{
  GtkWidget parent_instance;

  DwChat *chat;
  GSignalGroup *session;
  GSignalGroup *conversation;
  DwSessionState state;
  char *state_told;  /* the last announced state, or NULL */
  DwMessage *newest; /* not announced yet, or NULL */
  guint untold;
  guint pause;
};

G_DEFINE_FINAL_TYPE (DwAnnouncer, dw_announcer, GTK_TYPE_WIDGET)

/* How much of a message is read out; the rest is in its row. */
#define SPOKEN_CHARS 200

static gboolean on_pause (gpointer data);

static char *
dup_words (DwMessage *message)
{
  const char *sender = dw_message_get_sender (message);
  g_autofree char *name = dw_safe_name (sender != NULL ? sender : "");
  g_autofree char *start = dw_safe_text (dw_message_get_text (message), SPOKEN_CHARS, G_MAXUINT, NULL);

  /* Translators: read out when a message comes: who wrote, and what. */
  return g_strdup_printf (_ ("%1$s: %2$s"), *name != '\0' ? name : _ ("Unknown Sender"), start);
}

/* One message at a time: a flood is announced as a count every few seconds. */
static void
tell_messages (DwAnnouncer *self)
{
  g_autofree char *words = NULL;

  if (self->pause != 0 || self->untold == 0)
    return;

  if (self->untold > 1)
    words = g_strdup_printf (ngettext ("%u new message", "%u new messages", self->untold), self->untold);
  else
    words = dup_words (self->newest);
  dw_speech_announce (GTK_WIDGET (self), words);
  self->untold = 0;
  g_clear_object (&self->newest);
  self->pause = g_timeout_add_seconds (DW_ANNOUNCER_PAUSE_S, on_pause, self);
}

static gboolean
on_pause (gpointer data)
{
  DwAnnouncer *self = data;

  self->pause = 0;
  tell_messages (self);
  return G_SOURCE_REMOVE;
}

/* A message of one's own that failed, with the reason. */
static void
on_delivery (DwAnnouncer *self, GParamSpec *pspec, DwMessage *message)
{
  const char *reason = dw_message_get_reason (message);

  if (dw_message_get_delivery (message) == DW_DELIVERY_FAILED && gtk_widget_get_mapped (GTK_WIDGET (self)))
    dw_speech_announce (GTK_WIDGET (self), reason != NULL ? reason : C_ ("delivery", "failed"));
}

/* It is sent when it is stored, and so may have failed before it is shown. */
static void
watch (DwAnnouncer *self, DwMessage *message)
{
  g_signal_connect_object (message, "notify::delivery", G_CALLBACK (on_delivery), self, G_CONNECT_SWAPPED);
  on_delivery (self, NULL, message);
}

static void
on_shown (DwAnnouncer *self, GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++)
    if (dw_message_get_kind (g_ptr_array_index (lines, i)) == DW_MESSAGE_OWN)
      watch (self, g_ptr_array_index (lines, i));
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;

  for (guint i = 0; i < lines->len; i++)
    if (dw_message_get_kind (g_ptr_array_index (lines, i)) == DW_MESSAGE_THEIRS)
      {
        g_set_object (&self->newest, g_ptr_array_index (lines, i));
        self->untold++;
      }
  tell_messages (self);
}

static void
on_session_changed (DwAnnouncer *self)
{
  const DwSessionStatus *status = dw_session_get_status (dw_chat_get_session (self->chat));
  g_autofree char *title = dw_status_text_title (status);
  const char *words = title != NULL ? title : dw_status_text_state (status->state);

  if (status->state == self->state)
    return;
  self->state = status->state;
  /* Connecting is normally over at once, so it is not announced. */
  if (status->state == DW_SESSION_CONNECTING || status->state == DW_SESSION_CONNECTED)
    return;
  /* Neither is another attempt that failed like the last one. */
  if (g_strcmp0 (words, self->state_told) == 0)
    return;
  g_free (self->state_told);
  self->state_told = g_strdup (words);
  dw_speech_announce (GTK_WIDGET (self), words);
}

static void
dw_announcer_dispose (GObject *object)
{
  DwAnnouncer *self = DW_ANNOUNCER (object);

  g_clear_handle_id (&self->pause, g_source_remove);
  g_clear_object (&self->session);
  g_clear_object (&self->conversation);
  g_clear_object (&self->chat);
  g_clear_object (&self->newest);
  g_clear_pointer (&self->state_told, g_free);
  G_OBJECT_CLASS (dw_announcer_parent_class)->dispose (object);
}

static void
dw_announcer_class_init (DwAnnouncerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_announcer_dispose;
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_STATUS);
}

static void
dw_announcer_init (DwAnnouncer *self)
{
  self->session = g_signal_group_new (DW_TYPE_SESSION);
  g_signal_group_connect_swapped (self->session, "changed", G_CALLBACK (on_session_changed), self);
  self->conversation = g_signal_group_new (DW_TYPE_CONVERSATION);
  g_signal_group_connect_swapped (self->conversation, "shown", G_CALLBACK (on_shown), self);
}

/**
 * dw_announcer_set_chat:
 * @self: an announcer
 * @chat: the chat whose messages it announces
 */
void
dw_announcer_set_chat (DwAnnouncer *self, DwChat *chat)
{
  if (!g_set_object (&self->chat, chat))
    return;
  self->untold = 0;
  g_clear_pointer (&self->state_told, g_free);
  self->state = dw_session_get_status (dw_chat_get_session (chat))->state;
  g_signal_group_set_target (self->session, dw_chat_get_session (chat));
  g_signal_group_set_target (self->conversation, dw_chat_get_conversation (chat));
}
