/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-options.h"

#include "dw-certificate.h"
#include "dw-config-file.h"
#include "dw-forwarded.h"
#include "dw-functions.h"
#include "dw-secret-file.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-limits.h"
#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>
#include <string.h>

/* How much is said of what is wrong in a configuration file, in characters. */
#define ERROR_CHARS 400

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
  char *replay;
  double replay_speed;
  char *certificate;
  char *key;
  char *log_format;
  char **functions;
  char **reserves;
  double function_timeout;
  int function_most;
  gboolean events;
  gboolean metrics;
  char **proxies;
  char *config;
  gboolean version;
  GArray *table;      /* of GOptionEntry: all options */
  GHashTable *places; /* where in the configuration file an option is, by name, if its value is from there */
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
  g_free (typed->replay);
  g_free (typed->certificate);
  g_free (typed->key);
  g_free (typed->log_format);
  g_strfreev (typed->proxies);
  g_free (typed->config);
  g_clear_pointer (&typed->table, g_array_unref);
  g_clear_pointer (&typed->places, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Typed, typed_clear)

/* Ends with an entry without a name. */
static void
note_entries (Typed *typed, const GOptionEntry *entries)
{
  for (; entries->long_name != NULL; entries++)
    g_array_append_vals (typed->table, entries, 1);
}

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
    { "trusted-proxy", 0, 0, G_OPTION_ARG_STRING_ARRAY, &typed->proxies,
      N_ ("Believe this proxy’s X-Forwarded-For; can be repeated"), N_ ("ADDRESS[/BITS]") },
    { "tls-certificate", 0, 0, G_OPTION_ARG_FILENAME, &typed->certificate,
      N_ ("Serve wss:// with this certificate (PEM)"), "FILE" },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &typed->key, N_ ("Private key of the certificate (PEM)"), "FILE" },
    { "registry", 0, 0, G_OPTION_ARG_STRING, &typed->registry,
      N_ ("Where to store connection IDs and dead letters: memory or sqlite:PATH (default memory)"), "PLACE" },
    { "log-format", 0, 0, G_OPTION_ARG_STRING, &typed->log_format, N_ ("Log format: text or json"), "FORMAT" },
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &typed->config,
      N_ ("Read options from this file, one per line; the command line wins"), "FILE" },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &typed->version, N_ ("Print the version and exit"), NULL },
    { NULL },
  };

  note_entries (typed, entries);
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
    { "replay", 0, 0, G_OPTION_ARG_FILENAME, &typed->replay,
      N_ ("Play this recorded session to each client instead of running the routes"), "FILE" },
    { "replay-speed", 0, 0, G_OPTION_ARG_DOUBLE, &typed->replay_speed,
      N_ ("How many times as fast to play it; 0 for no pauses (default 1)"), "NUMBER" },
    { "events", 0, 0, G_OPTION_ARG_NONE, &typed->events,
      N_ ("Log each event as a Lambda function would receive it, including messages"), NULL },
    { NULL },
  };
  GOptionGroup *group =
      g_option_group_new ("gateway", _ ("Gateway Options:"), _ ("Show gateway options"), NULL, NULL);

  note_entries (typed, entries);
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

  note_entries (typed, entries);
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

/* Says where in the configuration file the option is that an error is about. Returns FALSE. */
static gboolean
blame (const Typed *typed, const char *name, GError **error)
{
  const char *place = typed->places != NULL ? g_hash_table_lookup (typed->places, name) : NULL;

  if (place != NULL)
    g_prefix_error (error, "%s: ", place);
  return FALSE;
}

static gboolean
read_secrets (DwServerConfig *config, const Typed *typed, GError **error)
{
  if (!read_token (&config->token, typed->token_file, error))
    return blame (typed, "token-file", error);
  if (!read_token (&config->management_token, typed->management_token_file, error))
    return blame (typed, "management-token-file", error);
  if (!read_key (config, typed->key_file, error))
    return blame (typed, "management-key-file", error);
  return TRUE;
}

/* The path of the configuration file, if there is a secret in it. */
static const char *
find_secret_config (const Typed *typed)
{
  if (typed->places == NULL)
    return NULL;
  return g_hash_table_contains (typed->places, "token") || g_hash_table_contains (typed->places, "management-token")
             ? typed->config
             : NULL;
}

static void
warn_of_files (DwServerOptions *options, const Typed *typed)
{
  const char *paths[] = { typed->token_file, typed->management_token_file, typed->key_file, typed->key,
                          find_secret_config (typed) };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    if (paths[i] != NULL && dw_secret_file_is_exposed (paths[i]))
      g_ptr_array_add (
          options->warnings,
          g_strdup_printf ("“%s” is readable by every local user. Make it private: chmod 600", paths[i]));
}

static void
warn_of_proxies (DwServerOptions *options)
{
  GPtrArray *proxies = options->config->proxies;

  for (guint i = 0; proxies != NULL && i < proxies->len; i++)
    if (g_inet_address_mask_get_length (proxies->pdata[i]) == 0)
      g_ptr_array_add (
          options->warnings,
          g_strdup ("Every address is a trusted proxy, so every client can make up its own address. Name "
                    "the proxy: --trusted-proxy"));
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

  if ((typed->certificate == NULL) != (typed->key == NULL))
    problem = g_error_new_literal (DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG,
                                   _ ("--tls-certificate and --tls-key must be used together."));
  else if (typed->certificate != NULL)
    config->certificate = dw_certificate_load (typed->certificate, typed->key, &problem);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return blame (typed, typed->certificate != NULL ? "tls-certificate" : "tls-key", error);
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
  config->replay = g_steal_pointer (&typed->replay);
  config->replay_speed = typed->replay_speed;
  config->events = typed->events;
  config->metrics = typed->metrics;
}

static gboolean
read_proxies (DwServerConfig *config, const Typed *typed, GError **error)
{
  for (char **at = typed->proxies; at != NULL && *at != NULL; at++)
    {
      GInetAddressMask *proxy = dw_forwarded_parse_proxy (*at, error);

      if (proxy == NULL)
        return FALSE;
      if (config->proxies == NULL)
        config->proxies = g_ptr_array_new_with_free_func (g_object_unref);
      g_ptr_array_add (config->proxies, proxy);
    }
  return TRUE;
}

/* What can be told without opening a file. */
static gboolean
read_words (DwServerOptions *options, Typed *typed, GError **error)
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
  return options->address != NULL
         && dw_server_options_read_registry (typed->registry, &options->config->registry, error)
         && read_proxies (options->config, typed, error) && dw_server_config_check (options->config, error);
}

static gboolean
read_typed (DwServerOptions *options, Typed *typed, GError **error)
{
  if (!read_words (options, typed, error) || !read_secrets (options->config, typed, error)
      || !open_files (options->config, typed, error) || !dw_server_config_check (options->config, error))
    return FALSE;

  warn_of_files (options, typed);
  warn_of_address (options);
  warn_of_proxies (options);
  return TRUE;
}

static void
typed_init (Typed *typed)
{
  g_autoptr (DwServerConfig) defaults = dw_server_config_new ("prod");

  *typed = (Typed){ .idle = DW_LIMIT_IDLE_SECONDS,
                    .age = DW_LIMIT_CONNECTION_SECONDS,
                    .integration = DW_LIMIT_INTEGRATION_SECONDS,
                    .function_timeout = DW_LIMIT_INTEGRATION_SECONDS,
                    .function_most = DW_FUNCTIONS_MOST,
                    .request = (int) defaults->request_s,
                    .connection_rate = defaults->connection_rate,
                    .replay_speed = defaults->replay_speed };
  typed->table = g_array_new (FALSE, FALSE, sizeof (GOptionEntry));
}

static GOptionContext *
make_context (Typed *typed)
{
  GOptionContext *context = g_option_context_new (NULL);

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
  g_array_set_size (typed->table, 0);
  add_entries (context, typed);
  add_gateway_group (context, typed);
  add_management_group (context, typed);
  return context;
}

/* @words has the program's name first. */
static gboolean
parse_words (Typed *typed, const char *const *words, GError **error)
{
  g_autoptr (GOptionContext) context = make_context (typed);
  g_auto (GStrv) arguments = g_strdupv ((char **) words);

  if (!g_option_context_parse_strv (context, &arguments, error))
    return FALSE;
  if (arguments[0] != NULL && arguments[1] != NULL)
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, _ ("Unknown argument “%s”. See --help."),
                   arguments[1]);
      return FALSE;
    }
  return TRUE;
}

static const GOptionEntry *
find_entry (const Typed *typed, const char *name)
{
  for (guint i = 0; i < typed->table->len; i++)
    if (strcmp (g_array_index (typed->table, GOptionEntry, i).long_name, name) == 0)
      return &g_array_index (typed->table, GOptionEntry, i);
  return NULL;
}

static gboolean
is_list (const GOptionEntry *entry)
{
  return entry->arg == G_OPTION_ARG_STRING_ARRAY || entry->arg == G_OPTION_ARG_FILENAME_ARRAY;
}

static gboolean
is_text (const GOptionEntry *entry)
{
  return entry->arg == G_OPTION_ARG_STRING || entry->arg == G_OPTION_ARG_FILENAME;
}

/* Sets @word to a line as it would be on the command line, or to NULL if it says no to something that is not done
 * anyway. */
static gboolean
word_of (const Typed *typed, const DwConfigLine *line, char **word, GError **error)
{
  const GOptionEntry *entry = find_entry (typed, line->name);
  const char *value = line->value;

  *word = NULL;
  if (entry == NULL || strcmp (line->name, "config") == 0 || strcmp (line->name, "version") == 0)
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, _ ("Unknown option “%s”."), line->name);
      return FALSE;
    }
  if (entry->arg == G_OPTION_ARG_NONE && value != NULL && strcmp (value, "yes") != 0 && strcmp (value, "no") != 0)
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, _ ("“%s” is either yes or no."), line->name);
      return FALSE;
    }

  if (entry->arg != G_OPTION_ARG_NONE && value != NULL)
    *word = g_strdup_printf ("--%s=%s", line->name, value);
  else if (g_strcmp0 (value, "no") != 0)
    *word = g_strdup_printf ("--%s", line->name);
  return TRUE;
}

/* Every line has to make sense by itself, so that an error can say which one does not. */
static gboolean
try_word (const char *word, GError **error)
{
  const char *words[] = { "dynamowave-stage", word, NULL };
  g_auto (DwServerOptions) options = { NULL };
  g_auto (Typed) typed = { NULL };

  typed_init (&typed);
  return parse_words (&typed, words, error) && read_words (&options, &typed, error);
}

static gboolean
remove_word (GPtrArray *words, const char *name)
{
  for (guint i = 1; i < words->len; i++)
    if (strcmp ((const char *) words->pdata[i] + strlen ("--"), name) == 0)
      {
        g_ptr_array_remove_index (words, i);
        return TRUE;
      }
  return FALSE;
}

static gboolean
parse_file (Typed *typed, const char *path, GError **error)
{
  g_autoptr (GPtrArray) lines = dw_config_file_read (path, error);
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  if (lines == NULL)
    return FALSE;

  typed->places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_ptr_array_add (words, g_strdup ("dynamowave-stage"));
  for (guint i = 0; i < lines->len; i++)
    {
      const DwConfigLine *line = lines->pdata[i];
      char *word;

      if (!word_of (typed, line, &word, error) || (word != NULL && !try_word (word, error)))
        {
          g_free (word);
          g_prefix_error (error, "%s:%u: ", path, line->number);
          return FALSE;
        }
      /* The last line counts, and on the command line nothing says no. */
      while (word == NULL && remove_word (words, line->name))
        ;
      if (word == NULL)
        continue;
      g_ptr_array_add (words, word);
      g_hash_table_replace (typed->places, g_strdup (line->name), g_strdup_printf ("%s:%u", path, line->number));
    }

  g_ptr_array_add (words, NULL);
  return parse_words (typed, (const char *const *) words->pdata, error);
}

/* A text or a list of the command line takes the place of the file's; for the other kinds GLib overwrites the value. */
static gboolean
parse_over (Typed *typed, const char *const *words, GError **error)
{
  g_autofree gpointer *kept = g_new0 (gpointer, typed->table->len + 1);
  guint n = typed->table->len;
  gboolean good;

  for (guint i = 0; i < n; i++)
    {
      const GOptionEntry *entry = &g_array_index (typed->table, GOptionEntry, i);

      if (is_text (entry) || is_list (entry))
        kept[i] = g_steal_pointer ((gpointer *) entry->arg_data);
    }

  good = parse_words (typed, words, error);

  for (guint i = 0; i < n; i++)
    {
      const GOptionEntry *entry = &g_array_index (typed->table, GOptionEntry, i);
      gpointer *place = entry->arg_data;

      if (kept[i] == NULL)
        continue;
      if (*place == NULL)
        *place = kept[i];
      else
        {
          g_hash_table_remove (typed->places, entry->long_name);
          if (is_list (entry))
            g_strfreev (kept[i]);
          else
            g_free (kept[i]);
        }
    }
  return good;
}

static char *
text_of (const GOptionEntry *entry)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (entry->arg == G_OPTION_ARG_NONE)
    return g_strdup (*(gboolean *) entry->arg_data ? "yes" : "no");
  if (entry->arg == G_OPTION_ARG_INT)
    return g_strdup_printf ("%d", *(int *) entry->arg_data);
  if (entry->arg == G_OPTION_ARG_DOUBLE)
    return g_strdup (g_ascii_dtostr (number, sizeof number, *(double *) entry->arg_data));
  if (is_list (entry) && *(char ***) entry->arg_data != NULL)
    return g_strjoinv ("\n", *(char ***) entry->arg_data);
  return is_text (entry) ? g_strdup (*(char **) entry->arg_data) : NULL;
}

static GHashTable *
note_values (const Typed *typed)
{
  GHashTable *values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < typed->table->len; i++)
    {
      const GOptionEntry *entry = &g_array_index (typed->table, GOptionEntry, i);

      g_hash_table_insert (values, g_strdup (entry->long_name), text_of (entry));
    }
  return values;
}

/* A line of the file that is wrong is quoted, whatever is in it and however long it is. Returns FALSE. */
static gboolean
shorten (GError **error)
{
  char *safe = error != NULL && *error != NULL ? dw_safe_line ((*error)->message, ERROR_CHARS) : NULL;

  if (safe != NULL)
    {
      g_free ((*error)->message);
      (*error)->message = safe;
    }
  return FALSE;
}

/* The command line is read twice: to find the file, and over what the file says. */
static gboolean
read_arguments (DwServerOptions *options, GError **error)
{
  const char *const *words = (const char *const *) options->arguments;
  g_auto (Typed) first = { NULL };
  g_auto (Typed) typed = { NULL };

  typed_init (&first);
  typed_init (&typed);
  options->warnings = g_ptr_array_new_with_free_func (g_free);
  if (!parse_words (&first, words, error))
    return FALSE;
  if (first.config == NULL)
    {
      options->values = note_values (&first);
      return read_typed (options, &first, error);
    }

  g_option_context_free (make_context (&typed));
  if (!parse_file (&typed, first.config, error) || !parse_over (&typed, words, error))
    return shorten (error);
  options->values = note_values (&typed);
  return read_typed (options, &typed, error) || shorten (error);
}

/**
 * dw_server_options_parse:
 * @options: filled in
 * @argv: the process's original arguments, %NULL-terminated; secrets among them are overwritten in place
 * @error: what is wrong, in words for the person who typed it
 *
 * Reads the command line, and the configuration file that it names.
 *
 * Returns: whether the options are valid
 */
gboolean
dw_server_options_parse (DwServerOptions *options, char **argv, GError **error)
{
  static const char *const secrets[] = { "--token", "--management-token", "--management-management-token", NULL };

  options->arguments = g_strdupv (argv);
  options->hidden = dw_secret_hide (argv, secrets);
  return read_arguments (options, error);
}

/**
 * dw_server_options_parse_again:
 * @options: filled in
 * @arguments: what the program was started with, secrets included
 * @error: what is wrong, in words for the person who runs it
 *
 * Reads the same command line once more, with the files that it names as they are now. It blocks; any thread may call
 * it.
 *
 * Returns: whether the options are valid
 */
gboolean
dw_server_options_parse_again (DwServerOptions *options, char **arguments, GError **error)
{
  options->arguments = g_strdupv (arguments);
  return read_arguments (options, error);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * dw_server_options_find_fixed:
 * @before: what the stage runs with
 * @options: what it would be started with now
 *
 * Returns: (transfer full): names of options that have another value now, and that a stage only takes when it starts;
 *   sorted, %NULL-terminated
 */
char **
dw_server_options_find_fixed (const DwServerOptions *before, const DwServerOptions *options)
{
  /* What dw_server_reload() takes over, by name. */
  static const char *const live[] = { "token",
                                      "token-file",
                                      "management-token",
                                      "management-token-file",
                                      "allow-origin",
                                      "trusted-proxy",
                                      "tls-certificate",
                                      "tls-key",
                                      "idle-timeout",
                                      "connection-limit",
                                      "connection-rate",
                                      "throttle-rate",
                                      "throttle-burst",
                                      NULL };
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, options->values);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (!g_strv_contains (live, name) && g_strcmp0 (value, g_hash_table_lookup (before->values, name)) != 0)
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
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
  g_clear_pointer (&options->arguments, g_strfreev);
  g_clear_pointer (&options->values, g_hash_table_unref);
}
