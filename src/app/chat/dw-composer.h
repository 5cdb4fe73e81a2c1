/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_COMPOSER (dw_composer_get_type ())
G_DECLARE_FINAL_TYPE (DwComposer, dw_composer, DW, COMPOSER, GtkWidget)

void dw_composer_set_chat (DwComposer *self, DwChat *chat);
void dw_composer_insert (DwComposer *self, const char *text);
void dw_composer_focus (DwComposer *self);
gboolean dw_composer_take_key (DwComposer *self, GtkEventControllerKey *controller);

void dw_composer_choose_emoji (DwComposer *self);
GtkEventController *dw_composer_new_drop_target (DwComposer *self);

G_END_DECLS
