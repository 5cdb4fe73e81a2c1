/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-message.h"

#include "client/stages/dw-stage.h"
#include "client/store/dw-store-lines.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_CONVERSATION (dw_conversation_get_type ())
G_DECLARE_FINAL_TYPE (DwConversation, dw_conversation, DW, CONVERSATION, GObject)

/** DW_CONVERSATION_TICK_MS: the model and the store change at most this often, in milliseconds: a frame's time. */
#define DW_CONVERSATION_TICK_MS 16

/** DW_CONVERSATION_PATIENCE_MS: another person's line is shown after this time even if it is not in the store yet. */
#define DW_CONVERSATION_PATIENCE_MS 40

/** DW_CONVERSATION_UNSAVED_BYTES: above so much that is not in the store yet #DwConversation:congested is set. It is what a
 * program that is killed loses: a tenth of a second’s work of the store on a machine with two busy processors (measured). */
#define DW_CONVERSATION_UNSAVED_BYTES (512 * 1024)

/** DW_CONVERSATION_STUCK_MS: unless the store has saved nothing of it for so long, in milliseconds. */
#define DW_CONVERSATION_STUCK_MS 2000

/** DW_CONVERSATION_ARRIVED: how many lines wait for a tick; one more does not wait for it. */
#define DW_CONVERSATION_ARRIVED 1000

/** DW_CONVERSATION_ARRIVED_BYTES: and how large they are together. */
#define DW_CONVERSATION_ARRIVED_BYTES (4 * 1024 * 1024)

/** DW_CONVERSATION_UNOPENED: how many lines wait while the store cannot be read; what comes on top is dropped. */
#define DW_CONVERSATION_UNOPENED 50000

/** DW_CONVERSATION_UNOPENED_BYTES: and how large they are together. */
#define DW_CONVERSATION_UNOPENED_BYTES (32 * 1024 * 1024)

DwConversation *dw_conversation_new (DwStore *store, DwStage *stage);
void dw_conversation_set_patience (DwConversation *self, guint patience_ms);
gboolean dw_conversation_is_congested (DwConversation *self);
gboolean dw_conversation_is_settled (DwConversation *self);
void dw_conversation_flush (DwConversation *self);
gboolean dw_conversation_append (DwConversation *self, DwMessage *message);
void dw_conversation_remove (DwConversation *self, DwMessage *message);
gboolean dw_conversation_contains (DwConversation *self, DwMessage *message);
void dw_conversation_reload (DwConversation *self);
DwMessage *dw_conversation_find (DwConversation *self, const char *id);
DwMessage *dw_conversation_peek_line (DwConversation *self, gint64 place);
gint64 dw_conversation_get_last_place (DwConversation *self);
gboolean dw_conversation_get_position (DwConversation *self, gint64 place, guint *position);
void dw_conversation_set_unread_from (DwConversation *self, gint64 place);

G_END_DECLS
