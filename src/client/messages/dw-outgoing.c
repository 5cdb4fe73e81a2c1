/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-outgoing.h"

#include <string.h>

/* Without an id an echo is looked for this long, in microseconds: later, an equal text is another person's. */
#define ECHO_WAIT (10 * G_USEC_PER_SEC)

/* An integration is cut off after 29 s, and then the gateway says so. In microseconds. */
#define REFUSAL_WAIT (35 * G_USEC_PER_SEC)

/**
 * dw_outgoing_new:
 * @message: one's own message
 * @approved: whether the person said that it is not too old
 *
 * Returns: (transfer full): it, not sent yet
 */
DwOutgoing *
dw_outgoing_new (DwMessage *message, gboolean approved)
{
  DwOutgoing *outgoing = g_new0 (DwOutgoing, 1);

  outgoing->message = g_object_ref (message);
  outgoing->approved = approved;
  return outgoing;
}

/**
 * dw_outgoing_free:
 * @outgoing: (transfer full): a message on its way
 */
void
dw_outgoing_free (DwOutgoing *outgoing)
{
  g_object_unref (outgoing->message);
  g_free (outgoing);
}

/**
 * dw_outgoing_had_id:
 * @outgoing: a message on its way
 *
 * Returns: whether it may have left already, with its id
 */
gboolean
dw_outgoing_had_id (const DwOutgoing *outgoing)
{
  return dw_message_get_departure (outgoing->message) == DW_DEPARTURE_WITH_ID;
}

/**
 * dw_outgoing_is_old:
 * @outgoing: a message on its way
 * @now: the time, in microseconds since 1970 UTC
 *
 * Returns: whether the person is to be asked before it is sent
 */
gboolean
dw_outgoing_is_old (const DwOutgoing *outgoing, gint64 now)
{
  return !outgoing->approved && now - dw_message_get_time (outgoing->message) > DW_OUTGOING_ASKS_AFTER;
}

/**
 * dw_outgoing_may_be_refused:
 * @outgoing: a message that was sent
 * @now: the boot clock
 *
 * By now the gateway has answered what was sent earlier, or never will: its error is about something else, such as a
 * probe.
 *
 * Returns: whether an error of the gateway can be about it
 */
gboolean
dw_outgoing_may_be_refused (const DwOutgoing *outgoing, gint64 now)
{
  return now - outgoing->sent_at < REFUSAL_WAIT;
}

/**
 * dw_outgoing_may_repeat:
 * @outgoing: a message on its way
 * @ids_come_back: whether the stage was seen to broadcast a message with its id
 *
 * A stage that says it has ids may have been misquoted; one that sends them back has them.
 *
 * Returns: whether it may be sent once more without the person being asked
 */
gboolean
dw_outgoing_may_repeat (const DwOutgoing *outgoing, gboolean ids_come_back)
{
  return outgoing->repeats < DW_OUTGOING_REPEATS || (ids_come_back && dw_outgoing_had_id (outgoing));
}

static gboolean
is_own_name (const DwOutgoing *outgoing, const char *sender, const char *own_name)
{
  return sender == NULL || g_strcmp0 (sender, own_name) == 0
         || g_strcmp0 (sender, dw_message_get_sender (outgoing->message)) == 0;
}

/**
 * dw_outgoing_is_echo:
 * @outgoing: a message on its way
 * @frame: a broadcast
 * @own_name: (nullable): one's own name on the stage
 * @sent: whether it was sent over this connection
 * @now: the boot clock
 *
 * A broadcast with an id is the message of that id if it also has our text and our name: anybody who has read the id can
 * send something else under it. A broadcast without an id is the echo of a message that was sent without one a moment
 * ago and has the same text. A message that still waits cannot have come back that way.
 *
 * Returns: whether the broadcast is this message
 */
gboolean
dw_outgoing_is_echo (const DwOutgoing *outgoing,
                     const DwFrame *frame,
                     const char *own_name,
                     gboolean sent,
                     gint64 now)
{
  DwMessage *message = outgoing->message;
  gboolean same_text = strcmp (frame->text, dw_message_get_text (message)) == 0;

  if (frame->id != NULL)
    return same_text && g_strcmp0 (frame->id, dw_message_get_id (message)) == 0
           && is_own_name (outgoing, frame->sender, own_name);

  return same_text && sent && !dw_outgoing_had_id (outgoing) && now - outgoing->sent_at < ECHO_WAIT;
}
