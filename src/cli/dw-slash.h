/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwSlashKind:
 * @DW_SLASH_NONE: no command: the text is to be sent
 * @DW_SLASH_RAW: a frame is to be sent as it is
 * @DW_SLASH_PING: ping, perhaps with a text
 * @DW_SLASH_PONG: send a pong that nobody asked for
 * @DW_SLASH_NAME: one's own name changes
 * @DW_SLASH_CLOSE: the connection is to be closed with a code and perhaps a reason
 * @DW_SLASH_QUIT: the end
 * @DW_SLASH_HELP: what there is
 *
 * What a line that begins with a slash asks for.
 */
typedef enum
{
  DW_SLASH_NONE,
  DW_SLASH_RAW,
  DW_SLASH_PING,
  DW_SLASH_PONG,
  DW_SLASH_NAME,
  DW_SLASH_CLOSE,
  DW_SLASH_QUIT,
  DW_SLASH_HELP,
} DwSlashKind;

/**
 * DwSlash:
 * @kind: what is asked for
 * @text: what goes with it, perhaps empty
 * @code: the close code
 *
 * A line that somebody typed at a terminal. “//x” is the text “/x”.
 */
typedef struct
{
  DwSlashKind kind;
  char *text;
  guint code;
} DwSlash;

void dw_slash_clear (DwSlash *slash);
gboolean dw_slash_parse (DwSlash *slash, const DwSlashKind *known, const char *line, GError **error);
char *dw_slash_describe (const DwSlashKind *known);
const char *dw_slash_get_name (DwSlashKind kind);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwSlash, dw_slash_clear)

G_END_DECLS
