/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-sidebar.h"

#include "dw-stage-row.h"

#include "app/toolkit/dw-page.h"
#include "app/toolkit/dw-toolkit.h"

/* The stages at the side of a wide window, in their order. */
struct _DwStageSidebar
{
  GtkWidget parent_instance;

  GtkWidget *page;
  GtkWidget *header;
  GtkListBox *list;

  DwChatList *chats;
  DwChat *chat; /* the one that the window shows, or NULL */
};

G_DEFINE_FINAL_TYPE (DwStageSidebar, dw_stage_sidebar, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_PICKED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
on_row_activated (DwStageSidebar *self, GtkListBoxRow *row)
{
  g_signal_emit (self, signals[SIGNAL_PICKED], 0, dw_stage_row_get_chat (DW_STAGE_ROW (row)));
}

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  return dw_stage_row_new (item, item == DW_STAGE_SIDEBAR (data)->chat);
}

static gboolean
dw_stage_sidebar_grab_focus (GtkWidget *widget)
{
  return gtk_widget_child_focus (GTK_WIDGET (DW_STAGE_SIDEBAR (widget)->list), GTK_DIR_TAB_FORWARD);
}

static void
dw_stage_sidebar_dispose (GObject *object)
{
  DwStageSidebar *self = DW_STAGE_SIDEBAR (object);

  if (self->page != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  g_clear_object (&self->chats);
  g_clear_object (&self->chat);
  g_clear_pointer (&self->page, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_stage_sidebar_parent_class)->dispose (object);
}

static void
dw_stage_sidebar_class_init (DwStageSidebarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_stage_sidebar_dispose;
  widget_class->grab_focus = dw_stage_sidebar_grab_focus;
  widget_class->focus = dw_toolkit_focus;
  g_type_ensure (DW_TYPE_PAGE);

  /**
   * DwStageSidebar::picked:
   * @chat: the #DwChat the person chose
   */
  signals[SIGNAL_PICKED] = g_signal_new ("picked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, DW_TYPE_CHAT);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-stage-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, DwStageSidebar, page);
  gtk_widget_class_bind_template_child (widget_class, DwStageSidebar, header);
  gtk_widget_class_bind_template_child (widget_class, DwStageSidebar, list);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
}

static void
dw_stage_sidebar_init (DwStageSidebar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * dw_stage_sidebar_new:
 * @chats: the chats to pick from
 *
 * Returns: (transfer floating): a sidebar
 */
DwStageSidebar *
dw_stage_sidebar_new (DwChatList *chats)
{
  DwStageSidebar *self = g_object_new (DW_TYPE_STAGE_SIDEBAR, NULL);

  self->chats = g_object_ref (chats);
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (chats), make_row, self, NULL);
  return self;
}

/**
 * dw_stage_sidebar_get_header:
 * @self: a sidebar
 *
 * Returns: (transfer none): its header bar, which stands beside the window's
 */
GtkWidget *
dw_stage_sidebar_get_header (DwStageSidebar *self)
{
  return self->header;
}

/**
 * dw_stage_sidebar_set_chat:
 * @self: a sidebar
 * @chat: (nullable): the chat that the window shows
 */
void
dw_stage_sidebar_set_chat (DwStageSidebar *self, DwChat *chat)
{
  g_set_object (&self->chat, chat);
  for (int i = 0; gtk_list_box_get_row_at_index (self->list, i) != NULL; i++)
    {
      DwStageRow *row = DW_STAGE_ROW (gtk_list_box_get_row_at_index (self->list, i));

      dw_stage_row_set_current (row, dw_stage_row_get_chat (row) == chat);
    }
}
