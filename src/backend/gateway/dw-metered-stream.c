/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-metered-stream.h"

#include "net/dw-frame-meter.h"

#include "wire/dw-limits.h"
#include "wire/dw-thread.h"

/* libsoup does not tell how much of what was queued has left, nor how large a fragmented message grows; both can be
 * seen on the stream below it.
 *
 * All of it lives in the thread of the main loop, but for what is below: TLS shakes hands and closes in a pool thread of
 * GIO. GIOStream's own close_async would run close_fn there too, beside a wait and a flush that the main loop uses, so
 * this stream lets go of both before it closes what is below (AddressSanitizer found it after 2,450 connections). */

#define DW_TYPE_METERED_INPUT (dw_metered_input_get_type ())
G_DECLARE_FINAL_TYPE (DwMeteredInput, dw_metered_input, DW, METERED_INPUT, GFilterInputStream)
#define DW_TYPE_METERED_OUTPUT (dw_metered_output_get_type ())
G_DECLARE_FINAL_TYPE (DwMeteredOutput, dw_metered_output, DW, METERED_OUTPUT, GFilterOutputStream)

/* The gateway's. */
static const DwFrameLimits limits = { .side = DW_FRAME_SIDE_SERVER,
                                      .frame_bytes = DW_LIMIT_FRAME_BYTES,
                                      .message_bytes = DW_LIMIT_MESSAGE_BYTES,
                                      .fragments = DW_FRAME_FRAGMENTS };

/* The first byte of a pong. */
#define PONG_HEAD 0x8a

/* How many frames one call of the system takes. */
#define AT_ONCE 64

struct _DwMeteredInput
{
  GFilterInputStream parent_instance;

  DwFrameMeter meter;
  DwFrameLimit over;
  const DwMeteredOutput *output; /* of the same stream */
  DwPollWait *wait;              /* or NULL where there is no bare socket below */
  GSource *source;               /* then what waits for the base, as long as its anchor is not destroyed */
  GSource *anchor;               /* a child of that source; a reference to itself would keep both for ever */
  GSource *child;                /* of that source: what waits; NULL while it is held */
  DwMeteredReadFunc may_read;    /* or NULL */
  gpointer read_data;
  gsize turn;              /* bytes read since there was nothing; at most DW_METERED_STREAM_TURN */
  gboolean again;          /* there may be more to read above the socket */
  gboolean held;           /* until dw_metered_stream_resume() */
  DwMeteredStream *stream; /* it has this */
};

struct _DwMeteredOutput
{
  GFilterOutputStream parent_instance;

  guint64 written;
  guint64 pongs;    /* how much of that was answers to pings */
  gboolean in_pong; /* libsoup's frame that leaves is one */
  gboolean halfway; /* libsoup's frame has left in part */
  GQueue owed;      /* of GBytes: frames that do not go through libsoup; the stage's socket bounds them in bytes */
  gsize gathered;   /* bytes of them in this turn; DW_METERED_STREAM_GATHER and a frame at most */
  GSource *flush;   /* waits for the system to take more, or NULL */
  DwTurn *turn;
  DwTurnPlace place; /* where they are written at the end of the turn */
};

struct _DwMeteredStream
{
  GIOStream parent_instance;

  GIOStream *base;
  GSocket *socket; /* below the base, TLS or not; or NULL */
  gboolean encrypted;
  GThread *thread;
  DwMeteredInput *input;
  DwMeteredOutput *output;
};

enum
{
  SIGNAL_OVER_LIMIT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void dw_metered_input_pollable_init (GPollableInputStreamInterface *iface);
static void dw_metered_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwMeteredInput,
                               dw_metered_input,
                               G_TYPE_FILTER_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, dw_metered_input_pollable_init))
G_DEFINE_FINAL_TYPE_WITH_CODE (DwMeteredOutput,
                               dw_metered_output,
                               G_TYPE_FILTER_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      dw_metered_output_pollable_init))
G_DEFINE_FINAL_TYPE (DwMeteredStream, dw_metered_stream, G_TYPE_IO_STREAM)

static GPollableInputStream *
input_base (gpointer self)
{
  return G_POLLABLE_INPUT_STREAM (g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (self)));
}

static gboolean
dw_metered_input_can_poll (GPollableInputStream *stream)
{
  return g_pollable_input_stream_can_poll (input_base (stream));
}

static gboolean
dw_metered_input_is_readable (GPollableInputStream *stream)
{
  return g_pollable_input_stream_is_readable (input_base (stream));
}

static gboolean
goes_on (GSource *source, GSourceFunc callback, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs anchor_functions = { .dispatch = goes_on };

static gboolean
has_source (DwMeteredInput *self)
{
  return self->anchor != NULL && !g_source_is_destroyed (self->anchor);
}

/* What TLS has decrypted and we have not read makes its source no more ready. libsoup makes a new source after each
 * turn, so that is told too. */
static void
look_again (DwMeteredInput *self, gboolean again)
{
  self->again = again;
  if (has_source (self))
    g_source_set_ready_time (self->anchor, again ? 0 : -1);
}

/* Above TLS there is no descriptor of one's own: the source of the base is a child of ours, and can be taken away.
 */
static void
watch_base (DwMeteredInput *self)
{
  self->child = g_pollable_input_stream_create_source (input_base (self), NULL);
  g_source_set_dummy_callback (self->child);
  g_source_add_child_source (self->source, self->child);
}

static void
unwatch_base (DwMeteredInput *self)
{
  if (self->child != NULL && has_source (self))
    g_source_remove_child_source (self->source, self->child);
  g_clear_pointer (&self->child, g_source_unref);
}

static void
set_source (DwMeteredInput *self, GSource *source)
{
  unwatch_base (self);
  g_clear_pointer (&self->anchor, g_source_unref);
  self->source = source;
  if (source == NULL)
    return;
  self->anchor = g_source_new (&anchor_functions, sizeof (GSource));
  g_source_add_child_source (source, self->anchor);
  if (self->held)
    return;
  watch_base (self);
  look_again (self, self->again);
}

static void
hold (DwMeteredInput *self, gboolean held)
{
  self->held = held;
  if (self->wait != NULL)
    dw_poll_hold (self->wait, held);
  else if (held)
    unwatch_base (self);
  else
    {
      if (has_source (self) && self->child == NULL)
        watch_base (self);
      look_again (self, TRUE);
    }
}

static gboolean
would_block (DwMeteredInput *self, const char *words, GError **error)
{
  self->turn = 0;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, words);
  return FALSE;
}

/* libsoup reads until there is nothing, and only then looks at what it has. */
static gboolean
takes_more (DwMeteredInput *self, GError **error)
{
  if (self->turn == 0)
    look_again (self, FALSE);
  if (self->held)
    return would_block (self, "held", error);
  if (self->turn >= DW_METERED_STREAM_TURN)
    {
      look_again (self, TRUE);
      return would_block (self, "enough for this turn", error);
    }
  if (self->turn > 0 || self->may_read == NULL || self->may_read (self->read_data))
    return TRUE;
  hold (self, TRUE);
  return would_block (self, "held", error);
}

static GSource *
dw_metered_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  DwMeteredInput *self = DW_METERED_INPUT (stream);
  GSource *source;

  if (self->wait != NULL)
    return dw_poll_create_source (self->wait, G_OBJECT (stream));
  source = g_pollable_source_new (G_OBJECT (stream));
  set_source (self, source);
  return source;
}

/* What is over the limit is read and dropped, so that the close frame can still leave and the peer's can come. */
static gssize
dw_metered_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  DwMeteredInput *self = DW_METERED_INPUT (stream);
  gssize length;

  /* libsoup reads until there is nothing, and keeps an answer for each ping. */
  if (self->output != NULL && self->meter.pongs > self->output->pongs + DW_METERED_STREAM_PONGS)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "the answers to pings are not read");
      return -1;
    }
  if (!takes_more (self, error))
    return -1;
  length = g_pollable_input_stream_read_nonblocking (input_base (stream), buffer,
                                                     MIN (count, DW_METERED_STREAM_TURN - self->turn), NULL, error);
  self->turn = length > 0 ? self->turn + (gsize) length : 0;
  if (length <= 0)
    return length;
  if (self->over == DW_FRAME_LIMIT_NONE)
    {
      self->over = dw_frame_meter_feed (&self->meter, &limits, buffer, (gsize) length, NULL);
      if (self->over == DW_FRAME_LIMIT_NONE)
        return length;
      if (self->stream != NULL)
        g_signal_emit (self->stream, signals[SIGNAL_OVER_LIMIT], 0, self->over);
    }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "over the limit");
  return -1;
}

static void
dw_metered_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->can_poll = dw_metered_input_can_poll;
  iface->is_readable = dw_metered_input_is_readable;
  iface->create_source = dw_metered_input_create_source;
  iface->read_nonblocking = dw_metered_input_read_nonblocking;
}

static void
dw_metered_input_dispose (GObject *object)
{
  set_source (DW_METERED_INPUT (object), NULL);
  g_clear_pointer (&DW_METERED_INPUT (object)->wait, dw_poll_remove);
  G_OBJECT_CLASS (dw_metered_input_parent_class)->dispose (object);
}

static void
dw_metered_input_class_init (DwMeteredInputClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_metered_input_dispose;
}

static void
dw_metered_input_init (DwMeteredInput *self)
{
}

static GPollableOutputStream *
output_base (gpointer self)
{
  return G_POLLABLE_OUTPUT_STREAM (g_filter_output_stream_get_base_stream (G_FILTER_OUTPUT_STREAM (self)));
}

static gboolean
dw_metered_output_can_poll (GPollableOutputStream *stream)
{
  return g_pollable_output_stream_can_poll (output_base (stream));
}

static gboolean
dw_metered_output_is_writable (GPollableOutputStream *stream)
{
  return g_pollable_output_stream_is_writable (output_base (stream));
}

static GSource *
dw_metered_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) child = g_pollable_output_stream_create_source (output_base (stream), cancellable);
  GSource *source = g_pollable_source_new (G_OBJECT (stream));

  g_source_set_dummy_callback (child);
  g_source_add_child_source (source, child);
  return source;
}

static void
drop_written (DwMeteredOutput *self, gsize bytes)
{
  self->written += bytes;
  while (bytes > 0)
    {
      g_autoptr (GBytes) first = g_queue_pop_head (&self->owed);
      gsize size = g_bytes_get_size (first);

      if (bytes < size)
        g_queue_push_head (&self->owed, g_bytes_new_from_bytes (first, bytes, size - bytes));
      bytes -= MIN (bytes, size);
    }
}

/* FALSE while something is owed still. libsoup's own frame, where it has left in part, comes first. */
static gboolean
write_owed (DwMeteredOutput *self)
{
  self->gathered = 0;
  while (!g_queue_is_empty (&self->owed))
    {
      GOutputVector vectors[AT_ONCE];
      gsize n = 0;
      gsize written = 0;

      if (self->halfway)
        return FALSE;
      for (GList *at = self->owed.head; at != NULL && n < AT_ONCE; at = at->next, n++)
        vectors[n].buffer = g_bytes_get_data (at->data, &vectors[n].size);
      if (g_pollable_output_stream_writev_nonblocking (output_base (self), vectors, n, &written, NULL, NULL)
          != G_POLLABLE_RETURN_OK)
        return FALSE;
      drop_written (self, written);
    }

  return TRUE;
}

static void
stop_flush (DwMeteredOutput *self)
{
  if (self->flush != NULL)
    g_source_destroy (self->flush);
  g_clear_pointer (&self->flush, g_source_unref);
  dw_turn_remove (&self->place);
}

static gboolean
on_flush (GObject *stream, gpointer data)
{
  DwMeteredOutput *self = data;

  if (!write_owed (self) && !g_output_stream_is_closed (G_OUTPUT_STREAM (self)))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->flush, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
write_or_wait (gpointer data)
{
  DwMeteredOutput *self = data;

  if (write_owed (self) || self->flush != NULL)
    return;
  self->flush = g_pollable_output_stream_create_source (output_base (self), NULL);
  g_source_set_callback (self->flush, G_SOURCE_FUNC (on_flush), self, NULL);
  g_source_attach (self->flush, g_main_context_get_thread_default ());
}

static gssize
dw_metered_output_write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count, GError **error)
{
  DwMeteredOutput *self = DW_METERED_OUTPUT (stream);
  gssize length;

  if (!self->halfway && !write_owed (self))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "a frame is on its way");
      return -1;
    }
  length = g_pollable_output_stream_write_nonblocking (output_base (stream), buffer, count, NULL, error);
  if (length > 0)
    {
      if (!self->halfway)
        self->in_pong = *(const guint8 *) buffer == PONG_HEAD;
      if (self->in_pong)
        self->pongs += (guint64) length;
      self->written += (guint64) length;
      self->halfway = (gsize) length < count;
    }
  return length;
}

static void
dw_metered_output_dispose (GObject *object)
{
  DwMeteredOutput *self = DW_METERED_OUTPUT (object);

  stop_flush (self);
  g_queue_clear_full (&self->owed, (GDestroyNotify) g_bytes_unref);
  g_clear_pointer (&self->turn, dw_turn_unref);

  G_OBJECT_CLASS (dw_metered_output_parent_class)->dispose (object);
}

static void
dw_metered_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->can_poll = dw_metered_output_can_poll;
  iface->is_writable = dw_metered_output_is_writable;
  iface->create_source = dw_metered_output_create_source;
  iface->write_nonblocking = dw_metered_output_write_nonblocking;
}

static void
dw_metered_output_class_init (DwMeteredOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_metered_output_dispose;
}

static void
dw_metered_output_init (DwMeteredOutput *self)
{
  g_queue_init (&self->owed);
}

static GInputStream *
dw_metered_stream_get_input_stream (GIOStream *stream)
{
  return G_INPUT_STREAM (DW_METERED_STREAM (stream)->input);
}

static GOutputStream *
dw_metered_stream_get_output_stream (GIOStream *stream)
{
  return G_OUTPUT_STREAM (DW_METERED_STREAM (stream)->output);
}

/* Before the descriptor can be another's. */
static void
let_go (DwMeteredStream *self)
{
  DW_ASSERT_THREAD (self->thread);

  g_clear_pointer (&self->input->wait, dw_poll_remove);
  stop_flush (self->output);
  g_queue_clear_full (&self->output->owed, (GDestroyNotify) g_bytes_unref);
}

/* TLS says goodbye in a pool thread, and waits there for a peer that does not read: for that no thread is spent. */
static void
hurry (DwMeteredStream *self)
{
  if (self->socket == NULL || !self->encrypted || g_socket_is_closed (self->socket))
    return;

  if (g_socket_condition_check (self->socket, G_IO_OUT) & G_IO_OUT)
    g_socket_set_timeout (self->socket, DW_METERED_STREAM_GOODBYE);
  else
    g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
}

static gboolean
dw_metered_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  DwMeteredStream *self = DW_METERED_STREAM (stream);

  let_go (self);
  /* Nobody closes it in this way but dispose, in the main loop: no goodbye is worth a wait there. */
  if (self->encrypted)
    dw_metered_stream_abort (self);

  return g_io_stream_close (self->base, cancellable, error);
}

static void
on_base_closed (GObject *base, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_io_stream_close_finish (G_IO_STREAM (base), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
dw_metered_stream_close_async (GIOStream *stream,
                               int priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  DwMeteredStream *self = DW_METERED_STREAM (stream);
  GTask *task = g_task_new (stream, cancellable, callback, data);

  g_task_set_source_tag (task, dw_metered_stream_close_async);
  g_task_set_priority (task, priority);

  let_go (self);
  hurry (self);
  g_io_stream_close_async (self->base, priority, cancellable, on_base_closed, task);
}

static gboolean
dw_metered_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
dw_metered_stream_finalize (GObject *object)
{
  DwMeteredStream *self = DW_METERED_STREAM (object);

  let_go (self);
  /* libsoup may keep the two halves a little longer. */
  self->input->output = NULL;
  self->input->stream = NULL;
  self->input->may_read = NULL;
  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_object (&self->base);
  g_clear_object (&self->socket);

  G_OBJECT_CLASS (dw_metered_stream_parent_class)->finalize (object);
}

static void
dw_metered_stream_class_init (DwMeteredStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = dw_metered_stream_finalize;
  stream_class->get_input_stream = dw_metered_stream_get_input_stream;
  stream_class->get_output_stream = dw_metered_stream_get_output_stream;
  stream_class->close_fn = dw_metered_stream_close;
  stream_class->close_async = dw_metered_stream_close_async;
  stream_class->close_finish = dw_metered_stream_close_finish;
  /**
   * DwMeteredStream::over-limit:
   * @limit: which, a #DwFrameLimit
   *
   * The client sent a frame or a message that is too large. Emitted once; what it sends from here on is dropped.
   */
  signals[SIGNAL_OVER_LIMIT] = g_signal_new ("over-limit", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                             NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
dw_metered_stream_init (DwMeteredStream *self)
{
}

/**
 * dw_metered_stream_new:
 * @base: a client's connection, right after its upgrade
 * @socket: (nullable): the socket below
 * @encrypted: whether TLS is between the two
 * @poll: what waits for the socket where it is not encrypted, and at the end of whose turns its frames are written
 *
 * Returns: (transfer full): the same connection, measured
 */
DwMeteredStream *
dw_metered_stream_new (GIOStream *base, GSocket *socket, gboolean encrypted, DwPoll *poll)
{
  DwMeteredStream *self = g_object_new (DW_TYPE_METERED_STREAM, NULL);

  self->base = g_object_ref (base);
  self->input = g_object_new (DW_TYPE_METERED_INPUT, "base-stream", g_io_stream_get_input_stream (base),
                              "close-base-stream", FALSE, NULL);
  self->output = g_object_new (DW_TYPE_METERED_OUTPUT, "base-stream", g_io_stream_get_output_stream (base),
                               "close-base-stream", FALSE, NULL);
  self->output->turn = dw_turn_ref (dw_poll_get_turn (poll));
  self->input->output = self->output;
  self->input->stream = self;
  self->thread = g_thread_self ();
  self->encrypted = encrypted;
  g_set_object (&self->socket, socket);
  if (socket != NULL && !encrypted)
    self->input->wait = dw_poll_add (poll, socket);
  return self;
}

/**
 * dw_metered_stream_set_read_func:
 * @self: a stream
 * @func: (nullable): asked before each turn of reading; where it says no, nothing is read until
 *   dw_metered_stream_resume()
 * @data: for @func
 */
void
dw_metered_stream_set_read_func (DwMeteredStream *self, DwMeteredReadFunc func, gpointer data)
{
  self->input->may_read = func;
  self->input->read_data = data;
}

/**
 * dw_metered_stream_resume:
 * @self: a stream
 *
 * It is read again. What came meanwhile waits below, and at last with whoever sends it.
 */
void
dw_metered_stream_resume (DwMeteredStream *self)
{
  if (self->input->held)
    hold (self->input, FALSE);
}

/**
 * dw_metered_stream_get_written:
 * @self: a stream
 *
 * Returns: how many bytes the system has taken from us
 */
guint64
dw_metered_stream_get_written (DwMeteredStream *self)
{
  return self->output->written;
}

/**
 * dw_metered_stream_get_n_owed:
 * @self: a stream
 *
 * Returns: how many frames wait to be written
 */
gsize
dw_metered_stream_get_n_owed (DwMeteredStream *self)
{
  return self->output->owed.length;
}

/**
 * dw_metered_stream_get_pongs:
 * @self: a stream
 *
 * Returns: how many bytes of answers the client's pings asked for so far
 */
guint64
dw_metered_stream_get_pongs (DwMeteredStream *self)
{
  return self->input->meter.pongs;
}

/**
 * dw_metered_stream_send:
 * @self: a stream
 * @frame: a whole frame of the server
 *
 * Hands a frame to the system past libsoup, which copies each one and writes each by itself. All that a stream is
 * owed in one turn of the main loop is written in one call, at its end; the same bytes can go to any number of streams.
 * Frames of libsoup's own, pongs and the close frame, come after those that were there before them.
 */
void
dw_metered_stream_send (DwMeteredStream *self, GBytes *frame)
{
  DwMeteredOutput *output = self->output;

  DW_ASSERT_THREAD (self->thread);

  g_queue_push_tail (&output->owed, g_bytes_ref (frame));
  output->gathered += g_bytes_get_size (frame);
  if (output->flush != NULL)
    return;

  if (output->gathered >= DW_METERED_STREAM_GATHER)
    write_or_wait (output);
  else
    dw_turn_add (output->turn, &output->place, write_or_wait, output);
}

/**
 * dw_metered_stream_abort:
 * @self: a stream
 *
 * Ends it without a word. libsoup notices at its next turn; a stream that is closed under it would never be read
 * again. It never waits: closing TLS here would, for a peer that does not read.
 */
void
dw_metered_stream_abort (DwMeteredStream *self)
{
  if (self->socket != NULL)
    g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  else
    g_io_stream_close (self->base, NULL, NULL);
}
