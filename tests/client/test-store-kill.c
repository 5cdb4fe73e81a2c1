/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client that is killed in a flood has lost at most the last quarter of a second. */
#include "dw-archive.h"
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/dw-chat.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the client says it has received, at once, through a pipe; and that it runs, with the number 0. */
typedef struct
{
  gint64 time; /* monotonic, in microseconds */
  /* For how long its two threads wanted to run by then and were not let, in microseconds. */
  gint64 main_waited;
  gint64 store_waited;
  guint64 number;
} Report;

/* The client */

typedef struct
{
  int output;
  int main_statistics;
  int store_statistics;
} Client;

#define BEAT_MS 10

/* What Linux counts for each thread, or −1. */
static int
open_statistics (const char *thread)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const char *task;

  while (tasks != NULL && (task = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *name = g_build_filename ("/proc/self/task", task, "comm", NULL);
      g_autofree char *path = g_build_filename ("/proc/self/task", task, "schedstat", NULL);
      g_autofree char *found = NULL;

      if (g_file_get_contents (name, &found, NULL, NULL) && g_str_equal (g_strchomp (found), thread))
        return open (path, O_RDONLY | O_CLOEXEC);
    }
  return -1;
}

/* The second number: nanoseconds in the queue of a processor. */
static gint64
read_waited (int statistics)
{
  char text[128] = "";
  const char *second;

  if (pread (statistics, text, sizeof text - 1, 0) <= 0 || (second = strchr (text, ' ')) == NULL)
    return 0;
  return g_ascii_strtoll (second, NULL, 10) / 1000;
}

static void
tell (Client *client, guint64 number)
{
  Report report = { g_get_monotonic_time (), read_waited (client->main_statistics),
                    read_waited (client->store_statistics), number };

  if (write (client->output, &report, sizeof report) != sizeof report)
    abort ();
}

static gboolean
on_beat (gpointer data)
{
  tell (data, 0);
  return G_SOURCE_CONTINUE;
}

static void
on_frame (Client *client, const DwFrame *frame)
{
  if (frame->kind == DW_FRAME_BROADCAST)
    tell (client, strtoull (frame->text, NULL, 10));
}

static G_GNUC_NORETURN void
receive_as_child (const char *path, const char *address)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  g_autoptr (DwStore) store = dw_store_new (path);
  g_autoptr (DwChat) chat = NULL;
  Client client = { .output = STDOUT_FILENO };

  /* It does not outlive whoever started it. */
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  dw_stage_set_number (stage, 1);
  chat = dw_chat_new (stage, store, policy, NULL);
  g_signal_connect_swapped (dw_chat_get_session (chat), "frame", G_CALLBACK (on_frame), &client);
  client.main_statistics = open ("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  client.store_statistics = open_statistics ("dw-store");
  g_timeout_add (BEAT_MS, on_beat, &client);
  dw_chat_connect (chat);
  for (;;)
    g_main_context_iteration (NULL, TRUE);
}

/* This process: a stage that writes as fast as it is read */

typedef struct
{
  int output;
  pid_t child;
  gulong lives_us; /* from its first message on */
  GArray *reports; /* of Report */
  gboolean killed;
} Victim;

static gpointer
watch (gpointer data)
{
  Victim *victim = data;
  gint64 begun = 0;
  Report report;
  struct pollfd wait = { .fd = victim->output, .events = POLLIN };

  while (poll (&wait, 1, DW_TEST_DEADLINE_MS) > 0 && read (victim->output, &report, sizeof report) == sizeof report)
    {
      g_array_append_val (victim->reports, report);
      if (begun == 0 && report.number > 0)
        begun = g_get_monotonic_time ();
      if (victim->killed || begun == 0 || g_get_monotonic_time () - begun < (gint64) victim->lives_us)
        continue;
      victim->killed = TRUE;
      kill (victim->child, SIGKILL);
    }
  /* One that says nothing for so long is at its end too. */
  kill (victim->child, SIGKILL);
  return NULL;
}

static void
start_child (Victim *victim, const char *path, const char *address)
{
  const char *arguments[] = { "/proc/self/exe", "--receive", path, address, NULL };
  g_autoptr (GError) error = NULL;

  g_spawn_async_with_pipes (NULL, (char **) arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &victim->child,
                            NULL, &victim->output, NULL, &error);
  g_assert_no_error (error);
}

/* How many messages a write holds, and how long is waited after it. */
typedef struct
{
  guint at_once;
  guint pause_ms;
} Pace;

static void
write_some (DwRawPeer *peer, const Pace *pace, guint64 *next)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (guint i = 0; i < pace->at_once; i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"message\":\"%" G_GUINT64_FORMAT " of a flood of words\"}", (*next)++);
      guint8 head[] = { 0x81, (guint8) strlen (text) };

      g_byte_array_append (bytes, head, sizeof head);
      g_byte_array_append (bytes, (guint8 *) text, (guint) strlen (text));
    }
  dw_raw_peer_write (peer, bytes->data, bytes->len);
  if (pace->pause_ms > 0)
    dw_test_run_for (pace->pause_ms);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* The first frame of a client is its probe. */
static gboolean
has_asked (gpointer peer)
{
  return dw_raw_peer_get_frames (peer) > 0;
}

/* What is in the file: the numbers of all lines. */
static GHashTable *
read_saved (Archive *archive)
{
  GHashTable *saved = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GPtrArray) records = NULL;

  archive->store = dw_store_new (archive->path);
  records = read_records (archive, 1, 0, 100 * 1000 * 1000);
  for (guint i = 0; i < records->len; i++)
    {
      DwRecord *record = g_ptr_array_index (records, i);
      guint64 *number = g_new (guint64, 1);

      *number = strtoull (record->text, NULL, 10);
      if (record->kind == DW_MESSAGE_THEIRS)
        g_hash_table_add (saved, number);
      else
        g_free (number);
    }
  return saved;
}

/* How old the oldest message was that is not in the file when the client last said that it runs, in microseconds in which the
 * client could run: what the machine did besides is no loss of ours. */
static gint64
age_of_loss (GArray *reports, GHashTable *saved)
{
  const Report *last = &g_array_index (reports, Report, reports->len - 1);

  for (guint i = 0; i < reports->len; i++)
    {
      const Report *report = &g_array_index (reports, Report, i);

      if (report->number > 0 && !g_hash_table_contains (saved, &report->number))
        return last->time - report->time
               - MAX (last->main_waited - report->main_waited, last->store_waited - report->store_waited);
    }
  return 0;
}

/* Kills a client, and says the age of what it lost. */
static gint64
kill_one (const Pace *pace, gulong lives_us)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *address = dw_raw_peer_dup_url (peer);
  g_autoptr (GHashTable) saved = NULL;
  Victim victim = { .lives_us = lives_us };
  GThread *watcher;
  gint64 oldest;
  guint64 next = 1;
  int status;

  archive_init (&archive);
  dw_test_finalize (g_steal_pointer (&archive.store));
  victim.reports = g_array_new (FALSE, FALSE, sizeof (Report));
  start_child (&victim, archive.path, address);
  dw_test_until ("the client to connect", has_asked, peer);
  watcher = g_thread_new ("watch", watch, &victim);
  while (waitpid (victim.child, &status, WNOHANG) != victim.child)
    write_some (peer, pace, &next);
  g_thread_join (watcher);
  close (victim.output);

  saved = read_saved (&archive);
  g_assert_true (victim.killed);
  oldest = age_of_loss (victim.reports, saved);
  g_test_message ("%u reports, %u saved, the oldest loss %.1f ms old", victim.reports->len,
                  g_hash_table_size (saved), (double) oldest / 1000);
  g_array_unref (victim.reports);
  return oldest;
}

/* Under the sanitizers everything takes several times as long. */
#ifdef __SANITIZE_ADDRESS__
#define MOST_LOST_MS 2500
#else
#define MOST_LOST_MS 250
#endif

#define ROUNDS 7

static void
check_pace (const Pace *pace)
{
  for (guint i = 0; i < ROUNDS; i++)
    {
      gint64 age = kill_one (pace, (gulong) g_test_rand_int_range (50, 1200) * 1000);

      g_assert_cmpint (age, <, MOST_LOST_MS * G_TIME_SPAN_MILLISECOND);
    }
}

static void
test_flood (void)
{
  const Pace pace = { 500, 0 };

  check_pace (&pace);
}

static void
test_chatter (void)
{
  const Pace pace = { 5, 5 };

  check_pace (&pace);
}

int
main (int argc, char *argv[])
{
  if (argc == 4 && g_str_equal (argv[1], "--receive"))
    receive_as_child (argv[2], argv[3]);
  /* A disk that others use makes the store wait for it; memory does not. */
  if (access ("/dev/shm", W_OK) == 0)
    g_setenv ("TMPDIR", "/dev/shm", TRUE);
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/store-kill/flood/DB-6", test_flood);
  g_test_add_func ("/client/store-kill/chatter/DB-6", test_chatter);
  return g_test_run ();
}
