/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwExit:
 * @DW_EXIT_WELL: all went well
 * @DW_EXIT_FAILED: something was not delivered or may not have been, or a check failed
 * @DW_EXIT_USAGE: the command line makes no sense
 * @DW_EXIT_TIMEOUT: the time was over
 * @DW_EXIT_REFUSED: the stage refused the connection
 *
 * What scripts can tell apart.
 */
typedef enum
{
  DW_EXIT_WELL = 0,
  DW_EXIT_FAILED = 1,
  DW_EXIT_USAGE = 2,
  DW_EXIT_TIMEOUT = 3,
  DW_EXIT_REFUSED = 4,
} DwExit;

/**
 * DW_OPTION:
 * @type: a struct that holds the values of options
 * @field: where in it
 *
 * The arg_data of a #GOptionEntry in a #DwOptionTable.
 */
#define DW_OPTION(type, field) GSIZE_TO_POINTER (G_STRUCT_OFFSET (type, field))

/**
 * DwOptionTable:
 * @entries: options, ended by one without a name; their arg_data are from DW_OPTION()
 * @offset: where in the command's options the struct is that they fill
 *
 * Some options. The text, file name and list values are freed after the command.
 */
typedef struct
{
  const GOptionEntry *entries;
  gsize offset;
} DwOptionTable;

/** DW_COMMAND_TABLES: how many tables of options a command has at most, and the end. */
#define DW_COMMAND_TABLES 8

/**
 * DwCommand:
 * @name: what is typed
 * @arguments: what follows it, for people, such as “URL”
 * @summary: what it does, in a line, translatable
 * @description: (nullable): what else there is to know, below the options, translatable
 * @least: how many words have to follow the name
 * @most: how many may
 * @options_bytes: how large its options are
 * @tables: its options, ended by a table without entries. An option that two commands have takes a value in both or
 *   in neither
 * @run: does it; @words are what follows the name, ended by %NULL
 *
 * One thing the program can do.
 */
typedef struct
{
  const char *name;
  const char *arguments;
  const char *summary;
  const char *description;
  guint least;
  guint most;
  gsize options_bytes;
  DwOptionTable tables[DW_COMMAND_TABLES];
  DwExit (*run) (gpointer options, char **words);
} DwCommand;

DwExit dw_command_obey (const DwCommand *const *commands, char **arguments);

G_END_DECLS
