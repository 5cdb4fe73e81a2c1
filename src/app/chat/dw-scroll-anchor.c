/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-scroll-anchor.h"

#include "dw-message-row.h"

#include <math.h>

struct _DwScrollAnchor
{
  GtkListView *list;         /* not owned: the anchor's owner owns the list */
  GtkAdjustment *adjustment; /* the list's vertical one, not owned either */
  DwConversation *conversation;
  DwListEnd *end;                   /* the part of it that is listed */
  gint64 place;                     /* of the row, or 0 */
  double y;                         /* its position in the list */
  gboolean centered;                /* it belongs in the middle instead */
  guint look;                       /* idle source that finds the row */
  guint hold;                       /* timer that puts it back */
  guint holds;                      /* how often it was put back */
  gint64 frame;                     /* that was current when its rows were about to change, or −1 */
  guint waits;                      /* how often it was not put back, since these have no height yet */
  DwScrollAnchorFunc centered_func; /* called once a row is in the middle, or NULL */
  gpointer centered_data;
};

/* Each layout estimates the heights better than the one before, so the row is put back several times, with a frame or
 * two in between, in milliseconds. */
#define HOLDS 4
#define HOLD_MS 30

/* How often it waits for a frame at most: for three seconds. */
#define MOST_WAITS 100

/**
 * dw_scroll_anchor_new:
 * @list: a list of #DwMessageRow, which outlives the anchor
 * @adjustment: its vertical one
 *
 * Returns: (transfer full): an anchor that holds nothing
 */
DwScrollAnchor *
dw_scroll_anchor_new (GtkListView *list, GtkAdjustment *adjustment)
{
  DwScrollAnchor *anchor = g_new0 (DwScrollAnchor, 1);

  anchor->list = list;
  anchor->adjustment = adjustment;
  return anchor;
}

/**
 * dw_scroll_anchor_set_centered_func:
 * @anchor: an anchor
 * @func: (scope forever): called each time that a row has come to stand in the middle, or as near as it can
 * @data: for @func; it outlives the anchor
 */
void
dw_scroll_anchor_set_centered_func (DwScrollAnchor *anchor, DwScrollAnchorFunc func, gpointer data)
{
  anchor->centered_func = func;
  anchor->centered_data = data;
}

/**
 * dw_scroll_anchor_free:
 * @anchor: (transfer full): an anchor
 */
void
dw_scroll_anchor_free (DwScrollAnchor *anchor)
{
  dw_scroll_anchor_set_conversation (anchor, NULL, NULL);
  g_free (anchor);
}

/**
 * dw_scroll_anchor_set_conversation:
 * @anchor: an anchor
 * @conversation: (nullable): what the list shows
 * @end: (nullable): the part of it that is listed
 *
 * Lets go of the row.
 */
void
dw_scroll_anchor_set_conversation (DwScrollAnchor *anchor, DwConversation *conversation, DwListEnd *end)
{
  g_clear_handle_id (&anchor->look, g_source_remove);
  g_clear_handle_id (&anchor->hold, g_source_remove);
  anchor->place = 0;
  g_set_object (&anchor->conversation, conversation);
  g_set_object (&anchor->end, end);
}

static gboolean
on_look (gpointer data)
{
  DwScrollAnchor *anchor = data;
  double best = G_MAXDOUBLE;

  anchor->look = 0;
  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (anchor->list)); item != NULL;
       item = gtk_widget_get_next_sibling (item))
    {
      GtkWidget *row = gtk_widget_get_first_child (item);
      graphene_rect_t bounds;

      if (!DW_IS_MESSAGE_ROW (row) || !gtk_widget_get_child_visible (item)
          || !gtk_widget_compute_bounds (item, GTK_WIDGET (anchor->list), &bounds)
          || bounds.origin.y + bounds.size.height <= 0 || bounds.origin.y >= best)
        continue;

      best = bounds.origin.y;
      anchor->centered = FALSE;
      anchor->place = dw_message_row_get_place (DW_MESSAGE_ROW (row));
      anchor->y = best;
    }
  return G_SOURCE_REMOVE;
}

/**
 * dw_scroll_anchor_move:
 * @anchor: an anchor
 *
 * The user has scrolled: the first visible row becomes the anchor, as soon as the layout has one.
 */
void
dw_scroll_anchor_move (DwScrollAnchor *anchor)
{
  if (anchor->conversation != NULL && anchor->hold == 0 && anchor->look == 0)
    anchor->look = g_idle_add (on_look, anchor);
}

static gint64
current_frame (DwScrollAnchor *anchor)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (GTK_WIDGET (anchor->list));

  return clock != NULL ? gdk_frame_clock_get_frame_counter (clock) : -1;
}

/* Where the row belongs; the start of one that is higher than the list can be seen. */
static double
wanted_y (DwScrollAnchor *anchor, const graphene_rect_t *bounds)
{
  int height = gtk_widget_get_height (GTK_WIDGET (anchor->list));

  return anchor->centered ? MAX (floor ((height - bounds->size.height) / 2), 0) : anchor->y;
}

static gboolean
on_hold (gpointer data)
{
  DwScrollAnchor *anchor = data;
  GtkWidget *item = dw_message_row_find_item (GTK_WIDGET (anchor->list), anchor->place);
  graphene_rect_t bounds;
  guint position;

  /* If no row has a height yet, GTK 4.8 cannot scroll and warns. */
  if (anchor->frame >= 0 && anchor->frame == current_frame (anchor) && ++anchor->waits < MOST_WAITS)
    return G_SOURCE_CONTINUE;
  if (item != NULL && gtk_widget_get_child_visible (item)
      && gtk_widget_compute_bounds (item, GTK_WIDGET (anchor->list), &bounds))
    gtk_adjustment_set_value (anchor->adjustment, gtk_adjustment_get_value (anchor->adjustment) + bounds.origin.y
                                                      - wanted_y (anchor, &bounds));
  else if (dw_conversation_get_position (anchor->conversation, anchor->place, &position))
    {
      /* The end of a flood replaces the rows, so the next time will do. */
      if (dw_list_end_is_live (anchor->end))
        anchor->frame = current_frame (anchor);
      else
        gtk_widget_activate_action (GTK_WIDGET (anchor->list), "list.scroll-to-item", "u",
                                    dw_list_end_show (anchor->end, position));
    }

  if (++anchor->holds < HOLDS)
    return G_SOURCE_CONTINUE;
  anchor->hold = 0;
  if (anchor->centered && anchor->centered_func != NULL)
    anchor->centered_func (anchor->centered_data);
  return G_SOURCE_REMOVE;
}

/**
 * dw_scroll_anchor_take:
 * @anchor: an anchor
 * @item: the list's item of a row that can be seen
 * @moved: how far it has moved down since the last layout, in pixels
 *
 * That row becomes the anchor at once.
 *
 * Returns: whether it has a place in the conversation
 */
gboolean
dw_scroll_anchor_take (DwScrollAnchor *anchor, GtkWidget *item, double moved)
{
  GtkWidget *row = gtk_widget_get_first_child (item);
  graphene_rect_t bounds;

  if (anchor->conversation == NULL || !DW_IS_MESSAGE_ROW (row)
      || !gtk_widget_compute_bounds (item, GTK_WIDGET (anchor->list), &bounds))
    return FALSE;
  g_clear_handle_id (&anchor->look, g_source_remove);
  anchor->place = dw_message_row_get_place (DW_MESSAGE_ROW (row));
  anchor->centered = FALSE;
  anchor->y = bounds.origin.y + moved;
  return anchor->place != 0;
}

/**
 * dw_scroll_anchor_get_place:
 * @anchor: an anchor
 *
 * Returns: the place of its row, or 0
 */
gint64
dw_scroll_anchor_get_place (DwScrollAnchor *anchor)
{
  return anchor->place;
}

/**
 * dw_scroll_anchor_waits:
 * @anchor: an anchor
 *
 * Returns: whether its rows are about to be laid out, so that nothing can scroll
 */
gboolean
dw_scroll_anchor_waits (DwScrollAnchor *anchor)
{
  return anchor->hold != 0 && anchor->frame >= 0 && anchor->frame == current_frame (anchor);
}

/**
 * dw_scroll_anchor_let_go:
 * @anchor: an anchor
 *
 * The row is put back no more.
 */
void
dw_scroll_anchor_let_go (DwScrollAnchor *anchor)
{
  g_clear_handle_id (&anchor->hold, g_source_remove);
}

/**
 * dw_scroll_anchor_is_held:
 * @anchor: an anchor
 *
 * Returns: whether the row is being put back, so that the view moves by itself
 */
gboolean
dw_scroll_anchor_is_held (DwScrollAnchor *anchor)
{
  return anchor->hold != 0;
}

/**
 * dw_scroll_anchor_hold:
 * @anchor: an anchor
 *
 * Rows are about to change their height: puts the row back to its position.
 */
void
dw_scroll_anchor_hold (DwScrollAnchor *anchor)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (GTK_WIDGET (anchor->list));

  anchor->holds = anchor->waits = 0;
  anchor->frame = current_frame (anchor);
  if (clock != NULL)
    gdk_frame_clock_request_phase (clock, GDK_FRAME_CLOCK_PHASE_UPDATE);
  if (anchor->conversation != NULL && anchor->place != 0 && anchor->hold == 0)
    anchor->hold = g_timeout_add_full (G_PRIORITY_HIGH_IDLE + 30, HOLD_MS, on_hold, anchor, NULL);
}

/**
 * dw_scroll_anchor_center:
 * @anchor: an anchor
 * @place: a place in its conversation
 *
 * Puts that row into the middle, as far as there are rows on both sides of it.
 */
void
dw_scroll_anchor_center (DwScrollAnchor *anchor, gint64 place)
{
  g_clear_handle_id (&anchor->look, g_source_remove);
  anchor->place = place;
  anchor->centered = TRUE;
  dw_scroll_anchor_hold (anchor);
}
