/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

void dw_history_actions_export (GtkWindow *window, DwChat *chat);
void dw_history_actions_delete (GtkWindow *window, DwChat *chat);

char *dw_history_actions_dup_file_name (const char *stage, const char *date);

G_END_DECLS
