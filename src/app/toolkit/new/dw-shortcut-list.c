/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-shortcut-list.h"

#include <adwaita.h>
#include <glib/gi18n.h>

/**
 * dw_shortcut_list_new:
 * @shortcuts: (array length=n): groups and what is in them, with titles that are not translated yet
 * @n: how many
 *
 * Returns: (transfer floating): a dialog that lists them, for dw_dialog_present()
 */
GtkWidget *
dw_shortcut_list_new (const DwShortcut *shortcuts, guint n)
{
  AdwShortcutsDialog *self = ADW_SHORTCUTS_DIALOG (adw_shortcuts_dialog_new ());
  AdwShortcutsSection *group = NULL;

  for (guint i = 0; i < n; i++)
    {
      /* The groups are parts enough here. */
      if (g_strcmp0 (shortcuts[i].keys, "") == 0)
        continue;
      if (shortcuts[i].keys != NULL)
        {
          adw_shortcuts_section_add (group,
                                     adw_shortcuts_item_new (gettext (shortcuts[i].title), shortcuts[i].keys));
          continue;
        }
      /* A group is handed over when it is whole. */
      if (group != NULL)
        adw_shortcuts_dialog_add (self, group);
      group = adw_shortcuts_section_new (gettext (shortcuts[i].title));
    }
  if (group != NULL)
    adw_shortcuts_dialog_add (self, group);
  return GTK_WIDGET (self);
}
