/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-pages.h"

#include <glib/gi18n-lib.h>

/**
 * SECTION:dw-pages
 *
 * The part of a conversation that is in memory: whole pages, read when they are shown, the least used of
 * which go first. And one's own messages that are not done, so that what is being sent is one object in the outbox
 * and on the screen.
 */
struct _DwPages
{
  GObject parent_instance;

  DwStore *store;
  gint64 stage;
  GHashTable *table; /* gint64 * → Page; at most DW_PAGES_KEPT and _KEPT_BYTES, or _PINNED and _PINNED_BYTES */
  gsize bytes;       /* of the pages */
  GQueue held;       /* of DwMessage; at most DW_PAGES_HELD and DW_PAGES_HELD_BYTES */
  gsize held_bytes;
  GHashTable *by_id; /* id → GList of held */
  gint64 first;      /* the first place shown */
  gint64 last;       /* the last one; first − 1 where there is none */
  guint64 clock;
  guint generation; /* of what was read: after a change of places answers to older questions are void */
  guint64 moved;    /* the write after which lines stand in the store as they stand here */
  guint retry;
};

typedef struct
{
  gint64 number;
  DwMessage *lines[DW_PAGES_LINES]; /* or NULL until it is requested */
  guint32 sizes[DW_PAGES_LINES];    /* as dw_record_get_size() counts */
  guint64 serial;                   /* the write after which all of it is in the store */
  guint64 used;
  gboolean asked; /* the store is reading it */
} Page;

G_DEFINE_FINAL_TYPE (DwPages, dw_pages, G_TYPE_OBJECT)

static void
page_free (gpointer data)
{
  Page *page = data;

  for (guint i = 0; i < DW_PAGES_LINES; i++)
    g_clear_object (&page->lines[i]);
  g_free (page);
}

static void
dw_pages_dispose (GObject *object)
{
  DwPages *self = DW_PAGES (object);

  g_clear_handle_id (&self->retry, g_source_remove);
  g_clear_pointer (&self->table, g_hash_table_unref);
  g_clear_pointer (&self->by_id, g_hash_table_unref);
  g_queue_clear_full (&self->held, g_object_unref);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (dw_pages_parent_class)->dispose (object);
}

static void
dw_pages_class_init (DwPagesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_pages_dispose;
}

static void
dw_pages_init (DwPages *self)
{
  self->table = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, page_free);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->held);
  self->first = 1;
}

/**
 * dw_pages_new:
 * @store: where the lines are
 * @stage: the stage's number there
 *
 * Returns: (transfer full): no page yet
 */
DwPages *
dw_pages_new (DwStore *store, gint64 stage)
{
  DwPages *self = g_object_new (DW_TYPE_PAGES, NULL);

  self->store = g_object_ref (store);
  self->stage = stage;
  return self;
}

static gsize
size_of (DwMessage *message)
{
  return dw_record_get_size (dw_message_get_record (message));
}

/* Called again for a line that was blank and has been filled, since it is larger then. */
static void
set_line (DwPages *self, Page *page, guint index, DwMessage *message)
{
  g_set_object (&page->lines[index], message);
  self->bytes -= page->sizes[index];
  page->sizes[index] = message != NULL ? (guint32) MIN (size_of (message), G_MAXUINT32) : 0;
  self->bytes += page->sizes[index];
}

static void
forget (DwPages *self, Page *page)
{
  for (guint i = 0; i < DW_PAGES_LINES; i++)
    self->bytes -= page->sizes[i];
  g_hash_table_remove (self->table, &page->number);
}

/**
 * dw_pages_clear:
 * @self: pages
 * @first: the first place there is now
 * @last: the last one
 *
 * Forgets all pages; what is held stays.
 */
void
dw_pages_clear (DwPages *self, gint64 first, gint64 last)
{
  g_hash_table_remove_all (self->table);
  self->bytes = 0;
  self->first = first;
  self->last = last;
  self->generation++;
}

/**
 * dw_pages_extend:
 * @self: pages
 * @lines: how many lines are shown in addition, at the end
 */
void
dw_pages_extend (DwPages *self, guint lines)
{
  self->last += lines;
}

/**
 * dw_pages_get_first:
 * @self: pages
 *
 * Returns: the first place shown
 */
gint64
dw_pages_get_first (DwPages *self)
{
  return self->first;
}

/**
 * dw_pages_get_last:
 * @self: pages
 *
 * Returns: the last place shown, or the one before dw_pages_get_first() where there is none
 */
gint64
dw_pages_get_last (DwPages *self)
{
  return self->last;
}

/**
 * dw_pages_get_n_lines:
 * @self: pages
 *
 * Returns: how many lines are shown
 */
guint
dw_pages_get_n_lines (DwPages *self)
{
  return (guint) (self->last - self->first + 1);
}

static Page *
find (DwPages *self, gint64 place)
{
  gint64 number = place / DW_PAGES_LINES;
  Page *page = g_hash_table_lookup (self->table, &number);

  if (page != NULL)
    page->used = ++self->clock;
  return page;
}

static Page *
need (DwPages *self, gint64 place)
{
  Page *page = find (self, place);

  if (page != NULL)
    return page;
  page = g_new0 (Page, 1);
  page->number = place / DW_PAGES_LINES;
  page->used = ++self->clock;
  g_hash_table_insert (self->table, &page->number, page);
  return page;
}

static DwMessage *
peek (DwPages *self, gint64 place)
{
  Page *page = place >= 0 ? find (self, place) : NULL;

  return page != NULL ? page->lines[place % DW_PAGES_LINES] : NULL;
}

/**
 * dw_pages_peek_line:
 * @self: pages
 * @place: a place of the conversation
 *
 * Returns: (transfer none) (nullable): the line there, if it is in memory
 */
DwMessage *
dw_pages_peek_line (DwPages *self, gint64 place)
{
  return peek (self, place);
}

/**
 * dw_pages_put:
 * @self: pages
 * @message: a line that has a place
 * @serial: the write after which it is in the store
 */
void
dw_pages_put (DwPages *self, DwMessage *message, guint64 serial)
{
  gint64 place = dw_message_get_place (message);
  Page *page = need (self, place);

  page->serial = MAX (page->serial, serial);
  set_line (self, page, (guint) (place % DW_PAGES_LINES), message);
}

/* Reading */

static gboolean
is_blank (DwMessage *message)
{
  return message != NULL && dw_message_get_kind (message) == DW_MESSAGE_BLANK;
}

static DwMessage *
find_held (DwPages *self, const char *id)
{
  GList *link = id != NULL ? g_hash_table_lookup (self->by_id, id) : NULL;

  return link != NULL ? link->data : NULL;
}

/* The object of that line where there is one already: a line is never two objects. */
static DwMessage *
adopt (DwPages *self, const DwRecord *record)
{
  DwMessage *message = peek (self, record->place);

  if (message == NULL && record->kind == DW_MESSAGE_OWN && record->delivery != DW_DELIVERY_DELIVERED)
    message = find_held (self, record->id);
  if (message == NULL)
    return dw_message_new_from_record (record);

  if (dw_message_get_kind (message) == DW_MESSAGE_BLANK)
    dw_message_fill (message, record);
  /* Its place has changed where lines before it were deleted. */
  dw_message_set_place (message, record->place);
  return g_object_ref (message);
}

static void
group (const DwRecord *before, DwMessage *message, const DwRecord *after)
{
  const DwRecord *record = dw_message_get_record (message);

  dw_message_set_group (message, before == NULL || !dw_record_stands_with (before, record),
                        after == NULL || !dw_record_stands_with (record, after));
}

/**
 * dw_pages_take:
 * @self: pages
 * @records: (element-type DwRecord): lines of the store in order, with those beside what is wanted
 * @first: the first place wanted
 * @last: the last one
 *
 * Puts lines into their places.
 */
void
dw_pages_take (DwPages *self, GPtrArray *records, gint64 first, gint64 last)
{
  for (guint i = 0; i < records->len; i++)
    {
      const DwRecord *record = g_ptr_array_index (records, i);
      gboolean has_next = i + 1 < records->len;
      g_autoptr (DwMessage) message = NULL;

      /* One line on each side was read only to see whether the group goes on there. Lines after the last one shown are
       * shown when it is their turn. */
      if (record->place < MAX (first, self->first) || record->place > MIN (last, self->last))
        continue;

      message = adopt (self, record);
      dw_pages_put (self, message, 0);

      /* What follows the newest line is not in the store yet: whether it ends its group is known here alone. */
      if (has_next || record->place < self->last)
        group (i > 0 ? g_ptr_array_index (records, i - 1) : NULL, message,
               has_next ? g_ptr_array_index (records, i + 1) : NULL);
      else if (i > 0)
        dw_message_set_group (message, !dw_record_stands_with (g_ptr_array_index (records, i - 1), record),
                              dw_message_ends_group (message));
    }
}

/* The store has no such line: it could not be saved, or the file is damaged. */
static void
settle_blanks (DwPages *self, gint64 first, gint64 last)
{
  for (gint64 place = MAX (first, self->first); place <= MIN (last, self->last); place++)
    {
      DwMessage *message = peek (self, place);
      DwRecord lost = { .place = place,
                        .kind = DW_MESSAGE_NOTICE,
                        .text = (char *) _ ("This message isn’t in the history.") };

      if (is_blank (message))
        dw_message_fill (message, &lost);
    }
}

typedef struct
{
  DwPages *owner;
  gint64 first;
  gint64 last;
  guint generation;
} Question;

static void on_page (GObject *source, GAsyncResult *result, gpointer data);
static void forget_all_above (DwPages *self);

static void
ask (DwPages *self, gint64 place)
{
  Page *page;
  Question *question;

  if (place < self->first || place > self->last)
    return;
  page = need (self, place);
  if (page->asked)
    return;

  page->asked = TRUE;
  question = g_new (Question, 1);
  question->owner = g_object_ref (self);
  question->first = page->number * DW_PAGES_LINES;
  question->last = question->first + DW_PAGES_LINES - 1;
  question->generation = self->generation;

  /* Lines that are still to be written stay in memory, so reading need not wait for them; but it has to wait for a
   * deletion, which moves the lines after it. */
  dw_store_lines_read_async (self->store, self->stage, question->first - 1, question->last + 1,
                             page->serial == 0 && dw_store_get_written (self->store) >= self->moved, on_page,
                             question);
}

static gboolean
on_retry (gpointer data)
{
  DwPages *self = data;
  g_autoptr (GList) pages = g_hash_table_get_values (self->table);

  self->retry = 0;
  for (GList *at = pages; at != NULL; at = at->next)
    for (guint i = 0; i < DW_PAGES_LINES; i++)
      if (is_blank (((Page *) at->data)->lines[i]))
        ask (self, ((Page *) at->data)->number * DW_PAGES_LINES + i);
  return G_SOURCE_REMOVE;
}

/* The store cannot be read just now: blank lines on the screen are filled when it can. */
static void
ask_later (DwPages *self)
{
  if (self->retry == 0)
    self->retry = g_timeout_add_seconds (DW_PAGES_RETRY_S, on_retry, self);
}

static void
on_page (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Question *question = data;
  g_autoptr (DwPages) self = question->owner;
  g_autoptr (GPtrArray) records = dw_store_lines_read_finish (DW_STORE (source), result, NULL);
  Page *page = self->table != NULL ? find (self, question->first) : NULL;

  if (page == NULL)
    return;

  page->asked = FALSE;
  if (question->generation != self->generation)
    {
      /* Lines have moved since, so these places are wrong: asks again for the lines that are still blank. */
      for (guint i = 0; i < DW_PAGES_LINES; i++)
        if (is_blank (page->lines[i]))
          ask (self, question->first + i);
    }
  /* The file still has the lines where they stood before a deletion: tries again when that is written. */
  else if (records == NULL || dw_store_get_written (self->store) < self->moved)
    ask_later (self);
  else
    {
      dw_pages_take (self, records, question->first, question->last);
      settle_blanks (self, question->first, question->last);
      forget_all_above (self);
    }
}

static Page *
find_least_used (DwPages *self, guint64 written)
{
  Page *least = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Page *page = value;

      /* A page that is being read is kept, since it was requested. */
      if ((written == G_MAXUINT64 || (page->serial <= written && !page->asked))
          && (least == NULL || page->used < least->used))
        least = page;
    }
  return least;
}

static void
forget_pages (DwPages *self, guint most, gsize most_bytes, guint64 written)
{
  Page *page;

  while ((g_hash_table_size (self->table) > most
          || (self->bytes > most_bytes && g_hash_table_size (self->table) > DW_PAGES_LEAST))
         && (page = find_least_used (self, written)) != NULL)
    forget (self, page);
}

static void
forget_all_above (DwPages *self)
{
  forget_pages (self, DW_PAGES_KEPT, DW_PAGES_KEPT_BYTES, dw_store_get_written (self->store));
  forget_pages (self, DW_PAGES_PINNED, DW_PAGES_PINNED_BYTES, G_MAXUINT64);
}

/**
 * dw_pages_get_line:
 * @self: pages
 * @place: a place of the conversation
 *
 * Returns: (transfer full): the line there, blank until it is read
 */
DwMessage *
dw_pages_get_line (DwPages *self, gint64 place)
{
  DwMessage *message = peek (self, place);

  if (message != NULL)
    return g_object_ref (message);

  message = dw_message_new_blank (place);
  dw_pages_put (self, message, 0);
  ask (self, place);
  /* Prefetch, since the user is probably scrolling up. */
  if (peek (self, place - DW_PAGES_LINES) == NULL)
    ask (self, place - DW_PAGES_LINES);
  forget_all_above (self);
  return message;
}

/* Holding and forgetting */

static void
let_go (DwPages *self, GList *link)
{
  g_hash_table_remove (self->by_id, dw_message_get_id (link->data));
  self->held_bytes -= size_of (link->data);
  g_object_unref (link->data);
  g_queue_delete_link (&self->held, link);
}

/**
 * dw_pages_hold:
 * @self: pages
 * @message: one's own message that is not done
 */
void
dw_pages_hold (DwPages *self, DwMessage *message)
{
  const char *id = dw_message_get_id (message);

  if (id == NULL || find_held (self, id) != NULL)
    return;
  g_queue_push_tail (&self->held, g_object_ref (message));
  g_hash_table_insert (self->by_id, (gpointer) id, self->held.tail);
  self->held_bytes += size_of (message);
  while (g_queue_get_length (&self->held) > DW_PAGES_HELD || self->held_bytes > DW_PAGES_HELD_BYTES)
    let_go (self, self->held.head);
}

/**
 * dw_pages_restore:
 * @self: pages
 * @opening: what the store says
 *
 * Holds one's own messages that are not done.
 *
 * Returns: (transfer full) (element-type DwMessage): those that were held, are still to be said, and are not in the
 *   store
 */
GPtrArray *
dw_pages_restore (DwPages *self, DwStoreOpening *opening)
{
  GPtrArray *missing = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GHashTable) waiting = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < opening->waiting->len; i++)
    if (((DwRecord *) g_ptr_array_index (opening->waiting, i))->id != NULL)
      g_hash_table_add (waiting, ((DwRecord *) g_ptr_array_index (opening->waiting, i))->id);
  for (GList *at = self->held.head; at != NULL; at = at->next)
    {
      DwDelivery delivery = dw_message_get_delivery (at->data);

      if ((delivery == DW_DELIVERY_QUEUED || delivery == DW_DELIVERY_UNCONFIRMED || delivery == DW_DELIVERY_ASKING)
          && !g_hash_table_contains (waiting, dw_message_get_id (at->data)))
        g_ptr_array_add (missing, g_object_ref (at->data));
    }
  for (guint i = 0; i < opening->waiting->len; i++)
    {
      const DwRecord *record = g_ptr_array_index (opening->waiting, i);
      DwMessage *held = find_held (self, record->id);
      g_autoptr (DwMessage) message = held != NULL ? NULL : dw_message_new_from_record (record);

      /* Its place has changed where lines before it were deleted. */
      if (held != NULL)
        dw_message_set_place (held, record->place);
      else
        dw_pages_hold (self, message);
    }
  return missing;
}

/* These lines are added once more at the end. Only as many as the outbox takes, half of what is held, so that adding the
 * last does not drop the first from what is held. */
static GPtrArray *
find_unsaid (DwPages *self)
{
  GPtrArray *unsaid = g_ptr_array_new_with_free_func (g_object_unref);
  gsize bytes = 0;

  for (GList *at = self->held.head; at != NULL; at = at->next)
    {
      gint64 place = dw_message_get_place (at->data);

      if (place == 0 || place >= self->first
          || (dw_message_get_delivery (at->data) != DW_DELIVERY_QUEUED && !dw_message_needs_decision (at->data)))
        continue;
      bytes += size_of (at->data);
      if (bytes <= DW_PAGES_HELD_BYTES / 2)
        g_ptr_array_add (unsaid, g_object_ref (at->data));
    }
  return unsaid;
}

/**
 * dw_pages_drop_before:
 * @self: pages
 * @first: the first place there is now
 *
 * Forgets the lines before it, which are gone from the store.
 *
 * Returns: (transfer full) (element-type DwMessage): one's own among them that still have to be said, or decided on
 */
GPtrArray *
dw_pages_drop_before (DwPages *self, gint64 first)
{
  g_autoptr (GList) pages = g_hash_table_get_values (self->table);

  self->first = first;
  for (GList *at = pages; at != NULL; at = at->next)
    {
      Page *page = at->data;
      gint64 start = page->number * DW_PAGES_LINES;

      if (start + DW_PAGES_LINES <= first)
        forget (self, page);
      else
        for (gint64 place = start; place < first; place++)
          set_line (self, page, (guint) (place - start), NULL);
    }
  return find_unsaid (self);
}

/**
 * dw_pages_tidy:
 * @self: pages
 *
 * Forgets the least used pages where there are too many, those that are not in the store last, and messages that
 * are done.
 */
void
dw_pages_tidy (DwPages *self)
{
  GList *at = self->held.head;

  forget_all_above (self);
  while (at != NULL)
    {
      GList *next = at->next;

      if (dw_message_get_delivery (at->data) == DW_DELIVERY_DELIVERED)
        let_go (self, at);
      at = next;
    }
}

static GPtrArray *
steal_after (DwPages *self, gint64 place, guint64 *serial)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Page *page = value;

      *serial = MAX (*serial, page->serial);
      for (gint64 i = 0; i < DW_PAGES_LINES; i++)
        if (page->lines[i] != NULL && page->number * DW_PAGES_LINES + i > place)
          {
            g_ptr_array_add (lines, g_object_ref (page->lines[i]));
            set_line (self, page, (guint) i, NULL);
          }
    }
  return lines;
}

/* The two lines that a removed line stood between may stand together now. Lines that are not in memory are grouped when
 * they are read. */
static void
regroup (DwPages *self, gint64 place)
{
  DwMessage *before = peek (self, place - 1);
  DwMessage *after = peek (self, place);
  gboolean together = FALSE;

  if (is_blank (before) || is_blank (after) || (after == NULL && place <= self->last))
    return;

  if (before != NULL && after != NULL)
    together = dw_record_stands_with (dw_message_get_record (before), dw_message_get_record (after));
  if (before != NULL)
    dw_message_set_group (before, dw_message_starts_group (before), !together);
  if (after != NULL && (before != NULL || place <= self->first))
    dw_message_set_group (after, !together, dw_message_ends_group (after));
}

/**
 * dw_pages_remove:
 * @self: pages
 * @message: a line that goes
 * @removal: the write after which it is gone from the store, or 0
 *
 * Forgets it, and moves the lines after it up by one place.
 */
void
dw_pages_remove (DwPages *self, DwMessage *message, guint64 removal)
{
  gint64 place = dw_message_get_place (message);
  Page *page = find (self, place);
  guint64 serial = 0;
  g_autoptr (GPtrArray) moved = NULL;

  if (find_held (self, dw_message_get_id (message)) == message)
    let_go (self, g_hash_table_lookup (self->by_id, dw_message_get_id (message)));
  self->moved = MAX (self->moved, removal);
  if (page != NULL)
    set_line (self, page, (guint) (place % DW_PAGES_LINES), NULL);
  moved = steal_after (self, place, &serial);

  /* A message that is held may be in no page, and moves too. */
  for (GList *at = self->held.head; at != NULL; at = at->next)
    if (dw_message_get_place (at->data) > place && !g_ptr_array_find (moved, at->data, NULL))
      dw_message_set_place (at->data, dw_message_get_place (at->data) - 1);
  for (guint i = 0; i < moved->len; i++)
    {
      DwMessage *line = g_ptr_array_index (moved, i);

      dw_message_set_place (line, dw_message_get_place (line) - 1);
      dw_pages_put (self, line, serial);
    }

  self->last--;
  self->generation++;
  regroup (self, place);
}

/**
 * dw_pages_find_own:
 * @self: pages
 * @id: a message's id
 *
 * Returns: (transfer none) (nullable): one's own message of that id, where it is not done or in memory
 */
DwMessage *
dw_pages_find_own (DwPages *self, const char *id)
{
  DwMessage *held = find_held (self, id);
  GHashTableIter iter;
  gpointer value;

  if (held != NULL)
    return held;
  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    for (guint i = 0; i < DW_PAGES_LINES; i++)
      {
        DwMessage *message = ((Page *) value)->lines[i];

        if (message != NULL && dw_message_get_kind (message) == DW_MESSAGE_OWN
            && g_strcmp0 (dw_message_get_id (message), id) == 0)
          return message;
      }
  return NULL;
}

/**
 * dw_pages_get_n_pages:
 * @self: pages
 *
 * Returns: how many there are in memory
 */
guint
dw_pages_get_n_pages (DwPages *self)
{
  return g_hash_table_size (self->table);
}

/**
 * dw_pages_get_bytes:
 * @self: pages
 *
 * Returns: how large they are together
 */
gsize
dw_pages_get_bytes (DwPages *self)
{
  return self->bytes;
}
