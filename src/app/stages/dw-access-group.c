/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-access-group.h"

#include <glib/gi18n.h>
#include <string.h>

/* Settings for how to authenticate with a stage. Secrets are hidden unless the person asks to see them. */
struct _DwAccessGroup
{
  AdwPreferencesGroup parent_instance;

  AdwComboRow *kind;
  GtkEditable *name;
  GtkEditable *secret;
};

G_DEFINE_FINAL_TYPE (DwAccessGroup, dw_access_group, ADW_TYPE_PREFERENCES_GROUP)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static DwAccessKind
kind_of (DwAccessGroup *self)
{
  return (DwAccessKind) adw_combo_row_get_selected (self->kind);
}

static void
show_kind (DwAccessGroup *self)
{
  DwAccessKind kind = kind_of (self);

  gtk_widget_set_visible (GTK_WIDGET (self->name), kind == DW_ACCESS_PARAMETER || kind == DW_ACCESS_HEADER);
  gtk_widget_set_visible (GTK_WIDGET (self->secret), kind != DW_ACCESS_NONE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->name),
                                 kind == DW_ACCESS_HEADER ? _ ("Header") : _ ("Parameter"));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->secret),
                                 kind == DW_ACCESS_PROTOCOL ? _ ("Subprotocol") : _ ("Value"));
  if (kind == DW_ACCESS_QUERY)
    adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->secret), _ ("Query String"));
}

static void
on_kind_changed (DwAccessGroup *self)
{
  const char *name = gtk_editable_get_text (self->name);

  /* The usual name, unless the person entered another. */
  if (kind_of (self) == DW_ACCESS_HEADER && (*name == '\0' || strcmp (name, "token") == 0))
    gtk_editable_set_text (self->name, "Authorization");
  else if (kind_of (self) == DW_ACCESS_PARAMETER && (*name == '\0' || strcmp (name, "Authorization") == 0))
    gtk_editable_set_text (self->name, "token");
  show_kind (self);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
on_entered (DwAccessGroup *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
dw_access_group_class_init (DwAccessGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  /**
   * DwAccessGroup::changed:
   *
   * Emitted when any of the settings changed.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-access-group.ui");
  gtk_widget_class_bind_template_child (widget_class, DwAccessGroup, kind);
  gtk_widget_class_bind_template_child (widget_class, DwAccessGroup, name);
  gtk_widget_class_bind_template_child (widget_class, DwAccessGroup, secret);
  gtk_widget_class_bind_template_callback (widget_class, on_entered);
  gtk_widget_class_bind_template_callback (widget_class, on_kind_changed);
}

static void
dw_access_group_init (DwAccessGroup *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  show_kind (self);
}

static void
show_access (DwAccessGroup *self, const DwAccess *access)
{
  adw_combo_row_set_selected (self->kind, access->kind);
  gtk_editable_set_text (self->name, access->name);
  gtk_editable_set_text (self->secret, access->secret);
  show_kind (self);
}

/**
 * dw_access_group_set_stage:
 * @self: a group
 * @stage: whose access it shows
 */
void
dw_access_group_set_stage (DwAccessGroup *self, DwStage *stage)
{
  g_auto (DwAccess) access = { DW_ACCESS_NONE, NULL, NULL };

  dw_access_read (&access, stage);
  show_access (self, &access);
}

/**
 * dw_access_group_set_query:
 * @self: a group
 * @query: what stood behind an address that was pasted, not empty
 */
void
dw_access_group_set_query (DwAccessGroup *self, const char *query)
{
  g_auto (DwAccess) access = { DW_ACCESS_NONE, NULL, NULL };

  dw_access_read_query (&access, query);
  show_access (self, &access);
}

/**
 * dw_access_group_write:
 * @self: a group
 * @stage: the stage to apply the settings to
 * @error: as dw_access_write()
 *
 * Returns: whether the settings are valid in a handshake
 */
gboolean
dw_access_group_write (DwAccessGroup *self, DwStage *stage, GError **error)
{
  /* Nobody's token begins or ends with a blank, but what is copied does, or with a line break. */
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (self->name)));
  g_autofree char *secret = g_strstrip (g_strdup (gtk_editable_get_text (self->secret)));
  DwAccess access = { kind_of (self), name, secret };

  return dw_access_write (&access, stage, error);
}

/**
 * dw_access_group_focus_secret:
 * @self: a group
 *
 * Moves the focus to the value, or to the drop-down if there is no value.
 */
void
dw_access_group_focus_secret (DwAccessGroup *self)
{
  gtk_widget_grab_focus (
      GTK_WIDGET (kind_of (self) == DW_ACCESS_NONE ? GTK_WIDGET (self->kind) : GTK_WIDGET (self->secret)));
}
