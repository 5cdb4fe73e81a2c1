/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/dw-chat.h"

#include "backend/gateway/dw-server.h"

#include <string.h>

/* The client and the stage in one process, connected by a socket: the gateway's two time limits run some thousand times
 * as fast, and two users write numbered lines all the while. */

#define LINES 150

typedef struct
{
  DwServer *stage;
  DwChat *writer;
  DwChat *reader;
  guint next;
  guint lost;
} Pair;

static double
middle (gpointer unused)
{
  return 0.5;
}

static DwChat *
chat_new (DwServer *stage, guint rollover_ms)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autofree char *text = dw_server_dup_url (stage);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, NULL);
  g_autoptr (DwStage) where = dw_stage_new (url);
  g_autoptr (DwStore) store = NULL;

  policy->probe_ms = 300;
  policy->rollover_ms = rollover_ms;
  policy->overlap_ms = 500;
  policy->stable_ms = 100;
  policy->backoff_base_ms = 20;
  policy->random = middle;
  dw_stage_set_number (where, 1);
  store = dw_store_new (NULL);
  return dw_chat_new (where, store, policy, NULL);
}

static void
on_lost (Pair *pair, gint64 before)
{
  if (before == G_MAXINT64)
    pair->lost++;
}

static gboolean
are_online (gpointer data)
{
  Pair *pair = data;

  return dw_session_get_status (dw_chat_get_session (pair->writer))->state == DW_SESSION_ONLINE
         && dw_session_get_status (dw_chat_get_session (pair->reader))->state == DW_SESSION_ONLINE;
}

static void
pair_init (Pair *pair, gint64 idle_ms, gint64 age_ms, guint rollover_ms)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  DwServerConfig *config = dw_server_config_new ("prod");

  config->idle_ms = idle_ms;
  config->age_ms = age_ms;
  pair->stage = dw_server_new_with (config, NULL);
  g_assert_true (dw_server_listen (pair->stage, address, NULL));
  pair->writer = chat_new (pair->stage, rollover_ms);
  pair->reader = chat_new (pair->stage, rollover_ms);
  g_signal_connect_swapped (dw_chat_get_session (pair->writer), "lost", G_CALLBACK (on_lost), pair);
  g_signal_connect_swapped (dw_chat_get_session (pair->reader), "lost", G_CALLBACK (on_lost), pair);
  dw_session_connect (dw_chat_get_session (pair->writer));
  dw_session_connect (dw_chat_get_session (pair->reader));
  dw_test_until ("both online", are_online, pair);
}

static void
pair_clear (Pair *pair)
{
  g_signal_handlers_disconnect_by_data (dw_chat_get_session (pair->writer), pair);
  g_signal_handlers_disconnect_by_data (dw_chat_get_session (pair->reader), pair);
  dw_test_finalize (pair->writer);
  dw_test_finalize (pair->reader);
  dw_test_finalize (pair->stage);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static gboolean
on_line (gpointer data)
{
  Pair *pair = data;
  g_autofree char *line = g_strdup_printf ("line %u", pair->next++);

  dw_chat_say (pair->writer, line);
  return pair->next < LINES ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Counts the messages of a kind in a chat, and checks that they are in order without duplicates. */
static guint
count (DwChat *chat, DwMessageKind kind, gboolean check)
{
  GListModel *model = G_LIST_MODEL (dw_chat_get_conversation (chat));
  guint n = 0;

  dw_conversation_flush (dw_chat_get_conversation (chat));
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (model, i);
      g_autofree char *expected = g_strdup_printf ("line %u", n);

      if (dw_message_get_kind (message) != kind)
        continue;
      if (check)
        g_assert_cmpstr (dw_message_get_text (message), ==, expected);
      n++;
    }
  return n;
}

static gboolean
is_complete (gpointer data)
{
  Pair *pair = data;

  return count (pair->writer, DW_MESSAGE_OWN, TRUE) == LINES
         && count (pair->reader, DW_MESSAGE_THEIRS, TRUE) == LINES;
}

static void
check_delivered (DwChat *chat)
{
  GListModel *model = G_LIST_MODEL (dw_chat_get_conversation (chat));

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (model, i);

      if (dw_message_get_kind (message) == DW_MESSAGE_OWN)
        g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_DELIVERED);
    }
}

/* With a rollover before the limit nobody notices it: nothing is lost, duplicated or reordered. */
static void
test_rollover (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 2000, 4000, 1000);
  g_timeout_add (30, on_line, &pair);
  dw_test_until ("every line", is_complete, &pair);
  dw_test_run_for (200);
  g_assert_true (is_complete (&pair));
  check_delivered (pair.writer);
  g_assert_cmpuint (count (pair.reader, DW_MESSAGE_NOTICE, FALSE), ==, 0);
  g_assert_cmpuint (pair.lost, ==, 0);
}

/* Nobody writes, and the gateway's idle limit passes many times: the probe keeps the connection open. */
static void
test_idle (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 1500, 60000, 60000);
  dw_test_run_for (5000);
  g_assert_cmpuint (pair.lost, ==, 0);
  g_assert_true (are_online (&pair));
  g_assert_cmpuint (count (pair.reader, DW_MESSAGE_THEIRS, FALSE), ==, 0);
}

static gboolean
writer_is_complete (gpointer data)
{
  Pair *pair = data;
  GListModel *model = G_LIST_MODEL (dw_chat_get_conversation (pair->writer));

  if (count (pair->writer, DW_MESSAGE_OWN, TRUE) < LINES)
    return FALSE;
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (model, i);

      if (dw_message_get_kind (message) == DW_MESSAGE_OWN
          && dw_message_get_delivery (message) != DW_DELIVERY_DELIVERED)
        return FALSE;
    }
  return TRUE;
}

/* If the gateway closes anyway, the end is quiet, and a message written in the gap arrives once. */
static void
test_closed (void)
{
  g_auto (Pair) pair = { 0 };
  guint seen;

  pair_init (&pair, 60000, 500, 60000);
  g_timeout_add (20, on_line, &pair);
  dw_test_until ("every line to come back", writer_is_complete, &pair);
  g_assert_cmpuint (pair.lost, >, 2);
  /* The reader was disconnected at times too, and the stage keeps nothing, so it may miss lines but never sees one
   * twice. */
  seen = count (pair.reader, DW_MESSAGE_THEIRS, FALSE);
  g_assert_cmpuint (seen, <=, LINES);
  g_assert_cmpuint (seen, >, LINES / 2);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/system/limits/rollover/AG-3", test_rollover);
  g_test_add_func ("/system/limits/idle/AG-3", test_idle);
  g_test_add_func ("/system/limits/closed/AG-3", test_closed);
  return g_test_run ();
}
