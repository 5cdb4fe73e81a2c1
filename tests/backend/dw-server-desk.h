/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-test.h"

#include "backend/gateway/dw-server.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* A stage in this process and clients that are libsoup's own. */
typedef struct
{
  DwServer *server;
  SoupSession *http;
} ServerDesk;

typedef struct
{
  SoupWebsocketConnection *socket;
  GPtrArray *texts;
  guint status;
  gboolean settled;
  gboolean closed;
} Client;

void desk_init (ServerDesk *desk);
void desk_init_with (ServerDesk *desk, DwServerConfig *config);
void desk_clear (ServerDesk *desk);
guint desk_count_ids (ServerDesk *desk);
gboolean desk_is_idle (gpointer desk);
guint desk_request (ServerDesk *desk,
                    const char *method,
                    const char *path,
                    const char *token,
                    GBytes *body,
                    char **answer,
                    char **error_type);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ServerDesk, desk_clear)

Client *client_new (ServerDesk *desk);
Client *client_new_at (ServerDesk *desk, const char *path, const char *origin);
Client *client_new_offering (ServerDesk *desk, const char *path, const char *origin, char **protocols);
void client_free (Client *client);
char *client_receive (Client *client);
void client_send (Client *client, const char *text);
gboolean client_is_closed (gpointer client);
char *client_dup_id (Client *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

G_END_DECLS
