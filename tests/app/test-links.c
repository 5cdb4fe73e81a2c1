/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/text/dw-links.h"

#include <pango/pango.h>
#include <string.h>

/* Which parts of a text are links, and where they lead. */
static void
test_table (void)
{
  static const struct
  {
    const char *text;
    const char *hrefs; /* separated by spaces */
  } rows[] = {
    { "See https://e.example/a.", "https://e.example/a" },
    { "(https://e.example/)", "https://e.example/" },
    { "https://e.example/x_(y)", "https://e.example/x_(y)" },
    { "(see https://e.example/x_(y))", "https://e.example/x_(y)" },
    { "https://e.example/q?a=b&c=d, ok", "https://e.example/q?a=b&c=d" },
    { "https://e.example/End_", "https://e.example/End_" },
    { "https://e.example/a!?", "https://e.example/a" },
    { "<https://e.example/a>", "https://e.example/a" },
    { "https://e.example/doom-2016-vulkan-ivideo).html", "https://e.example/doom-2016-vulkan-ivideo).html" },
    { "(see http://e.example/test(1).html)", "http://e.example/test(1).html" },
    { "\"https://e.example/a\"", "https://e.example/a" },
    { "[https://e.example/a]", "https://e.example/a" },
    { "https://[::1]:8080/a", "https://[::1]:8080/a" },
    { "HTTPS://E.example/A", "HTTPS://e.example/A" },
    { "two http://a.example http://b.example", "http://a.example http://b.example" },
    { "http://a.example,http://b.example", "http://b.example" },
    { "mailto:ada@e.example.", "mailto:ada@e.example" },
    { "main.c:12", "" },
    { "a://", "" },
    { "https://", "" },
    { "https://.", "" },
    { "https:///path", "" },
    { "mailto:nobody", "" },
    { "mailto:ada@bank.example,bob@e.example", "" },
    { "https://[::1", "" },
    { "https://[::1]x/", "" },
    { "https://[bank.example]/", "" },
    { "https://e.example:x/", "" },
    { "https://bank.example:80.e.example/", "" },
    { "https://e..example/", "" },
    { "https://bank.example%2Flogin.e.example/", "" },
    { "https://bank.example&login.e.example/", "" },
    { "https://bank.example\uff0flogin.e.example/", "" },
    { "https://\uff47oogle.example/", "https://google.example/" },
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

/* The address shown is the address opened, and the host shown is its real one: nothing before it looks like a host. */
static void
test_user (void)
{
  static const struct
  {
    const char *text;
    const char *shown;
    gboolean asks;
  } rows[] = {
    { "https://bank.example@evil.example/", "https://evil.example/", TRUE },
    { "https://bank.example:443@evil.example", "https://evil.example", TRUE },
    { "https://bank.example@login@evil.example/a@b", "https://evil.example/a@b", TRUE },
    { "https://@evil.example/", "https://evil.example/", TRUE },
    { "https://ada:S3CR3T@e.example:8080/x", "https://e.example:8080/x", TRUE },
    { "https://bank.example@[::1]/", "https://[::1]/", TRUE },
    { "https://e.example/@ada", "https://e.example/@ada", FALSE },
    { "https://e.example?a@b", "https://e.example?a@b", FALSE },
    { "HTTPS://Bank.Example/A", "HTTPS://bank.example/A", FALSE },
    { "mailto:ada@E.example", "mailto:ada@e.example", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) links = dw_links_find (rows[i].text);
      DwLink *link = g_ptr_array_index (links, 0);

      g_test_message ("%s", rows[i].text);
      g_assert_cmpuint (links->len, ==, 1);
      g_assert_cmpstr (link->shown, ==, rows[i].shown);
      g_assert_cmpstr (link->href, ==, rows[i].shown);
      g_assert_cmpint (link->asks, ==, rows[i].asks);
    }
}

/* A host that imitates another is shown in its ASCII form. */
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
    /* Characters that look like a slash, a dot, a colon or nothing. */
    { "https://bank.example\u2215login.evil.example/", FALSE },
    { "https://bank.example\u2044login.evil.example/", FALSE },
    { "https://bank.example\u29f8login.evil.example/", FALSE },
    { "https://bank.example\u2571login.evil.example/", FALSE },
    { "https://bank.example\u30ce.evil.example/", FALSE },
    { "https://bank.example\u0338login.evil.example/", FALSE },
    { "https://bank\ua789443.evil.example/", FALSE },
    { "https://bank\u3164example.evil.example/", FALSE },
    { "https://bank\u02bcs.example/", FALSE },
    /* Letters used only by phoneticians, historians and forgers. */
    { "https://\u0261oogle.com/", FALSE },
    { "https://goog\u0142e.com/", TRUE },
    { "https://\u1d0f.example/", FALSE },
    { "https://gqoge\u0131.example/", FALSE },
    { "https://\u0501\u043e.example/", FALSE },
    /* Labels made wholly of letters that look like Latin ones, and others that people really use. */
    { "https://\u0440\u0430\u0443\u0440\u0430\u04cf.com/", FALSE },
    { "https://\u0441\u0430\u0445\u0430\u0440.\u0440\u0444/", TRUE },
    { "https://\u0441\u0430\u0445\u0430\u0440.ru/", TRUE },
    { "https://\u0441\u0430\u0445\u0430\u0440.com/", FALSE },
    { "https://\u043f\u0440\u0438\u043c\u0435\u0440.com/", TRUE },
    { "https://\u03bf\u03c1.com/", FALSE },
    { "https://\u03bb\u03cc\u03b3\u03bf\u03c2.gr/", TRUE },
    { "https://\u03c6\u03af\u03bb\u03b7.gr/", TRUE },
    { "https://\u30ce.example/", FALSE },
    { "https://\u4e00.example/", FALSE },
    /* Mixed scripts, or digits of another script. */
    { "https://\u65e5\u672c\u8a9e\u3068\u30ab\u30ca\u30fc.jp/", TRUE },
    { "https://\ud55c\uae00.kr/", TRUE },
    { "https://\u4f8b\u30ababc.jp/", FALSE },
    { "https://\u0561\u0431.example/", FALSE },
    { "https://\u0e1a\u0e49\u0e32\u0e19\u0e09.example/", TRUE },
    { "https://\u0939\u093f\u0928\u094d\u0926\u0940.example/", TRUE },
    { "https://\u0939\u093f\u093f.example/", FALSE },
    { "https://\u0967\u0966.example/", FALSE },
    { "https://\u05d0\u05d1\u05d2-1.example/", FALSE },
    { "https://xn--p1ai/", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) links = dw_links_find (rows[i].text);
      DwLink *link = g_ptr_array_index (links, 0);

      g_test_message ("%s", link->href);
      g_assert_cmpuint (links->len, ==, 1);
      g_assert_cmpstr (link->shown, ==, rows[i].as_is ? rows[i].text : link->href);
      g_assert_true (g_str_is_ascii (link->href));
    }
}

/* Text after a right-to-left host is drawn after it. */
static void
test_right_to_left (void)
{
  g_autoptr (GPtrArray) links = dw_links_find ("https://\u05d0\u05d1\u05d2.example/\u05d0");
  DwLink *link = g_ptr_array_index (links, 0);

  g_assert_cmpstr (link->shown, ==, "https://\u05d0\u05d1\u05d2.example\u200e/\u05d0");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/links/table/UI-6", test_table);
  g_test_add_func ("/app/links/user/UI-7", test_user);
  g_test_add_func ("/app/links/look-alikes/UI-7", test_look_alikes);
  g_test_add_func ("/app/links/right-to-left/UI-3", test_right_to_left);
  return g_test_run ();
}
