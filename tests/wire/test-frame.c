/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-flat-object.h"
#include "wire/dw-frame.h"
#include "wire/dw-limits.h"
#include "wire/dw-message-id.h"
#include "wire/dw-wire-error.h"

#include <string.h>

#define FFFD "\xef\xbf\xbd"

typedef struct
{
  const char *frame;
  DwFrameKind kind;
  const char *text;
} Row;

/* Rows with further checks. */
enum
{
  PROSE = 2,
  EXTENDED = 7,
  OURS = 8,
  FORBIDDEN = 9,
};

static const Row rows[] = {
  /* The design's section 1. */
  { "{\"message\":\"hello\"}", DW_FRAME_BROADCAST, "hello" },
  { "hello", DW_FRAME_BROADCAST, "hello" },
  [PROSE] = { "Use the sendmessage route to send a message. Your "
              "info:{\"ConnectedAt\":\"2025-02-03T01:46:33.523Z\","
              "\"connectionID\":\"FYnvDeD_NjMCKlg=\"}",
              DW_FRAME_NOTIFICATION, NULL },
  { "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"requestId\":\"r\"}", DW_FRAME_GATEWAY_ERROR, "Forbidden" },
  { "{\"message\":\"Internal server error\",\"connectionId\":\"c\",\"requestId\":\"r\"}", DW_FRAME_GATEWAY_ERROR,
    "Internal server error" },
  { "{\"message\":\"Too Many Requests\",\"connectionId\":\"c\",\"requestId\":\"r\"}", DW_FRAME_GATEWAY_ERROR,
    "Too Many Requests" },
  { "\"Message sent\"", DW_FRAME_ROUTE_RESPONSE, "Message sent" },
  [EXTENDED] = { "{\"message\":\"hello\",\"sender\":\"Ada\",\"id\":\"1\",\"sentAt\":\"2026-11-25T10:00:00.123Z\"}",
                 DW_FRAME_BROADCAST, "hello" },
  [OURS] = { "{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":\"2026-11-25T10:00:00.123Z\","
             "\"stage\":"
             "\"prod\","
             "\"features\":[\"sender\",\"id\",\"sentAt\"]}",
             DW_FRAME_NOTIFICATION, "Connected" },
  /* The gateway's own spacing, as captured. */
  [FORBIDDEN] = { "{\"message\": \"Forbidden\", \"connectionId\":\"XDmENcnwIE0CFEQ=\", "
                  "\"requestId\":\"XDmGEE2RoE0FRdQ=\"}",
                  DW_FRAME_GATEWAY_ERROR, "Forbidden" },
  { "{\"message\": \"Endpoint request timed out\", \"connectionId\":\"c\", \"requestId\":\"r\"}",
    DW_FRAME_GATEWAY_ERROR, "Endpoint request timed out" },
  { "{\"message\" : \"Bad request body\", \"connectionId\": \"c\", \"messageId\": \"m\"}", DW_FRAME_GATEWAY_ERROR,
    "Bad request body" },
  { "Use the send-message route to send a message. Your info:{\"ConnectedAt\":\"2025-02-03T01:46:33.523Z\","
    "\"Identity\":{\"SourceIp\":\"1.2.3.4\",\"UserAgent\":null},\"LastActiveAt\":\"2025-02-03T01:46:34.000Z\","
    "\"connectionID\":\"FYnvDeD_NjMCKlg=\"}",
    DW_FRAME_NOTIFICATION, NULL },
  /* Near misses are ordinary messages. */
  { "{\"message\":\"Forbidden\"}", DW_FRAME_BROADCAST, "Forbidden" },
  { "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"requestId\":\"r\",\"sender\":\"Eve\"}", DW_FRAME_BROADCAST,
    "Forbidden" },
  { "{\"message\":\"Forbidden\",\"connectionId\":1,\"requestId\":\"r\"}", DW_FRAME_BROADCAST, "Forbidden" },
  { "{\"message\":\"{\\\"message\\\":\\\"Forbidden\\\",\\\"connectionId\\\":\\\"c\\\",\\\"requestId\\\":\\\"r\\\"}"
    "\"}",
    DW_FRAME_BROADCAST, "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"requestId\":\"r\"}" },
  { "Use the sendmessage route to send a message. Your info:nonsense", DW_FRAME_BROADCAST,
    "Use the sendmessage route to send a message. Your info:nonsense" },
  { "Use the door", DW_FRAME_BROADCAST, "Use the door" },
  { "42", DW_FRAME_BROADCAST, "42" },
  { "[1,2]", DW_FRAME_BROADCAST, "[1,2]" },
  { "null", DW_FRAME_BROADCAST, "null" },
  { "", DW_FRAME_BROADCAST, "" },
  { "{\"message\":", DW_FRAME_BROADCAST, "{\"message\":" },
  { "{'message':'x'}", DW_FRAME_BROADCAST, "{'message':'x'}" },
  { "/* x */ {\"message\":\"x\"}", DW_FRAME_BROADCAST, "/* x */ {\"message\":\"x\"}" },
  { "{\"message\":42}", DW_FRAME_BROADCAST, "42" },
  { "{\"message\":{\"a\":[1]}}", DW_FRAME_BROADCAST, "{\"a\":[1]}" },
  { "{\"message\":null}", DW_FRAME_UNREADABLE, "{\"message\":null}" },
  { "{\"a\":1}", DW_FRAME_UNREADABLE, "{\"a\":1}" },
  { "{}", DW_FRAME_UNREADABLE, "{}" },
  /* Characters that json-glib cannot hold are replaced, and what follows them is kept. */
  { "{\"message\":\"ab\\u0000cd\"}", DW_FRAME_BROADCAST, "ab" FFFD "cd" },
  { "{\"message\":\"a\\ud800z\"}", DW_FRAME_BROADCAST, "a" FFFD "z" },
  { "{\"message\":\"a\\udc00z\"}", DW_FRAME_BROADCAST, "a" FFFD "z" },
  { "{\"message\":\"a\\ud800\\ud83d\\ude00z\"}", DW_FRAME_BROADCAST, "a" FFFD "\xf0\x9f\x98\x80z" },
  { "{\"message\":\"a\\\\u0000z\"}", DW_FRAME_BROADCAST, "a\\u0000z" },
  { "{\"message\":\"\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7\"}", DW_FRAME_BROADCAST,
    "\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7" },
};

static void
test_classify (void)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, rows[i].frame, strlen (rows[i].frame));

      g_test_message ("%s", rows[i].frame);
      g_assert_cmpint (frame->kind, ==, rows[i].kind);
      g_assert_cmpstr (frame->text, ==, rows[i].text != NULL ? rows[i].text : rows[i].frame);
      g_assert_true (g_utf8_validate (frame->text, -1, NULL));
      g_assert_cmpint (frame->reason != NULL, ==, frame->kind == DW_FRAME_UNREADABLE);
    }
}

static void
test_fields (void)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (DwFrame) broadcast =
      dw_frame_classify (dialect, parser, rows[EXTENDED].frame, strlen (rows[EXTENDED].frame));
  g_autoptr (DwFrame) ours = dw_frame_classify (dialect, parser, rows[OURS].frame, strlen (rows[OURS].frame));
  g_autoptr (DwFrame) prose = dw_frame_classify (dialect, parser, rows[PROSE].frame, strlen (rows[PROSE].frame));
  g_autoptr (DwFrame) forbidden =
      dw_frame_classify (dialect, parser, rows[FORBIDDEN].frame, strlen (rows[FORBIDDEN].frame));
  g_autoptr (DwFrame) copy = dw_frame_copy (ours);
  g_autoptr (GDateTime) time = g_date_time_new_utc (2026, 11, 25, 10, 0, 0.123);

  g_assert_cmpstr (broadcast->sender, ==, "Ada");
  g_assert_cmpstr (broadcast->id, ==, "1");
  g_assert_cmpint (broadcast->sent_at / 1000, ==, g_date_time_to_unix (time) * 1000 + 123);
  g_assert_cmpstr (copy->connection_id, ==, "c");
  g_assert_cmpint (copy->connected_at, ==, broadcast->sent_at);
  g_assert_cmpstr (copy->stage, ==, "prod");
  g_assert_cmpint (copy->features, ==, DW_FEATURE_SENDER | DW_FEATURE_ID | DW_FEATURE_SENT_AT);
  g_assert_cmpstr (prose->connection_id, ==, "FYnvDeD_NjMCKlg=");
  g_assert_cmpint (prose->connected_at, >, 0);
  g_assert_cmpint (prose->features, ==, DW_FEATURE_NONE);
  g_assert_cmpint (forbidden->gateway_error, ==, DW_GATEWAY_FORBIDDEN);
  g_assert_cmpstr (forbidden->connection_id, ==, "XDmENcnwIE0CFEQ=");
}

/* What a gateway error is about decides what happens to a message. */
static void
test_gateway_errors (void)
{
  static const struct
  {
    const char *text;
    DwGatewayError error;
  } errors[] = {
    { "Forbidden", DW_GATEWAY_FORBIDDEN },
    { "Internal server error", DW_GATEWAY_INTERNAL },
    { "Endpoint request timed out", DW_GATEWAY_TIMEOUT },
    { "Too Many Requests", DW_GATEWAY_THROTTLED },
    { "Bad request body", DW_GATEWAY_BAD_BODY },
    { "forbidden", DW_GATEWAY_OTHER },
    { "", DW_GATEWAY_OTHER },
  };
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"message\":\"%s\",\"connectionId\":\"c\",\"requestId\":\"r\"}", errors[i].text);
      g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, text, strlen (text));

      g_assert_cmpint (frame->kind, ==, DW_FRAME_GATEWAY_ERROR);
      g_assert_cmpint (frame->gateway_error, ==, errors[i].error);
      g_assert_cmpstr (frame->text, ==, errors[i].text);
    }
}

/* A feature counts by its name, whatever stands beside it. */
static void
test_features (void)
{
  static const struct
  {
    const char *list;
    guint features;
  } lists[] = {
    { "[\"sender\"]", DW_FEATURE_SENDER },
    { "[\"id\"]", DW_FEATURE_ID },
    { "[\"sentAt\"]", DW_FEATURE_SENT_AT },
    { "[1,null,{},[],\"Sender\",\"more\",\"id\",\"id\"]", DW_FEATURE_ID },
    { "[\"sentAt\",\"sender\"]", DW_FEATURE_SENDER | DW_FEATURE_SENT_AT },
    { "[]", DW_FEATURE_NONE },
    { "\"sender\"", DW_FEATURE_NONE },
    { "{\"sender\":true}", DW_FEATURE_NONE },
    { "null", DW_FEATURE_NONE },
  };
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "{\"connectionID\":\"c\",\"ConnectedAt\":\"2026-11-25T10:00:00Z\",\"features\":%s}", lists[i].list);
      g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, text, strlen (text));

      g_test_message ("%s", lists[i].list);
      g_assert_cmpint (frame->kind, ==, DW_FRAME_NOTIFICATION);
      g_assert_cmpstr (frame->text, ==, "Connected");
      g_assert_cmpuint (frame->features, ==, lists[i].features);
    }
}

/* What cannot be read says why, and an object of three members is not always the gateway's. */
static void
test_near (void)
{
  static const struct
  {
    const char *text;
    DwFrameKind kind;
    const char *words;
  } near[] = {
    { "{\"message\":1,\"connectionId\":\"c\",\"requestId\":\"r\"}", DW_FRAME_BROADCAST, NULL },
    { "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"requestId\":1}", DW_FRAME_BROADCAST, NULL },
    { "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"id\":\"r\"}", DW_FRAME_BROADCAST, NULL },
    { "{\"message\":\"x\",\"connectionId\":\"c\"}", DW_FRAME_BROADCAST, NULL },
    { "{\"message\":\"x\",\"connectedAt\":1}", DW_FRAME_BROADCAST, NULL },
    { "{\"connectionId\":\"c\",\"connectedAt\":1}", DW_FRAME_NOTIFICATION, NULL },
    { "{\"connectionID\":\"c\",\"ConnectedAt\":1}", DW_FRAME_NOTIFICATION, NULL },
    { "Use the x route to send a message. Your info:{}", DW_FRAME_NOTIFICATION, NULL },
    { "Use the x route to send a message. Your info:[]", DW_FRAME_BROADCAST, NULL },
    { "use the x route to send a message. Your info:{}", DW_FRAME_BROADCAST, NULL },
    { "{\"a\":1}", DW_FRAME_UNREADABLE, "contains no message" },
    { "\xff", DW_FRAME_UNREADABLE, "not text" },
  };
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *open = g_strnfill (100, '[');
  g_autoptr (DwFrame) deep = dw_frame_classify (dialect, parser, open, strlen (open));
  g_autoptr (DwFrame) plain = dw_frame_new_text ("{\"message\":\"x\"}");

  for (guint i = 0; i < G_N_ELEMENTS (near); i++)
    {
      g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, near[i].text, strlen (near[i].text));
      g_autoptr (DwFrame) copy = dw_frame_copy (frame);

      g_test_message ("row %u", i);
      g_assert_cmpint (frame->kind, ==, near[i].kind);
      g_assert_cmpint (copy->kind, ==, near[i].kind);
      g_assert_cmpstr (copy->text, ==, frame->text);
      g_assert_cmpstr (copy->reason, ==, frame->reason);
      if (near[i].words != NULL)
        g_assert_nonnull (strstr (frame->reason, near[i].words));
    }
  g_assert_nonnull (strstr (deep->reason, "too deeply"));
  g_assert_cmpint (plain->kind, ==, DW_FRAME_BROADCAST);
  g_assert_cmpstr (plain->text, ==, "{\"message\":\"x\"}");
}

/* An id that is too long or empty counts as none, so that no table or store has to keep it. */
static void
test_ids (void)
{
  static const guint lengths[] = { 0,     1, DW_MESSAGE_ID_CHARS - 1, DW_MESSAGE_ID_CHARS, DW_MESSAGE_ID_CHARS + 1,
                                   100000 };
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    for (guint width = 1; width <= 4; width++)
      {
        static const char *const letters[] = { "x", "\303\251", "\342\202\254", "\360\237\230\200" };
        g_autoptr (GString) id = g_string_new (NULL);
        g_autofree char *text = NULL;
        g_autoptr (DwFrame) frame = NULL;

        for (guint j = 0; j < lengths[i]; j++)
          g_string_append (id, letters[width - 1]);
        text = g_strdup_printf ("{\"message\":\"m\",\"sender\":\"a\",\"id\":\"%s\"}", id->str);
        frame = dw_frame_classify (dialect, parser, text, strlen (text));
        g_assert_cmpstr (frame->id, ==, lengths[i] > 0 && lengths[i] <= DW_MESSAGE_ID_CHARS ? id->str : NULL);
        g_assert_cmpstr (frame->sender, ==, "a");
      }
}

static void
test_bytes (void)
{
  static const char with_nul[] = "ab\0cd";
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (DwFrame) bad = dw_frame_classify (dialect, parser, "a\xc3\x28z", 4);
  g_autoptr (DwFrame) nul = dw_frame_classify (dialect, parser, with_nul, 5);
  static const char hidden[] = "{\"message\":\"x\"}\0{\"message\":\"y\"}";
  g_autoptr (DwFrame) two = dw_frame_classify (dialect, parser, hidden, sizeof hidden - 1);

  g_assert_cmpint (bad->kind, ==, DW_FRAME_UNREADABLE);
  g_assert_cmpstr (bad->text, ==, "a" FFFD "(z");
  g_assert_true (g_str_has_suffix (nul->text, "cd"));
  g_assert_cmpint (two->kind, ==, DW_FRAME_UNREADABLE);
  g_assert_true (g_str_has_suffix (two->text, "{\"message\":\"y\"}"));
}

/* json-glib crashes on 100,000 brackets. */
static void
test_depth (void)
{
  static const guint depths[] = { 1, DW_LIMIT_JSON_DEPTH, DW_LIMIT_JSON_DEPTH + 1, 100000, 120000 };
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; i < G_N_ELEMENTS (depths); i++)
    {
      g_autofree char *open = g_strnfill (depths[i], '[');
      g_autofree char *close = g_strnfill (depths[i], ']');
      g_autofree char *text = g_strconcat (open, close, NULL);
      g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, text, strlen (text));

      g_assert_cmpint (frame->kind, ==,
                       depths[i] <= DW_LIMIT_JSON_DEPTH ? DW_FRAME_BROADCAST : DW_FRAME_UNREADABLE);
    }
}

/* Found by the fuzzer: a text nested too deeply was not read to its end, and was shown with its invalid bytes. */
static void
test_deep_bytes (void)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *open = g_strnfill (DW_LIMIT_JSON_DEPTH + 1, '[');
  g_autofree char *text = g_strconcat (open, "\xc7[", NULL);
  g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, text, strlen (text));

  g_assert_cmpint (frame->kind, ==, DW_FRAME_UNREADABLE);
  g_assert_true (g_utf8_validate (frame->text, -1, NULL));
}

/* A frame of 128 KiB can parse into a tree of 15 MB, which must not be kept until the next frame. */
static void
test_tree (void)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GString) text = g_string_new ("[{}");
  g_autoptr (DwFrame) frame = NULL;

  while (text->len < DW_LIMIT_MESSAGE_BYTES - 4)
    g_string_append (text, ",{}");
  g_string_append_c (text, ']');
  frame = dw_frame_classify (dialect, parser, text->str, text->len);
  g_assert_cmpint (frame->kind, ==, DW_FRAME_BROADCAST);
  g_assert_true (JSON_NODE_HOLDS_VALUE (json_parser_get_root (parser)));

  /* A small one is freed with the next, which is faster. */
  for (gsize n = 4096; n <= 4097; n++)
    {
      g_autofree char *blanks = g_strnfill (n - 4, ' ');
      g_autofree char *small = g_strconcat ("[{}", blanks, "]", NULL);
      g_autoptr (DwFrame) kept = dw_frame_classify (dialect, parser, small, n);

      g_assert_cmpint (kept->kind, ==, DW_FRAME_BROADCAST);
      g_assert_cmpint (JSON_NODE_HOLDS_ARRAY (json_parser_get_root (parser)), ==, n == 4096);
    }
}

/* A frame with too long a connection ID is not the gateway's, and a time that cannot be shown is ignored. */
static void
test_members (void)
{
  static const struct
  {
    const char *time;
    gboolean counts;
  } times[] = {
    { "\"2026-11-25T10:00:00Z\"", TRUE },
    { "1", TRUE },
    { "253402214400000", TRUE },
    { "253402214400001", FALSE },
    { "\"9999-12-30T00:00:00.000Z\"", TRUE },
    { "\"9999-12-31T23:59:59.999Z\"", FALSE },
    { "0", FALSE },
    { "-1", FALSE },
    { "-9223372036854775808", FALSE },
    { "9223372036854775807", FALSE },
    { "\"0001-01-01T00:00:00Z\"", FALSE },
    { "\"-2026-11-25T10:00:00Z\"", FALSE },
    { "1e300", FALSE },
    { "{}", FALSE },
  };
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (gsize n = DW_LIMIT_CONNECTION_ID_CHARS - 1; n <= DW_LIMIT_CONNECTION_ID_CHARS + 1; n++)
    {
      gboolean counts = n <= DW_LIMIT_CONNECTION_ID_CHARS;
      g_autofree char *id = g_strnfill (n, 'c');
      g_autofree char *refusal =
          g_strdup_printf ("{\"message\":\"Forbidden\",\"connectionId\":\"%s\",\"requestId\":\"r\"}", id);
      g_autofree char *welcome = g_strdup_printf (
          "{\"message\":\"Connected\",\"connectionId\":\"%s\",\"connectedAt\":1,\"stage\":\"%s\"}", id, id);
      g_autoptr (DwFrame) error = dw_frame_classify (dialect, parser, refusal, strlen (refusal));
      g_autoptr (DwFrame) notification = dw_frame_classify (dialect, parser, welcome, strlen (welcome));

      g_assert_cmpint (error->kind, ==, counts ? DW_FRAME_GATEWAY_ERROR : DW_FRAME_BROADCAST);
      g_assert_cmpint (notification->kind, ==, counts ? DW_FRAME_NOTIFICATION : DW_FRAME_BROADCAST);
      g_assert_cmpstr (notification->stage, ==, counts ? id : NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":%s}", times[i].time);
      g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, text, strlen (text));

      g_test_message ("%s", times[i].time);
      g_assert_cmpint (frame->connected_at > 0, ==, times[i].counts);
      g_assert_cmpint (frame->connected_at, >=, 0);
    }
}

/* A dialect that somebody else put into the file. */
static void
test_foreign_dialect (void)
{
  g_autofree char *open = g_strnfill (200000, '[');
  g_autofree char *deep = g_strconcat ("{\"routeKey\":", open, NULL);
  g_autofree char *blanks = g_strnfill (DW_DIALECT_TEXT_BYTES, ' ');
  const char *good = "{\"routeKey\":\"a\",\"sendRoute\":\"b\",\"bodyKey\":\"c\"}";
  g_autofree char *long_one = g_strconcat (good, blanks, NULL);
  g_autofree char *longest = g_strndup (long_one, DW_DIALECT_TEXT_BYTES);
  const struct
  {
    const char *text;
    gboolean counts;
  } cases[] = {
    { good, TRUE },
    { longest, TRUE },
    { long_one, FALSE },
    { deep, FALSE },
    { "{\"routeKey\":1,\"sendRoute\":[],\"bodyKey\":{}}", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DwDialect) dialect = dw_dialect_from_text (cases[i].text, &error);

      g_assert_cmpint (dialect != NULL, ==, cases[i].counts);
      g_assert_cmpint (error == NULL, ==, cases[i].counts);
    }
}

static void
test_encode (void)
{
  static const struct
  {
    DwDialectPreset preset;
    const char *text, *sender, *id, *frame;
  } cases[] = {
    { DW_DIALECT_DYNAMOWAVE, "hello", NULL, NULL, "{\"action\":\"sendMessage\",\"message\":\"hello\"}" },
    { DW_DIALECT_DYNAMOWAVE, "hello", "Ada", "u",
      "{\"action\":\"sendMessage\",\"message\":\"hello\",\"sender\":\"Ada\",\"id\":\"u\"}" },
    { DW_DIALECT_LOWER_CASE, "hello", NULL, NULL, "{\"action\":\"sendmessage\",\"message\":\"hello\"}" },
    { DW_DIALECT_DATA, "a\"b\\c\n", NULL, NULL, "{\"action\":\"sendmessage\",\"data\":\"a\\\"b\\\\c\\n\"}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DwDialect) dialect = dw_dialect_new_preset (cases[i].preset);
      g_autoptr (GError) error = NULL;
      g_autofree char *frame = dw_frame_encode (dialect, cases[i].text, cases[i].sender, cases[i].id, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (frame, ==, cases[i].frame);
      g_assert_cmpuint (dw_frame_encoded_size (dialect, cases[i].text, cases[i].sender, cases[i].id), ==,
                        strlen (frame));
    }
}

/* Above this size the gateway closes with 1009. */
static void
test_encode_limit (void)
{
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  gsize room = DW_LIMIT_FRAME_BYTES - strlen ("{\"action\":\"sendMessage\",\"message\":\"\"}");
  g_autofree char *fits = g_strnfill (room, 'a');
  g_autofree char *too_long = g_strnfill (room + 1, 'a');
  g_autofree char *escaped = g_strnfill (room / 2 + 1, '"');
  g_autofree char *frame = dw_frame_encode (dialect, fits, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (strlen (frame), ==, DW_LIMIT_FRAME_BYTES);
  g_assert_null (dw_frame_encode (dialect, too_long, NULL, NULL, &error));
  g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_null (dw_frame_encode (dialect, escaped, NULL, NULL, &error));
  g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_null (dw_frame_encode (dialect, "\xff", NULL, NULL, &error));
  g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_TEXT);
}

/* The scan that avoids the parser reads the same as json-glib; FALSE: it leaves the text to json-glib. */
static void
test_flat (void)
{
  static const struct
  {
    const char *text;
    gboolean flat;
  } flat_rows[] = {
    { "{\"message\":\"hello\"}", TRUE },
    { " {\t\"message\" :\r\"hello\" }\n", TRUE },
    { "{\"message\":\"hello\",\"sender\":\"Ada\",\"id\":\"1\",\"sentAt\":\"2026-11-25T10:00:00.123Z\"}", TRUE },
    { "{\"message\":\"\"}", TRUE },
    { "{\"message\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\u0041\"}", TRUE },
    { "{\"message\":\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"}", TRUE },
    { "{\"id\":\"without a message\"}", TRUE },
    { "{\"message\":\"x\",\"sender\":\"Ada\"}", TRUE },
    { "{\"sender\":\"Ada\",\"message\":42}", FALSE },
    { "{\"message\":\"far away\",\"sentAt\":\"9999-12-31T23:59:59Z\"}", TRUE },
    { "{\"message\":\"long ago\",\"sentAt\":\"0001-01-01T00:00:00Z\"}", TRUE },
    { "{\"message\":\"no time\",\"sentAt\":\"soon\",\"id\":\"\"}", TRUE },
    { "{\"message\":\"Forbidden\",\"connectionId\":\"c\",\"requestId\":\"r\"}", TRUE },
    { "{\"message\":\"x\",\"connectionID\":\"c\",\"ConnectedAt\":\"2026-11-25T10:00:00.123Z\"}", TRUE },
    { "{\"message\":\"first\",\"message\":\"second\"}", FALSE },
    { "{\"message\":\"\\u0000\"}", FALSE },
    { "{\"message\":\"\\ud83d\\ude00\"}", FALSE },
    { "{\"message\":\"\\ud83d\"}", FALSE },
    { "{\"message\":\"\\ud7ff\\ue000\\u0001\\uffff\"}", TRUE },
    { "{\"message\":\"\\ud800\"}", FALSE },
    { "{\"message\":\"\\udfff\"}", FALSE },
    { "{\"message\":\"\x1f\"}", FALSE },
    { "{\"message\":\"\\u00g0\"}", FALSE },
    /* What comes after the bad byte would be good again. */
    { "{\"message\":\"\x01}", FALSE },
    { "{\"message\x01:\"x\"}", FALSE },
    { "{\"message\":\"\\q}", FALSE },
    { "{\"message\":\"\\u0000}", FALSE },
    { "{\"message\":\"\\u00e9", FALSE },
    { "{\"message\":\"a\\", FALSE },
    { "{\"message\" \"x\"}", FALSE },
    { "{\"message\":", FALSE },
    { "{\"message", FALSE },
    { "{", FALSE },
    { "{\"message\":\"x\",\"a\":\"1\",\"ab\":\"2\",\"b\":\"3\"}", TRUE },
    { "{\"message\":\"x\",\"a\":\"1\",\"b\":\"2\",\"a\":\"3\"}", FALSE },
    { "{\"message\":\"x\"}   \t\r\n ", TRUE },
    { "{\"message\":\"x\",\"sender\":\"A\\\\u0041\\\"\",\"id\":\"\\/\"}", TRUE },
    { "{\"message\":\"\\u12\"}", FALSE },
    { "{\"message\":\"\\u123", FALSE },
    { "{\"message\":\"\\x\"}", FALSE },
    { "{\"message\":\"\\", FALSE },
    { "{\"message\":\"a\nb\"}", FALSE },
    { "{\"message\":\"\xff\"}", FALSE },
    { "{\"\\u006dessage\":\"hello\"}", FALSE },
    { "{\"message\":\"hello\",\"n\":1}", FALSE },
    { "{\"message\":null}", FALSE },
    { "{\"message\":{\"a\":\"b\"}}", FALSE },
    { "{\"message\":\"hello\",}", FALSE },
    { "{\"message\":\"hello\"} x", FALSE },
    { "{\"message\":\"hello\"", FALSE },
    { "{\"\":\"hello\",\"message\":\"x\"}", FALSE },
    { "{}", FALSE },
    { "[]", FALSE },
    { "", FALSE },
    { "{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\",\"e\":\"\",\"f\":\"\",\"g\":\"\",\"h\":\"\"}", TRUE },
    { "{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\",\"e\":\"\",\"f\":\"\",\"g\":\"\",\"h\":\"\",\"message\":\"\"}",
      FALSE },
  };
  g_autoptr (DwDialect) dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *long_id = g_strnfill (1000, 'i');
  g_autofree char *with_long_id = g_strdup_printf ("{\"message\":\"hello\",\"id\":\"%s\"}", long_id);

  for (guint i = 0; i <= G_N_ELEMENTS (flat_rows); i++)
    {
      const char *text = i < G_N_ELEMENTS (flat_rows) ? flat_rows[i].text : with_long_id;
      g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, text, strlen (text));
      g_autoptr (DwFrame) parsed = dw_frame_classify_parsed (dialect, parser, text, strlen (text));
      DwFlatObject object;

      g_test_message ("row %u", i);
      if (i < G_N_ELEMENTS (flat_rows))
        g_assert_cmpint (dw_flat_object_read (&object, text, strlen (text)), ==, flat_rows[i].flat);
      g_assert_cmpint (frame->kind, ==, parsed->kind);
      g_assert_cmpstr (frame->text, ==, parsed->text);
      g_assert_cmpstr (frame->sender, ==, parsed->sender);
      g_assert_cmpstr (frame->id, ==, parsed->id);
      g_assert_cmpint (frame->sent_at, ==, parsed->sent_at);
      g_assert_cmpstr (frame->connection_id, ==, parsed->connection_id);
      g_assert_cmpstr (frame->reason, ==, parsed->reason);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/frame/classify/AG-1", test_classify);
  g_test_add_func ("/wire/frame/fields", test_fields);
  g_test_add_func ("/wire/frame/gateway-errors", test_gateway_errors);
  g_test_add_func ("/wire/frame/features", test_features);
  g_test_add_func ("/wire/frame/near", test_near);
  g_test_add_func ("/wire/frame/ids", test_ids);
  g_test_add_func ("/wire/frame/bytes/WS-6", test_bytes);
  g_test_add_func ("/wire/frame/flat", test_flat);
  g_test_add_func ("/wire/frame/depth", test_depth);
  g_test_add_func ("/wire/frame/tree", test_tree);
  g_test_add_func ("/wire/frame/members", test_members);
  g_test_add_func ("/wire/frame/foreign-dialect", test_foreign_dialect);
  g_test_add_func ("/wire/frame/depth/bytes", test_deep_bytes);
  g_test_add_func ("/wire/frame/encode", test_encode);
  g_test_add_func ("/wire/frame/encode-limit", test_encode_limit);
  return g_test_run ();
}
