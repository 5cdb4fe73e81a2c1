/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-secret.h"

#include "dw-wire-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Lines end with “\n” or “\r\n”. The one at the end of the file, which editors add, does not start another line. */
static char **
split (char *text)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  char *at = text;

  while (*at != '\0')
    {
      gsize length = strcspn (at, "\n");
      gsize kept = length > 0 && at[length] == '\n' && at[length - 1] == '\r' ? length - 1 : length;

      g_ptr_array_add (lines, g_strndup (at, kept));
      at += length + (at[length] == '\n' ? 1 : 0);
    }
  g_ptr_array_add (lines, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&lines), FALSE);
}

static gboolean
is_plain (const char *line)
{
  for (const char *at = line; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      return FALSE;
  return TRUE;
}

static void
drop_empty (char **lines)
{
  char **kept = lines;

  for (char **at = lines; *at != NULL; at++)
    if (**at != '\0')
      *kept++ = *at;
    else
      g_free (*at);
  *kept = NULL;
}

static gboolean
complain (GError **error, const char *sentence, const char *name)
{
  g_autofree char *quoted = g_strdup_printf ("“%s”", name);
  g_auto (GStrv) parts = g_strsplit (sentence, "“%s”", 2);
  g_autofree char *words = g_strjoinv (quoted, parts);

  g_set_error_literal (error, DW_WIRE_ERROR, DW_WIRE_ERROR_SECRET, words);
  return FALSE;
}

static gboolean
check (char **lines, DwSecretShape shape, const char *name, GError **error)
{
  guint n = g_strv_length (lines);

  if (n == 0 || (n == 1 && *lines[0] == '\0'))
    return complain (error, _ ("“%s” is empty."), name);
  if (shape == DW_SECRET_TOKEN && n != 1)
    return complain (error, _ ("“%s” should contain one line: the token."), name);
  if (shape == DW_SECRET_KEY && (n != 2 || *lines[0] == '\0' || *lines[1] == '\0'))
    return complain (error, _ ("“%s” should contain two lines: an access key ID and its secret."), name);
  for (char **at = lines; *at != NULL; at++)
    if (!is_plain (*at))
      return complain (error, _ ("“%s” contains control characters or is not UTF-8 text."), name);
  return TRUE;
}

/**
 * dw_secret_parse:
 * @text: what a file holds
 * @size: its size in bytes; larger than %DW_SECRET_FILE_BYTES is refused, so callers need not read more than one byte
 *   beyond that
 * @shape: what it should hold
 * @name: the file's name, for the error
 * @error: %DW_WIRE_ERROR_SECRET, with a sentence that does not repeat what the file holds
 *
 * The rules by which all our programs read a secret from a file. A line break at the end of the file is ignored.
 *
 * Returns: (transfer full) (nullable): the lines, as many as @shape says
 */
char **
dw_secret_parse (const char *text, gsize size, DwSecretShape shape, const char *name, GError **error)
{
  g_autofree char *copy = NULL;
  g_auto (GStrv) lines = NULL;

  if (size > DW_SECRET_FILE_BYTES)
    {
      complain (error, _ ("“%s” is too large for a secret (over 64 KiB)."), name);
      return NULL;
    }
  /* A NUL byte is not text either. */
  if (!g_utf8_validate (text, (gssize) size, NULL))
    {
      complain (error, _ ("“%s” contains control characters or is not UTF-8 text."), name);
      return NULL;
    }
  copy = g_strndup (text, size);
  lines = split (copy);
  if (shape == DW_SECRET_HEADERS)
    drop_empty (lines);
  return check (lines, shape, name, error) ? g_steal_pointer (&lines) : NULL;
}

/**
 * dw_secret_equal:
 * @wanted: the secret
 * @given: what somebody showed
 *
 * Compares in a time that depends only on the length of @given, so that a guesser learns neither how much of a guess
 * was right nor how long the secret is.
 *
 * Returns: whether they are equal, byte for byte
 */
gboolean
dw_secret_equal (const char *wanted, const char *given)
{
  gsize length = strlen (wanted);
  gsize given_length = strlen (given);
  /* volatile keeps the compiler from stopping at the first difference. */
  volatile guint8 differs = length != given_length;

  for (gsize i = 0; i < given_length; i++)
    differs |= (guint8) wanted[i % (length + 1)] ^ (guint8) given[i];
  return differs == 0;
}

static gboolean
blank (char *text)
{
  gsize length = strlen (text);

  memset (text, '*', length);
  return length > 0;
}

/* “user:password@” and the query. No stage has a user, but somebody may type one. A link in a message is overwritten
 * too, which does no harm. */
static gboolean
blank_url (char *argument)
{
  char *host = strstr (argument, "://");
  char *query = host != NULL ? strchr (host, '?') : NULL;
  char *end = host != NULL ? strpbrk (host + strlen ("://"), "/?#@") : NULL;
  gboolean found = FALSE;

  if (end != NULL && *end == '@')
    {
      host += strlen ("://");
      memset (host, '*', (gsize) (end - host));
      found = TRUE;
    }
  if (query != NULL)
    found |= blank (query + 1);
  return found
         && (g_ascii_strncasecmp (argument, "ws", 2) == 0
             || g_ascii_strncasecmp (argument, "dynamowave:", 11) == 0);
}

/* “--name=VALUE” and “-nVALUE”. */
static gboolean
blank_value (char *argument, const char *option)
{
  gsize length = strlen (option);
  gboolean is_long = g_str_has_prefix (option, "--");

  if (!g_str_has_prefix (argument, option) || (is_long && argument[length] != '='))
    return FALSE;
  return blank (argument + length + (is_long ? 1 : 0));
}

/**
 * dw_secret_hide:
 * @arguments: the arguments that the process was started with, in the memory that it was given, %NULL-terminated
 * @options: the options whose values are secret, such as `--token` and `-H`, %NULL-terminated
 *
 * Overwrites these values, and the query and user of each URL, since every user of a computer can read the command
 * line of every process. Copy the arguments first if you still need them.
 *
 * Returns: whether there was a secret to overwrite
 */
gboolean
dw_secret_hide (char **arguments, const char *const *options)
{
  gboolean found = FALSE;
  gboolean ended = FALSE;

  for (char **at = arguments; *at != NULL; at++)
    {
      found |= blank_url (*at);
      if (ended || **at != '-')
        continue;
      ended = strcmp (*at, "--") == 0;
      if (!g_strv_contains (options, *at))
        {
          for (const char *const *option = options; *option != NULL; option++)
            found |= blank_value (*at, *option);
          continue;
        }
      if (at[1] == NULL)
        break;
      found |= blank (*++at);
    }
  return found;
}
