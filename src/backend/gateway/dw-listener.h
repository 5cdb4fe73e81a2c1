/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-arrivals.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define DW_TYPE_LISTENER (dw_listener_get_type ())
G_DECLARE_FINAL_TYPE (DwListener, dw_listener, DW, LISTENER, GObject)

/** DW_LISTENER_BACKLOG: how many connections may wait to be accepted. */
#define DW_LISTENER_BACKLOG 1024

/** DW_LISTENER_PAUSE_MS: how long to pause when there is no descriptor left, in milliseconds. */
#define DW_LISTENER_PAUSE_MS 100

/** DW_LISTENER_CROWD_MS: how long to pause when too many clients arrive at once, in milliseconds. */
#define DW_LISTENER_CROWD_MS 10

DwListener *dw_listener_new (SoupServer *server,
                             DwArrivals *arrivals,
                             GTlsCertificate *certificate,
                             guint patience);
gboolean dw_listener_listen (DwListener *self, GSocketAddress *address, GError **error);
void dw_listener_set_certificate (DwListener *self, GTlsCertificate *certificate);
void dw_listener_stop (DwListener *self);
char *dw_listener_dup_url (DwListener *self, const char *stage);

G_END_DECLS
