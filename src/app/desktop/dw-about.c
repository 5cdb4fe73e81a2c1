/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-about.h"

#include "dw-config.h"

#include "app/toolkit/dw-dialog.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* Text for a bug report: versions and the state of each stage. It contains no secrets and no messages. */
static char *
dup_debug_info (GListModel *chats)
{
  GString *info = g_string_new ("dynamowave-chat " DW_VERSION "\n");
  guint n = g_list_model_get_n_items (chats);

  g_string_append_printf (info, "GTK %u.%u.%u, libadwaita %u.%u.%u, GLib %u.%u.%u\n", gtk_get_major_version (),
                          gtk_get_minor_version (), gtk_get_micro_version (), adw_get_major_version (),
                          adw_get_minor_version (), adw_get_micro_version (), glib_major_version,
                          glib_minor_version, glib_micro_version);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (DwChat) chat = g_list_model_get_item (chats, i);
      const DwSessionStatus *status = dw_session_get_status (dw_chat_get_session (chat));
      DwStageUrl *url = dw_stage_get_url (dw_chat_get_stage (chat), 0);

      g_string_append_printf (info, "%s: %s, cause %s, code %u, attempt %u\n", dw_stage_url_get_redacted (url),
                              dw_session_state_get_name (status->state), dw_cause_get_name (status->cause),
                              status->code, status->attempt);
    }
  return g_string_free (info, FALSE);
}

/**
 * dw_about_show:
 * @window: (nullable): the parent window
 * @chats: (element-type DwChat): the stages, for a report
 *
 * Shows a dialog about the program, with debugging information for reports.
 */
void
dw_about_show (GtkWindow *window, DwChatList *chats)
{
  static const char *const developers[] = { "The DynamoWave Chat developers", NULL };
  g_autofree char *info = dup_debug_info (G_LIST_MODEL (chats));
  g_autofree char *safe = dw_safe_text (info, DW_SAFE_TEXT_WHOLE, G_MAXUINT, NULL);

  GtkWidget *about = dw_dialog_new_about ();

  g_object_set (about, "application-name", _ ("DynamoWave Chat"), "application-icon", DW_APP_ID, "version",
                DW_VERSION, "developer-name", _ ("The DynamoWave Chat developers"), "developers", developers,
                "license-type", GTK_LICENSE_GPL_3_0, "debug-info", safe, "debug-info-filename",
                "dynamowave-chat.txt", "comments",
                _ ("Chat over serverless WebSocket APIs, on AWS API Gateway or on this computer."), NULL);
  dw_dialog_present (about, GTK_WIDGET (window));
}
