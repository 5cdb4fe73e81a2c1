/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-trace-detail.h"

#include "app/text/dw-label.h"

#include "wire/dw-json.h"
#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>
#include <string.h>

/* One frame in full, formatted for reading. */
struct _DwTraceDetail
{
  GtkWidget parent_instance;

  GtkLabel *heading;
  GtkTextView *view;
};

G_DEFINE_FINAL_TYPE (DwTraceDetail, dw_trace_detail, GTK_TYPE_WIDGET)

/* The time to lay out a line grows with the square of its length. */
#define LINE_CHARS 256

static char *
break_lines (const char *text)
{
  g_autoptr (GString) broken = g_string_new (NULL);
  guint column = 0;

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      column = *at == '\n' ? 0 : column + 1;
      if (column > LINE_CHARS)
        {
          g_string_append_c (broken, '\n');
          column = 1;
        }
      g_string_append_len (broken, at, g_utf8_next_char (at) - at);
    }
  return g_strdup (broken->str);
}

/* JSON is pretty-printed. */
static char *
spread (const char *text)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = dw_json_parse (parser, text, -1, NULL);
  g_autofree char *json = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_to_string (root, TRUE) : NULL;

  return json != NULL ? dw_safe_text (json, DW_TRACE_DETAIL_CHARS + 1, G_MAXUINT, NULL) : g_strdup (text);
}

/**
 * dw_trace_detail_show:
 * @self: a detail
 * @line: (nullable): what it shows
 *
 * Shows a frame, or nothing.
 */
void
dw_trace_detail_show (DwTraceDetail *self, DwTraceRow *line)
{
  g_autofree char *spread_out = NULL;
  g_autofree char *short_text = NULL;
  g_autofree char *broken = NULL;
  gboolean cut;

  gtk_widget_set_visible (GTK_WIDGET (self), line != NULL);
  if (line == NULL)
    return;
  spread_out = spread (dw_trace_row_get_whole (line));
  short_text = dw_safe_text (spread_out, DW_TRACE_DETAIL_CHARS, G_MAXUINT, &cut);
  broken = break_lines (short_text);
  if (cut)
    {
      g_autofree char *heading =
          /* Translators: %s is the time, direction and size of a frame. */
          g_strdup_printf (_ ("%s  (truncated; copy to get all of it)"), dw_trace_row_get_head (line));

      dw_label_show (self->heading, heading, DW_LABEL_CHARS);
    }
  else
    dw_label_show (self->heading, dw_trace_row_get_head (line), DW_LABEL_CHARS);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->view), broken, -1);
}

static void
dw_trace_detail_dispose (GObject *object)
{
  GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (object));

  g_clear_pointer (&child, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_trace_detail_parent_class)->dispose (object);
}

static void
dw_trace_detail_class_init (DwTraceDetailClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_trace_detail_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-trace-detail.ui");
  gtk_widget_class_bind_template_child (widget_class, DwTraceDetail, heading);
  gtk_widget_class_bind_template_child (widget_class, DwTraceDetail, view);
}

static void
dw_trace_detail_init (DwTraceDetail *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
