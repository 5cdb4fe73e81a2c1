/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-side-layout.h"

/* A small widget at the start, if there is one, and beside it the last, which takes the rest of the width. A GtkBox could do that, but it
 * asks each child how wide it is for its height, and a wrapping label answers by laying itself out many times: 3 ms a
 * row (measured, GTK 4.8). */
struct _DwSideLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (DwSideLayout, dw_side_layout, GTK_TYPE_LAYOUT_MANAGER)

/* The width of what stands beside the last child, plus the gap. */
static int
side_width (GtkWidget *side, GtkWidget *rest)
{
  int minimum, natural;

  if (side == rest || !gtk_widget_should_layout (side))
    return 0;
  gtk_widget_measure (side, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL, NULL);
  return natural + DW_SIDE_LAYOUT_GAP;
}

static void
dw_side_layout_measure (GtkLayoutManager *manager,
                        GtkWidget *widget,
                        GtkOrientation orientation,
                        int for_size,
                        int *minimum,
                        int *natural,
                        int *minimum_baseline,
                        int *natural_baseline)
{
  GtkWidget *side = gtk_widget_get_first_child (widget);
  GtkWidget *rest = gtk_widget_get_last_child (widget);
  int taken = side_width (side, rest);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      gtk_widget_measure (rest, orientation, -1, minimum, natural, NULL, NULL);
      *minimum += taken;
      *natural += taken;
      return;
    }
  gtk_widget_measure (rest, orientation, for_size < 0 ? -1 : MAX (for_size - taken, 0), minimum, natural, NULL,
                      NULL);
  if (taken > 0)
    {
      int side_minimum, side_natural;

      gtk_widget_measure (side, orientation, -1, &side_minimum, &side_natural, NULL, NULL);
      *minimum = MAX (*minimum, side_minimum);
      *natural = MAX (*natural, side_natural);
    }
}

static void
dw_side_layout_allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  GtkWidget *side = gtk_widget_get_first_child (widget);
  GtkWidget *rest = gtk_widget_get_last_child (widget);
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int taken = side_width (side, rest);
  GtkAllocation place = { mirrored ? 0 : taken, 0, MAX (width - taken, 0), height };

  gtk_widget_size_allocate (rest, &place, -1);
  if (taken == 0)
    return;
  place = (GtkAllocation){ 0, 0, taken - DW_SIDE_LAYOUT_GAP, height };
  if (mirrored)
    place.x = width - place.width;
  gtk_widget_size_allocate (side, &place, -1);
}

static GtkSizeRequestMode
dw_side_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
dw_side_layout_class_init (DwSideLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  manager_class->measure = dw_side_layout_measure;
  manager_class->allocate = dw_side_layout_allocate;
  manager_class->get_request_mode = dw_side_layout_get_request_mode;
}

static void
dw_side_layout_init (DwSideLayout *self)
{
}
