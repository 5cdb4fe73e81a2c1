/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-shortcuts.h"

#include "app/toolkit/dw-dialog.h"
#include "app/toolkit/dw-shortcut-list.h"

#include <glib/gi18n.h>

static const DwShortcut shortcuts[] = {
  { N_ ("Conversation"), "" },
  { N_ ("Writing"), NULL },
  { N_ ("Send"), "Return <Control>Return" },
  { N_ ("Begin a new line"), "<Shift>Return" },
  { N_ ("Insert emoji"), "<Control>period" },
  { N_ ("Reading"), NULL },
  { N_ ("Search messages"), "<Control>f" },
  { N_ ("A page up and down"), "Page_Up Page_Down" },
  { N_ ("Oldest and newest message"), "<Control>Home <Control>End" },
  { N_ ("Copy a message"), "<Control>c" },
  { N_ ("Larger text"), "<Control>plus" },
  { N_ ("Smaller text"), "<Control>minus" },
  { N_ ("Normal text"), "<Control>0" },
  { N_ ("Window"), "" },
  { N_ ("Stages"), NULL },
  { N_ ("Add stage"), "<Control>o" },
  { N_ ("Next stage"), "<Control>Page_Down" },
  { N_ ("Previous stage"), "<Control>Page_Up" },
  { N_ ("Move the stage up or down"), "<Control><Shift>Page_Up <Control><Shift>Page_Down" },
  { N_ ("Stage Menu"), "Menu <Shift>F10" },
  { N_ ("Edit the stage"), "<Control>e" },
  { N_ ("Connection Details"), "<Control>d" },
  { N_ ("Mute the stage"), "<Control>m" },
  { N_ ("Copy a link to the stage"), "<Control><Shift>l" },
  { N_ ("Inspector"), "<Control><Shift>i" },
  { N_ ("Program"), NULL },
  { N_ ("Back to the conversation"), "Escape <Alt>Left" },
  { N_ ("Next part of the window"), "F6" },
  { N_ ("Previous part of the window"), "<Shift>F6" },
  { N_ ("Main menu"), "F10" },
  { N_ ("New window"), "<Control>n" },
  { N_ ("Preferences"), "<Control>comma" },
  { N_ ("Keyboard shortcuts"), "<Control>question" },
  { N_ ("Close the window"), "<Control>w" },
  { N_ ("Quit"), "<Control>q" },
};

/**
 * dw_shortcuts_show:
 * @window: (nullable): over which window
 *
 * Shows the keyboard shortcuts. Built on demand, since GTK's own mechanism would build the list with every window.
 */
void
dw_shortcuts_show (GtkWindow *window)
{
  dw_dialog_present (dw_shortcut_list_new (shortcuts, G_N_ELEMENTS (shortcuts)), GTK_WIDGET (window));
}
