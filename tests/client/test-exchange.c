/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which frame answers which: the rule of dw-exchange, line by line, and what somebody else can do about it. */
#include "dw-test.h"

#include "client/connection/dw-exchange.h"

#include <string.h>

#define MS ((gint64) 1000)

/* The end of the year 9999: a recording has no later time. */
#define LAST_TIME (G_GINT64_CONSTANT (253402300799) * G_USEC_PER_SEC)

#define SEND_A "{\"action\":\"sendMessage\",\"message\":\"a\"}"
#define SEND_B "{\"action\":\"sendMessage\",\"message\":\"b\"}"
#define SEND_A1 "{\"action\":\"sendMessage\",\"message\":\"a\",\"sender\":\"Ada\",\"id\":\"1\"}"
#define SEND_A2 "{\"action\":\"sendMessage\",\"message\":\"a\",\"sender\":\"Ada\",\"id\":\"2\"}"
#define ECHO_A "{\"message\":\"a\"}"
#define ECHO_B "{\"message\":\"b\"}"
#define ECHO_A1 "{\"message\":\"a\",\"sender\":\"Ada\",\"id\":\"1\",\"sentAt\":\"2026-11-25T10:00:00.123Z\"}"
#define ECHO_A2 "{\"message\":\"a\",\"sender\":\"Ada\",\"id\":\"2\"}"
#define PROBE "{\"action\":\"hello\"}"
#define NOTICE(id)                                                                                                 \
  "{\"message\":\"Connected\",\"connectionId\":\"" id "\",\"connectedAt\":\"2026-11-25T10:00:00.123Z\"}"
#define PROSE(id)                                                                                                  \
  "Use the sendmessage route to send a message. Your info:{\"ConnectedAt\":\"2025-02-03T01:46:33.523Z\","          \
  "\"connectionID\":\"" id "\"}"
#define REFUSAL(text, id) "{\"message\":\"" text "\",\"connectionId\":\"" id "\",\"requestId\":\"r\"}"

/* Frames in their order, each with the number of the one it is paired with, from 1. */
typedef struct
{
  char way; /* '>' sent, '<' arrived, 0: the end */
  const char *text;
  guint other;
  guint connection; /* 0: the first */
  gint64 later_ms;  /* after the one before; 0: 10 */
} Row;

#define ROWS 16

typedef struct
{
  const char *what;
  Row rows[ROWS];
} Case;

static const Case cases[] = {
  { "an echo", { { '>', SEND_A, 2 }, { '<', ECHO_A, 1 } } },
  { "echoes in another order", { { '>', SEND_A, 4 }, { '>', SEND_B, 3 }, { '<', ECHO_B, 2 }, { '<', ECHO_A, 1 } } },
  { "equal texts in order", { { '>', SEND_A, 3 }, { '>', SEND_A, 4 }, { '<', ECHO_A, 1 }, { '<', ECHO_A, 2 } } },
  { "one echo answers once", { { '>', SEND_A, 2 }, { '<', ECHO_A, 1 }, { '<', ECHO_A, 0 } } },
  { "ids before order", { { '>', SEND_A1, 4 }, { '>', SEND_A2, 3 }, { '<', ECHO_A2, 2 }, { '<', ECHO_A1, 1 } } },
  { "an id comes back on another connection", { { '>', SEND_A1, 2, 1 }, { '<', ECHO_A1, 1, 2 } } },
  { "a text does not", { { '>', SEND_A, 0, 1 }, { '<', ECHO_A, 0, 2 } } },
  { "somebody's equal text, where ids come back",
    { { '>', SEND_A1, 2 }, { '<', ECHO_A1, 1 }, { '>', SEND_A2, 0 }, { '<', ECHO_A, 0 } } },
  { "our id with another text",
    { { '>', SEND_A1, 3 }, { '<', "{\"message\":\"x\",\"id\":\"1\"}", 0 }, { '<', ECHO_A1, 1 } } },
  { "our id under another name",
    { { '>', SEND_A1, 0 }, { '<', "{\"message\":\"a\",\"sender\":\"Eve\",\"id\":\"1\"}", 0 } } },
  { "somebody's id with our text", { { '>', SEND_A1, 0 }, { '<', ECHO_A2, 0 } } },
  { "raw text", { { '>', SEND_A, 2 }, { '<', "a", 1 } } },
  { "the frame itself", { { '>', "[1]", 2 }, { '<', "[1]", 1 } } },
  { "an answer by its id",
    { { '>', "{\"action\":\"list\",\"id\":\"7\"}", 3 },
      { '<', "{\"users\":[],\"id\":\"8\"}", 0 },
      { '<', "{\"users\":[],\"id\":\"7\"}", 1 } } },
  { "the notification", { { '>', PROBE, 2 }, { '<', NOTICE ("me"), 1 } } },
  { "the documented one", { { '>', PROBE, 2 }, { '<', PROSE ("me"), 1 } } },
  { "the notification is for what matched no route",
    { { '>', SEND_A, 4 }, { '>', PROBE, 3 }, { '<', NOTICE ("me"), 2 }, { '<', ECHO_A, 1 } } },
  { "a send route that the stage does not have",
    { { '>', PROBE, 2 }, { '<', NOTICE ("me"), 1 }, { '>', SEND_A, 4 }, { '<', NOTICE ("me"), 3 } } },
  { "a notification nobody asked for, on a stage that echoes",
    { { '>', PROBE, 2 },
      { '<', NOTICE ("me"), 1 },
      { '>', SEND_A, 4 },
      { '<', ECHO_A, 3 },
      { '>', SEND_B, 7 },
      { '<', NOTICE ("me"), 0 },
      { '<', ECHO_B, 5 } } },
  { "a handler that throws",
    { { '>', PROBE, 2 },
      { '<', NOTICE ("me"), 1 },
      { '>', SEND_A, 4 },
      { '<', REFUSAL ("Internal server error", "me"), 3 } } },
  { "the oldest that did not come back",
    { { '>', PROBE, 2 },
      { '<', NOTICE ("me"), 1 },
      { '>', SEND_A, 6 },
      { '>', SEND_B, 5 },
      { '<', ECHO_B, 4 },
      { '<', REFUSAL ("Internal server error", "me"), 3 } } },
  { "the newest, where nothing comes back",
    { { '>', PROBE, 2 },
      { '<', NOTICE ("me"), 1 },
      { '>', SEND_A, 0 },
      { '>', SEND_B, 5 },
      { '<', REFUSAL ("Internal server error", "me"), 4 } } },
  { "too many",
    { { '>', PROBE, 2 },
      { '<', NOTICE ("me"), 1 },
      { '>', SEND_A, 6 },
      { '>', SEND_B, 5 },
      { '<', REFUSAL ("Too Many Requests", "me"), 4 },
      { '<', ECHO_A, 3 } } },
  { "no default route", { { '>', PROBE, 2 }, { '<', REFUSAL ("Forbidden", "me"), 1 } } },
  { "an error before anything was told",
    { { '>', SEND_A, 2 }, { '<', REFUSAL ("Internal server error", "me"), 1 } } },
  { "a forged error",
    { { '>', PROBE, 2 },
      { '<', NOTICE ("me"), 1 },
      { '>', SEND_A, 5, 0, 6000 },
      { '<', REFUSAL ("Internal server error", "you"), 0 },
      { '<', ECHO_A, 3 } } },
  { "a forged error where anybody can write one",
    { { '<', "hello", 0 }, { '>', SEND_A, 0 }, { '<', REFUSAL ("Internal server error", "me"), 0 } } },
  { "a forged notification",
    { { '>', PROBE, 2 },
      { '<', NOTICE ("me"), 1 },
      { '>', PROBE, 5, 0, 6000 },
      { '<', NOTICE ("you"), 0 },
      { '<', NOTICE ("me"), 3 } } },
  { "too late", { { '>', SEND_A, 0 }, { '<', ECHO_A, 0, 0, 36000 } } },
  { "just in time", { { '>', SEND_A, 2 }, { '<', ECHO_A, 1, 0, 29500 } } },
  { "nothing was sent",
    { { '<', ECHO_A, 0 }, { '<', NOTICE ("me"), 0 }, { '<', REFUSAL ("Forbidden", "me"), 0 } } },
  { "empty frames", { { '>', "", 2 }, { '<', "", 1 } } },
};

static guint64
add (DwExchange *exchange, guint64 serial, gint64 time, char way, guint connection, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  const DwTraceEntry entry = { .serial = serial,
                               .time = time,
                               .kind = way == '>' ? DW_TRACE_OUT : DW_TRACE_IN,
                               .connection = connection,
                               .bytes = bytes };

  return dw_exchange_add (exchange, &entry);
}

static DwExchange *
exchange_new (void)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);

  return dw_exchange_new (dialect);
}

static void
check (const Case *one)
{
  g_autoptr (DwExchange) exchange = exchange_new ();
  gint64 times[ROWS + 1] = { G_USEC_PER_SEC };
  guint n;

  for (n = 0; n < ROWS && one->rows[n].way != 0; n++)
    {
      const Row *row = &one->rows[n];
      guint64 answers;

      times[n + 1] = times[n] + (row->later_ms != 0 ? row->later_ms : 10) * MS;
      answers = add (exchange, n + 1, times[n + 1], row->way, MAX (row->connection, 1), row->text);
      if (answers != (row->way == '<' ? row->other : 0))
        g_error ("%s: frame %u answers %u, not %u", one->what, n + 1, (guint) answers, row->other);
    }

  for (guint i = 0; i < n; i++)
    {
      gint64 latency = -1;
      gboolean refusal;
      guint64 other = dw_exchange_get_other (exchange, i + 1, &latency, &refusal);
      guint wanted = one->rows[i].other;

      if (other != wanted)
        g_error ("%s: frame %u goes with %u, not %u", one->what, i + 1, (guint) other, wanted);
      if (other != 0)
        g_assert_cmpint (latency, ==, ABS (times[other] - times[i + 1]));
    }
}

static void
test_rule (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (&cases[i]);
}

/* Which answers were errors of the gateway. */
static void
test_refusals (void)
{
  g_autoptr (DwExchange) exchange = exchange_new ();
  gint64 latency;
  gboolean refusal;

  add (exchange, 1, 1, '>', 1, PROBE);
  add (exchange, 2, 2, '<', 1, NOTICE ("me"));
  add (exchange, 3, 3, '>', 1, SEND_A);
  add (exchange, 4, 4, '<', 1, REFUSAL ("Internal server error", "me"));
  g_assert_cmpuint (dw_exchange_get_other (exchange, 1, &latency, &refusal), ==, 2);
  g_assert_false (refusal);
  g_assert_cmpuint (dw_exchange_get_other (exchange, 3, &latency, &refusal), ==, 4);
  g_assert_true (refusal);
  g_assert_cmpuint (dw_exchange_get_other (exchange, 4, &latency, &refusal), ==, 3);
  g_assert_true (refusal);
}

/* However many frames go unanswered, the oldest ones alone are given up, and all that is kept has a bound. */
static void
test_bounds (void)
{
  g_autoptr (DwExchange) exchange = exchange_new ();
  guint64 serial = 0;
  gint64 latency;
  gboolean refusal;

  add (exchange, ++serial, 1, '>', 1, SEND_A);
  for (guint i = 0; i < DW_EXCHANGE_WAITING; i++)
    add (exchange, ++serial, 1, '>', 1, SEND_B);
  g_assert_cmpuint (add (exchange, ++serial, 2, '<', 1, ECHO_A), ==, 0);
  g_assert_cmpuint (add (exchange, ++serial, 2, '<', 1, ECHO_B), ==, 2);

  /* Connections without end. */
  for (guint i = 0; i < 100; i++)
    {
      add (exchange, ++serial, 10 + i, '>', i + 2, PROBE);
      ++serial;
      g_assert_cmpuint (add (exchange, serial, 11 + i, '<', i + 2, NOTICE ("me")), ==, serial - 1);
    }

  /* What is forgotten has no pair, and neither has the other of it. */
  g_assert_cmpuint (dw_exchange_get_latencies (exchange)->n, ==, 101);
  dw_exchange_forget (exchange, serial);
  g_assert_cmpuint (dw_exchange_get_other (exchange, serial - 1, &latency, &refusal), ==, 0);
  g_assert_cmpuint (dw_exchange_get_other (exchange, serial, &latency, &refusal), ==, 0);
  g_assert_cmpuint (dw_exchange_get_latencies (exchange)->n, ==, 0);
}

/* The ring goes round: each pair leaves with its request, and the latencies with it. Most of what is between them is no
 * frame. */
static void
test_ring (void)
{
  g_autoptr (DwExchange) exchange = exchange_new ();
  const guint64 step = DW_TRACE_ENTRIES / 100;
  guint64 serial = 0;
  gint64 latency;
  gboolean refusal;

  for (guint i = 0; i < 250; i++)
    {
      serial = (i + 1) * step;
      add (exchange, serial - 1, (gint64) i * 1000, '>', 1, "a");
      g_assert_cmpuint (add (exchange, serial, (gint64) i * 1000 + 500, '<', 1, "a"), ==, serial - 1);
    }
  g_assert_cmpuint (dw_exchange_get_latencies (exchange)->n, ==, 100);
  g_assert_cmpuint (dw_exchange_get_other (exchange, step, &latency, &refusal), ==, 0);
  g_assert_cmpuint (dw_exchange_get_other (exchange, serial - DW_TRACE_ENTRIES, &latency, &refusal), ==, 0);
  g_assert_cmpuint (dw_exchange_get_other (exchange, serial - DW_TRACE_ENTRIES + step, &latency, &refusal), ==,
                    serial - DW_TRACE_ENTRIES + step - 1);
  g_assert_cmpuint (dw_exchange_get_other (exchange, serial, &latency, &refusal), ==, serial - 1);
  g_assert_cmpint (latency, ==, 500);
}

/* A clock that is set back gives no latency below zero, and one that is set forward none without end. */
static void
test_clock (void)
{
  g_autoptr (DwExchange) exchange = exchange_new ();
  gint64 latency;
  gboolean refusal;

  add (exchange, 1, 10 * G_USEC_PER_SEC, '>', 1, "a");
  g_assert_cmpuint (add (exchange, 2, G_USEC_PER_SEC, '<', 1, "a"), ==, 1);
  g_assert_cmpuint (dw_exchange_get_other (exchange, 1, &latency, &refusal), ==, 2);
  g_assert_cmpint (latency, ==, 0);
  add (exchange, 3, LAST_TIME, '>', 1, "b");
  g_assert_cmpuint (add (exchange, 4, 1, '<', 1, "b"), ==, 3);
  add (exchange, 5, 1, '>', 1, "c");
  g_assert_cmpuint (add (exchange, 6, LAST_TIME, '<', 1, "c"), ==, 0);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/exchange/AG-31/rule", test_rule);
  g_test_add_func ("/client/exchange/AG-31/refusals", test_refusals);
  g_test_add_func ("/client/exchange/S-31/bounds", test_bounds);
  g_test_add_func ("/client/exchange/ring", test_ring);
  g_test_add_func ("/client/exchange/clock", test_clock);
  return g_test_run ();
}
