/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-trial-group.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-reveal.h"
#include "app/toolkit/dw-speech.h"
#include "app/toolkit/dw-spinner.h"
#include "app/toolkit/dw-toolkit.h"

#include "client/connection/dw-session-policy.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* A connection test: a row with its verdict, and one for each step. */
struct _DwTrialGroup
{
  AdwPreferencesGroup parent_instance;

  GtkWidget *test;
  AdwPreferencesRow *verdict;
  AdwBin *mark;
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

/* A step that was not tried has none. */
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
      return NULL;
    }
}

static void
show_mark (AdwBin *mark, DwTrialState state)
{
  const char *icon = icon_of (state);

  if (state == DW_TRIAL_RUNNING)
    adw_bin_set_child (mark, dw_spinner_new ());
  else
    adw_bin_set_child (mark, icon != NULL ? gtk_image_new_from_icon_name (icon) : NULL);
}

static const char *
word_of (DwTrialState state)
{
  switch (state)
    {
    case DW_TRIAL_RUNNING:
      return _ ("In progress");
    case DW_TRIAL_DONE:
      return C_ ("step", "OK");
    case DW_TRIAL_FAILED:
      return C_ ("step", "Failed");
    case DW_TRIAL_SKIPPED:
      return _ ("Not needed");
    case DW_TRIAL_WAITING:
    default:
      return _ ("Skipped");
    }
}

static void
show_failure (GtkWidget *row, gboolean failed)
{
  if (failed)
    gtk_widget_add_css_class (row, "error");
  else
    gtk_widget_remove_css_class (row, "error");
}

static void
show_step (DwTrialGroup *self, DwTrialStep step)
{
  DwTrialState state = dw_trial_get_state (self->trial, step);
  const char *words = dw_trial_get_words (self->trial, step);
  g_autofree char *safe = dw_safe_line (words != NULL ? words : word_of (state), DW_LABEL_CHARS);
  const char *title = adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self->rows[step]));
  g_autofree char *label = words != NULL ? g_strdup_printf ("%s: %s, %s", title, word_of (state), safe)
                                         : g_strdup_printf ("%s: %s", title, safe);

  dw_label_show_subtitle (self->rows[step], safe);
  show_mark (self->marks[step], state);
  show_failure (GTK_WIDGET (self->rows[step]), state == DW_TRIAL_FAILED);
  gtk_widget_set_sensitive (GTK_WIDGET (self->rows[step]), state != DW_TRIAL_WAITING && state != DW_TRIAL_SKIPPED);
  dw_toolkit_override_label (GTK_WIDGET (self->rows[step]), label);
}

static AdwActionRow *
find_failed (DwTrialGroup *self)
{
  for (guint i = 0; i < DW_TRIAL_STEPS; i++)
    if (dw_trial_get_state (self->trial, (DwTrialStep) i) == DW_TRIAL_FAILED)
      return self->rows[i];
  return NULL;
}

static void
show_verdict (DwTrialGroup *self)
{
  g_autofree char *verdict = dw_trial_dup_verdict (self->trial);
  gboolean failed = find_failed (self) != NULL;
  DwTrialState state = failed ? DW_TRIAL_FAILED : DW_TRIAL_DONE;

  dw_label_show_row_title (self->verdict, verdict);
  show_mark (self->mark, dw_trial_is_over (self->trial) ? state : DW_TRIAL_RUNNING);
  show_failure (GTK_WIDGET (self->verdict), failed);
  dw_toolkit_override_label (GTK_WIDGET (self->verdict), verdict);
  if (dw_trial_is_over (self->trial))
    dw_speech_announce (GTK_WIDGET (self->verdict), verdict);
}

static void
on_changed (DwTrialGroup *self)
{
  gboolean over = dw_trial_is_over (self->trial);
  AdwActionRow *failed = find_failed (self);

  for (guint i = 0; i < DW_TRIAL_STEPS; i++)
    show_step (self, (DwTrialStep) i);
  show_verdict (self);
  gtk_widget_set_sensitive (self->test, over);
  if (over)
    dw_reveal (failed != NULL ? GTK_WIDGET (failed) : GTK_WIDGET (self));
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

static AdwBin *
add_row (DwTrialGroup *self, AdwActionRow *row)
{
  AdwBin *mark = ADW_BIN (adw_bin_new ());

  adw_action_row_set_title_lines (row, 0);
  /* The titles stand in a line even beside a step without an icon. */
  gtk_widget_set_size_request (GTK_WIDGET (mark), 16, -1);
  adw_action_row_add_prefix (row, GTK_WIDGET (mark));
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (row));
  return mark;
}

static void
make_rows (DwTrialGroup *self)
{
  const char *const titles[DW_TRIAL_STEPS] = { _ ("Resolve Host"), C_ ("step", "Connect"), _ ("TLS"),
                                               _ ("Handshake"), _ ("First Reply") };

  self->verdict = ADW_PREFERENCES_ROW (adw_action_row_new ());
  gtk_widget_add_css_class (GTK_WIDGET (self->verdict), "trial-verdict");
  self->mark = add_row (self, ADW_ACTION_ROW (self->verdict));
  for (guint i = 0; i < DW_TRIAL_STEPS; i++)
    {
      self->rows[i] = ADW_ACTION_ROW (adw_action_row_new ());
      dw_label_show_row_title (ADW_PREFERENCES_ROW (self->rows[i]), titles[i]);
      self->marks[i] = add_row (self, self->rows[i]);
    }
}

/* A list of rows that are hidden would still have a frame. */
static void
remove_rows (DwTrialGroup *self)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (self);

  if (self->verdict == NULL)
    return;

  adw_preferences_group_remove (group, GTK_WIDGET (g_steal_pointer (&self->verdict)));
  for (guint i = 0; i < DW_TRIAL_STEPS; i++)
    adw_preferences_group_remove (group, GTK_WIDGET (g_steal_pointer (&self->rows[i])));
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
  if (self->verdict == NULL)
    make_rows (self);
  self->trial = dw_trial_new (stage, policy->handshake_ms);
  g_signal_connect_object (self->trial, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  dw_trial_start (self->trial);
  dw_reveal (GTK_WIDGET (self));
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

/**
 * dw_trial_group_forget:
 * @self: a group
 *
 * Takes away what was found out, since it is not about what is entered now, and stops a running test.
 */
void
dw_trial_group_forget (DwTrialGroup *self)
{
  dw_trial_group_stop (self);
  remove_rows (self);
  gtk_widget_set_sensitive (self->test, TRUE);
}
