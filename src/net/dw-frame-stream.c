/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame-stream.h"

#include "dw-net-error.h"

#include "wire/dw-thread.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/**
 * SECTION:dw-frame-stream
 *
 * A stream between libsoup's WebSocket and the network connection that adds limits. libsoup reads until there is
 * nothing left, with no bounds of its own before 3.8 (measured: a million frames block the main loop for 3 s, 15 MB
 * of pings for 23 s). Here each turn of the main loop has a budget of time or bytes; what is not read stays in the
 * kernel, and TCP back-pressure slows the peer. libsoup also does not tell how much of its queue has been sent: here
 * it is counted, and frames can bypass libsoup, many in one system call.
 *
 * The stream lives in the thread it was made in. Only the base connection is closed in a pool thread, because TLS may
 * block there to say goodbye. The default close_async of #GIOStream would run our close_fn in that thread as well,
 * while the main loop still uses the wait and the flush; so both are dropped before the base is closed
 * (AddressSanitizer found this after 2,450 connections).
 */

#define DW_TYPE_FRAME_INPUT (dw_frame_input_get_type ())
G_DECLARE_FINAL_TYPE (DwFrameInput, dw_frame_input, DW, FRAME_INPUT, GFilterInputStream)
#define DW_TYPE_FRAME_OUTPUT (dw_frame_output_get_type ())
G_DECLARE_FINAL_TYPE (DwFrameOutput, dw_frame_output, DW, FRAME_OUTPUT, GFilterOutputStream)

/* The first bytes of outgoing close, ping and pong frames. */
#define CLOSE_HEAD 0x88
#define PING_HEAD 0x89
#define PONG_HEAD 0x8a

/* How many bytes of our own pings may wait for a peer that does not read. */
#define PINGS (16 * 1024)

/* How many frames go into one system call. */
#define AT_ONCE 64

/* How many frames can be queued without an allocation: enough for a few broadcasts. */
#define FEW 4

/* The largest TLS record, in bytes (RFC 8446 section 5.1). */
#define RECORD (16 * 1024)

/* Frames smaller than this, in bytes, are copied into one buffer: sending one piece is faster than sending four. */
#define SMALL 1024

/* How many unwanted bytes are read and dropped in one turn. */
#define DROP_TURN (64 * 1024)

struct _DwFrameInput
{
  GFilterInputStream parent_instance;

  const DwFrameStreamOptions *options;
  GThread *thread;
  DwFrameMeter meter;
  DwFrameLimit over; /* the limit that was broken; told once what came before has been delivered */
  guint8 *buffer;    /* or NULL while it is empty */
  gsize size;        /* options->buffer_bytes, or what came with the upgrade */
  gsize at;          /* how much of it has been used */
  gsize length;
  gboolean in_turn;                /* a turn has begun */
  gint64 turn_ends;                /* when it ends */
  gsize turn_left;                 /* how many more bytes it may read */
  const DwFrameStreamOwner *owner; /* or NULL */
  gpointer owner_data;
  gboolean held;         /* the owner said no; reading waits for dw_frame_stream_resume() */
  gboolean dropping;     /* whatever still arrives is dropped */
  gboolean closing;      /* we are closing, so it is dropped */
  gsize dropped;         /* at most options->drop_bytes and one turn's worth more */
  DwPollWait *wait;      /* NULL if the main loop waits for the connection itself */
  GSource *source;       /* the source libsoup waits on, or NULL */
  GSource *rescue;       /* or NULL */
  gint64 rescue_due;     /* when the source gets the default priority */
  DwFrameStream *stream; /* the whole; NULL once it is gone */
};

struct _DwFrameOutput
{
  GFilterOutputStream parent_instance;

  GThread *thread;
  guint64 written;
  guint64 pongs; /* how much of that was pongs */
  guint64 pings; /* how many pings have been answered */
  guint8 head;   /* the first byte of the frame that libsoup is writing */
  gboolean encrypted;
  int fd;                /* of the bare socket; -1 if it is encrypted, not known or gone */
  gboolean halfway;      /* libsoup's frame is partly written */
  gboolean closed;       /* its close frame has been written */
  gsize promised;        /* how many bytes of owed TLS wants to be given again, or 0 */
  GBytes **owed;         /* frames that bypass libsoup; the caller bounds them */
  GBytes *few[FEW];      /* where owed points while it is short */
  guint owed_at;         /* index of the first one */
  guint owed_n;          /* how many there are */
  guint owed_size;       /* how many there is room for */
  gsize gathered;        /* bytes queued in this turn; at most DW_FRAME_STREAM_GATHER and a frame */
  GSource *flush;        /* waits until the socket is writable, or NULL */
  DwTurn *turn;          /* NULL if frames are written at once */
  DwTurnPlace place;     /* its place in the turn */
  DwFrameStream *stream; /* the whole; NULL once it is gone */
};

struct _DwFrameStream
{
  GIOStream parent_instance;

  GIOStream *base;
  GSocket *socket; /* the bare one underneath, with or without TLS; or NULL */
  GThread *thread;
  DwFrameInput *input;
  DwFrameOutput *output;
  gboolean detached;
};

static void dw_frame_input_pollable_init (GPollableInputStreamInterface *iface);
static void dw_frame_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwFrameInput,
                               dw_frame_input,
                               G_TYPE_FILTER_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, dw_frame_input_pollable_init))
G_DEFINE_FINAL_TYPE_WITH_CODE (DwFrameOutput,
                               dw_frame_output,
                               G_TYPE_FILTER_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, dw_frame_output_pollable_init))
G_DEFINE_FINAL_TYPE (DwFrameStream, dw_frame_stream, G_TYPE_IO_STREAM)

static gint64
now (DwFrameInput *self)
{
  return self->options->clock != NULL ? self->options->clock () : g_get_monotonic_time ();
}

/* The server closes TCP first (RFC 6455 section 7.1.1), but some servers wait for the client to shut down its side. A
 * client has nothing to send after its close frame and does so at once. libsoup does it only for a socket's own
 * stream (measured: 5,116 ms to "closed" otherwise). With TLS, a server still has to send the TLS goodbye. */
static void
end_writing_if_closed (DwFrameStream *self)
{
  if (self == NULL || self->socket == NULL || !self->output->closed)
    return;
  if (self->input->options->limits.side == DW_FRAME_SIDE_CLIENT
      || (self->input->meter.closed && !self->output->encrypted))
    g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
}

static GPollableInputStream *
input_base (gpointer self)
{
  return G_POLLABLE_INPUT_STREAM (g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (self)));
}

static gboolean
has_buffered (DwFrameInput *self)
{
  return self->at < self->length;
}

static gboolean
dw_frame_input_can_poll (GPollableInputStream *stream)
{
  return g_pollable_input_stream_can_poll (input_base (stream));
}

static gboolean
dw_frame_input_is_readable (GPollableInputStream *stream)
{
  return has_buffered (DW_FRAME_INPUT (stream)) || g_pollable_input_stream_is_readable (input_base (stream));
}

/* Nothing is read until our close frame has been sent, because a read error makes libsoup drop its unsent frames. If
 * the frame never gets out, libsoup gives up after 5 s. */
static gboolean
waits_for_close (DwFrameInput *self)
{
  return self->closing && self->stream != NULL && !self->stream->output->closed;
}

static gboolean
has_untold_limit (DwFrameInput *self)
{
  return self->over != DW_FRAME_LIMIT_NONE && !self->dropping;
}

static GSource *
make_source (DwFrameInput *self, GCancellable *cancellable)
{
  GSource *source = NULL;

  if (waits_for_close (self) || (self->held && !has_untold_limit (self)))
    source = g_pollable_source_new (G_OBJECT (self));
  else if (has_buffered (self) || has_untold_limit (self))
    {
      /* The socket does not become readable for what is already in our buffer, or known. */
      source = g_pollable_source_new (G_OBJECT (self));
      g_source_set_ready_time (source, 0);
    }
  else if (self->wait != NULL)
    source = dw_poll_create_source (self->wait, G_OBJECT (self));
  else
    {
      g_autoptr (GSource) child = g_pollable_input_stream_create_source (input_base (self), cancellable);

      source = g_pollable_source_new (G_OBJECT (self));
      g_source_set_dummy_callback (child);
      g_source_add_child_source (source, child);
    }
  return source;
}

static void
forget_source (DwFrameInput *self)
{
  g_clear_pointer (&self->source, g_source_unref);
  self->rescue_due = G_MAXINT64;
}

/* libsoup creates a source whenever it has read all it can, so this ends the turn. */
static GSource *
dw_frame_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  DwFrameInput *self = DW_FRAME_INPUT (stream);
  GSource *source;

  DW_ASSERT_THREAD (self->thread);

  self->in_turn = FALSE;
  if (!has_buffered (self))
    g_clear_pointer (&self->buffer, g_free);

  source = make_source (self, cancellable);
  forget_source (self);
  if (self->options->budget_us > 0)
    g_source_set_priority (source, self->options->priority);
  self->source = g_source_ref (source);
  if (self->rescue != NULL)
    self->rescue_due = now (self) + self->options->rescue_us;
  return source;
}

/* Checked before each turn of the main loop, but never wakes it; a timer would cost one more wakeup per message. */
typedef struct
{
  GSource source;
  DwFrameInput *input; /* the owner */
} RescueSource;

static gboolean
rescue_prepare (GSource *source, int *timeout)
{
  DwFrameInput *input = ((RescueSource *) source)->input;

  *timeout = -1;
  return input->rescue_due != G_MAXINT64 && now (input) >= input->rescue_due;
}

static gboolean
rescue_check (GSource *source)
{
  return FALSE;
}

static gboolean
rescue_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  DwFrameInput *input = ((RescueSource *) source)->input;

  if (input->source != NULL)
    g_source_set_priority (input->source, G_PRIORITY_DEFAULT);
  input->rescue_due = G_MAXINT64;
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs rescue_functions = { .prepare = rescue_prepare,
                                         .check = rescue_check,
                                         .dispatch = rescue_dispatch };

static void
start_rescue (DwFrameInput *self)
{
  self->rescue = g_source_new (&rescue_functions, sizeof (RescueSource));
  ((RescueSource *) self->rescue)->input = self;
  g_source_set_static_name (self->rescue, "DwFrameStream");
  g_source_attach (self->rescue, g_main_context_get_thread_default ());
}

static void
stop_rescue (DwFrameInput *self)
{
  forget_source (self);
  if (self->rescue != NULL)
    g_source_destroy (self->rescue);
  g_clear_pointer (&self->rescue, g_source_unref);
}

static gssize
would_block (GError **error, const char *why)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, why);
  return -1;
}

/* A server has to get its own close frame out first. */
static gboolean
is_over (DwFrameInput *self)
{
  return self->meter.closed
         && (self->options->limits.side == DW_FRAME_SIDE_CLIENT || self->stream == NULL
             || self->stream->output->closed);
}

/* Reads and drops what the peer still sends, so that its close frame can get through. A bound stops a peer that keeps
 * sending as fast as it can. */
static gssize
drop (DwFrameInput *self, GError **error)
{
  guint8 scrap[4096];
  gsize before = self->dropped;

  while (self->dropped - before < DROP_TURN)
    {
      const guint8 *data = scrap;
      gssize length;

      if (has_buffered (self))
        {
          data = self->buffer + self->at;
          length = (gssize) (self->length - self->at);
          self->at = self->length;
        }
      else
        length = g_pollable_input_stream_read_nonblocking (input_base (self), scrap, sizeof scrap, NULL, error);

      if (length <= 0)
        return length;

      self->dropped += (gsize) length;
      if (self->over == DW_FRAME_LIMIT_NONE)
        self->over = dw_frame_meter_feed (&self->meter, &self->options->limits, data, (gsize) length, NULL);
      if (is_over (self))
        {
          end_writing_if_closed (self->stream);
          return 0;
        }
      if (self->dropped > self->options->drop_bytes)
        {
          g_set_error_literal (error, DW_NET_ERROR, DW_NET_ERROR_CLOSED, "closed, and the peer goes on");
          return -1;
        }
    }
  return would_block (error, "this turn is over");
}

/* In the turn after the one that found it: libsoup delivers what came before only at the end of a turn, and whoever is told
 * wants no more messages. */
static gssize
tell_limit (DwFrameInput *self, GError **error)
{
  if (self->over == DW_FRAME_LIMIT_NONE)
    self->over = DW_FRAME_LIMIT_PONGS;
  self->dropping = TRUE;
  if (self->stream != NULL && self->owner != NULL)
    {
      g_autoptr (DwFrameStream) keep G_GNUC_UNUSED = g_object_ref (self->stream);

      self->owner->over_limit (self->over, self->owner_data);
    }
  if (self->over != DW_FRAME_LIMIT_PONGS)
    return would_block (error, "over a limit");

  g_set_error_literal (error, DW_NET_ERROR, DW_NET_ERROR_LIMIT, "the answers to pings are not read");
  return -1;
}

/* libsoup queues a pong for each ping until the peer reads it. */
static gboolean
pongs_fit (DwFrameInput *self)
{
  DwFrameOutput *output = self->stream != NULL ? self->stream->output : NULL;
  guint64 bytes = output != NULL ? self->meter.pongs - MIN (self->meter.pongs, output->pongs) : 0;
  guint64 count = output != NULL ? self->meter.pings - MIN (self->meter.pings, output->pings) : 0;

  return bytes + count * DW_FRAME_PONG_COST <= self->options->limits.pong_bytes;
}

/* The socket does not become readable for bytes that TLS has already decrypted, so with TLS a whole record is read.
 * Without TLS no more is read than this turn may use, so that a peer on hold needs no buffer. */
static gssize
fill (DwFrameInput *self, GError **error)
{
  gboolean encrypted = self->stream != NULL && self->stream->output->encrypted;
  gssize got;

  if (self->buffer == NULL)
    {
      self->size = self->options->buffer_bytes;
      self->buffer = g_malloc (self->size);
    }
  self->at = self->length = 0;
  got = g_pollable_input_stream_read_nonblocking (
      input_base (self), self->buffer, encrypted ? self->size : MIN (self->size, self->turn_left), NULL, error);
  if (got > 0)
    self->length = (gsize) got;
  return got;
}

/* At most @count of the peer's bytes, before the meter has seen them. */
static gssize
take (DwFrameInput *self, void *bytes, gsize count, GError **error)
{
  gsize length;

  if (!has_buffered (self) && self->options->buffer_bytes > 0)
    {
      gssize got = fill (self, error);

      if (got <= 0)
        return got;
    }
  if (!has_buffered (self))
    return g_pollable_input_stream_read_nonblocking (input_base (self), bytes, count, NULL, error);

  length = MIN (self->length - self->at, count);
  memcpy (bytes, self->buffer + self->at, length);
  self->at += length;
  return (gssize) length;
}

/* Whether the turn goes on. libsoup reads until a read would block, and only then parses what it has. */
static gboolean
goes_on (DwFrameInput *self, GError **error)
{
  gint64 time = self->options->budget_us > 0 ? now (self) : 0;

  if (self->held)
    {
      would_block (error, "held");
      return FALSE;
    }

  if (!self->in_turn)
    {
      self->held = self->owner != NULL && !self->owner->may_read (self->owner_data);
      if (self->held)
        {
          would_block (error, "held");
          return FALSE;
        }
      self->in_turn = TRUE;
      self->turn_ends = self->options->budget_us > 0 ? time + self->options->budget_us : G_MAXINT64;
      self->turn_left = self->options->turn_bytes > 0 ? self->options->turn_bytes : G_MAXSIZE;
    }

  if (time < self->turn_ends && self->turn_left > 0)
    return TRUE;
  would_block (error, "this turn is over");
  return FALSE;
}

static gssize
dw_frame_input_read_nonblocking (GPollableInputStream *stream, void *bytes, gsize count, GError **error)
{
  DwFrameInput *self = DW_FRAME_INPUT (stream);
  g_autoptr (DwFrameStream) keep G_GNUC_UNUSED = self->stream != NULL ? g_object_ref (self->stream) : NULL;
  DwFrameLimit over;
  gssize length;
  gsize good;

  DW_ASSERT_THREAD (self->thread);

  forget_source (self);
  if (waits_for_close (self))
    return would_block (error, "a close frame is on its way");
  if (self->dropping)
    return drop (self, error);
  if (self->over != DW_FRAME_LIMIT_NONE || !pongs_fit (self))
    return self->in_turn ? would_block (error, "this turn is over") : tell_limit (self, error);
  if (!goes_on (self, error))
    return -1;

  length = take (self, bytes, MIN (count, self->turn_left), error);
  if (length <= 0)
    return length;

  if (self->options->turn_bytes > 0)
    self->turn_left -= (gsize) length;

  over = dw_frame_meter_feed (&self->meter, &self->options->limits, bytes, (gsize) length, &good);
  if (self->meter.closed)
    {
      /* Nothing after a close frame counts (RFC 6455 section 5.5.1). */
      self->dropping = TRUE;
      end_writing_if_closed (self->stream);
    }

  if (over == DW_FRAME_LIMIT_NONE)
    return length;

  /* What came before the offending frame is still delivered; the rest of the buffer is dropped. */
  self->at = self->length;
  self->over = over;
  return good > 0 ? (gssize) good : would_block (error, "this turn is over");
}

static gssize
dw_frame_input_read (GInputStream *stream, void *bytes, gsize count, GCancellable *cancellable, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "read without blocking");
  return -1;
}

static void
dw_frame_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->can_poll = dw_frame_input_can_poll;
  iface->is_readable = dw_frame_input_is_readable;
  iface->create_source = dw_frame_input_create_source;
  iface->read_nonblocking = dw_frame_input_read_nonblocking;
}

static void
dw_frame_input_dispose (GObject *object)
{
  DwFrameInput *self = DW_FRAME_INPUT (object);

  DW_ASSERT_THREAD (self->thread);
  stop_rescue (self);
  g_clear_pointer (&self->wait, dw_poll_remove);
  g_clear_pointer (&self->buffer, g_free);
  self->at = self->length = 0;
  G_OBJECT_CLASS (dw_frame_input_parent_class)->dispose (object);
}

static void
dw_frame_input_class_init (DwFrameInputClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_frame_input_dispose;
  G_INPUT_STREAM_CLASS (klass)->read_fn = dw_frame_input_read;
}

static void
dw_frame_input_init (DwFrameInput *self)
{
  self->rescue_due = G_MAXINT64;
  self->thread = g_thread_self ();
}

static GPollableOutputStream *
output_base (gpointer self)
{
  return G_POLLABLE_OUTPUT_STREAM (g_filter_output_stream_get_base_stream (G_FILTER_OUTPUT_STREAM (self)));
}

static gboolean
dw_frame_output_can_poll (GPollableOutputStream *stream)
{
  return g_pollable_output_stream_can_poll (output_base (stream));
}

static gboolean
dw_frame_output_is_writable (GPollableOutputStream *stream)
{
  return g_pollable_output_stream_is_writable (output_base (stream));
}

static GSource *
dw_frame_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) child = g_pollable_output_stream_create_source (output_base (stream), cancellable);
  GSource *source = g_pollable_source_new (G_OBJECT (stream));

  g_source_set_dummy_callback (child);
  g_source_add_child_source (source, child);
  return source;
}

static void
make_room (DwFrameOutput *self)
{
  GBytes **few = self->owed == self->few ? self->few : NULL;

  if (self->owed_at > self->owed_size / 2)
    {
      memmove (self->owed, self->owed + self->owed_at, self->owed_n * sizeof *self->owed);
      self->owed_at = 0;
      return;
    }
  self->owed_size *= 2;
  self->owed = g_renew (GBytes *, few != NULL ? NULL : self->owed, self->owed_size);
  if (few != NULL)
    memcpy (self->owed, few, sizeof self->few);
}

/* An array, because a GQueue would allocate a link for each frame of thousands of streams. */
static void
push_owed (DwFrameOutput *self, GBytes *frame)
{
  if (self->owed_at + self->owed_n == self->owed_size)
    make_room (self);
  self->owed[self->owed_at + self->owed_n++] = g_bytes_ref (frame);
}

static void
clear_owed (DwFrameOutput *self)
{
  for (guint i = 0; i < self->owed_n; i++)
    g_bytes_unref (self->owed[self->owed_at + i]);
  if (self->owed != self->few)
    g_free (self->owed);
  self->owed = self->few;
  self->owed_size = FEW;
  self->owed_at = self->owed_n = 0;
}

static void
drop_owed (DwFrameOutput *self, gsize taken)
{
  self->written += taken;
  while (taken > 0)
    {
      g_autoptr (GBytes) first = self->owed[self->owed_at];
      gsize size = g_bytes_get_size (first);

      if (taken < size)
        {
          self->owed[self->owed_at] = g_bytes_new_from_bytes (first, taken, size - taken);
          return;
        }
      taken -= size;
      self->owed_at++;
      self->owed_n--;
    }
  if (self->owed_n == 0)
    clear_owed (self);
}

static GPollableReturn
write_vectors (DwFrameOutput *self, gsize *taken)
{
  GOutputVector vectors[AT_ONCE];
  gsize n;

  for (n = 0; n < MIN (self->owed_n, AT_ONCE); n++)
    vectors[n].buffer = g_bytes_get_data (self->owed[self->owed_at + n], &vectors[n].size);
  return g_pollable_output_stream_writev_nonblocking (output_base (self), vectors, n, taken, NULL, NULL);
}

/* Bypasses GIO, whose overhead is a third of the time when writing to thousands of sockets (measured). */
static gssize
write_bare (DwFrameOutput *self, const guint8 *data, gsize length, GError **error)
{
  gssize n;

  do
    n = send (self->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    g_set_error_literal (error, G_IO_ERROR, (int) g_io_error_from_errno (errno), "nothing could be sent");
  return n;
}

/* Packs as many frames as fit into one TLS record: a vectored write would make one record and one system call of each
 * frame. After a write that would block, TLS has to be given the same bytes again, and the same number. */
static GPollableReturn
write_record (DwFrameOutput *self, gsize *taken)
{
  g_autoptr (GError) error = NULL;
  guint8 record[RECORD];
  gsize most = self->promised > 0 ? self->promised : sizeof record;
  gsize length = 0;
  gssize n;

  for (guint i = 0; i < self->owed_n && length < most; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (self->owed[self->owed_at + i], &size);

      size = MIN (size, most - length);
      memcpy (record + length, data, size);
      length += size;
    }

  n = self->fd >= 0 ? write_bare (self, record, length, &error)
                    : g_pollable_output_stream_write_nonblocking (output_base (self), record, length, NULL, &error);

  self->promised = n > 0 || !self->encrypted ? 0 : length;
  *taken = (gsize) MAX (n, 0);
  if (n > 0)
    return G_POLLABLE_RETURN_OK;
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? G_POLLABLE_RETURN_WOULD_BLOCK
                                                                     : G_POLLABLE_RETURN_FAILED;
}

/* FALSE while frames are left to write. If libsoup's own frame is partly written, it has to be finished first. When
 * the connection has failed the frames are dropped; libsoup sees the error when it reads. */
static gboolean
write_owed (DwFrameOutput *self)
{
  self->gathered = 0;
  while (self->owed_n > 0)
    {
      gsize taken = 0;
      GPollableReturn got = G_POLLABLE_RETURN_WOULD_BLOCK;

      if (!self->halfway)
        got = self->encrypted || g_bytes_get_size (self->owed[self->owed_at]) < SMALL
                  ? write_record (self, &taken)
                  : write_vectors (self, &taken);
      if (got == G_POLLABLE_RETURN_WOULD_BLOCK)
        return FALSE;
      if (got == G_POLLABLE_RETURN_OK)
        drop_owed (self, taken);
      else
        clear_owed (self);
    }
  return TRUE;
}

static void
stop_flush (DwFrameOutput *self)
{
  if (self->flush != NULL)
    g_source_destroy (self->flush);
  g_clear_pointer (&self->flush, g_source_unref);

  dw_turn_remove (&self->place);
  self->fd = -1;
  clear_owed (self);
}

static gboolean
on_flush (GObject *stream, gpointer data)
{
  DwFrameOutput *self = data;

  if (!write_owed (self))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->flush, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
write_or_wait (gpointer data)
{
  DwFrameOutput *self = data;

  if (write_owed (self) || self->flush != NULL)
    return;
  self->flush = g_pollable_output_stream_create_source (output_base (self), NULL);
  g_source_set_callback (self->flush, G_SOURCE_FUNC (on_flush), self, NULL);
  g_source_attach (self->flush, g_main_context_get_thread_default ());
}

/* Relies on libsoup never writing parts of two frames in one call. */
static void
count_written (DwFrameOutput *self, gsize length, gsize count)
{
  self->written += length;
  if (self->head == PONG_HEAD)
    {
      self->pongs += length;
      self->pings += length == count;
    }

  self->halfway = length < count;
  if (self->head != CLOSE_HEAD || self->halfway)
    return;
  self->closed = TRUE;
  end_writing_if_closed (self->stream);
  if (self->stream != NULL && self->stream->input->source != NULL && self->stream->input->closing)
    g_source_set_ready_time (self->stream->input->source, 0);
}

static gssize
dw_frame_output_write_nonblocking (GPollableOutputStream *stream, const void *bytes, gsize count, GError **error)
{
  DwFrameOutput *self = DW_FRAME_OUTPUT (stream);
  gssize length;

  DW_ASSERT_THREAD (self->thread);
  if (!self->halfway && !write_owed (self))
    return would_block (error, "a frame is on its way");

  length = g_pollable_output_stream_write_nonblocking (output_base (stream), bytes, count, NULL, error);
  if (!self->halfway)
    self->head = *(const guint8 *) bytes;
  if (length > 0)
    count_written (self, (gsize) length, count);
  else if (self->encrypted)
    /* TLS has already taken the bytes, and has to be given the same ones again before any others. */
    self->halfway = TRUE;
  return length;
}

static gssize
dw_frame_output_write (GOutputStream *stream,
                       const void *bytes,
                       gsize count,
                       GCancellable *cancellable,
                       GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "write without blocking");
  return -1;
}

static void
dw_frame_output_dispose (GObject *object)
{
  DwFrameOutput *self = DW_FRAME_OUTPUT (object);

  DW_ASSERT_THREAD (self->thread);
  stop_flush (self);
  g_clear_pointer (&self->turn, dw_turn_unref);
  G_OBJECT_CLASS (dw_frame_output_parent_class)->dispose (object);
}

static void
dw_frame_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->can_poll = dw_frame_output_can_poll;
  iface->is_writable = dw_frame_output_is_writable;
  iface->create_source = dw_frame_output_create_source;
  iface->write_nonblocking = dw_frame_output_write_nonblocking;
}

static void
dw_frame_output_class_init (DwFrameOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_frame_output_dispose;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = dw_frame_output_write;
}

static void
dw_frame_output_init (DwFrameOutput *self)
{
  self->owed = self->few;
  self->owed_size = FEW;
  self->fd = -1;
  self->thread = g_thread_self ();
}

static GInputStream *
dw_frame_stream_get_input_stream (GIOStream *stream)
{
  return G_INPUT_STREAM (DW_FRAME_STREAM (stream)->input);
}

static GOutputStream *
dw_frame_stream_get_output_stream (GIOStream *stream)
{
  return G_OUTPUT_STREAM (DW_FRAME_STREAM (stream)->output);
}

/* Stops using the socket, before its descriptor can be reused and in the thread that owns all this. */
static void
detach (DwFrameStream *self)
{
  DW_ASSERT_THREAD (self->thread);
  if (self->detached)
    return;

  self->detached = TRUE;
  stop_rescue (self->input);
  g_clear_pointer (&self->input->wait, dw_poll_remove);
  stop_flush (self->output);
}

/* TLS says goodbye in a pool thread, and a peer that reads nothing would block that thread for good. */
static void
hurry (DwFrameStream *self)
{
  if (self->socket == NULL || !self->output->encrypted || g_socket_is_closed (self->socket))
    return;

  if (g_socket_condition_check (self->socket, G_IO_OUT) & G_IO_OUT)
    g_socket_set_timeout (self->socket, DW_FRAME_STREAM_GOODBYE);
  else
    g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
}

static gboolean
dw_frame_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  DwFrameStream *self = DW_FRAME_STREAM (stream);

  detach (self);

  /* Only dispose closes it synchronously, in the main loop, which must not block for a TLS goodbye. */
  if (self->output->encrypted)
    dw_frame_stream_abort (self);
  return g_io_stream_close (self->base, cancellable, error);
}

static void
on_base_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_io_stream_close_finish (G_IO_STREAM (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* The default one would run dw_frame_stream_close() in a pool thread. */
static void
dw_frame_stream_close_async (GIOStream *stream,
                             int priority,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data)
{
  DwFrameStream *self = DW_FRAME_STREAM (stream);
  GTask *task = g_task_new (stream, cancellable, callback, data);

  g_task_set_source_tag (task, dw_frame_stream_close_async);
  g_task_set_priority (task, priority);
  detach (self);
  hurry (self);
  g_io_stream_close_async (self->base, priority, cancellable, on_base_closed, task);
}

static gboolean
dw_frame_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
dw_frame_stream_finalize (GObject *object)
{
  DwFrameStream *self = DW_FRAME_STREAM (object);

  detach (self);
  /* libsoup may hold on to both streams a little longer. */
  self->input->stream = NULL;
  self->input->owner = NULL;
  self->output->stream = NULL;

  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_object (&self->socket);
  g_clear_object (&self->base);
  G_OBJECT_CLASS (dw_frame_stream_parent_class)->finalize (object);
}

static void
dw_frame_stream_class_init (DwFrameStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = dw_frame_stream_finalize;
  stream_class->get_input_stream = dw_frame_stream_get_input_stream;
  stream_class->get_output_stream = dw_frame_stream_get_output_stream;
  stream_class->close_fn = dw_frame_stream_close;
  stream_class->close_async = dw_frame_stream_close_async;
  stream_class->close_finish = dw_frame_stream_close_finish;
}

static void
dw_frame_stream_init (DwFrameStream *self)
{
}

/**
 * dw_frame_stream_new:
 * @base: a connection right after its upgrade, with pollable streams: a socket's, or TLS over one
 * @socket: (nullable): the bare socket underneath
 * @poll: (nullable): waits for @socket if @base is not encrypted, and writes queued frames at the end of its turns;
 *   %NULL to wait in the main loop and write each frame at once
 * @early: (nullable): bytes that came right after the head of the upgrade
 * @options: how to read it; they have to outlive the stream
 *
 * Returns: (transfer full): the connection with limits, for soup_websocket_connection_new()
 */
DwFrameStream *
dw_frame_stream_new (GIOStream *base,
                     GSocket *socket,
                     DwPoll *poll,
                     GBytes *early,
                     const DwFrameStreamOptions *options)
{
  DwFrameStream *self = g_object_new (DW_TYPE_FRAME_STREAM, NULL);

  self->base = g_object_ref (base);
  self->thread = g_thread_self ();
  g_set_object (&self->socket, socket);
  self->input = g_object_new (DW_TYPE_FRAME_INPUT, "base-stream", g_io_stream_get_input_stream (base),
                              "close-base-stream", FALSE, NULL);
  self->output = g_object_new (DW_TYPE_FRAME_OUTPUT, "base-stream", g_io_stream_get_output_stream (base),
                               "close-base-stream", FALSE, NULL);

  self->input->options = options;
  self->input->stream = self;
  self->output->encrypted = options->encrypted || G_IS_TLS_CONNECTION (base);
  if (socket != NULL && !self->output->encrypted)
    self->output->fd = g_socket_get_fd (socket);
  self->output->stream = self;

  if (early != NULL && g_bytes_get_size (early) > 0)
    {
      self->input->length = self->input->size = g_bytes_get_size (early);
      self->input->buffer = g_memdup2 (g_bytes_get_data (early, NULL), self->input->length);
    }
  if (options->rescue_us > 0)
    start_rescue (self->input);
  if (poll != NULL)
    self->output->turn = dw_turn_ref (dw_poll_get_turn (poll));
  if (poll != NULL && socket != NULL && !self->output->encrypted)
    self->input->wait = dw_poll_add (poll, socket);
  return self;
}

/**
 * dw_frame_stream_set_owner:
 * @self: a stream
 * @owner: (nullable): who is asked and told; it has to stay in memory
 * @data: for the callbacks; set %NULL before it goes away
 */
void
dw_frame_stream_set_owner (DwFrameStream *self, const DwFrameStreamOwner *owner, gpointer data)
{
  self->input->owner = owner;
  self->input->owner_data = data;
}

/**
 * dw_frame_stream_set_control:
 * @self: a stream
 * @control: (nullable): who wants to see the peer's pings and pongs, which libsoup does not show; it has to outlive
 *   the stream or be taken away before
 */
void
dw_frame_stream_set_control (DwFrameStream *self, DwFrameControl *control)
{
  DW_ASSERT_THREAD (self->thread);
  self->input->meter.control = control;
}

/**
 * dw_frame_stream_resume:
 * @self: a stream
 *
 * Starts reading again. What came meanwhile waited in the kernel, and TCP back-pressure held the sender up.
 */
void
dw_frame_stream_resume (DwFrameStream *self)
{
  if (!self->input->held)
    return;
  self->input->held = FALSE;
  if (self->input->source != NULL)
    g_source_set_ready_time (self->input->source, 0);
}

/**
 * dw_frame_stream_get_written:
 * @self: a stream
 *
 * Returns: how many bytes have been handed to the kernel
 */
guint64
dw_frame_stream_get_written (DwFrameStream *self)
{
  return self->output->written;
}

/**
 * dw_frame_stream_get_pongs:
 * @self: a stream
 *
 * Returns: how many bytes the pongs to all of the peer's pings so far take
 */
guint64
dw_frame_stream_get_pongs (DwFrameStream *self)
{
  return self->input->meter.pongs;
}

/**
 * dw_frame_stream_get_n_owed:
 * @self: a stream
 *
 * Returns: how many frames are queued
 */
gsize
dw_frame_stream_get_n_owed (DwFrameStream *self)
{
  return self->output->owed_n;
}

/**
 * dw_frame_stream_is_stuck:
 * @self: a stream
 *
 * Returns: whether the kernel takes no more for now; while it does, no more than %DW_FRAME_STREAM_GATHER is queued
 */
gboolean
dw_frame_stream_is_stuck (DwFrameStream *self)
{
  return self->output->flush != NULL;
}

/**
 * dw_frame_stream_send:
 * @self: a stream
 * @frame: a whole frame
 *
 * Sends a frame without libsoup, which would copy each frame and write it in a call of its own. All frames that a
 * stream gets in one turn of its poll are written in one call at the end of the turn; any number of streams can share
 * the same bytes. libsoup's own frames, pongs and the close frame, go out after those queued before them. The caller
 * bounds the queue.
 */
void
dw_frame_stream_send (DwFrameStream *self, GBytes *frame)
{
  DwFrameOutput *output = self->output;

  DW_ASSERT_THREAD (self->thread);
  if (self->detached)
    return;

  push_owed (output, frame);
  output->gathered += g_bytes_get_size (frame);
  if (output->flush != NULL)
    return;

  if (output->turn == NULL || output->gathered >= DW_FRAME_STREAM_GATHER)
    write_or_wait (output);
  else
    dw_turn_add (output->turn, &output->place, write_or_wait, output);
}

/**
 * dw_frame_stream_ping:
 * @self: a stream of a client that is not closing
 * @pong: whether to send an unasked pong instead (RFC 6455 section 5.5.3)
 * @payload: what the ping says and its answer repeats, or %NULL for nothing
 * @length: how many bytes that are, at most %DW_FRAME_CONTROL_BYTES
 *
 * Sends a ping of its own, which libsoup 3.2 can do at intervals alone and without a payload.
 *
 * Returns: whether it was queued: it is too long, or 16 KiB of them wait already, else
 */
gboolean
dw_frame_stream_ping (DwFrameStream *self, gboolean pong, const guint8 *payload, gsize length)
{
  guint8 frame[6 + DW_FRAME_CONTROL_BYTES];
  guint32 mask = g_random_int ();
  g_autoptr (GBytes) bytes = NULL;

  DW_ASSERT_THREAD (self->thread);
  if (length > DW_FRAME_CONTROL_BYTES || self->output->closed || self->output->owed_n * sizeof frame >= PINGS)
    return FALSE;

  frame[0] = pong ? PONG_HEAD : PING_HEAD;
  frame[1] = (guint8) (0x80 | length);
  memcpy (frame + 2, &mask, sizeof mask);
  for (gsize i = 0; i < length; i++)
    frame[6 + i] = payload[i] ^ frame[2 + i % 4];
  bytes = g_bytes_new (frame, 6 + length);
  dw_frame_stream_send (self, bytes);
  return TRUE;
}

/**
 * dw_frame_stream_begin_close:
 * @self: a stream
 *
 * Call it before sending a close frame. What the peer still sends is dropped from here on, until its close frame
 * arrives or the options' number of bytes is reached, and then libsoup sees the end of the stream or an error.
 * libsoup alone would go on delivering messages for 5 s, three million of them (measured).
 */
void
dw_frame_stream_begin_close (DwFrameStream *self)
{
  DW_ASSERT_THREAD (self->thread);
  self->input->dropping = self->input->closing = TRUE;
}

/**
 * dw_frame_stream_abort:
 * @self: a stream
 *
 * Ends the connection without a close frame, by shutting the socket down, which libsoup notices at its next turn; had
 * we closed the stream under it, it would never read again. It never blocks, as closing TLS would with a peer that
 * does not read.
 */
void
dw_frame_stream_abort (DwFrameStream *self)
{
  DW_ASSERT_THREAD (self->thread);
  if (self->socket != NULL)
    g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  else
    g_io_stream_close (self->base, NULL, NULL);
}
