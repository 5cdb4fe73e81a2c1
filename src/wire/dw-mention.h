/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean dw_mention_is (const char *text, const char *name);

G_END_DECLS
