/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-conversation.h"

#include "dw-day.h"
#include "dw-pages.h"

#include "client/dw-client-error.h"

#include <glib/gi18n-lib.h>

/**
 * SECTION:dw-conversation
 *
 * The history of a stage as a list: the lines are in the store, and those being looked at are also in memory. Lines are
 * in the order of their arrival, whatever the clock says. A line is shown once it is in the store, or when the store
 * takes too long.
 *
 * arrived → (a place, and a day before it where one begins) → being written → shown
 *
 * A stage can send faster than the store writes; then #DwConversation:congested asks the reader of the stage to pause.
 */
struct _DwConversation
{
  GObject parent_instance;

  DwStore *store; /* or NULL once it is disposed of */
  DwStage *stage;
  DwPages *pages; /* they know which places are shown */
  gint64 next;    /* the place of the next line */
  DwDay day;      /* of the newest line that has one, by the time zone as it is when lines come; or none */
  gint64 dated;   /* that line's time */
  gboolean open;
  guint generation; /* of questions to the store: the answer to an older one is void */

  /* Of DwMessage; at most DW_CONVERSATION_ARRIVED and _ARRIVED_BYTES, or _UNOPENED and _UNOPENED_BYTES. */
  GPtrArray *arrived;
  gsize arrived_bytes;
  gboolean overfull;   /* something was dropped, and it was said */
  GQueue batches;      /* of Batch: not shown yet, in order; bounded by what the store takes */
  GQueue unsaved;      /* of Unsaved: given to the store and not written, in order; bounded as batches are */
  gsize unsaved_bytes; /* of all of them */
  gint64 saved_at;     /* when the store last wrote some of it, or began to; monotonic */
  gboolean congested;
  guint patience_ms; /* a line that is not in the store after that is shown before */
  guint look;        /* for the end of the congestion */
  DwMessage *newest; /* that has a place */
  gint64 unread;     /* the unread line stands before this place, or 0 */
  DwMessage *unread_line;
  guint tick;
  gint64 last_tick;
};

/* How often the store is asked whether it has caught up, in milliseconds. */
#define LOOK_MS 50

/* Lines that are given to the store together. */
typedef struct
{
  DwConversation *owner;
  GPtrArray *messages; /* of DwMessage: the lines, which have places */
  GPtrArray *own;      /* of DwMessage: those of them that are to be sent when they are saved */
  gint64 given_at;     /* to the store; monotonic, in microseconds */
  gboolean answered;   /* the store has written it, or takes long, or never will */
  gboolean done;       /* with showing: all are shown, or none will be, since the store is read anew */
} Batch;

/* A write of the store, which may answer before it is done. */
typedef struct
{
  guint64 serial;
  gsize bytes;
} Unsaved;

static void dw_conversation_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwConversation,
                               dw_conversation,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, dw_conversation_iface_init))

enum
{
  PROP_0,
  PROP_CONGESTED,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_OPENED,
  SIGNAL_WRITTEN,
  SIGNAL_SHOWN,
  SIGNAL_REMOVED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void schedule (DwConversation *self);

/* The list */

static GType
dw_conversation_get_item_type (GListModel *model)
{
  return DW_TYPE_MESSAGE;
}

static gboolean
has_unread_line (DwConversation *self)
{
  return self->unread > dw_pages_get_first (self->pages) && self->unread <= dw_pages_get_last (self->pages);
}

static guint
dw_conversation_get_n_items (GListModel *model)
{
  DwConversation *self = DW_CONVERSATION (model);

  return dw_pages_get_n_lines (self->pages) + (has_unread_line (self) ? 1 : 0);
}

static gpointer
dw_conversation_get_item (GListModel *model, guint position)
{
  DwConversation *self = DW_CONVERSATION (model);
  gint64 place = dw_pages_get_first (self->pages) + position;

  if (position >= dw_conversation_get_n_items (model))
    return NULL;
  if (has_unread_line (self) && place >= self->unread)
    {
      if (place == self->unread)
        return g_object_ref (self->unread_line);
      place--;
    }
  return dw_pages_get_line (self->pages, place);
}

static void
add_arrived (DwConversation *self, DwMessage *message)
{
  g_ptr_array_add (self->arrived, g_object_ref (message));
  self->arrived_bytes += dw_record_get_size (dw_message_get_record (message));
}

/* Opening */

static void
show_opening (DwConversation *self, DwStoreOpening *opening)
{
  guint removed = dw_conversation_get_n_items (G_LIST_MODEL (self));
  const DwRecord *dated = dw_day_find_dated (opening->tail);
  g_autoptr (GPtrArray) missing = NULL;

  self->unread = 0;
  self->next = opening->last + 1;
  self->dated = dated != NULL ? dated->time : 0;
  self->day = dated != NULL ? dw_day_of (dated->time, NULL) : (DwDay){ 0, 0 };
  dw_pages_clear (self->pages, opening->first, opening->last);
  missing = dw_pages_restore (self->pages, opening);

  /* Queued messages are in the conversation, even if its history was deleted. */
  for (guint i = 0; i < missing->len; i++)
    add_arrived (self, g_ptr_array_index (missing, i));
  dw_pages_take (self->pages, opening->tail, opening->first, opening->last);
  g_clear_object (&self->newest);
  if (opening->tail->len > 0)
    self->newest = dw_pages_get_line (self->pages, opening->last);

  self->open = TRUE;
  g_list_model_items_changed (G_LIST_MODEL (self), 0, removed, dw_conversation_get_n_items (G_LIST_MODEL (self)));
  g_signal_emit (self, signals[SIGNAL_OPENED], 0, opening);
  schedule (self);
}

static void open_lines (DwConversation *self);

typedef struct
{
  DwConversation *owner;
  guint generation;
} Opening;

static void
on_opening (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Opening *asked = data;
  g_autoptr (DwConversation) self = asked->owner;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStoreOpening) opening = dw_store_lines_open_finish (DW_STORE (source), result, &error);

  /* The store was asked again meanwhile, and only the later answer counts. */
  if (asked->generation != self->generation)
    return;
  if (self->store == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;
  /* Another program holds the file. Asks until it lets go: what the file has comes first, and takes the first places. */
  if (g_error_matches (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LOCKED))
    {
      open_lines (self);
      return;
    }
  if (opening == NULL)
    opening = dw_store_opening_new ();
  show_opening (self, opening);
}

static void
open_lines (DwConversation *self)
{
  Opening *asked = g_new (Opening, 1);

  *asked = (Opening){ g_object_ref (self), ++self->generation };
  dw_store_lines_open_async (self->store, dw_stage_get_number (self->stage), dw_stage_get_seen (self->stage),
                             dw_stage_echoes (self->stage), on_opening, asked);
}

/* Arriving */

static Batch *
batch_new (DwConversation *self)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->owner = g_object_ref (self);
  batch->messages = g_ptr_array_new_with_free_func (g_object_unref);
  batch->own = g_ptr_array_new_with_free_func (g_object_unref);
  return batch;
}

static void
batch_free (Batch *batch)
{
  g_ptr_array_unref (batch->messages);
  g_ptr_array_unref (batch->own);
  g_object_unref (batch->owner);
  g_free (batch);
}

/* The list and the pending store call both use it; the last one frees it. */
static void
finish_showing (Batch *batch)
{
  batch->done = TRUE;
  if (batch->answered)
    batch_free (batch);
}

/* Drops these lines from the list; the store goes on writing them. */
static void
abandon_batches (DwConversation *self)
{
  Batch *batch;

  while ((batch = g_queue_pop_head (&self->batches)) != NULL)
    finish_showing (batch);
}

static gboolean
may_show (DwConversation *self, const Batch *batch)
{
  gint64 waited = g_get_monotonic_time () - batch->given_at;

  /* The user's own line waits for as long as the store needs: a program that dies must not have shown a line that is
   * lost. */
  return batch->answered || (batch->own->len == 0 && waited >= self->patience_ms * G_TIME_SPAN_MILLISECOND);
}

/* The next lines that may be shown, in order, across batches. */
static GPtrArray *
take_lines (DwConversation *self)
{
  GPtrArray *taken = g_ptr_array_new_with_free_func (g_object_unref);
  Batch *batch;

  while ((batch = g_queue_peek_head (&self->batches)) != NULL && may_show (self, batch))
    {
      for (guint i = 0; i < batch->messages->len; i++)
        g_ptr_array_add (taken, g_object_ref (g_ptr_array_index (batch->messages, i)));
      g_queue_pop_head (&self->batches);
      finish_showing (batch);
    }
  return taken;
}

/* In one splice: a list view takes 34 s for 100,000 rows added one at a time and 45 ms for one splice (measured). */
static void
show_lines (DwConversation *self)
{
  g_autoptr (GPtrArray) lines = take_lines (self);
  guint position = dw_conversation_get_n_items (G_LIST_MODEL (self));

  if (lines->len > 0)
    {
      dw_pages_extend (self->pages, lines->len);
      g_list_model_items_changed (G_LIST_MODEL (self), position, 0,
                                  dw_conversation_get_n_items (G_LIST_MODEL (self)) - position);
      g_signal_emit (self, signals[SIGNAL_SHOWN], 0, lines);
    }

  dw_pages_tidy (self->pages);
  if (!g_queue_is_empty (&self->batches))
    schedule (self);
}

static void
set_congested (DwConversation *self, gboolean congested)
{
  if (self->congested == congested)
    return;

  self->congested = congested;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CONGESTED]);
}

static void weigh (DwConversation *self);

static gboolean
on_look (gpointer data)
{
  DwConversation *self = data;

  self->look = 0;
  weigh (self);
  return G_SOURCE_REMOVE;
}

/* A congestion ends only when half is saved, so that it does not begin and end with each line. If the store has an
 * error there is nothing to wait for. */
static void
weigh (DwConversation *self)
{
  gsize limit = self->congested ? DW_CONVERSATION_UNSAVED_BYTES / 2 : DW_CONVERSATION_UNSAVED_BYTES;
  gint64 now = g_get_monotonic_time ();
  gint64 stuck_at = self->saved_at + DW_CONVERSATION_STUCK_MS * G_TIME_SPAN_MILLISECOND;
  guint64 written = self->store != NULL ? dw_store_get_written (self->store) : G_MAXUINT64;
  const Unsaved *oldest;

  while ((oldest = g_queue_peek_head (&self->unsaved)) != NULL && oldest->serial <= written)
    {
      self->saved_at = now;
      self->unsaved_bytes -= oldest->bytes;
      g_free (g_queue_pop_head (&self->unsaved));
    }

  set_congested (self, self->open && self->unsaved_bytes + self->arrived_bytes > limit && now < stuck_at);
  if (self->congested && self->look == 0)
    self->look = g_timeout_add (LOOK_MS, on_look, self);
}

/* The lines were saved, or are late, or were refused. Late ones are saved as soon as possible. */
static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Batch *batch = data;
  g_autoptr (DwConversation) self = g_object_ref (batch->owner);

  dw_store_run_finish (DW_STORE (source), result, NULL);
  batch->answered = TRUE;
  for (guint i = 0; i < batch->own->len; i++)
    g_signal_emit (self, signals[SIGNAL_WRITTEN], 0, g_ptr_array_index (batch->own, i));

  if (batch->done)
    batch_free (batch);
  else
    schedule (self);
  weigh (self);
}

static void
place (DwConversation *self, Batch *batch, GPtrArray *records, DwMessage *message)
{
  gboolean fresh = dw_message_get_place (message) == 0;

  dw_message_set_place (message, self->next++);
  if (self->newest != NULL)
    {
      gboolean together =
          dw_record_stands_with (dw_message_get_record (self->newest), dw_message_get_record (message));

      dw_message_set_group (message, !together, TRUE);
      if (together)
        dw_message_set_group (self->newest, dw_message_starts_group (self->newest), FALSE);
    }
  g_set_object (&self->newest, message);
  if (dw_message_get_kind (message) == DW_MESSAGE_OWN)
    dw_pages_hold (self->pages, message);
  if (dw_message_get_kind (message) == DW_MESSAGE_OWN && fresh)
    g_ptr_array_add (batch->own, g_object_ref (message));
  g_ptr_array_add (batch->messages, g_object_ref (message));
  g_ptr_array_add (records, dw_record_copy (dw_message_get_record (message)));
}

static void
begin_day (DwConversation *self, Batch *batch, GPtrArray *records, DwMessage *message)
{
  gint64 time = dw_message_get_time (message);
  g_autoptr (DwMessage) line = NULL;

  if (dw_message_get_kind (message) == DW_MESSAGE_GAP)
    return;
  self->dated = time;
  if (dw_day_contains (&self->day, time))
    return;
  self->day = dw_day_of (time, NULL);
  line = dw_message_new (DW_MESSAGE_DAY, "", NULL, NULL, time);
  place (self, batch, records, line);
}

/**
 * dw_conversation_flush:
 * @self: a conversation
 *
 * Gives the store what has arrived now, without waiting for a tick.
 */
void
dw_conversation_flush (DwConversation *self)
{
  GPtrArray *records;
  Unsaved *unsaved;
  Batch *batch;
  guint64 serial;

  if (!self->open || self->arrived->len == 0)
    return;
  /* Somebody may have travelled. */
  if (self->day.end != 0)
    self->day = dw_day_of (self->dated, NULL);
  records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
  batch = batch_new (self);
  for (guint i = 0; i < self->arrived->len; i++)
    {
      begin_day (self, batch, records, g_ptr_array_index (self->arrived, i));
      place (self, batch, records, g_ptr_array_index (self->arrived, i));
    }
  batch->given_at = g_get_monotonic_time ();
  g_queue_push_tail (&self->batches, batch);
  serial = dw_store_lines_add_async (self->store, dw_stage_get_number (self->stage), records, on_written, batch);

  /* A refused write has no serial, and is not waited for. */
  if (g_queue_is_empty (&self->unsaved))
    self->saved_at = batch->given_at;
  unsaved = g_new (Unsaved, 1);
  *unsaved = (Unsaved){ serial, self->arrived_bytes };
  self->unsaved_bytes += self->arrived_bytes;
  g_queue_push_tail (&self->unsaved, unsaved);
  g_ptr_array_set_size (self->arrived, 0);
  self->arrived_bytes = 0;
  for (guint i = 0; i < batch->messages->len; i++)
    dw_pages_put (self->pages, g_ptr_array_index (batch->messages, i), serial);
}

static void
on_passed (DwConversation *self, gint64 stage)
{
  if (stage == dw_stage_get_number (self->stage))
    schedule (self);
}

/* A store in memory does not keep everything: when it drops the oldest lines the list drops them too, and moves queued
 * messages to its end. */
static void
drop_passed (DwConversation *self)
{
  DwPassing *passing = dw_store_get_passing (self->store);
  guint before = dw_conversation_get_n_items (G_LIST_MODEL (self));
  g_autoptr (GPtrArray) unsaid = NULL;
  gint64 first;

  if (!self->open || passing == NULL)
    return;
  first =
      MIN (dw_passing_get_first (passing, dw_stage_get_number (self->stage)), dw_pages_get_last (self->pages) + 1);
  if (first <= dw_pages_get_first (self->pages))
    return;

  unsaid = dw_pages_drop_before (self->pages, first);
  /* The unread line goes with the lines before it. */
  g_list_model_items_changed (G_LIST_MODEL (self), 0, before - dw_conversation_get_n_items (G_LIST_MODEL (self)),
                              0);
  for (guint i = 0; i < unsaid->len; i++)
    add_arrived (self, g_ptr_array_index (unsaid, i));
  if (unsaid->len > 0)
    schedule (self);
}

static gboolean
on_tick (gpointer data)
{
  /* A batch holds a reference, and the last one may be freed here. */
  g_autoptr (DwConversation) self = g_object_ref (data);

  self->tick = 0;
  self->last_tick = g_get_monotonic_time ();
  dw_conversation_flush (self);
  show_lines (self);
  drop_passed (self);
  return G_SOURCE_REMOVE;
}

/* The first line after a quiet time does not wait. */
static void
schedule (DwConversation *self)
{
  gint64 due = self->last_tick + DW_CONVERSATION_TICK_MS * 1000 - g_get_monotonic_time ();

  if (self->tick == 0)
    self->tick = g_timeout_add (due > 0 ? (guint) (due + 999) / 1000 : 0, on_tick, self);
}

static void
dw_conversation_dispose (GObject *object)
{
  DwConversation *self = DW_CONVERSATION (object);

  /* Save the lines that arrived a moment ago. */
  if (self->store != NULL)
    dw_conversation_flush (self);
  /* Batches that are being written keep this object for a while, but nothing is shown any more. */
  self->open = FALSE;
  abandon_batches (self);
  g_clear_handle_id (&self->tick, g_source_remove);
  g_clear_handle_id (&self->look, g_source_remove);
  g_queue_clear_full (&self->unsaved, g_free);
  g_clear_pointer (&self->arrived, g_ptr_array_unref);
  g_clear_object (&self->newest);
  g_clear_object (&self->unread_line);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (dw_conversation_parent_class)->dispose (object);
}

static void
dw_conversation_finalize (GObject *object)
{
  DwConversation *self = DW_CONVERSATION (object);

  g_object_unref (self->pages);
  g_object_unref (self->stage);
  G_OBJECT_CLASS (dw_conversation_parent_class)->finalize (object);
}

static void
dw_conversation_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_CONGESTED:
      g_value_set_boolean (value, DW_CONVERSATION (object)->congested);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
dw_conversation_class_init (DwConversationClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_conversation_dispose;
  G_OBJECT_CLASS (klass)->get_property = dw_conversation_get_property;

  /**
   * DwConversation:congested:
   *
   * The store is behind by %DW_CONVERSATION_UNSAVED_BYTES, so reading from the stage should pause. It ends when half of
   * that is saved, or when the store has saved nothing for %DW_CONVERSATION_STUCK_MS.
   */
  properties[PROP_CONGESTED] = g_param_spec_boolean (
      "congested", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);
  G_OBJECT_CLASS (klass)->finalize = dw_conversation_finalize;

  /**
   * DwConversation::opened:
   * @opening: a #DwStoreOpening, valid during the call
   *
   * The store was read, for the first time or anew.
   */
  signals[SIGNAL_OPENED] = g_signal_new ("opened", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  /**
   * DwConversation::written:
   * @message: one's own #DwMessage
   *
   * It is in the store now, or the store takes too long: it may be sent.
   */
  signals[SIGNAL_WRITTEN] = g_signal_new ("written", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 1, DW_TYPE_MESSAGE);
  /**
   * DwConversation::shown:
   * @lines: (element-type DwMessage): lines, at least one
   *
   * These lines arrived and are now the last of the list.
   */
  signals[SIGNAL_SHOWN] = g_signal_new ("shown", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, G_TYPE_PTR_ARRAY);
  /**
   * DwConversation::removed:
   * @message: a #DwMessage
   *
   * This line is about to be deleted; it and the others have their places still.
   */
  signals[SIGNAL_REMOVED] = g_signal_new ("removed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 1, DW_TYPE_MESSAGE);
}

static void
dw_conversation_init (DwConversation *self)
{
  self->next = 1;
  self->arrived = g_ptr_array_new_with_free_func (g_object_unref);
  self->unread_line = dw_message_new (DW_MESSAGE_UNREAD, "", NULL, NULL, 0);
  self->patience_ms = DW_CONVERSATION_PATIENCE_MS;
  g_queue_init (&self->batches);
  g_queue_init (&self->unsaved);
}

static void
dw_conversation_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = dw_conversation_get_item_type;
  iface->get_n_items = dw_conversation_get_n_items;
  iface->get_item = dw_conversation_get_item;
}

/**
 * dw_conversation_new:
 * @store: where the lines are
 * @stage: the stage, which has a number there
 *
 * Returns: (transfer full): the conversation, empty until it has emitted “opened”
 */
DwConversation *
dw_conversation_new (DwStore *store, DwStage *stage)
{
  DwConversation *self = g_object_new (DW_TYPE_CONVERSATION, NULL);

  self->store = g_object_ref (store);
  self->stage = g_object_ref (stage);
  self->pages = dw_pages_new (store, dw_stage_get_number (stage));
  g_signal_connect_object (store, "replaced", G_CALLBACK (dw_conversation_reload), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (store, "recovered", G_CALLBACK (dw_conversation_reload), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (store, "passed", G_CALLBACK (on_passed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (store, "rearranged", G_CALLBACK (dw_conversation_reload), self, G_CONNECT_SWAPPED);
  open_lines (self);
  return self;
}

/**
 * dw_conversation_set_patience:
 * @self: a conversation
 * @patience_ms: after how many milliseconds another person's line is shown even if it is not in the store yet;
 *   %DW_CONVERSATION_PATIENCE_MS until this is called
 */
void
dw_conversation_set_patience (DwConversation *self, guint patience_ms)
{
  self->patience_ms = patience_ms;
}

/**
 * dw_conversation_is_congested:
 * @self: a conversation
 *
 * Returns: #DwConversation:congested
 */
gboolean
dw_conversation_is_congested (DwConversation *self)
{
  return self->congested;
}

/**
 * dw_conversation_is_settled:
 * @self: a conversation
 *
 * Returns: whether the store was read and all that arrived is shown
 */
gboolean
dw_conversation_is_settled (DwConversation *self)
{
  return self->open && self->arrived->len == 0 && g_queue_is_empty (&self->batches);
}

/**
 * dw_conversation_append:
 * @self: a conversation
 * @message: what arrived or was written
 *
 * Adds a line at the end, in the store and then in the list. One's own goes to the store at once, others with what
 * arrives in the same moments.
 *
 * Returns: %FALSE where the store cannot be read and %DW_CONVERSATION_UNOPENED lines or
 * %DW_CONVERSATION_UNOPENED_BYTES wait for it already
 */
gboolean
dw_conversation_append (DwConversation *self, DwMessage *message)
{
  gsize size = dw_record_get_size (dw_message_get_record (message));

  if (self->arrived->len >= DW_CONVERSATION_UNOPENED || self->arrived_bytes + size > DW_CONVERSATION_UNOPENED_BYTES)
    {
      if (!self->overfull)
        g_warning ("The store cannot be read, and too much arrived meanwhile");
      self->overfull = TRUE;
      return FALSE;
    }

  self->overfull = FALSE;
  add_arrived (self, message);
  /* One's own is given to the store before its text has left the composer: the program may be killed at any time. */
  if (dw_message_get_kind (message) == DW_MESSAGE_OWN || self->arrived->len >= DW_CONVERSATION_ARRIVED
      || self->arrived_bytes >= DW_CONVERSATION_ARRIVED_BYTES)
    dw_conversation_flush (self);
  schedule (self);
  weigh (self);
  return TRUE;
}

/**
 * dw_conversation_remove:
 * @self: a conversation
 * @message: a line of it that is shown
 *
 * Deletes a line, here and in the store.
 */
void
dw_conversation_remove (DwConversation *self, DwMessage *message)
{
  gint64 place = dw_message_get_place (message);
  gint64 unread = self->unread > place ? self->unread - 1 : self->unread;
  g_autoptr (DwMessage) keep G_GNUC_UNUSED = g_object_ref (message);
  guint position;
  guint64 removal;

  if (!dw_conversation_get_position (self, place, &position))
    return;
  g_signal_emit (self, signals[SIGNAL_REMOVED], 0, message);

  /* Removing the last line below it also removes the unread line, which is a change of its own. */
  if (has_unread_line (self)
      && (unread <= dw_pages_get_first (self->pages) || unread >= dw_pages_get_last (self->pages)))
    {
      dw_conversation_set_unread_from (self, 0);
      dw_conversation_get_position (self, place, &position);
    }

  removal = dw_store_lines_remove (self->store, dw_stage_get_number (self->stage), dw_message_get_record (message));
  dw_pages_remove (self->pages, message, removal);
  self->next--;
  self->unread = unread;
  if (dw_stage_get_seen (self->stage) >= place)
    dw_stage_set_seen (self->stage, dw_stage_get_seen (self->stage) - 1);
  if (self->newest == message)
    g_clear_object (&self->newest);
  /* The next line begins its day anew. */
  if (dw_message_get_kind (message) == DW_MESSAGE_DAY && place == self->next)
    self->day = (DwDay){ 0, 0 };
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

/**
 * dw_conversation_contains:
 * @self: a conversation
 * @message: a line that was taken from it some time ago
 *
 * Places move, and a line that was not looked at for long is another object when it is read again.
 *
 * Returns: whether that very line is still where it says it is, and in memory
 */
gboolean
dw_conversation_contains (DwConversation *self, DwMessage *message)
{
  gint64 place = dw_message_get_place (message);
  const DwRecord *record = dw_message_get_record (message);
  DwMessage *line = dw_pages_peek_line (self->pages, place);
  const DwRecord *other = line != NULL ? dw_message_get_record (line) : NULL;
  guint position;

  if (line == NULL || !dw_conversation_get_position (self, place, &position))
    return FALSE;
  return line == message
         || (record->kind == other->kind && record->time == other->time && g_strcmp0 (record->id, other->id) == 0
             && g_str_equal (record->text, other->text));
}

/**
 * dw_conversation_reload:
 * @self: a conversation
 *
 * Reads the store anew, since its lines were deleted or replaced.
 */
void
dw_conversation_reload (DwConversation *self)
{
  self->open = FALSE;
  /* Pending writes reach the store before it is read. */
  abandon_batches (self);
  open_lines (self);
}

/**
 * dw_conversation_find:
 * @self: a conversation
 * @id: a message's id
 *
 * Returns: (transfer none) (nullable): one's own message of that id, where it is not done or on the screen
 */
DwMessage *
dw_conversation_find (DwConversation *self, const char *id)
{
  return dw_pages_find_own (self->pages, id);
}

/**
 * dw_conversation_peek_line:
 * @self: a conversation
 * @place: a place
 *
 * Returns: (transfer none) (nullable): the line there, if it is in memory; it may not be shown yet
 */
DwMessage *
dw_conversation_peek_line (DwConversation *self, gint64 place)
{
  return dw_pages_peek_line (self->pages, place);
}

/**
 * dw_conversation_get_last_place:
 * @self: a conversation
 *
 * Returns: the place of the newest line, or 0
 */
gint64
dw_conversation_get_last_place (DwConversation *self)
{
  return dw_pages_get_last (self->pages);
}

/**
 * dw_conversation_get_position:
 * @self: a conversation
 * @place: a place
 * @position: (out): the position in the list
 *
 * Returns: whether there is such a line
 */
gboolean
dw_conversation_get_position (DwConversation *self, gint64 place, guint *position)
{
  gint64 first = dw_pages_get_first (self->pages);

  if (place < first || place > dw_pages_get_last (self->pages))
    return FALSE;

  *position = (guint) (place - first) + (has_unread_line (self) && place >= self->unread ? 1 : 0);
  return TRUE;
}

/**
 * dw_conversation_set_unread_from:
 * @self: a conversation
 * @place: the place of the first unread line, or 0 for none
 *
 * Moves the unread line.
 */
void
dw_conversation_set_unread_from (DwConversation *self, gint64 place)
{
  guint position;

  if (self->unread == place)
    return;

  if (has_unread_line (self))
    {
      position = (guint) (self->unread - dw_pages_get_first (self->pages));
      self->unread = 0;
      g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
    }

  self->unread = place;
  if (has_unread_line (self))
    g_list_model_items_changed (G_LIST_MODEL (self), (guint) (place - dw_pages_get_first (self->pages)), 0, 1);
}
