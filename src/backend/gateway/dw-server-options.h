/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-server-config.h"

G_BEGIN_DECLS

/**
 * DwServerOptions:
 * @config: the stage's configuration
 * @address: where it listens
 * @json: whether the log is JSON Lines
 * @version: whether just to print the version
 * @hidden: whether there was a secret on the command line, which was overwritten
 * @warnings: (element-type utf8): what works but should be changed, one sentence each, for the log
 * @arguments: what was typed, secrets included, %NULL-terminated
 * @values: (element-type utf8 utf8): what each option was given as, by its name, to compare with
 *
 * The command line of dynamowave-stage.
 */
typedef struct
{
  DwServerConfig *config;
  GSocketAddress *address;
  gboolean json;
  gboolean version;
  gboolean hidden;
  GPtrArray *warnings;
  char **arguments;
  GHashTable *values;
} DwServerOptions;

gboolean dw_server_options_parse (DwServerOptions *options, char **argv, GError **error);
gboolean dw_server_options_parse_again (DwServerOptions *options, char **arguments, GError **error);
char **dw_server_options_find_fixed (const DwServerOptions *before, const DwServerOptions *options);
void dw_server_options_clear (DwServerOptions *options);
gboolean dw_server_options_read_registry (const char *registry, char **path, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwServerOptions, dw_server_options_clear)

G_END_DECLS
