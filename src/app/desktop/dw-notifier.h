/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat-list.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_NOTIFIER (dw_notifier_get_type ())
G_DECLARE_FINAL_TYPE (DwNotifier, dw_notifier, DW, NOTIFIER, GObject)

/** DW_NOTIFIER_CHARS: how much of a message a notification shows. */
#define DW_NOTIFIER_CHARS 200

/** DW_NOTIFIER_PAUSE_S: the least time between two notifications of a stage, in seconds; the next one shows the
 * newest message. */
#define DW_NOTIFIER_PAUSE_S 1

DwNotifier *dw_notifier_new (GApplication *application, DwChatList *chats, GSettings *settings);

G_END_DECLS
