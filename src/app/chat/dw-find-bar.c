/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-find-bar.h"

#include "app/text/dw-label.h"

#include <glib/gi18n.h>

/* Above a conversation while a person goes through what a search found. */
struct _DwFindBar
{
  GtkWidget parent_instance;

  GtkWidget *bar;
  GtkLabel *number;
};

G_DEFINE_FINAL_TYPE (DwFindBar, dw_find_bar, GTK_TYPE_WIDGET)

static void
dw_find_bar_dispose (GObject *object)
{
  g_clear_pointer (&DW_FIND_BAR (object)->bar, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_find_bar_parent_class)->dispose (object);
}

static void
dw_find_bar_class_init (DwFindBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_find_bar_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-find-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, DwFindBar, bar);
  gtk_widget_class_bind_template_child (widget_class, DwFindBar, number);
}

static void
dw_find_bar_init (DwFindBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * dw_find_bar_show:
 * @self: a bar
 * @number: which of the hits is shown, from 1 on
 * @n_hits: how many there are
 */
void
dw_find_bar_show (DwFindBar *self, guint number, guint n_hits)
{
  /* Translators: which of the messages that were found is shown, such as “3 of 27”. */
  g_autofree char *text = g_strdup_printf (_ ("%1$u of %2$u"), number, n_hits);

  dw_label_show (self->number, text, DW_LABEL_CHARS);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
}

/**
 * dw_find_bar_hide:
 * @self: a bar
 */
void
dw_find_bar_hide (DwFindBar *self)
{
  /* A button that is hidden must not take the focus with it. */
  if (gtk_widget_get_visible (GTK_WIDGET (self)) && gtk_widget_get_focus_child (GTK_WIDGET (self)) != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.focus-composer", NULL);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
