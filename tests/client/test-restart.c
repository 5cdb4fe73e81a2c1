/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/dw-chat.h"
#include "client/store/dw-store-expiry.h"

#include <string.h>

/* A chat that is restored after a restart of the program. */
typedef struct
{
  DwRawPeer *peer;
  DwStore *store;
  DwStage *stage;
  DwChat *chat;
} Table;

static gboolean
is_settled (gpointer conversation)
{
  return dw_conversation_is_settled (conversation);
}

static void
settle (DwConversation *conversation)
{
  dw_test_until ("the conversation to settle", is_settled, conversation);
}

static void
table_init (Table *table, const char *features)
{
  g_autofree char *text = g_strdup_printf ("{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":"
                                           "\"2026-11-25T10:00:00.000Z\",\"stage\":\"prod\",\"features\":[%s]}",
                                           features);
  g_autofree char *address = NULL;
  g_autoptr (DwStageUrl) url = NULL;

  table->peer = dw_raw_peer_new (NULL);
  dw_raw_peer_set_greeting_text (table->peer, text);
  address = dw_raw_peer_dup_url (table->peer);
  url = dw_stage_url_parse (address, NULL);
  table->stage = dw_stage_new (url);
  dw_stage_set_number (table->stage, 1);
  table->store = dw_store_new (NULL);
}

static void
table_store (Table *table, const DwRecord *record)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);

  g_ptr_array_add (records, dw_record_copy (record));
  dw_store_lines_add_async (table->store, 1, records, NULL, NULL);
}

static void
table_start (Table *table)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();

  table->chat = dw_chat_new (table->stage, table->store, policy, NULL);
  settle (dw_chat_get_conversation (table->chat));
}

static gboolean
is_online (gpointer data)
{
  return dw_session_get_status (dw_chat_get_session (((Table *) data)->chat))->state == DW_SESSION_ONLINE;
}

static void
table_connect (Table *table)
{
  dw_chat_connect (table->chat);
  dw_test_until ("online", is_online, table);
}

static void
table_clear (Table *table)
{
  dw_test_finalize (table->chat);
  dw_test_finalize (table->store);
  g_object_unref (table->stage);
  g_object_unref (table->peer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Table, table_clear)

static gboolean
is_sent (gpointer message)
{
  return dw_message_get_delivery (message) == DW_DELIVERY_SENT;
}

/* After a restart no delivery state claims more than is known, and only a message that the others can recognize as a
 * copy is sent again. */
static void
test_restart (void)
{
  static const struct
  {
    DwDelivery delivery;
    DwDeparture departure;
    gboolean echoes;
    const char *features;
    DwDelivery after;
    gboolean goes;
  } rows[] = {
    { DW_DELIVERY_QUEUED, DW_DEPARTURE_NONE, FALSE, "", DW_DELIVERY_QUEUED, TRUE },
    { DW_DELIVERY_QUEUED, DW_DEPARTURE_NONE, TRUE, "\"id\"", DW_DELIVERY_QUEUED, TRUE },
    /* It died just before or just after writing to the socket. */
    { DW_DELIVERY_QUEUED, DW_DEPARTURE_PLAIN, FALSE, "", DW_DELIVERY_UNCONFIRMED, FALSE },
    { DW_DELIVERY_QUEUED, DW_DEPARTURE_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_UNCONFIRMED, TRUE },
    /* On a stage that never echoes, “sent” is final. */
    { DW_DELIVERY_SENT, DW_DEPARTURE_PLAIN, FALSE, "", DW_DELIVERY_SENT, FALSE },
    { DW_DELIVERY_SENT, DW_DEPARTURE_PLAIN, TRUE, "", DW_DELIVERY_UNCONFIRMED, FALSE },
    { DW_DELIVERY_SENT, DW_DEPARTURE_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_UNCONFIRMED, TRUE },
    { DW_DELIVERY_UNCONFIRMED, DW_DEPARTURE_PLAIN, TRUE, "", DW_DELIVERY_UNCONFIRMED, FALSE },
    { DW_DELIVERY_UNCONFIRMED, DW_DEPARTURE_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_UNCONFIRMED, TRUE },
    /* A message that asks goes on asking; but one that may have left without an id becomes unconfirmed instead. */
    { DW_DELIVERY_ASKING, DW_DEPARTURE_NONE, FALSE, "", DW_DELIVERY_ASKING, FALSE },
    { DW_DELIVERY_ASKING, DW_DEPARTURE_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_ASKING, FALSE },
    { DW_DELIVERY_ASKING, DW_DEPARTURE_PLAIN, FALSE, "", DW_DELIVERY_UNCONFIRMED, FALSE },
    { DW_DELIVERY_FAILED, DW_DEPARTURE_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_FAILED, FALSE },
    { DW_DELIVERY_DELIVERED, DW_DEPARTURE_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_DELIVERED, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Table) table = { 0 };
      g_autoptr (DwMessage) message = NULL;
      DwRecord record = { .place = 1, .kind = DW_MESSAGE_OWN, .text = (char *) "again?", .id = (char *) "id-1" };

      g_test_message ("row %u", i);
      record.time = g_get_real_time ();
      record.delivery = rows[i].delivery;
      record.departure = rows[i].departure;
      record.reason = (char *) (record.delivery == DW_DELIVERY_ASKING ? "Send it again?" : NULL);
      table_init (&table, rows[i].features);
      dw_stage_set_echoes (table.stage, rows[i].echoes);
      table_store (&table, &record);
      table_start (&table);
      message = g_list_model_get_item (G_LIST_MODEL (dw_chat_get_conversation (table.chat)), 0);
      g_assert_cmpint (dw_message_get_delivery (message), ==, rows[i].after);
      g_assert_cmpuint (dw_outbox_get_n_asking (dw_chat_get_outbox (table.chat)), ==,
                        rows[i].after == DW_DELIVERY_ASKING);
      table_connect (&table);
      if (rows[i].goes)
        {
          dw_test_until ("it to be sent", is_sent, message);
          fixture_until_sent (table.peer, "again?", 1);
        }
      else
        {
          dw_test_run_for (60);
          g_assert_cmpint (dw_message_get_delivery (message), ==, rows[i].after);
          g_assert_cmpuint (dw_raw_peer_get_n_frames (table.peer, "again?"), ==, 0);
        }
    }
}

static void
on_opened (DwConversation *conversation, DwStoreOpening *opening, guint *waiting)
{
  *waiting = opening->waiting->len;
}

/* Whether a sent message is done depends on what is known of the stage now, not on what was known when the conversation
 * was made. Otherwise a reload would forget a message whose echo is still expected. */
static void
test_echoes_learned (void)
{
  g_auto (Table) table = { 0 };
  DwRecord sent = { .place = 1, .kind = DW_MESSAGE_OWN, .text = (char *) "sent", .id = (char *) "y" };
  guint waiting = G_MAXUINT;

  sent.time = g_get_real_time ();
  sent.delivery = DW_DELIVERY_SENT;
  sent.departure = DW_DEPARTURE_PLAIN;
  table_init (&table, "");
  table_store (&table, &sent);
  table_start (&table);
  g_signal_connect (dw_chat_get_conversation (table.chat), "opened", G_CALLBACK (on_opened), &waiting);
  dw_conversation_reload (dw_chat_get_conversation (table.chat));
  settle (dw_chat_get_conversation (table.chat));
  g_assert_cmpuint (waiting, ==, 0);

  dw_stage_set_echoes (table.stage, TRUE);
  dw_conversation_reload (dw_chat_get_conversation (table.chat));
  settle (dw_chat_get_conversation (table.chat));
  g_assert_cmpuint (waiting, ==, 1);
}

/* A message queued for over an hour asks first, and one answer sends or discards it. */
static void
test_old_ask (void)
{
  for (guint sends = 0; sends < 2; sends++)
    {
      g_auto (Table) table = { 0 };
      DwOutbox *outbox;

      table_init (&table, "");
      for (guint i = 1; i <= 3; i++)
        {
          g_autofree char *id = g_strdup_printf ("id-%u", i);
          DwRecord record = { .place = i, .kind = DW_MESSAGE_OWN, .text = (char *) "old", .id = id };

          record.delivery = DW_DELIVERY_QUEUED;
          record.time = g_get_real_time () - (i < 3 ? 2 : 0) * G_TIME_SPAN_HOUR;
          table_store (&table, &record);
        }
      table_start (&table);
      table_connect (&table);
      outbox = dw_chat_get_outbox (table.chat);
      fixture_until_sent (table.peer, "old", 1);
      dw_test_run_for (100);
      g_assert_cmpuint (dw_outbox_get_n_asking (outbox), ==, 2);
      g_assert_cmpuint (dw_raw_peer_get_n_frames (table.peer, "old"), ==, 1);
      dw_chat_answer_asking (table.chat, sends == 1);
      g_assert_cmpuint (dw_outbox_get_n_asking (outbox), ==, 0);
      fixture_until_sent (table.peer, "old", sends == 1 ? 3 : 1);
      dw_test_run_for (100);
      g_assert_cmpuint (dw_raw_peer_get_n_frames (table.peer, "old"), ==, sends == 1 ? 3 : 1);
      settle (dw_chat_get_conversation (table.chat));
      /* There is also a gap line for the time away. */
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (dw_chat_get_conversation (table.chat))), >=,
                        sends == 1 ? 3 : 1);
    }
}

/* A second copy of a message from before the restart is dropped, but not the pending echo of our own. */
static void
test_second_copy_after_restart (void)
{
  g_auto (Table) table = { 0 };
  DwRecord theirs = { .place = 1, .text = (char *) "theirs", .id = (char *) "x" };
  DwRecord own = { .place = 2, .kind = DW_MESSAGE_OWN, .text = (char *) "own", .id = (char *) "y" };
  g_autoptr (DwMessage) message = NULL;
  guint n;

  theirs.time = own.time = g_get_real_time ();
  own.delivery = DW_DELIVERY_SENT;
  own.departure = DW_DEPARTURE_WITH_ID;
  table_init (&table, "\"id\"");
  table_store (&table, &theirs);
  table_store (&table, &own);
  table_start (&table);
  table_connect (&table);
  n = g_list_model_get_n_items (G_LIST_MODEL (dw_chat_get_conversation (table.chat)));
  message = g_list_model_get_item (G_LIST_MODEL (dw_chat_get_conversation (table.chat)), 1);
  dw_test_until ("it to be sent again", is_sent, message);
  dw_raw_peer_write_text (table.peer, "{\"message\":\"theirs\",\"id\":\"x\"}");
  dw_raw_peer_write_text (table.peer, "{\"message\":\"own\",\"id\":\"y\"}");
  dw_raw_peer_write_text (table.peer, "{\"message\":\"own\",\"id\":\"y\"}");
  dw_test_run_for (100);
  settle (dw_chat_get_conversation (table.chat));
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_DELIVERED);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (dw_chat_get_conversation (table.chat))), ==, n);
}

/* Deleting the history does not delete queued messages. */
static void
test_clear_keeps_queue (void)
{
  g_auto (Table) table = { 0 };
  DwConversation *conversation;
  DwMessage *message;

  table_init (&table, "");
  table_start (&table);
  conversation = dw_chat_get_conversation (table.chat);
  message = dw_chat_say (table.chat, "still to be said");
  settle (conversation);
  g_assert_cmpuint (dw_outbox_get_n_waiting (dw_chat_get_outbox (table.chat)), ==, 1);
  dw_chat_clear_history (table.chat);
  dw_test_run_for (100);
  settle (conversation);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (conversation)), ==, 2);
  g_assert_cmpuint (dw_outbox_get_n_waiting (dw_chat_get_outbox (table.chat)), ==, 1);
  table_connect (&table);
  dw_test_until ("it to be sent", is_sent, message);
  fixture_until_sent (table.peer, "still to be said", 1);
}

static gboolean
is_quarter_sent (gpointer table)
{
  return dw_raw_peer_get_n_frames (((Table *) table)->peer, "number 125.") == 1;
}

static gboolean
is_half_sent (gpointer table)
{
  return dw_raw_peer_get_n_frames (((Table *) table)->peer, "number 250.") == 1;
}

static void
on_expired (GObject *source, GAsyncResult *result, gpointer data)
{
  guint expired;

  g_assert_true (dw_store_expire_finish (DW_STORE (source), result, &expired, NULL));
  *(guint *) data = expired;
}

static gboolean
is_not_zero (gpointer data)
{
  return *(guint *) data != 0;
}

static gboolean
is_delivered (gpointer message)
{
  return dw_message_get_delivery (message) == DW_DELIVERY_DELIVERED;
}

/* When old lines expire queued messages move, and their later state is saved at the new place. */
static void
test_expiry_moves_queue (void)
{
  g_auto (Table) table = { 0 };
  DwRecord old = { .place = 1, .text = (char *) "old", .time = 1 };
  DwRecord own = { .place = 2, .kind = DW_MESSAGE_OWN, .text = (char *) "own", .id = (char *) "y", .time = 1 };
  DwRecord new = { .place = 4, .text = (char *) "new" };
  g_autoptr (DwMessage) message = NULL;
  guint expired = 0;

  table_init (&table, "\"id\"");
  own.delivery = DW_DELIVERY_UNCONFIRMED;
  own.departure = DW_DEPARTURE_WITH_ID;
  new.time = g_get_real_time ();
  table_store (&table, &old);
  table_store (&table, &own);
  old.place = 3;
  table_store (&table, &old);
  table_store (&table, &new);
  table_start (&table);
  message = g_object_ref (dw_conversation_find (dw_chat_get_conversation (table.chat), "y"));
  dw_store_expire_async (table.store, &(DwStoreExpiry){ .before = 1000, .now = G_MAXINT64 }, on_expired, &expired);
  dw_test_until ("the old to go", is_not_zero, &expired);
  dw_conversation_reload (dw_chat_get_conversation (table.chat));
  settle (dw_chat_get_conversation (table.chat));
  g_assert_cmpuint (expired, ==, 2);
  g_assert_cmpint (dw_message_get_place (message), ==, 3);
  table_connect (&table);
  dw_chat_answer_asking (table.chat, TRUE);
  fixture_until_sent (table.peer, "own", 1);
  dw_raw_peer_write_text (table.peer, "{\"message\":\"own\",\"id\":\"y\"}");
  dw_test_until ("it to come back", is_delivered, message);
  dw_test_finalize (g_steal_pointer (&table.chat));
  table_start (&table);
  g_object_unref (message);
  message = g_list_model_get_item (G_LIST_MODEL (dw_chat_get_conversation (table.chat)), 0);
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_DELIVERED);
}

/* 500 messages are sent in order, however often the stage throttles; none is dropped. */
static void
test_paced_queue (void)
{
  g_auto (Table) table = { 0 };
  DwMessage *last = NULL;
  guint next = 1;
  GPtrArray *texts;

  table_init (&table, "\"id\"");
  table_start (&table);
  for (guint i = 1; i <= 500; i++)
    {
      g_autofree char *text = g_strdup_printf ("number %u.", i);

      last = dw_chat_say (table.chat, text);
    }
  settle (dw_chat_get_conversation (table.chat));
  table_connect (&table);
  fixture_until_sent (table.peer, "number 3.", 1);
  dw_raw_peer_write_text (table.peer,
                          "{\"message\": \"Too Many Requests\", \"connectionId\":\"c\", \"requestId\":\"r\"}");
  /* After that it slows down for a while. */
  dw_test_until ("a quarter of them to be sent", is_quarter_sent, &table);
  dw_test_until ("half of them to be sent", is_half_sent, &table);
  dw_test_until ("the last to be sent", is_sent, last);
  fixture_until_sent (table.peer, "number 500.", 1);
  texts = dw_raw_peer_get_texts (table.peer);
  for (guint i = 0; i < texts->len; i++)
    {
      const char *number = strstr (g_ptr_array_index (texts, i), "number ");
      guint n;

      if (number == NULL)
        continue;
      n = (guint) atoi (number + strlen ("number "));
      /* A repeat has the same id, so everybody drops it; nothing comes out of order. */
      g_assert_cmpuint (n, <=, next);
      next = MAX (next, n + 1);
    }
  g_assert_cmpuint (next, ==, 501);
}

/* Unread messages are counted and marked, also after a restart. */
static void
test_unread (void)
{
  g_auto (Table) table = { 0 };

  table_init (&table, "");
  table_start (&table);
  table_connect (&table);
  dw_chat_set_attended (table.chat, TRUE);
  dw_raw_peer_write_text (table.peer, "seen");
  dw_test_run_for (60);
  settle (dw_chat_get_conversation (table.chat));
  g_assert_cmpuint (dw_chat_get_unread (table.chat), ==, 0);
  dw_chat_set_attended (table.chat, FALSE);
  dw_raw_peer_write_text (table.peer, "one");
  dw_raw_peer_write_text (table.peer, "two");
  dw_test_run_for (60);
  settle (dw_chat_get_conversation (table.chat));
  g_assert_cmpuint (dw_chat_get_unread (table.chat), ==, 2);
  dw_test_finalize (g_steal_pointer (&table.chat));
  table_start (&table);
  g_assert_cmpuint (dw_chat_get_unread (table.chat), ==, 2);
  dw_chat_set_attended (table.chat, TRUE);
  g_assert_cmpuint (dw_chat_get_unread (table.chat), ==, 0);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/restart/restart/DB-1", test_restart);
  g_test_add_func ("/client/restart/echoes-learned", test_echoes_learned);
  g_test_add_func ("/client/restart/old-ask", test_old_ask);
  g_test_add_func ("/client/restart/second-copy-after-restart/DB-1", test_second_copy_after_restart);
  g_test_add_func ("/client/restart/clear-keeps-queue", test_clear_keeps_queue);
  g_test_add_func ("/client/restart/paced-queue", test_paced_queue);
  g_test_add_func ("/client/restart/expiry-moves-queue", test_expiry_moves_queue);
  g_test_add_func ("/client/restart/unread", test_unread);
  return g_test_run ();
}
