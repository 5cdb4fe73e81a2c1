/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-connections-path.h"

static void
test_path (void)
{
  static const struct
  {
    const char *path;
    DwConnectionsPath wanted;
  } rows[] = {
    { "/prod/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_ID },
    { "/prod/%40connections/L0SM9cOFvHcCIhw%3D", DW_CONNECTIONS_PATH_ID },
    { "/prod/%40connections/L0SM9cOFvHcCIhw%3d", DW_CONNECTIONS_PATH_ID },
    { "/prod/@connections/nope", DW_CONNECTIONS_PATH_BAD_ID },
    { "/prod/@connections/", DW_CONNECTIONS_PATH_BAD_ID },
    { "/prod/@connections/%ff%fe", DW_CONNECTIONS_PATH_BAD_ID },
    { "/prod/@connections/L0SM9cOFvHcCIhw=/x", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/prod/@connections", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/Prod/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/test/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_FORBIDDEN },
    { "/a/b/@connections/L0SM9cOFvHcCIhw=", DW_CONNECTIONS_PATH_OTHER },
    { "/prod", DW_CONNECTIONS_PATH_OTHER },
    { "/", DW_CONNECTIONS_PATH_OTHER },
    { "", DW_CONNECTIONS_PATH_OTHER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *id = NULL;

      g_test_message ("%s", rows[i].path);
      g_assert_cmpint (dw_connections_path_parse (rows[i].path, "prod", &id), ==, rows[i].wanted);
      if (rows[i].wanted == DW_CONNECTIONS_PATH_ID)
        g_assert_cmpstr (id, ==, "L0SM9cOFvHcCIhw=");
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/connections-path/parse/AG-5", test_path);
  return g_test_run ();
}
