/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-mention.h"

static void
test_mention (void)
{
  static const struct
  {
    const char *text;
    const char *name;
    gboolean is;
  } rows[] = {
    { "Ada, are you there?", "Ada", TRUE },
    { "ADA!", "ada", TRUE },
    { "@Ada", "Ada", TRUE },
    { "Adam is here", "Ada", FALSE },
    { "Granada", "Ada", FALSE },
    { "Adam and Ada", "Ada", TRUE },
    { "über Björn", "BJÖRN", TRUE },
    { "STRASSE", "Straße", TRUE },
    { "anything", "", FALSE },
    { "anything", NULL, FALSE },
    { "", "Ada", FALSE },
    { "my_Ada", "Ada", FALSE },
    { "it is :-) here", ":-)", TRUE },
    { "天気Ada", "Ada", FALSE },
    { "Ada\u0301", "Ada", FALSE },
    { "ask Jose\u0301", "Jos\u00e9", TRUE },
    { "ask JOS\u00c9", "Jose\u0301", TRUE },
    { "\u1112\u1161\u11ab here", "\ud55c", TRUE },
    { "ask Jose", "Jos\u00e9", FALSE },
    { "Ada_", "Ada", FALSE },
    { "Ada2", "Ada", FALSE },
    { "Ada", "Ada", TRUE },
    { "see Ada", "Ada", TRUE },
    { "x:-)", ":-)", TRUE },
    { ":-)x", ":-)", TRUE },
    { "x:D", ":D", TRUE },
    { ":Dx", ":D", FALSE },
    { "D:x", "D:", TRUE },
    { "xD:", "D:", FALSE },
    { "AdaAda Ada", "Ada", TRUE },
    { "AdaAda", "Ada", FALSE },
    { "Ad a", "Ada", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("“%s” in “%s”", rows[i].name, rows[i].text);
      g_assert_cmpint (dw_mention_is (rows[i].text, rows[i].name), ==, rows[i].is);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/mention/table/S-23", test_mention);
  return g_test_run ();
}
