/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-change.h"

/**
 * SECTION:dw-stage-change
 *
 * What a person edits in a stage: its name, addresses, dialect, own name and access. It comes as a stage nobody
 * saves, and is taken over as a whole.
 */

static GPtrArray *
copy_urls (DwStage *stage)
{
  GPtrArray *urls = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_stage_url_unref);

  for (guint i = 0; i < dw_stage_get_n_urls (stage); i++)
    g_ptr_array_add (urls, dw_stage_url_ref (dw_stage_get_url (stage, i)));
  return urls;
}

static void
copy_way (DwStage *stage, DwStage *from)
{
  g_autoptr (GPtrArray) urls = copy_urls (from);

  dw_stage_set_urls (stage, urls);
  dw_stage_set_dialect (stage, dw_stage_get_dialect (from));
  dw_stage_set_headers (stage, dw_stage_get_headers (from));
  dw_stage_set_protocols (stage, dw_stage_get_protocols (from));
}

static gboolean
have_same_urls (DwStage *a, DwStage *b)
{
  if (dw_stage_get_n_urls (a) != dw_stage_get_n_urls (b))
    return FALSE;
  for (guint i = 0; i < dw_stage_get_n_urls (a); i++)
    if (!dw_stage_url_equal (dw_stage_get_url (a, i), dw_stage_get_url (b, i)))
      return FALSE;
  return TRUE;
}

static gboolean
have_same_headers (GHashTable *a, GHashTable *b)
{
  GHashTableIter iter;
  gpointer name, value;

  if ((a != NULL ? g_hash_table_size (a) : 0) != (b != NULL ? g_hash_table_size (b) : 0))
    return FALSE;
  if (a == NULL || b == NULL)
    return TRUE;
  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (g_strcmp0 (g_hash_table_lookup (b, name), value) != 0)
      return FALSE;
  return TRUE;
}

static gboolean
have_same_protocols (char **a, char **b)
{
  static const char *const none[] = { NULL };

  return g_strv_equal (a != NULL ? (const char *const *) a : none, b != NULL ? (const char *const *) b : none);
}

static gboolean
have_same_dialect (DwDialect *a, DwDialect *b)
{
  g_autofree char *one = dw_dialect_to_text (a);
  g_autofree char *other = dw_dialect_to_text (b);

  return g_str_equal (one, other);
}

/**
 * dw_stage_change_apply:
 * @stage: a stage
 * @wanted: the stage as it is to be
 *
 * Takes over what was edited. A stage on this computer whose address was changed is one like any other from now on.
 *
 * Returns: whether the way to the stage is another, so that a connection is to be made anew
 */
gboolean
dw_stage_change_apply (DwStage *stage, DwStage *wanted)
{
  gboolean same_urls = have_same_urls (stage, wanted);
  gboolean same_way = same_urls && have_same_headers (dw_stage_get_headers (stage), dw_stage_get_headers (wanted))
                      && have_same_protocols (dw_stage_get_protocols (stage), dw_stage_get_protocols (wanted))
                      && have_same_dialect (dw_stage_get_dialect (stage), dw_stage_get_dialect (wanted));

  dw_stage_set_name (stage, dw_stage_get_name (wanted));
  dw_stage_set_own_name (stage, dw_stage_get_own_name (wanted));
  if (!same_urls)
    dw_stage_set_local (stage, FALSE);
  if (!same_way)
    copy_way (stage, wanted);
  return !same_way;
}
