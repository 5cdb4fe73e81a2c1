/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dialect-group.h"

#include "app/text/dw-label.h"

#include "wire/dw-frame.h"

#include <glib/gi18n.h>

/* Settings for a stage's message format, with an example. */
struct _DwDialectGroup
{
  AdwPreferencesGroup parent_instance;

  AdwComboRow *preset;
  GtkEditable *route_key;
  GtkEditable *send_route;
  GtkEditable *body_key;
  GtkEditable *probe;
  GtkLabel *example;
};

G_DEFINE_FINAL_TYPE (DwDialectGroup, dw_dialect_group, ADW_TYPE_PREFERENCES_GROUP)

static void
show_example (DwDialectGroup *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwDialect) dialect = dw_dialect_group_dup_dialect (self, &error);
  g_autofree char *frame = dialect != NULL ? dw_frame_encode (dialect, _ ("Hello!"), NULL, NULL, NULL) : NULL;

  dw_label_show (self->example, frame != NULL ? frame : error != NULL ? error->message : "", DW_LABEL_CHARS);
}

static void
on_preset_changed (DwDialectGroup *self)
{
  gboolean custom = adw_combo_row_get_selected (self->preset) == DW_DIALECT_CUSTOM;

  gtk_widget_set_visible (GTK_WIDGET (self->route_key), custom);
  gtk_widget_set_visible (GTK_WIDGET (self->send_route), custom);
  gtk_widget_set_visible (GTK_WIDGET (self->body_key), custom);
  gtk_widget_set_visible (GTK_WIDGET (self->probe), custom);
  show_example (self);
}

static void
dw_dialect_group_class_init (DwDialectGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-dialect-group.ui");
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, preset);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, route_key);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, send_route);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, body_key);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, probe);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, example);
  gtk_widget_class_bind_template_callback (widget_class, on_preset_changed);
  gtk_widget_class_bind_template_callback (widget_class, show_example);
}

static void
dw_dialect_group_init (DwDialectGroup *self)
{
  g_autoptr (DwDialect) documented = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);

  gtk_widget_init_template (GTK_WIDGET (self));
  dw_dialect_group_set_dialect (self, documented);
}

/**
 * dw_dialect_group_set_dialect:
 * @self: a group
 * @dialect: what it shows
 */
void
dw_dialect_group_set_dialect (DwDialectGroup *self, DwDialect *dialect)
{
  gtk_editable_set_text (self->route_key, dw_dialect_get_route_key (dialect));
  gtk_editable_set_text (self->send_route, dw_dialect_get_send_route (dialect));
  gtk_editable_set_text (self->body_key, dw_dialect_get_body_key (dialect));
  gtk_editable_set_text (self->probe, dw_dialect_get_probe (dialect));
  adw_combo_row_set_selected (self->preset, dw_dialect_get_preset (dialect));
  on_preset_changed (self);
}

/**
 * dw_dialect_group_dup_dialect:
 * @self: a group
 * @error: %DW_WIRE_ERROR_DIALECT, with a sentence that says what to change
 *
 * Returns: (transfer full): what was chosen
 */
DwDialect *
dw_dialect_group_dup_dialect (DwDialectGroup *self, GError **error)
{
  guint preset = adw_combo_row_get_selected (self->preset);

  if (preset < DW_DIALECT_CUSTOM)
    return dw_dialect_new_preset ((DwDialectPreset) preset);
  return dw_dialect_new_custom (gtk_editable_get_text (self->route_key), gtk_editable_get_text (self->send_route),
                                gtk_editable_get_text (self->body_key), gtk_editable_get_text (self->probe), error);
}
