/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-service.h"

G_BEGIN_DECLS

#define DW_TYPE_INVOKER (dw_invoker_get_type ())
G_DECLARE_FINAL_TYPE (DwInvoker, dw_invoker, DW, INVOKER, GObject)

DwInvoker *dw_invoker_new (DwService *service, const char *function_name);
void dw_invoker_invoke_async (DwInvoker *self, const char *payload, GAsyncReadyCallback callback, gpointer data);
gboolean dw_invoker_invoke_finish (DwInvoker *self, GAsyncResult *result, GError **error);

G_END_DECLS
