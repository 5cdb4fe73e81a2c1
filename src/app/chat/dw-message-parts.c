/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message-parts.h"

#include "app/text/dw-label.h"
#include "app/text/dw-message-text.h"
#include "app/toolkit/dw-toolkit.h"

#include <glib/gi18n.h>

/* The text of a message that has quotations or code, part by part. Few messages have, so the others do without it. */
struct _DwMessageParts
{
  GtkWidget parent_instance;
};

G_DEFINE_FINAL_TYPE (DwMessageParts, dw_message_parts, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_ACTIVATE_LINK,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* Wide enough to be read, narrow enough for a phone, in letters. */
#define LEAST_CHARS 10

static gboolean
on_link (GtkWidget *label, const char *href, gpointer data)
{
  const char *words = data;
  gboolean handled = FALSE;

  g_signal_emit (gtk_widget_get_ancestor (label, DW_TYPE_MESSAGE_PARTS), signals[SIGNAL_ACTIVATE_LINK], 0, href,
                 words, &handled);
  return handled;
}

static void
free_words (gpointer data, GClosure *closure)
{
  g_free (data);
}

static GtkWidget *
build_label (const DwMessagePart *part)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR, "xalign", 0.0f,
                                   "selectable", TRUE, NULL);

  gtk_widget_add_css_class (label, "scaled-text");
  if (g_utf8_strlen (part->text, -1) > LEAST_CHARS)
    gtk_label_set_width_chars (GTK_LABEL (label), LEAST_CHARS);
  g_signal_connect_data (label, "activate-link", G_CALLBACK (on_link), g_strdup (part->text), free_words, 0);

  if (part->kind == DW_MESSAGE_PART_CODE)
    dw_label_show_code (GTK_LABEL (label), part->text);
  else
    dw_label_show_message (GTK_LABEL (label), part->text);
  return label;
}

/* @index counts the code of this message. */
static GtkWidget *
build_code (GtkWidget *label, guint index)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *copy = gtk_button_new_from_icon_name ("edit-copy-symbolic");

  gtk_widget_add_css_class (box, "code");
  gtk_widget_add_css_class (label, "monospace");
  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_add_css_class (copy, "flat");
  gtk_widget_set_valign (copy, GTK_ALIGN_START);
  gtk_widget_set_tooltip_text (copy, _ ("Copy Code"));
  dw_toolkit_set_label (copy, _ ("Copy Code"));
  gtk_actionable_set_action_target (GTK_ACTIONABLE (copy), "u", index);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (copy), "message.copy-code");
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), copy);
  return box;
}

static void
clear (GtkWidget *widget)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (widget)) != NULL)
    gtk_widget_unparent (child);
}

static void
dw_message_parts_dispose (GObject *object)
{
  clear (GTK_WIDGET (object));
  G_OBJECT_CLASS (dw_message_parts_parent_class)->dispose (object);
}

static void
dw_message_parts_class_init (DwMessagePartsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_message_parts_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BOX_LAYOUT);

  /**
   * DwMessageParts::activate-link:
   * @href: where it leads
   * @words: the text of the part that it is in
   *
   * As #GtkLabel::activate-link, of any part.
   */
  signals[SIGNAL_ACTIVATE_LINK] =
      g_signal_new ("activate-link", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                    g_signal_accumulator_true_handled, NULL, NULL, G_TYPE_BOOLEAN, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
dw_message_parts_init (DwMessageParts *self)
{
  GtkLayoutManager *layout = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  gtk_box_layout_set_spacing (GTK_BOX_LAYOUT (layout), 6);
}

/**
 * dw_message_parts_new:
 *
 * Returns: (transfer full): no parts yet
 */
GtkWidget *
dw_message_parts_new (void)
{
  return g_object_new (DW_TYPE_MESSAGE_PARTS, NULL);
}

/**
 * dw_message_parts_show:
 * @self: what shows them
 * @parts: (element-type DwMessagePart): parts that can be laid out
 */
void
dw_message_parts_show (DwMessageParts *self, GPtrArray *parts)
{
  guint n_code = 0;

  clear (GTK_WIDGET (self));
  for (guint i = 0; i < parts->len; i++)
    {
      const DwMessagePart *part = g_ptr_array_index (parts, i);
      GtkWidget *label = build_label (part);

      if (part->kind == DW_MESSAGE_PART_QUOTE)
        gtk_widget_add_css_class (label, "quotation");
      gtk_widget_set_parent (part->kind == DW_MESSAGE_PART_CODE ? build_code (label, n_code++) : label,
                             GTK_WIDGET (self));
    }
}
