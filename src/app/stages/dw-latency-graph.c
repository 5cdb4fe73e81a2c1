/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-latency-graph.h"

#include "app/toolkit/dw-toolkit.h"

/* How long the last probes took: a bar each, the newest at the end, as high as the longest allows. */
struct _DwLatencyGraph
{
  GtkWidget parent_instance;

  DwLatencies latencies;
};

G_DEFINE_FINAL_TYPE (DwLatencyGraph, dw_latency_graph, GTK_TYPE_WIDGET)

#define HEIGHT 48
#define MIN_WIDTH DW_LATENCIES_MOST * 2
#define GAP 1

static void
dw_latency_graph_measure (GtkWidget *widget,
                          GtkOrientation orientation,
                          int for_size,
                          int *minimum,
                          int *natural,
                          int *minimum_baseline,
                          int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : MIN_WIDTH;
}

static void
draw_bar (DwLatencyGraph *self, GtkSnapshot *snapshot, guint index, guint longest, const GdkRGBA *color)
{
  float width = (float) gtk_widget_get_width (GTK_WIDGET (self));
  float height = (float) gtk_widget_get_height (GTK_WIDGET (self));
  float step = width / DW_LATENCIES_MOST;
  float bar = MAX (height * (float) dw_latencies_get (&self->latencies, index) / (float) longest, 1);
  float x = step * (float) (DW_LATENCIES_MOST - self->latencies.n + index);

  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    x = width - x - step;
  gtk_snapshot_append_color (snapshot, color, &GRAPHENE_RECT_INIT (x, height - bar, MAX (step - GAP, 1), bar));
}

static void
dw_latency_graph_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  DwLatencyGraph *self = DW_LATENCY_GRAPH (widget);
  float width = (float) gtk_widget_get_width (widget);
  float height = (float) gtk_widget_get_height (widget);
  guint min, median, longest;
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  if (self->latencies.n > 0)
    {
      dw_latencies_measure (&self->latencies, &min, &median, &longest);
      for (guint i = 0; i < self->latencies.n; i++)
        draw_bar (self, snapshot, i, MAX (longest, 1), &color);
    }
  color.alpha *= 0.3f;
  gtk_snapshot_append_color (snapshot, &color, &GRAPHENE_RECT_INIT (0, height - 1, width, 1));
}

static void
dw_latency_graph_class_init (DwLatencyGraphClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = dw_latency_graph_measure;
  widget_class->snapshot = dw_latency_graph_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
dw_latency_graph_init (DwLatencyGraph *self)
{
  gtk_widget_add_css_class (GTK_WIDGET (self), "accent");
}

/**
 * dw_latency_graph_show:
 * @self: a graph
 * @latencies: what it shows
 * @words: the same, for who does not see it
 */
void
dw_latency_graph_show (DwLatencyGraph *self, const DwLatencies *latencies, const char *words)
{
  self->latencies = *latencies;
  dw_toolkit_set_label (GTK_WIDGET (self), words);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
