/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-raw-history.h"

#include "client/connection/dw-dialect-search.h"
#include "client/connection/dw-session.h"
#include "client/messages/dw-conversation.h"
#include "client/messages/dw-outbox.h"
#include "client/stages/dw-stage.h"

G_BEGIN_DECLS

#define DW_TYPE_CHAT (dw_chat_get_type ())
G_DECLARE_FINAL_TYPE (DwChat, dw_chat, DW, CHAT, GObject)

/** DW_CHAT_GAP_US: a shorter absence is not worth a line of the conversation, in microseconds. */
#define DW_CHAT_GAP_US (60 * G_USEC_PER_SEC)

DwChat *dw_chat_new (DwStage *stage, DwStore *store, DwSessionPolicy *policy, GNetworkMonitor *monitor);
void dw_chat_set_least_gap (DwChat *self, gint64 least);
void dw_chat_set_search (DwChat *self, DwDialectSearch *search);
void dw_chat_connect (DwChat *self);
void dw_chat_disconnect (DwChat *self);

DwStage *dw_chat_get_stage (DwChat *self);
DwSession *dw_chat_get_session (DwChat *self);
DwConversation *dw_chat_get_conversation (DwChat *self);
DwOutbox *dw_chat_get_outbox (DwChat *self);

DwStore *dw_chat_get_store (DwChat *self);
DwTrace *dw_chat_get_trace (DwChat *self);
DwRawHistory *dw_chat_get_raw_history (DwChat *self);
char *dw_chat_dup_last_words (DwChat *self, gint64 *said_at);
guint dw_chat_get_unread (DwChat *self);
void dw_chat_set_attended (DwChat *self, gboolean attended);
void dw_chat_mark_read (DwChat *self);

DwMessage *dw_chat_say (DwChat *self, const char *text);
gboolean dw_chat_send_again (DwChat *self, const char *id);
char *dw_chat_discard (DwChat *self, const char *id);
gboolean dw_chat_can_delete (DwChat *self, DwMessage *message);
gboolean dw_chat_delete (DwChat *self, DwMessage *message);
guint64 dw_chat_find_frame (DwChat *self, DwMessage *message);
void dw_chat_answer_asking (DwChat *self, gboolean send);
void dw_chat_clear_history (DwChat *self);

G_END_DECLS
