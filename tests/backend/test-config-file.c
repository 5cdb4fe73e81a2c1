/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a configuration file says, line by line. */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-config-file.h"

#include <glib/gstdio.h>
#include <string.h>

static GPtrArray *
parse (const char *text, GError **error)
{
  return dw_config_file_parse (text, strlen (text), "x.conf", error);
}

/* Blanks, comments, quotation marks and line ends are read as the manual says. */
static void
test_lines (void)
{
  static const struct
  {
    const char *text;
    const char *name; /* NULL where nothing is said */
    const char *value;
  } rows[] = {
    { "", NULL, NULL },
    { "\n \t\n\r\n", NULL, NULL },
    { "# listen = x", NULL, NULL },
    { "  #listen = x", NULL, NULL },
    { "#", NULL, NULL },
    { "metrics", "metrics", NULL },
    { " metrics ", "metrics", NULL },
    { "listen=x", "listen", "x" },
    { "\tlisten\t=\tx\t\r\n", "listen", "x" },
    { "listen =", "listen", "" },
    { "listen = a b", "listen", "a b" },
    { "listen = a # b", "listen", "a # b" },
    { "function = $default=/bin/x \"a b\"", "function", "$default=/bin/x \"a b\"" },
    { "token = \" a \"", "token", " a " },
    { "token = \"\"", "token", "" },
    { "token = \"a\\\"b\\\\c\\n\"", "token", "a\"b\\c\\n" },
    { "token = 'a'", "token", "'a'" },
    { "token = a\\\"", "token", "a\\\"" },
    { "= x", "", "x" },
    { "token = ä“", "token", "ä“" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) lines = parse (rows[i].text, &error);
      const DwConfigLine *line;

      g_test_message ("%s", rows[i].text);
      g_assert_no_error (error);
      g_assert_cmpuint (lines->len, ==, rows[i].name != NULL);
      if (rows[i].name == NULL)
        continue;
      line = lines->pdata[0];
      g_assert_cmpstr (line->name, ==, rows[i].name);
      g_assert_cmpstr (line->value, ==, rows[i].value);
      g_assert_cmpuint (line->number, ==, 1);
    }
}

/* Lines keep their order and the numbers that an editor shows. */
static void
test_numbers (void)
{
  g_autoptr (GPtrArray) lines = parse ("\n# one\nlisten = a\n\nlisten = b\nmetrics", NULL);
  static const guint numbers[] = { 3, 5, 6 };

  g_assert_cmpuint (lines->len, ==, G_N_ELEMENTS (numbers));
  for (guint i = 0; i < lines->len; i++)
    g_assert_cmpuint (((DwConfigLine *) lines->pdata[i])->number, ==, numbers[i]);
  g_assert_cmpstr (((DwConfigLine *) lines->pdata[1])->value, ==, "b");
}

/* What cannot be read is refused with the number of its line. */
static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    const char *words;
  } rows[] = {
    { "a\ntoken = \"x", "x.conf:2:" },  { "token = \"", "x.conf:1:" },         { "token = \"x\" y", "x.conf:1:" },
    { "token = \"x\\\"", "x.conf:1:" }, { "token = a\x1b[1mb", "characters" }, { "token = \xff", "characters" },
    { "token = a\x7f", "characters" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (parse (rows[i].text, &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, rows[i].words));
    }

  g_assert_null (dw_config_file_parse ("a\0b", 3, "x.conf", NULL));
}

/* What is no file, such as a pipe that a shell made, would say nothing when it is read again. */
static void
test_kind (void)
{
  static const char *const paths[] = { "/dev/zero", "/dev/null" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (dw_config_file_read (paths[i], &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG);
      g_assert_nonnull (strstr (error->message, paths[i]));
    }
}

/* No more is read than the limit. */
static void
test_size (void)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "stage.conf", NULL);
  g_autofree char *text = g_malloc (DW_CONFIG_FILE_BYTES + 2);
  g_autoptr (GPtrArray) most = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) read = NULL;

  memset (text, '#', DW_CONFIG_FILE_BYTES + 1);
  text[DW_CONFIG_FILE_BYTES + 1] = '\0';
  g_assert_null (parse (text, &error));
  g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG);
  text[DW_CONFIG_FILE_BYTES] = '\0';
  most = parse (text, NULL);
  g_assert_nonnull (most);

  text[DW_CONFIG_FILE_BYTES] = '#';
  g_assert_true (g_file_set_contents (path, text, DW_CONFIG_FILE_BYTES + 1, NULL));
  g_assert_null (dw_config_file_read (path, &read));
  g_assert_error (read, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG);
}

/* A file that everybody may write is nobody's configuration; who may read it is its owner's business. */
static void
test_mode (void)
{
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "stage.conf", NULL);
  static const struct
  {
    int mode;
    gboolean good;
  } rows[] = { { 0600, TRUE }, { 0644, TRUE }, { 0664, TRUE }, { 0602, FALSE }, { 0666, FALSE } };

  g_assert_true (g_file_set_contents (path, "metrics\n", -1, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) lines = NULL;

      g_assert_cmpint (g_chmod (path, rows[i].mode), ==, 0);
      lines = dw_config_file_read (path, &error);
      g_test_message ("%o", rows[i].mode);
      g_assert_cmpint (lines != NULL, ==, rows[i].good);
      if (!rows[i].good)
        g_assert_nonnull (strstr (error->message, path));
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/config-file/lines", test_lines);
  g_test_add_func ("/backend/config-file/numbers", test_numbers);
  g_test_add_func ("/backend/config-file/refused", test_refused);
  g_test_add_func ("/backend/config-file/size", test_size);
  g_test_add_func ("/backend/config-file/kind", test_kind);
  g_test_add_func ("/backend/config-file/mode", test_mode);
  return g_test_run ();
}
