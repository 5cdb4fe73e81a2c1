/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-function-config.h"

#include "backend/aws/dw-window.h"
#include "backend/dw-backend-error.h"

#include <string.h>

static char *
dup_variable (const char *name)
{
  const char *value = g_getenv (name);

  return value != NULL && *value != '\0' ? g_strdup (value) : NULL;
}

static gboolean
refuse (GError **error, const char *words)
{
  g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, words);
  return FALSE;
}

static gboolean
read_number (const char *name, guint most, guint *number, GError **error)
{
  g_autofree char *text = dup_variable (name);
  guint64 value = 0;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, 0, most, &value, NULL))
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, "%s is not a number up to %u", name, most);
      return FALSE;
    }
  *number = (guint) value;
  return TRUE;
}

static gboolean
check (const DwFunctionConfig *config, GError **error)
{
  static const char *const handlers[] = { "connect", "disconnect", "send-message", "default", "redrive", NULL };

  if (config->handler == NULL || !g_strv_contains (handlers, config->handler))
    return refuse (error, "_HANDLER is none of connect, disconnect, send-message, default and redrive");
  if (config->region == NULL)
    return refuse (error, "AWS_REGION is not set");
  if (config->table == NULL && strcmp (config->handler, "default") != 0)
    return refuse (error, "DYNAMOWAVE_TABLE is not set");
  if (config->claims == NULL && strcmp (config->handler, "send-message") == 0)
    return refuse (error, "DYNAMOWAVE_CLAIMS is not set");
  /* Check it here: with a malformed hash nobody could connect, and nothing would say why. */
  if (config->token_sha256 != NULL && !g_regex_match_simple ("^[0-9a-f]{64}\\z", config->token_sha256, 0, 0))
    return refuse (error, "DYNAMOWAVE_TOKEN_SHA256 is no SHA-256 in hexadecimal");
  return TRUE;
}

/**
 * dw_function_config_new_from_environment:
 * @error: %DW_BACKEND_ERROR_CONFIG: what is wrong
 *
 * Returns: (transfer full) (nullable): what the environment says
 */
DwFunctionConfig *
dw_function_config_new_from_environment (GError **error)
{
  g_autoptr (DwFunctionConfig) config = g_new0 (DwFunctionConfig, 1);

  config->handler = dup_variable ("_HANDLER");
  config->region = dup_variable ("AWS_REGION");
  config->function_name = dup_variable ("AWS_LAMBDA_FUNCTION_NAME");
  config->send_function = dup_variable ("DYNAMOWAVE_SEND_FUNCTION");
  config->table = dup_variable ("DYNAMOWAVE_TABLE");
  config->claims = dup_variable ("DYNAMOWAVE_CLAIMS");
  config->dead_letters = dup_variable ("DYNAMOWAVE_DEAD_LETTERS");
  config->token_sha256 = dup_variable ("DYNAMOWAVE_TOKEN_SHA256");
  config->posts = DW_WINDOW_MOST;
  if (config->function_name == NULL)
    config->function_name = g_strdup ("dynamowave");
  if (config->send_function == NULL)
    config->send_function = g_strdup (config->function_name);
  if (!read_number ("DYNAMOWAVE_POSTS", DW_WINDOW_MOST, &config->posts, error)
      || !read_number ("DYNAMOWAVE_PAGE", 100000, &config->page, error) || !check (config, error))
    return NULL;
  return g_steal_pointer (&config);
}

/**
 * dw_function_config_free:
 * @config: (transfer full): a configuration
 */
void
dw_function_config_free (DwFunctionConfig *config)
{
  g_free (config->handler);
  g_free (config->region);
  g_free (config->function_name);
  g_free (config->send_function);
  g_free (config->table);
  g_free (config->claims);
  g_free (config->dead_letters);
  g_free (config->token_sha256);
  g_free (config);
}
