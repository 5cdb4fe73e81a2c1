/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-frame.h"

G_BEGIN_DECLS

/** DW_FINGERPRINT_ID_BYTES: the longest id that counts as one; ours have 36. */
#define DW_FINGERPRINT_ID_BYTES 128

/** DW_FINGERPRINT_BYTES: how long a fingerprint is, whatever it was made of. */
#define DW_FINGERPRINT_BYTES 64

char *dw_fingerprint_of_frame (const DwFrame *frame);
char *dw_fingerprint (const char *id, const char *sender, const char *text);

G_END_DECLS
