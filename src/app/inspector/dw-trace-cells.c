/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-trace-cells.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-toolkit.h"

#include <glib/gi18n.h>

/* A line of the inspector on the screen: time, direction, text, size, and what became of it. The columns are as wide in
 * every line; in a narrow window the size is not shown. */

enum
{
  CELL_TIME,
  CELL_ARROW,
  CELL_TEXT,
  CELL_SIZE,
  CELL_FATE,
  N_CELLS,
};

struct _DwTraceCells
{
  GtkWidget parent_instance;

  GtkLabel *cells[N_CELLS];
  DwTraceRow *row;
};

G_DEFINE_FINAL_TYPE (DwTraceCells, dw_trace_cells, GTK_TYPE_WIDGET)

#define GAP 9

/* What the text of a line has at least, in pixels, before the size is left out for it. */
#define ROOM 240

/* In characters. */
static const int widths[N_CELLS] = { [CELL_TIME] = 12, [CELL_ARROW] = 1, [CELL_SIZE] = 8, [CELL_FATE] = 8 };

static int
width_of (DwTraceCells *self, guint cell)
{
  int minimum, natural;

  gtk_widget_measure (GTK_WIDGET (self->cells[cell]), GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL,
                      NULL);
  return cell == CELL_TEXT ? minimum : natural;
}

static void
dw_trace_cells_measure (GtkWidget *widget,
                        GtkOrientation orientation,
                        int for_size,
                        int *minimum,
                        int *natural,
                        int *minimum_baseline,
                        int *natural_baseline)
{
  DwTraceCells *self = DW_TRACE_CELLS (widget);

  *minimum = *natural = 0;
  for (guint i = 0; i < N_CELLS; i++)
    {
      int cell_minimum, cell_natural;

      gtk_widget_measure (GTK_WIDGET (self->cells[i]), orientation, -1, &cell_minimum, &cell_natural, NULL, NULL);
      if (orientation == GTK_ORIENTATION_VERTICAL)
        *minimum = *natural = MAX (*natural, cell_natural);
      else if (i != CELL_SIZE)
        *minimum += width_of (self, i) + (i > 0 ? GAP : 0);
    }
  *natural = MAX (*natural, *minimum);
}

static void
place_cell (DwTraceCells *self, guint cell, int *x, int width, int whole, int height)
{
  gboolean backwards = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  int minimum;

  gtk_widget_measure (GTK_WIDGET (self->cells[cell]), GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  width = MAX (width, minimum);
  gtk_widget_size_allocate (GTK_WIDGET (self->cells[cell]),
                            &(GtkAllocation){ backwards ? whole - *x - width : *x, 0, width, height }, -1);
  *x += width + GAP;
}

static void
dw_trace_cells_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  DwTraceCells *self = DW_TRACE_CELLS (widget);
  int taken = width_of (self, CELL_TIME) + width_of (self, CELL_ARROW) + width_of (self, CELL_FATE) + 3 * GAP;
  int size = width_of (self, CELL_SIZE) + GAP;
  gboolean has_size = width - taken - size >= ROOM;
  int x = 0;

  gtk_widget_set_child_visible (GTK_WIDGET (self->cells[CELL_SIZE]), has_size);
  for (guint i = 0; i < N_CELLS; i++)
    if (i == CELL_TEXT)
      place_cell (self, i, &x, width - taken - (has_size ? size : 0), width, height);
    else if (i != CELL_SIZE || has_size)
      place_cell (self, i, &x, width_of (self, i), width, height);
}

static const char *
arrow_of (DwTraceKind kind)
{
  switch (kind)
    {
    case DW_TRACE_IN:
    case DW_TRACE_PONG:
      return "↓";
    case DW_TRACE_OUT:
    case DW_TRACE_PING:
      return "↑";
    case DW_TRACE_CONNECTING:
    case DW_TRACE_OPEN:
    case DW_TRACE_FAILED:
    case DW_TRACE_CLOSED:
    default:
      return "·";
    }
}

static gboolean
is_bad (DwTraceRow *row)
{
  const DwTraceEntry *entry = dw_trace_row_get_entry (row);

  return entry->kind == DW_TRACE_FAILED || (entry->kind == DW_TRACE_CLOSED && entry->code != 1000)
         || dw_trace_row_get_fate (row) == DW_TRACE_FATE_REFUSED;
}

static void
set_class (GtkLabel *label, const char *name, gboolean has)
{
  if (has)
    gtk_widget_add_css_class (GTK_WIDGET (label), name);
  else
    gtk_widget_remove_css_class (GTK_WIDGET (label), name);
}

static void
show_fate (DwTraceCells *self)
{
  g_autofree char *fate = dw_trace_row_dup_fate (self->row);
  g_autofree char *spoken = dw_trace_row_dup_spoken (self->row);
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));

  dw_label_show (self->cells[CELL_FATE], fate, DW_LABEL_CHARS);
  set_class (self->cells[CELL_FATE], "frame-bad",
             is_bad (self->row) || dw_trace_row_get_fate (self->row) == DW_TRACE_FATE_SILENCE);
  set_class (self->cells[CELL_TEXT], "frame-bad", is_bad (self->row));
  /* A reader hears what is set on the list's own widget. */
  if (parent != NULL)
    dw_toolkit_set_label (parent, spoken);
}

static void
show_row (DwTraceCells *self)
{
  const DwTraceEntry *entry = dw_trace_row_get_entry (self->row);
  const char *arrow = arrow_of (entry->kind);
  g_autofree char *clock = dw_trace_row_dup_clock (self->row);
  g_autofree char *size = NULL;

  if (entry->bytes != NULL)
    /* Translators: the size of a frame in bytes. */
    size = g_strdup_printf (_ ("%u B"), (guint) g_bytes_get_size (entry->bytes));
  dw_label_show (self->cells[CELL_TIME], clock, DW_LABEL_CHARS);
  dw_label_show (self->cells[CELL_ARROW], arrow, DW_LABEL_CHARS);
  dw_label_show (self->cells[CELL_TEXT], dw_trace_row_get_text (self->row), DW_LABEL_CHARS);
  dw_label_show (self->cells[CELL_SIZE], size != NULL ? size : "", DW_LABEL_CHARS);
  set_class (self->cells[CELL_ARROW], "frame-received", g_str_equal (arrow, "↓"));
  set_class (self->cells[CELL_ARROW], "frame-sent", g_str_equal (arrow, "↑"));
  show_fate (self);
}

static void
dw_trace_cells_dispose (GObject *object)
{
  DwTraceCells *self = DW_TRACE_CELLS (object);

  dw_trace_cells_show (self, NULL);
  for (guint i = 0; i < N_CELLS; i++)
    if (self->cells[i] != NULL)
      {
        gtk_widget_unparent (GTK_WIDGET (self->cells[i]));
        self->cells[i] = NULL;
      }
  G_OBJECT_CLASS (dw_trace_cells_parent_class)->dispose (object);
}

static void
dw_trace_cells_class_init (DwTraceCellsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_trace_cells_dispose;
  widget_class->measure = dw_trace_cells_measure;
  widget_class->size_allocate = dw_trace_cells_size_allocate;
}

static void
dw_trace_cells_init (DwTraceCells *self)
{
  gtk_widget_add_css_class (GTK_WIDGET (self), "frame-cells");
  for (guint i = 0; i < N_CELLS; i++)
    {
      GtkWidget *cell = gtk_label_new (NULL);

      gtk_label_set_xalign (GTK_LABEL (cell), i == CELL_SIZE || i == CELL_FATE ? 1 : 0);
      if (i == CELL_TEXT)
        gtk_label_set_ellipsize (GTK_LABEL (cell), PANGO_ELLIPSIZE_END);
      else
        gtk_label_set_width_chars (GTK_LABEL (cell), widths[i]);
      if (i == CELL_TIME || i == CELL_SIZE)
        gtk_widget_add_css_class (cell, "dim-label");
      gtk_widget_set_parent (cell, GTK_WIDGET (self));
      self->cells[i] = GTK_LABEL (cell);
    }
}

/**
 * dw_trace_cells_new:
 *
 * Returns: (transfer floating): cells that show nothing
 */
GtkWidget *
dw_trace_cells_new (void)
{
  return g_object_new (DW_TYPE_TRACE_CELLS, NULL);
}

/**
 * dw_trace_cells_show:
 * @self: cells
 * @row: (nullable): what they show, and go on showing when it changes
 */
void
dw_trace_cells_show (DwTraceCells *self, DwTraceRow *row)
{
  if (self->row != NULL)
    g_signal_handlers_disconnect_by_func (self->row, show_fate, self);
  g_set_object (&self->row, row);
  if (row == NULL)
    return;
  g_signal_connect_object (row, "notify::fate", G_CALLBACK (show_fate), self, G_CONNECT_SWAPPED);
  show_row (self);
}
