/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-chat.h"

#include "client/stages/dw-secrets.h"
#include "client/stages/dw-stage-list.h"
#include "client/store/dw-store-expiry.h"

G_BEGIN_DECLS

#define DW_TYPE_CHAT_LIST (dw_chat_list_get_type ())
G_DECLARE_FINAL_TYPE (DwChatList, dw_chat_list, DW, CHAT_LIST, GObject)

DwChatList *dw_chat_list_new (DwStore *store, DwStore *history, DwSessionPolicy *policy, GNetworkMonitor *monitor);
void dw_chat_list_load (DwChatList *self);
gboolean dw_chat_list_is_loaded (DwChatList *self);
guint dw_chat_list_get_unread (DwChatList *self);
void dw_chat_list_expire (DwChatList *self, const DwStoreExpiry *expiry);
void dw_chat_list_close (DwChatList *self, gboolean keeps);

DwStore *dw_chat_list_get_history (DwChatList *self);
DwStageList *dw_chat_list_get_stages (DwChatList *self);
DwSecrets *dw_chat_list_get_secrets (DwChatList *self);
DwChat *dw_chat_list_find_by_url (DwChatList *self, const DwStageUrl *url);
DwChat *dw_chat_list_find (DwChatList *self, const char *uuid);

DwChat *dw_chat_list_open (DwChatList *self, DwStage *stage, GError **error);
DwChat *dw_chat_list_change (DwChatList *self, DwChat *chat, DwStage *wanted, GError **error);
void dw_chat_list_remove (DwChatList *self, DwChat *chat);
void dw_chat_list_restore (DwChatList *self, DwStage *stage, guint position);
void dw_chat_list_forget (DwChatList *self, DwStage *stage);
gboolean dw_chat_list_get_position (DwChatList *self, DwChat *chat, guint *position);
void dw_chat_list_connect (DwChatList *self, DwChat *chat);
void dw_chat_list_open_local_async (DwChatList *self,
                                    const char *own_name,
                                    GAsyncReadyCallback callback,
                                    gpointer data);
DwChat *dw_chat_list_open_local_finish (DwChatList *self, GAsyncResult *result, GError **error);

G_END_DECLS
