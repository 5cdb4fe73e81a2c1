/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-background.h"

#include "app/toolkit/dw-question.h"

#include <glib/gi18n.h>
#include <libportal/portal.h>

/**
 * SECTION:dw-background
 *
 * Whether the program keeps running when the last window is closed. The background portal has to permit it, since it
 * would kill a program that did not ask. If it refuses, or there is no portal, the setting goes back to “no” and the
 * person is told.
 */
struct _DwBackground
{
  GObject parent_instance;

  GtkApplication *application; /* unowned: the application owns this */
  GSettings *settings;
  XdpPortal *portal;
  GCancellable *request; /* the running portal request, or NULL; the person may take any time to answer */
  GtkWindow *closing;    /* whose closing a question is about, or NULL */
  GtkWidget *question;   /* that question while it is there, or NULL */
  gboolean held;
};

G_DEFINE_FINAL_TYPE (DwBackground, dw_background, G_TYPE_OBJECT)

static void
set_held (DwBackground *self, gboolean held)
{
  if (self->held == held)
    return;
  self->held = held;
  if (held)
    g_application_hold (G_APPLICATION (self->application));
  else
    g_application_release (G_APPLICATION (self->application));
}

static void
forget_request (DwBackground *self)
{
  g_cancellable_cancel (self->request);
  g_clear_object (&self->request);
}

/* If the choice cannot be honoured, reset the setting. */
static void
refuse (DwBackground *self, const char *sentence)
{
  g_autoptr (GNotification) notification = g_notification_new (_ ("Can’t Run in the Background"));

  forget_request (self);
  g_settings_set_boolean (self->settings, "background", FALSE);
  g_notification_set_body (notification, sentence);
  g_application_send_notification (G_APPLICATION (self->application), "background", notification);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwBackground) self = data;
  g_autoptr (GError) error = NULL;
  gboolean granted = xdp_portal_request_background_finish (XDP_PORTAL (source), result, &error);

  if (g_cancellable_is_cancelled (g_task_get_cancellable (G_TASK (result))))
    return;

  if (granted)
    forget_request (self);
  else if (error == NULL || error->domain == G_IO_ERROR)
    refuse (self, _ ("Your system doesn’t allow DynamoWave Chat to run in the background. Allow it in the system "
                     "settings, then turn it on again in Preferences."));
  else
    {
      g_debug ("Background portal: %s", error->message);
      refuse (self, _ ("This desktop doesn’t support running in the background."));
    }
}

static void
request (DwBackground *self)
{
  forget_request (self);
  self->request = g_cancellable_new ();
  xdp_portal_request_background (self->portal, NULL, _ ("Stay connected and notify you about new messages"), NULL,
                                 XDP_BACKGROUND_FLAG_NONE, self->request, on_answered, g_object_ref (self));
}

static void
on_chosen (DwBackground *self)
{
  gboolean wanted = g_settings_get_boolean (self->settings, "background");

  if (wanted && !self->held)
    {
      set_held (self, TRUE);
      request (self);
    }
  else if (!wanted)
    {
      forget_request (self);
      set_held (self, FALSE);
    }
}

static void
dw_background_dispose (GObject *object)
{
  DwBackground *self = DW_BACKGROUND (object);

  forget_request (self);
  g_clear_weak_pointer (&self->closing);
  g_clear_weak_pointer (&self->question);
  g_clear_object (&self->portal);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (dw_background_parent_class)->dispose (object);
}

static void
dw_background_class_init (DwBackgroundClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_background_dispose;
}

static void
dw_background_init (DwBackground *self)
{
}

/**
 * dw_background_new:
 * @application: the program, which outlives it
 * @settings: the profile's settings
 *
 * Returns: (transfer full): an object that follows the setting from now on
 */
DwBackground *
dw_background_new (GtkApplication *application, GSettings *settings)
{
  DwBackground *self = g_object_new (DW_TYPE_BACKGROUND, NULL);

  self->application = application;
  self->settings = g_object_ref (settings);
  self->portal = xdp_portal_new ();
  g_signal_connect_object (settings, "changed::background", G_CALLBACK (on_chosen), self, G_CONNECT_SWAPPED);
  on_chosen (self);
  return self;
}

static gboolean
on_close (gpointer data)
{
  gtk_window_destroy (data);
  return G_SOURCE_REMOVE;
}

static void
on_answer (GtkWidget *question, const char *answer, DwBackground *self)
{
  g_settings_set_boolean (self->settings, "told-of-quitting", TRUE);
  if (g_str_equal (answer, "stay"))
    g_settings_set_boolean (self->settings, "background", TRUE);
  /* Closing the window destroys the question, which is still emitting this signal, so do it later. */
  if (!g_str_equal (answer, "cancel") && self->closing != NULL)
    g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, on_close, g_object_ref (self->closing), g_object_unref);
}

/**
 * dw_background_ask_before_close:
 * @self: the background
 * @window: a window the person closes
 *
 * Explains once that this ends the program, and offers to keep it running instead.
 *
 * Returns: whether the window stays until the person has answered
 */
gboolean
dw_background_ask_before_close (DwBackground *self, GtkWindow *window)
{
  if (self->question != NULL && self->closing == window)
    return TRUE;
  if (self->held || g_settings_get_boolean (self->settings, "told-of-quitting")
      || gtk_application_get_windows (self->application)->next != NULL)
    return FALSE;
  g_set_weak_pointer (&self->closing, window);
  g_set_weak_pointer (
      &self->question,
      dw_question_new (_ ("Keep Running in the Background?"),
                       _ ("Stages don’t store messages, so you’ll miss what is sent while DynamoWave Chat isn’t "
                          "running. It can stay connected in the background and notify you about new messages."),
                       "cancel", _ ("_Cancel")));
  dw_question_add (self->question, "quit", _ ("_Quit"));
  dw_question_add (self->question, "stay", _ ("_Keep Running"));
  dw_question_set_default (self->question, "quit");
  g_signal_connect_object (self->question, "response", G_CALLBACK (on_answer), self, 0);
  dw_question_ask (self->question, GTK_WIDGET (window));
  return TRUE;
}
