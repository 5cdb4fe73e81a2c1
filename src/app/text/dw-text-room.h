/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

gboolean dw_text_room_keep (GtkTextBuffer *buffer,
                            GtkTextIter *at,
                            const char *text,
                            int length,
                            gsize room,
                            guint *left_out);

G_END_DECLS
