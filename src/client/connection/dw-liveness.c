/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-liveness.h"

#include "dw-boot-clock.h"

/**
 * SECTION:dw-liveness
 *
 * Whether the peer is still there. libsoup sends the pings; this sets the deadline for the answers (libsoup 3.2 has
 * none) and sends the probe, a data frame that `$default` answers. The probe proves that the route works, measures the
 * latency, and counts against the gateway's idle limit, as a ping may not.
 */
struct _DwLiveness
{
  GObject parent_instance;

  DwConnection *connection;
  DwDialect *dialect;
  DwSessionPolicy *policy;

  gint64 first_probe; /* boot clock: when the first probe was sent, or 0 */
  gint64 probe_sent;  /* boot clock: when the last probe was sent */
  guint unanswered;   /* probes without an answer; each is answered once */
  gint64 doubt_ends;  /* boot clock, or 0: silence up to here means that the peer is gone */
  gint64 doubt_since;
  gint64 due; /* boot clock: when the timer was to fire */
  gint latency_ms;
  guint timer;
};

G_DEFINE_FINAL_TYPE (DwLiveness, dw_liveness, G_TYPE_OBJECT)

enum
{
  SIGNAL_SILENT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void arm_timer (DwLiveness *self);

static gint64
silence_deadline (DwLiveness *self)
{
  gint64 patience = ((gint64) self->policy->ping_ms + self->policy->pong_ms) * 1000;

  return dw_connection_get_last_heard (self->connection) + patience;
}

static gint64
idle_deadline (DwLiveness *self)
{
  return dw_connection_get_last_sent (self->connection) + (gint64) self->policy->probe_ms * 1000;
}

static gboolean
on_timer (gpointer data)
{
  g_autoptr (DwLiveness) self = g_object_ref (data);
  gint64 now = dw_boot_clock_now ();
  /* This computer slept or this program was stopped: what the peer sent meanwhile has not been read yet. */
  gboolean late = now - self->due > (gint64) self->policy->pong_ms * 500;

  self->timer = 0;
  if (self->doubt_ends != 0 && dw_connection_get_last_heard (self->connection) > self->doubt_since)
    self->doubt_ends = 0;
  if (late && self->doubt_ends == 0)
    {
      dw_liveness_doubt (self);
      return G_SOURCE_REMOVE;
    }
  if (!late && ((self->doubt_ends != 0 && now >= self->doubt_ends) || now >= silence_deadline (self)))
    {
      g_signal_emit (self, signals[SIGNAL_SILENT], 0);
      return G_SOURCE_REMOVE;
    }
  if (now >= idle_deadline (self))
    dw_liveness_probe (self);
  else
    arm_timer (self);
  return G_SOURCE_REMOVE;
}

static void
arm_timer (DwLiveness *self)
{
  gint64 due = MIN (silence_deadline (self), idle_deadline (self));

  if (self->doubt_ends != 0)
    due = MIN (due, self->doubt_ends);
  /* A deadline that passed while we slept is looked at again after a pause for the socket to be read. */
  self->due = MAX (due, dw_boot_clock_now () + 10 * 1000);
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = dw_boot_clock_add (self->due, on_timer, self);
}

static void
dw_liveness_dispose (GObject *object)
{
  DwLiveness *self = DW_LIVENESS (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->dialect, dw_dialect_unref);
  g_clear_pointer (&self->policy, dw_session_policy_unref);
  G_OBJECT_CLASS (dw_liveness_parent_class)->dispose (object);
}

static void
dw_liveness_class_init (DwLivenessClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_liveness_dispose;

  /**
   * DwLiveness::silent:
   *
   * The peer stopped answering: the connection has to be replaced.
   */
  signals[SIGNAL_SILENT] =
      g_signal_new ("silent", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
dw_liveness_init (DwLiveness *self)
{
  self->latency_ms = -1;
}

/**
 * dw_liveness_new:
 * @connection: an open connection
 * @dialect: for the probe
 * @policy: the durations
 *
 * Returns: (transfer full): a watch over @connection
 */
DwLiveness *
dw_liveness_new (DwConnection *connection, const DwDialect *dialect, DwSessionPolicy *policy)
{
  DwLiveness *self = g_object_new (DW_TYPE_LIVENESS, NULL);

  self->connection = g_object_ref (connection);
  self->dialect = dw_dialect_ref ((DwDialect *) dialect);
  self->policy = dw_session_policy_ref (policy);
  arm_timer (self);
  return self;
}

/**
 * dw_liveness_probe:
 * @self: a watch
 *
 * Sends the probe, unless one is still unanswered and young enough to be answered.
 */
void
dw_liveness_probe (DwLiveness *self)
{
  gint64 now = dw_boot_clock_now ();

  if (self->unanswered == 0 || now - self->probe_sent > (gint64) self->policy->pong_ms * 1000)
    {
      /* By now those before were answered, or never will be: see dw_liveness_is_probed(). */
      if (now - self->probe_sent > (gint64) self->policy->answer_ms * 1000)
        self->unanswered = 0;
      self->probe_sent = now;
      if (self->first_probe == 0)
        self->first_probe = now;
      self->unanswered++;
      dw_connection_send (self->connection, dw_dialect_get_probe (self->dialect));
    }
  arm_timer (self);
}

/**
 * dw_liveness_measure:
 * @self: a watch
 *
 * Sends the probe for the sake of its latency alone: not before every other probe is answered, or too old to be. After a
 * lost one that takes the policy's `answer_ms`; sent earlier, nobody could tell which of the two was answered, again and
 * again.
 */
void
dw_liveness_measure (DwLiveness *self)
{
  if (!dw_liveness_is_probed (self))
    dw_liveness_probe (self);
}

/**
 * dw_liveness_doubt:
 * @self: a watch
 *
 * Something happened that may have cut the line: a resume, a change of network. Probes at once; silence for the
 * policy's `pong_ms` ends the connection.
 */
void
dw_liveness_doubt (DwLiveness *self)
{
  gint64 now = dw_boot_clock_now ();

  if (self->doubt_ends == 0)
    {
      self->doubt_since = now;
      self->doubt_ends = now + (gint64) self->policy->pong_ms * 1000;
    }
  dw_liveness_probe (self);
}

/**
 * dw_liveness_is_probed:
 * @self: a watch
 *
 * An answer counts within the policy's `answer_ms` after the probe. A forger has no more time than that.
 *
 * Returns: whether a probe waits for an answer that may still come
 */
gboolean
dw_liveness_is_probed (DwLiveness *self)
{
  return self->unanswered > 0 && dw_boot_clock_now () - self->probe_sent <= (gint64) self->policy->answer_ms * 1000;
}

/**
 * dw_liveness_is_young:
 * @self: a watch
 *
 * Returns: whether the answer to the connection's first probe may still be under way
 */
gboolean
dw_liveness_is_young (DwLiveness *self)
{
  return dw_boot_clock_now () - self->first_probe <= (gint64) self->policy->answer_ms * 1000;
}

/**
 * dw_liveness_note_answer:
 * @self: a watch that is probed
 *
 * The probe was answered.
 *
 * Returns: whether it is known how long that took, since no other probe waits
 */
gboolean
dw_liveness_note_answer (DwLiveness *self)
{
  self->unanswered--;
  if (self->unanswered != 0)
    return FALSE;
  self->latency_ms = (gint) ((dw_boot_clock_now () - self->probe_sent) / 1000);
  return TRUE;
}

/**
 * dw_liveness_get_latency:
 * @self: a watch
 *
 * Returns: how long the last probe took, in milliseconds, or -1
 */
gint
dw_liveness_get_latency (DwLiveness *self)
{
  return self->latency_ms;
}
