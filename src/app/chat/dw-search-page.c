/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-search-page.h"

#include "app/text/dw-label.h"
#include "app/text/dw-time-text.h"
#include "app/toolkit/dw-speech.h"
#include "app/toolkit/dw-toolkit.h"

#include "client/store/dw-store-date.h"
#include "client/store/dw-store-scan.h"

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
  GtkMenuButton *dates;
  GtkCalendar *calendar;

  DwChatList *chats;
  DwChat *chat;
  GPtrArray *hits;           /* of DwHit, one per row; at most DW_STORE_SEARCH_HITS; or NULL */
  guint shown;               /* which of them is shown in its conversation */
  GCancellable *cancellable; /* the newest search; answers to older ones are dropped; or NULL */
  DwFold *fold;
  GPtrArray *words; /* of the newest search, folded; or NULL */
};

G_DEFINE_FINAL_TYPE (DwSearchPage, dw_search_page, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_FOUND,
  SIGNAL_COUNTED,
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

/* Where the first of the words begins, or 0. */
static gsize
find_word (DwSearchPage *self, const char *text)
{
  const char *end = text + strnlen (text, DW_SEARCH_PAGE_BYTES);
  g_autofree char *start = NULL;
  g_autoptr (GArray) spans = NULL;

  while (end > text && (*end & 0xc0) == 0x80)
    end--;
  start = g_strndup (text, (gsize) (end - text));
  spans = dw_fold_find (self->fold, start, self->words);
  return spans->len > 0 ? g_array_index (spans, DwFoldSpan, 0).start : 0;
}

static char *
make_snippet (DwSearchPage *self, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  glong found = g_utf8_pointer_to_offset (valid, valid + find_word (self, valid));
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
      sender = g_strdup (_ ("Unknown Sender"));
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
  dw_label_mark (GTK_LABEL (text), self->fold, self->words);
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
clear_hits (DwSearchPage *self, const char *page)
{
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL)
    gtk_list_box_remove (self->list, row);
  g_clear_pointer (&self->hits, g_ptr_array_unref);
  gtk_stack_set_visible_child_name (self->stack, page);
}

static gboolean
has_hit (DwSearchPage *self, const DwHit *hit)
{
  for (guint i = 0; i < self->hits->len; i++)
    {
      const DwHit *other = g_ptr_array_index (self->hits, i);

      if (other->stage == hit->stage && other->record->place == hit->record->place)
        return TRUE;
    }
  return FALSE;
}

/* Below those that are there, which stay where they are. */
static void
add_hits (DwSearchPage *self, GPtrArray *hits)
{
  if (self->hits == NULL)
    self->hits = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_hit_free);
  while (hits->len > 0 && self->hits->len < DW_STORE_SEARCH_HITS)
    {
      DwHit *hit = g_ptr_array_steal_index (hits, 0);

      if (has_hit (self, hit))
        {
          dw_hit_free (hit);
          continue;
        }
      g_ptr_array_add (self->hits, hit);
      gtk_list_box_append (self->list, make_row (self, hit));
    }
  if (self->hits->len > 0)
    gtk_stack_set_visible_child_name (self->stack, "results");
  g_signal_emit (self, signals[SIGNAL_COUNTED], 0);
}

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwSearchPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) hits = dw_store_scan_finish (DW_STORE (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (hits != NULL)
    add_hits (self, hits);
  if (self->hits == NULL || self->hits->len == 0)
    clear_hits (self, "nothing");
}

static void
on_today_changed (DwSearchPage *self)
{
  g_autoptr (GPtrArray) hits = g_steal_pointer (&self->hits);

  if (hits == NULL)
    return;
  clear_hits (self, "results");
  add_hits (self, hits);
}

typedef struct
{
  DwSearchPage *page;
  GCancellable *cancellable;
  GArray *stages; /* of gint64 */
  char *words;
} Asking;

static void
asking_free (Asking *asking)
{
  g_object_unref (asking->page);
  g_object_unref (asking->cancellable);
  g_array_unref (asking->stages);
  g_free (asking->words);
  g_free (asking);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asking, asking_free)

/* Words of their own come at once, and what stands inside of others comes after. */
static void
on_searched (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Asking) asking = data;
  DwSearchPage *self = asking->page;
  g_autoptr (GPtrArray) hits = dw_store_search_finish (DW_STORE (source), result, NULL);

  if (g_cancellable_is_cancelled (asking->cancellable))
    return;
  clear_hits (self, "results");
  if (hits != NULL)
    add_hits (self, hits);
  if (self->hits != NULL && self->hits->len >= DW_STORE_SEARCH_HITS)
    return;
  dw_store_scan_async (DW_STORE (source), (const gint64 *) asking->stages->data, asking->stages->len, asking->words,
                       DW_STORE_SEARCH_HITS, asking->cancellable, on_scanned, g_object_ref (self));
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
cancel (DwSearchPage *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
on_search_changed (DwSearchPage *self)
{
  g_autofree char *words = g_strstrip (g_strdup (gtk_editable_get_text (self->entry)));
  Asking *asking;

  cancel (self);
  self->shown = 0;
  g_clear_pointer (&self->words, g_ptr_array_unref);
  self->words = dw_fold_words (self->fold, words, DW_STORE_SEARCH_WORDS);
  if (*words == '\0')
    {
      clear_hits (self, "empty");
      return;
    }

  self->cancellable = g_cancellable_new ();
  asking = g_new (Asking, 1);
  *asking = (Asking){ g_object_ref (self), g_object_ref (self->cancellable), stages_to_search (self),
                      g_steal_pointer (&words) };
  dw_store_search_async (dw_chat_list_get_history (self->chats), (const gint64 *) asking->stages->data,
                         asking->stages->len, asking->words, DW_STORE_SEARCH_HITS, on_searched, asking);
}

static void
find (DwSearchPage *self, guint index)
{
  const DwHit *hit = self->hits != NULL && index < self->hits->len ? g_ptr_array_index (self->hits, index) : NULL;
  DwChat *chat = hit != NULL ? chat_of (self, hit->stage) : NULL;

  if (chat == NULL)
    return;
  self->shown = index;
  g_signal_emit (self, signals[SIGNAL_FOUND], 0, chat, hit->record->place, gtk_editable_get_text (self->entry));
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
on_dated (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwSearchPage) self = data;
  gint64 place = dw_store_date_find_finish (DW_STORE (source), result, NULL);

  if (place != 0 && self->chat != NULL)
    g_signal_emit (self, signals[SIGNAL_FOUND], 0, self->chat, place, NULL);
}

static void
on_go_clicked (DwSearchPage *self)
{
  g_autoptr (GDateTime) date = gtk_calendar_get_date (self->calendar);
  g_autoptr (GDateTime) start = g_date_time_new_local (g_date_time_get_year (date), g_date_time_get_month (date),
                                                       g_date_time_get_day_of_month (date), 0, 0, 0);

  gtk_menu_button_popdown (self->dates);
  if (self->chat != NULL)
    dw_store_date_find_async (dw_chat_list_get_history (self->chats),
                              dw_stage_get_number (dw_chat_get_stage (self->chat)),
                              g_date_time_to_unix (start) * G_USEC_PER_SEC, on_dated, g_object_ref (self));
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

  cancel (self);
  g_clear_pointer (&self->hits, g_ptr_array_unref);
  g_clear_pointer (&self->words, g_ptr_array_unref);
  g_clear_object (&self->chat);
  g_clear_object (&self->chats);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_search_page_parent_class)->dispose (object);
}

static void
dw_search_page_finalize (GObject *object)
{
  dw_fold_free (DW_SEARCH_PAGE (object)->fold);
  G_OBJECT_CLASS (dw_search_page_parent_class)->finalize (object);
}

static void
dw_search_page_class_init (DwSearchPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_search_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = dw_search_page_finalize;
  widget_class->grab_focus = dw_search_page_grab_focus;
  widget_class->focus = dw_toolkit_focus;

  /**
   * DwSearchPage::found:
   * @chat: a #DwChat
   * @place: a place of its conversation
   * @words: (nullable): what was found there, or %NULL for a date
   *
   * Emitted when the person chose a message or a date.
   */
  signals[SIGNAL_FOUND] = g_signal_new ("found", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 3, DW_TYPE_CHAT, G_TYPE_INT64, G_TYPE_STRING);
  /**
   * DwSearchPage::counted:
   *
   * Emitted when more was found.
   */
  signals[SIGNAL_COUNTED] =
      g_signal_new ("counted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
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
  gtk_widget_class_bind_template_child (widget_class, DwSearchPage, dates);
  gtk_widget_class_bind_template_child (widget_class, DwSearchPage, calendar);
  gtk_widget_class_bind_template_callback (widget_class, on_go_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_entry_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_search);
}

static void
dw_search_page_init (DwSearchPage *self)
{
  self->fold = dw_fold_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  dw_label_wrap_button (GTK_BUTTON (self->everywhere));
  dw_speech_name_button (GTK_WIDGET (self->dates), _ ("Go to date"));
}

/**
 * dw_search_page_set_today:
 * @self: a page
 * @today: tells when its times are to be shown anew
 */
void
dw_search_page_set_today (DwSearchPage *self, DwToday *today)
{
  g_signal_connect_object (today, "changed", G_CALLBACK (on_today_changed), self, G_CONNECT_SWAPPED);
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

/**
 * dw_search_page_step:
 * @self: a page
 * @step: 1 for the hit below the one that is shown, which is older; −1 for the one above
 *
 * Chooses another hit, if there is one.
 */
void
dw_search_page_step (DwSearchPage *self, int step)
{
  if (step > 0 || self->shown > 0)
    find (self, self->shown + (guint) step);
}

/**
 * dw_search_page_get_shown:
 * @self: a page
 * @n_hits: (out): how many hits there are
 *
 * Returns: which of them the person chose, from 0 on
 */
guint
dw_search_page_get_shown (DwSearchPage *self, guint *n_hits)
{
  *n_hits = self->hits != NULL ? self->hits->len : 0;
  return self->shown;
}
