/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "wire/dw-recording.h"

#include <string.h>

/* A line that is read is written as one printable line, which is read as the same and written as the same again. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (DwRecordingEntry) first = { 0 };
  g_auto (DwRecordingEntry) second = { 0 };
  g_autofree char *line = NULL;
  g_autofree char *again = NULL;

  if (!dw_recording_read (&first, (const char *) data, size, 1, NULL))
    return 0;
  line = dw_recording_write (&first);
  if (strpbrk (line, "\r\n\x1b") != NULL || !dw_recording_read (&second, line, strlen (line), 1, NULL))
    abort ();

  if (first.kind != second.kind || first.time / 1000 != second.time / 1000
      || (first.bytes != NULL) != (second.bytes != NULL)
      || (first.bytes != NULL && !g_bytes_equal (first.bytes, second.bytes)))
    abort ();
  again = dw_recording_write (&second);
  if (strcmp (line, again) != 0)
    abort ();
  return 0;
}
