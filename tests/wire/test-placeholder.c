/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-json-layout.h"
#include "wire/dw-placeholder.h"

#include <string.h>

#define UUID "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define NOW "2025-11-25T10:00:00.123Z"

static const DwPlaceholderValues values = { UUID, G_GINT64_CONSTANT (1764064800123000), 7 };

/* Known names are filled, unknown ones and all other braces stay, and four braces make two. */
static void
test_fill (void)
{
  static const struct
  {
    const char *text, *sent;
  } rows[] = {
    { "", "" },
    { "hello", "hello" },
    { "{\"id\":\"{{uuid}}\",\"at\":\"{{now}}\",\"n\":{{n}}}", "{\"id\":\"" UUID "\",\"at\":\"" NOW "\",\"n\":7}" },
    { "{{uuid}} {{uuid}}", UUID " " UUID },
    { "{{ n }}", "7" },
    { "{\"a\":{\"b\":{{n}}}}", "{\"a\":{\"b\":7}}" },
    { "{{{n}}}", "{7}" },
    { "{{N}}", "{{N}}" },
    { "{{nope}}", "{{nope}}" },
    { "{{{{n}}", "{{n}}" },
    { "{{{{{n}}", "{{{n}}" },
    { "{{{{{{n}}", "{{{{n}}" },
    { "{{{{nope}}", "{{nope}}" },
    { "{{{{", "{{{{" },
    { "{{}}", "{{}}" },
    { "{{n} }", "{{n} }" },
    { "{{a b}}", "{{a b}}" },
    { "{{#each}}{{/each}}", "{{#each}}{{/each}}" },
    { "{{", "{{" },
    { "{{n", "{{n" },
    { "}}{{n}}{{", "}}7{{" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *sent = dw_placeholder_fill (rows[i].text, &values);

      g_assert_cmpstr (sent, ==, rows[i].sent);
    }
}

/* The first one that nothing fills is found where it is. */
static void
test_unknown (void)
{
  static const struct
  {
    const char *text;
    gsize start, end;
  } rows[] = {
    { "{\"a\":\"{{uuid}} {{guid}} {{x}}\"}", 15, 23 },
    { "é{{ X }}", 2, 9 },
    { "{{n}}{{{{guid}}", 0, 0 },
    { "{\"a\":{\"b\":1}}", 0, 0 },
    { "{{not one}}", 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gsize start = 0, end = 0;

      g_assert_cmpint (dw_placeholder_find_unknown (rows[i].text, &start, &end), ==, rows[i].end > 0);
      g_assert_cmpuint (start, ==, rows[i].start);
      g_assert_cmpuint (end, ==, rows[i].end);
    }
}

/* Whether a text will be JSON can be seen before it is filled, with every flaw in its place. */
static void
test_shape (void)
{
  static const struct
  {
    const char *text;
    guint column;
  } rows[] = {
    { "{\"id\":\"{{uuid}}\",\"n\":{{n}},\"l\":\"{{{{n}}\"}", 0 },
    { "{\"n\":{{n}},}", 12 },
    { "{\"id\":{{uuid}}}", 7 },
    { "{\"n\":{{nope}}}", 6 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *shape = dw_placeholder_shape (rows[i].text);
      DwJsonFlaw flaw;

      g_assert_cmpuint (strlen (shape), ==, strlen (rows[i].text));
      dw_json_layout_check (shape, &flaw);
      g_assert_cmpuint (flaw.column, ==, rows[i].column);
    }
}

/* A frame that is edited is sent as it was, whatever braces are in it. */
static void
test_escape (void)
{
  static const char letters[] = "{{{{}}}n ";
  g_autoptr (GRand) rand = g_rand_new_with_seed (26);

  for (guint i = 0; i < 20000; i++)
    {
      char text[25] = { 0 };
      g_autofree char *escaped = NULL;
      g_autofree char *sent = NULL;

      for (gint32 j = g_rand_int_range (rand, 0, sizeof text); j > 0; j--)
        text[j - 1] = letters[g_rand_int_range (rand, 0, sizeof letters - 1)];
      escaped = dw_placeholder_escape (text);
      sent = dw_placeholder_fill (escaped, &values);
      g_assert_cmpstr (sent, ==, text);
    }
}

/* Nor does a long text of braces take longer than its length. */
static void
test_hostile (void)
{
  g_autofree char *braces = g_strnfill (1000 * 1000, '{');
  g_autofree char *blanks = g_strnfill (1000 * 1000, ' ');
  g_autofree char *name = g_strnfill (1000 * 1000, 'n');
  const char *const texts[] = { braces, blanks, name };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text = g_strconcat ("{{", texts[i], "}}", NULL);
      g_autofree char *sent = dw_placeholder_fill (text, &values);
      gsize start, end;

      g_assert_cmpstr (sent, ==, text);
      g_assert_false (dw_placeholder_find_unknown (text, &start, &end));
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/placeholder/fill", test_fill);
  g_test_add_func ("/wire/placeholder/unknown", test_unknown);
  g_test_add_func ("/wire/placeholder/shape", test_shape);
  g_test_add_func ("/wire/placeholder/escape", test_escape);
  g_test_add_func ("/wire/placeholder/hostile", test_hostile);
  return g_test_run ();
}
