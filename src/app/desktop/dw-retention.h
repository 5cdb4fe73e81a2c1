/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat-list.h"

G_BEGIN_DECLS

#define DW_TYPE_RETENTION (dw_retention_get_type ())
G_DECLARE_FINAL_TYPE (DwRetention, dw_retention, DW, RETENTION, GObject)

DwRetention *dw_retention_new (DwChatList *chats, GSettings *settings);
gboolean dw_retention_is_none (GSettings *settings);

G_END_DECLS
