/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-frame-reader.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/** DW_SWARM_OWED: how many bytes may wait for one peer that does not read, in bytes. */
#define DW_SWARM_OWED (128 * 1024)

/** DW_SWARM_READ: how many bytes are read at once, in a buffer that all connections share. */
#define DW_SWARM_READ (64 * 1024)

/**
 * DwSwarmTarget:
 * @host: a host name or IP address; IPv6 without its brackets
 * @port: the port
 * @secure: whether to use TLS
 * @direct: whether to bypass proxies
 * @authority: the value of the Host header
 * @target: path and query
 * @agent: (nullable): the User-Agent
 * @headers: (nullable) (element-type utf8 utf8): extra headers; they may hold secrets
 * @protocols: (nullable) (array zero-terminated=1): subprotocols to offer
 * @database: (nullable): the trusted certificates; %NULL for the system's
 * @handshake_ms: how long a connection may take to open, in milliseconds
 *
 * Where a swarm connects, and how. It has to outlive the swarm.
 */
typedef struct
{
  const char *host;
  guint16 port;
  gboolean secure;
  gboolean direct;
  const char *authority;
  const char *target;
  const char *agent;
  GHashTable *headers;
  char **protocols;
  GTlsDatabase *database;
  guint handshake_ms;
} DwSwarmTarget;

/**
 * DwSwarmEvents:
 * @opened: a connection is open, after so many microseconds
 * @failed: a connection did not open; the HTTP status, or 0 without an answer. The error is untrusted text
 * @message: a message of text or a binary one arrived
 * @closed: a connection ended, with this close code; 1005 if the peer's close frame has none, 1006 if there was no
 *   close frame, 1002 if what arrived was none of WebSocket
 *
 * What a swarm reports, in the thread of the main loop and never from within a call of this interface.
 */
typedef struct
{
  void (*opened) (guint index, gint64 took_us, gpointer data);
  void (*failed) (guint index, guint status, const GError *error, gpointer data);
  void (*message) (guint index, const DwFrameRead *message, gpointer data);
  void (*closed) (guint index, guint code, gpointer data);
} DwSwarmEvents;

/**
 * DwSwarm:
 *
 * Many client connections to one stage, each in as little memory and time as it takes to count what arrives.
 */
typedef struct _DwSwarm DwSwarm;

DwSwarm *dw_swarm_new (const DwSwarmTarget *target, guint size, const DwSwarmEvents *events, gpointer data);
void dw_swarm_free (DwSwarm *self);
void dw_swarm_open (DwSwarm *self, guint index);
gboolean dw_swarm_send (DwSwarm *self, guint index, const char *text, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwSwarm, dw_swarm_free)

G_END_DECLS
