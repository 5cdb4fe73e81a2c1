/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-frame.h"

G_BEGIN_DECLS

/** DW_NOTICE_SHOWN: how many characters of a frame are quoted. */
#define DW_NOTICE_SHOWN 200

char *dw_notice_of_frame (const DwFrame *frame);

G_END_DECLS
