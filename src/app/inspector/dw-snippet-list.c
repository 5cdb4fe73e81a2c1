/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-snippet-list.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-dialog.h"
#include "app/toolkit/dw-page.h"
#include "app/toolkit/dw-toolkit.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* A stage's snippets: one is chosen, renamed or deleted, and what is in the editor is saved as another one. */
struct _DwSnippetList
{
  GtkWidget parent_instance;

  GtkWidget *page;
  AdwToastOverlay *toasts;
  AdwPreferencesGroup *saving;
  GtkEditable *name;
  GtkWidget *save;
  AdwPreferencesGroup *group;

  DwSnippets *snippets;
  char *text;         /* what is in the editor */
  GPtrArray *rows;    /* of GtkWidget */
  guint renamed;      /* the position of the one that is being renamed, or G_MAXUINT */
  DwSnippet *undone;  /* what Undo brings back, or NULL */
  guint undone_place; /* and where to */
};

G_DEFINE_FINAL_TYPE (DwSnippetList, dw_snippet_list, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_CHOSEN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static guint
position_of (DwSnippetList *self, GtkWidget *widget)
{
  GtkWidget *row = gtk_widget_get_ancestor (widget, ADW_TYPE_PREFERENCES_ROW);
  guint position = G_MAXUINT;

  return row != NULL && g_ptr_array_find (self->rows, row, &position) ? position : G_MAXUINT;
}

static void
on_activated (DwSnippetList *self, GtkWidget *row)
{
  g_autoptr (DwSnippet) snippet = g_list_model_get_item (G_LIST_MODEL (self->snippets), position_of (self, row));
  g_autoptr (DwSnippetList) alive G_GNUC_UNUSED = g_object_ref (self);

  if (snippet == NULL)
    return;
  /* Closed first, as it gives the focus back to where it was. */
  gtk_widget_activate_action (GTK_WIDGET (self), "dialog.close", NULL);
  g_signal_emit (self, signals[SIGNAL_CHOSEN], 0, dw_snippet_get_text (snippet));
}

static void
offer_undo (DwSnippetList *self, const char *title, DwSnippet *snippet, guint position)
{
  AdwToast *toast = dw_label_new_toast (title);

  g_set_object (&self->undone, snippet);
  self->undone_place = position;
  adw_toast_set_button_label (toast, _ ("Undo"));
  adw_toast_set_action_name (toast, "snippets.undo");
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
focus_row (DwSnippetList *self, guint position)
{
  GtkWidget *row = self->rows->len > 0 ? self->rows->pdata[MIN (position, self->rows->len - 1)] : NULL;

  if (row == NULL || !gtk_widget_grab_focus (row))
    gtk_widget_grab_focus (GTK_WIDGET (self->name));
}

static void
on_delete_clicked (DwSnippetList *self, GtkWidget *button)
{
  guint position = position_of (self, button);
  g_autoptr (DwSnippet) removed = NULL;
  g_autofree char *title = NULL;

  if (position == G_MAXUINT)
    return;
  removed = dw_snippets_remove (self->snippets, position);
  /* Translators: %s is the name of a saved frame. */
  title = g_strdup_printf (_ ("“%s” deleted"), dw_snippet_get_name (removed));
  offer_undo (self, title, removed, position);
  focus_row (self, position);
}

static void
on_undo (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwSnippetList *self = DW_SNIPPET_LIST (widget);
  g_autoptr (DwSnippet) undone = g_steal_pointer (&self->undone);
  g_autoptr (DwSnippet) in_place = NULL;
  guint position;

  if (undone == NULL)
    return;
  if (dw_snippets_find (self->snippets, dw_snippet_get_name (undone), &position))
    in_place = dw_snippets_remove (self->snippets, position);
  dw_snippets_insert (self->snippets, self->undone_place, undone);
  focus_row (self, self->undone_place);
}

static GtkWidget *
new_button (const char *icon_name)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon_name);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  return button;
}

static void show_rows (DwSnippetList *self);

static void
on_rename_clicked (DwSnippetList *self, GtkWidget *button)
{
  self->renamed = position_of (self, button);
  show_rows (self);
  if (self->renamed < self->rows->len)
    gtk_widget_grab_focus (self->rows->pdata[self->renamed]);
}

static void
on_renamed (DwSnippetList *self, GtkWidget *row)
{
  guint position = position_of (self, row);

  if (position == G_MAXUINT)
    return;
  if (!dw_snippets_rename (self->snippets, position, gtk_editable_get_text (GTK_EDITABLE (row))))
    {
      gtk_widget_add_css_class (row, "error");
      gtk_widget_error_bell (row);
      return;
    }
  self->renamed = G_MAXUINT;
  show_rows (self);
  focus_row (self, position);
}

static GtkWidget *
new_renamed_row (DwSnippetList *self, DwSnippet *snippet)
{
  GtkWidget *row = adw_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _ ("Name"));
  gtk_editable_set_text (GTK_EDITABLE (row), dw_snippet_get_name (snippet));
  adw_entry_row_set_show_apply_button (ADW_ENTRY_ROW (row), TRUE);
  g_signal_connect_object (row, "apply", G_CALLBACK (on_renamed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (row, "entry-activated", G_CALLBACK (on_renamed), self, G_CONNECT_SWAPPED);
  return row;
}

static GtkWidget *
new_row (DwSnippetList *self, DwSnippet *snippet)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *rename = new_button ("document-edit-symbolic");
  GtkWidget *delete = new_button ("user-trash-symbolic");
  g_autofree char *line = dw_safe_line (dw_snippet_get_text (snippet), DW_LABEL_CHARS);

  dw_label_show_row_title (ADW_PREFERENCES_ROW (row), dw_snippet_get_name (snippet));
  dw_label_show_subtitle (ADW_ACTION_ROW (row), line);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 1);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_signal_connect_object (row, "activated", G_CALLBACK (on_activated), self, G_CONNECT_SWAPPED);

  gtk_widget_set_tooltip_text (rename, _ ("Rename"));
  dw_toolkit_set_label (rename, _ ("Rename"));
  g_signal_connect_object (rename, "clicked", G_CALLBACK (on_rename_clicked), self, G_CONNECT_SWAPPED);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), rename);

  gtk_widget_set_tooltip_text (delete, _ ("Delete"));
  dw_toolkit_set_label (delete, _ ("Delete"));
  g_signal_connect_object (delete, "clicked", G_CALLBACK (on_delete_clicked), self, G_CONNECT_SWAPPED);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), delete);
  return row;
}

static void
show_saving (DwSnippetList *self)
{
  const char *name = gtk_editable_get_text (self->name);
  guint position;

  gtk_widget_set_visible (GTK_WIDGET (self->saving), *self->text != '\0');
  gtk_widget_set_sensitive (self->save, dw_snippets_has_room (self->snippets, name, self->text));
  gtk_button_set_label (GTK_BUTTON (self->save),
                        dw_snippets_find (self->snippets, name, &position) ? _ ("Replace") : _ ("Save"));
}

static void
show_rows (DwSnippetList *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->group, self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->snippets)); i++)
    {
      g_autoptr (DwSnippet) snippet = g_list_model_get_item (G_LIST_MODEL (self->snippets), i);
      GtkWidget *row = i == self->renamed ? new_renamed_row (self, snippet) : new_row (self, snippet);

      adw_preferences_group_add (self->group, row);
      g_ptr_array_add (self->rows, row);
    }
  show_saving (self);
}

static void
on_items_changed (DwSnippetList *self)
{
  self->renamed = G_MAXUINT;
  show_rows (self);
}

static void
on_save (DwSnippetList *self)
{
  const char *name = gtk_editable_get_text (self->name);
  g_autoptr (DwSnippet) snippet = dw_snippet_new (name, self->text);
  g_autoptr (DwSnippet) replaced = NULL;
  guint position;

  if (!gtk_widget_get_sensitive (self->save))
    return;
  if (dw_snippets_find (self->snippets, name, &position))
    replaced = dw_snippets_remove (self->snippets, position);
  if (!dw_snippets_insert (self->snippets, position, snippet))
    return;
  if (replaced != NULL)
    {
      /* Translators: %s is the name of a saved frame. */
      g_autofree char *title = g_strdup_printf (_ ("“%s” replaced"), dw_snippet_get_name (replaced));

      offer_undo (self, title, replaced, position);
    }
  gtk_editable_set_text (self->name, "");
  focus_row (self, position);
}

static void
dw_snippet_list_dispose (GObject *object)
{
  DwSnippetList *self = DW_SNIPPET_LIST (object);

  g_clear_pointer (&self->page, gtk_widget_unparent);
  g_clear_object (&self->snippets);
  g_clear_object (&self->undone);
  G_OBJECT_CLASS (dw_snippet_list_parent_class)->dispose (object);
}

static void
dw_snippet_list_finalize (GObject *object)
{
  g_ptr_array_unref (DW_SNIPPET_LIST (object)->rows);
  g_free (DW_SNIPPET_LIST (object)->text);
  G_OBJECT_CLASS (dw_snippet_list_parent_class)->finalize (object);
}

static void
dw_snippet_list_class_init (DwSnippetListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_snippet_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = dw_snippet_list_finalize;
  g_type_ensure (DW_TYPE_PAGE);

  /**
   * DwSnippetList::chosen:
   * @text: a snippet's text
   *
   * Somebody wants it in the editor.
   */
  signals[SIGNAL_CHOSEN] = g_signal_new ("chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-snippet-list.ui");
  gtk_widget_class_bind_template_child (widget_class, DwSnippetList, page);
  gtk_widget_class_bind_template_child (widget_class, DwSnippetList, toasts);
  gtk_widget_class_bind_template_child (widget_class, DwSnippetList, saving);
  gtk_widget_class_bind_template_child (widget_class, DwSnippetList, name);
  gtk_widget_class_bind_template_child (widget_class, DwSnippetList, save);
  gtk_widget_class_bind_template_child (widget_class, DwSnippetList, group);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
  gtk_widget_class_bind_template_callback (widget_class, show_saving);
  gtk_widget_class_install_action (widget_class, "snippets.undo", NULL, on_undo);
}

static void
dw_snippet_list_init (DwSnippetList *self)
{
  self->rows = g_ptr_array_new ();
  self->renamed = G_MAXUINT;
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * dw_snippet_list_new:
 * @snippets: a stage's snippets
 * @text: what is in the editor, to be saved as another one
 *
 * Returns: (transfer floating): a list, to be presented
 */
DwSnippetList *
dw_snippet_list_new (DwSnippets *snippets, const char *text)
{
  DwSnippetList *self = g_object_new (DW_TYPE_SNIPPET_LIST, NULL);

  self->snippets = g_object_ref (snippets);
  self->text = g_strdup (text);
  g_signal_connect_object (snippets, "items-changed", G_CALLBACK (on_items_changed), self, G_CONNECT_SWAPPED);
  show_rows (self);
  return self;
}

/**
 * dw_snippet_list_present:
 * @self: (transfer floating): a new list
 * @parent: over which window
 *
 * Shows it in a dialog, which ends when a snippet is chosen.
 */
void
dw_snippet_list_present (DwSnippetList *self, GtkWidget *parent)
{
  dw_dialog_present (dw_dialog_new (_ ("Snippets"), GTK_WIDGET (self)), parent);
  focus_row (self, 0);
}
