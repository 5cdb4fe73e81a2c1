/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-dialog.h"

#include "app/text/dw-label.h"

/* A dialog is a window of its own over another. */
G_DECLARE_FINAL_TYPE (DwDialog, dw_dialog, DW, DIALOG, AdwWindow)

struct _DwDialog
{
  AdwWindow parent_instance;
};

G_DEFINE_FINAL_TYPE (DwDialog, dw_dialog, ADW_TYPE_WINDOW)

static void
on_close (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_window_close (GTK_WINDOW (widget));
}

static void
dw_dialog_class_init (DwDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_install_action (widget_class, "dialog.close", NULL, on_close);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "dialog.close", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_w, GDK_CONTROL_MASK, "dialog.close", NULL);
}

static void
dw_dialog_init (DwDialog *self)
{
}

/* What all dialogs have in common, whoever made them. */
static GtkWidget *
prepare (GtkWidget *dialog)
{
  gtk_window_set_modal (GTK_WINDOW (dialog), TRUE);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (dialog), TRUE);
  return dialog;
}

static void
set_size (GtkWidget *dialog)
{
  gtk_window_set_default_size (GTK_WINDOW (dialog), DW_DIALOG_WIDTH, DW_DIALOG_HEIGHT);
  gtk_widget_set_size_request (dialog, 360, 294);
}

/**
 * dw_dialog_new:
 * @title: its title
 * @content: what is in it, with a header; it closes the dialog with the action `dialog.close`
 *
 * Returns: (transfer none): a dialog
 */
GtkWidget *
dw_dialog_new (const char *title, GtkWidget *content)
{
  GtkWidget *self = g_object_new (dw_dialog_get_type (), NULL);

  dw_label_show_title (GTK_WINDOW (self), title);
  adw_window_set_content (ADW_WINDOW (self), content);
  set_size (self);
  return prepare (self);
}

/**
 * dw_dialog_new_about:
 *
 * Returns: (transfer none): a dialog about the program, with the properties of #AdwAboutWindow
 */
GtkWidget *
dw_dialog_new_about (void)
{
  return prepare (adw_about_window_new ());
}

/**
 * dw_dialog_new_preferences:
 * @title: its title; the toolkit has one, in fewer languages
 * @page: what is in it
 *
 * Returns: (transfer none): a dialog
 */
GtkWidget *
dw_dialog_new_preferences (const char *title, AdwPreferencesPage *page)
{
  GtkWidget *self = adw_preferences_window_new ();

  dw_label_show_title (GTK_WINDOW (self), title);
  adw_preferences_window_set_search_enabled (ADW_PREFERENCES_WINDOW (self), FALSE);
  adw_preferences_window_add (ADW_PREFERENCES_WINDOW (self), page);
  set_size (self);
  return prepare (self);
}

/**
 * dw_dialog_present:
 * @dialog: a dialog
 * @parent: (nullable): the window it belongs to
 */
void
dw_dialog_present (GtkWidget *dialog, GtkWidget *parent)
{
  int width, height;

  gtk_window_get_default_size (GTK_WINDOW (dialog), &width, &height);
  if (parent != NULL && gtk_widget_get_width (parent) < width)
    gtk_window_set_default_size (GTK_WINDOW (dialog), gtk_widget_get_width (parent), height);
  gtk_window_set_transient_for (GTK_WINDOW (dialog), parent != NULL ? GTK_WINDOW (parent) : NULL);
  gtk_window_present (GTK_WINDOW (dialog));
}
