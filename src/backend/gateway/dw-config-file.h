/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** DW_CONFIG_FILE_BYTES: the largest configuration file that is read. */
#define DW_CONFIG_FILE_BYTES (64 * 1024)

/**
 * DwConfigLine:
 * @number: which line of the file it is, from 1
 * @name: an option’s long name without dashes; nobody has checked that there is one
 * @value: (nullable): what follows the “=”, without quotation marks; %NULL without a “=”
 *
 * A line of a configuration file that is neither blank nor a comment.
 */
typedef struct
{
  guint number;
  char *name;
  char *value;
} DwConfigLine;

GPtrArray *dw_config_file_parse (const char *text, gsize size, const char *path, GError **error);
GPtrArray *dw_config_file_read (const char *path, GError **error);

G_END_DECLS
