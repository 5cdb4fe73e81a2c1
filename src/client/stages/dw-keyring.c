/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-keyring.h"

#include "client/dw-client-error.h"

#include "wire/dw-json.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <libsecret/secret.h>
#include <string.h>

/**
 * SECTION:dw-keyring
 *
 * What is secret of a stage, in the person's keyring: one item a stage, with its whole addresses, its headers and
 * its subprotocols as JSON. Nothing here waits: a keyring can be locked, and ask the person.
 */

static const SecretSchema schema = {
  .name = "io.github.dynamowave.Chat.Stage",
  .flags = SECRET_SCHEMA_NONE,
  .attributes = { { "stage", SECRET_SCHEMA_ATTRIBUTE_STRING }, { NULL, 0 } },
};

/* The largest item that is read, in bytes; we write none of that size. */
#define MOST_BYTES (256 * 1024)

static void
add_urls (JsonBuilder *builder, DwStage *stage)
{
  json_builder_set_member_name (builder, "urls");
  json_builder_begin_array (builder);
  for (guint i = 0; i < dw_stage_get_n_urls (stage); i++)
    json_builder_add_string_value (builder, dw_stage_url_get_text (dw_stage_get_url (stage, i)));
  json_builder_end_array (builder);
}

static void
add_headers (JsonBuilder *builder, GHashTable *headers)
{
  GHashTableIter iter;
  gpointer name, value;

  json_builder_set_member_name (builder, "headers");
  json_builder_begin_object (builder);
  if (headers != NULL)
    {
      g_hash_table_iter_init (&iter, headers);
      while (g_hash_table_iter_next (&iter, &name, &value))
        {
          json_builder_set_member_name (builder, name);
          json_builder_add_string_value (builder, value);
        }
    }
  json_builder_end_object (builder);
}

static char *
write_secret (DwStage *stage)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  char **protocols = dw_stage_get_protocols (stage);

  json_builder_begin_object (builder);
  add_urls (builder, stage);
  add_headers (builder, dw_stage_get_headers (stage));
  json_builder_set_member_name (builder, "protocols");
  json_builder_begin_array (builder);
  for (guint i = 0; protocols != NULL && protocols[i] != NULL; i++)
    json_builder_add_string_value (builder, protocols[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static JsonArray *
array_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static const char *
string_element (JsonArray *array, guint index)
{
  JsonNode *node = json_array_get_element (array, index);

  return JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

static void
read_headers (DwStage *stage, JsonObject *object)
{
  g_autoptr (GHashTable) headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  JsonNode *node = json_object_get_member (object, "headers");
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  json_object_iter_init (&iter, json_node_get_object (node));
  while (json_object_iter_next (&iter, &name, &value))
    if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_string (value) != NULL)
      g_hash_table_insert (headers, g_strdup (name), json_node_dup_string (value));
  if (g_hash_table_size (headers) > 0)
    dw_stage_set_headers (stage, headers);
}

static void
read_protocols (DwStage *stage, JsonArray *array)
{
  g_autoptr (GStrvBuilder) protocols = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    if (string_element (array, i) != NULL)
      g_strv_builder_add (protocols, string_element (array, i));
  all = g_strv_builder_end (protocols);
  if (all[0] != NULL)
    dw_stage_set_protocols (stage, all);
}

/* An address may have been edited since: a query is taken only for the address it was saved with. */
static void
read_urls (DwStage *stage, JsonArray *array)
{
  for (guint i = 0; array != NULL && i < json_array_get_length (array) && i < dw_stage_get_n_urls (stage); i++)
    {
      const char *text = string_element (array, i);
      g_autoptr (DwStageUrl) url = text != NULL ? dw_stage_url_parse (text, NULL) : NULL;
      g_autofree char *plain = url != NULL ? dw_stage_url_dup_plain (url) : NULL;
      g_autofree char *own = dw_stage_url_dup_plain (dw_stage_get_url (stage, i));

      if (g_strcmp0 (plain, own) == 0)
        dw_stage_set_url (stage, i, url);
    }
}

static gboolean
read_secret (DwStage *stage, const char *secret)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = strlen (secret) <= MOST_BYTES ? dw_json_parse (parser, secret, -1, NULL) : NULL;
  JsonObject *object;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return FALSE;

  object = json_node_get_object (root);
  read_urls (stage, array_member (object, "urls"));
  read_headers (stage, object);
  read_protocols (stage, array_member (object, "protocols"));
  return TRUE;
}

/* One sentence is enough for people. */
static void
set_no_answer (GError **error)
{
  g_set_error_literal (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_KEYRING, _ ("The keyring isn’t responding."));
}

static void
return_no_answer (GTask *task, GError *problem)
{
  GError *error = NULL;

  /* The keyring's own words name services and paths, never a secret. */
  g_debug ("Keyring: %s", problem != NULL ? problem->message : "nothing found");
  g_clear_error (&problem);

  set_no_answer (&error);
  g_task_return_error (task, error);
}

/* libsecret 0.20 never answers where the keyring dies while it asks the person (measured). So a question watches the
 * keyring's name on the bus, and is answered a moment after the name is gone. */
typedef struct
{
  GTask *task; /* (unowned): until it has returned */
  guint watch;
  guint timer;
  gboolean seen;
} Question;

static void
question_end (Question *question)
{
  question->task = NULL;
  g_clear_handle_id (&question->timer, g_source_remove);
  g_clear_handle_id (&question->watch, g_bus_unwatch_name);
}

static gboolean
on_no_answer (gpointer data)
{
  Question *question = data;
  GTask *task = question->task;

  question->timer = 0;
  question_end (question);
  return_no_answer (task, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_keyring_there (GDBusConnection *bus, const char *name, const char *owner, gpointer data)
{
  ((Question *) data)->seen = TRUE;
}

static void
on_keyring_gone (GDBusConnection *bus, const char *name, gpointer data)
{
  Question *question = data;

  /* A keyring that was not there yet may be about to start. */
  if (question->seen && question->timer == 0)
    question->timer = g_timeout_add (DW_KEYRING_LAST_MS, on_no_answer, question);
}

static GTask *
new_question (DwStage *stage, gpointer tag, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (stage, NULL, callback, data);
  Question *question = g_new0 (Question, 1);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, question, g_free);
  question->task = task;
  question->watch = g_bus_watch_name (G_BUS_TYPE_SESSION, "org.freedesktop.secrets", G_BUS_NAME_WATCHER_FLAGS_NONE,
                                      on_keyring_there, on_keyring_gone, question, NULL);
  return task;
}

static gboolean
is_over (GTask *task)
{
  return ((Question *) g_task_get_task_data (task))->task == NULL;
}

/* libsecret has answered: FALSE where the question was answered without it, since the keyring was gone. */
static gboolean
is_awaited (GTask *task)
{
  Question *question = g_task_get_task_data (task);
  gboolean awaited = !is_over (task);

  question_end (question);
  return awaited;
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  gboolean kept = secret_password_store_finish (result, &error);

  if (!is_awaited (task))
    g_clear_error (&error);
  else if (kept)
    g_task_return_boolean (task, TRUE);
  else
    return_no_answer (task, error);
}

/**
 * dw_keyring_save_async:
 * @stage: a stage
 * @callback: called when it is done
 * @data: for @callback
 *
 * Gives what is secret of a stage to the keyring.
 */
void
dw_keyring_save_async (DwStage *stage, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = new_question (stage, dw_keyring_save_async, callback, data);
  g_autofree char *secret = write_secret (stage);
  g_autofree char *name = dw_stage_dup_name (stage);
  /* Translators: how the keyring lists a stage's secret; %s is the stage's name. */
  g_autofree char *label = g_strdup_printf (_ ("DynamoWave Chat: %s"), name);

  secret_password_store (&schema, SECRET_COLLECTION_DEFAULT, label, secret, NULL, on_stored, task, "stage",
                         dw_stage_get_uuid (stage), NULL);
}

/**
 * dw_keyring_save_finish:
 * @stage: a stage
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_KEYRING
 *
 * Returns: whether the keyring has it
 */
gboolean
dw_keyring_save_finish (DwStage *stage, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stage), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  char *secret = secret_password_lookup_finish (result, &error);

  if (!is_awaited (task))
    {
      g_clear_error (&error);
      secret_password_free (secret);
    }
  else if (secret != NULL)
    g_task_return_pointer (task, secret, (GDestroyNotify) secret_password_free);
  else
    return_no_answer (task, error);
}

/**
 * dw_keyring_load_async:
 * @stage: a stage
 * @callback: called when it is done, which can take as long as a person takes to unlock a keyring
 * @data: for @callback
 *
 * Asks the keyring for what is secret of a stage.
 */
void
dw_keyring_load_async (DwStage *stage, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = new_question (stage, dw_keyring_load_async, callback, data);

  secret_password_lookup (&schema, NULL, on_found, task, "stage", dw_stage_get_uuid (stage), NULL);
}

/**
 * dw_keyring_load_finish:
 * @stage: a stage
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_KEYRING
 *
 * Puts what was found into the stage. Whoever does not want it any more does not call this.
 *
 * Returns: whether the stage has its secret now
 */
gboolean
dw_keyring_load_finish (DwStage *stage, GAsyncResult *result, GError **error)
{
  char *secret;
  gboolean readable;

  g_return_val_if_fail (g_task_is_valid (result, stage), FALSE);

  secret = g_task_propagate_pointer (G_TASK (result), error);
  if (secret == NULL)
    return FALSE;

  readable = read_secret (stage, secret);
  secret_password_free (secret);
  if (!readable)
    set_no_answer (error);
  return readable;
}

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  gboolean forgotten = secret_password_clear_finish (result, &error);

  if (!is_awaited (task))
    g_clear_error (&error);
  else if (forgotten)
    g_task_return_boolean (task, TRUE);
  else
    return_no_answer (task, error);
}

static gboolean
is_locked (GList *items)
{
  for (GList *at = items; at != NULL; at = at->next)
    if (SECRET_IS_ITEM (at->data) && secret_item_get_locked (at->data))
      return TRUE;
  return FALSE;
}

/* Not before here: libsecret deletes nothing that is locked, and says no word of it. */
static void
on_unlocked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  DwStage *stage = g_task_get_source_object (task);
  GError *error = NULL;
  GList *items = secret_password_search_finish (result, &error);

  if (items != NULL && error == NULL && !is_locked (items) && !is_over (task))
    secret_password_clear (&schema, NULL, on_forgotten, g_steal_pointer (&task), "stage", dw_stage_get_uuid (stage),
                           NULL);
  else if (!is_awaited (task))
    g_clear_error (&error);
  else if (items == NULL && error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    return_no_answer (task, error);
  g_list_free_full (items, g_object_unref);
}

/**
 * dw_keyring_forget_async:
 * @stage: a stage
 * @callback: called when it is done
 * @data: for @callback
 *
 * Has the keyring forget what is secret of a stage. One that is locked asks the person.
 */
void
dw_keyring_forget_async (DwStage *stage, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = new_question (stage, dw_keyring_forget_async, callback, data);

  secret_password_search (&schema, SECRET_SEARCH_ALL | SECRET_SEARCH_UNLOCK, NULL, on_unlocked, task, "stage",
                          dw_stage_get_uuid (stage), NULL);
}

/**
 * dw_keyring_forget_finish:
 * @stage: a stage
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_KEYRING
 *
 * Returns: whether the keyring has nothing of it any more
 */
gboolean
dw_keyring_forget_finish (DwStage *stage, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stage), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_forgotten_sync (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
on_deadline (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

/**
 * dw_keyring_forget_sync:
 * @stage: a stage
 *
 * As dw_keyring_forget_async(), for a program that is about to end: it returns when the keyring has answered, or after
 * %DW_KEYRING_LAST_MS. Nothing else of the program runs meanwhile.
 */
void
dw_keyring_forget_sync (DwStage *stage)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) deadline = g_timeout_source_new (DW_KEYRING_LAST_MS);
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (context);
  g_source_set_callback (deadline, on_deadline, cancellable, NULL);
  g_source_attach (deadline, context);
  secret_password_clear (&schema, cancellable, on_forgotten_sync, &answer, "stage", dw_stage_get_uuid (stage),
                         NULL);
  while (answer == NULL)
    g_main_context_iteration (context, TRUE);

  secret_password_clear_finish (answer, &error);
  if (error != NULL)
    g_debug ("Keyring: %s", error->message);
  g_main_context_pop_thread_default (context);
}
