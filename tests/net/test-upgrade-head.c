/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "net/dw-net-error.h"
#include "net/dw-upgrade-head.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* RFC 6455 section 1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define UPGRADE "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#define GOOD UPGRADE "Sec-WebSocket-Accept: " ACCEPT "\r\n"

static void
test_request (void)
{
  static char *protocols[] = { (char *) "chat.v1", (char *) "auth", NULL };
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *key = dw_upgrade_key_new ();
  g_autofree char *other = dw_upgrade_key_new ();
  DwUpgradeRequest request = { .host = "[::1]:8080", .target = "/a/../b%2F?token=S3CR3T+\xc3\xa9", .key = KEY };
  g_autofree char *plain = dw_upgrade_request_write (&request, FALSE, NULL);
  g_autofree char *whole = NULL;
  g_autofree char *redacted = NULL;
  gsize length;

  g_free (g_base64_decode (key, &length));
  g_assert_cmpuint (length, ==, 16);
  g_assert_cmpstr (key, !=, other);
  g_assert_cmpstr (plain, ==,
                   "GET /a/../b%2F?token=S3CR3T+%C3%A9 HTTP/1.1\r\nHost: [::1]:8080\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n");

  g_hash_table_insert (headers, (gpointer) "x-api-key", (gpointer) "S3CR3T");
  request.headers = headers;
  request.protocols = protocols;
  request.agent = "dynamowave-chat/1";
  whole = dw_upgrade_request_write (&request, FALSE, NULL);
  g_assert_nonnull (strstr (whole, "\r\nSec-WebSocket-Protocol: chat.v1, auth\r\n"));
  g_assert_nonnull (strstr (whole, "\r\nx-api-key: S3CR3T\r\n"));
  g_assert_nonnull (strstr (whole, "\r\nUser-Agent: dynamowave-chat/1\r\n"));
  g_assert_null (strstr (whole, "Origin"));
  g_assert_null (strstr (whole, "Extensions"));
  redacted = dw_upgrade_request_write (&request, TRUE, NULL);
  g_assert_null (strstr (redacted, "S3CR3T"));
  g_assert_null (strstr (redacted, "auth"));
  g_assert_nonnull (strstr (redacted, "GET /a/../b%2F?… HTTP/1.1\r\n"));
  g_assert_nonnull (strstr (redacted, "x-api-key: …\r\n"));
}

/* No text that a user enters can add a line to the request. */
static void
test_request_refused (void)
{
  static const struct
  {
    const char *target, *name, *value, *protocol;
  } rows[] = {
    { "/a b", NULL, NULL, NULL },
    { "/a\r\nX: y", NULL, NULL, NULL },
    { "a", NULL, NULL, NULL },
    { "/", "x", "y\r\nz: 1", NULL },
    { "/", "x:", "y", NULL },
    { "/", "", "y", NULL },
    { "/", "Host", "evil", NULL },
    { "/", "sec-websocket-extensions", "permessage-deflate", NULL },
    { "/", "Content-Length", "5", NULL },
    { "/", NULL, NULL, "a,b" },
    { "/", NULL, NULL, "a\r\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);
      char *protocols[] = { (char *) rows[i].protocol, NULL };
      DwUpgradeRequest request = {
        .host = "h", .target = rows[i].target, .key = KEY, .headers = headers, .protocols = protocols
      };
      g_autoptr (GError) error = NULL;

      if (rows[i].name != NULL)
        g_hash_table_insert (headers, (gpointer) rows[i].name, (gpointer) rows[i].value);
      g_assert_null (dw_upgrade_request_write (&request, FALSE, &error));
      g_assert_error (error, DW_NET_ERROR, DW_NET_ERROR_REQUEST);
    }
}

#define NONE 1000 /* success */
#define MORE 1001 /* incomplete */

/* Each answer has the same result, however it is split. */
static void
test_answers (void)
{
  static const struct
  {
    const char *answer;
    gsize length; /* or 0 for the whole text */
    int result;
    const char *rest;
  } rows[] = {
    { GOOD "\r\n", 0, NONE, "" },
    { GOOD "\r\n\x81\x02hi", 0, NONE, "\x81\x02hi" },
    { GOOD "sec-websocket-PROTOCOL:  chat.v1 \r\n\r\n", 0, NONE, "" },
    { GOOD "Content-Length: 0\r\n\r\n", 0, NONE, "" },
    { "HTTP/1.1 101\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\nSec-WebSocket-Accept: " ACCEPT
      "\r\n\r\n",
      0, NONE, "" },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" GOOD "\r\nx", 0, NONE, "x" },
    { GOOD, 0, MORE, NULL },
    { GOOD "\r", 0, MORE, NULL },
    { "HTTP/1.1 100 Continue\r\n\r\n", 0, MORE, NULL },
    { "", 0, MORE, NULL },
    { "HTT", 0, MORE, NULL },
    { "220 mail.example ESMTP\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { "ICY 200 OK\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { "HTTP/2 101 x\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { "HTTP/1.1 1 x\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { "HTTP/1.1 1011\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { "HTTP/1.1 000 x\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { "HTTP/1.1 101 x\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { GOOD "x\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { GOOD "a b: c\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { GOOD ": c\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { GOOD "a: b\x1b[31m\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { GOOD "a: b\rc\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { GOOD "a: b\0c\r\n\r\n", sizeof (GOOD "a: b\0c\r\n\r\n") - 1, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { "HTTP/1.1 101 a\x1b]0;x\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { "HTTP/1.1 101 x\r\n a: folded into nothing\r\n\r\n", 0, DW_NET_ERROR_HEAD_MALFORMED, NULL },
    { "HTTP/1.1 403 Forbidden\r\n\r\n", 0, DW_NET_ERROR_STATUS, "" },
    { "HTTP/1.0 403 Forbidden\r\n\r\nbody", 0, DW_NET_ERROR_STATUS, "body" },
    { "HTTP/1.1 200 OK\r\n\r\n", 0, DW_NET_ERROR_STATUS, "" },
    { "HTTP/1.0 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n", 0,
      DW_NET_ERROR_NOT_WEBSOCKET, "" },
    { "HTTP/1.1 101 x\r\n\r\n", 0, DW_NET_ERROR_NOT_WEBSOCKET, "" },
    { "HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n", 0,
      DW_NET_ERROR_NOT_WEBSOCKET, "" },
    { "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: close\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n", 0,
      DW_NET_ERROR_NOT_WEBSOCKET, "" },
    { UPGRADE "\r\n", 0, DW_NET_ERROR_ACCEPT_KEY, "" },
    { UPGRADE "Sec-WebSocket-Accept: c3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", 0, DW_NET_ERROR_ACCEPT_KEY, "" },
    { UPGRADE "Sec-WebSocket-Accept: S3PPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", 0, DW_NET_ERROR_ACCEPT_KEY, "" },
    { GOOD "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n", 0, DW_NET_ERROR_ACCEPT_KEY, "" },
    { GOOD "Transfer-Encoding: chunked\r\n\r\n", 0, DW_NET_ERROR_BODY, "" },
    { GOOD "Content-Length: 5\r\n\r\n", 0, DW_NET_ERROR_BODY, "" },
    { GOOD "Content-Length: 0\r\nContent-Length: 5\r\n\r\n", 0, DW_NET_ERROR_BODY, "" },
    { GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", 0, DW_NET_ERROR_EXTENSION, "" },
    { GOOD "Sec-WebSocket-Protocol: Chat.V1\r\n\r\n", 0, DW_NET_ERROR_SUBPROTOCOL, "" },
    { GOOD "Sec-WebSocket-Protocol: other\r\n\r\n", 0, DW_NET_ERROR_SUBPROTOCOL, "" },
    { GOOD "Sec-WebSocket-Protocol:\r\n\r\n", 0, DW_NET_ERROR_SUBPROTOCOL, "" },
    { GOOD "Sec-WebSocket-Protocol: chat.v1\r\nSec-WebSocket-Protocol: auth\r\n\r\n", 0, DW_NET_ERROR_SUBPROTOCOL,
      "" },
    { GOOD "Sec-WebSocket-Protocol: chat.v1, auth\r\n\r\n", 0, DW_NET_ERROR_SUBPROTOCOL, "" },
  };
  static char *protocols[] = { (char *) "chat.v1", (char *) "auth", NULL };
  DwUpgradeRequest request = { .host = "h", .target = "/", .key = KEY, .protocols = protocols };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gsize length = rows[i].length != 0 ? rows[i].length : strlen (rows[i].answer);
      g_autoptr (DwUpgradeHead) head = NULL;
      g_autoptr (GError) error = NULL;
      int result = MORE;

      g_test_message ("row %u", i);
      head = dw_upgrade_head_parse (rows[i].answer, length, &error);
      if (head != NULL && dw_upgrade_head_check (head, &request, &error))
        result = NONE;
      if (error != NULL)
        {
          g_assert_cmpstr (g_quark_to_string (error->domain), ==, g_quark_to_string (DW_NET_ERROR));
          result = error->code;
        }
      g_assert_cmpint (result, ==, rows[i].result);
      if (head != NULL)
        g_assert_cmpmem (g_bytes_get_data (head->rest, NULL), g_bytes_get_size (head->rest), rows[i].rest,
                         strlen (rows[i].rest));
    }
}

static void
test_unsolicited (void)
{
  DwUpgradeRequest request = { .host = "h", .target = "/", .key = KEY };
  const char *answer = GOOD "Sec-WebSocket-Protocol: chat.v1\r\n\r\n";
  g_autoptr (DwUpgradeHead) head = dw_upgrade_head_parse (answer, strlen (answer), NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (dw_upgrade_head_check (head, &request, &error));
  g_assert_error (error, DW_NET_ERROR, DW_NET_ERROR_SUBPROTOCOL);
}

/* A head has at most 64 KiB, and there is a limit to interim answers. */
static void
test_large (void)
{
  g_autoptr (GString) text = g_string_new (GOOD "x: ");
  g_autoptr (GString) interim = g_string_new (NULL);
  g_autoptr (DwUpgradeHead) head = NULL;
  g_autoptr (GError) error = NULL;

  while (text->len < DW_UPGRADE_HEAD_BYTES - 4)
    g_string_append_c (text, 'y');
  g_string_append (text, "\r\n\r\n");
  g_assert_cmpuint (text->len, ==, DW_UPGRADE_HEAD_BYTES);
  head = dw_upgrade_head_parse (text->str, text->len, &error);
  g_assert_no_error (error);
  g_assert_nonnull (head);

  g_string_insert_c (text, (gssize) strlen (GOOD "x: "), 'y');
  g_assert_null (dw_upgrade_head_parse (text->str, text->len - 1, &error));
  g_assert_error (error, DW_NET_ERROR, DW_NET_ERROR_HEAD_TOO_LARGE);
  g_clear_error (&error);

  for (guint i = 0; i < 20; i++)
    g_string_append (interim, "HTTP/1.1 100 Continue\r\n\r\n");
  g_assert_null (dw_upgrade_head_parse (interim->str, interim->len, &error));
  g_assert_error (error, DW_NET_ERROR, DW_NET_ERROR_HEAD_MALFORMED);
}

/* A reason and header values that are shown to users are valid UTF-8, and short. */
static void
test_words (void)
{
  g_autofree char *wrong = g_strnfill (300, '\xff');
  g_autofree char *text = g_strdup_printf ("HTTP/1.1 403 %s\r\nA: one\r\n two\r\nB: \xff\r\n\r\n", wrong);
  g_autoptr (DwUpgradeHead) head = dw_upgrade_head_parse (text, strlen (text), NULL);

  g_assert_cmpuint (strlen (head->reason), <=, DW_UPGRADE_REASON_BYTES);
  g_assert_true (g_utf8_validate (head->reason, -1, NULL));
  g_assert_cmpuint (strlen (head->reason), >, 0);
  g_assert_cmpstr (dw_upgrade_head_get (head, "a"), ==, "one two");
  g_assert_cmpstr (dw_upgrade_head_get (head, "b"), ==, "\xef\xbf\xbd");
  g_assert_null (dw_upgrade_head_get (head, "c"));
}

/* A head as text for users: without cookies, and short. */
static void
test_written (void)
{
  g_autofree char *huge = g_strnfill (10000, 'x');
  g_autofree char *text =
      g_strdup_printf ("HTTP/1.1 403 No\r\nset-cookie: S3CR3T\r\nA: b\r\nB: %s\r\nC: d\r\n\r\n", huge);
  g_autoptr (DwUpgradeHead) head = dw_upgrade_head_parse (text, strlen (text), NULL);
  g_autofree char *written = dw_upgrade_head_write (head);

  g_assert_cmpstr (written, ==, "HTTP/1.1 403 No\r\nset-cookie: …\r\nA: b\r\n…\r\n");
}

/* A raw peer, and an exchange with it. */
typedef struct
{
  int peer;
  GIOStream *stream;
  GCancellable *cancellable;
  DwUpgradeHead *head;
  GError *error;
  gboolean done;
} Talk;

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Talk *talk = data;

  talk->head = dw_upgrade_head_exchange_finish (result, &talk->error);
  talk->done = TRUE;
}

static void
begin_talk (Talk *talk)
{
  g_autoptr (GSocket) socket = NULL;
  int pair[2];

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, pair));
  socket = g_socket_new_from_fd (pair[0], NULL);
  *talk = (Talk){ .peer = pair[1],
                  .stream = G_IO_STREAM (g_socket_connection_factory_create_connection (socket)),
                  .cancellable = g_cancellable_new () };
  dw_upgrade_head_exchange_async (talk->stream, "GET / HTTP/1.1\r\n\r\n", talk->cancellable, on_done, talk);
}

static gboolean
is_done (gpointer data)
{
  return ((Talk *) data)->done;
}

static void
end_talk (Talk *talk)
{
  g_clear_pointer (&talk->head, dw_upgrade_head_free);
  g_clear_error (&talk->error);
  g_object_unref (talk->cancellable);
  dw_test_finalize (talk->stream);
  close (talk->peer);
}

static void
answer (Talk *talk, const char *bytes)
{
  g_assert_cmpint (write (talk->peer, bytes, strlen (bytes)), ==, (gssize) strlen (bytes));
}

static void
assert_body (const char *bytes, gboolean ends, const char *body)
{
  g_autofree char *read = NULL;
  Talk talk;

  begin_talk (&talk);
  answer (&talk, bytes);
  if (ends)
    shutdown (talk.peer, SHUT_WR);
  dw_test_until ("the answer", is_done, &talk);
  g_assert_no_error (talk.error);
  g_assert_cmpuint (talk.head->status, ==, 403);
  read = dw_upgrade_head_dup_body (talk.head);
  g_assert_cmpstr (read, ==, body);
  end_talk (&talk);
}

/* A refusal's body is read as its head describes it, up to the limit, and without waiting for missing bytes forever. */
static void
test_bodies (void)
{
  g_autofree char *huge = g_strnfill (100 * 1000, 'x');
  g_autofree char *much = g_strconcat ("HTTP/1.1 403 x\r\n\r\n", huge, NULL);
  g_autofree char *part = g_strnfill (DW_UPGRADE_BODY_BYTES, 'x');
  gint64 began;

  assert_body ("HTTP/1.1 403 x\r\nContent-Length: 23\r\n\r\n{\"message\":\"Forbidden\"}", FALSE,
               "{\"message\":\"Forbidden\"}");
  assert_body ("HTTP/1.1 403 x\r\n\r\nuntil the end", TRUE, "until the end");
  assert_body ("HTTP/1.1 403 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", FALSE,
               "abcde");
  assert_body ("HTTP/1.1 403 x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc", TRUE, "abc");
  assert_body ("HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n", FALSE, "");
  assert_body (much, FALSE, part);
  began = g_get_monotonic_time ();
  assert_body ("HTTP/1.1 403 x\r\nContent-Length: 23\r\n\r\npart", FALSE, "part");
  g_assert_cmpint (g_get_monotonic_time () - began, <, (DW_UPGRADE_BODY_MS + 5000) * 1000);
}

/* A head that arrives byte by byte, with frames right behind it. */
static void
test_pieces (void)
{
  const char *whole = GOOD "\r\n\x81\x02hi";
  Talk talk;

  begin_talk (&talk);
  for (const char *at = whole; *at != '\0'; at++)
    {
      g_assert_cmpint (write (talk.peer, at, 1), ==, 1);
      if (at[1] == '\x81')
        break;
      g_main_context_iteration (NULL, FALSE);
    }
  answer (&talk, "\x81\x02hi");
  dw_test_until ("the answer", is_done, &talk);
  g_assert_no_error (talk.error);
  g_assert_cmpuint (talk.head->status, ==, 101);
  /* The bytes may also still be in the socket. */
  g_assert_true (g_bytes_get_size (talk.head->rest) == 0 || g_bytes_get_size (talk.head->rest) == 4);
  end_talk (&talk);
}

static void
test_ends (void)
{
  Talk talk;

  begin_talk (&talk);
  answer (&talk, "HTTP/1.1 101 ");
  shutdown (talk.peer, SHUT_WR);
  dw_test_until ("the end", is_done, &talk);
  g_assert_error (talk.error, DW_NET_ERROR, DW_NET_ERROR_HEAD_ENDED);
  end_talk (&talk);

  begin_talk (&talk);
  answer (&talk, "HTTP/1.1 101 ");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_cancellable_cancel (talk.cancellable);
  dw_test_until ("the cancel", is_done, &talk);
  g_assert_error (talk.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  end_talk (&talk);

  /* Cancelled during a body. */
  begin_talk (&talk);
  answer (&talk, "HTTP/1.1 403 x\r\nContent-Length: 9\r\n\r\n");
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_cancellable_cancel (talk.cancellable);
  dw_test_until ("the cancel", is_done, &talk);
  g_assert_error (talk.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  end_talk (&talk);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/net/upgrade-head/request/AG-5", test_request);
  g_test_add_func ("/net/upgrade-head/request-refused", test_request_refused);
  g_test_add_func ("/net/upgrade-head/answers", test_answers);
  g_test_add_func ("/net/upgrade-head/unsolicited/AG-4", test_unsolicited);
  g_test_add_func ("/net/upgrade-head/large", test_large);
  g_test_add_func ("/net/upgrade-head/words", test_words);
  g_test_add_func ("/net/upgrade-head/written", test_written);
  g_test_add_func ("/net/upgrade-head/bodies", test_bodies);
  g_test_add_func ("/net/upgrade-head/pieces", test_pieces);
  g_test_add_func ("/net/upgrade-head/ends", test_ends);
  return g_test_run ();
}
