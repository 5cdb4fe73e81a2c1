/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-latency-foot.h"

#include "dw-trace-row.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-toolkit.h"

#include <glib/gi18n.h>
#include <string.h>

/* How long replies took: columns from the shortest to the longest, as high as there are many, and the numbers beside them. */
struct _DwLatencyFoot
{
  GtkWidget parent_instance;

  GtkWidget *words;
  guint columns[24];
  guint highest;
  guint n;
};

G_DEFINE_FINAL_TYPE (DwLatencyFoot, dw_latency_foot, GTK_TYPE_WIDGET)

#define GRAPH_WIDTH 96
#define GRAPH_HEIGHT 18
#define GAP 12

static void
dw_latency_foot_measure (GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  DwLatencyFoot *self = DW_LATENCY_FOOT (widget);

  gtk_widget_measure (self->words, orientation, -1, minimum, natural, NULL, NULL);
  if (orientation == GTK_ORIENTATION_VERTICAL)
    {
      *minimum = MAX (*minimum, GRAPH_HEIGHT);
      *natural = MAX (*natural, GRAPH_HEIGHT);
    }
  else
    {
      *minimum += GRAPH_WIDTH + GAP;
      *natural += GRAPH_WIDTH + GAP;
    }
}

static void
dw_latency_foot_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  DwLatencyFoot *self = DW_LATENCY_FOOT (widget);
  gboolean backwards = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int start = GRAPH_WIDTH + GAP;

  gtk_widget_size_allocate (self->words,
                            &(GtkAllocation){ backwards ? 0 : start, 0, MAX (width - start, 0), height }, -1);
}

static void
dw_latency_foot_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  DwLatencyFoot *self = DW_LATENCY_FOOT (widget);
  gboolean backwards = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  float width = (float) gtk_widget_get_width (widget);
  float bottom = ((float) gtk_widget_get_height (widget) + GRAPH_HEIGHT) / 2;
  float step = (float) GRAPH_WIDTH / G_N_ELEMENTS (self->columns);
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  for (guint i = 0; i < G_N_ELEMENTS (self->columns); i++)
    {
      float height = GRAPH_HEIGHT * (float) self->columns[i] / (float) MAX (self->highest, 1);
      float x = step * (float) i;

      /* One of thousands is seen too, and where there is none the line goes on. */
      height = self->columns[i] > 0 ? MAX (height, 3) : 1;
      if (backwards)
        x = width - x - step;
      gtk_snapshot_append_color (snapshot, &color, &GRAPHENE_RECT_INIT (x, bottom - height, step - 1, height));
    }
  gtk_widget_snapshot_child (widget, self->words, snapshot);
}

static void
dw_latency_foot_dispose (GObject *object)
{
  g_clear_pointer (&DW_LATENCY_FOOT (object)->words, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_latency_foot_parent_class)->dispose (object);
}

static void
dw_latency_foot_class_init (DwLatencyFootClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_latency_foot_dispose;
  widget_class->measure = dw_latency_foot_measure;
  widget_class->size_allocate = dw_latency_foot_size_allocate;
  widget_class->snapshot = dw_latency_foot_snapshot;
}

static void
dw_latency_foot_init (DwLatencyFoot *self)
{
  self->words = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->words), 0);
  gtk_label_set_ellipsize (GTK_LABEL (self->words), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (self->words, "caption");
  gtk_widget_add_css_class (self->words, "numeric");
  gtk_widget_set_parent (self->words, GTK_WIDGET (self));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

/**
 * dw_latency_foot_show:
 * @self: a foot
 * @latencies: how long replies took; without any it is hidden
 */
void
dw_latency_foot_show (DwLatencyFoot *self, const DwHistogram *latencies)
{
  g_autofree char *median = dw_trace_row_dup_latency (dw_histogram_get_quantile (latencies, 0.5));
  g_autofree char *most = dw_trace_row_dup_latency (dw_histogram_get_quantile (latencies, 0.99));
  g_autofree char *words = NULL;
  guint n = (guint) latencies->n;

  gtk_widget_set_visible (GTK_WIDGET (self), n > 0);
  if (n == 0)
    return;
  /* Translators: half of the replies came within the first duration, 99% of them within the second. */
  words = g_strdup_printf (ngettext ("p50 %2$s · p99 %3$s · %1$u reply", "p50 %2$s · p99 %3$s · %1$u replies", n),
                           n, median, most);
  dw_label_show (GTK_LABEL (self->words), words, DW_LABEL_CHARS);
  self->highest = dw_histogram_get_columns (latencies, self->columns, G_N_ELEMENTS (self->columns));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
