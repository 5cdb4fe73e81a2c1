/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** DW_FORWARDED_HOPS: how many addresses of an `X-Forwarded-For` are looked at, from its end. */
#define DW_FORWARDED_HOPS 32

/** DW_FORWARDED_HOP_BYTES: the longest such address in bytes, with brackets, port and blanks. */
#define DW_FORWARDED_HOP_BYTES 64

GInetAddressMask *dw_forwarded_parse_proxy (const char *text, GError **error);
gboolean dw_forwarded_is_trusted (GPtrArray *proxies, GInetAddress *address);
GInetAddress *dw_forwarded_find_client (GPtrArray *proxies, GInetAddress *peer, const char *header);
gboolean dw_forwarded_is_encrypted (const char *header, gboolean otherwise);
guint dw_forwarded_find_port (const char *header, gboolean encrypted);

G_END_DECLS
