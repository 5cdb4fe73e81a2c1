/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat-list.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

void dw_about_show (GtkWindow *window, DwChatList *chats);

G_END_DECLS
