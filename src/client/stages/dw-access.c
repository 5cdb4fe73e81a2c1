/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-access.h"

#include "client/dw-client-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* RFC 9110 section 5.6.2. */
#define TOKEN_PUNCTUATION "!#$%&'*+-.^_`|~"

/**
 * dw_access_clear:
 * @access: how a stage lets a person in
 */
void
dw_access_clear (DwAccess *access)
{
  g_clear_pointer (&access->name, g_free);
  g_clear_pointer (&access->secret, g_free);
}

/* A value is what it is before it is encoded: everything but letters, digits and “-._~” is (RFC 3986 section 2.3). */
static char *
write_parameter (const char *name, const char *value)
{
  g_autofree char *escaped_name = g_uri_escape_string (name, NULL, FALSE);
  g_autofree char *escaped_value = g_uri_escape_string (value, NULL, FALSE);

  return g_strconcat (escaped_name, *value != '\0' ? "=" : "", escaped_value, NULL);
}

/* What an entry can hold, or %NULL. */
static char *
decode (const char *escaped)
{
  g_autofree char *text = g_uri_unescape_string (escaped, NULL);

  if (text == NULL || !g_utf8_validate (text, -1, NULL))
    return NULL;
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)))
      return NULL;
  return g_steal_pointer (&text);
}

/**
 * dw_access_read_query:
 * @access: (out caller-allocates): to be cleared with dw_access_clear()
 * @query: what stands behind the “?” of an address, not empty
 *
 * It is a parameter where its name and value, encoded again, are the same bytes, and else a query that is not to be
 * touched: of several parameters, or encoded in another way.
 */
void
dw_access_read_query (DwAccess *access, const char *query)
{
  g_auto (GStrv) parts = g_strsplit (query, "=", 2);
  g_autofree char *name = decode (parts[0]);
  g_autofree char *value = decode (parts[1] != NULL ? parts[1] : "");
  g_autofree char *again = name != NULL && value != NULL ? write_parameter (name, value) : NULL;

  if (*parts[0] != '\0' && g_strcmp0 (again, query) == 0)
    *access = (DwAccess){ DW_ACCESS_PARAMETER, g_steal_pointer (&name), g_steal_pointer (&value) };
  else
    *access = (DwAccess){ DW_ACCESS_QUERY, g_strdup (""), g_strdup (query) };
}

/**
 * dw_access_read:
 * @access: (out caller-allocates): how the stage lets a person in, to be cleared with dw_access_clear()
 * @stage: a stage
 */
void
dw_access_read (DwAccess *access, DwStage *stage)
{
  DwStageUrl *url = dw_stage_get_url (stage, 0);
  GHashTable *headers = dw_stage_get_headers (stage);
  char **protocols = dw_stage_get_protocols (stage);
  GHashTableIter iter;
  gpointer name, value;
  const char *query = strchr (dw_stage_url_get_text (url), '?');

  *access = (DwAccess){ .kind = DW_ACCESS_NONE };
  if (query != NULL && query[1] != '\0')
    dw_access_read_query (access, query + 1);
  else if (headers != NULL && g_hash_table_size (headers) > 0)
    {
      g_hash_table_iter_init (&iter, headers);
      g_hash_table_iter_next (&iter, &name, &value);
      *access = (DwAccess){ DW_ACCESS_HEADER, g_strdup (name), g_strdup (value) };
    }
  else if (protocols != NULL && protocols[0] != NULL)
    *access = (DwAccess){ DW_ACCESS_PROTOCOL, g_strdup (""), g_strjoinv (", ", protocols) };
  if (access->name == NULL)
    access->name = g_strdup ("");
  if (access->secret == NULL)
    access->secret = g_strdup ("");
}

static gboolean
is_token (const char *text)
{
  const char *at = text;

  while (g_ascii_isalnum (*at) || (*at != '\0' && strchr (TOKEN_PUNCTUATION, *at) != NULL))
    at++;
  return at != text && *at == '\0';
}

/* Headers that the handshake writes itself. */
static gboolean
is_reserved (const char *header)
{
  static const char *const names[] = { "host", "upgrade", "connection", "content-length", "transfer-encoding" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (header, names[i]) == 0)
      return TRUE;
  return g_ascii_strncasecmp (header, "sec-websocket-", strlen ("sec-websocket-")) == 0;
}

static gboolean
is_header_value (const char *value)
{
  for (const char *at = value; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      return FALSE;
  return TRUE;
}

static gboolean
complain (GError **error, const char *sentence)
{
  g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_ACCESS, sentence);
  return FALSE;
}

static gboolean
set_query (DwStage *stage, const char *query, GError **error)
{
  g_autoptr (GPtrArray) urls = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_stage_url_unref);

  for (guint i = 0; i < dw_stage_get_n_urls (stage); i++)
    {
      g_autofree char *plain = dw_stage_url_dup_plain (dw_stage_get_url (stage, i));
      g_autofree char *text = query != NULL ? g_strconcat (plain, "?", query, NULL) : g_strdup (plain);
      DwStageUrl *url = dw_stage_url_parse (text, error);

      if (url == NULL)
        return FALSE;
      g_ptr_array_add (urls, url);
    }
  dw_stage_set_urls (stage, urls);
  return TRUE;
}

/**
 * dw_access_check_header:
 * @name: the name of a header
 * @value: its value
 * @error: %DW_CLIENT_ERROR_ACCESS, with a sentence that does not repeat @value
 *
 * Returns: whether it can be sent in a handshake (RFC 9110 section 5), and is not what the handshake itself says
 */
gboolean
dw_access_check_header (const char *name, const char *value, GError **error)
{
  if (!is_token (name))
    return complain (error,
                     _ ("Enter the header’s name, such as “Authorization”. Use letters, digits and hyphens only."));
  if (is_reserved (name))
    return complain (error, _ ("The connection itself uses this header. Choose another one."));
  if (!is_header_value (value))
    return complain (error, _ ("Enter the header’s value on one line."));
  return TRUE;
}

/**
 * dw_access_check_protocol:
 * @protocol: the name of a subprotocol
 * @error: %DW_CLIENT_ERROR_ACCESS, with a sentence that does not repeat @protocol
 *
 * Returns: whether it can be offered: it is a token (RFC 6455 section 4.1)
 */
gboolean
dw_access_check_protocol (const char *protocol, GError **error)
{
  return is_token (protocol)
         || complain (error, _ ("A subprotocol can’t contain spaces, “/”, “=”, “,” or accented letters."));
}

static gboolean
write_query (const DwAccess *access, DwStage *stage, GError **error)
{
  g_autofree char *query = NULL;

  if (access->kind == DW_ACCESS_PARAMETER && *access->name == '\0')
    return complain (error, _ ("Enter the parameter’s name, such as “token”."));
  if (access->kind == DW_ACCESS_QUERY && *access->secret == '\0')
    return complain (error, _ ("Enter the query string: everything after the “?” in the address."));
  query = access->kind == DW_ACCESS_PARAMETER ? write_parameter (access->name, access->secret)
                                              : g_strdup (access->secret);
  return set_query (stage, query, error);
}

static gboolean
write_header (const DwAccess *access, DwStage *stage, GError **error)
{
  g_autoptr (GHashTable) headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (*access->secret == '\0')
    return complain (error, _ ("Enter the header’s value on one line."));
  if (!dw_access_check_header (access->name, access->secret, error))
    return FALSE;
  g_hash_table_insert (headers, g_strdup (access->name), g_strdup (access->secret));
  dw_stage_set_headers (stage, headers);
  return TRUE;
}

static gboolean
write_protocols (const DwAccess *access, DwStage *stage, GError **error)
{
  g_auto (GStrv) protocols = g_strsplit (access->secret, ",", -1);

  if (protocols[0] == NULL)
    return dw_access_check_protocol ("", error);
  for (guint i = 0; protocols[i] != NULL; i++)
    if (!dw_access_check_protocol (g_strstrip (protocols[i]), error))
      return FALSE;
  dw_stage_set_protocols (stage, protocols);
  return TRUE;
}

/**
 * dw_access_write:
 * @access: how the stage lets a person in
 * @stage: a stage
 * @error: %DW_CLIENT_ERROR_ACCESS or %DW_WIRE_ERROR_URL, with a sentence that says what to change
 *
 * Takes what the stage had, and gives it that, on all its addresses.
 *
 * Returns: whether it could be said so in a handshake
 */
gboolean
dw_access_write (const DwAccess *access, DwStage *stage, GError **error)
{
  dw_stage_set_headers (stage, NULL);
  dw_stage_set_protocols (stage, NULL);
  if (access->kind == DW_ACCESS_PARAMETER || access->kind == DW_ACCESS_QUERY)
    return write_query (access, stage, error);
  if (!set_query (stage, NULL, error))
    return FALSE;
  switch (access->kind)
    {
    case DW_ACCESS_HEADER:
      return write_header (access, stage, error);
    case DW_ACCESS_PROTOCOL:
      return write_protocols (access, stage, error);
    case DW_ACCESS_NONE:
    case DW_ACCESS_PARAMETER:
    case DW_ACCESS_QUERY:
    default:
      return TRUE;
    }
}

/**
 * dw_access_is_wanted:
 * @stage: a stage
 *
 * Returns: whether an address has a query, or there are headers or subprotocols: whatever of it may be secret
 */
gboolean
dw_access_is_wanted (DwStage *stage)
{
  GHashTable *headers = dw_stage_get_headers (stage);
  char **protocols = dw_stage_get_protocols (stage);

  for (guint i = 0; i < dw_stage_get_n_urls (stage); i++)
    if (dw_stage_url_has_query (dw_stage_get_url (stage, i)))
      return TRUE;
  return (headers != NULL && g_hash_table_size (headers) > 0) || (protocols != NULL && protocols[0] != NULL);
}
