/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-failover-group.h"

#include "app/toolkit/dw-button-row.h"
#include "app/toolkit/dw-toolkit.h"

#include <glib/gi18n.h>

/* The fallback addresses of a stage. */
struct _DwFailoverGroup
{
  AdwPreferencesGroup parent_instance;

  GtkWidget *add;  /* the row at the end */
  GPtrArray *rows; /* of GtkEditable; at most DW_STAGE_URLS − 1 */
};

G_DEFINE_FINAL_TYPE (DwFailoverGroup, dw_failover_group, ADW_TYPE_PREFERENCES_GROUP)

static void
show_room (DwFailoverGroup *self)
{
  gtk_widget_set_sensitive (self->add, self->rows->len < DW_STAGE_URLS - 1);
}

static void
on_remove_clicked (GtkButton *button, DwFailoverGroup *self)
{
  GtkWidget *row = gtk_widget_get_ancestor (GTK_WIDGET (button), ADW_TYPE_ENTRY_ROW);

  if (row == NULL || !g_ptr_array_remove (self->rows, row))
    return;
  adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), row);
  show_room (self);
  gtk_widget_grab_focus (self->add);
}

static GtkWidget *
add_row (DwFailoverGroup *self, const char *address)
{
  GtkWidget *row = adw_entry_row_new ();
  GtkWidget *button = gtk_button_new_from_icon_name ("user-trash-symbolic");

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _ ("Fallback Address"));
  gtk_editable_set_text (GTK_EDITABLE (row), address);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, _ ("Remove address"));
  dw_toolkit_set_label (button, _ ("Remove address"));
  g_signal_connect_object (button, "clicked", G_CALLBACK (on_remove_clicked), self, 0);
  adw_entry_row_add_suffix (ADW_ENTRY_ROW (row), button);
  adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), self->add);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), self->add);
  g_ptr_array_add (self->rows, row);
  show_room (self);
  return row;
}

static void
on_add_activated (DwFailoverGroup *self)
{
  gtk_widget_grab_focus (add_row (self, ""));
}

static void
dw_failover_group_finalize (GObject *object)
{
  g_ptr_array_unref (DW_FAILOVER_GROUP (object)->rows);
  g_object_unref (DW_FAILOVER_GROUP (object)->add);
  G_OBJECT_CLASS (dw_failover_group_parent_class)->finalize (object);
}

static void
dw_failover_group_class_init (DwFailoverGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = dw_failover_group_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-failover-group.ui");
}

static void
dw_failover_group_init (DwFailoverGroup *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));

  self->add = g_object_ref_sink (dw_button_row_new (_ ("Add Address"), "list-add-symbolic"));
  g_signal_connect_object (self->add, "activated", G_CALLBACK (on_add_activated), self, G_CONNECT_SWAPPED);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), self->add);
}

/**
 * dw_failover_group_set_stage:
 * @self: a new group
 * @stage: the stage whose fallback addresses it shows, without their queries
 */
void
dw_failover_group_set_stage (DwFailoverGroup *self, DwStage *stage)
{
  for (guint i = 1; i < dw_stage_get_n_urls (stage); i++)
    {
      g_autofree char *plain = dw_stage_url_dup_plain (dw_stage_get_url (stage, i));

      add_row (self, plain);
    }
}

/**
 * dw_failover_group_write:
 * @self: a group
 * @stage: a stage with one address, to which the others are added
 * @error: %DW_WIRE_ERROR_URL, with a sentence that says what to change
 *
 * Returns: whether all of them are valid
 */
gboolean
dw_failover_group_write (DwFailoverGroup *self, DwStage *stage, GError **error)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (g_ptr_array_index (self->rows, i))));
      g_autoptr (DwStageUrl) url = NULL;

      if (*text == '\0')
        continue;
      url = dw_stage_url_parse (text, error);
      if (url == NULL)
        return FALSE;
      dw_stage_add_url (stage, url);
    }
  return TRUE;
}
