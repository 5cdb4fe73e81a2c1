/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-caller.h"

#include <string.h>

/**
 * dw_caller_new:
 * @connection_id: its connection ID
 * @connected_at: when the connection was made, in milliseconds since 1970 UTC
 *
 * Returns: (transfer full): a caller; fill in the other fields before sharing it
 */
DwCaller *
dw_caller_new (const char *connection_id, gint64 connected_at)
{
  DwCaller *caller = g_rc_box_new0 (DwCaller);

  caller->connection_id = g_strdup (connection_id);
  caller->connected_at = connected_at;
  return caller;
}

static char *
dup_start (const char *text, gsize bytes)
{
  g_autofree char *start = text != NULL ? g_strndup (text, bytes) : NULL;

  /* Do not cut a character in half. */
  return start != NULL ? g_utf8_make_valid (start, -1) : NULL;
}

/**
 * dw_caller_new_slim:
 * @caller: a caller
 *
 * A smaller copy, kept for as long as the connection lives, since there can be thousands of them.
 *
 * Returns: (transfer full): the caller without the headers and query of its handshake, and with its user agent and
 *   host cut to %DW_CALLER_USER_AGENT and %DW_CALLER_DOMAIN_NAME bytes
 */
DwCaller *
dw_caller_new_slim (const DwCaller *caller)
{
  DwCaller *slim = dw_caller_new (caller->connection_id, caller->connected_at);

  slim->source_ip = g_strdup (caller->source_ip);
  slim->user_agent = dup_start (caller->user_agent, DW_CALLER_USER_AGENT);
  slim->domain_name = dup_start (caller->domain_name, DW_CALLER_DOMAIN_NAME);
  return slim;
}

/**
 * dw_caller_ref:
 * @caller: a caller
 *
 * Returns: (transfer full): @caller
 */
DwCaller *
dw_caller_ref (DwCaller *caller)
{
  return g_rc_box_acquire (caller);
}

static void
clear (gpointer data)
{
  DwCaller *caller = data;

  g_free (caller->connection_id);
  g_free (caller->source_ip);
  g_free (caller->user_agent);
  g_free (caller->domain_name);
  g_strfreev (caller->headers);
  g_strfreev (caller->query);
}

/**
 * dw_caller_unref:
 * @caller: (transfer full): a caller
 */
void
dw_caller_unref (DwCaller *caller)
{
  g_rc_box_release_full (caller, clear);
}

/**
 * dw_caller_get_header:
 * @caller: a caller
 * @name: a header's name, in any case
 *
 * Returns: (nullable): its first value
 */
const char *
dw_caller_get_header (const DwCaller *caller, const char *name)
{
  for (char **at = caller->headers; at != NULL && at[0] != NULL; at += 2)
    if (g_ascii_strcasecmp (at[0], name) == 0)
      return at[1];
  return NULL;
}

/**
 * dw_caller_get_query:
 * @caller: a caller
 * @name: a parameter's name
 *
 * Returns: (nullable): its first value
 */
const char *
dw_caller_get_query (const DwCaller *caller, const char *name)
{
  for (char **at = caller->query; at != NULL && at[0] != NULL; at += 2)
    if (strcmp (at[0], name) == 0)
      return at[1];
  return NULL;
}

/**
 * dw_caller_get_token:
 * @caller: a caller
 *
 * Returns: (nullable): its token, from the query, since browsers cannot set headers, or from the `Authorization`
 *   header, with or without “Bearer” in front
 */
const char *
dw_caller_get_token (const DwCaller *caller)
{
  const char *shown = dw_caller_get_query (caller, "token");

  if (shown == NULL)
    shown = dw_caller_get_header (caller, "Authorization");
  if (shown != NULL && g_ascii_strncasecmp (shown, "Bearer ", 7) == 0)
    shown += 7;
  return shown;
}
