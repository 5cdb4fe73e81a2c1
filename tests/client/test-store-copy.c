/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A history that was copied, or restored from a backup: the original may have sent what waits in it. So it asks, and is not
 * sent by itself. */
#include "dw-archive.h"
#include "dw-faulty-disk.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/dw-chat.h"
#include "client/store/dw-store-file.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Files */

static void
write_into (const char *path, const char *bytes, gsize length)
{
  /* The file stays the same one, as where a person copies over it. */
  FILE *file = fopen (path, "w");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes, 1, length, file), ==, length);
  g_assert_cmpint (fclose (file), ==, 0);
}

static void
copy_file (const char *from, const char *to)
{
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (from, &bytes, &length, NULL));
  write_into (to, bytes, length);
}

/* What `cp -r` does: the history with its log and its lock. */
static void
copy_folder (const Archive *archive, Archive *copy)
{
  g_autofree char *from = g_path_get_dirname (archive->path);
  g_autofree char *to = NULL;
  g_autoptr (GDir) folder = g_dir_open (from, 0, NULL);
  const char *name;

  copy->folder = dw_test_make_folder ();
  copy->path = g_build_filename (copy->folder, "data", DW_STORE_NAME, NULL);
  to = g_path_get_dirname (copy->path);
  g_assert_cmpint (g_mkdir (to, 0700), ==, 0);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *source = g_build_filename (from, name, NULL);
      g_autofree char *target = g_build_filename (to, name, NULL);

      if (!g_str_has_suffix (name, "-shm"))
        copy_file (source, target);
    }
}

/* Histories */

typedef struct
{
  const char *id;
  DwDelivery delivery;
  DwDeparture departure;
  const char *reason;
  DwDelivery in_copy;
} Line;

static const Line lines[] = {
  { "queued", DW_DELIVERY_QUEUED, DW_DEPARTURE_NONE, NULL, DW_DELIVERY_ASKING },
  { "queued-again", DW_DELIVERY_QUEUED, DW_DEPARTURE_WITH_ID, NULL, DW_DELIVERY_ASKING },
  { "sent", DW_DELIVERY_SENT, DW_DEPARTURE_WITH_ID, NULL, DW_DELIVERY_ASKING },
  { "unconfirmed", DW_DELIVERY_UNCONFIRMED, DW_DEPARTURE_WITH_ID, NULL, DW_DELIVERY_ASKING },
  /* Nobody sends these without being asked, or at all. */
  { "asking", DW_DELIVERY_ASKING, DW_DEPARTURE_NONE, "old", DW_DELIVERY_ASKING },
  { "plain", DW_DELIVERY_UNCONFIRMED, DW_DEPARTURE_PLAIN, NULL, DW_DELIVERY_UNCONFIRMED },
  { "failed", DW_DELIVERY_FAILED, DW_DEPARTURE_WITH_ID, "refused", DW_DELIVERY_FAILED },
  { "delivered", DW_DELIVERY_DELIVERED, DW_DEPARTURE_WITH_ID, NULL, DW_DELIVERY_DELIVERED },
};

#define N_DOUBTFUL 4
#define N_WAITING 6

static void
begin (Archive *archive)
{
  GPtrArray *records = records_new ();

  archive_init (archive);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      DwRecord *record = record_new (i + 1, DW_MESSAGE_OWN, lines[i].id);

      record->time = g_get_real_time () - (lines[i].delivery == DW_DELIVERY_ASKING ? 2 * G_TIME_SPAN_HOUR : 0);
      record->id = g_strdup (lines[i].id);
      record->delivery = lines[i].delivery;
      record->departure = lines[i].departure;
      record->reason = g_strdup (lines[i].reason);
      g_ptr_array_add (records, record);
    }
  add_records (archive, 1, records);
}

static void
end (Archive *archive)
{
  dw_test_finalize (g_steal_pointer (&archive->store));
}

/* NULL where the disk does not give them. */
static DwStoreOpening *
open_lines (Archive *archive)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  dw_store_lines_open_async (archive->store, 1, 0, TRUE, on_done, &done);
  result = await (&done);
  return dw_store_lines_open_finish (archive->store, result, NULL);
}

/* Returns how many of the messages are among them. */
static guint
check_lines (GPtrArray *records, gboolean copied)
{
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    for (guint j = 0; j < records->len; j++)
      {
        const DwRecord *record = g_ptr_array_index (records, j);

        if (g_strcmp0 (record->id, lines[i].id) != 0)
          continue;
        n++;
        g_test_message ("%s", record->id);
        g_assert_cmpint (record->delivery, ==, copied ? lines[i].in_copy : lines[i].delivery);
        g_assert_cmpint (record->departure, ==, lines[i].departure);
        if (!copied || lines[i].in_copy == lines[i].delivery)
          g_assert_cmpstr (record->reason, ==, lines[i].reason);
        else
          g_assert_nonnull (strstr (record->reason, "copied or restored"));
      }
  return n;
}

/* Opens the store, and looks at what it says of each message. What the thread has to tell comes before its answers. */
static void
check (Archive *archive, gboolean copied)
{
  g_autoptr (DwStoreOpening) opening = NULL;

  if (archive->store == NULL)
    archive->store = dw_store_new (archive->path);
  opening = open_lines (archive);
  g_assert_nonnull (opening);
  g_assert_cmpuint (check_lines (opening->tail, copied), ==, G_N_ELEMENTS (lines));
  g_assert_cmpuint (check_lines (opening->waiting, copied), ==, N_WAITING);
}

/* A copy says so once. What has asked goes on asking. */
static void
check_copy (Archive *archive)
{
  check (archive, TRUE);
  g_assert_cmpuint (dw_store_get_copied (archive->store), ==, N_DOUBTFUL);
  for (guint i = 0; i < 2; i++)
    {
      end (archive);
      check (archive, TRUE);
      g_assert_cmpuint (dw_store_get_copied (archive->store), ==, 0);
    }
  end (archive);
}

static void
check_original (Archive *archive)
{
  for (guint i = 0; i < 2; i++)
    {
      check (archive, FALSE);
      g_assert_cmpuint (dw_store_get_copied (archive->store), ==, 0);
      end (archive);
    }
}

/* The original goes on as it was, whichever of the two is opened first. */
static void
test_folder (void)
{
  g_auto (Archive) archive = { 0 };
  g_auto (Archive) copy = { 0 };

  begin (&archive);
  end (&archive);
  copy_folder (&archive, &copy);
  check_copy (&copy);
  check_original (&archive);
}

/* A copy of a folder that is in use, with the log that whoever was killed left there. */
static void
test_folder_in_use (void)
{
  g_auto (Archive) archive = { 0 };
  g_auto (Archive) copy = { 0 };

  begin (&archive);
  copy_folder (&archive, &copy);
  check_copy (&copy);
  end (&archive);
  check_original (&archive);
}

/* The file alone, somewhere else. */
static void
test_file_alone (void)
{
  g_auto (Archive) archive = { 0 };
  g_auto (Archive) copy = { 0 };
  g_autofree char *lock = NULL;

  begin (&archive);
  end (&archive);
  copy_folder (&archive, &copy);
  lock = g_strconcat (copy.path, ".lock", NULL);
  g_assert_cmpint (g_unlink (lock), ==, 0);
  check_copy (&copy);
}

/* A backup that is written into the file: it is the same file, and says something old. */
static void
test_backup_in_place (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *backup = NULL;
  gsize length;
  GStatBuf before, after;

  begin (&archive);
  end (&archive);
  g_assert_true (g_file_get_contents (archive.path, &backup, &length, NULL));
  check_original (&archive);
  g_assert_cmpint (g_stat (archive.path, &before), ==, 0);
  write_into (archive.path, backup, length);
  g_assert_cmpint (g_stat (archive.path, &after), ==, 0);
  g_assert_cmpuint (before.st_ino, ==, after.st_ino);
  check_copy (&archive);
}

/* A folder that is renamed, or reached by another path, is the same. So is a lock that is gone. */
static void
test_renamed (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *from = NULL;
  g_autofree char *to = NULL;
  g_autofree char *lock = NULL;

  begin (&archive);
  end (&archive);
  from = g_path_get_dirname (archive.path);
  to = g_build_filename (archive.folder, "renamed", NULL);
  g_assert_cmpint (g_rename (from, to), ==, 0);
  g_free (archive.path);
  archive.path = g_build_filename (to, DW_STORE_NAME, NULL);
  check_original (&archive);

  g_assert_cmpint (symlink (to, from), ==, 0);
  g_free (archive.path);
  archive.path = g_build_filename (from, DW_STORE_NAME, NULL);
  check_original (&archive);

  lock = g_strconcat (archive.path, ".lock", NULL);
  g_assert_cmpint (g_unlink (lock), ==, 0);
  check_original (&archive);
}

/* Whoever wrote it last did not say which file it was. */
static void
test_older_version (void)
{
  g_auto (Archive) archive = { 0 };

  begin (&archive);
  end (&archive);
  run_outside (&archive, "DROP TABLE home; PRAGMA user_version = 3");
  check_original (&archive);
}

/* Damage */

#define PAGE_BYTES 4096

/* The index of what waits is noise. Everything else can be read. */
static void
damage_index (Archive *archive)
{
  g_autofree char *root = ask_outside (archive, "SELECT rootpage FROM sqlite_schema WHERE name = 'lines_waiting'");
  g_autofree char *bytes = NULL;
  gsize start = ((gsize) g_ascii_strtoull (root, NULL, 10) - 1) * PAGE_BYTES;
  gsize length;

  g_assert_true (g_file_get_contents (archive->path, &bytes, &length, NULL));
  g_assert_cmpuint (start + PAGE_BYTES, <=, length);
  for (gsize i = start; i < start + PAGE_BYTES; i++)
    bytes[i] = (char) (i * 31 + 7);
  write_into (archive->path, bytes, length);
}

/* What was salvaged of a history asks only where that was a copy. */
static void
test_damaged (void)
{
  g_auto (Archive) archive = { 0 };
  g_auto (Archive) copy = { 0 };

  begin (&archive);
  end (&archive);
  damage_index (&archive);
  copy_folder (&archive, &copy);
  check_copy (&copy);
  check_original (&archive);
}

/* A disk */

static gboolean
is_fine (gpointer store)
{
  return dw_store_get_trouble (store) == DW_STORE_FINE;
}

/* Where no file may grow a copy cannot remember that it asks, and asks all the same. It is remembered later. */
static void
test_full_disk (void)
{
  g_auto (Archive) archive = { 0 };
  g_auto (Archive) copy = { 0 };
  struct rlimit before;
  guint64 copied;

  begin (&archive);
  end (&archive);
  copy_folder (&archive, &copy);
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &(struct rlimit){ 0, before.rlim_max }), ==, 0);
  copy.store = dw_store_new (copy.path);
  check (&copy, TRUE);
  copied = dw_store_get_copied (copy.store);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_cmpuint (copied, ==, N_DOUBTFUL);
  add_later (&copy, 100, DW_MESSAGE_THEIRS, "said later");
  until_written (&copy);
  dw_test_until ("the store to be fine", is_fine, copy.store);
  end (&copy);
  check (&copy, TRUE);
  g_assert_cmpuint (dw_store_get_copied (copy.store), ==, 0);
}

/* Whichever read or write fails, once or from then on: no message of a copy waits to be sent, then or later. */
static void
test_failing_disk (void)
{
  g_auto (Archive) archive = { 0 };
  gboolean failed = TRUE;

  begin (&archive);
  end (&archive);
  for (guint i = 2; failed; i++)
    {
      g_auto (Archive) copy = { 0 };
      g_autoptr (DwStoreOpening) opening = NULL;

      copy_folder (&archive, &copy);
      copy.store = dw_store_new (copy.path);
      dw_faulty_disk_fail (i / 2, i % 2 == 0 ? 1 : G_MAXUINT, TRUE);
      opening = open_lines (&copy);
      if (opening != NULL)
        {
          check_lines (opening->tail, TRUE);
          check_lines (opening->waiting, TRUE);
        }
      end (&copy);
      failed = dw_faulty_disk_get_failed () > 0;
      dw_faulty_disk_fail (0, 0, FALSE);
      check (&copy, TRUE);
      g_assert_cmpuint (i, <, 1000);
    }
}

/* Sending */

static gboolean
is_settled (gpointer conversation)
{
  return dw_conversation_is_settled (conversation);
}

static DwChat *
start_chat (Archive *archive, DwRawPeer *peer)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autofree char *address = dw_raw_peer_dup_url (peer);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  DwChat *chat;

  dw_stage_set_number (stage, 1);
  archive->store = dw_store_new (archive->path);
  chat = dw_chat_new (stage, archive->store, policy, NULL);
  dw_test_until ("the conversation", is_settled, dw_chat_get_conversation (chat));
  dw_chat_connect (chat);
  return chat;
}

static gboolean
is_online (gpointer chat)
{
  return dw_session_get_status (dw_chat_get_session (chat))->state == DW_SESSION_ONLINE;
}

#define GREETING                                                                                                   \
  "{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":\"2026-11-25T10:00:00.000Z\",\"stage\":"      \
  "\"prod\",\"features\":[\"id\"]}"

/* Both are connected. The original sends what waits, the copy asks, and sends when it is told to. */
static void
test_sent_once (void)
{
  g_auto (Archive) archive = { 0 };
  g_auto (Archive) copy = { 0 };
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (DwRawPeer) other = dw_raw_peer_new (NULL);
  DwChat *first, *second;

  begin (&archive);
  end (&archive);
  copy_folder (&archive, &copy);
  dw_raw_peer_set_greeting_text (peer, GREETING);
  dw_raw_peer_set_greeting_text (other, GREETING);
  first = start_chat (&archive, peer);
  second = start_chat (&copy, other);
  dw_test_until ("the original", is_online, first);
  dw_test_until ("the copy", is_online, second);
  for (guint i = 0; i < N_DOUBTFUL; i++)
    {
      g_autofree char *part = g_strdup_printf ("\"message\":\"%s\"", lines[i].id);

      fixture_until_sent (peer, part, 1);
      g_assert_cmpuint (dw_raw_peer_get_n_frames (other, part), ==, 0);
    }
  dw_test_run_for (5 * DW_OUTBOX_PACE_MS);
  g_assert_cmpuint (dw_outbox_get_n_asking (dw_chat_get_outbox (first)), ==, 1);
  g_assert_false (dw_outbox_has_doubtful (dw_chat_get_outbox (first)));
  g_assert_cmpuint (dw_outbox_get_n_asking (dw_chat_get_outbox (second)), ==, N_DOUBTFUL + 1);
  g_assert_true (dw_outbox_has_doubtful (dw_chat_get_outbox (second)));

  /* One that the original sends comes back here as well, and asks no more. */
  dw_raw_peer_write_text (other, "{\"message\":\"queued\",\"sender\":\"Ada\",\"id\":\"queued\"}");
  fixture_until_delivery (dw_conversation_find (dw_chat_get_conversation (second), "queued"),
                          DW_DELIVERY_DELIVERED);
  g_assert_cmpuint (dw_outbox_get_n_asking (dw_chat_get_outbox (second)), ==, N_DOUBTFUL);
  g_assert_true (dw_chat_send_again (second, "sent"));
  fixture_until_sent (other, "\"message\":\"sent\"", 1);
  for (guint i = 0; i < N_DOUBTFUL; i++)
    {
      g_autofree char *part = g_strdup_printf ("\"message\":\"%s\"", lines[i].id);

      g_assert_cmpuint (dw_raw_peer_get_n_frames (other, part), ==, g_str_equal (lines[i].id, "sent") ? 1 : 0);
    }
  dw_test_finalize (first);
  dw_test_finalize (second);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  dw_faulty_disk_install ();
  g_test_add_func ("/client/store-copy/folder/F-12", test_folder);
  g_test_add_func ("/client/store-copy/folder-in-use/F-12", test_folder_in_use);
  g_test_add_func ("/client/store-copy/file-alone/F-12", test_file_alone);
  g_test_add_func ("/client/store-copy/backup-in-place/F-12", test_backup_in_place);
  g_test_add_func ("/client/store-copy/renamed/F-12", test_renamed);
  g_test_add_func ("/client/store-copy/older-version/F-12", test_older_version);
  g_test_add_func ("/client/store-copy/damaged/F-12", test_damaged);
  g_test_add_func ("/client/store-copy/full-disk/F-12", test_full_disk);
  g_test_add_func ("/client/store-copy/failing-disk/F-12", test_failing_disk);
  g_test_add_func ("/client/store-copy/sent-once/F-12", test_sent_once);
  return g_test_run ();
}
