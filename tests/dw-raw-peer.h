/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_RAW_PEER (dw_raw_peer_get_type ())
G_DECLARE_FINAL_TYPE (DwRawPeer, dw_raw_peer, DW, RAW_PEER, GObject)

/* A peer that writes exactly the bytes it is told to, right or wrong, and never closes by itself. It answers each
 * upgrade with @answer, with a proper 101 if that is NULL, or not at all if it is empty. A greeting is sent with that
 * answer, and a notification when the client has sent its first text. */
DwRawPeer *dw_raw_peer_new (const char *answer);
char *dw_raw_peer_dup_url (DwRawPeer *self);
void dw_raw_peer_set_answer (DwRawPeer *self, const char *answer);
void dw_raw_peer_set_greeting (DwRawPeer *self, const char *bytes, gsize length);
void dw_raw_peer_set_greeting_text (DwRawPeer *self, const char *text);
void dw_raw_peer_set_notification (DwRawPeer *self, const char *text);
void dw_raw_peer_set_pongs (DwRawPeer *self, gboolean pongs);
void dw_raw_peer_set_deaf (DwRawPeer *self, gboolean deaf);
void dw_raw_peer_set_protocol (DwRawPeer *self, const char *protocol);
guint dw_raw_peer_get_frames (DwRawPeer *self);
void dw_raw_peer_drop_oldest (DwRawPeer *self);
guint dw_raw_peer_get_attempts (DwRawPeer *self);
guint dw_raw_peer_get_open (DwRawPeer *self);
const char *dw_raw_peer_get_last_request (DwRawPeer *self);
GPtrArray *dw_raw_peer_get_texts (DwRawPeer *self);
guint dw_raw_peer_get_n_frames (DwRawPeer *self, const char *part);
const char *dw_raw_peer_get_last_frame (DwRawPeer *self);
guint dw_raw_peer_get_n_pongs (DwRawPeer *self);
guint dw_raw_peer_get_last_close (DwRawPeer *self);
void dw_raw_peer_write (DwRawPeer *self, const void *bytes, gsize length);
void dw_raw_peer_write_frame (DwRawPeer *self, guint8 first_byte, const void *payload, gsize length);
void dw_raw_peer_write_text (DwRawPeer *self, const char *text);
void dw_raw_peer_drop (DwRawPeer *self, gboolean reset);

G_END_DECLS
