/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-connection-text.h"

#include "dw-status-text.h"
#include "dw-time-text.h"

#include "wire/dw-limits.h"
#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* What is told of a connection, in the dialog that shows it and in what is copied of that. */

/**
 * dw_connection_text_state:
 * @status: a status
 *
 * Returns: (transfer full): the state, and what is wrong if something is
 */
char *
dw_connection_text_state (const DwSessionStatus *status)
{
  const char *state = dw_status_text_state (status->state);
  g_autofree char *wrong = status->state != DW_SESSION_OFFLINE ? dw_status_text_title (status) : NULL;

  /* Translators: a state such as “Waiting”, and a sentence that says why. */
  return wrong != NULL ? g_strdup_printf (_ ("%1$s. %2$s"), state, wrong) : g_strdup (state);
}

/**
 * dw_connection_text_id:
 * @status: a status
 *
 * Returns: (transfer full) (nullable): the connection ID, safe to show and to copy
 */
char *
dw_connection_text_id (const DwSessionStatus *status)
{
  return status->connection_id != NULL ? dw_safe_line (status->connection_id, DW_LIMIT_CONNECTION_ID_CHARS) : NULL;
}

/**
 * dw_connection_text_since:
 * @status: a status
 * @now: the time of day, in microseconds since 1970 UTC
 *
 * Returns: (transfer full) (nullable): since when there is a connection: the stage's word, else the program's
 */
char *
dw_connection_text_since (const DwSessionStatus *status, gint64 now)
{
  gint64 since = status->connected_at != 0 ? status->connected_at : status->opened_at;

  return since != 0 ? dw_time_text_when (since, now) : NULL;
}

/**
 * dw_connection_text_latency:
 * @latencies: how long the last probes took
 *
 * Returns: (transfer full): the least, the middle and the most of it
 */
char *
dw_connection_text_latency (const DwLatencies *latencies)
{
  guint min, median, max;

  if (latencies->n == 0)
    return g_strdup (_ ("No reply yet"));
  dw_latencies_measure (latencies, &min, &median, &max);
  /* Translators: how long replies took, in milliseconds. */
  return g_strdup_printf (_ ("Minimum %1$u ms, median %2$u ms, maximum %3$u ms"), min, median, max);
}

/**
 * dw_connection_text_outage:
 * @outage: an outage
 * @boot_now: the boot clock, in microseconds
 * @now: the time of day, in microseconds since 1970 UTC
 *
 * Returns: (transfer full): when it was and how long it took
 */
char *
dw_connection_text_outage (const DwOutage *outage, gint64 boot_now, gint64 now)
{
  g_autofree char *when = dw_time_text_when (outage->time, now);
  g_autofree char *length = dw_time_text_length (dw_outage_get_length (outage, boot_now));

  if (outage->ended == 0)
    /* Translators: a time such as “14:02”, and a duration such as “3 s”. */
    return g_strdup_printf (_ ("%1$s, disconnected for %2$s so far"), when, length);
  /* Translators: a time such as “14:02”, and a duration such as “3 s”. */
  return g_strdup_printf (_ ("%1$s, disconnected for %2$s"), when, length);
}

/**
 * dw_connection_text_cause:
 * @outage: an outage
 *
 * Returns: (transfer full): why there was no connection
 */
char *
dw_connection_text_cause (const DwOutage *outage)
{
  const char *sentence = dw_cause_get_sentence (outage->cause);

  if (outage->code == 0)
    return g_strdup (sentence);
  /* Translators: a sentence, and a number such as 1001. */
  return g_strdup_printf (_ ("%1$s Close code: %2$u"), sentence, outage->code);
}

static void
append_line (GString *text, const char *name, const char *value)
{
  /* Translators: the name of something and what it is, such as “Connection ID: abc”. */
  g_autofree char *line = g_strdup_printf (_ ("%1$s: %2$s"), name, value);

  g_string_append_printf (text, "%s\n", line);
}

static void
append_addresses (GString *text, DwSession *session)
{
  DwStage *stage = dw_session_get_stage (session);

  append_line (text, _ ("Address in Use"), dw_stage_url_get_redacted (dw_session_get_url (session)));
  for (guint i = 0; i < dw_stage_get_n_urls (stage); i++)
    if (dw_stage_get_url (stage, i) != dw_session_get_url (session))
      append_line (text, _ ("Other Address"), dw_stage_url_get_redacted (dw_stage_get_url (stage, i)));
}

/**
 * dw_connection_text_all:
 * @session: a session that has a stage
 * @boot_now: the boot clock, in microseconds
 * @now: the time of day, in microseconds since 1970 UTC
 *
 * Returns: (transfer full): everything, a line each, to be copied; without what is secret of the addresses
 */
char *
dw_connection_text_all (DwSession *session, gint64 boot_now, gint64 now)
{
  const DwSessionStatus *status = dw_session_get_status (session);
  DwOutages *outages = dw_session_get_outages (session);
  guint n = dw_outages_count (outages, boot_now);
  GString *text = g_string_new (NULL);
  g_autofree char *state = dw_connection_text_state (status);
  g_autofree char *id = dw_connection_text_id (status);
  g_autofree char *since = dw_connection_text_since (status, now);
  g_autofree char *latency = dw_connection_text_latency (dw_session_get_latencies (session));
  g_autofree char *count = g_strdup_printf ("%u", n);

  append_line (text, _ ("Connection State"), state);
  if (id != NULL)
    append_line (text, _ ("Connection ID"), id);
  if (since != NULL)
    append_line (text, _ ("Connected Since"), since);
  append_addresses (text, session);
  append_line (text, _ ("Latency"), latency);
  append_line (text, _ ("Reconnects in the Last 24 Hours"), count);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *outage = dw_connection_text_outage (dw_outages_get (outages, i), boot_now, now);
      g_autofree char *cause = dw_connection_text_cause (dw_outages_get (outages, i));

      append_line (text, outage, cause);
    }
  return g_string_free (text, FALSE);
}
