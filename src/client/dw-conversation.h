/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-message.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_CONVERSATION (dw_conversation_get_type ())
G_DECLARE_FINAL_TYPE (DwConversation, dw_conversation, DW, CONVERSATION, GObject)

/** DW_CONVERSATION_MESSAGES: how many messages are kept in memory; then the oldest tenth goes. */
#define DW_CONVERSATION_MESSAGES 50000

/** DW_CONVERSATION_TICK_MS: the model changes at most this often, in milliseconds: one frame of the screen. */
#define DW_CONVERSATION_TICK_MS 16

DwConversation *dw_conversation_new (void);
void dw_conversation_append (DwConversation *self, DwMessage *message);
DwMessage *dw_conversation_find (DwConversation *self, const char *id);
void dw_conversation_flush (DwConversation *self);

G_END_DECLS
