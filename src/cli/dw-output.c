/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-output.h"

#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

struct _DwOutput
{
  int descriptor;
  const int *signals;
  DwOutputFailed failed;
  gpointer data;
  GString *waiting;
  guint source;
  gint64 deadline; /* in monotonic time, or 0 */
  gboolean ended;  /* nothing is written any more */
};

/**
 * dw_output_new:
 * @descriptor: where it writes; it may block
 * @signals: which signals end a wait for the reader, ended by 0
 * @failed: called once, where it cannot write
 * @data: for @failed
 *
 * Returns: (transfer full): an output
 */
DwOutput *
dw_output_new (int descriptor, const int *signals, DwOutputFailed failed, gpointer data)
{
  DwOutput *output = g_new0 (DwOutput, 1);

  output->descriptor = descriptor;
  output->signals = signals;
  output->failed = failed;
  output->data = data;
  output->waiting = g_string_new (NULL);
  return output;
}

/**
 * dw_output_set_deadline:
 * @output: an output
 * @deadline: until when it waits for the reader, in monotonic time
 */
void
dw_output_set_deadline (DwOutput *output, gint64 deadline)
{
  output->deadline = deadline;
}

static void
fail (DwOutput *output, int code)
{
  output->ended = TRUE;
  output->failed (code, output->data);
}

/* What can be written at once. Where there is room, as much as a pipe takes in one piece does not block (pipe(7)); the
 * descriptor stays as it was found, since others have it too. */
static void
write_some (DwOutput *output)
{
  GString *waiting = output->waiting;
  gsize written = 0;

  while (!output->ended && written < waiting->len)
    {
      struct pollfd room = { .fd = output->descriptor, .events = POLLOUT };
      gssize n;

      if (poll (&room, 1, 0) <= 0)
        break;
      n = write (output->descriptor, waiting->str + written, MIN (waiting->len - written, PIPE_BUF));
      if (n > 0)
        written += (gsize) n;
      else if (n < 0 && errno == EAGAIN)
        break;
      else if (n < 0 && errno != EINTR)
        fail (output, errno);
    }
  g_string_erase (waiting, 0, (gssize) (output->ended ? waiting->len : written));
}

static gboolean
on_room (gint descriptor, GIOCondition condition, gpointer data)
{
  DwOutput *output = data;

  write_some (output);
  if (output->waiting->len > 0)
    return G_SOURCE_CONTINUE;
  output->source = 0;
  return G_SOURCE_REMOVE;
}

static gboolean
on_room_while_waiting (gint descriptor, GIOCondition condition, gpointer data)
{
  write_some (data);
  return G_SOURCE_CONTINUE;
}

/* Who ends the program ends the wait; the main loop hears of it as well. */
static gboolean
on_end (gpointer data)
{
  DwOutput *output = data;

  output->ended = TRUE;
  return G_SOURCE_CONTINUE;
}

static void
add (GMainContext *context, GPtrArray *sources, GSource *source, GSourceFunc function, DwOutput *output)
{
  g_source_set_callback (source, function, output, NULL);
  g_source_attach (source, context);
  g_ptr_array_add (sources, source);
}

static void
source_free (gpointer source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

/* Nothing else of the program goes on meanwhile, so nothing is read from the network and its sender waits too. */
static void
wait_for_reader (DwOutput *output, gsize most)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (source_free);
  gint64 left = (output->deadline - g_get_monotonic_time ()) / 1000;

  add (context, sources, g_unix_fd_source_new (output->descriptor, G_IO_OUT), G_SOURCE_FUNC (on_room_while_waiting),
       output);
  for (const int *at = output->signals; *at != 0; at++)
    add (context, sources, g_unix_signal_source_new (*at), on_end, output);
  if (output->deadline != 0)
    add (context, sources, g_timeout_source_new ((guint) CLAMP (left, 0, G_MAXINT)), on_end, output);
  while (!output->ended && output->waiting->len > most)
    g_main_context_iteration (context, TRUE);
}

/**
 * dw_output_write:
 * @output: an output
 * @text: what it writes; left out once nothing can be written
 *
 * Returns at once while no more than %DW_OUTPUT_BYTES wait, and waits for the reader else.
 */
void
dw_output_write (DwOutput *output, const char *text)
{
  dw_output_write_bytes (output, text, strlen (text));
}

/**
 * dw_output_write_bytes:
 * @output: an output
 * @bytes: what it writes
 * @length: how many
 *
 * As dw_output_write(), for what is no text.
 */
void
dw_output_write_bytes (DwOutput *output, const void *bytes, gsize length)
{
  if (output->ended)
    return;
  g_string_append_len (output->waiting, bytes, (gssize) length);
  write_some (output);
  if (output->waiting->len > DW_OUTPUT_BYTES)
    wait_for_reader (output, DW_OUTPUT_BYTES / 2);
  if (output->waiting->len > 0 && !output->ended && output->source == 0)
    output->source = g_unix_fd_add (output->descriptor, G_IO_OUT, on_room, output);
}

/**
 * dw_output_flush:
 * @output: an output
 *
 * Waits until everything is written, or a signal or the deadline ends that.
 */
void
dw_output_flush (DwOutput *output)
{
  write_some (output);
  if (output->waiting->len > 0 && !output->ended)
    wait_for_reader (output, 0);
}

/**
 * dw_output_free:
 * @output: (transfer full): an output; what waits is dropped
 */
void
dw_output_free (DwOutput *output)
{
  g_clear_handle_id (&output->source, g_source_remove);
  g_string_free (output->waiting, TRUE);
  g_free (output);
}
