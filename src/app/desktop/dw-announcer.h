/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** DW_ANNOUNCER_PAUSE_S: the pause between two announcements, in seconds; messages that arrive meanwhile are counted.
 * */
#define DW_ANNOUNCER_PAUSE_S 3

#define DW_TYPE_ANNOUNCER (dw_announcer_get_type ())
G_DECLARE_FINAL_TYPE (DwAnnouncer, dw_announcer, DW, ANNOUNCER, GtkWidget)

void dw_announcer_set_chat (DwAnnouncer *self, DwChat *chat);

G_END_DECLS
