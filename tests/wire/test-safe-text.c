/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-safe-text.h"

#include <string.h>

#define FFFD "\xef\xbf\xbd"
#define FAMILY "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"

static void
test_text (void)
{
  static const char *const rows[][2] = {
    { "R&D <3 &amp; <b>x</b>", "R&D <3 &amp; <b>x</b>" },
    { "a\r\nb\rc\nd", "a\nb\nc\nd" },
    { "a\xe2\x80\xa8"
      "b\xe2\x80\xa9"
      "c\xc2\x85"
      "d",
      "a\nb\nc\nd" },
    { "a\x01\x1b[31mb\x7f", "a" FFFD FFFD "[31mb" FFFD },
    { "a\xff"
      "b",
      "a" FFFD "b" },
    { "tab\there", "tab\there" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *safe = dw_safe_text (rows[i][0], DW_SAFE_TEXT_WHOLE, G_MAXUINT, NULL);

      g_assert_cmpstr (safe, ==, rows[i][1]);
    }
}

static void
test_name (void)
{
  g_autofree char *long_name = g_strnfill (1000, 'n');
  g_autofree char *shortened = dw_safe_name (long_name);
  g_autofree char *turned = dw_safe_name ("  Ada\xe2\x80\xae\nEve  ");

  g_assert_cmpuint (strlen (shortened), ==, DW_SAFE_TEXT_NAME_CHARS);
  g_assert_cmpstr (turned, ==, "Ada" FFFD " Eve");
}

/* A name of which nothing is seen would stand for nobody. */
static void
test_unseen (void)
{
  static const char *const unseen[] = {
    "",
    " \t\n",
    "\u200b",
    "\u200b\u200d",
    "\u2060\ufeff",
    "\u00ad",
    "\u3164",
    "\u115f\u1160",
    "\uffa0",
    "\u2800",
    "\ufe0f",
    "\u034f",
    "\u180e",
    "\u200e\u202e",
    "\u2063",
    "\u3000\u2003",
    "\U000e0041\U000e007f",
    "\u17b4",
  };
  static const char *const seen[] = { "a",      "\u200bA", "\u0301", "-",     "\U0001f511",
                                      "\ufffd", "\xff",    "\x01",   "\u00b7" };
  g_autoptr (GString) late = g_string_new (NULL);
  g_autofree char *nobody = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (unseen); i++)
    {
      g_autofree char *name = dw_safe_name (unseen[i]);

      g_test_message ("row %u", i);
      g_assert_false (dw_safe_text_is_seen (unseen[i]));
      g_assert_cmpstr (name, ==, "");
    }
  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    {
      g_autofree char *name = dw_safe_name (seen[i]);

      g_test_message ("row %u", i);
      g_assert_true (dw_safe_text_is_seen (seen[i]));
      g_assert_cmpstr (name, !=, "");
    }
  for (guint i = 0; i < 200; i++)
    g_string_append (late, "\u200b");
  g_string_append (late, "Ada");
  nobody = dw_safe_name (late->str);
  g_assert_cmpstr (nobody, ==, "");
}

static void
test_shorten (void)
{
  static const struct
  {
    const char *text;
    gsize chars;
    guint lines;
    const char *start;
    gboolean cut;
  } rows[] = {
    { "hello", 5, 1, "hello", FALSE },
    { "hello", 4, 1, "hell", TRUE },
    { "a\nb\nc", 100, 2, "a\nb", TRUE },
    { "a\nb", 100, 2, "a\nb", FALSE },
    /* e and its accent stay together. */
    { "e\xcc\x81x", 1, 9, "e\xcc\x81", TRUE },
    { "", 1, 1, "", FALSE },
    { "a\r\n\r\nb", 3, 9, "a\n\n", TRUE },
    { "\xff\xff\xff", 2, 9, FFFD FFFD, TRUE },
    /* A family, a flag, a skin colour: none is cut in half. */
    { FAMILY "x", 1, 9, FAMILY, TRUE },
    { "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x87\xab", 1, 9, "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", TRUE },
    { "\xf0\x9f\x91\x8b\xf0\x9f\x8f\xbd!", 1, 9, "\xf0\x9f\x91\x8b\xf0\x9f\x8f\xbd", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gboolean cut;
      g_autofree char *start = dw_safe_text (rows[i].text, rows[i].chars, rows[i].lines, &cut);

      g_assert_cmpstr (start, ==, rows[i].start);
      g_assert_cmpint (cut, ==, rows[i].cut);
    }
}

/* One line beside other words: nothing in it can break it, or turn what stands after it. */
static void
test_line (void)
{
  static const struct
  {
    const char *text;
    gsize chars;
    const char *line;
  } rows[] = {
    { "hello", 5, "hello" },
    { "hello", 4, "hell…" },
    { " a\r\nb\tc\xe2\x80\xa9"
      "d\n",
      100, "a b c d" },
    { "R&D <b>x</b> \xe2\x80\xae", 100, "R&D <b>x</b>" },
    { "\xe2\x81\xa6"
      "a\xe2\x80\xad"
      "b",
      100, "ab" },
    { "a\x1b[31m", 100, "a" FFFD "[31m" },
    /* What is written from right to left is isolated from the words around it. */
    { "\xd7\x90", 100, "\xe2\x81\xa8\xd7\x90\xe2\x81\xa9" },
    { "\u200fabc", 100, "\u2068\u200fabc\u2069" },
    { "\u061c1 2", 100, "\u2068\u061c1 2\u2069" },
    { "\xd7\x90\xd7\x91", 1, "\xe2\x81\xa8\xd7\x90…\xe2\x81\xa9" },
    { FAMILY FAMILY, 1, FAMILY "…" },
    { "\n\n", 100, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *line = dw_safe_line (rows[i].text, rows[i].chars);
      g_autofree char *again = dw_safe_line (line, DW_SAFE_TEXT_WHOLE);

      g_assert_cmpstr (line, ==, rows[i].line);
      g_assert_cmpstr (again, ==, line);
    }
}

/* However long what comes is, what leaves is short, and no more is read than that. */
static void
test_bounds (void)
{
  g_autofree char *marks = g_malloc0 (10 * 1000 * 1000 + 1);
  gint64 start;

  for (gsize i = 0; i < 10 * 1000 * 1000; i += 2)
    memcpy (marks + i, "\xcc\x81", 2);
  start = g_get_monotonic_time ();
  for (guint i = 0; i < 100; i++)
    {
      gboolean cut;
      g_autofree char *text = dw_safe_text (marks, 100, 10, &cut);
      g_autofree char *line = dw_safe_line (marks, 100);
      g_autofree char *name = dw_safe_name (marks);

      g_assert_true (cut);
      g_assert_cmpint (g_utf8_strlen (text, -1), <=, 100 + DW_SAFE_TEXT_CLUSTER_CHARS);
      g_assert_cmpint (g_utf8_strlen (line, -1), <=, 101 + DW_SAFE_TEXT_CLUSTER_CHARS);
      g_assert_cmpint (g_utf8_strlen (name, -1), <=, DW_SAFE_TEXT_NAME_CHARS + DW_SAFE_TEXT_CLUSTER_CHARS);
    }
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/safe-text/text/UI-2", test_text);
  g_test_add_func ("/wire/safe-text/name", test_name);
  g_test_add_func ("/wire/safe-text/unseen/UI-14", test_unseen);
  g_test_add_func ("/wire/safe-text/shorten/UI-4", test_shorten);
  g_test_add_func ("/wire/safe-text/line/DT-4", test_line);
  g_test_add_func ("/wire/safe-text/bounds", test_bounds);
  return g_test_run ();
}
