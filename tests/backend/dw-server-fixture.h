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
} ServerFixture;

typedef struct
{
  SoupWebsocketConnection *socket;
  GPtrArray *texts;
  guint status;
  gboolean settled;
  gboolean closed;
} Client;

void fixture_init (ServerFixture *fixture);
void fixture_init_with (ServerFixture *fixture, DwServerConfig *config);
void fixture_clear (ServerFixture *fixture);
guint fixture_count_ids (ServerFixture *fixture);
gboolean fixture_is_idle (gpointer fixture);
guint fixture_request (ServerFixture *fixture,
                       const char *method,
                       const char *path,
                       const char *token,
                       GBytes *body,
                       char **answer,
                       char **error_type);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ServerFixture, fixture_clear)

Client *client_new (ServerFixture *fixture);
Client *client_new_at (ServerFixture *fixture, const char *path, const char *origin);
Client *client_new_offering (ServerFixture *fixture, const char *path, const char *origin, char **protocols);
void client_free (Client *client);
char *client_receive (Client *client);
void client_send (Client *client, const char *text);
gboolean client_is_closed (gpointer client);
char *client_dup_id (Client *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

G_END_DECLS
