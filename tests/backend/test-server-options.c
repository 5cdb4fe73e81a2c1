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
  return g_test_run ();
}
