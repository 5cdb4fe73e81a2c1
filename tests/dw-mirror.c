/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-mirror.h"

struct _DwMirror
{
  GListModel *model;
  DwMirrorName name;
  GPtrArray *names;
  guint changes;
};

static char *
name_at (DwMirror *self, guint position)
{
  g_autoptr (GObject) item = g_list_model_get_item (self->model, position);

  g_assert_nonnull (item);
  g_assert_true (g_type_is_a (G_OBJECT_TYPE (item), g_list_model_get_item_type (self->model)));
  return self->name (item);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  DwMirror *self = data;

  g_assert_cmpuint (position + removed, <=, self->names->len);
  if (removed > 0)
    g_ptr_array_remove_range (self->names, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (self->names, (int) (position + i), name_at (self, position + i));
  self->changes++;
  dw_mirror_check (self);
}

DwMirror *
dw_mirror_new (GListModel *model, DwMirrorName name)
{
  DwMirror *self = g_new0 (DwMirror, 1);

  self->model = g_object_ref (model);
  self->name = name;
  self->names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    g_ptr_array_add (self->names, name_at (self, i));
  /* Connected first, so that it sees the model before other handlers change it. */
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), self);
  return self;
}

void
dw_mirror_free (DwMirror *self)
{
  g_signal_handlers_disconnect_by_data (self->model, self);
  g_object_unref (self->model);
  g_ptr_array_unref (self->names);
  g_free (self);
}

/* Also notices changes that were made without a signal, which is an error. */
void
dw_mirror_check (DwMirror *self)
{
  g_assert_cmpuint (g_list_model_get_n_items (self->model), ==, self->names->len);
  for (guint i = 0; i < self->names->len; i++)
    {
      g_autofree char *name = name_at (self, i);

      g_assert_cmpstr (name, ==, g_ptr_array_index (self->names, i));
    }
  g_assert_null (g_list_model_get_item (self->model, self->names->len));
}

guint
dw_mirror_get_n_changes (DwMirror *self)
{
  return self->changes;
}
