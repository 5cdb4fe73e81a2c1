/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/dw-chat.h"
#include "client/messages/dw-pages.h"

#include <sqlite3.h>
#include <string.h>

/* More than what is kept in memory. */
#define FLOOD_LINES ((DW_PAGES_KEPT + 4) * DW_PAGES_LINES)

/* A chat with a raw peer. */
typedef struct
{
  DwRawPeer *peer;
  DwStore *store;
  DwChat *chat;
} Exchange;

static gboolean
is_online (gpointer data)
{
  return dw_session_get_status (dw_chat_get_session (((Exchange *) data)->chat))->state == DW_SESSION_ONLINE;
}

static gboolean
is_not_online (gpointer data)
{
  return !is_online (data);
}

static void
exchange_greet (Exchange *exchange, const char *features)
{
  g_autofree char *text = g_strdup_printf ("{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":"
                                           "\"2026-11-25T10:00:00.000Z\",\"stage\":\"prod\",\"features\":[%s]}",
                                           features);

  dw_raw_peer_set_greeting_text (exchange->peer, text);
}

/* @features are announced in the answer to the probe; with NULL the probe is never answered. */
static void
exchange_init (Exchange *exchange, const char *features)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autofree char *url_text = NULL;
  g_autoptr (DwStageUrl) url = NULL;
  g_autoptr (DwStage) stage = NULL;

  exchange->peer = dw_raw_peer_new (NULL);
  if (features != NULL)
    exchange_greet (exchange, features);
  url_text = dw_raw_peer_dup_url (exchange->peer);
  url = dw_stage_url_parse (url_text, NULL);
  stage = dw_stage_new (url);
  dw_stage_set_own_name (stage, "Ada");
  dw_stage_set_number (stage, 1);
  exchange->store = dw_store_new (NULL);
  exchange->chat = dw_chat_new (stage, exchange->store, policy, NULL);
  dw_session_connect (dw_chat_get_session (exchange->chat));
  dw_test_until ("online", is_online, exchange);
}

static void
exchange_clear (Exchange *exchange)
{
  dw_test_finalize (exchange->chat);
  dw_test_finalize (exchange->store);
  g_object_unref (exchange->peer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Exchange, exchange_clear)

static gboolean
is_settled (gpointer conversation)
{
  return dw_conversation_is_settled (conversation);
}

/* Collects the lines without the day lines, which depend on the clock. */
static GPtrArray *
messages_of (DwConversation *conversation)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func (g_object_unref);

  dw_test_until ("the conversation to settle", is_settled, conversation);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (conversation)); i++)
    {
      DwMessage *message = g_list_model_get_item (G_LIST_MODEL (conversation), i);

      if (dw_message_get_kind (message) == DW_MESSAGE_DAY || dw_message_get_kind (message) == DW_MESSAGE_UNREAD)
        g_object_unref (message);
      else
        g_ptr_array_add (messages, message);
    }
  return messages;
}

static guint
n_messages (Exchange *exchange)
{
  g_autoptr (GPtrArray) messages = messages_of (dw_chat_get_conversation (exchange->chat));

  return messages->len;
}

static DwMessage *
message_at (Exchange *exchange, guint position)
{
  g_autoptr (GPtrArray) messages = messages_of (dw_chat_get_conversation (exchange->chat));

  return g_ptr_array_index (messages, position);
}

typedef struct
{
  Exchange *exchange;
  guint n;
} Count;

static gboolean
has_messages (gpointer data)
{
  return n_messages (((Count *) data)->exchange) >= ((Count *) data)->n;
}

static void
until_messages (Exchange *exchange, guint n)
{
  Count count = { exchange, n };

  dw_test_until ("messages", has_messages, &count);
}

static gboolean
peer_has (gpointer data)
{
  gpointer *both = data;
  const char *frame = dw_raw_peer_get_last_frame (both[0]);

  return frame != NULL && strstr (frame, both[1]) != NULL;
}

static void
until_peer_has (Exchange *exchange, const char *part)
{
  gpointer both[] = { exchange->peer, (gpointer) part };

  dw_test_until (part, peer_has, both);
}

/* To a documented stage the documented frame is sent, and the echo is recognized by its text. */
static void
test_echo_by_text (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *message;

  exchange_init (&exchange, NULL);
  message = dw_chat_say (exchange.chat, "hello");
  fixture_until_delivery (message, DW_DELIVERY_SENT);
  until_peer_has (&exchange, "hello");
  g_assert_cmpstr (dw_raw_peer_get_last_frame (exchange.peer), ==,
                   "{\"action\":\"sendMessage\",\"message\":\"hello\"}");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"hello\"}");
  fixture_until_delivery (message, DW_DELIVERY_DELIVERED);
  /* The second copy is another user's message. */
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"hello\"}");
  until_messages (&exchange, 2);
  g_assert_cmpint (dw_message_get_kind (message_at (&exchange, 1)), ==, DW_MESSAGE_THEIRS);
}

static void
test_echo_by_id (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *message;
  g_autofree char *echo = NULL;

  exchange_init (&exchange, "\"sender\",\"id\"");
  message = dw_chat_say (exchange.chat, "hello");
  until_peer_has (&exchange, "\"sender\":\"Ada\"");
  until_peer_has (&exchange, dw_message_get_id (message));
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"hello\",\"sender\":\"Eve\",\"id\":\"other\"}");
  until_messages (&exchange, 2);
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_SENT);
  echo = g_strdup_printf ("{\"message\":\"hello\",\"sender\":\"Ada\",\"id\":\"%s\"}", dw_message_get_id (message));
  dw_raw_peer_write_text (exchange.peer, echo);
  fixture_until_delivery (message, DW_DELIVERY_DELIVERED);
  g_assert_cmpuint (n_messages (&exchange), ==, 2);
}

/* Messages written while the stage is away are sent in order once it is back. */
static void
test_queue (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *first, *second;

  exchange_init (&exchange, NULL);
  dw_raw_peer_set_answer (exchange.peer, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  dw_raw_peer_drop (exchange.peer, TRUE);
  dw_test_until ("the loss", is_not_online, &exchange);
  first = dw_chat_say (exchange.chat, "one");
  second = dw_chat_say (exchange.chat, "two");
  g_assert_cmpuint (n_messages (&exchange), ==, 2);
  g_assert_cmpint (dw_message_get_delivery (first), ==, DW_DELIVERY_QUEUED);
  g_assert_cmpuint (dw_outbox_get_n_waiting (dw_chat_get_outbox (exchange.chat)), ==, 2);
  dw_raw_peer_set_answer (exchange.peer, NULL);
  dw_session_retry (dw_chat_get_session (exchange.chat));
  fixture_until_delivery (first, DW_DELIVERY_SENT);
  g_assert_cmpint (dw_message_get_delivery (second), ==, DW_DELIVERY_QUEUED);
  fixture_until_delivery (second, DW_DELIVERY_SENT);
}

/* A message without an id is sent again only if the user says so. */
static void
test_unconfirmed (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *known, *message;

  exchange_init (&exchange, NULL);
  known = dw_chat_say (exchange.chat, "it echoes");
  until_peer_has (&exchange, "it echoes");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"it echoes\"}");
  fixture_until_delivery (known, DW_DELIVERY_DELIVERED);
  message = dw_chat_say (exchange.chat, "lost?");
  until_peer_has (&exchange, "lost?");
  dw_raw_peer_drop (exchange.peer, TRUE);
  fixture_until_delivery (message, DW_DELIVERY_UNCONFIRMED);
  dw_test_until ("online", is_online, &exchange);
  dw_test_run_for (100);
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_UNCONFIRMED);
  /* Another user's equal text is not the echo. */
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"lost?\"}");
  until_messages (&exchange, 3);
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_UNCONFIRMED);
  dw_outbox_send_again (dw_chat_get_outbox (exchange.chat), message);
  fixture_until_delivery (message, DW_DELIVERY_SENT);
}

/* A message with an id is sent again automatically, under the same id. */
static void
test_sent_again (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *message;

  exchange_init (&exchange, "\"id\"");
  message = dw_chat_say (exchange.chat, "lost?");
  until_peer_has (&exchange, "lost?");
  dw_raw_peer_drop (exchange.peer, TRUE);
  fixture_until_delivery (message, DW_DELIVERY_UNCONFIRMED);
  fixture_until_delivery (message, DW_DELIVERY_SENT);
  until_peer_has (&exchange, dw_message_get_id (message));
}

/* A second copy of an id is dropped, whether another user's or our own; an equal text without an id is another message.
 */
static void
test_second_copy (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *message;
  g_autofree char *echo = NULL;

  exchange_init (&exchange, "\"id\"");
  message = dw_chat_say (exchange.chat, "mine");
  until_peer_has (&exchange, "mine");
  echo = g_strdup_printf ("{\"message\":\"mine\",\"id\":\"%s\"}", dw_message_get_id (message));
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"mine\"}");
  dw_raw_peer_write_text (exchange.peer, echo);
  dw_raw_peer_write_text (exchange.peer, echo);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"theirs\",\"id\":\"x\"}");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"theirs\",\"id\":\"x\"}");
  dw_raw_peer_write_text (exchange.peer, "the end");
  fixture_until_delivery (message, DW_DELIVERY_DELIVERED);
  until_messages (&exchange, 4);
  g_assert_cmpuint (n_messages (&exchange), ==, 4);
  g_assert_cmpint (dw_message_get_kind (message_at (&exchange, 1)), ==, DW_MESSAGE_THEIRS);
  g_assert_cmpstr (dw_message_get_text (message_at (&exchange, 3)), ==, "the end");
}

/* A message sent with an id is never repeated without one: it waits until the stage has announced ids again. */
static void
test_waits_for_features (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *message;

  exchange_init (&exchange, "\"id\"");
  message = dw_chat_say (exchange.chat, "lost?");
  until_peer_has (&exchange, "lost?");
  /* The next connection's probe goes unanswered for a while. */
  dw_raw_peer_set_greeting (exchange.peer, "", 0);
  dw_raw_peer_drop (exchange.peer, TRUE);
  fixture_until_delivery (message, DW_DELIVERY_UNCONFIRMED);
  dw_test_until ("online", is_online, &exchange);
  dw_test_run_for (100);
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_UNCONFIRMED);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":"
                                         "\"2026-11-25T10:00:00.000Z\",\"features\":[\"id\"]}");
  fixture_until_delivery (message, DW_DELIVERY_SENT);
  until_peer_has (&exchange, dw_message_get_id (message));
}

/* A handler may fail late: the error arrives, and then the message comes back all the same. It is our own, and
 * delivered. */
static void
test_refused_and_echoed (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *message;
  g_autofree char *echo = NULL;

  exchange_init (&exchange, "\"id\"");
  message = dw_chat_say (exchange.chat, "slow one");
  until_peer_has (&exchange, "slow one");
  dw_raw_peer_write_text (
      exchange.peer, "{\"message\": \"Endpoint request timed out\", \"connectionId\":\"c\", \"requestId\":\"r\"}");
  fixture_until_delivery (message, DW_DELIVERY_FAILED);
  echo = g_strdup_printf ("{\"message\":\"slow one\",\"id\":\"%s\"}", dw_message_get_id (message));
  dw_raw_peer_write_text (exchange.peer, echo);
  fixture_until_delivery (message, DW_DELIVERY_DELIVERED);
  g_assert_cmpuint (n_messages (&exchange), ==, 1);
}

/* On a stage that does not echo, an error right after a send is about that send. */
static void
test_refused_without_echo (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *first, *second;

  exchange_init (&exchange, "");
  first = dw_chat_say (exchange.chat, "one");
  fixture_until_delivery (first, DW_DELIVERY_SENT);
  second = dw_chat_say (exchange.chat, "two");
  fixture_until_delivery (second, DW_DELIVERY_SENT);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"requestId\":\"r\"}");
  fixture_until_delivery (second, DW_DELIVERY_FAILED);
  g_assert_cmpint (dw_message_get_delivery (first), ==, DW_DELIVERY_SENT);
}

/* The gateway's error frames are never shown as chat, and they mark the message they refused. */
static void
test_gateway_errors (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *first, *second, *third;

  exchange_init (&exchange, "");
  first = dw_chat_say (exchange.chat, "one");
  fixture_until_delivery (first, DW_DELIVERY_SENT);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"requestId\":\"r\"}");
  fixture_until_delivery (first, DW_DELIVERY_FAILED);
  g_assert_nonnull (dw_message_get_reason (first));
  second = dw_chat_say (exchange.chat, "two");
  fixture_until_delivery (second, DW_DELIVERY_SENT);
  dw_raw_peer_write_text (exchange.peer,
                          "{\"message\": \"Internal server error\", \"connectionId\":\"c\", \"requestId\":\"r\"}");
  fixture_until_delivery (second, DW_DELIVERY_FAILED);
  third = dw_chat_say (exchange.chat, "three");
  fixture_until_delivery (third, DW_DELIVERY_SENT);
  dw_raw_peer_write_text (exchange.peer,
                          "{\"message\": \"Too Many Requests\", \"connectionId\":\"c\", \"requestId\":\"r\"}");
  fixture_until_delivery (third, DW_DELIVERY_QUEUED);
  g_assert_cmpuint (n_messages (&exchange), ==, 3);
  /* It waits longer than the usual pace before it is sent. */
  dw_test_run_for (DW_OUTBOX_PACE_MS * 5);
  g_assert_cmpint (dw_message_get_delivery (third), ==, DW_DELIVERY_QUEUED);
  fixture_until_delivery (third, DW_DELIVERY_SENT);
  /* The same words inside another user's text are a message. */
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"{\\\"message\\\":\\\"Forbidden\\\",\\\"connectionId\\\":"
                                         "\\\"c\\\",\\\"requestId\\\":\\\"r\\\"}\"}");
  until_messages (&exchange, 4);
  g_assert_cmpint (dw_message_get_kind (message_at (&exchange, 3)), ==, DW_MESSAGE_THEIRS);
}

/* With nothing sent they are shown as a notice. */
static void
test_notices (void)
{
  g_auto (Exchange) exchange = { 0 };
  g_autofree char *brackets = g_strnfill (120000, '[');

  exchange_init (&exchange, "");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"requestId\":\"r\"}");
  dw_raw_peer_write_text (exchange.peer, "\"Message sent\"");
  dw_raw_peer_write_text (exchange.peer, "{\"x\":1}");
  dw_raw_peer_write_text (exchange.peer, brackets);
  dw_raw_peer_write_text (exchange.peer, "and on we talk");
  until_messages (&exchange, 5);
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpint (dw_message_get_kind (message_at (&exchange, i)), ==, DW_MESSAGE_NOTICE);
      g_assert_cmpuint (strlen (dw_message_get_text (message_at (&exchange, i))), <, 1000);
    }
  g_assert_cmpstr (dw_message_get_text (message_at (&exchange, 4)), ==, "and on we talk");
}

/* The peer sends a close frame and stays connected: messages written meanwhile are queued, and nothing spins. */
static void
test_closing_line (void)
{
  g_auto (Exchange) exchange = { 0 };
  static const guint8 goodbye[] = { 0x03, 0xe9 };
  DwMessage *message;

  exchange_init (&exchange, "\"id\"");
  dw_raw_peer_write_frame (exchange.peer, 0x88, goodbye, sizeof goodbye);
  message = dw_chat_say (exchange.chat, "into the silence");
  dw_test_run_for (100);
  fixture_until_delivery (message, DW_DELIVERY_SENT);
  until_peer_has (&exchange, "into the silence");
}

static void
test_too_large (void)
{
  g_auto (Exchange) exchange = { 0 };
  g_autofree char *text = g_strnfill (40000, 'a');
  DwMessage *message;

  exchange_init (&exchange, "");
  message = dw_chat_say (exchange.chat, text);
  fixture_until_delivery (message, DW_DELIVERY_FAILED);
  g_assert_nonnull (dw_message_get_reason (message));
}

static void
count_changes (guint *changes)
{
  *changes += 1;
}

static void
append (DwConversation *conversation, const char *sender, gint64 time)
{
  g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_THEIRS, "x", sender, NULL, time);

  dw_conversation_append (conversation, message);
}

/* Messages that arrive together are one change of the model: a list view takes 34 s for 100,000 single changes. */
static void
test_conversation (void)
{
  g_autoptr (DwStore) store = dw_store_new (NULL);
  g_autoptr (DwStage) stage = fixture_stage_new (1);
  g_autoptr (DwConversation) conversation = dw_conversation_new (store, stage);
  guint changes = 0;

  g_signal_connect_swapped (conversation, "items-changed", G_CALLBACK (count_changes), &changes);
  dw_test_until ("the store to be read", is_settled, conversation);
  g_assert_cmpuint (changes, ==, 1);
  for (guint i = 0; i < 900; i++)
    append (conversation, i % 2 ? "A" : "B", i);
  g_assert_cmpuint (changes, ==, 1);
  dw_test_until ("the conversation to settle", is_settled, conversation);
  g_assert_cmpuint (changes, ==, 2);
  /* The first one has a day line before it. */
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (conversation)), ==, 901);

  changes = 0;
  for (guint i = 0; i < 20 * DW_CONVERSATION_ARRIVED; i++)
    append (conversation, i % 2 ? "A" : "B", i);
  dw_test_until ("the conversation to settle", is_settled, conversation);
  g_assert_cmpuint (changes, <=, 20);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (conversation)), ==, 901 + 20 * DW_CONVERSATION_ARRIVED);
}

static void
test_groups (void)
{
  g_autoptr (DwStore) store = dw_store_new (NULL);
  static const struct
  {
    const char *sender;
    gint64 minute;
    gboolean starts, ends;
  } rows[] = {
    { "Ada", 0, TRUE, FALSE }, { "Ada", 1, FALSE, TRUE }, { "Eve", 1, TRUE, TRUE },
    { "Ada", 2, TRUE, TRUE },  { "Ada", 9, TRUE, TRUE },
  };

  /* Live, and again when read from the store. */
  for (guint round = 0; round < 2; round++)
    {
      g_autoptr (DwStage) stage = fixture_stage_new (1);
      g_autoptr (DwConversation) conversation = dw_conversation_new (store, stage);
      g_autoptr (GPtrArray) messages = NULL;

      for (guint i = 0; i < G_N_ELEMENTS (rows) && round == 0; i++)
        {
          append (conversation, rows[i].sender, rows[i].minute * 60 * G_USEC_PER_SEC);
          /* Adding one at a time and adding all at once must group the same way. */
          if (i % 2 == 0)
            dw_test_until ("the conversation to settle", is_settled, conversation);
        }
      messages = messages_of (conversation);
      g_assert_cmpuint (messages->len, ==, G_N_ELEMENTS (rows));
      for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        {
          DwMessage *message = g_ptr_array_index (messages, i);

          g_assert_cmpint (dw_message_starts_group (message), ==, rows[i].starts);
          g_assert_cmpint (dw_message_ends_group (message), ==, rows[i].ends);
        }
    }
}

static gboolean
has_kind (gpointer data)
{
  Count *count = data;
  g_autoptr (GPtrArray) messages = messages_of (dw_chat_get_conversation (count->exchange->chat));
  guint gaps = 0;

  for (guint i = 0; i < messages->len; i++)
    gaps += dw_message_get_kind (g_ptr_array_index (messages, i)) == DW_MESSAGE_GAP;
  return gaps == count->n;
}

/* Who was away is told from when to when, if that was long enough: nearly every reconnection is shorter and says
 * nothing. */
static void
test_gap (void)
{
  g_auto (Exchange) exchange = { 0 };
  gint64 begun = g_get_real_time ();
  Count one = { &exchange, 1 };
  DwMessage *gap;
  gint64 left;

  exchange_init (&exchange, "");
  dw_chat_set_least_gap (exchange.chat, G_USEC_PER_SEC);
  left = dw_stage_get_left_at (dw_chat_get_stage (exchange.chat));
  g_assert_cmpint (left, >=, begun);
  dw_raw_peer_set_answer (exchange.peer, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  dw_raw_peer_drop (exchange.peer, FALSE);
  dw_test_until ("offline", is_not_online, &exchange);
  g_assert_cmpint (dw_stage_get_left_at (dw_chat_get_stage (exchange.chat)), <=, g_get_real_time ());
  dw_test_run_for (1100);
  g_assert_cmpint (dw_stage_get_left_at (dw_chat_get_stage (exchange.chat)), <=,
                   g_get_real_time () - G_USEC_PER_SEC);
  dw_raw_peer_set_answer (exchange.peer, NULL);
  dw_test_until ("online", is_online, &exchange);
  dw_test_until ("the gap", has_kind, &one);
  gap = message_at (&exchange, 0);
  g_assert_cmpint (dw_message_get_kind (gap), ==, DW_MESSAGE_GAP);
  g_assert_cmpint (dw_message_get_time (gap), >=, begun);
  g_assert_cmpint (dw_message_get_until (gap) - dw_message_get_time (gap), >=, G_USEC_PER_SEC);
  g_assert_cmpint (dw_message_get_until (gap), <=, g_get_real_time ());

  begun = g_get_real_time ();
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"before\"}");
  until_messages (&exchange, 2);
  dw_raw_peer_drop (exchange.peer, FALSE);
  dw_test_until ("offline", is_not_online, &exchange);
  dw_test_until ("online", is_online, &exchange);
  /* A machine that stood still for a second has made a gap of its own. */
  if (g_get_real_time () - begun < G_USEC_PER_SEC)
    {
      dw_raw_peer_write_text (exchange.peer, "{\"message\":\"after\"}");
      until_messages (&exchange, 3);
      g_assert_true (has_kind (&one));
    }
}

static void
reconnect (Exchange *exchange)
{
  dw_raw_peer_drop (exchange->peer, FALSE);
  dw_test_until ("offline", is_not_online, exchange);
  dw_test_until ("online", is_online, exchange);
}

/* Under a minute it is not told at all; and one absence right after another is the same line. */
static void
test_short_gaps (void)
{
  g_auto (Exchange) exchange = { 0 };
  Count none = { &exchange, 0 };
  Count one = { &exchange, 1 };
  gint64 from, until;

  exchange_init (&exchange, "");
  reconnect (&exchange);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"one\"}");
  until_messages (&exchange, 1);
  g_assert_true (has_kind (&none));

  dw_chat_set_least_gap (exchange.chat, 0);
  reconnect (&exchange);
  dw_test_until ("the gap", has_kind, &one);
  from = dw_message_get_time (message_at (&exchange, 1));
  until = dw_message_get_until (message_at (&exchange, 1));
  dw_chat_set_least_gap (exchange.chat, G_TIME_SPAN_HOUR);
  reconnect (&exchange);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"two\"}");
  until_messages (&exchange, 3);
  g_assert_true (has_kind (&one));
  g_assert_cmpint (dw_message_get_time (message_at (&exchange, 1)), ==, from);
  g_assert_cmpint (dw_message_get_until (message_at (&exchange, 1)), >, until);

  /* What was said in between keeps them apart, and then the short one is not told. */
  reconnect (&exchange);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"three\"}");
  until_messages (&exchange, 4);
  g_assert_true (has_kind (&one));
}

static void
count_notify (guint *notified)
{
  *notified += 1;
}

/* Unread is what others said while nobody looked: the line stands before the first of it, and goes when one answers. */
static void
test_unread (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwStage *stage;
  guint notified = 0;

  exchange_init (&exchange, "");
  stage = dw_chat_get_stage (exchange.chat);
  g_signal_connect_swapped (exchange.chat, "notify::unread", G_CALLBACK (count_notify), &notified);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"one\"}");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":null}");
  until_messages (&exchange, 2);
  dw_chat_say (exchange.chat, "mine");
  until_messages (&exchange, 3);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"two\"}");
  until_messages (&exchange, 4);
  g_assert_cmpuint (dw_chat_get_unread (exchange.chat), ==, 2);
  g_assert_cmpuint (notified, ==, 2);
  g_assert_cmpint (dw_stage_get_seen (stage), ==, 0);

  dw_chat_set_attended (exchange.chat, TRUE);
  g_assert_cmpuint (dw_chat_get_unread (exchange.chat), ==, 0);
  g_assert_cmpuint (notified, ==, 3);
  /* The day is a line too. */
  g_assert_cmpint (dw_stage_get_seen (stage), ==, 5);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"three\"}");
  until_messages (&exchange, 5);
  g_assert_cmpuint (dw_chat_get_unread (exchange.chat), ==, 0);
  g_assert_cmpint (dw_stage_get_seen (stage), ==, 6);
  dw_chat_set_attended (exchange.chat, FALSE);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"four\"}");
  until_messages (&exchange, 6);
  g_assert_cmpuint (dw_chat_get_unread (exchange.chat), ==, 1);
  g_assert_cmpint (dw_stage_get_seen (stage), ==, 6);

  /* Somebody says so without looking. */
  dw_chat_mark_read (exchange.chat);
  g_assert_cmpuint (dw_chat_get_unread (exchange.chat), ==, 0);
  g_assert_cmpint (dw_stage_get_seen (stage), >, 6);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"five\"}");
  until_messages (&exchange, 7);
  g_assert_cmpuint (dw_chat_get_unread (exchange.chat), ==, 1);
  g_signal_handlers_disconnect_by_data (exchange.chat, &notified);
}

static void
check_last_words (Exchange *exchange, const char *wanted)
{
  gint64 said_at = -1;
  g_autofree char *words = dw_chat_dup_last_words (exchange->chat, &said_at);

  g_assert_cmpstr (words, ==, wanted);
  if (wanted == NULL)
    g_assert_cmpint (said_at, ==, 0);
  else
    g_assert_cmpint (ABS (g_get_real_time () - said_at), <, 60 * G_USEC_PER_SEC);
}

/* What stands under a stage's name in the list. */
static void
test_last_words (void)
{
  g_auto (Exchange) exchange = { 0 };

  exchange_init (&exchange, "");
  check_last_words (&exchange, NULL);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"one\"}");
  until_messages (&exchange, 1);
  check_last_words (&exchange, "one");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"two\",\"sender\":\"Bo\"}");
  until_messages (&exchange, 2);
  check_last_words (&exchange, "Bo: two");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"three\",\"sender\":\"\u200b\"}");
  until_messages (&exchange, 3);
  check_last_words (&exchange, "three");
  dw_chat_say (exchange.chat, "mine");
  until_messages (&exchange, 4);
  check_last_words (&exchange, "You: mine");
  /* Notices are nobody's words. */
  for (guint i = 1; i <= 8; i++)
    {
      dw_raw_peer_write_text (exchange.peer, "{\"message\":null}");
      until_messages (&exchange, 4 + i);
      check_last_words (&exchange, i < 8 ? "You: mine" : NULL);
    }
}

/* Only what needs a decision is decided on. */
static void
test_decisions (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *message;
  g_autofree char *id = NULL;
  g_autofree char *text = NULL;

  exchange_init (&exchange, "");
  message = dw_chat_say (exchange.chat, "hello");
  id = g_strdup (dw_message_get_id (message));
  fixture_until_delivery (message, DW_DELIVERY_SENT);
  g_assert_null (dw_chat_discard (exchange.chat, id));
  g_assert_false (dw_chat_send_again (exchange.chat, id));
  g_assert_null (dw_chat_discard (exchange.chat, "nobody’s"));
  g_assert_false (dw_chat_send_again (exchange.chat, "nobody’s"));
  until_peer_has (&exchange, "hello");
  dw_raw_peer_write_text (exchange.peer, "{\"message\": \"Internal server error\", \"connectionId\":\"c\", "
                                         "\"requestId\":\"r\"}");
  fixture_until_delivery (message, DW_DELIVERY_FAILED);
  until_messages (&exchange, 1);
  text = dw_chat_discard (exchange.chat, id);
  g_assert_cmpstr (text, ==, "hello");
  g_assert_cmpuint (n_messages (&exchange), ==, 0);
}

static void
hear (Exchange *exchange, const char *text, const char *sender, guint n)
{
  g_autofree char *frame = g_strdup_printf ("{\"message\":\"%s\",\"sender\":\"%s\"}", text, sender);

  dw_raw_peer_write_text (exchange->peer, frame);
  until_messages (exchange, n);
}

static gboolean
is_search_over (gpointer search)
{
  return dw_dialect_search_is_over (search);
}

/* The first message that a search has sent to a peer, as the stage would broadcast it. */
static char *
find_said (DwRawPeer *peer)
{
  GPtrArray *texts = dw_raw_peer_get_texts (peer);

  for (guint i = 0; i < texts->len; i++)
    {
      const char *text = strstr (g_ptr_array_index (texts, i), "\"message\"");

      if (text != NULL)
        return g_strdup_printf ("{%s", text);
    }
  g_error ("the search said nothing");
}

/* A message that is deleted is gone from the list, and those beside it stand together. */
static void
test_delete (void)
{
  g_auto (Exchange) exchange = { 0 };
  g_autoptr (DwMessage) first = NULL;
  g_autoptr (DwMessage) middle = NULL;
  g_autoptr (DwMessage) last = NULL;
  GListModel *lines;

  exchange_init (&exchange, "");
  /* Without a line for what is unread. */
  dw_chat_set_attended (exchange.chat, TRUE);
  lines = G_LIST_MODEL (dw_chat_get_conversation (exchange.chat));
  hear (&exchange, "one", "Bo", 1);
  hear (&exchange, "two", "Eve", 2);
  hear (&exchange, "three", "Bo", 3);
  hear (&exchange, "four", "Bo", 4);
  first = g_object_ref (message_at (&exchange, 0));
  middle = g_object_ref (message_at (&exchange, 1));
  last = g_object_ref (message_at (&exchange, 2));
  g_assert_true (dw_message_starts_group (last));

  g_assert_true (dw_chat_delete (exchange.chat, middle));
  g_assert_cmpuint (n_messages (&exchange), ==, 3);
  g_assert_true (dw_message_starts_group (first));
  g_assert_false (dw_message_ends_group (first));
  g_assert_false (dw_message_starts_group (last));

  /* It is gone, and the line that has its place now is another one. */
  g_assert_false (dw_chat_delete (exchange.chat, middle));
  g_assert_cmpuint (n_messages (&exchange), ==, 3);

  g_assert_true (dw_chat_delete (exchange.chat, first));
  g_assert_true (dw_message_starts_group (last));
  g_assert_false (dw_message_ends_group (last));
  g_assert_true (dw_chat_delete (exchange.chat, message_at (&exchange, 1)));
  g_assert_true (dw_message_ends_group (last));

  /* The day goes with its last line, and begins again with the next. */
  g_assert_cmpuint (g_list_model_get_n_items (lines), ==, 2);
  g_assert_true (dw_chat_delete (exchange.chat, last));
  g_assert_cmpuint (g_list_model_get_n_items (lines), ==, 0);
  hear (&exchange, "five", "Bo", 1);
  g_assert_cmpuint (g_list_model_get_n_items (lines), ==, 2);
}

/* What is under way stays, or its echo would come as somebody else's message. */
static void
test_delete_own (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *message;

  exchange_init (&exchange, "");
  message = dw_chat_say (exchange.chat, "hello");
  g_assert_false (dw_chat_can_delete (exchange.chat, message));
  fixture_until_delivery (message, DW_DELIVERY_SENT);
  until_messages (&exchange, 1);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"hello\"}");
  fixture_until_delivery (message, DW_DELIVERY_DELIVERED);

  /* Now the stage is known to echo. */
  message = dw_chat_say (exchange.chat, "again");
  fixture_until_delivery (message, DW_DELIVERY_SENT);
  until_messages (&exchange, 2);
  g_assert_false (dw_chat_delete (exchange.chat, message));
  g_assert_cmpuint (n_messages (&exchange), ==, 2);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"again\"}");
  fixture_until_delivery (message, DW_DELIVERY_DELIVERED);
  g_assert_true (dw_chat_delete (exchange.chat, message));
  g_assert_cmpuint (n_messages (&exchange), ==, 1);
}

/* What a search for the message format says is heard here as well, as a message or as a frame that cannot be read, and is
 * nobody's. */
static void
test_search_unheard (void)
{
  g_auto (Exchange) exchange = { 0 };
  g_autofree char *url = NULL;
  g_autofree char *said = NULL;
  g_autoptr (DwRawPeer) other = dw_raw_peer_new (NULL);
  g_autoptr (DwStageUrl) parsed = NULL;
  g_autoptr (DwStage) stage = NULL;
  g_autoptr (DwDialectSearch) search = NULL;
  g_autoptr (GString) unreadable = NULL;

  exchange_init (&exchange, "");
  url = dw_raw_peer_dup_url (other);
  parsed = dw_stage_url_parse (url, NULL);
  stage = dw_stage_new (parsed);
  search = dw_dialect_search_new (stage, 5000, 50);
  dw_chat_set_search (exchange.chat, search);
  dw_dialect_search_start (search);
  dw_test_until ("the search to be over", is_search_over, search);

  said = find_said (other);
  dw_raw_peer_write_text (exchange.peer, said);
  unreadable = g_string_new (said);
  g_string_replace (unreadable, "\"message\"", "\"words\"", 0);
  dw_raw_peer_write_text (exchange.peer, unreadable->str);
  hear (&exchange, "Testing the message format (000000000000)", "Bo", 1);
  g_assert_cmpuint (n_messages (&exchange), ==, 1);
}

/* The frame that brought a message, or took it away, is found as long as it is remembered. */
static void
test_find_frame (void)
{
  g_auto (Exchange) exchange = { 0 };
  g_autoptr (DwMessage) other = dw_message_new (DW_MESSAGE_THEIRS, "nobody said so", NULL, NULL, G_MAXINT64);
  const DwTraceEntry *entry;
  DwMessage *own, *later;
  guint64 serial;

  exchange_init (&exchange, "");
  hear (&exchange, "one", "Bo", 1);
  hear (&exchange, "one", "Eve", 2);
  dw_raw_peer_write_text (exchange.peer, "raw words");
  until_messages (&exchange, 3);
  own = dw_chat_say (exchange.chat, "mine");
  fixture_until_delivery (own, DW_DELIVERY_SENT);
  until_messages (&exchange, 4);
  for (guint i = 0; i < 3; i++)
    {
      static const char *const parts[] = { "Bo", "Eve", "raw words" };
      g_autofree char *text = NULL;

      entry = dw_trace_get_entry (dw_chat_get_trace (exchange.chat),
                                  dw_chat_find_frame (exchange.chat, message_at (&exchange, i)));
      g_assert_nonnull (entry);
      g_assert_cmpint (entry->kind, ==, DW_TRACE_IN);
      text = g_strndup (g_bytes_get_data (entry->bytes, NULL), g_bytes_get_size (entry->bytes));
      g_assert_nonnull (strstr (text, parts[i]));
    }
  entry = dw_trace_get_entry (dw_chat_get_trace (exchange.chat), dw_chat_find_frame (exchange.chat, own));
  g_assert_nonnull (entry);
  g_assert_cmpint (entry->kind, ==, DW_TRACE_OUT);
  g_assert_cmpuint (dw_chat_find_frame (exchange.chat, other), ==, 0);

  /* What was said later ends with the same words. */
  serial = dw_chat_find_frame (exchange.chat, own);
  later = dw_chat_say (exchange.chat, "not mine");
  fixture_until_delivery (later, DW_DELIVERY_SENT);
  g_assert_cmpuint (dw_chat_find_frame (exchange.chat, own), ==, serial);
}

/* A frame that repeats another one's message, which is shown once, does not pass for the one that brought it; and neither
 * do the same words without a name. */
static void
test_find_frame_repeated (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *message;
  guint64 serial;

  exchange_init (&exchange, "");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"one\",\"sender\":\"Bo\",\"id\":\"b-1\"}");
  until_messages (&exchange, 1);
  message = message_at (&exchange, 0);
  serial = dw_chat_find_frame (exchange.chat, message);
  g_assert_cmpuint (serial, !=, 0);

  dw_raw_peer_write_text (exchange.peer, "{\"forged\":1,\"message\":\"one\",\"sender\":\"Bo\",\"id\":\"b-1\"}");
  dw_raw_peer_write_text (exchange.peer, "one");
  until_messages (&exchange, 2);
  g_assert_cmpuint (dw_chat_find_frame (exchange.chat, message), ==, serial);
}

static void
add_frames (Exchange *exchange, const char *start, guint n)
{
  g_autofree char *filling = g_strnfill (30000, ' ');
  g_autofree char *frame = g_strconcat (start, filling, "}", NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (frame, strlen (frame));

  for (guint i = 0; i < n; i++)
    dw_trace_add_frame (dw_chat_get_trace (exchange->chat), DW_TRACE_IN, 1, bytes);
}

/* A message is looked for in all that is remembered, but somebody who fills that with what looks like it does not make
 * the window wait. */
static void
test_find_frame_bounded (void)
{
  g_auto (Exchange) exchange = { 0 };
  g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_THEIRS, "one", "Bo", "b-1", g_get_real_time ());
  guint64 serial;

  exchange_init (&exchange, "");
  add_frames (&exchange, "{\"message\":\"one\",\"sender\":\"Bo\",\"id\":\"b-1\"", 1);
  serial = dw_trace_get_last (dw_chat_get_trace (exchange.chat));
  add_frames (&exchange, "{\"message\":\"two\",\"sender\":\"Eve\"", 100);
  g_assert_cmpuint (dw_chat_find_frame (exchange.chat, message), ==, serial);

  add_frames (&exchange, "{\"message\":\"one\",\"sender\":\"Eve\"", 30);
  g_assert_cmpuint (dw_trace_get_first (dw_chat_get_trace (exchange.chat)), <=, serial);
  g_assert_cmpuint (dw_chat_find_frame (exchange.chat, message), ==, 0);
}

static gboolean
is_one_less (gpointer data)
{
  Exchange *exchange = data;

  return g_list_model_get_n_items (G_LIST_MODEL (dw_chat_get_conversation (exchange->chat))) == FLOOD_LINES + 1;
}

/* Who asks to delete a message gets that, even if so much came before the question was answered that the message is in
 * memory no more. */
static void
test_delete_flooded (void)
{
  g_auto (Exchange) exchange = { 0 };
  g_autoptr (DwMessage) secret = NULL;
  g_autoptr (DwMessage) first = NULL;
  DwConversation *conversation;

  exchange_init (&exchange, "");
  dw_chat_set_attended (exchange.chat, TRUE);
  conversation = dw_chat_get_conversation (exchange.chat);
  hear (&exchange, "a secret", "Bo", 1);
  secret = g_object_ref (message_at (&exchange, 0));
  for (guint i = 0; i < FLOOD_LINES; i++)
    {
      g_autoptr (DwMessage) line = dw_message_new (DW_MESSAGE_THEIRS, "flood", "Eve", NULL, g_get_real_time ());

      dw_conversation_append (conversation, line);
      if (i % DW_PAGES_LINES == 0)
        dw_test_until ("the conversation to settle", is_settled, conversation);
    }
  dw_test_until ("the conversation to settle", is_settled, conversation);
  g_assert_null (dw_conversation_peek_line (conversation, dw_message_get_place (secret)));

  g_assert_true (dw_chat_delete (exchange.chat, secret));
  dw_test_until ("one line less", is_one_less, &exchange);
  first = g_list_model_get_item (G_LIST_MODEL (conversation), 1);
  g_assert_cmpstr (dw_message_get_text (first), !=, "a secret");
}

static void
on_held_frame (Count *count, const DwFrame *frame)
{
  g_assert_false (dw_conversation_is_congested (dw_chat_get_conversation (count->exchange->chat)));
  count->n++;
}

static gboolean
has_come (gpointer data)
{
  return ((Count *) data)->n > 0;
}

/* While too much waits to be saved, the stage is not read; what it says meanwhile comes afterwards. */
static void
test_held (void)
{
  g_auto (Exchange) exchange = { 0 };
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, DW_STORE_NAME, NULL);
  g_autofree char *large = g_strnfill (DW_CONVERSATION_UNSAVED_BYTES / 32, 'x');
  DwConversation *conversation;
  DwStage *stage;
  sqlite3 *other = NULL;
  Count count = { &exchange, 0 };

  /* Nothing is heard while nothing is read. */
  policy->pong_ms = DW_TEST_DEADLINE_MS;
  exchange_init (&exchange, "");
  /* The same with a file, which another program can lock. */
  stage = g_object_ref (dw_chat_get_stage (exchange.chat));
  dw_test_finalize (exchange.chat);
  dw_test_finalize (exchange.store);
  exchange.store = dw_store_new (path);
  exchange.chat = dw_chat_new (stage, exchange.store, policy, NULL);
  g_object_unref (stage);
  conversation = dw_chat_get_conversation (exchange.chat);
  dw_session_connect (dw_chat_get_session (exchange.chat));
  dw_test_until ("online", is_online, &exchange);
  dw_test_until ("the conversation to settle", is_settled, conversation);

  g_assert_cmpint (sqlite3_open (path, &other), ==, SQLITE_OK);
  sqlite3_busy_timeout (other, DW_TEST_DEADLINE_MS);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  while (!dw_conversation_is_congested (conversation))
    {
      g_autoptr (DwMessage) line = dw_message_new (DW_MESSAGE_THEIRS, large, "Eve", NULL, g_get_real_time ());

      dw_conversation_append (conversation, line);
    }
  g_signal_connect_swapped (dw_chat_get_session (exchange.chat), "frame", G_CALLBACK (on_held_frame), &count);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"said meanwhile\"}");
  dw_test_run_for (200);
  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
  dw_test_until ("what was said meanwhile", has_come, &count);
  g_signal_handlers_disconnect_by_data (dw_chat_get_session (exchange.chat), &count);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/chat/echo-by-text", test_echo_by_text);
  g_test_add_func ("/client/chat/echo-by-id", test_echo_by_id);
  g_test_add_func ("/client/chat/queue", test_queue);
  g_test_add_func ("/client/chat/unconfirmed", test_unconfirmed);
  g_test_add_func ("/client/chat/sent-again", test_sent_again);
  g_test_add_func ("/client/chat/second-copy/DB-1", test_second_copy);
  g_test_add_func ("/client/chat/waits-for-features/DB-1", test_waits_for_features);
  g_test_add_func ("/client/chat/refused-and-echoed", test_refused_and_echoed);
  g_test_add_func ("/client/chat/refused-without-echo/AG-1", test_refused_without_echo);
  g_test_add_func ("/client/chat/gateway-errors/AG-1", test_gateway_errors);
  g_test_add_func ("/client/chat/notices/AG-1", test_notices);
  g_test_add_func ("/client/chat/closing-line", test_closing_line);
  g_test_add_func ("/client/chat/too-large", test_too_large);
  g_test_add_func ("/client/chat/conversation/splices/WS-4", test_conversation);
  g_test_add_func ("/client/chat/gap/RC-4", test_gap);
  g_test_add_func ("/client/chat/short-gaps", test_short_gaps);
  g_test_add_func ("/client/chat/delete", test_delete);
  g_test_add_func ("/client/chat/delete-own", test_delete_own);
  g_test_add_func ("/client/chat/search-unheard", test_search_unheard);
  g_test_add_func ("/client/chat/find-frame", test_find_frame);
  g_test_add_func ("/client/chat/find-frame-repeated", test_find_frame_repeated);
  g_test_add_func ("/client/chat/find-frame-bounded", test_find_frame_bounded);
  g_test_add_func ("/client/chat/delete-flooded", test_delete_flooded);
  g_test_add_func ("/client/chat/unread", test_unread);
  g_test_add_func ("/client/chat/last-words", test_last_words);
  g_test_add_func ("/client/chat/decisions", test_decisions);
  g_test_add_func ("/client/chat/conversation/groups", test_groups);
  g_test_add_func ("/client/chat/held/WS-4", test_held);
  return g_test_run ();
}
