/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwServerConfig:
 * @stage: the stage's name, `[A-Za-z0-9_-]{1,128}`
 * @selection: the route selection expression
 * @two_way: the routes that have a route response, %NULL-terminated
 * @without_default: whether to leave out the `$default` route
 * @subprotocol: (nullable): the subprotocol that `$connect` chooses if a client offers it
 * @token: (nullable): the token a client needs to connect, in its query or a header
 * @origins: origins of web pages that may connect, such as `https://example.org`, %NULL-terminated; “*” for all
 * @management_token: (nullable): the bearer token of `@connections`
 * @key_id: (nullable): the access key ID that may sign requests to `@connections`
 * @secret: (nullable): its secret access key
 * @idle_ms: the longest a connection may be idle, in milliseconds; 10 minutes at API Gateway
 * @age_ms: the longest it may live, in milliseconds; 2 hours at API Gateway
 * @request_s: how long a connection may be silent before it becomes a WebSocket, in seconds
 * @integration_ms: the longest a handler may take, in milliseconds; 29 seconds at API Gateway
 * @connection_rate: new connections a second, as a rate and a burst; 0 for no limit; 500 at API Gateway
 * @rate: messages and posts a second; 0 for no limit
 * @burst: how many of these may go at once
 * @events: whether to log each event
 * @metrics: whether to serve `@metrics`
 * @functions: `ROUTE=COMMAND`: functions that take the place of handlers, %NULL-terminated
 * @reserves: `ROUTE=NUMBER`: how many events such a function may handle at once, %NULL-terminated
 * @function_ms: the longest a function may take, in milliseconds
 * @function_most: how many events all functions may handle at once
 * @registry: (nullable): path of the file for connection IDs and dead letters; without it the IDs are kept in
 *   memory and dead letters not at all
 * @replay: (nullable): path of a recorded session, which is played to clients; then their messages reach no route
 * @replay_speed: how many times as fast; 0 for as fast as it goes
 * @certificate: (nullable): for `wss`
 * @proxies: (nullable) (element-type GInetAddressMask): the reverse proxies whose `X-Forwarded-For` is believed
 *
 * What a stage can be configured to do. The configuration owns its strings.
 */
typedef struct
{
  char *stage;
  char *selection;
  char **two_way;
  gboolean without_default;
  char *subprotocol;
  char *token;
  char **origins;
  char *management_token;
  char *key_id;
  char *secret;
  gint64 idle_ms;
  gint64 age_ms;
  gint64 integration_ms;
  guint request_s;
  double connection_rate;
  double rate;
  double burst;
  gboolean events;
  gboolean metrics;
  char **functions;
  char **reserves;
  gint64 function_ms;
  guint function_most;
  char *registry;
  char *replay;
  double replay_speed;
  GTlsCertificate *certificate;
  GPtrArray *proxies;
} DwServerConfig;

DwServerConfig *dw_server_config_new (const char *stage);
void dw_server_config_free (DwServerConfig *config);
gboolean dw_server_config_check (const DwServerConfig *config, GError **error);
gboolean dw_server_config_has_secrets (const DwServerConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwServerConfig, dw_server_config_free)

G_END_DECLS
