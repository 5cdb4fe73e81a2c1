/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-line-history.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A secret shorter than this would keep too much out. */
#define SECRET_BYTES 4

struct _DwLineHistory
{
  char *path;
  GPtrArray *lines;
  GPtrArray *secrets; /* of char *: what no line may hold */
};

/**
 * dw_line_history_dup_path:
 * @url: a stage
 *
 * Returns: (transfer full): where what was typed to it is remembered: a name for people, and a hash of the address
 *   without its query
 */
char *
dw_line_history_dup_path (const DwStageUrl *url)
{
  g_autofree char *plain = dw_stage_url_dup_plain (url);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, plain, -1);
  g_autofree char *host = g_uri_escape_string (dw_stage_url_get_host (url), NULL, FALSE);
  g_autofree char *name = g_strdup_printf ("%.64s-%.16s", host, hash);

  return g_build_filename (g_get_user_state_dir (), "dynamowave", "history", name, NULL);
}

static void
add_secret (DwLineHistory *history, const char *secret)
{
  if (secret != NULL && strlen (secret) >= SECRET_BYTES)
    g_ptr_array_add (history->secrets, g_strdup (secret));
}

/* A query as it was typed and decoded, whole and each of its values. */
static void
add_query (DwLineHistory *history, const char *query)
{
  g_auto (GStrv) parts = g_strsplit (query, "&", -1);

  add_secret (history, query);
  for (char **part = parts; *part != NULL; part++)
    {
      const char *equals = strchr (*part, '=');
      g_autofree char *decoded = equals != NULL ? g_uri_unescape_string (equals + 1, NULL) : NULL;

      add_secret (history, equals != NULL ? equals + 1 : *part);
      add_secret (history, decoded);
    }
}

static void
add_secrets (DwLineHistory *history, DwStage *stage)
{
  GHashTable *headers = dw_stage_get_headers (stage);
  char **protocols = dw_stage_get_protocols (stage);
  GHashTableIter iter;
  gpointer name, value;

  for (guint i = 0; i < dw_stage_get_n_urls (stage); i++)
    {
      const char *query = strchr (dw_stage_url_get_text (dw_stage_get_url (stage, i)), '?');

      if (query != NULL)
        add_query (history, query + 1);
    }
  for (guint i = 0; protocols != NULL && protocols[i] != NULL; i++)
    add_secret (history, protocols[i]);
  if (headers == NULL)
    return;
  g_hash_table_iter_init (&iter, headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      const char *word = strrchr (value, ' ');

      add_secret (history, value);
      /* “Bearer TOKEN” */
      add_secret (history, word != NULL ? word + 1 : NULL);
    }
}

static gboolean
has_word_of_secrets (const char *line)
{
  static const char *const words[] = { "token",  "secret",  "passw",   "authorization", "bearer",
                                       "apikey", "api-key", "api_key", "credential",    NULL };
  g_autofree char *small = g_ascii_strdown (line, -1);

  for (const char *const *word = words; *word != NULL; word++)
    if (strstr (small, *word) != NULL)
      return TRUE;
  return FALSE;
}

/* A frame or a value beside such a word may hold a secret that nobody told us of; in a sentence the word alone is harmless. */
static gboolean
may_be_secret (DwLineHistory *history, const char *line)
{
  for (guint i = 0; i < history->secrets->len; i++)
    if (strstr (line, g_ptr_array_index (history->secrets, i)) != NULL)
      return TRUE;
  return strpbrk (line, "{=:") != NULL && has_word_of_secrets (line);
}

static gboolean
is_wanted (DwLineHistory *history, const char *line)
{
  const GPtrArray *lines = history->lines;
  const char *last = lines->len > 0 ? g_ptr_array_index (lines, lines->len - 1) : NULL;

  return *line != '\0' && *line != ' ' && strchr (line, '\n') == NULL && strlen (line) <= DW_LINE_HISTORY_LINE
         && g_strcmp0 (last, line) != 0 && g_utf8_validate (line, -1, NULL) && !may_be_secret (history, line);
}

static void
remember (DwLineHistory *history, const char *line)
{
  g_ptr_array_add (history->lines, g_strdup (line));
  if (history->lines->len > DW_LINE_HISTORY_LINES)
    g_ptr_array_remove_index (history->lines, 0);
}

/* The end of a file that is too large. */
static char *
read_end (int descriptor)
{
  const gsize most = 2 * DW_LINE_HISTORY_BYTES;
  char *text = g_malloc (most + 1);
  gsize length = 0;
  gssize n = 1;
  struct stat status;

  if (fstat (descriptor, &status) == 0 && S_ISREG (status.st_mode) && status.st_size > (off_t) most)
    lseek (descriptor, -(off_t) most, SEEK_END);
  while (n > 0 && length < most)
    {
      n = read (descriptor, text + length, most - length);
      length += (gsize) MAX (n, 0);
    }
  text[length] = '\0';
  return text;
}

static void
read_file (DwLineHistory *history)
{
  int descriptor = open (history->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (descriptor < 0)
    return;
  text = read_end (descriptor);
  close (descriptor);

  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (is_wanted (history, *line))
      remember (history, *line);
}

/**
 * dw_line_history_new:
 * @path: its file, which may not exist yet
 * @stage: the stage, for what is secret of it
 *
 * Reads what is remembered. Blocks.
 *
 * Returns: (transfer full): the history
 */
DwLineHistory *
dw_line_history_new (const char *path, DwStage *stage)
{
  DwLineHistory *history = g_new0 (DwLineHistory, 1);

  history->path = g_strdup (path);
  history->lines = g_ptr_array_new_with_free_func (g_free);
  history->secrets = g_ptr_array_new_with_free_func (g_free);
  add_secrets (history, stage);
  read_file (history);
  return history;
}

/**
 * dw_line_history_get_lines:
 * @history: a history
 *
 * Returns: (transfer none) (element-type utf8): its lines, the oldest first
 */
const GPtrArray *
dw_line_history_get_lines (DwLineHistory *history)
{
  return history->lines;
}

static void
shorten_file (DwLineHistory *history)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < history->lines->len; i++)
    g_string_append_printf (text, "%s\n", (const char *) g_ptr_array_index (history->lines, i));
  /* What is left of the oldest lines gives way to many long ones. */
  if (text->len > DW_LINE_HISTORY_BYTES / 2)
    {
      const char *end = strchr (text->str + text->len - DW_LINE_HISTORY_BYTES / 2, '\n');

      g_string_erase (text, 0, end + 1 - text->str);
    }
  g_file_set_contents_full (history->path, text->str, (gssize) text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                            NULL);
}

/* Adds to the end, so that two programs on one stage do not forget each other's lines. */
static void
append_to_file (DwLineHistory *history, const char *line)
{
  g_autofree char *folder = g_path_get_dirname (history->path);
  g_autofree char *whole = g_strconcat (line, "\n", NULL);
  int descriptor;
  off_t size;

  g_mkdir_with_parents (folder, 0700);
  descriptor = open (history->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (descriptor < 0)
    return;
  if (fchmod (descriptor, 0600) != 0 || write (descriptor, whole, strlen (whole)) < 0)
    g_debug ("The line is not remembered: %s", g_strerror (errno));
  size = lseek (descriptor, 0, SEEK_END);
  close (descriptor);
  if (size > DW_LINE_HISTORY_BYTES)
    shorten_file (history);
}

/**
 * dw_line_history_add:
 * @history: a history
 * @line: what was typed
 *
 * Remembers a line, here and in the file. A file that cannot be written is no reason to stop.
 *
 * Returns: whether it is one to remember
 */
gboolean
dw_line_history_add (DwLineHistory *history, const char *line)
{
  if (!is_wanted (history, line))
    return FALSE;
  remember (history, line);
  append_to_file (history, line);
  return TRUE;
}

/**
 * dw_line_history_free:
 * @history: (transfer full): a history
 */
void
dw_line_history_free (DwLineHistory *history)
{
  g_ptr_array_unref (history->lines);
  g_ptr_array_unref (history->secrets);
  g_free (history->path);
  g_free (history);
}
