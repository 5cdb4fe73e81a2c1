/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-switch-row.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-toolkit.h"

G_DECLARE_FINAL_TYPE (DwSwitchRow, dw_switch_row, DW, SWITCH_ROW, AdwActionRow)

struct _DwSwitchRow
{
  AdwActionRow parent_instance;

  GtkSwitch *onoff;
};

G_DEFINE_FINAL_TYPE (DwSwitchRow, dw_switch_row, ADW_TYPE_ACTION_ROW)

enum
{
  PROP_ACTIVE = 1,
};

static void
dw_switch_row_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ACTIVE)
    g_value_set_boolean (value, gtk_switch_get_active (DW_SWITCH_ROW (object)->onoff));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dw_switch_row_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ACTIVE)
    gtk_switch_set_active (DW_SWITCH_ROW (object)->onoff, g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dw_switch_row_class_init (DwSwitchRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = dw_switch_row_get_property;
  object_class->set_property = dw_switch_row_set_property;
  g_object_class_install_property (
      object_class, PROP_ACTIVE,
      g_param_spec_boolean ("active", NULL, NULL, FALSE,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY));
}

static void
on_switched (DwSwitchRow *self)
{
  g_object_notify (G_OBJECT (self), "active");
}

static void
dw_switch_row_init (DwSwitchRow *self)
{
  self->onoff = GTK_SWITCH (gtk_switch_new ());
  gtk_widget_set_valign (GTK_WIDGET (self->onoff), GTK_ALIGN_CENTER);
  g_signal_connect_object (self->onoff, "notify::active", G_CALLBACK (on_switched), self, G_CONNECT_SWAPPED);
  adw_action_row_add_suffix (ADW_ACTION_ROW (self), GTK_WIDGET (self->onoff));
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (self), GTK_WIDGET (self->onoff));
}

/**
 * dw_switch_row_new:
 * @title: what is on or off
 * @subtitle: what that means
 *
 * Returns: (transfer floating): a row with the property “active”
 */
GtkWidget *
dw_switch_row_new (const char *title, const char *subtitle)
{
  DwSwitchRow *self = g_object_new (dw_switch_row_get_type (), NULL);

  dw_label_show_row_title (ADW_PREFERENCES_ROW (self), title);
  dw_label_show_subtitle (ADW_ACTION_ROW (self), subtitle);
  dw_toolkit_set_label (GTK_WIDGET (self->onoff), title);
  return GTK_WIDGET (self);
}
