/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-memory-registry.h"

static void
on_put (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_true (dw_registry_put_finish (DW_REGISTRY (source), result, NULL));
}

static void
on_page (GObject *source, GAsyncResult *result, gpointer data)
{
  *(DwRegistryPage **) data = dw_registry_scan_finish (DW_REGISTRY (source), result, NULL);
}

/* Pages cover everything once, also where the last key of a page has gone meanwhile. */
static void
test_registry_pages (void)
{
  g_autoptr (DwMemoryRegistry) registry = dw_memory_registry_new (3);
  g_autofree char *key = NULL;
  guint seen = 0;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *id = g_strdup_printf ("id%u", i);

      dw_registry_put_async (DW_REGISTRY (registry), id, 0, NULL, on_put, NULL);
    }
  do
    {
      g_autoptr (DwRegistryPage) page = NULL;

      dw_registry_scan_async (DW_REGISTRY (registry), key, NULL, on_page, &page);
      DW_TEST_WAIT ("a page", page != NULL);
      seen += page->connection_ids->len;
      g_free (key);
      key = g_steal_pointer (&page->last_key);
      if (key != NULL)
        dw_registry_remove_async (DW_REGISTRY (registry), key, NULL, NULL, NULL);
    }
  while (key != NULL);
  g_assert_cmpuint (seen, ==, 10);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/memory-registry/pages", test_registry_pages);
  return g_test_run ();
}
