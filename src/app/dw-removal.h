/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat-list.h"

#include <adwaita.h>

G_BEGIN_DECLS

/** DW_REMOVAL_SECONDS: how long a stage that was removed can be put back. */
#define DW_REMOVAL_SECONDS 10

AdwToast *dw_removal_new_toast (DwChatList *chats, DwChat *chat);

G_END_DECLS
