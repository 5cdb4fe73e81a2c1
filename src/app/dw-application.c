/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-application.h"

#include "dw-config.h"
#include "dw-window.h"

#include "app/desktop/dw-about.h"
#include "app/desktop/dw-background.h"
#include "app/desktop/dw-notifier.h"
#include "app/desktop/dw-shortcuts.h"
#include "app/desktop/dw-text-scale.h"
#include "app/desktop/dw-touch.h"

#include "wire/dw-stage-link.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>

/* Stages and their sessions belong to the application and stay connected; windows only show them. */
struct _DwApplication
{
  AdwApplication parent_instance;

  DwProfile *profile;
  GStrv addresses; /* of the command line, until the stages are loaded; or NULL */
  char *wanted;    /* the stage that a notification led to, until the stages are loaded; or NULL */
  DwNotifier *notifier;
  DwBackground *background; /* or NULL, as the profile's settings */
  DwTextScale *text_scale;  /* or NULL, as the profile's settings */
  DwTouch *touch;
  guint signals[3]; /* what ends the program */
};

G_DEFINE_FINAL_TYPE (DwApplication, dw_application, ADW_TYPE_APPLICATION)

/* How long a quit may take to write its close frames, in microseconds. */
#define CLOSE_FRAMES_US (100 * 1000)

static DwChatList *
chats_of (DwApplication *self)
{
  return dw_profile_get_chats (self->profile);
}

static gboolean
on_close_wanted (DwApplication *self, GtkWindow *window)
{
  return self->background != NULL && g_list_model_get_n_items (G_LIST_MODEL (chats_of (self))) > 0
         && dw_background_ask_before_close (self->background, window);
}

static DwWindow *
make_window (DwApplication *self)
{
  DwWindow *window = dw_window_new (GTK_APPLICATION (self), self->profile);

  g_signal_connect_object (window, "close-wanted", G_CALLBACK (on_close_wanted), self, G_CONNECT_SWAPPED);
  return window;
}

static void
on_new_window (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gtk_window_present (GTK_WINDOW (make_window (data)));
}

static DwWindow *
find_window (DwApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  return DW_IS_WINDOW (window) ? DW_WINDOW (window) : make_window (self);
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

  if (dw_chat_list_is_loaded (chats_of (self)))
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
  dw_about_show (gtk_application_get_active_window (data), chats_of (data));
}

static void
on_shortcuts (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  dw_shortcuts_show (gtk_application_get_active_window (data));
}

/* As a quit: drafts are saved, and close frames leave. */
static gboolean
on_terminate (gpointer data)
{
  on_quit (NULL, NULL, data);
  return G_SOURCE_CONTINUE;
}

/* A logout, an interrupt in a terminal, and the end of the terminal, unless it was started to outlive that, as nohup
 * does. */
static void
watch_signals (DwApplication *self)
{
  static const int ends[] = { SIGTERM, SIGINT, SIGHUP };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      struct sigaction now;

      if (ends[i] == SIGHUP && sigaction (SIGHUP, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
        continue;
      self->signals[i] = g_unix_signal_add (ends[i], on_terminate, self);
    }
}

/* The window paints first; the stages and their history come after. */
static gboolean
on_idle_load (gpointer data)
{
  dw_chat_list_load (chats_of (data));
  return G_SOURCE_REMOVE;
}

/* A link can come from any web page, so do not connect without asking. */
static void
offer_link (DwApplication *self, DwWindow *window, const char *link)
{
  g_autofree char *address = dw_stage_link_dup_address (link);
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, &error);
  DwChat *chat = url != NULL ? dw_chat_list_find_by_url (chats_of (self), url) : NULL;

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
      chat = dw_profile_open_address (self->profile, addresses[i], dw_profile_get_own_name (self->profile), &error);

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
  DwChat *chat = dw_profile_recall_chat (self->profile);

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
open_profile (DwApplication *self)
{
  GSettings *settings = dw_profile_get_settings (self->profile);

  dw_profile_open (self->profile);
  g_signal_connect_object (chats_of (self), "loaded", G_CALLBACK (on_loaded), self, G_CONNECT_SWAPPED);
  g_idle_add (on_idle_load, self);

  self->touch = dw_touch_new (gdk_display_get_default ());
  self->notifier = dw_notifier_new (G_APPLICATION (self), chats_of (self), settings);
  if (settings == NULL)
    return;
  self->background = dw_background_new (GTK_APPLICATION (self), settings);
  self->text_scale = dw_text_scale_new (settings);
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
    /* Handle these before the text view does. */
    { "stage.next", { "<Control>Page_Down" } },
    { "stage.previous", { "<Control>Page_Up" } },
    { "stage.move-up", { "<Control><Shift>Page_Up" } },
    { "stage.move-down", { "<Control><Shift>Page_Down" } },
    /* Handle this before GTK's own inspector does. */
    { "win.inspector", { "<Control><Shift>i" } },
  };

  G_APPLICATION_CLASS (dw_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (application), keys[i].action, keys[i].keys);
  gtk_window_set_default_icon_name (DW_APP_ID);
  watch_signals (DW_APPLICATION (application));
  open_profile (DW_APPLICATION (application));
}

static void
dw_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (find_window (DW_APPLICATION (application))));
}

static void
open_when_loaded (DwApplication *self, DwWindow *window, GStrv addresses)
{
  if (dw_chat_list_is_loaded (chats_of (self)))
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

  if (arguments[0] != NULL && arguments[1] != NULL)
    open_when_loaded (self, window, arguments + 1);
  gtk_window_present (GTK_WINDOW (window));
  return 0;
}

/* Called by the desktop over D-Bus. */
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

/* The main loop has ended, but is needed to write the close frames, so run it a little longer. Do not wait for the
 * peers' answers. */
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

  for (guint i = 0; i < G_N_ELEMENTS (self->signals); i++)
    g_clear_handle_id (&self->signals[i], g_source_remove);
  dw_profile_close (self->profile);
  let_close_frames_leave ();
  g_clear_object (&self->notifier);
  g_clear_object (&self->background);
  g_clear_object (&self->text_scale);
  g_clear_object (&self->touch);
  g_clear_object (&self->profile);
  G_APPLICATION_CLASS (dw_application_parent_class)->shutdown (application);
}

static void
dw_application_finalize (GObject *object)
{
  DwApplication *self = DW_APPLICATION (object);

  g_clear_object (&self->profile);
  g_strfreev (self->addresses);
  g_free (self->wanted);
  G_OBJECT_CLASS (dw_application_parent_class)->finalize (object);
}

static gboolean
is_profile_name (const char *name)
{
  return g_regex_match_simple ("^[A-Za-z0-9_-]{1,32}\\z", name, 0, 0);
}

/* The profile determines the application ID, so it is parsed before the application registers. */
static int
dw_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  DwApplication *self = DW_APPLICATION (application);
  g_autofree char *name = NULL;

  if (g_variant_dict_contains (options, "version"))
    {
      if (printf ("dynamowave-chat %s\n", DW_VERSION) > 0 && fflush (stdout) == 0)
        return 0;
      g_printerr (_ ("Cannot write: %s\n"), g_strerror (errno));
      return 1;
    }

  if (g_variant_dict_lookup (options, "profile", "s", &name))
    {
      g_autofree char *id = NULL;

      if (!is_profile_name (name))
        {
          g_printerr (_ ("A profile name can have up to 32 letters, digits, “-” and “_”.\n"));
          return 2;
        }
      id = g_strdup_printf ("%s.Profile_%s", DW_APP_ID, name);
      g_application_set_application_id (application, id);
    }
  self->profile = dw_profile_new (name);

  return -1;
}

static void
dw_application_class_init (DwApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = dw_application_finalize;
  application_class->handle_local_options = dw_application_handle_local_options;
  application_class->startup = dw_application_startup;
  application_class->activate = dw_application_activate;
  application_class->command_line = dw_application_command_line;
  application_class->open = dw_application_open;
  application_class->shutdown = dw_application_shutdown;
}

static void
dw_application_init (DwApplication *self)
{
  static const GOptionEntry options[] = {
    { "profile", 'p', 0, G_OPTION_ARG_STRING, NULL, N_ ("Use a separate profile (own data and settings)"),
      N_ ("NAME") },
    { "version", 'V', 0, G_OPTION_ARG_NONE, NULL, N_ ("Print the version and exit"), NULL },
    { NULL },
  };
  GApplication *application = G_APPLICATION (self);

  g_application_add_main_option_entries (application, options);
  g_application_set_option_context_parameter_string (application, _ ("[URL…]"));
  g_application_set_option_context_summary (
      application, _ ("Opens the stages at the given URLs (wss://, or ws:// for a local stage)."));
}

/**
 * dw_application_new:
 *
 * Returns: (transfer full): the application; one instance per profile
 */
DwApplication *
dw_application_new (void)
{
  return g_object_new (DW_TYPE_APPLICATION, "application-id", DW_APP_ID, "resource-base-path",
                       "/io/github/dynamowave/Chat", "flags",
                       G_APPLICATION_HANDLES_COMMAND_LINE | G_APPLICATION_HANDLES_OPEN, NULL);
}
