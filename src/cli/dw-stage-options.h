/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/connection/dw-session-policy.h"
#include "client/stages/dw-stage.h"

G_BEGIN_DECLS

/**
 * DwStageOptions:
 *
 * How a stage lets one in, as the command line says it.
 */
typedef struct
{
  char *token_file;
  char *token_parameter;
  char **headers;
  char *header_file;
  char *origin;
  char **protocols;
} DwStageOptions;

/**
 * DwFormatOptions:
 *
 * How a stage names things, as the command line says it.
 */
typedef struct
{
  char *name;
  char *dialect;
} DwFormatOptions;

/**
 * DwPolicyOptions:
 *
 * How patient a session is, as the command line says it.
 */
typedef struct
{
  char *policy;
} DwPolicyOptions;

extern const GOptionEntry dw_stage_option_entries[];
extern const GOptionEntry dw_format_option_entries[];
extern const GOptionEntry dw_policy_option_entries[];

DwStage *dw_stage_options_make (const DwStageOptions *options,
                                const DwFormatOptions *format,
                                const char *address,
                                GError **error);
gboolean dw_stage_options_check_input (const DwStageOptions *options, gboolean taken, GError **error);
DwSessionPolicy *dw_policy_options_make (const DwPolicyOptions *options, GError **error);

G_END_DECLS
