/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "net/dw-frame-reader.h"

#include <string.h>

static gboolean
hear (const DwFrameRead *read, gpointer data)
{
  GChecksum *sum = data;

  if (read->kept > read->length || (read->kept < read->length && read->kept < DW_FRAME_READER_KEPT))
    abort ();
  g_checksum_update (sum, (const guchar *) &read->opcode, sizeof read->opcode);
  g_checksum_update (sum, (const guchar *) &read->length, sizeof read->length);
  if (read->kept > 0)
    g_checksum_update (sum, read->data, MIN (read->kept, DW_FRAME_READER_KEPT));
  return TRUE;
}

static gboolean
feed (const uint8_t *data, size_t size, size_t step, GChecksum *sum)
{
  DwFrameReader reader = { 0 };
  gboolean good = TRUE;

  for (size_t at = 0; good && at < size; at += step)
    {
      /* A copy, so that reading behind its end is seen. */
      g_autofree guint8 *piece = g_memdup2 (data + at, MIN (step, size - at));

      good = dw_frame_reader_feed (&reader, piece, MIN (step, size - at), hear, sum);
    }
  dw_frame_reader_clear (&reader);
  return good;
}

/* However the bytes are cut, the same is read or refused. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GChecksum) whole = g_checksum_new (G_CHECKSUM_MD5);
  g_autoptr (GChecksum) cut = g_checksum_new (G_CHECKSUM_MD5);

  if (size < 2)
    return 0;
  if (feed (data + 1, size - 1, size - 1, whole) != feed (data + 1, size - 1, data[0] % 64 + 1, cut)
      || strcmp (g_checksum_get_string (whole), g_checksum_get_string (cut)) != 0)
    abort ();
  return 0;
}
