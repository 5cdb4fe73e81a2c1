/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-line-diff.h"

#include <string.h>

/**
 * SECTION:dw-line-diff
 *
 * What differs between two texts, by line: the fewest lines that go and come (Myers, “An O(ND) Difference Algorithm and
 * Its Variations”, 1986). Where that would take long, all lines between the first and the last difference go and come.
 */

typedef struct
{
  const char *text;
  gsize length;
  guint number; /* equal lines have the same one */
} Line;

/* The part that differs: without what both begin and end with. */
typedef struct
{
  const Line *a;
  const Line *b;
  int n; /* lines of a */
  int m;
} Middle;

static gint
compare_lines (gconstpointer one, gconstpointer other)
{
  const Line *a = *(const Line *const *) one;
  const Line *b = *(const Line *const *) other;
  int order = memcmp (a->text, b->text, MIN (a->length, b->length));

  return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static GArray *
split (const char *text)
{
  GArray *lines = g_array_new (FALSE, FALSE, sizeof (Line));

  while (TRUE)
    {
      Line line = { .text = text, .length = strcspn (text, "\n") };

      g_array_append_val (lines, line);
      text += line.length;
      if (*text++ == '\0')
        return lines;
    }
}

/* Once they have numbers, lines are compared by those. Sorted and not hashed: whoever sends the lines could choose such as
 * have one hash. */
static void
number_lines (GArray *a, GArray *b)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_sized_new (a->len + b->len);
  guint number = 0;

  for (guint i = 0; i < a->len; i++)
    g_ptr_array_add (sorted, &g_array_index (a, Line, i));
  for (guint i = 0; i < b->len; i++)
    g_ptr_array_add (sorted, &g_array_index (b, Line, i));
  g_ptr_array_sort (sorted, compare_lines);

  for (guint i = 0; i < sorted->len; i++)
    {
      if (i > 0 && compare_lines (&sorted->pdata[i - 1], &sorted->pdata[i]) != 0)
        number++;
      ((Line *) sorted->pdata[i])->number = number;
    }
}

static void
add (GArray *found, DwLineDiffKind kind, const Line *lines, int from, int to)
{
  for (int i = from; i < to; i++)
    {
      DwLineDiffLine line = { .kind = kind, .text = lines[i].text, .length = lines[i].length };

      g_array_append_val (found, line);
    }
}

/* Row d of the furthest points has one for each diagonal from -d to d. */
static int *
row_at (int *rows, int d)
{
  return rows + (gsize) d * (gsize) d + d;
}

/* Where one gets to on a diagonal with one more edit: down from the one above, or to the right from the one below. */
static gboolean
comes_down (const int *row, int d, int k)
{
  return k == -d || (k != d && row[k - 1] < row[k + 1]);
}

/* Fills the rows; returns how many edits it takes, or -1 where that is more than one wants to pay for. */
static int
find_edits (const Middle *middle, int *rows)
{
  guint steps = 0;

  for (int d = 0; d <= DW_LINE_DIFF_EDITS; d++)
    for (int k = -d; k <= d; k += 2)
      {
        const int *last = d > 0 ? row_at (rows, d - 1) : NULL;
        int x = last == NULL ? 0 : comes_down (last, d, k) ? last[k + 1] : last[k - 1] + 1;

        for (; x < middle->n && x - k < middle->m && middle->a[x].number == middle->b[x - k].number; x++)
          steps++;
        row_at (rows, d)[k] = x;
        if (x >= middle->n && x - k >= middle->m)
          return d;
        if (++steps > DW_LINE_DIFF_STEPS)
          return -1;
      }
  return -1;
}

/* Goes the way back from the end, so the lines are found in reverse. */
static void
walk_back (const Middle *middle, int *rows, int edits, GArray *back)
{
  int x = middle->n;
  int y = middle->m;

  for (int d = edits; d >= 0; d--)
    {
      const int *last = d > 0 ? row_at (rows, d - 1) : NULL;
      gboolean down = last != NULL && comes_down (last, d, x - y);
      int k = down ? x - y + 1 : x - y - 1;
      int from = last != NULL ? last[k] : 0;
      int start = last == NULL ? 0 : down ? from : from + 1;

      while (x > start)
        {
          x--;
          y--;
          add (back, DW_LINE_DIFF_SAME, middle->b, y, y + 1);
        }
      if (last == NULL)
        return;
      if (down)
        add (back, DW_LINE_DIFF_ADDED, middle->b, y - 1, y);
      else
        add (back, DW_LINE_DIFF_REMOVED, middle->a, x - 1, x);
      x = from;
      y = from - k;
    }
}

/* Between two equal lines all that goes stands before all that comes. */
static void
add_in_order (GArray *found, GArray *back)
{
  g_autoptr (GArray) coming = g_array_new (FALSE, FALSE, sizeof (DwLineDiffLine));

  for (guint i = back->len; i > 0; i--)
    {
      DwLineDiffLine line = g_array_index (back, DwLineDiffLine, i - 1);

      if (line.kind == DW_LINE_DIFF_SAME)
        {
          g_array_append_vals (found, coming->data, coming->len);
          g_array_set_size (coming, 0);
        }
      g_array_append_val (line.kind == DW_LINE_DIFF_ADDED ? coming : found, line);
    }
  g_array_append_vals (found, coming->data, coming->len);
}

static gboolean
add_fewest (const Middle *middle, GArray *found)
{
  g_autofree int *rows = g_new (int, (gsize) (DW_LINE_DIFF_EDITS + 1) * (DW_LINE_DIFF_EDITS + 1));
  int edits = find_edits (middle, rows);
  g_autoptr (GArray) back = g_array_new (FALSE, FALSE, sizeof (DwLineDiffLine));

  if (edits < 0)
    return FALSE;
  walk_back (middle, rows, edits, back);
  add_in_order (found, back);
  return TRUE;
}

static int
count_same (const Line *a, const Line *b, int n, int step)
{
  int same = 0;

  while (same < n && a[same * step].number == b[same * step].number)
    same++;
  return same;
}

/**
 * dw_line_diff:
 * @before: a text; it has to live as long as the result
 * @after: another one, as @before
 *
 * Compares two texts, however long and different they are, within %DW_LINE_DIFF_STEPS.
 *
 * Returns: (transfer full) (element-type DwLineDiffLine): all lines of both, in order; where they differ, those that go
 *   before those that come
 */
GArray *
dw_line_diff (const char *before, const char *after)
{
  g_autoptr (GArray) a = split (before);
  g_autoptr (GArray) b = split (after);
  const Line *lines_a = (const Line *) a->data;
  const Line *lines_b = (const Line *) b->data;
  GArray *found = g_array_new (FALSE, FALSE, sizeof (DwLineDiffLine));
  int least = (int) MIN (a->len, b->len);
  int head, tail;
  Middle middle;

  number_lines (a, b);
  head = count_same (lines_a, lines_b, least, 1);
  tail = count_same (lines_a + a->len - 1, lines_b + b->len - 1, least - head, -1);
  middle = (Middle){ lines_a + head, lines_b + head, (int) a->len - head - tail, (int) b->len - head - tail };

  add (found, DW_LINE_DIFF_SAME, lines_b, 0, head);
  if (!add_fewest (&middle, found))
    {
      add (found, DW_LINE_DIFF_REMOVED, middle.a, 0, middle.n);
      add (found, DW_LINE_DIFF_ADDED, middle.b, 0, middle.m);
    }
  add (found, DW_LINE_DIFF_SAME, middle.b, middle.m, middle.m + tail);
  return found;
}
