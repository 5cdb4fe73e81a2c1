/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-removal.h"

#include "dw-safe-text.h"

#include <glib/gi18n.h>

/* A stage that was removed, until the person can no longer put it back. */
typedef struct
{
  DwChatList *chats;
  DwStage *stage;
  guint position;
} Removal;

static void
removal_free (gpointer data, GClosure *closure)
{
  Removal *removal = data;

  g_object_unref (removal->chats);
  g_object_unref (removal->stage);
  g_free (removal);
}

static void
on_undo (AdwToast *toast, Removal *removal)
{
  dw_chat_list_restore (removal->chats, removal->stage, removal->position);
}

/* After an undo there is nothing to forget. */
static void
on_dismissed (AdwToast *toast, Removal *removal)
{
  dw_chat_list_forget (removal->chats, removal->stage);
}

/**
 * dw_removal_new_toast:
 * @chats: the stages
 * @chat: one of them
 *
 * Removes a stage. What was said there, and its secret, go when the toast does.
 *
 * Returns: (transfer full): what tells the person, and can undo it
 */
AdwToast *
dw_removal_new_toast (DwChatList *chats, DwChat *chat)
{
  g_autofree char *name = dw_stage_dup_name (dw_chat_get_stage (chat));
  g_autofree char *safe = dw_safe_name (name);
  /* Translators: %s is a stage's name. */
  g_autofree char *title = g_strdup_printf (_ ("“%s” removed"), safe);
  g_autofree char *escaped = g_markup_escape_text (title, -1);
  AdwToast *toast = adw_toast_new (escaped);
  Removal *removal = g_new (Removal, 1);

  removal->chats = g_object_ref (chats);
  removal->stage = g_object_ref (dw_chat_get_stage (chat));
  removal->position = 0;
  dw_chat_list_get_position (chats, chat, &removal->position);
  adw_toast_set_button_label (toast, _ ("Undo"));
  adw_toast_set_timeout (toast, DW_REMOVAL_SECONDS);
  g_signal_connect (toast, "button-clicked", G_CALLBACK (on_undo), removal);
  g_signal_connect_data (toast, "dismissed", G_CALLBACK (on_dismissed), removal, removal_free, 0);
  dw_chat_list_remove (chats, chat);
  return toast;
}
