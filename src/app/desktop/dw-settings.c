/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-settings.h"

#include "dw-config.h"

/* The keys the code reads. GSettings would abort the program if an older schema lacked one. */
static const char *const keys[] = { "window-width",  "window-height", "window-maximized", "own-name",
                                    "last-stage",    "retention",     "notify",           "enter-sends",
                                    "text-scale",    "background",    "told-of-quitting", "calendar",
                                    "check-spelling" };

/**
 * dw_settings_new:
 * @profile: (nullable): the profile
 *
 * Looks the schema up first, since GSettings aborts where it is missing or lacks a key.
 *
 * Returns: (transfer full) (nullable): the profile's settings, or %NULL if the schema is not installed properly; then
 *   no setting is saved
 */
GSettings *
dw_settings_new (const char *profile)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autofree char *path = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, DW_APP_ID, TRUE);
  for (guint i = 0; schema != NULL && i < G_N_ELEMENTS (keys); i++)
    if (!g_settings_schema_has_key (schema, keys[i]))
      g_clear_pointer (&schema, g_settings_schema_unref);
  if (schema == NULL)
    {
      g_message ("The settings' schema %s is not installed; nothing is remembered.", DW_APP_ID);
      return NULL;
    }
  path = profile != NULL ? g_strdup_printf ("/io/github/dynamowave/Chat/profiles/%s/", profile)
                         : g_strdup ("/io/github/dynamowave/Chat/");
  return g_settings_new_full (schema, NULL, path);
}
