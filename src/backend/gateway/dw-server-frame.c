/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-frame.h"

#include <string.h>

/* The first bytes of whole messages. */
#define TEXT 0x81
#define BINARY 0x82

/* A message in a single unmasked frame, RFC 6455 section 5.2. */
static GBytes *
write_frame (guint8 first_byte, const void *payload, gsize length)
{
  GByteArray *bytes = g_byte_array_sized_new ((guint) length + 10);
  guint8 head[10] = { first_byte };
  guint size = 2;

  if (length < 126)
    head[1] = (guint8) length;
  else
    {
      guint n = length < 65536 ? 2 : 8;

      head[1] = n == 2 ? 126 : 127;
      for (guint i = 0; i < n; i++)
        head[2 + i] = (guint8) (length >> (8 * (n - 1 - i)));
      size += n;
    }

  g_byte_array_append (bytes, head, size);
  g_byte_array_append (bytes, payload, (guint) length);
  return g_byte_array_free_to_bytes (bytes);
}

/**
 * dw_server_frame_new:
 * @text: a text, UTF-8
 *
 * Returns: (transfer full): its frame
 */
DwServerFrame *
dw_server_frame_new (const char *text)
{
  DwServerFrame *frame = g_new (DwServerFrame, 1);

  frame->text = g_strdup (text);
  frame->bytes = write_frame (TEXT, text, strlen (text));
  return frame;
}

/**
 * dw_server_frame_new_payload:
 * @payload: a payload
 *
 * Returns: (transfer full): its frame: of text if it is UTF-8, else a binary one
 */
DwServerFrame *
dw_server_frame_new_payload (GBytes *payload)
{
  DwServerFrame *frame = g_new (DwServerFrame, 1);
  gsize length;
  const char *data = g_bytes_get_data (payload, &length);
  gboolean is_text = length == 0 || g_utf8_validate_len (data, length, NULL);

  frame->text = g_strndup (length > 0 ? data : "", length);
  frame->bytes = write_frame (is_text ? TEXT : BINARY, data, length);
  return frame;
}

/**
 * dw_server_frame_free:
 * @frame: (transfer full): a frame
 */
void
dw_server_frame_free (DwServerFrame *frame)
{
  g_free (frame->text);
  g_bytes_unref (frame->bytes);
  g_free (frame);
}
