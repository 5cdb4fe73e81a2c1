/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two processes on one history: one has it, the other reads it and says who has it. */
#include "dw-archive.h"
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/dw-chat-list.h"
#include "client/dw-client-error.h"
#include "client/store/dw-store-lock.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The other process */

/* Has the history for as long as it lives, with one more line in it, and says when that is so. */
static int
hold_as_child (const char *path)
{
  Archive archive = { .path = (char *) path, .store = dw_store_new (path) };
  char byte;

  add_text (&archive, 1, 2, "said by the first");
  puts ("ready");
  fflush (stdout);
  /* Until it is killed, or whoever started it ends. */
  while (read (STDIN_FILENO, &byte, 1) > 0)
    ;
  g_object_unref (archive.store);
  return 0;
}

typedef struct
{
  pid_t pid;
  int input;
  int output;
} Child;

static void
child_start (Child *child, const char *path)
{
  const char *arguments[] = { "/proc/self/exe", "--hold", path, NULL };
  g_autoptr (GError) error = NULL;
  char answer[6];
  gsize length = 0;

  g_spawn_async_with_pipes (NULL, (char **) arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &child->pid,
                            &child->input, &child->output, NULL, &error);
  g_assert_no_error (error);
  /* It ends with an error where it cannot, so this waits no longer than its own deadline. */
  while (length < sizeof answer)
    {
      gssize n = read (child->output, answer + length, sizeof answer - length);

      g_assert_cmpint (n, >, 0);
      length += (gsize) n;
    }
  g_assert_cmpmem (answer, length, "ready\n", 6);
}

static void
child_end (Child *child, gboolean properly)
{
  int status;

  close (child->input);
  if (!properly)
    kill (child->pid, SIGKILL);
  g_assert_cmpint (waitpid (child->pid, &status, 0), ==, child->pid);
  close (child->output);
  if (properly)
    g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

/* This process */

static gboolean
is_held (gpointer store)
{
  return dw_store_get_trouble (store) == DW_STORE_HELD;
}

static void
begin (Archive *archive)
{
  archive_init (archive);
  add_text (archive, 1, 1, "said before");
  dw_test_finalize (g_steal_pointer (&archive->store));
}

/* The second one reads what is there, writes nothing, and knows who has the file. */
static void
test_second (void)
{
  g_auto (Archive) archive = { 0 };
  Child child;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *done = NULL;
  GPtrArray *records = records_new ();
  const DwStoreHolder *holder;

  begin (&archive);
  child_start (&child, archive.path);
  archive.store = dw_store_new (archive.path);
  g_assert_cmpuint (count_records (&archive, 1), ==, 2);
  dw_test_until ("it to be known that another has the file", is_held, archive.store);
  holder = dw_store_get_holder (archive.store);
  g_assert_cmpint (holder->pid, ==, child.pid);
  g_assert_cmpstr (holder->host, ==, g_get_host_name ());

  g_ptr_array_add (records, record_new (3, DW_MESSAGE_OWN, "said by the second"));
  dw_store_lines_add_async (archive.store, 1, records, on_done, &done);
  result = await (&done);
  g_assert_false (dw_store_run_finish (archive.store, result, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_HELD);
  /* It holds the store. */
  g_clear_object (&result);
  g_assert_cmpuint (count_records (&archive, 1), ==, 2);
  child_end (&child, TRUE);

  /* As long as it runs, even if the other ends: what it knows is old. */
  g_assert_cmpuint (count_records (&archive, 1), ==, 2);
  archive_reopen (&archive);
  add_text (&archive, 1, 3, "said afterwards");
  g_assert_cmpuint (count_records (&archive, 1), ==, 3);
  g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
}

/* A lock ends with the process that had it, and what its file says does not hold up anybody. */
static void
test_killed (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *lock = NULL;
  g_autofree char *contents = NULL;
  g_autofree char *named = NULL;
  gint64 begun;
  Child child;

  begin (&archive);
  lock = g_strconcat (archive.path, ".lock", NULL);
  child_start (&child, archive.path);
  child_end (&child, FALSE);
  g_assert_true (g_file_get_contents (lock, &contents, NULL, NULL));
  named = g_strdup_printf ("pid=%d\n", (int) child.pid);
  g_assert_nonnull (strstr (contents, named));

  begun = g_get_monotonic_time ();
  archive.store = dw_store_new (archive.path);
  g_assert_cmpuint (count_records (&archive, 1), ==, 2);
  add_text (&archive, 1, 3, "said afterwards");
  g_assert_cmpint (g_get_monotonic_time () - begun, <, DW_STORE_LOCKED_MS * 1000);
  g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
  dw_test_finalize (g_steal_pointer (&archive.store));

  /* After a proper end it names nobody. */
  g_free (g_steal_pointer (&contents));
  g_assert_true (g_file_get_contents (lock, &contents, NULL, NULL));
  g_assert_null (strstr (contents, "pid="));
}

/* Another way to the same folder. */
static void
test_other_path (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *folder = NULL;
  g_autofree char *link = NULL;
  Child child;

  begin (&archive);
  child_start (&child, archive.path);
  folder = g_path_get_dirname (archive.path);
  link = g_build_filename (archive.folder, "elsewhere", NULL);
  g_assert_cmpint (symlink (folder, link), ==, 0);
  g_free (archive.path);
  archive.path = g_build_filename (link, DW_STORE_NAME, NULL);
  archive.store = dw_store_new (archive.path);
  g_assert_cmpuint (count_records (&archive, 1), ==, 2);
  dw_test_until ("it to be known that another has the file", is_held, archive.store);
  child_end (&child, FALSE);
}

/* A process that is just ending has let go a moment later: it is waited for. */
static void
test_just_ending (void)
{
  g_auto (Archive) archive = { 0 };
  Child child;

  begin (&archive);
  child_start (&child, archive.path);
  archive.store = dw_store_new (archive.path);
  add_later (&archive, 3, DW_MESSAGE_THEIRS, "said by the second");
  dw_test_run_for (100);
  child_end (&child, TRUE);
  until_written (&archive);
  g_assert_cmpuint (count_records (&archive, 1), ==, 3);
  g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
}

/* Nothing that a lock file says, or is, does harm. */
static void
test_hostile_file (void)
{
  static const char *const contents[] = { "", "[holder]\npid=1\nhost=\n", "[holder\n\x01\xff",
                                          "pid=99999999999999999999", "[history]\nchecked=9223372036854775807\n" };

  for (guint i = 0; i < G_N_ELEMENTS (contents) + 2; i++)
    {
      g_auto (Archive) archive = { 0 };
      g_autofree char *lock = NULL;

      begin (&archive);
      lock = g_strconcat (archive.path, ".lock", NULL);
      g_assert_cmpint (g_unlink (lock), ==, 0);
      if (i < G_N_ELEMENTS (contents))
        g_assert_true (g_file_set_contents (lock, contents[i], -1, NULL));
      else if (i == G_N_ELEMENTS (contents))
        g_assert_cmpint (g_mkdir (lock, 0700), ==, 0);
      else
        g_assert_cmpint (symlink ("/dev/zero", lock), ==, 0);
      archive.store = dw_store_new (archive.path);
      add_text (&archive, 1, 2, "goes on");
      g_assert_cmpuint (count_records (&archive, 1), ==, 2);
      g_assert_cmpint (dw_store_get_trouble (archive.store), ==, DW_STORE_FINE);
    }
}

static gboolean
is_loaded (gpointer list)
{
  return dw_chat_list_is_loaded (list);
}

/* The second one does not connect: what waits in the history would be sent twice. It takes nothing to send either, and changes
 * no stage: the secrets of both are the same. */
static void
test_no_second_connection (void)
{
  g_auto (Archive) archive = { 0 };
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autofree char *sql = NULL;
  g_autoptr (DwStageUrl) elsewhere = dw_stage_url_parse ("wss://other.example/prod", NULL);
  g_autoptr (DwStage) other = dw_stage_new (elsewhere);
  g_autoptr (GError) error = NULL;
  g_autoptr (DwChat) chat = NULL;
  DwChatList *list;
  Child child;

  begin (&archive);
  sql = g_strdup_printf (
      "INSERT INTO stages (stage, uuid, place, urls, dialect) VALUES (1, 'u', 0, '%s', 'dynamowave');"
      "INSERT INTO lines (line, kind, time, text, id, delivery) VALUES (1 << 40 | 9, 1, 1, 'waits', "
      "'i', 1)",
      url);
  run_outside (&archive, sql);
  child_start (&child, archive.path);
  archive.store = dw_store_new (archive.path);
  list = dw_chat_list_new (archive.store, archive.store, policy, NULL);
  dw_chat_list_load (list);
  dw_test_until ("the list", is_loaded, list);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 1);
  chat = g_list_model_get_item (G_LIST_MODEL (list), 0);
  dw_chat_list_connect (list, chat);
  g_assert_null (dw_chat_say (chat, "not taken"));
  g_assert_null (dw_chat_list_open (list, other, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_HELD);
  dw_chat_list_remove (list, chat);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 1);
  dw_test_run_for (300);
  g_assert_cmpint (dw_session_get_status (dw_chat_get_session (chat))->state, ==, DW_SESSION_OFFLINE);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 0);
  dw_chat_list_close (list, TRUE);
  g_clear_object (&chat);
  dw_test_finalize (list);
  child_end (&child, FALSE);
}

int
main (int argc, char *argv[])
{
  if (argc == 3 && g_str_equal (argv[1], "--hold"))
    return hold_as_child (argv[2]);
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/store-lock/second/F-11", test_second);
  g_test_add_func ("/client/store-lock/killed/F-11", test_killed);
  g_test_add_func ("/client/store-lock/other-path/F-11", test_other_path);
  g_test_add_func ("/client/store-lock/just-ending/F-11", test_just_ending);
  g_test_add_func ("/client/store-lock/hostile-file/F-11", test_hostile_file);
  g_test_add_func ("/client/store-lock/no-second-connection/F-11", test_no_second_connection);
  return g_test_run ();
}
