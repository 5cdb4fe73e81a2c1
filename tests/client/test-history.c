/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/dw-chat.h"
#include "client/dw-sending.h"
#include "client/dw-day.h"
#include "client/dw-pages.h"
#include "client/dw-store-expiry.h"

#include <glib/gstdio.h>
#include <string.h>

/* A conversation over a store, and a chat that comes back after a restart. */
typedef struct
{
  DwStore *store;
  DwConversation *conversation;
} Desk;

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
desk_open (Desk *desk)
{
  desk->conversation = dw_conversation_new (desk->store, 1, 0, TRUE);
  settle (desk->conversation);
}

static void
desk_init (Desk *desk)
{
  desk->store = dw_store_new (NULL);
  desk_open (desk);
}

static void
desk_reopen (Desk *desk)
{
  dw_test_finalize (desk->conversation);
  desk_open (desk);
}

static void
desk_clear (Desk *desk)
{
  dw_test_finalize (desk->conversation);
  dw_test_finalize (desk->store);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Desk, desk_clear)

static void
say (Desk *desk, const char *text, gint64 time)
{
  g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_THEIRS, text, "Ada", NULL, time);

  dw_conversation_append (desk->conversation, message);
}

static gboolean
is_read (gpointer message)
{
  return dw_message_get_kind (message) != DW_MESSAGE_BLANK;
}

static guint
count (Desk *desk)
{
  return g_list_model_get_n_items (G_LIST_MODEL (desk->conversation));
}

/* The conversation in letters: the first of a text, D for a day, U for the unread line. */
static char *
sketch (Desk *desk)
{
  GString *sketch = g_string_new (NULL);

  settle (desk->conversation);
  for (guint i = 0; i < count (desk); i++)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (G_LIST_MODEL (desk->conversation), i);

      dw_test_until ("a line to be read", is_read, message);
      if (dw_message_get_kind (message) == DW_MESSAGE_DAY)
        g_string_append_c (sketch, 'D');
      else if (dw_message_get_kind (message) == DW_MESSAGE_UNREAD)
        g_string_append_c (sketch, 'U');
      else if (dw_message_get_kind (message) == DW_MESSAGE_GAP)
        g_string_append_c (sketch, 'G');
      else
        g_string_append_c (sketch, *dw_message_get_text (message));
    }
  return g_string_free (sketch, FALSE);
}

static void
check_sketch (Desk *desk, const char *wanted)
{
  g_autofree char *found = sketch (desk);

  g_assert_cmpstr (found, ==, wanted);
}

#define DAY G_TIME_SPAN_DAY

/* Lines stand in the order they came, live and after a restart, whatever the clock does; days begin where the
 * calendar turns. */
static void
test_order (void)
{
  g_auto (Desk) desk = { 0 };
  gint64 noon = 20000 * DAY + DAY / 2;

  desk_init (&desk);
  say (&desk, "a", noon);
  say (&desk, "b", noon + 5 * G_USEC_PER_SEC);
  settle (desk.conversation);
  say (&desk, "c", noon - 60 * G_USEC_PER_SEC); /* the clock was put back a minute */
  say (&desk, "d", noon + DAY);
  say (&desk, "e", noon - 400 * DAY); /* and more than a year */
  say (&desk, "f", noon + DAY);
  check_sketch (&desk, "DabcDdDeDf");
  desk_reopen (&desk);
  check_sketch (&desk, "DabcDdDeDf");
  say (&desk, "g", noon + DAY + 1);
  check_sketch (&desk, "DabcDdDeDfg");
  desk_reopen (&desk);
  check_sketch (&desk, "DabcDdDeDfg");
}

/* Summer time begins and ends: those days are an hour shorter and longer, and no day begins twice. */
static void
test_days (void)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier ("Europe/Berlin");
  g_autoptr (GDateTime) spring = g_date_time_new (zone, 2026, 3, 29, 12, 0, 0);
  g_autoptr (GDateTime) autumn = g_date_time_new (zone, 2026, 10, 25, 12, 0, 0);
  DwDay short_day, long_day;

  g_assert_nonnull (zone);
  short_day = dw_day_of (g_date_time_to_unix (spring) * G_USEC_PER_SEC, zone);
  long_day = dw_day_of (g_date_time_to_unix (autumn) * G_USEC_PER_SEC, zone);
  g_assert_cmpint (short_day.end - short_day.start, ==, 23 * G_TIME_SPAN_HOUR);
  g_assert_cmpint (long_day.end - long_day.start, ==, 25 * G_TIME_SPAN_HOUR);
  g_assert_true (dw_day_contains (&short_day, short_day.start));
  g_assert_false (dw_day_contains (&short_day, short_day.end));
  /* No clock is too wrong. */
  dw_day_of (G_MAXINT64, zone);
  dw_day_of (G_MININT64, zone);
}

static void
check_all (Desk *desk, guint n)
{
  settle (desk->conversation);
  g_assert_cmpuint (count (desk), ==, n + 1);
  for (guint i = 1; i <= n; i += 37)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (G_LIST_MODEL (desk->conversation), i);
      g_autofree char *wanted = g_strdup_printf ("line %u", i);

      dw_test_until ("a line to be read", is_read, message);
      g_assert_cmpstr (dw_message_get_text (message), ==, wanted);
    }
}

/* All of the history is there, in a handful of pages. */
static void
test_pages (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (DwPages) pages = NULL;

  desk_init (&desk);
  for (guint i = 1; i <= 20000; i++)
    {
      g_autofree char *text = g_strdup_printf ("line %u", i);

      say (&desk, text, i);
    }
  check_all (&desk, 20000);
  desk_reopen (&desk);
  check_all (&desk, 20000);
  pages = dw_pages_new (desk.store, 1);
  dw_pages_clear (pages, 1, 20001);
  for (gint64 place = 1; place <= 20001; place++)
    {
      g_autoptr (DwMessage) message = dw_pages_get_line (pages, place);

      dw_test_until ("a line to be read", is_read, message);
    }
  g_assert_cmpuint (dw_pages_get_n_pages (pages), <=, DW_PAGES_KEPT);
}

static void
count_changes (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  guint *changes = data;

  g_assert_cmpuint (position + added, <=, g_list_model_get_n_items (model));
  *changes += 1;
}

/* A list that follows what the model says has as many items as the model. */
typedef struct
{
  guint n;
} Follower;

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  Follower *follower = data;

  g_assert_cmpuint (position + removed, <=, follower->n);
  follower->n = follower->n - removed + added;
  g_assert_cmpuint (follower->n, ==, g_list_model_get_n_items (model));
}

static void
test_unread_line (void)
{
  g_auto (Desk) desk = { 0 };
  Follower follower = { 0 };
  guint position;

  desk_init (&desk);
  g_signal_connect (desk.conversation, "items-changed", G_CALLBACK (on_items_changed), &follower);
  say (&desk, "a", 1);
  say (&desk, "b", 2);
  check_sketch (&desk, "Dab");
  /* The next to come is the first nobody has read. */
  dw_conversation_set_unread_from (desk.conversation, 4);
  check_sketch (&desk, "Dab");
  say (&desk, "c", 3);
  say (&desk, "d", 4);
  check_sketch (&desk, "DabUcd");
  g_assert_true (dw_conversation_get_position (desk.conversation, 3, &position));
  g_assert_cmpuint (position, ==, 2);
  g_assert_true (dw_conversation_get_position (desk.conversation, 4, &position));
  g_assert_cmpuint (position, ==, 4);
  dw_conversation_set_unread_from (desk.conversation, 3);
  check_sketch (&desk, "DaUbcd");
  dw_conversation_set_unread_from (desk.conversation, 0);
  check_sketch (&desk, "Dabcd");
}

static void
test_remove (void)
{
  g_auto (Desk) desk = { 0 };
  Follower follower = { 0 };
  g_autoptr (DwMessage) line = NULL;

  desk_init (&desk);
  g_signal_connect (desk.conversation, "items-changed", G_CALLBACK (on_items_changed), &follower);
  for (guint i = 0; i < 5; i++)
    say (&desk, &"abcde"[i], i);
  check_sketch (&desk, "Dabcde");
  line = g_list_model_get_item (G_LIST_MODEL (desk.conversation), 3);
  dw_conversation_set_unread_from (desk.conversation, 5);
  dw_conversation_remove (desk.conversation, line);
  check_sketch (&desk, "DabUde");
  say (&desk, "f", 9);
  check_sketch (&desk, "DabUdef");
  desk_reopen (&desk);
  check_sketch (&desk, "Dabdef");
}

/* What is not in the store is shown as missing, and the rest stays where it is. */
static void
test_holes (void)
{
  g_auto (Desk) desk = { 0 };
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
  guint changes = 0;
  g_autoptr (DwMessage) line = NULL;

  desk_init (&desk);
  for (guint i = 1; i <= 3; i += 2)
    {
      DwRecord record = { .place = i, .text = (char *) "x", .time = 1 };

      g_ptr_array_add (records, dw_record_copy (&record));
    }
  dw_store_lines_add_async (desk.store, 1, records, NULL, NULL);
  desk_reopen (&desk);
  g_signal_connect (desk.conversation, "items-changed", G_CALLBACK (count_changes), &changes);
  g_assert_cmpuint (count (&desk), ==, 3);
  line = g_list_model_get_item (G_LIST_MODEL (desk.conversation), 1);
  dw_test_until ("a line to be read", is_read, line);
  g_assert_cmpint (dw_message_get_kind (line), ==, DW_MESSAGE_NOTICE);
}

/* The chat */

typedef struct
{
  DwRawPeer *peer;
  DwStore *store;
  DwStage *stage;
  DwChat *chat;
} Table;

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
  DwSessionPolicy policy = fixture_policy ();

  table->chat = dw_chat_new (table->stage, table->store, &policy, NULL);
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

typedef struct
{
  DwRawPeer *peer;
  const char *part;
  guint n;
} Frames;

static gboolean
has_frames (gpointer data)
{
  Frames *frames = data;

  return dw_raw_peer_get_n_frames (frames->peer, frames->part) == frames->n;
}

static void
until_frames (Table *table, const char *part, guint n)
{
  Frames frames = { table->peer, part, n };

  dw_test_until ("frames at the peer", has_frames, &frames);
}

/* A restart promotes nothing: what nobody knows is not claimed, and what everybody can drop is sent again. */
static void
test_restart (void)
{
  static const struct
  {
    DwDelivery delivery;
    DwWent went;
    gboolean echoes;
    const char *features;
    DwDelivery after;
    gboolean goes;
  } rows[] = {
    { DW_DELIVERY_QUEUED, DW_WENT_NEVER, FALSE, "", DW_DELIVERY_QUEUED, TRUE },
    { DW_DELIVERY_QUEUED, DW_WENT_NEVER, TRUE, "\"id\"", DW_DELIVERY_QUEUED, TRUE },
    /* It died between the mark and the socket, or after. */
    { DW_DELIVERY_QUEUED, DW_WENT_PLAIN, FALSE, "", DW_DELIVERY_UNCONFIRMED, FALSE },
    { DW_DELIVERY_QUEUED, DW_WENT_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_UNCONFIRMED, TRUE },
    /* Where nothing ever came back, “sent” is final. */
    { DW_DELIVERY_SENT, DW_WENT_PLAIN, FALSE, "", DW_DELIVERY_SENT, FALSE },
    { DW_DELIVERY_SENT, DW_WENT_PLAIN, TRUE, "", DW_DELIVERY_UNCONFIRMED, FALSE },
    { DW_DELIVERY_SENT, DW_WENT_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_UNCONFIRMED, TRUE },
    { DW_DELIVERY_UNCONFIRMED, DW_WENT_PLAIN, TRUE, "", DW_DELIVERY_UNCONFIRMED, FALSE },
    { DW_DELIVERY_UNCONFIRMED, DW_WENT_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_UNCONFIRMED, TRUE },
    { DW_DELIVERY_FAILED, DW_WENT_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_FAILED, FALSE },
    { DW_DELIVERY_DELIVERED, DW_WENT_WITH_ID, TRUE, "\"id\"", DW_DELIVERY_DELIVERED, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Table) table = { 0 };
      g_autoptr (DwMessage) message = NULL;
      DwRecord record = { .place = 1, .kind = DW_MESSAGE_OWN, .text = (char *) "again?", .id = (char *) "id-1" };

      g_test_message ("row %u", i);
      record.time = g_get_real_time ();
      record.delivery = rows[i].delivery;
      record.went = rows[i].went;
      table_init (&table, rows[i].features);
      dw_stage_set_echoes (table.stage, rows[i].echoes);
      table_store (&table, &record);
      table_start (&table);
      message = g_list_model_get_item (G_LIST_MODEL (dw_chat_get_conversation (table.chat)), 0);
      g_assert_cmpint (dw_message_get_delivery (message), ==, rows[i].after);
      table_connect (&table);
      if (rows[i].goes)
        {
          dw_test_until ("it to be sent", is_sent, message);
          until_frames (&table, "again?", 1);
        }
      else
        {
          dw_test_run_for (60);
          g_assert_cmpint (dw_message_get_delivery (message), ==, rows[i].after);
          g_assert_cmpuint (dw_raw_peer_get_n_frames (table.peer, "again?"), ==, 0);
        }
    }
}

/* What has waited for more than an hour asks first, and goes or is gone by one answer. */
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
      dw_test_run_for (100);
      g_assert_cmpuint (dw_outbox_get_n_asking (outbox), ==, 2);
      g_assert_cmpuint (dw_raw_peer_get_n_frames (table.peer, "old"), ==, 1);
      dw_chat_answer_asking (table.chat, sends == 1);
      g_assert_cmpuint (dw_outbox_get_n_asking (outbox), ==, 0);
      dw_test_run_for (100);
      g_assert_cmpuint (dw_raw_peer_get_n_frames (table.peer, "old"), ==, sends == 1 ? 3 : 1);
      settle (dw_chat_get_conversation (table.chat));
      /* And the gap: one was away since. */
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (dw_chat_get_conversation (table.chat))), >=,
                        sends == 1 ? 3 : 1);
    }
}

/* A second copy of what was there before the restart is dropped; one's own that is still to come back is not. */
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
  own.went = DW_WENT_WITH_ID;
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

/* Deleting what was said does not delete what is still to be said. */
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
  until_frames (&table, "still to be said", 1);
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

/* What waits moves when old lines go, and what becomes of it is still written where it stands now. */
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
  own.went = DW_WENT_WITH_ID;
  new.time = g_get_real_time ();
  table_store (&table, &old);
  table_store (&table, &own);
  old.place = 3;
  table_store (&table, &old);
  table_store (&table, &new);
  table_start (&table);
  message = g_object_ref (dw_conversation_find (dw_chat_get_conversation (table.chat), "y"));
  dw_store_expire_async (table.store, 1000, on_expired, &expired);
  dw_test_until ("the old to go", is_not_zero, &expired);
  dw_conversation_reload (dw_chat_get_conversation (table.chat));
  settle (dw_chat_get_conversation (table.chat));
  g_assert_cmpuint (expired, ==, 2);
  g_assert_cmpint (dw_message_get_place (message), ==, 3);
  table_connect (&table);
  dw_chat_answer_asking (table.chat, TRUE);
  until_frames (&table, "own", 1);
  dw_raw_peer_write_text (table.peer, "{\"message\":\"own\",\"id\":\"y\"}");
  dw_test_until ("it to come back", is_delivered, message);
  dw_test_finalize (g_steal_pointer (&table.chat));
  table_start (&table);
  g_object_unref (message);
  message = g_list_model_get_item (G_LIST_MODEL (dw_chat_get_conversation (table.chat)), 0);
  g_assert_cmpint (dw_message_get_delivery (message), ==, DW_DELIVERY_DELIVERED);
}

/* A line that goes while a page is being read leaves nobody waiting. */
static void
test_remove_while_reading (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (DwMessage) first = NULL;
  g_autoptr (DwMessage) newest = NULL;

  desk_init (&desk);
  for (guint i = 1; i <= 2000; i++)
    say (&desk, "x", i);
  settle (desk.conversation);
  desk_reopen (&desk);
  newest = g_list_model_get_item (G_LIST_MODEL (desk.conversation), count (&desk) - 1);
  first = g_list_model_get_item (G_LIST_MODEL (desk.conversation), 5);
  g_assert_cmpint (dw_message_get_kind (first), ==, DW_MESSAGE_BLANK);
  dw_conversation_remove (desk.conversation, newest);
  dw_test_until ("the line to be read", is_read, first);
}

/* 500 messages are sent in order, however often the stage has had enough; none is dropped. */
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
  until_frames (&table, "number 3.", 1);
  dw_raw_peer_write_text (table.peer,
                          "{\"message\": \"Too Many Requests\", \"connectionId\":\"c\", \"requestId\":\"r\"}");
  /* It goes slowly for a while. */
  dw_test_until ("half of them to be sent", is_half_sent, &table);
  dw_test_until ("the last to be sent", is_sent, last);
  until_frames (&table, "number 500.", 1);
  texts = dw_raw_peer_get_texts (table.peer);
  for (guint i = 0; i < texts->len; i++)
    {
      const char *number = strstr (g_ptr_array_index (texts, i), "number ");
      guint n;

      if (number == NULL)
        continue;
      n = (guint) atoi (number + strlen ("number "));
      /* A second copy has the same id, and everybody drops it; nothing comes before its turn. */
      g_assert_cmpuint (n, <=, next);
      next = MAX (next, n + 1);
    }
  g_assert_cmpuint (next, ==, 501);
}

typedef struct
{
  char *path;
  guint shown;
} Watch;

static void
on_shown (Watch *watch, DwMessage *message)
{
  sqlite3 *other = NULL;
  sqlite3_stmt *query = NULL;

  g_assert_cmpint (sqlite3_open (watch->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (other, "SELECT 1 FROM lines WHERE text = ?", -1, &query, NULL), ==,
                   SQLITE_OK);
  sqlite3_bind_text (query, 1, dw_message_get_text (message), -1, SQLITE_TRANSIENT);
  g_assert_cmpint (sqlite3_step (query), ==, SQLITE_ROW);
  sqlite3_finalize (query);
  sqlite3_close (other);
  watch->shown++;
}

/* What can be seen is in the file: another program can read it. */
static void
test_saved_before_shown (void)
{
  Desk desk = { 0 };
  g_autofree char *folder = g_dir_make_tmp ("dw-history-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, DW_STORE_NAME, NULL);
  Watch watch = { path, 0 };

  desk.store = dw_store_new (path);
  desk_open (&desk);
  g_signal_connect_swapped (desk.conversation, "shown", G_CALLBACK (on_shown), &watch);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *text = g_strdup_printf ("line %u", i);

      say (&desk, text, i);
      if (i % 3 == 0)
        settle (desk.conversation);
    }
  settle (desk.conversation);
  g_assert_cmpuint (watch.shown, ==, 21);
  desk_clear (&desk);
}

/* What nobody looked at is counted, marked, and remembered over a restart. */
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

/* A conversation that goes with a line still to be written has it written, and nothing of it moves any more. */
static void
test_drop_while_writing (void)
{
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  say (&desk, "a", DAY);
  settle (desk.conversation);
  say (&desk, "b", DAY);
  g_clear_object (&desk.conversation);
  dw_test_run_for (100);
  desk_open (&desk);
  check_sketch (&desk, "Dab");
}

/* Asked twice, the store answers twice; no place is given twice over it. */
static void
test_reload_twice (void)
{
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  say (&desk, "a", DAY);
  settle (desk.conversation);
  for (guint i = 0; i < 20; i++)
    {
      dw_conversation_reload (desk.conversation);
      say (&desk, "b", DAY);
      g_main_context_iteration (NULL, FALSE);
      dw_conversation_reload (desk.conversation);
      say (&desk, "c", DAY);
      g_main_context_iteration (NULL, FALSE);
    }
  check_sketch (&desk, "Dabcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbc");
  desk_reopen (&desk);
  check_sketch (&desk, "Dabcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbc");
}

/* What stands after a line that went is read as it stands now, not as the store still has it. */
static void
test_read_after_remove (void)
{
  g_auto (Desk) desk = { 0 };
  g_autoptr (DwMessage) gone = NULL;
  g_autoptr (DwMessage) later = NULL;

  desk_init (&desk);
  for (guint i = 1; i <= 2000; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      say (&desk, text, DAY);
    }
  settle (desk.conversation);
  desk_reopen (&desk);
  gone = g_list_model_get_item (G_LIST_MODEL (desk.conversation), 5);
  dw_test_until ("the line to be read", is_read, gone);
  dw_conversation_remove (desk.conversation, gone);
  later = g_list_model_get_item (G_LIST_MODEL (desk.conversation), 1000);
  dw_test_until ("the line to be read", is_read, later);
  /* The day is the first line. */
  g_assert_cmpstr (dw_message_get_text (later), ==, "1001");
}

/* An error of the gateway is about what went a moment ago, and so is an echo without an id. */
static void
test_sending (void)
{
  g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_OWN, "hello", NULL, "x", g_get_real_time ());
  DwSending *sending = dw_sending_new (message, FALSE);
  DwFrame plain = { .kind = DW_FRAME_BROADCAST, .text = (char *) "hello" };
  DwFrame other = { .kind = DW_FRAME_BROADCAST, .text = (char *) "hello", .id = (char *) "y" };

  sending->sent_at = 0;
  dw_message_set_went (message, DW_WENT_PLAIN);
  g_assert_true (dw_sending_may_be_refused (sending, 29 * G_USEC_PER_SEC));
  g_assert_false (dw_sending_may_be_refused (sending, 9 * 60 * G_USEC_PER_SEC));
  g_assert_true (dw_sending_is_echo (sending, &plain, TRUE, G_USEC_PER_SEC));
  g_assert_false (dw_sending_is_echo (sending, &plain, FALSE, G_USEC_PER_SEC));
  g_assert_false (dw_sending_is_echo (sending, &plain, TRUE, 60 * G_USEC_PER_SEC));
  g_assert_false (dw_sending_is_echo (sending, &other, TRUE, G_USEC_PER_SEC));
  dw_sending_free (sending);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/history/drop-while-writing", test_drop_while_writing);
  g_test_add_func ("/client/history/reload-twice", test_reload_twice);
  g_test_add_func ("/client/history/read-after-remove", test_read_after_remove);
  g_test_add_func ("/client/history/sending/AG-1", test_sending);
  g_test_add_func ("/client/history/order", test_order);
  g_test_add_func ("/client/history/days", test_days);
  g_test_add_func ("/client/history/pages/S-8", test_pages);
  g_test_add_func ("/client/history/unread-line", test_unread_line);
  g_test_add_func ("/client/history/remove", test_remove);
  g_test_add_func ("/client/history/holes", test_holes);
  g_test_add_func ("/client/history/restart/DB-1", test_restart);
  g_test_add_func ("/client/history/old-ask", test_old_ask);
  g_test_add_func ("/client/history/second-copy-after-restart/DB-1", test_second_copy_after_restart);
  g_test_add_func ("/client/history/clear-keeps-queue", test_clear_keeps_queue);
  g_test_add_func ("/client/history/paced-queue", test_paced_queue);
  g_test_add_func ("/client/history/saved-before-shown", test_saved_before_shown);
  g_test_add_func ("/client/history/expiry-moves-queue", test_expiry_moves_queue);
  g_test_add_func ("/client/history/remove-while-reading", test_remove_while_reading);
  g_test_add_func ("/client/history/unread", test_unread);
  return g_test_run ();
}
