/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store-lines.h"

#include "dw-store-home.h"
#include "dw-store-words.h"

#include "client/dw-client-error.h"

#include "wire/dw-fingerprint.h"

#include <string.h>

#define PLACE_BITS 40
#define PLACES (G_GINT64_CONSTANT (1) << PLACE_BITS)

/**
 * dw_store_lines_key:
 * @stage: a stage's number
 * @place: a place in its conversation
 *
 * Returns: the key of that line
 */
gint64
dw_store_lines_key (gint64 stage, gint64 place)
{
  return (stage << PLACE_BITS) | place;
}

/**
 * dw_store_lines_place:
 * @key: a line's key
 *
 * Returns: its place in its stage's conversation
 */
gint64
dw_store_lines_place (gint64 key)
{
  return key & (PLACES - 1);
}

/**
 * dw_store_lines_stage:
 * @key: a line's key
 *
 * Returns: its stage's number
 */
gint64
dw_store_lines_stage (gint64 key)
{
  return key >> PLACE_BITS;
}

/* As a message that asks stands in the file: queued, with a reason, which nothing else that is queued has. It gets no
 * number of its own, since an older version of this program opens the same file. That version would take an unknown
 * number for “failed”, never send the message by itself, and delete it when it expires; as it is, it asks too. */
static gint64
stored_delivery (const DwRecord *record)
{
  return record->delivery == DW_DELIVERY_ASKING ? DW_DELIVERY_QUEUED : record->delivery;
}

/**
 * dw_store_lines_take:
 * @query: a statement of %DW_STORE_LINES_COLUMNS that has a row
 *
 * What is queued for a reason is %DW_DELIVERY_ASKING.
 *
 * Returns: (transfer full): the line in it
 */
DwRecord *
dw_store_lines_take (sqlite3_stmt *query)
{
  DwRecord *record = g_new0 (DwRecord, 1);

  record->place = dw_store_lines_place (sqlite3_column_int64 (query, 0));
  record->kind = CLAMP (sqlite3_column_int (query, 1), DW_MESSAGE_THEIRS, DW_MESSAGE_GAP);
  record->time = sqlite3_column_int64 (query, 2);
  record->until = sqlite3_column_int64 (query, 3);
  record->text = dw_database_dup_some_text (query, 4);
  record->sender = dw_database_dup_text (query, 5);
  record->id = dw_database_dup_text (query, 6);
  record->delivery = CLAMP (sqlite3_column_int (query, 7), DW_DELIVERY_NONE, DW_DELIVERY_FAILED);
  record->departure = CLAMP (sqlite3_column_int (query, 8), DW_DEPARTURE_NONE, DW_DEPARTURE_WITH_ID);
  record->reason = dw_database_dup_text (query, 9);
  if (record->delivery == DW_DELIVERY_QUEUED && record->reason != NULL)
    record->delivery = DW_DELIVERY_ASKING;
  return record;
}

typedef struct
{
  gint64 stage;
  gint64 first;
  gint64 last;
  gboolean echoes;
  GPtrArray *records; /* of DwRecord, or NULL */
} Request;

static Request *
request_new (gint64 stage, gint64 first, gint64 last)
{
  Request *request = g_new0 (Request, 1);

  *request = (Request){ .stage = stage, .first = first, .last = last };
  return request;
}

static void
request_free (gpointer data)
{
  Request *request = data;

  g_clear_pointer (&request->records, g_ptr_array_unref);
  g_free (request);
}

static gboolean
take_some (DwDatabase *database, sqlite3_stmt *query, GPtrArray *records, gsize most_bytes, GError **error)
{
  GError *problem = NULL;
  gsize bytes = 0;

  if (query == NULL)
    return FALSE;
  while (bytes <= most_bytes && dw_database_next (database, query, &problem))
    {
      DwRecord *record = dw_store_lines_take (query);

      bytes += dw_record_get_size (record);
      g_ptr_array_add (records, record);
    }
  sqlite3_reset (query);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

static gboolean
take_all (DwDatabase *database, sqlite3_stmt *query, GPtrArray *records, GError **error)
{
  return take_some (database, query, records, G_MAXSIZE, error);
}

/* Opening */

/**
 * dw_store_opening_new:
 *
 * Returns: (transfer full): what a conversation begins with of which nothing is known
 */
DwStoreOpening *
dw_store_opening_new (void)
{
  DwStoreOpening *opening = g_new0 (DwStoreOpening, 1);

  opening->first = 1;
  opening->tail = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
  opening->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
  opening->fingerprints = g_ptr_array_new_with_free_func (g_free);
  return opening;
}

/**
 * dw_store_opening_free:
 * @opening: (transfer full): what a conversation begins with
 */
void
dw_store_opening_free (DwStoreOpening *opening)
{
  g_clear_pointer (&opening->tail, g_ptr_array_unref);
  g_clear_pointer (&opening->waiting, g_ptr_array_unref);
  g_clear_pointer (&opening->fingerprints, g_ptr_array_unref);
  g_free (opening);
}

static gboolean
read_extent (DwDatabase *database, gint64 stage, DwStoreOpening *opening, GError **error)
{
  /* Two queries, since only a minimum or a maximum alone is looked up and not searched. */
  static const char *const ends[] = { "SELECT min(line) FROM lines WHERE line BETWEEN ? AND ?",
                                      "SELECT max(line) FROM lines WHERE line BETWEEN ? AND ?" };
  gint64 *places[] = { &opening->first, &opening->last };

  opening->first = 1;
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      GError *problem = NULL;
      sqlite3_stmt *query = dw_database_query (database, error, ends[i], "ii", dw_store_lines_key (stage, 0),
                                               dw_store_lines_key (stage, PLACES - 1));

      if (query == NULL)
        return FALSE;
      while (dw_database_next (database, query, &problem))
        if (sqlite3_column_type (query, 0) != SQLITE_NULL)
          *places[i] = dw_store_lines_place (sqlite3_column_int64 (query, 0));
      if (problem != NULL)
        {
          g_propagate_error (error, problem);
          return FALSE;
        }
    }
  return TRUE;
}

static void
take_fingerprints (sqlite3_stmt *query, DwStoreOpening *opening)
{
  const char *id = (const char *) sqlite3_column_text (query, 0);
  const char *sender = (const char *) sqlite3_column_text (query, 1);
  const char *text = (const char *) sqlite3_column_text (query, 2);

  if (text == NULL || strlen (id) > DW_FINGERPRINT_ID_BYTES)
    return;
  g_ptr_array_add (opening->fingerprints, dw_fingerprint (id, sender, text));
  /* One's own comes back without the name from a stage that has no names. */
  if (sender != NULL && sqlite3_column_int (query, 3) == DW_MESSAGE_OWN)
    g_ptr_array_add (opening->fingerprints, dw_fingerprint (id, NULL, text));
}

/* Without those of one's own messages that have not come back: their echo must not be dropped as a second copy. */
static gboolean
read_fingerprints (DwDatabase *database, gint64 stage, DwStoreOpening *opening, GError **error)
{
  GError *problem = NULL;
  gsize bytes = 0;
  sqlite3_stmt *query =
      dw_database_query (database, error,
                         "SELECT id, sender, text, kind FROM lines WHERE line BETWEEN ? AND ? AND id IS NOT NULL "
                         "AND (kind = 0 OR delivery = 3) ORDER BY line DESC",
                         "ii", dw_store_lines_key (stage, MAX (opening->last - DW_STORE_LINES_IDS, 0)),
                         dw_store_lines_key (stage, opening->last));

  if (query == NULL)
    return FALSE;
  while (dw_database_next (database, query, &problem))
    {
      if (bytes > DW_STORE_LINES_IDS_BYTES)
        continue;
      bytes += (gsize) sqlite3_column_bytes (query, 2);
      take_fingerprints (query, opening);
    }
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

static gboolean
count_unread (DwDatabase *database, const Request *request, DwStoreOpening *opening, GError **error)
{
  GError *problem = NULL;
  sqlite3_stmt *query = dw_database_query (
      database, error,
      "SELECT count(*) FROM (SELECT 1 FROM lines WHERE line > ? AND line <= ? AND kind = 0 LIMIT ?)", "iii",
      dw_store_lines_key (request->stage, request->first), dw_store_lines_key (request->stage, opening->last),
      (gint64) DW_STORE_LINES_UNREAD);

  if (query == NULL)
    return FALSE;
  while (dw_database_next (database, query, &problem))
    opening->unread = (guint) sqlite3_column_int64 (query, 0);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

/* For a copy that cannot be written, what dw_store_home_enter() does in one that can. */
static void
let_ask (GPtrArray *records)
{
  for (guint i = 0; i < records->len; i++)
    {
      DwRecord *record = g_ptr_array_index (records, i);
      gboolean waits = record->delivery == DW_DELIVERY_QUEUED || record->delivery == DW_DELIVERY_SENT
                       || record->delivery == DW_DELIVERY_UNCONFIRMED;

      if (!waits || record->departure == DW_DEPARTURE_PLAIN)
        continue;
      record->delivery = DW_DELIVERY_ASKING;
      g_free (record->reason);
      record->reason = g_strdup (dw_store_home_get_reason ());
    }
}

static gboolean
open_lines (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  Request *request = data;
  g_autoptr (DwStoreOpening) opening = dw_store_opening_new ();

  if (!read_extent (database, request->stage, opening, error)
      || !take_all (database,
                    dw_database_query (
                        database, error,
                        "SELECT " DW_STORE_LINES_COLUMNS " FROM lines WHERE line BETWEEN ? AND ? ORDER BY line",
                        "ii", dw_store_lines_key (request->stage, MAX (opening->last - DW_STORE_LINES_TAIL + 1, 0)),
                        dw_store_lines_key (request->stage, opening->last)),
                    opening->tail, error)
      || !take_some (database,
                     dw_database_query (database, error,
                                        "SELECT " DW_STORE_LINES_COLUMNS
                                        " FROM lines INDEXED BY lines_waiting WHERE delivery IN (1, 2, 4) "
                                        /* Where nothing is echoed, what went without an id is done. */
                                        "AND (? OR delivery <> 2 OR went <> 1) AND line BETWEEN ? AND ? ORDER BY "
                                        "line LIMIT ?",
                                        "iiii", (gint64) request->echoes, dw_store_lines_key (request->stage, 0),
                                        dw_store_lines_key (request->stage, PLACES - 1),
                                        (gint64) DW_STORE_LINES_WAITING),
                     opening->waiting, DW_STORE_LINES_WAITING_BYTES, error)
      || !read_fingerprints (database, request->stage, opening, error)
      || !count_unread (database, request, opening, error))
    return FALSE;
  if (dw_database_is_copied (database))
    {
      let_ask (opening->tail);
      let_ask (opening->waiting);
    }
  *result = g_steal_pointer (&opening);
  return TRUE;
}

/**
 * dw_store_lines_open_async:
 * @store: a store
 * @stage: a stage's number
 * @seen: the last place somebody looked at
 * @echoes: whether the stage broadcasts to the sender too
 * @callback: called when it is read
 * @data: for @callback
 *
 * Reads what a conversation begins with.
 */
void
dw_store_lines_open_async (DwStore *store,
                           gint64 stage,
                           gint64 seen,
                           gboolean echoes,
                           GAsyncReadyCallback callback,
                           gpointer data)
{
  Request *request = request_new (stage, seen, 0);

  request->echoes = echoes;
  dw_store_run_async (
      store, dw_store_job_new_read (open_lines, request, request_free, (GDestroyNotify) dw_store_opening_free),
      callback, data);
}

/**
 * dw_store_lines_open_finish:
 * @store: a store
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: (transfer full): what a conversation begins with
 */
DwStoreOpening *
dw_store_lines_open_finish (DwStore *store, GAsyncResult *result, GError **error)
{
  return dw_store_run_finish (store, result, error);
}

/* Adding and changing */

/**
 * dw_store_lines_insert:
 * @database: a connection
 * @key: where it goes
 * @record: a line
 * @inserted: (out): whether that place was free; a line that is there stays
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Adds a line, and its words to the index. For the store's own rooms, in its thread.
 *
 * Returns: whether the database did not fail
 */
gboolean
dw_store_lines_insert (DwDatabase *database, gint64 key, const DwRecord *record, gboolean *inserted, GError **error)
{
  gboolean can_be_found = record->kind == DW_MESSAGE_THEIRS || record->kind == DW_MESSAGE_OWN;

  if (!dw_database_run (database, error,
                        "INSERT INTO lines (line, kind, time, until, text, sender, id, delivery, went, reason) "
                        "VALUES (?, ?, ?, nullif (?, 0), ?, ?, ?, ?, ?, ?) ON CONFLICT (line) DO NOTHING",
                        "iiiisssiis", key, (gint64) record->kind, record->time, record->until, record->text,
                        record->sender, record->id, stored_delivery (record), (gint64) record->departure,
                        record->reason))
    return FALSE;

  *inserted = dw_database_get_changes (database) > 0;
  return !*inserted || !can_be_found || dw_store_words_add (database, key, record->text, error);
}

/* For a store in memory, whose index of words keeps deleted ones until it is rewritten. That takes long, so much is deleted
 * at once. */
static gboolean
drop_passed (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  const Request *request = data;

  return dw_database_run (database, error, "DELETE FROM lines WHERE line BETWEEN ? AND ?", "ii",
                          dw_store_lines_key (request->stage, 0),
                          dw_store_lines_key (request->stage, request->last))
         && dw_database_run (database, error, "INSERT INTO words (words) VALUES ('optimize')", "");
}

static void
drop_excess (DwStore *store)
{
  DwPassing *passing = dw_store_get_passing (store);
  gint64 stage, last;

  while (dw_passing_take_excess (passing, &stage, &last))
    {
      dw_store_run_async (
          store, dw_store_job_new_write (drop_passed, request_new (stage, 0, last), request_free, 0), NULL, NULL);
      dw_store_tell_passed (store, stage);
    }
}

/* What was damaged may have lost lines after the places were given; those that follow leave no hole. */
static gboolean
find_shift (DwDatabase *database, const Request *request, gint64 *shift, GError **error)
{
  const DwRecord *first = g_ptr_array_index (request->records, 0);
  DwStoreOpening extent = { 0 };

  if (!read_extent (database, request->stage, &extent, error))
    return FALSE;
  *shift = extent.last > 0 ? MAX (first->place - extent.last - 1, 0) : 0;
  return TRUE;
}

static gboolean
add_lines (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  Request *request = data;
  gint64 shift;

  if (!find_shift (database, request, &shift, error))
    return FALSE;
  for (guint i = 0; i < request->records->len; i++)
    {
      const DwRecord *record = g_ptr_array_index (request->records, i);
      DwStoreOpening extent = { 0 };
      gboolean inserted = FALSE;

      if (!dw_store_lines_insert (database, dw_store_lines_key (request->stage, record->place - shift), record,
                                  &inserted, error))
        return FALSE;
      if (inserted)
        continue;

      /* The place is taken by a line that could not be read when the place was given. It stays; the new one goes last. */
      if (!read_extent (database, request->stage, &extent, error)
          || !dw_store_lines_insert (database, dw_store_lines_key (request->stage, extent.last + 1), record,
                                     &inserted, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * dw_store_lines_add_async:
 * @store: a store
 * @stage: a stage's number
 * @records: (transfer full) (element-type DwRecord): lines with places after all that were added before
 * @callback: (nullable): called when they are written, or late
 * @data: for @callback
 *
 * Adds lines. What a person wrote survives a computer that dies, too. A store in memory drops the oldest ones where it
 * would keep too much: #DwStore::passed says so.
 *
 * Returns: as dw_store_run_async()
 */
guint64
dw_store_lines_add_async (DwStore *store,
                          gint64 stage,
                          GPtrArray *records,
                          GAsyncReadyCallback callback,
                          gpointer data)
{
  DwPassing *passing = dw_store_get_passing (store);
  Request *request = request_new (stage, 0, 0);
  DwStoreJob *job = dw_store_job_new_write (add_lines, request, request_free, 0);
  guint64 serial;

  request->records = records;
  for (guint i = 0; i < records->len; i++)
    {
      const DwRecord *record = g_ptr_array_index (records, i);

      job->durable |= record->kind == DW_MESSAGE_OWN;
      job->bytes += dw_record_get_size (record);
      if (passing != NULL)
        dw_passing_add (passing, stage, record->place, dw_record_get_size (record));
    }

  serial = dw_store_run_async (store, job, callback, data);
  if (passing != NULL)
    drop_excess (store);
  return serial;
}

static gboolean
update_line (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  Request *request = data;
  const DwRecord *record = g_ptr_array_index (request->records, 0);

  if (!dw_database_run (database, error,
                        "UPDATE lines SET delivery = ?, went = ?, reason = ? WHERE line = ? AND id IS ?", "iisis",
                        stored_delivery (record), (gint64) record->departure, record->reason,
                        dw_store_lines_key (request->stage, record->place), record->id))
    return FALSE;
  if (dw_database_get_changes (database) > 0)
    return TRUE;

  /* It has another place: the one it was given was taken, or lines before it were deleted. */
  return dw_database_run (database, error,
                          "UPDATE lines SET delivery = ?, went = ?, reason = ? WHERE line IN (SELECT line FROM "
                          "lines INDEXED BY lines_waiting WHERE delivery IN (1, 2, 4) AND line BETWEEN ? AND ? AND "
                          "id = ?)",
                          "iisiis", stored_delivery (record), (gint64) record->departure, record->reason,
                          dw_store_lines_key (request->stage, 0), dw_store_lines_key (request->stage, PLACES - 1),
                          record->id);
}

/**
 * dw_store_lines_update_async:
 * @store: a store
 * @stage: a stage's number
 * @record: one's own message; its delivery, way and reason are written
 * @callback: (nullable): called when they are written, or late
 * @data: for @callback
 *
 * Returns: as dw_store_run_async()
 */
guint64
dw_store_lines_update_async (DwStore *store,
                             gint64 stage,
                             const DwRecord *record,
                             GAsyncReadyCallback callback,
                             gpointer data)
{
  Request *request = request_new (stage, 0, 0);
  DwRecord *copy = g_new0 (DwRecord, 1);

  /* Not the text: that may be long, and many updates can wait. */
  *copy = (DwRecord){ .place = record->place,
                      .id = g_strdup (record->id),
                      .delivery = record->delivery,
                      .departure = record->departure,
                      .reason = g_strdup (record->reason) };
  request->records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
  g_ptr_array_add (request->records, copy);
  return dw_store_run_async (store, dw_store_job_new_write (update_line, request, request_free, sizeof *record),
                             callback, data);
}

/* Reading */

static gboolean
read_lines (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  Request *request = data;
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
  sqlite3_stmt *query = dw_database_query (
      database, error, "SELECT " DW_STORE_LINES_COLUMNS " FROM lines WHERE line BETWEEN ? AND ? ORDER BY line",
      "ii", dw_store_lines_key (request->stage, MAX (request->first, 0)),
      dw_store_lines_key (request->stage, MIN (request->last, PLACES - 1)));

  if (!take_all (database, query, records, error))
    return FALSE;
  *result = g_steal_pointer (&records);
  return TRUE;
}

/**
 * dw_store_lines_read_async:
 * @store: a store
 * @stage: a stage's number
 * @first: the first place
 * @last: the last place
 * @at_once: whether the page is known to be written
 * @callback: called when they are read
 * @data: for @callback
 *
 * Reads a page of a conversation.
 */
void
dw_store_lines_read_async (DwStore *store,
                           gint64 stage,
                           gint64 first,
                           gint64 last,
                           gboolean at_once,
                           GAsyncReadyCallback callback,
                           gpointer data)
{
  DwStoreJob *job = dw_store_job_new_read (read_lines, request_new (stage, first, last), request_free,
                                           (GDestroyNotify) g_ptr_array_unref);

  job->at_once = at_once;
  dw_store_run_async (store, job, callback, data);
}

/**
 * dw_store_lines_read_finish:
 * @store: a store
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_STORE and its kinds
 *
 * Returns: (transfer full) (element-type DwRecord): the lines that are there, in order
 */
GPtrArray *
dw_store_lines_read_finish (DwStore *store, GAsyncResult *result, GError **error)
{
  return dw_store_run_finish (store, result, error);
}

/* Deleting */

static gboolean
remove_line (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  Request *request = data;
  const DwRecord *record = g_ptr_array_index (request->records, 0);
  gint64 key = dw_store_lines_key (request->stage, record->place);

  if (!dw_database_run (database, error, "DELETE FROM lines WHERE line = ? AND id IS ?", "is", key, record->id))
    return FALSE;
  return dw_database_get_changes (database) == 0
         || dw_database_run (database, error, "UPDATE lines SET line = line - 1 WHERE line > ? AND line <= ?", "ii",
                             key, dw_store_lines_key (request->stage, PLACES - 1));
}

/**
 * dw_store_lines_remove:
 * @store: a store
 * @stage: a stage's number
 * @record: a line
 *
 * Deletes a line; those after it move up by one place.
 *
 * Returns: as dw_store_run_async()
 */
guint64
dw_store_lines_remove (DwStore *store, gint64 stage, const DwRecord *record)
{
  Request *request = request_new (stage, 0, 0);
  DwRecord *copy = g_new0 (DwRecord, 1);

  *copy = (DwRecord){ .place = record->place, .id = g_strdup (record->id) };
  request->records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
  g_ptr_array_add (request->records, copy);
  if (dw_store_get_passing (store) != NULL)
    dw_passing_remove (dw_store_get_passing (store), stage, record->place);

  return dw_store_run_async (store, dw_store_job_new_write (remove_line, request, request_free, sizeof *record),
                             NULL, NULL);
}

/* The index keeps deleted words until it is rewritten, and SQLite 3.40 cannot do that word by word. With
 * secure_delete what is freed is overwritten with zeros, and the checkpoint empties the log. */
static gboolean
clear_lines (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  Request *request = data;

  return dw_database_run (database, error, "DELETE FROM lines WHERE line BETWEEN ? AND ?", "ii",
                          dw_store_lines_key (request->stage, 0), dw_store_lines_key (request->stage, PLACES - 1))
         && dw_database_run (database, error, "INSERT INTO words (words) VALUES ('optimize')", "");
}

static gboolean
empty_log (DwDatabase *database, gpointer data, gpointer *result, GError **error)
{
  gint64 busy;

  if (!dw_database_get_number (database, "PRAGMA wal_checkpoint (TRUNCATE)", &busy, error))
    return FALSE;
  /* Somebody reads what the log has, the check of the file perhaps. */
  if (busy != 0)
    {
      g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LOCKED, "the log is being read");
      return FALSE;
    }
  *result = GINT_TO_POINTER (TRUE);
  return TRUE;
}

/* The lines go, and then what the log has of them. */
typedef struct
{
  guint64 serial; /* of the write */
  guint open;     /* how many of the two are not answered yet */
  GError *error;  /* the first one, or NULL */
} Clearing;

static void
clearing_free (gpointer data)
{
  Clearing *clearing = data;

  g_clear_error (&clearing->error);
  g_free (clearing);
}

static void
on_clearing (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Clearing *clearing = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  dw_store_run_finish (DW_STORE (source), result, &error);
  /* A late write may be done by the time the log is empty. */
  if (g_error_matches (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LATE) && clearing->serial != 0)
    g_clear_error (&error);
  if (clearing->error == NULL)
    clearing->error = g_steal_pointer (&error);
  if (--clearing->open > 0)
    return;

  if (clearing->error != NULL)
    g_task_return_error (task, g_steal_pointer (&clearing->error));
  else if (dw_store_get_written (DW_STORE (source)) < clearing->serial)
    g_task_return_new_error (task, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LATE, "not written yet");
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * dw_store_lines_clear_async:
 * @store: a store
 * @stage: a stage's number
 * @callback: called when it is done
 * @data: for @callback
 *
 * Deletes a stage's conversation, really: the text is overwritten in the file (`secure_delete`), in the index of
 * words and in the log.
 */
void
dw_store_lines_clear_async (DwStore *store, gint64 stage, GAsyncReadyCallback callback, gpointer data)
{
  DwStoreJob *job = dw_store_job_new_write (clear_lines, request_new (stage, 0, 0), request_free, sizeof (Request));
  GTask *task = g_task_new (store, NULL, callback, data);
  Clearing *clearing = g_new0 (Clearing, 1);

  if (dw_store_get_passing (store) != NULL)
    dw_passing_clear (dw_store_get_passing (store), stage);

  g_task_set_source_tag (task, dw_store_lines_clear_async);
  job->durable = TRUE;
  clearing->open = 2;
  g_task_set_task_data (task, clearing, clearing_free);
  clearing->serial = dw_store_run_async (store, job, on_clearing, g_object_ref (task));
  dw_store_run_async (store, dw_store_job_new_read (empty_log, NULL, NULL, NULL), on_clearing, task);
}

/**
 * dw_store_lines_clear_finish:
 * @store: a store
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_STORE and its kinds; %DW_CLIENT_ERROR_STORE_LATE where it is not done yet
 *
 * Returns: whether it is done
 */
gboolean
dw_store_lines_clear_finish (DwStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
