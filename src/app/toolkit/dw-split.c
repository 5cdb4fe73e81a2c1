/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-split.h"

#include "dw-cover.h"

#include <adwaita.h>

/* Content, with a sidebar at its start for as long as there is room. Where there is none the sidebar slides over the
 * content when it is opened, as a page of its own. Whoever uses it makes the sidebar when it is wanted and takes it out
 * when it is not: it is not there where nobody sees it. */
struct _DwSplit
{
  GtkWidget parent_instance;

  GtkWidget *content; /* the one child of a .ui file */
  GtkWidget *sidebar; /* or NULL */
  gboolean wide;      /* as told */
  gboolean open;      /* where it is not wide */
  gboolean wanted;    /* as told */
  double shown;       /* how much of the opened sidebar, from 0 to 1 */
  AdwAnimation *slide;
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
  PROP_WANTED,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

static gboolean
has_room (int width)
{
  return width >= DW_SPLIT_WIDTH;
}

/* A quarter of the window, within its bounds. */
static int
sidebar_width (int width)
{
  return CLAMP (width / 4, DW_SPLIT_SIDEBAR_LEAST, DW_SPLIT_SIDEBAR_MOST);
}

static void
tell_wanted (DwSplit *self)
{
  gboolean wanted = self->wide || self->open || self->shown > 0;

  if (wanted == self->wanted)
    return;
  self->wanted = wanted;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WANTED]);
}

static void
cover (DwSplit *self)
{
  dw_cover_set (self->content, !self->wide && self->open && self->shown >= 1);
}

/* Tab comes to it first where it stands beside the content; where it slides it is drawn over it. */
static void
place_sidebar (DwSplit *self)
{
  if (self->sidebar == NULL)
    return;
  if (self->wide)
    gtk_widget_insert_after (self->sidebar, GTK_WIDGET (self), NULL);
  else
    gtk_widget_insert_before (self->sidebar, GTK_WIDGET (self), NULL);
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
  adw_animation_reset (self->slide);
  self->open = FALSE;
  self->shown = 0;
  cover (self);
  place_sidebar (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WIDE]);
  tell_wanted (self);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  return G_SOURCE_REMOVE;
}

/* What a sidebar beside the content needs does not count: it goes before the window becomes too narrow for it. */
static void
dw_split_measure (GtkWidget *widget,
                  GtkOrientation orientation,
                  int for_size,
                  int *minimum,
                  int *natural,
                  int *minimum_baseline,
                  int *natural_baseline)
{
  DwSplit *self = DW_SPLIT (widget);

  gtk_widget_measure (self->content, orientation, -1, minimum, natural, NULL, NULL);
  if (self->sidebar != NULL && self->open)
    {
      int least, usual;

      gtk_widget_measure (self->sidebar, orientation, -1, &least, &usual, NULL, NULL);
      *minimum = MAX (*minimum, least);
      *natural = MAX (*natural, usual);
    }
}

/* Until it was told, and so made for the one, the sidebar is laid out as it was made for the other. */
static gboolean
is_beside (DwSplit *self, int width)
{
  return self->sidebar != NULL && self->wide && has_room (width);
}

/* From the beginning of a slide on: what is out of sight would lose the focus. */
static gboolean
is_over (DwSplit *self)
{
  return self->sidebar != NULL && !self->wide && (self->open || self->shown > 0);
}

static void
dw_split_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  DwSplit *self = DW_SPLIT (widget);
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  gboolean beside = is_beside (self, width);
  int taken = beside ? sidebar_width (width) : 0;
  int own = beside ? taken : width;
  int hidden = beside ? 0 : (int) (width * (1 - self->shown));
  GtkAllocation place = { mirrored ? width - own + hidden : -hidden, 0, own, height };

  if (self->sidebar != NULL)
    gtk_widget_set_child_visible (self->sidebar, beside || is_over (self));
  if (beside || is_over (self))
    gtk_widget_size_allocate (self->sidebar, &place, -1);

  place = (GtkAllocation){ mirrored ? 0 : taken, 0, width - taken, height };
  gtk_widget_size_allocate (self->content, &place, -1);
  if (has_room (width) != self->wide && self->tell == 0)
    self->tell = g_idle_add (on_tell, self);
}

static GtkSizeRequestMode
dw_split_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
on_slide (double value, gpointer data)
{
  DwSplit *self = data;

  self->shown = value;
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}

static void
on_slid (DwSplit *self)
{
  cover (self);
  tell_wanted (self);
}

static void
dw_split_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_WIDE)
    g_value_set_boolean (value, DW_SPLIT (object)->wide);
  else if (id == PROP_WANTED)
    g_value_set_boolean (value, DW_SPLIT (object)->wanted);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dw_split_dispose (GObject *object)
{
  DwSplit *self = DW_SPLIT (object);

  if (self->slide != NULL)
    adw_animation_reset (self->slide);
  g_clear_object (&self->slide);
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
  /**
   * DwSplit:wanted:
   *
   * Whether a sidebar is to be there: beside the content, over it, or on its way.
   */
  properties[PROP_WANTED] =
      g_param_spec_boolean ("wanted", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);
}

static void
dw_split_init (DwSplit *self)
{
  AdwAnimationTarget *target = adw_callback_animation_target_new (on_slide, self, NULL);

  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  self->slide = adw_timed_animation_new (GTK_WIDGET (self), 0, 1, DW_SPLIT_SLIDE_MS, target);
  g_signal_connect_object (self->slide, "done", G_CALLBACK (on_slid), self, G_CONNECT_SWAPPED);
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
 * dw_split_is_wanted:
 * @self: a split
 *
 * Returns: whether a sidebar is to be there
 */
gboolean
dw_split_is_wanted (DwSplit *self)
{
  return self->wanted;
}

/**
 * dw_split_is_open:
 * @self: a split
 *
 * Returns: whether the sidebar lies over the content
 */
gboolean
dw_split_is_open (DwSplit *self)
{
  return self->open;
}

/**
 * dw_split_set_open:
 * @self: a split
 * @open: whether the sidebar lies over the content; nothing happens where there is room for both
 *
 * Slides there. The sidebar is made before, and stays until it is out of sight.
 */
void
dw_split_set_open (DwSplit *self, gboolean open)
{
  if (self->wide || self->open == open)
    return;
  self->open = open;
  cover (self);
  tell_wanted (self);
  adw_timed_animation_set_value_from (ADW_TIMED_ANIMATION (self->slide), self->shown);
  adw_timed_animation_set_value_to (ADW_TIMED_ANIMATION (self->slide), open ? 1 : 0);
  adw_animation_play (self->slide);
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
  place_sidebar (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}
