/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-credentials.h"
#include "dw-http.h"
#include "dw-tally.h"

G_BEGIN_DECLS

/**
 * DwServiceCall:
 * @method: the HTTP method
 * @path: the path as it is on the wire, already percent-encoded
 * @content_type: (nullable): what the body is
 * @target: (nullable): the operation, for a service of the JSON protocol (`X-Amz-Target`)
 * @invocation_type: (nullable): for Lambda's Invoke: how
 * @body: (nullable): what is sent
 *
 * One call of a service.
 */
typedef struct
{
  const char *method;
  const char *path;
  const char *content_type;
  const char *target;
  const char *invocation_type;
  GBytes *body;
} DwServiceCall;

/**
 * DwServiceCheck:
 * @response: an answer with a 2xx
 *
 * Returns: whether it arrived whole; else the call is made again
 */
typedef gboolean (*DwServiceCheck) (const DwHttpResponse *response);

/** DW_SERVICE_ATTEMPT_MS: for how long one attempt may take, in milliseconds; then it is made again. */
#define DW_SERVICE_ATTEMPT_MS 5000

/** DW_SERVICE_BASE_MS: the first backoff's ceiling, in milliseconds: that of AWS's SDK for DynamoDB. */
#define DW_SERVICE_BASE_MS 25

/** DW_SERVICE_CAP_MS: the last one; a function lives 29 seconds, so not the SDK's 20. */
#define DW_SERVICE_CAP_MS 1000

/** DW_SERVICE_PATIENCE_MS: how long a call may take where no deadline was set, in milliseconds. */
#define DW_SERVICE_PATIENCE_MS 25000

#define DW_TYPE_SERVICE (dw_service_get_type ())
G_DECLARE_FINAL_TYPE (DwService, dw_service, DW, SERVICE, GObject)

DwService *dw_service_new (DwHttp *http,
                           DwCredentials *credentials,
                           const char *region,
                           const char *name,
                           const char *endpoint);
void dw_service_set_deadline (DwService *self, gint64 deadline);
gint64 dw_service_get_deadline (DwService *self);
void dw_service_set_tally (DwService *self, DwTally *tally);
void dw_service_set_check (DwService *self, DwServiceCheck check);
const char *dw_service_get_endpoint (DwService *self);

void dw_service_send_async (DwService *self,
                            const DwServiceCall *call,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer data);
DwHttpResponse *dw_service_send_finish (DwService *self, GAsyncResult *result, GError **error);
void dw_service_call_async (DwService *self,
                            const DwServiceCall *call,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer data);
DwHttpResponse *dw_service_call_finish (DwService *self, GAsyncResult *result, GError **error);

char *dw_service_dup_error_name (const DwHttpResponse *response);
gboolean dw_service_is_throttle (const DwHttpResponse *response, const char *name);
gboolean dw_service_is_worth_retrying (const DwHttpResponse *response, const char *name);

G_END_DECLS
