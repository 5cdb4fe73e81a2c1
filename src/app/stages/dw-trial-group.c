/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-trial-group.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-spinner.h"
#include "app/toolkit/dw-toolkit.h"

#include "client/connection/dw-session-policy.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* A connection test, with a row for each step. */
struct _DwTrialGroup
{
  AdwPreferencesGroup parent_instance;

  GtkWidget *test;
  AdwActionRow *rows[DW_TRIAL_STEPS];
  AdwBin *marks[DW_TRIAL_STEPS]; /* an icon, or a spinner while the step is under way */
  DwTrial *trial;                /* or NULL */
};

G_DEFINE_FINAL_TYPE (DwTrialGroup, dw_trial_group, ADW_TYPE_PREFERENCES_GROUP)

enum
{
  SIGNAL_ASKED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static const char *
icon_of (DwTrialState state)
{
  switch (state)
    {
    case DW_TRIAL_DONE:
      return "object-select-symbolic";
    case DW_TRIAL_FAILED:
      return "dialog-error-symbolic";
    case DW_TRIAL_SKIPPED:
      return "go-next-symbolic";
    case DW_TRIAL_RUNNING:
    case DW_TRIAL_WAITING:
    default:
      return "list-remove-symbolic";
    }
}

static const char *
word_of (DwTrialState state)
{
  switch (state)
    {
    case DW_TRIAL_RUNNING:
      return _ ("under way");
    case DW_TRIAL_DONE:
      return _ ("works");
    case DW_TRIAL_FAILED:
      return C_ ("step", "failed");
    case DW_TRIAL_SKIPPED:
      return _ ("not needed");
    case DW_TRIAL_WAITING:
    default:
      return _ ("not tried");
    }
}

static void
show_step (DwTrialGroup *self, DwTrialStep step)
{
  DwTrialState state = dw_trial_get_state (self->trial, step);
  const char *words = dw_trial_get_words (self->trial, step);
  g_autofree char *safe = dw_safe_line (words != NULL ? words : word_of (state), DW_LABEL_CHARS);
  const char *title = adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self->rows[step]));
  g_autofree char *label = g_strdup_printf ("%s: %s, %s", title, word_of (state), safe);

  dw_label_show_subtitle (self->rows[step], safe);
  adw_bin_set_child (self->marks[step], state == DW_TRIAL_RUNNING ? dw_spinner_new ()
                                                                  : gtk_image_new_from_icon_name (icon_of (state)));
  gtk_widget_remove_css_class (GTK_WIDGET (self->rows[step]), "error");
  if (state == DW_TRIAL_FAILED)
    gtk_widget_add_css_class (GTK_WIDGET (self->rows[step]), "error");
  gtk_widget_set_sensitive (GTK_WIDGET (self->rows[step]), state != DW_TRIAL_WAITING && state != DW_TRIAL_SKIPPED);
  dw_toolkit_override_label (GTK_WIDGET (self->rows[step]), label);
}

static void
on_changed (DwTrialGroup *self)
{
  for (guint i = 0; i < DW_TRIAL_STEPS; i++)
    show_step (self, (DwTrialStep) i);
  gtk_widget_set_sensitive (self->test, dw_trial_is_over (self->trial));
}

static void
on_test_clicked (DwTrialGroup *self)
{
  g_signal_emit (self, signals[SIGNAL_ASKED], 0);
}

static void
dw_trial_group_dispose (GObject *object)
{
  dw_trial_group_stop (DW_TRIAL_GROUP (object));
  G_OBJECT_CLASS (dw_trial_group_parent_class)->dispose (object);
}

static void
dw_trial_group_class_init (DwTrialGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_trial_group_dispose;

  /**
   * DwTrialGroup::asked:
   *
   * Emitted when the person starts a test.
   */
  signals[SIGNAL_ASKED] =
      g_signal_new ("asked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-trial-group.ui");
  gtk_widget_class_bind_template_child (widget_class, DwTrialGroup, test);
  gtk_widget_class_bind_template_callback (widget_class, on_test_clicked);
}

static void
dw_trial_group_init (DwTrialGroup *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
make_rows (DwTrialGroup *self)
{
  const char *const titles[DW_TRIAL_STEPS] = { _ ("Find the name"), C_ ("step", "Connect"), _ ("Encrypt"),
                                               _ ("Be let in"), _ ("Get an answer") };

  for (guint i = 0; i < DW_TRIAL_STEPS; i++)
    {
      self->rows[i] = ADW_ACTION_ROW (adw_action_row_new ());
      self->marks[i] = ADW_BIN (adw_bin_new ());
      dw_label_show_row_title (ADW_PREFERENCES_ROW (self->rows[i]), titles[i]);
      adw_action_row_add_prefix (self->rows[i], GTK_WIDGET (self->marks[i]));
      adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (self->rows[i]));
    }
}

/**
 * dw_trial_group_run:
 * @self: a group
 * @stage: the stage to test
 *
 * Runs the test and shows each step.
 */
void
dw_trial_group_run (DwTrialGroup *self, DwStage *stage)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();

  dw_trial_group_stop (self);
  if (self->rows[0] == NULL)
    make_rows (self);
  self->trial = dw_trial_new (stage, policy->handshake_ms);
  g_signal_connect_object (self->trial, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  dw_trial_start (self->trial);
}

/**
 * dw_trial_group_stop:
 * @self: a group
 *
 * Stops a running test.
 */
void
dw_trial_group_stop (DwTrialGroup *self)
{
  if (self->trial == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->trial, self);
  dw_trial_cancel (self->trial);
  g_clear_object (&self->trial);
}
