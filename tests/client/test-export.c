/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-archive.h"
#include "dw-test.h"

#include "client/messages/dw-export.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static gboolean
export_to (Archive *archive, const char *path, DwExportFormat format, guint *exported, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  dw_export_async (archive->store, 1, file, format, NULL, on_done, &done);
  result = await (&done);
  return dw_export_finish (archive->store, result, exported, error);
}

static char *
export_as (Archive *archive, DwExportFormat format, guint wanted)
{
  g_autofree char *path = g_build_filename (archive->folder, "out", NULL);
  guint exported = G_MAXUINT;
  char *contents;

  g_assert_true (export_to (archive, path, format, &exported, NULL));
  g_assert_cmpuint (exported, ==, wanted);
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  return contents;
}

static void
add (GPtrArray *records, DwMessageKind kind, DwDelivery delivery, const char *sender, const char *text)
{
  DwRecord *record = record_new (records->len + 1, kind, text);

  g_free (record->sender);
  record->sender = g_strdup (sender);
  record->delivery = delivery;
  /* What is queued for a reason is asking. */
  record->reason = delivery == DW_DELIVERY_ASKING ? g_strdup ("waited") : NULL;
  record->until = kind == DW_MESSAGE_GAP ? record->time + 60 * G_USEC_PER_SEC : 0;
  record->id = kind == DW_MESSAGE_OWN ? g_strdup_printf ("id-%u", records->len + 1) : NULL;
  g_ptr_array_add (records, record);
}

/* Word for word: people keep it for years, and programs read it. */
static void
test_whole (void)
{
  static const char text[] = "[1970-01-01 00:00:02] Ada: hello\n"
                             "[1970-01-01 00:00:03] Unknown Sender: two\n    lines\n"
                             "> [1970-01-01 00:00:04] You: queued (not delivered)\n"
                             "> [1970-01-01 00:00:05] You: sent\n"
                             "> [1970-01-01 00:00:06] You: delivered\n"
                             "> [1970-01-01 00:00:07] You: unconfirmed (not delivered)\n"
                             "> [1970-01-01 00:00:08] You: failed (not delivered)\n"
                             "> [1970-01-01 00:00:09] You: asking (not delivered)\n"
                             "- [1970-01-01 00:00:10] Offline until 1970-01-01 00:01:10\n"
                             "- [1970-01-01 00:00:11] Notice: said\n";
  static const char *const json[] = {
    "{\"time\":\"1970-01-01T00:00:02.000Z\",\"kind\":\"message\",\"sender\":\"Ada\",\"text\":\"hello\"}",
    "{\"time\":\"1970-01-01T00:00:03.000Z\",\"kind\":\"message\",\"text\":\"two\\nlines\"}",
    "{\"time\":\"1970-01-01T00:00:04.000Z\",\"kind\":\"own\",\"sender\":\"Eve\",\"text\":\"queued\",\"id\":\"id-"
    "4\","
    "\"delivery\":\"queued\"}",
    "{\"time\":\"1970-01-01T00:00:10.000Z\",\"until\":\"1970-01-01T00:01:10.000Z\",\"kind\":\"gap\"}",
    "{\"time\":\"1970-01-01T00:00:11.000Z\",\"kind\":\"notice\",\"text\":\"said\"}",
  };
  static const struct
  {
    DwDelivery delivery;
    const char *text;
  } own[] = {
    { DW_DELIVERY_QUEUED, "queued" },       { DW_DELIVERY_SENT, "sent" },
    { DW_DELIVERY_DELIVERED, "delivered" }, { DW_DELIVERY_UNCONFIRMED, "unconfirmed" },
    { DW_DELIVERY_FAILED, "failed" },       { DW_DELIVERY_ASKING, "asking" },
  };
  g_auto (Archive) archive = { 0 };
  GPtrArray *records = records_new ();
  g_autofree char *told = NULL;
  g_autofree char *lines = NULL;

  archive_init (&archive);
  add (records, DW_MESSAGE_DAY, DW_DELIVERY_NONE, NULL, "");
  add (records, DW_MESSAGE_THEIRS, DW_DELIVERY_NONE, "Ada", "hello");
  add (records, DW_MESSAGE_THEIRS, DW_DELIVERY_NONE, NULL, "two\nlines");
  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    add (records, DW_MESSAGE_OWN, own[i].delivery, "Eve", own[i].text);
  add (records, DW_MESSAGE_GAP, DW_DELIVERY_NONE, NULL, "");
  add (records, DW_MESSAGE_NOTICE, DW_DELIVERY_NONE, NULL, "said");
  add_records (&archive, 1, records);

  told = export_as (&archive, DW_EXPORT_TEXT, 10);
  g_assert_cmpstr (told, ==, text);
  lines = export_as (&archive, DW_EXPORT_JSON_LINES, 10);
  for (guint i = 0; i < G_N_ELEMENTS (json); i++)
    {
      g_autofree char *line = g_strconcat (json[i], "\n", NULL);

      g_test_message ("%s", lines);
      g_assert_nonnull (strstr (lines, line));
    }
  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    {
      g_autofree char *delivery = g_strdup_printf ("\"text\":\"%s\",\"id\":\"id-%u\",\"delivery\":\"%s\"}\n",
                                                   own[i].text, i + 4, own[i].text);

      g_assert_nonnull (strstr (lines, delivery));
    }
}

/* A whole page of lines that went leaves out nothing of what stands after it; nor does an empty conversation fail. */
static void
test_holes (void)
{
  g_auto (Archive) archive = { 0 };
  GPtrArray *records = records_new ();
  g_autofree char *nothing = NULL;
  g_autofree char *told = NULL;
  g_auto (GStrv) lines = NULL;

  archive_init (&archive);
  nothing = export_as (&archive, DW_EXPORT_TEXT, 0);
  g_assert_cmpstr (nothing, ==, "");
  for (guint i = 0; i < 1000; i++)
    {
      guint place = i < 500 ? i + 1 : i + 2501;
      g_autofree char *text = g_strdup_printf ("%u", place);

      g_ptr_array_add (records, record_new (place, DW_MESSAGE_THEIRS, text));
    }
  add_records (&archive, 1, records);
  told = export_as (&archive, DW_EXPORT_TEXT, 1000);
  lines = g_strsplit (told, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 1001);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *end = g_strdup_printf (" Ada: %u", i < 500 ? i + 1 : i + 2501);

      g_assert_true (g_str_has_suffix (lines[i], end));
    }
}

/* A file that cannot be written is an error, and what stood there before still does. */
static void
test_fails (void)
{
  g_auto (Archive) archive = { 0 };
  GPtrArray *records = records_new ();
  g_autofree char *path = NULL, *nowhere = NULL, *contents = NULL;
  g_autoptr (GError) full = NULL;
  g_autoptr (GError) missing = NULL;
  struct rlimit before, small;
  gboolean done;

  archive_init (&archive);
  for (guint i = 0; i < 3000; i++)
    add (records, DW_MESSAGE_THEIRS, DW_DELIVERY_NONE, "Ada", "said");
  add_records (&archive, 1, records);
  path = g_build_filename (archive.folder, "out", NULL);
  nowhere = g_build_filename (archive.folder, "no", "such", "folder", NULL);
  g_assert_true (g_file_set_contents (path, "kept", -1, NULL));

  g_assert_false (export_to (&archive, nowhere, DW_EXPORT_TEXT, NULL, &missing));
  g_assert_error (missing, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  small = before;
  small.rlim_cur = 4096;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  done = export_to (&archive, path, DW_EXPORT_TEXT, NULL, &full);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_false (done);
  g_assert_nonnull (full);
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "kept");
}

/* Somebody who changes their mind gets no half of a file in the place of the old one. */
static void
test_cancelled (void)
{
  g_auto (Archive) archive = { 0 };
  g_autofree char *path = NULL, *contents = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  archive_init (&archive);
  add_text (&archive, 1, 1, "said");
  path = g_build_filename (archive.folder, "out", NULL);
  file = g_file_new_for_path (path);
  g_assert_true (g_file_set_contents (path, "kept", -1, NULL));
  dw_export_async (archive.store, 1, file, DW_EXPORT_TEXT, cancellable, on_done, &done);
  g_cancellable_cancel (cancellable);
  result = await (&done);
  g_assert_false (dw_export_finish (archive.store, result, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "kept");
}

int
main (int argc, char *argv[])
{
  g_setenv ("TZ", "UTC", TRUE);
  tzset ();
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/export/whole", test_whole);
  g_test_add_func ("/client/export/holes", test_holes);
  g_test_add_func ("/client/export/fails", test_fails);
  g_test_add_func ("/client/export/cancelled", test_cancelled);
  return g_test_run ();
}
