/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-application.h"

#include "dw-config.h"
#include "dw-settings.h"
#include "dw-window.h"

#include "client/dw-local-stage.h"

#include "wire/dw-wire-error.h"

#include <glib/gi18n.h>

/* Stages and their sessions belong to the program and stay connected; windows only look. */
struct _DwApplication
{
  AdwApplication parent_instance;

  char *profile;       /* or NULL */
  char *own_name;      /* what the person is called on new stages, or NULL */
  GSettings *settings; /* or NULL where the schema is missing */
  GListStore *chats;
  DwLocalStage *local_stage;
};

G_DEFINE_FINAL_TYPE (DwApplication, dw_application, ADW_TYPE_APPLICATION)

/* How many stages stay connected at once. */
#define MOST_CHATS 100

/* How long a quit may take to write its close frames, in microseconds. */
#define CLOSE_FRAMES_US (100 * 1000)

static void
on_new_window (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwApplication *self = data;
  g_autoptr (DwChat) chat = g_list_model_get_item (G_LIST_MODEL (self->chats), 0);
  DwWindow *window = dw_window_new (GTK_APPLICATION (self));

  if (chat != NULL)
    dw_window_show_chat (window, chat);
  gtk_window_present (GTK_WINDOW (window));
}

static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GtkApplication *application = data;
  GList *windows = g_list_copy (gtk_application_get_windows (application));

  for (GList *at = windows; at != NULL; at = at->next)
    gtk_window_destroy (at->data);
  g_list_free (windows);
  g_application_quit (G_APPLICATION (application));
}

static void
on_about (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  static const char *const developers[] = { "The DynamoWave Chat developers", NULL };

  adw_show_about_window (
      gtk_application_get_active_window (data), "application-name", _ ("DynamoWave Chat"), "application-icon",
      DW_APP_ID, "version", DW_VERSION, "developer-name", _ ("The DynamoWave Chat developers"), "developers",
      developers, "license-type", GTK_LICENSE_GPL_3_0, "comments",
      _ ("Chat over a serverless stage: an API Gateway WebSocket API on AWS, or on this computer."), NULL);
}

static void
dw_application_startup (GApplication *application)
{
  static const GActionEntry actions[] = {
    { .name = "new-window", .activate = on_new_window },
    { .name = "quit", .activate = on_quit },
    { .name = "about", .activate = on_about },
  };
  static const char *const quit_keys[] = { "<Control>q", NULL };
  static const char *const window_keys[] = { "<Control>n", NULL };

  G_APPLICATION_CLASS (dw_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  gtk_application_set_accels_for_action (GTK_APPLICATION (application), "app.quit", quit_keys);
  gtk_application_set_accels_for_action (GTK_APPLICATION (application), "app.new-window", window_keys);
  gtk_window_set_default_icon_name (DW_APP_ID);
}

static DwWindow *
find_window (DwApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  return DW_IS_WINDOW (window) ? DW_WINDOW (window) : dw_window_new (GTK_APPLICATION (self));
}

static void
dw_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (find_window (DW_APPLICATION (application))));
}

static int
dw_application_command_line (GApplication *application, GApplicationCommandLine *command_line)
{
  DwApplication *self = DW_APPLICATION (application);
  g_auto (GStrv) arguments = g_application_command_line_get_arguments (command_line, NULL);
  DwWindow *window = find_window (self);

  /* --profile was read in main(), before there was an instance to ask. */
  for (guint i = 1; arguments[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      DwChat *chat = dw_application_open_address (self, arguments[i], self->own_name, &error);

      if (chat != NULL)
        dw_window_show_chat (window, chat);
      else
        dw_window_show_welcome (window, arguments[i], error->message);
    }
  gtk_window_present (GTK_WINDOW (window));
  return 0;
}

/* The loop is over, and the frames are written by it. The peers' answers are not waited for. */
static void
let_close_frames_leave (void)
{
  gint64 deadline = g_get_monotonic_time () + CLOSE_FRAMES_US;

  while (g_get_monotonic_time () < deadline && g_main_context_iteration (NULL, FALSE))
    ;
}

static void
dw_application_shutdown (GApplication *application)
{
  DwApplication *self = DW_APPLICATION (application);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->chats)); i++)
    {
      g_autoptr (DwChat) chat = g_list_model_get_item (G_LIST_MODEL (self->chats), i);

      dw_session_disconnect (dw_chat_get_session (chat));
    }
  let_close_frames_leave ();
  g_list_store_remove_all (self->chats);
  dw_local_stage_stop (self->local_stage);
  g_clear_object (&self->local_stage);
  G_APPLICATION_CLASS (dw_application_parent_class)->shutdown (application);
}

static void
dw_application_finalize (GObject *object)
{
  DwApplication *self = DW_APPLICATION (object);

  g_free (self->profile);
  g_free (self->own_name);
  g_clear_object (&self->settings);
  g_clear_object (&self->chats);
  g_clear_object (&self->local_stage);
  G_OBJECT_CLASS (dw_application_parent_class)->finalize (object);
}

static void
dw_application_class_init (DwApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = dw_application_finalize;
  application_class->startup = dw_application_startup;
  application_class->activate = dw_application_activate;
  application_class->command_line = dw_application_command_line;
  application_class->shutdown = dw_application_shutdown;
}

static void
dw_application_init (DwApplication *self)
{
  self->chats = g_list_store_new (DW_TYPE_CHAT);
  self->local_stage = dw_local_stage_new ();
}

/**
 * dw_application_new:
 * @profile: (nullable): another person's profile: letters, digits, “-” and “_”
 *
 * Returns: (transfer full): the program; one instance a profile
 */
DwApplication *
dw_application_new (const char *profile)
{
  g_autofree char *id =
      profile != NULL ? g_strdup_printf ("%s.Profile_%s", DW_APP_ID, profile) : g_strdup (DW_APP_ID);
  DwApplication *self =
      g_object_new (DW_TYPE_APPLICATION, "application-id", id, "resource-base-path", "/io/github/dynamowave/Chat",
                    "flags", G_APPLICATION_HANDLES_COMMAND_LINE, NULL);

  self->profile = g_strdup (profile);
  self->settings = dw_settings_new (profile);
  if (self->settings != NULL)
    self->own_name = g_settings_get_string (self->settings, "own-name");
  if (self->own_name == NULL || *self->own_name == '\0')
    {
      g_free (self->own_name);
      self->own_name = g_strdup (profile);
    }
  return self;
}

/**
 * dw_application_get_settings:
 * @self: the program
 *
 * Returns: (transfer none) (nullable): the profile's settings, or %NULL where their schema is not installed
 */
GSettings *
dw_application_get_settings (DwApplication *self)
{
  return self->settings;
}

/**
 * dw_application_get_chats:
 * @self: the program
 *
 * Returns: (transfer none) (element-type DwChat): what it is connected to
 */
GListModel *
dw_application_get_chats (DwApplication *self)
{
  return G_LIST_MODEL (self->chats);
}

/**
 * dw_application_get_own_name:
 * @self: the program
 *
 * Returns: (nullable): what the person is called on new stages
 */
const char *
dw_application_get_own_name (DwApplication *self)
{
  return self->own_name;
}

static DwChat *
find_chat (DwApplication *self, const DwStageUrl *url)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->chats));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (DwChat) chat = g_list_model_get_item (G_LIST_MODEL (self->chats), i);

      /* The list holds it. */
      if (dw_stage_url_equal (dw_stage_get_url (dw_chat_get_stage (chat), 0), url))
        return chat;
    }
  return NULL;
}

static DwChat *
open_url (DwApplication *self, DwStageUrl *url, const char *own_name)
{
  DwSessionPolicy policy = dw_session_policy_default ();
  g_autoptr (DwStage) stage = NULL;
  g_autoptr (DwChat) chat = NULL;
  DwChat *open = find_chat (self, url);

  if (open != NULL)
    {
      dw_session_connect (dw_chat_get_session (open));
      return open;
    }
  stage = dw_stage_new (url);
  dw_stage_set_own_name (stage, own_name);
  chat = dw_chat_new (stage, &policy, g_network_monitor_get_default ());
  g_list_store_append (self->chats, chat);
  dw_session_connect (dw_chat_get_session (chat));
  return chat;
}

static void
remember_own_name (DwApplication *self, const char *own_name)
{
  if (own_name == NULL || *own_name == '\0' || g_strcmp0 (own_name, self->own_name) == 0)
    return;
  g_free (self->own_name);
  self->own_name = g_strdup (own_name);
  if (self->settings != NULL)
    g_settings_set_string (self->settings, "own-name", own_name);
}

/**
 * dw_application_open_address:
 * @self: the program
 * @address: what the person typed
 * @own_name: (nullable): what the person wants to be called there
 * @error: %DW_WIRE_ERROR_URL, with a sentence that says what to change
 *
 * Returns: (transfer none): the chat on that stage, connecting; the same one where it is open already
 */
DwChat *
dw_application_open_address (DwApplication *self, const char *address, const char *own_name, GError **error)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, error);

  if (url == NULL)
    return NULL;
  if (g_list_model_get_n_items (G_LIST_MODEL (self->chats)) >= MOST_CHATS)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                           _ ("Too many stages are open. Close the program to start anew."));
      return NULL;
    }
  remember_own_name (self, own_name);
  return open_url (self, url, own_name);
}

/**
 * dw_application_change_address:
 * @self: the program
 * @chat: a chat of it
 * @address: what the person typed
 * @own_name: (nullable): what the person wants to be called there
 * @error: %DW_WIRE_ERROR_URL, with a sentence that says what to change
 *
 * Keeps the conversation and what is queued; the very next request goes to the new address.
 *
 * Returns: whether the address was taken
 */
gboolean
dw_application_change_address (DwApplication *self,
                               DwChat *chat,
                               const char *address,
                               const char *own_name,
                               GError **error)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, error);
  DwSession *session = dw_chat_get_session (chat);
  DwStage *stage = dw_chat_get_stage (chat);
  DwChat *open;

  if (url == NULL)
    return FALSE;
  open = find_chat (self, url);
  if (open != NULL && open != chat)
    {
      g_set_error_literal (error, DW_WIRE_ERROR, DW_WIRE_ERROR_URL,
                           _ ("This stage is open already. Go back and pick it from the list of stages."));
      return FALSE;
    }
  remember_own_name (self, own_name);
  dw_session_disconnect (session);
  dw_stage_set_url (stage, 0, url);
  dw_stage_set_own_name (stage, own_name);
  dw_session_set_stage (session, stage);
  dw_session_connect (session);
  return TRUE;
}

static void
on_local_stage (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = dw_local_stage_start_finish (DW_LOCAL_STAGE (source), result, &error);
  DwApplication *self = g_task_get_source_object (task);

  if (url == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, open_url (self, url, g_task_get_task_data (task)), NULL);
}

/**
 * dw_application_open_local_async:
 * @self: the program
 * @own_name: (nullable): what the person wants to be called there
 * @callback: called when the chat is there, or cannot be
 * @data: for @callback
 *
 * Starts a stage on this computer, which ends with the program.
 */
void
dw_application_open_local_async (DwApplication *self,
                                 const char *own_name,
                                 GAsyncReadyCallback callback,
                                 gpointer data)
{
  GTask *task = g_task_new (self, NULL, callback, data);

  g_task_set_source_tag (task, dw_application_open_local_async);
  g_task_set_task_data (task, g_strdup (own_name), g_free);
  remember_own_name (self, own_name);
  dw_local_stage_start_async (self->local_stage, NULL, on_local_stage, task);
}

/**
 * dw_application_open_local_finish:
 * @self: the program
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_LOCAL_STAGE, with a sentence for people
 *
 * Returns: (transfer none): the chat, connecting
 */
DwChat *
dw_application_open_local_finish (DwApplication *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
