/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwFunctionConfig:
 * @handler: what the function does: `connect`, `disconnect`, `send-message`, `default` or `redrive`
 * @region: such as `us-east-1`
 * @function_name: the function's own name
 * @send_function: the function that broadcasts; this one if none is named
 * @table: (nullable): the table of connections
 * @claims: (nullable): the table of message ids
 * @dead_letters: (nullable): the queue's URL
 * @token_sha256: (nullable): the SHA-256, in hexadecimal, of the token that `$connect` asks for
 * @posts: how many posts may be in flight
 * @page: how many rows a page of a scan has; 0 for as many as a megabyte holds
 *
 * A function's configuration, from its environment.
 */
typedef struct
{
  char *handler;
  char *region;
  char *function_name;
  char *send_function;
  char *table;
  char *claims;
  char *dead_letters;
  char *token_sha256;
  guint posts;
  guint page;
} DwFunctionConfig;

DwFunctionConfig *dw_function_config_new_from_environment (GError **error);
void dw_function_config_free (DwFunctionConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwFunctionConfig, dw_function_config_free)

G_END_DECLS
