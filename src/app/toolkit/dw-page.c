/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-page.h"

#include "dw-bars.h"

/* A page with a header: in a .ui file the bars are children of the type “top”, in their order, and what they stand above
 * is the last child. */
struct _DwPage
{
  GtkWidget parent_instance;

  GtkWidget *bars;
};

static void dw_page_buildable_init (GtkBuildableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwPage,
                               dw_page,
                               GTK_TYPE_WIDGET,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_BUILDABLE, dw_page_buildable_init))

static void
dw_page_dispose (GObject *object)
{
  g_clear_pointer (&DW_PAGE (object)->bars, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_page_parent_class)->dispose (object);
}

static void
dw_page_class_init (DwPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_page_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
dw_page_init (DwPage *self)
{
  self->bars = dw_bars_new ();
  gtk_widget_set_parent (self->bars, GTK_WIDGET (self));
}

static void
dw_page_add_child (GtkBuildable *buildable, GtkBuilder *builder, GObject *child, const char *type)
{
  DwPage *self = DW_PAGE (buildable);

  if (!GTK_IS_WIDGET (child))
    {
      GtkBuildableIface *parent = g_type_interface_peek (dw_page_parent_class, GTK_TYPE_BUILDABLE);

      parent->add_child (buildable, builder, child, type);
      return;
    }
  if (g_strcmp0 (type, "top") == 0)
    dw_bars_add_top (self->bars, GTK_WIDGET (child));
  else
    dw_bars_set_content (self->bars, GTK_WIDGET (child));
}

static void
dw_page_buildable_init (GtkBuildableIface *iface)
{
  iface->add_child = dw_page_add_child;
}
