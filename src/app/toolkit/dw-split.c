/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-split.h"

/* Content, with a sidebar at its start for as long as there is room. Whoever uses it makes the sidebar when the split
 * becomes wide, and takes it out when it becomes narrow: it is not there where nobody sees it. */
struct _DwSplit
{
  GtkWidget parent_instance;

  GtkWidget *content; /* the one child of a .ui file */
  GtkWidget *sidebar; /* or NULL */
  gboolean wide;      /* as told */
  guint tell;
};

static void dw_split_buildable_init (GtkBuildableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwSplit,
                               dw_split,
                               GTK_TYPE_WIDGET,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_BUILDABLE, dw_split_buildable_init))

enum
{
  PROP_WIDE = 1,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

static gboolean
has_room (int width)
{
  return width >= DW_SPLIT_WIDTH;
}

/* Widgets come and go after the layout, not in it. */
static gboolean
on_tell (gpointer data)
{
  DwSplit *self = data;
  gboolean wide = has_room (gtk_widget_get_width (GTK_WIDGET (self)));

  self->tell = 0;
  if (wide == self->wide)
    return G_SOURCE_REMOVE;
  self->wide = wide;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WIDE]);
  return G_SOURCE_REMOVE;
}

/* What the sidebar needs does not count: it goes before the window becomes too narrow for it. */
static void
dw_split_measure (GtkWidget *widget,
                  GtkOrientation orientation,
                  int for_size,
                  int *minimum,
                  int *natural,
                  int *minimum_baseline,
                  int *natural_baseline)
{
  gtk_widget_measure (DW_SPLIT (widget)->content, orientation, -1, minimum, natural, NULL, NULL);
}

static void
dw_split_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  DwSplit *self = DW_SPLIT (widget);
  gboolean shows = self->sidebar != NULL && has_room (width);
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int taken = shows ? DW_SPLIT_SIDEBAR_WIDTH : 0;

  if (self->sidebar != NULL)
    gtk_widget_set_child_visible (self->sidebar, shows);
  if (shows)
    gtk_widget_size_allocate (
        self->sidebar, &(GtkAllocation){ mirrored ? width - taken : 0, 0, DW_SPLIT_SIDEBAR_WIDTH, height }, -1);
  gtk_widget_size_allocate (self->content, &(GtkAllocation){ mirrored ? 0 : taken, 0, width - taken, height }, -1);
  if (has_room (width) != self->wide && self->tell == 0)
    self->tell = g_idle_add (on_tell, self);
}

static GtkSizeRequestMode
dw_split_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
dw_split_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_WIDE)
    g_value_set_boolean (value, DW_SPLIT (object)->wide);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dw_split_dispose (GObject *object)
{
  DwSplit *self = DW_SPLIT (object);

  g_clear_handle_id (&self->tell, g_source_remove);
  g_clear_pointer (&self->sidebar, gtk_widget_unparent);
  g_clear_pointer (&self->content, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_split_parent_class)->dispose (object);
}

static void
dw_split_class_init (DwSplitClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->get_property = dw_split_get_property;
  G_OBJECT_CLASS (klass)->dispose = dw_split_dispose;
  widget_class->measure = dw_split_measure;
  widget_class->size_allocate = dw_split_size_allocate;
  widget_class->get_request_mode = dw_split_get_request_mode;

  /**
   * DwSplit:wide:
   *
   * Whether there is room for a sidebar.
   */
  properties[PROP_WIDE] =
      g_param_spec_boolean ("wide", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);
}

static void
dw_split_init (DwSplit *self)
{
}

static void
dw_split_add_child (GtkBuildable *buildable, GtkBuilder *builder, GObject *child, const char *type)
{
  DwSplit *self = DW_SPLIT (buildable);
  GtkBuildableIface *parent = g_type_interface_peek (dw_split_parent_class, GTK_TYPE_BUILDABLE);

  if (!GTK_IS_WIDGET (child))
    {
      parent->add_child (buildable, builder, child, type);
      return;
    }
  self->content = GTK_WIDGET (child);
  gtk_widget_set_parent (self->content, GTK_WIDGET (self));
}

static void
dw_split_buildable_init (GtkBuildableIface *iface)
{
  iface->add_child = dw_split_add_child;
}

/**
 * dw_split_is_wide:
 * @self: a split
 *
 * Returns: whether there is room for a sidebar
 */
gboolean
dw_split_is_wide (DwSplit *self)
{
  return self->wide;
}

/**
 * dw_split_get_sidebar:
 * @self: a split
 *
 * Returns: (transfer none) (nullable): the sidebar that is there
 */
GtkWidget *
dw_split_get_sidebar (DwSplit *self)
{
  return self->sidebar;
}

/**
 * dw_split_set_sidebar:
 * @self: a split
 * @sidebar: (transfer floating) (nullable): what stands at the start, or %NULL for nothing
 */
void
dw_split_set_sidebar (DwSplit *self, GtkWidget *sidebar)
{
  g_clear_pointer (&self->sidebar, gtk_widget_unparent);
  self->sidebar = sidebar;
  /* Tab comes to it first. */
  if (sidebar != NULL)
    gtk_widget_insert_after (sidebar, GTK_WIDGET (self), NULL);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}
