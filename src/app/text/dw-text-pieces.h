/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void dw_text_pieces_cut (GtkTextBuffer *buffer);

G_END_DECLS
