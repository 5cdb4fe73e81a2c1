/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-connection-bar.h"

#include "app/text/dw-label.h"
#include "app/text/dw-status-text.h"
#include "app/toolkit/dw-bar-layout.h"

#include <glib/gi18n.h>
#include <string.h>

struct _DwConnectionBar
{
  GtkWidget parent_instance;

  GtkWidget *revealer;
  GtkWidget *bar;
  GtkLabel *sentence;
  GtkButton *remedy;
  GtkButton *retry;

  DwSession *session;
  GSignalGroup *changes;
  guint countdown;
};

G_DEFINE_FINAL_TYPE (DwConnectionBar, dw_connection_bar, GTK_TYPE_WIDGET)

/* What is wrong, in bold, and what happens next, in one line where there is room for it. */
static void
show_sentence (DwConnectionBar *self)
{
  const DwSessionStatus *status = dw_session_get_status (self->session);
  g_autofree char *title = dw_status_text_title (status);
  g_autofree char *detail = dw_status_text_detail (status);
  g_autofree char *both = g_strdup_printf ("%s %s", title != NULL ? title : "", detail);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  PangoAttribute *bold = pango_attr_weight_new (PANGO_WEIGHT_BOLD);

  bold->end_index = title != NULL ? (guint) strlen (title) : 0;
  pango_attr_list_insert (attributes, bold);
  dw_label_show (self->sentence, both, DW_LABEL_CHARS);
  gtk_label_set_attributes (self->sentence, attributes);
}

static gboolean
on_second (gpointer data)
{
  show_sentence (data);
  return G_SOURCE_CONTINUE;
}

/* The countdown wakes the program every second, so it runs only while it is visible. */
static void
run_countdown (DwConnectionBar *self)
{
  gboolean wanted = self->session != NULL && gtk_widget_get_mapped (GTK_WIDGET (self))
                    && dw_session_status_is_counting_down (dw_session_get_status (self->session));

  if (wanted && self->countdown == 0)
    self->countdown = g_timeout_add_seconds (1, on_second, self);
  else if (!wanted)
    g_clear_handle_id (&self->countdown, g_source_remove);
}

static void
show_button (DwConnectionBar *self, DwSessionState state)
{
  gboolean useful = state == DW_SESSION_WAITING || state == DW_SESSION_NO_NETWORK || state == DW_SESSION_REFUSED
                    || state == DW_SESSION_OFFLINE;

  gtk_button_set_label (self->retry, state == DW_SESSION_OFFLINE ? C_ ("button", "Connect") : _ ("Retry Now"));
  gtk_widget_set_visible (GTK_WIDGET (self->retry), useful);
}

/* The remedy to offer besides waiting. */
static void
show_remedy (DwConnectionBar *self, const DwSessionStatus *status)
{
  const char *label = NULL;
  const char *action = NULL;

  switch (status->state != DW_SESSION_OFFLINE ? dw_cause_get_remedy (status->cause) : DW_REMEDY_NONE)
    {
    case DW_REMEDY_EDIT:
      label = _ ("Edit Address");
      action = "stage.edit-address";
      break;
    case DW_REMEDY_TOKEN:
      label = _ ("Edit Token");
      action = "stage.edit-token";
      break;
    case DW_REMEDY_SIGN_IN:
      label = _ ("Sign In");
      action = "win.sign-in";
      break;
    case DW_REMEDY_NONE:
    case DW_REMEDY_RETRY:
    default:
      break;
    }
  if (label != NULL)
    dw_label_show_button (self->remedy, label);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->remedy), action);
  gtk_widget_set_visible (GTK_WIDGET (self->remedy), label != NULL);
}

static void
set_class (DwConnectionBar *self, const char *name, gboolean present)
{
  if (present)
    gtk_widget_add_css_class (self->bar, name);
  else
    gtk_widget_remove_css_class (self->bar, name);
}

static void
on_changed (DwConnectionBar *self)
{
  const DwSessionStatus *status = dw_session_get_status (self->session);
  g_autofree char *title = dw_status_text_title (status);

  if (title != NULL)
    {
      show_sentence (self);
      show_button (self, status->state);
      show_remedy (self, status);
      set_class (self, "bad", status->state == DW_SESSION_REFUSED);
      set_class (self, "calm", status->state == DW_SESSION_OFFLINE);
    }
  /* A button that is hidden must not take the focus with it. */
  if (title == NULL && gtk_widget_get_focus_child (GTK_WIDGET (self)) != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.focus-composer", NULL);
  /* Remove it from the accessibility tree too. */
  gtk_widget_set_visible (self->revealer, title != NULL);
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), title != NULL);
  run_countdown (self);
}

static void
on_retry_clicked (DwConnectionBar *self)
{
  dw_session_retry (self->session);
}

static void
dw_connection_bar_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (dw_connection_bar_parent_class)->map (widget);
  run_countdown (DW_CONNECTION_BAR (widget));
}

static void
dw_connection_bar_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (dw_connection_bar_parent_class)->unmap (widget);
  run_countdown (DW_CONNECTION_BAR (widget));
}

static void
dw_connection_bar_dispose (GObject *object)
{
  DwConnectionBar *self = DW_CONNECTION_BAR (object);

  g_clear_handle_id (&self->countdown, g_source_remove);
  g_clear_object (&self->changes);
  g_clear_object (&self->session);
  g_clear_pointer (&self->revealer, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_connection_bar_parent_class)->dispose (object);
}

static void
dw_connection_bar_class_init (DwConnectionBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_connection_bar_dispose;
  widget_class->map = dw_connection_bar_map;
  widget_class->unmap = dw_connection_bar_unmap;

  g_type_ensure (DW_TYPE_BAR_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-connection-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, DwConnectionBar, revealer);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionBar, bar);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionBar, sentence);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionBar, remedy);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionBar, retry);
  gtk_widget_class_bind_template_callback (widget_class, on_retry_clicked);
}

static void
dw_connection_bar_init (DwConnectionBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->changes = g_signal_group_new (DW_TYPE_SESSION);
  g_signal_group_connect_swapped (self->changes, "changed", G_CALLBACK (on_changed), self);
}

/**
 * dw_connection_bar_set_session:
 * @self: a bar
 * @session: the session whose problems it shows
 */
void
dw_connection_bar_set_session (DwConnectionBar *self, DwSession *session)
{
  if (!g_set_object (&self->session, session))
    return;
  g_signal_group_set_target (self->changes, session);
  on_changed (self);
}
