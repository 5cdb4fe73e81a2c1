/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-shortcut-list.h"

#include <glib/gi18n.h>

/* GTK's own window of shortcuts is filled from XML alone. */

#define START "<interface><object class='GtkShortcutsWindow' id='list'><property name='modal'>1</property>"
#define PART                                                                                                       \
  "<child><object class='GtkShortcutsSection'><property name='section-name'>part-%u</property>"                    \
  "<property name='title'>%s</property>"
#define GROUP "<child><object class='GtkShortcutsGroup'><property name='title'>%s</property>"
#define SHORTCUT                                                                                                   \
  "<child><object class='GtkShortcutsShortcut'><property name='title'>%s</property>"                               \
  "<property name='accelerator'>%s</property></object></child>"
#define END "</object></child>"

static char *
dup_xml (const DwShortcut *shortcuts, guint n)
{
  GString *xml = g_string_new (START);
  guint open = 0; /* parts and groups */

  for (guint i = 0; i < n; i++)
    {
      const char *title = gettext (shortcuts[i].title);
      const char *keys = shortcuts[i].keys;
      guint level = keys == NULL ? 1 : *keys == '\0' ? 0 : 2;
      g_autofree char *part = NULL;

      for (; open > level; open--)
        g_string_append (xml, END);
      if (level == 2)
        part = g_markup_printf_escaped (SHORTCUT, title, keys);
      else if (level == 1)
        part = g_markup_printf_escaped (GROUP, title);
      else
        part = g_markup_printf_escaped (PART, i, title);
      g_string_append (xml, part);
      if (level < 2)
        open = level + 1;
    }
  for (; open > 0; open--)
    g_string_append (xml, END);
  g_string_append (xml, "</object></interface>");
  return g_string_free (xml, FALSE);
}

/**
 * dw_shortcut_list_new:
 * @shortcuts: (array length=n): groups and what is in them, with titles that are not translated yet
 * @n: how many
 *
 * Returns: (transfer none): a window that lists them, for dw_dialog_present()
 */
GtkWidget *
dw_shortcut_list_new (const DwShortcut *shortcuts, guint n)
{
  g_autofree char *xml = dup_xml (shortcuts, n);
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_string (xml, -1);

  return GTK_WIDGET (gtk_builder_get_object (builder, "list"));
}
