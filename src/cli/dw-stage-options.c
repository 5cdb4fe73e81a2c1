/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-options.h"

#include "dw-command.h"

#include "client/stages/dw-access.h"

#include "wire/dw-secret.h"

#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

const GOptionEntry dw_stage_option_entries[] = {
  { "token-file", 0, 0, G_OPTION_ARG_FILENAME, DW_OPTION (DwStageOptions, token_file),
    N_ ("Send the token in this file, or from standard input for “-” (default $DYNAMOWAVE_TOKEN)"), "FILE" },
  { "token-parameter", 0, 0, G_OPTION_ARG_STRING, DW_OPTION (DwStageOptions, token_parameter),
    N_ ("Send it as this query parameter instead of an Authorization header"), N_ ("NAME") },
  { "header", 'H', 0, G_OPTION_ARG_STRING_ARRAY, DW_OPTION (DwStageOptions, headers),
    N_ ("Additional handshake header"), N_ ("NAME: VALUE") },
  { "header-file", 0, 0, G_OPTION_ARG_FILENAME, DW_OPTION (DwStageOptions, header_file),
    N_ ("Additional headers, one per line, from this file, or from standard input for “-”"), "FILE" },
  { "origin", 'o', 0, G_OPTION_ARG_STRING, DW_OPTION (DwStageOptions, origin),
    N_ ("Origin header, as a browser sends it"), "ORIGIN" },
  { "subprotocol", 's', 0, G_OPTION_ARG_STRING_ARRAY, DW_OPTION (DwStageOptions, protocols),
    N_ ("Subprotocol to offer"), N_ ("NAME") },
  { "protocol", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING_ARRAY, DW_OPTION (DwStageOptions, protocols), NULL,
    NULL },
  { NULL },
};

const GOptionEntry dw_format_option_entries[] = {
  { "name", 'n', 0, G_OPTION_ARG_STRING, DW_OPTION (DwFormatOptions, name),
    N_ ("Your display name, if the stage supports names"), N_ ("NAME") },
  { "dialect", 0, 0, G_OPTION_ARG_STRING, DW_OPTION (DwFormatOptions, dialect),
    N_ ("Message format of the stage: dynamowave, lower-case or data"), N_ ("NAME") },
  { NULL },
};

const GOptionEntry dw_policy_option_entries[] = {
  { "policy", 0, 0, G_OPTION_ARG_STRING, DW_OPTION (DwPolicyOptions, policy),
    N_ ("Timing in milliseconds, such as ping=30000,cap=60000"), N_ ("NAME=N,…") },
  { NULL },
};

/* Reads a secret from a file, or from standard input for “-”. Blocks. */
static char **
read_secret (const char *path, DwSecretShape shape, GError **error)
{
  gboolean is_input = strcmp (path, "-") == 0;
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GInputStream) stream =
      is_input ? g_unix_input_stream_new (0, FALSE) : G_INPUT_STREAM (g_file_read (file, NULL, error));
  g_autofree char *buffer = g_malloc (DW_SECRET_FILE_BYTES + 1);
  GStatBuf status;
  gsize size = 0;

  if (stream == NULL || !g_input_stream_read_all (stream, buffer, DW_SECRET_FILE_BYTES + 1, &size, NULL, error))
    return NULL;
  if (!is_input && g_stat (path, &status) == 0 && S_ISREG (status.st_mode) && (status.st_mode & S_IROTH) != 0)
    g_printerr (_ ("“%s” is readable by every local user. Make it private: chmod 600\n"), path);
  return dw_secret_parse (buffer, size, shape, path, error);
}

/* Only its own user can read a process's environment, but its children inherit it, so remove the secret. */
static gboolean
read_token (const DwStageOptions *options, char **token, GError **error)
{
  g_autofree char *given = g_strdup (g_getenv ("DYNAMOWAVE_TOKEN"));
  g_auto (GStrv) lines = NULL;

  g_unsetenv ("DYNAMOWAVE_TOKEN");
  if (options->token_file != NULL)
    lines = read_secret (options->token_file, DW_SECRET_TOKEN, error);
  else if (given != NULL && *given != '\0')
    lines = dw_secret_parse (given, strlen (given), DW_SECRET_TOKEN, "DYNAMOWAVE_TOKEN", error);
  else
    return TRUE;
  *token = lines != NULL ? g_strdup (lines[0]) : NULL;
  return lines != NULL;
}

static gboolean
parse_headers (GHashTable *table, char **headers, GError **error)
{
  for (guint i = 0; headers != NULL && headers[i] != NULL; i++)
    {
      char *colon = strchr (headers[i], ':');
      g_autofree char *name = NULL;
      g_autofree char *value = NULL;

      if (colon == NULL || colon == headers[i] || strpbrk (headers[i], "\r\n") != NULL)
        {
          /* The value may be a secret, so do not print it. */
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("Write headers as “Name: value”."));
          return FALSE;
        }
      name = g_strndup (headers[i], (gsize) (colon - headers[i]));
      value = g_strstrip (g_strdup (colon + 1));
      if (!dw_access_check_header (name, value, error))
        return FALSE;
      g_hash_table_insert (table, g_steal_pointer (&name), g_steal_pointer (&value));
    }
  return TRUE;
}

static gboolean
is_authorization (gpointer name, gpointer value, gpointer data)
{
  return g_ascii_strcasecmp (name, "Authorization") == 0;
}

static GHashTable *
make_headers (const DwStageOptions *options, const char *token, GError **error)
{
  g_autoptr (GHashTable) table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) lines =
      options->header_file != NULL ? read_secret (options->header_file, DW_SECRET_HEADERS, error) : NULL;

  if (options->header_file != NULL && lines == NULL)
    return NULL;
  if (!parse_headers (table, lines, error) || !parse_headers (table, options->headers, error))
    return NULL;
  if (options->origin != NULL)
    {
      if (!dw_access_check_header ("Origin", options->origin, error))
        return NULL;
      g_hash_table_insert (table, g_strdup ("Origin"), g_strdup (options->origin));
    }
  if (token != NULL && options->token_parameter == NULL
      && g_hash_table_find (table, is_authorization, NULL) == NULL)
    g_hash_table_insert (table, g_strdup ("Authorization"), g_strconcat ("Bearer ", token, NULL));
  return g_steal_pointer (&table);
}

static DwStageUrl *
make_url (const DwStageOptions *options, const char *address, const char *token, GError **error)
{
  g_autofree char *name = NULL, *value = NULL, *whole = NULL;

  if (token == NULL || options->token_parameter == NULL)
    return dw_stage_url_parse (address, error);
  if (*options->token_parameter == '\0')
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _ ("Enter the parameter’s name, such as “token”."));
      return NULL;
    }
  name = g_uri_escape_string (options->token_parameter, NULL, FALSE);
  value = g_uri_escape_string (token, NULL, FALSE);
  whole = g_strdup_printf ("%s%s%s=%s", address, strchr (address, '?') != NULL ? "&" : "?", name, value);
  return dw_stage_url_parse (whole, error);
}

static gboolean
check_protocols (char **protocols, GError **error)
{
  for (char **at = protocols; at != NULL && *at != NULL; at++)
    if (!dw_access_check_protocol (*at, error))
      return FALSE;
  return TRUE;
}

/**
 * dw_stage_options_make:
 * @options: how it lets one in; files and standard input are read for it, and the environment
 * @format: (nullable): how it names things
 * @address: its URL
 * @error: what makes no sense
 *
 * Returns: (transfer full): the stage, or %NULL
 */
DwStage *
dw_stage_options_make (const DwStageOptions *options,
                       const DwFormatOptions *format,
                       const char *address,
                       GError **error)
{
  const char *name = format != NULL && format->dialect != NULL ? format->dialect : "dynamowave";
  g_autofree char *token = NULL;
  gboolean read = read_token (options, &token, error);
  g_autoptr (DwStageUrl) url = read ? make_url (options, address, token, error) : NULL;
  g_autoptr (DwDialect) dialect = url != NULL ? dw_dialect_from_text (name, error) : NULL;
  g_autoptr (GHashTable) headers = dialect != NULL ? make_headers (options, token, error) : NULL;
  DwStage *stage;

  if (headers == NULL || !check_protocols (options->protocols, error))
    return NULL;
  stage = dw_stage_new (url);
  dw_stage_set_dialect (stage, dialect);
  dw_stage_set_headers (stage, headers);
  dw_stage_set_protocols (stage, options->protocols);
  dw_stage_set_own_name (stage, format != NULL ? format->name : NULL);
  return stage;
}

static gboolean
is_input (const char *text)
{
  return g_strcmp0 (text, "-") == 0;
}

/**
 * dw_stage_options_check_input:
 * @options: how a stage lets one in
 * @taken: whether the command itself reads standard input
 * @error: says so where two want it
 *
 * Returns: whether standard input is read for one purpose at most
 */
gboolean
dw_stage_options_check_input (const DwStageOptions *options, gboolean taken, GError **error)
{
  if (taken + is_input (options->token_file) + is_input (options->header_file) <= 1)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       _ ("Standard input can only be read for one purpose."));
  return FALSE;
}

/**
 * dw_policy_options_make:
 * @options: how patient a session is
 * @error: what makes no sense
 *
 * Returns: (transfer full): that as a policy, or %NULL
 */
DwSessionPolicy *
dw_policy_options_make (const DwPolicyOptions *options, GError **error)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();

  if (options->policy != NULL && !dw_session_policy_parse (policy, options->policy, error))
    return NULL;
  return g_steal_pointer (&policy);
}
