/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-cloud.h"
#include "dw-test.h"

#include "backend/aws/dw-connections-gateway.h"
#include "backend/aws/dw-window.h"
#include "backend/dw-backend-error.h"
#include "wire/dw-limits.h"

#include <string.h>

typedef struct
{
  DwCloud cloud;
  DwConnectionsGateway *gateway;
  DwTally tally;
  char *endpoint;
} PostingCloud;

static void
posting_init (PostingCloud *posting)
{
  g_autoptr (DwHttp) http = dw_http_new (NULL);
  g_autoptr (DwCredentials) credentials = dw_credentials_new (DW_CLOUD_KEY_ID, DW_CLOUD_SECRET, DW_CLOUD_TOKEN);
  g_autoptr (DwService) sqs = NULL;
  g_autoptr (DwDeadLetterQueue) letters = NULL;

  dw_cloud_init (&posting->cloud);
  posting->endpoint = g_strconcat (posting->cloud.origin, "/prod", NULL);
  posting->gateway = dw_connections_gateway_new (http, credentials, "eu-west-1", &posting->tally);
  dw_connections_gateway_set_endpoint (posting->gateway, posting->endpoint);
  sqs = dw_service_new (http, credentials, "eu-west-1", "sqs", posting->cloud.origin);
  letters = dw_dead_letter_queue_new (sqs, "https://sqs.eu-west-1.amazonaws.com/1/dead");
  dw_connections_gateway_set_letters (posting->gateway, letters);
}

static void
posting_clear (PostingCloud *posting)
{
  dw_test_finalize (g_steal_pointer (&posting->gateway));
  dw_cloud_clear (&posting->cloud);
  g_free (posting->endpoint);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PostingCloud, posting_clear)

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

static GPtrArray *
ids_of (guint n)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (ids, g_strdup_printf ("connection-%05u=", i));
  return ids;
}

static DwCloudConnection *
connection_of (PostingCloud *posting, guint number)
{
  g_autofree char *id = g_strdup_printf ("connection-%05u=", number);

  return g_hash_table_lookup (posting->cloud.connections, id);
}

static guint
count_posts (PostingCloud *posting)
{
  GHashTableIter iter;
  gpointer connection;
  guint n = 0;

  g_hash_table_iter_init (&iter, posting->cloud.connections);
  while (g_hash_table_iter_next (&iter, NULL, &connection))
    n += ((DwCloudConnection *) connection)->posts;
  return n;
}

static DwPosted *
post (PostingCloud *posting, GPtrArray *ids, GPtrArray *endpoints, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  DwPosted *posted;

  dw_gateway_post_async (DW_GATEWAY (posting->gateway), ids, endpoints, text, NULL, on_done, &result);
  dw_test_until ("all posts", is_there, &result);
  posted = dw_gateway_post_finish (DW_GATEWAY (posting->gateway), result, &error);
  g_assert_no_error (error);
  return posted;
}

/* A stage's clock that is ten minutes from ours costs the posts in flight a second attempt, and no post its letter. */
static void
test_clock (void)
{
  g_auto (PostingCloud) posting = { 0 };
  g_autoptr (GPtrArray) ids = ids_of (100);
  g_autoptr (DwPosted) posted = NULL;

  posting_init (&posting);
  dw_cloud_fill (&posting.cloud, "Connections", 100, NULL);
  posting.cloud.clock = 600;
  posted = post (&posting, ids, NULL, "hello");
  g_assert_cmpuint (count_posts (&posting), ==, 100);
  g_assert_cmpuint (posting.tally.dead, ==, 0);
  g_assert_cmpuint (posting.cloud.skewed_requests, >=, 1);
  g_assert_cmpuint (posting.cloud.skewed_requests, <=, 20);
}

/* A thousand posts arrive once each, byte for byte. While they succeed more are in flight at once, up to the limit. */
static void
test_broadcast (void)
{
  g_auto (PostingCloud) posting = { 0 };
  g_autoptr (GPtrArray) ids = ids_of (DW_CLOUD_CROWD);
  g_autoptr (DwPosted) posted = NULL;

  posting_init (&posting);
  posting.cloud.delay_ms = 15;
  dw_connections_gateway_set_most (posting.gateway, 50);
  dw_cloud_fill (&posting.cloud, "Connections", DW_CLOUD_CROWD, NULL);
  posted = post (&posting, ids, NULL, "{\"message\":\"hé\\n\"}");
  g_test_message ("%" G_GUINT64_FORMAT " retries, %" G_GUINT64_FORMAT " throttled", posting.tally.retries,
                  posting.tally.throttled);
  g_assert_cmpuint (posted->done, ==, DW_CLOUD_CROWD);
  g_assert_cmpuint (posted->gone->len, ==, 0);
  for (guint i = 0; i < DW_CLOUD_CROWD; i++)
    g_assert_cmpuint (connection_of (&posting, i)->posts, ==, 1);
  g_assert_cmpstr (posting.cloud.last_text, ==, "{\"message\":\"hé\\n\"}");
  g_assert_cmpuint (posting.tally.deliveries, ==, DW_CLOUD_CROWD);
  g_assert_cmpuint (posting.cloud.most_in_flight, >, 10);
  g_assert_cmpuint (posting.cloud.most_in_flight, <=, 50);
}

static gboolean
others_have_it (gpointer data)
{
  return count_posts (data) >= DW_CLOUD_CROWD - 10;
}

/* With thirty hanging posts at the front, everybody else gets the message while they still hang. */
static void
test_slow (void)
{
  g_auto (PostingCloud) posting = { 0 };
  g_autoptr (GPtrArray) ids = ids_of (DW_CLOUD_CROWD - 10);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (DwPosted) posted = NULL;
  gint64 begun;

  posting_init (&posting);
  dw_cloud_fill (&posting.cloud, "Connections", DW_CLOUD_CROWD - 10, NULL);
  for (guint i = 0; i < 30; i++)
    connection_of (&posting, i)->slow_ms = 3000;
  begun = g_get_monotonic_time ();
  dw_gateway_post_async (DW_GATEWAY (posting.gateway), ids, NULL, "x", NULL, on_done, &result);
  dw_test_until ("the quick ones", others_have_it, &posting);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 2500 * 1000);
  g_assert_null (result);
  dw_test_until ("the slow ones", is_there, &result);
  posted = dw_gateway_post_finish (DW_GATEWAY (posting.gateway), result, NULL);
  g_assert_cmpuint (posting.tally.deliveries, ==, DW_CLOUD_CROWD - 10);
  g_assert_cmpuint (posting.tally.dead, ==, 0);
}

/* 410 is reported for pruning; 429 and 5xx are retried; permanent refusals become a dead letter. */
static void
test_outcomes (void)
{
  g_auto (PostingCloud) posting = { 0 };
  g_autoptr (GPtrArray) ids = ids_of (6);
  g_autoptr (DwPosted) posted = NULL;

  posting_init (&posting);
  dw_cloud_fill (&posting.cloud, "Connections", 6, NULL);
  g_hash_table_remove (posting.cloud.connections, "connection-00001=");
  connection_of (&posting, 2)->throttles = 3;
  connection_of (&posting, 3)->status = 403;
  connection_of (&posting, 4)->status = 413;
  connection_of (&posting, 5)->status = 400;
  posted = post (&posting, ids, NULL, "x");
  g_assert_cmpuint (posted->gone->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (posted->gone, 0), ==, "connection-00001=");
  g_assert_cmpuint (connection_of (&posting, 2)->posts, ==, 1);
  g_assert_cmpuint (posting.tally.deliveries, ==, 2);
  g_assert_cmpuint (posting.tally.gone, ==, 1);
  g_assert_cmpuint (posting.tally.throttled, ==, 3);
  g_assert_cmpuint (posting.tally.retries, ==, 3);
  g_assert_cmpuint (posting.tally.dead, ==, 3);
  g_assert_cmpuint (posting.cloud.letters->len, ==, 3);
}

/* A letter says whom the message did not reach and why, and is read back the same. */
static void
test_letter (void)
{
  const guint crowd = DW_CLOUD_CROWD * 5 / 2;
  g_auto (PostingCloud) posting = { 0 };
  g_autoptr (GPtrArray) ids = ids_of (crowd);
  g_autoptr (DwPosted) posted = NULL;
  guint n = 0;

  posting_init (&posting);
  dw_cloud_fill (&posting.cloud, "Connections", crowd, NULL);
  for (guint i = 0; i < crowd; i++)
    connection_of (&posting, i)->status = 403;
  posted = post (&posting, ids, NULL, "the \"text\"");
  g_assert_cmpuint (posting.cloud.letters->len, ==, (crowd + DW_DEAD_LETTER_IDS - 1) / DW_DEAD_LETTER_IDS);
  for (guint i = 0; i < posting.cloud.letters->len; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (g_ptr_array_index (posting.cloud.letters, i), NULL);
      const char *body = json_object_get_string_member (json_node_get_object (node), "MessageBody");
      g_autoptr (GError) error = NULL;
      g_autoptr (DwDeadLetter) letter = dw_dead_letter_from_json (body, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (letter->text, ==, "the \"text\"");
      g_assert_cmpstr (letter->endpoint, ==, posting.endpoint);
      g_assert_cmpstr (letter->reason, ==, "403");
      n += letter->connection_ids->len;
    }
  g_assert_cmpuint (n, ==, crowd);
}

/* If the gateway accepts only 25 posts at once, the window adapts and everybody is reached. */
static void
test_throttled (void)
{
  g_auto (PostingCloud) posting = { 0 };
  g_autoptr (GPtrArray) ids = ids_of (DW_CLOUD_CROWD);
  g_autoptr (DwPosted) posted = NULL;

  posting_init (&posting);
  posting.cloud.delay_ms = 5;
  posting.cloud.counts_rate = TRUE;
  posting.cloud.rate_most = DW_CLOUD_CROWD / 40;
  dw_cloud_fill (&posting.cloud, "Connections", DW_CLOUD_CROWD, NULL);
  posted = post (&posting, ids, NULL, "x");
  g_assert_cmpuint (posting.tally.dead, ==, 0);
  g_assert_cmpuint (posting.tally.deliveries, ==, DW_CLOUD_CROWD);
  g_assert_cmpuint (posting.tally.throttled, >, 0);
  g_assert_cmpuint (posting.tally.throttled, <, DW_CLOUD_CROWD / 2 + 50);
}

/* The time runs out midway: started posts finish, the rest is reported, and nobody is posted to twice. */
static void
test_deadline (void)
{
  g_auto (PostingCloud) posting = { 0 };
  g_autoptr (GPtrArray) ids = ids_of (1000);
  g_autoptr (DwPosted) posted = NULL;
  gint64 begun;

  posting_init (&posting);
  posting.cloud.delay_ms = 100;
  dw_connections_gateway_set_most (posting.gateway, 20);
  dw_cloud_fill (&posting.cloud, "Connections", 1000, NULL);
  begun = g_get_monotonic_time ();
  dw_connections_gateway_set_deadline (posting.gateway, begun + 3 * G_USEC_PER_SEC);
  posted = post (&posting, ids, NULL, "x");
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 3 * G_USEC_PER_SEC);
  g_assert_cmpuint (posted->done, >=, 20);
  g_assert_cmpuint (posted->done, <, 500);
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpuint (connection_of (&posting, i)->posts, ==, i < posted->done);
}

/* Connections of another region are posted to in that region; a foreign host gets nothing. */
static void
test_regions (void)
{
  g_auto (PostingCloud) posting = { 0 };
  g_auto (DwCloud) other = { 0 };
  g_autoptr (GPtrArray) ids = ids_of (3);
  g_autoptr (GPtrArray) endpoints = g_ptr_array_new ();
  g_autofree char *there = NULL;
  g_autoptr (DwPosted) posted = NULL;

  posting_init (&posting);
  dw_cloud_init (&other);
  dw_cloud_fill (&posting.cloud, "Connections", 3, NULL);
  dw_cloud_connect (&other, "connection-00001=");
  there = g_strconcat (other.origin, "/prod", NULL);
  g_ptr_array_add (endpoints, NULL);
  g_ptr_array_add (endpoints, there);
  g_ptr_array_add (endpoints, (gpointer) "http://192.0.2.1/prod");
  posted = post (&posting, ids, endpoints, "x");
  g_assert_cmpuint (connection_of (&posting, 0)->posts, ==, 1);
  g_assert_cmpuint (connection_of (&posting, 1)->posts, ==, 0);
  g_assert_cmpuint (((DwCloudConnection *) g_hash_table_lookup (other.connections, "connection-00001="))->posts, ==,
                    1);
  g_assert_cmpuint (posting.tally.dead, ==, 1);
  g_assert_cmpuint (posting.cloud.letters->len, ==, 1);
}

/* A text too large for any connection is refused before it is posted to all of them. */
static void
test_too_large (void)
{
  g_auto (PostingCloud) posting = { 0 };
  g_autoptr (GPtrArray) ids = ids_of (1);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strnfill (DW_LIMIT_MESSAGE_BYTES + 1, 'x');

  posting_init (&posting);
  dw_gateway_post_async (DW_GATEWAY (posting.gateway), ids, NULL, text, NULL, on_done, &result);
  dw_test_until ("a refusal", is_there, &result);
  g_assert_null (dw_gateway_post_finish (DW_GATEWAY (posting.gateway), result, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT);
  g_assert_cmpuint (posting.cloud.requests, ==, 0);
}

/* Posting to nobody and posting to a closed port both finish. */
static void
test_edges (void)
{
  g_auto (PostingCloud) posting = { 0 };
  g_autoptr (GPtrArray) none = ids_of (0), one = ids_of (1);
  g_autoptr (GPtrArray) endpoints = g_ptr_array_new ();
  g_autoptr (DwPosted) nobody = NULL, dead = NULL;

  posting_init (&posting);
  nobody = post (&posting, none, NULL, "x");
  g_assert_cmpuint (nobody->done, ==, 0);
  g_ptr_array_add (endpoints, (gpointer) "http://127.0.0.1:1/prod");
  dead = post (&posting, one, endpoints, "x");
  g_assert_cmpuint (dead->done, ==, 1);
  g_assert_cmpuint (posting.tally.dead, ==, 1);
}

/* The outcome for each connection. */
static void
test_get_and_delete (void)
{
  g_auto (PostingCloud) posting = { 0 };
  g_autoptr (GAsyncResult) found = NULL, deleted = NULL, missed = NULL;
  g_autoptr (DwConnectionInfo) info = NULL;
  g_autoptr (GError) error = NULL;

  posting_init (&posting);
  dw_cloud_connect (&posting.cloud, "L0SM9cOFvHcCIhw=");
  dw_gateway_get_async (DW_GATEWAY (posting.gateway), "L0SM9cOFvHcCIhw=", NULL, on_done, &found);
  dw_test_until ("who it is", is_there, &found);
  info = dw_gateway_get_finish (DW_GATEWAY (posting.gateway), found, &error);
  g_assert_no_error (error);
  g_assert_cmpint (info->caller->connected_at, ==, 1588277433236);
  dw_gateway_delete_async (DW_GATEWAY (posting.gateway), "L0SM9cOFvHcCIhw=", NULL, on_done, &deleted);
  dw_test_until ("its end", is_there, &deleted);
  g_assert_true (dw_gateway_delete_finish (DW_GATEWAY (posting.gateway), deleted, &error));
  dw_gateway_get_async (DW_GATEWAY (posting.gateway), "L0SM9cOFvHcCIhw=", NULL, on_done, &missed);
  dw_test_until ("a refusal", is_there, &missed);
  g_assert_null (dw_gateway_get_finish (DW_GATEWAY (posting.gateway), missed, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_GONE);
}

/* The window starts at ten and doubles each round until the first “too many”, is halved once for each burst, and never
 * leaves its bounds. */
static void
test_window (void)
{
  DwWindow window;

  dw_window_init (&window, 10000);
  g_assert_cmpuint (dw_window_get_size (&window), ==, 10);
  for (guint i = 0; i < 10; i++)
    dw_window_succeeded (&window);
  g_assert_cmpuint (dw_window_get_size (&window), ==, 20);
  for (guint i = 0; i < 10000; i++)
    dw_window_succeeded (&window);
  g_assert_cmpuint (dw_window_get_size (&window), ==, 500);
  dw_window_throttled (&window, 90, 100);
  dw_window_throttled (&window, 95, 101);
  dw_window_throttled (&window, 100, 102);
  g_assert_cmpuint (dw_window_get_size (&window), ==, 250);
  dw_window_throttled (&window, 103, 104);
  g_assert_cmpuint (dw_window_get_size (&window), ==, 125);
  for (guint i = 0; i < 126; i++)
    dw_window_succeeded (&window);
  g_assert_cmpuint (dw_window_get_size (&window), ==, 126);
  for (gint64 i = 0; i < 20; i++)
    dw_window_throttled (&window, 1000 + i, 1000 + i);
  g_assert_cmpuint (dw_window_get_size (&window), ==, 1);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  /* Giving up posts logs a warning. */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_test_add_func ("/aws/connections-gateway/broadcast", test_broadcast);
  g_test_add_func ("/aws/connections-gateway/clock", test_clock);
  g_test_add_func ("/aws/connections-gateway/slow", test_slow);
  g_test_add_func ("/aws/connections-gateway/outcomes", test_outcomes);
  g_test_add_func ("/aws/connections-gateway/letter", test_letter);
  g_test_add_func ("/aws/connections-gateway/throttled", test_throttled);
  g_test_add_func ("/aws/connections-gateway/deadline", test_deadline);
  g_test_add_func ("/aws/connections-gateway/regions", test_regions);
  g_test_add_func ("/aws/connections-gateway/too-large", test_too_large);
  g_test_add_func ("/aws/connections-gateway/edges", test_edges);
  g_test_add_func ("/aws/connections-gateway/get-and-delete", test_get_and_delete);
  g_test_add_func ("/aws/connections-gateway/window", test_window);
  return g_test_run ();
}
