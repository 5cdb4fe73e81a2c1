/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "backend/handlers/dw-handler.h"

G_BEGIN_DECLS

/** DW_FUNCTIONS_INIT_MS: how long a process may take to ask for its first event, in milliseconds; as at Lambda. */
#define DW_FUNCTIONS_INIT_MS 10000

/** DW_FUNCTIONS_MOST: how many events all functions may handle at once; an AWS account has 1,000. */
#define DW_FUNCTIONS_MOST 100

/** DW_FUNCTIONS_LATER: how many asynchronous invocations may be pending; more are refused. */
#define DW_FUNCTIONS_LATER 1000

#define DW_TYPE_FUNCTIONS (dw_functions_get_type ())
G_DECLARE_FINAL_TYPE (DwFunctions, dw_functions, DW, FUNCTIONS, GObject)

DwFunctions *dw_functions_new (gint64 timeout_ms, guint most);
void dw_functions_set_variable (DwFunctions *self, const char *name, const char *value);
gboolean dw_functions_add (DwFunctions *self, const char *text, GError **error);
gboolean dw_functions_reserve (DwFunctions *self, const char *text, GError **error);
gboolean dw_functions_has (DwFunctions *self, const char *route_key);
char **dw_functions_get_routes (DwFunctions *self);
void dw_functions_stop (DwFunctions *self);
guint dw_functions_get_running (DwFunctions *self);
void dw_functions_invoke_async (DwFunctions *self,
                                const char *route_key,
                                const char *event,
                                GAsyncReadyCallback callback,
                                gpointer data);

DwResponse *dw_functions_read_response (const char *json, gsize length, GError **error);

G_END_DECLS
