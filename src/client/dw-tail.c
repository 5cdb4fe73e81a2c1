/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-tail.h"

#include "client/messages/dw-notice.h"
#include "client/messages/dw-seen.h"

#include "wire/dw-fingerprint.h"

/**
 * SECTION:dw-tail
 *
 * What happens on a stage, line by line. It keeps only the fingerprints of the last messages, so it can run
 * indefinitely. For history, or to send messages, use #DwChat.
 */
struct _DwTail
{
  GObject parent_instance;

  DwSession *session;
  DwSeen *seen;
  gint64 lost_at; /* when the connection was lost, in microseconds since 1970 UTC, or 0 */
};

G_DEFINE_FINAL_TYPE (DwTail, dw_tail, G_TYPE_OBJECT)

enum
{
  SIGNAL_LINE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
tell (DwTail *self, DwMessage *message)
{
  g_signal_emit (self, signals[SIGNAL_LINE], 0, message);
}

static void
on_frame (DwTail *self, const DwFrame *frame)
{
  g_autofree char *notice = dw_notice_of_frame (frame);
  g_autofree char *fingerprint = dw_fingerprint_of_frame (frame);
  g_autoptr (DwMessage) message = NULL;

  if (notice != NULL)
    message = dw_message_new (DW_MESSAGE_NOTICE, notice, NULL, NULL, g_get_real_time ());
  else if (frame->kind == DW_FRAME_BROADCAST && dw_seen_is_first (self->seen, fingerprint))
    message = dw_message_new (DW_MESSAGE_THEIRS, frame->text, frame->sender, frame->id, g_get_real_time ());
  if (message != NULL)
    tell (self, message);
}

static void
on_lost (DwTail *self, gint64 before, gint64 silence)
{
  /* The end of a rollover leaves no gap. */
  if (before == G_MAXINT64 && self->lost_at == 0)
    self->lost_at = g_get_real_time () - silence;
}

static void
on_state (DwTail *self)
{
  DwSessionState state = dw_session_get_status (self->session)->state;
  gint64 now = g_get_real_time ();

  if (self->lost_at == 0 || (state != DW_SESSION_CONNECTED && state != DW_SESSION_ONLINE))
    return;
  if (now - self->lost_at >= DW_TAIL_GAP_US)
    {
      g_autoptr (DwMessage) gap = dw_message_new (DW_MESSAGE_GAP, "", NULL, NULL, self->lost_at);

      dw_message_set_until (gap, now);
      tell (self, gap);
    }
  self->lost_at = 0;
}

static void
dw_tail_dispose (GObject *object)
{
  DwTail *self = DW_TAIL (object);

  if (self->session != NULL)
    dw_session_disconnect (self->session);
  g_clear_object (&self->session);
  g_clear_pointer (&self->seen, dw_seen_free);
  G_OBJECT_CLASS (dw_tail_parent_class)->dispose (object);
}

static void
dw_tail_class_init (DwTailClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_tail_dispose;

  /**
   * DwTail::line:
   * @message: a #DwMessage: somebody's message, a notice or a gap
   *
   * A line has just arrived. The tail does not keep @message afterwards.
   */
  signals[SIGNAL_LINE] = g_signal_new ("line", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 1, DW_TYPE_MESSAGE);
}

static void
dw_tail_init (DwTail *self)
{
  self->seen = dw_seen_new ();
}

/**
 * dw_tail_new:
 * @stage: the stage
 * @policy: the durations of its session
 * @monitor: (nullable): what knows about the network
 *
 * Returns: (transfer full): a tail of that stage, offline
 */
DwTail *
dw_tail_new (DwStage *stage, DwSessionPolicy *policy, GNetworkMonitor *monitor)
{
  DwTail *self = g_object_new (DW_TYPE_TAIL, NULL);

  self->session = dw_session_new (policy, monitor, NULL);
  dw_session_set_stage (self->session, stage);
  g_signal_connect_object (self->session, "lost", G_CALLBACK (on_lost), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "notify::state", G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "frame", G_CALLBACK (on_frame), self, G_CONNECT_SWAPPED);
  return self;
}

/**
 * dw_tail_get_session:
 * @self: a tail
 *
 * Returns: (transfer none): what keeps it connected
 */
DwSession *
dw_tail_get_session (DwTail *self)
{
  return self->session;
}
