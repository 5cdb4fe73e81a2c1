/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-stage-config.h"

G_BEGIN_DECLS

/**
 * DwStageOptions:
 * @config: what the stage is to be
 * @address: where it listens
 * @json: whether the log is JSON Lines
 * @version: whether to print the version alone
 * @hidden: whether there was a secret on the command line, which was overwritten
 * @warnings: (element-type utf8): what works and should not stay as it is, a sentence each, for the log
 *
 * The command line of dynamowave-stage.
 */
typedef struct
{
  DwStageConfig *config;
  GSocketAddress *address;
  gboolean json;
  gboolean version;
  gboolean hidden;
  GPtrArray *warnings;
} DwStageOptions;

gboolean dw_stage_options_parse (DwStageOptions *options, char **argv, GError **error);
void dw_stage_options_clear (DwStageOptions *options);
gboolean dw_stage_options_read_registry (const char *registry, char **path, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwStageOptions, dw_stage_options_clear)

G_END_DECLS
