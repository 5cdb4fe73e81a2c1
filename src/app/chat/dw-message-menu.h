/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/dw-chat.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_MESSAGE_MENU (dw_message_menu_get_type ())
G_DECLARE_FINAL_TYPE (DwMessageMenu, dw_message_menu, DW, MESSAGE_MENU, GObject)

/**
 * DwMessageSpot:
 * @message: a line of a conversation
 * @selected: (nullable): the part of its text that is selected
 * @link: (nullable): the link under the pointer
 * @at: where it is pointed at, in the list's coordinates
 * @by_pointer: whether it is a pointer that does
 *
 * What a menu is opened on.
 */
typedef struct
{
  DwMessage *message;
  char *selected;
  char *link;
  GdkRectangle at;
  gboolean by_pointer;
} DwMessageSpot;

DwMessageMenu *dw_message_menu_new (GtkWidget *list);
void dw_message_menu_set_chat (DwMessageMenu *self, DwChat *chat);
void dw_message_menu_open (DwMessageMenu *self, const DwMessageSpot *spot);

G_END_DECLS
