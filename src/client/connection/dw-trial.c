/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-trial.h"

#include "dw-handshake.h"

#include "wire/dw-frame.h"
#include "wire/dw-safe-text.h"

#include <glib/gi18n-lib.h>

/* How much is shown of what a gateway says. */
#define SAID_CHARS 100

/**
 * SECTION:dw-trial
 *
 * Connects once to a stage that is not saved yet, and says how each step went, in words for people. There is no session,
 * so nothing is tried twice.
 */
struct _DwTrial
{
  GObject parent_instance;

  DwStage *stage;
  guint timeout_ms;
  GCancellable *cancellable; /* while the handshake is under way */
  SoupWebsocketConnection *websocket;
  guint timer;
  gint64 started; /* monotonic */
  gint64 began;   /* the step that runs, monotonic */
  guint status;   /* HTTP, of a refusal, or 0 */
  DwCause cause;  /* why a step failed */
  DwTransport transport;
  guint took[DW_TRIAL_STEPS]; /* in milliseconds; 0 where it did not go well */
  guint took_ms;              /* until the answer, or 0 where none came */
  DwTrialState states[DW_TRIAL_STEPS];
  char *words[DW_TRIAL_STEPS];
};

G_DEFINE_FINAL_TYPE (DwTrial, dw_trial, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
dw_trial_dispose (GObject *object)
{
  DwTrial *self = DW_TRIAL (object);

  dw_trial_cancel (self);
  g_clear_object (&self->stage);
  G_OBJECT_CLASS (dw_trial_parent_class)->dispose (object);
}

static void
dw_trial_finalize (GObject *object)
{
  DwTrial *self = DW_TRIAL (object);

  for (guint i = 0; i < DW_TRIAL_STEPS; i++)
    g_free (self->words[i]);
  dw_transport_clear (&self->transport);
  G_OBJECT_CLASS (dw_trial_parent_class)->finalize (object);
}

static void
dw_trial_class_init (DwTrialClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_trial_dispose;
  G_OBJECT_CLASS (klass)->finalize = dw_trial_finalize;

  /**
   * DwTrial::changed:
   *
   * It came further, or is over.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
dw_trial_init (DwTrial *self)
{
}

/**
 * dw_trial_new:
 * @stage: what to connect to; its first address is tried
 * @timeout_ms: how long the handshake may take, in milliseconds
 *
 * Returns: (transfer full): a trial that has not started
 */
DwTrial *
dw_trial_new (DwStage *stage, guint timeout_ms)
{
  DwTrial *self = g_object_new (DW_TYPE_TRIAL, NULL);

  self->stage = g_object_ref (stage);
  self->timeout_ms = timeout_ms;
  return self;
}

static void
set_step (DwTrial *self, DwTrialStep step, DwTrialState state, const char *words)
{
  self->states[step] = state;
  g_free (self->words[step]);
  self->words[step] = g_strdup (words);
}

static void
pass_step (DwTrial *self, DwTrialStep step)
{
  guint took = (guint) MAX ((g_get_monotonic_time () - self->began) / 1000, 1);
  /* Translators: how long a step took, in milliseconds. */
  g_autofree char *words = g_strdup_printf (_ ("%u ms"), took);

  set_step (self, step, DW_TRIAL_DONE, words);
  self->took[step] = took;
  self->began = g_get_monotonic_time ();
}

static void
finish_at (DwTrial *self, DwTrialStep step, DwTrialState state, const char *words)
{
  set_step (self, step, state, words);
  dw_trial_cancel (self);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
begin_step (DwTrial *self, DwTrialStep step)
{
  self->states[step] = DW_TRIAL_RUNNING;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/* A later step proves the earlier ones, even where the network reported none of them: a proxy looks up the name. */
static void
pass_steps_to (DwTrial *self, DwTrialStep last)
{
  for (DwTrialStep step = DW_TRIAL_NAME; step <= last; step++)
    if (self->states[step] == DW_TRIAL_WAITING || self->states[step] == DW_TRIAL_RUNNING)
      pass_step (self, step);
}

static void
on_progress (DwHandshakeStep step, gpointer data)
{
  DwTrial *self = data;
  DwTrialStep next = (DwTrialStep) step + 1;

  if (self->cancellable == NULL || step == DW_HANDSHAKE_UPGRADE || step == DW_HANDSHAKE_PROXY)
    return;
  pass_steps_to (self, (DwTrialStep) step);
  if (next == DW_TRIAL_ENCRYPTION && self->states[next] == DW_TRIAL_SKIPPED)
    next = DW_TRIAL_UPGRADE;
  begin_step (self, next);
}

static gboolean
on_answer_timeout (gpointer data)
{
  DwTrial *self = data;

  self->timer = 0;
  finish_at (self, DW_TRIAL_ANSWER, DW_TRIAL_DONE,
             _ ("No reply to the probe frame. Messages may still get through."));
  return G_SOURCE_REMOVE;
}

static char *
describe_notification (const DwFrame *frame)
{
  if (frame->features != DW_FEATURE_NONE)
    return g_strdup (_ ("The stage identified itself. It supports names and confirms delivery."));
  return g_strdup (_ ("The stage identified itself. It doesn’t support names."));
}

static char *
describe_answer (const DwFrame *frame)
{
  g_autofree char *said = frame->text != NULL ? dw_safe_line (frame->text, SAID_CHARS) : NULL;

  switch (frame->kind)
    {
    case DW_FRAME_NOTIFICATION:
      return describe_notification (frame);
    case DW_FRAME_GATEWAY_ERROR:
      /* Translators: %s is what the gateway says, such as “Forbidden”. */
      return g_strdup_printf (
          _ ("The gateway replied “%s”. The connection works, but the stage has no default route."), said);
    case DW_FRAME_BROADCAST:
      return g_strdup (_ ("Already received a message, so the connection works."));
    case DW_FRAME_ROUTE_RESPONSE:
    case DW_FRAME_UNREADABLE:
    default:
      return g_strdup (_ ("The stage replied in a format of its own. Open the inspector to see the frames."));
    }
}

static void
on_message (DwTrial *self, int type, GBytes *bytes)
{
  g_autoptr (DwTrial) keep G_GNUC_UNUSED = g_object_ref (self);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (DwFrame) frame = NULL;
  g_autofree char *words = NULL;
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  frame = dw_frame_classify (dw_stage_get_dialect (self->stage), parser, data != NULL ? data : "", size);
  words = describe_answer (frame);
  self->took_ms = (guint) MAX ((g_get_monotonic_time () - self->started) / 1000, 1);
  self->took[DW_TRIAL_ANSWER] = (guint) MAX ((g_get_monotonic_time () - self->began) / 1000, 1);
  finish_at (self, DW_TRIAL_ANSWER, DW_TRIAL_DONE, words);
}

static void
on_closed (DwTrial *self)
{
  g_autoptr (DwTrial) keep G_GNUC_UNUSED = g_object_ref (self);
  gushort code = soup_websocket_connection_get_close_code (self->websocket);

  self->cause = dw_cause_from_close_code (code);
  finish_at (self, DW_TRIAL_ANSWER, DW_TRIAL_FAILED, dw_cause_get_sentence (self->cause));
}

static void
send_probe (DwTrial *self, SoupWebsocketConnection *websocket)
{
  self->websocket = g_object_ref (websocket);
  g_signal_connect_object (websocket, "message", G_CALLBACK (on_message), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (websocket, "closed", G_CALLBACK (on_closed), self, G_CONNECT_SWAPPED);
  soup_websocket_connection_send_text (websocket, dw_dialect_get_probe (dw_stage_get_dialect (self->stage)));
  self->timer = g_timeout_add (DW_TRIAL_ANSWER_MS, on_answer_timeout, self);
  begin_step (self, DW_TRIAL_ANSWER);
}

/* The first step in this state, or another one where none is. */
static DwTrialStep
find_step (DwTrial *self, DwTrialState state, DwTrialStep otherwise)
{
  for (guint i = 0; i < DW_TRIAL_STEPS; i++)
    if (self->states[i] == state)
      return (DwTrialStep) i;
  return otherwise;
}

static void
explain_failure (DwTrial *self, const DwHandshakeReport *report)
{
  DwTrialStep step = find_step (self, DW_TRIAL_RUNNING, DW_TRIAL_UPGRADE);

  /* A status comes from the stage itself, so the upgrade is what failed, whichever step was last reported. */
  if (report->status != 0)
    {
      step = DW_TRIAL_UPGRADE;
      pass_steps_to (self, DW_TRIAL_ENCRYPTION);
      self->status = report->status;
    }
  self->cause = report->cause;
  finish_at (self, step, DW_TRIAL_FAILED, dw_cause_get_sentence (report->cause));
}

static void
on_handshake_over (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwTrial) self = data;
  g_autoptr (GError) error = NULL;
  g_auto (DwHandshakeReport) report = { 0 };
  g_autoptr (SoupWebsocketConnection) websocket = dw_handshake_finish (result, &report, &error);
  gboolean wanted = self->cancellable != NULL;

  g_clear_object (&self->cancellable);
  dw_transport_clear (&self->transport);
  self->transport = report.transport;
  report.transport = (DwTransport){ 0 };
  if (websocket != NULL && wanted)
    {
      pass_steps_to (self, DW_TRIAL_UPGRADE);
      send_probe (self, websocket);
    }
  else if (websocket != NULL)
    dw_handshake_close (websocket, SOUP_WEBSOCKET_CLOSE_NORMAL);
  else if (wanted)
    explain_failure (self, &report);
}

/**
 * dw_trial_start:
 * @self: a new trial
 *
 * Tries. ::changed tells of each step.
 */
void
dw_trial_start (DwTrial *self)
{
  DwStageUrl *url = dw_stage_get_url (self->stage, 0);
  DwHandshakeOptions options = { .timeout_ms = self->timeout_ms,
                                 .protocols = dw_stage_get_protocols (self->stage),
                                 .headers = dw_stage_get_headers (self->stage),
                                 .progress = on_progress,
                                 .progress_data = self };

  g_return_if_fail (self->cancellable == NULL && self->websocket == NULL);

  self->cancellable = g_cancellable_new ();
  self->started = self->began = g_get_monotonic_time ();
  if (!dw_stage_url_is_secure (url))
    set_step (self, DW_TRIAL_ENCRYPTION, DW_TRIAL_SKIPPED, _ ("Not needed for a local stage"));
  dw_handshake_async (url, &options, self->cancellable, on_handshake_over, g_object_ref (self));
  begin_step (self, DW_TRIAL_NAME);
}

/**
 * dw_trial_cancel:
 * @self: a trial
 *
 * Ends it at once, where it runs.
 */
void
dw_trial_cancel (DwTrial *self)
{
  g_autoptr (SoupWebsocketConnection) websocket = g_steal_pointer (&self->websocket);
  g_autoptr (GCancellable) cancellable = g_steal_pointer (&self->cancellable);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_cancellable_cancel (cancellable);
  if (websocket == NULL)
    return;
  g_signal_handlers_disconnect_by_data (websocket, self);
  dw_handshake_close (websocket, SOUP_WEBSOCKET_CLOSE_NORMAL);
}

/**
 * dw_trial_is_over:
 * @self: a trial that was started
 *
 * Returns: whether nothing more will come of it
 */
gboolean
dw_trial_is_over (DwTrial *self)
{
  return self->cancellable == NULL && self->websocket == NULL;
}

/**
 * dw_trial_get_state:
 * @self: a trial
 * @step: a step
 *
 * Returns: how it stands
 */
DwTrialState
dw_trial_get_state (DwTrial *self, DwTrialStep step)
{
  return self->states[step];
}

/**
 * dw_trial_get_words:
 * @self: a trial
 * @step: a step
 *
 * Returns: (nullable): a sentence on how it went; what the gateway said in it is as untrusted as a message
 */
const char *
dw_trial_get_words (DwTrial *self, DwTrialStep step)
{
  return self->words[step];
}

/**
 * dw_trial_get_took:
 * @self: a trial
 * @step: a step
 *
 * Returns: how long it took, in milliseconds and at least 1; 0 where it did not go well
 */
guint
dw_trial_get_took (DwTrial *self, DwTrialStep step)
{
  return self->took[step];
}

/**
 * dw_trial_get_cause:
 * @self: a trial
 *
 * Returns: why a step failed, or %DW_CAUSE_NONE
 */
DwCause
dw_trial_get_cause (DwTrial *self)
{
  return self->cause;
}

/**
 * dw_trial_get_status:
 * @self: a trial
 *
 * Returns: the HTTP status with which the stage refused, or 0
 */
guint
dw_trial_get_status (DwTrial *self)
{
  return self->status;
}

/**
 * dw_trial_was_answered:
 * @self: a trial
 *
 * Returns: whether the stage answered the probe
 */
gboolean
dw_trial_was_answered (DwTrial *self)
{
  return self->took_ms > 0;
}

/**
 * dw_trial_get_transport:
 * @self: a trial
 *
 * Returns: (transfer none): what became known of the connection, with the certificate that the host showed, valid or not
 */
const DwTransport *
dw_trial_get_transport (DwTrial *self)
{
  return &self->transport;
}

static char *
describe_refusal (guint status)
{
  const char *phrase = soup_status_get_phrase (status);

  /* Translators: an HTTP status and its name, such as “403 Forbidden”. */
  return g_strdup_printf (_ ("Refused: %1$u %2$s"), status, phrase);
}

/**
 * dw_trial_dup_verdict:
 * @self: a trial
 *
 * Returns: (transfer full): all of it in a few translated words, such as “Refused: 403 Forbidden”; what a step says of
 * itself has the rest
 */
char *
dw_trial_dup_verdict (DwTrial *self)
{
  if (!dw_trial_is_over (self))
    return g_strdup (_ ("Testing…"));
  if (self->status != 0)
    return describe_refusal (self->status);

  switch (find_step (self, DW_TRIAL_FAILED, DW_TRIAL_STEPS))
    {
    case DW_TRIAL_NAME:
      return g_strdup (_ ("Failed: host not found"));
    case DW_TRIAL_CONNECTION:
      return g_strdup (_ ("Failed: can’t connect to the host"));
    case DW_TRIAL_ENCRYPTION:
      return g_strdup (_ ("Failed: no secure connection"));
    case DW_TRIAL_UPGRADE:
      return g_strdup (_ ("Failed: the host doesn’t open a WebSocket"));
    case DW_TRIAL_ANSWER:
      return g_strdup (_ ("Failed: the stage closed the connection"));
    case DW_TRIAL_STEPS:
    default:
      break;
    }
  if (self->took_ms == 0)
    return g_strdup (_ ("OK: connected, but no reply"));
  /* Translators: %u is how long it took, in milliseconds. */
  return g_strdup_printf (_ ("OK: connected in %u ms"), self->took_ms);
}
