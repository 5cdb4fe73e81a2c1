/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-preferences.h"

#include <adwaita.h>

static gboolean
retention_to_index (GValue *value, GVariant *variant, gpointer data)
{
  GSettings *settings = data;

  g_value_set_uint (value, (guint) g_settings_get_enum (settings, "retention"));
  return TRUE;
}

static GVariant *
retention_from_index (const GValue *value, const GVariantType *type, gpointer data)
{
  static const char *const names[] = { "forever", "year", "month", "week", "none" };
  guint index = g_value_get_uint (value);

  return index < G_N_ELEMENTS (names) ? g_variant_new_string (names[index]) : NULL;
}

/**
 * dw_preferences_show:
 * @window: over which window
 * @settings: (nullable): the profile's settings, or %NULL where there are none
 *
 * Shows what a person can choose.
 */
void
dw_preferences_show (GtkWindow *window, GSettings *settings)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/io/github/dynamowave/Chat/dw-preferences.ui");
  GtkWindow *preferences = GTK_WINDOW (gtk_builder_get_object (builder, "preferences"));
  GObject *retention = gtk_builder_get_object (builder, "retention");

  if (settings == NULL)
    gtk_widget_set_sensitive (GTK_WIDGET (retention), FALSE);
  else
    g_settings_bind_with_mapping (settings, "retention", retention, "selected", G_SETTINGS_BIND_DEFAULT,
                                  retention_to_index, retention_from_index, g_object_ref (settings),
                                  g_object_unref);
  gtk_window_set_transient_for (preferences, window);
  gtk_window_present (preferences);
}
