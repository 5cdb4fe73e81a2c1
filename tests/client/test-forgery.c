/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/connection/dw-rollover.h"
#include "client/dw-chat.h"
#include "client/messages/dw-outgoing.h"

#include "wire/dw-fingerprint.h"

#include <string.h>

/* What another user of a stage can make our client believe: nothing. A raw peer plays both the stage and that user. */
typedef struct
{
  DwRawPeer *peer;
  DwStage *stage;
  DwStore *store;
  DwChat *chat;
  char *end; /* text of the last frame received */
  guint ends;
} Exchange;

#define ERROR_OF(words, id) "{\"message\": \"" words "\", \"connectionId\":\"" id "\", \"requestId\":\"r\"}"
#define NOTIFICATION_OF(id, features)                                                                              \
  "{\"message\":\"Connected\",\"connectionId\":\"" id "\",\"connectedAt\":\"2026-11-25T10:00:00.000Z\","           \
  "\"stage\":\"prod\",\"features\":[" features "]}"
#define PROSE_OF(id)                                                                                               \
  "Use the sendmessage route to send a message. Your info:{\"ConnectedAt\":\"2026-11-25T10:00:00.000Z\","          \
  "\"connectionID\":\"" id "\"}"
#define ALL_FEATURES "\"sender\",\"id\",\"sentAt\""

static gboolean
is_online (gpointer data)
{
  return dw_session_get_status (dw_chat_get_session (((Exchange *) data)->chat))->state == DW_SESSION_ONLINE;
}

/* The probe is answered after @answer_ms. */
static void
exchange_init (Exchange *exchange, const char *greeting, guint answer_ms)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autofree char *url_text = NULL;
  g_autoptr (DwStageUrl) url = NULL;

  policy->answer_ms = answer_ms;
  exchange->peer = dw_raw_peer_new (NULL);
  if (greeting != NULL)
    dw_raw_peer_set_greeting_text (exchange->peer, greeting);
  url_text = dw_raw_peer_dup_url (exchange->peer);
  url = dw_stage_url_parse (url_text, NULL);
  exchange->stage = dw_stage_new (url);
  dw_stage_set_own_name (exchange->stage, "Ada");
  dw_stage_set_number (exchange->stage, 1);
  exchange->store = dw_store_new (NULL);
  exchange->chat = dw_chat_new (exchange->stage, exchange->store, policy, NULL);
  dw_session_connect (dw_chat_get_session (exchange->chat));
  dw_test_until ("online", is_online, exchange);
}

static void
exchange_clear (Exchange *exchange)
{
  dw_test_finalize (exchange->chat);
  dw_test_finalize (exchange->store);
  g_object_unref (exchange->stage);
  g_free (exchange->end);
  g_object_unref (exchange->peer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Exchange, exchange_clear)

static const DwSessionStatus *
status_of (Exchange *exchange)
{
  return dw_session_get_status (dw_chat_get_session (exchange->chat));
}

static gboolean
is_settled (gpointer data)
{
  return dw_conversation_is_settled (dw_chat_get_conversation (((Exchange *) data)->chat));
}

static GPtrArray *
lines_of (Exchange *exchange)
{
  GListModel *model = G_LIST_MODEL (dw_chat_get_conversation (exchange->chat));
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_object_unref);

  dw_test_until ("the conversation to settle", is_settled, exchange);
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (model, i);

      if (dw_message_get_kind (message) <= DW_MESSAGE_NOTICE)
        g_ptr_array_add (lines, g_steal_pointer (&message));
    }
  return lines;
}

static gboolean
has_end (gpointer data)
{
  g_autoptr (GPtrArray) lines = lines_of (data);
  const char *end = ((Exchange *) data)->end;

  return lines->len > 0 && strcmp (dw_message_get_text (g_ptr_array_index (lines, lines->len - 1)), end) == 0;
}

/* Receives a frame, and then one that shows the first was handled. Returns the lines between. */
static GPtrArray *
receive (Exchange *exchange, const char *frame)
{
  g_autoptr (GPtrArray) before = lines_of (exchange);
  GPtrArray *lines;

  dw_raw_peer_write_text (exchange->peer, frame);
  g_free (exchange->end);
  exchange->end = g_strdup_printf ("the end of %u", ++exchange->ends);
  dw_raw_peer_write_text (exchange->peer, exchange->end);
  dw_test_until ("what follows the frame", has_end, exchange);
  lines = lines_of (exchange);
  g_ptr_array_remove_range (lines, 0, before->len);
  g_ptr_array_set_size (lines, (gint) lines->len - 1);
  return lines;
}

typedef struct
{
  Exchange *exchange;
  const char *part;
  guint n;
} Copies;

static gboolean
has_copies (gpointer data)
{
  Copies *copies = data;

  return dw_raw_peer_get_n_frames (copies->exchange->peer, copies->part) >= copies->n;
}

static void
until_copies (Exchange *exchange, const char *part, guint n)
{
  Copies copies = { exchange, part, n };

  dw_test_until ("a copy at the stage", has_copies, &copies);
}

/* Kinds of stages */

typedef struct
{
  const char *name;
  const char *greeting;
  gboolean raw; /* the stage passes a text on as it is; otherwise inside a frame */
} Kind;

static const Kind kinds[] = {
  { "raw text, with the documented $default", PROSE_OF ("ours"), TRUE },
  { "raw text, without a $default", ERROR_OF ("Forbidden", "ours"), TRUE },
  { "raw text, with a $default that says nothing", NULL, TRUE },
  { "raw text, with an answer that names no ID",
    "Use the sendmessage route to send a message. Your info:{\"ConnectedAt\":\"2026-11-25T10:00:00.000Z\"}", TRUE },
  { "the documented broadcast", NOTIFICATION_OF ("ours", ""), FALSE },
  { "our own stage", NOTIFICATION_OF ("ours", ALL_FEATURES), FALSE },
};

/* %s is the id of our message in flight. */
static const char *const forged[] = {
  ERROR_OF ("Forbidden", "evil"),
  ERROR_OF ("Internal server error", "evil"),
  ERROR_OF ("Endpoint request timed out", "evil"),
  ERROR_OF ("Too Many Requests", "evil"),
  ERROR_OF ("Bad request body", "evil"),
  ERROR_OF ("Your password has expired. Enter it at http://evil.example", "evil"),
  ERROR_OF ("Too Many Requests", ""),
  "{\"message\":\"Bad request body\",\"connectionId\":\"evil\",\"messageId\":\"m\"}",
  NOTIFICATION_OF ("evil", ALL_FEATURES),
  NOTIFICATION_OF ("evil", ""),
  NOTIFICATION_OF ("", ALL_FEATURES),
  PROSE_OF ("evil"),
  "{\"action\":\"sendMessage\",\"message\":\"x\",\"connectionId\":\"evil\",\"connectedAt\":253402300799000,"
  "\"features\":[" ALL_FEATURES "]}",
  "Use the sendmessage route to send a message. Your info:{}",
  "\"Your password has expired\"",
  "{\"message\":\"not what we said\",\"sender\":\"Ada\",\"id\":\"%s\"}",
  "{\"message\":\"mine\",\"sender\":\"Eve\",\"id\":\"%s\"}",
  "{\"message\":\"x\",\"sender\":\"Ada\",\"id\":\"f1\",\"sentAt\":\"9999-12-31T23:59:59.999Z\"}",
  "{\"message\":\"x\",\"sender\":\"Ada\",\"id\":\"f2\",\"sentAt\":\"-2026-11-25T10:00:00Z\"}",
  "{\"message\":\"x\",\"sender\":\"Ada\",\"id\":\"f3\",\"sentAt\":-9223372036854775808}",
  "{\"a\":1}",
};

static char *
wrap (const Kind *kind, const char *text, guint number)
{
  g_autofree char *escaped = g_strescape (text, NULL);

  if (kind->raw)
    return g_strdup (text);
  if (strstr (kind->greeting, "\"id\"") == NULL)
    return g_strdup_printf ("{\"message\":\"%s\"}", escaped);
  return g_strdup_printf ("{\"message\":\"%s\",\"sender\":\"Ada\",\"id\":\"w%u\",\"sentAt\":"
                          "\"2026-11-25T10:00:00.000Z\"}",
                          escaped, number);
}

static void
check_unmoved (Exchange *exchange, const DwSessionStatus *before, const char *id_before, DwMessage *mine)
{
  const DwSessionStatus *after = status_of (exchange);

  g_assert_cmpint (after->state, ==, before->state);
  g_assert_cmpstr (after->connection_id, ==, id_before);
  g_assert_cmpint (after->features, ==, before->features);
  g_assert_cmpint (after->connected_at, ==, before->connected_at);
  g_assert_cmpint (after->confirmed, ==, before->confirmed);
  g_assert_cmpint (after->latency_ms, ==, before->latency_ms);
  g_assert_cmpint (dw_message_get_delivery (mine), ==, DW_DELIVERY_SENT);
  g_assert_null (dw_message_get_reason (mine));
  g_assert_false (dw_stage_echoes (exchange->stage));
  g_assert_cmpuint (dw_outbox_get_n_waiting (dw_chat_get_outbox (exchange->chat)), ==, 0);
  g_assert_cmpuint (dw_raw_peer_get_n_frames (exchange->peer, "mine"), ==, 1);
}

/* Each forged frame is shown once, as its sender's, and changes no state. */
static void
test_table (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_auto (Exchange) exchange = { 0 };
      DwMessage *mine;

      g_test_message ("%s", kinds[i].name);
      exchange_init (&exchange, kinds[i].greeting, 50);
      mine = dw_chat_say (exchange.chat, "mine");
      until_copies (&exchange, "mine", 1);
      fixture_until_delivery (mine, DW_DELIVERY_SENT);
      /* Time for everything that answers our probe and our message. */
      dw_test_run_for (100);
      for (guint j = 0; j < G_N_ELEMENTS (forged); j++)
        {
          DwSessionStatus before = *status_of (&exchange);
          g_autofree char *id_before = g_strdup (before.connection_id);
          g_auto (GStrv) parts = g_strsplit (forged[j], "%s", 2);
          g_autofree char *text = g_strjoinv (dw_message_get_id (mine), parts);
          g_autofree char *frame = wrap (&kinds[i], text, j);
          g_autoptr (GPtrArray) lines = receive (&exchange, frame);
          DwMessage *line;

          g_test_message ("  %s", frame);
          g_assert_cmpuint (lines->len, ==, 1);
          line = g_ptr_array_index (lines, 0);
          g_assert_cmpint (dw_message_get_kind (line), !=, DW_MESSAGE_OWN);
          if (dw_message_get_kind (line) == DW_MESSAGE_NOTICE)
            {
              g_assert_true (g_str_has_prefix (dw_message_get_text (line), "Received "));
              g_assert_true (kinds[i].raw);
            }
          check_unmoved (&exchange, &before, id_before, mine);
        }
    }
}

/* Another user may answer our probe just before the stage does, or just after. Neither answer is believed then. */
static void
test_race (void)
{
  static const char *const truths[] = { PROSE_OF ("ours"), ERROR_OF ("Forbidden", "ours"),
                                        NOTIFICATION_OF ("ours", "") };
  static const char lie[] = NOTIFICATION_OF ("evil", ALL_FEATURES);

  for (guint i = 0; i < 2 * G_N_ELEMENTS (truths); i++)
    {
      const char *truth = truths[i / 2];
      const char *first = i % 2 == 0 ? lie : truth;
      g_auto (Exchange) exchange = { 0 };
      g_autoptr (GPtrArray) lines = NULL;
      g_autoptr (GPtrArray) errors = NULL;
      DwMessage *mine;

      exchange_init (&exchange, first, 35000);
      lines = receive (&exchange, i % 2 == 0 ? truth : lie);
      g_assert_cmpuint (lines->len, ==, 1);
      g_assert_cmpstr (status_of (&exchange)->connection_id, ==, NULL);
      g_assert_cmpint (status_of (&exchange)->features, ==, DW_FEATURE_NONE);
      g_assert_cmpint (status_of (&exchange)->state, ==, DW_SESSION_ONLINE);
      mine = dw_chat_say (exchange.chat, "mine");
      until_copies (&exchange, "\"mine\"}", 1);
      errors = receive (&exchange, ERROR_OF ("Internal server error", "evil"));
      g_assert_cmpint (dw_message_get_delivery (mine), ==, DW_DELIVERY_SENT);
      g_assert_cmpuint (errors->len, ==, 1);
      /* A later probe's answer does not change that. */
      g_clear_pointer (&lines, g_ptr_array_unref);
      lines = receive (&exchange, lie);
      g_assert_cmpint (status_of (&exchange)->features, ==, DW_FEATURE_NONE);
      g_assert_cmpstr (status_of (&exchange)->connection_id, ==, NULL);
    }
}

/* Once our connection ID is known the stage's own errors are believed. A repeat may be a second copy for everybody, so
 * there is a limit. */
static void
test_throttled (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *mine;

  exchange_init (&exchange, PROSE_OF ("ours"), 35000);
  mine = dw_chat_say (exchange.chat, "mine");
  for (guint copies = 1; copies <= 1 + DW_OUTGOING_REPEATS; copies++)
    {
      until_copies (&exchange, "mine", copies);
      fixture_until_delivery (mine, DW_DELIVERY_SENT);
      dw_raw_peer_write_text (exchange.peer, ERROR_OF ("Too Many Requests", "ours"));
    }
  fixture_until_delivery (mine, DW_DELIVERY_FAILED);
  g_assert_nonnull (dw_message_get_reason (mine));
  g_assert_cmpuint (dw_raw_peer_get_n_frames (exchange.peer, "mine"), ==, 1 + DW_OUTGOING_REPEATS);
  /* The user may still send it again. */
  g_assert_true (dw_chat_send_again (exchange.chat, dw_message_get_id (mine)));
  until_copies (&exchange, "mine", 2 + DW_OUTGOING_REPEATS);
}

/* Another user writes “Too Many Requests” after each send: the message is sent once. */
static void
test_throttled_by_somebody (void)
{
  static const char *const greetings[] = { PROSE_OF ("ours"), NULL };

  for (guint i = 0; i < G_N_ELEMENTS (greetings); i++)
    {
      g_auto (Exchange) exchange = { 0 };
      DwMessage *mine;

      exchange_init (&exchange, greetings[i], 35000);
      mine = dw_chat_say (exchange.chat, "mine");
      until_copies (&exchange, "mine", 1);
      for (guint n = 0; n < 20; n++)
        {
          g_autoptr (GPtrArray) lines = receive (&exchange, ERROR_OF ("Too Many Requests", "evil"));

          g_assert_cmpint (dw_message_get_delivery (mine), ==, DW_DELIVERY_SENT);
        }
      g_assert_cmpuint (dw_raw_peer_get_n_frames (exchange.peer, "mine"), ==, 1);
      /* The next message waits for the usual pace and no longer. */
      dw_chat_say (exchange.chat, "next");
      until_copies (&exchange, "next", 1);
    }
}

/* Anybody who reads an id can use it again: that neither marks ours as delivered nor hides a message. */
static void
test_ids (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *mine;
  g_autofree char *echo = NULL;
  g_autofree char *lie = NULL;
  g_autoptr (GPtrArray) lines = NULL;

  exchange_init (&exchange, NOTIFICATION_OF ("ours", ALL_FEATURES), 35000);
  mine = dw_chat_say (exchange.chat, "mine");
  until_copies (&exchange, dw_message_get_id (mine), 1);
  lie = g_strdup_printf ("{\"message\":\"a lie\",\"sender\":\"Ada\",\"id\":\"%s\"}", dw_message_get_id (mine));
  echo = g_strdup_printf ("{\"message\":\"mine\",\"sender\":\"Ada\",\"id\":\"%s\"}", dw_message_get_id (mine));
  dw_raw_peer_write_text (exchange.peer, lie);
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"a lie\",\"sender\":\"Eve\",\"id\":\"bobs\"}");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"the truth\",\"sender\":\"Eve\",\"id\":\"bobs\"}");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"the truth\",\"sender\":\"Bob\",\"id\":\"bobs\"}");
  dw_raw_peer_write_text (exchange.peer, "{\"message\":\"the truth\",\"sender\":\"Bob\",\"id\":\"bobs\"}");
  dw_raw_peer_write_text (exchange.peer, echo);
  lines = receive (&exchange, echo);
  g_assert_cmpint (dw_message_get_delivery (mine), ==, DW_DELIVERY_DELIVERED);
  g_assert_cmpstr (dw_message_get_text (mine), ==, "mine");
  g_clear_pointer (&lines, g_ptr_array_unref);
  lines = lines_of (&exchange);
  /* Ours, four of theirs, and the end marker. */
  g_assert_cmpuint (lines->len, ==, 6);
  g_assert_cmpstr (dw_message_get_text (g_ptr_array_index (lines, 1)), ==, "a lie");
  g_assert_cmpint (dw_message_get_kind (g_ptr_array_index (lines, 1)), ==, DW_MESSAGE_THEIRS);
  g_assert_cmpstr (dw_message_get_sender (g_ptr_array_index (lines, 4)), ==, "Bob");
}

/* A stage that announces ids but never echoes one may have been impersonated: after a few repeats the user is asked. */
static void
test_ids_that_never_come_back (void)
{
  g_auto (Exchange) exchange = { 0 };
  DwMessage *mine;

  exchange_init (&exchange, NOTIFICATION_OF ("ours", ALL_FEATURES), 35000);
  mine = dw_chat_say (exchange.chat, "mine");
  for (guint copies = 1; copies <= 1 + DW_OUTGOING_REPEATS; copies++)
    {
      until_copies (&exchange, "mine", copies);
      fixture_until_delivery (mine, DW_DELIVERY_SENT);
      dw_raw_peer_drop (exchange.peer, TRUE);
      fixture_until_delivery (mine, DW_DELIVERY_UNCONFIRMED);
    }
  dw_test_until ("online", is_online, &exchange);
  dw_test_run_for (200);
  g_assert_cmpint (dw_message_get_delivery (mine), ==, DW_DELIVERY_UNCONFIRMED);
  g_assert_nonnull (dw_message_get_reason (mine));
  g_assert_cmpuint (dw_raw_peer_get_n_frames (exchange.peer, "mine"), ==, 1 + DW_OUTGOING_REPEATS);
}

/* During a rollover two messages that share an id are both shown, in whatever order they come. */
static void
test_overlap (void)
{
  g_autoptr (DwOverlap) overlap = dw_overlap_new ();
  const DwFrame truth = { .kind = DW_FRAME_BROADCAST, .text = (char *) "truth", .id = (char *) "x" };
  const DwFrame lie = { .kind = DW_FRAME_BROADCAST, .text = (char *) "lie", .id = (char *) "x" };
  g_autofree char *large = g_strnfill (128 * 1024, 'a');
  g_autofree char *fingerprint = dw_fingerprint ("x", NULL, large);
  g_autofree char *joined = dw_fingerprint ("x", "a", "b");
  g_autofree char *split = dw_fingerprint ("xa", "", "b");
  g_autofree char *nameless = dw_fingerprint ("x", NULL, "b");
  g_autofree char *empty = dw_fingerprint ("x", "", "b");

  g_assert_true (dw_overlap_is_first (overlap, &truth, FALSE));
  g_assert_true (dw_overlap_is_first (overlap, &lie, TRUE));
  g_assert_false (dw_overlap_is_first (overlap, &truth, TRUE));
  g_assert_false (dw_overlap_is_first (overlap, &lie, FALSE));
  g_assert_cmpuint (strlen (fingerprint), ==, DW_FINGERPRINT_BYTES);
  g_assert_cmpstr (joined, !=, split);
  g_assert_cmpstr (nameless, !=, empty);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/forgery/table/AG-1", test_table);
  g_test_add_func ("/client/forgery/race/AG-1", test_race);
  g_test_add_func ("/client/forgery/throttled/AG-1", test_throttled);
  g_test_add_func ("/client/forgery/throttled-by-somebody/AG-1", test_throttled_by_somebody);
  g_test_add_func ("/client/forgery/ids/DB-1", test_ids);
  g_test_add_func ("/client/forgery/ids-that-never-come-back/DB-1", test_ids_that_never_come_back);
  g_test_add_func ("/client/forgery/overlap", test_overlap);
  return g_test_run ();
}
