/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat-list.h"

#include <adwaita.h>

G_BEGIN_DECLS

/** DW_REMOVAL_SECONDS: how long a stage that was removed can be put back, in seconds. */
#define DW_REMOVAL_SECONDS 10

#define DW_TYPE_REMOVAL (dw_removal_get_type ())
G_DECLARE_FINAL_TYPE (DwRemoval, dw_removal, DW, REMOVAL, GObject)

DwRemoval *dw_removal_new (DwChatList *chats, DwChat *chat);
AdwToast *dw_removal_make_toast (DwRemoval *self);

G_END_DECLS
