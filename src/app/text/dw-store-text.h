/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/store/dw-store.h"

G_BEGIN_DECLS

const char *dw_store_text_trouble (DwStoreTrouble trouble);
char *dw_store_text_kept (const char *kept_as, gboolean newer, guint64 saved);
char *dw_store_text_copied (guint64 copied);
char *dw_store_text_held (const DwStoreHolder *holder);

G_END_DECLS
