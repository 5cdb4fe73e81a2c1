/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-connections-path.h"
#include "backend/gateway/dw-metrics.h"
#include "backend/gateway/dw-selection.h"
#include "backend/gateway/dw-server-frame.h"
#include "backend/gateway/dw-throttle.h"

#include <string.h>

static void
test_path (void)
{
  static const struct
  {
    const char *path;
    DwConnectionsPath wanted;
  } rows[] = {
    { "/prod/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_ID },
    { "/prod/%40connections/L0SM9cOFvHcCIhw%3D", DW_CONNECTIONS_PATH_ID },
    { "/prod/%40connections/L0SM9cOFvHcCIhw%3d", DW_CONNECTIONS_PATH_ID },
    { "/prod/@connections/nope", DW_CONNECTIONS_PATH_BAD_ID },
    { "/prod/@connections/", DW_CONNECTIONS_PATH_BAD_ID },
    { "/prod/@connections/%ff%fe", DW_CONNECTIONS_PATH_BAD_ID },
    { "/prod/@connections/L0SM9cOFvHcCIhw=/x", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/prod/@connections", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/Prod/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/test/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/a/b/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_OTHER },
    { "/prod", DW_CONNECTIONS_PATH_OTHER },
    { "/", DW_CONNECTIONS_PATH_OTHER },
    { "", DW_CONNECTIONS_PATH_OTHER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *id = NULL;

      g_test_message ("%s", rows[i].path);
      g_assert_cmpint (dw_connections_path_parse (rows[i].path, "prod", &id), ==, rows[i].wanted);
      if (rows[i].wanted == DW_CONNECTIONS_PATH_ID)
        g_assert_cmpstr (id, ==, "L0SM9cOFvHcCIhw=");
    }
}

static char *
select_route (const char *expression, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwSelection) selection = dw_selection_new (expression, &error);
  g_autoptr (JsonNode) root = json_from_string (body, NULL);

  g_assert_no_error (error);
  return dw_selection_evaluate (selection, root);
}

/* A wrong answer sends a message to another handler than in the cloud. */
static void
test_selection (void)
{
  static const struct
  {
    const char *expression;
    const char *body;
    const char *wanted;
  } rows[] = {
    { "$request.body.action", "{\"action\":\"join\"}", "join" },
    { "$request.body.action", "{\"action\":5}", "5" },
    { "$request.body.action", "{\"action\":true}", "true" },
    { "$request.body.action", "{}", NULL },
    { "$request.body.action", "[]", NULL },
    { "$request.body.a.b", "{\"a\":{\"b\":\"deep\"}}", "deep" },
    { "$request.body.a.b", "{\"a\":\"flat\"}", NULL },
    { "${request.body.service}/${request.body.action}", "{\"service\":\"chat\",\"action\":\"join\"}", "chat/join" },
    { "${request.body.service}/${request.body.action}", "{\"action\":\"join\"}", "/join" },
    { "static", "{}", "static" },
  };
  static const char *const bad[] = { "$request.header.x", "${request.body.a", "${other}", "$request.body",
                                     "$request.body.a b" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *key = select_route (rows[i].expression, rows[i].body);

      g_assert_cmpstr (key, ==, rows[i].wanted);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (dw_selection_new (bad[i], &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT);
    }
}

static void
test_throttle (void)
{
  DwThrottle throttle;
  gint64 now = 1000;

  dw_throttle_init (&throttle, 10, 5, now);
  for (guint i = 0; i < 5; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now + 99000));
  g_assert_true (dw_throttle_take (&throttle, now + 100001));
  /* However long nothing came, no more than the burst goes at once. */
  now += G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC;
  for (guint i = 0; i < 5; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
  g_assert_false (dw_throttle_take (&throttle, now));
  dw_throttle_init (&throttle, 0, 0, now);
  for (guint i = 0; i < 10000; i++)
    g_assert_true (dw_throttle_take (&throttle, now));
}

/* The bytes of RFC 6455 section 5.7, and the two longer lengths. */
static void
test_frame (void)
{
  static const struct
  {
    gsize length;
    guint8 head[10];
    gsize head_size;
  } rows[] = {
    { 5, { 0x81, 5 }, 2 },
    { 125, { 0x81, 125 }, 2 },
    { 126, { 0x81, 126, 0, 126 }, 4 },
    { 65535, { 0x81, 126, 0xff, 0xff }, 4 },
    { 65536, { 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0 }, 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strnfill (rows[i].length, 'x');
      g_autoptr (DwServerFrame) frame = dw_server_frame_new (text);
      gsize size;
      const guint8 *data = g_bytes_get_data (frame->bytes, &size);

      g_assert_cmpuint (size, ==, rows[i].head_size + rows[i].length);
      g_assert_cmpmem (data, rows[i].head_size, rows[i].head, rows[i].head_size);
      g_assert_cmpmem (data + rows[i].head_size, rows[i].length, text, rows[i].length);
    }
}

static void
test_metrics (void)
{
  DwMetrics metrics = { .connections = 3, .deliveries = 42 };
  g_autofree char *text = NULL;

  dw_metrics_add_time (&metrics, 90);
  dw_metrics_add_time (&metrics, 3000);
  dw_metrics_add_time (&metrics, 60 * G_USEC_PER_SEC);
  text = dw_metrics_to_text (&metrics);
  g_assert_nonnull (strstr (text, "\ndynamowave_connections 3\n"));
  g_assert_nonnull (strstr (text, "\ndynamowave_deliveries_total 42\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"0.0001\"} 1\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"0.005\"} 2\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"29\"} 2\n"));
  g_assert_nonnull (strstr (text, "_bucket{le=\"+Inf\"} 3\n"));
  g_assert_nonnull (strstr (text, "_count 3\n"));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/connections-path/AG-5", test_path);
  g_test_add_func ("/backend/selection/EM-5", test_selection);
  g_test_add_func ("/backend/throttle", test_throttle);
  g_test_add_func ("/backend/server-frame", test_frame);
  g_test_add_func ("/backend/metrics", test_metrics);
  return g_test_run ();
}
