/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "net/dw-frame-reader.h"

#include <string.h>

typedef struct
{
  GString *log; /* “OPCODE LENGTH:PAYLOAD;” each */
  guint n;
  guint stop_after;
} Heard;

static gboolean
hear (const DwFrameRead *read, gpointer data)
{
  Heard *heard = data;

  g_string_append_printf (heard->log, "%d %" G_GUINT64_FORMAT ":", read->opcode, read->length);
  g_string_append_len (heard->log, (const char *) read->data, (gssize) MIN (read->kept, 4));
  g_string_append_c (heard->log, ';');
  heard->n++;
  return heard->n != heard->stop_after;
}

static gboolean
feed (const char *bytes, gsize size, gsize step, Heard *heard)
{
  DwFrameReader reader = { 0 };
  gboolean good = TRUE;

  for (gsize at = 0; good && at < size; at += step)
    good = dw_frame_reader_feed (&reader, (const guint8 *) bytes + at, MIN (step, size - at), hear, heard);
  dw_frame_reader_clear (&reader);
  return good;
}

#define ROW(bytes, log)                                                                                            \
  {                                                                                                                \
    bytes, sizeof bytes - 1, log                                                                                   \
  }

/* However the bytes are cut, the same is read. */
static void
test_pieces (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
    const char *log;
  } rows[] = {
    ROW ("\x81\x02hi", "1 2:hi;"),
    ROW ("\x81\x00\x82\x01x", "1 0:;2 1:x;"),
    ROW ("\x01\x02he\x89\x01p\x00\x01l\x80\x02lo\x8a\x00", "9 1:p;1 5:hell;10 0:;"),
    ROW ("\x01\x00\x80\x00", "1 0:;"),
    ROW ("\x81\x7e\x00\x03"
         "abc\x88\x02\x03\xe9",
         "1 3:abc;8 2:\x03\xe9;"),
    ROW ("\x81\x7f\0\0\0\0\0\0\0\x01z\x89\0", "1 1:z;9 0:;"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize step = 1; step <= rows[i].size; step++)
      {
        Heard heard = { .log = g_string_new (NULL) };

        g_assert_true (feed (rows[i].bytes, rows[i].size, step, &heard));
        g_assert_cmpstr (heard.log->str, ==, rows[i].log);
        g_string_free (heard.log, TRUE);
      }
}

/* What no server may send ends the reading, and nothing of it is heard. */
static void
test_refusals (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
    const char *log;
  } rows[] = {
    ROW ("\x81\x82", ""),                   /* masked */
    ROW ("\xc1\x00", ""),                   /* RSV1 without an extension */
    ROW ("\x83\x00", ""),                   /* no such opcode */
    ROW ("\x8b\x00", ""),                   /* nor this one */
    ROW ("\x80\x00", ""),                   /* a continuation of nothing */
    ROW ("\x01\x00\x81\x00", ""),           /* a message inside of another */
    ROW ("\x09\x00", ""),                   /* a ping in fragments */
    ROW ("\x89\x7e\x00\x7e", ""),           /* a ping of 126 bytes */
    ROW ("\x81\x7f\x80\0\0\0\0\0\0\0", ""), /* longer than can be counted */
    ROW ("\x01\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", NULL),
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize step = 1; step <= rows[i].size; step++)
      {
        Heard heard = { .log = g_string_new (NULL) };

        g_assert_cmpint (feed (rows[i].bytes, rows[i].size, step, &heard), ==, rows[i].log == NULL);
        g_assert_cmpstr (heard.log->str, ==, "");
        g_string_free (heard.log, TRUE);
      }
}

/* Of a message in a thousand pieces the beginning is kept and the rest counted. */
static void
test_bound (void)
{
  static guint8 piece[4 + 1000] = { 0x00, 0x7e, 0x03, 0xe8 };
  DwFrameReader reader = { 0 };
  Heard heard = { .log = g_string_new (NULL) };

  memset (piece + 4, 'x', 1000);
  for (guint i = 0; i < 1000; i++)
    {
      piece[0] = i == 0 ? 0x01 : i == 999 ? 0x80 : 0x00;
      g_assert_true (dw_frame_reader_feed (&reader, piece, sizeof piece, hear, &heard));
      g_assert_cmpuint (reader.n_kept, <=, DW_FRAME_READER_KEPT);
    }
  g_assert_cmpstr (heard.log->str, ==, "1 1000000:xxxx;");
  g_string_free (heard.log, TRUE);
  dw_frame_reader_clear (&reader);
}

/* Nothing is read after the function said to stop, as when it closed the connection. */
static void
test_stop (void)
{
  Heard heard = { .log = g_string_new (NULL), .stop_after = 1 };

  g_assert_false (feed ("\x81\x01x\x81\x01y", 6, 6, &heard));
  g_assert_cmpstr (heard.log->str, ==, "1 1:x;");
  g_string_free (heard.log, TRUE);
}

/* What is written is a client's frame: masked, with the shortest length. */
static void
test_write (void)
{
  static const gsize sizes[] = { 0, 1, 125, 126, 65535, 65536, 70000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree guint8 *data = g_malloc (sizes[i] + 1);
      g_autofree guint8 *frame = g_malloc (sizes[i] + DW_FRAME_HEAD_BYTES);
      const gsize head = sizes[i] < 126 ? 2 : sizes[i] <= G_MAXUINT16 ? 4 : 10;
      gsize length;

      for (gsize at = 0; at < sizes[i]; at++)
        data[at] = (guint8) at;
      length = dw_frame_write_masked (DW_FRAME_TEXT, data, sizes[i], 0xa1b2c3d4, frame);
      g_assert_cmpuint (length, ==, head + 4 + sizes[i]);
      g_assert_cmpuint (frame[0], ==, 0x81);
      g_assert_cmpuint (frame[1] & 0x80, ==, 0x80);

      for (gsize at = 0; at < sizes[i]; at++)
        g_assert_cmpuint (frame[head + 4 + at] ^ frame[head + at % 4], ==, data[at]);
      if (head == 4)
        g_assert_cmpuint (frame[2] * 256u + frame[3], ==, sizes[i]);
      if (head == 10)
        g_assert_cmpuint (frame[7] * 65536u + frame[8] * 256u + frame[9], ==, sizes[i]);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/net/frame-reader/pieces", test_pieces);
  g_test_add_func ("/net/frame-reader/refusals", test_refusals);
  g_test_add_func ("/net/frame-reader/bound", test_bound);
  g_test_add_func ("/net/frame-reader/stop", test_stop);
  g_test_add_func ("/net/frame-reader/write", test_write);
  return g_test_run ();
}
