/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-status-text.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* How much of what a stage sends about itself is shown: a close reason has up to 123 bytes, an ID about 16
 * characters. */
#define SAID_CHARS 130
#define ID_CHARS 128

/**
 * dw_status_text_state:
 * @state: a state
 *
 * Returns: the state in one or two translated words
 */
const char *
dw_status_text_state (DwSessionState state)
{
  switch (state)
    {
    case DW_SESSION_CONNECTING:
      return _ ("Connecting");
    case DW_SESSION_CONNECTED:
      return _ ("Connected");
    case DW_SESSION_ONLINE:
      return _ ("Online");
    case DW_SESSION_WAITING:
      return _ ("Waiting");
    case DW_SESSION_NO_NETWORK:
      return _ ("No network");
    case DW_SESSION_REFUSED:
      return _ ("Refused");
    case DW_SESSION_OFFLINE:
    default:
      return _ ("Offline");
    }
}

/**
 * dw_status_text_dot_class:
 * @status: a status
 *
 * Returns: (nullable): the style class of the dot beside the words
 */
const char *
dw_status_text_dot_class (const DwSessionStatus *status)
{
  switch (status->state)
    {
    case DW_SESSION_ONLINE:
      return "good";
    case DW_SESSION_CONNECTING:
    case DW_SESSION_CONNECTED:
    case DW_SESSION_WAITING:
      return "busy";
    case DW_SESSION_NO_NETWORK:
    case DW_SESSION_REFUSED:
      return "bad";
    case DW_SESSION_OFFLINE:
    default:
      return NULL;
    }
}

static char *
place_of (const DwStageUrl *url)
{
  const char *stage = dw_stage_url_get_stage (url);
  const char *region = dw_stage_url_get_region (url);
  const char *where = region;

  if (where == NULL)
    where = dw_stage_url_is_loopback (url) ? _ ("this computer") : dw_stage_url_get_host (url);
  /* Translators: a stage's name and where it is, such as “prod, eu-west-1”. */
  return stage != NULL ? g_strdup_printf (_ ("%1$s, %2$s"), stage, where) : g_strdup (where);
}

/**
 * dw_status_text_subtitle:
 * @status: a status
 * @url: the address in use
 *
 * Returns: (transfer full): the line under a stage's name; it starts with the state
 */
char *
dw_status_text_subtitle (const DwSessionStatus *status, const DwStageUrl *url)
{
  g_autofree char *place = place_of (url);
  const char *state = dw_status_text_state (status->state);

  if (status->state == DW_SESSION_ONLINE && !status->confirmed)
    /* Translators: state and place, then that the stage never answered whether the connection works. */
    return g_strdup_printf (_ ("%1$s · %2$s · unconfirmed"), state, place);
  if (status->state == DW_SESSION_ONLINE && status->latency_ms >= 0)
    /* Translators: state, place and milliseconds, such as “Online · prod, eu-west-1 · 42 ms”. */
    return g_strdup_printf (_ ("%1$s · %2$s · %3$d ms"), state, place, status->latency_ms);
  /* Translators: state and place, such as “Waiting · prod, eu-west-1”. */
  return g_strdup_printf (_ ("%1$s · %2$s"), state, place);
}

/**
 * dw_status_text_title:
 * @status: a status
 *
 * Returns: (transfer full) (nullable): what is wrong, in a sentence, or %NULL if nothing is
 */
char *
dw_status_text_title (const DwSessionStatus *status)
{
  switch (status->state)
    {
    case DW_SESSION_ONLINE:
    case DW_SESSION_CONNECTED:
      return NULL;
    case DW_SESSION_OFFLINE:
      return g_strdup (_ ("You’re disconnected."));
    case DW_SESSION_CONNECTING:
    case DW_SESSION_WAITING:
    case DW_SESSION_NO_NETWORK:
    case DW_SESSION_REFUSED:
    default:
      return status->cause != DW_CAUSE_NONE ? g_strdup (dw_cause_get_sentence (status->cause)) : NULL;
    }
}

/**
 * dw_status_text_detail:
 * @status: a status
 *
 * Returns: (transfer full): what happens next, and what happens to messages written meanwhile
 */
char *
dw_status_text_detail (const DwSessionStatus *status)
{
  guint seconds = dw_session_status_get_retry_seconds (status);

  switch (status->state)
    {
    case DW_SESSION_WAITING:
    case DW_SESSION_NO_NETWORK:
      return g_strdup_printf (ngettext ("Retrying in %u second. Messages are queued.",
                                        "Retrying in %u seconds. Messages are queued.", seconds),
                              seconds);
    case DW_SESSION_REFUSED:
      return g_strdup (_ ("Won’t retry automatically. Messages are queued."));
    case DW_SESSION_OFFLINE:
      return g_strdup (_ ("Messages are queued."));
    case DW_SESSION_CONNECTING:
    case DW_SESSION_CONNECTED:
    case DW_SESSION_ONLINE:
    default:
      return g_strdup (_ ("Connecting. Messages are queued."));
    }
}

/**
 * dw_status_text_tooltip:
 * @status: a status
 * @url: the address in use
 *
 * Returns: (transfer full): the details: address, connection ID, since when
 */
char *
dw_status_text_tooltip (const DwSessionStatus *status, const DwStageUrl *url)
{
  GString *text = g_string_new (dw_stage_url_get_redacted (url));
  g_autofree char *reason = dw_safe_line (status->reason != NULL ? status->reason : "", SAID_CHARS);
  g_autofree char *id = dw_safe_line (status->connection_id != NULL ? status->connection_id : "", ID_CHARS);

  if (status->code != 0 && status->state != DW_SESSION_ONLINE)
    /* Translators: a status or close code, and the stage's own words beside it. */
    g_string_append_printf (text, _ ("\nThe stage said: %1$u %2$s"), status->code, reason);
  if (status->connection_id != NULL)
    /* Translators: %s is the ID that the stage gave this connection. */
    g_string_append_printf (text, _ ("\nConnection ID: %s"), id);
  if (status->connected_at != 0)
    {
      g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (status->connected_at / G_USEC_PER_SEC);
      g_autoptr (GDateTime) local = g_date_time_to_local (utc);
      g_autofree char *since = g_date_time_format (local, "%X");

      /* Translators: %s is a time of day. */
      g_string_append_printf (text, _ ("\nConnected since %s"), since);
    }
  return g_string_free (text, FALSE);
}
