/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-session.h"

#include "dw-boot-clock.h"
#include "dw-inbox.h"
#include "dw-rollover.h"
#include "dw-retry.h"

#include "wire/dw-thread.h"

#include <glib/gi18n-lib.h>

struct _DwSession
{
  GObject parent_instance;

  DwSessionPolicy *policy;
  GNetworkMonitor *monitor;
  DwStage *stage;

  DwSessionStatus status;
  DwLatencies latencies;
  DwOutages *outages;
  DwRollover rollover;
  DwRetry *retry;
  DwInbox *inbox;
  JsonParser *parser;

  gint64 online_since;       /* boot clock */
  gint64 last_attempt;       /* boot clock */
  gint64 promoted_at;        /* boot clock: when the last rollover was done */
  guint timer;               /* the one that leads to an attempt, or to “online, unconfirmed” */
  gboolean held;             /* its connections are not read */
  gboolean waits_for_secret; /* connects as soon as the stage has it */
  guint rollover_timer;      /* age, then confirmation of the successor, then end of the overlap */
};

G_DEFINE_FINAL_TYPE (DwSession, dw_session, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_STATE,
  N_PROPS,
};

enum
{
  SIGNAL_CHANGED,
  SIGNAL_FRAME,
  SIGNAL_LOST,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

/* A network that flaps must not make us attempt more often than this, in microseconds. */
#define NETWORK_ATTEMPT_PAUSE (1 * G_USEC_PER_SEC)

static void start_rollover (DwSession *self);
static void leg_ended (DwSession *self, DwLeg *leg, DwCause cause, guint code);

static gint64
from_now (guint milliseconds)
{
  return dw_boot_clock_now () + (gint64) milliseconds * 1000;
}

static void
set_timer (guint *timer, gint64 at, GSourceFunc function, gpointer data)
{
  g_clear_handle_id (timer, g_source_remove);
  *timer = dw_boot_clock_add (at, function, data);
}

static void
set_state (DwSession *self, DwSessionState state, DwCause cause, guint code)
{
  gboolean changed = self->status.state != state;

  self->status.state = state;
  self->status.cause = cause;
  self->status.code = code;
  self->status.attempt = dw_retry_get_failures (self->retry);
  if (state == DW_SESSION_ONLINE)
    dw_outages_end (self->outages, dw_boot_clock_now ());

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
drop_legs (DwSession *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->rollover_timer, g_source_remove);
  dw_rollover_clear (&self->rollover);
}

/* Opening */

static void
become_online (DwSession *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  self->online_since = dw_boot_clock_now ();
  set_state (self, DW_SESSION_ONLINE, DW_CAUSE_NONE, 0);
}

/* A stage that answers no probe may carry messages all the same: online, unconfirmed. */
static gboolean
on_confirm_timeout (gpointer data)
{
  DwSession *self = data;

  self->timer = 0;
  become_online (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_rollover_due (gpointer data)
{
  DwSession *self = data;

  self->rollover_timer = 0;
  start_rollover (self);
  return G_SOURCE_REMOVE;
}

/* The current connection is open, and the probe is on its way. */
static void
become_connected (DwSession *self)
{
  set_timer (&self->rollover_timer, from_now (self->policy->rollover_ms), on_rollover_due, self);
  set_timer (&self->timer, from_now (self->policy->confirm_ms), on_confirm_timeout, self);
  self->status.opened_at = g_get_real_time ();
  set_state (self, DW_SESSION_CONNECTED, DW_CAUSE_NONE, 0);
}

static gboolean on_successor_confirm_timeout (gpointer data);

static void
on_silent (DwSession *self, DwLiveness *liveness)
{
  g_clear_pointer (&self->status.reason, g_free);
  leg_ended (self, dw_rollover_find_owner (&self->rollover, liveness), DW_CAUSE_SILENT, 0);
}

static void
on_opened (DwSession *self, DwConnection *connection)
{
  DwLeg *leg = dw_rollover_find_owner (&self->rollover, connection);

  dw_leg_watch (leg, dw_stage_get_dialect (self->stage), self->policy);
  g_signal_connect_object (leg->liveness, "silent", G_CALLBACK (on_silent), self, G_CONNECT_SWAPPED);
  dw_liveness_probe (leg->liveness);

  if (leg == self->rollover.next)
    set_timer (&self->rollover_timer, from_now (self->policy->confirm_ms), on_successor_confirm_timeout, self);
  else
    become_connected (self);
}

static void
on_ended (DwSession *self, guint cause, guint code, const char *reason, DwConnection *connection)
{
  g_free (self->status.reason);
  self->status.reason = g_strdup (reason);
  leg_ended (self, dw_rollover_find_owner (&self->rollover, connection), cause, code);
}

static void
open_leg (DwSession *self, DwLeg *leg)
{
  DwHandshakeOptions options = { .timeout_ms = self->policy->handshake_ms,
                                 .protocols = dw_stage_get_protocols (self->stage),
                                 .headers = dw_stage_get_headers (self->stage) };

  g_signal_connect_object (leg->connection, "opened", G_CALLBACK (on_opened), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (leg->connection, "ended", G_CALLBACK (on_ended), self, G_CONNECT_SWAPPED);
  dw_connection_set_held (leg->connection, self->held);
  dw_connection_open (leg->connection, dw_session_get_url (self), &options, self->policy->ping_ms);
}

/* Every attempt begins here. A stage is sent no request without its secret, which the keyring may not have given yet:
 * then the session is offline, and goes on when the secret is there. */
static void
begin_attempt (DwSession *self)
{
  drop_legs (self);
  dw_session_status_forget_connection (&self->status);
  self->status.features = DW_FEATURE_NONE;

  self->waits_for_secret = dw_stage_lacks_secret (self->stage);
  if (self->waits_for_secret)
    {
      if (self->status.state != DW_SESSION_OFFLINE)
        set_state (self, DW_SESSION_OFFLINE, DW_CAUSE_NONE, 0);
      return;
    }

  self->last_attempt = dw_boot_clock_now ();
  open_leg (self, dw_rollover_begin (&self->rollover, self->inbox));
  set_state (self, DW_SESSION_CONNECTING, self->status.cause, self->status.code);
}

static void
on_secret_changed (DwSession *self)
{
  if (self->waits_for_secret && !dw_stage_lacks_secret (self->stage))
    begin_attempt (self);
}

/* Ending */

static gboolean
on_retry (gpointer data)
{
  DwSession *self = data;

  self->timer = 0;
  begin_attempt (self);
  return G_SOURCE_REMOVE;
}

static gboolean
network_is_missing (DwSession *self)
{
  return self->monitor != NULL && !g_network_monitor_get_network_available (self->monitor)
         && !dw_stage_url_is_loopback (dw_session_get_url (self));
}

/* The one place that schedules an attempt. */
static void
schedule_attempt (DwSession *self, DwCause cause, guint code)
{
  gboolean was_stable = self->status.state == DW_SESSION_ONLINE
                        && dw_boot_clock_now () - self->online_since >= (gint64) self->policy->stable_ms * 1000;
  guint delay;

  if (!dw_retry_note_end (self->retry, cause, was_stable, &delay))
    {
      set_state (self, DW_SESSION_REFUSED, cause, code);
      return;
    }

  if (network_is_missing (self))
    {
      self->status.retry_at = from_now (self->policy->backoff_cap_ms);
      set_timer (&self->timer, self->status.retry_at, on_retry, self);
      set_state (self, DW_SESSION_NO_NETWORK, DW_CAUSE_NO_NETWORK, code);
      return;
    }

  self->status.retry_at = from_now (delay);
  set_timer (&self->timer, self->status.retry_at, on_retry, self);
  set_state (self, DW_SESSION_WAITING, cause, code);
}

/* The successor, open or not yet, has become the only connection. */
static void
continue_with_successor (DwSession *self)
{
  if (self->rollover.current->liveness != NULL)
    become_connected (self);
  else
    set_state (self, DW_SESSION_CONNECTING, DW_CAUSE_NONE, 0);
}

static void
current_ended (DwSession *self, DwCause cause, guint code)
{
  gboolean was_open = self->rollover.current->liveness != NULL;
  gint64 silence = dw_leg_get_silence (self->rollover.current, cause, self->policy);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->rollover_timer, g_source_remove);
  dw_rollover_drop_current (&self->rollover);
  dw_session_status_forget_connection (&self->status);

  if (was_open)
    {
      dw_outages_begin (self->outages, dw_boot_clock_now (), g_get_real_time (), cause, code);
      g_signal_emit (self, signals[SIGNAL_LOST], 0, G_MAXINT64, silence);
    }
  /* A handler of that signal may have disconnected. */
  if (self->status.state == DW_SESSION_OFFLINE)
    return;

  if (self->rollover.current != NULL)
    continue_with_successor (self);
  else
    schedule_attempt (self, cause, code);
}

static void
leg_ended (DwSession *self, DwLeg *leg, DwCause cause, guint code)
{
  g_autoptr (DwSession) keep G_GNUC_UNUSED = g_object_ref (self);

  if (leg == self->rollover.current)
    current_ended (self, cause, code);
  else if (leg == self->rollover.old)
    g_clear_pointer (&self->rollover.old, dw_leg_free);
  else
    {
      dw_rollover_drop_successor (&self->rollover);
      set_timer (&self->rollover_timer, from_now (dw_retry_note_rollover_failed (self->retry)), on_rollover_due,
                 self);
    }
}

/* Rollover */

static void
start_rollover (DwSession *self)
{
  dw_retry_note_rollover (self->retry);
  open_leg (self, dw_rollover_begin_successor (&self->rollover, self->inbox));
}

static gboolean
on_overlap_ended (gpointer data)
{
  DwSession *self = data;

  self->rollover_timer = 0;
  dw_rollover_drop_old (&self->rollover);

  /* What was sent on the old connection and has not come back on either is lost. */
  g_signal_emit (self, signals[SIGNAL_LOST], 0, self->promoted_at, G_GINT64_CONSTANT (0));
  if (self->rollover.current != NULL)
    set_timer (&self->rollover_timer, from_now (self->policy->rollover_ms), on_rollover_due, self);
  return G_SOURCE_REMOVE;
}

static void
switch_to_successor (DwSession *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  dw_rollover_promote (&self->rollover);
  self->promoted_at = dw_boot_clock_now ();
  self->status.opened_at = g_get_real_time ();

  dw_retry_note_rollover_done (self->retry);
  set_timer (&self->rollover_timer, from_now (self->policy->overlap_ms), on_overlap_ended, self);
  g_debug ("Moved to a new connection before the gateway's limit");
  set_state (self, DW_SESSION_ONLINE, DW_CAUSE_NONE, 0);
}

static gboolean
on_successor_confirm_timeout (gpointer data)
{
  DwSession *self = data;

  self->rollover_timer = 0;
  dw_session_status_forget_connection (&self->status);
  switch_to_successor (self);
  return G_SOURCE_REMOVE;
}

/* Frames */

static void
note_probe_answer (DwSession *self, DwLeg *leg, const DwFrame *learned)
{
  gboolean measured = dw_liveness_note_answer (leg->liveness);

  if (leg == self->rollover.old)
    return;

  if (learned != NULL)
    dw_session_status_learn (&self->status, learned);
  self->status.confirmed = TRUE;
  self->status.latency_ms = dw_liveness_get_latency (leg->liveness);
  if (measured)
    dw_latencies_add (&self->latencies, (guint) self->status.latency_ms);
  dw_retry_note_answer (self->retry);

  if (leg == self->rollover.next)
    switch_to_successor (self);
  else if (self->status.state == DW_SESSION_CONNECTED)
    become_online (self);
  else
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
distrust_identity (DwSession *self, DwLeg *leg)
{
  if (leg != self->rollover.current)
    return;
  dw_session_status_doubt (&self->status);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/* A frame has the gateway's shape: if it is not the gateway's, replaces it by what it is. FALSE if it answers our
 * probe, which is not reported. */
static gboolean
resolve_gateway_frame (DwSession *self, DwLeg *leg, DwFrame **frame, const char *raw)
{
  switch (dw_identity_judge (&leg->identity, *frame, dw_liveness_is_probed (leg->liveness),
                             dw_liveness_is_young (leg->liveness)))
    {
    case DW_IDENTITY_LEARNS:
      note_probe_answer (self, leg, *frame);
      return FALSE;
    case DW_IDENTITY_CONFIRMS:
      note_probe_answer (self, leg, NULL);
      return FALSE;
    case DW_IDENTITY_REPEATS:
      return FALSE;
    case DW_IDENTITY_OURS:
      return TRUE;
    case DW_IDENTITY_UNSURE:
      dw_frame_free (*frame);
      *frame = dw_frame_new_unreadable (raw, _ ("Received what looks like an error from the stage."));
      return TRUE;
    case DW_IDENTITY_DISPUTES:
      distrust_identity (self, leg);
      break;
    case DW_IDENTITY_FOREIGN:
    default:
      break;
    }
  dw_frame_free (*frame);
  *frame = dw_frame_new_text (raw);
  return TRUE;
}

/* A quoted text is a two-way route's answer only shortly after we asked something. */
static gboolean
may_be_answer (DwSession *self, DwLeg *leg)
{
  gint64 silence = dw_boot_clock_now () - dw_connection_get_last_sent (leg->connection);

  return silence <= (gint64) self->policy->answer_ms * 1000;
}

static void
on_text_frame (GBytes *bytes, guint serial, gpointer data)
{
  DwSession *self = data;
  g_autoptr (DwFrame) frame = NULL;
  DwLeg *leg = dw_rollover_find (&self->rollover, serial);
  const char *text;
  g_autofree char *raw = NULL;
  gsize length;

  if (leg == NULL)
    return;

  text = g_bytes_get_data (bytes, &length);
  frame = dw_frame_classify (dw_stage_get_dialect (self->stage), self->parser, text != NULL ? text : "", length);
  if (frame->kind == DW_FRAME_NOTIFICATION || frame->kind == DW_FRAME_GATEWAY_ERROR
      || frame->kind == DW_FRAME_ROUTE_RESPONSE)
    raw = g_strndup (text, length);

  if (frame->kind == DW_FRAME_ROUTE_RESPONSE && !may_be_answer (self, leg))
    {
      g_clear_pointer (&frame, dw_frame_free);
      frame = dw_frame_new_text (raw);
    }
  else if (raw != NULL && frame->kind != DW_FRAME_ROUTE_RESPONSE && !resolve_gateway_frame (self, leg, &frame, raw))
    return;

  if (dw_rollover_is_first (&self->rollover, frame, serial))
    g_signal_emit (self, signals[SIGNAL_FRAME], 0, frame);
}

static void
on_network_changed (DwSession *self, gboolean available)
{
  DwLeg *current = self->rollover.current;

  if (dw_session_status_is_counting_down (&self->status) && available
      && dw_boot_clock_now () - self->last_attempt > NETWORK_ATTEMPT_PAUSE)
    begin_attempt (self);
  else if (current != NULL && current->liveness != NULL)
    dw_liveness_doubt (current->liveness);
}

static void
dw_session_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_STATE:
      g_value_set_uint (value, DW_SESSION (object)->status.state);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
dw_session_dispose (GObject *object)
{
  DwSession *self = DW_SESSION (object);

  drop_legs (self);
  g_clear_pointer (&self->inbox, dw_inbox_free);
  g_clear_object (&self->stage);
  g_clear_pointer (&self->status.connection_id, g_free);
  g_clear_pointer (&self->status.reason, g_free);
  g_clear_object (&self->parser);
  g_clear_object (&self->rollover.trace);
  g_clear_object (&self->monitor);
  G_OBJECT_CLASS (dw_session_parent_class)->dispose (object);
}

static void
dw_session_finalize (GObject *object)
{
  dw_retry_free (DW_SESSION (object)->retry);
  dw_outages_free (DW_SESSION (object)->outages);
  dw_session_policy_unref (DW_SESSION (object)->policy);
  G_OBJECT_CLASS (dw_session_parent_class)->finalize (object);
}

static void
dw_session_class_init (DwSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = dw_session_get_property;
  object_class->dispose = dw_session_dispose;
  object_class->finalize = dw_session_finalize;

  /**
   * DwSession:state:
   *
   * The session's #DwSessionState.
   */
  properties[PROP_STATE] =
      g_param_spec_uint ("state", NULL, NULL, DW_SESSION_OFFLINE, DW_SESSION_REFUSED, DW_SESSION_OFFLINE,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DwSession::changed:
   *
   * Something that is shown of the session changed: its state, cause, latency or connection ID.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * DwSession::frame:
   * @frame: a #DwFrame, valid during the call
   *
   * A frame arrived that was not the answer to a probe. What arrives on two connections during a rollover is
   * emitted once.
   */
  signals[SIGNAL_FRAME] = g_signal_new ("frame", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, DW_TYPE_FRAME | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * DwSession::lost:
   * @before: a time of the boot clock
   * @silence: for how long nothing could have been heard already, in microseconds
   *
   * An open connection ended: what was sent before that time and not broadcast back may or may not have arrived.
   */
  signals[SIGNAL_LOST] = g_signal_new ("lost", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 2, G_TYPE_INT64, G_TYPE_INT64);
}

static void
dw_session_init (DwSession *self)
{
  self->inbox = dw_inbox_new (on_text_frame, self);
  self->parser = json_parser_new ();
  self->outages = dw_outages_new ();
  self->status.latency_ms = -1;
}

/**
 * dw_session_new:
 * @policy: the durations
 * @monitor: (nullable): what knows about the network; it shortens waits and never forbids an attempt, since it is
 *   wrong in sandboxes and with VPNs
 * @trace: (nullable): what remembers what crosses the wire
 *
 * Returns: (transfer full): a session, offline
 */
DwSession *
dw_session_new (DwSessionPolicy *policy, GNetworkMonitor *monitor, DwTrace *trace)
{
  DwSession *self = g_object_new (DW_TYPE_SESSION, NULL);

  self->policy = dw_session_policy_ref (policy);
  g_set_object (&self->rollover.trace, trace);
  self->retry = dw_retry_new (policy);
  if (monitor != NULL)
    {
      self->monitor = g_object_ref (monitor);
      g_signal_connect_object (monitor, "network-changed", G_CALLBACK (on_network_changed), self,
                               G_CONNECT_SWAPPED);
    }
  return self;
}

/**
 * dw_session_set_stage:
 * @self: a session
 * @stage: where to connect
 *
 * What @stage says is read anew at each attempt, so a changed token is in the very next request.
 */
void
dw_session_set_stage (DwSession *self, DwStage *stage)
{
  DW_ASSERT_MAIN_THREAD ();

  if (self->stage != NULL)
    g_signal_handlers_disconnect_by_func (self->stage, on_secret_changed, self);
  g_set_object (&self->stage, stage);
  g_signal_connect_object (stage, "notify::secret", G_CALLBACK (on_secret_changed), self, G_CONNECT_SWAPPED);
  dw_retry_reset (self->retry);
  self->latencies = (DwLatencies){ 0 };
}

/**
 * dw_session_connect:
 * @self: a session that has a stage
 *
 * Connects and stays connected, until dw_session_disconnect(). Where the keyring has not given the stage's secret yet,
 * it connects when it has.
 */
void
dw_session_connect (DwSession *self)
{
  DW_ASSERT_MAIN_THREAD ();

  g_return_if_fail (self->stage != NULL);

  if (self->status.state == DW_SESSION_OFFLINE || self->status.state == DW_SESSION_REFUSED)
    dw_session_retry (self);
}

/**
 * dw_session_retry:
 * @self: a session that has a stage
 *
 * Attempts now, in any state without an open connection. The user asked for it, so the count of refusals starts again.
 */
void
dw_session_retry (DwSession *self)
{
  DW_ASSERT_MAIN_THREAD ();

  if (self->rollover.current != NULL)
    return;

  dw_retry_note_manual (self->retry);
  self->status.cause = DW_CAUSE_NONE;
  self->status.code = 0;
  g_clear_pointer (&self->status.reason, g_free);
  begin_attempt (self);
}

/**
 * dw_session_disconnect:
 * @self: a session
 *
 * Ends the connection at once. No attempt follows, whatever was pending.
 */
void
dw_session_disconnect (DwSession *self)
{
  gboolean was_open = self->rollover.current != NULL && self->rollover.current->liveness != NULL;

  DW_ASSERT_MAIN_THREAD ();

  self->waits_for_secret = FALSE;
  dw_outages_drop_current (self->outages);
  if (self->status.state == DW_SESSION_OFFLINE)
    return;

  drop_legs (self);
  dw_session_status_forget_connection (&self->status);
  dw_retry_reset (self->retry);
  set_state (self, DW_SESSION_OFFLINE, DW_CAUSE_NONE, 0);
  if (was_open)
    g_signal_emit (self, signals[SIGNAL_LOST], 0, G_MAXINT64, G_GINT64_CONSTANT (0));
}

/**
 * dw_session_disconnect_with:
 * @self: a session
 * @code: the close code: 1000, or 3000 to 4999 (RFC 6455 section 7.4.2)
 * @reason: (nullable): words beside it, at most 123 bytes
 *
 * As dw_session_disconnect(), with a code of one's own. The close frame leaves in the main loop's next turns.
 */
void
dw_session_disconnect_with (DwSession *self, guint16 code, const char *reason)
{
  DW_ASSERT_MAIN_THREAD ();

  if (self->rollover.current != NULL)
    dw_connection_close_with (self->rollover.current->connection, code, reason);
  dw_session_disconnect (self);
}

/**
 * dw_session_probe:
 * @self: a session
 *
 * Asks the stage for its features again, for a caller that waits for them: a probe can be refused or lost like any
 * frame. Nothing is sent while an answer is pending.
 *
 * Returns: after how long it makes sense to ask again, in milliseconds
 */
guint
dw_session_probe (DwSession *self)
{
  DwLeg *current = self->rollover.current;

  DW_ASSERT_MAIN_THREAD ();

  if (current != NULL && current->liveness != NULL)
    dw_liveness_probe (current->liveness);
  return self->policy->pong_ms;
}

/**
 * dw_session_measure:
 * @self: a session
 *
 * Finds out how long the stage takes to answer now, for a caller that shows it and asks again and again. See
 * dw_liveness_measure().
 */
void
dw_session_measure (DwSession *self)
{
  DwLeg *current = self->rollover.current;

  DW_ASSERT_MAIN_THREAD ();

  if (current != NULL && current->liveness != NULL)
    dw_liveness_measure (current->liveness);
}

/**
 * dw_session_set_held:
 * @self: a session
 * @held: whether nothing more is wanted for now
 *
 * Stops reading, so that TCP slows the stage down. Frames that are not read do not count as signs of life, so this must
 * be far shorter than the silence after which a connection counts as dead.
 */
void
dw_session_set_held (DwSession *self, gboolean held)
{
  DwLeg *legs[] = { self->rollover.current, self->rollover.next, self->rollover.old };

  DW_ASSERT_MAIN_THREAD ();

  self->held = held;
  for (guint i = 0; i < G_N_ELEMENTS (legs); i++)
    if (legs[i] != NULL)
      dw_connection_set_held (legs[i]->connection, held);
}

/**
 * dw_session_ping:
 * @self: a session
 * @payload: (nullable): what the ping says and the pong repeats, at most %DW_FRAME_CONTROL_BYTES bytes
 *
 * Pings beside the pings that watch over the connection. The trace has the pong.
 *
 * Returns: whether it was handed to an open socket
 */
gboolean
dw_session_ping (DwSession *self, const char *payload)
{
  DW_ASSERT_MAIN_THREAD ();

  return self->rollover.current != NULL && dw_connection_ping (self->rollover.current->connection, payload);
}

/**
 * dw_session_send:
 * @self: a session
 * @frame: a frame of at most %DW_LIMIT_FRAME_BYTES
 *
 * Returns: whether it was handed to an open socket
 */
gboolean
dw_session_send (DwSession *self, const char *frame)
{
  DW_ASSERT_MAIN_THREAD ();

  return self->status.state == DW_SESSION_ONLINE && self->rollover.current != NULL
         && dw_connection_send (self->rollover.current->connection, frame);
}

/**
 * dw_session_get_status:
 * @self: a session
 *
 * Returns: (transfer none): its state as it is shown to the user
 */
const DwSessionStatus *
dw_session_get_status (DwSession *self)
{
  return &self->status;
}

/**
 * dw_session_get_url:
 * @self: a session that has a stage
 *
 * Returns: (transfer none): the address in use
 */
DwStageUrl *
dw_session_get_url (DwSession *self)
{
  return dw_stage_get_url (self->stage, dw_retry_get_address (self->retry, dw_stage_get_n_urls (self->stage)));
}

/**
 * dw_session_get_latencies:
 * @self: a session
 *
 * Returns: (transfer none): how long the last probes took, whatever connection they were sent on
 */
const DwLatencies *
dw_session_get_latencies (DwSession *self)
{
  return &self->latencies;
}

/**
 * dw_session_get_outages:
 * @self: a session
 *
 * Returns: (transfer none): when it was without a connection in the last day, since the program started
 */
DwOutages *
dw_session_get_outages (DwSession *self)
{
  return self->outages;
}

/**
 * dw_session_get_stage:
 * @self: a session that has a stage
 *
 * Returns: (transfer none): where it connects
 */
DwStage *
dw_session_get_stage (DwSession *self)
{
  return self->stage;
}
