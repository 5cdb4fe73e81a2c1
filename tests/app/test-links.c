/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/text/dw-links.h"

#include <pango/pango.h>
#include <string.h>

/* What can be pressed in a text, and where it leads. */
static void
test_table (void)
{
  static const struct
  {
    const char *text;
    const char *hrefs; /* between blanks */
  } rows[] = {
    { "See https://e.example/a.", "https://e.example/a" },
    { "(https://e.example/)", "https://e.example/" },
    { "https://e.example/x_(y)", "https://e.example/x_(y)" },
    { "(see https://e.example/x_(y))", "https://e.example/x_(y)" },
    { "https://e.example/q?a=b&c=d, ok", "https://e.example/q?a=b&c=d" },
    { "https://e.example/End_", "https://e.example/End_" },
    { "https://e.example/a!?", "https://e.example/a" },
    { "<https://e.example/a>", "https://e.example/a" },
    { "\"https://e.example/a\"", "https://e.example/a" },
    { "[https://e.example/a]", "https://e.example/a" },
    { "https://[::1]:8080/a", "https://[::1]:8080/a" },
    { "HTTPS://E.example/A", "HTTPS://e.example/A" },
    { "two http://a.example http://b.example", "http://a.example http://b.example" },
    { "http://a.example,http://b.example", "http://a.example,http://b.example" },
    { "mailto:ada@e.example.", "mailto:ada@e.example" },
    { "main.c:12", "" },
    { "a://", "" },
    { "https://", "" },
    { "https://.", "" },
    { "https:///path", "" },
    { "mailto:nobody", "" },
    { "xhttps://e.example/", "" },
    { "javascript:alert(1)", "" },
    { "file:///etc/passwd", "" },
    { "data:text/html,x", "" },
    { "https://e.example/\xe2\x80\xae/x", "https://e.example/" },
    { "https://m\u00fcnchen.example/", "https://xn--mnchen-3ya.example/" },
    { "見てhttps://e.example/。", "" },
    { "見て https://e.example/。", "https://e.example/" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) links = dw_links_find (rows[i].text);
      g_autoptr (GString) found = g_string_new (NULL);

      g_test_message ("%s", rows[i].text);
      for (guint j = 0; j < links->len; j++)
        {
          DwLink *link = g_ptr_array_index (links, j);

          g_string_append_printf (found, "%s%s", j > 0 ? " " : "", link->href);
          g_assert_cmpuint (link->start, <, link->end);
          g_assert_cmpuint (link->end, <=, strlen (rows[i].text));
        }
      g_assert_cmpstr (found->str, ==, rows[i].hrefs);
    }
}

/* A host that imitates another is shown in ASCII. */
static void
test_look_alikes (void)
{
  static const struct
  {
    const char *text;
    gboolean as_is;
  } rows[] = {
    { "https://apple.com/", TRUE },
    { "https://m\u00fcnchen.example/", TRUE },
    { "https://\u0430\u0440\u0440\u04cf\u0435.com/", FALSE }, /* Cyrillic except for the top-level domain */
    { "https://p\u0430ypal.com/", FALSE },                    /* one Cyrillic letter */
    { "https://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/", TRUE }, /* entirely in one script */
    { "https://\u4f8b\u3048.jp/", TRUE },
    { "https://g\u03bfogle.com/", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) links = dw_links_find (rows[i].text);
      DwLink *link = g_ptr_array_index (links, 0);

      g_test_message ("%s", link->href);
      g_assert_cmpuint (links->len, ==, 1);
      g_assert_cmpstr (link->shown, ==, rows[i].as_is ? rows[i].text : link->href);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/links/table/UI-6", test_table);
  g_test_add_func ("/app/links/look-alikes", test_look_alikes);
  return g_test_run ();
}
