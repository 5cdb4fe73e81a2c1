/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwServerLock:
 *
 * One stage's hold on a file.
 */
typedef struct _DwServerLock DwServerLock;

DwServerLock *dw_server_lock_take (const char *path, GError **error);
void dw_server_lock_free (DwServerLock *lock);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwServerLock, dw_server_lock_free)

G_END_DECLS
