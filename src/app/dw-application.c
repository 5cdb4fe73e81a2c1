/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-application.h"

#include "dw-about.h"
#include "dw-background.h"
#include "dw-config.h"
#include "dw-notifier.h"
#include "dw-retention.h"
#include "dw-settings.h"
#include "dw-shortcuts.h"
#include "dw-text-scale.h"
#include "dw-window.h"

#include "wire/dw-stage-link.h"

#include <glib-unix.h>
#include <signal.h>

/* Stages and their sessions belong to the program and stay connected; windows only look. */
struct _DwApplication
{
  AdwApplication parent_instance;

  char *profile;       /* or NULL */
  char *own_name;      /* what the person is called on new stages, or NULL */
  GSettings *settings; /* or NULL where the schema is missing */
  DwChatList *chats;
  GStrv addresses; /* of the command line, until the stages are loaded; or NULL */
  DwNotifier *notifier;
  DwBackground *background; /* or NULL, as the settings */
  DwTextScale *text_scale;  /* or NULL, as the settings */
  char *wanted;             /* the stage that a notification led to, until the stages are loaded; or NULL */
  guint terminate;
  DwRetention *retention;
};

G_DEFINE_FINAL_TYPE (DwApplication, dw_application, ADW_TYPE_APPLICATION)

/* How long a quit may take to write its close frames, in microseconds. */
#define CLOSE_FRAMES_US (100 * 1000)

static void
on_new_window (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gtk_window_present (GTK_WINDOW (dw_window_new (data)));
}

static DwWindow *
find_window (DwApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  return DW_IS_WINDOW (window) ? DW_WINDOW (window) : dw_window_new (GTK_APPLICATION (self));
}

static void
show_stage (DwApplication *self, const char *uuid)
{
  DwWindow *window = find_window (self);

  dw_window_show_stage (window, uuid);
  gtk_window_present (GTK_WINDOW (window));
}

static void
on_show_stage (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  DwApplication *self = data;

  if (dw_chat_list_is_loaded (self->chats))
    {
      show_stage (self, g_variant_get_string (parameter, NULL));
      return;
    }
  g_free (self->wanted);
  self->wanted = g_variant_dup_string (parameter, NULL);
  gtk_window_present (GTK_WINDOW (find_window (self)));
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
  dw_about_show (gtk_application_get_active_window (data), DW_APPLICATION (data)->chats);
}

static void
on_shortcuts (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  dw_shortcuts_show (gtk_application_get_active_window (data));
}

static gboolean
on_terminate (gpointer data)
{
  on_quit (NULL, NULL, data);
  return G_SOURCE_CONTINUE;
}

/* The window paints first; the stages and their history come after. */
static gboolean
on_idle_load (gpointer data)
{
  dw_chat_list_load (DW_APPLICATION (data)->chats);
  return G_SOURCE_REMOVE;
}

static DwStageUrl *
parse_address (const char *address, GError **error)
{
  g_autofree char *linked = dw_stage_link_is (address) ? dw_stage_link_dup_address (address) : NULL;

  return dw_stage_url_parse (linked != NULL ? linked : address, error);
}

/* A link can come from any page, so it connects nowhere by itself. */
static void
offer_link (DwApplication *self, DwWindow *window, const char *link)
{
  g_autofree char *address = dw_stage_link_dup_address (link);
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, &error);
  DwChat *chat = url != NULL ? dw_chat_list_find_by_url (self->chats, url) : NULL;

  if (chat != NULL)
    dw_window_show_chat (window, chat);
  else
    dw_window_show_welcome (window, address, error != NULL ? error->message : NULL);
}

static void
open_addresses (DwApplication *self, DwWindow *window, GStrv addresses)
{
  for (guint i = 0; addresses[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      DwChat *chat = NULL;

      if (dw_stage_link_is (addresses[i]))
        {
          offer_link (self, window, addresses[i]);
          continue;
        }
      chat = dw_application_open_address (self, addresses[i], self->own_name, &error);

      if (chat != NULL)
        dw_window_show_chat (window, chat);
      else
        dw_window_show_welcome (window, addresses[i], error->message);
    }
}

static void
on_loaded (DwApplication *self)
{
  g_auto (GStrv) addresses = g_steal_pointer (&self->addresses);
  DwChat *chat = dw_application_recall_chat (self);

  for (GList *at = gtk_application_get_windows (GTK_APPLICATION (self)); at != NULL; at = at->next)
    if (DW_IS_WINDOW (at->data))
      dw_window_offer_chat (at->data, chat);
  if (addresses != NULL)
    open_addresses (self, find_window (self), addresses);
  if (self->wanted != NULL)
    show_stage (self, self->wanted);
  g_clear_pointer (&self->wanted, g_free);
}

static void
make_chats (DwApplication *self)
{
  DwSessionPolicy policy = dw_session_policy_default ();
  g_autofree char *path = dw_store_dup_default_path (self->profile);
  g_autoptr (DwStore) store = dw_store_new (path);
  g_autoptr (DwStore) history = dw_retention_is_none (self->settings) ? dw_store_new (NULL) : g_object_ref (store);

  self->chats = dw_chat_list_new (store, history, &policy, g_network_monitor_get_default ());
  self->retention = dw_retention_new (self->chats, self->settings);
  self->notifier = dw_notifier_new (G_APPLICATION (self), self->chats, self->settings);
  g_signal_connect_object (self->chats, "loaded", G_CALLBACK (on_loaded), self, G_CONNECT_SWAPPED);
  g_idle_add (on_idle_load, self);
}

static void
follow_settings (DwApplication *self)
{
  if (self->settings == NULL)
    return;
  self->background = dw_background_new (GTK_APPLICATION (self), self->settings);
  self->text_scale = dw_text_scale_new (self->settings);
}

static void
on_text_size (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  if (DW_APPLICATION (data)->text_scale != NULL)
    dw_text_scale_change (DW_APPLICATION (data)->text_scale, g_variant_get_int32 (parameter));
}

static void
dw_application_startup (GApplication *application)
{
  static const GActionEntry actions[] = {
    { .name = "new-window", .activate = on_new_window },
    { .name = "quit", .activate = on_quit },
    { .name = "show-stage", .activate = on_show_stage, .parameter_type = "s" },
    { .name = "text-size", .activate = on_text_size, .parameter_type = "i" },
    { .name = "about", .activate = on_about },
    { .name = "shortcuts", .activate = on_shortcuts },
  };
  static const struct
  {
    const char *action;
    const char *keys[4];
  } keys[] = {
    { "app.quit", { "<Control>q" } },
    { "app.new-window", { "<Control>n" } },
    { "app.shortcuts", { "<Control>question", "F1" } },
    { "app.text-size(10)", { "<Control>plus", "<Control>equal", "<Control>KP_Add" } },
    { "app.text-size(-10)", { "<Control>minus", "<Control>KP_Subtract" } },
    { "app.text-size(0)", { "<Control>0", "<Control>KP_0" } },
    /* Before the text one writes has them. */
    { "stage.next", { "<Control>Page_Down" } },
    { "stage.previous", { "<Control>Page_Up" } },
    { "stage.move-up", { "<Control><Shift>Page_Up" } },
    { "stage.move-down", { "<Control><Shift>Page_Down" } },
    /* Before GTK's own inspector has it. */
    { "win.inspector", { "<Control><Shift>i" } },
  };

  G_APPLICATION_CLASS (dw_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (application), keys[i].action, keys[i].keys);
  gtk_window_set_default_icon_name (DW_APP_ID);
  DW_APPLICATION (application)->terminate = g_unix_signal_add (SIGTERM, on_terminate, application);
  make_chats (DW_APPLICATION (application));
  follow_settings (DW_APPLICATION (application));
}

static void
dw_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (find_window (DW_APPLICATION (application))));
}

static void
open_when_loaded (DwApplication *self, DwWindow *window, GStrv addresses)
{
  if (dw_chat_list_is_loaded (self->chats))
    {
      open_addresses (self, window, addresses);
      return;
    }
  g_strfreev (self->addresses);
  self->addresses = g_strdupv (addresses);
}

static int
dw_application_command_line (GApplication *application, GApplicationCommandLine *command_line)
{
  DwApplication *self = DW_APPLICATION (application);
  g_auto (GStrv) arguments = g_application_command_line_get_arguments (command_line, NULL);
  DwWindow *window = find_window (self);

  /* --profile was read in main(), before there was an instance to ask. */
  if (arguments[0] != NULL && arguments[1] != NULL)
    open_when_loaded (self, window, arguments + 1);
  gtk_window_present (GTK_WINDOW (window));
  return 0;
}

/* From the desktop, over the bus. */
static void
dw_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  DwApplication *self = DW_APPLICATION (application);
  DwWindow *window = find_window (self);
  g_autoptr (GStrvBuilder) links = g_strv_builder_new ();
  g_auto (GStrv) addresses = NULL;

  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *uri = g_file_get_uri (files[i]);

      if (dw_stage_link_is (uri))
        g_strv_builder_add (links, uri);
    }
  addresses = g_strv_builder_end (links);
  open_when_loaded (self, window, addresses);
  gtk_window_present (GTK_WINDOW (window));
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

  g_clear_handle_id (&self->terminate, g_source_remove);
  g_clear_object (&self->retention);
  if (self->chats != NULL)
    dw_chat_list_close (self->chats, !dw_retention_is_none (self->settings));
  let_close_frames_leave ();
  g_clear_object (&self->notifier);
  g_clear_object (&self->background);
  g_clear_object (&self->text_scale);
  g_clear_object (&self->chats);
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
  g_strfreev (self->addresses);
  g_free (self->wanted);
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
  application_class->open = dw_application_open;
  application_class->shutdown = dw_application_shutdown;
}

static void
dw_application_init (DwApplication *self)
{
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
                    "flags", G_APPLICATION_HANDLES_COMMAND_LINE | G_APPLICATION_HANDLES_OPEN, NULL);

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
 * Returns: (transfer none): its stages, and what is said there
 */
DwChatList *
dw_application_get_chats (DwApplication *self)
{
  return self->chats;
}

/**
 * dw_application_remember_chat:
 * @self: the program
 * @chat: what a window shows now
 *
 * The next start shows it too.
 */
void
dw_application_remember_chat (DwApplication *self, DwChat *chat)
{
  if (self->settings != NULL)
    g_settings_set_string (self->settings, "last-stage", dw_stage_get_uuid (dw_chat_get_stage (chat)));
}

/**
 * dw_application_recall_chat:
 * @self: the program
 *
 * Returns: (transfer none) (nullable): what a window showed last, or the first there is
 */
DwChat *
dw_application_recall_chat (DwApplication *self)
{
  g_autofree char *uuid = self->settings != NULL ? g_settings_get_string (self->settings, "last-stage") : NULL;
  DwChat *chat = uuid != NULL ? dw_chat_list_find (self->chats, uuid) : NULL;
  g_autoptr (DwChat) first = g_list_model_get_item (G_LIST_MODEL (self->chats), 0);

  /* The list holds it. */
  return chat != NULL ? chat : first;
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
 * @error: %DW_WIRE_ERROR_URL, or what dw_chat_list_open() says, with a sentence that says what to change
 *
 * Returns: (transfer none): the chat on that stage, connecting; the same one where it is open already
 */
DwChat *
dw_application_open_address (DwApplication *self, const char *address, const char *own_name, GError **error)
{
  g_autoptr (DwStageUrl) url = parse_address (address, error);
  g_autoptr (DwStage) stage = NULL;

  if (url == NULL)
    return NULL;
  remember_own_name (self, own_name);
  stage = dw_stage_new (url);
  dw_stage_set_own_name (stage, own_name);
  return dw_chat_list_open (self->chats, stage, error);
}

/**
 * dw_application_change_stage:
 * @self: the program
 * @chat: (nullable): a chat of it, or %NULL for a new one
 * @wanted: the stage as it is to be
 * @error: as dw_chat_list_change(), with a sentence that says what to change
 *
 * Keeps the conversation and what is queued.
 *
 * Returns: (transfer none): the chat
 */
DwChat *
dw_application_change_stage (DwApplication *self, DwChat *chat, DwStage *wanted, GError **error)
{
  DwChat *changed = dw_chat_list_change (self->chats, chat, wanted, error);

  if (changed != NULL)
    remember_own_name (self, dw_stage_get_own_name (wanted));
  return changed;
}

static void
on_local_stage (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  DwChat *chat = dw_chat_list_open_local_finish (DW_CHAT_LIST (source), result, &error);

  if (chat == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, chat, NULL);
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
  remember_own_name (self, own_name);
  dw_chat_list_open_local_async (self->chats, own_name, on_local_stage, task);
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

/**
 * dw_application_asks_before_close:
 * @self: the program
 * @window: a window the person closes
 *
 * Returns: whether the window stays until the person has answered a question
 */
gboolean
dw_application_asks_before_close (DwApplication *self, GtkWindow *window)
{
  return self->background != NULL && g_list_model_get_n_items (G_LIST_MODEL (self->chats)) > 0
         && dw_background_ask_before_close (self->background, window);
}
