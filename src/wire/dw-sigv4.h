/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwSigv4Request:
 * @method: the HTTP method
 * @path: the path as it is on the wire, already percent-encoded
 * @query: (nullable): the query as it is on the wire
 * @headers: (element-type utf8 utf8): lower-case name to value
 * @body: (nullable): what was sent
 * @hash: (nullable): the SHA-256 of @body in hexadecimal, if already known
 *
 * The request a signature covers.
 */
typedef struct
{
  const char *method;
  const char *path;
  const char *query;
  GHashTable *headers;
  GBytes *body;
  const char *hash;
} DwSigv4Request;

/**
 * DwSigv4Scope:
 * @date: `yyyymmddThhmmssZ`
 * @region: such as `us-east-1`
 * @service: such as `execute-api`
 *
 * What a signature is valid for.
 */
typedef struct
{
  const char *date;
  const char *region;
  const char *service;
} DwSigv4Scope;

/** DW_SIGV4_SKEW_SECONDS: how far a request's date may be from the clock; AWS documents five minutes. */
#define DW_SIGV4_SKEW_SECONDS 300

/** DW_SIGV4_KEY_BYTES: the length of a signing key. */
#define DW_SIGV4_KEY_BYTES 32

void dw_sigv4_derive_key (const DwSigv4Scope *scope, const char *secret, guint8 key[DW_SIGV4_KEY_BYTES]);
char *dw_sigv4_sign_with_key (const DwSigv4Request *request,
                              const char *signed_headers,
                              const DwSigv4Scope *scope,
                              const guint8 key[DW_SIGV4_KEY_BYTES]);
char *dw_sigv4_canonical_request (const DwSigv4Request *request, const char *signed_headers);
char *dw_sigv4_sign (const DwSigv4Request *request,
                     const char *signed_headers,
                     const DwSigv4Scope *scope,
                     const char *secret);
gboolean dw_sigv4_verify (const DwSigv4Request *request,
                          const char *service,
                          const char *key_id,
                          const char *secret,
                          gint64 now,
                          GError **error);

G_END_DECLS
