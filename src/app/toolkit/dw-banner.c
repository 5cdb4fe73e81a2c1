/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-banner.h"

#include "dw-bar-layout.h"

#include "app/text/dw-label.h"

struct _DwBanner
{
  GtkWidget parent_instance;

  GtkWidget *bar;
  GtkLabel *sentence;
  GtkWidget *first;
  GtkWidget *second;
};

G_DEFINE_FINAL_TYPE (DwBanner, dw_banner, GTK_TYPE_WIDGET)

static void
dw_banner_dispose (GObject *object)
{
  g_clear_pointer (&DW_BANNER (object)->bar, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_banner_parent_class)->dispose (object);
}

static void
dw_banner_class_init (DwBannerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_banner_dispose;
  g_type_ensure (DW_TYPE_BAR_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-banner.ui");
  gtk_widget_class_bind_template_child (widget_class, DwBanner, bar);
  gtk_widget_class_bind_template_child (widget_class, DwBanner, sentence);
  gtk_widget_class_bind_template_child (widget_class, DwBanner, first);
  gtk_widget_class_bind_template_child (widget_class, DwBanner, second);
}

static void
dw_banner_init (DwBanner *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
set_button (GtkWidget *button, const char *label, const char *action)
{
  gtk_widget_set_visible (button, label != NULL);
  if (label != NULL)
    dw_label_show_button (GTK_BUTTON (button), label);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
}

/**
 * dw_banner_show:
 * @self: a banner
 * @sentence: what there is to say
 * @label: (nullable): what a button says
 * @action: (nullable): what it does
 * @other_label: (nullable): what another button says
 * @other_action: (nullable): what that does
 */
void
dw_banner_show (DwBanner *self,
                const char *sentence,
                const char *label,
                const char *action,
                const char *other_label,
                const char *other_action)
{
  dw_label_show (self->sentence, sentence, DW_LABEL_CHARS);
  set_button (self->first, label, action);
  set_button (self->second, other_label, other_action);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
}

/**
 * dw_banner_hide:
 * @self: a banner
 */
void
dw_banner_hide (DwBanner *self)
{
  /* A button that is hidden must not take the focus with it. */
  if (gtk_widget_get_visible (GTK_WIDGET (self)) && gtk_widget_get_focus_child (GTK_WIDGET (self)) != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.focus-composer", NULL);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
