/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-window.h"

#include "dw-config.h"

#include "app/chat/dw-chat-page.h"
#include "app/chat/dw-search-page.h"
#include "app/desktop/dw-history-actions.h"
#include "app/desktop/dw-preferences.h"
#include "app/inspector/dw-inspector.h"
#include "app/stages/dw-stage-actions.h"
#include "app/stages/dw-stage-editor.h"
#include "app/stages/dw-stage-menu.h"
#include "app/stages/dw-stage-sidebar.h"
#include "app/stages/dw-stage-title.h"
#include "app/stages/dw-welcome-page.h"
#include "app/text/dw-label.h"
#include "app/text/dw-store-text.h"
#include "app/toolkit/dw-banner.h"
#include "app/toolkit/dw-page.h"
#include "app/toolkit/dw-regions.h"
#include "app/toolkit/dw-speech.h"
#include "app/toolkit/dw-split.h"
#include "app/toolkit/dw-stack.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

struct _DwWindow
{
  AdwApplicationWindow parent_instance;

  DwSplit *split;
  AdwHeaderBar *header;
  GtkSizeGroup *headers; /* of it and the sidebar's */
  GtkStack *titles;
  GtkStack *pages;
  GtkWidget *back;
  GtkWidget *search_button;
  GtkWidget *menu;
  DwBanner *store_banner;
  AdwToastOverlay *toasts;
  DwStageTitle *stage_title;
  DwWelcomePage *welcome;
  DwChatPage *chat_page;
  DwSearchPage *search;

  DwProfile *profile;
  DwStageActions *stage_actions;
  DwChat *chat;              /* the chat that is shown, or NULL */
  GSignalGroup *name;        /* handler on its stage */
  guint title;               /* timer, while what is unread changes */
  gboolean finds;            /* the person goes through what was found */
  gboolean kept_dismissed;   /* the person has been told that the file was set aside */
  gboolean copied_dismissed; /* and that it is a copy */
};

G_DEFINE_FINAL_TYPE (DwWindow, dw_window, ADW_TYPE_APPLICATION_WINDOW)

/* Actions that need a conversation. */
static const char *const chat_actions[] = { "win.search", "win.export", "win.delete-history", "win.inspector" };

/* How long what is unread may change before the title says so, in milliseconds: a flood on another stage changes it with
 * each frame, and the window manager draws each title. */
#define TITLE_MS 250

enum
{
  SIGNAL_CLOSE_WANTED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static DwChatList *
chats_of (DwWindow *self)
{
  return dw_profile_get_chats (self->profile);
}

static gboolean
shows_chat (DwWindow *self)
{
  return self->chat_page != NULL && !dw_split_is_open (self->split)
         && g_str_equal (gtk_stack_get_visible_child_name (self->pages), "chat");
}

/* The stage, and how much is unread on all of them: a switcher of windows and a panel show it. */
static void
show_title (DwWindow *self)
{
  gboolean welcomes = self->chat == NULL || g_str_equal (gtk_stack_get_visible_child_name (self->pages), "welcome");
  g_autofree char *name = welcomes ? NULL : dw_stage_dup_name (dw_chat_get_stage (self->chat));
  g_autofree char *safe = welcomes ? NULL : dw_safe_name (name);
  /* Translators: the window's title; %s is a stage's name. */
  g_autofree char *title =
      welcomes ? g_strdup (_ ("DynamoWave Chat")) : g_strdup_printf (_ ("%s — DynamoWave Chat"), safe);
  guint unread = dw_chat_list_get_unread (chats_of (self));
  /* Translators: the window's title with the number of unread messages before it. */
  g_autofree char *counted = unread > 0 ? g_strdup_printf (_ ("(%1$u) %2$s"), unread, title) : NULL;

  dw_label_show_title (GTK_WINDOW (self), counted != NULL ? counted : title);
}

static gboolean
on_title (gpointer data)
{
  DwWindow *self = data;

  self->title = 0;
  show_title (self);
  return G_SOURCE_REMOVE;
}

static void
on_unread_changed (DwWindow *self)
{
  if (self->title == 0)
    self->title = g_timeout_add (TITLE_MS, on_title, self);
}

static void
show_page (DwWindow *self, const char *name)
{
  dw_split_set_open (self->split, FALSE);
  dw_stack_show (self->pages, name);
  dw_stack_show (self->titles, name);
  show_title (self);
  gtk_widget_set_visible (self->back, self->chat != NULL && !g_str_equal (name, "chat"));
  gtk_widget_set_visible (self->search_button, g_str_equal (name, "chat"));
  for (guint i = 0; i < G_N_ELEMENTS (chat_actions); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), chat_actions[i], g_str_equal (name, "chat"));
  dw_stage_actions_set_enabled (self->stage_actions, g_str_equal (name, "chat"));
}

static void
show_store (DwWindow *self)
{
  DwStore *store = dw_chat_list_get_history (chats_of (self));
  const char *trouble = dw_store_text_trouble (dw_store_get_trouble (store));
  gboolean newer;
  const char *kept_as = dw_store_get_kept_as (store, &newer);
  const DwStoreHolder *holder = dw_store_get_holder (store);

  if (holder != NULL)
    {
      g_autofree char *sentence = dw_store_text_held (holder);

      dw_banner_show (self->store_banner, sentence, NULL, NULL, NULL, NULL);
    }
  else if (trouble != NULL)
    dw_banner_show (self->store_banner, trouble, NULL, NULL, NULL, NULL);
  else if (kept_as != NULL && !self->kept_dismissed)
    {
      g_autofree char *sentence = dw_store_text_kept (kept_as, newer, dw_store_get_saved (store));

      dw_banner_show (self->store_banner, sentence, _ ("OK"), "win.dismiss", NULL, NULL);
    }
  else if (dw_store_get_copied (store) > 0 && !self->copied_dismissed)
    {
      g_autofree char *sentence = dw_store_text_copied (dw_store_get_copied (store));

      dw_banner_show (self->store_banner, sentence, _ ("OK"), "win.dismiss", NULL, NULL);
    }
  else
    dw_banner_hide (self->store_banner);
}

static void
on_dismiss (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwWindow *self = DW_WINDOW (widget);
  gboolean newer;
  gboolean kept = dw_store_get_kept_as (dw_chat_list_get_history (chats_of (self)), &newer) != NULL;

  if (kept && !self->kept_dismissed)
    self->kept_dismissed = TRUE;
  else
    self->copied_dismissed = TRUE;
  show_store (self);
}

/* While the window is active, new messages count as read. */
static void
attend (DwWindow *self)
{
  if (self->chat != NULL)
    dw_chat_set_attended (self->chat, gtk_window_is_active (GTK_WINDOW (self)) && shows_chat (self));
}

static void
on_address_entered (DwWindow *self, const char *address)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *own_name = dw_welcome_page_dup_own_name (self->welcome);
  DwChat *chat = dw_profile_open_address (self->profile, address, own_name, &error);

  if (chat == NULL)
    dw_welcome_page_set_error (self->welcome, error->message);
  else
    dw_window_show_chat (self, chat);
}

static void
on_local_stage (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwWindow) self = data;
  g_autoptr (GError) error = NULL;
  DwChat *chat = dw_profile_open_local_finish (DW_PROFILE (source), result, &error);

  dw_welcome_page_set_busy (self->welcome, FALSE);
  if (chat == NULL)
    dw_welcome_page_set_error (self->welcome, error->message);
  else
    dw_window_show_chat (self, chat);
}

static void
on_try_here (DwWindow *self)
{
  g_autofree char *own_name = dw_welcome_page_dup_own_name (self->welcome);

  dw_welcome_page_set_busy (self->welcome, TRUE);
  dw_profile_open_local_async (self->profile, own_name, on_local_stage, g_object_ref (self));
}

static void
on_picked (DwWindow *self, DwChat *chat)
{
  dw_window_show_chat (self, chat);
}

static void
on_focus_composer (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (shows_chat (DW_WINDOW (widget)))
    dw_chat_page_focus (DW_WINDOW (widget)->chat_page);
}

static DwStageSidebar *
sidebar_of (DwWindow *self)
{
  GtkWidget *sidebar = dw_split_get_sidebar (self->split);

  return sidebar != NULL ? DW_STAGE_SIDEBAR (sidebar) : NULL;
}

static void
make_sidebar (DwWindow *self)
{
  DwStageSidebar *sidebar = dw_stage_sidebar_new (chats_of (self), self->stage_actions);

  g_signal_connect_object (sidebar, "picked", G_CALLBACK (on_picked), self, G_CONNECT_SWAPPED);
  gtk_size_group_add_widget (self->headers, dw_stage_sidebar_get_header (sidebar));
  dw_split_set_sidebar (self->split, GTK_WIDGET (sidebar));
  dw_stage_sidebar_set_chat (sidebar, self->chat);
}

/* There is a sidebar where there is room, or where it was opened, and something to show in it. */
static void
show_sidebar (DwWindow *self)
{
  gboolean wide = dw_split_is_wide (self->split);
  gboolean wanted =
      dw_split_is_wanted (self->split) && g_list_model_get_n_items (G_LIST_MODEL (chats_of (self))) > 0;

  if (wanted && sidebar_of (self) == NULL)
    make_sidebar (self);
  else if (!wanted && sidebar_of (self) != NULL)
    {
      /* It must not take the focus with it. */
      if (gtk_widget_get_focus_child (dw_split_get_sidebar (self->split)) != NULL)
        on_focus_composer (GTK_WIDGET (self), NULL, NULL);
      dw_split_set_sidebar (self->split, NULL);
    }

  if (sidebar_of (self) != NULL)
    dw_stage_sidebar_set_alone (sidebar_of (self), !wide);
  dw_stage_title_set_beside (self->stage_title, wide);
  /* The buttons of a window's left side are the sidebar's there. */
  adw_header_bar_set_show_start_title_buttons (self->header, !wide || sidebar_of (self) == NULL);
  attend (self);
}

/* The stages, where they are out of sight; where they are not, what can be done with the shown one. */
static void
on_stages (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwWindow *self = DW_WINDOW (widget);

  if (self->chat == NULL)
    return;
  if (dw_split_is_wide (self->split))
    {
      dw_stage_menu_popup (self->stage_actions, self->chat, GTK_WIDGET (self->stage_title), NULL);
      return;
    }
  dw_split_set_open (self->split, TRUE);
  gtk_widget_grab_focus (dw_split_get_sidebar (self->split));
  attend (self);
}

static void
on_back (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwWindow *self = DW_WINDOW (widget);

  if (self->chat != NULL && (gtk_widget_get_visible (self->back) || dw_split_is_open (self->split)))
    dw_window_show_chat (self, self->chat);
  else if (self->finds)
    gtk_widget_activate_action (widget, "win.find-end", NULL);
  else
    on_focus_composer (widget, NULL, NULL);
}

/* A focus set before the window was mapped is lost, so set it again. */
static void
dw_window_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (dw_window_parent_class)->map (widget);
  on_focus_composer (widget, NULL, NULL);
}

static void
on_another_stage (GtkWidget *widget, const char *name, GVariant *parameter)
{
  dw_window_show_welcome (DW_WINDOW (widget), NULL, NULL);
}

/* Opens the editor with all options, not just the address. */
static void
on_more_options (DwWindow *self)
{
  g_autofree char *address = dw_welcome_page_dup_address (self->welcome);
  g_autofree char *own_name = dw_welcome_page_dup_own_name (self->welcome);
  DwStageEditor *editor = dw_stage_editor_new (self->profile, NULL);

  dw_stage_editor_set_address (editor, address);
  dw_stage_editor_set_own_name (editor, own_name);
  g_signal_connect_object (editor, "saved", G_CALLBACK (dw_window_show_chat), self, G_CONNECT_SWAPPED);
  dw_stage_editor_present (editor, GTK_WIDGET (self));
}

static void
end_find (DwWindow *self)
{
  dw_chat_page_end_find (self->chat_page);
  self->finds = FALSE;
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.find-older", FALSE);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.find-newer", FALSE);
}

static void
on_search (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwWindow *self = DW_WINDOW (widget);

  if (self->chat == NULL)
    return;
  end_find (self);
  dw_search_page_set_chat (self->search, self->chat);
  show_page (self, "search");
  attend (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

static void
on_search_left (DwWindow *self)
{
  if (self->chat != NULL)
    dw_window_show_chat (self, self->chat);
}

static void
show_find (DwWindow *self)
{
  guint n_hits;
  guint shown = dw_search_page_get_shown (self->search, &n_hits);

  if (!self->finds)
    return;
  dw_chat_page_show_hit (self->chat_page, shown + 1, n_hits);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.find-older", shown + 1 < n_hits);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.find-newer", shown > 0);
}

static void
on_found (DwWindow *self, DwChat *chat, gint64 place, const char *words)
{
  dw_window_show_chat (self, chat);
  dw_chat_page_show_place (self->chat_page, place, words);
  self->finds = words != NULL;
  show_find (self);
}

static void
on_find_older (GtkWidget *widget, const char *name, GVariant *parameter)
{
  dw_search_page_step (DW_WINDOW (widget)->search, 1);
}

static void
on_find_newer (GtkWidget *widget, const char *name, GVariant *parameter)
{
  dw_search_page_step (DW_WINDOW (widget)->search, -1);
}

static void
on_find_end (GtkWidget *widget, const char *name, GVariant *parameter)
{
  end_find (DW_WINDOW (widget));
  on_focus_composer (widget, NULL, NULL);
}

static void
on_export (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (DW_WINDOW (widget)->chat != NULL)
    dw_history_actions_export (GTK_WINDOW (widget), DW_WINDOW (widget)->chat);
}

static void
on_delete_history (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (DW_WINDOW (widget)->chat != NULL)
    dw_history_actions_delete (GTK_WINDOW (widget), DW_WINDOW (widget)->chat);
}

static void
on_inspector (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (DW_WINDOW (widget)->chat != NULL)
    gtk_window_present (GTK_WINDOW (dw_inspector_new (GTK_WINDOW (widget), DW_WINDOW (widget)->chat)));
}

/* Where the frame is remembered no more, the inspector opens all the same. */
static void
on_show_frame (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwInspector *inspector;

  if (DW_WINDOW (widget)->chat == NULL)
    return;
  inspector = dw_inspector_new (GTK_WINDOW (widget), DW_WINDOW (widget)->chat);
  dw_inspector_show_frame (inspector, g_variant_get_uint64 (parameter));
  gtk_window_present (GTK_WINDOW (inspector));
}

/* If it is the shown chat, another one is shown after it is gone. */
static void
on_removing (DwWindow *self, DwChat *chat)
{
  if (self->chat != chat)
    return;
  dw_chat_set_attended (chat, FALSE);
  g_clear_object (&self->chat);
  dw_stage_actions_set_chat (self->stage_actions, NULL);
}

static void
on_removed (DwWindow *self)
{
  if (self->chat != NULL)
    return;
  /* The first page, where a person is about to add a stage, stays; but nothing leads back from it. */
  gtk_widget_set_visible (self->back, FALSE);
  dw_window_offer_chat (self, dw_profile_recall_chat (self->profile));
}

/* Takes the toast. */
static void
add_toast (DwWindow *self, AdwToast *toast)
{
  if (shows_chat (self))
    dw_chat_page_add_toast (self->chat_page, toast);
  else
    adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
on_toast (DwWindow *self, AdwToast *toast)
{
  add_toast (self, g_object_ref (toast));
}

/* Another window removed the chat that this one shows. */
static void
on_chats_changed (DwWindow *self)
{
  DwChatList *chats = chats_of (self);
  guint position;

  show_sidebar (self);
  if (self->chat == NULL || dw_chat_list_get_position (chats, self->chat, &position))
    return;
  g_clear_object (&self->chat);
  dw_stage_actions_set_chat (self->stage_actions, NULL);
  dw_window_show_welcome (self, NULL, NULL);
}

static void
on_preferences (GtkWidget *widget, const char *name, GVariant *parameter)
{
  dw_preferences_show (widget, dw_profile_get_settings (DW_WINDOW (widget)->profile));
}

static void
on_ask_keyring (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwWindow *self = DW_WINDOW (widget);

  if (self->chat != NULL)
    dw_secrets_ask (dw_chat_list_get_secrets (chats_of (self)), dw_chat_get_stage (self->chat));
}

static void
on_keep_secret (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwWindow *self = DW_WINDOW (widget);

  if (self->chat != NULL)
    dw_secrets_keep (dw_chat_list_get_secrets (chats_of (self)), dw_chat_get_stage (self->chat));
}

static void
on_not_forgotten (DwWindow *self, DwStage *stage)
{
  g_autofree char *name = dw_stage_dup_name (stage);
  g_autofree char *safe = dw_safe_name (name);
  /* Translators: %s is the name of a stage that was removed, or that needs no token any more. */
  g_autofree char *title = g_strdup_printf (_ ("The token for “%s” is still in your keyring"), safe);
  AdwToast *toast = dw_label_new_toast (title);

  adw_toast_set_button_label (toast, _ ("Try Again"));
  adw_toast_set_action_name (toast, "win.forget-secrets");
  adw_toast_set_timeout (toast, 0);
  add_toast (self, toast);
}

static void
on_forget_secrets (GtkWidget *widget, const char *name, GVariant *parameter)
{
  dw_secrets_forget_again (dw_chat_list_get_secrets (chats_of (DW_WINDOW (widget))));
}

/* Any unencrypted page will do: a captive portal answers in its place. */
static void
on_sign_in (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_show_uri (GTK_WINDOW (widget), "http://nmcheck.gnome.org/", GDK_CURRENT_TIME);
}

static void
on_fullscreen (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_object_set (widget, "fullscreened", !gtk_window_is_fullscreen (GTK_WINDOW (widget)), NULL);
}

static gboolean
dw_window_close_request (GtkWindow *window)
{
  gboolean stays = FALSE;

  g_signal_emit (window, signals[SIGNAL_CLOSE_WANTED], 0, &stays);
  if (stays)
    return TRUE;
  return GTK_WINDOW_CLASS (dw_window_parent_class)->close_request (window);
}

static void
on_region (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwWindow *self = DW_WINDOW (widget);
  GtkWidget *regions[5] = { GTK_WIDGET (self->header), GTK_WIDGET (self->pages) };
  guint n = shows_chat (self) ? 1 + dw_chat_page_get_regions (self->chat_page, regions + 1) : 2;

  /* It covers the others where it is open. */
  if (dw_split_is_open (self->split))
    n = 0;
  if (sidebar_of (self) != NULL)
    regions[n++] = dw_split_get_sidebar (self->split);

  dw_regions_move (regions, n, g_variant_get_int32 (parameter));
}

static void
dw_window_dispose (GObject *object)
{
  g_clear_handle_id (&DW_WINDOW (object)->title, g_source_remove);
  g_clear_object (&DW_WINDOW (object)->name);
  if (DW_WINDOW (object)->chat != NULL)
    dw_chat_set_attended (DW_WINDOW (object)->chat, FALSE);
  g_clear_object (&DW_WINDOW (object)->chat);
  g_clear_object (&DW_WINDOW (object)->stage_actions);
  g_clear_object (&DW_WINDOW (object)->profile);

  G_OBJECT_CLASS (dw_window_parent_class)->dispose (object);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.another-stage", NULL, on_another_stage);
  gtk_widget_class_install_action (widget_class, "win.stages", NULL, on_stages);
  gtk_widget_class_install_action (widget_class, "win.back", NULL, on_back);
  gtk_widget_class_install_action (widget_class, "win.focus-composer", NULL, on_focus_composer);
  gtk_widget_class_install_action (widget_class, "win.sign-in", NULL, on_sign_in);
  gtk_widget_class_install_action (widget_class, "win.search", NULL, on_search);
  gtk_widget_class_install_action (widget_class, "win.find-older", NULL, on_find_older);
  gtk_widget_class_install_action (widget_class, "win.find-newer", NULL, on_find_newer);
  gtk_widget_class_install_action (widget_class, "win.find-end", NULL, on_find_end);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_g, GDK_CONTROL_MASK, "win.find-older", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_g, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "win.find-newer",
                                       NULL);
  gtk_widget_class_install_action (widget_class, "win.export", NULL, on_export);
  gtk_widget_class_install_action (widget_class, "win.delete-history", NULL, on_delete_history);
  gtk_widget_class_install_action (widget_class, "win.inspector", NULL, on_inspector);
  gtk_widget_class_install_action (widget_class, "win.show-frame", "t", on_show_frame);
  gtk_widget_class_install_action (widget_class, "win.preferences", NULL, on_preferences);
  gtk_widget_class_install_action (widget_class, "win.ask-keyring", NULL, on_ask_keyring);
  gtk_widget_class_install_action (widget_class, "win.keep-secret", NULL, on_keep_secret);
  gtk_widget_class_install_action (widget_class, "win.forget-secrets", NULL, on_forget_secrets);
  gtk_widget_class_install_action (widget_class, "win.dismiss", NULL, on_dismiss);
  gtk_widget_class_install_action (widget_class, "win.fullscreen", NULL, on_fullscreen);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F11, 0, "win.fullscreen", NULL);
  gtk_widget_class_install_action (widget_class, "win.region", "i", on_region);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F6, 0, "win.region", "i", 1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F6, GDK_SHIFT_MASK, "win.region", "i", -1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "win.back", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Left, GDK_ALT_MASK, "win.back", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_o, GDK_CONTROL_MASK, "win.another-stage", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_f, GDK_CONTROL_MASK, "win.search", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_comma, GDK_CONTROL_MASK, "win.preferences", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_w, GDK_CONTROL_MASK, "window.close", NULL);
}

static void
dw_window_class_init (DwWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_window_dispose;
  widget_class->map = dw_window_map;
  GTK_WINDOW_CLASS (klass)->close_request = dw_window_close_request;
  g_type_ensure (DW_TYPE_BANNER);
  g_type_ensure (DW_TYPE_PAGE);
  g_type_ensure (DW_TYPE_SPLIT);
  g_type_ensure (DW_TYPE_STAGE_TITLE);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-window.ui");
  gtk_widget_class_bind_template_child (widget_class, DwWindow, split);
  gtk_widget_class_bind_template_child (widget_class, DwWindow, header);
  gtk_widget_class_bind_template_child (widget_class, DwWindow, headers);
  gtk_widget_class_bind_template_child (widget_class, DwWindow, titles);
  gtk_widget_class_bind_template_child (widget_class, DwWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, DwWindow, back);
  gtk_widget_class_bind_template_child (widget_class, DwWindow, search_button);
  gtk_widget_class_bind_template_child (widget_class, DwWindow, menu);
  gtk_widget_class_bind_template_child (widget_class, DwWindow, store_banner);
  gtk_widget_class_bind_template_child (widget_class, DwWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, DwWindow, stage_title);
  install_actions (widget_class);
  dw_stage_actions_add_keys (widget_class);

  /**
   * DwWindow::close-wanted:
   *
   * Emitted when the person closes the window.
   *
   * Returns: whether it stays until the person has answered a question
   */
  signals[SIGNAL_CLOSE_WANTED] = g_signal_new ("close-wanted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                               g_signal_accumulator_true_handled, NULL, NULL, G_TYPE_BOOLEAN, 0);
}

static void
dw_window_init (DwWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  if (DW_DEVELOPMENT)
    gtk_widget_add_css_class (GTK_WIDGET (self), "devel");
  dw_speech_name_button (self->menu, _ ("Main menu"));
  self->name = g_signal_group_new (DW_TYPE_STAGE);
  g_signal_group_connect_swapped (self->name, "notify::name", G_CALLBACK (show_title), self);
}

/* The last resized window determines the size of the next one; other open windows keep theirs. */
static void
follow_settings (DwWindow *self)
{
  GSettings *settings = dw_profile_get_settings (self->profile);

  if (settings == NULL)
    return;
  g_settings_bind (settings, "window-width", self, "default-width",
                   G_SETTINGS_BIND_DEFAULT | G_SETTINGS_BIND_GET_NO_CHANGES);
  g_settings_bind (settings, "window-height", self, "default-height",
                   G_SETTINGS_BIND_DEFAULT | G_SETTINGS_BIND_GET_NO_CHANGES);
  g_settings_bind (settings, "window-maximized", self, "maximized",
                   G_SETTINGS_BIND_DEFAULT | G_SETTINGS_BIND_GET_NO_CHANGES);
}

/* Paint the window first, then fill it. */
static void
build_pages (DwWindow *self)
{
  GSettings *settings = dw_profile_get_settings (self->profile);

  if (self->welcome != NULL)
    return;
  self->welcome = g_object_new (DW_TYPE_WELCOME_PAGE, NULL);
  g_signal_connect_object (self->welcome, "address-entered", G_CALLBACK (on_address_entered), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->welcome, "try-here", G_CALLBACK (on_try_here), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->welcome, "more-options", G_CALLBACK (on_more_options), self, G_CONNECT_SWAPPED);
  gtk_stack_add_titled (self->pages, GTK_WIDGET (self->welcome), "welcome", _ ("DynamoWave Chat"));
  self->chat_page = g_object_new (DW_TYPE_CHAT_PAGE, NULL);
  dw_chat_page_set_today (self->chat_page, dw_profile_get_today (self->profile));
  if (settings != NULL)
    dw_chat_page_bind_settings (self->chat_page, settings);
  gtk_stack_add_titled (self->pages, GTK_WIDGET (self->chat_page), "chat", _ ("Messages"));
  self->search = g_object_new (DW_TYPE_SEARCH_PAGE, NULL);
  dw_search_page_set_chats (self->search, chats_of (self));
  dw_search_page_set_today (self->search, dw_profile_get_today (self->profile));
  g_signal_connect_object (self->search, "found", G_CALLBACK (on_found), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->search, "counted", G_CALLBACK (show_find), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->search, "left", G_CALLBACK (on_search_left), self, G_CONNECT_SWAPPED);
  gtk_stack_add_titled (self->pages, GTK_WIDGET (self->search), "search", _ ("Search"));
}

static void
add_stage_actions (DwWindow *self)
{
  self->stage_actions = dw_stage_actions_new (GTK_WINDOW (self), self->profile);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "stage", G_ACTION_GROUP (self->stage_actions));
  g_signal_connect_object (self->stage_actions, "show", G_CALLBACK (dw_window_show_chat), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->stage_actions, "removing", G_CALLBACK (on_removing), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->stage_actions, "removed", G_CALLBACK (on_removed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->stage_actions, "toast", G_CALLBACK (on_toast), self, G_CONNECT_SWAPPED);
}

/**
 * dw_window_new:
 * @application: whose window it is
 * @profile: whose stages it shows
 *
 * Returns: (transfer none): a window that shows the chat shown last, or nothing until the stages are loaded
 */
DwWindow *
dw_window_new (GtkApplication *application, DwProfile *profile)
{
  DwWindow *self = g_object_new (DW_TYPE_WINDOW, "application", application, NULL);
  DwChatList *chats = dw_profile_get_chats (profile);

  self->profile = g_object_ref (profile);
  add_stage_actions (self);
  follow_settings (self);
  g_signal_connect_object (self->split, "notify::wide", G_CALLBACK (show_sidebar), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->split, "notify::wanted", G_CALLBACK (show_sidebar), self, G_CONNECT_SWAPPED);
  dw_stage_title_set_chats (self->stage_title, chats);
  g_signal_connect_object (chats, "items-changed", G_CALLBACK (on_chats_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (chats, "notify::unread", G_CALLBACK (on_unread_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self, "notify::is-active", G_CALLBACK (attend), self, 0);
  g_signal_connect_object (dw_chat_list_get_history (chats), "notify", G_CALLBACK (show_store), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (dw_chat_list_get_secrets (chats), "not-forgotten", G_CALLBACK (on_not_forgotten), self,
                           G_CONNECT_SWAPPED);
  show_store (self);
  if (dw_chat_list_is_loaded (chats))
    dw_window_offer_chat (self, dw_profile_recall_chat (profile));
  return self;
}

/**
 * dw_window_show_chat:
 * @self: a window
 * @chat: the chat to show
 */
void
dw_window_show_chat (DwWindow *self, DwChat *chat)
{
  build_pages (self);
  if (self->chat != NULL && self->chat != chat)
    dw_chat_set_attended (self->chat, FALSE);
  g_set_object (&self->chat, chat);
  dw_profile_remember_chat (self->profile, chat);
  dw_stage_actions_set_chat (self->stage_actions, chat);
  dw_stage_title_set_chat (self->stage_title, chat);
  g_signal_group_set_target (self->name, dw_chat_get_stage (chat));
  if (sidebar_of (self) != NULL)
    dw_stage_sidebar_set_chat (sidebar_of (self), chat);
  dw_chat_page_set_chat (self->chat_page, chat);
  end_find (self);
  show_page (self, "chat");
  attend (self);
  dw_chat_page_focus (self->chat_page);
}

/**
 * dw_window_offer_chat:
 * @self: a window
 * @chat: (nullable): the chat it showed last time
 *
 * Called when the stages are loaded. Shows the chat, or the welcome page, unless the person has already gone
 * elsewhere.
 */
void
dw_window_offer_chat (DwWindow *self, DwChat *chat)
{
  if (self->chat != NULL || g_str_equal (gtk_stack_get_visible_child_name (self->pages), "welcome"))
    return;
  if (chat != NULL)
    dw_window_show_chat (self, chat);
  else
    dw_window_show_welcome (self, NULL, NULL);
}

/**
 * dw_window_show_stage:
 * @self: a window
 * @uuid: a stage's UUID
 *
 * Shows that stage, if it exists.
 */
void
dw_window_show_stage (DwWindow *self, const char *uuid)
{
  DwChat *chat = dw_chat_list_find (chats_of (self), uuid);

  if (chat != NULL)
    dw_window_show_chat (self, chat);
}

/**
 * dw_window_show_welcome:
 * @self: a window
 * @address: (nullable): the text for the address entry
 * @sentence: (nullable): an error message about it
 */
void
dw_window_show_welcome (DwWindow *self, const char *address, const char *sentence)
{
  build_pages (self);
  dw_welcome_page_set_own_name (self->welcome, dw_profile_get_own_name (self->profile));
  dw_welcome_page_set_address (self->welcome, address != NULL ? address : "");
  dw_welcome_page_set_error (self->welcome, sentence);
  show_page (self, "welcome");
  attend (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->welcome));
}
