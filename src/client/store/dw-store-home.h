/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-database.h"

G_BEGIN_DECLS

gboolean dw_store_home_is_away (DwDatabase *database,
                                const char *path,
                                const char *mark,
                                gint64 *waiting,
                                GError **error);
gboolean dw_store_home_enter (DwDatabase *database, const char *path, char **mark, gint64 *waiting, GError **error);
gboolean dw_store_home_carry (DwDatabase *from,
                              const char *from_path,
                              DwDatabase *to,
                              const char *to_path,
                              GError **error);
const char *dw_store_home_get_reason (void);

G_END_DECLS
