/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stage's secrets, saved in a fake keyring that can be locked, refuse, die or stay silent. */
#include "dw-fake-keyring.h"
#include "dw-test.h"

#include "client/dw-client-error.h"
#include "client/stages/dw-keyring.h"

#include <string.h>

static DwStage *
stage_of (const char *address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, &error);

  g_assert_no_error (error);
  return dw_stage_new (url);
}

/* The same stage as the store restores it: without its secrets. */
static DwStage *
plain_of (DwStage *stage)
{
  DwStage *plain = NULL;

  for (guint i = 0; i < dw_stage_get_n_urls (stage); i++)
    {
      g_autofree char *text = dw_stage_url_dup_plain (dw_stage_get_url (stage, i));
      g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, NULL);

      if (plain == NULL)
        plain = dw_stage_new (url);
      else
        dw_stage_add_url (plain, url);
    }
  dw_stage_set_uuid (plain, dw_stage_get_uuid (stage));
  return plain;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

/* The error must be NULL on success and have a message otherwise. */
static gboolean
save (DwStage *stage)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean kept;

  dw_keyring_save_async (stage, on_done, &result);
  dw_test_until ("the keyring", is_set, &result);
  kept = dw_keyring_save_finish (stage, result, &error);
  if (kept)
    g_assert_no_error (error);
  else
    g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_KEYRING);
  return kept;
}

static gboolean
load (DwStage *stage)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean found;

  dw_keyring_load_async (stage, on_done, &result);
  dw_test_until ("the keyring", is_set, &result);
  found = dw_keyring_load_finish (stage, result, &error);
  if (found)
    g_assert_no_error (error);
  else
    g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_KEYRING);
  return found;
}

static gboolean
forget (DwStage *stage)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean forgotten;

  dw_keyring_forget_async (stage, on_done, &result);
  dw_test_until ("the keyring", is_set, &result);
  forgotten = dw_keyring_forget_finish (stage, result, &error);
  if (forgotten)
    g_assert_no_error (error);
  else
    g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_KEYRING);
  return forgotten;
}

static void
set_header (DwStage *stage, const char *name, const char *value)
{
  g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (headers, (gpointer) name, (gpointer) value);
  dw_stage_set_headers (stage, headers);
}

/* Every way of authenticating is restored completely; otherwise the next start could not connect. */
static void
test_round (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwStage) query = stage_of ("wss://h.example/prod?token=S3CR3T%2F");
  g_autoptr (DwStage) header = stage_of ("wss://h.example/prod");
  g_autoptr (DwStage) protocol = stage_of ("wss://h.example/prod");
  g_autoptr (DwStageUrl) second = dw_stage_url_parse ("wss://i.example/dev?k=v", NULL);
  char *protocols[] = { (char *) "chat.v1", (char *) "token-é", NULL };
  g_autoptr (DwStage) query_back = NULL, header_back = NULL, protocol_back = NULL;
  g_autofree char *label = NULL;

  dw_stage_add_url (query, second);
  dw_stage_set_name (query, "Team");
  set_header (header, "x-api-key", "a \"b\" \\ c");
  dw_stage_set_protocols (protocol, protocols);
  g_assert_true (save (query));
  g_assert_true (save (header));
  g_assert_true (save (protocol));
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 3);
  label = dw_fake_keyring_dup_label (keyring, dw_stage_get_uuid (query));
  g_assert_cmpstr (label, ==, "DynamoWave Chat: Team");

  query_back = plain_of (query);
  g_assert_true (load (query_back));
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (query_back, 0)), ==,
                   "wss://h.example/prod?token=S3CR3T%2F");
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (query_back, 1)), ==, "wss://i.example/dev?k=v");
  g_assert_null (dw_stage_get_headers (query_back));
  g_assert_null (dw_stage_get_protocols (query_back));

  header_back = plain_of (header);
  g_assert_true (load (header_back));
  g_assert_cmpuint (g_hash_table_size (dw_stage_get_headers (header_back)), ==, 1);
  g_assert_cmpstr (g_hash_table_lookup (dw_stage_get_headers (header_back), "x-api-key"), ==, "a \"b\" \\ c");

  protocol_back = plain_of (protocol);
  g_assert_true (load (protocol_back));
  g_assert_cmpuint (g_strv_length (dw_stage_get_protocols (protocol_back)), ==, 2);
  g_assert_cmpstr (dw_stage_get_protocols (protocol_back)[0], ==, "chat.v1");
  g_assert_cmpstr (dw_stage_get_protocols (protocol_back)[1], ==, "token-é");
}

/* There is one secret a stage, the newest. */
static void
test_again (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=old");
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://h.example/prod?token=new", NULL);
  g_autoptr (DwStage) back = NULL;

  g_assert_true (save (stage));
  dw_stage_set_url (stage, 0, url);
  g_assert_true (save (stage));
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 1);
  back = plain_of (stage);
  g_assert_true (load (back));
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (back, 0)), ==, "wss://h.example/prod?token=new");
}

/* Another stage's secret is not returned, and an unknown stage has none. */
static void
test_missing (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");
  g_autoptr (DwStage) other = stage_of ("wss://h.example/prod");

  g_assert_true (save (stage));
  g_assert_false (load (other));
  g_assert_false (dw_stage_url_has_query (dw_stage_get_url (other, 0)));
}

/* If a stage's address was edited, a secret for another host is not used; neither is malformed data. */
static void
test_hostile (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  static const struct
  {
    const char *secret;
    gboolean found;
  } rows[] = {
    { "", FALSE },
    { "no json", FALSE },
    { "[1]", FALSE },
    { "{\"urls\":[\"wss://evil.example/prod?token=1\"]}", TRUE },
    { "{\"urls\":[\"nonsense\",2,null,\"wss://a.example/\",\"wss://b.example/\"]}", TRUE },
    { "{\"urls\":{},\"headers\":[],\"protocols\":\"x\"}", TRUE },
    { "{\"urls\":[[]],\"headers\":{\"a\":1,\"b\":null,\"c\":{}},\"protocols\":[1,null,{}]}", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod");

      g_test_message ("row %u", i);
      dw_fake_keyring_put (keyring, dw_stage_get_uuid (stage), rows[i].secret);
      g_assert_cmpint (load (stage), ==, rows[i].found);
      g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (stage, 0)), ==, "wss://h.example/prod");
      g_assert_null (dw_stage_get_headers (stage));
      g_assert_null (dw_stage_get_protocols (stage));
    }
  /* At most 256 KiB are read. */
  for (guint extra = 0; extra < 2; extra++)
    {
      g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod");
      g_autofree char *fill = g_strnfill (256 * 1024 + extra - strlen ("{\"headers\":{\"x\":\"\"}}"), 'a');
      g_autofree char *secret = g_strdup_printf ("{\"headers\":{\"x\":\"%s\"}}", fill);

      dw_fake_keyring_put (keyring, dw_stage_get_uuid (stage), secret);
      g_assert_cmpint (load (stage), ==, extra == 0);
    }
}

/* A locked keyring prompts the user, and once unlocked delivers the secret. */
static void
test_unlocked (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");
  g_autoptr (DwStage) back = plain_of (stage);

  dw_fake_keyring_lock (keyring, TRUE);
  g_assert_true (save (stage));
  dw_fake_keyring_lock (keyring, TRUE);
  g_assert_true (load (back));
  g_assert_cmpuint (dw_fake_keyring_get_n_calls (keyring, "Prompt"), ==, 2);
  g_assert_true (dw_stage_url_has_query (dw_stage_get_url (back, 0)));
}

/* If the user dismisses the prompt there is no secret, there is no second prompt, and nothing is lost. */
static void
test_dismissed (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");
  g_autoptr (DwStage) other = stage_of ("wss://i.example/prod?token=2");
  g_autoptr (DwStage) back = plain_of (stage);
  g_autofree char *secret = NULL;

  g_assert_true (save (stage));
  dw_fake_keyring_lock (keyring, FALSE);
  g_assert_false (load (back));
  g_assert_false (dw_stage_url_has_query (dw_stage_get_url (back, 0)));
  g_assert_cmpuint (dw_fake_keyring_get_n_calls (keyring, "Prompt"), ==, 1);
  g_assert_false (save (other));
  g_assert_false (forget (stage));
  secret = dw_fake_keyring_dup_secret (keyring, dw_stage_get_uuid (stage));
  g_assert_nonnull (secret);
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 1);
}

/* Removing a stage deletes its token from the keyring, and no other. */
static void
test_forget (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");
  g_autoptr (DwStage) other = stage_of ("wss://h.example/prod?token=2");
  g_autoptr (DwStage) third = stage_of ("wss://h.example/prod?token=3");
  g_autofree char *left = NULL;

  g_assert_true (save (stage) && save (other) && save (third));
  g_assert_true (forget (stage));
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 2);
  dw_keyring_forget_sync (third);
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 1);
  left = dw_fake_keyring_dup_secret (keyring, dw_stage_get_uuid (other));
  g_assert_nonnull (left);
}

/* libsecret 0.20 completes its task twice if an item cannot be deleted, and never if a prompt dies. It logs criticals
 * about that, so these cases come last. */
static void
allow_criticals (void)
{
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
}

/* A keyring that refuses to delete breaks neither the program nor its exit. */
static void
test_refused_delete (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");

  g_assert_true (save (stage));
  dw_fake_keyring_set_refuses (keyring, "Delete");
  allow_criticals ();
  g_assert_false (forget (stage));
  dw_keyring_forget_sync (stage);
  g_assert_cmpuint (dw_fake_keyring_get_n_calls (keyring, "Delete"), ==, 2);
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 1);
}

/* The program's exit waits for a silent keyring, but not forever. */
static void
test_silent (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");
  gint64 began;

  g_assert_true (save (stage));
  dw_fake_keyring_set_silent_at (keyring, "SearchItems");
  began = g_get_monotonic_time ();
  dw_keyring_forget_sync (stage);
  g_assert_cmpint ((g_get_monotonic_time () - began) / 1000, >=, DW_KEYRING_LAST_MS);
  g_assert_cmpint ((g_get_monotonic_time () - began) / 1000, <, DW_KEYRING_LAST_MS + 5000);
}

static void
count_critical (const char *domain, GLogLevelFlags level, const char *words, gpointer data)
{
  (*(guint *) data)++;
}

/* A keyring that dies in the middle counts as one that does not answer, and its successor is used. */
static void
test_dies (void)
{
  static const struct
  {
    const char *method;
    gboolean saving;
  } rows[] = {
    { "SearchItems", FALSE }, { "GetSecrets", FALSE }, { "Unlock", FALSE },
    { "Prompt", FALSE },      { "CreateItem", TRUE },  { "Unlock", TRUE },
  };
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");
  guint criticals = 0;
  guint handler;

  allow_criticals ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwFakeKeyring) dying = dw_fake_keyring_new ();
      g_autoptr (DwStage) back = plain_of (stage);

      g_test_message ("%s", rows[i].method);
      g_assert_true (save (stage));
      dw_fake_keyring_set_dies_at (dying, rows[i].method);
      if (g_str_equal (rows[i].method, "Unlock") || g_str_equal (rows[i].method, "Prompt"))
        dw_fake_keyring_lock (dying, TRUE);
      g_assert_false (rows[i].saving ? save (stage) : load (back));
      g_assert_cmpuint (dw_fake_keyring_get_n_calls (dying, rows[i].method), ==, 1 + (rows[i].saving && i == 4));
    }

  /* A caller that was told there is no answer is not called again when the next keyring comes and goes. */
  handler = g_log_set_handler ("GLib-GIO", G_LOG_LEVEL_CRITICAL, count_critical, &criticals);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DwFakeKeyring) next = dw_fake_keyring_new ();

      dw_test_run_for (50);
      g_clear_pointer (&next, dw_fake_keyring_free);
      dw_test_run_for (DW_KEYRING_LAST_MS + 200);
    }
  g_log_remove_handler ("GLib-GIO", handler);
  g_assert_cmpuint (criticals, ==, 0);
}

/* On a desktop without a keyring every call completes with an error. */
static void
test_none (void)
{
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");

  g_assert_false (save (stage));
  g_assert_false (load (stage));
  dw_keyring_forget_sync (stage);
  g_assert_true (dw_stage_url_has_query (dw_stage_get_url (stage, 0)));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/keyring/none", test_none);
  g_test_add_func ("/client/keyring/round", test_round);
  g_test_add_func ("/client/keyring/again", test_again);
  g_test_add_func ("/client/keyring/missing", test_missing);
  g_test_add_func ("/client/keyring/hostile", test_hostile);
  g_test_add_func ("/client/keyring/unlocked", test_unlocked);
  g_test_add_func ("/client/keyring/dismissed", test_dismissed);
  g_test_add_func ("/client/keyring/forget", test_forget);
  g_test_add_func ("/client/keyring/silent", test_silent);
  g_test_add_func ("/client/keyring/refused-delete", test_refused_delete);
  g_test_add_func ("/client/keyring/dies", test_dies);
  return g_test_run ();
}
