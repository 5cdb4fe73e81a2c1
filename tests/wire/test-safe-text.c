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

/* A name without visible characters would look like no name. */
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
    "\u17b5",
    "\u115f",
    "\u1160",
    "\u180b",
    "\u180f",
    "\ufe00",
    "\u2060",
    "\u206f",
    "\ufff0",
    "\ufff8",
    "\U000e0000",
    "\U000e0fff",
  };
  static const char *const seen[] = { "a",      "\u200bA", "\u0301", "-",          "\U0001f511", "\ufffd",
                                      "\xff",   "\x01",    "\u00b7", "\u034e",     "\u0350",     "\u115e",
                                      "\u1161", "\u17b3",  "\u17b6", "\u180a",     "\u1810",     "\u27ff",
                                      "\u2801", "\u3163",  "\u3165", "\ufdff",     "\ufe10",     "\uff9f",
                                      "\uffa1", "\u2070",  "\uffef", "\U000dffff", "\U000e1000" };
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
    { "hello\n", 6, 1, "hello", TRUE },
    { "hello\n", 5, 2, "hello", TRUE },
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

/* A line shown beside other text: nothing in it can break the line, or change the direction of what follows. */
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
    /* Right-to-left text is isolated from the words around it. */
    { "\xd7\x90", 100, "\xe2\x81\xa8\xd7\x90\xe2\x81\xa9" },
    { "\u200fabc", 100, "\u2068\u200fabc\u2069" },
    { "\u061c1 2", 100, "\u2068\u061c1 2\u2069" },
    { "\xd7\x90\xd7\x91", 1, "\xe2\x81\xa8\xd7\x90…\xe2\x81\xa9" },
    { FAMILY FAMILY, 1, FAMILY "…" },
    { "\n\n", 100, "" },
    { "\n \ta  b\n", 100, "a  b" },
    { "a\u05d0b", 100, "\u2068a\u05d0b\u2069" },
    { "hello", 1, "h…" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *line = dw_safe_line (rows[i].text, rows[i].chars);
      g_autofree char *again = dw_safe_line (line, DW_SAFE_TEXT_WHOLE);

      g_assert_cmpstr (line, ==, rows[i].line);
      g_assert_cmpstr (again, ==, line);
    }
}

static char *
letter (gunichar c)
{
  char *text = g_malloc0 (7);

  g_unichar_to_utf8 (c, text);
  return text;
}

/* The first and the last of each range, and their neighbours: one too few turns the text beside it. */
static void
test_edges (void)
{
  static const struct
  {
    gunichar first, last;
  } right_to_left[] = { { 0x0590, 0x08ff },
                        { 0xfb1d, 0xfdff },
                        { 0xfe70, 0xfefc },
                        { 0x10800, 0x10fff },
                        { 0x1e800, 0x1efff } },
    embedding[] = { { 0x202a, 0x202e }, { 0x2066, 0x2069 } },
    direction[] = { { 0x202a, 0x202e }, { 0x2066, 0x2069 }, { 0x200e, 0x200f }, { 0x061c, 0x061c } };

  for (guint i = 0; i < G_N_ELEMENTS (right_to_left); i++)
    {
      g_assert_false (dw_safe_text_is_right_to_left (right_to_left[i].first - 1));
      g_assert_true (dw_safe_text_is_right_to_left (right_to_left[i].first));
      g_assert_true (dw_safe_text_is_right_to_left (right_to_left[i].last));
      g_assert_false (dw_safe_text_is_right_to_left (right_to_left[i].last + 1));
    }
  for (guint i = 0; i < G_N_ELEMENTS (embedding); i++)
    for (gunichar c = embedding[i].first - 1; c <= embedding[i].last + 1; c++)
      {
        gboolean inside = c >= embedding[i].first && c <= embedding[i].last;
        g_autofree char *text = letter (c);
        g_autofree char *calm = dw_safe_text_calm (text);

        /* U+2029 is a break, and U+2028 too. */
        g_assert_cmpstr (calm, ==, inside ? "" : text);
        g_assert_cmpint (dw_safe_text_turns (text), ==, inside);
      }
  for (guint i = 0; i < G_N_ELEMENTS (direction); i++)
    for (gunichar c = direction[i].first; c <= direction[i].last; c++)
      {
        g_autofree char *text = letter (c);
        g_autofree char *named = g_strconcat ("a", text, "b", NULL);
        g_autofree char *name = dw_safe_name (named);

        g_assert_true (dw_safe_text_turns (text));
        g_assert_cmpstr (name, ==, "a" FFFD "b");
      }
  g_assert_false (dw_safe_text_turns ("a\u200d\u2010\u2000"));
  g_assert_true (dw_safe_text_turns ("a\u05d0"));
  g_assert_false (dw_safe_text_turns (""));
}

/* Every kind of line break is one, and what stands beside it in Unicode is none. */
static void
test_breaks (void)
{
  static const gunichar breaks[] = { '\n', '\r', 0x2028, 0x2029, 0x85, 0x0b, 0x0c };
  static const gunichar others[] = { 0x2027, '\t', 0x84, 0x86, 0x0e, 'n' };
  g_autofree char *lines = dw_safe_lines ("a\r\nb\rc\n\rd\u2028e");

  for (guint i = 0; i < G_N_ELEMENTS (breaks); i++)
    {
      g_autofree char *text = letter (breaks[i]);
      g_autofree char *safe = dw_safe_text (text, 9, 9, NULL);
      g_autofree char *replaced = dw_safe_lines (text);

      g_assert_cmpstr (safe, ==, "\n");
      g_assert_cmpstr (replaced, ==, "\n");
    }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *text = letter (others[i]);
      g_autofree char *safe = dw_safe_text (text, 9, 9, NULL);
      g_autofree char *replaced = dw_safe_lines (text);

      g_assert_cmpstr (safe, ==, g_unichar_iscntrl (others[i]) && others[i] != '\t' ? FFFD : text);
      g_assert_cmpstr (replaced, ==, text);
    }
  g_assert_cmpstr (lines, ==, "a\nb\nc\n\nd\ne");
}

/* What a person sees as one character is one step, and nothing else is. */
static void
test_steps (void)
{
  static const struct
  {
    const char *text;
    guint chars;
  } rows[] = {
    { "ab", 1 },
    { "\n\u0301", 1 },
    { "e\u0301\u0302x", 3 },
    { "e\u200bx", 2 },
    { "\U0001f1e6\U0001f1ffx", 2 },
    { "\U0001f1e6\U0001f1e6\U0001f1e6", 2 },
    { "\U0001f1e6x", 1 },
    { "x\U0001f1e6", 1 },
    { "\U0001f1e5\U0001f1e6", 1 },
    { "\U0001f1e6\U0001f200", 1 },
    { "\U0001f44b\U0001f3fb", 2 },
    { "\U0001f44b\U0001f3ff", 2 },
    { "\U0001f44b\U0001f3fa", 1 },
    { "\U0001f44b\U0001f400", 1 },
    { "\U0001f468\u200d\U0001f469", 3 },
    { "\u2764\u200d\u2764", 3 },
    { "\u2764\u200d\U0001f000", 3 },
    { "a\u200db", 2 },
    { FAMILY "x", 5 },
  };
  static const guint runs[] = { 30, 31, 32, 33 };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint chars = 0;
      const char *end = dw_safe_text_next (rows[i].text, &chars);

      g_test_message ("row %u", i);
      g_assert_cmpuint (chars, ==, rows[i].chars);
      g_assert_true (end == g_utf8_offset_to_pointer (rows[i].text, rows[i].chars));
      g_assert_true (dw_safe_text_next (rows[i].text, NULL) == end);
    }
  for (guint i = 0; i < G_N_ELEMENTS (runs); i++)
    {
      g_autoptr (GString) text = g_string_new ("e");
      guint chars = 0;

      for (guint j = 1; j < runs[i]; j++)
        g_string_append (text, "\u0301");
      dw_safe_text_next (text->str, &chars);
      g_assert_cmpuint (chars, ==, MIN (runs[i], 32));
    }
}

/* However long the input, the result is short, and no more of the input is read than needed. */
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
  g_test_add_func ("/wire/safe-text/edges", test_edges);
  g_test_add_func ("/wire/safe-text/breaks", test_breaks);
  g_test_add_func ("/wire/safe-text/steps", test_steps);
  g_test_add_func ("/wire/safe-text/bounds", test_bounds);
  return g_test_run ();
}
