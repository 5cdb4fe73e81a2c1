/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-shortcuts.h"

#include "app/toolkit/dw-dialog.h"
#include "app/toolkit/dw-shortcut-list.h"

#include <glib/gi18n.h>

static const DwShortcut shortcuts[] = {
  { N_ ("Conversation"), "" },
  { N_ ("Writing"), NULL },
  { N_ ("Send"), "Return <Control>Return" },
  { N_ ("Insert Line Break"), "<Shift>Return" },
  { N_ ("Insert Emoji"), "<Control>period" },
  { N_ ("Recall Your Last Message"), "Up" },
  { N_ ("Reading"), NULL },
  { N_ ("Search Messages"), "<Control>f" },
  { N_ ("Older or Newer Result"), "<Control>g <Control><Shift>g" },
  { N_ ("Scroll One Page Up or Down"), "Page_Up Page_Down" },
  { N_ ("Go to Oldest or Newest Message"), "<Control>Home <Control>End" },
  { N_ ("Message Menu"), "Menu <Shift>F10" },
  { N_ ("Copy Message"), "<Control>c" },
  { N_ ("Select Messages"), "<Shift>Up <Shift>Down" },
  { N_ ("Stop Selecting"), "Escape" },
  { N_ ("Increase Text Size"), "<Control>plus" },
  { N_ ("Decrease Text Size"), "<Control>minus" },
  { N_ ("Reset Text Size"), "<Control>0" },
  { N_ ("Window"), "" },
  { N_ ("Stages"), NULL },
  { N_ ("Add Stage"), "<Control>o" },
  { N_ ("Next Stage"), "<Control>Page_Down" },
  { N_ ("Previous Stage"), "<Control>Page_Up" },
  { N_ ("Move Stage Up or Down"), "<Control><Shift>Page_Up <Control><Shift>Page_Down <Alt>Up <Alt>Down" },
  { N_ ("Stage Menu"), "Menu <Shift>F10" },
  { N_ ("Edit Stage"), "<Control>e" },
  { N_ ("Save Stage"), "<Control>s" },
  { N_ ("Connection Details"), "<Control>d" },
  { N_ ("Mute Stage"), "<Control>m" },
  { N_ ("Copy Link to Stage"), "<Control><Shift>l" },
  { N_ ("General"), NULL },
  { N_ ("Back to Conversation"), "Escape <Alt>Left" },
  { N_ ("Next Pane"), "F6" },
  { N_ ("Previous Pane"), "<Shift>F6" },
  { N_ ("Main Menu"), "F10" },
  { N_ ("Full Screen"), "F11" },
  { N_ ("New Window"), "<Control>n" },
  { N_ ("Inspector"), "<Control><Shift>i" },
  { N_ ("Preferences"), "<Control>comma" },
  { N_ ("Keyboard Shortcuts"), "<Control>question F1" },
  { N_ ("Close Window"), "<Control>w" },
  { N_ ("Quit"), "<Control>q" },
  { N_ ("Inspector"), "" },
  { N_ ("Frames"), NULL },
  { N_ ("Filter Frames"), "<Control>f" },
  { N_ ("Go to Reply or Request"), "<Control>j" },
  { N_ ("Copy Frame"), "<Control><Shift>c" },
  { N_ ("Send Again"), "<Control>r" },
  { N_ ("Edit Frame"), "<Control>e" },
  { N_ ("Compare Frames"), "<Control>d" },
  { N_ ("Clear"), "<Control>l" },
  { N_ ("Save Frames"), "<Control>s" },
  { N_ ("Save as HTTP Archive"), "<Control><Shift>s" },
  { N_ ("Open Recording"), "<Control>o" },
  { N_ ("Writing"), NULL },
  { N_ ("Beautify"), "<Control><Shift>f" },
  { N_ ("Compact"), "<Control><Shift>m" },
  { N_ ("Snippets"), "<Control><Shift>b" },
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
