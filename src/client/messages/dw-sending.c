/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-sending.h"

#include <string.h>

/* Without an id an echo is looked for this long, in microseconds: later, an equal text is somebody else's. */
#define ECHO_WAIT (10 * G_USEC_PER_SEC)

/* An integration is cut off after 29 s, and then the gateway says so. In microseconds. */
#define REFUSAL_WAIT (35 * G_USEC_PER_SEC)

/* What has waited longer asks before it goes, in microseconds: the talk may be about something else. */
#define ASKS_AFTER (G_TIME_SPAN_HOUR)

/**
 * dw_sending_new:
 * @message: one's own message
 * @approved: whether the person said that it is not too old
 *
 * Returns: (transfer full): it, on its way
 */
DwSending *
dw_sending_new (DwMessage *message, gboolean approved)
{
  DwSending *sending = g_new0 (DwSending, 1);

  sending->message = g_object_ref (message);
  sending->approved = approved;
  return sending;
}

/**
 * dw_sending_free:
 * @sending: (transfer full): a message on its way
 */
void
dw_sending_free (DwSending *sending)
{
  g_object_unref (sending->message);
  g_free (sending);
}

/**
 * dw_sending_had_id:
 * @sending: a message on its way
 *
 * Returns: whether it may have gone already, with its id
 */
gboolean
dw_sending_had_id (const DwSending *sending)
{
  return dw_message_get_went (sending->message) == DW_WENT_WITH_ID;
}

/**
 * dw_sending_is_old:
 * @sending: a message on its way
 *
 * Returns: whether the person is to be asked before it goes
 */
gboolean
dw_sending_is_old (const DwSending *sending)
{
  return !sending->approved && g_get_real_time () - dw_message_get_time (sending->message) > ASKS_AFTER;
}

/**
 * dw_sending_may_be_refused:
 * @sending: a message that went
 * @now: the boot clock
 *
 * What went longer ago the gateway has answered already, or never will: its error is about something else, such as
 * a probe.
 *
 * Returns: whether an error of the gateway can be about it
 */
gboolean
dw_sending_may_be_refused (const DwSending *sending, gint64 now)
{
  return now - sending->sent_at < REFUSAL_WAIT;
}

/**
 * dw_sending_may_repeat:
 * @sending: a message on its way
 * @ids_come_back: whether the stage was seen to broadcast a message with its id
 *
 * A stage that says it has ids may have been misquoted; one that sends them back has them.
 *
 * Returns: whether it may go once more without the person being asked
 */
gboolean
dw_sending_may_repeat (const DwSending *sending, gboolean ids_come_back)
{
  return sending->repeats < DW_SENDING_REPEATS || (ids_come_back && dw_sending_had_id (sending));
}

static gboolean
is_own_name (const DwSending *sending, const char *sender, const char *own_name)
{
  return sender == NULL || g_strcmp0 (sender, own_name) == 0
         || g_strcmp0 (sender, dw_message_get_sender (sending->message)) == 0;
}

/**
 * dw_sending_is_echo:
 * @sending: a message on its way
 * @frame: a broadcast
 * @own_name: (nullable): one's own name on the stage
 * @sent: whether it has gone over this connection
 * @now: the boot clock
 *
 * A broadcast with an id is the message of that id, where it says what we said under our name: whoever read the id
 * can send something else under it. One without is the echo of a message that went without, was sent a moment ago,
 * and says the same; a message that waits cannot have come back so.
 *
 * Returns: whether the broadcast is this message
 */
gboolean
dw_sending_is_echo (const DwSending *sending, const DwFrame *frame, const char *own_name, gboolean sent, gint64 now)
{
  if (frame->id != NULL)
    return g_strcmp0 (frame->id, dw_message_get_id (sending->message)) == 0
           && strcmp (frame->text, dw_message_get_text (sending->message)) == 0
           && is_own_name (sending, frame->sender, own_name);
  return sent && !dw_sending_had_id (sending) && now - sending->sent_at < ECHO_WAIT
         && strcmp (frame->text, dw_message_get_text (sending->message)) == 0;
}
