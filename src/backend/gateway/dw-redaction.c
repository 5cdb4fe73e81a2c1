/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-redaction.h"

#include "wire/dw-secret.h"

#include <string.h>

/* What the log may show of a caller. A function still gets everything. */

/* Tokens at least this long are also searched for inside values; a shorter one could be part of any word. */
#define LONG_TOKEN 8

/* Parts of the names of headers and parameters that carry secrets: Authorization, Proxy-Authorization, Cookie,
 * x-api-key, X-Amz-Security-Token, X-Amz-Signature, access_token, jwt … Hiding a harmless value now and then does
 * little harm. */
static const char *const secret_words[] = { "auth", "cookie", "token", "key",     "secret",
                                            "pass", "sign",   "cred",  "session", "jwt" };

static gboolean
names_secret (const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  /* The key is only a nonce, and redact_protocols() takes care of the subprotocols. */
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

/* Browsers cannot set headers, so web pages send tokens as subprotocols. A token cannot be told by its looks, so only
 * the subprotocol that the stage would choose is shown. */
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
 * @token: (nullable): the token the stage asks its callers for
 * @subprotocol: (nullable): the subprotocol the stage chooses
 *
 * Redacts whole values before they are formatted. Searching the finished line would miss an escaped token, and would
 * find a short one in unrelated text.
 *
 * Returns: (transfer full): a copy of the caller that may be logged
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
