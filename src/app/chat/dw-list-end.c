/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-list-end.h"

/* A list, or during a flood only its end.
 *
 * Each time a list view jumps to its end it rebuilds about 205 rows, which takes 20 to 110 ms (GTK 4.8, measured). Rows
 * that pass so fast cannot be read. So during a flood, if the end is followed, the list has only the newest rows and
 * replaces them a few times a second. The others come back when the flood is over, or at once when the user scrolls
 * away from the end. */
struct _DwListEnd
{
  GObject parent_instance;

  GListModel *whole;
  guint first; /* the first item of the whole that is listed */
  guint end;   /* the first after them that is not */
  guint room;  /* how many items are listed during a flood */
  gboolean following;
  gboolean live;        /* a flood: only the newest, and delayed */
  guint n_new;          /* how many were appended since the time below */
  gint64 counts_from;   /* monotonic, in microseconds */
  guint n_calm;         /* how many periods in a row had hardly any */
  guint timer;          /* replaces the newest, or brings back the others */
  GdkFrameClock *clock; /* or NULL */
  gulong frame;         /* replaces the newest at the next frame, or 0 */
};

static void dw_list_end_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwListEnd,
                               dw_list_end,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, dw_list_end_iface_init))

/* The time between two pages that come back, in milliseconds: a frame. */
#define PAGE_MS 16

/* A page takes as long as a frame, so pending input is drawn first. */
#define PAGE_PRIORITY (GDK_PRIORITY_REDRAW + 1)

static GType
dw_list_end_get_item_type (GListModel *model)
{
  return g_list_model_get_item_type (DW_LIST_END (model)->whole);
}

static guint
dw_list_end_get_n_items (GListModel *model)
{
  return DW_LIST_END (model)->end - DW_LIST_END (model)->first;
}

static gpointer
dw_list_end_get_item (GListModel *model, guint position)
{
  DwListEnd *self = DW_LIST_END (model);

  return position < self->end - self->first ? g_list_model_get_item (self->whole, self->first + position) : NULL;
}

static void
tell (DwListEnd *self, guint position, guint removed, guint added)
{
  if (removed > 0 || added > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
}

static void
replace (DwListEnd *self, guint first, guint end)
{
  guint removed = self->end - self->first;

  self->first = first;
  self->end = end;
  tell (self, 0, removed, end - first);
}

static void
drop_first (DwListEnd *self, guint first)
{
  guint removed = first - self->first;

  self->first = first;
  tell (self, 0, removed, 0);
}

static void
catch_up (DwListEnd *self)
{
  guint n = self->end - self->first;
  guint added = g_list_model_get_n_items (self->whole) - self->end;

  self->end += added;
  tell (self, n, 0, added);
}

/* Rows that came and went between two updates are never built. If all is one change, the list view reuses its rows; if
 * it were two, it would build more for the first. */
static void
show_newest (DwListEnd *self)
{
  guint n = g_list_model_get_n_items (self->whole);
  guint first = n > self->room ? n - self->room : 0;

  if (n - self->end > self->room / 4 || first < self->first)
    {
      replace (self, first, n);
      return;
    }
  catch_up (self);
  if (first > self->first)
    drop_first (self, first);
}

static void
bring_back (DwListEnd *self, guint page)
{
  guint added = MIN (page, self->first);

  self->first -= added;
  tell (self, 0, 0, added);
}

static gboolean
on_page (gpointer data)
{
  DwListEnd *self = data;

  bring_back (self, self->end - self->first < DW_LIST_END_BUILT ? DW_LIST_END_STEP : DW_LIST_END_PAGE);
  if (self->first > 0)
    return G_SOURCE_CONTINUE;
  self->timer = 0;
  return G_SOURCE_REMOVE;
}

static void
clear_frame (DwListEnd *self)
{
  if (self->clock != NULL)
    g_clear_signal_handler (&self->frame, self->clock);
}

static void
on_frame (DwListEnd *self, GdkFrameClock *clock)
{
  clear_frame (self);
  show_newest (self);
}

/* New rows have no height before their layout. If no row has one, GTK 4.8 cannot scroll and warns, so they are added
 * right before the layout, when nothing can scroll in between. */
static void
show_newest_in_frame (DwListEnd *self)
{
  if (self->clock == NULL)
    {
      show_newest (self);
      return;
    }
  if (self->frame == 0)
    self->frame = g_signal_connect_swapped (self->clock, "update", G_CALLBACK (on_frame), self);
  gdk_frame_clock_request_phase (self->clock, GDK_FRAME_CLOCK_PHASE_UPDATE);
}

static void
end_flood (DwListEnd *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  clear_frame (self);
  self->live = FALSE;
  catch_up (self);
  if (self->first > 0)
    self->timer = g_timeout_add_full (PAGE_PRIORITY, PAGE_MS, on_page, self, NULL);
}

static void
count_anew (DwListEnd *self)
{
  self->n_new = 0;
  self->counts_from = g_get_monotonic_time ();
}

static gboolean
on_live (gpointer data)
{
  DwListEnd *self = data;

  self->n_calm = self->n_new > DW_LIST_END_FLOOD / 2 ? 0 : self->n_calm + 1;
  count_anew (self);
  show_newest_in_frame (self);
  if (self->n_calm < DW_LIST_END_CALM)
    return G_SOURCE_CONTINUE;
  self->timer = 0;
  end_flood (self);
  return G_SOURCE_REMOVE;
}

static gboolean
is_flood (DwListEnd *self, guint added)
{
  if (g_get_monotonic_time () - self->counts_from > DW_LIST_END_PACE_MS * G_TIME_SPAN_MILLISECOND)
    count_anew (self);
  self->n_new += added;
  return self->following && self->n_new > DW_LIST_END_FLOOD;
}

static void
begin_flood (DwListEnd *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  self->live = TRUE;
  self->n_calm = 0;
  show_newest_in_frame (self);
  count_anew (self);
  self->timer = g_timeout_add (DW_LIST_END_PACE_MS, on_live, self);
}

static void
on_items_changed (DwListEnd *self, guint position, guint removed, guint added)
{
  guint n = g_list_model_get_n_items (self->whole);
  /* An empty list that fills is a conversation that was loaded. */
  gboolean appended = removed == 0 && position > 0 && position + added == n;

  if (appended && self->live)
    self->n_new += added;
  else if (appended && is_flood (self, added))
    begin_flood (self);
  else if (position + removed <= self->first && self->first > 0)
    {
      self->first += added - removed;
      self->end += added - removed;
    }
  else if (self->live && position >= self->end)
    return; /* not shown yet */
  else if (self->live && (position < self->first || position + removed > self->end))
    replace (self, n > self->room ? n - self->room : 0, n);
  else if (position >= self->first)
    {
      self->end += added - removed;
      tell (self, position - self->first, removed, added);
    }
  else
    replace (self, MIN (position, n), n);
}

static void
dw_list_end_dispose (GObject *object)
{
  DwListEnd *self = DW_LIST_END (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  dw_list_end_set_clock (self, NULL);
  g_clear_object (&self->whole);
  self->first = self->end = 0;
  G_OBJECT_CLASS (dw_list_end_parent_class)->dispose (object);
}

static void
dw_list_end_class_init (DwListEndClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_list_end_dispose;
}

static void
dw_list_end_init (DwListEnd *self)
{
  self->room = DW_LIST_END_LIVE;
}

static void
dw_list_end_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = dw_list_end_get_item_type;
  iface->get_n_items = dw_list_end_get_n_items;
  iface->get_item = dw_list_end_get_item;
}

/* Lists everything, except during a flood if the end is followed. */
DwListEnd *
dw_list_end_new (GListModel *whole)
{
  DwListEnd *self = g_object_new (DW_TYPE_LIST_END, NULL);

  self->whole = g_object_ref (whole);
  self->end = g_list_model_get_n_items (whole);
  g_signal_connect_object (whole, "items-changed", G_CALLBACK (on_items_changed), self, G_CONNECT_SWAPPED);
  return self;
}

/* A user who scrolls away wants to read, so the other rows come back, the nearest first. */
void
dw_list_end_set_following (DwListEnd *self, gboolean following)
{
  self->following = following;
  if (!following && self->live)
    end_flood (self);
}

/* The frame clock of the window that shows the list, or NULL. */
void
dw_list_end_set_clock (DwListEnd *self, GdkFrameClock *clock)
{
  clear_frame (self);
  g_set_object (&self->clock, clock);
}

/* How many items are visible at once. During a flood more would be costly, and fewer leave a gap. */
void
dw_list_end_set_room (DwListEnd *self, guint n)
{
  self->room = CLAMP (n, 1, DW_LIST_END_MOST);
}

gboolean
dw_list_end_is_live (DwListEnd *self)
{
  return self->live;
}

/* Whether it lists everything, without delay. */
gboolean
dw_list_end_is_whole (DwListEnd *self)
{
  return !self->live && self->first == 0;
}

/* Returns the position here of an item of the whole, after bringing it back if necessary. */
guint
dw_list_end_show (DwListEnd *self, guint position)
{
  if (self->live)
    end_flood (self);
  if (position < self->first)
    bring_back (self, self->first - position);
  return position - self->first;
}
