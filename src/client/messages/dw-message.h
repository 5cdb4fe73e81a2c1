/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/store/dw-record.h"

#include <glib-object.h>

G_BEGIN_DECLS

#define DW_TYPE_MESSAGE (dw_message_get_type ())
G_DECLARE_FINAL_TYPE (DwMessage, dw_message, DW, MESSAGE, GObject)

DwMessage *dw_message_new (DwMessageKind kind, const char *text, const char *sender, const char *id, gint64 time);

DwMessage *dw_message_new_from_record (const DwRecord *record);
DwMessage *dw_message_new_blank (gint64 place);
void dw_message_fill (DwMessage *self, const DwRecord *record);

const DwRecord *dw_message_get_record (DwMessage *self);
gint64 dw_message_get_place (DwMessage *self);
void dw_message_set_place (DwMessage *self, gint64 place);
DwMessageKind dw_message_get_kind (DwMessage *self);
const char *dw_message_get_text (DwMessage *self);
const char *dw_message_get_sender (DwMessage *self);
const char *dw_message_get_id (DwMessage *self);
gint64 dw_message_get_time (DwMessage *self);
gint64 dw_message_get_until (DwMessage *self);
void dw_message_set_until (DwMessage *self, gint64 until);
DwDeparture dw_message_get_departure (DwMessage *self);
void dw_message_set_departure (DwMessage *self, DwDeparture departure);
DwDelivery dw_message_get_delivery (DwMessage *self);
const char *dw_message_get_reason (DwMessage *self);
void dw_message_set_delivery (DwMessage *self, DwDelivery delivery, const char *reason);
gboolean dw_message_needs_decision (DwMessage *self);
gboolean dw_message_starts_group (DwMessage *self);
gboolean dw_message_ends_group (DwMessage *self);
void dw_message_set_group (DwMessage *self, gboolean starts, gboolean ends);

G_END_DECLS
