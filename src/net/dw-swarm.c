/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-swarm.h"

#include "dw-dial.h"
#include "dw-net-error.h"
#include "dw-upgrade-head.h"

#include "wire/dw-thread.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* How many ready sockets are handled in one turn of the main loop, so that timers and signals have theirs. */
#define AT_ONCE 128

/* How often one connection is read in one turn. */
#define READS_AT_ONCE 16

#define GOING_WELL 1000
#define PROTOCOL_ERROR 1002
#define NO_CODE 1005
#define NO_CLOSE_FRAME 1006

typedef enum
{
  NOT_OPEN,
  OPENING,
  OPEN,
  ENDED,
} State;

typedef struct
{
  State state;
  guint code; /* of the close frame that came, or 0 */
  int fd;
  gboolean ending;
  gboolean more; /* there may be more to read, and epoll does not say it again */
  GSocket *socket;
  GIOStream *stream; /* over the socket */
  GByteArray *owed;  /* what the socket did not take yet, at most DW_SWARM_OWED; or NULL */
  GCancellable *opening;
  DwFrameReader reader;
} Member;

struct _DwSwarm
{
  const DwSwarmTarget *target;
  DwSwarmEvents events;
  gpointer data;
  gboolean over; /* it was freed, and only what is being opened still refers to it */

  int poll;
  guint source;
  guint again; /* the source for members that have more */
  guint8 *buffer;
  guint size;
  Member *members;
};

/* A connection that is being opened. */
typedef struct
{
  DwSwarm *swarm;
  guint index;
  guint deadline;
  gint64 began;
  char *key;
  GCancellable *cancellable;
  GIOStream *stream;
  GSocket *socket;
} Opening;

static void
clear_swarm (gpointer data)
{
  DwSwarm *self = data;

  g_free (self->members);
  g_free (self->buffer);
}

static void
opening_free (Opening *opening)
{
  g_clear_handle_id (&opening->deadline, g_source_remove);
  g_clear_object (&opening->cancellable);
  g_clear_object (&opening->stream);
  g_clear_object (&opening->socket);
  g_free (opening->key);
  g_rc_box_release_full (opening->swarm, clear_swarm);
  g_free (opening);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_free)

/* TLS says no goodbye: that could block, and a WebSocket has a close frame for it (RFC 6455 section 1.4). */
static void
drop (DwSwarm *self, Member *member)
{
  member->state = ENDED;
  if (member->socket != NULL)
    {
      epoll_ctl (self->poll, EPOLL_CTL_DEL, member->fd, NULL);
      g_socket_close (member->socket, NULL);
    }
  g_clear_object (&member->stream);
  g_clear_object (&member->socket);
  g_clear_pointer (&member->owed, g_byte_array_unref);
  dw_frame_reader_clear (&member->reader);
}

static void
end (DwSwarm *self, Member *member, guint code)
{
  drop (self, member);
  self->events.closed ((guint) (member - self->members), code, self->data);
}

static void
watch (DwSwarm *self, Member *member, int operation)
{
  /* Edge-triggered: else epoll would look at each socket a second time after it was read. */
  struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET | (member->owed != NULL ? EPOLLOUT : 0),
                               .data.u32 = (guint32) (member - self->members) };

  epoll_ctl (self->poll, operation, member->fd, &event);
}

/* Returns: how many bytes were taken, 0 for none yet, or -1 if the connection is gone. */
static gssize
write_some (const DwSwarm *self, Member *member, const guint8 *data, gsize length)
{
  g_autoptr (GError) error = NULL;
  gssize taken;

  if (!self->target->secure)
    {
      taken = send (member->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
      return taken >= 0 ? taken : errno == EAGAIN || errno == EINTR ? 0 : -1;
    }

  taken = g_pollable_output_stream_write_nonblocking (
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (member->stream)), data, length, NULL, &error);
  return taken >= 0 ? taken : g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? 0 : -1;
}

/* A connection that is gone is noticed when it is read. */
static void
write_owed (DwSwarm *self, Member *member)
{
  gssize taken = write_some (self, member, member->owed->data, member->owed->len);

  if (taken > 0)
    g_byte_array_remove_range (member->owed, 0, (guint) taken);
  if (taken >= 0 && member->owed->len > 0)
    return;
  g_clear_pointer (&member->owed, g_byte_array_unref);
  watch (self, member, EPOLL_CTL_MOD);
}

static gboolean
send_frame (DwSwarm *self, Member *member, DwFrameOpcode opcode, const guint8 *data, gsize length)
{
  g_autofree guint8 *frame = NULL;
  gsize size;
  gssize taken = 0;

  if (member->owed != NULL && member->owed->len + length > DW_SWARM_OWED)
    return FALSE;
  frame = g_malloc (length + DW_FRAME_HEAD_BYTES);
  size = dw_frame_write_masked (opcode, data, length, g_random_int (), frame);

  if (member->owed == NULL)
    taken = write_some (self, member, frame, size);
  if (taken < 0)
    return FALSE;
  if ((gsize) taken == size)
    return TRUE;
  if (member->owed == NULL)
    {
      member->owed = g_byte_array_new ();
      watch (self, member, EPOLL_CTL_MOD);
    }
  g_byte_array_append (member->owed, frame + taken, (guint) (size - (gsize) taken));
  return TRUE;
}

typedef struct
{
  DwSwarm *swarm;
  Member *member;
} Hearing;

static gboolean
hear (const DwFrameRead *read, gpointer data)
{
  const Hearing *hearing = data;
  DwSwarm *self = hearing->swarm;
  Member *member = hearing->member;

  switch (read->opcode)
    {
    case DW_FRAME_TEXT:
    case DW_FRAME_BINARY:
      self->events.message ((guint) (member - self->members), read, self->data);
      break;
    case DW_FRAME_PING:
      send_frame (self, member, DW_FRAME_PONG, read->data, read->kept);
      break;
    case DW_FRAME_CLOSE:
      member->code = read->kept >= 2 ? read->data[0] * 256u + read->data[1] : NO_CODE;
      send_frame (self, member, DW_FRAME_CLOSE, read->data, MIN (read->kept, 2));
      return FALSE;
    case DW_FRAME_PONG:
    default:
      break;
    }
  return !self->over;
}

/* Returns: how many bytes were read, 0 for none yet, or -1 at the end. */
static gssize
read_some (DwSwarm *self, Member *member)
{
  g_autoptr (GError) error = NULL;
  gssize got;

  if (!self->target->secure)
    {
      got = recv (member->fd, self->buffer, DW_SWARM_READ, MSG_DONTWAIT);
      return got > 0 ? got : got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    }

  got = g_pollable_input_stream_read_nonblocking (
      G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (member->stream)), self->buffer, DW_SWARM_READ, NULL,
      &error);
  return got > 0 ? got : g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? 0 : -1;
}

static void
feed (DwSwarm *self, Member *member, const guint8 *data, gsize length)
{
  Hearing hearing = { self, member };

  if (!dw_frame_reader_feed (&member->reader, data, length, hear, &hearing) && !self->over)
    end (self, member, member->code != 0 ? member->code : PROTOCOL_ERROR);
}

static gboolean on_again (gpointer data);

/* @ending: whether the peer has shut it down, or it has failed: no other event will follow */
static void
read_member (DwSwarm *self, Member *member, gboolean ending)
{
  gssize got = 1;

  member->more = FALSE;
  for (guint i = 0; got > 0 && i < READS_AT_ONCE; i++)
    {
      got = read_some (self, member);
      if (got < 0)
        end (self, member, NO_CLOSE_FRAME);
      else if (got > 0)
        feed (self, member, self->buffer, (gsize) got);
      if (self->over || member->state != OPEN)
        return;
      /* A socket that had less than was asked for is empty (epoll(7)); TLS may keep a record. */
      if (!self->target->secure && !ending && got < DW_SWARM_READ)
        return;
    }
  if (got == 0)
    return;

  member->more = TRUE;
  member->ending = ending;
  if (self->again == 0)
    self->again = g_idle_add_full (G_PRIORITY_DEFAULT, on_again, self, NULL);
}

static gboolean
on_again (gpointer data)
{
  DwSwarm *self = g_rc_box_acquire (data);

  self->again = 0;
  for (guint i = 0; i < self->size && !self->over; i++)
    if (self->members[i].state == OPEN && self->members[i].more)
      read_member (self, &self->members[i], self->members[i].ending);
  g_rc_box_release_full (self, clear_swarm);
  return G_SOURCE_REMOVE;
}

static gboolean
on_ready (int fd, GIOCondition condition, gpointer data)
{
  DwSwarm *self = g_rc_box_acquire (data);
  struct epoll_event events[AT_ONCE];
  int n = epoll_wait (fd, events, AT_ONCE, 0);

  for (int i = 0; i < n && !self->over; i++)
    {
      Member *member = &self->members[events[i].data.u32];

      if (member->state == OPEN && member->owed != NULL && (events[i].events & EPOLLOUT) != 0)
        write_owed (self, member);
      if (member->state == OPEN && (events[i].events & ~(guint) EPOLLOUT) != 0)
        read_member (self, member, (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    }
  g_rc_box_release_full (self, clear_swarm);
  return G_SOURCE_CONTINUE;
}

static void
fail (Opening *opening, guint status, const GError *error)
{
  DwSwarm *self = opening->swarm;

  g_autoptr (GError) late = NULL;

  if (self->over)
    return;
  if (opening->deadline == 0)
    late = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "timed out");
  g_clear_object (&self->members[opening->index].opening);
  self->members[opening->index].state = ENDED;
  self->events.failed (opening->index, status, late != NULL ? late : error, self->data);
}

static DwUpgradeRequest
request_of (const Opening *opening)
{
  const DwSwarmTarget *target = opening->swarm->target;

  return (DwUpgradeRequest){ .host = target->authority,
                             .target = target->target,
                             .key = opening->key,
                             .agent = target->agent,
                             .headers = target->headers,
                             .protocols = target->protocols };
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Opening) opening = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwUpgradeHead) head = dw_upgrade_head_exchange_finish (result, &error);
  DwUpgradeRequest request = request_of (opening);
  DwSwarm *self = opening->swarm;
  Member *member = &self->members[opening->index];
  gconstpointer rest;
  gsize length;

  if (self->over)
    return;
  if (head == NULL || error != NULL || !dw_upgrade_head_check (head, &request, &error))
    {
      fail (opening, head != NULL ? head->status : 0, error);
      return;
    }

  g_clear_object (&member->opening);
  member->socket = g_steal_pointer (&opening->socket);
  member->fd = g_socket_get_fd (member->socket);
  member->stream = g_steal_pointer (&opening->stream);
  member->state = OPEN;
  watch (self, member, EPOLL_CTL_ADD);
  self->events.opened (opening->index, g_get_monotonic_time () - opening->began, self->data);

  rest = g_bytes_get_data (head->rest, &length);
  if (length > 0 && !self->over && member->state == OPEN)
    feed (self, member, rest, length);
  /* TLS may have decrypted what epoll does not report. */
  if (self->target->secure && !self->over && member->state == OPEN)
    read_member (self, member, FALSE);
}

static void
on_dialled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Opening) opening = data;
  g_autoptr (GError) error = NULL;
  DwUpgradeRequest request = request_of (opening);
  g_autofree char *text = NULL;

  opening->stream = dw_dial_finish (result, &opening->socket, &error);
  if (opening->swarm->over)
    return;
  if (opening->stream != NULL)
    text = dw_upgrade_request_write (&request, FALSE, &error);
  if (text == NULL)
    {
      fail (opening, 0, error);
      return;
    }
  dw_upgrade_head_exchange_async (opening->stream, text, opening->cancellable, on_answered, opening);
  g_steal_pointer (&opening);
}

static gboolean
on_deadline (gpointer data)
{
  Opening *opening = data;

  opening->deadline = 0;
  g_cancellable_cancel (opening->cancellable);
  return G_SOURCE_REMOVE;
}

/**
 * dw_swarm_new:
 * @target: where to connect; it has to outlive the swarm
 * @size: how many connections there may be
 * @events: what to call; copied
 * @data: for them
 *
 * GMainContext looks at each source before and after each poll(), and libsoup formats text for each frame; with
 * thousands of connections both cost more than the frames. Here one epoll descriptor has all of them.
 *
 * Returns: (transfer full): a swarm of closed connections
 */
DwSwarm *
dw_swarm_new (const DwSwarmTarget *target, guint size, const DwSwarmEvents *events, gpointer data)
{
  DwSwarm *self = g_rc_box_new0 (DwSwarm);

  DW_ASSERT_MAIN_THREAD ();
  self->target = target;
  self->events = *events;
  self->data = data;
  self->size = size;
  self->members = g_new0 (Member, size);
  self->buffer = g_malloc (DW_SWARM_READ);
  self->poll = epoll_create1 (EPOLL_CLOEXEC);
  self->source = g_unix_fd_add (self->poll, G_IO_IN, on_ready, self);
  return self;
}

/**
 * dw_swarm_free:
 * @self: (transfer full): a swarm
 *
 * Ends all connections at once, with a close frame where the socket takes it, and reports nothing more.
 */
void
dw_swarm_free (DwSwarm *self)
{
  static const guint8 code[] = { GOING_WELL >> 8, GOING_WELL & 0xff };

  self->over = TRUE;
  g_source_remove (self->source);
  g_clear_handle_id (&self->again, g_source_remove);
  for (guint i = 0; i < self->size; i++)
    {
      Member *member = &self->members[i];

      if (member->state == OPEN)
        {
          send_frame (self, member, DW_FRAME_CLOSE, code, sizeof code);
          drop (self, member);
        }
      if (member->opening != NULL)
        g_cancellable_cancel (member->opening);
      g_clear_object (&member->opening);
    }
  close (self->poll);
  g_rc_box_release_full (self, clear_swarm);
}

/**
 * dw_swarm_open:
 * @self: a swarm
 * @index: which connection, below its size; one that was not opened before
 *
 * Connects, and reports #DwSwarmEvents.opened or #DwSwarmEvents.failed later. A bad certificate is never accepted, and a
 * redirect not followed.
 */
void
dw_swarm_open (DwSwarm *self, guint index)
{
  const DwSwarmTarget *target = self->target;
  const DwDialOptions where = { .host = target->host,
                                .port = target->port,
                                .secure = target->secure,
                                .direct = target->direct,
                                .database = target->database };
  Opening *opening = g_new0 (Opening, 1);

  g_return_if_fail (index < self->size && self->members[index].state == NOT_OPEN);
  self->members[index].state = OPENING;
  opening->swarm = g_rc_box_acquire (self);
  opening->index = index;
  opening->began = g_get_monotonic_time ();
  opening->key = dw_upgrade_key_new ();
  opening->cancellable = g_cancellable_new ();
  opening->deadline = g_timeout_add (target->handshake_ms, on_deadline, opening);
  self->members[index].opening = g_object_ref (opening->cancellable);
  dw_dial_async (&where, opening->cancellable, on_dialled, opening);
}

/**
 * dw_swarm_send:
 * @self: a swarm
 * @index: which connection
 * @text: a frame's text
 * @length: its length in bytes, at most %DW_SWARM_OWED
 *
 * Returns: whether it was sent, or waits for the socket; not if the connection is not open, or %DW_SWARM_OWED bytes wait
 */
gboolean
dw_swarm_send (DwSwarm *self, guint index, const char *text, gsize length)
{
  Member *member = &self->members[index];

  return member->state == OPEN && send_frame (self, member, DW_FRAME_TEXT, (const guint8 *) text, length);
}
