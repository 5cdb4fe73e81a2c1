/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-fingerprint.h"

#include <string.h>

/* Two messages that differ in anything have two fingerprints, or one of them would hide the other. */
static void
test_differs (void)
{
  static const char *const rows[][3] = {
    { NULL, NULL, "text" }, { "", NULL, "text" }, { NULL, "", "text" }, { "", "", "text" },    { "i", "s", "text" },
    { "is", "", "text" },   { "", "is", "text" }, { "i", "st", "ext" }, { "i", "s", "texts" }, { "i", "s", "" },
    { "j", "s", "text" },   { "i", "S", "text" }, { "it", "s", "ext" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *one = dw_fingerprint (rows[i][0], rows[i][1], rows[i][2]);
      g_autofree char *again = dw_fingerprint (rows[i][0], rows[i][1], rows[i][2]);

      g_assert_cmpuint (strlen (one), ==, DW_FINGERPRINT_BYTES);
      g_assert_cmpstr (one, ==, again);
      for (guint j = 0; j < i; j++)
        {
          g_autofree char *other = dw_fingerprint (rows[j][0], rows[j][1], rows[j][2]);

          g_assert_cmpstr (one, !=, other);
        }
    }
}

/* Copies of a message without an id cannot be told from somebody who says the same twice. */
static void
test_frames (void)
{
  DwFrame frame = { .kind = DW_FRAME_BROADCAST, .text = (char *) "text", .sender = (char *) "s" };
  g_autofree char *none = dw_fingerprint_of_frame (&frame);
  g_autofree char *empty = NULL, *one = NULL, *same = NULL;

  frame.id = (char *) "";
  empty = dw_fingerprint_of_frame (&frame);
  frame.id = (char *) "i";
  one = dw_fingerprint_of_frame (&frame);
  same = dw_fingerprint ("i", "s", "text");
  g_assert_null (none);
  g_assert_null (empty);
  g_assert_cmpstr (one, ==, same);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/fingerprint/differs", test_differs);
  g_test_add_func ("/wire/fingerprint/frames", test_frames);
  return g_test_run ();
}
