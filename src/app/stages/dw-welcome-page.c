/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-welcome-page.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-toolkit.h"

#include "wire/dw-limits.h"
#include "wire/dw-safe-text.h"

#include <adwaita.h>
#include <glib/gi18n.h>

struct _DwWelcomePage
{
  GtkWidget parent_instance;

  GtkWidget *page;
  GtkEditable *address;
  GtkEditable *own_name;
  GtkLabel *error;
  GtkWidget *connect;
  GtkWidget *options;
  GtkWidget *try_here;
};

G_DEFINE_FINAL_TYPE (DwWelcomePage, dw_welcome_page, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_ADDRESS_ENTERED,
  SIGNAL_TRY_HERE,
  SIGNAL_MORE_OPTIONS,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
on_connect (DwWelcomePage *self)
{
  /* Spaces around a pasted address are never intended. */
  g_autofree char *address = g_strstrip (g_strdup (gtk_editable_get_text (self->address)));

  g_signal_emit (self, signals[SIGNAL_ADDRESS_ENTERED], 0, address);
}

static void
on_address_changed (DwWelcomePage *self)
{
  dw_welcome_page_set_error (self, NULL);
}

static void
on_try_here (DwWelcomePage *self)
{
  g_signal_emit (self, signals[SIGNAL_TRY_HERE], 0);
}

static void
on_more_options (DwWelcomePage *self)
{
  g_signal_emit (self, signals[SIGNAL_MORE_OPTIONS], 0);
}

static gboolean
dw_welcome_page_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (DW_WELCOME_PAGE (widget)->address));
}

static void
dw_welcome_page_dispose (GObject *object)
{
  g_clear_pointer (&DW_WELCOME_PAGE (object)->page, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_welcome_page_parent_class)->dispose (object);
}

static void
dw_welcome_page_class_init (DwWelcomePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_welcome_page_dispose;
  widget_class->grab_focus = dw_welcome_page_grab_focus;
  widget_class->focus = dw_toolkit_focus;

  /**
   * DwWelcomePage::address-entered:
   * @address: what the person typed, without blanks around it
   */
  signals[SIGNAL_ADDRESS_ENTERED] = g_signal_new ("address-entered", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                                  0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * DwWelcomePage::try-here:
   *
   * The person wants to start a local stage.
   */
  signals[SIGNAL_TRY_HERE] =
      g_signal_new ("try-here", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * DwWelcomePage::more-options:
   *
   * The person wants to set more than the address.
   */
  signals[SIGNAL_MORE_OPTIONS] = g_signal_new ("more-options", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                               NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-welcome-page.ui");
  gtk_widget_class_bind_template_child (widget_class, DwWelcomePage, page);
  gtk_widget_class_bind_template_child (widget_class, DwWelcomePage, address);
  gtk_widget_class_bind_template_child (widget_class, DwWelcomePage, own_name);
  gtk_widget_class_bind_template_child (widget_class, DwWelcomePage, error);
  gtk_widget_class_bind_template_child (widget_class, DwWelcomePage, connect);
  gtk_widget_class_bind_template_child (widget_class, DwWelcomePage, options);
  gtk_widget_class_bind_template_child (widget_class, DwWelcomePage, try_here);
  gtk_widget_class_bind_template_callback (widget_class, on_connect);
  gtk_widget_class_bind_template_callback (widget_class, on_address_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_try_here);
  gtk_widget_class_bind_template_callback (widget_class, on_more_options);
}

static void
dw_welcome_page_init (DwWelcomePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  dw_label_wrap_button (GTK_BUTTON (self->connect));
  dw_label_wrap_button (GTK_BUTTON (self->options));
  dw_label_wrap_button (GTK_BUTTON (self->try_here));
}

/**
 * dw_welcome_page_set_error:
 * @self: a page
 * @sentence: (nullable): what is wrong and how to fix it
 */
void
dw_welcome_page_set_error (DwWelcomePage *self, const char *sentence)
{
  dw_label_show (self->error, sentence, DW_LABEL_CHARS);
  gtk_widget_set_visible (GTK_WIDGET (self->error), sentence != NULL);
  if (sentence != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->address), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->address), "error");
}

/**
 * dw_welcome_page_dup_address:
 * @self: a page
 *
 * Returns: (transfer full): what stands in the entry
 */
char *
dw_welcome_page_dup_address (DwWelcomePage *self)
{
  return g_strdup (gtk_editable_get_text (self->address));
}

/**
 * dw_welcome_page_set_address:
 * @self: a page
 * @address: what stands in the entry
 */
void
dw_welcome_page_set_address (DwWelcomePage *self, const char *address)
{
  g_autofree char *safe = dw_safe_line (address, DW_LIMIT_URL_CHARS);

  gtk_editable_set_text (self->address, safe);
}

/**
 * dw_welcome_page_set_own_name:
 * @self: a page
 * @name: (nullable): what the person is called
 */
void
dw_welcome_page_set_own_name (DwWelcomePage *self, const char *name)
{
  gtk_editable_set_text (self->own_name, name != NULL ? name : "");
}

/**
 * dw_welcome_page_dup_own_name:
 * @self: a page
 *
 * Returns: (transfer full): what the person wants to be called, perhaps empty
 */
char *
dw_welcome_page_dup_own_name (DwWelcomePage *self)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (self->own_name)));
}

/**
 * dw_welcome_page_set_busy:
 * @self: a page
 * @busy: whether a stage is being started
 */
void
dw_welcome_page_set_busy (DwWelcomePage *self, gboolean busy)
{
  gtk_widget_set_sensitive (self->try_here, !busy);
}
