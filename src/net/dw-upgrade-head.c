/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-upgrade-head.h"

#include "dw-net-error.h"

#include "wire/dw-thread.h"

#include <string.h>

/**
 * SECTION:dw-upgrade-head
 *
 * The HTTP exchange that opens a WebSocket (RFC 6455 section 4), parsed strictly: lines end in CRLF, header names are
 * tokens, and control characters are refused. libsoup accepts `ICY 200`, bare line feeds and NULs (read).
 */

/* RFC 6455 section 1.3. */
#define ACCEPT_SALT "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* RFC 9110 section 5.6.2. */
#define TOKEN_PUNCTUATION "!#$%&'*+-.^_`|~"

/* How many heads are read, counting 1xx answers before the final one. */
#define INTERIM_ANSWERS 8

/**
 * dw_upgrade_key_new:
 *
 * Returns: (transfer full): 16 random bytes in base64 (RFC 6455 section 4.1)
 */
char *
dw_upgrade_key_new (void)
{
  guint32 key[4];

  for (guint i = 0; i < G_N_ELEMENTS (key); i++)
    key[i] = g_random_int ();
  return g_base64_encode ((const guchar *) key, sizeof key);
}

static char *
answer_to_key (const char *key)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize length = sizeof digest;

  g_checksum_update (sum, (const guchar *) key, -1);
  g_checksum_update (sum, (const guchar *) ACCEPT_SALT, -1);
  g_checksum_get_digest (sum, digest, &length);
  return g_base64_encode (digest, length);
}

static gboolean
is_token (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && (text[i] == '\0' || strchr (TOKEN_PUNCTUATION, text[i]) == NULL))
      return FALSE;
  return length > 0;
}

static gboolean
is_value (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (text[i] != '\t' && g_ascii_iscntrl (text[i]))
      return FALSE;
  return TRUE;
}

/* Headers that the upgrade writes itself, and that a caller may not add again. */
static gboolean
is_ours (const char *name)
{
  static const char *const names[] = { "host", "upgrade", "connection", "content-length", "transfer-encoding" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (name, names[i]) == 0)
      return TRUE;
  return g_ascii_strncasecmp (name, "sec-websocket-", strlen ("sec-websocket-")) == 0;
}

static gboolean
refuse (GError **error, DwNetError code, const char *words)
{
  g_set_error_literal (error, DW_NET_ERROR, (int) code, words);
  return FALSE;
}

static gboolean
check_request (const DwUpgradeRequest *request, GError **error)
{
  GHashTableIter iter;
  gpointer name, value;

  for (const char *at = request->target; *at != '\0'; at++)
    if (*at == ' ' || g_ascii_iscntrl (*at))
      return refuse (error, DW_NET_ERROR_REQUEST, "a blank or control character in the address");
  if (*request->target != '/' || !is_value (request->host, strlen (request->host)) || *request->host == '\0')
    return refuse (error, DW_NET_ERROR_REQUEST, "no address");

  for (char **at = request->protocols; at != NULL && *at != NULL; at++)
    if (!is_token (*at, strlen (*at)))
      return refuse (error, DW_NET_ERROR_REQUEST, "a subprotocol that is no token");

  if (request->headers == NULL)
    return TRUE;

  g_hash_table_iter_init (&iter, request->headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (!is_token (name, strlen (name)) || is_ours (name) || !is_value (value, strlen (value)))
      return refuse (error, DW_NET_ERROR_REQUEST, "a header that cannot be sent");
  return TRUE;
}

static void
add_target (GString *text, const char *target, gboolean redacted)
{
  for (const char *at = target; *at != '\0'; at++)
    if (*at == '?' && redacted)
      {
        g_string_append (text, "?…");
        return;
      }
    else if ((guchar) *at < 0x80)
      g_string_append_c (text, *at);
    else
      g_string_append_printf (text, "%%%02X", (guchar) *at);
}

/* Sorted, so that two requests can be compared. */
static void
add_headers (GString *text, GHashTable *headers, gboolean redacted)
{
  g_autoptr (GList) names = headers != NULL ? g_hash_table_get_keys (headers) : NULL;

  names = g_list_sort (names, (GCompareFunc) g_ascii_strcasecmp);
  for (GList *at = names; at != NULL; at = at->next)
    {
      const char *value = redacted ? "…" : g_hash_table_lookup (headers, at->data);

      g_string_append_printf (text, "%s: %s\r\n", (const char *) at->data, value);
    }
}

/**
 * dw_upgrade_request_write:
 * @request: the request
 * @redacted: whether to leave out what may be secret: the query, extra headers and subprotocols; for people
 * @error: %DW_NET_ERROR_REQUEST
 *
 * Returns: (transfer full): the request's head (RFC 6455 section 4.1), or %NULL if a part of it cannot be sent
 */
char *
dw_upgrade_request_write (const DwUpgradeRequest *request, gboolean redacted, GError **error)
{
  g_autoptr (GString) text = g_string_new ("GET ");

  if (!check_request (request, error))
    return NULL;

  add_target (text, request->target, redacted);
  g_string_append_printf (text,
                          " HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n",
                          request->host, request->key);
  /* No header rather than an empty one. */
  if (request->protocols != NULL && request->protocols[0] != NULL)
    {
      g_autofree char *joined = redacted ? g_strdup ("…") : g_strjoinv (", ", request->protocols);

      g_string_append_printf (text, "Sec-WebSocket-Protocol: %s\r\n", joined);
    }

  if (request->agent != NULL
      && (request->headers == NULL || !g_hash_table_contains (request->headers, "User-Agent")))
    g_string_append_printf (text, "User-Agent: %s\r\n", request->agent);

  add_headers (text, request->headers, redacted);
  g_string_append (text, "\r\n");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
header_free (gpointer data)
{
  DwUpgradeHeader *header = data;

  g_free (header->name);
  g_free (header->value);
  g_free (header);
}

/**
 * dw_upgrade_head_free:
 * @head: (transfer full): a head
 */
void
dw_upgrade_head_free (DwUpgradeHead *head)
{
  g_free (head->reason);
  g_ptr_array_unref (head->headers);
  g_clear_pointer (&head->rest, g_bytes_unref);
  g_free (head);
}

static char *
make_reason (const char *bytes, gsize length)
{
  g_autofree char *text = g_utf8_make_valid (bytes, (gssize) MIN (length, DW_UPGRADE_REASON_BYTES));
  gsize size = strlen (text);

  /* Each invalid byte became three, so cut it again. */
  if (size > DW_UPGRADE_REASON_BYTES)
    {
      char *end = g_utf8_find_prev_char (text, text + DW_UPGRADE_REASON_BYTES + 1);

      *end = '\0';
    }
  return g_steal_pointer (&text);
}

/* RFC 9112 section 4: `HTTP/1.1 101 Switching Protocols`, where the reason may be missing. */
static gboolean
parse_status (DwUpgradeHead *head, const char *line, gsize length)
{
  const char *status = line + strlen ("HTTP/1.1 ");

  if (length < strlen ("HTTP/1.1 101"))
    return FALSE;
  if (strncmp (line, "HTTP/1.1 ", 9) != 0 && strncmp (line, "HTTP/1.0 ", 9) != 0)
    return FALSE;

  for (guint i = 0; i < 3; i++)
    if (!g_ascii_isdigit (status[i]))
      return FALSE;

  if (status[0] == '0' || (length > strlen ("HTTP/1.1 101") && status[3] != ' ') || !is_value (line, length))
    return FALSE;

  head->old = line[7] == '0';
  head->status = (guint) (status[0] - '0') * 100 + (guint) (status[1] - '0') * 10 + (guint) (status[2] - '0');
  length -= MIN (length, strlen ("HTTP/1.1 101 "));
  head->reason = make_reason (status + (length > 0 ? 4 : 3), length);
  return TRUE;
}

/* A line that begins with a blank continues the one before it (RFC 9112 section 5.2). */
static gboolean
fold (DwUpgradeHead *head, const char *line, gsize length)
{
  DwUpgradeHeader *last = head->headers->len > 0 ? head->headers->pdata[head->headers->len - 1] : NULL;
  g_autofree char *more = g_utf8_make_valid (line, (gssize) length);
  char *whole;

  if (last == NULL)
    return FALSE;

  whole = g_strconcat (last->value, " ", g_strstrip (more), NULL);
  g_free (last->value);
  last->value = whole;
  return TRUE;
}

static gboolean
parse_header (DwUpgradeHead *head, const char *line, gsize length)
{
  const char *colon = memchr (line, ':', length);
  DwUpgradeHeader *header;

  if (!is_value (line, length))
    return FALSE;

  if (*line == ' ' || *line == '\t')
    return fold (head, line, length);

  if (colon == NULL || !is_token (line, (gsize) (colon - line)))
    return FALSE;

  header = g_new (DwUpgradeHeader, 1);
  header->name = g_strndup (line, (gsize) (colon - line));
  header->value = g_strstrip (g_utf8_make_valid (colon + 1, (gssize) (length - (gsize) (colon - line) - 1)));
  g_ptr_array_add (head->headers, header);
  return TRUE;
}

/* Where the first head in @bytes ends, after its empty line; 0 if it is not complete, -1 if it is malformed. */
static gssize
find_end (const char *bytes, gsize length)
{
  static const char start[] = "HTTP/1.";

  for (gsize i = 0; i < MIN (length, strlen (start)); i++)
    if (bytes[i] != start[i])
      return -1;
  for (const char *at = bytes; (at = memchr (at, '\n', length - (gsize) (at - bytes))) != NULL; at++)
    {
      if (at == bytes || at[-1] != '\r')
        return -1;
      if (at - bytes >= 3 && at[-2] == '\n')
        return at + 1 - bytes;
    }
  return 0;
}

static gboolean
parse_lines (DwUpgradeHead *head, const char *bytes, gsize length)
{
  const char *end = bytes + length - 2; /* where the empty line begins */
  const char *at = bytes;

  while (at < end)
    {
      const char *line_end = memchr (at, '\n', (gsize) (end - at));
      gsize size = (gsize) (line_end - at) - 1;
      gboolean fine = at == bytes ? parse_status (head, at, size) : parse_header (head, at, size);

      if (!fine)
        return FALSE;
      at = line_end + 1;
    }
  return head->status != 0;
}

static gboolean
parse_one (const char *bytes, gsize length, DwUpgradeHead **head, gsize *used, GError **error)
{
  gssize end = find_end (bytes, length);

  *head = NULL;
  if (end < 0)
    return refuse (error, DW_NET_ERROR_HEAD_MALFORMED, "the answer is not HTTP");
  if (end == 0)
    return TRUE;

  *used = (gsize) end;
  *head = g_new0 (DwUpgradeHead, 1);
  (*head)->headers = g_ptr_array_new_with_free_func (header_free);
  if (parse_lines (*head, bytes, (gsize) end))
    return TRUE;
  g_clear_pointer (head, dw_upgrade_head_free);
  return refuse (error, DW_NET_ERROR_HEAD_MALFORMED, "the answer is not HTTP");
}

/**
 * dw_upgrade_head_parse:
 * @bytes: what has arrived so far
 * @length: how many bytes
 * @error: %DW_NET_ERROR_HEAD_TOO_LARGE or %DW_NET_ERROR_HEAD_MALFORMED, as soon as the bytes show it
 *
 * Skips interim answers (RFC 9110 section 15.2).
 *
 * Returns: (transfer full) (nullable): the answer; %NULL without an error if it is not complete yet
 */
DwUpgradeHead *
dw_upgrade_head_parse (const char *bytes, gsize length, GError **error)
{
  gsize at = 0;

  for (guint i = 0; i < INTERIM_ANSWERS; i++)
    {
      g_autoptr (DwUpgradeHead) head = NULL;
      gsize used = 0;

      if (!parse_one (bytes + at, MIN (length, DW_UPGRADE_HEAD_BYTES) - at, &head, &used, error))
        return NULL;
      if (head == NULL && length >= DW_UPGRADE_HEAD_BYTES)
        {
          refuse (error, DW_NET_ERROR_HEAD_TOO_LARGE, "the head of the answer is above 64 KiB");
          return NULL;
        }
      if (head == NULL)
        return NULL;

      at += used;
      if (head->status >= 200 || head->status == 101)
        {
          head->rest = g_bytes_new (bytes + at, length - at);
          return g_steal_pointer (&head);
        }
    }
  refuse (error, DW_NET_ERROR_HEAD_MALFORMED, "one interim answer after another");
  return NULL;
}

/**
 * dw_upgrade_head_get:
 * @head: an answer
 * @name: a header's name, in any case
 *
 * Returns: (nullable): the value of the first header of that name
 */
const char *
dw_upgrade_head_get (const DwUpgradeHead *head, const char *name)
{
  for (guint i = 0; i < head->headers->len; i++)
    {
      const DwUpgradeHeader *header = head->headers->pdata[i];

      if (g_ascii_strcasecmp (header->name, name) == 0)
        return header->value;
    }
  return NULL;
}

static guint
count_headers (const DwUpgradeHead *head, const char *name)
{
  guint n = 0;

  for (guint i = 0; i < head->headers->len; i++)
    n += g_ascii_strcasecmp (((DwUpgradeHeader *) head->headers->pdata[i])->name, name) == 0;
  return n;
}

/* Whether a header of that name lists the token, ignoring case. */
static gboolean
has_token (const DwUpgradeHead *head, const char *name, const char *token)
{
  for (guint i = 0; i < head->headers->len; i++)
    {
      const DwUpgradeHeader *header = head->headers->pdata[i];
      g_auto (GStrv) parts = NULL;

      if (g_ascii_strcasecmp (header->name, name) != 0)
        continue;

      parts = g_strsplit (header->value, ",", -1);
      for (char **at = parts; *at != NULL; at++)
        if (g_ascii_strcasecmp (g_strstrip (*at), token) == 0)
          return TRUE;
    }
  return FALSE;
}

static gboolean
check_key (const DwUpgradeHead *head, const char *key, GError **error)
{
  g_autofree char *wanted = answer_to_key (key);
  const char *given = dw_upgrade_head_get (head, "Sec-WebSocket-Accept");

  if (count_headers (head, "Sec-WebSocket-Accept") == 1 && strcmp (given, wanted) == 0)
    return TRUE;
  return refuse (error, DW_NET_ERROR_ACCEPT_KEY, "the answer is to another request’s key");
}

/* RFC 6455 section 4.1: one of those offered, or none, and case matters. libsoup 3.2 ignores case (read). */
static gboolean
check_protocol (const DwUpgradeHead *head, char **offered, GError **error)
{
  const char *given = dw_upgrade_head_get (head, "Sec-WebSocket-Protocol");

  if (given == NULL)
    return TRUE;
  if (count_headers (head, "Sec-WebSocket-Protocol") == 1 && offered != NULL
      && g_strv_contains ((const char *const *) offered, given))
    return TRUE;
  return refuse (error, DW_NET_ERROR_SUBPROTOCOL, "a subprotocol that was not offered");
}

/* RFC 9110 section 15.2: a 1xx answer has no body. Some servers send a Content-Length of 0 all the same. */
static gboolean
check_body (const DwUpgradeHead *head, GError **error)
{
  const char *length = dw_upgrade_head_get (head, "Content-Length");

  if (dw_upgrade_head_get (head, "Transfer-Encoding") == NULL
      && (length == NULL || (strcmp (length, "0") == 0 && count_headers (head, "Content-Length") == 1)))
    return TRUE;
  return refuse (error, DW_NET_ERROR_BODY, "a 101 that announces a body");
}

/**
 * dw_upgrade_head_check:
 * @head: an answer
 * @request: the request that it answers
 * @error: the first that applies of %DW_NET_ERROR_STATUS, %DW_NET_ERROR_NOT_WEBSOCKET, %DW_NET_ERROR_BODY,
 *   %DW_NET_ERROR_ACCEPT_KEY, %DW_NET_ERROR_EXTENSION and %DW_NET_ERROR_SUBPROTOCOL
 *
 * The checks that RFC 6455 section 4.1 asks of a client.
 *
 * Returns: whether the upgrade succeeded and frames follow
 */
gboolean
dw_upgrade_head_check (const DwUpgradeHead *head, const DwUpgradeRequest *request, GError **error)
{
  if (head->status != 101)
    return refuse (error, DW_NET_ERROR_STATUS, "the upgrade was refused");
  if (head->old || !has_token (head, "Upgrade", "websocket") || !has_token (head, "Connection", "upgrade"))
    return refuse (error, DW_NET_ERROR_NOT_WEBSOCKET, "a 101 that is no upgrade to WebSocket");
  if (!check_body (head, error) || !check_key (head, request->key, error))
    return FALSE;

  /* We offer no extension. */
  if (dw_upgrade_head_get (head, "Sec-WebSocket-Extensions") != NULL)
    return refuse (error, DW_NET_ERROR_EXTENSION, "an extension that was not offered");
  return check_protocol (head, request->protocols, error);
}

/* Decodes a chunked body (RFC 9112 section 7.1) as far as it has arrived. */
static void
unchunk (GString *text)
{
  g_autoptr (GString) whole = g_string_new (NULL);
  const char *at = text->str;
  const char *end = text->str + text->len;

  while (at < end)
    {
      guint64 size = g_ascii_strtoull (at, NULL, 16);
      const char *line_end = memchr (at, '\n', (gsize) (end - at));

      if (size == 0 || line_end == NULL)
        break;
      at = line_end + 1;
      size = MIN (size, (guint64) (end - at));
      g_string_append_len (whole, at, (gssize) size);
      at += MIN (size + 2, (guint64) (end - at));
    }
  g_string_assign (text, whole->str);
}

/**
 * dw_upgrade_head_dup_body:
 * @head: a refusal
 *
 * Returns: (transfer full): what was read of its body, at most %DW_UPGRADE_BODY_BYTES, as text up to the first NUL;
 *   as untrusted as a message
 */
char *
dw_upgrade_head_dup_body (const DwUpgradeHead *head)
{
  gsize length = 0;
  const char *bytes = head->rest != NULL ? g_bytes_get_data (head->rest, &length) : NULL;
  g_autoptr (GString) text = g_string_new_len (bytes, (gssize) MIN (length, DW_UPGRADE_BODY_BYTES));

  if (has_token (head, "Transfer-Encoding", "chunked"))
    unchunk (text);
  return g_utf8_make_valid (text->str, -1);
}

/**
 * dw_upgrade_head_write:
 * @head: an answer
 *
 * Returns: (transfer full): the head as text to show to people: without cookies, which may be secret, and cut at
 *   %DW_UPGRADE_TEXT_BYTES; as untrusted as a message
 */
char *
dw_upgrade_head_write (const DwUpgradeHead *head)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "HTTP/1.%u %u %s\r\n", head->old ? 0 : 1, head->status, head->reason);
  for (guint i = 0; i < head->headers->len; i++)
    {
      const DwUpgradeHeader *header = head->headers->pdata[i];
      gboolean secret = g_ascii_strcasecmp (header->name, "Set-Cookie") == 0;

      if (text->len + strlen (header->name) + strlen (header->value) + 4 > DW_UPGRADE_TEXT_BYTES)
        {
          g_string_append (text, "…\r\n");
          break;
        }
      g_string_append_printf (text, "%s: %s\r\n", header->name, secret ? "…" : header->value);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* An exchange under way: the request being sent, and the answer read so far. */
typedef struct
{
  GIOStream *stream;
  char *request;
  GByteArray *answer; /* at most DW_UPGRADE_HEAD_BYTES and one read more */
  guint8 buffer[4096];
  DwUpgradeHead *head; /* the answer; if it is a refusal its body is being read */
  guint patience;      /* timeout for the body */
  GCancellable *body;  /* cancels reading the body */
  gulong chain;
} Exchange;

static void
exchange_free (gpointer data)
{
  Exchange *exchange = data;

  g_clear_handle_id (&exchange->patience, g_source_remove);
  g_clear_pointer (&exchange->head, dw_upgrade_head_free);
  g_clear_object (&exchange->body);
  g_clear_object (&exchange->stream);
  g_byte_array_unref (exchange->answer);
  g_free (exchange->request);
  g_free (exchange);
}

static void
return_head (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);

  g_clear_handle_id (&exchange->patience, g_source_remove);
  g_cancellable_disconnect (g_task_get_cancellable (task), exchange->chain);
  exchange->chain = 0;
  g_task_return_pointer (task, g_steal_pointer (&exchange->head), (GDestroyNotify) dw_upgrade_head_free);
}

static gboolean
body_is_whole (const DwUpgradeHead *head)
{
  const char *length = dw_upgrade_head_get (head, "Content-Length");
  gsize have = g_bytes_get_size (head->rest);
  const char *bytes = g_bytes_get_data (head->rest, NULL);

  if (have >= DW_UPGRADE_BODY_BYTES || head->status == 204 || head->status == 304)
    return TRUE;

  if (has_token (head, "Transfer-Encoding", "chunked"))
    return have >= 5 && g_strstr_len (bytes, (gssize) have, "0\r\n\r\n") != NULL;
  return length != NULL && have >= g_ascii_strtoull (length, NULL, 10);
}

static void on_body (GObject *source, GAsyncResult *result, gpointer data);

static void
read_body (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);

  if (body_is_whole (exchange->head))
    {
      return_head (task);
      g_object_unref (task);
      return;
    }
  g_input_stream_read_async (g_io_stream_get_input_stream (exchange->stream), exchange->buffer,
                             sizeof exchange->buffer, G_PRIORITY_DEFAULT, exchange->body, on_body, task);
}

static void
on_body (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Exchange *exchange = g_task_get_task_data (task);
  gssize length = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);
  DwUpgradeHead *head = exchange->head;

  /* The status is known, so an error in the body does not matter. */
  if (length <= 0)
    {
      return_head (task);
      g_object_unref (task);
      return;
    }

  g_byte_array_set_size (exchange->answer, 0);
  g_byte_array_append (exchange->answer, g_bytes_get_data (head->rest, NULL),
                       (guint) g_bytes_get_size (head->rest));
  g_byte_array_append (exchange->answer, exchange->buffer, (guint) length);

  g_bytes_unref (head->rest);
  head->rest = g_bytes_new (exchange->answer->data, exchange->answer->len);

  read_body (task);
}

static gboolean
on_impatience (gpointer data)
{
  Exchange *exchange = data;

  exchange->patience = 0;
  g_cancellable_cancel (exchange->body);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *outer, GCancellable *inner)
{
  g_cancellable_cancel (inner);
}

static void
begin_body (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);

  exchange->body = g_cancellable_new ();
  exchange->patience = g_timeout_add (DW_UPGRADE_BODY_MS, on_impatience, exchange);
  if (g_task_get_cancellable (task) != NULL)
    exchange->chain = g_cancellable_connect (g_task_get_cancellable (task), G_CALLBACK (on_cancelled),
                                             g_object_ref (exchange->body), g_object_unref);

  read_body (task);
}

static void on_head (GObject *source, GAsyncResult *result, gpointer data);

static void
read_head (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);

  g_input_stream_read_async (g_io_stream_get_input_stream (exchange->stream), exchange->buffer,
                             sizeof exchange->buffer, G_PRIORITY_DEFAULT, g_task_get_cancellable (task), on_head,
                             task);
}

static void
on_head (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;
  gssize length = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  if (length == 0)
    g_set_error_literal (&error, DW_NET_ERROR, DW_NET_ERROR_HEAD_ENDED,
                         "the connection ended before the answer did");
  if (length <= 0)
    {
      g_task_return_error (task, error);
      return;
    }

  g_byte_array_append (exchange->answer, exchange->buffer, (guint) length);

  exchange->head = dw_upgrade_head_parse ((const char *) exchange->answer->data, exchange->answer->len, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else if (exchange->head == NULL)
    read_head (g_steal_pointer (&task));
  else if (exchange->head->status == 101)
    return_head (task);
  else
    begin_body (g_steal_pointer (&task));
}

static void
on_request (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  /* If writing fails, the server may still have answered before it hung up, with 414 or 431 for example. */
  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &error)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, error);
  else
    {
      g_clear_error (&error);
      read_head (g_steal_pointer (&task));
    }
}

/**
 * dw_upgrade_head_exchange_async:
 * @stream: a connection to which nothing has been written yet
 * @request: what dw_upgrade_request_write() made
 * @cancellable: (nullable): stops it at once; deadlines are up to the caller
 * @callback: called with the answer's head and, for a refusal, what was read of its body
 * @data: for @callback
 *
 * Writes the request and reads the answer. If that fails @stream is of no more use.
 */
void
dw_upgrade_head_exchange_async (GIOStream *stream,
                                const char *request,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  GTask *task = g_task_new (stream, cancellable, callback, data);
  Exchange *exchange = g_new0 (Exchange, 1);

  DW_ASSERT_MAIN_THREAD ();
  g_task_set_source_tag (task, dw_upgrade_head_exchange_async);
  g_task_set_task_data (task, exchange, exchange_free);

  exchange->stream = g_object_ref (stream);
  exchange->request = g_strdup (request);
  exchange->answer = g_byte_array_new ();
  g_output_stream_write_all_async (g_io_stream_get_output_stream (stream), exchange->request,
                                   strlen (exchange->request), G_PRIORITY_DEFAULT, cancellable, on_request, task);
}

/**
 * dw_upgrade_head_exchange_finish:
 * @result: what the callback was given
 * @error: an error of dw_upgrade_head_parse() or of the stream, or %DW_NET_ERROR_HEAD_ENDED
 *
 * Returns: (transfer full): the answer, not checked yet
 */
DwUpgradeHead *
dw_upgrade_head_exchange_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
