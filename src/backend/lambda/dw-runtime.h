/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-invocation.h"

#include "backend/aws/dw-http.h"

G_BEGIN_DECLS

#define DW_TYPE_RUNTIME (dw_runtime_get_type ())
G_DECLARE_FINAL_TYPE (DwRuntime, dw_runtime, DW, RUNTIME, GObject)

/** DW_RUNTIME_RESPONSE_BYTES: the longest response that Lambda accepts (measured: 6,291,556 bytes). */
#define DW_RUNTIME_RESPONSE_BYTES 6291556

/** DW_RUNTIME_NEXT_ATTEMPTS: how often to ask for the next event if nothing answers. */
#define DW_RUNTIME_NEXT_ATTEMPTS 3

/**
 * DwRuntimeFunc:
 * @runtime: who calls
 * @invocation: (transfer none): what to do, until dw_runtime_respond() or dw_runtime_fail()
 * @data: what the caller gave with the function
 *
 * Handles one event.
 */
typedef void (*DwRuntimeFunc) (DwRuntime *runtime, DwInvocation *invocation, gpointer data);

DwRuntime *dw_runtime_new (DwHttp *http, const char *api);
void dw_runtime_run_async (DwRuntime *self,
                           DwRuntimeFunc function,
                           gpointer function_data,
                           GAsyncReadyCallback callback,
                           gpointer data);
gboolean dw_runtime_run_finish (DwRuntime *self, GAsyncResult *result, GError **error);
void dw_runtime_respond (DwRuntime *self, const char *json);
void dw_runtime_fail (DwRuntime *self, const char *type, const char *message);
void dw_runtime_stop (DwRuntime *self);
void dw_runtime_fail_init_async (DwRuntime *self,
                                 const char *type,
                                 const char *message,
                                 GAsyncReadyCallback callback,
                                 gpointer data);
gboolean dw_runtime_fail_init_finish (DwRuntime *self, GAsyncResult *result, GError **error);

G_END_DECLS
