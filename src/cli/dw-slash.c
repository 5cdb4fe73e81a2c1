/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-slash.h"

#include "client/connection/dw-socket.h"

#include <glib/gi18n.h>
#include <string.h>

#define CLOSE_NORMAL 1000

typedef struct
{
  const char *name;
  const char *arguments;
  const char *help;
  gboolean wants_text;
} Row;

static const Row rows[] = {
  [DW_SLASH_NONE] = { "", "", "", FALSE },
  [DW_SLASH_RAW] = { "/raw", "FRAME", N_ ("Send a frame as it is"), TRUE },
  [DW_SLASH_PING] = { "/ping", "[DATA]", N_ ("Ping the stage"), FALSE },
  [DW_SLASH_PONG] = { "/pong", "[DATA]", N_ ("Send an unsolicited pong"), FALSE },
  [DW_SLASH_NAME] = { "/name", N_ ("NAME"), N_ ("Change your display name"), TRUE },
  [DW_SLASH_CLOSE] = { "/close", "[CODE [REASON]]", N_ ("Close the connection and exit"), FALSE },
  [DW_SLASH_QUIT] = { "/quit", "", N_ ("Exit"), FALSE },
  [DW_SLASH_HELP] = { "/help", "", N_ ("Show these commands"), FALSE },
};

/**
 * dw_slash_clear:
 * @slash: a line that was parsed
 */
void
dw_slash_clear (DwSlash *slash)
{
  g_clear_pointer (&slash->text, g_free);
}

/**
 * dw_slash_get_name:
 * @kind: a command
 *
 * Returns: how it is typed, such as “/ping”
 */
const char *
dw_slash_get_name (DwSlashKind kind)
{
  return rows[kind].name;
}

static gboolean
fail (GError **error, const char *words)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, words);
  return FALSE;
}

/* “CODE REASON”; both may be left out. */
static gboolean
parse_close (DwSlash *slash, GError **error)
{
  g_autofree char *whole = g_steal_pointer (&slash->text);
  char *end = whole;
  guint64 code = *whole != '\0' ? g_ascii_strtoull (whole, &end, 10) : CLOSE_NORMAL;

  if ((*end != '\0' && *end != ' ') || code > G_MAXUINT16 || !dw_socket_is_close_code ((guint) code))
    return fail (error, _ ("A close code is 1000 to 1003, 1007 to 1009 or 3000 to 4999."));
  slash->code = (guint) code;
  slash->text = g_strstrip (g_strdup (end));
  if (strlen (slash->text) > DW_SOCKET_REASON_BYTES)
    return fail (error, _ ("A reason has at most 123 bytes."));
  return TRUE;
}

static const DwSlashKind *
find_kind (const DwSlashKind *known, const char *line)
{
  gsize length = strcspn (line, " ");

  for (; *known != DW_SLASH_NONE; known++)
    if (strlen (rows[*known].name) == length && strncmp (rows[*known].name, line, length) == 0)
      return known;
  return NULL;
}

/**
 * dw_slash_parse:
 * @slash: (out): what the line asks for
 * @known: the commands there are, ended by %DW_SLASH_NONE
 * @line: what somebody typed
 * @error: what is wrong, for them
 *
 * Returns: whether it makes sense
 */
gboolean
dw_slash_parse (DwSlash *slash, const DwSlashKind *known, const char *line, GError **error)
{
  const DwSlashKind *kind = find_kind (known, line);

  *slash = (DwSlash){ .kind = DW_SLASH_NONE };
  if (line[0] != '/' || line[1] == '/')
    {
      slash->text = g_strdup (line[0] == '/' ? line + 1 : line);
      return TRUE;
    }
  if (kind == NULL)
    return fail (
        error,
        _ ("There is no such command. Use /help for the commands, or // to send a text that begins with a slash."));

  slash->kind = *kind;
  slash->text = g_strstrip (g_strdup (line + strlen (rows[*kind].name)));
  if (rows[*kind].wants_text && *slash->text == '\0')
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s %s", rows[*kind].name,
                   _ (rows[*kind].arguments));
      return FALSE;
    }
  if (*kind == DW_SLASH_CLOSE)
    return parse_close (slash, error);
  if ((*kind == DW_SLASH_PING || *kind == DW_SLASH_PONG) && strlen (slash->text) > DW_SOCKET_PING_BYTES)
    return fail (error, _ ("A ping has at most 125 bytes."));
  return TRUE;
}

/**
 * dw_slash_describe:
 * @known: the commands there are, ended by %DW_SLASH_NONE
 *
 * Returns: (transfer full): a line for each
 */
char *
dw_slash_describe (const DwSlashKind *known)
{
  GString *text = g_string_new (NULL);

  for (; *known != DW_SLASH_NONE; known++)
    {
      const Row *row = &rows[*known];
      g_autofree char *usage =
          g_strdup_printf ("%s %s", row->name, *row->arguments != '\0' ? _ (row->arguments) : "");

      g_string_append_printf (text, "%s%-26s %s", text->len > 0 ? "\n" : "", usage, _ (row->help));
    }
  return g_string_free (text, FALSE);
}
