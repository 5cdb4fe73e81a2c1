/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-socket-gateway.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-backoff.h"
#include "wire/dw-thread.h"

#include <string.h>

/* It lives in the main thread, except for functions named run_…, which run in the tables' thread. */
struct _DwSocketGateway
{
  GObject parent_instance;

  GHashTable *sockets; /* by connection ID; bounded by the connections the server accepts */
  GPtrArray *ids;      /* the ids of the last post; NULL if somebody came or went since */
  GPtrArray *targets;  /* their sockets, NULL for those that are gone: saves the next broadcast the look-ups */
  DwMetrics *metrics;
  DwTables *letters;   /* or NULL */
  gsize letters_bytes; /* bytes of letters added since they were last trimmed */
  DwThrottle throttle; /* messages and posts share it */
};

/* What an id in a list takes, in bytes. */
#define LETTER_ID_BYTES 40

static void dw_socket_gateway_iface_init (DwGatewayInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwSocketGateway,
                               dw_socket_gateway,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DW_TYPE_GATEWAY, dw_socket_gateway_iface_init))

static void
return_gone (GTask *task)
{
  g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_GONE, "the connection is gone");
}

/* A text on its way to one or many connections. */
typedef struct
{
  DwServerFrame *frame;
  GPtrArray *ids; /* the connections it still has to go to */
  DwPosted *posted;
  guint attempt;
} Posting;

static void
posting_free (Posting *posting)
{
  dw_server_frame_free (posting->frame);
  g_clear_pointer (&posting->ids, g_ptr_array_unref);
  g_clear_pointer (&posting->posted, dw_posted_free);
  g_free (posting);
}

/* A post that was given up, on its way into the file. */
typedef struct
{
  GPtrArray *ids;
  char *text;
  gint64 time;
  gboolean trim;
} Letters;

static void
letters_free (gpointer data)
{
  Letters *letters = data;

  g_ptr_array_unref (letters->ids);
  g_free (letters->text);
  g_free (letters);
}

static gboolean
run_keep (DwServerFile *file, gpointer data, GError **error)
{
  Letters *letters = data;

  return dw_dead_letters_add (file, letters->ids, letters->text, "Too Many Requests", letters->time, error)
         && (!letters->trim || dw_dead_letters_trim (file, error));
}

static void
on_kept (gpointer data, const GError *error)
{
  Letters *letters = data;

  if (error != NULL)
    g_warning ("A post to %u connections is lost: %s", letters->ids->len, error->message);
}

/* Trims the letters at the first one, and then each time an eighth of DW_DEAD_LETTERS_BYTES has been added. */
static void
keep (DwSocketGateway *self, Posting *posting)
{
  gsize size = strlen (posting->frame->text);
  Letters *letters = g_new0 (Letters, 1);

  letters->ids = g_ptr_array_ref (posting->ids);
  letters->text = g_strdup (posting->frame->text);
  letters->time = g_get_real_time () / 1000;
  letters->trim = self->letters_bytes == 0 || self->letters_bytes >= DW_DEAD_LETTERS_BYTES / 8;
  if (letters->trim)
    self->letters_bytes = 0;
  self->letters_bytes += posting->ids->len * (size + DW_DEAD_LETTERS_COST);
  dw_tables_queue (self->letters, DW_TABLES_WRITE, run_keep, on_kept, letters, letters_free,
                   size + posting->ids->len * (gsize) LETTER_ID_BYTES);
}

static void
give_up (DwSocketGateway *self, Posting *posting)
{
  if (posting->ids->len == 0)
    return;
  self->metrics->dropped += posting->ids->len;
  if (self->letters != NULL)
    keep (self, posting);
  else
    g_message ("A post to %u connections was throttled too often and is lost: without --registry sqlite:PATH "
               "nothing keeps it",
               posting->ids->len);
}

static gboolean
post_to (DwSocketGateway *self, DwServerSocket *socket, const DwServerFrame *frame, gint64 now)
{
  gboolean sent = socket != NULL && dw_server_socket_send (socket, frame, now);

  if (sent)
    self->metrics->deliveries++;
  else
    self->metrics->gone++;
  return sent;
}

static void
forget_targets (DwSocketGateway *self)
{
  g_clear_pointer (&self->ids, g_ptr_array_unref);
  g_clear_pointer (&self->targets, g_ptr_array_unref);
}

/* The registry returns the same array for each broadcast, as long as no connection opens or closes. */
static GPtrArray *
find_targets (DwSocketGateway *self, GPtrArray *ids)
{
  if (self->ids == ids)
    return self->targets;
  forget_targets (self);
  self->ids = g_ptr_array_ref (ids);
  self->targets = g_ptr_array_sized_new (ids->len);
  for (guint i = 0; i < ids->len; i++)
    g_ptr_array_add (self->targets, g_hash_table_lookup (self->sockets, g_ptr_array_index (ids, i)));
  return self->targets;
}

static gboolean post_again (gpointer data);

/* Takes over the task. */
static void
post_all (GTask *task)
{
  DwSocketGateway *self = g_task_get_source_object (task);
  Posting *posting = g_task_get_task_data (task);
  g_autoptr (GPtrArray) later = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) targets = g_ptr_array_ref (find_targets (self, posting->ids));
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < posting->ids->len; i++)
    {
      const char *id = g_ptr_array_index (posting->ids, i);

      if (!dw_throttle_take (&self->throttle, now))
        g_ptr_array_add (later, g_strdup (id));
      else if (!post_to (self, g_ptr_array_index (targets, i), posting->frame, now))
        g_ptr_array_add (posting->posted->gone, g_strdup (id));
    }

  g_ptr_array_unref (posting->ids);
  posting->ids = g_steal_pointer (&later);
  if (posting->ids->len > 0 && posting->attempt < DW_SOCKET_GATEWAY_ATTEMPTS)
    {
      guint delay = dw_backoff_delay (DW_SOCKET_GATEWAY_BASE_MS, DW_SOCKET_GATEWAY_CAP_MS, posting->attempt++,
                                      dw_backoff_random, NULL);

      self->metrics->throttled += posting->ids->len;
      g_timeout_add_full (G_PRIORITY_DEFAULT, delay, post_again, task, g_object_unref);
      return;
    }

  give_up (self, posting);
  g_task_return_pointer (task, g_steal_pointer (&posting->posted), (GDestroyNotify) dw_posted_free);
  g_object_unref (task);
}

static gboolean
post_again (gpointer data)
{
  post_all (g_object_ref (data));
  return G_SOURCE_REMOVE;
}

/* The task returns only when the text has gone to everybody: the dispatcher then handles the next message, so that
 * the order is the same for all. */
static void
dw_socket_gateway_post_async (DwGateway *gateway,
                              GPtrArray *connection_ids,
                              GPtrArray *endpoints,
                              const char *text,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer data)
{
  GTask *task = g_task_new (gateway, cancellable, callback, data);
  Posting *posting = g_new0 (Posting, 1);

  DW_ASSERT_MAIN_THREAD ();
  g_task_set_source_tag (task, dw_socket_gateway_post_async);
  posting->frame = dw_server_frame_new (text);
  posting->ids = g_ptr_array_ref (connection_ids);
  posting->posted = dw_posted_new (connection_ids->len);
  g_task_set_task_data (task, posting, (GDestroyNotify) posting_free);
  post_all (task);
}

static void
dw_socket_gateway_get_async (DwGateway *gateway,
                             const char *connection_id,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data)
{
  DwSocketGateway *self = DW_SOCKET_GATEWAY (gateway);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  DwServerSocket *socket = g_hash_table_lookup (self->sockets, connection_id);
  DwConnectionInfo *info;

  DW_ASSERT_MAIN_THREAD ();

  g_task_set_source_tag (task, dw_socket_gateway_get_async);
  if (socket == NULL)
    {
      return_gone (task);
      return;
    }

  info = g_new0 (DwConnectionInfo, 1);
  info->caller = dw_caller_ref (dw_server_socket_get_caller (socket));
  info->last_active_at = dw_server_socket_get_last_active_at (socket);
  g_task_return_pointer (task, info, (GDestroyNotify) dw_connection_info_free);
}

static void
dw_socket_gateway_delete_async (DwGateway *gateway,
                                const char *connection_id,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  DwSocketGateway *self = DW_SOCKET_GATEWAY (gateway);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  DwServerSocket *socket = g_hash_table_lookup (self->sockets, connection_id);

  DW_ASSERT_MAIN_THREAD ();
  g_task_set_source_tag (task, dw_socket_gateway_delete_async);
  if (socket == NULL)
    {
      return_gone (task);
      return;
    }
  dw_server_socket_close (socket, SOUP_WEBSOCKET_CLOSE_NORMAL, "Connection Closed Normally");
  g_task_return_boolean (task, TRUE);
}

static void
dw_socket_gateway_finalize (GObject *object)
{
  DwSocketGateway *self = DW_SOCKET_GATEWAY (object);

  forget_targets (self);
  g_clear_pointer (&self->sockets, g_hash_table_unref);
  g_clear_pointer (&self->letters, dw_tables_unref);
  g_free (self->metrics);
  G_OBJECT_CLASS (dw_socket_gateway_parent_class)->finalize (object);
}

static void
dw_socket_gateway_class_init (DwSocketGatewayClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_socket_gateway_finalize;
}

static void
dw_socket_gateway_init (DwSocketGateway *self)
{
  self->sockets = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  self->metrics = g_new0 (DwMetrics, 1);
}

static void
dw_socket_gateway_iface_init (DwGatewayInterface *iface)
{
  iface->post_async = dw_socket_gateway_post_async;
  iface->get_async = dw_socket_gateway_get_async;
  iface->delete_async = dw_socket_gateway_delete_async;
}

/**
 * dw_socket_gateway_new:
 * @rate: messages and posts a second; 0 for no limit
 * @burst: how many may go at once
 * @letters: (nullable): where to keep posts that were given up
 *
 * Returns: (transfer full): the gateway of a stage with its own sockets
 */
DwSocketGateway *
dw_socket_gateway_new (double rate, double burst, DwTables *letters)
{
  DwSocketGateway *self = g_object_new (DW_TYPE_SOCKET_GATEWAY, NULL);

  dw_throttle_init (&self->throttle, rate, burst, g_get_monotonic_time ());
  self->letters = letters != NULL ? dw_tables_ref (letters) : NULL;
  return self;
}

/**
 * dw_socket_gateway_get_metrics:
 * @self: a gateway
 *
 * Returns: (transfer none): the stage's metrics, for others to add to
 */
DwMetrics *
dw_socket_gateway_get_metrics (DwSocketGateway *self)
{
  return self->metrics;
}

/**
 * dw_socket_gateway_set_rate:
 * @self: a gateway
 * @rate: messages and posts a second from here on; 0 for no limit
 * @burst: how many may go at once
 */
void
dw_socket_gateway_set_rate (DwSocketGateway *self, double rate, double burst)
{
  dw_throttle_change (&self->throttle, rate, burst, g_get_monotonic_time ());
}

/**
 * dw_socket_gateway_may_post:
 * @self: a gateway
 *
 * API Gateway throttles messages and calls of `@connections` together.
 *
 * Returns: whether one more may go now; if so, it is counted
 */
gboolean
dw_socket_gateway_may_post (DwSocketGateway *self)
{
  return dw_throttle_take (&self->throttle, g_get_monotonic_time ());
}

/**
 * dw_socket_gateway_add:
 * @self: a gateway
 * @socket: a connection that `$connect` accepted
 */
void
dw_socket_gateway_add (DwSocketGateway *self, DwServerSocket *socket)
{
  forget_targets (self);
  g_hash_table_replace (self->sockets, dw_server_socket_get_caller (socket)->connection_id, g_object_ref (socket));
  self->metrics->connections = g_hash_table_size (self->sockets);
}

/**
 * dw_socket_gateway_resume:
 * @self: a gateway
 * @connection_id: a connection whose messages have room again
 */
void
dw_socket_gateway_resume (DwSocketGateway *self, const char *connection_id)
{
  DwServerSocket *socket = g_hash_table_lookup (self->sockets, connection_id);

  if (socket != NULL)
    dw_server_socket_resume (socket);
}

/**
 * dw_socket_gateway_remove:
 * @self: a gateway
 * @connection_id: a connection that ended
 */
void
dw_socket_gateway_remove (DwSocketGateway *self, const char *connection_id)
{
  forget_targets (self);
  g_hash_table_remove (self->sockets, connection_id);
  self->metrics->connections = g_hash_table_size (self->sockets);
}

/**
 * dw_socket_gateway_post:
 * @self: a gateway
 * @connection_id: a connection
 * @frame: the frame
 *
 * Sends one of the stage's own frames, which are not throttled.
 *
 * Returns: %FALSE if the connection is gone
 */
gboolean
dw_socket_gateway_post (DwSocketGateway *self, const char *connection_id, const DwServerFrame *frame)
{
  return post_to (self, g_hash_table_lookup (self->sockets, connection_id), frame, g_get_monotonic_time ());
}

/**
 * dw_socket_gateway_get_size:
 * @self: a gateway
 *
 * Returns: how many connections there are
 */
guint
dw_socket_gateway_get_size (DwSocketGateway *self)
{
  return g_hash_table_size (self->sockets);
}

/**
 * dw_socket_gateway_close_expired:
 * @self: a gateway
 * @idle_ms: the longest a connection may be idle, in milliseconds
 * @age_ms: the longest it may live, in milliseconds
 *
 * Closes connections over a limit as API Gateway does, with 1001 "Going away" (captured for idle connections; for the
 * two hours serverless-offline does the same).
 */
void
dw_socket_gateway_close_expired (DwSocketGateway *self, gint64 idle_ms, gint64 age_ms)
{
  g_autoptr (GList) sockets = g_hash_table_get_values (self->sockets);

  for (GList *at = sockets; at != NULL; at = at->next)
    if (dw_server_socket_get_idle (at->data) >= idle_ms || dw_server_socket_get_age (at->data) >= age_ms)
      dw_server_socket_close (at->data, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "Going away");
}

static int
compare_backlogs (gconstpointer a, gconstpointer b)
{
  guint64 one = dw_server_socket_get_backlog ((DwServerSocket *) a);
  guint64 other = dw_server_socket_get_backlog ((DwServerSocket *) b);

  return one < other ? 1 : one > other ? -1 : 0;
}

/**
 * dw_socket_gateway_shed:
 * @self: a gateway
 * @most: how many bytes may wait for all clients together
 *
 * Each client that does not read has a bound of its own, but thousands of them could still fill the memory. Above
 * @most the clients with the longest backlogs are dropped, until half of @most is left.
 */
void
dw_socket_gateway_shed (DwSocketGateway *self, guint64 most)
{
  g_autoptr (GList) sockets = g_hash_table_get_values (self->sockets);
  guint64 total = 0;
  guint n = 0;

  for (GList *at = sockets; at != NULL; at = at->next)
    total += dw_server_socket_get_backlog (at->data);
  if (total <= most)
    return;

  sockets = g_list_sort (sockets, compare_backlogs);
  for (GList *at = sockets; at != NULL && total > most / 2; at = at->next, n++)
    {
      total -= dw_server_socket_get_backlog (at->data);
      dw_server_socket_drop (at->data);
    }

  g_message ("%u clients read too slowly for what there is to send; closed", n);
}

/**
 * dw_socket_gateway_close_all:
 * @self: a gateway
 * @code: the close code every client sees
 * @reason: (nullable): the reason
 */
void
dw_socket_gateway_close_all (DwSocketGateway *self, gushort code, const char *reason)
{
  g_autoptr (GList) sockets = g_hash_table_get_values (self->sockets);

  for (GList *at = sockets; at != NULL; at = at->next)
    dw_server_socket_close (at->data, code, reason);
}

/**
 * dw_socket_gateway_disown:
 * @self: a gateway
 *
 * Takes the owner away from all connections, so that nobody is told of them any more.
 */
void
dw_socket_gateway_disown (DwSocketGateway *self)
{
  GHashTableIter iter;
  gpointer socket;

  g_hash_table_iter_init (&iter, self->sockets);
  while (g_hash_table_iter_next (&iter, NULL, &socket))
    dw_server_socket_set_owner (socket, NULL, NULL);
}
