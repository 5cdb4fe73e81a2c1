/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-menu.h"

#include "app/toolkit/dw-popup.h"

#include <glib/gi18n.h>

/* What can be done with a stage as it is now. What does not apply, its action says. GTK writes the keys of an action beside
 * it, by its name, and the window's keys are for the stage that is shown. */
static GMenuModel *
make_model (DwChat *chat, gboolean shown)
{
  gboolean offline = dw_session_get_status (dw_chat_get_session (chat))->state == DW_SESSION_OFFLINE;
  gboolean muted = dw_stage_is_muted (dw_chat_get_stage (chat));
  g_autoptr (GMenu) menu = g_menu_new ();
  g_autoptr (GMenu) use = g_menu_new ();
  g_autoptr (GMenu) order = g_menu_new ();
  g_autoptr (GMenu) end = g_menu_new ();

  g_menu_append (use, _ ("_Edit…"), shown ? "stage.edit" : "other-stage.edit");
  g_menu_append (use, _ ("_Connection Details"), shown ? "stage.details" : "other-stage.details");
  g_menu_append (use, _ ("Copy _Link"), shown ? "stage.share" : "other-stage.share");
  g_menu_append (use, muted ? _ ("Un_mute") : _ ("_Mute"), shown ? "stage.mute" : "other-stage.mute");
  g_menu_append (use, _ ("Mark as _Read"), shown ? "stage.mark-read" : "other-stage.mark-read");
  g_menu_append (order, _ ("Move _Up"), shown ? "stage.move-up" : "other-stage.move-up");
  g_menu_append (order, _ ("Move D_own"), shown ? "stage.move-down" : "other-stage.move-down");
  g_menu_append (end, offline ? _ ("_Connect") : _ ("_Disconnect"),
                 shown ? "stage.connection" : "other-stage.connection");
  g_menu_append (end, _ ("Remo_ve"), shown ? "stage.remove" : "other-stage.remove");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (use));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (order));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (end));
  return G_MENU_MODEL (g_steal_pointer (&menu));
}

/**
 * dw_stage_menu_popup:
 * @actions: those of the window
 * @chat: the chat of a stage
 * @parent: a widget with a layout manager
 * @at: (nullable): a place in @parent, or %NULL for all of it
 *
 * Opens the menu of a stage, which the window need not show.
 */
void
dw_stage_menu_popup (DwStageActions *actions, DwChat *chat, GtkWidget *parent, const GdkRectangle *at)
{
  g_autoptr (DwStageActions) own = dw_stage_actions_new_for (actions, chat);
  gboolean shown = dw_stage_actions_get_chat (actions) == chat;
  g_autoptr (GMenuModel) model = make_model (chat, shown);
  GtkWidget *popup = dw_popup_new (model, parent);

  /* After it has its place: the window's actions of the same names would be heard last (measured with 4.8). */
  gtk_widget_insert_action_group (popup, shown ? "stage" : "other-stage", G_ACTION_GROUP (own));
  dw_popup_open (popup, at);
}
