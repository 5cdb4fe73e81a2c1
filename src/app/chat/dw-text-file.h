/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void dw_text_file_read_async (GFile *file,
                              gsize most,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data);
char *dw_text_file_read_finish (GFile *file, GAsyncResult *result, GError **error);

G_END_DECLS
