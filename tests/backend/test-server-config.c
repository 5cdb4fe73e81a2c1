/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-selection.h"
#include "backend/gateway/dw-server-config.h"

#include <string.h>

/* What API Gateway does where nobody says otherwise: its quotas page. */
static void
test_defaults (void)
{
  g_autoptr (DwServerConfig) config = dw_server_config_new ("prod");

  g_assert_cmpstr (config->stage, ==, "prod");
  g_assert_cmpstr (config->selection, ==, "$request.body.action");
  g_assert_cmpint (config->idle_ms, ==, 600000);
  g_assert_cmpint (config->age_ms, ==, 7200000);
  g_assert_cmpint (config->integration_ms, ==, 29000);
  g_assert_cmpint (config->function_ms, ==, 29000);
  g_assert_cmpuint (config->function_most, ==, 100);
  g_assert_cmpuint (config->request_s, ==, 30);
  g_assert_cmpfloat (config->connection_rate, ==, 500);
  g_assert_cmpfloat (config->rate, ==, 0);
  g_assert_cmpfloat (config->burst, ==, 0);
  g_assert_true (dw_server_config_check (config, NULL));
  g_assert_false (dw_server_config_has_secrets (config));
}

static void
check_refused (DwServerConfig *config, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (dw_server_config_check (config, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, words));
}

/* Each number at the edge of what makes sense, beside others that do. */
static void
test_numbers (void)
{
  static const gsize times[] = { G_STRUCT_OFFSET (DwServerConfig, idle_ms),
                                 G_STRUCT_OFFSET (DwServerConfig, age_ms),
                                 G_STRUCT_OFFSET (DwServerConfig, integration_ms),
                                 G_STRUCT_OFFSET (DwServerConfig, function_ms) };
  static const gsize counts[] = { G_STRUCT_OFFSET (DwServerConfig, function_most),
                                  G_STRUCT_OFFSET (DwServerConfig, request_s) };
  static const gsize rates[] = { G_STRUCT_OFFSET (DwServerConfig, connection_rate),
                                 G_STRUCT_OFFSET (DwServerConfig, rate), G_STRUCT_OFFSET (DwServerConfig, burst) };

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autoptr (DwServerConfig) config = dw_server_config_new ("prod");

      G_STRUCT_MEMBER (gint64, config, times[i]) = 1;
      g_assert_true (dw_server_config_check (config, NULL));
      G_STRUCT_MEMBER (gint64, config, times[i]) = 0;
      check_refused (config, "above 0");
      G_STRUCT_MEMBER (gint64, config, times[i]) = -1;
      check_refused (config, "above 0");
    }
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr (DwServerConfig) config = dw_server_config_new ("prod");

      G_STRUCT_MEMBER (guint, config, counts[i]) = 1;
      g_assert_true (dw_server_config_check (config, NULL));
      G_STRUCT_MEMBER (guint, config, counts[i]) = 0;
      check_refused (config, "above 0");
    }
  for (guint i = 0; i < G_N_ELEMENTS (rates); i++)
    {
      g_autoptr (DwServerConfig) config = dw_server_config_new ("prod");

      G_STRUCT_MEMBER (double, config, rates[i]) = 0;
      g_assert_true (dw_server_config_check (config, NULL));
      G_STRUCT_MEMBER (double, config, rates[i]) = -0.001;
      check_refused (config, "0 or more");
      /* NaN is neither below 0 nor above it. */
      G_STRUCT_MEMBER (double, config, rates[i]) = g_ascii_strtod ("nan", NULL);
      check_refused (config, "0 or more");
    }
}

static void
test_words (void)
{
  static const struct
  {
    const char *stage;
    gboolean good;
  } names[] = {
    { "", FALSE }, { "a", TRUE }, { "-_9Z", TRUE }, { "a b", FALSE }, { "a.b", FALSE }, { "a\n", FALSE }
  };
  g_autofree char *longest = g_strnfill (128, 'a');
  g_autofree char *longer = g_strnfill (129, 'a');
  g_autoptr (DwServerConfig) long_one = dw_server_config_new (longest);
  g_autoptr (DwServerConfig) longer_one = dw_server_config_new (longer);
  g_autoptr (DwServerConfig) selecting = dw_server_config_new ("prod");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (DwServerConfig) config = dw_server_config_new (names[i].stage);

      g_assert_cmpint (dw_server_config_check (config, NULL), ==, names[i].good);
    }
  g_assert_true (dw_server_config_check (long_one, NULL));
  check_refused (longer_one, "name");
  g_free (selecting->selection);
  selecting->selection = g_strdup ("$request.header.a");
  check_refused (selecting, "path");
}

/* Each secret alone is a reason to keep the process from being dumped. */
static void
test_secrets (void)
{
  static const gsize words[] = { G_STRUCT_OFFSET (DwServerConfig, token),
                                 G_STRUCT_OFFSET (DwServerConfig, management_token),
                                 G_STRUCT_OFFSET (DwServerConfig, secret) };
  g_autoptr (DwServerConfig) pair = dw_server_config_new ("prod");

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autoptr (DwServerConfig) config = dw_server_config_new ("prod");

      G_STRUCT_MEMBER (char *, config, words[i]) = g_strdup ("x");
      g_assert_true (dw_server_config_has_secrets (config));
    }
  pair->key_id = g_strdup ("AKID");
  g_assert_false (dw_server_config_has_secrets (pair));
  check_refused (pair, "belong together");
  pair->secret = g_strdup ("secret");
  g_assert_true (dw_server_config_check (pair, NULL));
  g_clear_pointer (&pair->key_id, g_free);
  check_refused (pair, "belong together");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/server-config/defaults", test_defaults);
  g_test_add_func ("/backend/server-config/numbers", test_numbers);
  g_test_add_func ("/backend/server-config/words", test_words);
  g_test_add_func ("/backend/server-config/secrets", test_secrets);
  return g_test_run ();
}
