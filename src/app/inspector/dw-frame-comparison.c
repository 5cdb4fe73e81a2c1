/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame-comparison.h"

#include "dw-frame-text.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-dialog.h"
#include "app/toolkit/dw-page.h"

#include "wire/dw-line-diff.h"

#include <glib/gi18n.h>

/* Two frames, and what differs between them by line: a sign in front of each line says it, and its ground shows it. */
struct _DwFrameComparison
{
  GtkWidget parent_instance;

  GtkWidget *page;
  GtkLabel *before;
  GtkLabel *after;
  GtkLabel *summary;
  GtkTextView *view;
  GtkTextTag *removed;
  GtkTextTag *added;
  guint frames; /* drawn since it is seen, until the lines have their grounds */
};

G_DEFINE_FINAL_TYPE (DwFrameComparison, dw_frame_comparison, GTK_TYPE_WIDGET)

#define GROUND_ALPHA 0.2f

/* The first frame gives the text its size, the second one scrolls. */
#define SCROLLED_FRAMES 3

static void
set_ground (DwFrameComparison *self, GtkTextTag *tag, const char *name)
{
  GdkRGBA color;

  if (!gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (self)), name, &color))
    color = (GdkRGBA){ 0.5f, 0.5f, 0.5f, 1 };
  color.alpha = GROUND_ALPHA;
  g_object_set (tag, "paragraph-background-rgba", &color, NULL);
}

static void
append_line (GtkTextBuffer *buffer, const DwLineDiffLine *line, GtkTextTag *tag, gboolean last)
{
  static const char *const signs[] = {
    [DW_LINE_DIFF_SAME] = "  ", [DW_LINE_DIFF_REMOVED] = "- ", [DW_LINE_DIFF_ADDED] = "+ "
  };
  g_autofree char *text =
      g_strdup_printf ("%s%.*s%s", signs[line->kind], (int) line->length, line->text, last ? "" : "\n");
  GtkTextIter end;

  gtk_text_buffer_get_end_iter (buffer, &end);
  if (tag != NULL)
    gtk_text_buffer_insert_with_tags (buffer, &end, text, -1, tag, NULL);
  else
    gtk_text_buffer_insert (buffer, &end, text, -1);
}

static void
show_lines (DwFrameComparison *self, GArray *lines, guint *counts)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  GtkTextTag *tags[] = {
    [DW_LINE_DIFF_SAME] = NULL, [DW_LINE_DIFF_REMOVED] = self->removed, [DW_LINE_DIFF_ADDED] = self->added
  };
  GtkTextIter first;

  for (guint i = 0; i < lines->len; i++)
    {
      const DwLineDiffLine *line = &g_array_index (lines, DwLineDiffLine, i);

      if (line->kind != DW_LINE_DIFF_SAME && counts[DW_LINE_DIFF_REMOVED] + counts[DW_LINE_DIFF_ADDED] == 0)
        {
          gtk_text_buffer_get_end_iter (buffer, &first);
          gtk_text_buffer_create_mark (buffer, "first", &first, TRUE);
        }
      counts[line->kind]++;
      append_line (buffer, line, tags[line->kind], i + 1 == lines->len);
    }
}

static void
show_summary (DwFrameComparison *self, const guint *counts)
{
  guint gone = counts[DW_LINE_DIFF_REMOVED];
  guint come = counts[DW_LINE_DIFF_ADDED];
  g_autofree char *removed = g_strdup_printf (ngettext ("%u line removed", "%u lines removed", gone), gone);
  g_autofree char *added = g_strdup_printf (ngettext ("%u line added", "%u lines added", come), come);
  g_autofree char *both = g_strdup_printf ("%s · %s", removed, added);

  dw_label_show (self->summary, gone + come > 0 ? both : _ ("No differences"), DW_LABEL_CHARS);
}

static gboolean
color_lines (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  DwFrameComparison *self = DW_FRAME_COMPARISON (widget);

  if (++self->frames < SCROLLED_FRAMES)
    return G_SOURCE_CONTINUE;
  set_ground (self, self->removed, "error_bg_color");
  set_ground (self, self->added, "success_bg_color");
  return G_SOURCE_REMOVE;
}

/* The text view knows its lines' places once it has a size. GTK 4.8 draws the line after the one it scrolls to without a
 * ground, so the grounds come when it has scrolled. */
static void
on_mapped (DwFrameComparison *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  GtkTextMark *first = gtk_text_buffer_get_mark (buffer, "first");
  GtkTextIter at;

  if (first == NULL)
    return;
  gtk_text_buffer_get_iter_at_mark (buffer, &at, first);
  gtk_text_buffer_place_cursor (buffer, &at);
  gtk_text_view_scroll_to_mark (self->view, first, 0, TRUE, 0, 0.2);
  self->frames = 0;
  gtk_widget_add_tick_callback (GTK_WIDGET (self), color_lines, NULL, NULL);
}

static void
dw_frame_comparison_dispose (GObject *object)
{
  g_clear_pointer (&DW_FRAME_COMPARISON (object)->page, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_frame_comparison_parent_class)->dispose (object);
}

static void
dw_frame_comparison_class_init (DwFrameComparisonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_frame_comparison_dispose;
  g_type_ensure (DW_TYPE_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-frame-comparison.ui");
  gtk_widget_class_bind_template_child (widget_class, DwFrameComparison, page);
  gtk_widget_class_bind_template_child (widget_class, DwFrameComparison, before);
  gtk_widget_class_bind_template_child (widget_class, DwFrameComparison, after);
  gtk_widget_class_bind_template_child (widget_class, DwFrameComparison, summary);
  gtk_widget_class_bind_template_child (widget_class, DwFrameComparison, view);
  gtk_widget_class_bind_template_callback (widget_class, on_mapped);
}

static void
dw_frame_comparison_init (DwFrameComparison *self)
{
  GtkTextBuffer *buffer;

  gtk_widget_init_template (GTK_WIDGET (self));
  buffer = gtk_text_view_get_buffer (self->view);
  self->removed = gtk_text_buffer_create_tag (buffer, NULL, NULL);
  self->added = gtk_text_buffer_create_tag (buffer, NULL, NULL);
}

static void
show_head (GtkLabel *label, const char *sign, const char *head)
{
  g_autofree char *text = g_strdup_printf ("%s %s", sign, head);

  dw_label_show (label, text, DW_LABEL_CHARS);
}

/**
 * dw_frame_comparison_present:
 * @before_head: time, direction and size of one frame
 * @before: its text, as untrusted as a message
 * @after_head: of another one
 * @after: its text
 * @parent: over which window
 *
 * Shows what differs between two frames, in a dialog.
 */
void
dw_frame_comparison_present (const char *before_head,
                             const char *before,
                             const char *after_head,
                             const char *after,
                             GtkWidget *parent)
{
  DwFrameComparison *self = g_object_new (DW_TYPE_FRAME_COMPARISON, NULL);
  gboolean cut;
  g_autofree char *one = dw_frame_text_spread (before, DW_FRAME_COMPARISON_CHARS, &cut);
  g_autofree char *other = dw_frame_text_spread (after, DW_FRAME_COMPARISON_CHARS, &cut);
  g_autoptr (GArray) lines = dw_line_diff (one, other);
  guint counts[] = { 0, 0, 0 };

  show_head (self->before, "-", before_head);
  show_head (self->after, "+", after_head);
  show_lines (self, lines, counts);
  show_summary (self, counts);
  dw_dialog_present (dw_dialog_new (_ ("Compare Frames"), GTK_WIDGET (self)), parent);
}
