/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-invoker.h"

#include <string.h>

/* Lambda's Invoke with the type “Event”: it returns without waiting for the function. */
struct _DwInvoker
{
  GObject parent_instance;

  DwService *service;
  char *path;
};

G_DEFINE_FINAL_TYPE (DwInvoker, dw_invoker, G_TYPE_OBJECT)

static void
dw_invoker_finalize (GObject *object)
{
  DwInvoker *self = DW_INVOKER (object);

  g_clear_object (&self->service);
  g_free (self->path);
  G_OBJECT_CLASS (dw_invoker_parent_class)->finalize (object);
}

static void
dw_invoker_class_init (DwInvokerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_invoker_finalize;
}

static void
dw_invoker_init (DwInvoker *self)
{
}

/**
 * dw_invoker_new:
 * @service: the service `lambda` at its endpoint
 * @function_name: the function to invoke
 *
 * Returns: (transfer full): an invoker
 */
DwInvoker *
dw_invoker_new (DwService *service, const char *function_name)
{
  DwInvoker *self = g_object_new (DW_TYPE_INVOKER, NULL);
  g_autofree char *name = g_uri_escape_string (function_name, NULL, FALSE);

  self->service = g_object_ref (service);
  self->path = g_strconcat ("/2015-03-31/functions/", name, "/invocations", NULL);
  return self;
}

static void
on_invoked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = dw_service_call_finish (DW_SERVICE (source), result, &error);

  if (response != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * dw_invoker_invoke_async:
 * @self: an invoker
 * @payload: the event, at most a megabyte
 * @callback: called when Lambda has it
 * @data: for @callback
 *
 * If an answer is lost, the function may be invoked twice, which can happen with any asynchronous invocation of
 * Lambda.
 */
void
dw_invoker_invoke_async (DwInvoker *self, const char *payload, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, NULL, callback, data);
  g_autoptr (GBytes) body = g_bytes_new (payload, strlen (payload));
  DwServiceCall call = { .method = "POST",
                         .path = self->path,
                         .content_type = "application/json",
                         .invocation_type = "Event",
                         .body = body };

  g_task_set_source_tag (task, dw_invoker_invoke_async);
  dw_service_call_async (self->service, &call, NULL, on_invoked, task);
}

/**
 * dw_invoker_invoke_finish:
 * @self: an invoker
 * @result: what the callback was given
 * @error: as of dw_service_call_finish()
 *
 * Returns: whether Lambda has it
 */
gboolean
dw_invoker_invoke_finish (DwInvoker *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
