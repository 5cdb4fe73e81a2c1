/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/chat/dw-emoji.h"

#include <gtk/gtk.h>

static const DwEmoji *
first (GPtrArray *found)
{
  g_assert_cmpuint (found->len, >, 0);
  return g_ptr_array_index (found, 0);
}

/* The data come with the library, in a format of its own; whichever it is, names and words are found in it. */
static void
test_find (void)
{
  static const struct
  {
    const char *word;
    const char *text;
    const char *name;
    gboolean exact;
  } rows[] = {
    { "thumbs_up", "\U0001f44d\ufe0f", "thumbs up", TRUE },
    { "THUMBS_UP", "\U0001f44d\ufe0f", "thumbs up", TRUE },
    { "+1", "\U0001f44d\ufe0f", "thumbs up", TRUE },
    { "anch", "\u2693", "anchor", FALSE },
    { "umbrella_with", "\u2614", "umbrella with rain drops", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) found = dw_emoji_find (rows[i].word, 5);

      g_assert_cmpstr (first (found)->name, ==, rows[i].name);
      g_assert_cmpstr (first (found)->text, ==, rows[i].text);
      g_assert_cmpint (first (found)->exact, ==, rows[i].exact);
      g_assert_cmpuint (found->len, <=, 5);
    }
  {
    g_autoptr (GPtrArray) smiles = dw_emoji_find ("smile", 5);
    g_autoptr (GPtrArray) nothing = dw_emoji_find ("nosuchemoji", 5);

    g_assert_cmpuint (smiles->len, ==, 5);
    g_assert_true (first (smiles)->exact);
    g_assert_cmpuint (nothing->len, ==, 0);
  }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  gtk_init ();
  g_test_add_func ("/app/emoji/find", test_find);
  return g_test_run ();
}
