/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-message-selection.h"

#include "wire/dw-fold.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_MESSAGE_ROW (dw_message_row_get_type ())
G_DECLARE_FINAL_TYPE (DwMessageRow, dw_message_row, DW, MESSAGE_ROW, GtkWidget)

GtkWidget *dw_message_row_new (void);
void dw_message_row_set_message (DwMessageRow *self, DwMessage *message);
void dw_message_row_show_times (DwMessageRow *self);
void dw_message_row_set_selection (DwMessageRow *self, DwMessageSelection *selection);
void dw_message_row_set_own_name (DwMessageRow *self, const char *own_name);
void dw_message_row_mark (DwMessageRow *self, DwFold *fold, GPtrArray *words);
gboolean dw_message_row_waits (DwMessageRow *self);
void dw_message_row_complete (DwMessageRow *self);
DwMessage *dw_message_row_get_message (DwMessageRow *self);
GtkWidget *dw_message_row_get_bubble (DwMessageRow *self);
char *dw_message_row_dup_selected (DwMessageRow *self);
char *dw_message_row_dup_copy (DwMessage *message);
gint64 dw_message_row_get_place (DwMessageRow *self);
GtkWidget *dw_message_row_find_item (GtkWidget *list, gint64 place);
char *dw_message_row_dup_label (DwMessageRow *self);

G_END_DECLS
