/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat-list.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define DW_TYPE_APPLICATION (dw_application_get_type ())
G_DECLARE_FINAL_TYPE (DwApplication, dw_application, DW, APPLICATION, AdwApplication)

DwApplication *dw_application_new (const char *profile);

gboolean dw_application_asks_before_close (DwApplication *self, GtkWindow *window);
GSettings *dw_application_get_settings (DwApplication *self);
DwChatList *dw_application_get_chats (DwApplication *self);
const char *dw_application_get_own_name (DwApplication *self);
void dw_application_remember_chat (DwApplication *self, DwChat *chat);
DwChat *dw_application_recall_chat (DwApplication *self);
DwChat *dw_application_open_address (DwApplication *self,
                                     const char *address,
                                     const char *own_name,
                                     GError **error);
DwChat *dw_application_change_stage (DwApplication *self, DwChat *chat, DwStage *wanted, GError **error);
void dw_application_open_local_async (DwApplication *self,
                                      const char *own_name,
                                      GAsyncReadyCallback callback,
                                      gpointer data);
DwChat *dw_application_open_local_finish (DwApplication *self, GAsyncResult *result, GError **error);

G_END_DECLS
