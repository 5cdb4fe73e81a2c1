/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-preferences.h"

#include "app/toolkit/dw-dialog.h"
#include "app/toolkit/dw-spelling.h"
#include "app/toolkit/dw-switch-row.h"

#include <glib/gi18n.h>

/* The values in the order of their rows. */
static const char *const retentions[] = { "forever", "year", "month", "week", "none", NULL };
static const char *const notifies[] = { "all", "mentions", "none", NULL };
static const int scales[] = { 80, 100, 125, 150, 200 };

static gboolean
choice_to_index (GValue *value, GVariant *variant, gpointer data)
{
  const char *const *names = data;
  const char *name = g_variant_get_string (variant, NULL);

  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], name))
      g_value_set_uint (value, i);
  return TRUE;
}

static GVariant *
choice_from_index (const GValue *value, const GVariantType *type, gpointer data)
{
  const char *const *names = data;
  guint index = g_value_get_uint (value);

  return index < g_strv_length ((char **) names) ? g_variant_new_string (names[index]) : NULL;
}

static gboolean
scale_to_index (GValue *value, GVariant *variant, gpointer data)
{
  int scale = g_variant_get_int32 (variant);
  guint nearest = 0;

  for (guint i = 1; i < G_N_ELEMENTS (scales); i++)
    if (ABS (scales[i] - scale) < ABS (scales[nearest] - scale))
      nearest = i;
  g_value_set_uint (value, nearest);
  return TRUE;
}

static GVariant *
scale_from_index (const GValue *value, const GVariantType *type, gpointer data)
{
  guint index = g_value_get_uint (value);

  return index < G_N_ELEMENTS (scales) ? g_variant_new_int32 (scales[index]) : NULL;
}

static void
bind_choice (GSettings *settings, const char *key, GObject *row, const char *const *names)
{
  g_settings_bind_with_mapping (settings, key, row, "selected", G_SETTINGS_BIND_DEFAULT, choice_to_index,
                                choice_from_index, (gpointer) names, NULL);
}

/* A row with a switch, which no .ui file can name: it is of another type in each generation of the toolkit. */
static void
add_switch (GtkBuilder *builder,
            const char *group,
            const char *title,
            const char *subtitle,
            GSettings *settings,
            const char *key)
{
  GtkWidget *row = dw_switch_row_new (title, subtitle);

  adw_preferences_group_add (ADW_PREFERENCES_GROUP (gtk_builder_get_object (builder, group)), row);
  if (settings != NULL)
    g_settings_bind (settings, key, row, "active", G_SETTINGS_BIND_DEFAULT);
}

/**
 * dw_preferences_show:
 * @window: the parent window
 * @settings: (nullable): the profile's settings, or %NULL where there are none
 *
 * Shows the preferences.
 */
void
dw_preferences_show (GtkWidget *window, GSettings *settings)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/io/github/dynamowave/Chat/dw-preferences.ui");
  GtkWidget *page = GTK_WIDGET (gtk_builder_get_object (builder, "page"));

  add_switch (builder, "writing", _ ("Send with Enter"),
              _ ("When off, Enter starts a new line. Ctrl+Enter always sends."), settings, "enter-sends");
  if (dw_spelling_is_there ())
    add_switch (builder, "writing", _ ("Check Spelling"),
                _ ("Underlines words that aren’t in the dictionary of your language."), settings, "check-spelling");
  add_switch (builder, "background", _ ("Run in Background"),
              _ ("Stay connected and show notifications after the last window is closed"), settings, "background");
  if (settings == NULL)
    gtk_widget_set_sensitive (page, FALSE);
  else
    {
      bind_choice (settings, "retention", gtk_builder_get_object (builder, "retention"), retentions);
      bind_choice (settings, "notify", gtk_builder_get_object (builder, "notify"), notifies);
      g_settings_bind_with_mapping (settings, "text-scale", gtk_builder_get_object (builder, "text_scale"),
                                    "selected", G_SETTINGS_BIND_DEFAULT, scale_to_index, scale_from_index, NULL,
                                    NULL);
    }
  dw_dialog_present (dw_dialog_new_preferences (_ ("Preferences"), ADW_PREFERENCES_PAGE (page)), window);
}
