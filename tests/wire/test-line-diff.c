/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-limits.h"
#include "wire/dw-line-diff.h"

#include <string.h>

static const char marks[] = { [DW_LINE_DIFF_SAME] = ' ', [DW_LINE_DIFF_REMOVED] = '-', [DW_LINE_DIFF_ADDED] = '+' };

static char *
describe (const char *before, const char *after)
{
  g_autoptr (GArray) lines = dw_line_diff (before, after);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    {
      const DwLineDiffLine *line = &g_array_index (lines, DwLineDiffLine, i);

      g_string_append_printf (text, "%s%c%.*s", i > 0 ? "|" : "", marks[line->kind], (int) line->length,
                              line->text);
    }
  return g_string_free (text, FALSE);
}

/* The fewest lines go and come, and those that go stand first. */
static void
test_lines (void)
{
  static const struct
  {
    const char *before, *after, *found;
  } rows[] = {
    { "", "", " " },
    { "a", "a", " a" },
    { "a", "b", "-a|+b" },
    { "", "a", "-|+a" },
    { "a\nb\nc", "a\nc", " a|-b| c" },
    { "a\nc", "a\nb\nc", " a|+b| c" },
    { "a\na\na", "a\na", " a| a|-a" },
    { "{\n  \"a\": 1,\n  \"b\": 2\n}", "{\n  \"a\": 1,\n  \"b\": 3\n}",
      " {|   \"a\": 1,|-  \"b\": 2|+  \"b\": 3| }" },
    { "a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc", "-a|-b| c|+b| a| b|-b| a|+c" },
    { "1\n2\n3", "x\n2\ny\nz", "-1|+x| 2|-3|+y|+z" },
    { "a\nb\n", "a\nb", " a| b|-" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *found = describe (rows[i].before, rows[i].after);

      g_assert_cmpstr (found, ==, rows[i].found);
    }
}

static char *
random_text (GRand *rand, guint n, gint32 words)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s%d", i > 0 ? "\n" : "", g_rand_int_range (rand, 0, words));
  return g_string_free (text, FALSE);
}

/* What both have and what goes is the first text, and what both have and what comes the second, whatever they are. */
static void
assert_is_of_both (const char *before, const char *after)
{
  g_autoptr (GArray) lines = dw_line_diff (before, after);
  g_autoptr (GString) one = g_string_new (NULL);
  g_autoptr (GString) other = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    {
      const DwLineDiffLine *line = &g_array_index (lines, DwLineDiffLine, i);

      if (line->kind != DW_LINE_DIFF_ADDED)
        {
          g_string_append_len (one, line->text, (gssize) line->length);
          g_string_append_c (one, '\n');
        }
      if (line->kind != DW_LINE_DIFF_REMOVED)
        {
          g_string_append_len (other, line->text, (gssize) line->length);
          g_string_append_c (other, '\n');
        }
    }
  g_string_truncate (one, one->len - 1);
  g_string_truncate (other, other->len - 1);
  g_assert_cmpstr (one->str, ==, before);
  g_assert_cmpstr (other->str, ==, after);
}

static void
test_both (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (26);

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *before = random_text (rand, g_rand_int_range (rand, 1, 20), 4);
      g_autofree char *after = random_text (rand, g_rand_int_range (rand, 1, 20), 4);

      assert_is_of_both (before, after);
    }
}

/* Two messages of the largest size with nothing, or little, in common are compared in bounded work, and all of both is
 * there. */
static void
test_bounds (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (26);
  g_autofree char *before = random_text (rand, DW_LIMIT_MESSAGE_BYTES / 2, 10);
  g_autofree char *after = random_text (rand, DW_LIMIT_MESSAGE_BYTES / 2, 10);
  g_autofree char *other = random_text (rand, 20000, 1000 * 1000);
  g_autofree char *blanks = g_strnfill (DW_LIMIT_MESSAGE_BYTES, '\n');
  g_autofree char *close = g_strdup (before);
  const char *const texts[] = { before, after, other, blanks, "", close };
  /* From the first character of a line to that of another. */
  gsize step = strlen (close) / DW_LINE_DIFF_EDITS * 2;

  /* As many changes as are looked for, all over the text. */
  for (guint i = 0; i < DW_LINE_DIFF_EDITS / 2; i++)
    close[i * step] = 'x';
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    for (guint j = i; j < G_N_ELEMENTS (texts); j++)
      {
        gint64 began = g_get_monotonic_time ();

        assert_is_of_both (texts[i], texts[j]);
        g_test_message ("%u and %u: %d ms", i, j, (int) ((g_get_monotonic_time () - began) / 1000));
      }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/line-diff/lines", test_lines);
  g_test_add_func ("/wire/line-diff/both", test_both);
  g_test_add_func ("/wire/line-diff/bounds", test_bounds);
  return g_test_run ();
}
