/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-bar-layout.h"

/* A text, and actions at its end: the first child, and the others. The actions stand in a row as long as that leaves the
 * text enough room, else one above the other. */
struct _DwBarLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (DwBarLayout, dw_bar_layout, GTK_TYPE_LAYOUT_MANAGER)

/* What a row of actions may take of the width where the text needs more than one line. */
#define ROW_NUMERATOR 2
#define ROW_DENOMINATOR 5

/* The space of all actions, in a row or in a column; 0 without any. */
static void
measure_actions (GtkWidget *bar, gboolean in_row, int *width, int *height)
{
  GtkWidget *text = gtk_widget_get_first_child (bar);
  int *along = in_row ? width : height;
  int *across = in_row ? height : width;

  *width = *height = 0;
  for (GtkWidget *action = gtk_widget_get_next_sibling (text); action != NULL;
       action = gtk_widget_get_next_sibling (action))
    {
      GtkRequisition size;

      if (!gtk_widget_should_layout (action))
        continue;
      gtk_widget_get_preferred_size (action, NULL, &size);
      *along += (*along > 0 ? DW_BAR_LAYOUT_ACTION_GAP : 0) + (in_row ? size.width : size.height);
      *across = MAX (*across, in_row ? size.height : size.width);
    }
}

static gboolean
fits_row (GtkWidget *bar, int width)
{
  int row, height, natural;

  measure_actions (bar, TRUE, &row, &height);
  gtk_widget_measure (gtk_widget_get_first_child (bar), GTK_ORIENTATION_HORIZONTAL, -1, NULL, &natural, NULL, NULL);
  return natural + DW_BAR_LAYOUT_GAP + row <= width || row <= width * ROW_NUMERATOR / ROW_DENOMINATOR;
}

/* The width that is left for the text. */
static int
text_width (int width, int actions)
{
  return actions > 0 ? MAX (width - actions - DW_BAR_LAYOUT_GAP, 0) : width;
}

static void
dw_bar_layout_measure (GtkLayoutManager *manager,
                       GtkWidget *bar,
                       GtkOrientation orientation,
                       int for_size,
                       int *minimum,
                       int *natural,
                       int *minimum_baseline,
                       int *natural_baseline)
{
  GtkWidget *text = gtk_widget_get_first_child (bar);
  int width, height;

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      gtk_widget_measure (text, orientation, -1, minimum, natural, NULL, NULL);
      measure_actions (bar, TRUE, &width, &height);
      *natural += width > 0 ? width + DW_BAR_LAYOUT_GAP : 0;
      measure_actions (bar, FALSE, &width, &height);
      *minimum += width > 0 ? width + DW_BAR_LAYOUT_GAP : 0;
      return;
    }
  measure_actions (bar, for_size < 0 || fits_row (bar, for_size), &width, &height);
  gtk_widget_measure (text, orientation, for_size < 0 ? -1 : text_width (for_size, width), minimum, natural, NULL,
                      NULL);
  *minimum = MAX (*minimum, height);
  *natural = MAX (*natural, height);
}

static void
allocate (GtkWidget *child, GtkAllocation place, int width)
{
  if (gtk_widget_get_direction (child) == GTK_TEXT_DIR_RTL)
    place.x = width - place.x - place.width;
  gtk_widget_size_allocate (child, &place, -1);
}

static void
dw_bar_layout_allocate (GtkLayoutManager *manager, GtkWidget *bar, int width, int height, int baseline)
{
  GtkWidget *text = gtk_widget_get_first_child (bar);
  gboolean in_row = fits_row (bar, width);
  int taken, needed, x, y;

  measure_actions (bar, in_row, &taken, &needed);
  allocate (text, (GtkAllocation){ 0, 0, text_width (width, taken), height }, width);
  x = width - taken;
  y = (height - needed) / 2;
  for (GtkWidget *action = gtk_widget_get_next_sibling (text); action != NULL;
       action = gtk_widget_get_next_sibling (action))
    {
      GtkRequisition size;

      if (!gtk_widget_should_layout (action))
        continue;
      gtk_widget_get_preferred_size (action, NULL, &size);
      if (in_row)
        {
          allocate (action, (GtkAllocation){ x, y, size.width, needed }, width);
          x += size.width + DW_BAR_LAYOUT_ACTION_GAP;
          continue;
        }
      allocate (action, (GtkAllocation){ x, y, taken, size.height }, width);
      y += size.height + DW_BAR_LAYOUT_ACTION_GAP;
    }
}

static GtkSizeRequestMode
dw_bar_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
dw_bar_layout_class_init (DwBarLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  manager_class->measure = dw_bar_layout_measure;
  manager_class->allocate = dw_bar_layout_allocate;
  manager_class->get_request_mode = dw_bar_layout_get_request_mode;
}

static void
dw_bar_layout_init (DwBarLayout *self)
{
}
