/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwHttpRequest:
 * @method: the HTTP method
 * @url: where to, `https` or `http`
 * @headers: (nullable): “Name: value”, %NULL-terminated
 * @body: (nullable): what is sent
 * @deadline: monotonic, in microseconds; 0 for none, only for the request that waits for the next event
 *
 * A request.
 */
typedef struct
{
  const char *method;
  const char *url;
  const char *const *headers;
  GBytes *body;
  gint64 deadline;
} DwHttpRequest;

/**
 * DwHttpResponse:
 * @status: the HTTP status
 * @headers: (element-type utf8 utf8): lower-case name to the last value, only of headers that begin with “x-” or “l”,
 *   which AWS and the runtime API use, and `date` if the status is no 2xx; at most %DW_HTTP_HEADERS
 * @body: the body, at most %DW_HTTP_BODY_BYTES
 *
 * An answer.
 */
typedef struct
{
  guint status;
  GHashTable *headers;
  GByteArray *body;
} DwHttpResponse;

void dw_http_response_free (DwHttpResponse *response);
gint64 dw_http_response_get_time (const DwHttpResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwHttpResponse, dw_http_response_free)

/** DW_HTTP_BODY_BYTES: the longest answer; a page of DynamoDB has at most a megabyte, an event at most 6. */
#define DW_HTTP_BODY_BYTES (8 * 1024 * 1024)

/** DW_HTTP_HEADERS: how many headers of an answer are kept. */
#define DW_HTTP_HEADERS 64

/** DW_HTTP_CONNECTIONS: how many connections at once; a Lambda function has 1,024 descriptors. */
#define DW_HTTP_CONNECTIONS 600

/** DW_HTTP_CONNECT_MS: the longest that resolving, TCP and TLS may take, in milliseconds. */
#define DW_HTTP_CONNECT_MS 5000

/** DW_HTTP_IDLE_SECONDS: an idle connection older than this is not used again. */
#define DW_HTTP_IDLE_SECONDS 330

#define DW_TYPE_HTTP (dw_http_get_type ())
G_DECLARE_FINAL_TYPE (DwHttp, dw_http, DW, HTTP, GObject)

DwHttp *dw_http_new (const char *ca_file);
void dw_http_send_async (DwHttp *self,
                         const DwHttpRequest *request,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data);
DwHttpResponse *dw_http_send_finish (DwHttp *self, GAsyncResult *result, GError **error);

G_END_DECLS
