/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/text/dw-message-text.h"

#include <string.h>

/* Parts as a line: w(…), q(…) and c(…), line breaks as “|”. */
static char *
sketch (const char *text, gboolean cut)
{
  g_autoptr (GPtrArray) parts = dw_message_text_split (text, cut);
  GString *line = g_string_new (NULL);

  for (guint i = 0; i < parts->len; i++)
    {
      const DwMessagePart *part = g_ptr_array_index (parts, i);

      g_string_append_printf (line, "%c(%s)", "wqc"[part->kind], part -> text);
    }
  return g_strdelimit (g_string_free (line, FALSE), "\n", '|');
}

/* Quoted lines and fenced code are parts of their own, and everything else stays as it was written. */
static void
test_split (void)
{
  static const struct
  {
    const char *text;
    const char *parts;
  } rows[] = {
    { "", "" },
    { "hello", "w(hello)" },
    { "a\n\nb", "w(a||b)" },
    { "> a\n> b\nc", "q(a|b)w(c)" },
    { ">\n> b", "q(|b)" },
    { "a\n> b\n\n\nc\n> d", "w(a)q(b)w(c)q(d)" },
    { "> > a", "q(> a)" },
    { ">_< ouch\n>:(", "w(>_< ouch|>:()" },
    { "a > b", "w(a > b)" },
    { "```\nint x;\n\n  y\n```", "c(int x;||  y)" },
    { "look:\n```c\nint x;\n```\nright", "w(look:)c(int x;)w(right)" },
    { "```\n> no quotation\n```", "c(> no quotation)" },
    { "```\na\n```\n```\nb\n```  ", "c(a)c(b)" },
    { "```\n```\nb", "w(b)" },
    { "```a``` b", "w(```a``` b)" },
    { "```\nnever closed\n> but quoted", "w(```|never closed)q(but quoted)" },
    { "a ```\nb\n```", "w(a ```|b|```)" },
    { "```", "w(```)" },
    { "**bold** _it_ # h\n- x", "w(**bold** _it_ # h|- x)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *parts = sketch (rows[i].text, FALSE);

      g_assert_cmpstr (parts, ==, rows[i].parts);
      /* The quick look misses none. */
      if (strstr (parts, "q(") != NULL || strstr (parts, "c(") != NULL)
        g_assert_true (dw_message_text_has_parts (rows[i].text));
    }
  g_assert_false (dw_message_text_has_parts ("a\nb > c `d`"));
  {
    g_autofree char *cut = sketch ("```\nint x;\nint y", TRUE);

    g_assert_cmpstr (cut, ==, "c(int x;|int y)");
  }
}

static char *
sketch_code (const char *text)
{
  g_autoptr (GArray) spans = dw_message_text_find_code (text);
  GString *line = g_string_new (NULL);

  for (guint i = 0; i < spans->len; i++)
    {
      const DwMessageSpan *span = &g_array_index (spans, DwMessageSpan, i);

      g_string_append (line, "(");
      g_string_append_len (line, text + span->start + span->ticks,
                           (gssize) (span->end - span->start - 2 * span->ticks));
      g_string_append (line, ")");
    }
  return g_string_free (line, FALSE);
}

static void
test_code (void)
{
  static const char *const rows[][2] = {
    { "a `b` c `d`", "(b)(d)" },
    { "no code", "" },
    { "it`s one", "" },
    { "`a\nb`", "" },
    { "``a ` b`` `c`", "(a ` b)(c)" },
    { "``", "" },
    { "```a```", "" },
    { "`a``b`", "(a``b)" },
    { "`<b>&`", "(<b>&)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *code = sketch_code (rows[i][0]);

      g_assert_cmpstr (code, ==, rows[i][1]);
    }
}

static char *
repeat (const char *part, guint times)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < times; i++)
    g_string_append (text, part);
  return g_string_free (text, FALSE);
}

/* Whatever somebody sends, there are few parts, and they take no longer than the text is long. Texts as large as these would
 * take minutes if what closes something were looked for again and again. */
static void
test_hostile (void)
{
  static const char *const pieces[] = {
    "`",     "` ",       "`` ` ",         "```", "```\n", "```c\n", "``` `\n", "> ",         ">\n",
    "> a\n", "> a\nb\n", "```\na\n```\n", "`a`", "`a`\n", "`\n",    "\n",      "> `\n```\n", "a ``b` ",
  };

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autofree char *text = repeat (pieces[i], 100000);
      g_autoptr (GPtrArray) parts = dw_message_text_split (text, i % 2 == 0);
      g_autoptr (GArray) spans = dw_message_text_find_code (text);
      gsize bytes = 0;

      g_assert_cmpuint (parts->len, <=, DW_MESSAGE_TEXT_PARTS + 1);
      g_assert_cmpuint (spans->len, <=, DW_MESSAGE_TEXT_SPANS);
      for (guint j = 0; j < parts->len; j++)
        {
          const DwMessagePart *part = g_ptr_array_index (parts, j);

          g_assert_true (g_utf8_validate (part->text, -1, NULL));
          bytes += strlen (part->text);
        }
      g_assert_cmpuint (bytes, <=, strlen (text));
      for (guint j = 1; j < spans->len; j++)
        g_assert_cmpuint (g_array_index (spans, DwMessageSpan, j - 1).end, <=,
                          g_array_index (spans, DwMessageSpan, j).start);
      g_assert_false (dw_message_text_is_emoji (text));
    }
}

static void
test_emoji (void)
{
  static const char *const emoji[] = { "😀",      "👍🏽", "😀 😀", "👨‍👩‍👧",          "🇩🇪",
                                       "❤️", "☀️",   "✅",   "🏴󠁧󠁢󠁥󠁮󠁧󠁿" };
  static const char *const others[] = {
    "", " ", "a😀", "😀.", "❤", "1", "#", "\ufe0f", "\u200d", "→", "©", "1️⃣"
  };

  for (guint i = 0; i < G_N_ELEMENTS (emoji); i++)
    g_assert_true (dw_message_text_is_emoji (emoji[i]));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (dw_message_text_is_emoji (others[i]));
  {
    g_autofree char *many = repeat ("😀", DW_MESSAGE_TEXT_EMOJI_CHARS + 1);

    g_assert_false (dw_message_text_is_emoji (many));
  }
}

/* What is quoted is drawn as a quotation again, and is short. */
static void
test_quote (void)
{
  g_autofree char *two = dw_message_text_quote ("a\r\n\nb\n");
  g_autofree char *lines = repeat ("line\n", 100);
  g_autofree char *some = dw_message_text_quote (lines);
  g_autofree char *letters = g_strnfill (100000, 'a');
  g_autofree char *start = dw_message_text_quote (letters);
  g_autofree char *drawn = sketch (two, FALSE);

  g_assert_cmpstr (two, ==, "> a\n> \n> b\n");
  g_assert_cmpstr (drawn, ==, "q(a||b)");
  g_assert_true (g_str_has_suffix (some, "> line…\n"));
  g_assert_cmpuint (strlen (some), <=, 100);
  g_assert_cmpuint (g_utf8_strlen (start, -1), <=, DW_MESSAGE_TEXT_QUOTE_CHARS + 10);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/message-text/split", test_split);
  g_test_add_func ("/app/message-text/code", test_code);
  g_test_add_func ("/app/message-text/hostile", test_hostile);
  g_test_add_func ("/app/message-text/emoji", test_emoji);
  g_test_add_func ("/app/message-text/quote", test_quote);
  return g_test_run ();
}
