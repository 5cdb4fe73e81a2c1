/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-connection-id.h"

static void
test_ids (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 10000; i++)
    {
      char *id = dw_connection_id_new ();

      g_assert_true (dw_connection_id_is_valid (id));
      g_assert_true (g_hash_table_add (seen, id));
    }
  g_assert_true (dw_connection_id_is_valid ("FYnvDeD_NjMCKlg="));
  g_assert_false (dw_connection_id_is_valid ("nope"));
  g_assert_false (dw_connection_id_is_valid ("FYnvDeD_NjMCKl=="));
  g_assert_false (dw_connection_id_is_valid ("FYnvDeD/NjMCKlg="));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/connection-id/valid-and-unique", test_ids);
  return g_test_run ();
}
