/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every limit, one below it and one above it. The numbers are written out, so that changing a limit fails a test. */
#include "dw-test.h"

#include "backend/handlers/dw-event-json.h"
#include "client/store/dw-record.h"
#include "client/messages/dw-seen.h"
#include "client/stages/dw-stage.h"
#include "client/connection/dw-trace.h"
#include "wire/dw-frame.h"
#include "wire/dw-json.h"

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
  { "an address's characters", 4096, takes_address },
  { "a frame's bytes", 32768, takes_frame },
  { "how deep a text nests", 64, takes_depth },
  { "an id's bytes", 128, remembers_id },
  { "ids", 10000, remembers_ids },
  { "a stage's addresses", 8, takes_addresses },
  { "a draft's bytes", 1024 * 1024, keeps_draft },
  { "a trace's entries", 2000, keeps_entries },
  { "a trace's payload", 4 * 1024 * 1024, keeps_payload },
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

/* Pairs of surrogates up to the last character that there is; halves are replaced, whatever stands beside them. */
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
  g_test_add_func ("/system/bounds/surrogates", test_surrogates);
  return g_test_run ();
}
