/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwStoreSalvage:
 * @messages: how many messages were saved
 * @complete: whether nothing was lost: only an index was damaged
 *
 * What could be read of a damaged file.
 */
typedef struct
{
  guint64 messages;
  gboolean complete;
} DwStoreSalvage;

gboolean dw_store_salvage (const char *from, const char *to, DwStoreSalvage *salvage, GError **error);

G_END_DECLS
