/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The local stage as a child process: it starts, is reused, ends with the program, and errors are reported. */
#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/stages/dw-local-stage.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static char *
start (DwLocalStage *local, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (DwStageUrl) url = NULL;

  dw_local_stage_start_async (local, NULL, on_done, &result);
  dw_test_until ("the stage", is_set, &result);
  url = dw_local_stage_start_finish (local, result, error);
  return url != NULL ? g_strdup (dw_stage_url_get_text (url)) : NULL;
}

/* Runs a script instead of the stage. */
static void
set_program (const char *script)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "stage", NULL);
  g_autofree char *text = g_strdup_printf ("#!/bin/sh\n%s\n", script);

  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
  g_setenv ("DYNAMOWAVE_STAGE", path, TRUE);
}

static gboolean
listens (const char *text)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *host = g_strdup (text + strlen ("ws://"));

  *strchr (host, '/') = '\0';
  connection = g_socket_client_connect_to_host (client, host, 80, NULL, NULL);
  return connection != NULL;
}

static gboolean
is_deaf (gpointer text)
{
  return !listens (text);
}

/* It listens on loopback, a second start returns the same one, and it ends when stopped. */
static void
test_runs (void)
{
  DwLocalStage *local = dw_local_stage_new ();
  g_autofree char *first = start (local, NULL);
  g_autofree char *again = start (local, NULL);
  g_autofree char *anew = NULL;

  g_assert_true (g_str_has_prefix (first, "ws://127.0.0.1:"));
  g_assert_cmpstr (first, ==, again);
  g_assert_true (listens (first));
  dw_local_stage_stop (local);
  dw_test_until ("the stage to end", is_deaf, first);
  anew = start (local, NULL);
  g_assert_true (listens (anew));
  dw_test_finalize (local);
  dw_test_until ("the stage to end with its owner", is_deaf, anew);
}

/* While it starts, a second start fails with G_IO_ERROR_PENDING. */
static void
test_pending (void)
{
  DwLocalStage *local = dw_local_stage_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (DwStageUrl) url = NULL;
  g_autoptr (GError) error = NULL;

  dw_local_stage_start_async (local, NULL, on_done, &result);
  g_assert_null (start (local, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  dw_test_until ("the stage", is_set, &result);
  url = dw_local_stage_start_finish (local, result, NULL);
  g_assert_nonnull (url);
  g_clear_object (&result);
  dw_test_finalize (local);
}

/* A program that is missing, exits, or prints something else is reported with an explanation, and starting can be tried
 * again. */
static void
test_refused (void)
{
  static const char *const scripts[] = { "exit 3", "echo nonsense; exec sleep 60", "echo; exec sleep 60",
                                         "echo http://127.0.0.1:1/" };
  g_autofree char *program = g_strdup (g_getenv ("DYNAMOWAVE_STAGE"));
  DwLocalStage *local = dw_local_stage_new ();
  g_autofree char *url = NULL;

  for (guint i = 0; i <= G_N_ELEMENTS (scripts); i++)
    {
      g_autoptr (GError) error = NULL;

      if (i == G_N_ELEMENTS (scripts))
        g_setenv ("DYNAMOWAVE_STAGE", "/no/such/program", TRUE);
      else
        set_program (scripts[i]);
      g_assert_null (start (local, &error));
      g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_LOCAL_STAGE);
    }
  g_setenv ("DYNAMOWAVE_STAGE", program, TRUE);
  url = start (local, NULL);
  g_assert_nonnull (url);
  dw_test_finalize (local);
}

typedef struct
{
  DwLocalStage *local;
  char *first;
} Again;

static gboolean
starts_another (gpointer data)
{
  Again *again = data;
  g_autofree char *url = start (again->local, NULL);

  return url != NULL && !g_str_equal (url, again->first);
}

/* A stage that died is started again, and its address is not handed out as if it ran. The script puts its process ID
 * into the path. */
static void
test_died (void)
{
  g_autofree char *program = g_strdup (g_getenv ("DYNAMOWAVE_STAGE"));
  Again again = { dw_local_stage_new (), NULL };

  set_program ("echo ws://127.0.0.1:1/p$$; exec sleep 30");
  again.first = start (again.local, NULL);
  g_assert_nonnull (again.first);
  g_assert_cmpint (kill (atoi (strstr (again.first, "/p") + 2), SIGKILL), ==, 0);
  dw_test_until ("another stage", starts_another, &again);
  g_setenv ("DYNAMOWAVE_STAGE", program, TRUE);
  g_free (again.first);
  dw_test_finalize (again.local);
}

/* A cancelled start returns nothing, and the next one works. */
static void
test_cancelled (void)
{
  DwLocalStage *local = dw_local_stage_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *url = NULL;

  dw_local_stage_start_async (local, cancellable, on_done, &result);
  g_cancellable_cancel (cancellable);
  dw_test_until ("an answer", is_set, &result);
  g_assert_null (dw_local_stage_start_finish (local, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&result);
  url = start (local, NULL);
  g_assert_nonnull (url);
  dw_test_finalize (local);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/local-stage/runs", test_runs);
  g_test_add_func ("/client/local-stage/pending", test_pending);
  g_test_add_func ("/client/local-stage/refused", test_refused);
  g_test_add_func ("/client/local-stage/died", test_died);
  g_test_add_func ("/client/local-stage/cancelled", test_cancelled);
  return g_test_run ();
}
