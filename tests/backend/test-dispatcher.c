/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-fixture.h"

#include "backend/gateway/dw-dispatcher.h"

#include <string.h>

/* A dispatcher whose handler answers when it is told to. */
typedef struct
{
  ServerFixture fixture;
  DwDispatcher *dispatcher;
  GPtrArray *woken;
} Bench;

/* of GTask: the running handlers */
static GQueue *
tasks_of (DwRegistry *unused)
{
  static GQueue tasks = G_QUEUE_INIT;

  return &tasks;
}

/* of char: which connection each started message came from, in order */
static GString *
begun (void)
{
  static GString *names;

  if (names == NULL)
    names = g_string_new (NULL);
  return names;
}

static void
hang (DwRegistry *registry,
      DwGateway *gateway,
      const DwEvent *event,
      GCancellable *cancellable,
      GAsyncReadyCallback callback,
      gpointer data)
{
  g_string_append_c (begun (), *event->caller->connection_id);
  g_queue_push_tail (tasks_of (registry), g_task_new (registry, NULL, callback, data));
}

static void
on_room (DwCaller *caller, gpointer data)
{
  Bench *bench = data;

  g_ptr_array_add (bench->woken, caller);
}

static void
bench_init (Bench *bench)
{
  fixture_init (&bench->fixture);
  g_string_truncate (begun (), 0);
  bench->dispatcher = dw_server_get_dispatcher (bench->fixture.server);
  bench->woken = g_ptr_array_new ();
  dw_route_table_add (dw_dispatcher_get_routes (bench->dispatcher), "$default", hang);
  dw_dispatcher_set_room_func (bench->dispatcher, on_room, bench);
}

static void
answer_one (void)
{
  GTask *task;

  DW_TEST_WAIT ("a handler to be started", (task = g_queue_pop_head (tasks_of (NULL))) != NULL);
  g_task_return_pointer (task, dw_response_new (200, NULL), (GDestroyNotify) dw_response_free);
  g_object_unref (task);
  while (g_main_context_pending (NULL))
    g_main_context_iteration (NULL, FALSE);
}

static void
bench_clear (Bench *bench)
{
  while (!dw_dispatcher_is_idle (bench->dispatcher))
    answer_one ();
  dw_dispatcher_set_room_func (bench->dispatcher, NULL, NULL);
  g_ptr_array_unref (bench->woken);
  fixture_clear (&bench->fixture);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

/* Makes a message that is charged that many bytes. */
static void
say (Bench *bench, DwCaller *caller, gsize cost)
{
  g_autofree char *text = g_strnfill (cost - DW_DISPATCHER_COST, 'x');

  dw_dispatcher_message (bench->dispatcher, caller, text, strlen (text));
}

static guint64
refusals (Bench *bench)
{
  return dw_socket_gateway_get_metrics (dw_server_get_gateway (bench->fixture.server))->refusals;
}

/* A connection that sends faster than its messages are handled is not read until half of them are done, and does not
 * delay others. */
static void
test_one_caller (void)
{
  g_auto (Bench) bench = { 0 };
  g_autoptr (DwCaller) eager = dw_caller_new ("eager", 0);
  g_autoptr (DwCaller) other = dw_caller_new ("other", 0);
  const gsize cost = 16 * 1024;
  const guint n = DW_DISPATCHER_CALLER_BYTES / cost;

  bench_init (&bench);
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (dw_dispatcher_has_room (bench.dispatcher, eager));
      say (&bench, eager, cost);
    }
  g_assert_false (dw_dispatcher_has_room (bench.dispatcher, eager));
  g_assert_false (dw_dispatcher_has_room (bench.dispatcher, eager));
  g_assert_true (dw_dispatcher_has_room (bench.dispatcher, other));
  /* This one had already been read. */
  say (&bench, eager, cost);
  for (guint i = 0; i < n / 2; i++)
    {
      g_assert_cmpuint (bench.woken->len, ==, 0);
      answer_one ();
    }
  answer_one ();
  g_assert_cmpuint (bench.woken->len, ==, 1);
  g_assert_true (bench.woken->pdata[0] == eager);
  g_assert_true (dw_dispatcher_has_room (bench.dispatcher, eager));
  while (!dw_dispatcher_is_idle (bench.dispatcher))
    answer_one ();
  g_assert_cmpuint (bench.woken->len, ==, 1);
  g_assert_cmpuint (refusals (&bench), ==, 0);
}

/* Many connections together: near the limit none is read, at the limit the gateway refuses, and all are read again when
 * half is done. Without a limit 10,000 messages took 392 MB. */
static void
check_all (guint callers_n, gsize cost, guint full, guint most)
{
  g_auto (Bench) bench = { 0 };
  g_autoptr (GPtrArray) callers = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_caller_unref);
  guint answered = 0;

  bench_init (&bench);
  for (guint i = 0; i < callers_n; i++)
    g_ptr_array_add (callers, dw_caller_new ("x", 0));
  for (guint i = 0; i < full; i++)
    {
      DwCaller *caller = callers->pdata[i % callers_n];

      if (i + 2 >= full)
        g_assert_true (dw_dispatcher_has_room (bench.dispatcher, caller));
      say (&bench, caller, cost);
    }
  for (guint i = 0; i < callers_n; i++)
    g_assert_false (dw_dispatcher_has_room (bench.dispatcher, callers->pdata[i]));
  for (guint i = full; i < most; i++)
    say (&bench, callers->pdata[i % callers_n], cost);
  g_assert_cmpuint (refusals (&bench), ==, 0);
  say (&bench, callers->pdata[0], cost);
  g_assert_cmpuint (refusals (&bench), ==, 1);
  while (bench.woken->len == 0)
    {
      answer_one ();
      answered++;
    }
  g_assert_cmpuint (bench.woken->len, ==, callers_n);
  g_assert_cmpuint (answered, >=, most / 2);
  g_assert_cmpuint (answered, <=, most / 2 + 2);
}

static void
test_all_callers (void)
{
  /* By bytes and by number; the running message counts for bytes only. */
  check_all (128, 128 * 1024, DW_DISPATCHER_BYTES / 4 * 3 / (128 * 1024), DW_DISPATCHER_BYTES / (128 * 1024));
  check_all (500, DW_DISPATCHER_COST + 1, DW_DISPATCHER_QUEUE / 4 * 3 + 1, DW_DISPATCHER_QUEUE + 1);
}

/* A client that disconnected is not woken, and a late handler does not block others. */
static void
test_gone_and_late (void)
{
  g_auto (Bench) bench = { 0 };
  g_autoptr (DwCaller) gone = dw_caller_new ("gone", 0);
  g_autoptr (DwCaller) slow = dw_caller_new ("slow", 0);

  bench_init (&bench);
  dw_dispatcher_set_timeout (bench.dispatcher, 10);
  say (&bench, slow, DW_DISPATCHER_CALLER_BYTES);
  say (&bench, gone, DW_DISPATCHER_CALLER_BYTES);
  g_assert_false (dw_dispatcher_has_room (bench.dispatcher, slow));
  g_assert_false (dw_dispatcher_has_room (bench.dispatcher, gone));
  dw_dispatcher_disconnect (bench.dispatcher, gone, 1000, NULL);
  DW_TEST_WAIT ("a connection to be woken", bench.woken->len > 0);
  dw_test_run_for (50);
  g_assert_cmpuint (bench.woken->len, ==, 1);
  g_assert_true (bench.woken->pdata[0] == slow);
  /* Both handlers are still running, and finish later. */
  answer_one ();
  answer_one ();
}

/* Handlers that never finish: their messages are bounded too, and further ones wait. */
static void
test_late_bytes (void)
{
  g_auto (Bench) bench = { 0 };
  g_autoptr (DwCaller) caller = dw_caller_new ("x", 0);
  const gsize cost = DW_DISPATCHER_LATE_BYTES / 4;

  bench_init (&bench);
  dw_dispatcher_set_timeout (bench.dispatcher, 5);
  for (guint i = 0; i < 6; i++)
    {
      say (&bench, caller, cost);
      dw_test_run_for (40);
    }
  g_assert_cmpuint (tasks_of (NULL)->length, ==, 4);
  answer_one ();
  dw_test_run_for (40);
  g_assert_cmpuint (tasks_of (NULL)->length, ==, 4);
  for (guint i = 0; i < 5; i++)
    answer_one ();
}

/* Connections take turns: one with a hundred pending messages delays another by only one of them, and each connection's
 * own order is kept. */
static void
test_fair (void)
{
  g_auto (Bench) bench = { 0 };
  g_autoptr (DwCaller) eager = dw_caller_new ("eager", 0);
  g_autoptr (DwCaller) also = dw_caller_new ("also", 0);
  g_autoptr (DwCaller) honest = dw_caller_new ("honest", 0);

  bench_init (&bench);
  for (guint i = 0; i < 100; i++)
    say (&bench, eager, DW_DISPATCHER_COST + 2);
  for (guint i = 0; i < 3; i++)
    say (&bench, also, DW_DISPATCHER_COST + 2);
  say (&bench, honest, DW_DISPATCHER_COST + 2);
  for (guint i = 0; i < 12; i++)
    answer_one ();
  g_assert_true (g_str_has_prefix (begun ()->str, "eeaheaeaeeee"));
}

/* As many handlers are late as allowed, so new messages wait: two handlers have to answer first. */
static void
fill_with_late (Bench *bench, DwCaller *caller)
{
  dw_dispatcher_set_timeout (bench->dispatcher, 5);
  for (guint i = 0; i < 2; i++)
    {
      say (bench, caller, DW_DISPATCHER_LATE_BYTES / 2);
      dw_test_run_for (50);
    }
}

/* A stop waits for all accepted messages, including those that late handlers keep from starting, and for these
 * handlers. */
static void
test_idle (void)
{
  g_auto (Bench) bench = { 0 };
  g_autoptr (DwCaller) caller = dw_caller_new ("x", 0);

  bench_init (&bench);
  g_assert_true (dw_dispatcher_is_idle (bench.dispatcher));
  fill_with_late (&bench, caller);
  g_assert_false (dw_dispatcher_is_idle (bench.dispatcher));
  say (&bench, caller, DW_DISPATCHER_COST + 2);
  g_assert_cmpuint (begun ()->len, ==, 2);
  dw_dispatcher_set_timeout (bench.dispatcher, 10000);
  answer_one ();
  answer_one ();
  g_assert_cmpuint (begun ()->len, ==, 3);
  g_assert_false (dw_dispatcher_is_idle (bench.dispatcher));
  answer_one ();
  g_assert_true (dw_dispatcher_is_idle (bench.dispatcher));
}

/* What several messages send to one socket is written together; a single message is written without waiting. */
static void
test_turn (void)
{
  g_auto (Bench) bench = { 0 };
  g_autoptr (DwCaller) caller = dw_caller_new ("x", 0);
  g_autoptr (DwTurn) turn = dw_turn_new ();

  bench_init (&bench);
  dw_dispatcher_set_turn (bench.dispatcher, turn);
  say (&bench, caller, DW_DISPATCHER_COST + 2);
  g_assert_false (dw_turn_is_held (turn));
  say (&bench, caller, DW_DISPATCHER_COST + 2);
  g_assert_true (dw_turn_is_held (turn));
  answer_one ();
  g_assert_true (dw_turn_is_held (turn));
  answer_one ();
  g_assert_false (dw_turn_is_held (turn));

  /* Messages that cannot start must not delay anything either. */
  fill_with_late (&bench, caller);
  say (&bench, caller, DW_DISPATCHER_COST + 2);
  g_assert_false (dw_turn_is_held (turn));
  dw_dispatcher_set_timeout (bench.dispatcher, 10000);
}

static void
on_connect (GObject *source, GAsyncResult *result, gpointer data)
{
  *(DwResponse **) data = dw_dispatcher_connect_finish (DW_DISPATCHER (source), result);
}

/* An API needs none of its routes: everybody may connect, and whoever goes is missed by nobody. */
static void
test_no_routes (void)
{
  g_auto (ServerFixture) fixture = { 0 };
  g_autoptr (DwCaller) caller = dw_caller_new ("somebody", 0);
  g_autoptr (DwResponse) response = NULL;
  DwDispatcher *dispatcher;

  fixture_init (&fixture);
  dispatcher =
      dw_dispatcher_new ("prod", dw_server_get_registry (fixture.server), dw_server_get_gateway (fixture.server));
  dw_dispatcher_connect_async (dispatcher, caller, NULL, on_connect, &response);
  DW_TEST_WAIT ("an answer", response != NULL);
  g_assert_cmpuint (response->status, ==, 200);
  g_assert_null (response->body);
  dw_dispatcher_disconnect (dispatcher, caller, 1000, "");
  g_assert_true (dw_dispatcher_is_idle (dispatcher));
  dw_test_finalize (dispatcher);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/dispatcher/one-caller", test_one_caller);
  g_test_add_func ("/backend/dispatcher/all-callers", test_all_callers);
  g_test_add_func ("/backend/dispatcher/gone-and-late", test_gone_and_late);
  g_test_add_func ("/backend/dispatcher/late-bytes", test_late_bytes);
  g_test_add_func ("/backend/dispatcher/fair", test_fair);
  g_test_add_func ("/backend/dispatcher/idle", test_idle);
  g_test_add_func ("/backend/dispatcher/no-routes", test_no_routes);
  g_test_add_func ("/backend/dispatcher/turn", test_turn);
  return g_test_run ();
}
