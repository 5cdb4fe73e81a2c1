/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/chat/dw-text-split.h"

#include <string.h>

static gboolean
fits_bytes (const char *text, gpointer data)
{
  return strlen (text) <= GPOINTER_TO_SIZE (data);
}

/* Parts end at the best possible place, and joined they are the text. */
static void
test_places (void)
{
  static const struct
  {
    const char *text;
    gsize bytes;
    const char *parts; /* separated by bars */
  } rows[] = {
    { "short", 10, "short" },
    { "one para\ntwo", 10, "one para|two" },
    { "First one. Second", 14, "First one.|Second" },
    { "several words here", 10, "several|words here" },
    { "abcdefghij", 4, "abcd|efgh|ij" },
    /* For a better place a part may be half as long as what fits, but no shorter. */
    { "a\nbcdefghijklmnop", 10, "a\nbcdefghi|jklmnop" },
    /* A letter and its mark, a family, a flag, a syllable: one character each. */
    { "xe\u0301y", 3, "x|e\u0301|y" },
    { "ab\U0001f468\u200d\U0001f469\u200d\U0001f467z", 18, "ab|\U0001f468\u200d\U0001f469\u200d\U0001f467|z" },
    { "ab\U0001f1e9\U0001f1eaz", 8, "ab|\U0001f1e9\U0001f1ea|z" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (GStrv) parts = dw_text_split (rows[i].text, fits_bytes, GSIZE_TO_POINTER (rows[i].bytes));
      g_autofree char *joined = g_strjoinv ("|", parts);

      g_test_message ("row %u", i);
      g_assert_cmpstr (joined, ==, rows[i].parts);
      for (guint j = 0; parts[j] != NULL; j++)
        g_assert_cmpuint (strlen (parts[j]), <=, rows[i].bytes);
    }
}

/* A text that cannot be split is refused, without an endless loop. */
static void
test_impossible (void)
{
  g_autofree char *long_text = g_strnfill (1000, 'a');

  g_assert_null (dw_text_split ("abc", fits_bytes, GSIZE_TO_POINTER (0)));
  g_assert_null (dw_text_split (long_text, fits_bytes, GSIZE_TO_POINTER (5)));
}

/* Splitting a large text is fast. */
static void
test_large (void)
{
  GString *text = g_string_new (NULL);
  g_auto (GStrv) parts = NULL;
  gsize total = 0;

  for (guint i = 0; i < 40000; i++)
    g_string_append (text, "word ");
  parts = dw_text_split (text->str, fits_bytes, GSIZE_TO_POINTER (32000));
  g_assert_nonnull (parts);
  for (guint i = 0; parts[i] != NULL; i++)
    total += strlen (parts[i]) + 1;
  g_assert_cmpuint (total, ==, text->len);
  g_string_free (text, TRUE);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/text-split/places", test_places);
  g_test_add_func ("/app/text-split/impossible", test_impossible);
  g_test_add_func ("/app/text-split/large", test_large);
  return g_test_run ();
}
