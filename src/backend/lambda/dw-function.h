/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-function-config.h"
#include "dw-invocation.h"

#include "backend/aws/dw-credentials.h"
#include "backend/aws/dw-http.h"
#include "backend/aws/dw-tally.h"

G_BEGIN_DECLS

#define DW_TYPE_FUNCTION (dw_function_get_type ())
G_DECLARE_FINAL_TYPE (DwFunction, dw_function, DW, FUNCTION, GObject)

/** DW_FUNCTION_HOPS: how often a broadcast is handed on; a hundred thousand connections need two. */
#define DW_FUNCTION_HOPS 64

/** DW_FUNCTION_WARM_MS: how long a warm-up event may take, in milliseconds. */
#define DW_FUNCTION_WARM_MS 1000

DwFunction *dw_function_new (const DwFunctionConfig *config, DwHttp *http, DwCredentials *credentials);
void dw_function_run_async (DwFunction *self,
                            const DwInvocation *invocation,
                            GAsyncReadyCallback callback,
                            gpointer data);
char *dw_function_run_finish (DwFunction *self, GAsyncResult *result, GError **error);
const DwTally *dw_function_get_tally (DwFunction *self);

G_END_DECLS
