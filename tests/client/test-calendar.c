/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-archive.h"
#include "dw-test.h"

#include "client/store/dw-calendar.h"
#include "client/store/dw-store-expiry.h"

#include <string.h>

#define DAY G_TIME_SPAN_DAY
#define HOUR G_TIME_SPAN_HOUR
#define MONTH (31 * DAY)

/* The day on which every test begins: 25 November 2026. */
#define START (DW_CALENDAR_EPOCH + 328 * DAY)

/* A computer on which history is kept for a month, and whose clock may be wrong. */
typedef struct
{
  Archive archive;
  gint64 now;   /* the real time */
  gint64 error; /* of the clock */
  guint boots;
  gint64 booted_at; /* the real time */
  gint64 lines;
  DwCalendar calendar;
} Computer;

static void
computer_init (Computer *computer)
{
  archive_init (&computer->archive);
  computer->now = START;
  computer->booted_at = START;
}

static void
computer_clear (Computer *computer)
{
  archive_clear (&computer->archive);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Computer, computer_clear)

static gint64
clock_of (Computer *computer)
{
  return computer->now + computer->error;
}

static void
restart (Computer *computer)
{
  computer->boots++;
  computer->booted_at = computer->now;
}

/* Adds a line with the clock's time. */
static void
hear_on (Computer *computer, gint64 stage, DwMessageKind kind, DwDelivery delivery)
{
  GPtrArray *records = records_new ();
  DwRecord *record = record_new (++computer->lines, kind, "said");

  record->time = clock_of (computer);
  record->delivery = delivery;
  g_ptr_array_add (records, record);
  add_records (&computer->archive, stage, records);
}

static void
hear (Computer *computer)
{
  hear_on (computer, 1, DW_MESSAGE_THEIRS, DW_DELIVERY_NONE);
}

static guint
expire_by (Computer *computer, const DwStoreExpiry *expiry)
{
  GAsyncResult *done = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint expired = 0;

  dw_store_expire_async (computer->archive.store, expiry, on_done, &done);
  result = await (&done);
  g_assert_true (dw_store_expire_finish (computer->archive.store, result, &expired, &error));
  g_assert_no_error (error);
  return expired;
}

/* Reads the clock, as the program does after a start and a few times a day. The calendar goes through the settings each
 * time. Returns how many lines it deleted. */
static guint
look (Computer *computer)
{
  g_autofree char *boot = g_strdup_printf ("%036u", computer->boots);
  g_autoptr (GVariant) kept = NULL;

  dw_calendar_look (&computer->calendar, clock_of (computer), boot, computer->now - computer->booted_at);
  kept = g_variant_ref_sink (dw_calendar_to_variant (&computer->calendar));
  g_assert_true (g_variant_is_of_type (kept, G_VARIANT_TYPE (DW_CALENDAR_TYPE)));
  memset (&computer->calendar, 0xff, sizeof computer->calendar);
  dw_calendar_from_variant (&computer->calendar, kept);
  return expire_by (computer, &(DwStoreExpiry){ .before = computer->calendar.believed - MONTH,
                                                .now = clock_of (computer),
                                                .epoch = DW_CALENDAR_EPOCH,
                                                .since = computer->calendar.set });
}

/* Every day the computer is on for an hour, and a line is added. Returns how many lines were deleted. */
static guint
use_daily (Computer *computer, guint days)
{
  guint expired = 0;

  for (guint i = 0; i < days; i++)
    {
      computer->now += 23 * HOUR;
      restart (computer);
      expired += look (computer);
      hear (computer);
      computer->now += HOUR;
    }
  return expired;
}

/* A single start with a clock that is ahead, by any amount and repeatedly, deletes nothing, then or later. */
static void
test_ahead_for_a_start (void)
{
  static const gint64 errors[] = { 40 * DAY, 400 * DAY, 36500 * DAY };

  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_auto (Computer) computer = { 0 };

      computer_init (&computer);
      g_assert_cmpuint (use_daily (&computer, 20), ==, 0);
      for (guint time = 0; time < 5; time++)
        {
          computer.error = errors[i];
          restart (&computer);
          g_assert_cmpuint (look (&computer), ==, 0);
          hear (&computer);
          computer.now += HOUR;
          g_assert_cmpuint (look (&computer), ==, 0);
          computer.error = 0;
          restart (&computer);
          g_assert_cmpuint (look (&computer), ==, 0);
        }
      g_assert_cmpuint (use_daily (&computer, 7), ==, 0);
      g_assert_cmpuint (count_records (&computer.archive, 1), ==, 20 + 5 + 7);
    }
}

/* A clock that is set while the computer is on is noticed, since the computer knows how long it has been on. However
 * often it is moved forward, it takes days until it is believed. */
static void
test_set_again_and_again (void)
{
  g_auto (Computer) computer = { 0 };

  computer_init (&computer);
  use_daily (&computer, 10);
  for (guint i = 0; i < 40; i++)
    {
      computer.error += 10 * DAY;
      computer.now += HOUR;
      g_assert_cmpuint (look (&computer), ==, 0);
    }
}

/* When a month has really passed, exactly the lines from before it are deleted. */
static void
test_daily (void)
{
  g_auto (Computer) computer = { 0 };
  guint expired;

  computer_init (&computer);
  g_assert_cmpuint (use_daily (&computer, 31), ==, 0);
  expired = use_daily (&computer, 29);
  g_assert_cmpuint (expired, >=, 29 - 2 * DW_CALENDAR_LATER_DAYS);
  g_assert_cmpuint (expired, <=, 29);
}

/* The same on a computer that is never off, and sleeps at night. */
static void
test_never_off (void)
{
  g_auto (Computer) computer = { 0 };
  guint expired = 0;

  computer_init (&computer);
  for (guint i = 0; i < 60; i++)
    {
      expired += look (&computer);
      hear (&computer);
      computer.now += DAY;
    }
  g_assert_cmpuint (expired, >=, 29 - 2 * DW_CALENDAR_LATER_DAYS);
  g_assert_cmpuint (expired, <=, 29);
}

/* If the program is used once a week, old lines are deleted some weeks later. */
static void
test_weekly (void)
{
  g_auto (Computer) computer = { 0 };
  guint expired = 0;

  computer_init (&computer);
  for (guint i = 0; i < 20; i++)
    {
      restart (&computer);
      expired += look (&computer);
      hear (&computer);
      computer.now += 7 * DAY;
    }
  g_assert_cmpuint (expired, >=, 20 - 5 - 2 * DW_CALENDAR_LATER_DAYS);
  g_assert_cmpuint (expired, <=, 20 - 5);
}

/* After a long absence nothing is deleted at once, since only the clock claims it; after some days of use the old lines
 * are. */
static void
test_long_absence (void)
{
  g_auto (Computer) computer = { 0 };

  computer_init (&computer);
  g_assert_cmpuint (use_daily (&computer, 20), ==, 0);
  computer.now += 40 * DAY;
  restart (&computer);
  g_assert_cmpuint (look (&computer), ==, 0);
  hear (&computer);
  g_assert_cmpuint (use_daily (&computer, 2), ==, 0);
  g_assert_cmpuint (use_daily (&computer, 5), ==, 20);
  g_assert_cmpuint (count_records (&computer.archive, 1), ==, 1 + 2 + 5);
}

/* Lines written under a clock of 1970 age from when the clock was right again, whether or not there were lines before;
 * then they expire like others. */
static void
test_1970 (void)
{
  for (guint days_before = 0; days_before <= 10; days_before += 10)
    {
      g_auto (Computer) computer = { 0 };

      computer_init (&computer);
      g_assert_cmpuint (use_daily (&computer, days_before), ==, 0);
      computer.error = -computer.now;
      restart (&computer);
      g_assert_cmpuint (look (&computer), ==, 0);
      hear (&computer);
      computer.now += HOUR;
      /* The clock is corrected while the program runs, or while it does not. */
      computer.error = 0;
      if (days_before == 0)
        restart (&computer);
      g_assert_cmpuint (look (&computer), ==, 0);
      g_assert_cmpuint (use_daily (&computer, 31 - days_before), ==, 0);
      g_assert_cmpuint (use_daily (&computer, 20 + days_before), >=, 1 + 10);
    }
}

/* A clock that is set back deletes nothing, neither then nor when it is right again. */
static void
test_back (void)
{
  g_auto (Computer) computer = { 0 };

  computer_init (&computer);
  g_assert_cmpuint (use_daily (&computer, 20), ==, 0);
  computer.error = -60 * DAY;
  restart (&computer);
  g_assert_cmpuint (use_daily (&computer, 2), ==, 0);
  computer.error = 0;
  restart (&computer);
  g_assert_cmpuint (use_daily (&computer, 8), ==, 0);
  g_assert_cmpuint (count_records (&computer.archive, 1), ==, 30);
}

/* Lines written under a clock that was ahead expire in their turn once the clock is right, and do not stay until that
 * year. */
static void
test_future_lines_go (void)
{
  g_auto (Computer) computer = { 0 };

  computer_init (&computer);
  use_daily (&computer, 5);
  computer.error = 3650 * DAY;
  restart (&computer);
  look (&computer);
  hear_on (&computer, 2, DW_MESSAGE_THEIRS, DW_DELIVERY_NONE);
  hear (&computer);
  computer.error = 0;
  restart (&computer);
  use_daily (&computer, 31);
  g_assert_cmpuint (count_records (&computer.archive, 2), ==, 1);
  use_daily (&computer, 10);
  g_assert_cmpuint (count_records (&computer.archive, 2), ==, 0);
  g_assert_cmpuint (count_records (&computer.archive, 1), <=, 31 + 2 * DW_CALENDAR_LATER_DAYS);
}

/* Undelivered messages are kept, whatever the clock says and however much time passes. */
static void
test_undelivered (void)
{
  static const DwDelivery deliveries[] = { DW_DELIVERY_QUEUED, DW_DELIVERY_UNCONFIRMED, DW_DELIVERY_FAILED };
  g_auto (Computer) computer = { 0 };

  computer_init (&computer);
  for (guint i = 0; i < G_N_ELEMENTS (deliveries); i++)
    hear_on (&computer, 2, DW_MESSAGE_OWN, deliveries[i]);
  hear_on (&computer, 2, DW_MESSAGE_OWN, DW_DELIVERY_DELIVERED);
  use_daily (&computer, 60);
  g_assert_cmpuint (count_records (&computer.archive, 2), ==, G_N_ELEMENTS (deliveries));
}

/* Each stage has its own order, and loses its own old lines, in as many steps as it takes. */
static void
test_stages (void)
{
  g_auto (Computer) computer = { 0 };
  const gint64 times[] = { 1 * DAY, 50 * DAY, 2 * DAY };

  computer_init (&computer);
  for (gint64 stage = 1; stage <= 3; stage++)
    {
      GPtrArray *records = records_new ();

      for (gint64 place = 1; place <= DW_STORE_EXPIRY_CHUNK + 1; place++)
        {
          DwRecord *record = record_new (place, DW_MESSAGE_THEIRS, "said");

          record->time = times[stage - 1];
          g_ptr_array_add (records, record);
        }
      add_records (&computer.archive, stage, records);
    }
  g_assert_cmpuint (expire_by (&computer, &(DwStoreExpiry){ .before = 10 * DAY, .now = 100 * DAY }), ==,
                    2 * (DW_STORE_EXPIRY_CHUNK + 1));
  g_assert_cmpuint (count_records (&computer.archive, 1), ==, 0);
  g_assert_cmpuint (count_records (&computer.archive, 2), ==, DW_STORE_EXPIRY_CHUNK + 1);
  g_assert_cmpuint (count_records (&computer.archive, 3), ==, 0);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/calendar/ahead-for-a-start/F-2", test_ahead_for_a_start);
  g_test_add_func ("/client/calendar/set-again-and-again/F-2", test_set_again_and_again);
  g_test_add_func ("/client/calendar/daily/F-2", test_daily);
  g_test_add_func ("/client/calendar/never-off/F-2", test_never_off);
  g_test_add_func ("/client/calendar/weekly", test_weekly);
  g_test_add_func ("/client/calendar/long-absence/F-2", test_long_absence);
  g_test_add_func ("/client/calendar/1970/F-2", test_1970);
  g_test_add_func ("/client/calendar/back/F-2", test_back);
  g_test_add_func ("/client/calendar/future-lines-go", test_future_lines_go);
  g_test_add_func ("/client/calendar/undelivered/F-2", test_undelivered);
  g_test_add_func ("/client/calendar/stages", test_stages);
  return g_test_run ();
}
