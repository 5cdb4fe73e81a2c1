/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-stage.h"

G_BEGIN_DECLS

/**
 * DwAccessKind:
 * @DW_ACCESS_NONE: whoever knows the address is let in
 * @DW_ACCESS_PARAMETER: a parameter of the address, whose value is percent-encoded once
 * @DW_ACCESS_QUERY: the whole query of the address, byte for byte
 * @DW_ACCESS_HEADER: a header of the handshake
 * @DW_ACCESS_PROTOCOL: a subprotocol, which is where browsers put a token
 *
 * What a `$connect` authorizer looks at.
 */
typedef enum
{
  DW_ACCESS_NONE,
  DW_ACCESS_PARAMETER,
  DW_ACCESS_QUERY,
  DW_ACCESS_HEADER,
  DW_ACCESS_PROTOCOL,
} DwAccessKind;

/**
 * DwAccess:
 * @kind: how
 * @name: the name of the parameter or header; empty for the others
 * @secret: its value, which no encoding has touched; the query; the subprotocols, with commas between them
 *
 * How a stage lets a person in.
 */
typedef struct
{
  DwAccessKind kind;
  char *name;
  char *secret;
} DwAccess;

void dw_access_clear (DwAccess *access);
void dw_access_read (DwAccess *access, DwStage *stage);
void dw_access_read_query (DwAccess *access, const char *query);
gboolean dw_access_write (const DwAccess *access, DwStage *stage, GError **error);
gboolean dw_access_is_wanted (DwStage *stage);
gboolean dw_access_check_header (const char *name, const char *value, GError **error);
gboolean dw_access_check_protocol (const char *protocol, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwAccess, dw_access_clear)

G_END_DECLS
