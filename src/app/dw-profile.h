/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat-list.h"
#include "client/messages/dw-today.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_PROFILE (dw_profile_get_type ())
G_DECLARE_FINAL_TYPE (DwProfile, dw_profile, DW, PROFILE, GObject)

DwProfile *dw_profile_new (const char *name);
void dw_profile_open (DwProfile *self);
void dw_profile_close (DwProfile *self);

GSettings *dw_profile_get_settings (DwProfile *self);
DwToday *dw_profile_get_today (DwProfile *self);
DwChatList *dw_profile_get_chats (DwProfile *self);
const char *dw_profile_get_own_name (DwProfile *self);
void dw_profile_remember_chat (DwProfile *self, DwChat *chat);
DwChat *dw_profile_recall_chat (DwProfile *self);

DwChat *dw_profile_open_address (DwProfile *self, const char *address, const char *own_name, GError **error);
DwChat *dw_profile_change_stage (DwProfile *self, DwChat *chat, DwStage *wanted, GError **error);
void dw_profile_open_local_async (DwProfile *self,
                                  const char *own_name,
                                  GAsyncReadyCallback callback,
                                  gpointer data);
DwChat *dw_profile_open_local_finish (DwProfile *self, GAsyncResult *result, GError **error);

G_END_DECLS
