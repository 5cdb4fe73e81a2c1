/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-fold.h"

#include <string.h>

/* What counts as the same when somebody looks for it, and what does not. */
static void
test_table (void)
{
  static const struct
  {
    const char *text;
    const char *folded;
  } rows[] = {
    { "Hello, World! [@Z`a{z]", "hello, world! [@z`a{z]" },
    { "ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789", "abcdefghijklmnopqrstuvwxyz 0123456789" },
    { "STRASSE Straße \u1e9e", "strasse strasse ss" },
    { "Ελλάδα ΟΔΟΣ", "ελλαδα οδοσ" },
    { "Łódź Đà Nẵng Ærø Œuvre", "lodz da nang aero oeuvre" },
    { "İstanbul ıstanbul ISTANBUL", "istanbul istanbul istanbul" },
    { "caf\u00e9 cafe\u0301", "cafe cafe" },
    { "\uff21\uff22\uff23 \uff11\uff12\uff13 \uff76\uff9e", "abc 123 \u30ab\u3099" },
    { "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f", "\u0645\u062d\u0645\u062f" }, /* Arabic vowel marks */
    { "\u0645\u0640\u0640\u062d\u0645\u062f", "\u0645\u062d\u0645\u062f" },             /* stretched */
    { "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05dc\u05d5\u05dd" },       /* Hebrew points */
    { "\u0661\u0662\u0663 \u0967\u0968", "123 12" }, /* digits of other scripts */
    { "\ud55c\uae00 \u1112\u1161\u11ab\u1100\u1173\u11af",
      "\u1112\u1161\u11ab\u1100\u1173\u11af \u1112\u1161\u11ab\u1100\u1173\u11af" }, /* composed or not */
    { "\u304c \u304b", "\u304b\u3099 \u304b" },                                      /* が is not か */
    { "\u0915\u093f \u0915\u0941", "\u0915\u093f \u0915\u0941" },                    /* ki is not ku */
    { "\U0001f44d\U0001f3fd \u263a\ufe0f", "\U0001f44d \u263a" }, /* whatever the skin and the look */
    { "a\u200db\u00adc\u202ed", "abcd" },                         /* what nobody sees */
    { "\ufb01 \u2460 \u00bd", "fi 1 1\u20442" },
    { "天気", "天気" },
    { "", "" },
  };
  g_autoptr (DwFold) fold = dw_fold_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) folded = g_string_new ("before ");

      dw_fold_text (fold, rows[i].text, strlen (rows[i].text), folded);
      g_assert_cmpstr (folded->str + strlen ("before "), ==, rows[i].folded);
    }
}

/* The quick way for ASCII is the same as the slow one, at every length and letter. */
static void
test_ascii (void)
{
  g_autoptr (DwFold) fold = dw_fold_new ();

  for (guint length = 0; length < 20; length++)
    for (int letter = 1; letter < 128; letter++)
      {
        char text[32] = { 0 };
        g_autoptr (GString) folded = g_string_new (NULL);

        memset (text, letter, length);
        dw_fold_text (fold, text, length, folded);
        g_assert_cmpuint (folded->len, ==, length);
        for (guint i = 0; i < length; i++)
          g_assert_cmpint (folded->str[i], ==, g_ascii_tolower ((char) letter));
      }
}

/* Whatever the bytes are, they end, and what comes out is UTF-8. */
static void
test_bytes (void)
{
  static const char *const texts[] = { "a\377b",       "\xe5\xa4", "\xf0\x9f\x91",
                                       "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80" };
  g_autoptr (DwFold) fold = dw_fold_new ();

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GString) folded = g_string_new (NULL);

      dw_fold_text (fold, texts[i], strlen (texts[i]), folded);
      g_assert_true (g_utf8_validate (folded->str, (gssize) folded->len, NULL));
      g_assert_cmpuint (folded->len, >, 0);
    }
}

/* What was found is marked in the text as it is, with all its marks, and nothing twice. */
static void
test_find (void)
{
  static const struct
  {
    const char *text;
    const char *words;
    const char *marked;
  } rows[] = {
    { "In der Straße", "strasse", "In der [Straße]" },
    { "Straße", "ss", "Stra[ß]e" },
    { "cafe\u0301s", "cafe", "[cafe\u0301]s" },
    { "\u202ecafe\u0301", "e", "\u202ecaf[e\u0301]" },
    { "使用JWT令牌", "jwt 令牌", "使用[JWT令牌]" },
    { "abcabc", "bc ca", "a[bcabc]" },
    { "aaa", "aa", "[aa]a" },
    { "ＡＢＣ", "abc", "[ＡＢＣ]" },
    { "nothing", "else", "nothing" },
    { "nothing", "", "nothing" },
    { "nothing", "\u0301", "nothing" },
  };
  g_autoptr (DwFold) fold = dw_fold_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) words = dw_fold_words (fold, rows[i].words, 16);
      g_autoptr (GArray) spans = dw_fold_find (fold, rows[i].text, words);
      g_autoptr (GString) marked = g_string_new (rows[i].text);

      for (guint j = spans->len; j > 0; j--)
        {
          DwFoldSpan span = g_array_index (spans, DwFoldSpan, j - 1);

          g_string_insert_c (marked, (gssize) span.end, ']');
          g_string_insert_c (marked, (gssize) span.start, '[');
        }
      g_assert_cmpstr (marked->str, ==, rows[i].marked);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/fold/table/S-23", test_table);
  g_test_add_func ("/wire/fold/ascii", test_ascii);
  g_test_add_func ("/wire/fold/bytes", test_bytes);
  g_test_add_func ("/wire/fold/find/S-23", test_find);
  return g_test_run ();
}
