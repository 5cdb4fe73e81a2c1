/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-notice.h"

#include <glib/gi18n-lib.h>

/* Only so much of it is looked at: such a frame can be of any size. */
static char *
start_of (const char *text)
{
  const char *end = text;

  for (guint i = 0; i < DW_NOTICE_SHOWN && *end != '\0'; i++)
    end = g_utf8_next_char (end);
  return g_strndup (text, (gsize) (end - text));
}

static char *
quote (const char *sentence, const char *quoted)
{
  g_autofree char *start = start_of (quoted);

  /* Translators: %1$s is a sentence about a frame, %2$s the start of that frame. */
  return *start != '\0' ? g_strdup_printf (_ ("%1$s It starts with: %2$s"), sentence, start) : g_strdup (sentence);
}

/**
 * dw_notice_of_frame:
 * @frame: an incoming frame; a gateway error is known to be the gateway's
 *
 * The stage is only said to have said what it alone can have. A quoted text can be a two-way route's answer, and as
 * well somebody's, where texts are broadcast as they are.
 *
 * Returns: (transfer full) (nullable): the text of the notice that a frame becomes, as untrusted as a message;
 * %NULL for a message and for what the session's state says already
 */
char *
dw_notice_of_frame (const DwFrame *frame)
{
  g_autofree char *start = start_of (frame->text);

  switch (frame->kind)
    {
    case DW_FRAME_GATEWAY_ERROR:
      /* Translators: %s is what the gateway says, such as “Internal server error”. */
      return g_strdup_printf (_ ("The stage reports: %s"), start);
    case DW_FRAME_ROUTE_RESPONSE:
      /* Translators: %s is a text, such as a route's “Message sent”; its sender is not known. */
      return g_strdup_printf (_ ("Received text with no sender: %s"), start);
    case DW_FRAME_UNREADABLE:
      return quote (frame->reason, frame->text);
    case DW_FRAME_BROADCAST:
    case DW_FRAME_NOTIFICATION:
    default:
      return NULL;
    }
}
