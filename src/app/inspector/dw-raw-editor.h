/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** DW_RAW_EDITOR_BYTES: how much an editor holds: as much as a message may. */
#define DW_RAW_EDITOR_BYTES (128 * 1024)

#define DW_TYPE_RAW_EDITOR (dw_raw_editor_get_type ())
G_DECLARE_FINAL_TYPE (DwRawEditor, dw_raw_editor, DW, RAW_EDITOR, GtkWidget)

void dw_raw_editor_set_chat (DwRawEditor *self, DwChat *chat);
void dw_raw_editor_edit (DwRawEditor *self, const char *frame);

G_END_DECLS
