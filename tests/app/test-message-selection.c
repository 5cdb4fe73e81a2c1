/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/chat/dw-message-selection.h"

#include <string.h>

static DwMessage *
message_at (gint64 place, DwMessageKind kind, const char *text)
{
  DwMessage *message = dw_message_new (kind, text, "Ada", NULL, place * G_USEC_PER_SEC);

  dw_message_set_place (message, place);
  return message;
}

/* Whatever the order of the clicks, the oldest comes first; and no text can pass for another message. */
static void
test_text (void)
{
  g_autoptr (DwMessageSelection) selection = dw_message_selection_new ();
  g_autoptr (DwMessage) second = message_at (2, DW_MESSAGE_THEIRS, "two\n[18:00] You: lies");
  g_autoptr (DwMessage) first = message_at (1, DW_MESSAGE_OWN, "one\u202e");
  g_autofree char *alone = NULL;
  g_autofree char *both = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (dw_message_selection_toggle (selection, second));
  alone = dw_message_selection_dup_text (selection);
  g_assert_cmpstr (alone, ==, "two\n[18:00] You: lies");
  g_assert_true (dw_message_selection_toggle (selection, first));
  both = dw_message_selection_dup_text (selection);
  lines = g_strsplit (both, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 4);
  g_assert_true (g_str_has_prefix (lines[0], "> ["));
  g_assert_null (strstr (lines[0], "\u202e"));
  g_assert_true (g_str_has_suffix (lines[1], "Ada: two"));
  g_assert_cmpstr (lines[2], ==, "    [18:00] You: lies");
}

/* A line that is read from the store again is the same line, and a line that took its place is not. */
static void
test_same (void)
{
  g_autoptr (DwMessageSelection) selection = dw_message_selection_new ();
  g_autoptr (DwMessage) line = message_at (3, DW_MESSAGE_THEIRS, "a");
  g_autoptr (DwMessage) again = message_at (3, DW_MESSAGE_THEIRS, "a");
  g_autoptr (DwMessage) other = message_at (3, DW_MESSAGE_THEIRS, "b");
  g_autoptr (DwMessage) day = message_at (4, DW_MESSAGE_DAY, "");

  g_assert_true (dw_message_selection_add (selection, line));
  g_assert_true (dw_message_selection_has (selection, again));
  g_assert_false (dw_message_selection_has (selection, other));
  g_assert_true (dw_message_selection_add (selection, again));
  g_assert_cmpuint (dw_message_selection_get_n (selection), ==, 1);
  g_assert_false (dw_message_selection_add (selection, day));
  g_assert_true (dw_message_selection_toggle (selection, again));
  g_assert_cmpuint (dw_message_selection_get_n (selection), ==, 0);
}

/* It keeps what it holds in memory, so there is an end to it. */
static void
test_bounds (void)
{
  g_autoptr (DwMessageSelection) selection = dw_message_selection_new ();
  g_autofree char *large = g_strnfill (128 * 1024, 'a');
  gsize bytes = 0;

  for (gint64 place = 1; bytes <= DW_MESSAGE_SELECTION_BYTES; place++)
    {
      g_autoptr (DwMessage) message = message_at (place, DW_MESSAGE_THEIRS, large);

      bytes += dw_record_get_size (dw_message_get_record (message));
      g_assert_cmpint (dw_message_selection_add (selection, message), ==, bytes <= DW_MESSAGE_SELECTION_BYTES);
    }
  g_clear_object (&selection);
  selection = dw_message_selection_new ();
  for (gint64 place = 1; place <= DW_MESSAGE_SELECTION_MOST + 1; place++)
    {
      g_autoptr (DwMessage) message = message_at (place, DW_MESSAGE_THEIRS, "a");

      g_assert_cmpint (dw_message_selection_add (selection, message), ==, place <= DW_MESSAGE_SELECTION_MOST);
    }
}

/* What is deleted is not copied with the others. */
static void
test_drop (void)
{
  g_autoptr (DwMessageSelection) selection = dw_message_selection_new ();
  g_autoptr (DwMessage) kept = message_at (1, DW_MESSAGE_THEIRS, "kept");
  g_autoptr (DwMessage) secret = message_at (2, DW_MESSAGE_THEIRS, "a secret");
  g_autofree char *text = NULL;

  dw_message_selection_drop (selection, secret);
  g_assert_cmpuint (dw_message_selection_get_n (selection), ==, 0);
  dw_message_selection_add (selection, kept);
  dw_message_selection_add (selection, secret);
  dw_message_selection_drop (selection, secret);
  text = dw_message_selection_dup_text (selection);
  g_assert_cmpstr (text, ==, "kept");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/message-selection/text", test_text);
  g_test_add_func ("/app/message-selection/same", test_same);
  g_test_add_func ("/app/message-selection/bounds", test_bounds);
  g_test_add_func ("/app/message-selection/drop", test_drop);
  return g_test_run ();
}
