/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_MESSAGE_ID_CHARS: the longest id of a message, in characters; ours have 36. */
#define DW_MESSAGE_ID_CHARS 128

/** DW_MESSAGE_ID_BYTES: the longest id of a message, in bytes. */
#define DW_MESSAGE_ID_BYTES (4 * DW_MESSAGE_ID_CHARS)

gboolean dw_message_id_is_valid (const char *id);

G_END_DECLS
