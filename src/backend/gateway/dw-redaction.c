/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-redaction.h"

#include "wire/dw-secret.h"

#include <string.h>

/* What a log may know of a caller. A function gets all of it. */

/* From this length on a token is found inside of a value too; a shorter one could be part of any word. */
#define LONG_TOKEN 8

/* Parts of the names of headers and parameters that carry secrets: Authorization, Proxy-Authorization, Cookie,
 * x-api-key, X-Amz-Security-Token, X-Amz-Signature, access_token, jwt … A name too many costs a line of the log
 * little. */
static const char *const secret_words[] = { "auth", "cookie", "token", "key",     "secret",
                                            "pass", "sign",   "cred",  "session", "jwt" };

static gboolean
names_secret (const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  /* A nonce, and what is looked at one by one. */
  if (g_str_has_prefix (lower, "sec-websocket-"))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (secret_words); i++)
    if (strstr (lower, secret_words[i]) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
has_token (const char *value, const char *token)
{
  if (token == NULL || *token == '\0')
    return FALSE;
  return strlen (token) >= LONG_TOKEN ? strstr (value, token) != NULL : dw_secret_equal (token, value);
}

static char *
redact (const char *value, const char *token)
{
  return value == NULL ? NULL : g_strdup (has_token (value, token) ? DW_REDACTION_MARK : value);
}

/* Browsers can set no header, so a token travels among the subprotocols. Which is one cannot be told by its looks:
 * what the stage would choose is none. */
static char *
redact_protocols (const char *offered, const char *subprotocol)
{
  g_auto (GStrv) names = g_strsplit (offered, ",", -1);

  for (char **at = names; *at != NULL; at++)
    if (g_strcmp0 (g_strstrip (*at), subprotocol) != 0)
      {
        g_free (*at);
        *at = g_strdup (DW_REDACTION_MARK);
      }
  return g_strjoinv (", ", names);
}

static char **
redact_pairs (char **pairs, const char *token, const char *subprotocol)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();

  for (char **at = pairs; at != NULL && at[0] != NULL; at += 2)
    {
      g_ptr_array_add (kept, redact (at[0], token));
      if (names_secret (at[0]))
        g_ptr_array_add (kept, g_strdup (DW_REDACTION_MARK));
      else if (g_ascii_strcasecmp (at[0], "Sec-WebSocket-Protocol") == 0)
        g_ptr_array_add (kept, redact_protocols (at[1], subprotocol));
      else
        g_ptr_array_add (kept, redact (at[1], token));
    }
  g_ptr_array_add (kept, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&kept), FALSE);
}

/**
 * dw_redaction_of_caller:
 * @caller: a caller
 * @token: (nullable): what the stage asks its callers for
 * @subprotocol: (nullable): what it chooses among their subprotocols
 *
 * Redacts whole values, before anything is written: a search in a finished line misses what was escaped there, and
 * a short token is found where it is none.
 *
 * Returns: (transfer full): the same caller as a log may show it
 */
DwCaller *
dw_redaction_of_caller (const DwCaller *caller, const char *token, const char *subprotocol)
{
  DwCaller *shown = dw_caller_new (caller->connection_id, caller->connected_at);

  shown->source_ip = g_strdup (caller->source_ip);
  shown->user_agent = redact (caller->user_agent, token);
  shown->domain_name = redact (caller->domain_name, token);
  shown->headers = redact_pairs (caller->headers, token, subprotocol);
  shown->query = redact_pairs (caller->query, token, NULL);
  return shown;
}
