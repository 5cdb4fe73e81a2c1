/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-http.h"

#include "backend/dw-backend-error.h"

#include <curl/curl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* libcurl's multi interface in the main loop. Signing and retrying are up to the caller. */
struct _DwHttp
{
  GObject parent_instance;

  CURLM *multi;
  GThread *thread;
  char *ca_file;
  GSource *timer;
  gint64 act_at; /* when libcurl wants to be called, monotonic in microseconds; -1 for not */
  int epoll;     /* the descriptors that libcurl wants to watch */
  guint ready;
  GHashTable *exchanges; /* of Exchange, by its easy handle; bounded by the callers */
  GPtrArray *idle;       /* easy handles to reuse, at most IDLE_HANDLES */
};

G_DEFINE_FINAL_TYPE (DwHttp, dw_http, G_TYPE_OBJECT)

#define IDLE_HANDLES 512

/* How much of a body libcurl reads at once; the least that it accepts. */
#define UPLOAD_BYTES 16384

/* The longest header line; longer ones are dropped. */
#define HEADER_BYTES 8192

typedef struct
{
  GTask *task;
  CURL *easy;
  struct curl_slist *headers;
  GBytes *body;
  DwHttpResponse *response;
  gboolean too_large;
  gboolean refused; /* the status is no 2xx */
  char problem[CURL_ERROR_SIZE];
  GSource *cancel;
} Exchange;

/**
 * dw_http_response_free:
 * @response: (transfer full): an answer
 */
void
dw_http_response_free (DwHttpResponse *response)
{
  g_hash_table_unref (response->headers);
  g_byte_array_unref (response->body);
  g_free (response);
}

/**
 * dw_http_response_get_time:
 * @response: an answer
 *
 * Returns: the time by the server's clock (`Date`, RFC 9110 section 6.6.1), in seconds since 1970 UTC, or -1 if it does
 *   not say
 */
gint64
dw_http_response_get_time (const DwHttpResponse *response)
{
  const char *date = g_hash_table_lookup (response->headers, "date");

  return date != NULL ? (gint64) curl_getdate (date, NULL) : -1;
}

static DwHttpResponse *
response_new (void)
{
  DwHttpResponse *response = g_new0 (DwHttpResponse, 1);

  response->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  response->body = g_byte_array_new ();
  return response;
}

/* An idle easy handle keeps its buffers; the connection belongs to the multi handle. */
static void
put_back (DwHttp *self, CURL *easy)
{
  curl_multi_remove_handle (self->multi, easy);
  if (self->idle->len >= IDLE_HANDLES)
    {
      curl_easy_cleanup (easy);
      return;
    }
  /* Its options are kept; those specific to this request are set again by the next one. */
  curl_easy_setopt (easy, CURLOPT_ERRORBUFFER, NULL);
  g_ptr_array_add (self->idle, easy);
}

static void
exchange_free (Exchange *exchange)
{
  curl_slist_free_all (exchange->headers);
  g_clear_pointer (&exchange->body, g_bytes_unref);
  g_clear_pointer (&exchange->response, dw_http_response_free);
  if (exchange->cancel != NULL)
    {
      g_source_destroy (exchange->cancel);
      g_source_unref (exchange->cancel);
    }
  g_object_unref (exchange->task);
  g_free (exchange);
}

static size_t
on_body (char *data, size_t size, size_t n, void *user_data)
{
  Exchange *exchange = user_data;

  if (exchange->response->body->len + size * n > DW_HTTP_BODY_BYTES)
    {
      exchange->too_large = TRUE;
      return 0;
    }
  g_byte_array_append (exchange->response->body, (const guint8 *) data, (guint) (size * n));
  return size * n;
}

static gboolean
is_wanted (const Exchange *exchange, const char *line, size_t length)
{
  return (length > 2 && (g_ascii_strncasecmp (line, "x-", 2) == 0 || g_ascii_tolower (line[0]) == 'l'))
         || (exchange->refused && length > 5 && g_ascii_strncasecmp (line, "date:", 5) == 0);
}

static size_t
on_header (char *data, size_t size, size_t n, void *user_data)
{
  Exchange *exchange = user_data;
  size_t length = size * n;
  const char *colon;
  g_autofree char *name = NULL, *value = NULL;

  /* A status line starts a new set of headers: the ones before belonged to a 100 Continue. */
  if (length >= 5 && strncmp (data, "HTTP/", 5) == 0)
    {
      const char *space = memchr (data, ' ', length - 1);

      exchange->refused = space == NULL || space[1] != '2';
      g_hash_table_remove_all (exchange->response->headers);
      return length;
    }
  if (!is_wanted (exchange, data, length) || length >= HEADER_BYTES || memchr (data, '\0', length) != NULL
      || g_hash_table_size (exchange->response->headers) >= DW_HTTP_HEADERS)
    return length;
  colon = memchr (data, ':', length);
  if (colon != NULL)
    {
      name = g_ascii_strdown (data, colon - data);
      value = g_strndup (colon + 1, length - (size_t) (colon + 1 - data));
      g_strstrip (value);
      g_hash_table_replace (exchange->response->headers, g_steal_pointer (&name), g_steal_pointer (&value));
    }
  return length;
}

static void
report (Exchange *exchange, CURLcode code)
{
  const char *words = exchange->problem[0] != '\0' ? exchange->problem : curl_easy_strerror (code);

  if (exchange->too_large)
    g_task_return_new_error (exchange->task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_SERVICE, "the answer is too large");
  else if (code == CURLE_OPERATION_TIMEDOUT)
    g_task_return_new_error (exchange->task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE, "%s", words);
  else if (code != CURLE_OK)
    g_task_return_new_error (exchange->task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_NETWORK, "%s", words);
  else
    g_task_return_pointer (exchange->task, g_steal_pointer (&exchange->response),
                           (GDestroyNotify) dw_http_response_free);
}

/* The task's callback may send another request at once, so detach the exchange from libcurl first. */
static void
end (DwHttp *self, CURL *easy, CURLcode code)
{
  Exchange *exchange = g_hash_table_lookup (self->exchanges, easy);
  long status = 0;

  if (exchange == NULL)
    return;
  g_hash_table_steal (self->exchanges, easy);
  curl_easy_getinfo (easy, CURLINFO_RESPONSE_CODE, &status);
  exchange->response->status = (guint) status;
  put_back (self, easy);
  report (exchange, code);
  exchange_free (exchange);
}

static void
collect (DwHttp *self)
{
  g_autoptr (DwHttp) alive G_GNUC_UNUSED = g_object_ref (self);
  CURLMsg *message;
  int left;

  while ((message = curl_multi_info_read (self->multi, &left)) != NULL)
    if (message->msg == CURLMSG_DONE)
      end (self, message->easy_handle, message->data.result);
}

static void
act (DwHttp *self, curl_socket_t fd, int what)
{
  int running;

  curl_multi_socket_action (self->multi, fd, what, &running);
  collect (self);
}

static int
events_of (guint32 events)
{
  int what = 0;

  if (events & (EPOLLIN | EPOLLHUP))
    what |= CURL_CSELECT_IN;
  if (events & EPOLLOUT)
    what |= CURL_CSELECT_OUT;
  if (events & EPOLLERR)
    what |= CURL_CSELECT_ERR;
  return what;
}

static gboolean
on_ready (int fd, GIOCondition condition, gpointer data)
{
  g_autoptr (DwHttp) self = g_object_ref (data);
  struct epoll_event events[64];
  int n = epoll_wait (self->epoll, events, G_N_ELEMENTS (events), 0);

  for (int i = 0; i < n; i++)
    act (self, events[i].data.fd, events_of (events[i].events));
  return G_SOURCE_CONTINUE;
}

/* GLib polls every descriptor each time it waits. One epoll descriptor that stands for all of them costs the same for
 * one and for five hundred. */
static int
on_watch (CURL *easy, curl_socket_t fd, int what, void *data, void *known)
{
  DwHttp *self = data;
  struct epoll_event event = { .data.fd = fd };

  if (what == CURL_POLL_REMOVE)
    {
      epoll_ctl (self->epoll, EPOLL_CTL_DEL, fd, NULL);
      curl_multi_assign (self->multi, fd, NULL);
      return 0;
    }
  if (what & CURL_POLL_IN)
    event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT)
    event.events |= EPOLLOUT;
  if (epoll_ctl (self->epoll, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
    epoll_ctl (self->epoll, known != NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
  curl_multi_assign (self->multi, fd, self);
  return 0;
}

static int
on_timer (CURLM *multi, long milliseconds, void *data)
{
  DwHttp *self = data;

  self->act_at = milliseconds >= 0 ? g_get_monotonic_time () + (gint64) milliseconds * 1000 : -1;
  return 0;
}

/* libcurl sets its timer twice for each request. g_source_set_ready_time() would wake the main loop each time, by a
 * system call, though nobody but this thread sets it, and it looks at the time before it waits anyway. */
typedef struct
{
  GSource source;
  DwHttp *http;
} Timer;

static gboolean
prepare_timer (GSource *source, int *milliseconds)
{
  const DwHttp *self = ((Timer *) source)->http;
  gint64 left = self->act_at - g_source_get_time (source);

  *milliseconds = self->act_at < 0 ? -1 : (int) CLAMP ((left + 999) / 1000, 0, G_MAXINT);
  return *milliseconds == 0;
}

static gboolean
check_timer (GSource *source)
{
  const DwHttp *self = ((Timer *) source)->http;

  return self->act_at >= 0 && self->act_at <= g_source_get_time (source);
}

static gboolean
dispatch_timer (GSource *source, GSourceFunc callback, gpointer data)
{
  DwHttp *self = ((Timer *) source)->http;

  self->act_at = -1;
  act (self, CURL_SOCKET_TIMEOUT, 0);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_funcs = { prepare_timer, check_timer, dispatch_timer, NULL, NULL, NULL };

static void
dw_http_finalize (GObject *object)
{
  DwHttp *self = DW_HTTP (object);

  /* Every running request holds a reference, so none is running now. */
  g_assert (g_hash_table_size (self->exchanges) == 0);
  g_ptr_array_unref (self->idle);
  curl_multi_cleanup (self->multi);
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  g_source_remove (self->ready);
  close (self->epoll);
  g_hash_table_unref (self->exchanges);
  g_free (self->ca_file);
  G_OBJECT_CLASS (dw_http_parent_class)->finalize (object);
}

static void
dw_http_class_init (DwHttpClass *klass)
{
  curl_global_init (CURL_GLOBAL_DEFAULT);
  G_OBJECT_CLASS (klass)->finalize = dw_http_finalize;
}

static void
dw_http_init (DwHttp *self)
{
  self->multi = curl_multi_init ();
  self->act_at = -1;
  self->timer = g_source_new (&timer_funcs, sizeof (Timer));
  ((Timer *) self->timer)->http = self;
  g_source_attach (self->timer, NULL);
  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  self->ready = g_unix_fd_add (self->epoll, G_IO_IN, on_ready, self);
  self->thread = g_thread_self ();
  self->exchanges = g_hash_table_new (NULL, NULL);
  self->idle = g_ptr_array_new_with_free_func (curl_easy_cleanup);
  curl_multi_setopt (self->multi, CURLMOPT_SOCKETFUNCTION, on_watch);
  curl_multi_setopt (self->multi, CURLMOPT_SOCKETDATA, self);
  curl_multi_setopt (self->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt (self->multi, CURLMOPT_TIMERDATA, self);
  curl_multi_setopt (self->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long) DW_HTTP_CONNECTIONS);
  curl_multi_setopt (self->multi, CURLMOPT_MAXCONNECTS, (long) DW_HTTP_CONNECTIONS);
  curl_multi_setopt (self->multi, CURLMOPT_PIPELINING, (long) CURLPIPE_MULTIPLEX);
}

/**
 * dw_http_new:
 * @ca_file: (nullable): the certificates to trust (PEM), or %NULL for the system's
 *
 * A client that keeps its connections. It belongs to the thread that made it and its main loop.
 *
 * Returns: (transfer full): a client
 */
DwHttp *
dw_http_new (const char *ca_file)
{
  DwHttp *self = g_object_new (DW_TYPE_HTTP, NULL);

  self->ca_file = g_strdup (ca_file);
  return self;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Exchange *exchange = data;
  DwHttp *self = g_task_get_source_object (exchange->task);
  g_autoptr (DwHttp) alive G_GNUC_UNUSED = g_object_ref (self);

  g_hash_table_steal (self->exchanges, exchange->easy);
  put_back (self, exchange->easy);
  g_task_return_error_if_cancelled (exchange->task);
  exchange_free (exchange);
  return G_SOURCE_REMOVE;
}

static void
set_patience (CURL *easy, gint64 deadline)
{
  /* Every request has a time limit, except the one that waits for the next event. */
  gint64 left = (deadline - g_get_monotonic_time ()) / 1000;

  curl_easy_setopt (easy, CURLOPT_CONNECTTIMEOUT_MS,
                    (long) (deadline > 0 ? CLAMP (left, 1, DW_HTTP_CONNECT_MS) : DW_HTTP_CONNECT_MS));
  curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, deadline > 0 ? (long) CLAMP (left, 1, G_MAXINT) : 0L);
}

static void
set_body (CURL *easy, Exchange *exchange, const DwHttpRequest *request)
{
  gboolean get = strcmp (request->method, "GET") == 0;
  gboolean post = strcmp (request->method, "POST") == 0;
  gsize size = 0;
  const void *data = request->body != NULL ? g_bytes_get_data (request->body, &size) : NULL;

  curl_easy_setopt (easy, CURLOPT_CUSTOMREQUEST, get || post ? NULL : request->method);
  if (!post && request->body == NULL)
    {
      curl_easy_setopt (easy, CURLOPT_HTTPGET, 1L);
      return;
    }
  exchange->body = request->body != NULL ? g_bytes_ref (request->body) : NULL;
  curl_easy_setopt (easy, CURLOPT_POST, 1L);
  curl_easy_setopt (easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) size);
  curl_easy_setopt (easy, CURLOPT_POSTFIELDS, data != NULL ? data : "");
}

/* The options that are the same for every request of this client. */
static CURL *
easy_new (DwHttp *self)
{
  CURL *easy = curl_easy_init ();

  /* Without a list of protocols a URL could make libcurl read a file. */
  curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt (easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt (easy, CURLOPT_PROXY, "");
  curl_easy_setopt (easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt (easy, CURLOPT_MAXAGE_CONN, (long) DW_HTTP_IDLE_SECONDS);
  curl_easy_setopt (easy, CURLOPT_TCP_NODELAY, 1L);
  /* A post is short. Of 64 KiB, its own choice, malloc gives each back to the system, post by post. */
  curl_easy_setopt (easy, CURLOPT_UPLOAD_BUFFERSIZE, (long) UPLOAD_BYTES);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt (easy, CURLOPT_HEADERFUNCTION, on_header);
  if (self->ca_file != NULL)
    curl_easy_setopt (easy, CURLOPT_CAINFO, self->ca_file);
  return easy;
}

static void
set_options (Exchange *exchange, const DwHttpRequest *request)
{
  CURL *easy = exchange->easy;

  curl_easy_setopt (easy, CURLOPT_URL, request->url);
  curl_easy_setopt (easy, CURLOPT_PIPEWAIT, g_str_has_prefix (request->url, "https:") ? 1L : 0L);
  curl_easy_setopt (easy, CURLOPT_ERRORBUFFER, exchange->problem);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, exchange);
  curl_easy_setopt (easy, CURLOPT_HEADERDATA, exchange);
  curl_easy_setopt (easy, CURLOPT_HTTPHEADER, exchange->headers);
  set_patience (easy, request->deadline);
  set_body (easy, exchange, request);
}

/**
 * dw_http_send_async:
 * @self: a client
 * @request: what to ask; it is copied
 * @cancellable: (nullable): to stop it
 * @callback: called when the answer has arrived or the request has failed
 * @data: for @callback
 *
 * Sends one request, once. Redirections are not followed, proxies are not used, and certificates are always
 * checked.
 */
void
dw_http_send_async (DwHttp *self,
                    const DwHttpRequest *request,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, data);
  Exchange *exchange;

  g_assert (self->thread == g_thread_self ());
  g_task_set_source_tag (task, dw_http_send_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (request->deadline > 0 && request->deadline <= g_get_monotonic_time ())
    {
      g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE, "the time was over");
      return;
    }
  exchange = g_new0 (Exchange, 1);
  exchange->task = g_steal_pointer (&task);
  exchange->response = response_new ();
  exchange->easy =
      self->idle->len > 0 ? g_ptr_array_steal_index_fast (self->idle, self->idle->len - 1) : easy_new (self);
  for (guint i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
    exchange->headers = curl_slist_append (exchange->headers, request->headers[i]);
  /* No “Expect: 100-continue”: libcurl would wait a second for a 100 that never comes. */
  exchange->headers = curl_slist_append (exchange->headers, "Expect:");
  set_options (exchange, request);
  g_hash_table_insert (self->exchanges, exchange->easy, exchange);
  if (cancellable != NULL)
    {
      exchange->cancel = g_cancellable_source_new (cancellable);
      g_source_set_callback (exchange->cancel, G_SOURCE_FUNC (on_cancelled), exchange, NULL);
      g_source_attach (exchange->cancel, g_task_get_context (exchange->task));
    }
  curl_multi_add_handle (self->multi, exchange->easy);
}

/**
 * dw_http_send_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: %DW_BACKEND_ERROR_DEADLINE, %DW_BACKEND_ERROR_NETWORK, or %DW_BACKEND_ERROR_SERVICE for an answer that is
 *   too large
 *
 * Returns: (transfer full) (nullable): the answer, of any status
 */
DwHttpResponse *
dw_http_send_finish (DwHttp *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
