/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_MESSAGE_PARTS (dw_message_parts_get_type ())
G_DECLARE_FINAL_TYPE (DwMessageParts, dw_message_parts, DW, MESSAGE_PARTS, GtkWidget)

GtkWidget *dw_message_parts_new (void);
void dw_message_parts_show (DwMessageParts *self, GPtrArray *parts);

G_END_DECLS
