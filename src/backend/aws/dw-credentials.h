/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwCredentials:
 * @key_id: the access key ID
 * @secret: the secret access key
 * @token: (nullable): the session token, for the temporary credentials of a role
 *
 * AWS credentials.
 */
typedef struct
{
  char *key_id;
  char *secret;
  char *token;
} DwCredentials;

DwCredentials *dw_credentials_new (const char *key_id, const char *secret, const char *token);
DwCredentials *dw_credentials_new_from_environment (GError **error);
DwCredentials *dw_credentials_ref (DwCredentials *credentials);
void dw_credentials_unref (DwCredentials *credentials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwCredentials, dw_credentials_unref)

G_END_DECLS
