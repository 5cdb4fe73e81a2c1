/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/messages/dw-outgoing.h"

#define SENT (G_GINT64_CONSTANT (1000) * G_USEC_PER_SEC)
#define SECOND ((gint64) G_USEC_PER_SEC)

static DwOutgoing *
outgoing_new (DwDeparture departure, gboolean approved)
{
  g_autoptr (DwMessage) message = dw_message_new (DW_MESSAGE_OWN, "text", "Ada", "id", SENT);
  DwOutgoing *outgoing = dw_outgoing_new (message, approved);

  dw_message_set_departure (message, departure);
  outgoing->sent_at = SENT;
  return outgoing;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwOutgoing, dw_outgoing_free)

static gboolean
is_echo (DwDeparture departure, const char *text, const char *id, const char *sender, gboolean sent, gint64 after)
{
  g_autoptr (DwOutgoing) outgoing = outgoing_new (departure, FALSE);
  const DwFrame frame = { .text = (char *) text, .id = (char *) id, .sender = (char *) sender };

  return dw_outgoing_is_echo (outgoing, &frame, "Eve", sent, SENT + after);
}

/* Somebody else's message must not pass for the echo of one's own, nor the other way round. */
static void
test_echo (void)
{
  const DwDeparture with = DW_DEPARTURE_WITH_ID, without = DW_DEPARTURE_PLAIN;

  g_assert_true (is_echo (with, "text", "id", "Ada", TRUE, 0));
  /* One’s name was changed since, or the stage carries none. */
  g_assert_true (is_echo (with, "text", "id", "Eve", TRUE, 0));
  g_assert_true (is_echo (with, "text", "id", NULL, TRUE, 0));
  g_assert_true (is_echo (with, "text", "id", "Ada", FALSE, 3600 * SECOND));
  g_assert_false (is_echo (with, "text", "id", "Bo", TRUE, 0));
  g_assert_false (is_echo (with, "other", "id", "Ada", TRUE, 0));
  g_assert_false (is_echo (with, "text", "di", "Ada", TRUE, 0));
  g_assert_false (is_echo (with, "text", NULL, "Ada", TRUE, 0));
  g_assert_true (is_echo (without, "text", NULL, NULL, TRUE, 0));
  g_assert_true (is_echo (without, "text", NULL, "Bo", TRUE, 10 * SECOND - 1));
  g_assert_false (is_echo (without, "text", NULL, NULL, TRUE, 10 * SECOND));
  g_assert_false (is_echo (without, "other", NULL, NULL, TRUE, 0));
  g_assert_false (is_echo (without, "text", NULL, NULL, FALSE, 0));
}

static void
test_times (void)
{
  g_autoptr (DwOutgoing) asked = outgoing_new (DW_DEPARTURE_WITH_ID, FALSE);
  g_autoptr (DwOutgoing) approved = outgoing_new (DW_DEPARTURE_WITH_ID, TRUE);

  g_assert_false (dw_outgoing_is_old (asked, SENT + 3600 * SECOND));
  g_assert_true (dw_outgoing_is_old (asked, SENT + 3600 * SECOND + 1));
  g_assert_false (dw_outgoing_is_old (approved, SENT + 3600 * SECOND + 1));
  g_assert_true (dw_outgoing_may_be_refused (asked, SENT + 35 * SECOND - 1));
  g_assert_false (dw_outgoing_may_be_refused (asked, SENT + 35 * SECOND));
}

/* Where nobody is known to drop a second copy it is sent three times at most. */
static void
test_repeats (void)
{
  g_autoptr (DwOutgoing) with = outgoing_new (DW_DEPARTURE_WITH_ID, FALSE);
  g_autoptr (DwOutgoing) without = outgoing_new (DW_DEPARTURE_PLAIN, FALSE);

  for (guint repeats = 0; repeats < 4; repeats++)
    {
      with->repeats = without->repeats = repeats;
      g_assert_true (dw_outgoing_may_repeat (with, TRUE));
      g_assert_cmpint (dw_outgoing_may_repeat (with, FALSE), ==, repeats < 2);
      g_assert_cmpint (dw_outgoing_may_repeat (without, TRUE), ==, repeats < 2);
    }
  g_assert_true (dw_outgoing_had_id (with));
  g_assert_false (dw_outgoing_had_id (without));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/outgoing/echo", test_echo);
  g_test_add_func ("/client/outgoing/times", test_times);
  g_test_add_func ("/client/outgoing/repeats", test_repeats);
  return g_test_run ();
}
