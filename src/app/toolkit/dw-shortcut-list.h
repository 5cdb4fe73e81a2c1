/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * DwShortcut:
 * @title: what the keys do, or the title of a group or of a part
 * @keys: the keys as GTK writes them, several with blanks between them; %NULL where a group begins, and an empty text
 * where a part of several groups does
 */
typedef struct
{
  const char *title;
  const char *keys;
} DwShortcut;

GtkWidget *dw_shortcut_list_new (const DwShortcut *shortcuts, guint n);

G_END_DECLS
