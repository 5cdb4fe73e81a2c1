/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwStageLock:
 *
 * One stage's hold on a file.
 */
typedef struct _DwStageLock DwStageLock;

DwStageLock *dw_stage_lock_take (const char *path, GError **error);
void dw_stage_lock_free (DwStageLock *lock);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwStageLock, dw_stage_lock_free)

G_END_DECLS
