/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-database.h"

G_BEGIN_DECLS

/** DW_SCHEMA_VERSION: what this program writes into `user_version`. */
#define DW_SCHEMA_VERSION 5

/** DW_SCHEMA_APPLICATION: what it writes into `application_id`: “DWch”. */
#define DW_SCHEMA_APPLICATION 0x44576368

gboolean dw_schema_prepare (DwDatabase *database, GError **error);

G_END_DECLS
