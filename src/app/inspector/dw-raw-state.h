/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-json-layout.h"
#include "wire/dw-placeholder.h"

G_BEGIN_DECLS

/**
 * DwRawKind:
 * @DW_RAW_EMPTY: nothing, or blanks alone
 * @DW_RAW_TEXT: no JSON, and not meant to be
 * @DW_RAW_JSON: it will be JSON
 * @DW_RAW_FLAW: it begins as JSON does, and is none
 * @DW_RAW_UNKNOWN: it has a placeholder that nothing fills
 *
 * What a raw frame is.
 */
typedef enum
{
  DW_RAW_EMPTY,
  DW_RAW_TEXT,
  DW_RAW_JSON,
  DW_RAW_FLAW,
  DW_RAW_UNKNOWN,
} DwRawKind;

/**
 * DwRawState:
 * @kind: what it is
 * @bytes: its size when it is sent
 * @flaw: of what kind, for %DW_RAW_FLAW, and where; where the placeholder is, for %DW_RAW_UNKNOWN
 * @start: where the place begins that is to be marked, in bytes
 * @end: where it ends; the same as @start if there is none
 *
 * What is known of a raw frame while it is written.
 */
typedef struct
{
  DwRawKind kind;
  gsize bytes;
  DwJsonFlaw flaw;
  gsize start;
  gsize end;
} DwRawState;

void dw_raw_state_read (DwRawState *state, const char *text, const DwPlaceholderValues *values);
gboolean dw_raw_state_can_be_sent (const DwRawState *state);
char *dw_raw_state_describe (const DwRawState *state, const char *text);

G_END_DECLS
