/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-remedies.h"

#include "app/text/dw-label.h"

/* Why a message of one's own did not arrive, and what can be done about it. */
struct _DwRemedies
{
  GtkWidget parent_instance;

  GtkLabel *reason;
  GtkWidget *again;
  GtkWidget *edit;
  GtkWidget *discard;
};

G_DEFINE_FINAL_TYPE (DwRemedies, dw_remedies, GTK_TYPE_WIDGET)

static void
dw_remedies_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (dw_remedies_parent_class)->dispose (object);
}

static void
dw_remedies_class_init (DwRemediesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_remedies_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-remedies.ui");
  gtk_widget_class_bind_template_child (widget_class, DwRemedies, reason);
  gtk_widget_class_bind_template_child (widget_class, DwRemedies, again);
  gtk_widget_class_bind_template_child (widget_class, DwRemedies, edit);
  gtk_widget_class_bind_template_child (widget_class, DwRemedies, discard);
}

static void
dw_remedies_init (DwRemedies *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * dw_remedies_new:
 *
 * Returns: (transfer full): remedies of no message yet
 */
GtkWidget *
dw_remedies_new (void)
{
  return g_object_new (DW_TYPE_REMEDIES, NULL);
}

/**
 * dw_remedies_set_message:
 * @self: remedies
 * @message: the message that needs a decision
 */
void
dw_remedies_set_message (DwRemedies *self, DwMessage *message)
{
  GtkWidget *buttons[] = { self->again, self->edit, self->discard };
  static const char *const actions[] = { "chat.send-again", "chat.edit", "chat.discard" };
  const char *reason = dw_message_get_reason (message);

  dw_label_show (self->reason, reason, DW_LABEL_CHARS);
  gtk_widget_set_visible (GTK_WIDGET (self->reason), reason != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++)
    {
      /* In this order, or GTK warns of an action without its target. */
      gtk_actionable_set_action_target (GTK_ACTIONABLE (buttons[i]), "s", dw_message_get_id (message));
      gtk_actionable_set_action_name (GTK_ACTIONABLE (buttons[i]), actions[i]);
    }
}
