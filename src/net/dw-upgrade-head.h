/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** DW_UPGRADE_HEAD_BYTES: the largest head of an answer, in bytes, including interim answers before it. */
#define DW_UPGRADE_HEAD_BYTES (64 * 1024)

/** DW_UPGRADE_BODY_BYTES: how much of a refusal's body is read, in bytes. */
#define DW_UPGRADE_BODY_BYTES 4096

/** DW_UPGRADE_BODY_MS: how long to wait for a refusal's body, in milliseconds; the status is already known. */
#define DW_UPGRADE_BODY_MS 500

/** DW_UPGRADE_REASON_BYTES: the longest reason phrase that is kept, in bytes. */
#define DW_UPGRADE_REASON_BYTES 200

/** DW_UPGRADE_TEXT_BYTES: how much of a head dw_upgrade_head_write() writes, in bytes. */
#define DW_UPGRADE_TEXT_BYTES (8 * 1024)

/**
 * DwUpgradeRequest:
 * @host: the host, with its port if that is not the scheme's default
 * @target: path and query, sent byte for byte except that non-ASCII is percent-encoded (RFC 3987 section 3.1)
 * @key: what dw_upgrade_key_new() made
 * @agent: (nullable): the User-Agent
 * @headers: (nullable) (element-type utf8 utf8): extra headers; they may hold secrets
 * @protocols: (nullable) (array zero-terminated=1): subprotocols to offer
 *
 * A request to upgrade. It has no Origin header, which is for browsers.
 */
typedef struct
{
  const char *host;
  const char *target;
  const char *key;
  const char *agent;
  GHashTable *headers;
  char **protocols;
} DwUpgradeRequest;

/**
 * DwUpgradeHeader:
 * @name: its name, a token
 * @value: its value, made valid UTF-8; as untrusted as a message
 *
 * One header.
 */
typedef struct
{
  char *name;
  char *value;
} DwUpgradeHeader;

/**
 * DwUpgradeHead:
 * @status: the HTTP status
 * @reason: the reason phrase: UTF-8 without control characters, at most %DW_UPGRADE_REASON_BYTES
 * @old: whether it is HTTP/1.0
 * @headers: (element-type DwUpgradeHeader): the headers, in order
 * @rest: what came after the head: frames, or the beginning of a refusal's body
 *
 * The answer to an upgrade.
 */
typedef struct
{
  guint status;
  char *reason;
  gboolean old;
  GPtrArray *headers;
  GBytes *rest;
} DwUpgradeHead;

char *dw_upgrade_key_new (void);
char *dw_upgrade_request_write (const DwUpgradeRequest *request, gboolean redacted, GError **error);

DwUpgradeHead *dw_upgrade_head_parse (const char *bytes, gsize length, GError **error);
void dw_upgrade_head_free (DwUpgradeHead *head);
const char *dw_upgrade_head_get (const DwUpgradeHead *head, const char *name);
gboolean dw_upgrade_head_check (const DwUpgradeHead *head, const DwUpgradeRequest *request, GError **error);
char *dw_upgrade_head_dup_body (const DwUpgradeHead *head);
char *dw_upgrade_head_write (const DwUpgradeHead *head);

void dw_upgrade_head_exchange_async (GIOStream *stream,
                                     const char *request,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data);
DwUpgradeHead *dw_upgrade_head_exchange_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwUpgradeHead, dw_upgrade_head_free)

G_END_DECLS
