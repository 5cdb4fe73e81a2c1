/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-memory-registry.h"

#include "wire/dw-thread.h"

#include <string.h>

/* All of it lives in the main thread. */
struct _DwMemoryRegistry
{
  GObject parent_instance;

  /* Sorted by id, so that a page can start after any key, even one that is gone. Bounded by the number of
   * connections the server accepts. */
  GSequence *entries;
  guint page_size;
  DwRegistryPage *first; /* the cached first page, which every broadcast reads; NULL after a change */
  GHashTable *claims;    /* Claim, by its id */
  GQueue claimed;        /* of Claim, oldest first; at most DW_REGISTRY_CLAIMS and DW_REGISTRY_CLAIMS_BYTES */
  gsize claimed_bytes;
};

static void dw_memory_registry_iface_init (DwRegistryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwMemoryRegistry,
                               dw_memory_registry,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DW_TYPE_REGISTRY, dw_memory_registry_iface_init))

typedef struct
{
  char *id;
  gint64 timestamp;
} Entry;

static void
entry_free (Entry *entry)
{
  g_free (entry->id);
  g_free (entry);
}

static int
compare_entries (gconstpointer a, gconstpointer b, gpointer unused)
{
  return g_strcmp0 (((const Entry *) a)->id, ((const Entry *) b)->id);
}

static GSequenceIter *
find (DwMemoryRegistry *self, const char *connection_id)
{
  Entry wanted = { .id = (char *) connection_id };

  return g_sequence_lookup (self->entries, &wanted, compare_entries, NULL);
}

static GSequenceIter *
find_after (DwMemoryRegistry *self, const char *start_key)
{
  Entry wanted = { .id = (char *) start_key };

  return start_key != NULL ? g_sequence_search (self->entries, &wanted, compare_entries, NULL)
                           : g_sequence_get_begin_iter (self->entries);
}

static void
dw_memory_registry_put_async (DwRegistry *registry,
                              const char *connection_id,
                              gint64 timestamp,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data)
{
  DwMemoryRegistry *self = DW_MEMORY_REGISTRY (registry);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);

  DW_ASSERT_MAIN_THREAD ();
  g_task_set_source_tag (task, dw_memory_registry_put_async);
  if (find (self, connection_id) == NULL)
    {
      Entry *entry = g_new0 (Entry, 1);

      g_clear_pointer (&self->first, dw_registry_page_free);
      entry->id = g_strdup (connection_id);
      entry->timestamp = timestamp;
      g_sequence_insert_sorted (self->entries, entry, compare_entries, NULL);
    }
  g_task_return_boolean (task, TRUE);
}

static void
dw_memory_registry_remove_async (DwRegistry *registry,
                                 const char *connection_id,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer data)
{
  DwMemoryRegistry *self = DW_MEMORY_REGISTRY (registry);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  GSequenceIter *iter = find (self, connection_id);

  DW_ASSERT_MAIN_THREAD ();
  g_task_set_source_tag (task, dw_memory_registry_remove_async);
  if (iter != NULL)
    {
      g_clear_pointer (&self->first, dw_registry_page_free);
      g_sequence_remove (iter);
    }
  g_task_return_boolean (task, TRUE);
}

static DwRegistryPage *
read_page (DwMemoryRegistry *self, const char *start_key)
{
  DwRegistryPage *page = dw_registry_page_new ();
  GSequenceIter *iter = find_after (self, start_key);

  while (!g_sequence_iter_is_end (iter) && page->connection_ids->len < self->page_size)
    {
      const Entry *entry = g_sequence_get (iter);

      g_ptr_array_add (page->connection_ids, g_strdup (entry->id));
      g_array_append_val (page->timestamps, entry->timestamp);
      iter = g_sequence_iter_next (iter);
    }
  if (!g_sequence_iter_is_end (iter) && page->connection_ids->len > 0)
    page->last_key = g_strdup (g_ptr_array_index (page->connection_ids, page->connection_ids->len - 1));
  return page;
}

/* A copy of the page that shares its ids. */
static DwRegistryPage *
share_page (const DwRegistryPage *page)
{
  DwRegistryPage *same = g_new0 (DwRegistryPage, 1);

  same->connection_ids = g_ptr_array_ref (page->connection_ids);
  same->timestamps = g_array_ref (page->timestamps);
  same->last_key = g_strdup (page->last_key);
  return same;
}

static void
dw_memory_registry_scan_async (DwRegistry *registry,
                               const char *start_key,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  DwMemoryRegistry *self = DW_MEMORY_REGISTRY (registry);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  DwRegistryPage *page;

  DW_ASSERT_MAIN_THREAD ();

  g_task_set_source_tag (task, dw_memory_registry_scan_async);
  if (start_key != NULL)
    page = read_page (self, start_key);
  else
    {
      if (self->first == NULL)
        self->first = read_page (self, NULL);
      page = share_page (self->first);
    }

  g_task_return_pointer (task, page, (GDestroyNotify) dw_registry_page_free);
}

typedef struct
{
  char *id;
  gint64 time;
  GList *place; /* its link in the queue */
} Claim;

static void
claim_free (Claim *claim)
{
  g_free (claim->id);
  g_free (claim);
}

static gsize
cost_of (const char *id)
{
  return strlen (id) + DW_REGISTRY_CLAIM_COST;
}

static void
forget_claim (DwMemoryRegistry *self, Claim *claim)
{
  self->claimed_bytes -= cost_of (claim->id);
  g_queue_delete_link (&self->claimed, claim->place);
  g_hash_table_remove (self->claims, claim->id);
}

static void
dw_memory_registry_claim_async (DwRegistry *registry,
                                const char *id,
                                gint64 now,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  DwMemoryRegistry *self = DW_MEMORY_REGISTRY (registry);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  Claim *oldest;
  Claim *claim;

  DW_ASSERT_MAIN_THREAD ();

  g_task_set_source_tag (task, dw_memory_registry_claim_async);
  while ((oldest = g_queue_peek_head (&self->claimed)) != NULL && oldest->time <= now - DW_REGISTRY_CLAIM_SECONDS)
    forget_claim (self, oldest);
  if (g_hash_table_contains (self->claims, id))
    {
      g_task_return_int (task, 0);
      return;
    }
  while ((oldest = g_queue_peek_head (&self->claimed)) != NULL
         && (self->claimed.length >= DW_REGISTRY_CLAIMS
             || self->claimed_bytes + cost_of (id) > DW_REGISTRY_CLAIMS_BYTES))
    forget_claim (self, oldest);
  self->claimed_bytes += cost_of (id);
  claim = g_new0 (Claim, 1);
  claim->id = g_strdup (id);
  claim->time = now;
  g_queue_push_tail (&self->claimed, claim);
  claim->place = self->claimed.tail;
  g_hash_table_insert (self->claims, claim->id, claim);
  g_task_return_int (task, 1);
}

static void
dw_memory_registry_release (DwRegistry *registry, const char *id)
{
  DwMemoryRegistry *self = DW_MEMORY_REGISTRY (registry);
  Claim *claim = g_hash_table_lookup (self->claims, id);

  DW_ASSERT_MAIN_THREAD ();
  if (claim != NULL)
    forget_claim (self, claim);
}

static void
dw_memory_registry_finalize (GObject *object)
{
  DwMemoryRegistry *self = DW_MEMORY_REGISTRY (object);

  g_clear_pointer (&self->first, dw_registry_page_free);
  g_queue_clear (&self->claimed);
  g_clear_pointer (&self->claims, g_hash_table_unref);
  g_clear_pointer (&self->entries, g_sequence_free);
  G_OBJECT_CLASS (dw_memory_registry_parent_class)->finalize (object);
}

static void
dw_memory_registry_class_init (DwMemoryRegistryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_memory_registry_finalize;
}

static void
dw_memory_registry_init (DwMemoryRegistry *self)
{
  self->entries = g_sequence_new ((GDestroyNotify) entry_free);
  self->claims = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) claim_free);
  g_queue_init (&self->claimed);
}

static void
dw_memory_registry_iface_init (DwRegistryInterface *iface)
{
  iface->put_async = dw_memory_registry_put_async;
  iface->remove_async = dw_memory_registry_remove_async;
  iface->scan_async = dw_memory_registry_scan_async;
  iface->claim_async = dw_memory_registry_claim_async;
  iface->release = dw_memory_registry_release;
}

/**
 * dw_memory_registry_new:
 * @page_size: how many ids a page of a scan holds, at least 1
 *
 * Returns: (transfer full): a registry in memory, lost when the process ends
 */
DwMemoryRegistry *
dw_memory_registry_new (guint page_size)
{
  DwMemoryRegistry *self = g_object_new (DW_TYPE_MEMORY_REGISTRY, NULL);

  self->page_size = MAX (page_size, 1);
  return self;
}

/**
 * dw_memory_registry_get_size:
 * @self: a registry
 *
 * Returns: how many ids it holds
 */
guint
dw_memory_registry_get_size (DwMemoryRegistry *self)
{
  return (guint) g_sequence_get_length (self->entries);
}
