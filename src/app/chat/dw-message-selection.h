/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/messages/dw-message.h"

G_BEGIN_DECLS

#define DW_TYPE_MESSAGE_SELECTION (dw_message_selection_get_type ())
G_DECLARE_FINAL_TYPE (DwMessageSelection, dw_message_selection, DW, MESSAGE_SELECTION, GObject)

/** DW_MESSAGE_SELECTION_MOST: how many messages can be selected. */
#define DW_MESSAGE_SELECTION_MOST 1000

/** DW_MESSAGE_SELECTION_BYTES: and how large they are together, as dw_record_get_size() counts. */
#define DW_MESSAGE_SELECTION_BYTES (4 * 1024 * 1024)

DwMessageSelection *dw_message_selection_new (void);
gboolean dw_message_selection_add (DwMessageSelection *self, DwMessage *message);
gboolean dw_message_selection_toggle (DwMessageSelection *self, DwMessage *message);
void dw_message_selection_drop (DwMessageSelection *self, DwMessage *message);
gboolean dw_message_selection_has (DwMessageSelection *self, DwMessage *message);
guint dw_message_selection_get_n (DwMessageSelection *self);
char *dw_message_selection_dup_text (DwMessageSelection *self);

G_END_DECLS
