/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/connection/dw-session.h"

#include <libsoup/soup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* bench-receive raw|client URL N: receives N numbered broadcasts and prints one line: frames a second from the first to
 * the last, the longest time in milliseconds that the main loop was blocked, and the memory in KiB before, at its peak,
 * and after. */

typedef struct
{
  GMainLoop *loop;
  guint wanted;
  guint received;
  gint64 first;
  gint64 last;
  gint64 last_turn;
  gint64 worst_gap;
  long before;
} Bench;

static long
memory_of (const char *name)
{
  g_autofree char *status = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0;
  line = strstr (status, name);
  return line != NULL ? strtol (line + strlen (name), NULL, 10) : 0;
}

static void
count (Bench *bench)
{
  if (bench->received++ == 0)
    bench->first = g_get_monotonic_time ();
  if (bench->received < bench->wanted)
    return;
  bench->last = g_get_monotonic_time ();
  g_main_loop_quit (bench->loop);
}

static gboolean
on_turn (gpointer data)
{
  Bench *bench = data;
  gint64 now = g_get_monotonic_time ();

  /* The timer itself fires every 5 ms. */
  if (bench->received > 0 && bench->last_turn != 0)
    bench->worst_gap = MAX (bench->worst_gap, now - bench->last_turn - 5000);
  bench->last_turn = now;
  return G_SOURCE_CONTINUE;
}

static void
on_message (Bench *bench)
{
  count (bench);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  SoupWebsocketConnection *websocket = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, NULL);

  if (websocket == NULL)
    exit (1);
  g_signal_connect_swapped (websocket, "message", G_CALLBACK (on_message), data);
}

static void
receive_raw (Bench *bench, const char *url)
{
  SoupSession *http = soup_session_new ();
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);

  soup_session_websocket_connect_async (http, message, NULL, NULL, G_PRIORITY_DEFAULT, NULL, on_connected, bench);
  g_main_loop_run (bench->loop);
}

static void
on_frame (Bench *bench, const DwFrame *frame)
{
  /* “m000017…”: in order, without duplicates or gaps. */
  if (frame->kind != DW_FRAME_BROADCAST || strtoul (frame->text + 1, NULL, 10) != bench->received)
    {
      fprintf (stderr, "frame %u is %s\n", bench->received, frame->text);
      exit (1);
    }
  count (bench);
}

static void
receive_client (Bench *bench, const char *url)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autoptr (DwStageUrl) parsed = dw_stage_url_parse (url, NULL);
  g_autoptr (DwStage) stage = dw_stage_new (parsed);
  /* As in the window, all frames are recorded for the inspector. */
  g_autoptr (DwTrace) trace = dw_trace_new ();
  g_autoptr (DwSession) session = dw_session_new (policy, NULL, trace);

  dw_session_set_stage (session, stage);
  g_signal_connect_swapped (session, "frame", G_CALLBACK (on_frame), bench);
  dw_session_connect (session);
  g_main_loop_run (bench->loop);
  dw_session_disconnect (session);
}

int
main (int argc, char *argv[])
{
  Bench bench = { 0 };
  guint turns;

  if (argc != 4)
    return 2;
  bench.loop = g_main_loop_new (NULL, FALSE);
  bench.wanted = (guint) strtoul (argv[3], NULL, 10);
  bench.before = memory_of ("VmRSS:");
  turns = g_timeout_add (5, on_turn, &bench);
  if (strcmp (argv[1], "raw") == 0)
    receive_raw (&bench, argv[2]);
  else
    receive_client (&bench, argv[2]);
  on_turn (&bench);
  g_source_remove (turns);
  printf ("%.0f %.1f %ld %ld %ld\n",
          (double) bench.wanted * G_USEC_PER_SEC / (double) MAX (bench.last - bench.first, 1),
          (double) bench.worst_gap / 1000, bench.before, memory_of ("VmHWM:"), memory_of ("VmRSS:"));
  return 0;
}
