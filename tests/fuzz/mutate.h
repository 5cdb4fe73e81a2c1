/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <string.h>

/* Changes a copy of a file that the program made: each four bytes of the input give a position and a value. */
static inline void
mutate_write (const char *path, const char *whole, gsize length, const uint8_t *data, size_t size)
{
  g_autofree char *bytes = g_memdup2 (whole, length);

  for (size_t i = 0; i + 4 <= size; i += 4)
    bytes[(data[i] << 16 | data[i + 1] << 8 | data[i + 2]) % length] ^= (char) data[i + 3];
  /* Remaining bytes say where to truncate the file. */
  if (size % 4 == 1)
    length -= MIN (length, (gsize) data[size - 1] * 64);
  if (!g_file_set_contents (path, bytes, (gssize) length, NULL))
    abort ();
}

static inline void
mutate_empty (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
}

/* Code may refuse a file, so a warning about that is not a failure. */
static inline GLogWriterOutput
mutate_say_nothing (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer unused)
{
  if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR))
    g_log_writer_standard_streams (level, fields, n_fields, unused);
  return G_LOG_WRITER_HANDLED;
}

static inline char *
mutate_begin (void)
{
  char *folder = g_dir_make_tmp ("fuzz-XXXXXX", NULL);

  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
  g_log_set_writer_func (mutate_say_nothing, NULL, NULL);
  return folder;
}

static inline void
mutate_wait (const void *where)
{
  while (*(void *const *) where == NULL)
    g_main_context_iteration (NULL, TRUE);
}
