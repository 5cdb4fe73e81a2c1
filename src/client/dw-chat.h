/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-conversation.h"
#include "dw-outbox.h"
#include "dw-session.h"
#include "dw-stage.h"

G_BEGIN_DECLS

#define DW_TYPE_CHAT (dw_chat_get_type ())
G_DECLARE_FINAL_TYPE (DwChat, dw_chat, DW, CHAT, GObject)

/** DW_CHAT_UNREADABLE_SHOWN: how many characters of an unreadable frame its notice quotes. */
#define DW_CHAT_UNREADABLE_SHOWN 200

DwChat *dw_chat_new (DwStage *stage, const DwSessionPolicy *policy, GNetworkMonitor *monitor);

DwStage *dw_chat_get_stage (DwChat *self);
DwSession *dw_chat_get_session (DwChat *self);
DwConversation *dw_chat_get_conversation (DwChat *self);
DwOutbox *dw_chat_get_outbox (DwChat *self);

const char *dw_chat_get_draft (DwChat *self);
void dw_chat_set_draft (DwChat *self, const char *draft);

DwMessage *dw_chat_say (DwChat *self, const char *text);
gboolean dw_chat_send_again (DwChat *self, const char *id);

G_END_DECLS
