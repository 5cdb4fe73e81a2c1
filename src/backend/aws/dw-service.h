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
 * Returns: whether it arrived intact; if not, the call is retried
 */
typedef gboolean (*DwServiceCheck) (const DwHttpResponse *response);

/** DW_SERVICE_ATTEMPT_MS: how long one attempt may take before the next one, in milliseconds. */
#define DW_SERVICE_ATTEMPT_MS 5000

/** DW_SERVICE_BASE_MS: the first backoff's ceiling, in milliseconds, as in AWS's SDKs for DynamoDB. */
#define DW_SERVICE_BASE_MS 25

/** DW_SERVICE_CAP_MS: the largest ceiling, in milliseconds; the SDKs' 20 s are too long for a function that has 29. */
#define DW_SERVICE_CAP_MS 1000

/** DW_SERVICE_SKEW_SECONDS: how far the service's clock must be from the one requests are signed by for that to be why
 * it refuses them; AWS accepts five minutes. */
#define DW_SERVICE_SKEW_SECONDS 240

/** DW_SERVICE_PATIENCE_MS: how long a call may take if no deadline is set, in milliseconds. */
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
