/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-credentials.h"

#include "backend/dw-backend-error.h"

/**
 * dw_credentials_new:
 * @key_id: the access key ID
 * @secret: the secret access key
 * @token: (nullable): the session token
 *
 * Returns: (transfer full): credentials
 */
DwCredentials *
dw_credentials_new (const char *key_id, const char *secret, const char *token)
{
  DwCredentials *credentials = g_rc_box_new0 (DwCredentials);

  credentials->key_id = g_strdup (key_id);
  credentials->secret = g_strdup (secret);
  credentials->token = token != NULL && *token != '\0' ? g_strdup (token) : NULL;
  return credentials;
}

/**
 * dw_credentials_new_from_environment:
 * @error: %DW_BACKEND_ERROR_CONFIG if there are none
 *
 * Reads `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, where Lambda puts the credentials of
 * the function's role.
 *
 * Returns: (transfer full) (nullable): credentials
 */
DwCredentials *
dw_credentials_new_from_environment (GError **error)
{
  const char *key_id = g_getenv ("AWS_ACCESS_KEY_ID");
  const char *secret = g_getenv ("AWS_SECRET_ACCESS_KEY");

  if (key_id != NULL && *key_id != '\0' && secret != NULL && *secret != '\0')
    return dw_credentials_new (key_id, secret, g_getenv ("AWS_SESSION_TOKEN"));
  g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG,
                       "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
  return NULL;
}

/**
 * dw_credentials_ref:
 * @credentials: credentials
 *
 * Returns: (transfer full): @credentials
 */
DwCredentials *
dw_credentials_ref (DwCredentials *credentials)
{
  return g_rc_box_acquire (credentials);
}

static void
clear (gpointer data)
{
  DwCredentials *credentials = data;

  g_free (credentials->key_id);
  g_free (credentials->secret);
  g_free (credentials->token);
}

/**
 * dw_credentials_unref:
 * @credentials: (transfer full): credentials
 */
void
dw_credentials_unref (DwCredentials *credentials)
{
  g_rc_box_release_full (credentials, clear);
}
