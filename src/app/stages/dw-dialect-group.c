/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dialect-group.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-reveal.h"
#include "app/toolkit/dw-speech.h"
#include "app/toolkit/dw-spinner.h"
#include "app/toolkit/dw-toolkit.h"

#include "client/connection/dw-dialect-search.h"
#include "client/connection/dw-session-policy.h"

#include "wire/dw-frame.h"

#include <glib/gi18n.h>

/* Settings for a stage's message format, with an example, and a search for it. */
struct _DwDialectGroup
{
  AdwPreferencesGroup parent_instance;

  GtkWidget *find;
  AdwActionRow *verdict;
  AdwBin *mark; /* an icon, or a spinner while a search is under way */
  AdwComboRow *preset;
  GtkEditable *route_key;
  GtkEditable *send_route;
  GtkEditable *body_key;
  GtkEditable *probe;
  GtkLabel *example;

  DwDialectSearch *search; /* or NULL */
};

G_DEFINE_FINAL_TYPE (DwDialectGroup, dw_dialect_group, ADW_TYPE_PREFERENCES_GROUP)

enum
{
  SIGNAL_ASKED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
show_example (DwDialectGroup *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwDialect) dialect = dw_dialect_group_dup_dialect (self, &error);
  g_autofree char *frame = dialect != NULL ? dw_frame_encode (dialect, _ ("Hello!"), NULL, NULL, NULL) : NULL;

  dw_label_show (self->example, frame != NULL ? frame : error != NULL ? error->message : "", DW_LABEL_CHARS);
}

static void
on_preset_changed (DwDialectGroup *self)
{
  gboolean custom = adw_combo_row_get_selected (self->preset) == DW_DIALECT_CUSTOM;

  gtk_widget_set_visible (GTK_WIDGET (self->route_key), custom);
  gtk_widget_set_visible (GTK_WIDGET (self->send_route), custom);
  gtk_widget_set_visible (GTK_WIDGET (self->body_key), custom);
  gtk_widget_set_visible (GTK_WIDGET (self->probe), custom);
  show_example (self);
}

static void
on_find_clicked (DwDialectGroup *self)
{
  g_signal_emit (self, signals[SIGNAL_ASKED], 0);
}

static void
stop_search (DwDialectGroup *self)
{
  if (self->search == NULL)
    return;

  g_signal_handlers_disconnect_by_data (self->search, self);
  dw_dialect_search_cancel (self->search);
  g_clear_object (&self->search);
}

static void
dw_dialect_group_dispose (GObject *object)
{
  stop_search (DW_DIALECT_GROUP (object));
  G_OBJECT_CLASS (dw_dialect_group_parent_class)->dispose (object);
}

static void
dw_dialect_group_class_init (DwDialectGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_dialect_group_dispose;

  /**
   * DwDialectGroup::asked:
   *
   * Emitted when the person wants the message format found out.
   */
  signals[SIGNAL_ASKED] =
      g_signal_new ("asked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-dialect-group.ui");
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, find);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, verdict);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, mark);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, preset);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, route_key);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, send_route);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, body_key);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, probe);
  gtk_widget_class_bind_template_child (widget_class, DwDialectGroup, example);
  gtk_widget_class_bind_template_callback (widget_class, on_find_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_preset_changed);
  gtk_widget_class_bind_template_callback (widget_class, show_example);
}

static void
dw_dialect_group_init (DwDialectGroup *self)
{
  g_autoptr (DwDialect) documented = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);

  gtk_widget_init_template (GTK_WIDGET (self));
  dw_dialect_group_set_dialect (self, documented);
}

/**
 * dw_dialect_group_set_dialect:
 * @self: a group
 * @dialect: what it shows
 */
void
dw_dialect_group_set_dialect (DwDialectGroup *self, DwDialect *dialect)
{
  gtk_editable_set_text (self->route_key, dw_dialect_get_route_key (dialect));
  gtk_editable_set_text (self->send_route, dw_dialect_get_send_route (dialect));
  gtk_editable_set_text (self->body_key, dw_dialect_get_body_key (dialect));
  gtk_editable_set_text (self->probe, dw_dialect_get_probe (dialect));
  adw_combo_row_set_selected (self->preset, dw_dialect_get_preset (dialect));
  on_preset_changed (self);
}

/**
 * dw_dialect_group_dup_dialect:
 * @self: a group
 * @error: %DW_WIRE_ERROR_DIALECT, with a sentence that says what to change
 *
 * Returns: (transfer full): what was chosen
 */
DwDialect *
dw_dialect_group_dup_dialect (DwDialectGroup *self, GError **error)
{
  guint preset = adw_combo_row_get_selected (self->preset);

  if (preset < DW_DIALECT_CUSTOM)
    return dw_dialect_new_preset ((DwDialectPreset) preset);
  return dw_dialect_new_custom (gtk_editable_get_text (self->route_key), gtk_editable_get_text (self->send_route),
                                gtk_editable_get_text (self->body_key), gtk_editable_get_text (self->probe), error);
}

static void
show_mark (DwDialectGroup *self)
{
  gboolean found = dw_dialect_search_get_found (self->search) != NULL;

  if (!dw_dialect_search_is_over (self->search))
    adw_bin_set_child (self->mark, dw_spinner_new ());
  else
    adw_bin_set_child (self->mark,
                       gtk_image_new_from_icon_name (found ? "object-select-symbolic" : "dialog-warning-symbolic"));
}

static void
on_search_changed (DwDialectGroup *self)
{
  g_autofree char *words = dw_dialect_search_dup_words (self->search);
  DwDialect *found = dw_dialect_search_get_found (self->search);
  gboolean over = dw_dialect_search_is_over (self->search);

  dw_label_show_row_title (ADW_PREFERENCES_ROW (self->verdict), words);
  dw_toolkit_override_label (GTK_WIDGET (self->verdict), words);
  show_mark (self);
  gtk_widget_set_sensitive (self->find, over);
  if (over)
    dw_speech_announce (GTK_WIDGET (self->verdict), words);
  if (found != NULL)
    dw_dialect_group_set_dialect (self, found);
  if (over)
    dw_reveal (GTK_WIDGET (self));
}

/**
 * dw_dialect_group_search:
 * @self: a group
 * @stage: the stage to ask
 *
 * Finds out the message format, and fills it in. Others on the stage see a message.
 *
 * Returns: (transfer none): the search
 */
DwDialectSearch *
dw_dialect_group_search (DwDialectGroup *self, DwStage *stage)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();

  stop_search (self);
  self->search = dw_dialect_search_new (stage, policy->handshake_ms, DW_DIALECT_SEARCH_WAIT_MS);
  g_signal_connect_object (self->search, "changed", G_CALLBACK (on_search_changed), self, G_CONNECT_SWAPPED);
  dw_dialect_search_start (self->search);
  on_search_changed (self);
  gtk_widget_set_visible (GTK_WIDGET (self->verdict), TRUE);
  dw_reveal (GTK_WIDGET (self));
  return self->search;
}

/**
 * dw_dialect_group_forget:
 * @self: a group
 *
 * Hides what was found out, since it is about another address, and stops a running search.
 */
void
dw_dialect_group_forget (DwDialectGroup *self)
{
  stop_search (self);
  gtk_widget_set_visible (GTK_WIDGET (self->verdict), FALSE);
  gtk_widget_set_sensitive (self->find, TRUE);
}
