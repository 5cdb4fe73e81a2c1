/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-editor.h"

#include "dw-access-group.h"
#include "dw-dialect-group.h"
#include "dw-failover-group.h"
#include "dw-trial-group.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-banner.h"
#include "app/toolkit/dw-dialog.h"
#include "app/toolkit/dw-page.h"
#include "app/toolkit/dw-question.h"

#include <glib/gi18n.h>
#include <string.h>

/* Edits all settings of a stage. Changes are made in a copy and applied together. */
struct _DwStageEditor
{
  GtkWidget parent_instance;

  GtkWidget *page;
  AdwWindowTitle *heading;
  DwBanner *problem;
  GtkButton *save;
  GtkEditable *address;
  AdwActionRow *understood;
  GtkEditable *name;
  GtkEditable *own_name;
  DwAccessGroup *access;
  DwFailoverGroup *failover;
  DwDialectGroup *dialect;
  DwTrialGroup *trial;

  DwProfile *profile;
  DwChat *chat; /* or NULL for a new stage */
};

G_DEFINE_FINAL_TYPE (DwStageEditor, dw_stage_editor, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_SAVED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static char *
dup_text (GtkEditable *editable)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (editable)));
}

/* Describes the parsed address. */
static char *
describe_url (const DwStageUrl *url)
{
  const char *stage = dw_stage_url_get_stage (url);

  if (dw_stage_url_get_api_id (url) != NULL)
    /* Translators: what an address says: the API’s id, the region, and the stage. */
    return g_strdup_printf (_ ("API %1$s in %2$s, stage %3$s"), dw_stage_url_get_api_id (url),
                            dw_stage_url_get_region (url), stage != NULL ? stage : _ ("none"));
  if (dw_stage_url_is_loopback (url))
    return g_strdup (_ ("Local stage"));
  if (stage != NULL)
    /* Translators: a host, and the stage there. */
    return g_strdup_printf (_ ("Host %1$s, stage %2$s"), dw_stage_url_get_host (url), stage);
  /* Translators: a host. */
  return g_strdup_printf (_ ("Host %s, custom domain"), dw_stage_url_get_host (url));
}

/* What was found out is about what was entered before. */
static void
forget_findings (DwStageEditor *self)
{
  dw_trial_group_forget (self->trial);
  dw_dialect_group_forget (self->dialect);
}

static void
on_address_changed (DwStageEditor *self)
{
  g_autofree char *text = dup_text (self->address);
  const char *query = strchr (text, '?');
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = NULL;
  g_autofree char *words = NULL;

  /* Move the query, which may be secret, to where it is hidden. */
  if (query != NULL && query[1] != '\0')
    {
      g_autofree char *plain = g_strndup (text, (gsize) (query - text));

      dw_access_group_set_query (self->access, query + 1);
      gtk_editable_set_text (self->address, plain);
      return;
    }

  forget_findings (self);
  url = *text != '\0' ? dw_stage_url_parse (text, &error) : NULL;
  words = url != NULL ? describe_url (url) : g_strdup (error != NULL ? error->message : "");
  dw_label_show_subtitle (self->understood, words);
  gtk_widget_set_visible (GTK_WIDGET (self->understood), *words != '\0');
  gtk_widget_remove_css_class (GTK_WIDGET (self->understood), "error");
  if (error != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->understood), "error");
  gtk_widget_set_sensitive (GTK_WIDGET (self->save), url != NULL);
}

/* The entered settings as an unsaved stage. */
static DwStage *
collect_with (DwStageEditor *self, DwDialect *dialect, GError **error)
{
  g_autofree char *address = dup_text (self->address);
  g_autofree char *name = dup_text (self->name);
  g_autofree char *own_name = dup_text (self->own_name);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, error);
  g_autoptr (DwStage) stage = NULL;

  if (url == NULL)
    return NULL;
  stage = dw_stage_new (url);
  dw_stage_set_name (stage, name);
  dw_stage_set_own_name (stage, own_name);
  dw_stage_set_dialect (stage, dialect);
  if (!dw_failover_group_write (self->failover, stage, error)
      || !dw_access_group_write (self->access, stage, error))
    return NULL;
  return g_steal_pointer (&stage);
}

static DwStage *
collect (DwStageEditor *self, GError **error)
{
  g_autoptr (DwDialect) dialect = dw_dialect_group_dup_dialect (self->dialect, error);

  return dialect != NULL ? collect_with (self, dialect, error) : NULL;
}

static void
show_problem (DwStageEditor *self, const GError *error)
{
  dw_banner_show (self->problem, error->message, NULL, NULL, NULL, NULL);
}

static void
on_save (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwStageEditor *self = DW_STAGE_EDITOR (widget);
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStage) stage = collect (self, &error);
  DwChat *chat = NULL;

  if (stage != NULL)
    chat = dw_profile_change_stage (self->profile, self->chat, stage, &error);
  if (chat == NULL)
    {
      show_problem (self, error);
      return;
    }
  g_signal_emit (self, signals[SIGNAL_SAVED], 0, chat);
  gtk_widget_activate_action (widget, "dialog.close", NULL);
}

static void
on_enter (DwStageEditor *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "editor.save", NULL);
}

static void
on_test (DwStageEditor *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStage) stage = collect (self, &error);

  if (stage == NULL)
    {
      show_problem (self, error);
      return;
    }
  dw_banner_hide (self->problem);
  dw_trial_group_run (self->trial, stage);
}

/* A format that was only begun is not tried. */
static DwStage *
collect_to_search (DwStageEditor *self, GError **error)
{
  g_autoptr (DwDialect) dialect = dw_dialect_group_dup_dialect (self->dialect, NULL);

  if (dialect == NULL)
    dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  return collect_with (self, dialect, error);
}

static void
search_dialect (DwStageEditor *self, DwStage *stage)
{
  DwDialectSearch *search = dw_dialect_group_search (self->dialect, stage);
  DwChat *there = dw_chat_list_find_by_url (dw_profile_get_chats (self->profile), dw_stage_get_url (stage, 0));
  DwChat *chat = there != NULL ? there : self->chat;

  if (chat != NULL)
    dw_chat_set_search (chat, search);
}

static void
on_find_answered (DwStageEditor *self, const char *answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStage) stage = NULL;

  if (strcmp (answer, "send") != 0 || self->page == NULL)
    return;
  stage = collect_to_search (self, &error);
  if (stage != NULL)
    search_dialect (self, stage);
  else
    show_problem (self, error);
}

static void
on_find_out (DwStageEditor *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStage) stage = collect_to_search (self, &error);
  GtkWidget *question;

  if (stage == NULL)
    {
      show_problem (self, error);
      return;
    }

  dw_banner_hide (self->problem);
  question = dw_question_new (_ ("Send Test Messages?"),
                              _ ("Everyone connected to this stage may see a short message for each format tried."),
                              "cancel", _ ("Cancel"));
  dw_question_add (question, "send", _ ("Send"));
  dw_question_set_default (question, "send");
  g_signal_connect_object (question, "response", G_CALLBACK (on_find_answered), self, G_CONNECT_SWAPPED);
  dw_question_ask (question, GTK_WIDGET (gtk_widget_get_root (GTK_WIDGET (self))));
}

static void
dw_stage_editor_dispose (GObject *object)
{
  DwStageEditor *self = DW_STAGE_EDITOR (object);

  if (self->page != NULL)
    forget_findings (self);
  g_clear_pointer (&self->page, gtk_widget_unparent);
  g_clear_object (&self->profile);
  g_clear_object (&self->chat);
  G_OBJECT_CLASS (dw_stage_editor_parent_class)->dispose (object);
}

static void
dw_stage_editor_class_init (DwStageEditorClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_stage_editor_dispose;
  g_type_ensure (DW_TYPE_BANNER);
  g_type_ensure (DW_TYPE_ACCESS_GROUP);
  g_type_ensure (DW_TYPE_DIALECT_GROUP);
  g_type_ensure (DW_TYPE_FAILOVER_GROUP);
  g_type_ensure (DW_TYPE_PAGE);
  g_type_ensure (DW_TYPE_TRIAL_GROUP);

  /**
   * DwStageEditor::saved:
   * @chat: the #DwChat of the stage as it is now
   */
  signals[SIGNAL_SAVED] = g_signal_new ("saved", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, DW_TYPE_CHAT);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-stage-editor.ui");
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, page);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, heading);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, problem);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, save);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, address);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, understood);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, name);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, own_name);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, access);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, failover);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, dialect);
  gtk_widget_class_bind_template_child (widget_class, DwStageEditor, trial);
  gtk_widget_class_bind_template_callback (widget_class, on_address_changed);
  gtk_widget_class_bind_template_callback (widget_class, forget_findings);
  gtk_widget_class_bind_template_callback (widget_class, on_enter);
  gtk_widget_class_bind_template_callback (widget_class, on_find_out);
  gtk_widget_class_bind_template_callback (widget_class, on_test);
  gtk_widget_class_install_action (widget_class, "editor.save", NULL, on_save);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_s, GDK_CONTROL_MASK, "editor.save", NULL);
}

static void
dw_stage_editor_init (DwStageEditor *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  on_address_changed (self);
}

static void
show_stage (DwStageEditor *self, DwStage *stage)
{
  g_autofree char *plain = dw_stage_url_dup_plain (dw_stage_get_url (stage, 0));
  const char *name = dw_stage_get_name (stage);
  const char *own_name = dw_stage_get_own_name (stage);

  gtk_editable_set_text (self->address, plain);
  gtk_editable_set_text (self->name, name != NULL ? name : "");
  gtk_editable_set_text (self->own_name, own_name != NULL ? own_name : "");
  dw_access_group_set_stage (self->access, stage);
  dw_failover_group_set_stage (self->failover, stage);
  dw_dialect_group_set_dialect (self->dialect, dw_stage_get_dialect (stage));
}

/**
 * dw_stage_editor_new:
 * @profile: whose stage it is
 * @chat: (nullable): whose stage is edited, or %NULL for a new one
 *
 * Returns: (transfer floating): the editor
 */
DwStageEditor *
dw_stage_editor_new (DwProfile *profile, DwChat *chat)
{
  DwStageEditor *self = g_object_new (DW_TYPE_STAGE_EDITOR, NULL);

  self->profile = g_object_ref (profile);
  g_set_object (&self->chat, chat);
  if (chat != NULL)
    show_stage (self, dw_chat_get_stage (chat));
  else
    adw_window_title_set_title (self->heading, _ ("New Stage"));
  gtk_button_set_label (self->save, chat != NULL ? _ ("_Save") : _ ("_Connect"));
  return self;
}

/**
 * dw_stage_editor_present:
 * @self: an editor
 * @parent: over which window
 *
 * Shows the editor in a dialog.
 */
void
dw_stage_editor_present (DwStageEditor *self, GtkWidget *parent)
{
  dw_dialog_present (dw_dialog_new (adw_window_title_get_title (self->heading), GTK_WIDGET (self)), parent);
  /* People rarely open the editor to change an existing stage's address, so it does not get the focus. */
  gtk_widget_grab_focus (GTK_WIDGET (self->chat != NULL ? self->name : self->address));
}

/**
 * dw_stage_editor_set_address:
 * @self: an editor
 * @address: the text for the address entry
 */
void
dw_stage_editor_set_address (DwStageEditor *self, const char *address)
{
  gtk_editable_set_text (self->address, address);
}

/**
 * dw_stage_editor_set_own_name:
 * @self: an editor
 * @own_name: (nullable): the text for the display name entry
 */
void
dw_stage_editor_set_own_name (DwStageEditor *self, const char *own_name)
{
  gtk_editable_set_text (self->own_name, own_name != NULL ? own_name : "");
}

/**
 * dw_stage_editor_focus_address:
 * @self: an editor
 *
 * Moves the focus to the address, for somebody who was asked to check it.
 */
void
dw_stage_editor_focus_address (DwStageEditor *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->address));
}

/**
 * dw_stage_editor_focus_secret:
 * @self: an editor
 *
 * Moves the focus to the token.
 */
void
dw_stage_editor_focus_secret (DwStageEditor *self)
{
  dw_access_group_focus_secret (self->access);
}
