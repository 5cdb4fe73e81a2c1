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

/* Paging lists every id once, even if the last key of a page has been removed meanwhile. */
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

static DwRegistryPage *
read_first (DwMemoryRegistry *registry)
{
  DwRegistryPage *page = NULL;

  dw_registry_scan_async (DW_REGISTRY (registry), NULL, NULL, on_page, &page);
  DW_TEST_WAIT ("a page", page != NULL);
  return page;
}

/* Repeated reads share one array of ids, until a connection comes or goes. Arrays handed out before stay unchanged. */
static void
test_registry_shares (void)
{
  g_autoptr (DwMemoryRegistry) registry = dw_memory_registry_new (10);
  g_autoptr (DwRegistryPage) one = NULL;
  g_autoptr (DwRegistryPage) same = NULL;
  g_autoptr (DwRegistryPage) more = NULL;
  g_autoptr (DwRegistryPage) less = NULL;

  dw_registry_put_async (DW_REGISTRY (registry), "a", 7, NULL, on_put, NULL);
  one = read_first (registry);
  same = read_first (registry);
  g_assert_true (one->connection_ids == same->connection_ids);
  dw_registry_put_async (DW_REGISTRY (registry), "b", 8, NULL, on_put, NULL);
  more = read_first (registry);
  g_assert_cmpuint (more->connection_ids->len, ==, 2);
  g_assert_cmpint (g_array_index (more->timestamps, gint64, 1), ==, 8);
  dw_registry_remove_async (DW_REGISTRY (registry), "a", NULL, NULL, NULL);
  less = read_first (registry);
  g_assert_cmpuint (less->connection_ids->len, ==, 1);
  g_assert_cmpstr (less->connection_ids->pdata[0], ==, "b");
  g_assert_cmpuint (one->connection_ids->len, ==, 1);
  g_assert_cmpstr (one->connection_ids->pdata[0], ==, "a");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/memory-registry/pages", test_registry_pages);
  g_test_add_func ("/backend/memory-registry/shares", test_registry_shares);
  return g_test_run ();
}
