/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-replay.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-recording.h"
#include "wire/dw-thread.h"

#include <string.h>

/* How soon a client that does not read is looked at again, in milliseconds. */
#define BACKLOG_MS 5

/* How many frames are sent in one turn of the main loop. */
#define FRAMES_AT_ONCE 256

typedef struct
{
  gint64 after_us;      /* since the connection opened */
  guint heard;          /* how many messages the client had sent by then */
  DwServerFrame *frame; /* or NULL: the end */
  guint code;
} Event;

typedef struct
{
  guint number; /* in the recording */
  gint64 opened;
  guint heard;
  GArray *events; /* of Event */
} Track;

struct _DwReplay
{
  double speed;        /* 0 for as fast as it goes */
  GPtrArray *tracks;   /* of Track, which have events */
  GHashTable *players; /* of Player, by their sockets */
  guint next;          /* the track of the next client */
};

/* A client that a track is played to. */
typedef struct
{
  DwReplay *replay;
  DwServerSocket *socket;
  const Track *track;
  guint next;
  guint heard;
  gint64 began;
  gint64 waited; /* for the client's message, since then; or 0 */
  gboolean impatient;
  guint timer;
} Player;

static void
event_clear (gpointer data)
{
  g_clear_pointer (&((Event *) data)->frame, dw_server_frame_free);
}

static void
track_free (gpointer data)
{
  Track *track = data;

  g_array_unref (track->events);
  g_free (track);
}

static void
player_free (gpointer data)
{
  Player *player = data;

  g_clear_handle_id (&player->timer, g_source_remove);
  g_free (player);
}

/* A connection's first line, whichever it is, makes its track: a recording may begin in its middle. */
static Track *
find_track (GHashTable *tracks, GPtrArray *order, const DwRecordingEntry *entry)
{
  Track *track = g_hash_table_lookup (tracks, GUINT_TO_POINTER (entry->connection));

  if (track != NULL)
    return track;
  track = g_new0 (Track, 1);
  track->number = entry->connection;
  track->opened = entry->time;
  track->events = g_array_new (FALSE, FALSE, sizeof (Event));
  g_array_set_clear_func (track->events, event_clear);
  g_hash_table_insert (tracks, GUINT_TO_POINTER (entry->connection), track);
  g_ptr_array_add (order, track);
  return track;
}

static void
add_event (Track *track, const DwRecordingEntry *entry)
{
  const Event *last = track->events->len > 0 ? &g_array_index (track->events, Event, track->events->len - 1) : NULL;
  Event event = { .after_us = MAX (entry->time - track->opened, 0), .heard = track->heard, .code = entry->code };

  /* A clock that was set back makes no frame overtake another. */
  if (last != NULL)
    event.after_us = MAX (event.after_us, last->after_us);
  if (entry->kind == DW_RECORDING_IN)
    event.frame = dw_server_frame_new_payload (entry->bytes);
  g_array_append_val (track->events, event);
}

static void
take_entry (GHashTable *tracks, GPtrArray *order, const DwRecordingEntry *entry)
{
  Track *track = find_track (tracks, order, entry);

  switch (entry->kind)
    {
    case DW_RECORDING_IN:
    case DW_RECORDING_CLOSED:
      add_event (track, entry);
      break;
    case DW_RECORDING_OPEN:
      track->opened = entry->time;
      break;
    case DW_RECORDING_OUT:
      track->heard++;
      break;
    case DW_RECORDING_PING:
    case DW_RECORDING_PONG:
    case DW_RECORDING_CONNECTING:
    case DW_RECORDING_FAILED:
    default:
      break;
    }
}

static gboolean
read_lines (DwReplay *self, const char *recording, gsize length, GError **error)
{
  g_autoptr (GHashTable) tracks = g_hash_table_new (NULL, NULL);
  const char *end = recording + length;
  guint number = 0;

  for (const char *at = recording; at < end;)
    {
      const char *line_end = memchr (at, '\n', (gsize) (end - at));
      gsize size = (gsize) ((line_end != NULL ? line_end : end) - at);
      g_auto (DwRecordingEntry) entry = { 0 };

      if (!dw_recording_read (&entry, at, size, ++number, error))
        return FALSE;
      take_entry (tracks, self->tracks, &entry);
      at += size + 1;
    }

  /* A connection that never opened has nothing to play. */
  for (guint i = self->tracks->len; i-- > 0;)
    if (((Track *) g_ptr_array_index (self->tracks, i))->events->len == 0)
      g_ptr_array_remove_index (self->tracks, i);
  if (self->tracks->len > 0)
    return TRUE;
  g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, "nothing came in in this recording");
  return FALSE;
}

/**
 * dw_replay_new:
 * @recording: lines as dw_recording_write() writes them, of any quality
 * @length: how many bytes
 * @speed: how many times as fast as then; 0 for as fast as it goes
 * @error: %DW_WIRE_ERROR_RECORDING with the line's number, or %DW_BACKEND_ERROR_CONFIG if there is nothing in it
 *
 * Returns: (transfer full) (nullable): it, without clients
 */
DwReplay *
dw_replay_new (const char *recording, gsize length, double speed, GError **error)
{
  g_autoptr (DwReplay) self = g_new0 (DwReplay, 1);

  DW_ASSERT_MAIN_THREAD ();
  self->speed = speed;
  self->tracks = g_ptr_array_new_with_free_func (track_free);
  self->players = g_hash_table_new_full (NULL, NULL, NULL, player_free);
  return read_lines (self, recording, length, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * dw_replay_open:
 * @path: a file
 * @speed: see dw_replay_new()
 * @error: what dw_replay_new() says, or that the file cannot be read or is larger than %DW_REPLAY_BYTES
 *
 * Blocks while it reads the file.
 *
 * Returns: (transfer full) (nullable): it
 */
DwReplay *
dw_replay_open (const char *path, double speed, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_autofree char *text = NULL;
  gsize size = 0;

  if (stream == NULL)
    return NULL;
  text = g_malloc (DW_REPLAY_BYTES + 1);
  if (!g_input_stream_read_all (G_INPUT_STREAM (stream), text, DW_REPLAY_BYTES + 1, &size, NULL, error))
    return NULL;
  if (size <= DW_REPLAY_BYTES)
    return dw_replay_new (text, size, speed, error);
  g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG, "“%s” is larger than 64 MiB", path);
  return NULL;
}

/**
 * dw_replay_free:
 * @self: (transfer full): a replay
 */
void
dw_replay_free (DwReplay *self)
{
  g_hash_table_unref (self->players);
  g_ptr_array_unref (self->tracks);
  g_free (self);
}

static void play (Player *player);

static gboolean
on_timer (gpointer data)
{
  Player *player = data;

  player->timer = 0;
  play (player);
  return G_SOURCE_REMOVE;
}

static void
wait_for (Player *player, gint64 us)
{
  g_clear_handle_id (&player->timer, g_source_remove);
  /* A timer is at most some weeks long. */
  player->timer = g_timeout_add ((guint) CLAMP ((us + 999) / 1000, 0, G_MAXINT), on_timer, player);
}

/* What libsoup sends in a close frame; other codes are those of a connection that just ended. */
static gboolean
can_be_sent (guint code)
{
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1009) || code == 1011
         || (code >= 3000 && code <= 4999);
}

static gboolean
is_break (const Event *event)
{
  return event->frame == NULL && !can_be_sent (event->code);
}

/* How long until an event is due, in microseconds; 0 if it is. */
static gint64
time_until (Player *player, const Event *event)
{
  gint64 now = g_get_monotonic_time ();
  double speed = player->replay->speed;
  gint64 left = speed > 0 ? player->began + (gint64) MIN ((double) event->after_us / speed, 1e15) - now : 0;

  if (left > 0)
    return left;
  /* A connection that breaks off takes what waits with it. */
  if (dw_server_socket_get_backlog (player->socket) > (is_break (event) ? 0 : DW_REPLAY_BACKLOG))
    return BACKLOG_MS * 1000;

  /* An answer does not come before its question, however fast. */
  if (player->heard >= event->heard || player->impatient)
    {
      player->waited = 0;
      return 0;
    }
  if (player->waited == 0)
    player->waited = now;
  left = player->waited + DW_REPLAY_PATIENCE_US - now;
  player->impatient = left <= 0;
  return MAX (left, 0);
}

static void
play (Player *player)
{
  const GArray *events = player->track->events;

  for (guint i = 0; player->next < events->len; i++)
    {
      const Event *event = &g_array_index (events, Event, player->next);
      gint64 left = i < FRAMES_AT_ONCE ? time_until (player, event) : 1;

      if (left > 0)
        {
          wait_for (player, left);
          return;
        }

      player->next++;
      if (event->frame != NULL)
        dw_server_socket_send (player->socket, event->frame, g_get_monotonic_time ());
      else if (!is_break (event))
        dw_server_socket_close (player->socket, (gushort) event->code, NULL);
      else
        dw_server_socket_drop (player->socket);
      if (event->frame == NULL)
        return;
    }
}

/**
 * dw_replay_add:
 * @self: a replay
 * @socket: a connection that just opened; it has to be removed before it is gone
 *
 * Plays the next connection of the recording to it.
 */
void
dw_replay_add (DwReplay *self, DwServerSocket *socket)
{
  Player *player = g_new0 (Player, 1);

  player->replay = self;
  player->socket = socket;
  player->track = g_ptr_array_index (self->tracks, self->next++ % self->tracks->len);
  player->began = g_get_monotonic_time ();
  g_hash_table_insert (self->players, socket, player);
  wait_for (player, 0);
}

/**
 * dw_replay_hear:
 * @self: a replay
 * @socket: a connection, which has sent a message
 *
 * What the message says does not matter.
 */
void
dw_replay_hear (DwReplay *self, DwServerSocket *socket)
{
  Player *player = g_hash_table_lookup (self->players, socket);

  if (player == NULL)
    return;
  player->heard++;
  if (player->waited != 0)
    wait_for (player, 0);
}

/**
 * dw_replay_remove:
 * @self: a replay
 * @socket: a connection that ended
 */
void
dw_replay_remove (DwReplay *self, DwServerSocket *socket)
{
  g_hash_table_remove (self->players, socket);
}
