/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-socket-gateway.h"

/* How many letters are in the file beyond those it may keep. */
#define TOO_MANY 11

static gboolean
run_fill (DwServerFile *file, gpointer data, GError **error)
{
  return dw_server_file_run (
      file,
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) "
      "INSERT INTO dead_letters (connection_id, text, reason, time) SELECT 'old', '', '', 1 FROM n",
      "i", error, (gint64) DW_DEAD_LETTERS_MOST + TOO_MANY);
}

static gboolean
run_count (DwServerFile *file, gpointer data, GError **error)
{
  gint64 *counts = data;

  return dw_server_file_sum (file, "SELECT count(*) FROM dead_letters", "", &counts[0], error)
         && dw_server_file_sum (file, "SELECT count(*) FROM dead_letters WHERE connection_id = 'gone'", "",
                                &counts[1], error);
}

static void
on_posted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwPosted) posted = dw_gateway_post_finish (DW_GATEWAY (source), result, &error);

  g_assert_no_error (error);
  g_assert_nonnull (posted);
  *(gboolean *) data = TRUE;
}

/* A stage that was stopped and started again trims what it finds with the first letter it adds, since it does not know
 * how many there are: if it waited for an eighth of the limit, a stage that is started often would fill the disk. */
static void
test_first_letter_trims (void)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "stage.sqlite", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (DwTables) tables = dw_tables_open (path, &error);
  g_autoptr (DwSocketGateway) gateway = NULL;
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  gboolean posted = FALSE;
  gint64 counts[2];

  g_assert_no_error (error);
  g_assert_true (dw_tables_call (tables, DW_TABLES_WRITE, run_fill, NULL, &error));

  /* One may go at once, and the next in ten days. */
  gateway = dw_socket_gateway_new (1e-6, 1, tables);
  g_assert_true (dw_socket_gateway_may_post (gateway));
  g_assert_false (dw_socket_gateway_may_post (gateway));
  g_ptr_array_add (ids, (gpointer) "gone");
  dw_gateway_post_async (DW_GATEWAY (gateway), ids, NULL, "text", NULL, on_posted, &posted);
  DW_TEST_WAIT ("the post to be given up", posted);

  g_assert_true (dw_tables_call (tables, DW_TABLES_READ, run_count, counts, &error));
  g_assert_cmpint (counts[0], ==, DW_DEAD_LETTERS_MOST);
  g_assert_cmpint (counts[1], ==, 1);
  g_assert_cmpuint (dw_socket_gateway_get_metrics (gateway)->dropped, ==, 1);
  g_assert_cmpuint (dw_socket_gateway_get_metrics (gateway)->throttled, ==, DW_SOCKET_GATEWAY_ATTEMPTS);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/socket-gateway/first-letter-trims", test_first_letter_trims);
  return g_test_run ();
}
