/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-handler.h"

#include "wire/dw-time.h"

#include <json-glib/json-glib.h>

typedef struct
{
  char *connection_id;
  char *stage;
} Notification;

static void
notification_free (Notification *notification)
{
  g_free (notification->connection_id);
  g_free (notification->stage);
  g_free (notification);
}

static char *
write_notification (const Notification *notification, gint64 connected_at)
{
  static const char *const features[] = { "sender", "id", "sentAt" };
  g_autofree char *time = dw_time_format (connected_at * 1000);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "message");
  json_builder_add_string_value (builder, "Connected");
  json_builder_set_member_name (builder, "connectionId");
  json_builder_add_string_value (builder, notification->connection_id);
  json_builder_set_member_name (builder, "connectedAt");
  json_builder_add_string_value (builder, time);
  json_builder_set_member_name (builder, "stage");
  json_builder_add_string_value (builder, notification->stage);
  json_builder_set_member_name (builder, "features");
  json_builder_begin_array (builder);
  for (guint i = 0; i < G_N_ELEMENTS (features); i++)
    json_builder_add_string_value (builder, features[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static void
on_posted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwPosted) posted = dw_gateway_post_finish (DW_GATEWAY (source), result, &error);

  if (posted == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, dw_response_new (200, NULL), (GDestroyNotify) dw_response_free);
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  Notification *notification = g_task_get_task_data (task);
  g_autoptr (DwConnectionInfo) info = dw_gateway_get_finish (DW_GATEWAY (source), result, &error);
  g_autoptr (GPtrArray) to = NULL;
  g_autofree char *text = NULL;
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (info == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  text = write_notification (notification, info->caller->connected_at);
  to = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (to, g_strdup (notification->connection_id));
  dw_gateway_post_async (DW_GATEWAY (source), to, NULL, text, cancellable, on_posted, g_steal_pointer (&task));
}

/**
 * dw_default_handler:
 * @registry: unused
 * @gateway: how to reach connections
 * @event: a `$default` event
 * @cancellable: (nullable): to stop it
 * @callback: called with a result for dw_handler_finish()
 * @data: for @callback
 *
 * Tells the client that its connection is established, and what the stage can do.
 */
void
dw_default_handler (DwRegistry *registry,
                    DwGateway *gateway,
                    const DwEvent *event,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer data)
{
  GTask *task = g_task_new (gateway, cancellable, callback, data);
  Notification *notification = g_new0 (Notification, 1);

  notification->connection_id = g_strdup (event->caller->connection_id);
  notification->stage = g_strdup (event->stage);
  g_task_set_source_tag (task, dw_default_handler);
  g_task_set_task_data (task, notification, (GDestroyNotify) notification_free);
  dw_gateway_get_async (gateway, event->caller->connection_id, cancellable, on_looked_up, task);
}
