/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-passing.h"

typedef struct
{
  gint64 first;  /* the place of the oldest line that is kept */
  GArray *sizes; /* of guint32: of the lines from there on, after those that went */
  guint gone;    /* how many at the start of sizes went */
  gsize bytes;
} Stage;

struct _DwPassing
{
  GHashTable *stages; /* gint64 * → Stage; as many as a person has saved */
  gsize bytes;
  guint lines;
  gboolean excessive; /* there was too much, and it is not down to three quarters yet */
};

static void
stage_free (gpointer data)
{
  Stage *stage = data;

  g_array_unref (stage->sizes);
  g_free (stage);
}

/**
 * dw_passing_new:
 *
 * Returns: (transfer full): nothing is kept yet
 */
DwPassing *
dw_passing_new (void)
{
  DwPassing *passing = g_new0 (DwPassing, 1);

  passing->stages = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, stage_free);
  return passing;
}

/**
 * dw_passing_free:
 * @passing: (transfer full): what is kept
 */
void
dw_passing_free (DwPassing *passing)
{
  g_hash_table_unref (passing->stages);
  g_free (passing);
}

static guint
count (const Stage *stage)
{
  return stage->sizes->len - stage->gone;
}

static void
append (DwPassing *passing, Stage *stage, gsize bytes)
{
  guint32 size = (guint32) MIN (bytes, G_MAXUINT32);

  g_array_append_val (stage->sizes, size);
  stage->bytes += size;
  passing->bytes += size;
  passing->lines++;
}

/**
 * dw_passing_add:
 * @passing: what is kept
 * @number: a stage's number
 * @place: the place of a line, after those of all that were added before
 * @bytes: its size
 */
void
dw_passing_add (DwPassing *passing, gint64 number, gint64 place, gsize bytes)
{
  Stage *stage = g_hash_table_lookup (passing->stages, &number);

  if (stage == NULL)
    {
      stage = g_new0 (Stage, 1);
      stage->sizes = g_array_new (FALSE, FALSE, sizeof (guint32));
      g_hash_table_insert (passing->stages, g_memdup2 (&number, sizeof number), stage);
    }
  if (count (stage) == 0)
    stage->first = place;
  append (passing, stage, bytes);
}

/**
 * dw_passing_remove:
 * @passing: what is kept
 * @number: a stage's number
 * @place: the place of a line that goes; those after it move up by one
 */
void
dw_passing_remove (DwPassing *passing, gint64 number, gint64 place)
{
  Stage *stage = g_hash_table_lookup (passing->stages, &number);
  gint64 index = stage != NULL ? place - stage->first : -1;
  guint32 size;

  if (index < 0 || index >= (gint64) count (stage))
    return;
  size = g_array_index (stage->sizes, guint32, stage->gone + (guint) index);
  g_array_remove_index (stage->sizes, stage->gone + (guint) index);
  stage->bytes -= size;
  passing->bytes -= size;
  passing->lines--;
}

/**
 * dw_passing_clear:
 * @passing: what is kept
 * @number: the number of a stage whose lines are all deleted
 */
void
dw_passing_clear (DwPassing *passing, gint64 number)
{
  Stage *stage = g_hash_table_lookup (passing->stages, &number);

  if (stage == NULL)
    return;
  passing->bytes -= stage->bytes;
  passing->lines -= count (stage);
  g_hash_table_remove (passing->stages, &number);
}

static Stage *
find_largest (DwPassing *passing, gint64 *number)
{
  Stage *largest = NULL;
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, passing->stages);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (largest == NULL || ((Stage *) value)->bytes > largest->bytes)
      {
        largest = value;
        *number = *(gint64 *) key;
      }
  return largest;
}

static void
drop_first (DwPassing *passing, Stage *stage)
{
  guint32 size = g_array_index (stage->sizes, guint32, stage->gone);

  stage->gone++;
  stage->first++;
  stage->bytes -= size;
  passing->bytes -= size;
  passing->lines--;
}

static gboolean
is_above (DwPassing *passing, guint quarters)
{
  return passing->bytes > (gsize) DW_PASSING_BYTES / 4 * quarters
         || passing->lines > DW_PASSING_LINES / 4 * quarters;
}

/* Not all from one conversation at once: another may be nearly as large. */
#define DROPPED_AT_ONCE (DW_PASSING_BYTES / 16)

/**
 * dw_passing_take_excess:
 * @passing: what is kept
 * @number: (out): a stage's number
 * @last: (out): the place up to which its lines have to go
 *
 * Call it until it returns %FALSE. Where there is more than %DW_PASSING_BYTES or %DW_PASSING_LINES the oldest lines of
 * the largest conversation go, so that a loud stage costs a quiet one nothing, until three quarters are left: what
 * comes next finds room for a while.
 *
 * Returns: whether something has to go
 */
gboolean
dw_passing_take_excess (DwPassing *passing, gint64 *number, gint64 *last)
{
  gsize before = passing->bytes;
  Stage *stage;

  passing->excessive = is_above (passing, passing->excessive ? 3 : 4);
  stage = passing->excessive ? find_largest (passing, number) : NULL;
  if (stage == NULL)
    return FALSE;
  while (count (stage) > 0 && is_above (passing, 3) && before - passing->bytes < DROPPED_AT_ONCE)
    drop_first (passing, stage);
  *last = stage->first - 1;
  if (stage->gone > stage->sizes->len / 2)
    {
      g_array_remove_range (stage->sizes, 0, stage->gone);
      stage->gone = 0;
    }
  return TRUE;
}

/**
 * dw_passing_get_first:
 * @passing: what is kept
 * @number: a stage's number
 *
 * Returns: the place of the stage's oldest line that is kept, or 0 where nothing of it is known
 */
gint64
dw_passing_get_first (DwPassing *passing, gint64 number)
{
  const Stage *stage = g_hash_table_lookup (passing->stages, &number);

  return stage != NULL ? stage->first : 0;
}

/**
 * dw_passing_get_bytes:
 * @passing: what is kept
 *
 * Returns: how much it is
 */
gsize
dw_passing_get_bytes (DwPassing *passing)
{
  return passing->bytes;
}
