/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"

#include "client/dw-overlap.h"
#include "client/dw-seen.h"
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

/* The path and the query arrive as typed: no slash added or removed, no stage invented. */
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
  DwSessionPolicy policy = fixture_policy ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_autofree char *prod = dw_raw_peer_dup_url (peer);
      g_autofree char *base = g_strndup (prod, strlen (prod) - strlen ("/prod"));
      g_autofree char *url = g_strconcat (base, rows[i].typed, NULL);
      g_autofree char *line = g_strdup_printf ("GET %s HTTP/1.1\r\n", rows[i].target);
      g_autoptr (Fixture) fixture = fixture_new (&policy, NULL, url, NULL);

      dw_session_connect (fixture->session);
      fixture_until_state (fixture, DW_SESSION_ONLINE);
      if (!g_str_has_prefix (dw_raw_peer_get_last_request (peer), line))
        g_error ("%s became %s", rows[i].typed, dw_raw_peer_get_last_request (peer));
    }
}

/* Offered in order, refused where the answer is another or differs in case, and not tried for ever. */
static void
test_subprotocols (void)
{
  static const struct
  {
    const char *answer;
    gboolean works;
  } rows[] = { { "auth", TRUE }, { "chat.v1", TRUE }, { "Chat.V1", FALSE }, { "other", FALSE } };
  static const char *const offered[] = { "chat.v1", "auth", NULL };
  DwSessionPolicy policy = fixture_policy ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_autofree char *url = dw_raw_peer_dup_url (peer);
      g_autoptr (DwStage) stage = stage_of (url);
      g_autoptr (Fixture) fixture = fixture_new (&policy, NULL, url, NULL);

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

/* With none offered the header is absent, and an unasked answer is refused. */
static void
test_no_subprotocol (void)
{
  DwSessionPolicy policy = fixture_policy ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (Fixture) fixture = fixture_new (&policy, NULL, url, NULL);

  dw_raw_peer_set_protocol (peer, "chat.v1");
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_REFUSED);
  g_assert_null (strstr (dw_raw_peer_get_last_request (peer), "Sec-WebSocket-Protocol"));
}

/* Headers go to the stage, and a redirect does not carry them elsewhere. */
static void
test_headers_and_redirect (void)
{
  DwSessionPolicy policy = fixture_policy ();
  g_autoptr (DwRawPeer) target = dw_raw_peer_new (NULL);
  g_autofree char *target_url = dw_raw_peer_dup_url (target);
  g_autofree char *http =
      g_strdup_printf ("HTTP/1.1 307 Elsewhere\r\nLocation: http%s\r\nContent-Length: 0\r\n\r\n", target_url + 2);
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (http);
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autoptr (DwStage) stage = stage_of (url);
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (Fixture) fixture = fixture_new (&policy, NULL, url, NULL);

  g_hash_table_insert (headers, (gpointer) "x-api-key", (gpointer) "S3CR3T");
  dw_stage_set_headers (stage, headers);
  dw_session_set_stage (fixture->session, stage);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_REFUSED);
  g_assert_cmpint (dw_session_get_status (fixture->session)->cause, ==, DW_CAUSE_REDIRECT);
  g_assert_nonnull (strstr (dw_raw_peer_get_last_request (peer), "x-api-key: S3CR3T\r\n"));
  g_assert_cmpuint (dw_raw_peer_get_attempts (target), ==, 0);
}

/* A certificate nobody vouches for, or of another host, is refused and never accepted in silence. */
static void
test_certificate (void)
{
  DwSessionPolicy policy = fixture_policy ();
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
  policy.handshake_ms = 5000;
  fixture = fixture_new (&policy, NULL, url, NULL);
  dw_session_connect (fixture->session);
  fixture_until_state (fixture, DW_SESSION_REFUSED);
  g_assert_cmpint (dw_session_get_status (fixture->session)->cause, ==, DW_CAUSE_CERTIFICATE);
}

static void
test_policy (void)
{
  static const char *const bad[] = {
    "ping", "ping=", "ping=x", "ping=-1", "ping=0", "nope=1", "ping=1,", "ping=1 "
  };
  DwSessionPolicy policy = dw_session_policy_default ();
  g_autoptr (GError) error = NULL;

  g_assert_true (dw_session_policy_parse (&policy, "ping=1000,base=5,refusals=9", &error));
  g_assert_cmpuint (policy.ping_ms, ==, 1000);
  g_assert_cmpuint (policy.backoff_base_ms, ==, 5);
  g_assert_cmpuint (policy.refusals, ==, 9);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (dw_session_policy_parse (&policy, bad[i], NULL));
  /* A dead peer is replaced within 45 s by default, and the gateway's limits are kept. */
  policy = dw_session_policy_default ();
  g_assert_cmpuint (policy.ping_ms + policy.pong_ms, <=, 45 * 1000);
  g_assert_cmpuint (policy.probe_ms, <, 600 * 1000);
  g_assert_cmpuint (policy.rollover_ms, <, 7200 * 1000);
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
  /* Forgotten by now, and that bound is the point. */
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

/* A stage that sends the longest ids there are does not take more memory than others: as many as fit are known. */
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

/* While two connections are open, a stage that sends as much as it can does not fill the memory: what is known of a
 * message is as long as any other's, and there are only so many. */
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
  g_test_add_func ("/client/policy", test_policy);
  g_test_add_func ("/client/seen", test_seen);
  g_test_add_func ("/client/seen/bytes", test_seen_bytes);
  g_test_add_func ("/client/overlap/texts", test_overlap_texts);
  return g_test_run ();
}
