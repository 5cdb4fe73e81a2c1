/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-handler.h"

#include "backend/dw-backend-error.h"

#include "wire/dw-json.h"
#include "wire/dw-limits.h"
#include "wire/dw-message-id.h"
#include "wire/dw-time.h"

#include <string.h>

/* One page that is being posted. */
typedef struct
{
  GTask *task;
  DwRegistryPage *page;
  char *start_key; /* where the page starts, or NULL */
  guint number;    /* the page's number */
} Leg;

typedef struct
{
  DwRegistry *registry;
  DwGateway *gateway;
  char *broadcast;
  char *id;        /* the message's id, or NULL */
  char *sender;    /* the connection it came from */
  gint64 accepted; /* in seconds since 1970 UTC */
  guint legs;      /* pages being posted; at most PAGES_AT_ONCE */
  guint pages;
  gboolean scanning;
  gboolean scanned; /* the last page was read */
  char *next_key;   /* where the next page starts, or NULL for the first */
  gboolean torn;    /* the time ran out */
  guint torn_page;  /* the page to continue in, */
  char *rest;       /* and the key to continue after, or NULL if nothing was posted at all */
  GError *error;
} Sending;

/* A connection whose $connect has run but whose handshake is not finished answers 410 too, and an integration may
 * take 29 s. So ids younger than this, in seconds, stay in the table. */
#define PRUNE_AGE 60

/* How many pages may be posted at once, so that a slow post in one does not hold up the next. A page is at most a
 * megabyte. */
#define PAGES_AT_ONCE 4

static void
leg_free (Leg *leg)
{
  g_object_unref (leg->task);
  dw_registry_page_free (leg->page);
  g_free (leg->start_key);
  g_free (leg);
}

static void
sending_free (Sending *sending)
{
  g_clear_object (&sending->registry);
  g_clear_object (&sending->gateway);
  g_free (sending->broadcast);
  g_free (sending->id);
  g_free (sending->sender);
  g_free (sending->next_key);
  g_free (sending->rest);
  g_clear_error (&sending->error);
  g_free (sending);
}

static const char *
string_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

/* An id that is too long to be remembered is treated as missing. */
static const char *
id_member (JsonObject *object)
{
  const char *id = string_member (object, "id");

  return dw_message_id_is_valid (id) ? id : NULL;
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

/* A documented frame produces the documented broadcast, byte for byte. The time is added only if the client sent a
 * name or an id, which shows that it knows the extensions. */
static char *
write_broadcast (JsonObject *frame, gint64 accepted)
{
  const char *sender = string_member (frame, "sender");
  const char *id = id_member (frame);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "message");
  json_builder_add_value (builder, json_node_copy (json_object_get_member (frame, "message")));
  add_string (builder, "sender", sender);
  add_string (builder, "id", id);
  if (sender != NULL || id != NULL)
    {
      g_autofree char *time = dw_time_format (accepted * 1000);

      add_string (builder, "sentAt", time);
    }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static void
prune (Sending *sending, const DwRegistryPage *page, GPtrArray *gone)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

  if (gone->len == 0)
    return;
  for (guint i = 0; i < gone->len; i++)
    g_hash_table_add (ids, g_ptr_array_index (gone, i));
  for (guint i = 0; i < page->connection_ids->len; i++)
    {
      const char *id = g_ptr_array_index (page->connection_ids, i);

      if (g_hash_table_contains (ids, id)
          && sending->accepted - g_array_index (page->timestamps, gint64, i) >= PRUNE_AGE)
        dw_registry_remove_async (sending->registry, id, NULL, NULL, NULL);
    }
}

/* The message can then be sent again under its id. */
static void
fail (GTask *task, GError *error)
{
  Sending *sending = g_task_get_task_data (task);

  if (sending->id != NULL)
    dw_registry_release (sending->registry, sending->id);
  g_task_return_error (task, error);
}

static void go_on (GTask *task);

/* The gateway starts posts in order, so nothing after the first unfinished page was tried. */
static void
tear (Sending *sending, guint page, const char *key)
{
  if (sending->torn && sending->torn_page < page)
    return;
  g_free (sending->rest);
  sending->torn = TRUE;
  sending->torn_page = page;
  sending->rest = g_strdup (key);
}

static void
on_posted (GObject *source, GAsyncResult *result, gpointer data)
{
  Leg *leg = data;
  g_autoptr (GTask) task = g_object_ref (leg->task);
  g_autoptr (GError) error = NULL;
  Sending *sending = g_task_get_task_data (task);
  GPtrArray *ids = leg->page->connection_ids;
  g_autoptr (DwPosted) posted = dw_gateway_post_finish (DW_GATEWAY (source), result, &error);

  sending->legs--;
  if (posted != NULL)
    {
      prune (sending, leg->page, posted->gone);
      if (posted->done < ids->len)
        tear (sending, leg->number, posted->done > 0 ? g_ptr_array_index (ids, posted->done - 1) : leg->start_key);
    }
  else if (sending->error == NULL)
    sending->error = g_steal_pointer (&error);
  leg_free (leg);
  go_on (task);
}

/* Takes ownership of the page. */
static void
post_page (GTask *task, DwRegistryPage *page)
{
  Sending *sending = g_task_get_task_data (task);
  Leg *leg = g_new0 (Leg, 1);

  leg->task = g_object_ref (task);
  leg->page = page;
  leg->start_key = g_steal_pointer (&sending->next_key);
  leg->number = sending->pages++;
  sending->legs++;
  sending->next_key = g_strdup (page->last_key);
  sending->scanned = page->last_key == NULL;
  dw_gateway_post_async (sending->gateway, page->connection_ids, page->endpoints, sending->broadcast,
                         g_task_get_cancellable (task), on_posted, leg);
}

static void
on_scanned (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  Sending *sending = g_task_get_task_data (task);
  DwRegistryPage *page = dw_registry_scan_finish (DW_REGISTRY (source), result, &error);

  sending->scanning = FALSE;
  if (page != NULL)
    post_page (task, page);
  else if (g_error_matches (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE))
    tear (sending, sending->pages, sending->next_key);
  else if (sending->error == NULL)
    sending->error = g_steal_pointer (&error);
  go_on (task);
}

static void
finish (GTask *task)
{
  Sending *sending = g_task_get_task_data (task);
  DwResponse *response;

  if (sending->error == NULL && sending->torn && sending->rest == NULL)
    sending->error = g_error_new_literal (DW_BACKEND_ERROR, DW_BACKEND_ERROR_DEADLINE,
                                          "the time was over before anything was sent");
  if (sending->error != NULL)
    {
      fail (task, g_steal_pointer (&sending->error));
      return;
    }
  response = dw_response_new (200, "Message sent");
  response->rest = g_steal_pointer (&sending->rest);
  g_task_return_pointer (task, response, (GDestroyNotify) dw_response_free);
}

/* Reads the next page while earlier ones are being posted. */
static void
go_on (GTask *task)
{
  Sending *sending = g_task_get_task_data (task);
  gboolean over = sending->scanned || sending->torn || sending->error != NULL;

  if (sending->scanning)
    return;
  if (over && sending->legs == 0)
    finish (task);
  else if (!over && sending->legs < PAGES_AT_ONCE)
    {
      sending->scanning = TRUE;
      dw_registry_scan_async (sending->registry, sending->next_key, g_task_get_cancellable (task), on_scanned,
                              g_object_ref (task));
    }
}

static void
on_echoed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (DwPosted) posted G_GNUC_UNUSED = dw_gateway_post_finish (DW_GATEWAY (source), result, NULL);

  g_task_return_pointer (task, dw_response_new (200, "Message sent"), (GDestroyNotify) dw_response_free);
}

/* A client that missed the echo sends the message again. Everybody else has it already, so only the sender gets it.
 * */
static void
echo (GTask *task)
{
  Sending *sending = g_task_get_task_data (task);
  g_autoptr (GPtrArray) to = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (to, g_strdup (sending->sender));
  dw_gateway_post_async (sending->gateway, to, NULL, sending->broadcast, g_task_get_cancellable (task), on_echoed,
                         task);
}

static void
on_claimed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  gboolean fresh;

  if (!dw_registry_claim_finish (DW_REGISTRY (source), result, &fresh, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (fresh)
    go_on (task);
  else
    echo (g_steal_pointer (&task));
}

/**
 * dw_send_message_handler:
 * @registry: where connection IDs live
 * @gateway: how to reach connections
 * @event: a message whose body is `{"action":…,"message":…}`, perhaps with `sender` and `id`
 * @cancellable: (nullable): to stop it
 * @callback: called with a result for dw_handler_finish()
 * @data: for @callback
 *
 * Broadcasts the message to every connection, the sender's included, and removes gone connections from the table. If
 * the time runs out before everybody was tried, the response says where another run continues; that run gets it as
 * the event's start key. A message whose `id` was seen within the last ten minutes goes only to its sender. An id
 * that dw_message_id_is_valid() refuses is ignored. A body without a message fails the handler, which the client sees
 * as "Internal server error".
 */
void
dw_send_message_handler (DwRegistry *registry,
                         DwGateway *gateway,
                         const DwEvent *event,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data)
{
  g_autoptr (GTask) task = g_task_new (registry, cancellable, callback, data);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root =
      event->body != NULL ? dw_json_parse (parser, event->body, (gssize) event->body_length, NULL) : NULL;
  JsonObject *frame = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  Sending *sending;

  g_task_set_source_tag (task, dw_send_message_handler);
  if (frame == NULL || !json_object_has_member (frame, "message"))
    {
      g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT, "the frame has no “message”");
      return;
    }
  sending = g_new0 (Sending, 1);
  sending->registry = g_object_ref (registry);
  sending->gateway = g_object_ref (gateway);
  sending->broadcast = write_broadcast (frame, event->request_time);
  g_task_set_task_data (task, sending, (GDestroyNotify) sending_free);
  /* json-glib writes some characters longer than they came. What no client may receive is not sent to any. */
  if (strlen (sending->broadcast) > DW_LIMIT_MESSAGE_BYTES)
    {
      g_task_return_new_error (task, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT, "the broadcast would be too large");
      return;
    }
  sending->accepted = event->request_time / 1000;
  sending->sender = g_strdup (event->caller->connection_id);
  /* Who began this broadcast holds the claim; some have the message already. */
  if (event->start_key == NULL)
    sending->id = g_strdup (id_member (frame));
  sending->next_key = g_strdup (event->start_key);
  if (sending->id != NULL)
    dw_registry_claim_async (registry, sending->id, sending->accepted, cancellable, on_claimed,
                             g_steal_pointer (&task));
  else
    go_on (task);
}
