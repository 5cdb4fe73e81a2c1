/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-actions.h"

#include "dw-application.h"
#include "dw-removal.h"
#include "dw-stage-editor.h"
#include "dw-window.h"

#include "wire/dw-stage-link.h"

#include <glib/gi18n.h>

/* What can be done with the stage a window shows. */

static DwApplication *
application_of (GtkWidget *window)
{
  return DW_APPLICATION (gtk_window_get_application (GTK_WINDOW (window)));
}

static DwStageEditor *
open_editor (GtkWidget *widget)
{
  DwStageEditor *editor =
      dw_stage_editor_new (GTK_WINDOW (widget), application_of (widget), dw_window_get_chat (DW_WINDOW (widget)));

  g_signal_connect_object (editor, "saved", G_CALLBACK (dw_window_show_chat), widget, G_CONNECT_SWAPPED);
  return editor;
}

static void
on_edit (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_window_present (GTK_WINDOW (open_editor (widget)));
}

static void
on_edit_token (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwStageEditor *editor = open_editor (widget);

  gtk_window_present (GTK_WINDOW (editor));
  dw_stage_editor_focus_secret (editor);
}

static void
on_connection (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwChat *chat = dw_window_get_chat (DW_WINDOW (widget));

  if (dw_session_get_status (dw_chat_get_session (chat))->state == DW_SESSION_OFFLINE)
    dw_chat_list_connect (dw_application_get_chats (application_of (widget)), chat);
  else
    dw_chat_disconnect (chat);
}

static void
on_mute (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwStage *stage = dw_chat_get_stage (dw_window_get_chat (DW_WINDOW (widget)));

  dw_stage_set_muted (stage, !dw_stage_is_muted (stage));
}

static void
on_share (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwStage *stage = dw_chat_get_stage (dw_window_get_chat (DW_WINDOW (widget)));
  DwStageUrl *url = dw_stage_get_url (stage, 0);
  g_autofree char *link = dw_stage_link_new (url);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), link);
  dw_window_add_toast (
      DW_WINDOW (widget),
      adw_toast_new (dw_stage_url_has_query (url) ? _ ("Link copied, without the token") : _ ("Link copied")));
}

static void
on_undo (DwWindow *window, DwStage *stage)
{
  dw_window_show_stage (window, dw_stage_get_uuid (stage));
}

static void
on_remove (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwWindow *window = DW_WINDOW (widget);
  g_autoptr (DwChat) chat = g_object_ref (dw_window_get_chat (window));
  DwRemoval *removal;

  dw_window_leave_chat (window);
  removal = dw_removal_new (dw_application_get_chats (application_of (widget)), chat);
  g_signal_connect_object (removal, "undone", G_CALLBACK (on_undo), window, G_CONNECT_SWAPPED);
  dw_window_add_toast (window, dw_removal_make_toast (removal));
  g_object_unref (removal);
  dw_window_offer_chat (window, dw_application_recall_chat (application_of (widget)));
}

static void
move_by (GtkWidget *widget, int by)
{
  DwChatList *chats = dw_application_get_chats (application_of (widget));
  DwChat *chat = dw_window_get_chat (DW_WINDOW (widget));
  guint position;

  if (dw_chat_list_get_position (chats, chat, &position) && (by > 0 || position > 0))
    dw_stage_list_move (dw_chat_list_get_stages (chats), dw_chat_get_stage (chat), position + (guint) by);
}

static void
on_move_up (GtkWidget *widget, const char *name, GVariant *parameter)
{
  move_by (widget, -1);
}

static void
on_move_down (GtkWidget *widget, const char *name, GVariant *parameter)
{
  move_by (widget, 1);
}

static void
on_place (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwChatList *chats = dw_application_get_chats (application_of (widget));
  const char *uuid;
  guint position;
  DwChat *chat;

  g_variant_get (parameter, "(&su)", &uuid, &position);
  chat = dw_chat_list_find (chats, uuid);
  if (chat != NULL)
    dw_stage_list_move (dw_chat_list_get_stages (chats), dw_chat_get_stage (chat), position);
}

/* To the stage before or after the one that is shown, around the ends. */
static void
show_neighbour (GtkWidget *widget, guint by)
{
  GListModel *chats = G_LIST_MODEL (dw_application_get_chats (application_of (widget)));
  guint n = g_list_model_get_n_items (chats);
  guint position;
  g_autoptr (DwChat) next = NULL;

  if (!dw_chat_list_get_position (DW_CHAT_LIST (chats), dw_window_get_chat (DW_WINDOW (widget)), &position))
    return;
  next = g_list_model_get_item (chats, (position + n + by) % n);
  dw_window_show_chat (DW_WINDOW (widget), next);
}

static void
on_next (GtkWidget *widget, const char *name, GVariant *parameter)
{
  show_neighbour (widget, 1);
}

static void
on_previous (GtkWidget *widget, const char *name, GVariant *parameter)
{
  show_neighbour (widget, (guint) -1);
}

static const struct
{
  const char *name;
  GtkWidgetActionActivateFunc activate;
  guint key; /* or 0 */
  GdkModifierType modifiers;
  const char *parameter; /* its type, or NULL */
} actions[] = {
  { "stage.edit", on_edit, GDK_KEY_e, GDK_CONTROL_MASK },
  { "stage.edit-token", on_edit_token, 0, 0 },
  { "stage.connection", on_connection, 0, 0 },
  { "stage.mute", on_mute, GDK_KEY_m, GDK_CONTROL_MASK },
  { "stage.share", on_share, GDK_KEY_l, GDK_CONTROL_MASK | GDK_SHIFT_MASK },
  { "stage.remove", on_remove, 0, 0 },
  { "stage.move-up", on_move_up, 0, 0 },
  { "stage.move-down", on_move_down, 0, 0 },
  { "stage.place", on_place, 0, 0, "(su)" },
  { "stage.next", on_next, 0, 0 },
  { "stage.previous", on_previous, 0, 0 },
};

/**
 * dw_stage_actions_install:
 * @widget_class: the class of #DwWindow
 *
 * Gives its windows the actions, and their keys.
 */
void
dw_stage_actions_install (GtkWidgetClass *widget_class)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      gtk_widget_class_install_action (widget_class, actions[i].name, actions[i].parameter, actions[i].activate);
      if (actions[i].key != 0)
        gtk_widget_class_add_binding_action (widget_class, actions[i].key, actions[i].modifiers, actions[i].name,
                                             NULL);
    }
}

/**
 * dw_stage_actions_set_enabled:
 * @window: a window
 * @enabled: whether it shows a stage
 */
void
dw_stage_actions_set_enabled (GtkWidget *window, gboolean enabled)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    gtk_widget_action_set_enabled (window, actions[i].name, enabled);
}
