/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-label.h"

#include "dw-links.h"
#include "dw-message-text.h"

#include "wire/dw-safe-text.h"

#include <string.h>

/* All text from outside that is shown on labels, titles, tooltips and toasts passes through here: made safe, cut to
 * what can be laid out, and split into pieces that are laid out fast. Other code sets only the program's own strings.
 * */

/* Pango measures what is left of a piece anew for each line of it, so the time grows with the square of a text that
 * has nowhere to break: 1,500 letters take 0.1 s, the worst 1 s. In pieces it grows with the length: 1,500 letters
 * of any script take 5 to 15 ms, as words do, and the text and what is copied of it are the same (Pango 1.50, fonts
 * of Debian 12; without fonts for a script it is less).
 *
 *   letters       whole    in pieces        letters       whole    in pieces
 *   aaa…          202 ms   11 ms            Devanagari    169 ms   11 ms
 *   Cyrillic      169 ms    8 ms            Myanmar       709 ms   14 ms
 *   Arabic        115 ms    8 ms            Tibetan      1065 ms   28 ms
 *   CJK             5 ms    5 ms            emoji          42 ms   40 ms
 */
#define PIECE_CHARS 64

/* A piece ends at a space if one comes soon, so that the split is invisible. */
#define PIECE_MORE_CHARS 24

/* Pango starts a new run where an attribute ends. This attribute has no visible effect; it only marks the end of a
 * piece. */
#define PIECE_START "<span fallback=\"true\">"
#define PIECE_END "</span>"

/* Code inside a line. The shade is seen on light and dark alike. */
#define CODE_START "<span font_family=\"monospace\" background=\"gray\" background_alpha=\"20%\">"
#define CODE_END "</span>"

#define ISOLATE "\xe2\x81\xa6"     /* U+2066: from left to right */
#define END_ISOLATE "\xe2\x81\xa9" /* U+2069 */

/* What is put under a word that was found: the theme's name for it, and so thin that text of either color is readable. */
#define MARK_COLOR "yellow_3"
#define MARK_ALPHA 0.3f

/* Against letters of other scripts. */
#define SLOW_UNITS 3

static gboolean
is_slow (gunichar c)
{
  return (c >= 0x0f00 && c <= 0x109f)       /* Tibetan, Myanmar */
         || (c >= 0x2600 && c <= 0x27bf)    /* symbols and dingbats, including some emoji */
         || (c >= 0x1f000 && c <= 0x1faff); /* emoji */
}

/**
 * dw_label_fit:
 * @safe: a text from dw_safe_text()
 * @units: the layout budget, in letters of a script that is cheap to lay out
 *
 * Returns: how many characters fit the budget, at least 1
 */
gsize
dw_label_fit (const char *safe, gsize units)
{
  gsize chars = 0;
  gsize spent = 0;

  for (const char *at = safe; *at != '\0' && spent < units; at = g_utf8_next_char (at), chars++)
    spent += is_slow (g_utf8_get_char (at)) ? SLOW_UNITS : 1;
  return MAX (chars, 1);
}

static const char *
find_piece_end (const char *at, const char *end)
{
  guint chars = 0;

  while (at < end && chars < PIECE_CHARS + PIECE_MORE_CHARS && !(chars >= PIECE_CHARS && *at == ' '))
    {
      guint n;

      at = dw_safe_text_next (at, &n);
      chars += n;
    }
  return MIN (at, end);
}

static void
append_pieces (GString *markup, const char *start, const char *end)
{
  for (const char *piece = start, *at; piece < end; piece = at)
    {
      gboolean first = piece == start;
      g_autofree char *escaped = NULL;

      at = find_piece_end (piece, end);
      escaped = g_markup_escape_text (piece, at - piece);
      g_string_append (markup, first ? "" : PIECE_START);
      g_string_append (markup, escaped);
      g_string_append (markup, first ? "" : PIECE_END);
    }
}

/* Whatever stands around it, an address is drawn from left to right (UAX #9). */
static void
append_link (GString *markup, const DwLink *link, gboolean isolated)
{
  g_autofree char *href = g_markup_escape_text (link->href, -1);

  g_string_append_printf (markup, "%s<a href=\"%s\">", isolated ? ISOLATE : "", href);
  append_pieces (markup, link->shown, link->shown + strlen (link->shown));
  g_string_append_printf (markup, "</a>%s", isolated ? END_ISOLATE : "");
}

/* The links of a text, which is made calm where that is needed: too many of what turns a text, one in the other, would
 * undo the isolation of a link. */
static GPtrArray *
find_links (char **text, gboolean *turns)
{
  GPtrArray *found = dw_links_find (*text);

  *turns = found->len > 0 && dw_safe_text_turns (*text);
  if (*turns)
    {
      char *calm = dw_safe_text_calm (*text);

      g_free (*text);
      *text = calm;
      g_ptr_array_unref (found);
      found = dw_links_find (calm);
    }
  return found;
}

/* A text whose links are known, on its way into markup. */
typedef struct
{
  const char *text;
  GPtrArray *links;
  guint next; /* of them */
  gboolean turns;
} Words;

static void
append_words (GString *markup, Words *words, gsize start, gsize end)
{
  for (; words->next < words->links->len; words->next++)
    {
      const DwLink *link = g_ptr_array_index (words->links, words->next);

      if (link->start >= end)
        break;
      append_pieces (markup, words->text + start, words->text + link->start);
      append_link (markup, link, words->turns);
      start = link->end;
    }
  append_pieces (markup, words->text + start, words->text + end);
}

/* An address in code is code. */
static void
append_code (GString *markup, Words *words, const DwMessageSpan *span)
{
  g_string_append (markup, CODE_START);
  append_pieces (markup, words->text + span->start + span->ticks, words->text + span->end - span->ticks);
  g_string_append (markup, CODE_END);
  while (words->next < words->links->len
         && ((DwLink *) g_ptr_array_index (words->links, words->next))->start < span->end)
    words->next++;
}

/**
 * dw_label_markup:
 * @safe: a text from dw_safe_text()
 * @message: whether it is a message: its links can be clicked, and its inline code is drawn as such
 *
 * Returns: (transfer full): the escaped text as markup, split into pieces
 */
char *
dw_label_markup (const char *safe, gboolean message)
{
  g_autofree char *text = g_strdup (safe);
  GString *markup = g_string_new (NULL);
  g_autoptr (GPtrArray) links = NULL;
  g_autoptr (GArray) code = NULL;
  gboolean turns;
  Words words;
  gsize at = 0;

  if (!message)
    {
      append_pieces (markup, text, text + strlen (text));
      return g_string_free (markup, FALSE);
    }

  links = find_links (&text, &turns);
  code = dw_message_text_find_code (text);
  words = (Words){ text, links, 0, turns };
  for (guint i = 0; i < code->len; i++)
    {
      const DwMessageSpan *span = &g_array_index (code, DwMessageSpan, i);

      append_words (markup, &words, at, span->start);
      append_code (markup, &words, span);
      at = span->end;
    }
  append_words (markup, &words, at, strlen (text));
  return g_string_free (markup, FALSE);
}

/**
 * dw_label_find_marks:
 * @shown: what a label shows
 * @fold: what folds
 * @words: (element-type utf8): words from dw_fold_words()
 * @color: what is put under them
 *
 * Returns: (transfer full): attributes that make the words bold and mark them, wherever they stand
 */
PangoAttrList *
dw_label_find_marks (const char *shown, DwFold *fold, GPtrArray *words, const GdkRGBA *color)
{
  g_autoptr (GArray) spans = dw_fold_find (fold, shown, words);
  PangoAttrList *marks = pango_attr_list_new ();

  for (guint i = 0; i < spans->len; i++)
    {
      const DwFoldSpan *span = &g_array_index (spans, DwFoldSpan, i);
      PangoAttribute *attributes[] = { pango_attr_weight_new (PANGO_WEIGHT_BOLD),
                                       pango_attr_background_new ((guint16) (color->red * 65535),
                                                                  (guint16) (color->green * 65535),
                                                                  (guint16) (color->blue * 65535)),
                                       pango_attr_background_alpha_new ((guint16) (color->alpha * 65535)) };

      for (guint j = 0; j < G_N_ELEMENTS (attributes); j++)
        {
          attributes[j]->start_index = (guint) span->start;
          attributes[j]->end_index = (guint) span->end;
          pango_attr_list_insert (marks, attributes[j]);
        }
    }
  return marks;
}

/**
 * dw_label_mark:
 * @label: a label
 * @fold: what folds
 * @words: (element-type utf8) (nullable): words from dw_fold_words(), or %NULL to mark nothing
 *
 * Marks words in what the label shows now.
 */
void
dw_label_mark (GtkLabel *label, DwFold *fold, GPtrArray *words)
{
  g_autoptr (PangoAttrList) marks = NULL;
  GdkRGBA color;

  if (words == NULL && gtk_label_get_attributes (label) == NULL)
    return;
  if (words != NULL
      && gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (label)), MARK_COLOR, &color))
    {
      color.alpha = MARK_ALPHA;
      marks = dw_label_find_marks (gtk_label_get_text (label), fold, words, &color);
    }
  gtk_label_set_attributes (label, marks);
}

/**
 * dw_label_asks:
 * @safe: a text from dw_safe_text() that is shown with links
 * @href: where one of them leads
 *
 * Returns: whether a person should be asked before it is opened: see #DwLink
 */
gboolean
dw_label_asks (const char *safe, const char *href)
{
  g_autofree char *text = g_strdup (safe);
  gboolean turns;
  g_autoptr (GPtrArray) found = find_links (&text, &turns);

  for (guint i = 0; i < found->len; i++)
    {
      const DwLink *link = g_ptr_array_index (found, i);

      if (link->asks && g_str_equal (link->href, href))
        return TRUE;
    }
  return FALSE;
}

/* What costs more than a label's length is shorter still. */
static char *
shorten (const char *untrusted, gsize max_chars, guint max_lines)
{
  gboolean cut;
  g_autofree char *safe = dw_safe_text (untrusted, max_chars, max_lines, &cut);
  gsize fits = dw_label_fit (safe, max_chars);
  gboolean cut_more;
  g_autofree char *start = dw_safe_text (safe, fits, max_lines, &cut_more);

  return g_strconcat (start, cut || cut_more ? "…" : NULL, NULL);
}

/**
 * dw_label_show:
 * @label: a label
 * @untrusted: (nullable): what it says
 * @max_chars: how much of it at most
 *
 * Shows a text of any origin and length.
 */
void
dw_label_show (GtkLabel *label, const char *untrusted, gsize max_chars)
{
  g_autofree char *start = shorten (untrusted != NULL ? untrusted : "", max_chars, G_MAXUINT);
  g_autofree char *markup = dw_label_markup (start, FALSE);

  gtk_label_set_markup (label, markup);
}

/**
 * dw_label_show_code:
 * @label: a label
 * @safe: a text from dw_safe_text() that can be laid out
 *
 * Shows code: it has no links, and a backtick is one.
 */
void
dw_label_show_code (GtkLabel *label, const char *safe)
{
  g_autofree char *markup = dw_label_markup (safe, FALSE);

  gtk_label_set_markup (label, markup);
}

/**
 * dw_label_show_message:
 * @label: a label
 * @safe: a text from dw_safe_text() that can be laid out
 *
 * Shows a message, with clickable links and inline code.
 */
void
dw_label_show_message (GtkLabel *label, const char *safe)
{
  g_autofree char *markup = dw_label_markup (safe, TRUE);

  gtk_label_set_markup (label, markup);
}

/**
 * dw_label_show_button:
 * @button: a button
 * @untrusted: what it says
 */
void
dw_label_show_button (GtkButton *button, const char *untrusted)
{
  g_autofree char *line = dw_safe_line (untrusted, DW_LABEL_CHARS);

  gtk_button_set_label (button, line);
}

/**
 * dw_label_wrap_button:
 * @button: a button with a label
 *
 * Where there is too little room for its label in one line, as with twice the desktop's text size in a narrow window, it
 * takes more of them.
 */
void
dw_label_wrap_button (GtkButton *button)
{
  GtkLabel *label = GTK_LABEL (gtk_button_get_child (button));

  gtk_label_set_wrap (label, TRUE);
  gtk_label_set_wrap_mode (label, PANGO_WRAP_WORD_CHAR);
  gtk_label_set_justify (label, GTK_JUSTIFY_CENTER);
}

/**
 * dw_label_show_subtitle:
 * @row: a row
 * @untrusted: (nullable): what stands under its title
 */
void
dw_label_show_subtitle (AdwActionRow *row, const char *untrusted)
{
  g_autofree char *start = shorten (untrusted != NULL ? untrusted : "", DW_LABEL_CHARS, 6);
  g_autofree char *markup = dw_label_markup (start, FALSE);

  adw_action_row_set_subtitle (row, markup);
}

/**
 * dw_label_show_row_title:
 * @row: a row
 * @untrusted: its title
 */
void
dw_label_show_row_title (AdwPreferencesRow *row, const char *untrusted)
{
  g_autofree char *line = dw_safe_line (untrusted, DW_LABEL_CHARS);
  g_autofree char *escaped = g_markup_escape_text (line, -1);

  adw_preferences_row_set_title (row, escaped);
}

/**
 * dw_label_show_heading:
 * @heading: what stands in a header bar
 * @untrusted: what is under its title
 */
void
dw_label_show_heading (AdwWindowTitle *heading, const char *untrusted)
{
  g_autofree char *line = dw_safe_line (untrusted, DW_LABEL_CHARS);

  adw_window_title_set_subtitle (heading, line);
}

/**
 * dw_label_show_title:
 * @window: a window
 * @untrusted: its title
 */
void
dw_label_show_title (GtkWindow *window, const char *untrusted)
{
  g_autofree char *line = dw_safe_line (untrusted, DW_LABEL_CHARS);

  gtk_window_set_title (window, line);
}

/**
 * dw_label_show_tooltip:
 * @widget: a widget
 * @untrusted: what its tooltip says
 */
void
dw_label_show_tooltip (GtkWidget *widget, const char *untrusted)
{
  g_autofree char *start = shorten (untrusted, DW_LABEL_TOOLTIP_CHARS, 12);
  g_autofree char *markup = dw_label_markup (start, FALSE);

  gtk_widget_set_tooltip_markup (widget, markup);
}

/**
 * dw_label_new_toast:
 * @untrusted: what it says
 *
 * Returns: (transfer full): a toast
 */
AdwToast *
dw_label_new_toast (const char *untrusted)
{
  g_autofree char *line = dw_safe_line (untrusted, DW_LABEL_CHARS);
  g_autofree char *escaped = g_markup_escape_text (line, -1);

  return adw_toast_new (escaped);
}

/**
 * dw_label_dup_body:
 * @untrusted: what a question says under its heading
 *
 * Returns: (transfer full): that, safe and as short as it can be laid out, for dw_question_new() alone
 */
char *
dw_label_dup_body (const char *untrusted)
{
  return shorten (untrusted, DW_LABEL_TOOLTIP_CHARS, 12);
}
