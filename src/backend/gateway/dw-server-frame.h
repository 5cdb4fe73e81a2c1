/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwServerFrame:
 * @text: its text; of a binary frame what there is before its first NUL
 * @bytes: the frame as it is on the wire
 *
 * A frame, encoded once for all its receivers.
 */
typedef struct
{
  char *text;
  GBytes *bytes;
} DwServerFrame;

DwServerFrame *dw_server_frame_new (const char *text);
DwServerFrame *dw_server_frame_new_payload (GBytes *payload);
void dw_server_frame_free (DwServerFrame *frame);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwServerFrame, dw_server_frame_free)

G_END_DECLS
