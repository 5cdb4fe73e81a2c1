/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-session-fixture.h"
#include "dw-archive.h"

#include "client/dw-chat.h"
#include "client/messages/dw-outgoing.h"

#include <string.h>

/* An outbox with a store in a file, a raw peer, and a clock that the test sets. */
typedef struct
{
  Archive archive;
  DwRawPeer *peer;
  Fixture *fixture;
  DwStage *stage;
  DwOutbox *outbox;
  gint64 now;
  gint64 last_place;
  DwSessionPolicy *policy;
} Table;

#define NOON (20000 * G_TIME_SPAN_DAY + G_TIME_SPAN_DAY / 2)

static gint64
clock_of_table (gpointer data)
{
  return ((Table *) data)->now;
}

/* Passes a frame to the outbox as a chat does. */
static void
on_frame (Table *table, const DwFrame *frame)
{
  if (frame->kind == DW_FRAME_BROADCAST)
    dw_outbox_match (table->outbox, frame);
  else if (frame->kind == DW_FRAME_GATEWAY_ERROR)
    dw_outbox_refuse (table->outbox, frame);
}

static void
greet (DwRawPeer *peer, const char *features)
{
  g_autofree char *text = g_strdup_printf ("{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":"
                                           "\"2026-11-25T10:00:00.000Z\",\"stage\":\"prod\",\"features\":[%s]}",
                                           features);

  dw_raw_peer_set_notification (peer, text);
}

/* The disk may be slow while other tests run; that must not cost the connection. */
static DwSessionPolicy *
patient_policy (void)
{
  DwSessionPolicy *policy = fixture_policy ();

  policy->handshake_ms = policy->confirm_ms = policy->pong_ms = DW_TEST_DEADLINE_MS;
  policy->ping_ms = 60000;
  return policy;
}

static void
table_init (Table *table, const char *features)
{
  g_autofree char *url = NULL;

  archive_init (&table->archive);
  table->policy = patient_policy ();
  table->peer = dw_raw_peer_new (NULL);
  greet (table->peer, features);
  url = dw_raw_peer_dup_url (table->peer);
  table->fixture = fixture_new (table->policy, NULL, url, NULL);
  table->stage = fixture_stage_new (1);
  dw_stage_set_own_name (table->stage, "Ada");
  table->outbox = dw_outbox_new (table->fixture->session, table->stage, table->archive.store);
  dw_outbox_set_clock (table->outbox, clock_of_table, table);
  table->now = NOON;
  g_signal_connect_swapped (table->fixture->session, "frame", G_CALLBACK (on_frame), table);
}

static void
table_connect (Table *table)
{
  dw_session_connect (table->fixture->session);
  fixture_until_state (table->fixture, DW_SESSION_ONLINE);
}

static void
table_clear (Table *table)
{
  g_signal_handlers_disconnect_by_data (table->fixture->session, table);
  dw_test_finalize (table->outbox);
  fixture_free (table->fixture);
  g_object_unref (table->stage);
  g_object_unref (table->peer);
  dw_session_policy_unref (table->policy);
  archive_clear (&table->archive);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Table, table_clear)

/* Our own message at the next place, saved as the conversation would. */
static DwMessage *
table_save (Table *table, const char *text)
{
  g_autofree char *id = g_strdup_printf ("id-%" G_GINT64_FORMAT, ++table->last_place);
  DwMessage *message = dw_message_new (DW_MESSAGE_OWN, text, "Ada", id, NOON);
  GPtrArray *records = records_new ();

  dw_message_set_place (message, table->last_place);
  g_ptr_array_add (records, dw_record_copy (dw_message_get_record (message)));
  add_records (&table->archive, 1, records);
  return message;
}

static DwMessage *
table_say (Table *table, const char *text)
{
  DwMessage *message = table_save (table, text);

  g_assert_true (dw_outbox_add (table->outbox, message));
  return message;
}

/* The texts that the peer received, in order, without the probes. */
static char *
texts_at (DwRawPeer *peer)
{
  GPtrArray *frames = dw_raw_peer_get_texts (peer);
  GString *texts = g_string_new (NULL);

  for (guint i = 0; i < frames->len; i++)
    {
      const char *text = strstr (g_ptr_array_index (frames, i), "\"message\":\"");

      if (text == NULL)
        continue;
      text += strlen ("\"message\":\"");
      g_string_append_printf (texts, "%s%.*s", texts->len > 0 ? " " : "", (int) strcspn (text, "\""), text);
    }
  return g_string_free (texts, FALSE);
}

static void
check_texts (DwRawPeer *peer, const char *wanted)
{
  g_autofree char *found = texts_at (peer);

  g_assert_cmpstr (found, ==, wanted);
}

/* Messages written offline must not be lost, reordered or sent twice. */
static void
test_queue (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) first = NULL;
  g_autoptr (DwMessage) second = NULL;
  g_autoptr (DwMessage) third = NULL;

  table_init (&table, "");
  first = table_say (&table, "one");
  second = table_say (&table, "two");
  third = table_say (&table, "three");
  g_assert_cmpuint (dw_outbox_get_n_waiting (table.outbox), ==, 3);
  g_assert_cmpint (dw_message_get_delivery (first), ==, DW_DELIVERY_QUEUED);

  table_connect (&table);
  fixture_until_delivery (third, DW_DELIVERY_SENT);
  fixture_until_sent (table.peer, "three", 1);
  check_texts (table.peer, "one two three");
  g_assert_cmpuint (dw_outbox_get_n_waiting (table.outbox), ==, 0);
  g_assert_cmpint (dw_message_get_delivery (second), ==, DW_DELIVERY_SENT);
}

/* A long absence of the stage must not fill the memory with messages, and a message refused for that must not look
 * queued. */
static void
test_bound_in_number (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) first = NULL;
  g_autoptr (DwMessage) over = NULL;
  g_autoptr (DwMessage) last = NULL;

  table_init (&table, "");
  first = dw_message_new (DW_MESSAGE_OWN, "x", NULL, "first", NOON);
  g_assert_true (dw_outbox_add (table.outbox, first));
  for (guint i = 2; i <= DW_OUTBOX_WAITING - 1; i++)
    {
      g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_OWN, "x", NULL, "i", NOON);

      g_assert_true (dw_outbox_add (table.outbox, message));
    }
  g_assert_cmpuint (dw_outbox_get_n_waiting (table.outbox), ==, DW_OUTBOX_WAITING - 1);

  last = dw_message_new (DW_MESSAGE_OWN, "x", NULL, "last", NOON);
  over = dw_message_new (DW_MESSAGE_OWN, "x", NULL, "over", NOON);
  g_assert_true (dw_outbox_add (table.outbox, last));
  g_assert_false (dw_outbox_add (table.outbox, over));
  g_assert_cmpuint (dw_outbox_get_n_waiting (table.outbox), ==, DW_OUTBOX_WAITING);
  g_assert_cmpint (dw_message_get_delivery (last), ==, DW_DELIVERY_QUEUED);
  g_assert_cmpint (dw_message_get_delivery (over), ==, DW_DELIVERY_FAILED);
  g_assert_nonnull (dw_message_get_reason (over));

  /* Discarding one makes room. */
  dw_outbox_discard (table.outbox, first);
  g_assert_true (dw_outbox_send_again (table.outbox, over));
  g_assert_cmpint (dw_message_get_delivery (over), ==, DW_DELIVERY_QUEUED);
}

/* One that was announced as possibly sent, and then has no room, has not left: it may go without its id later. */
static void
test_bound_of_announced (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) over = NULL;

  table_init (&table, "\"id\"");
  table_connect (&table);
  over = table_save (&table, "over");
  dw_outbox_announce (table.outbox, over);
  g_assert_cmpint (dw_message_get_departure (over), ==, DW_DEPARTURE_WITH_ID);
  /* All in one turn of the loop: the first is being marked, and the others wait for it. */
  for (guint i = 0; i <= DW_OUTBOX_WAITING; i++)
    {
      g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_OWN, "x", NULL, "i", NOON);

      if (!dw_outbox_add (table.outbox, message))
        break;
    }
  g_assert_false (dw_outbox_add (table.outbox, over));
  g_assert_cmpint (dw_message_get_delivery (over), ==, DW_DELIVERY_FAILED);
  g_assert_cmpint (dw_message_get_departure (over), ==, DW_DEPARTURE_NONE);
}

#define PARTS 16

/* A message that takes @bytes. */
static DwMessage *
make_message (gsize bytes)
{
  g_autoptr (DwMessage) empty = dw_message_new (DW_MESSAGE_OWN, "", NULL, "i", NOON);
  g_autofree char *text = g_strnfill (bytes - dw_record_get_size (dw_message_get_record (empty)), 'a');

  return dw_message_new (DW_MESSAGE_OWN, text, NULL, "i", NOON);
}

/* Nor must a few large messages fill the memory. */
static void
test_bound_in_bytes (void)
{
  for (gssize over = -1; over <= 1; over++)
    {
      g_auto (Table) table = { 0 };
      g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func (g_object_unref);

      table_init (&table, "");
      for (guint i = 0; i < PARTS; i++)
        {
          gboolean last = i == PARTS - 1;
          DwMessage *message = make_message (DW_OUTBOX_WAITING_BYTES / PARTS + (last ? over : 0));

          g_ptr_array_add (messages, message);
          g_assert_cmpint (dw_outbox_add (table.outbox, message), ==, !last || over <= 0);
        }
      g_assert_cmpint (dw_message_get_delivery (g_ptr_array_index (messages, PARTS - 1)), ==,
                       over > 0 ? DW_DELIVERY_FAILED : DW_DELIVERY_QUEUED);

      /* Discarding one makes room. */
      dw_outbox_discard (table.outbox, g_ptr_array_index (messages, 0));
      g_assert_true (dw_outbox_send_again (table.outbox, g_ptr_array_index (messages, PARTS - 1)));
    }
}

/* After “Too Many Requests” the same message must not be repeated at once, nor the next one overtake it. */
static void
test_pace_after_refusal (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) first = NULL;
  g_autoptr (DwMessage) second = NULL;
  gint64 refused_at, took;

  table_init (&table, "");
  table_connect (&table);
  first = table_say (&table, "one");
  fixture_until_delivery (first, DW_DELIVERY_SENT);
  fixture_until_sent (table.peer, "one", 1);
  dw_raw_peer_write_text (table.peer,
                          "{\"message\": \"Too Many Requests\", \"connectionId\":\"c\", \"requestId\":\"r\"}");
  fixture_until_delivery (first, DW_DELIVERY_QUEUED);
  refused_at = g_get_monotonic_time ();
  second = table_say (&table, "two");

  fixture_until_delivery (first, DW_DELIVERY_SENT);
  took = (g_get_monotonic_time () - refused_at) / 1000;
  g_test_message ("sent again after %" G_GINT64_FORMAT " ms", took);
  g_assert_cmpint (took, >=, DW_OUTBOX_SLOW_MS / 2);
  g_assert_cmpint (dw_message_get_delivery (second), ==, DW_DELIVERY_QUEUED);
  fixture_until_delivery (second, DW_DELIVERY_SENT);
  fixture_until_sent (table.peer, "two", 1);
  check_texts (table.peer, "one one two");
}

static gboolean
echo (Table *table, const char *text, const char *sender, const char *id)
{
  DwFrame frame = {
    .kind = DW_FRAME_BROADCAST, .text = (char *) text, .sender = (char *) sender, .id = (char *) id
  };

  return dw_outbox_match (table->outbox, &frame) != NULL;
}

/* Without ids equal texts are matched in order, and another user's message must not be taken for our own. */
static void
test_match_by_text (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) first = NULL;
  g_autoptr (DwMessage) second = NULL;
  g_autoptr (DwMessage) waiting = NULL;

  table_init (&table, "");
  table_connect (&table);
  first = table_say (&table, "twice");
  second = table_say (&table, "twice");
  fixture_until_delivery (second, DW_DELIVERY_SENT);
  g_assert_false (dw_stage_echoes (table.stage));

  g_assert_false (echo (&table, "other", NULL, NULL));
  g_assert_false (echo (&table, "twice", NULL, "somebody's-id"));
  g_assert_true (echo (&table, "twice", NULL, NULL));
  g_assert_cmpint (dw_message_get_delivery (first), ==, DW_DELIVERY_DELIVERED);
  g_assert_cmpint (dw_message_get_delivery (second), ==, DW_DELIVERY_SENT);
  g_assert_true (dw_stage_echoes (table.stage));
  g_assert_true (echo (&table, "twice", NULL, NULL));
  g_assert_cmpint (dw_message_get_delivery (second), ==, DW_DELIVERY_DELIVERED);
  g_assert_false (echo (&table, "twice", NULL, NULL));

  /* A message that was not sent cannot have come back. */
  dw_session_disconnect (table.fixture->session);
  waiting = table_say (&table, "waits");
  g_assert_false (echo (&table, "waits", NULL, NULL));
  g_assert_cmpint (dw_message_get_delivery (waiting), ==, DW_DELIVERY_QUEUED);
}

/* An id alone proves nothing, since everybody on the stage has read it; together with text and name it does. */
static void
test_match_by_id (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) message = NULL;

  table_init (&table, "\"sender\",\"id\"");
  table_connect (&table);
  message = table_say (&table, "mine");
  fixture_until_delivery (message, DW_DELIVERY_SENT);

  g_assert_false (echo (&table, "mine", NULL, NULL));
  g_assert_false (echo (&table, "mine", "Ada", "id-2"));
  g_assert_false (echo (&table, "not mine", "Ada", "id-1"));
  g_assert_false (echo (&table, "mine", "Eve", "id-1"));
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_SENT);
  g_assert_true (echo (&table, "mine", "Ada", "id-1"));
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_DELIVERED);
}

/* Messages repeated after a lost connection keep their order, and come before newer ones. */
static void
test_order_after_loss (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func (g_object_unref);
  static const char *const texts[] = { "one", "two", "three" };

  table_init (&table, "\"id\"");
  table_connect (&table);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_ptr_array_add (messages, table_say (&table, texts[i]));
  fixture_until_sent (table.peer, "three", 1);
  dw_raw_peer_set_answer (table.peer, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  dw_raw_peer_drop (table.peer, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    fixture_until_delivery (g_ptr_array_index (messages, i), DW_DELIVERY_UNCONFIRMED);
  g_ptr_array_add (messages, table_say (&table, "four"));

  dw_raw_peer_set_answer (table.peer, NULL);
  dw_session_retry (table.fixture->session);
  fixture_until_delivery (g_ptr_array_index (messages, 3), DW_DELIVERY_SENT);
  fixture_until_sent (table.peer, "four", 1);
  check_texts (table.peer, "one two three one two three four");
}

/* Without an id everybody would see a second copy, so nothing is sent twice by itself. */
static void
test_lost_without_id (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) lost = NULL;
  g_autoptr (DwMessage) next = NULL;

  table_init (&table, "");
  dw_stage_set_echoes (table.stage, TRUE);
  table_connect (&table);
  lost = table_say (&table, "one");
  fixture_until_sent (table.peer, "one", 1);
  dw_raw_peer_drop (table.peer, TRUE);
  fixture_until_delivery (lost, DW_DELIVERY_UNCONFIRMED);

  next = table_say (&table, "two");
  dw_session_retry (table.fixture->session);
  fixture_until_sent (table.peer, "two", 1);
  check_texts (table.peer, "one two");
  g_assert_cmpint (dw_message_get_delivery (lost), ==, DW_DELIVERY_UNCONFIRMED);
  g_assert_null (dw_message_get_reason (lost));
}

/* A message sent with an id waits until the stage says that it still has ids. The probe may get lost, so it is
 * repeated; otherwise the message would wait minutes for the next one. Once the answer arrives the message goes
 * immediately. */
static void
test_asks_again (void)
{
  g_auto (Table) table = { 0 };
  DwSessionPolicy *policy;
  g_autoptr (DwMessage) message = NULL;
  const char *probe;
  guint asked;
  gint64 answered;

  table_init (&table, "\"id\"");
  policy = table.policy;
  policy->pong_ms = 3000;
  policy->confirm_ms = 100;
  probe = dw_dialect_get_probe (dw_stage_get_dialect (table.stage));
  table_connect (&table);
  message = table_say (&table, "one");
  fixture_until_sent (table.peer, "one", 1);

  dw_raw_peer_set_notification (table.peer, NULL);
  asked = dw_raw_peer_get_n_frames (table.peer, probe);
  dw_raw_peer_drop (table.peer, TRUE);
  fixture_until_delivery (message, DW_DELIVERY_UNCONFIRMED);
  dw_session_retry (table.fixture->session);
  fixture_until_state (table.fixture, DW_SESSION_ONLINE);
  fixture_until_sent (table.peer, probe, asked + 2);
  g_assert_cmpuint (dw_raw_peer_get_n_frames (table.peer, "one"), ==, 1);

  dw_raw_peer_write_text (table.peer, "{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":"
                                      "\"2026-11-25T10:00:00.000Z\",\"stage\":\"prod\",\"features\":[\"id\"]}");
  answered = g_get_monotonic_time ();
  fixture_until_sent (table.peer, "one", 2);
  g_assert_cmpint (g_get_monotonic_time () - answered, <, policy->pong_ms * G_TIME_SPAN_MILLISECOND / 2);
}

/* A message up to an hour old is sent without asking; an older one must not be. */
static void
test_ask_after_an_hour (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) young = NULL;
  g_autoptr (DwMessage) old = NULL;
  g_autoptr (DwMessage) unwanted = NULL;

  table_init (&table, "");
  young = table_say (&table, "young");
  table.now = NOON + DW_OUTGOING_ASKS_AFTER;
  table_connect (&table);
  fixture_until_delivery (young, DW_DELIVERY_SENT);

  dw_session_disconnect (table.fixture->session);
  old = table_say (&table, "old");
  unwanted = table_say (&table, "unwanted");
  table.now++;
  g_assert_cmpuint (dw_outbox_get_n_asking (table.outbox), ==, 0);
  table_connect (&table);
  fixture_until_delivery (unwanted, DW_DELIVERY_ASKING);
  g_assert_cmpint (dw_message_get_delivery (old), ==, DW_DELIVERY_ASKING);
  g_assert_true (dw_message_needs_decision (old));
  g_assert_nonnull (dw_message_get_reason (old));
  g_assert_cmpuint (dw_outbox_get_n_asking (table.outbox), ==, 2);
  g_assert_cmpuint (dw_outbox_get_n_waiting (table.outbox), ==, 0);
  g_assert_true (dw_outbox_peek_asking (table.outbox) == old);

  /* The user's answer is about one message, and that one does not ask again. */
  g_assert_true (dw_outbox_send_again (table.outbox, old));
  fixture_until_delivery (old, DW_DELIVERY_SENT);
  g_assert_null (dw_message_get_reason (old));
  g_assert_true (dw_outbox_peek_asking (table.outbox) == unwanted);
  dw_outbox_discard (table.outbox, unwanted);
  g_assert_cmpuint (dw_outbox_get_n_asking (table.outbox), ==, 0);
  fixture_until_sent (table.peer, "old", 1);
  check_texts (table.peer, "young old");
}

static void
count_notify (guint *n)
{
  *n += 1;
}

/* A message that asks may already have left with its id. Its echo is still recognized, or the message would be shown
 * twice. */
static void
test_asking_comes_back (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) message = NULL;
  guint told = 0;

  table_init (&table, "\"id\"");
  message = table_save (&table, "late");
  dw_message_set_delivery (message, DW_DELIVERY_ASKING, "Send it again?");
  dw_message_set_departure (message, DW_DEPARTURE_WITH_ID);
  g_signal_connect_swapped (table.outbox, "notify::n-asking", G_CALLBACK (count_notify), &told);
  dw_outbox_restore (table.outbox, message);
  g_assert_cmpuint (dw_outbox_get_n_asking (table.outbox), ==, 1);
  g_assert_cmpuint (told, ==, 1);

  g_assert_true (echo (&table, "late", NULL, "id-1"));
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_DELIVERED);
  g_assert_cmpuint (dw_outbox_get_n_asking (table.outbox), ==, 0);
  g_assert_cmpuint (told, ==, 2);
}

/* A failed message must be sent again under its id when the user says so, and its echo recognized. */
static void
test_send_again (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) message = NULL;

  table_init (&table, "\"id\"");
  table_connect (&table);
  message = table_say (&table, "again");
  fixture_until_sent (table.peer, "again", 1);
  dw_raw_peer_write_text (table.peer, "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"requestId\":\"r\"}");
  fixture_until_delivery (message, DW_DELIVERY_FAILED);

  g_assert_true (dw_outbox_send_again (table.outbox, message));
  fixture_until_delivery (message, DW_DELIVERY_SENT);
  g_assert_null (dw_message_get_reason (message));
  fixture_until_sent (table.peer, "\"id\":\"id-1\"", 2);
  g_assert_true (echo (&table, "again", NULL, "id-1"));
}

/* A discarded message must be neither sent nor matched, whichever state it was in. */
static void
test_discard (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) waiting = NULL;
  g_autoptr (DwMessage) marked = NULL;
  g_autoptr (DwMessage) sent = NULL;
  g_autoptr (DwMessage) last = NULL;

  table_init (&table, "");
  waiting = table_say (&table, "waiting");
  dw_outbox_discard (table.outbox, waiting);
  g_assert_cmpuint (dw_outbox_get_n_waiting (table.outbox), ==, 0);

  /* The store is just saving that it may have left. */
  table_connect (&table);
  marked = table_say (&table, "marked");
  g_assert_cmpint (dw_message_get_departure (marked), ==, DW_DEPARTURE_PLAIN);
  dw_outbox_discard (table.outbox, marked);

  sent = table_say (&table, "sent");
  fixture_until_delivery (sent, DW_DELIVERY_SENT);
  dw_outbox_discard (table.outbox, sent);
  g_assert_false (echo (&table, "sent", NULL, NULL));

  last = table_say (&table, "last");
  fixture_until_delivery (last, DW_DELIVERY_SENT);
  fixture_until_sent (table.peer, "last", 1);
  check_texts (table.peer, "sent last");
}

/* A restart must not lose a message that has not left, send twice one that may have left, or claim more than is known.
 */
static void
test_restore (void)
{
  static const struct
  {
    DwDelivery delivery;
    DwDeparture departure;
    gboolean echoes;
    DwDelivery after;
    guint waiting;
    guint asking;
  } rows[] = {
    { DW_DELIVERY_QUEUED, DW_DEPARTURE_NONE, FALSE, DW_DELIVERY_QUEUED, 1, 0 },
    { DW_DELIVERY_QUEUED, DW_DEPARTURE_NONE, TRUE, DW_DELIVERY_QUEUED, 1, 0 },
    /* A message that was being sent to a stage that echoes looks like this; “sent” adds nothing. */
    { DW_DELIVERY_QUEUED, DW_DEPARTURE_PLAIN, TRUE, DW_DELIVERY_UNCONFIRMED, 0, 0 },
    { DW_DELIVERY_SENT, DW_DEPARTURE_PLAIN, TRUE, DW_DELIVERY_UNCONFIRMED, 0, 0 },
    { DW_DELIVERY_QUEUED, DW_DEPARTURE_WITH_ID, TRUE, DW_DELIVERY_UNCONFIRMED, 1, 0 },
    { DW_DELIVERY_SENT, DW_DEPARTURE_WITH_ID, TRUE, DW_DELIVERY_UNCONFIRMED, 1, 0 },
    /* For a stage that does not echo, “sent” is final. */
    { DW_DELIVERY_QUEUED, DW_DEPARTURE_PLAIN, FALSE, DW_DELIVERY_UNCONFIRMED, 0, 0 },
    { DW_DELIVERY_SENT, DW_DEPARTURE_PLAIN, FALSE, DW_DELIVERY_SENT, 0, 0 },
    { DW_DELIVERY_UNCONFIRMED, DW_DEPARTURE_PLAIN, TRUE, DW_DELIVERY_UNCONFIRMED, 0, 0 },
    { DW_DELIVERY_UNCONFIRMED, DW_DEPARTURE_WITH_ID, TRUE, DW_DELIVERY_UNCONFIRMED, 1, 0 },
    { DW_DELIVERY_ASKING, DW_DEPARTURE_NONE, FALSE, DW_DELIVERY_ASKING, 0, 1 },
    { DW_DELIVERY_ASKING, DW_DEPARTURE_WITH_ID, TRUE, DW_DELIVERY_ASKING, 0, 1 },
    { DW_DELIVERY_ASKING, DW_DEPARTURE_PLAIN, FALSE, DW_DELIVERY_UNCONFIRMED, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Table) table = { 0 };
      g_autoptr (DwMessage) message = NULL;

      g_test_message ("row %u", i);
      table_init (&table, "");
      dw_stage_set_echoes (table.stage, rows[i].echoes);
      message = table_save (&table, "from before");
      dw_message_set_delivery (message, rows[i].delivery, NULL);
      dw_message_set_departure (message, rows[i].departure);
      dw_outbox_restore (table.outbox, message);
      g_assert_cmpint (dw_message_get_delivery (message), ==, rows[i].after);
      g_assert_cmpuint (dw_outbox_get_n_waiting (table.outbox), ==, rows[i].waiting);
      g_assert_cmpuint (dw_outbox_get_n_asking (table.outbox), ==, rows[i].asking);
    }
}

/* A gateway error, or an echo without an id, is about a message only if that was sent a moment ago. Later, both are
 * about another user's. */
static void
test_outgoing (void)
{
  g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_OWN, "hello", NULL, "x", NOON);
  DwOutgoing *outgoing = dw_outgoing_new (message, FALSE);
  DwFrame plain = { .kind = DW_FRAME_BROADCAST, .text = (char *) "hello" };
  DwFrame other = { .kind = DW_FRAME_BROADCAST, .text = (char *) "hello", .id = (char *) "y" };

  outgoing->sent_at = 0;
  dw_message_set_departure (message, DW_DEPARTURE_PLAIN);
  g_assert_true (dw_outgoing_may_be_refused (outgoing, 29 * G_USEC_PER_SEC));
  g_assert_false (dw_outgoing_may_be_refused (outgoing, 9 * 60 * G_USEC_PER_SEC));
  g_assert_true (dw_outgoing_is_echo (outgoing, &plain, "Ada", TRUE, G_USEC_PER_SEC));
  g_assert_false (dw_outgoing_is_echo (outgoing, &plain, "Ada", FALSE, G_USEC_PER_SEC));
  g_assert_false (dw_outgoing_is_echo (outgoing, &plain, "Ada", TRUE, 60 * G_USEC_PER_SEC));
  g_assert_false (dw_outgoing_is_echo (outgoing, &other, "Ada", TRUE, G_USEC_PER_SEC));
  dw_outgoing_free (outgoing);
}

/* A whole chat, since the conversation saves a message and the outbox sends it. */
typedef struct
{
  Archive archive;
  DwRawPeer *peer;
  DwStage *stage;
  DwChat *chat;
} Room;

static gboolean
is_online (gpointer chat)
{
  return dw_session_get_status (dw_chat_get_session (chat))->state == DW_SESSION_ONLINE;
}

static gboolean
is_settled (gpointer conversation)
{
  return dw_conversation_is_settled (conversation);
}

static void
room_init (Room *room, const char *features, gboolean echoes)
{
  g_autoptr (DwSessionPolicy) policy = patient_policy ();
  g_autofree char *address = NULL;
  g_autoptr (DwStageUrl) url = NULL;

  archive_init (&room->archive);
  room->peer = dw_raw_peer_new (NULL);
  greet (room->peer, features);
  address = dw_raw_peer_dup_url (room->peer);
  url = dw_stage_url_parse (address, NULL);
  room->stage = dw_stage_new (url);
  dw_stage_set_number (room->stage, 1);
  dw_stage_set_echoes (room->stage, echoes);
  room->chat = dw_chat_new (room->stage, room->archive.store, policy, NULL);
  dw_test_until ("the store to be read", is_settled, dw_chat_get_conversation (room->chat));
  dw_session_connect (dw_chat_get_session (room->chat));
  dw_test_until ("online", is_online, room->chat);
}

static void
room_clear (Room *room)
{
  dw_test_finalize (room->chat);
  g_object_unref (room->stage);
  g_object_unref (room->peer);
  archive_clear (&room->archive);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Room, room_clear)

/* The number of writes the store has been given so far. */
static guint64
count_writes (Room *room)
{
  add_later (&room->archive, 1000000, DW_MESSAGE_THEIRS, "a mark");
  until_written (&room->archive);
  return room->archive.serial;
}

/* Each write waits for the disk: a message sent online may cause one before it leaves and one when its outcome is
 * known, and no more. */
static void
test_trips (void)
{
  static const struct
  {
    const char *features;
    gboolean echoes;
    guint writes;
  } rows[] = {
    { "", TRUE, 2 },
    { "\"id\"", TRUE, 2 },
    { "", FALSE, 2 },
    /* The very first message, before the stage is known to echo. */
    { "\"id\"", FALSE, 3 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Room) room = { 0 };
      gboolean comes_back = rows[i].echoes || *rows[i].features != '\0';
      g_autofree char *sent = NULL;
      DwMessage *message;
      guint64 before;

      g_test_message ("row %u", i);
      room_init (&room, rows[i].features, rows[i].echoes);
      before = count_writes (&room);
      message = dw_chat_say (room.chat, "hello");
      fixture_until_delivery (message, DW_DELIVERY_SENT);
      fixture_until_sent (room.peer, "hello", 1);
      if (comes_back)
        {
          g_autofree char *broadcast =
              *rows[i].features != '\0'
                  ? g_strdup_printf ("{\"message\":\"hello\",\"id\":\"%s\"}", dw_message_get_id (message))
                  : g_strdup ("{\"message\":\"hello\"}");

          dw_raw_peer_write_text (room.peer, broadcast);
          fixture_until_delivery (message, DW_DELIVERY_DELIVERED);
        }
      dw_test_until ("the conversation to settle", is_settled, dw_chat_get_conversation (room.chat));
      g_assert_cmpuint (count_writes (&room) - before - 1, ==, rows[i].writes);
      sent = ask_outside (&room.archive, "SELECT delivery FROM lines WHERE kind = 1");
      g_assert_cmpint (atoi (sent), ==, comes_back ? DW_DELIVERY_DELIVERED : DW_DELIVERY_SENT);
    }
}

/* When the frame reaches the peer the file must already say that it may have left, since the program may be killed just
 * then. */
static void
test_saved_before_sent (void)
{
  static const char *const features[] = { "", "\"id\"" };

  for (guint i = 0; i < G_N_ELEMENTS (features); i++)
    {
      g_auto (Room) room = { 0 };
      g_autofree char *saved = NULL;

      room_init (&room, features[i], TRUE);
      dw_chat_say (room.chat, "hello");
      fixture_until_sent (room.peer, "hello", 1);
      saved = ask_outside (&room.archive, "SELECT went FROM lines WHERE kind = 1");
      g_assert_cmpint (atoi (saved), ==, i == 0 ? DW_DEPARTURE_PLAIN : DW_DEPARTURE_WITH_ID);
    }
}

/* A message was saved as one that may have left, and then could not be sent. It must not be taken for one that left:
 * the next start would ask about it instead of sending it. */
static void
test_announced_in_vain (void)
{
  g_auto (Table) table = { 0 };
  g_autoptr (DwMessage) message = NULL;
  g_autoptr (DwMessage) second = NULL;
  g_autofree char *saved = NULL;

  table_init (&table, "");
  table_connect (&table);
  message = dw_message_new (DW_MESSAGE_OWN, "hello", "Ada", "id-1", NOON);
  second = dw_message_new (DW_MESSAGE_OWN, "next", "Ada", "id-2", NOON);
  dw_message_set_place (message, 1);
  dw_outbox_announce (table.outbox, message);
  g_assert_cmpint (dw_message_get_departure (message), ==, DW_DEPARTURE_PLAIN);
  /* The second one has to wait for the first. */
  dw_outbox_announce (table.outbox, second);
  g_assert_cmpint (dw_message_get_departure (second), ==, DW_DEPARTURE_NONE);
  {
    GPtrArray *records = records_new ();

    g_ptr_array_add (records, dw_record_copy (dw_message_get_record (message)));
    add_records (&table.archive, 1, records);
  }

  dw_session_disconnect (table.fixture->session);
  g_assert_true (dw_outbox_add (table.outbox, message));
  g_assert_cmpint (dw_message_get_departure (message), ==, DW_DEPARTURE_NONE);
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_QUEUED);
  add_text (&table.archive, 1, 2, "written after it");
  saved = ask_outside (&table.archive, "SELECT went FROM lines WHERE kind = 1");
  g_assert_cmpint (atoi (saved), ==, DW_DEPARTURE_NONE);

  table_connect (&table);
  fixture_until_delivery (message, DW_DELIVERY_SENT);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/outbox/queue", test_queue);
  g_test_add_func ("/client/outbox/bound-in-number", test_bound_in_number);
  g_test_add_func ("/client/outbox/bound-of-announced", test_bound_of_announced);
  g_test_add_func ("/client/outbox/bound-in-bytes", test_bound_in_bytes);
  g_test_add_func ("/client/outbox/pace-after-refusal", test_pace_after_refusal);
  g_test_add_func ("/client/outbox/match-by-text", test_match_by_text);
  g_test_add_func ("/client/outbox/match-by-id", test_match_by_id);
  g_test_add_func ("/client/outbox/asks-again", test_asks_again);
  g_test_add_func ("/client/outbox/order-after-loss", test_order_after_loss);
  g_test_add_func ("/client/outbox/lost-without-id", test_lost_without_id);
  g_test_add_func ("/client/outbox/ask-after-an-hour", test_ask_after_an_hour);
  g_test_add_func ("/client/outbox/asking-comes-back", test_asking_comes_back);
  g_test_add_func ("/client/outbox/send-again", test_send_again);
  g_test_add_func ("/client/outbox/discard", test_discard);
  g_test_add_func ("/client/outbox/restore", test_restore);
  g_test_add_func ("/client/outbox/outgoing/AG-1", test_outgoing);
  g_test_add_func ("/client/outbox/trips", test_trips);
  g_test_add_func ("/client/outbox/saved-before-sent/DB-1", test_saved_before_sent);
  g_test_add_func ("/client/outbox/announced-in-vain", test_announced_in_vain);
  return g_test_run ();
}
