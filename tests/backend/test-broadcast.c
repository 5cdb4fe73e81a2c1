/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/handlers/dw-event-json.h"
#include "backend/handlers/dw-handler.h"
#include "backend/gateway/dw-memory-registry.h"

#include <string.h>

/* A gateway that runs out of time after a number of posts. Its answers are held until the test releases them. */
#define FAKE_TYPE_GATEWAY (fake_gateway_get_type ())
G_DECLARE_FINAL_TYPE (FakeGateway, fake_gateway, FAKE, GATEWAY, GObject)

struct _FakeGateway
{
  GObject parent_instance;
  guint budget;      /* how many posts there is time for */
  GPtrArray *posted; /* the ids */
  GQueue held;       /* tasks that wait, newest first; only if @hold */
  gboolean gone;     /* nobody is there any more */
  gboolean hold;
};

static void fake_gateway_iface_init (DwGatewayInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeGateway,
                               fake_gateway,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DW_TYPE_GATEWAY, fake_gateway_iface_init))

static void
fake_gateway_finalize (GObject *object)
{
  g_ptr_array_unref (FAKE_GATEWAY (object)->posted);
  G_OBJECT_CLASS (fake_gateway_parent_class)->finalize (object);
}

static void
fake_gateway_class_init (FakeGatewayClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_gateway_finalize;
}

static void
fake_gateway_init (FakeGateway *self)
{
  self->posted = g_ptr_array_new_with_free_func (g_free);
  self->budget = G_MAXUINT;
}

static void
fake_gateway_post_async (DwGateway *gateway,
                         GPtrArray *connection_ids,
                         GPtrArray *endpoints,
                         const char *text,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  FakeGateway *self = FAKE_GATEWAY (gateway);
  GTask *task = g_task_new (self, cancellable, callback, data);
  DwPosted *posted = dw_posted_new (MIN (self->budget, connection_ids->len));

  self->budget -= posted->done;
  for (guint i = 0; i < posted->done; i++)
    {
      g_ptr_array_add (self->posted, g_strdup (g_ptr_array_index (connection_ids, i)));
      if (self->gone)
        g_ptr_array_add (posted->gone, g_strdup (g_ptr_array_index (connection_ids, i)));
    }
  g_task_set_task_data (task, posted, NULL);
  if (self->hold)
    {
      g_queue_push_head (&self->held, task);
      return;
    }
  g_task_return_pointer (task, posted, (GDestroyNotify) dw_posted_free);
  g_object_unref (task);
}

static void
let_go (FakeGateway *self)
{
  GTask *task;

  while ((task = g_queue_pop_head (&self->held)) != NULL)
    {
      g_task_return_pointer (task, g_task_get_task_data (task), (GDestroyNotify) dw_posted_free);
      g_object_unref (task);
    }
}

static void
fake_gateway_iface_init (DwGatewayInterface *iface)
{
  iface->post_async = fake_gateway_post_async;
}

typedef struct
{
  DwRegistry *registry;
  FakeGateway *gateway;
} BroadcastRun;

static void
run_clear (BroadcastRun *run)
{
  g_clear_object (&run->registry);
  g_clear_object (&run->gateway);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BroadcastRun, run_clear)

static void
run_init (BroadcastRun *run, guint page_size, guint connections)
{
  run->registry = DW_REGISTRY (dw_memory_registry_new (page_size));
  run->gateway = g_object_new (FAKE_TYPE_GATEWAY, NULL);
  for (guint i = 0; i < connections; i++)
    {
      g_autofree char *id = g_strdup_printf ("id-%03u", i);

      dw_registry_put_async (run->registry, id, 7, NULL, NULL, NULL);
    }
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_there (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static DwEvent *
make_event (const char *start_key)
{
  g_autoptr (DwCaller) caller = dw_caller_new ("sender", 1000);
  DwEvent *event = dw_event_new ("sendMessage", caller, "prod", 1000000, "{\"message\":\"hello\",\"id\":\"1\"}");

  event->start_key = g_strdup (start_key);
  return event;
}

static DwResponse *
broadcast (BroadcastRun *run, const char *start_key)
{
  g_autoptr (DwEvent) event = make_event (start_key);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  DwResponse *response;

  dw_send_message_handler (run->registry, DW_GATEWAY (run->gateway), event, NULL, on_done, &result);
  dw_test_until ("a broadcast", is_there, &result);
  response = dw_handler_finish (result, &error);
  if (response == NULL)
    g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE);
  return response;
}

/* Runs that have time for 7 posts each reach every connection once, wherever a page ends. */
static void
test_rest (void)
{
  for (guint page_size = 1; page_size < 30; page_size += 3)
    {
      g_auto (BroadcastRun) run = { 0 };
      g_autofree char *key = NULL;
      guint runs = 0;

      run_init (&run, page_size, 25);
      do
        {
          g_autoptr (DwResponse) response = NULL;

          run.gateway->budget = 7;
          response = broadcast (&run, key);
          g_assert_nonnull (response);
          g_free (key);
          key = g_steal_pointer (&response->rest);
          g_assert_cmpuint (++runs, <=, 5);
        }
      while (key != NULL);
      g_assert_cmpuint (runs, ==, 4);
      g_assert_cmpuint (run.gateway->posted->len, ==, 25);
      for (guint i = 0; i < 25; i++)
        {
          g_autofree char *id = g_strdup_printf ("id-%03u", i);

          g_assert_cmpstr (g_ptr_array_index (run.gateway->posted, i), ==, id);
        }
    }
}

/* Without time for a single post the run fails, and the message can be sent again under its id. */
static void
test_no_time (void)
{
  g_auto (BroadcastRun) run = { 0 };
  g_autoptr (DwResponse) none = NULL, response = NULL;

  run_init (&run, 10, 25);
  run.gateway->budget = 0;
  none = broadcast (&run, NULL);
  g_assert_null (none);
  run.gateway->budget = G_MAXUINT;
  response = broadcast (&run, NULL);
  g_assert_nonnull (response);
  g_assert_cmpuint (run.gateway->posted->len, ==, 25);
}

static gboolean
has_held (gpointer data)
{
  return ((FakeGateway *) data)->held.length == 3;
}

/* A page whose posts are slow does not hold up the next ones, and a later page may end first. */
static void
test_pipelined (void)
{
  g_auto (BroadcastRun) run = { 0 };
  g_autoptr (DwEvent) event = make_event (NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (DwResponse) response = NULL;

  run_init (&run, 10, 25);
  run.gateway->hold = TRUE;
  run.gateway->budget = 14;
  dw_send_message_handler (run.registry, DW_GATEWAY (run.gateway), event, NULL, on_done, &result);
  dw_test_until ("three pages under way", has_held, run.gateway);
  let_go (run.gateway);
  dw_test_until ("a broadcast", is_there, &result);
  response = dw_handler_finish (result, NULL);
  g_assert_cmpstr (response->rest, ==, "id-013");
}

/* Where the next run continues is written into its event. */
static void
test_event (void)
{
  g_autoptr (DwEvent) event = make_event ("id-013");
  g_autoptr (DwEvent) again = NULL;
  g_autofree char *json = NULL;

  event->hop = 3;
  json = dw_event_to_json (event);
  again = dw_event_from_json (json, -1, NULL);
  g_assert_cmpstr (again->start_key, ==, "id-013");
  g_assert_cmpuint (again->hop, ==, 3);
}

/* Who is gone leaves the table, but not within a minute of being put there: its handshake may still be under way. */
static void
test_prune (void)
{
  static const struct
  {
    gint64 timestamp;
    guint left;
  } rows[] = { { 0, 0 }, { 939, 0 }, { 940, 0 }, { 941, 1 }, { 1000, 1 }, { 1001, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint gone = 0; gone < 2; gone++)
      {
        g_auto (BroadcastRun) run = { 0 };
        g_autoptr (DwResponse) response = NULL;
        g_autoptr (GAsyncResult) result = NULL;
        g_autoptr (DwRegistryPage) page = NULL;

        g_test_message ("put at %d s, the message at 1000 s", (int) rows[i].timestamp);
        run_init (&run, 10, 0);
        run.gateway->gone = gone;
        dw_registry_put_async (run.registry, "id", rows[i].timestamp, NULL, NULL, NULL);
        response = broadcast (&run, NULL);
        g_assert_cmpuint (response->status, ==, 200);
        dw_registry_scan_async (run.registry, NULL, NULL, on_done, &result);
        dw_test_until ("the table", is_there, &result);
        page = dw_registry_scan_finish (run.registry, result, NULL);
        g_assert_cmpuint (page->connection_ids->len, ==, gone ? rows[i].left : 1);
      }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/broadcast/prune/EM-4", test_prune);
  g_test_add_func ("/backend/broadcast/rest", test_rest);
  g_test_add_func ("/backend/broadcast/no-time", test_no_time);
  g_test_add_func ("/backend/broadcast/pipelined", test_pipelined);
  g_test_add_func ("/backend/broadcast/event", test_event);
  return g_test_run ();
}
