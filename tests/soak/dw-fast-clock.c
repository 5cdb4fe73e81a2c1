/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "dw-fast-clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* How long nothing must happen before time is skipped, in microseconds, and how long a busy thread is waited for, in
 * milliseconds. To sleep for the first would take as long as other processes please. */
#define STILL_US 60
#define BUSY_MS 1

/* The longest skip, in microseconds: what only looks still is not missed for long. */
#define LONGEST ((gint64) 60 * G_USEC_PER_SEC)

#define TIMERS 1024

static gint64 skipped; /* in microseconds; atomic, as the next two */
static gint64 slept;
static gint64 ahead;

/* When each timer descriptor is due, on the boot clock in microseconds, or 0. Only the main loop has such timers. */
static gint64 due_of[TIMERS];

static gint64
load (const gint64 *number)
{
  return __atomic_load_n (number, __ATOMIC_RELAXED);
}

static gint64
read_real (clockid_t clock)
{
  struct timespec now;

  syscall (SYS_clock_gettime, clock, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gint64
read_fast (clockid_t clock)
{
  gint64 now = read_real (clock) + load (&skipped);

  if (clock == CLOCK_BOOTTIME || clock == CLOCK_REALTIME)
    now += load (&slept);
  if (clock == CLOCK_REALTIME)
    now += load (&ahead);
  return now;
}

/* The C library's functions, replaced. */

int
clock_gettime (clockid_t clock, struct timespec *now)
{
  gint64 fast;

  if (clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_REALTIME)
    return (int) syscall (SYS_clock_gettime, clock, now);

  fast = read_fast (clock);
  *now = (struct timespec){ fast / G_USEC_PER_SEC, fast % G_USEC_PER_SEC * 1000 };
  return 0;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
  gint64 fast = read_fast (CLOCK_REALTIME);

  *now = (struct timeval){ fast / G_USEC_PER_SEC, fast % G_USEC_PER_SEC };
  return 0;
}

/* The TLS library compares a certificate's dates with this. */
time_t
time (time_t *where)
{
  time_t now = (time_t) (read_fast (CLOCK_REALTIME) / G_USEC_PER_SEC);

  if (where != NULL)
    *where = now;
  return now;
}

/* The kernel's timers know nothing of this: one that is due is set to go off at once. */
int
timerfd_settime (int fd, int flags, const struct itimerspec *when, struct itimerspec *before)
{
  g_assert_true (fd < TIMERS && flags == TFD_TIMER_ABSTIME && before == NULL);
  due_of[fd] = (gint64) when->it_value.tv_sec * G_USEC_PER_SEC + when->it_value.tv_nsec / 1000;
  return 0;
}

static void
set_off_timers (void)
{
  static const struct itimerspec at_once = { .it_value = { .tv_nsec = 1 } };
  gint64 now = read_fast (CLOCK_BOOTTIME);

  for (int fd = 0; fd < TIMERS; fd++)
    if (due_of[fd] != 0 && due_of[fd] <= now)
      {
        due_of[fd] = 0;
        /* It may be closed, and its number another one's: then it is refused. */
        syscall (SYS_timerfd_settime, fd, 0, &at_once, NULL);
      }
}

static gint64
until_next_timer (void)
{
  gint64 next = G_MAXINT64;

  for (int fd = 0; fd < TIMERS; fd++)
    if (due_of[fd] != 0)
      next = MIN (next, due_of[fd]);
  return next == G_MAXINT64 ? next : MAX (next - read_fast (CLOCK_BOOTTIME), 0);
}

/* Whether a thread runs, may run, or waits for the disk. */
static gboolean
thread_is_busy (const char *name)
{
  char path[64];
  char text[256];
  const char *state;
  gssize length;
  int fd;

  g_snprintf (path, sizeof path, "/proc/self/task/%s/stat", name);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  length = fd >= 0 ? read (fd, text, sizeof text - 1) : 0;
  if (fd >= 0)
    close (fd);
  if (length <= 0)
    return FALSE;
  text[length] = '\0';
  /* The name before may hold anything. */
  state = strrchr (text, ')');
  return state != NULL && (state[2] == 'R' || state[2] == 'D');
}

static gboolean
others_are_busy (void)
{
  g_autofree char *own = g_strdup_printf ("%d", (int) gettid ());
  DIR *tasks = opendir ("/proc/self/task");
  struct dirent *task;
  gboolean busy = FALSE;

  while (!busy && (task = readdir (tasks)) != NULL)
    busy = task->d_name[0] != '.' && strcmp (task->d_name, own) != 0 && thread_is_busy (task->d_name);
  closedir (tasks);
  return busy;
}

/* Looks for a while whether anything is ready, without giving the processor away. */
static int
watch (GPollFD *descriptors, guint n)
{
  gint64 begun = read_real (CLOCK_MONOTONIC);
  int ready;

  do
    ready = g_poll (descriptors, n, 0);
  while (ready == 0 && read_real (CLOCK_MONOTONIC) - begun < STILL_US);
  return ready;
}

static int
poll_fast (GPollFD *descriptors, guint n, int timeout_ms)
{
  gint64 until = timeout_ms < 0 ? G_MAXINT64 : read_fast (CLOCK_MONOTONIC) + timeout_ms * G_TIME_SPAN_MILLISECOND;
  int ready = 0;

  while (ready == 0)
    {
      gint64 rest = until == G_MAXINT64 ? until : until - read_fast (CLOCK_MONOTONIC);
      gint64 wait = MIN (rest, until_next_timer ());

      set_off_timers ();
      if (rest <= 0)
        return g_poll (descriptors, n, 0);
      ready = watch (descriptors, n);
      if (ready == 0 && (wait == G_MAXINT64 || others_are_busy ()))
        ready = g_poll (descriptors, n, BUSY_MS);
      else if (ready == 0 && wait > 0)
        __atomic_add_fetch (&skipped, MIN (wait, LONGEST), __ATOMIC_RELAXED);
    }
  return ready;
}

void
dw_fast_clock_install (void)
{
  g_main_context_set_poll_func (NULL, poll_fast);
}

void
dw_fast_clock_begin_at (gint64 microseconds)
{
  __atomic_store_n (&ahead, microseconds, __ATOMIC_RELAXED);
}

void
dw_fast_clock_sleep (gint64 microseconds)
{
  __atomic_add_fetch (&slept, microseconds, __ATOMIC_RELAXED);
}

gint64
dw_fast_clock_get_real (void)
{
  return read_real (CLOCK_MONOTONIC);
}
