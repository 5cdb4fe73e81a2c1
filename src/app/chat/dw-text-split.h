/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef gboolean (*DwTextFits) (const char *text, gpointer data);

/** DW_TEXT_SPLIT_PARTS: the most parts a text is split into. */
#define DW_TEXT_SPLIT_PARTS 100

char **dw_text_split (const char *text, DwTextFits fits, gpointer data);

G_END_DECLS
