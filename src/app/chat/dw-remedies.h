/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/messages/dw-message.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_REMEDIES (dw_remedies_get_type ())
G_DECLARE_FINAL_TYPE (DwRemedies, dw_remedies, DW, REMEDIES, GtkWidget)

GtkWidget *dw_remedies_new (void);
void dw_remedies_set_message (DwRemedies *self, DwMessage *message);

G_END_DECLS
