/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Identifies an item, in the same way for as long as the item is the same: (transfer full). */
typedef char *(*DwMirrorName) (gpointer item);

/* A list that follows a model by “items-changed” alone, as a list view does, and is compared with the whole model after
 * each signal. So a wrong position is noticed, not only a wrong number. */
typedef struct _DwMirror DwMirror;

DwMirror *dw_mirror_new (GListModel *model, DwMirrorName name);
void dw_mirror_free (DwMirror *self);
void dw_mirror_check (DwMirror *self);
guint dw_mirror_get_n_changes (DwMirror *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwMirror, dw_mirror_free)

G_END_DECLS
