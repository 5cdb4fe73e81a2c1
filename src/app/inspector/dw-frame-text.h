/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *dw_frame_text_spread (const char *untrusted, gsize max_chars, gboolean *cut);

G_END_DECLS
