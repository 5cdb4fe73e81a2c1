/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person types to start a stage, and what the stage makes of it. */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-server-options.h"

#include <glib/gstdio.h>
#include <string.h>

/* Arguments that can be written into, as those of a process. */
static gboolean
parse (DwServerOptions *options, char **argv, GError **error)
{
  *options = (DwServerOptions){ 0 };
  return dw_server_options_parse (options, argv, error);
}

static char **
words_of (const char *line)
{
  g_autofree char *whole = g_strconcat ("dynamowave-stage ", line, NULL);

  return g_strsplit (g_strchomp (whole), " ", -1);
}

/* Where nothing is said, the stage is this computer's alone and does as API Gateway does. */
static void
test_defaults (void)
{
  g_auto (DwServerOptions) options = { 0 };
  g_auto (GStrv) argv = words_of ("");
  g_autoptr (DwServerConfig) defaults = dw_server_config_new ("prod");
  g_autofree char *host = NULL;

  g_assert_true (parse (&options, argv, NULL));
  host = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (options.address)));
  g_assert_cmpstr (host, ==, "127.0.0.1");
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (options.address)), ==, 0);
  g_assert_cmpstr (options.config->stage, ==, defaults->stage);
  g_assert_cmpstr (options.config->selection, ==, defaults->selection);
  g_assert_cmpint (options.config->idle_ms, ==, defaults->idle_ms);
  g_assert_cmpint (options.config->age_ms, ==, defaults->age_ms);
  g_assert_cmpint (options.config->integration_ms, ==, defaults->integration_ms);
  g_assert_cmpuint (options.config->request_s, ==, defaults->request_s);
  g_assert_cmpfloat (options.config->connection_rate, ==, defaults->connection_rate);
  g_assert_cmpfloat (options.config->rate, ==, defaults->rate);
  g_assert_cmpfloat (options.config->burst, ==, defaults->burst);
  g_assert_cmpint (options.config->function_ms, ==, defaults->function_ms);
  g_assert_cmpuint (options.config->function_most, ==, defaults->function_most);
  g_assert_cmpfloat (options.config->replay_speed, ==, defaults->replay_speed);
  g_assert_null (options.config->registry);
  g_assert_false (options.json || options.version || options.config->metrics || options.config->events
                  || options.config->without_default || dw_server_config_has_secrets (options.config));
  g_assert_cmpuint (options.warnings->len, ==, 0);
}

/* Every option is the stage's. */
static void
test_every (void)
{
  g_auto (DwServerOptions) options = { 0 };
  g_auto (GStrv) argv = words_of (
      "--listen localhost:8080 --stage dev --allow-origin http://a.example --allow-origin http://b.example "
      "--registry sqlite:x.sqlite --log-format json --route-selection-expression $request.body.do --two-way a "
      "--two-way b --no-default-route --subprotocol chat --idle-timeout 2.5 --connection-limit 3.5 "
      "--integration-timeout 4.5 --request-timeout 5 --connection-rate 6.5 --throttle-rate 7.5 --throttle-burst "
      "8.5 "
      "--function a=b --function-timeout 9.5 --function-concurrency 10 --function-reserve a=1 --events --metrics "
      "--version");
  const DwServerConfig *config;

  g_assert_true (parse (&options, argv, NULL));
  config = options.config;
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (options.address)), ==, 8080);
  g_assert_cmpstr (config->stage, ==, "dev");
  g_assert_cmpuint (g_strv_length (config->origins), ==, 2);
  g_assert_cmpstr (config->registry, ==, "x.sqlite");
  g_assert_cmpstr (config->selection, ==, "$request.body.do");
  g_assert_cmpuint (g_strv_length (config->two_way), ==, 2);
  g_assert_cmpstr (config->subprotocol, ==, "chat");
  g_assert_cmpint (config->idle_ms, ==, 2500);
  g_assert_cmpint (config->age_ms, ==, 3500);
  g_assert_cmpint (config->integration_ms, ==, 4500);
  g_assert_cmpuint (config->request_s, ==, 5);
  g_assert_cmpfloat (config->connection_rate, ==, 6.5);
  g_assert_cmpfloat (config->rate, ==, 7.5);
  g_assert_cmpfloat (config->burst, ==, 8.5);
  g_assert_cmpint (config->function_ms, ==, 9500);
  g_assert_cmpuint (config->function_most, ==, 10);
  g_assert_cmpstr (config->functions[0], ==, "a=b");
  g_assert_cmpstr (config->reserves[0], ==, "a=1");
  g_assert_true (options.json && options.version && config->events && config->metrics && config->without_default);
}

static void
test_single (void)
{
  static const struct
  {
    const char *line;
    gboolean good;
  } rows[] = {
    { "--log-format text", TRUE },
    { "--log-format xml", FALSE },
    { "--registry memory", TRUE },
    { "--registry sqlite:", FALSE },
    { "--registry postgres:x", FALSE },
    { "--listen [::1]:0", TRUE },
    { "--listen LOCALHOST:1", TRUE },
    { "--listen example.com:80", FALSE },
    { "--listen 127.0.0.1:x", FALSE },
    { "--stage a/b", FALSE },
    { "--request-timeout 0", FALSE },
    { "--request-timeout -1", FALSE },
    { "--function-concurrency -1", FALSE },
    { "--idle-timeout 0", FALSE },
    { "--tls-certificate x", FALSE },
    { "--tls-key x", FALSE },
    { "--tls-certificate /nowhere --tls-key /nowhere", FALSE },
    { "--token-file /nowhere", FALSE },
    { "--management-token-file /nowhere", FALSE },
    { "--management-key-file /nowhere", FALSE },
    { "--no-such-option", FALSE },
    { "more", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (DwServerOptions) options = { 0 };
      g_auto (GStrv) argv = words_of (rows[i].line);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", rows[i].line);
      g_assert_cmpint (parse (&options, argv, &error), ==, rows[i].good);
      g_assert_cmpint (error == NULL, ==, rows[i].good);
    }
}

/* Where only a rate is given, as many may come at once. */
static void
test_burst (void)
{
  g_auto (DwServerOptions) options = { 0 };
  g_auto (GStrv) argv = words_of ("--throttle-rate 7");

  g_assert_true (parse (&options, argv, NULL));
  g_assert_cmpfloat (options.config->burst, ==, 7);
}

static char *
make_file (const char *folder, const char *name, const char *text, int mode)
{
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
  return path;
}

/* A secret comes from a file or from the command line, where others see it no longer than it takes. */
static void
test_secrets (void)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *token = make_file (folder, "token", "T0KEN-of-a-file\n", 0600);
  g_autofree char *management = make_file (folder, "management", "MANAG3-of-a-file\n", 0644);
  g_autofree char *key = make_file (folder, "key", "AKIDEXAMPLE\nS3CRET-of-a-file\n", 0640);
  g_autofree char *line =
      g_strdup_printf ("--listen 0.0.0.0:0 --token-file %s --management-token-file %s --management-key-file %s",
                       token, management, key);
  g_auto (GStrv) argv = words_of (line);
  g_auto (GStrv) typed = words_of ("--listen 0.0.0.0:0 --token T0KEN --management-token=MANAG3");
  g_auto (DwServerOptions) options = { 0 };
  g_auto (DwServerOptions) second = { 0 };

  g_assert_true (parse (&options, argv, NULL));
  g_assert_cmpstr (options.config->token, ==, "T0KEN-of-a-file");
  g_assert_cmpstr (options.config->management_token, ==, "MANAG3-of-a-file");
  g_assert_cmpstr (options.config->key_id, ==, "AKIDEXAMPLE");
  g_assert_cmpstr (options.config->secret, ==, "S3CRET-of-a-file");
  g_assert_false (options.hidden);
  /* Of the one that everybody may read. */
  g_assert_cmpuint (options.warnings->len, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (options.warnings, 0), management));

  g_assert_true (parse (&second, typed, NULL));
  g_assert_true (second.hidden);
  g_assert_cmpstr (second.config->token, ==, "T0KEN");
  g_assert_cmpstr (second.config->management_token, ==, "MANAG3");
  g_assert_cmpuint (second.warnings->len, ==, 0);
  for (guint i = 0; typed[i] != NULL; i++)
    g_assert_true (strstr (typed[i], "T0KEN") == NULL && strstr (typed[i], "MANAG3") == NULL);
}

/* A stage that others can reach, and that asks for nothing, is worth a word. */
static void
test_open (void)
{
  static const struct
  {
    const char *line;
    guint warnings;
  } rows[] = {
    { "--listen 0.0.0.0:0", 1 },
    { "--listen [::]:0", 1 },
    { "--listen 127.0.0.2:0", 0 },
    { "--listen [::1]:0", 0 },
    { "--listen 0.0.0.0:0 --token x12345678", 0 },
    { "--trusted-proxy 0.0.0.0/0", 1 },
    { "--trusted-proxy ::/0", 1 },
    { "--trusted-proxy 128.0.0.0/1", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (DwServerOptions) options = { 0 };
      g_auto (GStrv) argv = words_of (rows[i].line);

      g_test_message ("%s", rows[i].line);
      g_assert_true (parse (&options, argv, NULL));
      g_assert_cmpuint (options.warnings->len, ==, rows[i].warnings);
    }
}

static gboolean
parse_file (DwServerOptions *options, const char *text, const char *line, GError **error)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = make_file (folder, "stage.conf", text, 0600);
  g_autofree char *whole = g_strdup_printf ("--config %s %s", path, line);
  g_auto (GStrv) argv = words_of (whole);

  return parse (options, argv, error);
}

/* A file says what the command line can say, each option on a line. */
static void
test_file (void)
{
  g_auto (DwServerOptions) options = { 0 };
  const DwServerConfig *config;

  g_assert_true (parse_file (&options,
                             "# a comment\nlisten = localhost:8080\nstage=dev\nallow-origin = http://a.example\n"
                             "allow-origin = http://b.example\nidle-timeout = 2.5\nrequest-timeout = 5\nmetrics\n"
                             "events = yes\nno-default-route = no\ntoken = \" a b\"\ntrusted-proxy = 10.0.0.0/8\n"
                             "trusted-proxy = ::1\nlog-format = json\nfunction = a=/bin/x  'b c'\n",
                             "", NULL));
  config = options.config;
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (options.address)), ==, 8080);
  g_assert_cmpstr (config->stage, ==, "dev");
  g_assert_cmpuint (g_strv_length (config->origins), ==, 2);
  g_assert_cmpint (config->idle_ms, ==, 2500);
  g_assert_cmpuint (config->request_s, ==, 5);
  g_assert_cmpstr (config->token, ==, " a b");
  g_assert_cmpuint (config->proxies->len, ==, 2);
  g_assert_cmpstr (config->functions[0], ==, "a=/bin/x  'b c'");
  g_assert_true (options.json && config->metrics && config->events && !config->without_default);
}

/* The command line wins, a list as a whole, and what it leaves out is the file's. */
static void
test_file_and_line (void)
{
  g_auto (DwServerOptions) options = { 0 };
  g_auto (DwServerOptions) last = { 0 };
  const DwServerConfig *config;

  g_assert_true (
      parse_file (&options,
                  "stage = file\nlisten = 127.0.0.1:1\nallow-origin = http://a.example\nidle-timeout = 2\n"
                  "allow-origin = http://b.example\nconnection-limit = 3\nrequest-timeout = 4\n"
                  "two-way = a\nregistry = sqlite:file\ntrusted-proxy = 10.0.0.0/8\n",
                  "--stage line --allow-origin http://c.example --idle-timeout 600 --request-timeout 30 "
                  "--registry memory --metrics",
                  NULL));
  config = options.config;
  g_assert_cmpstr (config->stage, ==, "line");
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (options.address)), ==, 1);
  g_assert_cmpuint (g_strv_length (config->origins), ==, 1);
  g_assert_cmpstr (config->origins[0], ==, "http://c.example");
  g_assert_cmpint (config->idle_ms, ==, 600000);
  g_assert_cmpint (config->age_ms, ==, 3000);
  g_assert_cmpuint (config->request_s, ==, 30);
  g_assert_cmpstr (config->two_way[0], ==, "a");
  g_assert_null (config->registry);
  g_assert_cmpuint (config->proxies->len, ==, 1);
  g_assert_true (config->metrics);

  g_assert_true (parse_file (&last,
                             "stage = first\nstage = second\nmetrics\nmetrics = yes\nevents = no\nevents\n"
                             "metrics = no\nno-default-route = no\n",
                             "", NULL));
  g_assert_cmpstr (last.config->stage, ==, "second");
  g_assert_true (!last.config->metrics && last.config->events && !last.config->without_default);
}

/* A configuration that everybody may read is fine, unless there is a secret in it. */
static void
test_file_secrets (void)
{
  static const struct
  {
    const char *text;
    int mode;
    guint warnings;
  } rows[] = {
    { "stage = a\n", 0644, 0 },
    { "token = T0KEN\n", 0644, 1 },
    { "management-token = T0KEN\n", 0644, 1 },
    { "token = T0KEN\n", 0640, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *folder = dw_test_make_folder ();
      g_autofree char *path = make_file (folder, "stage.conf", rows[i].text, rows[i].mode);
      g_autofree char *line = g_strdup_printf ("--config %s", path);
      g_auto (GStrv) argv = words_of (line);
      g_auto (DwServerOptions) options = { 0 };

      g_test_message ("%s", rows[i].text);
      g_assert_true (parse (&options, argv, NULL));
      g_assert_cmpuint (options.warnings->len, ==, rows[i].warnings);
    }
}

/* An error names the file and the line, wherever it shows. */
static void
test_file_errors (void)
{
  static const struct
  {
    const char *text;
    const char *line;
    const char *words;
  } rows[] = {
    { "stage = a\nnope = 1", "", "stage.conf:2: Unknown option “nope”" },
    { "stage = a\nconfig = x", "", "stage.conf:2: " },
    { "version", "", "stage.conf:1: " },
    { "help", "", "stage.conf:1: " },
    { "--metrics", "", "stage.conf:1: " },
    { "l = 127.0.0.1:0", "", "stage.conf:1: " },
    { "= x", "", "stage.conf:1: " },
    { "\n\nlisten", "", "stage.conf:3: " },
    { "listen = nowhere.example:1", "", "stage.conf:1: " },
    { "metrics = 1", "", "stage.conf:1: “metrics” is either yes or no" },
    { "metrics =", "", "stage.conf:1: " },
    { "metrics\nidle-timeout = x", "", "stage.conf:2: " },
    { "metrics\nidle-timeout = 0", "", "stage.conf:2: " },
    { "metrics\nidle-timeout = 0", "--idle-timeout 1", "stage.conf:2: " },
    { "connection-rate = nan", "", "stage.conf:1: " },
    { "stage = a b", "", "stage.conf:1: " },
    { "registry = x", "", "stage.conf:1: " },
    { "log-format = xml", "", "stage.conf:1: " },
    { "trusted-proxy = 10.0.0.1/8", "", "stage.conf:1: " },
    { "metrics\ntoken-file = /nowhere", "", "stage.conf:2: " },
    { "metrics\nmanagement-token-file = /nowhere", "", "stage.conf:2: " },
    { "metrics\nmanagement-key-file = /nowhere", "", "stage.conf:2: " },
    { "tls-key = /nowhere\ntls-certificate = /nowhere", "", "stage.conf:2: " },
    { "metrics\ntls-key = /nowhere", "", "stage.conf:2: " },
    { "token = \"x", "", "stage.conf:1: " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (DwServerOptions) options = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_false (parse_file (&options, rows[i].text, rows[i].line, &error));
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, rows[i].words));
    }

  {
    g_auto (DwServerOptions) options = { 0 };
    g_auto (GStrv) argv = words_of ("--config /nowhere");
    g_autoptr (GError) error = NULL;

    g_assert_false (parse (&options, argv, &error));
    g_assert_nonnull (strstr (error->message, "/nowhere"));
  }

  /* What is quoted is short, and cannot steer a terminal. */
  {
    static const char *const forms[] = { "%s = 1", "registry = %s", "trusted-proxy = %s", "idle-timeout = %s" };

    for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
      {
        g_auto (DwServerOptions) options = { 0 };
        g_autofree char *many = g_strnfill (50000, 'x');
        g_autofree char *value = g_strconcat ("\xc2\x9b"
                                              "31m",
                                              many, NULL);
        g_auto (GStrv) parts = g_strsplit (forms[i], "%s", 2);
        g_autofree char *text = g_strjoinv (value, parts);
        g_autoptr (GError) error = NULL;

        g_assert_false (parse_file (&options, text, "", &error));
        g_assert_cmpuint (strlen (error->message), <, 2000);
        g_assert_null (strstr (error->message, "\xc2\x9b"));
        g_assert_nonnull (strstr (error->message, "stage.conf:1: "));
      }
  }

  /* A value of the command line is not the file's fault. */
  {
    g_auto (DwServerOptions) options = { 0 };
    g_autoptr (GError) error = NULL;

    g_assert_false (parse_file (&options, "token-file = /nowhere", "--token-file /elsewhere", &error));
    g_assert_null (strstr (error->message, "stage.conf"));
  }
}

/* What changed meanwhile is read again, secrets of the command line included, and what only a start takes is named. */
static void
test_again (void)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = make_file (folder, "stage.conf", "idle-timeout = 1\nstage = a\n", 0600);
  g_autofree char *line = g_strdup_printf ("--config %s --token T0KEN --metrics", path);
  g_auto (GStrv) argv = words_of (line);
  g_auto (DwServerOptions) options = { 0 };
  g_auto (DwServerOptions) same = { 0 };
  g_auto (DwServerOptions) other = { 0 };
  g_auto (DwServerOptions) broken = { 0 };
  g_auto (GStrv) nothing = NULL;
  g_auto (GStrv) fixed = NULL;

  g_assert_true (parse (&options, argv, NULL));
  g_assert_true (dw_server_options_parse_again (&same, options.arguments, NULL));
  g_assert_cmpstr (same.config->token, ==, "T0KEN");
  nothing = dw_server_options_find_fixed (&options, &same);
  g_assert_cmpuint (g_strv_length (nothing), ==, 0);

  g_assert_true (g_file_set_contents (path, "idle-timeout = 2\nstage = b\nfunction = a=b\nevents\n", -1, NULL));
  g_assert_true (dw_server_options_parse_again (&other, options.arguments, NULL));
  g_assert_cmpint (other.config->idle_ms, ==, 2000);
  g_assert_true (other.config->metrics);
  fixed = dw_server_options_find_fixed (&options, &other);
  g_assert_cmpuint (g_strv_length (fixed), ==, 3);
  g_assert_cmpstr (fixed[0], ==, "events");
  g_assert_cmpstr (fixed[1], ==, "function");
  g_assert_cmpstr (fixed[2], ==, "stage");

  g_assert_true (g_file_set_contents (path, "idle-timeout = 0\n", -1, NULL));
  g_assert_false (dw_server_options_parse_again (&broken, options.arguments, NULL));
}

static gboolean
is_same (const DwServerOptions *a, const DwServerOptions *b)
{
  const DwServerConfig *x = a->config;
  const DwServerConfig *y = b->config;
  g_autofree char *here = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (a->address));
  g_autofree char *there = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (b->address));

  return g_str_equal (here, there) && a->json == b->json && g_str_equal (x->stage, y->stage)
         && g_str_equal (x->selection, y->selection) && x->without_default == y->without_default
         && x->idle_ms == y->idle_ms && x->age_ms == y->age_ms && x->integration_ms == y->integration_ms
         && x->request_s == y->request_s && x->connection_rate == y->connection_rate && x->rate == y->rate
         && x->burst == y->burst && x->replay_speed == y->replay_speed && x->function_ms == y->function_ms
         && x->function_most == y->function_most && x->events == y->events && x->metrics == y->metrics
         && g_strcmp0 (x->registry, y->registry) == 0;
}

/* Of an option in the example: what it says is the default, or else that there is none, and the value that it shows. */
static void
check_example (const char *text, const char *name, const DwServerOptions *defaults)
{
  g_autofree char *pattern =
      g_strdup_printf ("^# (?:Default: ([^\\s,]+)(?:,.*)?|No default)\\n(#?)%s = (.*)$", name);
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *value = NULL;
  g_autofree char *commented = NULL;
  g_autofree char *shown = NULL;
  g_autofree char *line = NULL;
  g_auto (DwServerOptions) options = { 0 };
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", name);
  g_assert_true (g_regex_match (regex, text, 0, &match));
  value = g_match_info_fetch (match, 1);
  commented = g_match_info_fetch (match, 2);
  shown = g_match_info_fetch (match, 3);
  line = g_strdup_printf ("%s = %s\n", name, *value != '\0' ? value : shown);

  if (*value == '\0')
    {
      /* The example’s files are not here, which is told of a file, not of the line. */
      if (!parse_file (&options, line, "", &error) && error->domain != G_IO_ERROR && error->domain != G_FILE_ERROR)
        g_assert_true (g_str_has_prefix (name, "tls-"));
      return;
    }

  if (*commented != '\0')
    g_assert_cmpstr (shown, ==, value);
  g_assert_true (parse_file (&options, line, "", &error));
  g_assert_true (is_same (&options, defaults));
}

/* The example has every option, with the default that it really has. */
static void
test_example (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("DYNAMOWAVE_SOURCE"), "data", "dynamowave-stage.conf", NULL);
  g_autofree char *text = NULL;
  g_auto (DwServerOptions) options = { 0 };
  g_auto (DwServerOptions) defaults = { 0 };
  g_auto (GStrv) argv = words_of ("");
  g_autoptr (GError) error = NULL;
  GHashTableIter iter;
  gpointer name;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (parse (&defaults, argv, NULL));
  g_assert_true (parse_file (&options, text, "", &error));
  g_assert_true (options.config->metrics);

  g_hash_table_iter_init (&iter, defaults.values);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_str_equal (name, "config") && !g_str_equal (name, "version"))
      check_example (text, name, &defaults);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/server-options/defaults", test_defaults);
  g_test_add_func ("/backend/server-options/every", test_every);
  g_test_add_func ("/backend/server-options/single", test_single);
  g_test_add_func ("/backend/server-options/burst", test_burst);
  g_test_add_func ("/backend/server-options/secrets", test_secrets);
  g_test_add_func ("/backend/server-options/open", test_open);
  g_test_add_func ("/backend/server-options/file", test_file);
  g_test_add_func ("/backend/server-options/file-and-line", test_file_and_line);
  g_test_add_func ("/backend/server-options/EM-33/file-errors", test_file_errors);
  g_test_add_func ("/backend/server-options/file-secrets", test_file_secrets);
  g_test_add_func ("/backend/server-options/again", test_again);
  g_test_add_func ("/backend/server-options/example", test_example);
  return g_test_run ();
}
