/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-cloud.h"
#include "dw-test.h"

#include "backend/aws/dw-dynamo-registry.h"
#include "backend/aws/dw-endpoint.h"
#include "backend/dw-backend-error.h"

#include <string.h>

typedef struct
{
  DwCloud cloud;
  DwService *service;
  DwDynamoRegistry *registry;
  DwTally tally;
} DynamoTable;

static void
dynamo_init (DynamoTable *dynamo)
{
  g_autoptr (DwHttp) http = dw_http_new (NULL);
  g_autoptr (DwCredentials) credentials = dw_credentials_new (DW_CLOUD_KEY_ID, DW_CLOUD_SECRET, DW_CLOUD_TOKEN);
  g_autoptr (DwDynamodb) dynamodb = NULL;

  dw_cloud_init (&dynamo->cloud);
  dynamo->service = dw_service_new (http, credentials, "eu-west-1", "dynamodb", dynamo->cloud.origin);
  dw_service_set_tally (dynamo->service, &dynamo->tally);
  dynamodb = dw_dynamodb_new (dynamo->service);
  dynamo->registry = dw_dynamo_registry_new (dynamodb, "Connections", "Claims");
  dw_dynamo_registry_set_endpoint (dynamo->registry, "http://127.0.0.1:1/prod");
}

static void
dynamo_clear (DynamoTable *dynamo)
{
  dw_test_finalize (g_steal_pointer (&dynamo->registry));
  g_clear_object (&dynamo->service);
  dw_cloud_clear (&dynamo->cloud);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DynamoTable, dynamo_clear)

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

static gint64
now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static gboolean
put_at (DynamoTable *dynamo, const char *id, gint64 timestamp, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  dw_registry_put_async (DW_REGISTRY (dynamo->registry), id, timestamp, NULL, on_done, &result);
  dw_test_until ("a put", is_there, &result);
  return dw_registry_put_finish (DW_REGISTRY (dynamo->registry), result, error);
}

static gboolean
put (DynamoTable *dynamo, const char *id, GError **error)
{
  return put_at (dynamo, id, now (), error);
}

static DwRegistryPage *
scan (DynamoTable *dynamo, const char *key, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  dw_registry_scan_async (DW_REGISTRY (dynamo->registry), key, NULL, on_done, &result);
  dw_test_until ("a page", is_there, &result);
  return dw_registry_scan_finish (DW_REGISTRY (dynamo->registry), result, error);
}

/* 1 if the claim succeeded, 0 if the message was sent before, -1 if somebody else is sending it. */
static int
claim (DynamoTable *dynamo, const char *id, gint64 time)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean fresh = FALSE;

  dw_registry_claim_async (DW_REGISTRY (dynamo->registry), id, time, NULL, on_done, &result);
  dw_test_until ("a claim", is_there, &result);
  if (!dw_registry_claim_finish (DW_REGISTRY (dynamo->registry), result, &fresh, &error))
    {
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CLAIMED);
      return -1;
    }
  return fresh;
}

static void
settle (DynamoTable *dynamo)
{
  g_autoptr (GAsyncResult) result = NULL;

  dw_dynamo_registry_settle_async (dynamo->registry, on_done, &result);
  dw_test_until ("loose ends", is_there, &result);
  g_assert_true (dw_dynamo_registry_settle_finish (dynamo->registry, result, NULL));
}

/* A service whose clock is ten minutes from ours refuses one request. That one is signed again by its clock, and later
 * ones are from the start. */
static void
test_clock (void)
{
  static const gint64 clocks[] = { 600, -600, 86400, -86400 * 400 };

  for (guint i = 0; i < G_N_ELEMENTS (clocks); i++)
    {
      g_auto (DynamoTable) dynamo = { 0 };
      g_autoptr (GError) error = NULL;

      dynamo_init (&dynamo);
      dynamo.cloud.clock = clocks[i];
      g_assert_true (put (&dynamo, "a=", &error));
      g_assert_no_error (error);
      g_assert_true (put (&dynamo, "b=", &error));
      g_assert_cmpuint (dynamo.cloud.skewed_requests, ==, 1);
      g_assert_cmpuint (dynamo.cloud.requests, ==, 3);
      /* It is set right meanwhile. */
      dynamo.cloud.clock = 0;
      g_assert_true (put (&dynamo, "c=", &error));
      g_assert_cmpuint (dw_cloud_count (&dynamo.cloud, "Connections"), ==, 3);
      g_assert_cmpuint (dynamo.cloud.unsigned_requests, ==, 1);
      dynamo.cloud.unsigned_requests = 0;
    }
}

/* A clock that runs away is followed once a request. */
static void
test_clock_bound (void)
{
  g_auto (DynamoTable) dynamo = { 0 };
  g_autoptr (GError) error = NULL;

  dynamo_init (&dynamo);
  dynamo.cloud.clock = dynamo.cloud.drift = 600;
  g_assert_false (put (&dynamo, "a=", &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_SERVICE);
  g_assert_cmpuint (dynamo.cloud.requests, ==, 2);
}

/* A signature that is wrong at the right time is not tried again. */
static void
test_signature (void)
{
  g_auto (DynamoTable) dynamo = { 0 };
  g_autoptr (GError) error = NULL;

  dynamo_init (&dynamo);
  dw_cloud_fail (&dynamo.cloud, DW_FAULT_STATUS, 400, "InvalidSignatureException");
  g_assert_false (put (&dynamo, "a=", &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_SERVICE);
  g_assert_cmpuint (dynamo.cloud.requests, ==, 1);
}

/* A stored id is read back with its endpoint; a removed one is gone; removing an absent one is no error. */
static void
test_rows (void)
{
  g_auto (DynamoTable) dynamo = { 0 };
  g_autoptr (DwRegistryPage) page = NULL, empty = NULL;
  g_autoptr (GError) error = NULL;
  gint64 time = now ();

  dynamo_init (&dynamo);
  empty = scan (&dynamo, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (empty->connection_ids->len, ==, 0);
  g_assert_null (empty->last_key);
  g_assert_true (put_at (&dynamo, "a=", time, &error));
  dw_dynamo_registry_set_endpoint (dynamo.registry, "http://127.0.0.1:2/prod");
  g_assert_true (put_at (&dynamo, "b=", time, &error));
  page = scan (&dynamo, NULL, &error);
  g_assert_cmpuint (page->connection_ids->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (page->connection_ids, 0), ==, "a=");
  g_assert_cmpint (g_array_index (page->timestamps, gint64, 1), ==, time);
  /* A connection of this stage needs no endpoint. */
  g_assert_cmpstr (g_ptr_array_index (page->endpoints, 0), ==, "http://127.0.0.1:1/prod");
  g_assert_null (g_ptr_array_index (page->endpoints, 1));
  for (guint i = 0; i < 2; i++)
    {
      dw_registry_remove_async (DW_REGISTRY (dynamo.registry), "a=", NULL, NULL, NULL);
      settle (&dynamo);
    }
  g_assert_cmpuint (dw_cloud_count (&dynamo.cloud, "Connections"), ==, 1);
}

/* DynamoDB deletes expired rows only within days: until then they are still read, but must not be posted to. */
static void
test_expired (void)
{
  g_auto (DynamoTable) dynamo = { 0 };
  g_autoptr (DwRegistryPage) page = NULL;

  dynamo_init (&dynamo);
  g_assert_true (put_at (&dynamo, "old", now () - 7200 - DW_DYNAMO_REGISTRY_SLACK_SECONDS, NULL));
  g_assert_true (put_at (&dynamo, "young", now () - 7190, NULL));
  page = scan (&dynamo, NULL, NULL);
  g_assert_cmpuint (page->connection_ids->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (page->connection_ids, 0), ==, "young");
}

static guint
count_all (DynamoTable *dynamo, guint *pages)
{
  g_autofree char *key = NULL;
  guint n = 0;

  *pages = 0;
  do
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DwRegistryPage) page = scan (dynamo, key, &error);

      g_assert_no_error (error);
      n += page->connection_ids->len;
      g_free (key);
      key = g_steal_pointer (&page->last_key);
      ++*pages;
    }
  while (key != NULL);
  return n;
}

/* A table of many pages, read to its end. */
static void
test_pages (void)
{
  g_auto (DynamoTable) dynamo = { 0 };
  guint pages;

  dynamo_init (&dynamo);
  dw_cloud_fill (&dynamo.cloud, "Connections", 2500, NULL);
  g_assert_cmpuint (count_all (&dynamo, &pages), ==, 2500);
  g_assert_cmpuint (pages, ==, 3);
  dw_dynamo_registry_set_page (dynamo.registry, 500);
  g_assert_cmpuint (count_all (&dynamo, &pages), ==, 2500);
  g_assert_cmpuint (pages, ==, 5);
}

/* Every transient error is retried; here each occurs once before a success. */
static void
test_retried (void)
{
  static const struct
  {
    guint status;
    const char *name;
    gboolean throttle;
  } rows[] = {
    { 400, "ProvisionedThroughputExceededException", TRUE },
    { 400, "ThrottlingException", TRUE },
    { 400, "RequestLimitExceeded", TRUE },
    { 400, "LimitExceededException", TRUE },
    { 429, "TooManyRequestsException", TRUE },
    { 400, "ItemCollectionSizeLimitExceededException", FALSE },
    { 409, "ReplicatedWriteConflictException", FALSE },
    { 400, "TransactionInProgressException", FALSE },
    { 500, "InternalServerError", FALSE },
    { 500, NULL, FALSE },
    { 502, NULL, FALSE },
    { 503, "ServiceUnavailable", FALSE },
    { 503, NULL, FALSE },
    { 504, NULL, FALSE },
    { 408, "RequestTimeout", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (DynamoTable) dynamo = { 0 };
      g_autoptr (GError) error = NULL;

      g_test_message ("%u %s", rows[i].status, rows[i].name);
      dynamo_init (&dynamo);
      dw_cloud_fail (&dynamo.cloud, DW_FAULT_STATUS, rows[i].status, rows[i].name);
      g_assert_true (put (&dynamo, "a", &error));
      g_assert_no_error (error);
      g_assert_cmpuint (dynamo.cloud.requests, ==, 2);
      g_assert_cmpuint (dynamo.tally.retries, ==, 1);
      g_assert_cmpuint (dynamo.tally.throttled, ==, rows[i].throttle);
    }
}

/* Permanent errors are reported at once. */
static void
test_reported (void)
{
  static const struct
  {
    guint status;
    const char *name;
    int code;
  } rows[] = {
    { 400, "ValidationException", DW_BACKEND_ERROR_SERVICE },
    { 400, "ResourceNotFoundException", DW_BACKEND_ERROR_TABLE },
    { 400, "AccessDeniedException", DW_BACKEND_ERROR_SERVICE },
    { 400, "MissingAuthenticationTokenException", DW_BACKEND_ERROR_SERVICE },
    { 400, "UnrecognizedClientException", DW_BACKEND_ERROR_SERVICE },
    { 400, "ExpiredTokenException", DW_BACKEND_ERROR_SERVICE },
    { 400, "IncompleteSignatureException", DW_BACKEND_ERROR_SERVICE },
    { 400, "ConditionalCheckFailedException", DW_BACKEND_ERROR_CONDITION },
    { 413, NULL, DW_BACKEND_ERROR_SERVICE },
    { 302, NULL, DW_BACKEND_ERROR_SERVICE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (DynamoTable) dynamo = { 0 };
      g_autoptr (GError) error = NULL;

      g_test_message ("%u %s", rows[i].status, rows[i].name);
      dynamo_init (&dynamo);
      dw_cloud_fail (&dynamo.cloud, DW_FAULT_STATUS, rows[i].status, rows[i].name);
      g_assert_false (put (&dynamo, "a", &error));
      g_assert_error (error, DW_BACKEND_ERROR, rows[i].code);
      g_assert_cmpuint (dynamo.cloud.requests, ==, 1);
    }
}

/* The network fails in every possible way, and the row is stored in the end. */
static void
test_network (void)
{
  static const DwFaultKind kinds[] = { DW_FAULT_RESET, DW_FAULT_LOST, DW_FAULT_TORN };
  g_auto (DynamoTable) dynamo = { 0 };
  g_autoptr (GError) error = NULL;

  dynamo_init (&dynamo);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    dw_cloud_fail (&dynamo.cloud, kinds[i], 0, NULL);
  g_assert_true (put (&dynamo, "a", &error));
  g_assert_no_error (error);
  g_assert_cmpuint (dw_cloud_count (&dynamo.cloud, "Connections"), ==, 1);
  dw_cloud_fail (&dynamo.cloud, DW_FAULT_GARBAGE, 0, NULL);
  g_assert_null (scan (&dynamo, NULL, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE);
}

/* The deadline ends a call to a silent DynamoDB, and one to a table that is always throttled. */
static void
test_deadline (void)
{
  g_auto (DynamoTable) dynamo = { 0 };

  dynamo_init (&dynamo);
  for (guint i = 0; i < 2; i++)
    {
      gint64 begun = g_get_monotonic_time ();
      g_autoptr (GError) error = NULL;

      if (i == 0)
        dw_cloud_fail (&dynamo.cloud, DW_FAULT_SLOW, 0, NULL);
      else
        for (guint n = 0; n < 1000; n++)
          dw_cloud_fail (&dynamo.cloud, DW_FAULT_STATUS, 400, "ThrottlingException");
      dw_service_set_deadline (dynamo.service, begun + 700 * 1000);
      g_assert_false (put (&dynamo, "a", &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE);
      g_assert_cmpint (g_get_monotonic_time () - begun, <, 3 * G_USEC_PER_SEC);
    }
}

static gboolean
stop_throttling (gpointer data)
{
  g_queue_clear_full (&((DynamoTable *) data)->cloud.faults, g_free);
  return G_SOURCE_REMOVE;
}

/* Throttled for ten seconds: the write waits and succeeds. */
static void
test_throttled (void)
{
  g_auto (DynamoTable) dynamo = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 begun = g_get_monotonic_time ();

  dynamo_init (&dynamo);
  for (guint n = 0; n < 1000; n++)
    dw_cloud_fail (&dynamo.cloud, DW_FAULT_STATUS, 400, "ProvisionedThroughputExceededException");
  g_timeout_add (10000, stop_throttling, &dynamo);
  g_assert_true (put (&dynamo, "a", &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - begun, >=, 9 * G_USEC_PER_SEC);
  g_assert_cmpuint (dynamo.tally.throttled, >, 10);
  g_assert_cmpuint (dynamo.tally.throttled, <, 100);
}

/* The id of a sent message is remembered for ten minutes, whatever it looks like. */
static void
test_claims (void)
{
  g_autofree char *long_id = g_strnfill (30000, 'x');
  const char *const ids[] = { "a", "", long_id, "sha256:x" };
  g_auto (DynamoTable) dynamo = { 0 };

  dynamo_init (&dynamo);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_assert_cmpint (claim (&dynamo, ids[i], 1000), ==, 1);
      dw_dynamo_registry_confirm (dynamo.registry);
      settle (&dynamo);
      g_assert_cmpint (claim (&dynamo, ids[i], 1000), ==, 0);
      g_assert_cmpint (claim (&dynamo, ids[i], 1599), ==, 0);
      g_assert_cmpint (claim (&dynamo, ids[i], 1600), ==, 1);
      dw_registry_release (DW_REGISTRY (dynamo.registry), ids[i]);
      settle (&dynamo);
      g_assert_cmpint (claim (&dynamo, ids[i], 1601), ==, 1);
    }
  /* Message ids are not listed as connections. */
  g_assert_cmpuint (dw_cloud_count (&dynamo.cloud, "Connections"), ==, 0);
}

/* If a function claims a message and dies, the claim lasts for as long as it could have lived. Meanwhile nobody is told
 * that the message was sent, and afterwards it can be. */
static void
test_lease (void)
{
  g_auto (DynamoTable) dynamo = { 0 };

  dynamo_init (&dynamo);
  dw_dynamo_registry_set_lease (dynamo.registry, 30);
  dw_service_set_deadline (dynamo.service, g_get_monotonic_time () + 500 * 1000);
  g_assert_cmpint (claim (&dynamo, "a", 1000), ==, 1);
  dw_dynamo_registry_abandon (dynamo.registry);
  g_assert_cmpint (claim (&dynamo, "a", 1029), ==, -1);
  dw_service_set_deadline (dynamo.service, 0);
  g_assert_cmpint (claim (&dynamo, "a", 1030), ==, 1);
  dw_dynamo_registry_confirm (dynamo.registry);
  settle (&dynamo);
  g_assert_cmpint (claim (&dynamo, "a", 1061), ==, 0);
}

/* The deadline may pass while the claim is being checked. The message still counts as claimed. */
static void
test_lease_slow (void)
{
  g_auto (DynamoTable) dynamo = { 0 };

  dynamo_init (&dynamo);
  g_assert_cmpint (claim (&dynamo, "a", 1000), ==, 1);
  dw_dynamo_registry_abandon (dynamo.registry);
  dw_cloud_fail (&dynamo.cloud, DW_FAULT_NONE, 0, NULL);
  dw_cloud_fail (&dynamo.cloud, DW_FAULT_SLOW, 0, NULL);
  dw_service_set_deadline (dynamo.service, g_get_monotonic_time () + 500 * 1000);
  g_assert_cmpint (claim (&dynamo, "a", 1001), ==, -1);
}

static gboolean
confirm (gpointer data)
{
  dw_dynamo_registry_confirm (((DynamoTable *) data)->registry);
  return G_SOURCE_REMOVE;
}

/* A copy that arrives while the first is being sent waits for its end; if the first one died, it waits for the lease.
 */
static void
test_waits (void)
{
  for (guint dies = 0; dies < 2; dies++)
    {
      g_auto (DynamoTable) dynamo = { 0 };

      dynamo_init (&dynamo);
      dw_dynamo_registry_set_lease (dynamo.registry, 2);
      g_assert_cmpint (claim (&dynamo, "a", 1000), ==, 1);
      if (dies)
        dw_dynamo_registry_abandon (dynamo.registry);
      else
        g_timeout_add (500, confirm, &dynamo);
      dw_service_set_deadline (dynamo.service, g_get_monotonic_time () + 10 * G_USEC_PER_SEC);
      g_assert_cmpint (claim (&dynamo, "a", 1000), ==, dies);
      settle (&dynamo);
    }
}

/* The answer to a claim is lost. The retry finds the row of the first attempt and must recognise it as its own, or
 * else nobody would get the message. */
static void
test_lost_claim (void)
{
  g_auto (DynamoTable) dynamo = { 0 };

  dynamo_init (&dynamo);
  dw_cloud_fail (&dynamo.cloud, DW_FAULT_LOST, 0, NULL);
  g_assert_cmpint (claim (&dynamo, "a", 1000), ==, 1);
  g_assert_cmpuint (dynamo.cloud.requests, ==, 2);
  dw_service_set_deadline (dynamo.service, g_get_monotonic_time () + 500 * 1000);
  g_assert_cmpint (claim (&dynamo, "a", 1000), ==, -1);
}

/* Hundreds of rows are deleted a few at a time, and settling waits for all of them. */
static void
test_settle (void)
{
  g_auto (DynamoTable) dynamo = { 0 };

  dynamo_init (&dynamo);
  dw_cloud_fill (&dynamo.cloud, "Connections", 300, NULL);
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *id = g_strdup_printf ("connection-%05u=", i);

      dw_registry_remove_async (DW_REGISTRY (dynamo.registry), id, NULL, NULL, NULL);
    }
  settle (&dynamo);
  g_assert_cmpuint (dw_cloud_count (&dynamo.cloud, "Connections"), ==, 0);
}

/* Any answer is read as a page or an error. */
static void
test_answers (void)
{
  static const struct
  {
    const char *json;
    int rows; /* or -1 for an error */
  } rows[] = {
    { "{}", -1 },
    { "{\"Items\":{}}", -1 },
    { "{\"Items\":[]}", 0 },
    { "{\"Items\":[1,null,\"x\",[],{}]}", 0 },
    { "{\"Items\":[{\"ConnectionID\":\"a\"},{\"ConnectionID\":{\"N\":\"1\"}},{\"ConnectionID\":{\"S\":\"\"}}]}",
      0 },
    { "{\"Items\":[{\"ConnectionID\":{\"S\":\"a\"},\"Timestamp\":{\"N\":\"1e99\"}}]}", 1 },
    { "{\"Items\":[],\"LastEvaluatedKey\":{}}", -1 },
    { "{\"Items\":[],\"LastEvaluatedKey\":[]}", -1 },
    { "{\"Items\":[],\"LastEvaluatedKey\":null}", 0 },
    { "{\"Items\":[],\"LastEvaluatedKey\":{\"ConnectionID\":{\"S\":\"k\"}}}", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) node = json_from_string (rows[i].json, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (DwRegistryPage) page = dw_dynamo_registry_read_page (node, NULL, 0, &error);

      g_test_message ("%s", rows[i].json);
      if (rows[i].rows < 0)
        g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_TABLE);
      else
        g_assert_cmpint ((int) page->connection_ids->len, ==, rows[i].rows);
    }
}

static void
test_crc (void)
{
  g_assert_cmphex (dw_dynamodb_crc32 ((const guint8 *) "123456789", 9), ==, 0xcbf43926);
  g_assert_cmphex (dw_dynamodb_crc32 ((const guint8 *) "{}", 2), ==, 2745614147);
}

/* A row whose endpoint is a foreign host must not receive messages. */
static void
test_endpoints (void)
{
  const char *own = "https://abc.execute-api.eu-west-1.amazonaws.com/prod";
  static const char *const good[] = { "https://abc.execute-api.eu-west-1.amazonaws.com/prod",
                                      "https://xyz0.execute-api.us-gov-east-1.amazonaws.com/a_b-c",
                                      "https://xyz0.execute-api.cn-north-1.amazonaws.com.cn/prod" };
  static const char *const bad[] = { "http://xyz.execute-api.eu-west-1.amazonaws.com/prod",
                                     "https://xyz.execute-api.eu-west-1.amazonaws.com.evil.org/prod",
                                     "https://evil.org/x.execute-api.eu-west-1.amazonaws.com/prod",
                                     "https://xyz.execute-api.eu-west-1.amazonaws.com/prod/../x",
                                     "https://u@xyz.execute-api.eu-west-1.amazonaws.com/prod",
                                     "https://xyz.execute-api.eu-west-1.amazonaws.com:444/prod",
                                     "http://127.0.0.1:80/prod",
                                     "" };
  g_autofree char *region = dw_endpoint_dup_region (good[1]);
  g_autofree char *none = dw_endpoint_dup_region ("http://127.0.0.1:80/prod");
  g_autofree char *made = NULL, *china = NULL, *table = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (dw_endpoint_is_trusted (good[i], own));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (dw_endpoint_is_trusted (bad[i], own));
  g_assert_true (dw_endpoint_is_trusted ("http://127.0.0.1:80/prod", "http://127.0.0.1:81/prod"));
  g_assert_cmpstr (region, ==, "us-gov-east-1");
  g_assert_null (none);
  made = dw_endpoint_new_for_stage ("abc", "eu-west-1", "prod");
  g_assert_cmpstr (made, ==, own);
  china = dw_endpoint_new_for_stage ("abc", "cn-north-1", "prod");
  g_assert_cmpstr (china, ==, "https://abc.execute-api.cn-north-1.amazonaws.com.cn/prod");
  table = dw_endpoint_new ("dynamodb", "eu-west-1");
  g_assert_cmpstr (table, ==, "https://dynamodb.eu-west-1.amazonaws.com");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/aws/dynamo-registry/rows", test_rows);
  g_test_add_func ("/aws/dynamo-registry/clock", test_clock);
  g_test_add_func ("/aws/dynamo-registry/clock-bound", test_clock_bound);
  g_test_add_func ("/aws/dynamo-registry/signature", test_signature);
  g_test_add_func ("/aws/dynamo-registry/expired", test_expired);
  g_test_add_func ("/aws/dynamo-registry/pages", test_pages);
  g_test_add_func ("/aws/dynamo-registry/retried", test_retried);
  g_test_add_func ("/aws/dynamo-registry/reported", test_reported);
  g_test_add_func ("/aws/dynamo-registry/network", test_network);
  g_test_add_func ("/aws/dynamo-registry/deadline", test_deadline);
  g_test_add_func ("/aws/dynamo-registry/throttled", test_throttled);
  g_test_add_func ("/aws/dynamo-registry/claims", test_claims);
  g_test_add_func ("/aws/dynamo-registry/lease", test_lease);
  g_test_add_func ("/aws/dynamo-registry/lease-slow", test_lease_slow);
  g_test_add_func ("/aws/dynamo-registry/waits", test_waits);
  g_test_add_func ("/aws/dynamo-registry/lost-claim", test_lost_claim);
  g_test_add_func ("/aws/dynamo-registry/settle", test_settle);
  g_test_add_func ("/aws/dynamo-registry/answers", test_answers);
  g_test_add_func ("/aws/dynamo-registry/crc", test_crc);
  g_test_add_func ("/aws/dynamo-registry/endpoints", test_endpoints);
  return g_test_run ();
}
