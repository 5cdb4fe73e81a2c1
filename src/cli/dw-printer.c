/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-printer.h"

#include "dw-command.h"

#include "wire/dw-json.h"
#include "wire/dw-safe-text.h"
#include "wire/dw-time.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* Below a time such as “12:30:05 ”, so that no text can pass for a line of its own. */
#define INDENT "         "

struct _DwPrinter
{
  DwOutput *output;
  gboolean for_people;
  gboolean coloured;
  DwPrinterFunc hide; /* or NULL */
  DwPrinterFunc show;
  gpointer data;
};

const GOptionEntry dw_printer_option_entries[] = {
  { "json", 'j', 0, G_OPTION_ARG_NONE, DW_OPTION (DwPrinterOptions, json),
    N_ ("Print JSON Lines on a terminal too, as in a pipe"), NULL },
  { NULL },
};

/* https://no-color.org: set and not empty. */
static gboolean
wants_colour (void)
{
  const char *no = g_getenv ("NO_COLOR");
  const char *terminal = g_getenv ("TERM");

  return (no == NULL || *no == '\0') && terminal != NULL && *terminal != '\0' && strcmp (terminal, "dumb") != 0;
}

/**
 * dw_printer_new:
 * @output: where it prints; it has to outlive the printer
 * @descriptor: what @output writes to
 * @options: how
 *
 * Returns: (transfer full): a printer
 */
DwPrinter *
dw_printer_new (DwOutput *output, int descriptor, const DwPrinterOptions *options)
{
  DwPrinter *printer = g_new0 (DwPrinter, 1);

  printer->output = output;
  printer->for_people = !options->json && isatty (descriptor);
  printer->coloured = printer->for_people && wants_colour ();
  return printer;
}

/**
 * dw_printer_set_prompt:
 * @printer: a printer
 * @hide: (nullable): called before something is printed
 * @show: (nullable): called after it
 * @data: for both
 */
void
dw_printer_set_prompt (DwPrinter *printer, DwPrinterFunc hide, DwPrinterFunc show, gpointer data)
{
  printer->hide = hide;
  printer->show = show;
  printer->data = data;
}

/**
 * dw_printer_is_for_people:
 * @printer: a printer
 *
 * Returns: whether it prints words, and not JSON
 */
gboolean
dw_printer_is_for_people (DwPrinter *printer)
{
  return printer->for_people;
}

/**
 * dw_printer_begin:
 * @printer: a printer
 * @kind: what happened
 *
 * Returns: (transfer full): an event to add members to, for dw_printer_end()
 */
JsonBuilder *
dw_printer_begin (DwPrinter *printer, const char *kind)
{
  g_autofree char *now = dw_time_format (g_get_real_time ());
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  dw_printer_add (builder, "time", now);
  dw_printer_add (builder, "kind", kind);
  return builder;
}

/**
 * dw_printer_add:
 * @builder: an event
 * @name: a member's name
 * @value: (nullable): its value, UTF-8; %NULL adds nothing
 */
void
dw_printer_add (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

/**
 * dw_printer_add_safe:
 * @builder: an event
 * @name: a member's name
 * @untrusted: (nullable): its value, any bytes; %NULL adds nothing
 * @max_chars: how much of it
 */
void
dw_printer_add_safe (JsonBuilder *builder, const char *name, const char *untrusted, gsize max_chars)
{
  g_autofree char *safe = untrusted != NULL ? dw_safe_line (untrusted, max_chars) : NULL;

  dw_printer_add (builder, name, safe);
}

/**
 * dw_printer_add_number:
 * @builder: an event
 * @name: a member's name
 * @value: its value
 */
void
dw_printer_add_number (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

/**
 * dw_printer_add_boolean:
 * @builder: an event
 * @name: a member's name
 * @value: its value
 */
void
dw_printer_add_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

static const char *
ink_code (DwInk ink)
{
  static const char *const codes[DW_INKS] = { "", "\033[2m", "\033[32m", "\033[31m", "\033[36m", "\033[34m" };

  return codes[ink];
}

static void
append_time (GString *text, gboolean coloured)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%H:%M:%S");

  g_string_append_printf (text, coloured ? "\033[2m%s\033[0m " : "%s ", time);
}

static void
append_words (GString *text, DwInk ink, gboolean coloured, const char *words)
{
  g_autofree char *safe = dw_safe_text (words, DW_PRINTER_CHARS, DW_PRINTER_LINES, NULL);
  g_autofree char *calm = dw_safe_text_calm (safe);
  g_auto (GStrv) lines = g_strsplit (calm, "\n", -1);
  g_autofree char *whole = g_strjoinv ("\n" INDENT, lines);

  if (coloured)
    g_string_append (text, ink_code (ink));
  g_string_append (text, whole);
  g_string_append (text, coloured && ink != DW_INK_PLAIN ? "\033[0m\n" : "\n");
}

static void
write_text (DwPrinter *printer, const char *text)
{
  if (printer->hide != NULL)
    printer->hide (printer->data);
  dw_output_write (printer->output, text);
  if (printer->show != NULL)
    printer->show (printer->data);
}

/* Takes the event's builder. */
static void
end_event (DwPrinter *printer, JsonBuilder *builder, DwInk ink, const char *words, gboolean timed)
{
  g_autoptr (JsonBuilder) owned G_GNUC_UNUSED = builder;
  g_autoptr (GString) text = g_string_new (NULL);

  json_builder_end_object (builder);
  if (!printer->for_people)
    {
      g_autoptr (JsonNode) root = json_builder_get_root (builder);
      g_autofree char *json = dw_json_write (root);

      g_string_append (text, json);
      g_string_append_c (text, '\n');
    }
  else if (words != NULL)
    {
      if (timed)
        append_time (text, printer->coloured);
      append_words (text, ink, printer->coloured, words);
    }
  if (text->len > 0)
    write_text (printer, text->str);
}

/**
 * dw_printer_end:
 * @printer: a printer
 * @builder: (transfer full): what dw_printer_begin() returned
 * @ink: the colour of the words
 * @words: (nullable): the event for people, as untrusted as what it quotes; %NULL for an event that a terminal does
 *   without
 *
 * Prints an event.
 */
void
dw_printer_end (DwPrinter *printer, JsonBuilder *builder, DwInk ink, const char *words)
{
  end_event (printer, builder, ink, words, TRUE);
}

/**
 * dw_printer_end_page:
 * @printer: a printer
 * @builder: (transfer full): what dw_printer_begin() returned
 * @ink: the colour of the words
 * @words: (nullable): the event for people
 *
 * As dw_printer_end(), without a time, for a line of a page.
 */
void
dw_printer_end_page (DwPrinter *printer, JsonBuilder *builder, DwInk ink, const char *words)
{
  end_event (printer, builder, ink, words, FALSE);
}

/**
 * dw_printer_say:
 * @printer: a printer
 * @ink: the colour
 * @words: a line for people, as untrusted as what it quotes, without a time; JSON goes without
 */
void
dw_printer_say (DwPrinter *printer, DwInk ink, const char *words)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (!printer->for_people)
    return;
  append_words (text, ink, printer->coloured, words);
  write_text (printer, text->str);
}

/**
 * dw_printer_free:
 * @printer: (transfer full): a printer
 */
void
dw_printer_free (DwPrinter *printer)
{
  g_free (printer);
}
