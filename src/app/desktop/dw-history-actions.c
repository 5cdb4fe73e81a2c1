/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-history-actions.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-question.h"

#include "client/messages/dw-export.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>
#include <string.h>

/* Actions on a whole conversation. */

/* How much of a stage's name the name of a file has: 255 bytes are allowed, and a letter has four at most. */
#define FILE_NAME_CHARS 48

static void
tell (GtkWindow *window, const char *heading, const char *body)
{
  dw_question_ask (dw_question_new (heading, body, "close", _ ("_Close")), GTK_WIDGET (window));
}

static void
on_exported (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GtkWindow) window = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *body = NULL;
  guint n;

  if (!dw_export_finish (DW_STORE (source), result, &n, &error))
    {
      g_autofree char *safe = dw_safe_line (error->message, DW_LABEL_CHARS);

      /* Translators: %s is what the system says about it. */
      body = g_strdup_printf (_ ("The conversation couldn’t be exported. Choose another location. (%s)"), safe);
      tell (window, _ ("Export Failed"), body);
      return;
    }
  body = g_strdup_printf (ngettext ("%u message exported.", "%u messages exported.", n), n);
  tell (window, _ ("Conversation Exported"), body);
}

typedef struct
{
  GtkWindow *window;
  DwChat *chat;
} Choice;

static void
choice_free (gpointer data, GClosure *closure)
{
  Choice *choice = data;

  g_object_unref (choice->window);
  g_object_unref (choice->chat);
  g_free (choice);
}

static Choice *
choice_new (GtkWindow *window, DwChat *chat)
{
  Choice *choice = g_new (Choice, 1);

  choice->window = g_object_ref (window);
  choice->chat = g_object_ref (chat);
  return choice;
}

static void
on_file_chosen (GtkNativeDialog *dialog, int response, Choice *choice)
{
  g_autoptr (GFile) file = NULL;
  g_autofree char *name = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  if (file != NULL)
    {
      name = g_file_get_basename (file);
      dw_export_async (dw_chat_get_store (choice->chat), dw_stage_get_number (dw_chat_get_stage (choice->chat)),
                       file, g_str_has_suffix (name, ".txt") ? DW_EXPORT_TEXT : DW_EXPORT_JSON_LINES, NULL,
                       on_exported, g_object_ref (choice->window));
    }
  g_object_unref (dialog);
}

static void
add_filter (GtkFileChooser *chooser, const char *name, const char *pattern)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, name);
  gtk_file_filter_add_pattern (filter, pattern);
  gtk_file_chooser_add_filter (chooser, filter);
}

/**
 * dw_history_actions_dup_file_name:
 * @stage: a stage's name
 * @date: a date
 *
 * Returns: (transfer full): the name of a file for the conversation: one that every system takes, and that is not hidden
 */
char *
dw_history_actions_dup_file_name (const char *stage, const char *date)
{
  g_autofree char *safe = dw_safe_line (stage, FILE_NAME_CHARS);
  const char *start;

  g_strdelimit (safe, "/\\:*?\"<>|", '-');
  start = safe + strspn (safe, ". -");
  return g_strdup_printf ("%s-%s.txt", *start != '\0' ? start : "stage", date);
}

/* GtkFileChooserNative is deprecated in newer GTK, but its replacement is newer than our floor. */
G_GNUC_BEGIN_IGNORE_DEPRECATIONS

/**
 * dw_history_actions_export:
 * @window: whose conversation it is
 * @chat: the chat
 *
 * Asks for a file and exports the conversation to it: as text if its name ends with “.txt”, else as JSON Lines.
 */
void
dw_history_actions_export (GtkWindow *window, DwChat *chat)
{
  GtkFileChooserNative *native = gtk_file_chooser_native_new (_ ("Export Conversation"), window,
                                                              GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Export"), NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *date = g_date_time_format (now, "%Y-%m-%d");
  g_autofree char *stage = dw_stage_dup_name (dw_chat_get_stage (chat));
  g_autofree char *name = dw_history_actions_dup_file_name (stage, date);

  add_filter (GTK_FILE_CHOOSER (native), _ ("Text (*.txt)"), "*.txt");
  add_filter (GTK_FILE_CHOOSER (native), _ ("JSON Lines (*.jsonl)"), "*.jsonl");
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (native), name);
  g_signal_connect_data (native, "response", G_CALLBACK (on_file_chosen), choice_new (window, chat), choice_free,
                         0);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (native), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (native));
}

G_GNUC_END_IGNORE_DEPRECATIONS

static void
on_delete_answered (GtkWidget *question, const char *answer, Choice *choice)
{
  if (g_str_equal (answer, "delete"))
    dw_chat_clear_history (choice->chat);
}

/**
 * dw_history_actions_delete:
 * @window: whose conversation it is
 * @chat: the chat
 *
 * Deletes the conversation after a confirmation.
 */
void
dw_history_actions_delete (GtkWindow *window, DwChat *chat)
{
  g_autofree char *name = dw_stage_dup_name (dw_chat_get_stage (chat));
  g_autofree char *safe = dw_safe_name (name);
  g_autofree char *body =
      /* Translators: %s is a stage's name. */
      g_strdup_printf (_ ("All messages on “%s” will be deleted from this computer. This can’t be undone. Queued "
                          "messages will still be sent."),
                       safe);
  GtkWidget *question = dw_question_new (_ ("Delete This Conversation?"), body, "cancel", _ ("_Cancel"));

  dw_question_add (question, "delete", _ ("_Delete"));
  dw_question_set_destructive (question, "delete");
  g_signal_connect_data (question, "response", G_CALLBACK (on_delete_answered), choice_new (window, chat),
                         choice_free, 0);
  dw_question_ask (question, GTK_WIDGET (window));
}
