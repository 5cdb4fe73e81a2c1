/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-secret-file.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

/**
 * dw_secret_file_read:
 * @path: a file, or a pipe
 * @shape: what it should hold
 * @error: a #GIOErrorEnum, or %DW_WIRE_ERROR_SECRET if it holds something else
 *
 * Reads a secret by the rules of dw_secret_parse(), and no more of the file than they allow. It blocks.
 *
 * Returns: (transfer full) (nullable): its lines
 */
char **
dw_secret_file_read (const char *path, DwSecretShape shape, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_autofree char *buffer = g_malloc (DW_SECRET_FILE_BYTES + 1);
  gsize size = 0;

  if (stream == NULL
      || !g_input_stream_read_all (G_INPUT_STREAM (stream), buffer, DW_SECRET_FILE_BYTES + 1, &size, NULL, error))
    return NULL;
  return dw_secret_parse (buffer, size, shape, path, error);
}

/**
 * dw_secret_file_is_exposed:
 * @path: a file
 *
 * Being readable by a group is fine: that is how services share keys.
 *
 * Returns: whether every local user may read it
 */
gboolean
dw_secret_file_is_exposed (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 && S_ISREG (status.st_mode) && (status.st_mode & S_IROTH) != 0;
}
