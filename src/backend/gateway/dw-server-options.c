/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-options.h"

#include "dw-certificate.h"
#include "dw-functions.h"
#include "dw-secret-file.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/* The options as typed, before they are interpreted. */
typedef struct
{
  char *listen;
  char *stage;
  char *selection;
  char **two_way;
  gboolean without_default;
  char *subprotocol;
  char *token;
  char *token_file;
  char **origins;
  char *management_token;
  char *management_token_file;
  char *key_file;
  double idle;
  double age;
  double integration;
  int request;
  double connection_rate;
  double rate;
  double burst;
  char *registry;
  char *certificate;
  char *key;
  char *log_format;
  char **functions;
  char **reserves;
  double function_timeout;
  int function_most;
  gboolean events;
  gboolean metrics;
  gboolean version;
} Typed;

static void
typed_clear (Typed *typed)
{
  g_free (typed->listen);
  g_free (typed->stage);
  g_free (typed->selection);
  g_strfreev (typed->two_way);
  g_free (typed->subprotocol);
  g_free (typed->token);
  g_free (typed->token_file);
  g_strfreev (typed->origins);
  g_strfreev (typed->functions);
  g_strfreev (typed->reserves);
  g_free (typed->management_token);
  g_free (typed->management_token_file);
  g_free (typed->key_file);
  g_free (typed->registry);
  g_free (typed->certificate);
  g_free (typed->key);
  g_free (typed->log_format);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Typed, typed_clear)

/* Adds the options, in groups for --help. */
static void
add_entries (GOptionContext *context, Typed *typed)
{
  const GOptionEntry entries[] = {
    { "listen", 'l', 0, G_OPTION_ARG_STRING, &typed->listen,
      N_ ("Address to listen on; port 0 picks a free port (default 127.0.0.1:0)"), N_ ("ADDRESS:PORT") },
    { "stage", 's', 0, G_OPTION_ARG_STRING, &typed->stage, N_ ("Stage name (default prod)"), N_ ("NAME") },
    { "token", 0, 0, G_OPTION_ARG_STRING, &typed->token, N_ ("Require this token (visible to every local user)"),
      "TOKEN" },
    { "token-file", 0, 0, G_OPTION_ARG_FILENAME, &typed->token_file,
      N_ ("Require the token in this file, as ?token=… or in an Authorization header"), "FILE" },
    { "allow-origin", 0, 0, G_OPTION_ARG_STRING_ARRAY, &typed->origins,
      N_ ("Allow browser connections from this origin; can be repeated"), "ORIGIN" },
    { "tls-certificate", 0, 0, G_OPTION_ARG_FILENAME, &typed->certificate,
      N_ ("Serve wss:// with this certificate (PEM)"), "FILE" },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &typed->key, N_ ("Private key of the certificate (PEM)"), "FILE" },
    { "registry", 0, 0, G_OPTION_ARG_STRING, &typed->registry,
      N_ ("Where to store connection IDs and dead letters: memory or sqlite:PATH (default memory)"), "PLACE" },
    { "log-format", 0, 0, G_OPTION_ARG_STRING, &typed->log_format, N_ ("Log format: text or json"), "FORMAT" },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &typed->version, N_ ("Print the version and exit"), NULL },
    { NULL },
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_gateway_group (GOptionContext *context, Typed *typed)
{
  const GOptionEntry entries[] = {
    { "route-selection-expression", 0, 0, G_OPTION_ARG_STRING, &typed->selection,
      N_ ("Expression that selects a message’s route (default $request.body.action)"), "EXPRESSION" },
    { "two-way", 0, 0, G_OPTION_ARG_STRING_ARRAY, &typed->two_way,
      N_ ("Enable the route response of this route; can be repeated"), "ROUTE" },
    { "no-default-route", 0, 0, G_OPTION_ARG_NONE, &typed->without_default,
      N_ ("Disable the $default route: unmatched messages get “Forbidden”"), NULL },
    { "subprotocol", 0, 0, G_OPTION_ARG_STRING, &typed->subprotocol,
      N_ ("Accept this subprotocol when a client offers it"), N_ ("NAME") },
    { "idle-timeout", 0, 0, G_OPTION_ARG_DOUBLE, &typed->idle,
      N_ ("Close connections idle this long (default 600)"), N_ ("SECONDS") },
    { "connection-limit", 0, 0, G_OPTION_ARG_DOUBLE, &typed->age,
      N_ ("Close connections open this long (default 7200)"), N_ ("SECONDS") },
    { "integration-timeout", 0, 0, G_OPTION_ARG_DOUBLE, &typed->integration, N_ ("Handler timeout (default 29)"),
      N_ ("SECONDS") },
    { "request-timeout", 0, 0, G_OPTION_ARG_INT, &typed->request,
      N_ ("Drop clients that send no request within this time (default 30)"), N_ ("SECONDS") },
    { "connection-rate", 0, 0, G_OPTION_ARG_DOUBLE, &typed->connection_rate,
      N_ ("New connections per second; 0 for no limit (default 500)"), "NUMBER" },
    { "throttle-rate", 0, 0, G_OPTION_ARG_DOUBLE, &typed->rate,
      N_ ("Messages and posts per second; 0 for no limit (default 0)"), "NUMBER" },
    { "throttle-burst", 0, 0, G_OPTION_ARG_DOUBLE, &typed->burst, N_ ("Maximum burst of messages and posts"),
      "NUMBER" },
    { "function", 0, 0, G_OPTION_ARG_STRING_ARRAY, &typed->functions,
      N_ ("Run this command for a route, as AWS Lambda would; can be repeated"), N_ ("ROUTE=COMMAND") },
    { "function-timeout", 0, 0, G_OPTION_ARG_DOUBLE, &typed->function_timeout, N_ ("Function timeout (default 29)"),
      N_ ("SECONDS") },
    { "function-concurrency", 0, 0, G_OPTION_ARG_INT, &typed->function_most,
      N_ ("Maximum concurrent events of all functions (default 100)"), "NUMBER" },
    { "function-reserve", 0, 0, G_OPTION_ARG_STRING_ARRAY, &typed->reserves,
      N_ ("Maximum concurrent events of one route’s function; can be repeated"), N_ ("ROUTE=NUMBER") },
    { "events", 0, 0, G_OPTION_ARG_NONE, &typed->events,
      N_ ("Log each event as a Lambda function would receive it, including messages"), NULL },
    { NULL },
  };
  GOptionGroup *group =
      g_option_group_new ("gateway", _ ("Gateway Options:"), _ ("Show gateway options"), NULL, NULL);

  g_option_group_set_translation_domain (group, GETTEXT_PACKAGE);
  g_option_group_add_entries (group, entries);
  g_option_context_add_group (context, group);
}

static void
add_management_group (GOptionContext *context, Typed *typed)
{
  const GOptionEntry entries[] = {
    { "management-token", 0, 0, G_OPTION_ARG_STRING, &typed->management_token,
      N_ ("Accept @connections requests with this token (visible to every local user)"), "TOKEN" },
    { "management-token-file", 0, 0, G_OPTION_ARG_FILENAME, &typed->management_token_file,
      N_ ("Accept @connections requests with the token in this file (Authorization: Bearer …)"), "FILE" },
    { "management-key-file", 0, 0, G_OPTION_ARG_FILENAME, &typed->key_file,
      N_ ("Accept @connections requests signed with the key in this file: an access key ID and its secret on two "
          "lines"),
      "FILE" },
    { "metrics", 0, 0, G_OPTION_ARG_NONE, &typed->metrics, N_ ("Serve /@metrics to the same callers"), NULL },
    { NULL },
  };
  GOptionGroup *group =
      g_option_group_new ("management", _ ("Management Options:"), _ ("Show management options"), NULL, NULL);

  g_option_group_set_translation_domain (group, GETTEXT_PACKAGE);
  g_option_group_add_entries (group, entries);
  g_option_context_add_group (context, group);
}

static GSocketAddress *
parse_address (const char *text, GError **error)
{
  g_autoptr (GSocketConnectable) connectable = g_network_address_parse (text, 0, error);
  const char *host;
  GSocketAddress *address;

  if (connectable == NULL)
    return NULL;
  host = g_network_address_get_hostname (G_NETWORK_ADDRESS (connectable));
  if (g_ascii_strcasecmp (host, "localhost") == 0)
    host = "127.0.0.1";
  address =
      g_inet_socket_address_new_from_string (host, g_network_address_get_port (G_NETWORK_ADDRESS (connectable)));
  if (address == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("“%s” is not an address of this computer."),
                 text);
  return address;
}

/* Every local user can read the command line, so a secret can be given in a file instead. */
static gboolean
read_token (char **token, const char *path, GError **error)
{
  g_auto (GStrv) lines = path != NULL ? dw_secret_file_read (path, DW_SECRET_TOKEN, error) : NULL;

  if (path == NULL)
    return TRUE;
  if (lines == NULL)
    return FALSE;
  g_free (*token);
  *token = g_strdup (lines[0]);
  return TRUE;
}

static gboolean
read_key (DwServerConfig *config, const char *path, GError **error)
{
  g_auto (GStrv) lines = path != NULL ? dw_secret_file_read (path, DW_SECRET_KEY, error) : NULL;

  if (lines == NULL)
    return path == NULL;
  config->key_id = g_strdup (lines[0]);
  config->secret = g_strdup (lines[1]);
  return TRUE;
}

static gboolean
read_secrets (DwServerConfig *config, const Typed *typed, GError **error)
{
  return read_token (&config->token, typed->token_file, error)
         && read_token (&config->management_token, typed->management_token_file, error)
         && read_key (config, typed->key_file, error);
}

static void
warn_of_files (DwServerOptions *options, const Typed *typed)
{
  const char *paths[] = { typed->token_file, typed->management_token_file, typed->key_file, typed->key };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    if (paths[i] != NULL && dw_secret_file_is_exposed (paths[i]))
      g_ptr_array_add (
          options->warnings,
          g_strdup_printf ("“%s” is readable by every local user. Make it private: chmod 600", paths[i]));
}

static void
warn_of_address (DwServerOptions *options)
{
  GInetAddress *address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (options->address));
  g_autofree char *text = g_inet_address_to_string (address);

  if (options->config->token == NULL && !g_inet_address_get_is_loopback (address))
    g_ptr_array_add (options->warnings,
                     g_strdup_printf ("Anyone who can reach %s can connect. Require a token: --token-file", text));
}

/**
 * dw_server_options_read_registry:
 * @registry: (nullable): `memory` or `sqlite:PATH`
 * @path: (out) (transfer full) (nullable): the path; %NULL for memory
 * @error: it is neither of the two
 *
 * Returns: whether @registry is valid
 */
gboolean
dw_server_options_read_registry (const char *registry, char **path, GError **error)
{
  *path = NULL;
  if (registry == NULL || strcmp (registry, "memory") == 0)
    return TRUE;
  if (g_str_has_prefix (registry, "sqlite:") && registry[strlen ("sqlite:")] != '\0')
    {
      *path = g_strdup (registry + strlen ("sqlite:"));
      return TRUE;
    }
  g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG,
               _ ("Unknown registry “%s”. Use memory or sqlite:PATH."), registry);
  return FALSE;
}

static gboolean
open_files (DwServerConfig *config, const Typed *typed, GError **error)
{
  GError *problem = NULL;

  if (!dw_server_options_read_registry (typed->registry, &config->registry, error))
    return FALSE;
  if ((typed->certificate == NULL) != (typed->key == NULL))
    problem = g_error_new_literal (DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG,
                                   _ ("--tls-certificate and --tls-key must be used together."));
  else if (typed->certificate != NULL)
    config->certificate = dw_certificate_load (typed->certificate, typed->key, &problem);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

static void
take_words (DwServerConfig *config, Typed *typed)
{
  if (typed->selection != NULL)
    {
      g_free (config->selection);
      config->selection = g_steal_pointer (&typed->selection);
    }

  config->two_way = g_steal_pointer (&typed->two_way);
  config->without_default = typed->without_default;
  config->subprotocol = g_steal_pointer (&typed->subprotocol);
  config->token = g_steal_pointer (&typed->token);
  config->management_token = g_steal_pointer (&typed->management_token);
  config->origins = g_steal_pointer (&typed->origins);
  config->idle_ms = (gint64) (typed->idle * 1000);
  config->age_ms = (gint64) (typed->age * 1000);
  config->integration_ms = (gint64) (typed->integration * 1000);
  config->request_s = (guint) MAX (typed->request, 0);
  config->connection_rate = typed->connection_rate;
  config->rate = typed->rate;
  config->burst = typed->burst != 0 ? typed->burst : typed->rate;
  config->functions = g_steal_pointer (&typed->functions);
  config->reserves = g_steal_pointer (&typed->reserves);
  config->function_ms = (gint64) (typed->function_timeout * 1000);
  config->function_most = (guint) MAX (typed->function_most, 0);
  config->events = typed->events;
  config->metrics = typed->metrics;
}

static gboolean
read_typed (DwServerOptions *options, Typed *typed, GError **error)
{
  if (typed->log_format != NULL && strcmp (typed->log_format, "json") != 0
      && strcmp (typed->log_format, "text") != 0)
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG,
                   _ ("Unknown log format “%s”. Use text or json."), typed->log_format);
      return FALSE;
    }

  options->json = g_strcmp0 (typed->log_format, "json") == 0;
  options->version = typed->version;
  options->config = dw_server_config_new (typed->stage != NULL ? typed->stage : "prod");
  take_words (options->config, typed);
  options->address = parse_address (typed->listen != NULL ? typed->listen : "127.0.0.1:0", error);
  if (options->address == NULL || !read_secrets (options->config, typed, error)
      || !open_files (options->config, typed, error) || !dw_server_config_check (options->config, error))
    return FALSE;

  warn_of_files (options, typed);
  warn_of_address (options);
  return TRUE;
}

/**
 * dw_server_options_parse:
 * @options: filled in
 * @argv: the process's original arguments, %NULL-terminated; secrets among them are overwritten in place
 * @error: what is wrong, in words for the person who typed it
 *
 * Returns: whether the options are valid
 */
gboolean
dw_server_options_parse (DwServerOptions *options, char **argv, GError **error)
{
  static const char *const secrets[] = { "--token", "--management-token", "--management-management-token", NULL };
  g_auto (GStrv) arguments = g_strdupv (argv);
  g_auto (Typed) typed = { .idle = DW_LIMIT_IDLE_SECONDS,
                           .age = DW_LIMIT_CONNECTION_SECONDS,
                           .integration = DW_LIMIT_INTEGRATION_SECONDS,
                           .function_timeout = DW_LIMIT_INTEGRATION_SECONDS,
                           .function_most = DW_FUNCTIONS_MOST };
  g_autoptr (DwServerConfig) defaults = dw_server_config_new ("prod");
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  typed.request = (int) defaults->request_s;
  typed.connection_rate = defaults->connection_rate;
  g_option_context_set_summary (
      context, _ ("Runs a local DynamoWave stage: an API Gateway WebSocket API with its four handlers.\n"
                  "The stage prints its address as the first line of standard output once it accepts\n"
                  "connections. The log goes to standard error. Stop the stage with SIGTERM or SIGINT."));
  g_option_context_set_description (
      context,
      _ ("Routes: $connect, $disconnect, $default and sendMessage. Browsers are rejected unless allowed.\n\n"
         "Examples:\n"
         "  dynamowave-stage --listen 127.0.0.1:8080 --stage prod\n"
         "  dynamowave-stage dead-letters list --registry sqlite:stage.sqlite\n\n"
         "Dead letters are posts that were throttled and finally given up. See “dynamowave-stage\n"
         "dead-letters --help”."));
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  add_entries (context, &typed);
  add_gateway_group (context, &typed);
  add_management_group (context, &typed);
  options->warnings = g_ptr_array_new_with_free_func (g_free);
  options->hidden = dw_secret_hide (argv, secrets);
  if (!g_option_context_parse_strv (context, &arguments, error))
    return FALSE;
  if (arguments[0] != NULL && arguments[1] != NULL)
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, _ ("Unknown argument “%s”. See --help."),
                   arguments[1]);
      return FALSE;
    }
  return read_typed (options, &typed, error);
}

/**
 * dw_server_options_clear:
 * @options: options
 */
void
dw_server_options_clear (DwServerOptions *options)
{
  g_clear_pointer (&options->config, dw_server_config_free);
  g_clear_object (&options->address);
  g_clear_pointer (&options->warnings, g_ptr_array_unref);
}
