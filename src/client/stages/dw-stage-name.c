/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-name.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * SECTION:dw-stage-name
 *
 * What a stage is called that nobody has named yet: after the last part of its address, with where it is if that is this
 * computer or if another stage has the name already, and then with a number.
 */

/* Plain text, which is made safe where it is shown: a name is saved, and can be edited. */
static char *
dup_part (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *start = NULL;

  if (g_utf8_strlen (valid, -1) <= DW_STAGE_NAME_CHARS)
    return g_steal_pointer (&valid);
  start = g_utf8_substring (valid, 0, DW_STAGE_NAME_CHARS - 1);
  return g_strconcat (start, "…", NULL);
}

static char *
with_place (const char *stage, const char *place)
{
  g_autofree char *short_stage = dup_part (stage);
  g_autofree char *short_place = dup_part (place);

  /* Translators: a stage's name and where it is, such as “prod (a1b2c3)” or “beta (local)”. */
  return g_strdup_printf (_ ("%1$s (%2$s)"), short_stage, short_place);
}

/**
 * dw_stage_name_plain:
 * @url: the primary address of a stage
 * @local: whether it is the stage that this program runs
 *
 * Returns: (transfer full): its name if no other stage has that: “prod”, “beta (local)” at a loopback address, or the
 * host where the address names no stage
 */
char *
dw_stage_name_plain (const DwStageUrl *url, gboolean local)
{
  const char *stage = dw_stage_url_get_stage (url);

  if (local || (stage == NULL && dw_stage_url_is_loopback (url)))
    return g_strdup (_ ("This Computer"));
  /* Translators: a stage on this computer, in “beta (local)”. */
  if (dw_stage_url_is_loopback (url))
    return with_place (stage, _ ("local"));
  return dup_part (stage != NULL ? stage : dw_stage_url_get_host (url));
}

/* The name with where the stage is: its API, or its host. */
static char *
dup_placed (const DwStageUrl *url, gboolean local)
{
  const char *stage = dw_stage_url_get_stage (url);
  const char *api_id = dw_stage_url_get_api_id (url);

  if (local || stage == NULL || dw_stage_url_is_loopback (url))
    return dw_stage_name_plain (url, local);
  return with_place (stage, api_id != NULL ? api_id : dw_stage_url_get_host (url));
}

/**
 * dw_stage_name_new:
 * @url: the primary address of a stage
 * @local: whether it is the stage that this program runs
 * @taken: (element-type utf8 utf8): a set of the names that other stages have
 *
 * Returns: (transfer full): a name that is not in @taken
 */
char *
dw_stage_name_new (const DwStageUrl *url, gboolean local, GHashTable *taken)
{
  g_autofree char *plain = dw_stage_name_plain (url, local);
  g_autofree char *placed = dup_placed (url, local);

  if (!g_hash_table_contains (taken, plain))
    return g_steal_pointer (&plain);

  /* Of one name more than there are in the set, one is free. */
  for (guint n = 1; n <= g_hash_table_size (taken); n++)
    {
      g_autofree char *name = n == 1 ? g_strdup (placed) : g_strdup_printf ("%s %u", placed, n);

      if (!g_hash_table_contains (taken, name))
        return g_steal_pointer (&name);
    }
  return g_strdup_printf ("%s %u", placed, g_hash_table_size (taken) + 1);
}

/**
 * dw_stage_name_is_made:
 * @name: (nullable): the name of a stage
 * @url: its primary address
 * @local: whether it is the stage that this program runs
 *
 * Returns: whether dw_stage_name_new() could have made it, so that nobody has chosen it
 */
gboolean
dw_stage_name_is_made (const char *name, const DwStageUrl *url, gboolean local)
{
  g_autofree char *plain = dw_stage_name_plain (url, local);
  g_autofree char *placed = dup_placed (url, local);
  gsize length = strlen (placed);

  if (name == NULL || g_str_equal (name, plain) || g_str_equal (name, placed))
    return TRUE;
  return g_str_has_prefix (name, placed) && name[length] == ' ' && name[length + 1] != '\0'
         && strspn (name + length + 1, "0123456789") == strlen (name + length + 1);
}
