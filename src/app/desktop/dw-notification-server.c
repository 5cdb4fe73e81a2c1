/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-notification-server.h"

/* The server that shows notifications on this desktop. GNotification passes a body on unchanged. The portal and GNOME
 * Shell's own interface treat it as plain text; a server of the freedesktop.org specification treats it as markup if
 * it has the capability “body-markup” (Desktop Notifications Specification). GLib tries them in this order. */

/* The same test by which GLib decides whether to use portals. */
static gboolean
is_portal_used (void)
{
  const char *forced = g_getenv ("GTK_USE_PORTAL");

  return forced != NULL ? g_str_equal (forced, "1") : g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS);
}

static void
on_capabilities (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autofree const char **capabilities = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(^a&s)", &capabilities);
  /* If in doubt, escape: superfluous escaping is only ugly, while unescaped markup could contain a link. */
  g_task_return_boolean (task, reply != NULL ? g_strv_contains (capabilities, "body-markup")
                                             : g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
}

static void
on_owner (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  gboolean owned = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &owned);
  if (owned)
    {
      g_task_return_boolean (task, FALSE);
      return;
    }
  g_dbus_connection_call (G_DBUS_CONNECTION (source), "org.freedesktop.Notifications",
                          "/org/freedesktop/Notifications", "org.freedesktop.Notifications", "GetCapabilities",
                          NULL, G_VARIANT_TYPE ("(as)"), G_DBUS_CALL_FLAGS_NONE, DW_NOTIFICATION_SERVER_MS, NULL,
                          on_capabilities, g_object_ref (task));
}

/**
 * dw_notification_server_ask_async:
 * @bus: (nullable): the session bus, or %NULL where there is none
 * @callback: called in the main loop
 * @data: for @callback
 *
 * Asks whether the body of a notification is currently treated as markup. Ask each time, as the server can be
 * replaced.
 */
void
dw_notification_server_ask_async (GDBusConnection *bus, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (bus, NULL, callback, data);

  g_task_set_source_tag (task, dw_notification_server_ask_async);
  if (bus == NULL || is_portal_used ())
    {
      g_task_return_boolean (task, FALSE);
      return;
    }
  g_dbus_connection_call (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "NameHasOwner", g_variant_new ("(s)", "org.gtk.Notifications"), G_VARIANT_TYPE ("(b)"),
                          G_DBUS_CALL_FLAGS_NONE, DW_NOTIFICATION_SERVER_MS, NULL, on_owner, g_object_ref (task));
}

/**
 * dw_notification_server_ask_finish:
 * @result: what the callback was given
 *
 * Returns: whether the body must be escaped
 */
gboolean
dw_notification_server_ask_finish (GAsyncResult *result)
{
  return g_task_propagate_boolean (G_TASK (result), NULL);
}
