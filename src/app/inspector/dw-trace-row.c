/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-trace-row.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>
#include <string.h>

/* How much of an address or of a close reason is shown. */
#define NOTE_CHARS 1000

/* One line of the inspector: a trace entry as text that is safe to show. */
struct _DwTraceRow
{
  GObject parent_instance;

  DwTraceKind kind;
  char *head;  /* time, direction and size */
  char *text;  /* the start of the frame, or what happened */
  char *whole; /* all of it, to be copied */
};

G_DEFINE_FINAL_TYPE (DwTraceRow, dw_trace_row, G_TYPE_OBJECT)

static void
dw_trace_row_finalize (GObject *object)
{
  DwTraceRow *self = DW_TRACE_ROW (object);

  g_free (self->head);
  g_free (self->text);
  g_free (self->whole);
  G_OBJECT_CLASS (dw_trace_row_parent_class)->finalize (object);
}

static void
dw_trace_row_class_init (DwTraceRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_trace_row_finalize;
}

static void
dw_trace_row_init (DwTraceRow *self)
{
}

static char *
make_open (const DwTraceEntry *entry)
{
  if (entry->steps_ms[2] != 0)
    /* Translators: how long the steps of opening a connection took, in milliseconds since its start. */
    return g_strdup_printf (_ ("Opened in %1$u ms: DNS %2$u, TCP %3$u, TLS %4$u"), entry->took_ms,
                            entry->steps_ms[0], entry->steps_ms[1], entry->steps_ms[2]);
  /* Translators: as before, for a connection without encryption. */
  return g_strdup_printf (_ ("Opened in %1$u ms: DNS %2$u, TCP %3$u"), entry->took_ms, entry->steps_ms[0],
                          entry->steps_ms[1]);
}

static char *
make_event (const DwTraceEntry *entry)
{
  g_autofree char *note = dw_safe_line (entry->note != NULL ? entry->note : "", NOTE_CHARS);

  switch (entry->kind)
    {
    case DW_TRACE_PING:
      return g_strdup (_ ("Ping sent"));
    case DW_TRACE_PONG:
      return g_strdup (_ ("Pong received"));
    case DW_TRACE_CONNECTING:
      /* Translators: %s is an address without its secrets. */
      return g_strdup_printf (_ ("Connecting to %s"), note);
    case DW_TRACE_OPEN:
      return make_open (entry);
    case DW_TRACE_FAILED:
      /* Translators: a word for the cause, an HTTP status, and milliseconds. */
      return g_strdup_printf (_ ("Failed after %3$u ms: %1$s, status %2$u"), note, entry->code, entry->took_ms);
    case DW_TRACE_CLOSED:
      /* Translators: a close code, and the words that came with it. */
      return g_strdup_printf (_ ("Closed: %1$u %2$s"), entry->code, note);
    case DW_TRACE_IN:
    case DW_TRACE_OUT:
    default:
      return g_strdup ("");
    }
}

static char *
make_head (const DwTraceEntry *entry)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (entry->time / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = g_date_time_to_local (utc);
  g_autofree char *clock = g_date_time_format (local, "%H:%M:%S");
  const char *arrow = entry->kind == DW_TRACE_IN ? "←" : entry->kind == DW_TRACE_OUT ? "→" : "·";
  g_autofree char *time =
      g_strdup_printf ("%s.%03d  %s", clock, (int) (entry->time % G_USEC_PER_SEC / 1000), arrow);

  if (entry->bytes == NULL)
    return g_steal_pointer (&time);
  /* Translators: time and direction of a frame, and its size in bytes. */
  return g_strdup_printf (_ ("%1$s  %2$u B"), time, (guint) g_bytes_get_size (entry->bytes));
}

/**
 * dw_trace_row_new:
 * @entry: what crossed the wire
 *
 * Returns: (transfer full): its line
 */
DwTraceRow *
dw_trace_row_new (const DwTraceEntry *entry)
{
  DwTraceRow *self = g_object_new (DW_TYPE_TRACE_ROW, NULL);

  self->kind = entry->kind;
  self->head = make_head (entry);
  if (entry->bytes != NULL)
    {
      gsize size;
      const char *data = g_bytes_get_data (entry->bytes, &size);
      /* A NUL must not hide what follows it. */
      g_autofree char *raw = data != NULL ? g_utf8_make_valid (data, (gssize) size) : g_strdup ("");

      self->whole = dw_safe_text (raw, DW_SAFE_TEXT_WHOLE, G_MAXUINT, NULL);
    }
  else
    self->whole = make_event (entry);
  self->text = dw_safe_line (self->whole, DW_TRACE_ROW_CHARS);
  return self;
}

/**
 * dw_trace_row_get_kind:
 * @self: a line
 *
 * Returns: the kind of its trace entry
 */
DwTraceKind
dw_trace_row_get_kind (DwTraceRow *self)
{
  return self->kind;
}

/**
 * dw_trace_row_get_head:
 * @self: a line
 *
 * Returns: time, direction and size
 */
const char *
dw_trace_row_get_head (DwTraceRow *self)
{
  return self->head;
}

/**
 * dw_trace_row_get_text:
 * @self: a line
 *
 * Returns: the start of the frame, or what happened
 */
const char *
dw_trace_row_get_text (DwTraceRow *self)
{
  return self->text;
}

/**
 * dw_trace_row_get_whole:
 * @self: a line
 *
 * Returns: all of it
 */
const char *
dw_trace_row_get_whole (DwTraceRow *self)
{
  return self->whole;
}

/**
 * dw_trace_row_has:
 * @self: a line
 * @folded: a case-folded text
 *
 * Returns: whether the line contains the text
 */
gboolean
dw_trace_row_has (DwTraceRow *self, const char *folded)
{
  g_autofree char *own = g_utf8_casefold (self->whole, -1);

  return strstr (own, folded) != NULL;
}
