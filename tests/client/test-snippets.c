/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/stages/dw-snippets.h"

#include "wire/dw-safe-text.h"

#include <string.h>

static gboolean
add (DwSnippets *snippets, const char *name, const char *text)
{
  g_autoptr (DwSnippet) snippet = dw_snippet_new (name, text);

  return dw_snippets_insert (snippets, G_MAXUINT, snippet);
}

static const char *
name_at (DwSnippets *snippets, guint position)
{
  g_autoptr (DwSnippet) snippet = g_list_model_get_item (G_LIST_MODEL (snippets), position);

  return snippet != NULL ? dw_snippet_get_name (snippet) : NULL;
}

/* A snippet that was deleted comes back where it was, and one can be renamed, but not to the name of another. */
static void
test_changes (void)
{
  g_autoptr (DwSnippets) snippets = dw_snippets_new ();
  g_autoptr (DwSnippet) removed = NULL;
  guint position;

  g_assert_true (add (snippets, "a", "1"));
  g_assert_true (add (snippets, "b", "2"));
  g_assert_true (add (snippets, "c", "3"));
  g_assert_false (add (snippets, "b", "4"));
  g_assert_false (add (snippets, "  ", "4"));
  removed = dw_snippets_remove (snippets, 1);
  g_assert_false (dw_snippets_find (snippets, "b", &position));
  g_assert_true (dw_snippets_insert (snippets, 1, removed));
  g_assert_cmpstr (name_at (snippets, 1), ==, "b");

  g_assert_true (dw_snippets_rename (snippets, 1, "d"));
  g_assert_true (dw_snippets_rename (snippets, 1, "d"));
  g_assert_false (dw_snippets_rename (snippets, 1, "a"));
  g_assert_false (dw_snippets_rename (snippets, 1, ""));
  g_assert_true (dw_snippets_find (snippets, "d", &position));
  g_assert_cmpuint (position, ==, 1);
}

/* Their number and their bytes are bounded, however they come in, and what goes makes room. */
static void
test_bounds (void)
{
  g_autofree char *half = g_strnfill (DW_SNIPPETS_BYTES / 2, 'x');
  g_autoptr (DwSnippets) many = dw_snippets_new ();
  g_autoptr (DwSnippets) large = dw_snippets_new ();
  g_autofree char *long_name = g_strnfill (1000, 'n');

  for (guint i = 0; i < DW_SNIPPETS_MOST * 2; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      g_assert_cmpint (dw_snippets_has_room (many, name, "x"), ==, i < DW_SNIPPETS_MOST);
      g_assert_cmpint (add (many, name, "x"), ==, i < DW_SNIPPETS_MOST);
    }
  /* What is written again takes the place of what it was. */
  g_assert_true (dw_snippets_has_room (many, "7", "y"));

  g_assert_true (add (large, "a", half));
  g_assert_false (add (large, "b", half));
  g_assert_true (dw_snippets_has_room (large, "a", half));
  g_object_unref (dw_snippets_remove (large, 0));
  g_assert_true (add (large, "b", half));
  g_assert_true (add (large, long_name, ""));
  g_assert_cmpuint (g_utf8_strlen (name_at (large, 1), -1), <=, DW_SAFE_TEXT_NAME_CHARS + 1);
}

/* They are read as they were written, and a damaged file gives no more than fits. */
static void
test_text (void)
{
  static const char *const damaged[] = {
    "",
    "[",
    "{}",
    "[1, null, [], {}, {\"name\":1,\"text\":2}, {\"name\":\"a\"}, {\"text\":\"b\"}]",
    "[{\"name\":\"\",\"text\":\"b\"}]",
  };
  g_autoptr (DwSnippets) snippets = dw_snippets_new ();
  g_autoptr (DwSnippets) again = dw_snippets_new ();
  g_autoptr (DwSnippets) flooded = dw_snippets_new ();
  g_autoptr (GString) flood = g_string_new ("[");
  g_autofree char *nothing = dw_snippets_to_text (snippets);
  g_autofree char *text = NULL;
  g_autofree char *text_again = NULL;

  g_assert_cmpstr (nothing, ==, "");
  g_assert_true (add (snippets, "Hello “you”", "{\n  \"id\": \"{{uuid}}\"\n}"));
  g_assert_true (add (snippets, "b", "\t\"\\ é"));
  text = dw_snippets_to_text (snippets);
  dw_snippets_take_text (again, text);
  text_again = dw_snippets_to_text (again);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (again)), ==, 2);
  g_assert_cmpstr (text_again, ==, text);

  for (guint i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      g_autoptr (DwSnippets) none = dw_snippets_new ();

      dw_snippets_take_text (none, damaged[i]);
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (none)), ==, 0);
    }

  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (flood, "%s{\"name\":\"%u\",\"text\":\"x\"}", i > 0 ? "," : "", i);
  g_string_append_c (flood, ']');
  dw_snippets_take_text (flooded, flood->str);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (flooded)), ==, DW_SNIPPETS_MOST);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/snippets/changes", test_changes);
  g_test_add_func ("/client/snippets/bounds", test_bounds);
  g_test_add_func ("/client/snippets/text", test_text);
  return g_test_run ();
}
