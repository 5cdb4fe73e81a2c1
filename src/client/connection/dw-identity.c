/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-identity.h"

/**
 * SECTION:dw-identity
 *
 * A stage that broadcasts raw text delivers whatever a person types, so anybody can send a frame that looks like the
 * gateway's. Our connection ID is a secret between the gateway and this connection. So the first
 * answer to the probe says who we are, and afterwards only what carries that ID is the gateway's.
 *
 * Somebody may be faster than the first answer. Then the true one contradicts theirs a moment later, and neither is
 * believed. Nothing is lost by that: a stage on which a whole frame can be forged is none of ours, which put every
 * text into a frame of their own, so it has no features either.
 */

static gboolean
can_answer (const DwFrame *frame)
{
  return frame->kind == DW_FRAME_NOTIFICATION || frame->gateway_error == DW_GATEWAY_FORBIDDEN;
}

/* Where no answer carries an ID, they are alike at least. */
static gboolean
agrees (const DwIdentity *identity, const DwFrame *frame)
{
  return g_strcmp0 (frame->connection_id, identity->connection_id) == 0
         && (identity->connection_id != NULL || frame->features == identity->features);
}

static DwIdentityVerdict
judge_known (DwIdentity *identity, const DwFrame *frame, gboolean probed, gboolean young)
{
  if (!agrees (identity, frame))
    {
      if (!young)
        return DW_IDENTITY_FOREIGN;
      dw_identity_clear (identity);
      identity->answered = TRUE;
      identity->disputed = TRUE;
      return DW_IDENTITY_DISPUTES;
    }
  if (!probed || !can_answer (frame))
    {
      if (identity->connection_id == NULL)
        return DW_IDENTITY_FOREIGN;
      return frame->kind == DW_FRAME_GATEWAY_ERROR ? DW_IDENTITY_OURS : DW_IDENTITY_REPEATS;
    }
  if (frame->kind != DW_FRAME_NOTIFICATION || identity->connection_id == NULL)
    return DW_IDENTITY_CONFIRMS;
  /* The stage may have been deployed anew. */
  identity->features = frame->features;
  return DW_IDENTITY_LEARNS;
}

/**
 * dw_identity_judge:
 * @identity: who we are on the connection; the first answer is noted in it
 * @frame: a notification or a gateway error that arrived there, by its shape
 * @probed: whether a probe of ours waits for its answer
 * @young: whether the connection's first probe went so short a time ago that its answer may still be under way
 *
 * "Forbidden" answers the probe where a stage has no `$default`. Where our ID is unknown, an error says nothing that
 * could be relied on.
 *
 * Returns: what the frame is
 */
DwIdentityVerdict
dw_identity_judge (DwIdentity *identity, const DwFrame *frame, gboolean probed, gboolean young)
{
  gboolean is_error = frame->kind == DW_FRAME_GATEWAY_ERROR;

  if (identity->answered && !identity->disputed && (identity->connection_id != NULL || !is_error))
    return judge_known (identity, frame, probed, young);

  if (!probed || !can_answer (frame))
    return is_error ? DW_IDENTITY_UNSURE : DW_IDENTITY_FOREIGN;
  if (identity->answered)
    return DW_IDENTITY_CONFIRMS;
  identity->answered = TRUE;
  identity->connection_id = g_strdup (frame->connection_id);
  /* “Forbidden” says nothing about features: there are none. */
  identity->features = is_error ? DW_FEATURE_NONE : frame->features;
  return DW_IDENTITY_LEARNS;
}

/**
 * dw_identity_clear:
 * @identity: who we are on a connection that is no more
 */
void
dw_identity_clear (DwIdentity *identity)
{
  g_clear_pointer (&identity->connection_id, g_free);
  *identity = (DwIdentity){ 0 };
}
