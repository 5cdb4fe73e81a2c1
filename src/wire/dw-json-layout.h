/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwJsonFlawKind:
 * @DW_JSON_FLAW_NONE: it is JSON
 * @DW_JSON_FLAW_VALUE: a value is missing
 * @DW_JSON_FLAW_NAME: a member's name is missing
 * @DW_JSON_FLAW_COLON: the colon after a name is missing
 * @DW_JSON_FLAW_COMMA: a comma or the closing bracket is missing
 * @DW_JSON_FLAW_STRING: a string has a control character, or an escape that is none
 * @DW_JSON_FLAW_NUMBER: a number that is none
 * @DW_JSON_FLAW_END: the text ends too early
 * @DW_JSON_FLAW_MORE: the text goes on after the value
 *
 * What keeps a text from being JSON (RFC 8259).
 */
typedef enum
{
  DW_JSON_FLAW_NONE,
  DW_JSON_FLAW_VALUE,
  DW_JSON_FLAW_NAME,
  DW_JSON_FLAW_COLON,
  DW_JSON_FLAW_COMMA,
  DW_JSON_FLAW_STRING,
  DW_JSON_FLAW_NUMBER,
  DW_JSON_FLAW_END,
  DW_JSON_FLAW_MORE,
} DwJsonFlawKind;

/**
 * DwJsonFlaw:
 * @kind: what
 * @at: where, in bytes from the start
 * @line: in which line, from 1
 * @column: at which character of the line, from 1
 *
 * The first flaw of a text.
 */
typedef struct
{
  DwJsonFlawKind kind;
  gsize at;
  guint line;
  guint column;
} DwJsonFlaw;

/** DW_JSON_LAYOUT_LEVELS: deeper levels are indented no further, or brackets alone would take bytes in the square of their
 * number. */
#define DW_JSON_LAYOUT_LEVELS 20

gboolean dw_json_layout_check (const char *text, DwJsonFlaw *flaw);
char *dw_json_layout_spread (const char *text, const char *shape);
char *dw_json_layout_compact (const char *text, const char *shape);

G_END_DECLS
