/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/connection/dw-outages.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define DAY (DW_OUTAGES_SECONDS * SECOND)

static void
add (DwOutages *outages, gint64 from, gint64 until)
{
  dw_outages_begin (outages, from, from, DW_CAUSE_LOST, 0);
  dw_outages_end (outages, until);
}

/* An outage has the first cause and lasts until messages flow, whatever fails in between; the newest comes first. */
static void
test_length (void)
{
  g_autoptr (DwOutages) outages = dw_outages_new ();
  const DwOutage *outage;

  dw_outages_end (outages, 1);
  g_assert_cmpuint (dw_outages_count (outages, 1), ==, 0);

  dw_outages_begin (outages, 10 * SECOND, 77, DW_CAUSE_STAGE_FAILED, 1011);
  dw_outages_begin (outages, 11 * SECOND, 78, DW_CAUSE_LOST, 1006);
  g_assert_cmpuint (dw_outages_count (outages, 12 * SECOND), ==, 1);
  outage = dw_outages_get (outages, 0);
  g_assert_cmpint (outage->ended, ==, 0);
  g_assert_cmpint (dw_outage_get_length (outage, 12 * SECOND), ==, 2 * SECOND);

  dw_outages_end (outages, 15 * SECOND);
  dw_outages_end (outages, 90 * SECOND);
  g_assert_cmpint (outage->cause, ==, DW_CAUSE_STAGE_FAILED);
  g_assert_cmpuint (outage->code, ==, 1011);
  g_assert_cmpint (outage->time, ==, 77);
  g_assert_cmpint (dw_outage_get_length (outage, 99 * SECOND), ==, 5 * SECOND);

  add (outages, 100 * SECOND, 101 * SECOND);
  g_assert_cmpint (dw_outages_get (outages, 0)->began, ==, 100 * SECOND);
  g_assert_cmpint (dw_outages_get (outages, 1)->began, ==, 10 * SECOND);
}

/* An outage that a person ends by disconnecting is none; those before it stay. */
static void
test_disconnected (void)
{
  g_autoptr (DwOutages) outages = dw_outages_new ();

  add (outages, 1 * SECOND, 2 * SECOND);
  dw_outages_drop_current (outages);
  g_assert_cmpuint (dw_outages_count (outages, 3 * SECOND), ==, 1);
  dw_outages_begin (outages, 4 * SECOND, 0, DW_CAUSE_LOST, 0);
  dw_outages_drop_current (outages);
  g_assert_cmpuint (dw_outages_count (outages, 5 * SECOND), ==, 1);
}

/* A day after its end an outage is forgotten; one that goes on is not, however old it is. */
static void
test_forgotten (void)
{
  g_autoptr (DwOutages) outages = dw_outages_new ();

  add (outages, 1 * SECOND, 5 * SECOND);
  add (outages, 6 * SECOND, 7 * SECOND);
  dw_outages_begin (outages, 8 * SECOND, 0, DW_CAUSE_LOST, 0);
  g_assert_cmpuint (dw_outages_count (outages, DAY + 5 * SECOND), ==, 3);
  g_assert_cmpuint (dw_outages_count (outages, DAY + 6 * SECOND), ==, 2);
  g_assert_cmpuint (dw_outages_count (outages, 3 * DAY), ==, 1);
  dw_outages_end (outages, 3 * DAY);
  g_assert_cmpuint (dw_outages_count (outages, 3 * DAY), ==, 1);
  g_assert_cmpuint (dw_outages_count (outages, 4 * DAY + 1), ==, 0);
}

/* A stage that drops everybody at once fills no memory. */
static void
test_bounded (void)
{
  g_autoptr (DwOutages) outages = dw_outages_new ();

  for (gint64 i = 1; i <= 3 * DW_OUTAGES_MOST; i++)
    add (outages, i * 10, i * 10 + 1);
  g_assert_cmpuint (dw_outages_count (outages, SECOND), ==, DW_OUTAGES_MOST);
  g_assert_cmpint (dw_outages_get (outages, 0)->began, ==, 3 * DW_OUTAGES_MOST * 10);
  g_assert_cmpint (dw_outages_get (outages, DW_OUTAGES_MOST - 1)->began, ==, (2 * DW_OUTAGES_MOST + 1) * 10);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/outages/length", test_length);
  g_test_add_func ("/client/outages/disconnected", test_disconnected);
  g_test_add_func ("/client/outages/forgotten", test_forgotten);
  g_test_add_func ("/client/outages/bounded", test_bounded);
  return g_test_run ();
}
