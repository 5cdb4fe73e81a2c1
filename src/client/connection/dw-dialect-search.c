/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dialect-search.h"

#include "dw-connection.h"
#include "dw-inbox.h"

#include "wire/dw-frame.h"
#include "wire/dw-json.h"
#include "wire/dw-thread.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * SECTION:dw-dialect-search
 *
 * Finds out how a stage names things, by saying something: a wrong key of the text fails in silence on a deployed stage,
 * whose handler reads another one and broadcasts nothing. Each dialect is tried with one short message that has a token of
 * its own, and the one whose token is heard is the stage's.
 *
 * There are two connections, one that speaks and one that listens, since some stages broadcast to everybody but the sender.
 * A stage that lets only one of them in is tried with that.
 *
 * | what arrives | what it means |
 * |---|---|
 * | a broadcast with a token | that dialect is the stage's, however late it comes |
 * | a token elsewhere, at the listener | the stage delivers in a shape of its own |
 * | the control, a frame that fits no route, whole | the stage returns everything: nothing can be learned |
 * | an error or the default route's word, at the speaker | go on with the next one at once |
 * | "Too Many Requests" | wait, and send again: the first message that nothing came of, since that answer may be late; %DW_DIALECT_SEARCH_PAUSES times at most |
 * | one of the last two at the listener too | somebody's: the stage answers one connection alone |
 * | anything else | somebody's message |
 *
 * Nobody knows a token before the stage has broadcast it, so only the stage can end a search with success. Errors can be
 * forged where a stage broadcasts raw text. They only hurry the search, because after the last message it listens as
 * long as after any. Nothing that arrives is kept.
 *
 * The longest it takes: the handshakes, and a wait for the control, for each dialect and for each pause.
 */

/* How much of a frame can be an error or the default route's word. */
#define ANSWER_BYTES 4096

/* How often the connections are pinged; a search is over before that matters. */
#define PING_MS 30000

enum
{
  SPEAKER = 1,
  LISTENER,
};

typedef enum
{
  PHASE_NEW,
  PHASE_OPENING,   /* the speaker's handshake */
  PHASE_LISTENING, /* the listener's */
  PHASE_CONTROL,   /* what comes back of a frame that fits no route? */
  PHASE_TRYING,
  PHASE_PAUSED, /* for a stage that throttles */
  PHASE_OVER,
} Phase;

typedef struct
{
  DwDialect *dialect;
  char *token;
  char *text;
  char *frame;
  DwDialectAnswer answer;
} Round;

struct _DwDialectSearch
{
  GObject parent_instance;

  DwStage *stage;
  guint timeout_ms;
  guint wait_ms;

  Phase phase;
  Round rounds[DW_DIALECT_SEARCH_MOST];
  guint n_rounds;
  guint at; /* the round that is tried */
  guint pauses;
  guint reopened;
  char *control; /* the frame; sent once */
  char *control_token;
  gboolean controlled;
  GBytes *word;  /* the gateway's last, as the speaker heard it, or NULL */
  GBytes *rumor; /* the last that reads like one, as the listener heard it, or NULL */
  guint timer;

  DwInbox *inbox;
  JsonParser *parser;
  DwConnection *speaker;
  DwConnection *listener;

  DwDialectVerdict verdict;
  DwDialect *found; /* one of the rounds', or NULL */
  DwCause cause;
};

G_DEFINE_FINAL_TYPE (DwDialectSearch, dw_dialect_search, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void open_speaker (DwDialectSearch *self);

static void
drop_connection (DwDialectSearch *self, DwConnection **connection)
{
  if (*connection == NULL)
    return;

  g_signal_handlers_disconnect_by_data (*connection, self);
  dw_connection_close (*connection);
  g_clear_object (connection);
}

static void
drop_connections (DwDialectSearch *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  drop_connection (self, &self->speaker);
  drop_connection (self, &self->listener);
}

static void
dw_dialect_search_dispose (GObject *object)
{
  DwDialectSearch *self = DW_DIALECT_SEARCH (object);

  drop_connections (self);
  g_clear_pointer (&self->inbox, dw_inbox_free);
  g_clear_object (&self->parser);
  g_clear_object (&self->stage);
  G_OBJECT_CLASS (dw_dialect_search_parent_class)->dispose (object);
}

static void
dw_dialect_search_finalize (GObject *object)
{
  DwDialectSearch *self = DW_DIALECT_SEARCH (object);

  for (guint i = 0; i < self->n_rounds; i++)
    {
      dw_dialect_unref (self->rounds[i].dialect);
      g_free (self->rounds[i].token);
      g_free (self->rounds[i].text);
      g_free (self->rounds[i].frame);
    }
  g_free (self->control);
  g_free (self->control_token);
  g_clear_pointer (&self->word, g_bytes_unref);
  g_clear_pointer (&self->rumor, g_bytes_unref);
  G_OBJECT_CLASS (dw_dialect_search_parent_class)->finalize (object);
}

static void
dw_dialect_search_class_init (DwDialectSearchClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_dialect_search_dispose;
  G_OBJECT_CLASS (klass)->finalize = dw_dialect_search_finalize;

  /**
   * DwDialectSearch::changed:
   *
   * It came further, or is over.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
set_timer (DwDialectSearch *self, GSourceFunc function)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = g_timeout_add (self->wait_ms, function, self);
}

static void
tell (DwDialectSearch *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
finish (DwDialectSearch *self, DwDialectVerdict verdict)
{
  self->phase = PHASE_OVER;
  self->verdict = verdict;
  drop_connections (self);
  tell (self);
}

/* Nothing was delivered. */
static void
give_up (DwDialectSearch *self)
{
  DwDialectVerdict verdict = DW_DIALECT_VERDICT_UNKNOWN;

  for (guint i = 0; i < self->n_rounds; i++)
    if (self->rounds[i].answer == DW_DIALECT_ANSWER_UNREADABLE)
      verdict = DW_DIALECT_VERDICT_UNREADABLE;
  finish (self, verdict);
}

/* Trying */

static gboolean on_silence (gpointer data);

static void
send_round (DwDialectSearch *self)
{
  Round *round = &self->rounds[self->at];

  self->phase = PHASE_TRYING;
  round->answer = DW_DIALECT_ANSWER_WAITING;
  dw_connection_send (self->speaker, round->frame);
  set_timer (self, on_silence);
  tell (self);
}

static void
note_answer (DwDialectSearch *self, DwDialectAnswer answer)
{
  Round *round = &self->rounds[self->at];

  if (round->answer == DW_DIALECT_ANSWER_WAITING)
    round->answer = answer;
}

static gboolean
is_open (const Round *round)
{
  return round->answer == DW_DIALECT_ANSWER_NONE || round->answer == DW_DIALECT_ANSWER_SILENT;
}

/* The next that says something yet, or how many there are. After a pause that may be an earlier one. */
static guint
find_next (DwDialectSearch *self)
{
  guint next = self->at + 1;

  while (next < self->n_rounds && !is_open (&self->rounds[next]))
    next++;
  return next;
}

/* After the last round the timer goes on: its broadcast may still come, or an earlier one's. */
static void
try_next (DwDialectSearch *self)
{
  guint next = find_next (self);

  if (next == self->n_rounds)
    return;
  self->at = next;
  send_round (self);
}

static gboolean
on_silence (gpointer data)
{
  DwDialectSearch *self = data;

  self->timer = 0;
  note_answer (self, DW_DIALECT_ANSWER_SILENT);
  if (find_next (self) == self->n_rounds)
    give_up (self);
  else
    try_next (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_pause_over (gpointer data)
{
  DwDialectSearch *self = data;

  self->timer = 0;
  for (guint i = 0; i < self->at; i++)
    if (self->rounds[i].answer == DW_DIALECT_ANSWER_SILENT)
      {
        /* What was tried now may have been refused as well. */
        self->rounds[self->at].answer = DW_DIALECT_ANSWER_SILENT;
        self->at = i;
        break;
      }
  send_round (self);
  return G_SOURCE_REMOVE;
}

static void
pause_search (DwDialectSearch *self)
{
  note_answer (self, DW_DIALECT_ANSWER_THROTTLED);
  if (self->pauses == DW_DIALECT_SEARCH_PAUSES)
    {
      finish (self, DW_DIALECT_VERDICT_THROTTLED);
      return;
    }

  self->pauses++;
  self->phase = PHASE_PAUSED;
  set_timer (self, on_pause_over);
  tell (self);
}

/* What arrives */

static gboolean
holds (const char *text, gsize length, const char *part)
{
  return g_strstr_len (text, (gssize) length, part) != NULL;
}

/* The control may have been read and written anew on its way. */
static gboolean
is_control (DwDialectSearch *self, const char *text, gsize length)
{
  g_autoptr (JsonNode) control = NULL;
  JsonNode *node;

  if (!self->controlled || length > ANSWER_BYTES || !holds (text, length, self->control_token))
    return FALSE;
  node = dw_json_parse (self->parser, text, (gssize) length, NULL);
  control = json_from_string (self->control, NULL);
  return node != NULL && json_node_equal (node, control);
}

/* A stage may put a name before the text, but not the whole frame into it. */
static gboolean
reads_as_message (DwDialectSearch *self, const Round *round, const char *text, gsize length)
{
  g_autoptr (DwFrame) frame = dw_frame_classify (round->dialect, self->parser, text, length);

  return frame->kind == DW_FRAME_BROADCAST && *frame->text != '{' && *frame->text != '['
         && strstr (frame->text, round->text) != NULL;
}

/* TRUE if that is the end of it. */
static gboolean
note_delivery (DwDialectSearch *self, const char *text, gsize length, guint serial)
{
  for (guint i = 0; i < self->n_rounds; i++)
    {
      Round *round = &self->rounds[i];

      if (round->answer == DW_DIALECT_ANSWER_NONE || !holds (text, length, round->token))
        continue;
      if (reads_as_message (self, round, text, length))
        {
          round->answer = DW_DIALECT_ANSWER_DELIVERED;
          self->found = round->dialect;
          finish (self, DW_DIALECT_VERDICT_FOUND);
          return TRUE;
        }
      if (serial == LISTENER)
        round->answer = DW_DIALECT_ANSWER_UNREADABLE;
    }
  return FALSE;
}

static void
note_gateway_word (DwDialectSearch *self, const DwFrame *frame)
{
  if (frame->kind == DW_FRAME_GATEWAY_ERROR && frame->gateway_error == DW_GATEWAY_THROTTLED)
    {
      pause_search (self);
      return;
    }

  if (frame->kind == DW_FRAME_NOTIFICATION || frame->gateway_error == DW_GATEWAY_FORBIDDEN)
    note_answer (self, DW_DIALECT_ANSWER_NO_ROUTE);
  else
    note_answer (self, DW_DIALECT_ANSWER_FAILED);
  try_next (self);
}

static void
keep_bytes (GBytes **kept, GBytes *bytes)
{
  g_clear_pointer (kept, g_bytes_unref);
  *kept = g_bytes_ref (bytes);
}

static gboolean
are_same (GBytes *a, GBytes *b)
{
  return a != NULL && b != NULL && g_bytes_equal (a, b);
}

/* The listener hears what the speaker took for the gateway's word: nothing is known of the message. */
static void
take_back_word (DwDialectSearch *self)
{
  Round *round = &self->rounds[self->at];

  for (guint i = 0; i < self->n_rounds; i++)
    if (self->rounds[i].answer == DW_DIALECT_ANSWER_NO_ROUTE || self->rounds[i].answer == DW_DIALECT_ANSWER_FAILED)
      self->rounds[i].answer = DW_DIALECT_ANSWER_SILENT;
  if (self->phase != PHASE_PAUSED)
    return;

  self->pauses--;
  self->phase = PHASE_TRYING;
  round->answer = DW_DIALECT_ANSWER_WAITING;
  set_timer (self, on_silence);
}

static void
on_text_frame (GBytes *bytes, guint serial, gpointer data)
{
  g_autoptr (DwDialectSearch) self = g_object_ref (data);
  g_autoptr (DwFrame) frame = NULL;
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  if (self->phase < PHASE_CONTROL || self->phase == PHASE_OVER || length == 0)
    return;
  if (is_control (self, text, length))
    {
      finish (self, DW_DIALECT_VERDICT_ECHO);
      return;
    }
  if (note_delivery (self, text, length, serial))
    return;
  if (length > ANSWER_BYTES)
    return;

  frame = dw_frame_classify (self->rounds[self->at].dialect, self->parser, text, length);
  if (frame->kind != DW_FRAME_NOTIFICATION && frame->kind != DW_FRAME_GATEWAY_ERROR)
    return;
  if (serial != SPEAKER)
    {
      keep_bytes (&self->rumor, bytes);
      if (are_same (self->word, bytes))
        take_back_word (self);
      return;
    }
  if (are_same (self->rumor, bytes))
    return;
  keep_bytes (&self->word, bytes);
  if (self->phase == PHASE_CONTROL)
    send_round (self);
  else if (self->phase == PHASE_TRYING && self->rounds[self->at].answer == DW_DIALECT_ANSWER_WAITING)
    note_gateway_word (self, frame);
}

/* Connecting */

static gboolean
on_control_timeout (gpointer data)
{
  DwDialectSearch *self = data;

  self->timer = 0;
  send_round (self);
  return G_SOURCE_REMOVE;
}

static void
begin_rounds (DwDialectSearch *self)
{
  if (self->controlled)
    {
      send_round (self);
      return;
    }

  self->controlled = TRUE;
  self->phase = PHASE_CONTROL;
  dw_connection_send (self->speaker, self->control);
  set_timer (self, on_control_timeout);
  tell (self);
}

static void
open_connection (DwDialectSearch *self, DwConnection *connection)
{
  DwHandshakeOptions options = { .timeout_ms = self->timeout_ms,
                                 .protocols = dw_stage_get_protocols (self->stage),
                                 .headers = dw_stage_get_headers (self->stage) };

  dw_connection_open (connection, dw_stage_get_url (self->stage, 0), &options, PING_MS);
}

static void
on_listener_opened (DwDialectSearch *self)
{
  begin_rounds (self);
}

static void
on_listener_ended (DwDialectSearch *self)
{
  drop_connection (self, &self->listener);
  if (self->phase == PHASE_LISTENING)
    begin_rounds (self);
}

static void
on_speaker_opened (DwDialectSearch *self)
{
  self->phase = PHASE_LISTENING;
  self->listener = dw_connection_new (self->inbox, NULL, LISTENER);
  g_signal_connect_object (self->listener, "opened", G_CALLBACK (on_listener_opened), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->listener, "ended", G_CALLBACK (on_listener_ended), self, G_CONNECT_SWAPPED);
  open_connection (self, self->listener);
}

/* A stage may close on a frame that it does not like, so the rest is tried on another connection. */
static void
on_speaker_ended (DwDialectSearch *self, guint cause)
{
  gboolean tried = self->phase == PHASE_TRYING || self->phase == PHASE_PAUSED;

  self->cause = cause;
  if (tried)
    note_answer (self, DW_DIALECT_ANSWER_CLOSED);
  drop_connections (self);

  if (self->phase == PHASE_OPENING || self->reopened == DW_DIALECT_SEARCH_MOST)
    finish (self, DW_DIALECT_VERDICT_UNREACHABLE);
  else if (tried && find_next (self) == self->n_rounds)
    give_up (self);
  else
    {
      self->at = tried ? find_next (self) : self->at;
      self->reopened++;
      open_speaker (self);
    }
}

static void
open_speaker (DwDialectSearch *self)
{
  self->phase = PHASE_OPENING;
  self->speaker = dw_connection_new (self->inbox, NULL, SPEAKER);
  g_signal_connect_object (self->speaker, "opened", G_CALLBACK (on_speaker_opened), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->speaker, "ended", G_CALLBACK (on_speaker_ended), self, G_CONNECT_SWAPPED);
  open_connection (self, self->speaker);
}

static void
dw_dialect_search_init (DwDialectSearch *self)
{
  self->inbox = dw_inbox_new (on_text_frame, self);
  self->parser = json_parser_new ();
}

/* What to try */

static char *
make_token (void)
{
  g_autofree char *uuid = g_uuid_string_random ();

  /* The last 12 digits of it are random. */
  return g_strdup (uuid + 24);
}

static gboolean
is_known (DwDialectSearch *self, const DwDialect *dialect)
{
  for (guint i = 0; i < self->n_rounds; i++)
    {
      const DwDialect *other = self->rounds[i].dialect;

      if (strcmp (dw_dialect_get_route_key (dialect), dw_dialect_get_route_key (other)) == 0
          && strcmp (dw_dialect_get_send_route (dialect), dw_dialect_get_send_route (other)) == 0
          && strcmp (dw_dialect_get_body_key (dialect), dw_dialect_get_body_key (other)) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
add_round (DwDialectSearch *self, DwDialect *dialect)
{
  Round *round = &self->rounds[self->n_rounds];

  if (is_known (self, dialect))
    return;
  round->dialect = dw_dialect_ref (dialect);
  round->token = make_token ();
  /* Translators: a message that everybody on the stage sees; %s is a number that tells it from others. */
  round->text = g_strdup_printf (_ ("Testing the message format (%s)"), round->token);
  round->frame = dw_frame_encode (dialect, round->text, NULL, NULL, NULL);
  self->n_rounds++;
}

static char *
make_control (const DwDialect *dialect, const char *token)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *route = g_strconcat ("dynamowave-", token, NULL);

  json_object_set_string_member (object, dw_dialect_get_route_key (dialect), route);
  json_node_set_object (root, object);
  return json_to_string (root, FALSE);
}

/**
 * dw_dialect_search_new:
 * @stage: whose dialect is looked for; its first address is tried, and the dialect it has comes first
 * @timeout_ms: how long a handshake may take, in milliseconds
 * @wait_ms: how long each message's broadcast is waited for, in milliseconds
 *
 * Returns: (transfer full): a search that has not started
 */
DwDialectSearch *
dw_dialect_search_new (DwStage *stage, guint timeout_ms, guint wait_ms)
{
  DwDialectSearch *self = g_object_new (DW_TYPE_DIALECT_SEARCH, NULL);

  self->stage = g_object_ref (stage);
  self->timeout_ms = timeout_ms;
  self->wait_ms = wait_ms;

  add_round (self, dw_stage_get_dialect (stage));
  for (guint i = 0; i < DW_DIALECT_CUSTOM; i++)
    {
      g_autoptr (DwDialect) preset = dw_dialect_new_preset ((DwDialectPreset) i);

      add_round (self, preset);
    }
  self->control_token = make_token ();
  self->control = make_control (self->rounds[0].dialect, self->control_token);
  return self;
}

/**
 * dw_dialect_search_start:
 * @self: a new search
 *
 * Connects and tries. ::changed tells how it goes on. Everybody on the stage sees the message whose dialect is the
 * stage's, so whoever calls this has asked first.
 */
void
dw_dialect_search_start (DwDialectSearch *self)
{
  DW_ASSERT_MAIN_THREAD ();

  g_return_if_fail (self->phase == PHASE_NEW);

  open_speaker (self);
}

/**
 * dw_dialect_search_cancel:
 * @self: a search
 *
 * Ends it at once, where it runs, without ::changed.
 */
void
dw_dialect_search_cancel (DwDialectSearch *self)
{
  DW_ASSERT_MAIN_THREAD ();

  self->phase = PHASE_OVER;
  drop_connections (self);
}

/**
 * dw_dialect_search_is_over:
 * @self: a search that was started
 *
 * Returns: whether nothing more will come of it
 */
gboolean
dw_dialect_search_is_over (DwDialectSearch *self)
{
  return self->phase == PHASE_OVER;
}

/**
 * dw_dialect_search_get_verdict:
 * @self: a search
 *
 * Returns: how it ended
 */
DwDialectVerdict
dw_dialect_search_get_verdict (DwDialectSearch *self)
{
  return self->verdict;
}

/**
 * dw_dialect_search_get_found:
 * @self: a search
 *
 * Returns: (transfer none) (nullable): the stage's dialect, once it is found
 */
DwDialect *
dw_dialect_search_get_found (DwDialectSearch *self)
{
  return self->found;
}

/**
 * dw_dialect_search_get_n_dialects:
 * @self: a search
 *
 * Returns: how many dialects it tries at most
 */
guint
dw_dialect_search_get_n_dialects (DwDialectSearch *self)
{
  return self->n_rounds;
}

/**
 * dw_dialect_search_get_dialect:
 * @self: a search
 * @index: which one, in the order they are tried
 *
 * Returns: (transfer none): the dialect
 */
DwDialect *
dw_dialect_search_get_dialect (DwDialectSearch *self, guint index)
{
  return self->rounds[index].dialect;
}

/**
 * dw_dialect_search_get_answer:
 * @self: a search
 * @index: which one, in the order they are tried
 *
 * Returns: what became of it
 */
DwDialectAnswer
dw_dialect_search_get_answer (DwDialectSearch *self, guint index)
{
  return self->rounds[index].answer;
}

static gboolean
found_no_route (DwDialectSearch *self)
{
  for (guint i = 0; i < self->n_rounds; i++)
    if (self->rounds[i].answer != DW_DIALECT_ANSWER_NO_ROUTE)
      return FALSE;
  return TRUE;
}

/* Longer than that is no broadcast of what a search says, in bytes. */
#define OWN_BYTES 1024

/**
 * dw_dialect_search_is_own:
 * @self: a search
 * @text: a text that came from the stage, on whatever connection
 *
 * Returns: whether it has a message that this search has sent
 */
gboolean
dw_dialect_search_is_own (DwDialectSearch *self, const char *text)
{
  if (strlen (text) > OWN_BYTES)
    return FALSE;
  for (guint i = 0; i < self->n_rounds; i++)
    if (self->rounds[i].answer != DW_DIALECT_ANSWER_NONE && strstr (text, self->rounds[i].token) != NULL)
      return TRUE;
  return self->controlled && strstr (text, self->control_token) != NULL;
}

/**
 * dw_dialect_search_dup_words:
 * @self: a search
 *
 * Returns: (transfer full): how it stands or how it ended, in a translated sentence
 */
char *
dw_dialect_search_dup_words (DwDialectSearch *self)
{
  switch (self->verdict)
    {
    case DW_DIALECT_VERDICT_FOUND:
      /* Translators: a route such as “sendMessage” and a key such as “message”. */
      return g_strdup_printf (_ ("Found: route “%1$s”, text key “%2$s”."), dw_dialect_get_send_route (self->found),
                              dw_dialect_get_body_key (self->found));
    case DW_DIALECT_VERDICT_UNREADABLE:
      return g_strdup (_ ("The stage delivers messages, but in a format this app can’t read."));
    case DW_DIALECT_VERDICT_UNKNOWN:
      if (found_no_route (self))
        return g_strdup (_ ("Not found: the stage has none of the known routes. Ask whoever deployed it."));
      return g_strdup (_ ("Not found: the stage delivered none of the known formats. Ask whoever deployed it."));
    case DW_DIALECT_VERDICT_ECHO:
      return g_strdup (_ ("The stage returns everything it’s sent, so its format can’t be found this way."));
    case DW_DIALECT_VERDICT_THROTTLED:
      return g_strdup (_ ("The stage is getting too many requests. Try again later."));
    case DW_DIALECT_VERDICT_UNREACHABLE:
      return g_strdup (dw_cause_get_sentence (self->cause));
    case DW_DIALECT_VERDICT_NONE:
    default:
      if (self->phase < PHASE_TRYING)
        return g_strdup (_ ("Connecting…"));
      /* Translators: the first number counts up to the second. */
      return g_strdup_printf (_ ("Trying format %1$u of %2$u…"), self->at + 1, self->n_rounds);
    }
}
