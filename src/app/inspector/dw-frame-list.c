/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame-list.h"

#include "wire/dw-thread.h"

#include <string.h>

/* The lines of the inspector: those of a trace that a filter wants. It is a list of serials; a line is made when somebody
 * asks for it, and is the same one as long as anybody has it. The trace is read, paired and filtered in slices, so that no
 * turn of the main loop takes long, however much there is; what is added costs the same whatever was there before. */
struct _DwFrameList
{
  GObject parent_instance;

  DwTrace *trace;
  DwExchange *exchange;
  DwFrameFilter *filter;
  gboolean live;
  guint64 end;      /* the next serial after the pause began, or G_MAXUINT64 */
  GArray *shown;    /* serials; those before “gone” are no more; at most twice DW_TRACE_ENTRIES */
  guint gone;       /* how many of them */
  guint64 next;     /* the next serial to be filtered */
  guint64 unpaired; /* the next one to be paired */
  guint64 sent;     /* the last frame that was sent, not by the session itself */
  GBytes *probe;    /* what the session sends */
  GHashTable *rows; /* serials to the lines that somebody has */
  guint slice;      /* idle source */
  guint silence;    /* timer, while the line of a frame without an answer is about */
};

static void dw_frame_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwFrameList,
                               dw_frame_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, dw_frame_list_model_init))

enum
{
  SIGNAL_UPDATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static guint
get_n (DwFrameList *self)
{
  return self->shown->len - self->gone;
}

static guint64
serial_at (DwFrameList *self, guint position)
{
  return g_array_index (self->shown, guint64, self->gone + position);
}

/* A recording has ended: nothing comes any more, and nothing was waited for after its last line. */
static gint64
get_now (DwFrameList *self)
{
  const DwTraceEntry *last;

  if (self->live)
    return g_get_real_time ();
  last = dw_trace_get_entry (self->trace, dw_trace_get_last (self->trace));
  return last != NULL ? last->time : 0;
}

static void
set_fate (DwFrameList *self, DwTraceRow *row)
{
  const DwTraceEntry *entry = dw_trace_row_get_entry (row);
  gint64 latency = 0;
  gboolean refusal = FALSE;

  if (dw_exchange_get_other (self->exchange, entry->serial, &latency, &refusal) != 0)
    dw_trace_row_set_fate (row, refusal ? DW_TRACE_FATE_REFUSED : DW_TRACE_FATE_ANSWERED, latency);
  else if (entry->kind != DW_TRACE_OUT || dw_trace_row_get_fate (row) >= DW_TRACE_FATE_SILENCE)
    return;
  else if (get_now (self) - entry->time >= DW_EXCHANGE_SILENCE_US)
    dw_trace_row_set_fate (row, DW_TRACE_FATE_SILENCE, 0);
  else
    dw_trace_row_set_fate (row, DW_TRACE_FATE_WAITS, 0);
}

static gboolean
on_silence (gpointer data)
{
  DwFrameList *self = data;
  gboolean waits = FALSE;
  GHashTableIter iter;
  gpointer row;

  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, NULL, &row))
    if (dw_trace_row_get_fate (row) == DW_TRACE_FATE_WAITS)
      {
        set_fate (self, row);
        waits |= dw_trace_row_get_fate (row) == DW_TRACE_FATE_WAITS;
      }
  if (!waits)
    self->silence = 0;
  return waits ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Called while it is disposed of, when what it holds is still there. */
static void
on_row_gone (gpointer data, GObject *where)
{
  GHashTable *rows = data;

  g_hash_table_remove (rows, &dw_trace_row_get_entry ((DwTraceRow *) where)->serial);
}

static DwTraceRow *
get_row (DwFrameList *self, guint64 serial)
{
  DwTraceRow *row = g_hash_table_lookup (self->rows, &serial);
  const DwTraceEntry *entry;

  if (row != NULL)
    return g_object_ref (row);
  entry = dw_trace_get_entry (self->trace, serial);
  if (entry == NULL)
    return NULL;

  row = dw_trace_row_new (entry);
  g_hash_table_insert (self->rows, g_memdup2 (&serial, sizeof serial), row);
  g_object_weak_ref (G_OBJECT (row), on_row_gone, self->rows);
  set_fate (self, row);
  if (self->live && self->silence == 0 && dw_trace_row_get_fate (row) == DW_TRACE_FATE_WAITS)
    self->silence = g_timeout_add_seconds (1, on_silence, self);
  return row;
}

/* Whose line is about may be told. */
static void
tell_row (DwFrameList *self, guint64 serial)
{
  DwTraceRow *row = g_hash_table_lookup (self->rows, &serial);

  if (row != NULL)
    set_fate (self, row);
}

static gboolean
is_refusal (DwFrameList *self, guint64 serial)
{
  gint64 latency;
  gboolean refusal = FALSE;

  return dw_exchange_get_other (self->exchange, serial, &latency, &refusal) != 0 && refusal;
}

static void
pair (DwFrameList *self, const DwTraceEntry *entry)
{
  guint64 request = dw_exchange_add (self->exchange, entry);

  self->unpaired = entry->serial + 1;
  if (request != 0)
    {
      tell_row (self, request);
      tell_row (self, entry->serial);
    }
  if (entry->kind == DW_TRACE_OUT && entry->bytes != NULL && !g_bytes_equal (entry->bytes, self->probe))
    self->sent = entry->serial;
}

/* What the trace has forgotten leaves the list, and a hundredth of the rest with it: GTK 4.8 binds all its rows anew when the
 * line goes that has its keyboard cursor, which is the first one as long as nobody moves it (measured). */
static guint
drop_forgotten (DwFrameList *self, guint64 first, guint64 last)
{
  guint before = self->gone;

  if (get_n (self) > 0 && serial_at (self, 0) < first)
    {
      guint64 least = first + (last + 1 - first) / 100;

      while (get_n (self) > 0 && serial_at (self, 0) < least)
        self->gone++;
    }
  dw_exchange_forget (self->exchange, first);
  return self->gone - before;
}

static void
compact (DwFrameList *self)
{
  if (self->gone < DW_TRACE_ENTRIES)
    return;
  g_array_remove_range (self->shown, 0, self->gone);
  self->gone = 0;
}

/* Until the time is over. Returns: how many are shown more. */
static guint
read_entries (DwFrameList *self, guint64 last)
{
  gint64 end = g_get_monotonic_time () + DW_FRAME_LIST_SLICE_US;
  guint before = self->shown->len;

  while (self->next <= last)
    {
      const DwTraceEntry *entry = dw_trace_get_entry (self->trace, self->next++);

      if (entry->serial >= self->unpaired)
        pair (self, entry);
      if (dw_frame_filter_wants (self->filter, entry, is_refusal (self, entry->serial)))
        g_array_append_val (self->shown, entry->serial);
      if (g_get_monotonic_time () >= end)
        break;
    }
  return self->shown->len - before;
}

static gboolean on_slice (gpointer data);

static void
read_on (DwFrameList *self)
{
  guint64 first = dw_trace_get_first (self->trace);
  guint64 last = MIN (dw_trace_get_last (self->trace), self->end - 1);
  guint gone, added, before;

  DW_ASSERT_MAIN_THREAD ();

  gone = drop_forgotten (self, first, dw_trace_get_last (self->trace));
  if (gone > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, gone, 0);
  self->next = MAX (self->next, first);

  before = get_n (self);
  added = read_entries (self, last);
  if (added > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), before, 0, added);
  compact (self);

  if (self->next <= last && self->slice == 0)
    self->slice = g_idle_add (on_slice, self);
  g_signal_emit (self, signals[SIGNAL_UPDATED], 0);
}

static gboolean
on_slice (gpointer data)
{
  DwFrameList *self = data;

  self->slice = 0;
  read_on (self);
  return G_SOURCE_REMOVE;
}

static GType
dw_frame_list_get_item_type (GListModel *model)
{
  return DW_TYPE_TRACE_ROW;
}

static guint
dw_frame_list_get_n_items (GListModel *model)
{
  return get_n (DW_FRAME_LIST (model));
}

static gpointer
dw_frame_list_get_item (GListModel *model, guint position)
{
  DwFrameList *self = DW_FRAME_LIST (model);
  DwTraceRow *row;

  if (position >= get_n (self))
    return NULL;
  row = get_row (self, serial_at (self, position));
  /* The trace has forgotten it a moment ago, and the list will in the next. */
  return row != NULL ? row : dw_trace_row_new (&(DwTraceEntry){ .kind = DW_TRACE_PONG });
}

static void
dw_frame_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = dw_frame_list_get_item_type;
  iface->get_n_items = dw_frame_list_get_n_items;
  iface->get_item = dw_frame_list_get_item;
}

static void
dw_frame_list_dispose (GObject *object)
{
  DwFrameList *self = DW_FRAME_LIST (object);
  GHashTableIter iter;
  gpointer row;

  g_clear_handle_id (&self->slice, g_source_remove);
  g_clear_handle_id (&self->silence, g_source_remove);
  if (self->rows != NULL)
    {
      g_hash_table_iter_init (&iter, self->rows);
      while (g_hash_table_iter_next (&iter, NULL, &row))
        g_object_weak_unref (row, on_row_gone, self->rows);
    }
  g_clear_pointer (&self->rows, g_hash_table_unref);
  g_clear_object (&self->trace);
  G_OBJECT_CLASS (dw_frame_list_parent_class)->dispose (object);
}

static void
dw_frame_list_finalize (GObject *object)
{
  DwFrameList *self = DW_FRAME_LIST (object);

  g_clear_pointer (&self->exchange, dw_exchange_free);
  g_clear_pointer (&self->filter, dw_frame_filter_free);
  g_clear_pointer (&self->probe, g_bytes_unref);
  g_array_unref (self->shown);
  G_OBJECT_CLASS (dw_frame_list_parent_class)->finalize (object);
}

static void
dw_frame_list_class_init (DwFrameListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_frame_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = dw_frame_list_finalize;

  /**
   * DwFrameList::updated:
   *
   * Something was read of the trace, whether it is shown or not.
   */
  signals[SIGNAL_UPDATED] =
      g_signal_new ("updated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
dw_frame_list_init (DwFrameList *self)
{
  self->shown = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->rows = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->filter = dw_frame_filter_new (DW_FRAME_KINDS_ALL, FALSE);
  self->next = self->unpaired = 1;
  self->end = G_MAXUINT64;
}

/**
 * dw_frame_list_new:
 * @trace: whose lines
 * @dialect: how the stage names things
 * @live: whether more may come; else it is a recording
 *
 * Returns: (transfer full): a list without pings and pongs
 */
DwFrameList *
dw_frame_list_new (DwTrace *trace, DwDialect *dialect, gboolean live)
{
  DwFrameList *self = g_object_new (DW_TYPE_FRAME_LIST, NULL);
  const char *probe = dw_dialect_get_probe (dialect);

  self->trace = g_object_ref (trace);
  self->exchange = dw_exchange_new (dialect);
  self->probe = g_bytes_new (probe, strlen (probe));
  self->live = live;
  g_signal_connect_object (trace, "changed", G_CALLBACK (read_on), self, G_CONNECT_SWAPPED);
  read_on (self);
  return self;
}

/**
 * dw_frame_list_take_filter:
 * @self: a list
 * @filter: (transfer full): what it shows
 *
 * Reads the trace anew, in slices.
 */
void
dw_frame_list_take_filter (DwFrameList *self, DwFrameFilter *filter)
{
  guint before = get_n (self);

  g_clear_pointer (&self->filter, dw_frame_filter_free);
  self->filter = filter;
  g_array_set_size (self->shown, 0);
  self->gone = 0;
  if (before > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, before, 0);

  self->next = dw_trace_get_first (self->trace);
  read_on (self);
}

/**
 * dw_frame_list_set_paused:
 * @self: a list
 * @paused: whether it shows nothing new
 */
void
dw_frame_list_set_paused (DwFrameList *self, gboolean paused)
{
  self->end = paused ? dw_trace_get_last (self->trace) + 1 : G_MAXUINT64;
  read_on (self);
}

/**
 * dw_frame_list_is_ready:
 * @self: a list
 *
 * Returns: whether all of the trace was read
 */
gboolean
dw_frame_list_is_ready (DwFrameList *self)
{
  return self->next > MIN (dw_trace_get_last (self->trace), self->end - 1);
}

/**
 * dw_frame_list_is_unsure:
 * @self: a list
 *
 * Returns: whether its expression did not look at all of every frame
 */
gboolean
dw_frame_list_is_unsure (DwFrameList *self)
{
  return dw_frame_filter_is_unsure (self->filter);
}

/**
 * dw_frame_list_get_sent:
 * @self: a list
 *
 * Returns: the serial of the last frame that was sent but for the session's own probes, or 0
 */
guint64
dw_frame_list_get_sent (DwFrameList *self)
{
  return self->sent;
}

/**
 * dw_frame_list_get_other:
 * @self: a list
 * @serial: a frame
 *
 * Returns: the serial of its answer or of what it answers, or 0
 */
guint64
dw_frame_list_get_other (DwFrameList *self, guint64 serial)
{
  gint64 latency;
  gboolean refusal;

  return dw_exchange_get_other (self->exchange, serial, &latency, &refusal);
}

/**
 * dw_frame_list_find:
 * @self: a list
 * @serial: a number in its trace
 * @position: (out): where its line is
 *
 * Returns: whether it is shown
 */
gboolean
dw_frame_list_find (DwFrameList *self, guint64 serial, guint *position)
{
  guint low = 0, high = get_n (self);

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (serial_at (self, middle) < serial)
        low = middle + 1;
      else
        high = middle;
    }
  *position = low;
  return low < get_n (self) && serial_at (self, low) == serial;
}

/**
 * dw_frame_list_get_latencies:
 * @self: a list
 *
 * Returns: (transfer none): how long the answers took
 */
const DwHistogram *
dw_frame_list_get_latencies (DwFrameList *self)
{
  return dw_exchange_get_latencies (self->exchange);
}
