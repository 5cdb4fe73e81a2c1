/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-trace-row.h"

#include "client/connection/dw-cause.h"
#include "client/connection/dw-timing.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>
#include <string.h>

/* How much of an address or of a close reason is shown. */
#define NOTE_CHARS 1000

/* How much of a frame is looked at for the start of it, in bytes. */
#define START_BYTES 4096

/* One line of the inspector: a trace entry as text that is safe to show, and what became of it. The texts are made when
 * they are asked for. */
struct _DwTraceRow
{
  GObject parent_instance;

  DwTraceEntry entry; /* a copy, which outlives the trace's */
  char *head;         /* time, direction and size */
  char *text;         /* the start of the frame, or what happened */
  char *whole;        /* all of it, to be copied */
  DwTraceFate fate;
  gint64 latency_us;
};

G_DEFINE_FINAL_TYPE (DwTraceRow, dw_trace_row, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_FATE,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
dw_trace_row_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_FATE)
    g_value_set_uint (value, DW_TRACE_ROW (object)->fate);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dw_trace_row_finalize (GObject *object)
{
  DwTraceRow *self = DW_TRACE_ROW (object);

  dw_trace_entry_clear (&self->entry);
  g_free (self->head);
  g_free (self->text);
  g_free (self->whole);
  G_OBJECT_CLASS (dw_trace_row_parent_class)->finalize (object);
}

static void
dw_trace_row_class_init (DwTraceRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_trace_row_finalize;
  G_OBJECT_CLASS (klass)->get_property = dw_trace_row_get_property;

  /**
   * DwTraceRow:fate:
   *
   * What became of the frame, a #DwTraceFate; its latency changes with it.
   */
  properties[PROP_FATE] = g_param_spec_uint ("fate", NULL, NULL, 0, DW_TRACE_FATE_REFUSED, 0,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);
}

static void
dw_trace_row_init (DwTraceRow *self)
{
}

static guint
get_phase_ms (const DwTimingBar *bars, guint n, DwTimingPhase phase)
{
  for (guint i = 0; i < n; i++)
    if (bars[i].phase == phase)
      return bars[i].length_ms;
  return 0;
}

static char *
make_open (const DwTraceEntry *entry)
{
  DwTimingBar bars[DW_TIMING_PHASES];
  guint n = dw_timing_measure (entry, bars);
  guint name_ms = get_phase_ms (bars, n, DW_TIMING_NAME);
  guint tcp_ms = get_phase_ms (bars, n, DW_TIMING_TCP);

  if (entry->steps_ms[2] != 0)
    /* Translators: how long the steps of opening a connection took, in milliseconds. */
    return g_strdup_printf (_ ("Opened in %1$u ms: DNS %2$u, TCP %3$u, TLS %4$u"), entry->took_ms, name_ms, tcp_ms,
                            get_phase_ms (bars, n, DW_TIMING_TLS));
  /* Translators: as before, for a connection without encryption. */
  return g_strdup_printf (_ ("Opened in %1$u ms: DNS %2$u, TCP %3$u"), entry->took_ms, name_ms, tcp_ms);
}

/* What the table of causes says; of what is not in it, the word itself. */
static char *
make_failed (const DwTraceEntry *entry, const char *note)
{
  DwCause cause = dw_cause_from_name (note);
  const char *words = cause != DW_CAUSE_NONE ? dw_cause_get_sentence (cause) : note;
  g_autofree char *status = g_strdup_printf ("(%u)", entry->code);

  if (entry->code == 0 || strstr (words, status) != NULL)
    /* Translators: milliseconds, and why a connection could not be opened. */
    return g_strdup_printf (_ ("Failed after %1$u ms: %2$s"), entry->took_ms, words);
  /* Translators: the same with an HTTP status. */
  return g_strdup_printf (_ ("Failed after %1$u ms: %2$s (status %3$u)"), entry->took_ms, words, entry->code);
}

/* Why we closed, where the note is our own word: dw-connection closes with these codes. */
static DwCause
get_own_cause (const DwTraceEntry *entry, const char *note)
{
  gboolean may_be_ours = entry->code == 1002 || entry->code == 1003 || entry->code == 1008 || entry->code == 1009;

  return may_be_ours ? dw_cause_from_name (note) : DW_CAUSE_NONE;
}

static const char *
get_meaning (guint code)
{
  if (code == 1000)
    return "";
  if (code == 1001)
    return _ ("A stage closes a connection after two hours, or after ten minutes without a frame.");
  return dw_cause_get_sentence (dw_cause_from_close_code ((gushort) code));
}

static char *
make_closed (const DwTraceEntry *entry, const char *note)
{
  DwCause own = get_own_cause (entry, note);
  const char *meaning = own != DW_CAUSE_NONE ? dw_cause_get_sentence (own) : get_meaning (entry->code);
  g_autofree char *code =
      /* Translators: a close code, and the words that came with it. */
      g_strdup_printf (_ ("Closed: %1$u %2$s"), entry->code, own == DW_CAUSE_NONE ? note : "");

  g_strchomp (code);
  return *meaning != '\0' ? g_strdup_printf ("%s · %s", code, meaning) : g_steal_pointer (&code);
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
      return make_failed (entry, note);
    case DW_TRACE_CLOSED:
      return make_closed (entry, note);
    case DW_TRACE_IN:
    case DW_TRACE_OUT:
    default:
      return g_strdup ("");
    }
}

static char *
make_frame (GBytes *bytes, gsize most)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  /* A NUL must not hide what follows it. */
  g_autofree char *raw = data != NULL ? g_utf8_make_valid (data, (gssize) MIN (size, most)) : g_strdup ("");

  return dw_safe_text (raw, DW_SAFE_TEXT_WHOLE, G_MAXUINT, NULL);
}

/**
 * dw_trace_row_dup_words:
 * @entry: what crossed the wire
 *
 * Returns: (transfer full): all of a frame, or what happened, safe to show
 */
char *
dw_trace_row_dup_words (const DwTraceEntry *entry)
{
  return entry->bytes != NULL ? make_frame (entry->bytes, G_MAXSSIZE) : make_event (entry);
}

/**
 * dw_trace_row_dup_latency:
 * @latency_us: how long an answer took, in microseconds
 *
 * Returns: (transfer full): it as people read it
 */
char *
dw_trace_row_dup_latency (gint64 latency_us)
{
  double ms = (double) latency_us / 1000;

  if (ms < 999.5)
    /* Translators: milliseconds. */
    return g_strdup_printf (_ ("%.*f ms"), ms < 9.95 ? 1 : 0, ms);
  /* Translators: seconds. */
  return g_strdup_printf (_ ("%.*f s"), ms < 9995 ? 2 : 1, ms / 1000);
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

  dw_trace_entry_copy (&self->entry, entry);
  return self;
}

/**
 * dw_trace_row_get_entry:
 * @self: a line
 *
 * Returns: (transfer none): what crossed the wire
 */
const DwTraceEntry *
dw_trace_row_get_entry (DwTraceRow *self)
{
  return &self->entry;
}

/**
 * dw_trace_row_get_serial:
 * @self: a line
 *
 * Returns: its entry's number in the trace
 */
guint64
dw_trace_row_get_serial (DwTraceRow *self)
{
  return self->entry.serial;
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
  return self->entry.kind;
}

/**
 * dw_trace_row_dup_clock:
 * @self: a line
 *
 * Returns: (transfer full): the time of day, with milliseconds
 */
char *
dw_trace_row_dup_clock (DwTraceRow *self)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (self->entry.time / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;
  g_autofree char *clock = local != NULL ? g_date_time_format (local, "%H:%M:%S") : g_strdup ("");

  return g_strdup_printf ("%s.%03d", clock, (int) (self->entry.time % G_USEC_PER_SEC / 1000));
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
  const char *arrow = self->entry.kind == DW_TRACE_IN ? "↓" : self->entry.kind == DW_TRACE_OUT ? "↑" : "·";
  g_autofree char *clock = NULL;
  g_autofree char *time = NULL;

  if (self->head != NULL)
    return self->head;
  clock = dw_trace_row_dup_clock (self);
  time = g_strdup_printf ("%s  %s", clock, arrow);
  if (self->entry.bytes == NULL)
    self->head = g_steal_pointer (&time);
  else
    /* Translators: time and direction of a frame, and its size in bytes. */
    self->head = g_strdup_printf (_ ("%1$s  %2$u B"), time, (guint) g_bytes_get_size (self->entry.bytes));
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
  g_autofree char *start = NULL;

  if (self->text != NULL)
    return self->text;
  /* Lines are made for what is in view, and all of a frame can be large. */
  start = self->entry.bytes != NULL ? make_frame (self->entry.bytes, START_BYTES) : make_event (&self->entry);
  self->text = dw_safe_line (start, DW_TRACE_ROW_CHARS);
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
  if (self->whole == NULL)
    self->whole = dw_trace_row_dup_words (&self->entry);
  return self->whole;
}

/**
 * dw_trace_row_set_fate:
 * @self: a line
 * @fate: what became of the frame
 * @latency_us: how long the answer took, in microseconds
 */
void
dw_trace_row_set_fate (DwTraceRow *self, DwTraceFate fate, gint64 latency_us)
{
  if (self->fate == fate && self->latency_us == latency_us)
    return;
  self->fate = fate;
  self->latency_us = latency_us;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FATE]);
}

/**
 * dw_trace_row_get_fate:
 * @self: a line
 *
 * Returns: what became of the frame
 */
DwTraceFate
dw_trace_row_get_fate (DwTraceRow *self)
{
  return self->fate;
}

/**
 * dw_trace_row_dup_fate:
 * @self: a line
 *
 * Returns: (transfer full): that in a word or two
 */
char *
dw_trace_row_dup_fate (DwTraceRow *self)
{
  switch (self->fate)
    {
    case DW_TRACE_FATE_WAITS:
      return g_strdup ("…");
    case DW_TRACE_FATE_SILENCE:
      /* Translators: nothing came back for a frame that was sent. */
      return g_strdup (_ ("No reply"));
    case DW_TRACE_FATE_ANSWERED:
    case DW_TRACE_FATE_REFUSED:
      return dw_trace_row_dup_latency (self->latency_us);
    case DW_TRACE_FATE_NONE:
    default:
      return g_strdup ("");
    }
}

/**
 * dw_trace_row_dup_spoken:
 * @self: a line
 *
 * Returns: (transfer full): the line as a screen reader says it, with its direction
 */
char *
dw_trace_row_dup_spoken (DwTraceRow *self)
{
  const DwTraceEntry *entry = &self->entry;
  g_autofree char *clock = dw_trace_row_dup_clock (self);
  g_autofree char *fate = dw_trace_row_dup_fate (self);
  GString *spoken = g_string_new (NULL);

  if (entry->kind == DW_TRACE_IN)
    g_string_append_printf (spoken, "%s, ", _ ("Received"));
  else if (entry->kind == DW_TRACE_OUT)
    g_string_append_printf (spoken, "%s, ", _ ("Sent"));
  g_string_append_printf (spoken, "%s, ", clock);
  if (self->fate == DW_TRACE_FATE_ANSWERED || self->fate == DW_TRACE_FATE_REFUSED)
    {
      /* Translators: %s is a duration, such as “12 ms”. */
      g_string_append_printf (spoken, _ ("reply after %s"), fate);
      g_string_append (spoken, ", ");
    }
  else if (self->fate == DW_TRACE_FATE_SILENCE)
    g_string_append_printf (spoken, "%s, ", fate);
  g_string_append (spoken, dw_trace_row_get_text (self));
  return g_string_free (spoken, FALSE);
}
