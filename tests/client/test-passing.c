/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/messages/dw-conversation.h"
#include "client/messages/dw-pages.h"
#include "client/store/dw-passing.h"
#include "client/store/dw-store-search.h"

#include "wire/dw-limits.h"

#include <string.h>

/* Messages of stages that keep no history are bounded in bytes, whoever talks and however much. */

static void
take_all (DwPassing *passing)
{
  gint64 stage, last;

  while (dw_passing_take_excess (passing, &stage, &last))
    ;
}

static void
test_bounds (void)
{
  for (gssize over = -1; over <= 1; over++)
    {
      g_autoptr (DwPassing) passing = dw_passing_new ();
      gint64 stage = 0;
      gint64 last = 0;

      for (gint64 place = 1; place <= 32; place++)
        dw_passing_add (passing, 7, place, DW_PASSING_BYTES / 32 + (place == 32 ? over : 0));
      g_assert_cmpint (dw_passing_take_excess (passing, &stage, &last), ==, over > 0);
      take_all (passing);
      if (over > 0)
        {
          g_assert_cmpint (stage, ==, 7);
          g_assert_cmpuint (dw_passing_get_bytes (passing), <=, DW_PASSING_BYTES / 4 * 3);
          g_assert_cmpuint (dw_passing_get_bytes (passing), >, DW_PASSING_BYTES / 2);
          g_assert_cmpint (dw_passing_get_first (passing, 7), ==, 10);
        }
      else
        g_assert_cmpint (dw_passing_get_first (passing, 7), ==, 1);
    }
  for (guint n = DW_PASSING_LINES - 1; n <= DW_PASSING_LINES + 1; n++)
    {
      g_autoptr (DwPassing) passing = dw_passing_new ();

      for (guint i = 0; i < n; i++)
        dw_passing_add (passing, 7, i + 1, 1);
      take_all (passing);
      g_assert_cmpint (dw_passing_get_first (passing, 7) > 1, ==, n > DW_PASSING_LINES);
    }
}

/* A loud stage does not displace a quiet one's messages, and two loud ones share the room. */
static void
test_largest_first (void)
{
  g_autoptr (DwPassing) passing = dw_passing_new ();

  dw_passing_add (passing, 1, 1, 1000);
  for (gint64 place = 1; place <= 2000; place++)
    {
      dw_passing_add (passing, 2, place, 100 * 1000);
      dw_passing_add (passing, 3, place, 100 * 1000);
      take_all (passing);
      g_assert_cmpuint (dw_passing_get_bytes (passing), <=, DW_PASSING_BYTES);
    }
  g_assert_cmpint (dw_passing_get_first (passing, 1), ==, 1);
  g_assert_cmpint (dw_passing_get_first (passing, 2), >, 1800);
  g_assert_cmpint (dw_passing_get_first (passing, 3), >, 1800);
  dw_passing_remove (passing, 1, 2);
  dw_passing_remove (passing, 1, 0);
  dw_passing_remove (passing, 9, 1);
  dw_passing_clear (passing, 2);
  dw_passing_clear (passing, 3);
  dw_passing_clear (passing, 3);
  g_assert_cmpuint (dw_passing_get_bytes (passing), ==, 1000);
  dw_passing_remove (passing, 1, 1);
  g_assert_cmpuint (dw_passing_get_bytes (passing), ==, 0);
}

/* A list built from change signals alone, as an observer would keep it. */
typedef struct
{
  DwConversation *conversation;
  GPtrArray *items;
} Mirror;

static void
on_changed (GListModel *model, guint position, guint removed, guint added, Mirror *mirror)
{
  g_assert_cmpuint (position + removed, <=, mirror->items->len);
  if (removed > 0)
    g_ptr_array_remove_range (mirror->items, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (mirror->items, (int) (position + i), g_list_model_get_item (model, position + i));
}

static gboolean
is_settled (gpointer conversation)
{
  return dw_conversation_is_settled (conversation);
}

/* A session reads from a stage only while this is so. */
static gboolean
keeps_up (gpointer conversation)
{
  return is_settled (conversation) && !dw_conversation_is_congested (conversation);
}

static void
mirror_init (Mirror *mirror, DwStore *store, gint64 number)
{
  g_autoptr (DwStage) stage = fixture_stage_new (number);

  mirror->items = g_ptr_array_new_with_free_func (g_object_unref);
  mirror->conversation = dw_conversation_new (store, stage);
  g_signal_connect (mirror->conversation, "items-changed", G_CALLBACK (on_changed), mirror);
  dw_test_until ("the store to be read", is_settled, mirror->conversation);
}

static void
mirror_clear (Mirror *mirror)
{
  g_signal_handlers_disconnect_by_data (mirror->conversation, mirror);
  dw_test_finalize (mirror->conversation);
  g_ptr_array_unref (mirror->items);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Mirror, mirror_clear)

static gboolean
is_read (gpointer message)
{
  return dw_message_get_kind (message) != DW_MESSAGE_BLANK;
}

/* Every line has its text, at the position where the list has it. */
static gsize
check (Mirror *mirror)
{
  GListModel *model = G_LIST_MODEL (mirror->conversation);
  gsize bytes = 0;

  dw_test_until ("the conversation to settle", is_settled, mirror->conversation);
  dw_test_run_for (3 * DW_CONVERSATION_TICK_MS);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, mirror->items->len);
  for (guint i = 0; i < mirror->items->len; i++)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (model, i);
      DwMessage *mirrored = g_ptr_array_index (mirror->items, i);

      dw_test_until ("a line to be read", is_read, message);
      g_assert_cmpint (dw_message_get_place (message), ==, dw_message_get_place (mirrored));
      g_assert_cmpstr (dw_message_get_text (message), ==, dw_message_get_text (mirrored));
      g_assert_cmpint (dw_message_get_kind (message), !=, DW_MESSAGE_NOTICE);
      bytes += dw_record_get_size (dw_message_get_record (message));
    }
  return bytes;
}

static void
say (DwConversation *conversation, DwMessageKind kind, const char *text)
{
  g_autofree char *id = kind == DW_MESSAGE_OWN ? g_uuid_string_random () : NULL;
  g_autoptr (DwMessage) message = dw_message_new (kind, text, "Eve", id, g_get_real_time ());

  g_assert_true (dw_conversation_append (conversation, message));
}

static gboolean
has_room (gpointer store)
{
  /* The store accepts DW_STORE_PENDING_BYTES; a fuller queue is not this test's subject. */
  return dw_store_get_written (store) != 0;
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GPtrArray **) data = dw_store_search_finish (DW_STORE (source), result, NULL);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

/* When messages are very large a search returns the newest few. */
static void
check_search (DwStore *store)
{
  const gint64 stages[] = { 1, 2 };
  g_autoptr (GPtrArray) hits = NULL;
  gsize bytes = 0;

  dw_store_search_async (store, stages, G_N_ELEMENTS (stages), "needle", DW_STORE_SEARCH_HITS, on_found, &hits);
  dw_test_until ("the search", is_set, &hits);
  for (guint i = 0; i < hits->len; i++)
    bytes += dw_record_get_size (((DwHit *) g_ptr_array_index (hits, i))->record);
  g_assert_cmpuint (bytes, >, DW_STORE_SEARCH_BYTES / 2);
  g_assert_cmpuint (bytes, <, DW_STORE_SEARCH_BYTES + DW_LIMIT_MESSAGE_BYTES + 1000);
}

/* 128 MB of messages of the largest size. */
static void
test_largest_messages (void)
{
  g_autoptr (DwStore) store = dw_store_new (NULL);
  g_auto (Mirror) loud = { 0 };
  g_auto (Mirror) quiet = { 0 };
  gint64 used = 0;
  gsize bytes;

  mirror_init (&loud, store, 1);
  mirror_init (&quiet, store, 2);
  say (quiet.conversation, DW_MESSAGE_THEIRS, "hardly a word");
  say (loud.conversation, DW_MESSAGE_OWN, "not gone yet");
  dw_conversation_flush (loud.conversation);
  dw_test_until ("the first to be written", has_room, store);
  for (guint i = 0; i < 1024; i++)
    {
      g_autofree char *text = g_strnfill (DW_LIMIT_MESSAGE_BYTES, (char) ('a' + i % 26));

      memcpy (text, "needle ", 7);

      say (loud.conversation, DW_MESSAGE_THEIRS, text);
      if (i % 32 == 31)
        dw_test_until ("the store to keep up", keeps_up, loud.conversation);
      used = MAX (used, sqlite3_memory_used ());
    }
  bytes = check (&loud);
  g_test_message ("%" G_GSIZE_FORMAT " bytes kept, at most %" G_GINT64_FORMAT " of SQLite's", bytes, used);
  g_assert_cmpuint (bytes, <=, DW_PASSING_BYTES);
  g_assert_cmpuint (bytes, >, DW_PASSING_BYTES / 2);
  g_assert_cmpint (used, <, 3 * DW_PASSING_BYTES);
  /* The quiet stage still has its day and its message. */
  check (&quiet);
  g_assert_cmpuint (quiet.items->len, ==, 2);
  check_search (store);
  /* The undelivered message moved to the end, and is there once. */
  for (guint i = 0, found = 0; i < loud.items->len; i++)
    {
      found += dw_message_get_kind (g_ptr_array_index (loud.items, i)) == DW_MESSAGE_OWN;
      g_assert_cmpuint (found, <=, 1);
      g_assert_true (found == 1 || i < loud.items->len - 1);
    }
}

/* The unread line goes with the lines before it, and a list observed while lines are dropped has no gaps. */
static void
test_unread_line (void)
{
  g_autoptr (DwStore) store = dw_store_new (NULL);
  g_autofree char *text = g_strnfill (100 * 1000, 'a');
  g_auto (Mirror) mirror = { 0 };

  mirror_init (&mirror, store, 1);
  for (guint i = 0; i < 300; i++)
    say (mirror.conversation, DW_MESSAGE_THEIRS, text);
  check (&mirror);
  dw_conversation_set_unread_from (mirror.conversation, 20);
  g_assert_cmpuint (mirror.items->len, ==, 302);
  for (guint i = 0; i < 100; i++)
    {
      say (mirror.conversation, DW_MESSAGE_THEIRS, text);
      g_object_unref (g_list_model_get_item (G_LIST_MODEL (mirror.conversation), 0));
    }
  check (&mirror);
  g_assert_cmpuint (mirror.items->len, <, 340);
  for (guint i = 0; i < mirror.items->len; i++)
    g_assert_cmpint (dw_message_get_kind (g_ptr_array_index (mirror.items, i)), ==, DW_MESSAGE_THEIRS);
}

/* Paging through the largest messages of a conversation in a file keeps few of them in memory. */
static void
test_pages (void)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, DW_STORE_NAME, NULL);
  g_autofree char *text = g_strnfill (DW_LIMIT_MESSAGE_BYTES, 'a');
  g_autoptr (DwStore) store = dw_store_new (path);
  g_autoptr (DwPages) pages = dw_pages_new (store, 1);
  const gint64 n = 5 * DW_PAGES_LINES;

  for (gint64 place = 1; place <= n; place++)
    {
      GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
      DwRecord record = { .place = place, .kind = DW_MESSAGE_THEIRS, .text = text };
      guint64 serial;

      g_ptr_array_add (records, dw_record_copy (&record));
      serial = dw_store_lines_add_async (store, 1, records, NULL, NULL);
      while (place % 64 == 0 && dw_store_get_written (store) < serial)
        dw_test_run_for (1);
    }
  dw_pages_clear (pages, 1, n);
  for (gint64 place = n; place > 0; place--)
    {
      g_autoptr (DwMessage) message = dw_pages_get_line (pages, place);

      dw_test_until ("a line to be read", is_read, message);
      g_assert_cmpuint (dw_pages_get_bytes (pages), <=,
                        DW_PAGES_KEPT_BYTES + 2 * DW_PAGES_LINES * (DW_LIMIT_MESSAGE_BYTES + 1000));
    }
  g_assert_cmpuint (dw_pages_get_n_pages (pages), <=, DW_PAGES_LEAST + 1);
}

/* A message that takes @bytes. */
static DwMessage *
make_message (DwMessageKind kind, gsize bytes)
{
  g_autoptr (DwMessage) empty = dw_message_new (kind, "", NULL, "i", 0);
  g_autofree char *text = g_strnfill (bytes - dw_record_get_size (dw_message_get_record (empty)), 'a');

  return dw_message_new (kind, text, NULL, "i", g_get_real_time ());
}

#define PARTS 16

static void
test_unopened (void)
{
  for (gssize over = -1; over <= 1; over++)
    {
      DwStore *store = dw_store_new (NULL);
      g_autoptr (DwStage) stage = fixture_stage_new (1);
      DwConversation *conversation = dw_conversation_new (store, stage);

      /* The store has not answered yet. */
      for (guint i = 0; i < PARTS; i++)
        {
          gboolean last = i == PARTS - 1;
          g_autoptr (DwMessage) message =
              make_message (DW_MESSAGE_THEIRS, DW_CONVERSATION_UNOPENED_BYTES / PARTS + (last ? over : 0));

          if (last && over > 0)
            g_test_expect_message ("dw-client", G_LOG_LEVEL_WARNING, "*too much arrived*");
          g_assert_cmpint (dw_conversation_append (conversation, message), ==, !last || over <= 0);
        }
      if (over > 0)
        g_test_assert_expected_messages ();
      dw_test_until ("the conversation to settle", is_settled, conversation);
      /* What is still being written counts in a test of memory that follows. */
      dw_test_finalize (conversation);
      dw_test_finalize (store);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/passing/bounds", test_bounds);
  g_test_add_func ("/client/passing/largest-first", test_largest_first);
  g_test_add_func ("/client/passing/largest-messages/WS-4", test_largest_messages);
  g_test_add_func ("/client/passing/unread-line", test_unread_line);
  g_test_add_func ("/client/passing/pages", test_pages);
  g_test_add_func ("/client/passing/unopened", test_unopened);
  return g_test_run ();
}
