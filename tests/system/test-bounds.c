/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every limit, one below it and one above it. The numbers are written out, so that changing a limit fails a test. */
#include "dw-test.h"

#include "backend/gateway/dw-arrivals.h"
#include "backend/gateway/dw-dead-letters.h"
#include "backend/gateway/dw-dispatcher.h"
#include "backend/gateway/dw-function-process.h"
#include "backend/gateway/dw-functions.h"
#include "backend/gateway/dw-listener.h"
#include "backend/gateway/dw-management.h"
#include "backend/gateway/dw-metrics.h"
#include "backend/gateway/dw-server-file.h"
#include "backend/gateway/dw-server-schema.h"
#include "backend/gateway/dw-server-socket.h"
#include "backend/gateway/dw-server.h"
#include "backend/gateway/dw-socket-gateway.h"
#include "backend/gateway/dw-tables.h"
#include "backend/gateway/dw-tls-door.h"
#include "backend/handlers/dw-caller.h"
#include "backend/handlers/dw-event-json.h"
#include "backend/handlers/dw-registry.h"

#include "client/connection/dw-latencies.h"
#include "client/connection/dw-outages.h"
#include "client/connection/dw-rollover.h"
#include "client/connection/dw-exchange.h"
#include "client/connection/dw-trace-file.h"
#include "client/connection/dw-trace.h"
#include "client/messages/dw-conversation.h"
#include "client/messages/dw-export.h"
#include "client/messages/dw-notice.h"
#include "client/messages/dw-outbox.h"
#include "client/messages/dw-outgoing.h"
#include "client/messages/dw-pages.h"
#include "client/messages/dw-seen.h"
#include "client/stages/dw-stage.h"
#include "client/stages/dw-store-stages.h"
#include "client/store/dw-passing.h"
#include "client/store/dw-record.h"
#include "client/store/dw-schema.h"
#include "client/store/dw-store-expiry.h"
#include "client/store/dw-store-lines.h"
#include "client/store/dw-store-lock.h"
#include "client/store/dw-store-search.h"
#include "client/store/dw-store-worker.h"
#include "client/store/dw-tokenizer.h"

#include "net/dw-frame-meter.h"
#include "net/dw-frame-stream.h"
#include "net/dw-upgrade-head.h"

#include "wire/dw-dialect.h"
#include "wire/dw-fingerprint.h"
#include "wire/dw-flat-object.h"
#include "wire/dw-frame.h"
#include "wire/dw-json.h"
#include "wire/dw-limits.h"
#include "wire/dw-message-id.h"
#include "wire/dw-safe-text.h"
#include "wire/dw-secret.h"
#include "wire/dw-sigv4.h"

#include <string.h>

static gboolean
takes_dialect (const char *route_key, const char *send_route, const char *body_key, const char *probe)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_custom (route_key, send_route, body_key, probe, NULL);

  return dialect != NULL;
}

static gboolean
takes_route_key (gsize n)
{
  g_autofree char *name = g_strnfill (n, 'a');

  return takes_dialect (name, "send", "text", NULL);
}

static gboolean
takes_send_route (gsize n)
{
  g_autofree char *name = g_strnfill (n, 'a');

  return takes_dialect ("action", name, "text", NULL);
}

static gboolean
takes_body_key (gsize n)
{
  g_autofree char *name = g_strnfill (n, 'a');

  return takes_dialect ("action", "send", name, NULL);
}

static gboolean
takes_probe (gsize n)
{
  g_autofree char *probe = g_strnfill (n, 'a');

  return takes_dialect ("action", "send", "text", probe);
}

static gboolean
takes_dialect_text (gsize n)
{
  const char *names = "{\"routeKey\":\"a\",\"sendRoute\":\"b\",\"bodyKey\":\"c\"}";
  g_autofree char *blanks = g_strnfill (n - strlen (names), ' ');
  g_autofree char *text = g_strconcat (names, blanks, NULL);
  g_autoptr (DwDialect) dialect = dw_dialect_from_text (text, NULL);

  return dialect != NULL;
}

static gboolean
takes_flat_members (gsize n)
{
  g_autoptr (GString) text = g_string_new (NULL);
  DwFlatObject object;

  for (gsize i = 0; i < n; i++)
    g_string_append_printf (text, "%s\"%" G_GSIZE_FORMAT "\":\"\"", i == 0 ? "{" : ",", i);
  g_string_append_c (text, '}');
  return dw_flat_object_read (&object, text->str, text->len);
}

static DwFrame *
welcome (const char *connection_id, const char *stage)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *text =
      g_strdup_printf ("{\"message\":\"Connected\",\"connectionId\":\"%s\",\"connectedAt\":1,\"stage\":\"%s\"}",
                       connection_id, stage);

  return dw_frame_classify (dialect, parser, text, strlen (text));
}

static gboolean
takes_connection_id (gsize n)
{
  g_autofree char *id = g_strnfill (n, 'c');
  g_autoptr (DwFrame) frame = welcome (id, "prod");

  return frame->kind == DW_FRAME_NOTIFICATION;
}

static gboolean
takes_stage_name (gsize n)
{
  g_autofree char *name = g_strnfill (n, 's');
  g_autoptr (DwFrame) frame = welcome ("c", name);

  return frame->stage != NULL;
}

static gboolean
takes_message_id (gsize n)
{
  g_autoptr (GString) id = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    g_string_append (id, "\xf0\x9f\x98\x80");
  return dw_message_id_is_valid (id->str);
}

/* Bytes that begin no character would otherwise make an id without end. */
static gboolean
takes_message_id_bytes (gsize n)
{
  g_autofree char *id = g_strnfill (n, '\x80');

  return dw_message_id_is_valid (id);
}

static gboolean
has_fingerprint (gsize n)
{
  g_autofree char *id = g_strnfill (n, 'i');
  const DwFrame frame = { .kind = DW_FRAME_BROADCAST, .text = (char *) "text", .id = id };
  g_autofree char *fingerprint = dw_fingerprint_of_frame (&frame);

  return fingerprint != NULL;
}

static gboolean
shows_name (gsize n)
{
  g_autofree char *name = g_strnfill (n, 'n');
  g_autofree char *shown = dw_safe_name (name);

  return strlen (shown) == n;
}

static gboolean
is_whole (gsize n)
{
  g_autofree char *text = g_strnfill (n, 'a');
  gboolean cut;
  g_autofree char *safe = dw_safe_text (text, DW_SAFE_TEXT_WHOLE, 1, &cut);

  return !cut;
}

static gboolean
takes_secret (gsize n)
{
  g_autofree char *text = g_strnfill (n, 'x');
  g_auto (GStrv) lines = dw_secret_parse (text, n, DW_SECRET_TOKEN, "F", NULL);

  return lines != NULL;
}

/* What is beyond the limit is not taken apart, so no signature can be right. */
static gboolean
covers_headers (gsize n)
{
  g_autoptr (GHashTable) headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GString) names = g_string_new (NULL);
  DwSigv4Request request = { "GET", "/", NULL, headers, NULL };
  g_autofree char *canonical = NULL, *last = NULL;

  for (gsize i = 1; i <= n; i++)
    {
      char *name = g_strdup_printf ("h%" G_GSIZE_FORMAT, i);

      g_string_append_printf (names, "%s%s", i == 1 ? "" : ";", name);
      g_hash_table_insert (headers, name, (gpointer) "v");
    }
  canonical = dw_sigv4_canonical_request (&request, names->str);
  last = g_strdup_printf ("\nh%" G_GSIZE_FORMAT ":v\n", n);
  return strstr (canonical, last) != NULL;
}

static gboolean
takes_address (gsize n)
{
  g_autofree char *fill = g_strnfill (n - strlen ("wss://h.example/"), 'a');
  g_autofree char *text = g_strconcat ("wss://h.example/", fill, NULL);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, NULL);

  return url != NULL;
}

static gboolean
takes_frame (gsize n)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autofree char *text = g_strnfill (n - dw_frame_encoded_size (dialect, "", NULL, NULL), 'a');
  g_autofree char *frame = dw_frame_encode (dialect, text, NULL, NULL, NULL);

  if (frame != NULL)
    g_assert_cmpuint (strlen (frame), ==, n);
  return frame != NULL;
}

static gboolean
takes_depth (gsize n)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *opening = g_strnfill (n, '[');
  g_autofree char *closing = g_strnfill (n, ']');
  g_autofree char *text = g_strconcat (opening, closing, NULL);

  return dw_json_parse (parser, text, -1, NULL) != NULL;
}

static gboolean
remembers_id (gsize n)
{
  g_autoptr (DwSeen) seen = dw_seen_new ();
  g_autofree char *id = g_strnfill (n, 'a');

  g_assert_true (dw_seen_is_first (seen, id));
  return !dw_seen_is_first (seen, id);
}

static gboolean
remembers_ids (gsize n)
{
  g_autoptr (DwSeen) seen = dw_seen_new ();

  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("%" G_GSIZE_FORMAT, i);

      g_assert_true (dw_seen_is_first (seen, id));
    }
  return !dw_seen_is_first (seen, "0");
}

static gboolean
takes_addresses (gsize n)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://h.example/", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  gboolean taken = TRUE;

  for (gsize i = 1; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("wss://h.example/%" G_GSIZE_FORMAT, i);
      g_autoptr (DwStageUrl) other = dw_stage_url_parse (text, NULL);

      taken = dw_stage_add_url (stage, other);
    }
  g_assert_cmpuint (dw_stage_get_n_urls (stage), ==, taken ? n : n - 1);
  return taken;
}

static gboolean
keeps_draft (gsize n)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://h.example/", NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);
  g_autofree char *draft = g_strnfill (n, 'a');

  dw_stage_set_draft (stage, draft);
  return strlen (dw_stage_get_draft (stage)) == n;
}

static gboolean
keeps_entries (gsize n)
{
  DwTrace *trace = dw_trace_new ();
  gboolean kept;

  for (gsize i = 0; i < n; i++)
    dw_trace_add_event (trace, DW_TRACE_PONG, 0, 0, NULL);
  kept = dw_trace_get_first (trace) == 1;
  dw_test_finalize (trace);
  return kept;
}

static gboolean
keeps_payload (gsize n)
{
  g_autofree char *text = g_strnfill (n - 1, 'a');
  g_autoptr (GBytes) one = g_bytes_new_static ("a", 1);
  g_autoptr (GBytes) rest = g_bytes_new_static (text, n - 1);
  DwTrace *trace = dw_trace_new ();
  gboolean kept;

  dw_trace_add_frame (trace, DW_TRACE_IN, 0, one);
  dw_trace_add_frame (trace, DW_TRACE_IN, 0, rest);
  kept = dw_trace_get_first (trace) == 1;
  dw_test_finalize (trace);
  return kept;
}

static gboolean
stands_together (gsize n)
{
  const DwRecord first = { .sender = (char *) "Ada", .text = (char *) "a", .time = 1 };
  const DwRecord second = { .sender = (char *) "Ada", .text = (char *) "b", .time = 1 + (gint64) n };

  return dw_record_stands_with (&first, &second);
}

static char *
write_event (const char *body)
{
  g_autoptr (DwCaller) caller = dw_caller_new ("L0SM9cOFvHcCIhw=", 1);
  g_autoptr (DwEvent) event = dw_event_new ("$default", caller, "prod", 1, body);

  event->api_id = g_strdup ("a");
  event->request_id = g_strdup ("b");
  event->message_id = g_strdup ("c");
  return dw_event_to_json (event);
}

static gboolean
takes_event (gsize n)
{
  g_autofree char *bare = write_event ("");
  g_autofree char *body = g_strnfill (n - strlen (bare), 'a');
  g_autofree char *text = write_event (body);
  g_autoptr (DwEvent) event = dw_event_from_json (text, -1, NULL);

  g_assert_cmpuint (strlen (text), ==, n);
  return event != NULL;
}

static const struct
{
  const char *what;
  gsize most;
  gboolean (*fits) (gsize n);
} limits[] = {
  { "a route key's bytes", 128, takes_route_key },
  { "a route's bytes", 128, takes_send_route },
  { "a body key's bytes", 128, takes_body_key },
  { "a probe's bytes", 32768, takes_probe },
  { "a dialect's text", 256 * 1024, takes_dialect_text },
  { "an address's characters", 4096, takes_address },
  { "members of a flat object", 8, takes_flat_members },
  { "a connection ID's characters", 128, takes_connection_id },
  { "a stage name's characters", 128, takes_stage_name },
  { "a message id's characters", 128, takes_message_id },
  { "a message id's bytes", 512, takes_message_id_bytes },
  { "the bytes of an id with a fingerprint", 128, has_fingerprint },
  { "a shown name's characters", 64, shows_name },
  { "a whole text's characters", 0x1000000, is_whole },
  { "a secret file's bytes", 64 * 1024, takes_secret },
  { "headers of a signature", 64, covers_headers },
  { "a frame's bytes", 32768, takes_frame },
  { "how deep a text nests", 64, takes_depth },
  { "an id's bytes", 128, remembers_id },
  { "ids", 10000, remembers_ids },
  { "a stage's addresses", 8, takes_addresses },
  { "a draft's bytes", 1024 * 1024, keeps_draft },
  { "a trace's entries", 100000, keeps_entries },
  { "a trace's payload", 32 * 1024 * 1024 - 2 * DW_TRACE_ENTRY_BYTES, keeps_payload },
  { "microseconds between two lines of a group", 5 * 60 * G_USEC_PER_SEC, stands_together },
  { "an event's bytes", 1024 * 1024, takes_event },
};

/* Exactly the limit is accepted, one more is refused. */
static void
test_limits (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_test_message ("%s: %" G_GSIZE_FORMAT, limits[i].what, limits[i].most);
      g_assert_true (limits[i].fits (limits[i].most - 1));
      g_assert_true (limits[i].fits (limits[i].most));
      g_assert_false (limits[i].fits (limits[i].most + 1));
    }
}

/* The same for what the tests of the rooms try at its edge by name, so that they would follow a number that moves, and for
 * the shares that everything has of memory and of a turn of the main loop: together they are what the programs may
 * take, so none of them changes by accident. */
#define NUMBER(name, number)                                                                                       \
  {                                                                                                                \
#name, (name), (number)                                                                                        \
  }

static const struct
{
  const char *name;
  gint64 is, number;
} numbers[] = {
  NUMBER (DW_DIALECT_NAME_BYTES, 128),
  NUMBER (DW_DIALECT_TEXT_BYTES, 256 * 1024),
  NUMBER (DW_FINGERPRINT_ID_BYTES, 128),
  NUMBER (DW_FINGERPRINT_BYTES, 64),
  NUMBER (DW_FLAT_OBJECT_MEMBERS, 8),
  NUMBER (DW_LIMIT_FRAME_BYTES, 32768),
  NUMBER (DW_LIMIT_MESSAGE_BYTES, 131072),
  NUMBER (DW_LIMIT_URL_CHARS, 4096),
  NUMBER (DW_LIMIT_CONNECTION_ID_CHARS, 128),
  NUMBER (DW_LIMIT_STAGE_CHARS, 128),
  NUMBER (DW_LIMIT_JSON_DEPTH, 64),
  NUMBER (DW_MESSAGE_ID_CHARS, 128),
  NUMBER (DW_SAFE_TEXT_NAME_CHARS, 64),
  NUMBER (DW_SAFE_TEXT_CLUSTER_CHARS, 32),
  NUMBER (DW_SECRET_FILE_BYTES, 64 * 1024),
  NUMBER (DW_SIGV4_KEY_BYTES, 32),
  NUMBER (DW_FRAME_FRAGMENTS, 4096),
  NUMBER (DW_FRAME_PONGS, 64 * 1024),
  NUMBER (DW_FRAME_PONG_COST, 64),
  NUMBER (DW_FRAME_STREAM_DROP, 256 * 1024),
  NUMBER (DW_FRAME_STREAM_FRAME, 32),
  NUMBER (DW_UPGRADE_HEAD_BYTES, 64 * 1024),
  NUMBER (DW_UPGRADE_BODY_BYTES, 4096),
  NUMBER (DW_UPGRADE_REASON_BYTES, 200),
  NUMBER (DW_UPGRADE_TEXT_BYTES, 8 * 1024),
  NUMBER (DW_LATENCIES_MOST, 60),
  NUMBER (DW_OUTAGES_MOST, 100),
  NUMBER (DW_OVERLAP_TEXTS, 20000),
  NUMBER (DW_TRACE_ENTRIES, 100000),
  NUMBER (DW_TRACE_BYTES, 32 * 1024 * 1024),
  NUMBER (DW_TRACE_ENTRY_BYTES, 160),
  NUMBER (DW_TRACE_FILE_BYTES, 256 * 1024 * 1024),
  NUMBER (DW_TRACE_FILE_LINES, 1000000),
  NUMBER (DW_TRACE_FILE_PIECE, 64 * 1024),
  NUMBER (DW_EXCHANGE_WAITING, 1000),
  NUMBER (DW_EXCHANGE_WAIT_US, 35 * G_USEC_PER_SEC),
  NUMBER (DW_EXCHANGE_SILENCE_US, 5 * G_USEC_PER_SEC),
  NUMBER (DW_EXCHANGE_CONNECTIONS, 8),
  NUMBER (DW_CONVERSATION_UNSAVED_BYTES, 512 * 1024),
  NUMBER (DW_CONVERSATION_ARRIVED, 1000),
  NUMBER (DW_CONVERSATION_ARRIVED_BYTES, 4 * 1024 * 1024),
  NUMBER (DW_CONVERSATION_UNOPENED, 50000),
  NUMBER (DW_CONVERSATION_UNOPENED_BYTES, 32 * 1024 * 1024),
  NUMBER (DW_NOTICE_SHOWN, 200),
  NUMBER (DW_OUTBOX_WAITING, 10000),
  NUMBER (DW_OUTBOX_WAITING_BYTES, 16 * 1024 * 1024),
  NUMBER (DW_OUTBOX_UNECHOED, 1000),
  NUMBER (DW_OUTBOX_REFUSED, 100),
  NUMBER (DW_OUTGOING_REPEATS, 2),
  NUMBER (DW_PAGES_KEPT, 24),
  NUMBER (DW_PAGES_KEPT_BYTES, 48 * 1024 * 1024),
  NUMBER (DW_PAGES_PINNED, 256),
  NUMBER (DW_PAGES_PINNED_BYTES, 128 * 1024 * 1024),
  NUMBER (DW_PAGES_HELD, 12000),
  NUMBER (DW_PAGES_HELD_BYTES, 32 * 1024 * 1024),
  NUMBER (DW_SEEN_IDS, 10000),
  NUMBER (DW_SEEN_BYTES, 1024 * 1024),
  NUMBER (DW_STAGE_URLS, 8),
  NUMBER (DW_STAGE_DRAFT_BYTES, 1024 * 1024),
  NUMBER (DW_STORE_STAGES, 100),
  NUMBER (DW_PASSING_BYTES, 32 * 1024 * 1024),
  NUMBER (DW_PASSING_LINES, 50000),
  NUMBER (DW_SCHEMA_APPLICATION, 0x44576368),
  NUMBER (DW_STORE_LINES_IDS, 2000),
  NUMBER (DW_STORE_LINES_IDS_BYTES, 16 * 1024 * 1024),
  NUMBER (DW_STORE_LINES_WAITING, 20000),
  NUMBER (DW_STORE_LINES_WAITING_BYTES, 16 * 1024 * 1024),
  NUMBER (DW_STORE_LINES_UNREAD, 9999),
  NUMBER (DW_STORE_LOCK_BYTES, 4096),
  NUMBER (DW_STORE_SEARCH_HITS, 200),
  NUMBER (DW_STORE_SEARCH_BYTES, 16 * 1024 * 1024),
  NUMBER (DW_STORE_SEARCH_WORDS, 16),
  NUMBER (DW_TOKENIZER_LETTERS, 64),
  NUMBER (DW_STORE_PENDING_BYTES, 64 * 1024 * 1024),
  NUMBER (DW_ARRIVALS_MOST, 512),
  NUMBER (DW_ARRIVALS_LEAST, 32),
  NUMBER (DW_DEAD_LETTERS_MOST, 100000),
  NUMBER (DW_DEAD_LETTERS_BYTES, 64 * 1024 * 1024),
  NUMBER (DW_DEAD_LETTERS_COST, 128),
  NUMBER (DW_DISPATCHER_QUEUE, 10000),
  NUMBER (DW_DISPATCHER_BYTES, 16 * 1024 * 1024),
  NUMBER (DW_DISPATCHER_FULL, 3),
  NUMBER (DW_DISPATCHER_CALLER_BYTES, 256 * 1024),
  NUMBER (DW_DISPATCHER_COST, 512),
  NUMBER (DW_DISPATCHER_LATE, 1000),
  NUMBER (DW_DISPATCHER_LATE_BYTES, 16 * 1024 * 1024),
  NUMBER (DW_FUNCTION_PAYLOAD_BYTES, 6291556),
  NUMBER (DW_FUNCTIONS_MOST, 100),
  NUMBER (DW_FUNCTIONS_LATER, 1000),
  NUMBER (DW_LISTENER_BACKLOG, 1024),
  NUMBER (DW_MANAGEMENT_BODIES, 4 * 1024 * 1024),
  NUMBER (DW_SERVER_FILE_VALUE_BYTES, 256 * 1024),
  NUMBER (DW_SERVER_FILE_LOG_BYTES, 4194304),
  NUMBER (DW_SERVER_SCHEMA_APPLICATION, 0x44577374),
  NUMBER (DW_SERVER_SOCKET_QUEUE, 1024 * 1024),
  NUMBER (DW_SERVER_SOCKET_PONGS, 1024 * 1024),
  NUMBER (DW_SERVER_SOCKET_DROP, 16 * 1024 * 1024),
  NUMBER (DW_SERVER_CONNECTIONS, 20000),
  NUMBER (DW_SOCKET_GATEWAY_ATTEMPTS, 8),
  NUMBER (DW_SOCKET_GATEWAY_BACKLOG, 256 * 1024 * 1024),
  NUMBER (DW_TABLES_JOBS, 16384),
  NUMBER (DW_TABLES_RESERVE, 32768),
  NUMBER (DW_TABLES_BYTES, 16 * 1024 * 1024),
  NUMBER (DW_TABLES_JOB_COST, 256),
  NUMBER (DW_TLS_DOOR_AT_ONCE, 6),
  NUMBER (DW_CALLER_USER_AGENT, 512),
  NUMBER (DW_CALLER_DOMAIN_NAME, 260),
  NUMBER (DW_EVENT_JSON_BYTES, 1024 * 1024),
  NUMBER (DW_REGISTRY_CLAIMS, 100000),
  NUMBER (DW_REGISTRY_CLAIM_COST, 128),
  NUMBER (DW_REGISTRY_CLAIMS_BYTES, 20 * 1024 * 1024),
};

static void
test_numbers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_test_message ("%s", numbers[i].name);
      g_assert_cmpint (numbers[i].is, ==, numbers[i].number);
    }
}

/* Surrogate pairs up to the last character; lone halves are replaced, whatever is next to them. */
static void
test_surrogates (void)
{
  static const struct
  {
    const char *escaped;
    const char *text;
  } rows[] = {
    { "\\ud7ff", "\xed\x9f\xbf" },
    { "\\ue000", "\xee\x80\x80" },
    { "\\ud800\\udc00", "\xf0\x90\x80\x80" },
    { "\\ud800\\udfff", "\xf0\x90\x8f\xbf" },
    { "\\udbff\\udc00", "\xf4\x8f\xb0\x80" }, /* U+10FC00 */
    { "\\udbff\\udfff", "\xf4\x8f\xbf\xbf" },
    { "\\ud800\\udbff", "\uFFFD\uFFFD" },
    { "\\ud800\\ue000", "\uFFFD\xee\x80\x80" },
    { "\\udc00\\udc00", "\uFFFD\uFFFD" },
    { "\\udfff", "\uFFFD" },
    { "\\udbff", "\uFFFD" },
    { "\\ud800x", "\uFFFDx" },
    { "\\u0000", "\uFFFD" },
    { "\\u0001", "\x01" },
  };
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *json = g_strdup_printf ("\"%s\"", rows[i].escaped);
      JsonNode *node = dw_json_parse (parser, json, -1, NULL);

      g_test_message ("%s", rows[i].escaped);
      g_assert_nonnull (node);
      g_assert_cmpstr (json_node_get_string (node), ==, rows[i].text);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/system/bounds/limits", test_limits);
  g_test_add_func ("/system/bounds/numbers", test_numbers);
  g_test_add_func ("/system/bounds/surrogates", test_surrogates);
  return g_test_run ();
}
