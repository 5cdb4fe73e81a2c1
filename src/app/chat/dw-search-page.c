/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-search-page.h"

#include "app/text/dw-label.h"
#include "app/text/dw-time-text.h"
#include "app/toolkit/dw-toolkit.h"

#include "client/messages/dw-today.h"
#include "client/store/dw-store-search.h"

#include "wire/dw-safe-text.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <string.h>

struct _DwSearchPage
{
  GtkWidget parent_instance;

  GtkWidget *box;
  GtkEditable *entry;
  GtkToggleButton *everywhere;
  GtkStack *stack;
  GtkListBox *list;

  DwToday *today;
  DwChatList *chats;
  DwChat *chat;
  GPtrArray *hits; /* of DwHit, one per row; at most DW_STORE_SEARCH_HITS; or NULL */
  guint question;  /* the newest search; answers to older ones are dropped */
};

G_DEFINE_FINAL_TYPE (DwSearchPage, dw_search_page, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_FOUND,
  SIGNAL_LEFT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static DwChat *
chat_of (DwSearchPage *self, gint64 stage)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->chats));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (DwChat) chat = g_list_model_get_item (G_LIST_MODEL (self->chats), i);

      /* Owned by the list. */
      if (dw_stage_get_number (dw_chat_get_stage (chat)) == stage)
        return chat;
    }
  return NULL;
}

/* Where the first of the words begins, ignoring case, or 0. */
static glong
find_word (const char *text, const char *words)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);
  g_auto (GStrv) parts = g_strsplit_set (words, " \t", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      g_autofree char *part = g_utf8_casefold (parts[i], -1);
      const char *at = *part != '\0' ? strstr (folded, part) : NULL;

      if (at != NULL)
        return g_utf8_pointer_to_offset (folded, at);
    }
  return 0;
}

static char *
make_snippet (DwSearchPage *self, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  glong length = g_utf8_strlen (valid, -1);
  glong found = MIN (find_word (valid, gtk_editable_get_text (self->entry)), length);
  glong start = found > DW_SEARCH_PAGE_CONTEXT ? found - DW_SEARCH_PAGE_CONTEXT : 0;
  g_autofree char *part = dw_safe_line (g_utf8_offset_to_pointer (valid, start), DW_SEARCH_PAGE_CHARS);

  return g_strconcat (start > 0 ? "…" : "", part, NULL);
}

static char *
make_heading (DwSearchPage *self, const DwHit *hit)
{
  DwChat *chat = chat_of (self, hit->stage);
  g_autofree char *day = dw_time_text_day (hit->record->time, g_get_real_time ());
  g_autofree char *clock = dw_time_text_clock (hit->record->time);
  g_autofree char *sender = NULL;
  g_autofree char *name = NULL;
  g_autofree char *safe = NULL;

  if (hit->record->kind == DW_MESSAGE_OWN)
    sender = g_strdup (_ ("You"));
  else if (hit->record->sender != NULL)
    sender = dw_safe_name (hit->record->sender);
  if (sender == NULL || *sender == '\0')
    {
      g_free (sender);
      sender = g_strdup (_ ("Somebody"));
    }
  if (chat == NULL || !gtk_toggle_button_get_active (self->everywhere))
    /* Translators: over a message that was found: sender, day, time. */
    return g_strdup_printf (_ ("%1$s · %2$s, %3$s"), sender, day, clock);
  name = dw_stage_dup_name (dw_chat_get_stage (chat));
  safe = dw_safe_name (name);
  /* Translators: over a message that was found: sender, stage, day, time. */
  return g_strdup_printf (_ ("%1$s · %2$s · %3$s, %4$s"), sender, safe, day, clock);
}

static GtkWidget *
make_row (DwSearchPage *self, const DwHit *hit)
{
  g_autofree char *heading = make_heading (self, hit);
  g_autofree char *snippet = make_snippet (self, hit->record->text);
  g_autofree char *label = g_strdup_printf ("%s: %s", heading, snippet);
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *column = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *title = gtk_label_new (NULL);
  GtkWidget *text = gtk_label_new (NULL);

  dw_label_show (GTK_LABEL (title), heading, DW_LABEL_CHARS);
  dw_label_show (GTK_LABEL (text), snippet, DW_LABEL_CHARS);
  gtk_widget_add_css_class (title, "caption");
  gtk_widget_add_css_class (title, "dim-label");
  gtk_widget_add_css_class (column, "search-row");
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (text), 0);
  gtk_label_set_wrap (GTK_LABEL (text), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (text), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_lines (GTK_LABEL (text), 3);
  gtk_label_set_ellipsize (GTK_LABEL (text), PANGO_ELLIPSIZE_END);
  gtk_box_append (GTK_BOX (column), title);
  gtk_box_append (GTK_BOX (column), text);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), column);
  dw_toolkit_set_label (row, label);
  return row;
}

static void
show_hits (DwSearchPage *self, GPtrArray *hits)
{
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL)
    gtk_list_box_remove (self->list, row);
  g_clear_pointer (&self->hits, g_ptr_array_unref);
  self->hits = hits;
  if (hits == NULL)
    {
      gtk_stack_set_visible_child_name (self->stack, "empty");
      return;
    }
  for (guint i = 0; i < hits->len; i++)
    gtk_list_box_append (self->list, make_row (self, g_ptr_array_index (hits, i)));
  gtk_stack_set_visible_child_name (self->stack, hits->len > 0 ? "results" : "nothing");
}

static void
on_today_changed (DwSearchPage *self)
{
  if (self->hits != NULL)
    show_hits (self, g_ptr_array_ref (self->hits));
}

typedef struct
{
  DwSearchPage *page;
  guint question;
} Asking;

static void
on_searched (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Asking *asking = data;
  g_autoptr (DwSearchPage) self = asking->page;
  g_autoptr (GPtrArray) hits = dw_store_search_finish (DW_STORE (source), result, NULL);

  if (asking->question == self->question && self->list != NULL)
    show_hits (self, hits != NULL ? g_steal_pointer (&hits) : g_ptr_array_new ());
}

static GArray *
stages_to_search (DwSearchPage *self)
{
  GArray *stages = g_array_new (FALSE, FALSE, sizeof (gint64));
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->chats));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (DwChat) chat = g_list_model_get_item (G_LIST_MODEL (self->chats), i);
      gint64 number = dw_stage_get_number (dw_chat_get_stage (chat));

      if (chat == self->chat || gtk_toggle_button_get_active (self->everywhere))
        g_array_append_val (stages, number);
    }
  return stages;
}

static void
on_search_changed (DwSearchPage *self)
{
  g_autofree char *words = g_strstrip (g_strdup (gtk_editable_get_text (self->entry)));
  g_autoptr (GArray) stages = stages_to_search (self);
  Asking *asking;

  self->question++;
  if (*words == '\0')
    {
      show_hits (self, NULL);
      return;
    }
  asking = g_new (Asking, 1);
  *asking = (Asking){ g_object_ref (self), self->question };
  dw_store_search_async (dw_chat_list_get_history (self->chats), (const gint64 *) stages->data, stages->len, words,
                         DW_STORE_SEARCH_HITS, on_searched, asking);
}

static void
find (DwSearchPage *self, guint index)
{
  const DwHit *hit = self->hits != NULL && index < self->hits->len ? g_ptr_array_index (self->hits, index) : NULL;
  DwChat *chat = hit != NULL ? chat_of (self, hit->stage) : NULL;

  if (chat != NULL)
    g_signal_emit (self, signals[SIGNAL_FOUND], 0, chat, hit->record->place);
}

static void
on_row_activated (DwSearchPage *self, GtkListBoxRow *row)
{
  find (self, (guint) gtk_list_box_row_get_index (row));
}

/* Enter opens the newest hit. */
static void
on_entry_activated (DwSearchPage *self)
{
  find (self, 0);
}

static void
on_stop_search (DwSearchPage *self)
{
  g_signal_emit (self, signals[SIGNAL_LEFT], 0);
}

static gboolean
dw_search_page_grab_focus (GtkWidget *widget)
{
  DwSearchPage *self = DW_SEARCH_PAGE (widget);

  gtk_editable_select_region (self->entry, 0, -1);
  return gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

static void
dw_search_page_dispose (GObject *object)
{
  DwSearchPage *self = DW_SEARCH_PAGE (object);

  g_clear_object (&self->today);
  g_clear_pointer (&self->hits, g_ptr_array_unref);
  g_clear_object (&self->chat);
  g_clear_object (&self->chats);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  self->list = NULL;
  G_OBJECT_CLASS (dw_search_page_parent_class)->dispose (object);
}

static void
dw_search_page_class_init (DwSearchPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_search_page_dispose;
  widget_class->grab_focus = dw_search_page_grab_focus;
  widget_class->focus = dw_toolkit_focus;

  /**
   * DwSearchPage::found:
   * @chat: a #DwChat
   * @place: a place of its conversation
   *
   * Emitted when the person chose a message.
   */
  signals[SIGNAL_FOUND] = g_signal_new ("found", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 2, DW_TYPE_CHAT, G_TYPE_INT64);
  /**
   * DwSearchPage::left:
   *
   * Emitted when the person leaves the search.
   */
  signals[SIGNAL_LEFT] =
      g_signal_new ("left", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-search-page.ui");
  gtk_widget_class_bind_template_child (widget_class, DwSearchPage, box);
  gtk_widget_class_bind_template_child (widget_class, DwSearchPage, entry);
  gtk_widget_class_bind_template_child (widget_class, DwSearchPage, everywhere);
  gtk_widget_class_bind_template_child (widget_class, DwSearchPage, stack);
  gtk_widget_class_bind_template_child (widget_class, DwSearchPage, list);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_entry_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_search);
}

static void
dw_search_page_init (DwSearchPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->today = dw_today_new (DW_TODAY_ZONE_FILE);
  g_signal_connect_object (self->today, "changed", G_CALLBACK (on_today_changed), self, G_CONNECT_SWAPPED);
}

/**
 * dw_search_page_set_chats:
 * @self: a page
 * @chats: the chats to search
 */
void
dw_search_page_set_chats (DwSearchPage *self, DwChatList *chats)
{
  g_set_object (&self->chats, chats);
}

/**
 * dw_search_page_set_chat:
 * @self: a page
 * @chat: the chat to search when not searching all stages
 *
 * Also repeats the search, since new messages may have arrived.
 */
void
dw_search_page_set_chat (DwSearchPage *self, DwChat *chat)
{
  g_set_object (&self->chat, chat);
  on_search_changed (self);
}
