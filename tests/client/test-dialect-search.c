/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which message format a stage has is learned from what it broadcasts, whatever else it sends, and with no more messages
 * than that takes. */
#include "dw-raw-peer.h"
#include "dw-test.h"

#include "client/connection/dw-dialect-search.h"

#include <libsoup/soup.h>
#include <string.h>

#include <json-glib/json-glib.h>

#define HANDSHAKE_MS 5000

/* For stages that answer, and for those that do not. */
#define PATIENT_MS 5000
#define HASTY_MS 60

/* For stages that answer only some of it: a broadcast has this long to come. */
#define FAIR_MS 600

#define PROSE                                                                                                      \
  "Use the sendmessage route to send a message. Your info:{\"ConnectedAt\":\"2026-11-25T10:00:00.000Z\","          \
  "\"connectionID\":\"c\"}"
#define ERROR_OF(words) "{\"message\":\"" words "\",\"connectionId\":\"c\",\"requestId\":\"r\"}"

typedef struct Desk Desk;

/* What a stage does with a frame. */
typedef void (*Habit) (Desk *desk, SoupWebsocketConnection *from, const char *raw);

struct Desk
{
  SoupServer *server;
  char *url;
  GPtrArray *clients; /* of SoupWebsocketConnection */
  GPtrArray *texts;   /* what arrived */
  guint handshakes;
  guint most; /* how many clients are let in at once, or 0 */

  Habit habit;
  const char *route_key;
  const char *route;
  const char *body_key; /* what its handler reads */
  const char *shape;    /* what its handler broadcasts, with %s for the text */
  gboolean leaves_out;  /* the sender */
  const char *no_route; /* what it says where no route fits, or NULL */
  const char *no_body;  /* what it says where the body is missing, or NULL */
  guint delay_ms;       /* before a broadcast */
  guint throttled;      /* how many frames it refuses before */
  DwDialectSearch *search;
  guint changes;
};

static void
say (SoupWebsocketConnection *to, const char *text)
{
  if (text != NULL && soup_websocket_connection_get_state (to) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_text (to, text);
}

static void
broadcast (Desk *desk, SoupWebsocketConnection *except, const char *text)
{
  for (guint i = 0; i < desk->clients->len; i++)
    if (g_ptr_array_index (desk->clients, i) != except)
      say (g_ptr_array_index (desk->clients, i), text);
}

typedef struct
{
  Desk *desk;
  char *text;
} Late;

static gboolean
on_late (gpointer data)
{
  Late *late = data;

  broadcast (late->desk, NULL, late->text);
  g_free (late->text);
  g_free (late);
  return G_SOURCE_REMOVE;
}

static const char *
member (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, NULL);
}

static char *
fill (const char *shape, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (shape, "%s", 2);

  return g_strjoinv (text, parts);
}

/* A handler as people deploy it. */
static void
handle (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  g_autoptr (JsonNode) root = json_from_string (raw, NULL);
  JsonObject *object = json_node_get_object (root);
  const char *route = member (object, desk->route_key);
  const char *text = member (object, desk->body_key);
  g_autofree char *said = NULL;

  if (g_strcmp0 (route, desk->route) != 0)
    {
      say (from, desk->no_route);
      return;
    }
  if (desk->throttled > 0)
    {
      desk->throttled--;
      say (from, ERROR_OF ("Too Many Requests"));
      return;
    }
  if (text == NULL)
    {
      say (from, desk->no_body);
      return;
    }

  said = fill (desk->shape, text);
  if (desk->delay_ms > 0)
    {
      Late *late = g_new0 (Late, 1);

      late->desk = desk;
      late->text = g_steal_pointer (&said);
      g_timeout_add (desk->delay_ms, on_late, late);
    }
  else
    broadcast (desk, desk->leaves_out ? from : NULL, said);
}

static void
on_message (SoupWebsocketConnection *from, int type, GBytes *bytes, gpointer data)
{
  Desk *desk = data;
  g_autofree char *raw = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  g_ptr_array_add (desk->texts, g_strdup (raw));
  desk->habit (desk, from, raw);
}

static void
on_closed (SoupWebsocketConnection *client, gpointer data)
{
  g_ptr_array_remove (((Desk *) data)->clients, client);
}

static void
on_client (SoupServer *server,
           SoupServerMessage *message,
           const char *path,
           SoupWebsocketConnection *client,
           gpointer data)
{
  Desk *desk = data;

  g_ptr_array_add (desk->clients, g_object_ref (client));
  g_signal_connect (client, "message", G_CALLBACK (on_message), desk);
  g_signal_connect (client, "closed", G_CALLBACK (on_closed), desk);
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  Desk *desk = data;

  desk->handshakes++;
  if (desk->most != 0 && desk->clients->len >= desk->most)
    soup_server_message_set_status (message, 403, NULL);
}

static void
desk_init (Desk *desk)
{
  GSList *uris;

  desk->server = soup_server_new (NULL, NULL);
  soup_server_add_early_handler (desk->server, "/prod", on_request, desk, NULL);
  soup_server_add_websocket_handler (desk->server, "/prod", NULL, NULL, on_client, desk, NULL);
  g_assert_true (soup_server_listen_local (desk->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, NULL));
  uris = soup_server_get_uris (desk->server);
  desk->url = g_strdup_printf ("ws://127.0.0.1:%d/prod", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  desk->clients = g_ptr_array_new_with_free_func (g_object_unref);
  desk->texts = g_ptr_array_new_with_free_func (g_free);
  desk->habit = handle;
  desk->route_key = "action";
  desk->route = "sendMessage";
  desk->body_key = "message";
  desk->shape = "{\"message\":\"%s\"}";
  desk->no_route = PROSE;
  desk->no_body = ERROR_OF ("Internal server error");
}

static void
desk_clear (Desk *desk)
{
  if (desk->search != NULL)
    dw_test_finalize (desk->search);
  for (guint i = 0; i < desk->clients->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (desk->clients, i), desk);
  soup_server_disconnect (desk->server);
  g_object_unref (desk->server);
  g_ptr_array_unref (desk->clients);
  g_ptr_array_unref (desk->texts);
  g_free (desk->url);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Desk, desk_clear)

static void
on_changed (Desk *desk)
{
  desk->changes++;
}

static void
begin (Desk *desk, const char *address, DwDialect *dialect, guint wait_ms)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, NULL);
  g_autoptr (DwStage) stage = dw_stage_new (url);

  if (dialect != NULL)
    dw_stage_set_dialect (stage, dialect);
  desk->search = dw_dialect_search_new (stage, HANDSHAKE_MS, wait_ms);
  g_signal_connect_swapped (desk->search, "changed", G_CALLBACK (on_changed), desk);
  dw_dialect_search_start (desk->search);
  g_assert_false (dw_dialect_search_is_over (desk->search));
}

static gboolean
is_over (gpointer search)
{
  return dw_dialect_search_is_over (search);
}

static DwDialectVerdict
search (Desk *desk, guint wait_ms)
{
  begin (desk, desk->url, NULL, wait_ms);
  dw_test_until ("the search to be over", is_over, desk->search);
  return dw_dialect_search_get_verdict (desk->search);
}

static guint
n_messages (Desk *desk)
{
  guint n = 0;

  for (guint i = 0; i < desk->texts->len; i++)
    n += strstr (g_ptr_array_index (desk->texts, i), "Testing the message format") != NULL;
  return n;
}

static void
check_words (Desk *desk, const char *part)
{
  g_autofree char *words = dw_dialect_search_dup_words (desk->search);

  if (strstr (words, part) == NULL)
    g_error ("“%s” is not in “%s”", part, words);
}

static gboolean
is_empty (gpointer clients)
{
  return ((GPtrArray *) clients)->len == 0;
}

/* Every known format is found with as few messages as its place in the order needs, and the connections are closed. */
static void
test_presets (void)
{
  static const char *const names[][2] = { { "sendMessage", "message" },
                                          { "sendmessage", "message" },
                                          { "sendmessage", "data" } };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto (Desk) desk = { 0 };

      desk_init (&desk);
      desk.route = names[i][0];
      desk.body_key = names[i][1];
      desk.shape = i == 2 ? "{\"data\":\"%s\"}" : "{\"message\":\"%s\"}";
      g_assert_cmpint (search (&desk, PATIENT_MS), ==, DW_DIALECT_VERDICT_FOUND);
      g_assert_cmpint (dw_dialect_get_preset (dw_dialect_search_get_found (desk.search)), ==, i);
      g_assert_cmpint (dw_dialect_search_get_answer (desk.search, i), ==, DW_DIALECT_ANSWER_DELIVERED);
      g_assert_cmpuint (n_messages (&desk), ==, i + 1);
      g_assert_cmpuint (desk.texts->len, ==, i + 2);
      check_words (&desk, names[i][1]);
      dw_test_until ("the connections to be closed", is_empty, desk.clients);
      g_assert_cmpuint (desk.handshakes, ==, 2);
    }
}

/* What the stage is set to comes first, whether a preset or not, and is not tried twice. */
static void
test_own_first (void)
{
  g_autoptr (DwDialect) own = dw_dialect_new_custom ("type", "chat", "text", NULL, NULL);
  g_autoptr (DwDialect) twin = dw_dialect_new_custom ("action", "sendmessage", "data", NULL, NULL);
  g_auto (Desk) desk = { 0 };
  g_auto (Desk) other = { 0 };

  desk_init (&desk);
  desk.route_key = "type";
  desk.route = "chat";
  desk.body_key = "text";
  desk.shape = "{\"text\":\"%s\"}";
  begin (&desk, desk.url, own, PATIENT_MS);
  dw_test_until ("the search to be over", is_over, desk.search);
  g_assert_true (dw_dialect_search_get_found (desk.search) == own);
  g_assert_cmpuint (dw_dialect_search_get_n_dialects (desk.search), ==, DW_DIALECT_SEARCH_MOST);
  g_assert_cmpuint (n_messages (&desk), ==, 1);

  desk_init (&other);
  begin (&other, other.url, twin, PATIENT_MS);
  g_assert_cmpuint (dw_dialect_search_get_n_dialects (other.search), ==, DW_DIALECT_SEARCH_MOST - 1);
  g_assert_true (dw_dialect_search_get_dialect (other.search, 0) == twin);
}

/* Stages that broadcast raw text, leave out who sent it, put a name before it, or broadcast the whole frame. */
static void
test_variants (void)
{
  static const struct
  {
    const char *shape;
    gboolean leaves_out;
  } rows[] = {
    { "%s", FALSE },
    { "%s", TRUE },
    { "{\"message\":\"%s\"}", TRUE },
    { "{\"message\":\"c123: %s\"}", FALSE },
    { "{\"message\":\"%s\",\"sender\":\"c\",\"id\":\"x\"}", FALSE },
    { "{\"action\":\"sendMessage\",\"message\":\"%s\"}", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Desk) desk = { 0 };

      g_test_message ("%s", rows[i].shape);
      desk_init (&desk);
      desk.shape = rows[i].shape;
      desk.leaves_out = rows[i].leaves_out;
      g_assert_cmpint (search (&desk, PATIENT_MS), ==, DW_DIALECT_VERDICT_FOUND);
      g_assert_cmpint (dw_dialect_get_preset (dw_dialect_search_get_found (desk.search)), ==,
                       DW_DIALECT_DYNAMOWAVE);
      g_assert_cmpuint (n_messages (&desk), ==, 1);
    }
}

/* A stage that says nothing to what it does not know is waited for. */
static void
test_silent (void)
{
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  desk.route = "sendmessage";
  desk.body_key = "data";
  desk.shape = "{\"data\":\"%s\"}";
  desk.no_route = desk.no_body = NULL;
  g_assert_cmpint (search (&desk, FAIR_MS), ==, DW_DIALECT_VERDICT_FOUND);
  g_assert_cmpint (dw_dialect_get_preset (dw_dialect_search_get_found (desk.search)), ==, DW_DIALECT_DATA);
  g_assert_cmpint (dw_dialect_search_get_answer (desk.search, 0), ==, DW_DIALECT_ANSWER_SILENT);
  g_assert_cmpint (dw_dialect_search_get_answer (desk.search, 1), ==, DW_DIALECT_ANSWER_SILENT);
}

/* A broadcast that comes while the next format is tried is its own format’s, not the next one’s. */
static void
test_late (void)
{
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  desk.delay_ms = FAIR_MS * 3 / 2;
  desk.no_route = NULL;
  g_assert_cmpint (search (&desk, FAIR_MS), ==, DW_DIALECT_VERDICT_FOUND);
  g_assert_cmpint (dw_dialect_get_preset (dw_dialect_search_get_found (desk.search)), ==, DW_DIALECT_DYNAMOWAVE);
  g_assert_cmpint (dw_dialect_search_get_answer (desk.search, 1), !=, DW_DIALECT_ANSWER_NONE);
}

/* No format fits: what became of each is told, and the words say which of the two it was. */
static void
test_unknown (void)
{
  static const struct
  {
    const char *no_route;
    DwDialectAnswer answer;
    const char *words;
  } rows[] = {
    { PROSE, DW_DIALECT_ANSWER_NO_ROUTE, "routes" },
    { ERROR_OF ("Forbidden"), DW_DIALECT_ANSWER_NO_ROUTE, "routes" },
    { ERROR_OF ("Internal server error"), DW_DIALECT_ANSWER_FAILED, "formats" },
    { ERROR_OF ("Bad request body"), DW_DIALECT_ANSWER_FAILED, "formats" },
    { "{\"nothing\":\"of ours\"}", DW_DIALECT_ANSWER_SILENT, "formats" },
    { NULL, DW_DIALECT_ANSWER_SILENT, "formats" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Desk) desk = { 0 };

      desk_init (&desk);
      desk.route = "publish";
      desk.no_route = rows[i].no_route;
      g_assert_cmpint (search (&desk, rows[i].answer == DW_DIALECT_ANSWER_SILENT ? HASTY_MS : 500), ==,
                       DW_DIALECT_VERDICT_UNKNOWN);
      for (guint round = 0; round < dw_dialect_search_get_n_dialects (desk.search); round++)
        g_assert_cmpint (dw_dialect_search_get_answer (desk.search, round), ==, rows[i].answer);
      g_assert_null (dw_dialect_search_get_found (desk.search));
      g_assert_cmpuint (n_messages (&desk), ==, 3);
      check_words (&desk, rows[i].words);
    }
}

/* A stage that delivers in a shape of its own is not called silent, and none of the formats is called its own. */
static void
test_unreadable (void)
{
  static const char *const shapes[] = { "{\"content\":\"%s\"}", "{\"message\":{\"text\":\"%s\"}}",
                                        "{\"message\":\"{\\\"action\\\":\\\"%s\\\"}\"}", "[\"%s\"]" };

  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_auto (Desk) desk = { 0 };

      g_test_message ("%s", shapes[i]);
      desk_init (&desk);
      desk.shape = shapes[i];
      g_assert_cmpint (search (&desk, FAIR_MS), ==, DW_DIALECT_VERDICT_UNREADABLE);
      g_assert_null (dw_dialect_search_get_found (desk.search));
    }
}

static void
echo (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  say (from, raw);
}

static void
echo_to_all (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  broadcast (desk, NULL, raw);
}

/* An echo that was read and written anew in between. */
static void
echo_spaced (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  g_autoptr (JsonNode) root = json_from_string (raw, NULL);
  g_autofree char *spaced = json_to_string (root, TRUE);

  broadcast (desk, NULL, spaced);
}

/* Where everything comes back, the first format would come back too: that is no proof, and no message is sent. */
static void
test_echo (void)
{
  static const Habit habits[] = { echo, echo_to_all, echo_spaced };

  for (guint i = 0; i < G_N_ELEMENTS (habits); i++)
    {
      g_auto (Desk) desk = { 0 };

      desk_init (&desk);
      desk.habit = habits[i];
      g_assert_cmpint (search (&desk, PATIENT_MS), ==, DW_DIALECT_VERDICT_ECHO);
      g_assert_cmpuint (n_messages (&desk), ==, 0);
    }
}

static void
close_unless_data (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  if (strstr (raw, "\"message\"") != NULL)
    soup_websocket_connection_close (from, 1008, "no such key");
  else
    handle (desk, from, raw);
}

static void
close_always (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  soup_websocket_connection_close (from, 1011, NULL);
}

/* A stage that closes on a frame is connected to again for the next format, and no more often than that. */
static void
test_closes (void)
{
  g_auto (Desk) desk = { 0 };
  g_auto (Desk) hostile = { 0 };

  desk_init (&desk);
  desk.habit = close_unless_data;
  desk.route = "sendmessage";
  desk.body_key = "data";
  desk.shape = "{\"data\":\"%s\"}";
  g_assert_cmpint (search (&desk, PATIENT_MS), ==, DW_DIALECT_VERDICT_FOUND);
  g_assert_cmpint (dw_dialect_search_get_answer (desk.search, 0), ==, DW_DIALECT_ANSWER_CLOSED);
  g_assert_cmpint (dw_dialect_search_get_answer (desk.search, 1), ==, DW_DIALECT_ANSWER_CLOSED);
  g_assert_cmpuint (desk.handshakes, ==, 6);

  desk_init (&hostile);
  hostile.habit = close_always;
  g_assert_cmpint (search (&hostile, PATIENT_MS), ==, DW_DIALECT_VERDICT_UNKNOWN);
  g_assert_cmpuint (n_messages (&hostile), ==, 3);
  g_assert_cmpuint (hostile.handshakes, <=, 2 * (1 + DW_DIALECT_SEARCH_MOST));
}

/* A stage that throttles is given time, and is left alone if that does not help. */
static void
test_throttled (void)
{
  g_auto (Desk) desk = { 0 };
  g_auto (Desk) busy = { 0 };

  desk_init (&desk);
  desk.throttled = DW_DIALECT_SEARCH_PAUSES;
  g_assert_cmpint (search (&desk, 300), ==, DW_DIALECT_VERDICT_FOUND);
  g_assert_cmpint (dw_dialect_get_preset (dw_dialect_search_get_found (desk.search)), ==, DW_DIALECT_DYNAMOWAVE);

  desk_init (&busy);
  busy.throttled = G_MAXUINT;
  g_assert_cmpint (search (&busy, 300), ==, DW_DIALECT_VERDICT_THROTTLED);
  g_assert_cmpuint (n_messages (&busy), ==, 1 + DW_DIALECT_SEARCH_PAUSES);
  check_words (&busy, "too many requests");
}

static void
gossip (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  /* Somebody else tests too, and somebody plays the stage. */
  broadcast (desk, NULL, "{\"message\":\"Testing the message format (000000000000)\"}");
  broadcast (desk, NULL, "Testing the message format");
  broadcast (desk, NULL, "{\"data\":\"hello\"}");
  broadcast (desk, NULL, ERROR_OF ("Internal server error"));
  broadcast (desk, NULL, PROSE);
}

/* What others say proves nothing. */
static void
test_somebody_else (void)
{
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  desk.habit = gossip;
  g_assert_cmpint (search (&desk, 300), ==, DW_DIALECT_VERDICT_UNKNOWN);
  g_assert_cmpuint (n_messages (&desk), ==, 3);
}

static void
hurry (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  broadcast (desk, NULL, ERROR_OF ("Internal server error"));
  handle (desk, from, raw);
}

/* Forged errors hurry the search past the right format, which is found all the same. */
static void
test_forged_errors (void)
{
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  desk.habit = hurry;
  desk.delay_ms = 100;
  g_assert_cmpint (search (&desk, PATIENT_MS), ==, DW_DIALECT_VERDICT_FOUND);
  g_assert_cmpint (dw_dialect_get_preset (dw_dialect_search_get_found (desk.search)), ==, DW_DIALECT_DYNAMOWAVE);
}

static void
refuse_late (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  /* The control, the first message and the second. */
  if (desk->texts->len == 3)
    say (from, ERROR_OF ("Too Many Requests"));
  if (desk->texts->len > 3)
    handle (desk, from, raw);
}

/* "Too Many Requests" that comes once the next message is on its way refused the one before, which is sent again. */
static void
test_throttled_late (void)
{
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  desk.habit = refuse_late;
  g_assert_cmpint (search (&desk, 200), ==, DW_DIALECT_VERDICT_FOUND);
  g_assert_cmpint (dw_dialect_get_preset (dw_dialect_search_get_found (desk.search)), ==, DW_DIALECT_DYNAMOWAVE);
}

static void
forge_no_route (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  broadcast (desk, NULL, ERROR_OF ("Forbidden"));
}

static void
forge_throttling (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  broadcast (desk, NULL, ERROR_OF ("Too Many Requests"));
  if (strstr (raw, "sendmessage") != NULL)
    handle (desk, from, raw);
}

/* What the listener hears too is a broadcast: nobody learns from it that the stage has no such route, or is busy. */
static void
test_forged_words (void)
{
  g_auto (Desk) desk = { 0 };
  g_auto (Desk) busy = { 0 };

  desk_init (&desk);
  desk.habit = forge_no_route;
  g_assert_cmpint (search (&desk, 200), ==, DW_DIALECT_VERDICT_UNKNOWN);
  check_words (&desk, "none of the known formats");

  desk_init (&busy);
  busy.habit = forge_throttling;
  busy.route = "sendmessage";
  g_assert_cmpint (search (&busy, 200), ==, DW_DIALECT_VERDICT_FOUND);
}

#define FLOOD_FRAMES 200

static void
flood (Desk *desk, SoupWebsocketConnection *from, const char *raw)
{
  g_autofree char *long_text = g_strnfill (60000, 'x');

  for (guint i = 0; i < FLOOD_FRAMES; i++)
    {
      broadcast (desk, NULL, "{\"message\":\"one of many\"}");
      if (i % 50 == 0)
        broadcast (desk, NULL, long_text);
    }
  handle (desk, from, raw);
}

/* In a flood the right format is found, and a search that finds none ends. */
static void
test_flood (void)
{
  g_auto (Desk) desk = { 0 };
  g_auto (Desk) none = { 0 };

  desk_init (&desk);
  desk.habit = flood;
  g_assert_cmpint (search (&desk, PATIENT_MS), ==, DW_DIALECT_VERDICT_FOUND);

  desk_init (&none);
  none.habit = flood;
  none.route = "publish";
  none.no_route = NULL;
  g_assert_cmpint (search (&none, 300), ==, DW_DIALECT_VERDICT_UNKNOWN);
}

/* A stage that lets nobody in is asked once, and says why. */
static void
test_refused (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  begin (&desk, url, NULL, PATIENT_MS);
  dw_test_until ("the search to be over", is_over, desk.search);
  g_assert_cmpint (dw_dialect_search_get_verdict (desk.search), ==, DW_DIALECT_VERDICT_UNREACHABLE);
  check_words (&desk, "403");
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 1);
}

/* A stage that lets in one connection of a person is searched with that. */
static void
test_alone (void)
{
  g_auto (Desk) desk = { 0 };

  desk_init (&desk);
  desk.most = 1;
  g_assert_cmpint (search (&desk, PATIENT_MS), ==, DW_DIALECT_VERDICT_FOUND);
  g_assert_cmpuint (n_messages (&desk), ==, 1);
  g_assert_cmpuint (desk.handshakes, ==, 2);
}

static gboolean
has_spoken (gpointer desk)
{
  return n_messages (desk) > 0;
}

/* Leaving the page ends the search: nothing more is sent or told, and the connections are closed. */
static void
test_cancelled (void)
{
  for (guint dropped = 0; dropped < 2; dropped++)
    {
      g_auto (Desk) desk = { 0 };
      guint changes;

      desk_init (&desk);
      desk.route = "publish";
      desk.no_route = NULL;
      begin (&desk, desk.url, NULL, HASTY_MS);
      dw_test_until ("a message", has_spoken, &desk);
      changes = desk.changes;
      if (dropped)
        dw_test_finalize (g_steal_pointer (&desk.search));
      else
        dw_dialect_search_cancel (desk.search);
      dw_test_until ("the connections to be closed", is_empty, desk.clients);
      dw_test_run_for (3 * HASTY_MS);
      g_assert_cmpuint (n_messages (&desk), ==, 1);
      g_assert_cmpuint (desk.changes, ==, changes);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/dialect-search/presets", test_presets);
  g_test_add_func ("/client/dialect-search/own-first", test_own_first);
  g_test_add_func ("/client/dialect-search/variants", test_variants);
  g_test_add_func ("/client/dialect-search/silent", test_silent);
  g_test_add_func ("/client/dialect-search/late", test_late);
  g_test_add_func ("/client/dialect-search/unknown", test_unknown);
  g_test_add_func ("/client/dialect-search/unreadable", test_unreadable);
  g_test_add_func ("/client/dialect-search/echo", test_echo);
  g_test_add_func ("/client/dialect-search/closes", test_closes);
  g_test_add_func ("/client/dialect-search/throttled", test_throttled);
  g_test_add_func ("/client/dialect-search/somebody-else", test_somebody_else);
  g_test_add_func ("/client/dialect-search/forged-errors", test_forged_errors);
  g_test_add_func ("/client/dialect-search/throttled-late", test_throttled_late);
  g_test_add_func ("/client/dialect-search/forged-words", test_forged_words);
  g_test_add_func ("/client/dialect-search/flood", test_flood);
  g_test_add_func ("/client/dialect-search/refused", test_refused);
  g_test_add_func ("/client/dialect-search/alone", test_alone);
  g_test_add_func ("/client/dialect-search/cancelled", test_cancelled);
  return g_test_run ();
}
