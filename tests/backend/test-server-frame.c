/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-server-frame.h"

/* The bytes of RFC 6455 section 5.7, including the two longer length forms. */
static void
test_frame (void)
{
  static const struct
  {
    gsize length;
    guint8 head[10];
    gsize head_size;
  } rows[] = {
    { 5, { 0x81, 5 }, 2 },
    { 125, { 0x81, 125 }, 2 },
    { 126, { 0x81, 126, 0, 126 }, 4 },
    { 65535, { 0x81, 126, 0xff, 0xff }, 4 },
    { 65536, { 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0 }, 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strnfill (rows[i].length, 'x');
      g_autoptr (DwServerFrame) frame = dw_server_frame_new (text);
      gsize size;
      const guint8 *data = g_bytes_get_data (frame->bytes, &size);

      g_assert_cmpuint (size, ==, rows[i].head_size + rows[i].length);
      g_assert_cmpmem (data, rows[i].head_size, rows[i].head, rows[i].head_size);
      g_assert_cmpmem (data + rows[i].head_size, rows[i].length, text, rows[i].length);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/server-frame/heads", test_frame);
  return g_test_run ();
}
