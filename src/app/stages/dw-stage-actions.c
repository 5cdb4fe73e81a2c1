/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-actions.h"

#include "dw-connection-details.h"
#include "dw-removal.h"
#include "dw-stage-editor.h"

#include "wire/dw-stage-link.h"

#include <adwaita.h>
#include <glib/gi18n.h>

/* Actions on the stage that a window shows, or on another one, whose menu is open. */
struct _DwStageActions
{
  GSimpleActionGroup parent_instance;

  GtkWindow *window; /* unowned: the window owns this */
  DwProfile *profile;
  DwChat *chat;            /* or NULL */
  DwStageActions *windows; /* those of the window, which emit the signals; or NULL: these are they */
};

G_DEFINE_FINAL_TYPE (DwStageActions, dw_stage_actions, G_TYPE_SIMPLE_ACTION_GROUP)

enum
{
  SIGNAL_SHOW,
  SIGNAL_REMOVING,
  SIGNAL_REMOVED,
  SIGNAL_TOAST,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static DwStageActions *
windows_of (DwStageActions *self)
{
  return self->windows != NULL ? self->windows : self;
}

static void
show (DwStageActions *self, DwChat *chat)
{
  g_signal_emit (windows_of (self), signals[SIGNAL_SHOW], 0, chat);
}

static void
tell (DwStageActions *self, AdwToast *toast)
{
  g_signal_emit (windows_of (self), signals[SIGNAL_TOAST], 0, toast);
  g_object_unref (toast);
}

static DwStageEditor *
open_editor (DwStageActions *self)
{
  DwStageEditor *editor = dw_stage_editor_new (self->profile, self->chat);

  /* A stage that is edited from its menu need not be the one that is shown, and stays where it is. */
  if (self->windows == NULL)
    g_signal_connect_object (editor, "saved", G_CALLBACK (show), self, G_CONNECT_SWAPPED);
  dw_stage_editor_present (editor, GTK_WIDGET (self->window));
  return editor;
}

static void
on_edit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  open_editor (data);
}

static void
on_edit_address (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  dw_stage_editor_focus_address (open_editor (data));
}

static void
on_edit_token (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  dw_stage_editor_focus_secret (open_editor (data));
}

static void
on_connection (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwStageActions *self = data;

  if (dw_session_get_status (dw_chat_get_session (self->chat))->state == DW_SESSION_OFFLINE)
    dw_chat_list_connect (dw_profile_get_chats (self->profile), self->chat);
  else
    dw_chat_disconnect (self->chat);
}

static void
on_details (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwStageActions *self = data;

  dw_connection_details_present (dw_chat_get_session (self->chat), GTK_WIDGET (self->window));
}

static void
on_mute (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwStage *stage = dw_chat_get_stage (DW_STAGE_ACTIONS (data)->chat);

  dw_stage_set_muted (stage, !dw_stage_is_muted (stage));
}

static void
on_mark_read (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  dw_chat_mark_read (DW_STAGE_ACTIONS (data)->chat);
}

static void
on_share (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwStage *stage = dw_chat_get_stage (DW_STAGE_ACTIONS (data)->chat);
  DwStageUrl *url = dw_stage_get_url (stage, 0);
  g_autofree char *link = dw_stage_link_new (url);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (DW_STAGE_ACTIONS (data)->window)), link);
  tell (data,
        adw_toast_new (dw_stage_url_has_query (url) ? _ ("Link copied without the token") : _ ("Link copied")));
}

static void
on_undo (DwStageActions *self, DwStage *stage)
{
  DwChat *chat = dw_chat_list_find (dw_profile_get_chats (self->profile), dw_stage_get_uuid (stage));

  if (chat != NULL)
    show (self, chat);
}

static void
on_remove (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwStageActions *self = windows_of (data);
  g_autoptr (DwChat) chat = g_steal_pointer (&DW_STAGE_ACTIONS (data)->chat);
  DwChatList *chats = dw_profile_get_chats (self->profile);
  gboolean shown = data == self || chat == self->chat;
  g_autoptr (DwRemoval) removal = NULL;
  guint position;

  /* Another window may have been quicker. */
  if (!dw_chat_list_get_position (chats, chat, &position))
    return;

  g_signal_emit (self, signals[SIGNAL_REMOVING], 0, chat);
  removal = dw_removal_new (chats, chat);
  if (shown)
    g_signal_connect_object (removal, "undone", G_CALLBACK (on_undo), self, G_CONNECT_SWAPPED);
  g_signal_emit (self, signals[SIGNAL_REMOVED], 0);
  tell (self, dw_removal_make_toast (removal));
}

static void
move_by (DwStageActions *self, int by)
{
  DwChatList *chats = dw_profile_get_chats (self->profile);
  guint position;

  if (dw_chat_list_get_position (chats, self->chat, &position) && (by > 0 || position > 0))
    dw_stage_list_move (dw_chat_list_get_stages (chats), dw_chat_get_stage (self->chat), position + (guint) by);
}

static void
on_move_up (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  move_by (data, -1);
}

static void
on_move_down (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  move_by (data, 1);
}

static void
on_place (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwChatList *chats = dw_profile_get_chats (DW_STAGE_ACTIONS (data)->profile);
  const char *uuid;
  guint position;
  DwChat *chat;

  g_variant_get (parameter, "(&su)", &uuid, &position);
  chat = dw_chat_list_find (chats, uuid);
  if (chat != NULL)
    dw_stage_list_move (dw_chat_list_get_stages (chats), dw_chat_get_stage (chat), position);
}

/* Goes to the previous or next stage, wrapping around at the ends. */
static void
show_neighbour (DwStageActions *self, guint by)
{
  GListModel *chats = G_LIST_MODEL (dw_profile_get_chats (self->profile));
  guint n = g_list_model_get_n_items (chats);
  guint position;
  g_autoptr (DwChat) next = NULL;

  if (!dw_chat_list_get_position (DW_CHAT_LIST (chats), self->chat, &position))
    return;
  next = g_list_model_get_item (chats, (position + n + by) % n);
  show (self, next);
}

static void
on_next (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  show_neighbour (data, 1);
}

static void
on_previous (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  show_neighbour (data, (guint) -1);
}

static const GActionEntry entries[] = {
  { .name = "edit", .activate = on_edit },
  { .name = "edit-address", .activate = on_edit_address },
  { .name = "edit-token", .activate = on_edit_token },
  { .name = "connection", .activate = on_connection },
  { .name = "details", .activate = on_details },
  { .name = "mute", .activate = on_mute },
  { .name = "mark-read", .activate = on_mark_read },
  { .name = "share", .activate = on_share },
  { .name = "remove", .activate = on_remove },
  { .name = "move-up", .activate = on_move_up },
  { .name = "move-down", .activate = on_move_down },
  { .name = "place", .activate = on_place, .parameter_type = "(su)" },
  { .name = "next", .activate = on_next },
  { .name = "previous", .activate = on_previous },
};

static void
dw_stage_actions_dispose (GObject *object)
{
  DwStageActions *self = DW_STAGE_ACTIONS (object);

  g_clear_object (&self->profile);
  g_clear_object (&self->chat);
  g_clear_object (&self->windows);

  G_OBJECT_CLASS (dw_stage_actions_parent_class)->dispose (object);
}

static void
dw_stage_actions_class_init (DwStageActionsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_stage_actions_dispose;

  /**
   * DwStageActions::show:
   * @chat: the #DwChat to show now
   */
  signals[SIGNAL_SHOW] = g_signal_new ("show", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 1, DW_TYPE_CHAT);

  /**
   * DwStageActions::removing:
   * @chat: the #DwChat that is about to be removed
   */
  signals[SIGNAL_REMOVING] = g_signal_new ("removing", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                           NULL, G_TYPE_NONE, 1, DW_TYPE_CHAT);

  /**
   * DwStageActions::removed:
   *
   * It was removed. If it was the shown one, another page has to be shown.
   */
  signals[SIGNAL_REMOVED] =
      g_signal_new ("removed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * DwStageActions::toast:
   * @toast: an #AdwToast to show
   */
  signals[SIGNAL_TOAST] = g_signal_new ("toast", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, ADW_TYPE_TOAST);
}

static void
dw_stage_actions_init (DwStageActions *self)
{
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
}

/**
 * dw_stage_actions_new:
 * @window: the window that has the actions; must outlive them
 * @profile: whose stages it shows
 *
 * Returns: (transfer full): the actions, for the prefix `stage`
 */
DwStageActions *
dw_stage_actions_new (GtkWindow *window, DwProfile *profile)
{
  DwStageActions *self = g_object_new (DW_TYPE_STAGE_ACTIONS, NULL);

  self->window = window;
  self->profile = g_object_ref (profile);
  return self;
}

static void
set_enabled (DwStageActions *self, const char *name, gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

/**
 * dw_stage_actions_new_for:
 * @windows: those of a window
 * @chat: a chat, which the window need not show
 *
 * Returns: (transfer full): the same actions on that chat, as it is now
 */
DwStageActions *
dw_stage_actions_new_for (DwStageActions *windows, DwChat *chat)
{
  DwStageActions *self = dw_stage_actions_new (windows->window, windows->profile);
  DwChatList *chats = dw_profile_get_chats (self->profile);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (chats));
  guint position;
  gboolean listed = dw_chat_list_get_position (chats, chat, &position);

  self->windows = g_object_ref (windows);
  self->chat = g_object_ref (chat);
  set_enabled (self, "mark-read", dw_chat_get_unread (chat) > 0);
  set_enabled (self, "move-up", listed && position > 0);
  set_enabled (self, "move-down", listed && position + 1 < n);
  return self;
}

/**
 * dw_stage_actions_add_keys:
 * @widget_class: the class of the window
 */
void
dw_stage_actions_add_keys (GtkWidgetClass *widget_class)
{
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_e, GDK_CONTROL_MASK, "stage.edit", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_d, GDK_CONTROL_MASK, "stage.details", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_m, GDK_CONTROL_MASK, "stage.mute", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_l, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "stage.share",
                                       NULL);
}

/**
 * dw_stage_actions_set_chat:
 * @self: the actions
 * @chat: (nullable): what they act on
 */
void
dw_stage_actions_set_chat (DwStageActions *self, DwChat *chat)
{
  g_set_object (&self->chat, chat);
}

/**
 * dw_stage_actions_get_chat:
 * @self: the actions
 *
 * Returns: (transfer none) (nullable): what they act on
 */
DwChat *
dw_stage_actions_get_chat (DwStageActions *self)
{
  return self->chat;
}

/**
 * dw_stage_actions_set_enabled:
 * @self: the actions
 * @enabled: whether the window shows a stage
 */
void
dw_stage_actions_set_enabled (DwStageActions *self, gboolean enabled)
{
  /* A stage is dragged whatever the window shows. */
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    if (!g_str_equal (entries[i].name, "place"))
      set_enabled (self, entries[i].name, enabled && self->chat != NULL);
}
