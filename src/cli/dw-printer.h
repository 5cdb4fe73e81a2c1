/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-output.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * DwInk:
 * @DW_INK_PLAIN: as the terminal writes
 * @DW_INK_DIM: what matters less
 * @DW_INK_GOOD: what went well
 * @DW_INK_BAD: what did not
 * @DW_INK_IN: what came in
 * @DW_INK_OUT: what went out
 * @DW_INKS: how many there are
 *
 * How a line is coloured on a terminal.
 */
typedef enum
{
  DW_INK_PLAIN,
  DW_INK_DIM,
  DW_INK_GOOD,
  DW_INK_BAD,
  DW_INK_IN,
  DW_INK_OUT,
  DW_INKS,
} DwInk;

/** DW_PRINTER_CHARS: the longest text that is shown on a terminal, in characters; JSON has all of it. */
#define DW_PRINTER_CHARS (128 * 1024)

/** DW_PRINTER_LINES: how many lines of a text are shown on a terminal. */
#define DW_PRINTER_LINES 1000

/**
 * DwPrinterOptions:
 *
 * How events are printed, as the command line says it.
 */
typedef struct
{
  gboolean json;
} DwPrinterOptions;

extern const GOptionEntry dw_printer_option_entries[];

/**
 * DwPrinterFunc:
 * @data: what was given with it
 *
 * Something is about to be printed, or was.
 */
typedef void (*DwPrinterFunc) (gpointer data);

/**
 * DwPrinter:
 *
 * Prints what happens: for people on a terminal, coloured; else as one JSON object a line, completely or not at all.
 * Whatever peers send goes through here and is safe on a terminal.
 */
typedef struct _DwPrinter DwPrinter;

DwPrinter *dw_printer_new (DwOutput *output, int descriptor, const DwPrinterOptions *options);
void dw_printer_set_prompt (DwPrinter *printer, DwPrinterFunc hide, DwPrinterFunc show, gpointer data);
gboolean dw_printer_is_for_people (DwPrinter *printer);
JsonBuilder *dw_printer_begin (DwPrinter *printer, const char *kind);
void dw_printer_add (JsonBuilder *builder, const char *name, const char *value);
void dw_printer_add_safe (JsonBuilder *builder, const char *name, const char *untrusted, gsize max_chars);
void dw_printer_add_number (JsonBuilder *builder, const char *name, gint64 value);
void dw_printer_add_boolean (JsonBuilder *builder, const char *name, gboolean value);
void dw_printer_end (DwPrinter *printer, JsonBuilder *builder, DwInk ink, const char *words);
void dw_printer_end_page (DwPrinter *printer, JsonBuilder *builder, DwInk ink, const char *words);
void dw_printer_say (DwPrinter *printer, DwInk ink, const char *words);
void dw_printer_free (DwPrinter *printer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwPrinter, dw_printer_free)

G_END_DECLS
