/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-tally.h"

#include <string.h>

#define RUN 0x1234abcd

/* The sender's next message, as a stage would broadcast it. */
static char *
send_one (DwTally *tally, guint sender)
{
  char text[DW_TALLY_TEXT_BYTES];

  dw_tally_write (tally, sender, 5000, text);
  dw_tally_count_sent (tally, sender);
  return g_strdup_printf ("{\"message\":\"%s\"}", text);
}

static gint64
receive (DwTally *tally, guint receiver, const char *payload)
{
  gint64 sent_at;

  g_assert_true (dw_tally_read (tally, receiver, payload, strlen (payload), &sent_at));
  return sent_at;
}

static void
check (DwTally *tally, guint64 expected, guint64 received, guint64 doubled, guint64 disordered)
{
  DwTallyCounts counts;

  dw_tally_get_counts (tally, &counts);
  g_assert_cmpuint (counts.expected, ==, expected);
  g_assert_cmpuint (counts.received, ==, received);
  g_assert_cmpuint (counts.lost, ==, expected - received);
  g_assert_cmpuint (counts.doubled, ==, doubled);
  g_assert_cmpuint (counts.disordered, ==, disordered);
}

/* Lost, doubled and out of order are told apart, for each receiver and sender. */
static void
test_kinds (void)
{
  g_autoptr (DwTally) tally = dw_tally_new (2, 2, RUN);
  g_autofree char *a1 = NULL, *a2 = NULL, *a3 = NULL, *b1 = NULL;

  dw_tally_join (tally, 0);
  dw_tally_join (tally, 1);
  a1 = send_one (tally, 0);
  a2 = send_one (tally, 0);
  a3 = send_one (tally, 0);
  b1 = send_one (tally, 1);
  check (tally, 4, 0, 0, 0);

  /* All in order at the one, but for what is the other sender's. */
  g_assert_cmpint (receive (tally, 0, a1), ==, 5000);
  g_assert_cmpint (receive (tally, 0, a2), ==, 5000);
  g_assert_cmpint (receive (tally, 0, b1), ==, 5000);
  g_assert_cmpint (receive (tally, 0, a3), ==, 5000);
  check (tally, 8, 4, 0, 0);

  /* The third before the first, the second never. */
  g_assert_cmpint (receive (tally, 1, a3), ==, 5000);
  g_assert_cmpint (receive (tally, 1, a1), ==, 5000);
  g_assert_cmpint (receive (tally, 1, a1), ==, -1);
  g_assert_cmpint (receive (tally, 1, a3), ==, -1);
  g_assert_cmpint (receive (tally, 1, b1), ==, 5000);
  check (tally, 8, 7, 2, 1);
}

/* Who joins late is not due what was sent before, and who leaves not what is sent after. */
static void
test_joining (void)
{
  g_autoptr (DwTally) tally = dw_tally_new (3, 1, RUN);
  g_autofree char *first = NULL, *second = NULL, *third = NULL;

  dw_tally_join (tally, 0);
  dw_tally_join (tally, 1);
  first = send_one (tally, 0);
  dw_tally_join (tally, 2);
  second = send_one (tally, 0);
  dw_tally_leave (tally, 1);
  dw_tally_leave (tally, 1);
  third = send_one (tally, 0);

  receive (tally, 0, first);
  receive (tally, 0, second);
  receive (tally, 0, third);
  receive (tally, 2, first);
  receive (tally, 2, second);
  receive (tally, 2, third);
  receive (tally, 1, third);
  check (tally, 7, 5, 0, 0);
}

/* A stage that leaves the sender out has lost nothing. */
static void
test_no_echo (void)
{
  g_autoptr (DwTally) tally = dw_tally_new (2, 1, RUN);
  g_autofree char *text = NULL;

  dw_tally_join (tally, 0);
  dw_tally_join (tally, 1);
  text = send_one (tally, 0);
  check (tally, 1, 0, 0, 0);
  receive (tally, 1, text);
  check (tally, 1, 1, 0, 0);
}

/* Over a long run with gaps the ring of numbers stays right. */
static void
test_long (void)
{
  g_autoptr (DwTally) tally = dw_tally_new (2, 1, RUN);
  guint64 received = 0;

  dw_tally_join (tally, 0);
  dw_tally_join (tally, 1);
  for (guint i = 1; i <= 10000; i++)
    {
      g_autofree char *text = send_one (tally, 0);

      if (i % 7 == 0 || (i > 3000 && i < 6000))
        continue;
      g_assert_cmpint (receive (tally, 1, text), ==, 5000);
      g_assert_cmpint (receive (tally, 1, text), ==, -1);
      received++;
    }
  check (tally, 10000, received, received, 0);
}

/* A stage can send anything: numbers that were never sent, senders that do not exist, and half of a text. */
static void
test_hostile (void)
{
  static const char *const texts[] = {
    "",
    "load",
    "load 1234abcd ",
    "load 1234abcd 0",
    "load 1234abcd 0 1",
    "load 1234abcd 0 1 5",
    "load 1234abcd 0 0 5.",
    "load 1234abcd 0 2 5.",
    "load 1234abcd 2 1 5.",
    "load 1234abcd -1 1 5.",
    "load 1234abcd 0 99999999999999999999999 5.",
    "load 1234abcd 0 1 99999999999999999999999.",
    "load 1234abce 0 1 5.",
    "load 1234abcd  0 1 5.",
  };
  g_autoptr (DwTally) tally = dw_tally_new (1, 1, RUN);
  g_autofree char *text = NULL;
  gint64 sent_at;

  dw_tally_join (tally, 0);
  text = send_one (tally, 0);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_test_message ("row %u", i);
      g_assert_false (dw_tally_read (tally, 0, texts[i], strlen (texts[i]), &sent_at));
      g_assert_cmpint (sent_at, ==, -1);
    }
  for (gsize length = 0; length < strlen (text) - 3; length++)
    g_assert_false (dw_tally_read (tally, 0, text, length, &sent_at));
  g_assert_cmpint (receive (tally, 0, text), ==, 5000);
  check (tally, 1, 1, 0, 0);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/tally/kinds", test_kinds);
  g_test_add_func ("/wire/tally/joining", test_joining);
  g_test_add_func ("/wire/tally/no-echo", test_no_echo);
  g_test_add_func ("/wire/tally/long", test_long);
  g_test_add_func ("/wire/tally/hostile", test_hostile);
  return g_test_run ();
}
