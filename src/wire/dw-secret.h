/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_SECRET_FILE_BYTES: the largest file that is read for a secret. */
#define DW_SECRET_FILE_BYTES (64 * 1024)

/**
 * DwSecretShape:
 * @DW_SECRET_TOKEN: one line
 * @DW_SECRET_KEY: two lines, an access key ID and its secret
 * @DW_SECRET_HEADERS: a header a line; empty lines are left out
 *
 * What a file with a secret holds.
 */
typedef enum
{
  DW_SECRET_TOKEN,
  DW_SECRET_KEY,
  DW_SECRET_HEADERS,
} DwSecretShape;

char **dw_secret_parse (const char *text, gsize size, DwSecretShape shape, const char *name, GError **error);
gboolean dw_secret_equal (const char *wanted, const char *given);
gboolean dw_secret_hide (char **arguments, const char *const *options);

G_END_DECLS
