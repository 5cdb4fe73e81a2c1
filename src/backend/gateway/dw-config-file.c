/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-config-file.h"

#include "backend/dw-backend-error.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>

static void
line_free (DwConfigLine *line)
{
  g_free (line->name);
  g_free (line->value);
  g_free (line);
}

static gboolean
refuse (GError **error, const char *sentence, const char *path)
{
  g_autofree char *quoted = g_strdup_printf ("“%s”", path);
  g_auto (GStrv) parts = g_strsplit (sentence, "“%s”", 2);
  g_autofree char *words = g_strjoinv (quoted, parts);

  g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, words);
  return FALSE;
}

/* Text in quotation marks, where “\"” and “\\” stand for themselves. NULL if it does not end where the line does. */
static char *
unquote (const char *text)
{
  g_autoptr (GString) value = g_string_new (NULL);
  const char *at = text + 1;

  for (; *at != '\0' && *at != '"'; at++)
    {
      if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
        at++;
      g_string_append_c (value, *at);
    }

  return at[0] == '"' && at[1] == '\0' ? g_strdup (value->str) : NULL;
}

/* @text is changed. NULL if its quotation marks are wrong. */
static DwConfigLine *
parse_line (char *text, guint number)
{
  char *sign = strchr (text, '=');
  DwConfigLine *line;
  char *value = NULL;

  if (sign != NULL)
    {
      *sign = '\0';
      g_strstrip (sign + 1);
      value = sign[1] == '"' ? unquote (sign + 1) : g_strdup (sign + 1);
      if (value == NULL)
        return NULL;
    }

  line = g_new0 (DwConfigLine, 1);
  line->number = number;
  line->name = g_strdup (g_strstrip (text));
  line->value = value;
  return line;
}

static gboolean
is_text (const char *text, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (g_ascii_iscntrl (text[i]) && strchr ("\t\r\n", text[i]) == NULL)
      return FALSE;
  /* A NUL byte is not text either. */
  return g_utf8_validate (text, (gssize) size, NULL);
}

/**
 * dw_config_file_parse:
 * @text: what a file holds
 * @size: its size in bytes; more than %DW_CONFIG_FILE_BYTES is refused
 * @path: the file’s name, for the error
 * @error: %DW_BACKEND_ERROR_CONFIG: what is wrong, with the number of the line
 *
 * One option a line: `name = value`, or the name alone. Blanks around both do not count. Blank lines are skipped, and
 * so are lines that begin with “#”; a “#” anywhere else is part of the value. A value that begins with a quotation
 * mark ends with one and may have blanks at its ends; `\"` and `\\` stand for themselves in it.
 *
 * Returns: (transfer full) (nullable) (element-type DwConfigLine): the lines that say something
 */
GPtrArray *
dw_config_file_parse (const char *text, gsize size, const char *path, GError **error)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func ((GDestroyNotify) line_free);
  g_autofree char *copy = NULL;
  g_auto (GStrv) rows = NULL;

  if (size > DW_CONFIG_FILE_BYTES)
    {
      refuse (error, _ ("“%s” is too large for a configuration file (over 64 KiB)."), path);
      return NULL;
    }
  if (!is_text (text, size))
    {
      refuse (error, _ ("“%s” contains control characters or is not UTF-8 text."), path);
      return NULL;
    }

  copy = g_strndup (text, size);
  rows = g_strsplit (copy, "\n", -1);
  for (guint i = 0; rows[i] != NULL; i++)
    {
      char *row = g_strstrip (rows[i]);
      DwConfigLine *line = *row != '\0' && *row != '#' ? parse_line (row, i + 1) : NULL;

      if (line != NULL)
        g_ptr_array_add (lines, line);
      else if (*row != '\0' && *row != '#')
        {
          g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, "%s:%u: %s", path, i + 1,
                       _ ("A value that starts with a quotation mark must end with one."));
          return NULL;
        }
    }

  return g_steal_pointer (&lines);
}

/* A pipe would be empty when it is read again, as if the file said nothing any more. And whoever can write the file can
 * have a command run. */
static gboolean
check_kind (GFileInputStream *stream, const char *path, GError **error)
{
  g_autoptr (GFileInfo) info = g_file_input_stream_query_info (stream, "unix::mode", NULL, error);
  guint32 mode = info != NULL ? g_file_info_get_attribute_uint32 (info, "unix::mode") : 0;

  if (info == NULL)
    return FALSE;
  if (!S_ISREG (mode))
    return refuse (error, _ ("“%s” is not a regular file."), path);
  if ((mode & S_IWOTH) != 0)
    return refuse (error, _ ("“%s” is writable by every local user. Make it private: chmod o-w"), path);
  return TRUE;
}

/**
 * dw_config_file_read:
 * @path: a file
 * @error: a #GIOErrorEnum, or %DW_BACKEND_ERROR_CONFIG: what is wrong with it
 *
 * Reads a configuration file by the rules of dw_config_file_parse(), and no more of it than they allow. It is refused
 * if it is no regular file, or one that every local user may write. It blocks.
 *
 * Returns: (transfer full) (nullable) (element-type DwConfigLine): its lines
 */
GPtrArray *
dw_config_file_read (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_autofree char *buffer = g_malloc (DW_CONFIG_FILE_BYTES + 1);
  gsize size = 0;

  if (stream == NULL)
    return NULL;
  if (!check_kind (stream, path, error)
      || !g_input_stream_read_all (G_INPUT_STREAM (stream), buffer, DW_CONFIG_FILE_BYTES + 1, &size, NULL, error))
    return NULL;
  return dw_config_file_parse (buffer, size, path, error);
}
