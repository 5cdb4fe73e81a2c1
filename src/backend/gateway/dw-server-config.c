/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-config.h"

#include "dw-functions.h"
#include "dw-selection.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-limits.h"

/* New connections a second: the quota of an AWS account per region ("Quotas for … WebSocket APIs"). */
#define CONNECTION_RATE 500

/* API Gateway's own timeout for a silent connection is not known. */
#define REQUEST_SECONDS 30

/**
 * dw_server_config_new:
 * @stage: the stage's name
 *
 * Returns: (transfer full): a configuration with API Gateway's limits, no throttle and no secrets
 */
DwServerConfig *
dw_server_config_new (const char *stage)
{
  DwServerConfig *config = g_new0 (DwServerConfig, 1);

  config->stage = g_strdup (stage);
  config->selection = g_strdup (DW_SELECTION_DEFAULT);
  config->idle_ms = (gint64) DW_LIMIT_IDLE_SECONDS * 1000;
  config->age_ms = (gint64) DW_LIMIT_CONNECTION_SECONDS * 1000;
  config->integration_ms = (gint64) DW_LIMIT_INTEGRATION_SECONDS * 1000;
  config->function_ms = (gint64) DW_LIMIT_INTEGRATION_SECONDS * 1000;
  config->function_most = DW_FUNCTIONS_MOST;
  config->request_s = REQUEST_SECONDS;
  config->connection_rate = CONNECTION_RATE;
  config->replay_speed = 1;
  return config;
}

/**
 * dw_server_config_free:
 * @config: (transfer full): a configuration
 */
void
dw_server_config_free (DwServerConfig *config)
{
  g_free (config->stage);
  g_free (config->selection);
  g_strfreev (config->two_way);
  g_free (config->subprotocol);
  g_free (config->token);
  g_strfreev (config->origins);
  g_free (config->management_token);
  g_free (config->key_id);
  g_free (config->secret);
  g_strfreev (config->functions);
  g_strfreev (config->reserves);
  g_free (config->registry);
  g_free (config->replay);
  g_clear_object (&config->certificate);
  g_clear_pointer (&config->proxies, g_ptr_array_unref);
  g_free (config);
}

static gboolean
refuse (GError **error, const char *words)
{
  g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, words);
  return FALSE;
}

/**
 * dw_server_config_check:
 * @config: a configuration
 * @error: %DW_BACKEND_ERROR_CONFIG: what is wrong with it
 *
 * Returns: whether it is valid
 */
gboolean
dw_server_config_check (const DwServerConfig *config, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (DwSelection) selection = dw_selection_new (config->selection, &problem);

  if (!g_regex_match_simple ("^[A-Za-z0-9_-]{1,128}\\z", config->stage, 0, 0))
    return refuse (error, "a stage’s name has up to 128 letters, digits, “-” and “_”");
  if (selection == NULL)
    return refuse (error, problem->message);
  if (config->idle_ms <= 0 || config->age_ms <= 0 || config->integration_ms <= 0 || config->function_ms <= 0
      || config->function_most == 0 || config->request_s == 0)
    return refuse (error, "a limit is a number of seconds above 0");
  /* Written so that what is no number at all is refused too. */
  if (!(config->connection_rate >= 0 && config->rate >= 0 && config->burst >= 0))
    return refuse (error, "a rate is 0 or more");
  if (!(config->replay_speed >= 0))
    return refuse (error, "a speed is 0 or more");
  if ((config->key_id == NULL) != (config->secret == NULL))
    return refuse (error, "an access key ID and its secret belong together");
  return TRUE;
}

/**
 * dw_server_config_has_secrets:
 * @config: a configuration
 *
 * Returns: whether it holds a token, a secret key or a private key
 */
gboolean
dw_server_config_has_secrets (const DwServerConfig *config)
{
  return config->token != NULL || config->management_token != NULL || config->secret != NULL
         || config->certificate != NULL;
}
