/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-list-end.h"

/* A list, or during a flood only its end.
 *
 * Each time a list view jumps to its end it rebuilds about 205 rows, which takes 20 to 110 ms (GTK 4.8, measured). Even
 * the rows that a window has room for, all new at once, take 50 to 100 ms. Rows that pass so fast cannot be read. So
 * during a flood, if the end is followed, the list has as many rows as can be seen, and a few of the newest join them many
 * times a second; what came between is skipped. All of it comes back when the flood is over, or at once when the user
 * scrolls away from the end.
 *
 * Listed are those items that joined before something was skipped, and after them a run of the whole without gaps. */
struct _DwListEnd
{
  GObject parent_instance;

  GListModel *whole;
  /* Listed first, with gaps between them: only in a flood, and no more than there is room for. They may be gone from the
   * whole; they leave within a second anyway. */
  GPtrArray *older;
  guint first; /* the first item of the run */
  guint end;   /* the first item of the whole after the run */
  guint room;  /* how many items are listed during a flood */
  gboolean following;
  gboolean live;        /* a flood: only the newest, and delayed */
  guint n_new;          /* how many were appended since the time below */
  gint64 counts_from;   /* monotonic, in microseconds */
  guint n_calm;         /* how many periods in a row had hardly any */
  guint timer;          /* replaces the newest, or brings back the others */
  GdkFrameClock *clock; /* or NULL */
  gulong frame;         /* replaces the newest at the next frame, or 0 */
  gboolean held;        /* nothing that is listed goes */
  gboolean leaving;     /* the flood ends at that frame */
  guint reading;        /* the item of the whole that is read on from then */
  guint n_late;         /* for how many periods no such frame came */
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
  DwListEnd *self = DW_LIST_END (model);

  return self->older->len + self->end - self->first;
}

static gpointer
dw_list_end_get_item (GListModel *model, guint position)
{
  DwListEnd *self = DW_LIST_END (model);

  if (position >= dw_list_end_get_n_items (model))
    return NULL;
  if (position < self->older->len)
    return g_object_ref (g_ptr_array_index (self->older, position));
  return g_list_model_get_item (self->whole, self->first + position - self->older->len);
}

static void
tell (DwListEnd *self, guint position, guint removed, guint added)
{
  if (removed > 0 || added > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
}

static guint
count (DwListEnd *self)
{
  return dw_list_end_get_n_items (G_LIST_MODEL (self));
}

/* Lists these and no others. It is one change: a list view keeps its rows of the items that stay. */
static void
replace (DwListEnd *self, guint first, guint end)
{
  guint removed = count (self);

  g_ptr_array_set_size (self->older, 0);
  self->first = first;
  self->end = end;
  tell (self, 0, removed, end - first);
}

static void
catch_up (DwListEnd *self)
{
  guint n = count (self);
  guint added = g_list_model_get_n_items (self->whole) - self->end;

  self->end += added;
  tell (self, n, 0, added);
}

/* Appends a few of the newest, and leaves out what is before them. */
static guint
join_newest (DwListEnd *self)
{
  guint n = g_list_model_get_n_items (self->whole);
  guint waiting = n - self->end;
  guint joining = MIN (waiting, DW_LIST_END_FEED);

  if (joining < waiting)
    {
      for (guint i = self->first; i < self->end; i++)
        g_ptr_array_add (self->older, g_list_model_get_item (self->whole, i));
      self->first = n - joining;
    }
  self->end = n;
  return joining;
}

/* Where few are new, some of what was left out comes back. */
static guint
fill_gaps (DwListEnd *self, guint most)
{
  guint filled = 0;

  while (self->older->len > 0 && self->first > 0)
    {
      g_autoptr (GObject) item = g_list_model_get_item (self->whole, self->first - 1);

      if (item == g_ptr_array_index (self->older, self->older->len - 1))
        g_ptr_array_set_size (self->older, (int) self->older->len - 1);
      else if (filled < most)
        filled++;
      else
        break;
      self->first--;
    }
  return filled;
}

static void
drop_first (DwListEnd *self)
{
  guint n = count (self);
  guint dropped = n > self->room ? n - self->room : 0;
  guint gone = MIN (dropped, self->older->len);

  if (gone > 0)
    g_ptr_array_remove_range (self->older, 0, gone);
  self->first += dropped - gone;
}

/* All is one change, in which the list view reuses its rows; if it were two, it would build more for the first. */
static void
show_newest (DwListEnd *self)
{
  guint removed = count (self);
  guint changed;

  drop_first (self);
  changed = join_newest (self);
  changed += fill_gaps (self, DW_LIST_END_FEED - changed);
  drop_first (self);
  if (changed > 0 || count (self) != removed)
    tell (self, 0, removed, count (self));
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

  bring_back (self, count (self) < DW_LIST_END_BUILT ? DW_LIST_END_STEP : DW_LIST_END_PAGE);
  if (self->first > 0)
    return G_SOURCE_CONTINUE;
  self->timer = 0;
  return G_SOURCE_REMOVE;
}

static void
bring_back_by_page (DwListEnd *self)
{
  if (self->first > 0 && self->timer == 0)
    self->timer = g_timeout_add_full (PAGE_PRIORITY, PAGE_MS, on_page, self, NULL);
}

static void
clear_frame (DwListEnd *self)
{
  if (self->clock != NULL)
    g_clear_signal_handler (&self->frame, self->clock);
}

static void leave (DwListEnd *self);

static void
on_frame (DwListEnd *self, GdkFrameClock *clock)
{
  clear_frame (self);
  if (self->held)
    return;
  if (self->leaving)
    leave (self);
  else
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
  self->live = self->leaving = FALSE;
  if (self->older->len > 0)
    replace (self, self->end - MIN (self->end, self->room), g_list_model_get_n_items (self->whole));
  catch_up (self);
  bring_back_by_page (self);
}

static void
leave (DwListEnd *self)
{
  guint n = g_list_model_get_n_items (self->whole);
  guint reading = MIN (self->reading, n);

  if (self->older->len > 0)
    replace (self, reading - MIN (reading, self->room), n);
  end_flood (self);
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

  if (g_get_monotonic_time () - self->counts_from >= DW_LIST_END_PACE_MS * G_TIME_SPAN_MILLISECOND)
    {
      self->n_calm = self->n_new > DW_LIST_END_FLOOD / 4 ? 0 : self->n_calm + 1;
      count_anew (self);
    }
  show_newest_in_frame (self);
  if (self->held)
    return G_SOURCE_CONTINUE;
  if (self->leaving ? ++self->n_late < DW_LIST_END_LATE : self->n_calm < DW_LIST_END_CALM || self->older->len > 0)
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
  self->timer = g_timeout_add (DW_LIST_END_FEED_MS, on_live, self);
}

/* A conversation that was loaded, or a flood that begins it: what can be seen is built first, the rest frame by frame. */
static void
fill (DwListEnd *self)
{
  guint n = g_list_model_get_n_items (self->whole);

  replace (self, n - MIN (n, self->room), n);
  bring_back_by_page (self);
}

static void
on_items_changed (DwListEnd *self, guint position, guint removed, guint added)
{
  guint n = g_list_model_get_n_items (self->whole);
  gboolean appended = removed == 0 && position > 0 && position + added == n;

  if (added == n && self->following && !self->live)
    fill (self);
  else if (appended && self->live)
    self->n_new += added;
  else if (appended && is_flood (self, added))
    begin_flood (self);
  else if (position + removed <= self->first && self->first > 0)
    {
      self->first += added - removed;
      self->end += added - removed;
      if (position + removed <= self->reading)
        self->reading += added - removed;
    }
  else if (self->live && position >= self->end)
    return; /* not shown yet */
  else if (self->live && (position < self->first || position + removed > self->end))
    replace (self, n > self->room ? n - self->room : 0, n);
  else if (position >= self->first)
    {
      self->end += added - removed;
      tell (self, self->older->len + position - self->first, removed, added);
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
  g_ptr_array_set_size (self->older, 0);
  self->first = self->end = 0;
  G_OBJECT_CLASS (dw_list_end_parent_class)->dispose (object);
}

static void
dw_list_end_finalize (GObject *object)
{
  g_ptr_array_unref (DW_LIST_END (object)->older);
  G_OBJECT_CLASS (dw_list_end_parent_class)->finalize (object);
}

static void
dw_list_end_class_init (DwListEndClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_list_end_dispose;
  G_OBJECT_CLASS (klass)->finalize = dw_list_end_finalize;
}

static void
dw_list_end_init (DwListEnd *self)
{
  self->older = g_ptr_array_new_with_free_func (g_object_unref);
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
  if (following)
    self->leaving = self->held = FALSE;
  else if (!self->leaving)
    dw_list_end_read (self, self->end > 0 ? self->end - 1 : 0);
}

/* The user reads on from the item at this place of the whole: a flood ends, and those around it are listed without gaps. If
 * there are gaps, most rows are replaced, so that waits for a frame too. */
void
dw_list_end_read (DwListEnd *self, guint position)
{
  self->following = FALSE;
  if (!self->live)
    return;

  self->reading = position;
  if (self->older->len == 0 || self->clock == NULL)
    {
      leave (self);
      return;
    }
  self->n_late = 0;
  self->leaving = TRUE;
  show_newest_in_frame (self);
}

/* Whether a row is being pressed. In a flood all rows stay until it is let go, since that one has the pointer's grab. */
void
dw_list_end_hold (DwListEnd *self, gboolean held)
{
  self->held = held;
  if (self->leaving && !held)
    show_newest_in_frame (self);
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
