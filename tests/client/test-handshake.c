/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"
#include "dw-test-proxy.h"

#include "client/connection/dw-handshake.h"
#include "client/connection/dw-rollover.h"
#include "client/messages/dw-seen.h"

#include "wire/dw-message-id.h"

#include <libsoup/soup.h>
#include <string.h>

static DwStage *
stage_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, &error);

  g_assert_no_error (error);
  return dw_stage_new (url);
}

/* The path and the query arrive as typed: no slash added or removed, no default stage. */
static void
test_targets (void)
{
  static const struct
  {
    const char *typed, *target;
  } rows[] = {
    { "/dev", "/dev" },
    { "/dev/", "/dev/" },
    { "//dev", "//dev" },
    { "/Dev", "/Dev" },
    { "", "/" },
    { "/base/path", "/base/path" },
    { "/s?a=b", "/s?a=b" },
    { "/s?token=S3CR3T+/=%2B%20~'(", "/s?token=S3CR3T+/=%2B%20~'(" },
    { "/a%2Fb", "/a%2Fb" },
    { "?x", "/?x" },
    { "/@x:y", "/@x:y" },
    { "/a/../b/./c", "/a/../b/./c" },
  };
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_autofree char *prod = dw_raw_peer_dup_url (peer);
      g_autofree char *base = g_strndup (prod, strlen (prod) - strlen ("/prod"));
      g_autofree char *url = g_strconcat (base, rows[i].typed, NULL);
      g_autofree char *line = g_strdup_printf ("GET %s HTTP/1.1\r\n", rows[i].target);
      g_autoptr (Fixture) fixture = fixture_new (policy, NULL, url, NULL);

      dw_session_connect (fixture->session);
      fixture_until_state (fixture, DW_SESSION_ONLINE);
      if (!g_str_has_prefix (dw_raw_peer_get_last_request (peer), line))
        g_error ("%s became %s", rows[i].typed, dw_raw_peer_get_last_request (peer));
    }
}

/* Subprotocols are offered in order. A wrong answer, or one that differs in case, is refused, and not retried forever.
 */
static void
test_subprotocols (void)
{
  static const struct
  {
    const char *answer;
    gboolean works;
  } rows[] = { { "auth", TRUE }, { "chat.v1", TRUE }, { "Chat.V1", FALSE }, { "other", FALSE } };
  static const char *const offered[] = { "chat.v1", "auth", NULL };
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_autofree char *url = dw_raw_peer_dup_url (peer);
      g_autoptr (DwStage) stage = stage_of (url);
      g_autoptr (Fixture) fixture = fixture_new (policy, NULL, url, NULL);

      dw_raw_peer_set_protocol (peer, rows[i].answer);
      dw_stage_set_protocols (stage, (char **) offered);
      dw_session_set_stage (fixture->session, stage);
      dw_session_connect (fixture->session);
      fixture_until_state (fixture, rows[i].works ? DW_SESSION_ONLINE : DW_SESSION_REFUSED);
      g_assert_nonnull (strstr (dw_raw_peer_get_last_request (peer), "Sec-WebSocket-Protocol: chat.v1, auth\r\n"));
      if (!rows[i].works)
        {
          g_assert_cmpint (dw_session_get_status (fixture->session)->cause, ==, DW_CAUSE_SUBPROTOCOL);
          g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 2);
        }
    }
}

/* If none was offered there is no header, and a subprotocol in the answer is refused. */
static void
test_no_subprotocol (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = fixture_new (policy, NULL, url, NULL);

  dw_raw_peer_set_protocol (peer, "chat.v1");
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_REFUSED);
  g_assert_null (strstr (dw_raw_peer_get_last_request (peer), "Sec-WebSocket-Protocol"));
}

/* Custom headers go to the stage, and a redirect does not carry them elsewhere. */
static void
test_headers_and_redirect (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwRawPeer) target = dw_raw_peer_new (NULL);
  g_autofree char *target_url = dw_raw_peer_dup_url (target);
  g_autofree char *http =
      g_strdup_printf ("HTTP/1.1 307 Elsewhere\r\nLocation: http%s\r\nContent-Length: 0\r\n\r\n", target_url + 2);
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (http);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (DwStage) stage = stage_of (url);
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (Fixture) fixture = fixture_new (policy, NULL, url, NULL);

  g_hash_table_insert (headers, (gpointer) "x-api-key", (gpointer) "S3CR3T");
  dw_stage_set_headers (stage, headers);
  dw_session_set_stage (fixture->session, stage);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_REFUSED);
  g_assert_cmpint (dw_session_get_status (fixture->session)->cause, ==, DW_CAUSE_REDIRECT);
  g_assert_nonnull (strstr (dw_raw_peer_get_last_request (peer), "x-api-key: S3CR3T\r\n"));
  g_assert_cmpuint (dw_raw_peer_get_attempts (target), ==, 0);
}

/* A certificate from an unknown authority, or for another host, is refused and never accepted silently. */
static void
test_certificate (void)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autofree char *pem = g_test_build_filename (G_TEST_DIST, "data", "self-signed.pem", NULL);
  g_autofree char *key = g_test_build_filename (G_TEST_DIST, "data", "self-signed.key", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_files (pem, key, &error);
  g_autoptr (SoupServer) server = NULL;
  g_autofree char *url = NULL;
  g_autoptr (Fixture) fixture = NULL;
  GSList *uris;

  g_assert_no_error (error);
  server = soup_server_new ("tls-certificate", certificate, NULL);
  g_assert_true (
      soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_HTTPS | SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
  uris = soup_server_get_uris (server);
  url = g_strdup_printf ("wss://localhost:%d/prod", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  policy->handshake_ms = 5000;
  fixture = fixture_new (policy, NULL, url, NULL);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_WAITING);
  g_assert_cmpint (dw_session_get_status (fixture->session)->cause, ==, DW_CAUSE_CERTIFICATE_ISSUER);
}

/* A single handshake and its outcome. */
typedef struct
{
  SoupWebsocketConnection *websocket;
  DwHandshakeReport report;
  GError *error;
  gboolean done;
} Try;

static void
on_tried (GObject *source, GAsyncResult *result, gpointer data)
{
  Try *try = data;

  try->websocket = dw_handshake_finish (result, &try->report, &try->error);
  try->done = TRUE;
}

static gboolean
is_done (gpointer data)
{
  return ((Try *) data)->done;
}

static void
try_handshake (Try *try, const char *text, const DwHandshakeOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, &error);

  g_assert_no_error (error);
  *try = (Try){ 0 };
  dw_handshake_async (url, options, NULL, on_tried, try);
  dw_test_until ("a handshake", is_done, try);
}

/* Cancels as soon as the answer is there and before anybody has read it. */
static void
cancel_at_upgrade (DwHandshakeStep step, gpointer data)
{
  if (step == DW_HANDSHAKE_UPGRADE)
    g_cancellable_cancel (data);
}

static void
forget (Try *try)
{
  if (try->websocket != NULL)
    dw_handshake_close (try->websocket, SOUP_WEBSOCKET_CLOSE_NORMAL);
  g_clear_object (&try->websocket);
  g_clear_error (&try->error);
  dw_handshake_report_clear (&try->report);
}

#define SWITCHING "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#define FORBIDDEN "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"

/* Any failure has one cause for users and one for developers, and the stage's own words if there are any. */
static void
test_answers (void)
{
  g_autofree char *huge = g_strnfill (70 * 1000, 'x');
  g_autofree char *huge_head = g_strconcat (SWITCHING "X: ", huge, "\r\n\r\n", NULL);
  g_autofree char *long_words = g_strconcat (FORBIDDEN "Content-Length: 3000\r\n\r\n{\"message\":\"", huge, NULL);
  g_autofree char *words = g_strnfill (2900, 'x');
  g_autofree char *many_words =
      g_strdup_printf (FORBIDDEN "Content-Length: 2914\r\n\r\n{\"message\":\"%s\"}", words);
  const struct
  {
    const char *answer;
    DwCause cause;
    guint status;
    const char *detail, *reason;
  } rows[] = {
    { SWITCHING "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", DW_CAUSE_NOT_A_STAGE, 101, "key",
      "Switching Protocols" },
    { SWITCHING "Transfer-Encoding: chunked\r\n\r\n", DW_CAUSE_NOT_A_STAGE, 101, "body", "Switching Protocols" },
    { "HTTP/1.1 101 x\r\n\r\n", DW_CAUSE_NOT_A_STAGE, 101, "no upgrade", "x" },
    { huge_head, DW_CAUSE_NOT_A_STAGE, 0, "64 KiB", NULL },
    { "ICY 200 OK\r\n\r\n", DW_CAUSE_NOT_A_STAGE, 0, "not HTTP", NULL },
    { "HTTP/1.1 101 x\n\n", DW_CAUSE_NOT_A_STAGE, 0, "not HTTP", NULL },
    { FORBIDDEN "Content-Length: 23\r\n\r\n{\"message\":\"Forbidden\"}", DW_CAUSE_FORBIDDEN, 403, "refused",
      "Forbidden" },
    { FORBIDDEN "\r\n{\"Message\":\"User is not authorized\"}", DW_CAUSE_FORBIDDEN, 403, "refused",
      "User is not authorized" },
    { FORBIDDEN "Transfer-Encoding: chunked\r\n\r\n10\r\n{\"message\":\"no\"}\r\n0\r\n\r\n", DW_CAUSE_FORBIDDEN,
      403, "refused", "no" },
    { FORBIDDEN "\r\n{\"message\":{\"a\":1}}", DW_CAUSE_FORBIDDEN, 403, "refused", "Forbidden" },
    { FORBIDDEN "\r\n{\"message\":403}", DW_CAUSE_FORBIDDEN, 403, "refused", "Forbidden" },
    { FORBIDDEN "\r\n<html>", DW_CAUSE_FORBIDDEN, 403, "refused", "Forbidden" },
    { long_words, DW_CAUSE_FORBIDDEN, 403, "refused", "Forbidden" },
    { many_words, DW_CAUSE_FORBIDDEN, 403, "refused", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
    { "HTTP/1.1 401\r\nContent-Length: 0\r\n\r\n", DW_CAUSE_UNAUTHORIZED, 401, "refused", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (rows[i].answer);
      g_autofree char *url = dw_raw_peer_dup_url (peer);
      DwHandshakeOptions options = { .timeout_ms = 5000 };
      Try try;

      g_test_message ("row %u", i);
      try_handshake (&try, url, &options);
      g_assert_null (try.websocket);
      g_assert_cmpint (try.report.cause, ==, rows[i].cause);
      g_assert_cmpuint (try.report.status, ==, rows[i].status);
      g_assert_cmpstr (try.report.reason, ==, rows[i].reason);
      g_assert_nonnull (strstr (try.report.detail, rows[i].detail));
      g_assert_cmpint (try.report.response != NULL, ==, rows[i].status != 0);
      forget (&try);
    }
}

static gboolean
on_drip (gpointer data)
{
  /* Cancels once the head has begun to arrive, and not before. */
  if (dw_raw_peer_get_attempts (data) == 0)
    return G_SOURCE_CONTINUE;
  dw_raw_peer_write (data, "H", 1);
  return G_SOURCE_CONTINUE;
}

/* The timeout covers the whole handshake: silence, and an answer that never ends. */
static void
test_trickle (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new ("HTTP/1.1 101 ");
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  DwHandshakeOptions options = { .timeout_ms = 400 };
  guint drip;
  gint64 began = g_get_monotonic_time ();
  Try try;

  drip = g_timeout_add (20, on_drip, peer);
  try_handshake (&try, url, &options);
  g_source_remove (drip);
  g_assert_cmpint (try.report.cause, ==, DW_CAUSE_HANDSHAKE_TIMEOUT);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, 390 * 1000);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 5 * G_USEC_PER_SEC);
  forget (&try);
}

/* Whoever cancels in the moment in which the answer arrives gets no socket: nobody would be left to close it. Nor is a
 * refusal reported then. */
static void
test_cancelled_at_last (void)
{
  static const char *const answers[] = { NULL, FORBIDDEN "Content-Length: 0\r\n\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (answers[i]);
      g_autofree char *text = dw_raw_peer_dup_url (peer);
      g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, NULL);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      DwHandshakeOptions options = { .timeout_ms = DW_TEST_DEADLINE_MS,
                                     .progress = cancel_at_upgrade,
                                     .progress_data = cancellable };
      Try try = { 0 };

      dw_handshake_async (url, &options, cancellable, on_tried, &try);
      dw_test_until ("a handshake", is_done, &try);
      g_assert_null (try.websocket);
      g_assert_error (try.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (try.report.cause, ==, DW_CAUSE_NONE);
      forget (&try);
    }
}

/* What the inspector gets: both heads without anything secret, and when each step was reached. */
static void
test_heads (void)
{
  static char *protocols[] = { (char *) "token-S3CR3T", NULL };
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autofree char *with_token = g_strconcat (url, "?token=S3CR3T", NULL);
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  DwHandshakeOptions options = { .timeout_ms = 5000, .headers = headers, .protocols = protocols };
  Try try;

  g_hash_table_insert (headers, (gpointer) "Authorization", (gpointer) "Bearer S3CR3T");
  try_handshake (&try, with_token, &options);
  g_assert_nonnull (try.websocket);
  g_assert_nonnull (strstr (dw_raw_peer_get_last_request (peer), "Authorization: Bearer S3CR3T\r\n"));
  g_assert_nonnull (strstr (dw_raw_peer_get_last_request (peer), "GET /prod?token=S3CR3T HTTP/1.1\r\n"));
  g_assert_null (strstr (dw_raw_peer_get_last_request (peer), "Extensions"));
  g_assert_nonnull (strstr (try.report.request, "Authorization: …\r\n"));
  g_assert_null (strstr (try.report.request, "S3CR3T"));
  g_assert_cmpuint (try.report.response->status, ==, 101);
  g_assert_cmpstr (dw_upgrade_head_get (try.report.response, "upgrade"), ==, "websocket");
  g_assert_cmpuint (try.report.steps_ms[DW_HANDSHAKE_CONNECTION], >, 0);
  g_assert_cmpuint (try.report.steps_ms[DW_HANDSHAKE_ENCRYPTION], ==, 0);
  g_assert_cmpuint (try.report.steps_ms[DW_HANDSHAKE_PROXY], ==, 0);
  g_assert_nonnull (strstr (url, try.report.transport.facts[DW_TRANSPORT_PEER]));
  g_assert_cmpuint (try.report.steps_ms[DW_HANDSHAKE_UPGRADE], >=, try.report.steps_ms[DW_HANDSHAKE_CONNECTION]);
  forget (&try);
}

static void
on_guest (SoupServer *server,
          SoupServerMessage *message,
          const char *path,
          SoupWebsocketConnection *guest,
          gpointer data)
{
  g_ptr_array_add (data, g_object_ref (guest));
  soup_websocket_connection_send_text (guest, "{\"message\":\"hello\"}");
}

static void
on_hello (GPtrArray *texts, int type, GBytes *message)
{
  g_ptr_array_add (texts, g_strndup (g_bytes_get_data (message, NULL), g_bytes_get_size (message)));
}

static gboolean
has_text (gpointer data)
{
  return ((GPtrArray *) data)->len > 0;
}

static gboolean
have_left (gpointer guests)
{
  GPtrArray *all = guests;

  for (guint i = 0; i < all->len; i++)
    if (soup_websocket_connection_get_state (all->pdata[i]) != SOUP_WEBSOCKET_STATE_CLOSED)
      return FALSE;
  return TRUE;
}

/* Each kind of proxy to a stage over TLS, and each way a proxy can fail. An unencrypted address never uses one. */
static void
test_proxies (void)
{
  static const struct
  {
    DwTestProxyMode mode;
    const char *scheme, *user;
    DwCause cause;
  } rows[] = {
    { DW_TEST_PROXY_OPEN, "http", NULL, DW_CAUSE_NONE },
    { DW_TEST_PROXY_OPEN, "socks5", NULL, DW_CAUSE_NONE },
    { DW_TEST_PROXY_PASSWORD, "http", "Ada:secret", DW_CAUSE_NONE },
    { DW_TEST_PROXY_PASSWORD, "http", NULL, DW_CAUSE_PROXY },
    { DW_TEST_PROXY_PASSWORD, "http", "Ada:wrong", DW_CAUSE_PROXY },
    { DW_TEST_PROXY_FORBIDS, "http", NULL, DW_CAUSE_PROXY },
    { DW_TEST_PROXY_FORBIDS, "socks5", NULL, DW_CAUSE_PROXY },
    { DW_TEST_PROXY_SILENT, "http", NULL, DW_CAUSE_HANDSHAKE_TIMEOUT },
  };
  g_autofree char *relative = g_test_build_filename (G_TEST_DIST, "data", "self-signed.pem", NULL);
  g_autofree char *pem = g_canonicalize_filename (relative, NULL);
  g_autofree char *key = g_test_build_filename (G_TEST_DIST, "data", "self-signed.key", NULL);
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_files (pem, key, NULL);
  g_autoptr (GTlsDatabase) trust = g_tls_file_database_new (pem, NULL);
  /* Reads the system's certificates now, because under a sanitizer that takes longer than a handshake may. */
  g_autoptr (GTlsDatabase) system G_GNUC_UNUSED = g_tls_backend_get_default_database (g_tls_backend_get_default ());
  g_autoptr (SoupServer) server = soup_server_new ("tls-certificate", certificate, NULL);
  g_autoptr (GPtrArray) guests = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (DwRawPeer) plain = dw_raw_peer_new (NULL);
  g_autofree char *plain_url = dw_raw_peer_dup_url (plain);
  g_autofree char *url = NULL;
  GSList *uris;

  g_assert_true (
      soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_HTTPS | SOUP_SERVER_LISTEN_IPV4_ONLY, NULL));
  soup_server_add_websocket_handler (server, "/prod", NULL, NULL, on_guest, guests, NULL);
  uris = soup_server_get_uris (server);
  url = g_strdup_printf ("wss://localhost:%d/prod", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwTestProxy) proxy = dw_test_proxy_new (rows[i].mode);
      g_autoptr (GProxyResolver) resolver = dw_test_proxy_dup_resolver (proxy, rows[i].scheme, rows[i].user);
      g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
      DwHandshakeOptions options = { .timeout_ms = rows[i].mode == DW_TEST_PROXY_SILENT ? 300 : 5000,
                                     .proxies = resolver,
                                     .trust = trust };
      Try try;

      g_test_message ("row %u", i);
      try_handshake (&try, url, &options);
      g_assert_cmpint (try.report.cause, ==, rows[i].cause);
      g_assert_cmpint (try.websocket != NULL, ==, rows[i].cause == DW_CAUSE_NONE);
      if (try.websocket != NULL)
        {
          g_signal_connect_swapped (try.websocket, "message", G_CALLBACK (on_hello), texts);
          dw_test_until ("a frame", has_text, texts);
          g_assert_cmpstr (texts->pdata[0], ==, "{\"message\":\"hello\"}");
          g_signal_handlers_disconnect_by_data (try.websocket, texts);
          g_assert_cmpuint (try.report.steps_ms[DW_HANDSHAKE_ENCRYPTION], >, 0);
          g_assert_cmpuint (try.report.steps_ms[DW_HANDSHAKE_PROXY], >, 0);
          g_assert_cmpuint (dw_transport_get_ms (&try.report.transport, DW_TRANSPORT_PROXIED_MS), ==,
                            try.report.steps_ms[DW_HANDSHAKE_PROXY]);
          g_assert_nonnull (try.report.transport.facts[DW_TRANSPORT_SHA256]);
        }
      forget (&try);

      try_handshake (&try, plain_url, &options);
      g_assert_cmpint (try.report.cause, ==, DW_CAUSE_NONE);
      forget (&try);
      g_assert_cmpuint (dw_test_proxy_get_requests (proxy), ==, rows[i].mode != DW_TEST_PROXY_SILENT);
    }

  /* libsoup still holds connections that are closing, and their sockets. */
  dw_test_until ("the server's ends to be closed", have_left, guests);
}

static void
test_policy (void)
{
  static const char *const bad[] = {
    "ping", "ping=", "ping=x", "ping=-1", "ping=0", "nope=1", "ping=1,", "ping=1 "
  };
  g_autoptr (DwSessionPolicy) usual = dw_session_policy_new ();
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (dw_session_policy_parse (policy, "ping=1000,base=5,refusals=9", &error));
  g_assert_cmpuint (policy->ping_ms, ==, 1000);
  g_assert_cmpuint (policy->backoff_base_ms, ==, 5);
  g_assert_cmpuint (policy->refusals, ==, 9);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (dw_session_policy_parse (policy, bad[i], NULL));
  /* By default a dead peer is replaced within 45 s, and the gateway's limits are respected. */
  g_assert_cmpuint (usual->ping_ms + usual->pong_ms, <=, 45 * 1000);
  g_assert_cmpuint (usual->probe_ms, <, 600 * 1000);
  g_assert_cmpuint (usual->rollover_ms, <, 7200 * 1000);
}

static void
test_seen (void)
{
  g_autoptr (DwSeen) seen = dw_seen_new ();
  g_autofree char *huge = g_strnfill (100000, 'x');

  g_assert_true (dw_seen_is_first (seen, "a"));
  g_assert_false (dw_seen_is_first (seen, "a"));
  g_assert_true (dw_seen_is_first (seen, NULL));
  g_assert_true (dw_seen_is_first (seen, NULL));
  g_assert_true (dw_seen_is_first (seen, huge));
  for (guint i = 0; i < DW_SEEN_IDS; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      g_assert_true (dw_seen_is_first (seen, id));
    }
  /* The oldest id is forgotten by now: the number of ids is bounded. */
  g_assert_true (dw_seen_is_first (seen, "a"));
}

static char *
make_long_id (guint number)
{
  g_autoptr (GString) id = g_string_new (NULL);

  g_string_printf (id, "%08u", number);
  for (guint i = 8; i < DW_MESSAGE_ID_CHARS; i++)
    g_string_append (id, "\342\202\254");
  return g_string_free (g_steal_pointer (&id), FALSE);
}

/* Ids of the greatest length take no more memory than short ones: fewer of them are remembered. */
static void
test_seen_bytes (void)
{
  g_autoptr (DwSeen) seen = dw_seen_new ();
  const guint n = DW_SEEN_BYTES / (8 + 3 * (DW_MESSAGE_ID_CHARS - 8));
  g_autofree char *first = make_long_id (0);
  g_autofree char *too_long = g_strconcat (first, "x", NULL);

  g_assert_cmpuint (n, <, DW_SEEN_IDS);
  for (guint i = 0; i <= n; i++)
    {
      g_autofree char *id = make_long_id (i);

      if (i >= n - 1)
        g_assert_false (dw_seen_is_first (seen, first));
      g_assert_true (dw_seen_is_first (seen, id));
    }
  g_assert_true (dw_seen_is_first (seen, first));
  g_assert_true (dw_seen_is_first (seen, too_long));
  g_assert_true (dw_seen_is_first (seen, too_long));
}

static gboolean
arrives_first (DwOverlap *overlap, guint number, gsize length, gboolean successor)
{
  g_autofree char *tail = g_strnfill (length - 10, 'x');
  g_autofree char *text = g_strdup_printf ("%08u%s", number, tail);
  DwFrame frame = { .kind = DW_FRAME_BROADCAST, .text = text };

  return dw_overlap_is_first (overlap, &frame, successor);
}

/* While two connections overlap, a stage that floods does not fill the memory: each message takes a fixed size, and
 * their number is bounded. */
static void
test_overlap_texts (void)
{
  g_autoptr (DwOverlap) overlap = dw_overlap_new ();
  const guint n = DW_OVERLAP_TEXTS;

  for (guint i = 0; i <= n; i++)
    g_assert_true (arrives_first (overlap, i, 20, FALSE));
  g_assert_false (arrives_first (overlap, n - 2, 20, TRUE));
  g_assert_false (arrives_first (overlap, n - 1, 20, TRUE));
  g_assert_true (arrives_first (overlap, n, 20, TRUE));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/handshake/targets/AG-5", test_targets);
  g_test_add_func ("/client/handshake/subprotocols/AG-4", test_subprotocols);
  g_test_add_func ("/client/handshake/no-subprotocol/AG-4", test_no_subprotocol);
  g_test_add_func ("/client/handshake/headers-and-redirect/AG-7", test_headers_and_redirect);
  g_test_add_func ("/client/handshake/certificate/S-4", test_certificate);
  g_test_add_func ("/client/handshake/answers", test_answers);
  g_test_add_func ("/client/handshake/trickle/WS-2", test_trickle);
  g_test_add_func ("/client/handshake/cancelled-at-last", test_cancelled_at_last);
  g_test_add_func ("/client/handshake/heads/AG-7", test_heads);
  g_test_add_func ("/client/handshake/proxies/S-5", test_proxies);
  g_test_add_func ("/client/handshake/policy", test_policy);
  g_test_add_func ("/client/handshake/seen", test_seen);
  g_test_add_func ("/client/handshake/seen/bytes", test_seen_bytes);
  g_test_add_func ("/client/handshake/overlap/texts", test_overlap_texts);
  return g_test_run ();
}
