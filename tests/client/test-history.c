/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-mirror.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/messages/dw-conversation.h"
#include "client/messages/dw-day.h"
#include "client/messages/dw-pages.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

/* A conversation with a store. */
typedef struct
{
  DwStore *store;
  DwConversation *conversation;
} History;

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
history_open (History *history)
{
  g_autoptr (DwStage) stage = fixture_stage_new (1);

  history->conversation = dw_conversation_new (history->store, stage);
  settle (history->conversation);
}

static void
history_init (History *history)
{
  history->store = dw_store_new (NULL);
  history_open (history);
}

static void
history_reopen (History *history)
{
  dw_test_finalize (history->conversation);
  history_open (history);
}

static void
history_clear (History *history)
{
  dw_test_finalize (history->conversation);
  dw_test_finalize (history->store);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (History, history_clear)

static void
say (History *history, const char *text, gint64 time)
{
  g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_THEIRS, text, "Ada", NULL, time);

  dw_conversation_append (history->conversation, message);
}

static void
say_own (History *history, const char *text, gint64 time)
{
  g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_OWN, text, "Ada", "an-id", time);

  dw_conversation_append (history->conversation, message);
}

static gboolean
is_read (gpointer message)
{
  return dw_message_get_kind (message) != DW_MESSAGE_BLANK;
}

static guint
count (History *history)
{
  return g_list_model_get_n_items (G_LIST_MODEL (history->conversation));
}

/* The conversation as letters: the first of each text, D for a day, U for the unread line. */
static char *
sketch (History *history)
{
  GString *sketch = g_string_new (NULL);

  settle (history->conversation);
  for (guint i = 0; i < count (history); i++)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (G_LIST_MODEL (history->conversation), i);

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
check_sketch (History *history, const char *wanted)
{
  g_autofree char *found = sketch (history);

  g_assert_cmpstr (found, ==, wanted);
}

#define DAY G_TIME_SPAN_DAY

/* Lines stay in the order they arrived, live and after a restart, even if the clock is set back; a day begins at local
 * midnight. */
static void
test_order (void)
{
  g_auto (History) history = { 0 };
  gint64 noon = 20000 * DAY + DAY / 2;

  history_init (&history);
  say (&history, "a", noon);
  say (&history, "b", noon + 5 * G_USEC_PER_SEC);
  settle (history.conversation);
  say (&history, "c", noon - 60 * G_USEC_PER_SEC); /* the clock was set back by a minute */
  say (&history, "d", noon + DAY);
  say (&history, "e", noon - 400 * DAY); /* and by more than a year */
  say (&history, "f", noon + DAY);
  check_sketch (&history, "DabcDdDeDf");
  history_reopen (&history);
  check_sketch (&history, "DabcDdDeDf");
  say (&history, "g", noon + DAY + 1);
  check_sketch (&history, "DabcDdDeDfg");
  history_reopen (&history);
  check_sketch (&history, "DabcDdDeDfg");
}

/* Days on which daylight saving time begins or ends are an hour shorter or longer, and no day begins twice. */
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
  /* Extreme times are no problem. */
  dw_day_of (G_MAXINT64, zone);
  dw_day_of (G_MININT64, zone);
}

/* The day of the newest line is the one on the wall where the person is now. */
static void
test_travel (void)
{
  static const struct
  {
    const char *to;
    int hours; /* after 12:00 in Berlin, the first message */
    const char *sketch;
  } rows[] = {
    { "America/New_York", 13, "Dab" }, /* 19:00 there, and tomorrow in Berlin */
    { "Asia/Tokyo", 6, "DaDb" },       /* 02:00 tomorrow there, and today in Berlin */
    { "Europe/Berlin", 11, "Dab" },
    { "Europe/Berlin", 13, "DaDb" },
  };
  g_autoptr (GTimeZone) berlin = g_time_zone_new_identifier ("Europe/Berlin");
  g_autoptr (GDateTime) noon = g_date_time_new (berlin, 2026, 11, 25, 12, 0, 0);
  gint64 first = g_date_time_to_unix (noon) * G_USEC_PER_SEC;
  g_auto (DwTestZone) before G_GNUC_UNUSED = dw_test_zone_keep ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (History) history = { 0 };

      g_setenv ("TZ", "Europe/Berlin", TRUE);
      history_init (&history);
      say (&history, "a", first);
      settle (history.conversation);
      g_setenv ("TZ", rows[i].to, TRUE);
      say (&history, "b", first + rows[i].hours * G_TIME_SPAN_HOUR);
      check_sketch (&history, rows[i].sketch);
    }
}

static void
check_all (History *history, guint n)
{
  settle (history->conversation);
  g_assert_cmpuint (count (history), ==, n + 1);
  for (guint i = 1; i <= n; i += 37)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (G_LIST_MODEL (history->conversation), i);
      g_autofree char *wanted = g_strdup_printf ("line %u", i);

      dw_test_until ("a line to be read", is_read, message);
      g_assert_cmpstr (dw_message_get_text (message), ==, wanted);
    }
}

/* The whole history is in the list, while only a few pages of it are in memory. */
static void
test_pages (void)
{
  g_auto (History) history = { 0 };
  g_autoptr (DwPages) pages = NULL;

  history_init (&history);
  for (guint i = 1; i <= 20000; i++)
    {
      g_autofree char *text = g_strdup_printf ("line %u", i);

      say (&history, text, i);
    }
  check_all (&history, 20000);
  history_reopen (&history);
  check_all (&history, 20000);
  pages = dw_pages_new (history.store, 1);
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

/* Identifies a line by its kind and text, since a page that is read again has new objects. */
static char *
name_of_line (gpointer item)
{
  dw_test_until ("a line to be read", is_read, item);
  return g_strdup_printf ("%d %s", dw_message_get_kind (item), dw_message_get_text (item));
}

static void
test_unread_line (void)
{
  g_auto (History) history = { 0 };
  g_autoptr (DwMirror) mirror = NULL;
  guint position;

  history_init (&history);
  mirror = dw_mirror_new (G_LIST_MODEL (history.conversation), name_of_line);
  say (&history, "a", 1);
  say (&history, "b", 2);
  check_sketch (&history, "Dab");
  /* The unread line is set to the next message, which has not arrived yet. */
  dw_conversation_set_unread_from (history.conversation, 4);
  check_sketch (&history, "Dab");
  say (&history, "c", 3);
  say (&history, "d", 4);
  check_sketch (&history, "DabUcd");
  g_assert_true (dw_conversation_get_position (history.conversation, 3, &position));
  g_assert_cmpuint (position, ==, 2);
  g_assert_true (dw_conversation_get_position (history.conversation, 4, &position));
  g_assert_cmpuint (position, ==, 4);
  dw_conversation_set_unread_from (history.conversation, 3);
  check_sketch (&history, "DaUbcd");
  dw_conversation_set_unread_from (history.conversation, 5);
  check_sketch (&history, "DabcUd");
  dw_conversation_set_unread_from (history.conversation, 0);
  check_sketch (&history, "Dabcd");
  dw_mirror_check (mirror);
  g_clear_pointer (&mirror, dw_mirror_free);
}

static void
test_remove (void)
{
  g_auto (History) history = { 0 };
  g_autoptr (DwMirror) mirror = NULL;
  g_autoptr (DwMessage) line = NULL;

  history_init (&history);
  mirror = dw_mirror_new (G_LIST_MODEL (history.conversation), name_of_line);
  for (guint i = 0; i < 5; i++)
    say (&history, &"abcde"[i], i);
  check_sketch (&history, "Dabcde");
  line = g_list_model_get_item (G_LIST_MODEL (history.conversation), 3);
  dw_conversation_set_unread_from (history.conversation, 5);
  dw_conversation_remove (history.conversation, line);
  check_sketch (&history, "DabUde");
  say (&history, "f", 9);
  check_sketch (&history, "DabUdef");
  /* What is not in the list cannot leave it. */
  g_clear_object (&line);
  line = dw_message_new (DW_MESSAGE_THEIRS, "x", "Ada", NULL, 9);
  for (gint64 place = 0; place <= 7; place += 7)
    {
      dw_message_set_place (line, place);
      dw_conversation_remove (history.conversation, line);
    }
  check_sketch (&history, "DabUdef");
  dw_mirror_check (mirror);
  g_clear_pointer (&mirror, dw_mirror_free);
  g_clear_object (&line);
  history_reopen (&history);
  check_sketch (&history, "Dabdef");
}

/* Removes each line with the unread line in each position, and compares the model with its mirror. The unread line goes
 * with the last line below it. */
static void
test_remove_everywhere (void)
{
  for (guint unread = 0; unread <= 5; unread++)
    for (guint position = 1; position <= 4; position++)
      {
        g_auto (History) history = { 0 };
        g_autoptr (DwMirror) mirror = NULL;
        g_autoptr (DwMessage) line = NULL;
        g_autofree char *wanted = NULL;
        GString *sketch = g_string_new (NULL);
        gboolean due = FALSE;

        history_init (&history);
        for (guint i = 0; i < 4; i++)
          {
            char text[] = { (char) ('a' + i), '\0' };

            say (&history, text, i);
          }
        settle (history.conversation);
        line = g_list_model_get_item (G_LIST_MODEL (history.conversation), position);
        dw_conversation_set_unread_from (history.conversation, unread);
        mirror = dw_mirror_new (G_LIST_MODEL (history.conversation), name_of_line);
        dw_conversation_remove (history.conversation, line);
        dw_mirror_check (mirror);
        for (guint i = 0; i < 5; i++)
          {
            due |= unread > 1 && i == unread - 1;
            if (i == position)
              continue;
            if (due)
              g_string_append_c (sketch, 'U');
            due = FALSE;
            g_string_append_c (sketch, "Dabcd"[i]);
          }
        wanted = g_string_free (sketch, FALSE);
        check_sketch (&history, wanted);
        /* An unread line at the end still comes before the next message. */
        say (&history, "e", 9);
        settle (history.conversation);
        dw_mirror_check (mirror);
        g_clear_pointer (&mirror, dw_mirror_free);
      }
}

/* What a conversation should show: the texts in order, the unread line before one of them. */
typedef struct
{
  GPtrArray *texts;
  guint unread; /* the place it stands before, counted from 1, or 0 */
} Shown;

static gboolean
has_unread (const Shown *wanted)
{
  return wanted->unread > 1 && wanted->unread <= wanted->texts->len;
}

static void
check_wanted (History *history, const Shown *wanted)
{
  GListModel *model = G_LIST_MODEL (history->conversation);
  guint place = 1;

  g_assert_cmpuint (g_list_model_get_n_items (model), ==, wanted->texts->len + (has_unread (wanted) ? 1 : 0));
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (DwMessage) message = g_list_model_get_item (model, i);
      guint position;

      if (has_unread (wanted) && i == wanted->unread - 1)
        {
          g_assert_cmpint (dw_message_get_kind (message), ==, DW_MESSAGE_UNREAD);
          continue;
        }
      dw_test_until ("a line to be read", is_read, message);
      g_assert_cmpstr (dw_message_get_text (message), ==, g_ptr_array_index (wanted->texts, place - 1));
      g_assert_cmpint (dw_message_get_place (message), ==, place);
      g_assert_true (dw_conversation_get_position (history->conversation, place, &position));
      g_assert_cmpuint (position, ==, i);
      place++;
    }
}

static void
remove_wanted (Shown *wanted, guint place)
{
  guint before = wanted->texts->len;
  gboolean shown = has_unread (wanted);

  if (wanted->unread > place)
    wanted->unread--;
  if (shown && (wanted->unread <= 1 || wanted->unread >= before))
    wanted->unread = 0;
  g_ptr_array_remove_index (wanted->texts, place - 1);
}

static void
say_some (History *history, Shown *wanted, GRand *random, guint *number)
{
  gint32 lines = g_rand_int_range (random, 1, 60);

  for (gint32 i = 0; i < lines; i++)
    {
      gboolean own = g_rand_int_range (random, 0, 4) == 0;
      g_autofree char *text = g_strdup_printf ("line %u", ++*number);
      g_autofree char *id = g_strdup_printf ("id %u", *number);
      g_autoptr (DwMessage) message = dw_message_new (own ? DW_MESSAGE_OWN : DW_MESSAGE_THEIRS, text,
                                                      g_rand_boolean (random) ? "Ada" : "Bo", id, DAY + *number);

      dw_conversation_append (history->conversation, message);
      g_ptr_array_add (wanted->texts, g_steal_pointer (&text));
    }
  settle (history->conversation);
}

/* Whatever is said, removed and read again, in whatever order: what follows the model shows the model, over pages that
 * come and go. */
static void
test_walk (void)
{
  for (guint seed = 1; seed <= 8; seed++)
    {
      g_autoptr (GRand) random = g_rand_new_with_seed (seed);
      g_auto (History) history = { 0 };
      g_autoptr (DwMirror) mirror = NULL;
      g_autofree char *folder = dw_test_make_folder ();
      g_autofree char *path = g_build_filename (folder, DW_STORE_NAME, NULL);
      g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
      Shown wanted = { texts, 0 };
      guint number = 0;

      g_test_message ("seed %u", seed);
      history.store = dw_store_new (seed % 2 == 0 ? path : NULL);
      history_open (&history);
      g_ptr_array_add (texts, g_strdup (""));
      say_some (&history, &wanted, random, &number);
      mirror = dw_mirror_new (G_LIST_MODEL (history.conversation), name_of_line);
      for (guint step = 0; step < 60; step++)
        {
          guint place = (guint) g_rand_int_range (random, 2, (gint32) texts->len + 1);
          g_autoptr (DwMessage) line = NULL;
          guint position = 0;

          switch (g_rand_int_range (random, 0, 8))
            {
            case 0:
            case 1:
              say_some (&history, &wanted, random, &number);
              break;
            case 2:
              dw_conversation_reload (history.conversation);
              wanted.unread = 0;
              settle (history.conversation);
              break;
            case 3:
            case 4:
              wanted.unread = (guint) g_rand_int_range (random, 0, (gint32) texts->len + 3);
              dw_conversation_set_unread_from (history.conversation, wanted.unread);
              break;
            default:
              g_assert_true (dw_conversation_get_position (history.conversation, place, &position));
              line = g_list_model_get_item (G_LIST_MODEL (history.conversation), position);
              dw_test_until ("a line to be read", is_read, line);
              dw_conversation_remove (history.conversation, line);
              remove_wanted (&wanted, place);
              break;
            }
          dw_mirror_check (mirror);
          check_wanted (&history, &wanted);
        }
      g_clear_pointer (&mirror, dw_mirror_free);
      history_reopen (&history);
      wanted.unread = 0;
      check_wanted (&history, &wanted);
    }
}

/* Who stands together is the same live and read anew, within pages and across them. */
static void
test_groups (void)
{
  g_auto (History) history = { 0 };
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  gint64 time = DAY;

  history_init (&history);
  for (guint i = 0; i < 600; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_autoptr (DwMessage) message =
          dw_message_new (DW_MESSAGE_THEIRS, text, g_rand_int_range (random, 0, 3) > 0 ? "Ada" : "Bo", NULL, time);

      time += g_rand_int_range (random, 0, 4) == 0 ? 6 * G_TIME_SPAN_MINUTE : G_TIME_SPAN_SECOND;
      dw_conversation_append (history.conversation, message);
    }
  settle (history.conversation);
  for (guint read = 0; read < 2; read++)
    {
      g_autoptr (DwMessage) before = NULL;

      for (guint i = 0; i < count (&history); i++)
        {
          g_autoptr (DwMessage) message = g_list_model_get_item (G_LIST_MODEL (history.conversation), i);
          gboolean together;

          dw_test_until ("a line to be read", is_read, message);
          together = before != NULL
                     && dw_record_stands_with (dw_message_get_record (before), dw_message_get_record (message));
          g_test_message ("line %u, %s", i, read == 0 ? "live" : "read");
          g_assert_cmpint (dw_message_starts_group (message), ==, !together);
          if (before != NULL)
            g_assert_cmpint (dw_message_ends_group (before), ==, !together);
          g_set_object (&before, message);
        }
      g_assert_true (dw_message_ends_group (before));
      g_clear_object (&before);
      history_reopen (&history);
    }
}

/* A line that is missing from the store is shown as missing, and the others keep their positions. */
static void
test_holes (void)
{
  g_auto (History) history = { 0 };
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
  guint changes = 0;
  g_autoptr (DwMessage) line = NULL;

  history_init (&history);
  for (guint i = 1; i <= 3; i += 2)
    {
      DwRecord record = { .place = i, .text = (char *) "x", .time = 1 };

      g_ptr_array_add (records, dw_record_copy (&record));
    }
  dw_store_lines_add_async (history.store, 1, records, NULL, NULL);
  history_reopen (&history);
  g_signal_connect (history.conversation, "items-changed", G_CALLBACK (count_changes), &changes);
  g_assert_cmpuint (count (&history), ==, 3);
  line = g_list_model_get_item (G_LIST_MODEL (history.conversation), 1);
  dw_test_until ("a line to be read", is_read, line);
  g_assert_cmpint (dw_message_get_kind (line), ==, DW_MESSAGE_NOTICE);
}

/* Removing a line while its page is being read leaves no request unanswered. */
static void
test_remove_while_reading (void)
{
  g_auto (History) history = { 0 };
  g_autoptr (DwMessage) first = NULL;
  g_autoptr (DwMessage) newest = NULL;

  history_init (&history);
  for (guint i = 1; i <= 2000; i++)
    say (&history, "x", i);
  settle (history.conversation);
  history_reopen (&history);
  newest = g_list_model_get_item (G_LIST_MODEL (history.conversation), count (&history) - 1);
  first = g_list_model_get_item (G_LIST_MODEL (history.conversation), 5);
  g_assert_cmpint (dw_message_get_kind (first), ==, DW_MESSAGE_BLANK);
  dw_conversation_remove (history.conversation, newest);
  dw_test_until ("the line to be read", is_read, first);
}

typedef struct
{
  char *path;
  guint shown;
} Watch;

static void
assert_saved (Watch *watch, DwMessage *message)
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

static void
on_shown (Watch *watch, GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++)
    assert_saved (watch, g_ptr_array_index (lines, i));
}

/* A line is in the file before it is shown: another program can read it there. */
static void
test_saved_before_shown (void)
{
  History history = { 0 };
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, DW_STORE_NAME, NULL);
  Watch watch = { path, 0 };

  history.store = dw_store_new (path);
  history_open (&history);
  dw_conversation_set_patience (history.conversation, 10000);
  g_signal_connect_swapped (history.conversation, "shown", G_CALLBACK (on_shown), &watch);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *text = g_strdup_printf ("line %u", i);

      say (&history, text, i);
      if (i % 3 == 0)
        settle (history.conversation);
    }
  settle (history.conversation);
  g_assert_cmpuint (watch.shown, ==, 21);
  history_clear (&history);
}

/* Locks the file as another program would. */
static sqlite3 *
lock_outside (const char *path)
{
  sqlite3 *other = NULL;

  g_assert_cmpint (sqlite3_open (path, &other), ==, SQLITE_OK);
  /* The store may be about to finish something. */
  sqlite3_busy_timeout (other, 10000);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  return other;
}

static void
unlock_outside (sqlite3 *other)
{
  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
}

static void
note_time (gint64 *time)
{
  *time = g_get_monotonic_time ();
}

static gboolean
is_set (gpointer data)
{
  return *(gint64 *) data != 0;
}

/* So long the store hopes, in milliseconds: more than a busy machine takes to show a line. */
#define STALLED_MS 2000

/* A stalled disk delays other people's messages only briefly; our own wait longer, because they are saved before they
 * are shown. */
static void
test_shown_while_stalled (void)
{
  static const DwStorePace pace = { STALLED_MS, DW_STORE_FIRST_RETRY_MS, DW_STORE_LAST_RETRY_MS };
  History history = { 0 };
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, DW_STORE_NAME, NULL);
  gint64 begun, shown = 0;
  sqlite3 *other;

  history.store = dw_store_new_paced (path, &pace);
  history_open (&history);
  say (&history, "a day begins", DAY);
  settle (history.conversation);
  other = lock_outside (path);
  g_signal_connect_swapped (history.conversation, "shown", G_CALLBACK (note_time), &shown);
  begun = g_get_monotonic_time ();
  say (&history, "theirs", DAY);
  dw_test_until ("the line to be shown", is_set, &shown);
  g_assert_cmpint (shown - begun, >=, DW_CONVERSATION_PATIENCE_MS * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpint (shown - begun, <, STALLED_MS * G_TIME_SPAN_MILLISECOND);

  shown = 0;
  begun = g_get_monotonic_time ();
  say_own (&history, "own", DAY);
  dw_test_until ("one's own to be shown", is_set, &shown);
  g_assert_cmpint (shown - begun, >=, STALLED_MS * G_TIME_SPAN_MILLISECOND);
  unlock_outside (other);
  history_clear (&history);
}

/* The number of lines the file should have. */
typedef struct
{
  const char *path;
  guint lines;
} Wanted;

static gboolean
is_saved (gpointer data)
{
  const Wanted *wanted = data;
  sqlite3 *other = NULL;
  sqlite3_stmt *query = NULL;
  guint lines;

  g_assert_cmpint (sqlite3_open (wanted->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (other, "SELECT count(*) FROM lines", -1, &query, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (query), ==, SQLITE_ROW);
  lines = (guint) sqlite3_column_int (query, 0);
  sqlite3_finalize (query);
  sqlite3_close (other);
  return lines == wanted->lines;
}

static gboolean
is_free (gpointer conversation)
{
  return !dw_conversation_is_congested (conversation);
}

/* When lines arrive faster than the store writes them, reading pauses, but only while the store makes progress. In the
 * end everything is saved, in order. */
static void
test_congestion (void)
{
  History history = { 0 };
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, DW_STORE_NAME, NULL);
  guint n = 0;
  Wanted wanted;
  gint64 begun;
  sqlite3 *other;

  history.store = dw_store_new (path);
  history_open (&history);
  other = lock_outside (path);
  begun = g_get_monotonic_time ();
  while (!dw_conversation_is_congested (history.conversation))
    {
      g_autofree char *text = g_strdup_printf ("%05u", n++);

      say (&history, text, DAY);
      g_assert_cmpuint (n, <, DW_CONVERSATION_UNSAVED_BYTES / 16);
    }
  g_assert_cmpuint (n, >, DW_CONVERSATION_UNSAVED_BYTES / 1024);

  /* If the store is stuck, reading goes on. */
  dw_test_until ("the wait to end", is_free, history.conversation);
  g_assert_cmpint (g_get_monotonic_time () - begun, >=, DW_CONVERSATION_STUCK_MS * G_TIME_SPAN_MILLISECOND);

  unlock_outside (other);
  /* The day is a line too. */
  wanted = (Wanted){ path, n + 1 };
  dw_test_until ("all to be saved", is_saved, &wanted);
  history_reopen (&history);
  g_assert_cmpuint (count (&history), ==, n + 1);
  for (guint i = 0; i < n; i += n / 7)
    {
      g_autofree char *text = g_strdup_printf ("%05u", i);
      g_autoptr (DwMessage) line = g_list_model_get_item (G_LIST_MODEL (history.conversation), i + 1);

      dw_test_until ("the line to be read", is_read, line);
      g_assert_cmpstr (dw_message_get_text (line), ==, text);
    }

  /* If the store makes progress, reading waits for it, briefly. */
  while (!dw_conversation_is_congested (history.conversation))
    say (&history, "more", DAY);
  begun = g_get_monotonic_time ();
  dw_test_until ("the store to have caught up", is_free, history.conversation);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, DW_CONVERSATION_STUCK_MS * G_TIME_SPAN_MILLISECOND);
  history_clear (&history);
}

/* A conversation that is dropped with a write pending has it written, and emits nothing afterwards. */
static void
test_drop_while_writing (void)
{
  g_auto (History) history = { 0 };

  history_init (&history);
  say (&history, "a", DAY);
  settle (history.conversation);
  say (&history, "b", DAY);
  g_clear_object (&history.conversation);
  dw_test_run_for (100);
  history_open (&history);
  check_sketch (&history, "Dab");
}

/* Reloading twice at once: the store answers both, and no place is given to two lines. */
static void
test_reload_twice (void)
{
  g_auto (History) history = { 0 };

  history_init (&history);
  say (&history, "a", DAY);
  settle (history.conversation);
  for (guint i = 0; i < 20; i++)
    {
      dw_conversation_reload (history.conversation);
      say (&history, "b", DAY);
      g_main_context_iteration (NULL, FALSE);
      dw_conversation_reload (history.conversation);
      say (&history, "c", DAY);
      g_main_context_iteration (NULL, FALSE);
    }
  check_sketch (&history, "Dabcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbc");
  history_reopen (&history);
  check_sketch (&history, "Dabcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbc");
}

/* After a removal, later lines are read at their new positions, although the store still has the old ones. */
static void
test_read_after_remove (void)
{
  g_auto (History) history = { 0 };
  g_autoptr (DwMessage) gone = NULL;
  g_autoptr (DwMessage) later = NULL;

  history_init (&history);
  for (guint i = 1; i <= 2000; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      say (&history, text, DAY);
    }
  settle (history.conversation);
  history_reopen (&history);
  gone = g_list_model_get_item (G_LIST_MODEL (history.conversation), 5);
  dw_test_until ("the line to be read", is_read, gone);
  dw_conversation_remove (history.conversation, gone);
  later = g_list_model_get_item (G_LIST_MODEL (history.conversation), 1000);
  dw_test_until ("the line to be read", is_read, later);
  /* The first line is the day. */
  g_assert_cmpstr (dw_message_get_text (later), ==, "1001");
}

static guint
count_in_file (const char *path)
{
  sqlite3 *database = NULL;
  sqlite3_stmt *query = NULL;
  guint n = 0;

  g_assert_cmpint (sqlite3_open_v2 (path, &database, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  if (sqlite3_prepare_v2 (database, "SELECT count(*) FROM lines WHERE kind = 1", -1, &query, NULL) == SQLITE_OK
      && sqlite3_step (query) == SQLITE_ROW)
    n = (guint) sqlite3_column_int (query, 0);
  sqlite3_finalize (query);
  sqlite3_close (database);
  return n;
}

/* The composer has been cleared by now, and the program may be killed before the main loop turns again. */
static void
test_own_is_saved_at_once (void)
{
  History history = { 0 };
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, DW_STORE_NAME, NULL);
  gint64 deadline = g_get_monotonic_time () + DW_TEST_DEADLINE_MS * 1000;
  g_autoptr (DwMessage) own = dw_message_new (DW_MESSAGE_OWN, "mine", NULL, "id", DAY);

  history.store = dw_store_new (path);
  history_open (&history);
  dw_conversation_append (history.conversation, own);
  while (count_in_file (path) == 0 && g_get_monotonic_time () < deadline)
    g_usleep (1000);
  g_assert_cmpuint (count_in_file (path), ==, 1);
  settle (history.conversation);
  history_clear (&history);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/history/drop-while-writing", test_drop_while_writing);
  g_test_add_func ("/client/history/reload-twice", test_reload_twice);
  g_test_add_func ("/client/history/read-after-remove", test_read_after_remove);
  g_test_add_func ("/client/history/order/DB-5", test_order);
  g_test_add_func ("/client/history/days", test_days);
  g_test_add_func ("/client/history/travel/DB-5", test_travel);
  g_test_add_func ("/client/history/pages/S-8", test_pages);
  g_test_add_func ("/client/history/unread-line", test_unread_line);
  g_test_add_func ("/client/history/remove-everywhere", test_remove_everywhere);
  g_test_add_func ("/client/history/remove", test_remove);
  g_test_add_func ("/client/history/walk", test_walk);
  g_test_add_func ("/client/history/groups", test_groups);
  g_test_add_func ("/client/history/holes", test_holes);
  g_test_add_func ("/client/history/saved-before-shown", test_saved_before_shown);
  g_test_add_func ("/client/history/shown-while-stalled", test_shown_while_stalled);
  g_test_add_func ("/client/history/congestion/WS-4", test_congestion);
  g_test_add_func ("/client/history/own-is-saved-at-once", test_own_is_saved_at_once);
  g_test_add_func ("/client/history/remove-while-reading", test_remove_while_reading);
  return g_test_run ();
}
