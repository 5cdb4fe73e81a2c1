/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message-layout.h"

/* Lays out a message: name, bubble, meta line and remedies below each other, all at one side. The meta line stands
 * beside the name or beside the bubble, if there is room. A bubble is as wide as its longest line: a label that wraps
 * takes all the width it is given, and GTK 4.8 finds a smaller one by laying it out many times. */
struct _DwMessageLayout
{
  GtkLayoutManager parent_instance;

  GtkWidget *bubble; /* these are children, not owned */
  GtkWidget *meta;
  GtkWidget *neighbor; /* of the meta line, or NULL where it has a line of its own */
  GtkAlign align;
  gboolean fits; /* whether to look for the longest line, which lays a text out twice */
};

G_DEFINE_FINAL_TYPE (DwMessageLayout, dw_message_layout, GTK_TYPE_LAYOUT_MANAGER)

static int
natural_width (GtkWidget *child, int *minimum)
{
  int natural;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, minimum, &natural, NULL, NULL);
  return natural;
}

static int
width_within (GtkWidget *child, int available)
{
  int minimum;
  int natural = natural_width (child, &minimum);

  return MAX (MIN (natural, available), minimum);
}

static int
height_at (GtkWidget *child, int width)
{
  int height;

  gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, width, NULL, &height, NULL, NULL);
  return height;
}

/* How much of the width of the meta line's neighbor goes to the meta line: 0 where it stands below. A bubble gives nothing
 * away, a name can be shortened. */
static int
side_width (DwMessageLayout *self, int available)
{
  int minimum;
  int width;

  if (self->neighbor == NULL || !gtk_widget_should_layout (self->meta)
      || !gtk_widget_should_layout (self->neighbor))
    return 0;
  width = natural_width (self->meta, &minimum) + DW_MESSAGE_LAYOUT_SIDE_GAP;
  if (self->neighbor == self->bubble && natural_width (self->bubble, &minimum) + width > available)
    return 0;
  return width;
}

/* Whether a child has a line of its own. */
static gboolean
has_line (DwMessageLayout *self, GtkWidget *child, int side)
{
  return gtk_widget_should_layout (child) && (child != self->meta || side == 0);
}

static void
measure_width (DwMessageLayout *self, GtkWidget *widget, int *minimum, int *natural)
{
  int side = side_width (self, G_MAXINT);

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      int child_minimum, child_natural;

      if (!has_line (self, child, side))
        continue;
      child_natural = natural_width (child, &child_minimum);
      if (child == self->neighbor)
        child_natural += side;
      if (child == self->neighbor && child != self->bubble)
        child_minimum += side;
      *minimum = MAX (*minimum, child_minimum);
      *natural = MAX (*natural, child_natural);
    }
}

static int
measure_height (DwMessageLayout *self, GtkWidget *widget, int width)
{
  int available = width < 0 ? G_MAXINT : width;
  int side = side_width (self, available);
  int height = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (has_line (self, child, side))
      {
        int taken = child == self->neighbor ? side : 0;

        height +=
            (height > 0 ? DW_MESSAGE_LAYOUT_GAP : 0) + height_at (child, width_within (child, available - taken));
      }
  return height;
}

static void
dw_message_layout_measure (GtkLayoutManager *manager,
                           GtkWidget *widget,
                           GtkOrientation orientation,
                           int for_size,
                           int *minimum,
                           int *natural,
                           int *minimum_baseline,
                           int *natural_baseline)
{
  DwMessageLayout *self = DW_MESSAGE_LAYOUT (manager);

  *minimum = *natural = 0;
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    measure_width (self, widget, minimum, natural);
  else
    *minimum = *natural = measure_height (self, widget, for_size);
}

/* What each label leaves of its width, at least. */
static int
find_slack (GtkWidget *widget, int slack)
{
  if (GTK_IS_BUTTON (widget) || !gtk_widget_get_visible (widget))
    return slack;
  if (GTK_IS_LABEL (widget))
    {
      int width;

      pango_layout_get_pixel_size (gtk_label_get_layout (GTK_LABEL (widget)), &width, NULL);
      return MIN (slack, MAX (gtk_widget_get_width (widget) - width, 0));
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    slack = find_slack (child, slack);
  return slack;
}

/* Its width, where its text wraps: without what no line needs. */
static int
fit_bubble (DwMessageLayout *self, int width, int height)
{
  int minimum;

  if (!self->fits || natural_width (self->bubble, &minimum) <= width)
    return width;
  gtk_widget_size_allocate (self->bubble, &(GtkAllocation){ 0, 0, width, height }, -1);
  return MAX (width - find_slack (self->bubble, width), minimum);
}

/* Where something starts that is so wide, in a width. */
static int
start_of (DwMessageLayout *self, GtkWidget *widget, int taken, int width)
{
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;

  if (self->align == GTK_ALIGN_CENTER)
    return (width - taken) / 2;
  return (self->align == GTK_ALIGN_END) != mirrored ? width - taken : 0;
}

/* The meta line has the other side of its neighbor: after a name, and before a bubble at the end. */
static void
allocate_side (DwMessageLayout *self, GtkWidget *widget, int width, GtkAllocation *beside)
{
  int taken = width_within (self->meta, width);
  int height = height_at (self->meta, taken);
  gboolean after = start_of (self, widget, 1, 100) == 0;
  GtkAllocation place = { beside->x - DW_MESSAGE_LAYOUT_SIDE_GAP - taken, beside->y + beside->height - height,
                          taken, height };

  if (after)
    place.x = beside->x + beside->width + DW_MESSAGE_LAYOUT_SIDE_GAP;
  gtk_widget_size_allocate (self->meta, &place, -1);
}

static void
dw_message_layout_allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  DwMessageLayout *self = DW_MESSAGE_LAYOUT (manager);
  int side = side_width (self, width);
  int y = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkAllocation place;

      if (!has_line (self, child, side))
        continue;
      place.width = width_within (child, width - (child == self->neighbor ? side : 0));
      place.height = height_at (child, place.width);
      if (child == self->bubble)
        place.width = fit_bubble (self, place.width, place.height);
      place.x = start_of (self, widget, place.width, width);
      place.y = y;
      gtk_widget_size_allocate (child, &place, -1);
      if (side > 0 && child == self->neighbor)
        allocate_side (self, widget, width, &place);
      y += place.height + DW_MESSAGE_LAYOUT_GAP;
    }
}

static GtkSizeRequestMode
dw_message_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
dw_message_layout_class_init (DwMessageLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  manager_class->measure = dw_message_layout_measure;
  manager_class->allocate = dw_message_layout_allocate;
  manager_class->get_request_mode = dw_message_layout_get_request_mode;
}

static void
dw_message_layout_init (DwMessageLayout *self)
{
  self->align = GTK_ALIGN_START;
}

/**
 * dw_message_layout_set_parts:
 * @self: the layout of a message
 * @bubble: the child with its text
 * @meta: the child with its time
 */
void
dw_message_layout_set_parts (DwMessageLayout *self, GtkWidget *bubble, GtkWidget *meta)
{
  self->bubble = bubble;
  self->meta = meta;
}

/**
 * dw_message_layout_set_align:
 * @self: the layout of a message
 * @align: at which side it stands
 */
void
dw_message_layout_set_align (DwMessageLayout *self, GtkAlign align)
{
  if (self->align == align)
    return;
  self->align = align;
  gtk_layout_manager_layout_changed (GTK_LAYOUT_MANAGER (self));
}

/**
 * dw_message_layout_set_fits:
 * @self: the layout of a message
 * @fits: whether the bubble is as wide as its longest line; else it takes what it can get
 */
void
dw_message_layout_set_fits (DwMessageLayout *self, gboolean fits)
{
  if (self->fits == fits)
    return;
  self->fits = fits;
  gtk_layout_manager_layout_changed (GTK_LAYOUT_MANAGER (self));
}

/**
 * dw_message_layout_set_neighbor:
 * @self: the layout of a message
 * @neighbor: (nullable): the child that the meta line stands beside
 */
void
dw_message_layout_set_neighbor (DwMessageLayout *self, GtkWidget *neighbor)
{
  if (self->neighbor == neighbor)
    return;
  self->neighbor = neighbor;
  gtk_layout_manager_layout_changed (GTK_LAYOUT_MANAGER (self));
}
