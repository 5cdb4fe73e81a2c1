/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/text/dw-label.h"

#include "wire/dw-safe-text.h"

#include <pango/pangocairo.h>
#include <string.h>

#define CODE "<span font_family=\"monospace\" background=\"gray\" background_alpha=\"20%\">"

/* Whatever a text contains, its markup shows exactly that text and nothing else. */
static void
test_markup (void)
{
  static const struct
  {
    const char *text;
    const char *markup;
  } rows[] = {
    { "R&D <3 &amp; <b>x</b>", "R&amp;D &lt;3 &amp;amp; &lt;b&gt;x&lt;/b&gt;" },
    { "https://e.example/?a=1&b=2 &",
      "<a href=\"https://e.example/?a=1&amp;b=2\">https://e.example/?a=1&amp;b=2</a> &amp;" },
    { "<a href='file:///etc/passwd'>https://e.example/</a>",
      "&lt;a href=&apos;file:///etc/passwd&apos;&gt;<a "
      "href=\"https://e.example/\">https://e.example/</a>&lt;/a&gt;" },
    { "a `<b>` `", "a " CODE "&lt;b&gt;</span> `" },
    { "`https://e.example/` https://f.example/",
      CODE "https://e.example/</span> <a href=\"https://f.example/\">https://f.example/</a>" },
    { "https://e.example/'onclick=",
      "<a href=\"https://e.example/&apos;onclick=\">https://e.example/&apos;onclick=</a>" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *markup = dw_label_markup (rows[i].text, TRUE);

      g_assert_cmpstr (markup, ==, rows[i].markup);
    }
}

/* The parts of a text that are marked, in brackets. */
static char *
show_marks (const char *text, PangoAttrList *marks)
{
  g_autoptr (PangoAttrIterator) iterator = pango_attr_list_get_iterator (marks);
  GString *shown = g_string_new (NULL);

  do
    {
      GSList *attributes = pango_attr_iterator_get_attrs (iterator);
      guint n = g_slist_length (attributes);
      int start, end;

      pango_attr_iterator_range (iterator, &start, &end);
      end = MIN (end, (int) strlen (text));
      g_assert_true (n == 0 || n == 3);
      if (start < end)
        g_string_append_printf (shown, n > 0 ? "[%.*s]" : "%.*s", end - start, text + start);
      g_slist_free_full (attributes, (GDestroyNotify) pango_attribute_destroy);
    }
  while (pango_attr_iterator_next (iterator));
  return g_string_free (shown, FALSE);
}

/* What was found is marked wherever it stands, as it was written. */
static void
test_found (void)
{
  static const struct
  {
    const char *text;
    const char *words;
    const char *marked;
  } rows[] = {
    { "In der Straße <b>", "strasse b", "In der [Straße] <[b]>" },
    { "认证系统使用JWT令牌", "jwt", "认证系统使用[JWT]令牌" },
    { "café & bar", "café", "[café] & bar" },
    { "<i>&amp;", "amp; <i>", "[<i>]&[amp;]" },
    { "nothing", "else", "nothing" },
  };
  static const GdkRGBA color = { 1, 1, 0, 0.5f };
  g_autoptr (DwFold) fold = dw_fold_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) words = dw_fold_words (fold, rows[i].words, 16);
      g_autoptr (PangoAttrList) marks = dw_label_find_marks (rows[i].text, fold, words, &color);
      g_autofree char *marked = show_marks (rows[i].text, marks);

      g_assert_cmpstr (marked, ==, rows[i].marked);
    }
}

/* Whether a part of a text is drawn from left to right, letter after letter. */
static gboolean
is_drawn_in_order (const char *markup, const char *part)
{
  g_autoptr (GRegex) tags = g_regex_new ("</?a[^>]*>", 0, 0, NULL);
  g_autofree char *without = g_regex_replace_literal (tags, markup, -1, 0, "", 0, NULL);
  PangoContext *context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  g_autoptr (PangoLayout) layout = pango_layout_new (context);
  const char *text, *start;
  int last = -1;

  g_object_unref (context);
  /* GtkLabel handles these itself. */
  pango_layout_set_markup (layout, without, -1);
  text = pango_layout_get_text (layout);
  start = strstr (text, part);
  g_assert_nonnull (start);
  for (const char *at = start; at < start + strlen (part); at = g_utf8_next_char (at))
    {
      PangoRectangle place;

      pango_layout_index_to_pos (layout, (int) (at - text), &place);
      if (place.x <= last)
        return FALSE;
      last = place.x;
    }
  return TRUE;
}

/* Direction overrides around an address do not change how it is drawn; without an address they are left alone. */
static void
test_turned (void)
{
  static const char *const turns[] = { "\u202e", "\u202b", "\u2067", "\u200f", "\u05d0\u05d1 ", "\u061c" };
  static const char *const address = "https://e.example/gpj.exe";

  for (guint i = 0; i < G_N_ELEMENTS (turns); i++)
    for (guint n = 1; n <= 130; n += 129)
      {
        g_autoptr (GString) text = g_string_new ("see ");
        g_autofree char *markup = NULL;

        for (guint j = 0; j < n; j++)
          g_string_append (text, turns[i]);
        g_string_append_printf (text, "%s %s and more", address, turns[i]);
        markup = dw_label_markup (text->str, TRUE);
        g_test_message ("%s", markup);
        g_assert_true (is_drawn_in_order (markup, address));
        g_assert_nonnull (strstr (markup, "href=\"https://e.example/gpj.exe\""));
      }
  {
    g_autofree char *inside = dw_label_markup ("https://e.example/\u202egpj.exe", TRUE);
    g_autofree char *alone = dw_label_markup ("a \u202eb", TRUE);

    g_assert_true (is_drawn_in_order (inside, address));
    g_assert_cmpstr (alone, ==, "a \u202eb");
  }
}

/* A link with something before its host is marked, even if the text was also made safe. */
static void
test_asks (void)
{
  static const char *const text = "\u202ehttps://bank.example@e.example/ https://f.example/";

  g_assert_true (dw_label_asks (text, "https://e.example/"));
  g_assert_false (dw_label_asks (text, "https://f.example/"));
}

/* The parts of a text that is laid out in pieces add up to it, in every script, and no piece begins with a mark. */
static void
test_pieces (void)
{
  static const char *const scripts[] = {
    "a",
    "hello world ",
    "\xe0\xbd\xa7\xe0\xbd\xb1\xe0\xbd\xb4\xe0\xbe\x83",
    "\xd9\x85\xd9\x8f\xd8\xad\xd9\x8e\xd9\x85\xd9\x91\xd9\x8e\xd8\xaf\xd9\x8c",
    "e\xcc\x81\xcc\x81\xcc\x81",
    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
    "\xcc\x81",
    "<&>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree char *markup = NULL;
      g_autofree char *plain = NULL;
      g_autoptr (PangoAttrList) attributes = NULL;
      g_autoptr (PangoAttrIterator) iterator = NULL;

      while (g_utf8_strlen (text->str, -1) < 1500)
        g_string_append (text, scripts[i]);
      markup = dw_label_markup (text->str, TRUE);
      g_assert_true (pango_parse_markup (markup, -1, 0, &attributes, &plain, NULL, NULL));
      g_assert_cmpstr (plain, ==, text->str);
      iterator = pango_attr_list_get_iterator (attributes);
      do
        {
          int start, end;

          pango_attr_iterator_range (iterator, &start, &end);
          end = MIN (end, (int) text->len);
          g_assert_cmpint (g_utf8_strlen (text->str + start, end - start), <=,
                           64 + 24 + DW_SAFE_TEXT_CLUSTER_CHARS);
          g_assert_true (i == 6 || start == end || !g_unichar_ismark (g_utf8_get_char (text->str + start)));
        }
      while (pango_attr_iterator_next (iterator));
    }
}

/* Scripts that are slow to lay out are cut shorter. */
static void
test_fit (void)
{
  g_autofree char *latin = g_strnfill (1000, 'a');
  g_autoptr (GString) tibetan = g_string_new (NULL);

  for (guint i = 0; i < 1000; i++)
    g_string_append (tibetan, "\xe0\xbd\x80");
  g_assert_cmpuint (dw_label_fit (latin, 600), ==, 600);
  g_assert_cmpuint (dw_label_fit (tibetan->str, 600), ==, 200);
  g_assert_cmpuint (dw_label_fit (latin, 100000), ==, 1000);
  g_assert_cmpuint (dw_label_fit ("", 10), ==, 1);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/label/found/S-23", test_found);
  g_test_add_func ("/app/label/markup/UI-2", test_markup);
  g_test_add_func ("/app/label/turned/UI-3", test_turned);
  g_test_add_func ("/app/label/asks/UI-7", test_asks);
  g_test_add_func ("/app/label/pieces", test_pieces);
  g_test_add_func ("/app/label/fit", test_fit);
  return g_test_run ();
}
