/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-poll.h"

#include <glib-unix.h>
#include <sys/epoll.h>
#include <unistd.h>

/* GMainContext passes all its descriptors to poll() in every turn: with 5,000 connections that alone cost 25 ms per
 * message (measured). Here the main loop polls a single epoll descriptor, and epoll has the rest. */
struct _DwPoll
{
  int fd;
  guint source;
  DwTurn *turn;
};

struct _DwPollWait
{
  DwPoll *poll;
  int fd;
  GSource *source; /* the source that waits, or NULL */
  gboolean began;  /* the first source has been made */
};

/* How many ready sockets are handled in one turn. */
#define AT_ONCE 256

/* The priority of idle sources. GMainContext checks every source before and after each poll(), except those of lower
 * priority than one that is ready: with 5,000 sources those checks were half the time of a turn (measured). Once
 * there is something to read a source gets the default priority, so that nothing starves it. */
#define ASLEEP (DW_TURN_PRIORITY + 1)

/* The source for one stream, which the poll makes ready. */
typedef struct
{
  GSource source;
  DwPollWait *wait; /* or NULL: removed */
  GObject *stream;
} WaitSource;

static void
arm (DwPollWait *wait, int operation)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = wait };

  epoll_ctl (wait->poll->fd, operation, wait->fd, &event);
}

static void
wake (GSource *source)
{
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_ready_time (source, 0);
}

static gboolean
on_ready (int fd, GIOCondition condition, gpointer data)
{
  struct epoll_event events[AT_ONCE];
  int n = epoll_wait (fd, events, AT_ONCE, 0);

  for (int i = 0; i < n; i++)
    {
      DwPollWait *wait = events[i].data.ptr;

      if (wait->source != NULL)
        wake (wait->source);
    }
  return G_SOURCE_CONTINUE;
}

/**
 * dw_poll_new:
 *
 * Returns: (transfer full): a poll in the default main context
 */
DwPoll *
dw_poll_new (void)
{
  DwPoll *poll = g_rc_box_new0 (DwPoll);

  poll->fd = epoll_create1 (EPOLL_CLOEXEC);
  poll->source = g_unix_fd_add (poll->fd, G_IO_IN, on_ready, poll);
  poll->turn = dw_turn_new ();
  return poll;
}

/**
 * dw_poll_ref:
 * @poll: a poll
 *
 * Returns: (transfer full): @poll
 */
DwPoll *
dw_poll_ref (DwPoll *poll)
{
  return g_rc_box_acquire (poll);
}

static void
clear (gpointer data)
{
  DwPoll *poll = data;

  g_source_remove (poll->source);
  dw_turn_unref (poll->turn);
  close (poll->fd);
}

/**
 * dw_poll_unref:
 * @poll: (transfer full): a poll
 */
void
dw_poll_unref (DwPoll *poll)
{
  g_rc_box_release_full (poll, clear);
}

/**
 * dw_poll_get_turn:
 * @poll: a poll
 *
 * Returns: (transfer none): its turn, which ends once everything that was ready together has been read
 */
DwTurn *
dw_poll_get_turn (DwPoll *poll)
{
  return poll->turn;
}

/**
 * dw_poll_add:
 * @poll: a poll
 * @socket: a socket, which has to stay open until dw_poll_remove()
 *
 * Returns: (transfer full): a wait for it to become readable
 */
DwPollWait *
dw_poll_add (DwPoll *poll, GSocket *socket)
{
  DwPollWait *wait = g_new0 (DwPollWait, 1);

  wait->poll = dw_poll_ref (poll);
  wait->fd = g_socket_get_fd (socket);
  arm (wait, EPOLL_CTL_ADD);
  return wait;
}

/**
 * dw_poll_remove:
 * @wait: (transfer full): a wait
 *
 * Stops waiting. Sources made for it are never ready again.
 */
void
dw_poll_remove (DwPollWait *wait)
{
  epoll_ctl (wait->poll->fd, EPOLL_CTL_DEL, wait->fd, NULL);
  if (wait->source != NULL)
    ((WaitSource *) wait->source)->wait = NULL;
  dw_poll_unref (wait->poll);
  g_free (wait);
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  WaitSource *self = (WaitSource *) source;
  GPollableSourceFunc function = (GPollableSourceFunc) (GCallback) callback;
  gboolean goes_on;

  g_source_set_ready_time (source, -1);
  goes_on = function (self->stream, data);
  /* If something was left unread, epoll reports the socket again at once. */
  if (goes_on && self->wait != NULL)
    arm (self->wait, EPOLL_CTL_MOD);
  return goes_on;
}

static void
finalize (GSource *source)
{
  WaitSource *self = (WaitSource *) source;

  if (self->wait != NULL && self->wait->source == source)
    self->wait->source = NULL;
  g_object_unref (self->stream);
}

static gboolean
closure_callback (gpointer data)
{
  return G_SOURCE_REMOVE;
}

static GSourceFuncs functions = { .dispatch = dispatch,
                                  .finalize = finalize,
                                  .closure_callback = closure_callback };

/**
 * dw_poll_create_source:
 * @wait: a wait
 * @stream: the stream to read from
 *
 * Only the latest source of a wait ever becomes ready.
 *
 * Returns: (transfer full): a source for a #GPollableSourceFunc
 */
GSource *
dw_poll_create_source (DwPollWait *wait, GObject *stream)
{
  GSource *source = g_source_new (&functions, sizeof (WaitSource));

  g_source_set_static_name (source, "DwPoll");
  g_source_set_priority (source, ASLEEP);
  ((WaitSource *) source)->wait = wait;
  ((WaitSource *) source)->stream = g_object_ref (stream);

  /* The previous source may still be running; it must not use this wait any more. */
  if (wait->source != NULL)
    ((WaitSource *) wait->source)->wait = NULL;
  wait->source = source;

  /* The first source is ready at once, since bytes that came with the handshake are already in the stream and the
   * socket would not report them. Later libsoup makes a source only when it has read everything. */
  if (!wait->began)
    wake (source);
  else
    arm (wait, EPOLL_CTL_MOD);
  wait->began = TRUE;

  return source;
}
