/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwCaller:
 * @connection_id: its connection ID
 * @connected_at: when the connection was made, in milliseconds since 1970 UTC
 * @source_ip: (nullable): where it comes from
 * @user_agent: (nullable): what it says it is
 * @domain_name: (nullable): the host it connected to
 * @headers: name, value, name, value …, %NULL-terminated: its handshake, without `Connection` and `Upgrade`
 * @query: the same for its query, decoded
 *
 * The client at the other end of a connection. Immutable.
 */
typedef struct
{
  char *connection_id;
  gint64 connected_at;
  char *source_ip;
  char *user_agent;
  char *domain_name;
  char **headers;
  char **query;
} DwCaller;

/** DW_CALLER_USER_AGENT: how many bytes of a User-Agent an open connection keeps; browsers send about 130. */
#define DW_CALLER_USER_AGENT 512

/** DW_CALLER_DOMAIN_NAME: how many bytes of the host are kept; a name has up to 253, a port 6 more. */
#define DW_CALLER_DOMAIN_NAME 260

DwCaller *dw_caller_new (const char *connection_id, gint64 connected_at);
DwCaller *dw_caller_new_slim (const DwCaller *caller);
DwCaller *dw_caller_ref (DwCaller *caller);
void dw_caller_unref (DwCaller *caller);
const char *dw_caller_get_header (const DwCaller *caller, const char *name);
const char *dw_caller_get_query (const DwCaller *caller, const char *name);
const char *dw_caller_get_token (const DwCaller *caller);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwCaller, dw_caller_unref)

G_END_DECLS
