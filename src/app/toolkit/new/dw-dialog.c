/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-dialog.h"

#include "app/text/dw-label.h"

#include "wire/dw-safe-text.h"

/* A dialog lies over its window, and is a sheet at its bottom where that is narrow. */
G_DECLARE_FINAL_TYPE (DwDialog, dw_dialog, DW, DIALOG, AdwDialog)

struct _DwDialog
{
  AdwDialog parent_instance;
};

G_DEFINE_FINAL_TYPE (DwDialog, dw_dialog, ADW_TYPE_DIALOG)

static void
on_close (GtkWidget *widget, const char *name, GVariant *parameter)
{
  adw_dialog_close (ADW_DIALOG (widget));
}

static void
dw_dialog_class_init (DwDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_install_action (widget_class, "dialog.close", NULL, on_close);
}

static void
dw_dialog_init (DwDialog *self)
{
}

static gboolean
on_close_key (GtkWidget *dialog, GVariant *arguments, gpointer data)
{
  return adw_dialog_close (ADW_DIALOG (dialog));
}

/* As in a window of its own, where the key would close that. */
static GtkWidget *
add_close_key (AdwDialog *dialog)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller),
                                        gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_w, GDK_CONTROL_MASK),
                                                          gtk_callback_action_new (on_close_key, NULL, NULL)));
  gtk_widget_add_controller (GTK_WIDGET (dialog), controller);
  return GTK_WIDGET (dialog);
}

/**
 * dw_dialog_new:
 * @title: its title
 * @content: what is in it, with a header; it closes the dialog with the action `dialog.close`
 *
 * Returns: (transfer floating): a dialog
 */
GtkWidget *
dw_dialog_new (const char *title, GtkWidget *content)
{
  AdwDialog *self = g_object_new (dw_dialog_get_type (), NULL);
  g_autofree char *line = dw_safe_line (title, DW_LABEL_CHARS);

  adw_dialog_set_title (self, line);
  adw_dialog_set_child (self, content);
  adw_dialog_set_content_width (self, DW_DIALOG_WIDTH);
  adw_dialog_set_content_height (self, DW_DIALOG_HEIGHT);
  return add_close_key (self);
}

/**
 * dw_dialog_new_about:
 *
 * Returns: (transfer floating): a dialog about the program, with the properties of #AdwAboutWindow
 */
GtkWidget *
dw_dialog_new_about (void)
{
  return add_close_key (adw_about_dialog_new ());
}

/**
 * dw_dialog_new_preferences:
 * @title: its title; the toolkit has one, in fewer languages
 * @page: what is in it
 *
 * Returns: (transfer floating): a dialog
 */
GtkWidget *
dw_dialog_new_preferences (const char *title, AdwPreferencesPage *page)
{
  AdwDialog *self = adw_preferences_dialog_new ();
  g_autofree char *line = dw_safe_line (title, DW_LABEL_CHARS);

  adw_dialog_set_title (self, line);
  adw_preferences_dialog_add (ADW_PREFERENCES_DIALOG (self), page);
  adw_dialog_set_content_width (self, DW_DIALOG_WIDTH);
  adw_dialog_set_content_height (self, DW_DIALOG_HEIGHT);
  return add_close_key (self);
}

/**
 * dw_dialog_present:
 * @dialog: (transfer floating): a dialog
 * @parent: (nullable): the window it belongs to
 */
void
dw_dialog_present (GtkWidget *dialog, GtkWidget *parent)
{
  adw_dialog_present (ADW_DIALOG (dialog), parent);
}
