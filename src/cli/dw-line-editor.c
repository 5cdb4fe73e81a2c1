/* SPDX-License-Identifier: GPL-3.0-or-later */

/* For fopencookie(). */
#define _GNU_SOURCE

#include "dw-line-editor.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdio.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Readline's editor. It draws into our output, so that nothing blocks where the terminal is stopped, and everything
 * stays in order. */

#define PROMPT "> "

/* How many keys are read at once, and taken in one turn of the main loop. */
#define KEYS 4096

/* How long the line may stay hidden while messages come in, in milliseconds: each one would draw it anew. */
#define HIDDEN_MS 15

/* What a terminal sends around a paste. */
#define PASTE_BEGIN "\033[200~"
#define PASTE_END "\033[201~"
#define PASTE_MARK 6

/* How long the next byte of a paste is waited for, in milliseconds; the program does nothing else meanwhile. */
#define PASTE_MS 1000

/* The longest line, in bytes: what is longer than a message cannot be sent. A line that grows beyond it is cut. */
#define LINE_BYTES (128 * 1024)

struct _DwLineEditor
{
  DwOutput *output;
  DwPrinter *printer; /* or NULL */
  DwLineHistory *history;
  const DwSlashKind *commands;
  DwLineEditorFunc func;
  gpointer data;
  FILE *stream;      /* into the output */
  guint8 keys[KEYS]; /* that readline has not taken yet */
  gsize at;
  gsize filled;
  char recent[PASTE_MARK]; /* the last keys that readline has taken */
  gboolean pasting;        /* the beginning of a paste was among them, and not its end */
  guint input;
  guint resize;
  guint shown_soon;
  gboolean prepared; /* the terminal gives us each key */
  gboolean hidden;
  gboolean in_line; /* a line was entered: readline shows the prompt when its handler returns */
  gboolean ended;
};

/* Readline's functions have no argument for it. */
static DwLineEditor *the_editor;

static ssize_t
write_to_output (void *cookie, const char *bytes, size_t length)
{
  DwLineEditor *editor = cookie;
  g_autofree char *text = g_strndup (bytes, length);

  dw_output_write (editor->output, text);
  return (ssize_t) length;
}

static void
show_now (DwLineEditor *editor)
{
  g_clear_handle_id (&editor->shown_soon, g_source_remove);
  if (!editor->hidden || editor->ended)
    return;
  editor->hidden = FALSE;
  rl_on_new_line ();
  rl_redisplay ();
  fflush (editor->stream);
}

static gboolean
on_show (gpointer data)
{
  DwLineEditor *editor = data;

  editor->shown_soon = 0;
  show_now (editor);
  return G_SOURCE_REMOVE;
}

static void
hide (gpointer data)
{
  DwLineEditor *editor = data;

  if (editor->hidden || editor->in_line || editor->ended)
    return;
  rl_clear_visible_line ();
  fflush (editor->stream);
  editor->hidden = TRUE;
}

static void
show (gpointer data)
{
  DwLineEditor *editor = data;

  if (editor->hidden && editor->shown_soon == 0 && !editor->ended)
    editor->shown_soon = g_timeout_add (HIDDEN_MS, on_show, editor);
}

/* Readline would give the terminal back after each line, and wait until all is drawn for that. */
static void
prepare_once (int meta)
{
  if (the_editor->prepared)
    return;
  the_editor->prepared = TRUE;
  rl_prep_terminal (meta);
}

static void
stay_prepared (void)
{
}

static void
stop (DwLineEditor *editor)
{
  if (editor->ended)
    return;
  editor->ended = TRUE;
  rl_callback_handler_remove ();
  rl_deprep_terminal ();
  fflush (editor->stream);
  g_clear_handle_id (&editor->input, g_source_remove);
  g_clear_handle_id (&editor->shown_soon, g_source_remove);
}

static void
on_line (char *text)
{
  DwLineEditor *editor = the_editor;
  g_autofree char *line = text != NULL ? g_strdup (text) : NULL;

  /* Readline's own allocator. */
  rl_free (text);
  fflush (editor->stream);
  editor->in_line = TRUE;
  if (line != NULL && dw_line_history_add (editor->history, line))
    add_history (line);
  if (line == NULL)
    stop (editor);
  editor->func (line, editor->data);
  editor->in_line = FALSE;
}

static void
draw_nothing (void)
{
}

/* In the middle of a paste readline waits for its end, which never comes where Ctrl+C has flushed it. */
static gboolean
wait_for_keys (void)
{
  struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
  int n;

  do
    n = poll (&input, 1, PASTE_MS);
  while (n < 0 && errno == EINTR);
  return n > 0;
}

static void
read_keys (DwLineEditor *editor)
{
  gssize n;

  editor->at = editor->filled = 0;
  if (!wait_for_keys ())
    return;
  do
    n = read (STDIN_FILENO, editor->keys, sizeof editor->keys);
  while (n < 0 && errno == EINTR);
  editor->filled = (gsize) MAX (n, 0);
}

static void
note_paste (DwLineEditor *editor, char key)
{
  memmove (editor->recent, editor->recent + 1, PASTE_MARK - 1);
  editor->recent[PASTE_MARK - 1] = key;
  if (memcmp (editor->recent, PASTE_BEGIN, PASTE_MARK) == 0)
    editor->pasting = TRUE;
  else if (memcmp (editor->recent, PASTE_END, PASTE_MARK) == 0)
    editor->pasting = FALSE;
}

/* Had it an end of the file there, readline 8.2 would insert what is not terminated (AddressSanitizer). */
static void
end_paste (DwLineEditor *editor)
{
  memcpy (editor->keys, PASTE_END, PASTE_MARK);
  editor->at = 0;
  editor->filled = PASTE_MARK;
}

/* Readline alone would ask the system three times for each byte of a paste. Before a line leaves, it is to be seen. */
static int
get_key (FILE *stream)
{
  DwLineEditor *editor = the_editor;
  int key;

  if (editor->at == editor->filled)
    read_keys (editor);
  if (editor->at == editor->filled && !editor->pasting)
    return EOF;
  if (editor->at == editor->filled)
    end_paste (editor);
  key = editor->keys[editor->at++];
  note_paste (editor, (char) key);
  if ((key == '\r' || key == '\n') && rl_redisplay_function == draw_nothing)
    rl_redisplay ();
  return key;
}

static int
has_more (void)
{
  int waiting = 0;

  return the_editor->at < the_editor->filled || (ioctl (STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0);
}

/* A paste is drawn once. */
static gboolean
on_keys (gint descriptor, GIOCondition condition, gpointer data)
{
  DwLineEditor *editor = data;

  /* Ctrl+C flushes keys that nobody has read. */
  if ((condition & (G_IO_HUP | G_IO_ERR)) == 0 && !has_more ())
    return G_SOURCE_CONTINUE;
  show_now (editor);
  do
    {
      rl_redisplay_function = has_more () ? draw_nothing : rl_redisplay;
      rl_callback_read_char ();
      if (!editor->ended && rl_end > LINE_BYTES)
        rl_delete_text (LINE_BYTES, rl_end);
    }
  while (!editor->ended && editor->at < editor->filled);
  rl_redisplay_function = rl_redisplay;
  if (editor->ended)
    return G_SOURCE_REMOVE;
  rl_point = MIN (rl_point, rl_end);
  if (!has_more ())
    rl_redisplay ();
  fflush (editor->stream);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_resize (gpointer data)
{
  DwLineEditor *editor = data;

  if (editor->ended)
    return G_SOURCE_CONTINUE;
  rl_resize_terminal ();
  fflush (editor->stream);
  return G_SOURCE_CONTINUE;
}

static char *
match_command (const char *start, int state)
{
  static guint at;

  if (state == 0)
    at = 0;
  while (the_editor->commands[at] != DW_SLASH_NONE)
    {
      const char *name = dw_slash_get_name (the_editor->commands[at++]);

      if (g_str_has_prefix (name, start))
        /* Readline frees it with free(). */
        return strdup (name);
    }
  return NULL;
}

/* Commands at the beginning of a line, and never file names. */
static char **
complete (const char *text, int start, int end)
{
  rl_attempted_completion_over = 1;
  return start == 0 && *text == '/' ? rl_completion_matches (text, match_command) : NULL;
}

static void
fill_history (DwLineEditor *editor)
{
  const GPtrArray *lines = dw_line_history_get_lines (editor->history);

  using_history ();
  clear_history ();
  stifle_history (DW_LINE_HISTORY_LINES);
  for (guint i = 0; i < lines->len; i++)
    add_history (g_ptr_array_index (lines, i));
}

/**
 * dw_line_editor_new:
 * @output: what the terminal is written to
 * @history: what was entered before; what is entered is added
 * @commands: which commands are completed
 * @func: called with each line
 * @data: for @func
 *
 * Returns: (transfer full): an editor on standard input
 */
DwLineEditor *
dw_line_editor_new (DwOutput *output,
                    DwLineHistory *history,
                    const DwSlashKind *commands,
                    DwLineEditorFunc func,
                    gpointer data)
{
  DwLineEditor *editor = g_new0 (DwLineEditor, 1);
  cookie_io_functions_t functions = { .write = write_to_output };

  g_assert (the_editor == NULL);
  the_editor = editor;
  editor->output = output;
  editor->history = history;
  editor->commands = commands;
  editor->func = func;
  editor->data = data;
  editor->stream = fopencookie (editor, "w", functions);

  rl_readline_name = "dynamowave";
  rl_instream = stdin;
  rl_outstream = editor->stream;
  rl_getc_function = get_key;
  rl_input_available_hook = has_more;
  rl_prep_term_function = prepare_once;
  rl_deprep_term_function = stay_prepared;
  rl_catch_signals = 0;
  rl_catch_sigwinch = 0;
  rl_attempted_completion_function = complete;
  fill_history (editor);
  rl_callback_handler_install (PROMPT, on_line);
  fflush (editor->stream);
  editor->input = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_keys, editor);
  editor->resize = g_unix_signal_add (SIGWINCH, on_resize, editor);
  return editor;
}

/**
 * dw_line_editor_set_printer:
 * @editor: an editor
 * @printer: what prints above the line
 */
void
dw_line_editor_set_printer (DwLineEditor *editor, DwPrinter *printer)
{
  editor->printer = printer;
  dw_printer_set_prompt (printer, hide, show, editor);
}

/**
 * dw_line_editor_discard:
 * @editor: an editor
 *
 * Drops what is being written, as Ctrl+C does in a shell.
 *
 * Returns: whether there was something
 */
gboolean
dw_line_editor_discard (DwLineEditor *editor)
{
  gboolean searching = RL_ISSTATE (RL_STATE_ISEARCH) != 0;

  if (editor->ended || (rl_end == 0 && !searching))
    return FALSE;
  show_now (editor);
  rl_callback_sigcleanup ();
  rl_free_line_state ();
  rl_clear_message ();
  rl_replace_line ("", 0);
  rl_crlf ();
  rl_on_new_line ();
  rl_redisplay ();
  fflush (editor->stream);
  return TRUE;
}

/**
 * dw_line_editor_free:
 * @editor: (transfer full): an editor; the terminal is as it was before
 */
void
dw_line_editor_free (DwLineEditor *editor)
{
  if (editor->printer != NULL)
    dw_printer_set_prompt (editor->printer, NULL, NULL, NULL);
  if (!editor->ended)
    {
      hide (editor);
      stop (editor);
    }
  g_clear_handle_id (&editor->resize, g_source_remove);
  clear_history ();
  rl_outstream = stdout;
  fclose (editor->stream);
  the_editor = NULL;
  g_free (editor);
}
