/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of 0.1.0, which GSettings would replace by the defaults without a word where a key has another name or
 * type. tests/data/settings-0.ini never changes. */
#include "dw-test.h"

#include "app/desktop/dw-settings.h"

#include <glib/gstdio.h>
#include <string.h>

/* Puts them where GSettings' own backend for files looks, for everybody and for a profile. */
static void
put_old (void)
{
  g_autofree char *fixture = g_test_build_filename (G_TEST_DIST, "data", "settings-0.ini", NULL);
  g_autofree char *folder = g_build_filename (g_get_user_config_dir (), "glib-2.0", "settings", NULL);
  g_autofree char *path = g_build_filename (folder, "keyfile", NULL);
  g_autofree char *contents = NULL;
  g_autofree char *both = NULL;

  g_assert_true (g_file_get_contents (fixture, &contents, NULL, NULL));
  both = g_strconcat (contents, "\n[io/github/dynamowave/Chat/profiles/work]", strchr (contents, '\n'), NULL);
  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_set_contents (path, both, -1, NULL));
}

static void
check (const char *profile)
{
  g_autoptr (GSettings) settings = dw_settings_new (profile);
  g_autofree char *own_name = g_settings_get_string (settings, "own-name");
  g_autofree char *notify = g_settings_get_string (settings, "notify");
  g_autofree char *retention = g_settings_get_string (settings, "retention");
  g_autofree char *last_stage = g_settings_get_string (settings, "last-stage");

  g_assert_cmpint (g_settings_get_int (settings, "window-width"), ==, 900);
  g_assert_cmpint (g_settings_get_int (settings, "window-height"), ==, 640);
  g_assert_false (g_settings_get_boolean (settings, "window-maximized"));
  g_assert_cmpstr (own_name, ==, "Ada");
  g_assert_cmpstr (notify, ==, "mentions");
  g_assert_false (g_settings_get_boolean (settings, "enter-sends"));
  g_assert_cmpint (g_settings_get_int (settings, "text-scale"), ==, 150);
  g_assert_true (g_settings_get_boolean (settings, "background"));
  g_assert_true (g_settings_get_boolean (settings, "told-of-quitting"));
  g_assert_cmpstr (retention, ==, "year");
  g_assert_cmpstr (last_stage, ==, "8a0f8f6e-5a0c-4f3b-9b7e-0a6f0f0c0001");
}

static void
test_old (void)
{
  put_old ();
  check (NULL);
  check ("work");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_setenv ("GSETTINGS_BACKEND", "keyfile", TRUE);
  g_test_add_func ("/app/settings/old", test_old);
  return g_test_run ();
}
