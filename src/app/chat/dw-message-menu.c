/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message-menu.h"

#include "dw-message-list.h"
#include "dw-message-row.h"

#include "app/text/dw-links.h"
#include "app/toolkit/dw-question.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* The menu of a message. There is one for a list, built when it is opened. It holds the message and not its row, which
 * may be gone at any time. */
struct _DwMessageMenu
{
  GObject parent_instance;

  GtkWidget *list;    /* not owned: it owns the popover, and outlives this */
  GtkWidget *popover; /* or NULL until it is opened */
  GSimpleActionGroup *actions;
  DwChat *chat;

  DwMessage *message; /* that it was opened on last */
  char *selected;
  char *link;
  guint64 frame; /* its serial, or 0 */
  gboolean by_pointer;
  guint gone; /* idle source */
};

G_DEFINE_FINAL_TYPE (DwMessageMenu, dw_message_menu, G_TYPE_OBJECT)

/* How much of a text is searched for a link. */
#define LINK_CHARS 20000

static void
copy (DwMessageMenu *self, const char *text)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (self->list), text);
}

static void
on_copy (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwMessageMenu *self = data;
  g_autofree char *whole = dw_message_row_dup_copy (self->message);

  copy (self, self->selected != NULL ? self->selected : whole);
}

static void
on_quote (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwMessageMenu *self = data;
  const char *text = self->selected != NULL ? self->selected : dw_message_get_text (self->message);

  gtk_widget_activate_action (self->list, "chat.quote", "s", text);
}

static void
on_copy_link (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwMessageMenu *self = data;

  copy (self, self->link);
}

static void
on_show_frame (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwMessageMenu *self = data;

  gtk_widget_activate_action (self->list, "win.show-frame", "t", self->frame);
}

typedef struct
{
  DwChat *chat;
  DwMessage *message;
  GtkWidget *list;
} Deletion;

static void
deletion_free (gpointer data, GClosure *closure)
{
  Deletion *deletion = data;

  g_object_unref (deletion->chat);
  g_object_unref (deletion->message);
  g_object_unref (deletion->list);
  g_free (deletion);
}

static void
on_delete_answered (GtkWidget *question, const char *answer, gpointer data)
{
  Deletion *deletion = data;

  if (!g_str_equal (answer, "delete"))
    return;
  dw_chat_delete (deletion->chat, deletion->message);
  gtk_widget_grab_focus (deletion->list);
}

static void
on_delete (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwMessageMenu *self = data;
  Deletion *deletion = g_new (Deletion, 1);
  GtkWidget *question =
      dw_question_new (_ ("Delete This Message?"),
                       _ ("It’s deleted from this computer only; other people keep it. This can’t be undone."),
                       "cancel", _ ("_Cancel"));

  *deletion = (Deletion){ g_object_ref (self->chat), g_object_ref (self->message), g_object_ref (self->list) };
  dw_question_add (question, "delete", _ ("_Delete"));
  dw_question_set_destructive (question, "delete");
  g_signal_connect_data (question, "response", G_CALLBACK (on_delete_answered), deletion, deletion_free, 0);
  dw_question_ask (question, GTK_WIDGET (gtk_widget_get_root (self->list)));
}

/* A decision on one's own message that did not arrive; by its id, which may be decided on already. */
static void
on_decided (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwMessageMenu *self = data;
  g_autofree char *name = g_strdup_printf ("chat.%s", g_action_get_name (G_ACTION (action)));

  if (dw_message_get_id (self->message) != NULL)
    gtk_widget_activate_action (self->list, name, "s", dw_message_get_id (self->message));
}

static void
on_select (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwMessageMenu *self = data;

  gtk_widget_activate_action (self->list, "messages.select", "x", dw_message_get_place (self->message));
}

static const GActionEntry entries[] = {
  { .name = "copy", .activate = on_copy },           { .name = "quote", .activate = on_quote },
  { .name = "copy-link", .activate = on_copy_link }, { .name = "show-frame", .activate = on_show_frame },
  { .name = "select", .activate = on_select },       { .name = "delete", .activate = on_delete },
  { .name = "send-again", .activate = on_decided },  { .name = "edit", .activate = on_decided },
  { .name = "discard", .activate = on_decided },
};

static void
enable (DwMessageMenu *self, const char *name, gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

static GMenuModel *
build_model (DwMessageMenu *self)
{
  DwMessageKind kind = dw_message_get_kind (self->message);
  gboolean said = kind == DW_MESSAGE_THEIRS || kind == DW_MESSAGE_OWN;
  gboolean undecided = kind == DW_MESSAGE_OWN && dw_message_needs_decision (self->message);
  g_autoptr (GMenu) text = g_menu_new ();
  g_autoptr (GMenu) decision = g_menu_new ();
  g_autoptr (GMenu) more = g_menu_new ();
  GMenu *menu = g_menu_new ();

  g_menu_append (text, _ ("_Copy"), "menu.copy");
  if (said)
    g_menu_append (text, _ ("_Quote"), "menu.quote");
  if (self->link != NULL)
    g_menu_append (text, _ ("Copy _Link"), "menu.copy-link");
  if (kind <= DW_MESSAGE_NOTICE)
    g_menu_append (text, _ ("_Select Messages"), "menu.select");
  if (undecided)
    {
      g_menu_append (decision, _ ("Send _Again"), "menu.send-again");
      g_menu_append (decision, _ ("_Edit"), "menu.edit");
      g_menu_append (decision, _ ("_Discard"), "menu.discard");
    }
  if (said)
    g_menu_append (more, _ ("Show _Frame"), "menu.show-frame");
  if (!undecided && (said || kind == DW_MESSAGE_NOTICE))
    g_menu_append (more, _ ("_Delete Here…"), "menu.delete");

  g_menu_append_section (menu, NULL, G_MENU_MODEL (text));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (decision));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (more));
  return G_MENU_MODEL (menu);
}

/* The first address of a text, or NULL. */
static char *
find_link (DwMessage *message)
{
  g_autofree char *safe = dw_safe_text (dw_message_get_text (message), LINK_CHARS, G_MAXUINT, NULL);
  g_autoptr (GPtrArray) links = dw_links_find (safe);

  return links->len > 0 ? g_strdup (((DwLink *) g_ptr_array_index (links, 0))->href) : NULL;
}

static void
set_spot (DwMessageMenu *self, const DwMessageSpot *spot)
{
  DwMessageKind kind = dw_message_get_kind (spot->message);

  g_set_object (&self->message, spot->message);
  g_free (self->selected);
  self->selected = g_strdup (spot->selected);
  g_free (self->link);
  self->link = spot->link == NULL && kind <= DW_MESSAGE_OWN ? find_link (spot->message) : g_strdup (spot->link);
  self->frame = dw_chat_find_frame (self->chat, spot->message);
  self->by_pointer = spot->by_pointer;

  enable (self, "copy-link", self->link != NULL);
  enable (self, "show-frame", self->frame != 0);
  enable (self, "delete", dw_chat_can_delete (self->chat, spot->message));
}

/* A person who opened it with a key goes on at the message, unless what was chosen leads elsewhere. */
static gboolean
on_gone (gpointer data)
{
  DwMessageMenu *self = data;
  GtkRoot *root = gtk_widget_get_root (self->list);
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  self->gone = 0;
  /* It may be open again. */
  if (!gtk_widget_get_visible (self->popover) && (focus == NULL || gtk_widget_is_ancestor (focus, self->list)))
    dw_message_list_focus (DW_MESSAGE_LIST (self->list), dw_message_get_place (self->message));
  return G_SOURCE_REMOVE;
}

/* Newer toolkits give the focus to the list itself after this. */
static void
on_closed (DwMessageMenu *self)
{
  if (!self->by_pointer && self->gone == 0)
    self->gone = g_idle_add (on_gone, self);
}

static void
dw_message_menu_dispose (GObject *object)
{
  DwMessageMenu *self = DW_MESSAGE_MENU (object);

  if (self->popover != NULL)
    g_signal_handlers_disconnect_by_data (self->popover, self);
  g_clear_handle_id (&self->gone, g_source_remove);
  if (self->list != NULL)
    gtk_widget_insert_action_group (self->list, "menu", NULL);
  self->list = NULL;
  g_clear_pointer (&self->popover, gtk_widget_unparent);
  g_clear_object (&self->actions);
  g_clear_object (&self->chat);
  g_clear_object (&self->message);
  g_clear_pointer (&self->selected, g_free);
  g_clear_pointer (&self->link, g_free);
  G_OBJECT_CLASS (dw_message_menu_parent_class)->dispose (object);
}

static void
dw_message_menu_class_init (DwMessageMenuClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_message_menu_dispose;
}

static void
dw_message_menu_init (DwMessageMenu *self)
{
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries), self);
}

/**
 * dw_message_menu_new:
 * @list: the list of messages, which outlives the menu
 *
 * Returns: (transfer full): a menu that is closed
 */
DwMessageMenu *
dw_message_menu_new (GtkWidget *list)
{
  DwMessageMenu *self = g_object_new (DW_TYPE_MESSAGE_MENU, NULL);

  self->list = list;
  gtk_widget_insert_action_group (list, "menu", G_ACTION_GROUP (self->actions));
  return self;
}

/**
 * dw_message_menu_set_chat:
 * @self: a menu
 * @chat: whose messages it is opened on from now on
 *
 * Closes it.
 */
void
dw_message_menu_set_chat (DwMessageMenu *self, DwChat *chat)
{
  if (self->popover != NULL)
    gtk_popover_popdown (GTK_POPOVER (self->popover));
  g_set_object (&self->chat, chat);
}

/**
 * dw_message_menu_open:
 * @self: a menu that has a chat
 * @spot: what it is opened on
 */
void
dw_message_menu_open (DwMessageMenu *self, const DwMessageSpot *spot)
{
  g_autoptr (GMenuModel) model = NULL;

  if (dw_message_get_kind (spot->message) >= DW_MESSAGE_UNREAD)
    return;
  set_spot (self, spot);
  model = build_model (self);
  if (self->popover == NULL)
    {
      self->popover = gtk_popover_menu_new_from_model (model);
      gtk_popover_set_has_arrow (GTK_POPOVER (self->popover), FALSE);
      gtk_widget_set_halign (self->popover, GTK_ALIGN_START);
      gtk_widget_set_parent (self->popover, self->list);
      g_signal_connect_object (self->popover, "closed", G_CALLBACK (on_closed), self, G_CONNECT_SWAPPED);
    }
  else
    gtk_popover_menu_set_menu_model (GTK_POPOVER_MENU (self->popover), model);

  gtk_popover_set_pointing_to (GTK_POPOVER (self->popover), &spot->at);
  gtk_popover_popup (GTK_POPOVER (self->popover));
}
