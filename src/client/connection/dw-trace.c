/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-trace.h"

#include "wire/dw-recording.h"

#include <string.h>

/**
 * SECTION:dw-trace
 *
 * The last frames that crossed the wire, for the inspector. Without observers it costs a copy of each frame.
 */
struct _DwTrace
{
  GObject parent_instance;

  DwTraceEntry *ring; /* of DW_TRACE_ENTRIES; an entry stands at its serial modulo that */
  guint64 first;      /* the oldest one that is remembered */
  guint64 next;       /* the serial of the next one */
  gsize bytes;        /* at most DW_TRACE_BYTES, or one entry */
  guint tick;
};

G_DEFINE_FINAL_TYPE (DwTrace, dw_trace, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static DwTraceEntry *
entry_at (DwTrace *self, guint64 serial)
{
  return &self->ring[serial % DW_TRACE_ENTRIES];
}

static gsize
length_of (const char *text)
{
  return text != NULL ? strlen (text) : 0;
}

static gsize
size_of (const DwTraceEntry *entry)
{
  return DW_TRACE_ENTRY_BYTES + (entry->bytes != NULL ? g_bytes_get_size (entry->bytes) : 0)
         + length_of (entry->note) + length_of (entry->request) + length_of (entry->response)
         + length_of (entry->transport);
}

static void
forget_first (DwTrace *self)
{
  DwTraceEntry *entry = entry_at (self, self->first++);

  self->bytes -= size_of (entry);
  dw_trace_entry_clear (entry);
}

static void
dw_trace_finalize (GObject *object)
{
  DwTrace *self = DW_TRACE (object);

  g_clear_handle_id (&self->tick, g_source_remove);
  while (self->first < self->next)
    forget_first (self);
  g_free (self->ring);
  G_OBJECT_CLASS (dw_trace_parent_class)->finalize (object);
}

static void
dw_trace_class_init (DwTraceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_trace_finalize;

  /**
   * DwTrace::changed:
   *
   * Something crossed the wire; emitted at most once in %DW_TRACE_TICK_MS.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
dw_trace_init (DwTrace *self)
{
  /* Its pages are taken from the system when they are first used. */
  self->ring = g_new0 (DwTraceEntry, DW_TRACE_ENTRIES);
  self->first = self->next = 1;
}

/**
 * dw_trace_new:
 *
 * Returns: (transfer full): a trace of nothing yet
 */
DwTrace *
dw_trace_new (void)
{
  return g_object_new (DW_TYPE_TRACE, NULL);
}

static gboolean
on_tick (gpointer data)
{
  DwTrace *self = data;

  self->tick = 0;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  return G_SOURCE_REMOVE;
}

static void
tell_soon (DwTrace *self)
{
  if (self->tick == 0 && g_signal_has_handler_pending (self, signals[SIGNAL_CHANGED], 0, FALSE))
    self->tick = g_timeout_add (DW_TRACE_TICK_MS, on_tick, self);
}

static void
add (DwTrace *self, const DwTraceEntry *entry)
{
  gsize size = size_of (entry);

  while (self->next - self->first >= DW_TRACE_ENTRIES
         || (self->first < self->next && self->bytes + size > DW_TRACE_BYTES))
    forget_first (self);
  *entry_at (self, self->next) = *entry;
  entry_at (self, self->next)->serial = self->next;
  if (entry->time == 0)
    entry_at (self, self->next)->time = g_get_real_time ();
  self->next++;
  self->bytes += size;
  tell_soon (self);
}

/**
 * dw_trace_add_frame:
 * @self: a trace
 * @kind: %DW_TRACE_IN or %DW_TRACE_OUT
 * @serial: on which connection
 * @bytes: the frame's payload
 */
void
dw_trace_add_frame (DwTrace *self, DwTraceKind kind, guint serial, GBytes *bytes)
{
  add (self, &(DwTraceEntry){ .kind = kind, .connection = serial, .bytes = g_bytes_ref (bytes) });
}

/**
 * dw_trace_add_event:
 * @self: a trace
 * @kind: what happened
 * @serial: on which connection
 * @code: an HTTP status, a close code, or 0
 * @note: (nullable): what else there is to say; nothing secret
 */
void
dw_trace_add_event (DwTrace *self, DwTraceKind kind, guint serial, guint code, const char *note)
{
  add (self, &(DwTraceEntry){ .kind = kind, .connection = serial, .code = code, .note = g_strdup (note) });
}

/**
 * dw_trace_add_handshake:
 * @self: a trace
 * @kind: %DW_TRACE_OPEN or %DW_TRACE_FAILED
 * @serial: on which connection
 * @code: the HTTP status, or 0
 * @took_ms: how long it took, in milliseconds
 * @steps_ms: (array fixed-size=3): when its steps were reached, as in #DwTraceEntry
 * @note: (nullable): what else there is to say; nothing secret
 * @request: (nullable): the head that was sent, without what may be secret
 * @response: (nullable): the head that answered it
 * @transport: (nullable): what dw_transport_write() wrote
 */
void
dw_trace_add_handshake (DwTrace *self,
                        DwTraceKind kind,
                        guint serial,
                        guint code,
                        guint took_ms,
                        const guint *steps_ms,
                        const char *note,
                        const char *request,
                        const char *response,
                        const char *transport)
{
  add (self, &(DwTraceEntry){ .kind = kind,
                              .connection = serial,
                              .code = code,
                              .took_ms = took_ms,
                              .steps_ms = { steps_ms[0], steps_ms[1], steps_ms[2] },
                              .note = g_strdup (note),
                              .request = g_strdup (request),
                              .response = g_strdup (response),
                              .transport = g_strdup (transport) });
}

static DwTraceKind
kind_of_recorded (DwRecordingKind kind)
{
  static const DwTraceKind kinds[] = {
    [DW_RECORDING_IN] = DW_TRACE_IN,         [DW_RECORDING_OUT] = DW_TRACE_OUT,
    [DW_RECORDING_PING] = DW_TRACE_PING,     [DW_RECORDING_PONG] = DW_TRACE_PONG,
    [DW_RECORDING_OPEN] = DW_TRACE_OPEN,     [DW_RECORDING_CONNECTING] = DW_TRACE_CONNECTING,
    [DW_RECORDING_FAILED] = DW_TRACE_FAILED, [DW_RECORDING_CLOSED] = DW_TRACE_CLOSED,
  };

  return kinds[kind];
}

/**
 * dw_trace_add_recorded:
 * @self: a trace
 * @recorded: a line of a recording
 *
 * Adds what crossed another wire, at its own time.
 */
void
dw_trace_add_recorded (DwTrace *self, const DwRecordingEntry *recorded)
{
  gboolean is_frame = recorded->kind == DW_RECORDING_IN || recorded->kind == DW_RECORDING_OUT;

  add (self, &(DwTraceEntry){
                 .time = recorded->time,
                 .kind = kind_of_recorded (recorded->kind),
                 .connection = recorded->connection,
                 .bytes = is_frame && recorded->bytes != NULL ? g_bytes_ref (recorded->bytes) : NULL,
                 .note = g_strdup (recorded->note),
                 .code = recorded->code,
                 .took_ms = recorded->took_ms,
                 .steps_ms = { recorded->steps_ms[0], recorded->steps_ms[1], recorded->steps_ms[2] },
                 .request = g_strdup (recorded->request),
                 .response = g_strdup (recorded->response),
                 .transport = g_strdup (recorded->transport),
             });
}

/**
 * dw_trace_clear:
 * @self: a trace
 *
 * Forgets all that is remembered. What comes next goes on with the numbers.
 */
void
dw_trace_clear (DwTrace *self)
{
  while (self->first < self->next)
    forget_first (self);
  tell_soon (self);
}

/**
 * dw_trace_get_first:
 * @self: a trace
 *
 * Returns: the serial of the oldest entry that is remembered; above dw_trace_get_last() where there is none
 */
guint64
dw_trace_get_first (DwTrace *self)
{
  return self->first;
}

/**
 * dw_trace_get_last:
 * @self: a trace
 *
 * Returns: the serial of the newest entry, or 0
 */
guint64
dw_trace_get_last (DwTrace *self)
{
  return self->next - 1;
}

/**
 * dw_trace_get_entry:
 * @self: a trace
 * @serial: an entry's number
 *
 * Returns: (transfer none) (nullable): the entry, valid until the next one, or %NULL where it is forgotten
 */
const DwTraceEntry *
dw_trace_get_entry (DwTrace *self, guint64 serial)
{
  return serial >= self->first && serial < self->next ? entry_at (self, serial) : NULL;
}

/**
 * dw_trace_entry_copy:
 * @copy: (out caller-allocates): where the copy goes
 * @entry: an entry
 *
 * Copies an entry; payloads are shared.
 */
void
dw_trace_entry_copy (DwTraceEntry *copy, const DwTraceEntry *entry)
{
  *copy = *entry;
  copy->bytes = entry->bytes != NULL ? g_bytes_ref (entry->bytes) : NULL;
  copy->note = g_strdup (entry->note);
  copy->request = g_strdup (entry->request);
  copy->response = g_strdup (entry->response);
  copy->transport = g_strdup (entry->transport);
}

/**
 * dw_trace_entry_clear:
 * @entry: an entry
 *
 * Frees what an entry owns.
 */
void
dw_trace_entry_clear (DwTraceEntry *entry)
{
  g_clear_pointer (&entry->bytes, g_bytes_unref);
  g_clear_pointer (&entry->note, g_free);
  g_clear_pointer (&entry->request, g_free);
  g_clear_pointer (&entry->response, g_free);
  g_clear_pointer (&entry->transport, g_free);
}

static DwRecordingKind
kind_in_recording (DwTraceKind kind)
{
  static const DwRecordingKind kinds[] = {
    [DW_TRACE_IN] = DW_RECORDING_IN,
    [DW_TRACE_OUT] = DW_RECORDING_OUT,
    [DW_TRACE_PING] = DW_RECORDING_PING,
    [DW_TRACE_PONG] = DW_RECORDING_PONG,
    [DW_TRACE_CONNECTING] = DW_RECORDING_CONNECTING,
    [DW_TRACE_OPEN] = DW_RECORDING_OPEN,
    [DW_TRACE_FAILED] = DW_RECORDING_FAILED,
    [DW_TRACE_CLOSED] = DW_RECORDING_CLOSED,
  };

  return kinds[kind];
}

/**
 * dw_trace_entry_to_json:
 * @entry: an entry
 *
 * Returns: (transfer full): it as dw_recording_write() has it
 */
char *
dw_trace_entry_to_json (const DwTraceEntry *entry)
{
  const DwRecordingEntry line = {
    .time = entry->time,
    .kind = kind_in_recording (entry->kind),
    .connection = entry->connection,
    .bytes = entry->bytes,
    .note = entry->note,
    .code = entry->code,
    .took_ms = entry->took_ms,
    .steps_ms = { entry->steps_ms[0], entry->steps_ms[1], entry->steps_ms[2] },
    .request = entry->request,
    .response = entry->response,
    .transport = entry->transport,
  };

  return dw_recording_write (&line);
}

/**
 * dw_trace_to_json_lines:
 * @self: a trace
 *
 * Returns: (transfer full): all that is remembered, a line of JSON each
 */
char *
dw_trace_to_json_lines (DwTrace *self)
{
  GString *lines = g_string_new (NULL);

  for (guint64 serial = self->first; serial < self->next; serial++)
    {
      g_autofree char *line = dw_trace_entry_to_json (entry_at (self, serial));

      g_string_append (lines, line);
      g_string_append_c (lines, '\n');
    }
  return g_string_free (lines, FALSE);
}
