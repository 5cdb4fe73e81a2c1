/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-connections-gateway.h"

#include "dw-endpoint.h"
#include "dw-window.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-backoff.h"
#include "wire/dw-json.h"
#include "wire/dw-limits.h"
#include "wire/dw-time.h"

#include <string.h>

/* `@connections` over the network. Posts start in order, as many at once as the window allows, and finish
 * independently. */
struct _DwConnectionsGateway
{
  GObject parent_instance;

  DwHttp *http;
  DwCredentials *credentials;
  char *region;
  char *endpoint;             /* of the stage we run for */
  GHashTable *services;       /* of Place, by endpoint; at most DW_CONNECTIONS_GATEWAY_ENDPOINTS */
  DwDeadLetterQueue *letters; /* or NULL */
  DwTally *tally;
  gint64 deadline; /* monotonic, in microseconds; 0 for none */
  DwWindow window;

  GQueue postings; /* of Posting with connections left to post to, oldest first */
  GQueue again;    /* of Post whose backoff is over */
  GQueue running;  /* of Post in flight, oldest first; at most the window and DW_CONNECTIONS_GATEWAY_SLOW_MOST */
  guint slow;      /* how many of these, from the head, are slow */
  guint tick;      /* timer that looks for slow posts while any are in flight */
};

static void dw_connections_gateway_iface_init (DwGatewayInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwConnectionsGateway,
                               dw_connections_gateway,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DW_TYPE_GATEWAY, dw_connections_gateway_iface_init))

/* Backoff of a post, in milliseconds. */
#define BASE_MS 50
#define CAP_MS 2000

/* How often slow posts are looked for, in milliseconds. */
#define TICK_MS 50

/* The time reserved after the last post for dead letters and row deletions, in milliseconds. */
#define POSTS_RESERVE_MS 1000

/* One endpoint: the service at its host, and the path before “/@connections/”. */
typedef struct
{
  DwService *service;
  char *prefix;
} Place;

/* One text being posted to many connections. */
typedef struct
{
  GTask *task;
  GPtrArray *ids;
  GPtrArray *endpoints; /* or NULL */
  GBytes *text;
  guint next; /* the first one not started */
  guint open; /* started and not finished, including those waiting to be retried */
  DwPosted *posted;
  GHashTable *dead; /* of DwDeadLetter, by endpoint and reason */
  guint letters;    /* letters being sent */
  gboolean closed;  /* its letters were sent, so none may be added */
} Posting;

typedef struct
{
  DwConnectionsGateway *gateway;
  Posting *posting;
  guint index;
  guint attempt;
  gint64 started; /* monotonic, in microseconds */
  GList *place;   /* in the running queue, or NULL */
  gboolean slow;
} Post;

static void
place_free (Place *place)
{
  g_object_unref (place->service);
  g_free (place->prefix);
  g_free (place);
}

static void
posting_free (Posting *posting)
{
  g_ptr_array_unref (posting->ids);
  g_clear_pointer (&posting->endpoints, g_ptr_array_unref);
  g_bytes_unref (posting->text);
  dw_posted_free (posting->posted);
  g_hash_table_unref (posting->dead);
  g_free (posting);
}

static void
dw_connections_gateway_finalize (GObject *object)
{
  DwConnectionsGateway *self = DW_CONNECTIONS_GATEWAY (object);

  g_clear_handle_id (&self->tick, g_source_remove);
  g_clear_object (&self->http);
  g_clear_pointer (&self->credentials, dw_credentials_unref);
  g_free (self->region);
  g_free (self->endpoint);
  g_hash_table_unref (self->services);
  g_clear_object (&self->letters);
  G_OBJECT_CLASS (dw_connections_gateway_parent_class)->finalize (object);
}

static void
dw_connections_gateway_class_init (DwConnectionsGatewayClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_connections_gateway_finalize;
}

static void
dw_connections_gateway_init (DwConnectionsGateway *self)
{
  self->services = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) place_free);
  g_queue_init (&self->postings);
  g_queue_init (&self->again);
  g_queue_init (&self->running);
  dw_window_init (&self->window, DW_WINDOW_MOST);
}

/**
 * dw_connections_gateway_new:
 * @http: what carries the requests
 * @credentials: who asks
 * @region: the region the stage that runs is in
 * @tally: where to count; must outlive the gateway
 *
 * Returns: (transfer full): a gateway; call dw_connections_gateway_set_endpoint() next
 */
DwConnectionsGateway *
dw_connections_gateway_new (DwHttp *http, DwCredentials *credentials, const char *region, DwTally *tally)
{
  DwConnectionsGateway *self = g_object_new (DW_TYPE_CONNECTIONS_GATEWAY, NULL);

  self->http = g_object_ref (http);
  self->credentials = dw_credentials_ref (credentials);
  self->region = g_strdup (region);
  self->tally = tally;
  return self;
}

/**
 * dw_connections_gateway_set_endpoint:
 * @self: a gateway
 * @endpoint: where the stage that runs answers `@connections`, such as
 *   `https://abc.execute-api.us-east-1.amazonaws.com/prod`
 */
void
dw_connections_gateway_set_endpoint (DwConnectionsGateway *self, const char *endpoint)
{
  char *copy = g_strdup (endpoint);

  g_free (self->endpoint);
  self->endpoint = copy;
}

/**
 * dw_connections_gateway_set_deadline:
 * @self: a gateway
 * @deadline: when everything must be done: monotonic, in microseconds; 0 for no deadline
 */
void
dw_connections_gateway_set_deadline (DwConnectionsGateway *self, gint64 deadline)
{
  self->deadline = deadline;
}

/**
 * dw_connections_gateway_set_most:
 * @self: a gateway
 * @most: how many posts may be in flight, %DW_WINDOW_MOST at most
 */
void
dw_connections_gateway_set_most (DwConnectionsGateway *self, guint most)
{
  dw_window_init (&self->window, most);
}

/**
 * dw_connections_gateway_set_letters:
 * @self: a gateway
 * @letters: (nullable): where posts that are given up are kept
 */
void
dw_connections_gateway_set_letters (DwConnectionsGateway *self, DwDeadLetterQueue *letters)
{
  g_set_object (&self->letters, letters);
}

static gint64
before_deadline (DwConnectionsGateway *self, gint64 milliseconds)
{
  return self->deadline > 0 ? self->deadline - milliseconds * 1000 : 0;
}

static gboolean
is_over (DwConnectionsGateway *self, gint64 time)
{
  return self->deadline > 0 && time >= before_deadline (self, DW_CONNECTIONS_GATEWAY_RESERVE_MS);
}

static Place *
place_of (DwConnectionsGateway *self, const char *endpoint)
{
  Place *place = g_hash_table_lookup (self->services, endpoint);
  g_autofree char *region = NULL, *origin = NULL;
  const char *path;

  if (place != NULL)
    return place;
  if (g_hash_table_size (self->services) >= DW_CONNECTIONS_GATEWAY_ENDPOINTS)
    g_hash_table_remove_all (self->services);
  region = dw_endpoint_dup_region (endpoint);
  path = strstr (endpoint, "://");
  path = strchr (path != NULL ? path + 3 : endpoint, '/');
  origin = path != NULL ? g_strndup (endpoint, (gsize) (path - endpoint)) : g_strdup (endpoint);
  place = g_new0 (Place, 1);
  place->prefix = g_strdup (path != NULL ? path : "");
  if (g_str_has_suffix (place->prefix, "/"))
    place->prefix[strlen (place->prefix) - 1] = '\0';
  place->service =
      dw_service_new (self->http, self->credentials, region != NULL ? region : self->region, "execute-api", origin);
  g_hash_table_insert (self->services, g_strdup (endpoint), place);
  return place;
}

static char *
path_of (const Place *place, const char *connection_id)
{
  g_autofree char *escaped = g_uri_escape_string (connection_id, NULL, FALSE);

  return g_strconcat (place->prefix, "/@connections/", escaped, NULL);
}

static const char *
endpoint_of (DwConnectionsGateway *self, const Posting *posting, guint index)
{
  const char *endpoint = posting->endpoints != NULL ? g_ptr_array_index (posting->endpoints, index) : NULL;

  return endpoint != NULL ? endpoint : self->endpoint;
}

static void pump (DwConnectionsGateway *self);

static void
close_posting (Posting *posting)
{
  GTask *task = posting->task;

  g_task_return_pointer (task, g_steal_pointer (&posting->posted), (GDestroyNotify) dw_posted_free);
  posting->posted = dw_posted_new (0);
  g_object_unref (task);
}

static void
on_letter (GObject *source, GAsyncResult *result, gpointer data)
{
  Posting *posting = data;
  g_autoptr (GError) error = NULL;

  if (!dw_dead_letter_queue_send_finish (DW_DEAD_LETTER_QUEUE (source), result, &error))
    g_warning ("A dead letter is lost: %s", error->message);
  if (--posting->letters == 0)
    close_posting (posting);
}

/* Wait for the letters: the function may be frozen as soon as it has answered. */
static void
send_letters (DwConnectionsGateway *self, Posting *posting)
{
  GHashTableIter iter;
  gpointer letter;

  posting->closed = TRUE;
  posting->letters = 1;
  g_hash_table_iter_init (&iter, posting->dead);
  while (g_hash_table_iter_next (&iter, NULL, &letter))
    {
      const DwDeadLetter *dead = letter;

      g_warning ("Gave up %u posts to %s: %s", dead->connection_ids->len, dead->endpoint, dead->reason);
      if (self->letters == NULL)
        continue;
      posting->letters++;
      dw_dead_letter_queue_send_async (self->letters, dead, on_letter, posting);
    }
  if (--posting->letters == 0)
    close_posting (posting);
}

static void
look_for_end (DwConnectionsGateway *self, Posting *posting)
{
  gboolean begun = posting->next == posting->ids->len || is_over (self, g_get_monotonic_time ());

  if (!begun || posting->open > 0 || posting->closed)
    return;
  g_queue_remove (&self->postings, posting);
  posting->posted->done = posting->next;
  send_letters (self, posting);
}

/* The ids in one letter share an endpoint and a reason; when a letter is full, another is started. */
static void
bury (DwConnectionsGateway *self, const Post *post, const char *reason)
{
  Posting *posting = post->posting;
  const char *endpoint = endpoint_of (self, posting, post->index);
  g_autofree char *key = g_strconcat (endpoint, "\n", reason, NULL);
  DwDeadLetter *letter = g_hash_table_lookup (posting->dead, key);
  gsize length;
  const char *text = g_bytes_get_data (posting->text, &length);

  self->tally->dead++;
  for (guint i = 2; letter != NULL && letter->connection_ids->len >= DW_DEAD_LETTER_IDS; i++)
    {
      g_free (key);
      key = g_strdup_printf ("%s\n%s\n%u", endpoint, reason, i);
      letter = g_hash_table_lookup (posting->dead, key);
    }
  if (letter == NULL)
    {
      g_autofree char *copy = g_strndup (text, length);

      letter = dw_dead_letter_new (endpoint, copy, reason);
      g_hash_table_insert (posting->dead, g_steal_pointer (&key), letter);
    }
  g_ptr_array_add (letter->connection_ids, g_strdup (g_ptr_array_index (posting->ids, post->index)));
}

static void
end_post (DwConnectionsGateway *self, Post *post)
{
  Posting *posting = post->posting;

  posting->open--;
  g_free (post);
  look_for_end (self, posting);
}

static gboolean
on_pause (gpointer data)
{
  Post *post = data;
  DwConnectionsGateway *self = post->gateway;

  g_queue_push_tail (&self->again, post);
  pump (self);
  return G_SOURCE_REMOVE;
}

static void
try_again (DwConnectionsGateway *self, Post *post, const char *reason)
{
  guint delay = dw_backoff_delay (BASE_MS, CAP_MS, post->attempt++, dw_backoff_random, NULL);

  if (post->attempt >= DW_CONNECTIONS_GATEWAY_ATTEMPTS
      || is_over (self, g_get_monotonic_time () + (gint64) delay * 1000))
    {
      bury (self, post, reason);
      end_post (self, post);
      return;
    }
  self->tally->retries++;
  g_timeout_add (delay, on_pause, post);
}

static void
leave_running (DwConnectionsGateway *self, Post *post)
{
  g_queue_delete_link (&self->running, g_steal_pointer (&post->place));
  if (post->slow)
    self->slow--;
  post->slow = FALSE;
  if (g_queue_is_empty (&self->running))
    g_clear_handle_id (&self->tick, g_source_remove);
}

static void
judge (DwConnectionsGateway *self, Post *post, const DwHttpResponse *response)
{
  g_autofree char *name = dw_service_dup_error_name (response);
  g_autofree char *reason = g_strdup_printf ("%u%s%s", response->status, *name != '\0' ? " " : "", name);

  if (response->status == 410)
    {
      self->tally->gone++;
      g_ptr_array_add (post->posting->posted->gone, g_strdup (g_ptr_array_index (post->posting->ids, post->index)));
      end_post (self, post);
    }
  else if (dw_service_is_worth_retrying (response, name))
    {
      if (dw_service_is_throttle (response, name))
        {
          self->tally->throttled++;
          dw_window_throttled (&self->window, post->started, g_get_monotonic_time ());
        }
      try_again (self, post, reason);
    }
  else
    {
      bury (self, post, reason);
      end_post (self, post);
    }
}

static void
on_posted (GObject *source, GAsyncResult *result, gpointer data)
{
  Post *post = data;
  g_autoptr (DwConnectionsGateway) self = g_object_ref (post->gateway);
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = dw_service_send_finish (DW_SERVICE (source), result, &error);

  leave_running (self, post);
  if (response == NULL)
    try_again (self, post, error->message);
  else if (response->status / 100 == 2)
    {
      self->tally->deliveries++;
      dw_window_succeeded (&self->window);
      end_post (self, post);
    }
  else
    judge (self, post, response);
  pump (self);
}

/* The oldest are at the head. */
static gboolean
on_tick (gpointer data)
{
  DwConnectionsGateway *self = data;
  gint64 limit = g_get_monotonic_time () - DW_CONNECTIONS_GATEWAY_SLOW_MS * 1000;

  for (GList *at = self->running.head; at != NULL && self->slow < DW_CONNECTIONS_GATEWAY_SLOW_MOST; at = at->next)
    {
      Post *post = at->data;

      if (post->started > limit)
        break;
      self->slow += !post->slow;
      post->slow = TRUE;
    }
  pump (self);
  return G_SOURCE_CONTINUE;
}

static void
begin (DwConnectionsGateway *self, Post *post)
{
  const char *endpoint = endpoint_of (self, post->posting, post->index);
  g_autofree char *path = NULL;
  Place *place;
  DwServiceCall call = { .method = "POST",
                         .content_type = "application/octet-stream",
                         .body = post->posting->text };

  if (!dw_endpoint_is_trusted (endpoint, self->endpoint))
    {
      bury (self, post, "its endpoint is no stage");
      end_post (self, post);
      return;
    }
  place = place_of (self, endpoint);
  path = path_of (place, g_ptr_array_index (post->posting->ids, post->index));
  call.path = path;
  post->started = g_get_monotonic_time ();
  g_queue_push_tail (&self->running, post);
  post->place = self->running.tail;
  if (self->tick == 0)
    self->tick = g_timeout_add (TICK_MS, on_tick, self);
  dw_service_set_deadline (place->service, before_deadline (self, POSTS_RESERVE_MS));
  dw_service_send_async (place->service, &call, NULL, on_posted, post);
}

static Post *
next_post (DwConnectionsGateway *self)
{
  Post *post = g_queue_pop_head (&self->again);
  Posting *posting = g_queue_peek_head (&self->postings);

  if (post != NULL)
    return post;
  if (posting == NULL || is_over (self, g_get_monotonic_time ()))
    return NULL;
  post = g_new0 (Post, 1);
  post->gateway = self;
  post->posting = posting;
  post->index = posting->next++;
  posting->open++;
  if (posting->next == posting->ids->len)
    g_queue_pop_head (&self->postings);
  return post;
}

/* When the time is up, posts that have not started are given up here. */
static void
end_waiting (DwConnectionsGateway *self)
{
  g_autoptr (GList) postings = g_list_copy (self->postings.head);

  for (GList *at = postings; at != NULL; at = at->next)
    look_for_end (self, at->data);
}

static void
pump (DwConnectionsGateway *self)
{
  Post *post;

  while (self->running.length - self->slow < dw_window_get_size (&self->window)
         && (post = next_post (self)) != NULL)
    begin (self, post);
  if (is_over (self, g_get_monotonic_time ()))
    end_waiting (self);
}

/* Refuse an oversized text once, instead of having the gateway refuse it for each connection. */
static gboolean
refuse_large (GTask *task, const char *text)
{
  if (strlen (text) <= DW_LIMIT_MESSAGE_BYTES)
    return FALSE;
  g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT, "the post is too large: %u bytes",
                           (guint) strlen (text));
  return TRUE;
}

static void
dw_connections_gateway_post_async (DwGateway *gateway,
                                   GPtrArray *connection_ids,
                                   GPtrArray *endpoints,
                                   const char *text,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer data)
{
  DwConnectionsGateway *self = DW_CONNECTIONS_GATEWAY (gateway);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  Posting *posting;

  g_task_set_source_tag (task, dw_connections_gateway_post_async);
  if (refuse_large (task, text))
    return;
  posting = g_new0 (Posting, 1);
  posting->ids = g_ptr_array_ref (connection_ids);
  posting->endpoints = endpoints != NULL ? g_ptr_array_ref (endpoints) : NULL;
  posting->text = g_bytes_new (text, strlen (text));
  posting->posted = dw_posted_new (0);
  posting->dead = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) dw_dead_letter_free);
  posting->task = g_object_ref (task);
  g_task_set_task_data (task, posting, (GDestroyNotify) posting_free);
  if (connection_ids->len == 0)
    {
      look_for_end (self, posting);
      return;
    }
  g_queue_push_tail (&self->postings, posting);
  pump (self);
}

static gint64
milliseconds_of (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  const char *text =
      node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;

  return text != NULL ? MAX (dw_time_parse (text), 0) / 1000 : 0;
}

static DwConnectionInfo *
read_info (const char *connection_id, const DwHttpResponse *response)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = dw_json_parse (parser, (const char *) response->body->data, response->body->len, NULL);
  JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  DwConnectionInfo *info;

  if (object == NULL)
    return NULL;
  info = g_new0 (DwConnectionInfo, 1);
  info->caller = dw_caller_new (connection_id, milliseconds_of (object, "connectedAt"));
  info->last_active_at = milliseconds_of (object, "lastActiveAt");
  return info;
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = dw_service_call_finish (DW_SERVICE (source), result, &error);
  DwConnectionInfo *info = response != NULL ? read_info (g_task_get_task_data (task), response) : NULL;

  if (info != NULL)
    g_task_return_pointer (task, info, (GDestroyNotify) dw_connection_info_free);
  else if (response != NULL)
    g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_SERVICE, "@connections’ answer is no object");
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
call (DwConnectionsGateway *self, const char *method, GTask *task, GAsyncReadyCallback callback)
{
  Place *place = place_of (self, self->endpoint);
  g_autofree char *path = path_of (place, g_task_get_task_data (task));
  DwServiceCall asked = { .method = method, .path = path };

  dw_service_set_deadline (place->service, before_deadline (self, POSTS_RESERVE_MS));
  dw_service_call_async (place->service, &asked, g_task_get_cancellable (task), callback, task);
}

static void
dw_connections_gateway_get_async (DwGateway *gateway,
                                  const char *connection_id,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer data)
{
  GTask *task = g_task_new (gateway, cancellable, callback, data);

  g_task_set_source_tag (task, dw_connections_gateway_get_async);
  g_task_set_task_data (task, g_strdup (connection_id), g_free);
  call (DW_CONNECTIONS_GATEWAY (gateway), "GET", task, on_looked_up);
}

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwHttpResponse) response = dw_service_call_finish (DW_SERVICE (source), result, &error);

  if (response != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
dw_connections_gateway_delete_async (DwGateway *gateway,
                                     const char *connection_id,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data)
{
  GTask *task = g_task_new (gateway, cancellable, callback, data);

  g_task_set_source_tag (task, dw_connections_gateway_delete_async);
  g_task_set_task_data (task, g_strdup (connection_id), g_free);
  call (DW_CONNECTIONS_GATEWAY (gateway), "DELETE", task, on_deleted);
}

static void
dw_connections_gateway_iface_init (DwGatewayInterface *iface)
{
  iface->post_async = dw_connections_gateway_post_async;
  iface->get_async = dw_connections_gateway_get_async;
  iface->delete_async = dw_connections_gateway_delete_async;
}
