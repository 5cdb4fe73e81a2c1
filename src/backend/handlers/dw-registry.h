/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_REGISTRY (dw_registry_get_type ())
G_DECLARE_INTERFACE (DwRegistry, dw_registry, DW, REGISTRY, GObject)

/**
 * DwRegistryInterface:
 * @put_async: starts storing an id
 * @remove_async: starts deleting an id; an absent one is no error
 * @scan_async: starts reading one page of ids
 * @claim_async: starts remembering a message's id, one that dw_message_id_is_valid() accepts
 * @release: forgets a message's id
 *
 * Where connection IDs are stored: the design's ConnectionsTable. An implementation returns a #GTask whose value is a
 * boolean for @put_async and @remove_async, a #DwRegistryPage for @scan_async, and 1 or 0 for @claim_async.
 */
struct _DwRegistryInterface
{
  GTypeInterface parent_iface;

  void (*put_async) (DwRegistry *self,
                     const char *connection_id,
                     gint64 timestamp,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer data);
  void (*remove_async) (DwRegistry *self,
                        const char *connection_id,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer data);
  void (*scan_async) (DwRegistry *self,
                      const char *start_key,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer data);
  void (*claim_async) (DwRegistry *self,
                       const char *id,
                       gint64 now,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer data);
  void (*release) (DwRegistry *self, const char *id);
};

/** DW_REGISTRY_CLAIM_SECONDS: for how long a message's id is remembered. */
#define DW_REGISTRY_CLAIM_SECONDS 600

/** DW_REGISTRY_CLAIMS: how many message ids a registry remembers; beyond that the oldest is dropped. */
#define DW_REGISTRY_CLAIMS 100000

/** DW_REGISTRY_CLAIM_COST: roughly what an id costs in memory besides its own bytes. */
#define DW_REGISTRY_CLAIM_COST 128

/** DW_REGISTRY_CLAIMS_BYTES: how many bytes all of them may cost; beyond that the oldest is dropped. */
#define DW_REGISTRY_CLAIMS_BYTES (20 * 1024 * 1024)

/**
 * DwRegistryPage:
 * @connection_ids: (element-type utf8): the ids of this page, perhaps none
 * @timestamps: (element-type gint64): when each of them connected, in seconds since 1970 UTC
 * @endpoints: (nullable) (element-type utf8): the endpoint of each; a %NULL element, or %NULL instead of the array,
 *   means this stage
 * @last_key: (nullable): where the next page starts, or %NULL after the last; an empty page may have one
 *
 * One page of a scan.
 */
typedef struct
{
  GPtrArray *connection_ids;
  GArray *timestamps;
  GPtrArray *endpoints;
  char *last_key;
} DwRegistryPage;

DwRegistryPage *dw_registry_page_new (void);
void dw_registry_page_free (DwRegistryPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwRegistryPage, dw_registry_page_free)

void dw_registry_put_async (DwRegistry *self,
                            const char *connection_id,
                            gint64 timestamp,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer data);
gboolean dw_registry_put_finish (DwRegistry *self, GAsyncResult *result, GError **error);
void dw_registry_remove_async (DwRegistry *self,
                               const char *connection_id,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data);
gboolean dw_registry_remove_finish (DwRegistry *self, GAsyncResult *result, GError **error);
void dw_registry_scan_async (DwRegistry *self,
                             const char *start_key,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data);
DwRegistryPage *dw_registry_scan_finish (DwRegistry *self, GAsyncResult *result, GError **error);
void dw_registry_claim_async (DwRegistry *self,
                              const char *id,
                              gint64 now,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data);
gboolean dw_registry_claim_finish (DwRegistry *self, GAsyncResult *result, gboolean *fresh, GError **error);
void dw_registry_release (DwRegistry *self, const char *id);

G_END_DECLS
