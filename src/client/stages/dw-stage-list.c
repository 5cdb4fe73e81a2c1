/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-list.h"

#include "dw-stage-name.h"

#include "client/dw-client-error.h"

/**
 * SECTION:dw-stage-list
 *
 * The stages somebody saved, in their order. What changes in one of them is saved a moment later, without what is secret
 * of it: that is dw-secrets' and never in the file.
 */
struct _DwStageList
{
  GObject parent_instance;

  DwStore *store;
  GPtrArray *stages; /* of DwStage; at most DW_STORE_STAGES */
  GHashTable *dirty; /* of DwStage: to be saved */
  gint64 next;       /* the number of the next stage */
  guint timer;
  gboolean loaded;
  gboolean keeps_drafts;
};

static void dw_stage_list_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwStageList,
                               dw_stage_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, dw_stage_list_iface_init))

enum
{
  SIGNAL_LOADED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static GType
dw_stage_list_get_item_type (GListModel *model)
{
  return DW_TYPE_STAGE;
}

static guint
dw_stage_list_get_n_items (GListModel *model)
{
  return DW_STAGE_LIST (model)->stages->len;
}

static gpointer
dw_stage_list_get_item (GListModel *model, guint position)
{
  DwStageList *self = DW_STAGE_LIST (model);

  return position < self->stages->len ? g_object_ref (g_ptr_array_index (self->stages, position)) : NULL;
}

/**
 * dw_stage_list_flush:
 * @self: a list
 *
 * Saves what has changed now.
 */
void
dw_stage_list_flush (DwStageList *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  for (guint i = 0; i < self->stages->len; i++)
    if (g_hash_table_remove (self->dirty, g_ptr_array_index (self->stages, i)))
      dw_store_stages_save (self->store, g_ptr_array_index (self->stages, i), i, self->keeps_drafts);
}

static gboolean
on_timer (gpointer data)
{
  DwStageList *self = data;

  self->timer = 0;
  dw_stage_list_flush (self);
  return G_SOURCE_REMOVE;
}

static void
set_dirty (DwStageList *self, DwStage *stage)
{
  g_hash_table_add (self->dirty, stage);
  if (self->timer == 0)
    self->timer = g_timeout_add (DW_STAGE_LIST_SAVE_MS, on_timer, self);
}

static void
on_stage_changed (DwStageList *self, GParamSpec *pspec, DwStage *stage)
{
  set_dirty (self, stage);
}

static void
set_all_dirty (DwStageList *self)
{
  for (guint i = 0; i < self->stages->len; i++)
    set_dirty (self, g_ptr_array_index (self->stages, i));
}

static void
insert_and_watch (DwStageList *self, DwStage *stage, guint position)
{
  g_ptr_array_insert (self->stages, (int) position, g_object_ref (stage));
  self->next = MAX (self->next, dw_stage_get_number (stage) + 1);
  g_signal_connect_object (stage, "notify", G_CALLBACK (on_stage_changed), self, G_CONNECT_SWAPPED);
}

static void
dw_stage_list_dispose (GObject *object)
{
  DwStageList *self = DW_STAGE_LIST (object);

  if (self->store != NULL)
    dw_stage_list_flush (self);
  g_clear_pointer (&self->dirty, g_hash_table_unref);
  g_clear_pointer (&self->stages, g_ptr_array_unref);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (dw_stage_list_parent_class)->dispose (object);
}

static void
dw_stage_list_class_init (DwStageListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_stage_list_dispose;

  /**
   * DwStageList::loaded:
   *
   * The store was read.
   */
  signals[SIGNAL_LOADED] =
      g_signal_new ("loaded", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
dw_stage_list_init (DwStageList *self)
{
  self->stages = g_ptr_array_new_with_free_func (g_object_unref);
  self->dirty = g_hash_table_new (g_direct_hash, g_direct_equal);
  self->next = 1;
  self->keeps_drafts = TRUE;
}

static void
dw_stage_list_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = dw_stage_list_get_item_type;
  iface->get_n_items = dw_stage_list_get_n_items;
  iface->get_item = dw_stage_list_get_item;
}

/**
 * dw_stage_list_new:
 * @store: where they are
 *
 * Returns: (transfer full): a list, empty until it has emitted “loaded”
 */
DwStageList *
dw_stage_list_new (DwStore *store)
{
  DwStageList *self = g_object_new (DW_TYPE_STAGE_LIST, NULL);

  self->store = g_object_ref (store);
  g_signal_connect_object (store, "replaced", G_CALLBACK (set_all_dirty), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (store, "recovered", G_CALLBACK (dw_stage_list_load), self, G_CONNECT_SWAPPED);
  return self;
}

/**
 * dw_stage_list_name:
 * @self: a list
 * @stage: a stage, of the list or about to be added
 *
 * Gives a stage without a name one that no other stage of the list has.
 */
void
dw_stage_list_name (DwStageList *self, DwStage *stage)
{
  g_autoptr (GHashTable) taken = NULL;
  g_autofree char *name = NULL;

  if (dw_stage_get_name (stage) != NULL)
    return;

  taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < self->stages->len; i++)
    if (g_ptr_array_index (self->stages, i) != stage)
      g_hash_table_add (taken, dw_stage_dup_name (g_ptr_array_index (self->stages, i)));

  name = dw_stage_name_new (dw_stage_get_url (stage, 0), dw_stage_is_local (stage), taken);
  dw_stage_set_name (stage, name);
}

static gboolean
has_uuid (DwStageList *self, const char *uuid)
{
  for (guint i = 0; i < self->stages->len; i++)
    if (g_strcmp0 (dw_stage_get_uuid (g_ptr_array_index (self->stages, i)), uuid) == 0)
      return TRUE;
  return FALSE;
}

/* Adds what is not in the list yet: the file may have become readable only now, after others were added. */
static void
add_loaded_stages (DwStageList *self, GPtrArray *stages)
{
  guint before = self->stages->len;

  for (guint i = 0; i < stages->len && self->stages->len < DW_STORE_STAGES; i++)
    if (!has_uuid (self, dw_stage_get_uuid (g_ptr_array_index (stages, i))))
      insert_and_watch (self, g_ptr_array_index (stages, i), self->stages->len);

  /* Those of an earlier version may have none. */
  for (guint i = before; i < self->stages->len; i++)
    dw_stage_list_name (self, g_ptr_array_index (self->stages, i));

  if (self->stages->len > before)
    g_list_model_items_changed (G_LIST_MODEL (self), before, 0, self->stages->len - before);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwStageList) self = data;
  g_autoptr (GError) error = NULL;
  gint64 next;
  g_autoptr (GPtrArray) stages = dw_store_stages_load_finish (DW_STORE (source), result, &next, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;

  /* Another program has the file open: the store is asked again until it is free. */
  if (g_error_matches (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LOCKED))
    {
      dw_stage_list_load (self);
      return;
    }

  self->next = MAX (self->next, next);
  self->loaded = TRUE;
  if (stages != NULL)
    add_loaded_stages (self, stages);
  g_signal_emit (self, signals[SIGNAL_LOADED], 0);
}

/**
 * dw_stage_list_load:
 * @self: a list
 *
 * Reads the store.
 */
void
dw_stage_list_load (DwStageList *self)
{
  dw_store_stages_load_async (self->store, on_loaded, g_object_ref (self));
}

/**
 * dw_stage_list_set_keeps_drafts:
 * @self: a list
 * @keeps_drafts: whether what is typed and not sent is saved
 */
void
dw_stage_list_set_keeps_drafts (DwStageList *self, gboolean keeps_drafts)
{
  self->keeps_drafts = keeps_drafts;
}

/**
 * dw_stage_list_is_loaded:
 * @self: a list
 *
 * Returns: whether the store was read
 */
gboolean
dw_stage_list_is_loaded (DwStageList *self)
{
  return self->loaded;
}

/**
 * dw_stage_list_is_full:
 * @self: a list
 *
 * Returns: whether there are %DW_STORE_STAGES, the most there may be
 */
gboolean
dw_stage_list_is_full (DwStageList *self)
{
  return self->stages->len >= DW_STORE_STAGES;
}

/**
 * dw_stage_list_add:
 * @self: a list that is loaded
 * @stage: a new stage
 *
 * Saves a stage, at the end of the list, and gives it a number, and a name where it has none.
 *
 * Returns: %FALSE where there are %DW_STORE_STAGES already
 */
gboolean
dw_stage_list_add (DwStageList *self, DwStage *stage)
{
  if (dw_stage_list_is_full (self))
    return FALSE;

  dw_stage_list_name (self, stage);
  dw_stage_set_number (stage, self->next);
  insert_and_watch (self, stage, self->stages->len);
  set_dirty (self, stage);
  dw_stage_list_flush (self);
  g_list_model_items_changed (G_LIST_MODEL (self), self->stages->len - 1, 0, 1);
  return TRUE;
}

/**
 * dw_stage_list_remove:
 * @self: a list
 * @stage: a stage of it
 *
 * Takes a stage out of the list. Its conversation and its secret stay, for dw_stage_list_restore(), until
 * dw_store_lines_clear_async() and dw_secrets_forget().
 */
void
dw_stage_list_remove (DwStageList *self, DwStage *stage)
{
  g_autoptr (DwStage) keep G_GNUC_UNUSED = g_object_ref (stage);
  guint position;

  if (!g_ptr_array_find (self->stages, stage, &position))
    return;

  g_signal_handlers_disconnect_by_func (stage, on_stage_changed, self);
  g_hash_table_remove (self->dirty, stage);
  g_ptr_array_remove_index (self->stages, position);
  dw_store_stages_remove (self->store, dw_stage_get_number (stage));
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

/**
 * dw_stage_list_restore:
 * @self: a list
 * @stage: a stage that was removed
 * @position: where it stood
 *
 * Puts a stage back.
 */
void
dw_stage_list_restore (DwStageList *self, DwStage *stage, guint position)
{
  position = MIN (position, self->stages->len);
  insert_and_watch (self, stage, position);
  set_all_dirty (self);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
}

/**
 * dw_stage_list_move:
 * @self: a list
 * @stage: a stage of it
 * @position: where it is to stand
 */
void
dw_stage_list_move (DwStageList *self, DwStage *stage, guint position)
{
  g_autoptr (DwStage) keep G_GNUC_UNUSED = g_object_ref (stage);
  guint from;

  if (!g_ptr_array_find (self->stages, stage, &from) || from == position || position >= self->stages->len)
    return;

  g_ptr_array_remove_index (self->stages, from);
  g_ptr_array_insert (self->stages, (int) position, g_object_ref (stage));
  set_all_dirty (self);
  g_list_model_items_changed (G_LIST_MODEL (self), MIN (from, position),
                              MAX (from, position) - MIN (from, position) + 1,
                              MAX (from, position) - MIN (from, position) + 1);
}
