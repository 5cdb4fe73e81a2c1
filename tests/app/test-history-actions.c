/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "app/desktop/dw-history-actions.h"

#include <string.h>

/* An exported file is named after its stage, by a name that every system takes. */
static void
test_file_name (void)
{
  static const struct
  {
    const char *stage;
    const char *name;
  } rows[] = {
    { "Harbour watch", "Harbour watch-2026-11-28.txt" },
    { "prod/eu-west-1: \"tide\"", "prod-eu-west-1- -tide--2026-11-28.txt" },
    { "../../.ssh/config", "ssh-config-2026-11-28.txt" },
    { ".hidden", "hidden-2026-11-28.txt" },
    { "-rf", "rf-2026-11-28.txt" },
    { "...", "stage-2026-11-28.txt" },
    { "", "stage-2026-11-28.txt" },
    { "港\n湾", "港 湾-2026-11-28.txt" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = dw_history_actions_dup_file_name (rows[i].stage, "2026-11-28");

      g_assert_cmpstr (name, ==, rows[i].name);
    }
  {
    g_autofree char *endless = g_strnfill (10000, 'x');
    g_autofree char *name = dw_history_actions_dup_file_name (endless, "2026-11-28");

    g_assert_cmpuint (strlen (name), <, 128);
  }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/history-actions/file-name", test_file_name);
  return g_test_run ();
}
