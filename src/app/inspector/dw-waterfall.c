/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-waterfall.h"

#include "dw-handshake-text.h"

#include "app/text/dw-label.h"

#define BAR_HEIGHT 10
#define BAR_WIDTH 60
#define LEAST_LENGTH 2

/* What took how long in a handshake: a row for each phase, with its name, a bar where it lies in time, and its duration.
 * The words say all of it; the bars show it. */
struct _DwWaterfall
{
  GtkWidget parent_instance;

  GtkWidget *grid;
};

G_DEFINE_FINAL_TYPE (DwWaterfall, dw_waterfall, GTK_TYPE_WIDGET)

#define DW_TYPE_WATERFALL_BAR (dw_waterfall_bar_get_type ())
G_DECLARE_FINAL_TYPE (DwWaterfallBar, dw_waterfall_bar, DW, WATERFALL_BAR, GtkWidget)

struct _DwWaterfallBar
{
  GtkWidget parent_instance;

  DwTimingBar bar;
  guint total_ms;
};

G_DEFINE_FINAL_TYPE (DwWaterfallBar, dw_waterfall_bar, GTK_TYPE_WIDGET)

static void
dw_waterfall_bar_measure (GtkWidget *widget,
                          GtkOrientation orientation,
                          int for_size,
                          int *minimum,
                          int *natural,
                          int *minimum_baseline,
                          int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? BAR_HEIGHT : BAR_WIDTH;
}

static void
dw_waterfall_bar_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  DwWaterfallBar *self = DW_WATERFALL_BAR (widget);
  float width = (float) gtk_widget_get_width (widget);
  float y = ((float) gtk_widget_get_height (widget) - BAR_HEIGHT) / 2;
  float scale = width / (float) MAX (self->total_ms, 1);
  float length = MIN (MAX ((float) self->bar.length_ms * scale, LEAST_LENGTH), width);
  float x = MIN ((float) self->bar.start_ms * scale, width - length);
  GdkRGBA color;

  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    x = width - x - length;
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  gtk_snapshot_append_color (snapshot, &color, &GRAPHENE_RECT_INIT (x, y, length, BAR_HEIGHT));
  color.alpha *= 0.15f;
  gtk_snapshot_append_color (snapshot, &color, &GRAPHENE_RECT_INIT (0, y, width, BAR_HEIGHT));
}

static void
dw_waterfall_bar_class_init (DwWaterfallBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = dw_waterfall_bar_measure;
  widget_class->snapshot = dw_waterfall_bar_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
dw_waterfall_bar_init (DwWaterfallBar *self)
{
}

static GtkWidget *
new_bar (const DwTimingBar *bar, guint total_ms)
{
  DwWaterfallBar *self = g_object_new (DW_TYPE_WATERFALL_BAR, "hexpand", TRUE, NULL);

  self->bar = *bar;
  self->total_ms = total_ms;
  gtk_widget_add_css_class (GTK_WIDGET (self), bar->failed ? "error" : "accent");
  return GTK_WIDGET (self);
}

static GtkWidget *
new_label (const char *words, float xalign)
{
  GtkWidget *label = gtk_label_new (NULL);

  dw_label_show (GTK_LABEL (label), words, DW_LABEL_CHARS);
  gtk_label_set_xalign (GTK_LABEL (label), xalign);
  gtk_widget_add_css_class (label, "caption");
  gtk_widget_add_css_class (label, "numeric");
  return label;
}

static void
add_row (DwWaterfall *self, int row, const DwTimingBar *bar, guint total_ms)
{
  g_autofree char *words = dw_handshake_text_describe_bar (bar);
  GtkWidget *duration = new_label (words, 1);

  if (bar->failed)
    gtk_widget_add_css_class (duration, "error");
  gtk_grid_attach (GTK_GRID (self->grid), new_label (dw_handshake_text_name_phase (bar->phase), 0), 0, row, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), new_bar (bar, total_ms), 1, row, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), duration, 2, row, 1, 1);
}

static void
dw_waterfall_dispose (GObject *object)
{
  g_clear_pointer (&DW_WATERFALL (object)->grid, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_waterfall_parent_class)->dispose (object);
}

static void
dw_waterfall_class_init (DwWaterfallClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_waterfall_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
dw_waterfall_init (DwWaterfall *self)
{
  self->grid = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (self->grid), 12);
  gtk_grid_set_row_spacing (GTK_GRID (self->grid), 3);
  gtk_widget_set_parent (self->grid, GTK_WIDGET (self));
}

/**
 * dw_waterfall_show:
 * @self: a waterfall
 * @entry: (nullable): whose it is; it hides for what is no handshake
 */
void
dw_waterfall_show (DwWaterfall *self, const DwTraceEntry *entry)
{
  DwTimingBar bars[DW_TIMING_PHASES];
  guint n = entry != NULL ? dw_timing_measure (entry, bars) : 0;
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (self->grid)) != NULL)
    gtk_grid_remove (GTK_GRID (self->grid), child);
  for (guint i = 0; i < n; i++)
    add_row (self, (int) i, &bars[i], bars[n - 1].start_ms + bars[n - 1].length_ms);
  gtk_widget_set_visible (GTK_WIDGET (self), n > 0);
}
