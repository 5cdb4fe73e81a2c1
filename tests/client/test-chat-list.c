/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saved stages and their chats, with local peers, a store in a file and a fake keyring: editing, removing, undoing the
 * removal, forgetting, and what the next start restores. */
#include "dw-fake-keyring.h"
#include "dw-mirror.h"
#include "dw-session-fixture.h"
#include "dw-archive.h"

#include "client/dw-chat-list.h"
#include "client/dw-client-error.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  Archive archive;
  DwChatList *list;
  guint loaded;
  gboolean forgets;       /* stages keep no history: messages are held in memory only */
  DwFakeKeyring *keyring; /* (unowned), for checks that inspect it */
} Home;

static void
on_loaded (Home *home)
{
  home->loaded++;
}

static gboolean
is_loaded (gpointer list)
{
  return dw_chat_list_is_loaded (list);
}

static void
home_start (Home *home)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autoptr (DwStore) history = NULL;

  if (home->archive.store == NULL)
    home->archive.store = dw_store_new (home->archive.path);
  history = home->forgets ? dw_store_new (NULL) : g_object_ref (home->archive.store);
  home->list = dw_chat_list_new (home->archive.store, history, policy, NULL);
  home->loaded = 0;
  g_signal_connect_swapped (home->list, "loaded", G_CALLBACK (on_loaded), home);
  dw_chat_list_load (home->list);
}

static void
home_end (Home *home)
{
  dw_chat_list_close (home->list, TRUE);
  dw_test_finalize (g_steal_pointer (&home->list));
  g_clear_object (&home->archive.store);
}

static void
home_init (Home *home)
{
  archive_init (&home->archive);
  home_start (home);
  dw_test_until ("the list", is_loaded, home->list);
}

static void
home_restart (Home *home)
{
  home_end (home);
  home_start (home);
  dw_test_until ("the list", is_loaded, home->list);
  g_assert_cmpuint (home->loaded, ==, 1);
}

static void
home_clear (Home *home)
{
  if (home->list != NULL)
    home_end (home);
  archive_clear (&home->archive);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Home, home_clear)

static DwStage *
stage_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, &error);

  g_assert_no_error (error);
  return dw_stage_new (url);
}

static DwStage *
stage_at (DwRawPeer *peer, const char *suffix)
{
  g_autofree char *url = dw_raw_peer_dup_url (peer);
  g_autofree char *whole = g_strconcat (url, suffix, NULL);

  return stage_of (whole);
}

static DwChat *
open_at (Home *home, DwRawPeer *peer, const char *suffix)
{
  g_autoptr (DwStage) stage = stage_at (peer, suffix);
  g_autoptr (GError) error = NULL;
  DwChat *chat = dw_chat_list_open (home->list, stage, &error);

  g_assert_no_error (error);
  return chat;
}

static DwSessionState
state_of (DwChat *chat)
{
  return dw_session_get_status (dw_chat_get_session (chat))->state;
}

static gboolean
is_online (gpointer chat)
{
  return state_of (chat) == DW_SESSION_ONLINE;
}

static gboolean
is_offline (gpointer chat)
{
  return state_of (chat) == DW_SESSION_OFFLINE;
}

static DwChat *
chat_at (Home *home, guint position)
{
  g_autoptr (DwChat) chat = g_list_model_get_item (G_LIST_MODEL (home->list), position);

  return chat;
}

static guint
count (Home *home)
{
  return g_list_model_get_n_items (G_LIST_MODEL (home->list));
}

static char *
name_of_chat (gpointer item)
{
  return g_strdup (dw_stage_get_uuid (dw_chat_get_stage (item)));
}

static char *
name_of_stage (gpointer item)
{
  return g_strdup (dw_stage_get_uuid (item));
}

/* A stage that was connected is connected at the next start; one that was left offline stays offline. */
static void
test_next_start (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (DwRawPeer) other = dw_raw_peer_new (NULL);
  g_auto (Home) home = { 0 };
  DwChat *chat, *left;
  guint attempts;

  home_init (&home);
  chat = open_at (&home, peer, "");
  left = open_at (&home, other, "");
  dw_test_until ("online", is_online, chat);
  dw_test_until ("online", is_online, left);
  dw_chat_disconnect (left);
  attempts = dw_raw_peer_get_attempts (other);
  home_restart (&home);
  g_assert_cmpuint (count (&home), ==, 2);
  dw_test_until ("online at the next start", is_online, chat_at (&home, 0));
  dw_test_run_for (50);
  g_assert_cmpint (state_of (chat_at (&home, 1)), ==, DW_SESSION_OFFLINE);
  g_assert_cmpuint (dw_raw_peer_get_attempts (other), ==, attempts);
  dw_chat_list_connect (home.list, chat_at (&home, 1));
  g_assert_true (dw_stage_is_online (dw_chat_get_stage (chat_at (&home, 1))));
  dw_test_until ("online", is_online, chat_at (&home, 1));
}

/* A draft survives a restart, unless the stage keeps no history. */
static void
test_drafts (void)
{
  for (guint forgets = 0; forgets < 2; forgets++)
    {
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_auto (Home) home = { .forgets = forgets != 0 };
      const char *draft;

      home_init (&home);
      dw_stage_set_draft (dw_chat_get_stage (open_at (&home, peer, "")), "half a sen");
      home_restart (&home);
      g_assert_cmpuint (count (&home), ==, 1);
      draft = dw_stage_get_draft (dw_chat_get_stage (chat_at (&home, 0)));
      g_assert_cmpstr (draft != NULL ? draft : "", ==, forgets ? "" : "half a sen");
    }
}

/* An address is opened only once. Before the stages are loaded, opening one fails with an error. */
static void
test_open (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (DwStage) early = stage_at (peer, "");
  g_auto (Home) home = { 0 };
  g_autoptr (GError) error = NULL;
  DwChat *chat;

  archive_init (&home.archive);
  home_start (&home);
  g_assert_false (dw_chat_list_is_loaded (home.list));
  g_assert_null (dw_chat_list_open (home.list, early, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_STORE_LATE);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, 0);
  dw_test_until ("the list", is_loaded, home.list);
  chat = open_at (&home, peer, "");
  dw_chat_disconnect (chat);
  g_assert_true (open_at (&home, peer, "") == chat);
  g_assert_cmpuint (count (&home), ==, 1);
  dw_test_until ("online again", is_online, chat);
  g_assert_true (dw_chat_list_find (home.list, dw_stage_get_uuid (dw_chat_get_stage (chat))) == chat);
  g_assert_null (dw_chat_list_find (home.list, "nobody"));
}

/* A stage beyond the limit is refused with an error. */
static void
test_too_many (void)
{
  g_auto (Home) home = { 0 };

  home_init (&home);
  for (guint i = 0; i <= DW_STORE_STAGES; i++)
    {
      g_autofree char *text = g_strdup_printf ("ws://127.0.0.1:1/s%u", i);
      g_autoptr (DwStage) stage = stage_of (text);
      g_autoptr (GError) error = NULL;
      DwChat *chat = dw_chat_list_open (home.list, stage, &error);

      if (i < DW_STORE_STAGES)
        dw_chat_disconnect (chat);
      else
        {
          g_assert_null (chat);
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
        }
    }
  g_assert_cmpuint (count (&home), ==, DW_STORE_STAGES);
  home_restart (&home);
  g_assert_cmpuint (count (&home), ==, DW_STORE_STAGES);
}

static gboolean
has_none_open (gpointer peer)
{
  return dw_raw_peer_get_open (peer) == 0;
}

static gboolean
was_asked (gpointer peer)
{
  return dw_raw_peer_get_attempts (peer) > 0;
}

/* After an edit the very next request uses the new settings, the old connection is closed, and the history stays. */
static void
test_edit (void)
{
  g_autoptr (DwRawPeer) old = dw_raw_peer_new (NULL);
  g_autoptr (DwRawPeer) new = dw_raw_peer_new (NULL);
  g_autoptr (DwStage) wanted = stage_at (new, "");
  g_autoptr (DwStage) name_alone = NULL;
  g_autoptr (DwStage) taken = NULL;
  g_auto (Home) home = { 0 };
  g_autoptr (GError) error = NULL;
  DwChat *chat, *other;
  guint attempts;

  home_init (&home);
  chat = open_at (&home, old, "");
  dw_test_until ("online", is_online, chat);
  dw_stage_set_name (wanted, "Moved");
  g_assert_true (dw_chat_list_change (home.list, chat, wanted, &error) == chat);
  g_assert_no_error (error);
  dw_test_until ("the new stage", was_asked, new);
  dw_test_until ("online there", is_online, chat);
  dw_test_until ("the old one to be left", has_none_open, old);
  g_assert_cmpuint (dw_raw_peer_get_attempts (old), ==, 1);
  g_assert_true (dw_session_get_url (dw_chat_get_session (chat)) == dw_stage_get_url (dw_chat_get_stage (chat), 0));
  g_assert_cmpuint (dw_stage_get_n_urls (dw_chat_get_stage (chat)), ==, 1);

  /* Changing only the name does not reconnect. */
  attempts = dw_raw_peer_get_attempts (new);
  name_alone = stage_at (new, "");
  dw_stage_set_name (name_alone, "Renamed");
  g_assert_true (dw_chat_list_change (home.list, chat, name_alone, NULL) == chat);
  dw_test_run_for (50);
  g_assert_cmpuint (dw_raw_peer_get_attempts (new), ==, attempts);
  g_assert_true (is_online (chat));

  /* An edit to another stage's address is refused. */
  other = open_at (&home, old, "");
  taken = stage_at (old, "");
  g_assert_true (other != chat);
  g_assert_null (dw_chat_list_change (home.list, chat, taken, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  home_restart (&home);
  g_assert_cmpstr (dw_stage_get_name (dw_chat_get_stage (chat_at (&home, 0))), ==, "Renamed");
  dw_test_until ("online there", is_online, chat_at (&home, 0));
}

static void
expect_name (Home *home, guint position, const char *wanted)
{
  g_assert_cmpstr (dw_stage_get_name (dw_chat_get_stage (chat_at (home, position))), ==, wanted);
}

/* What a person sees of two stages differs, from the start and after an edit of an address; a name that was chosen
 * stays. */
static void
test_names (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (DwStage) moved = stage_of ("ws://127.0.0.1:1/beta");
  g_autoptr (DwStage) chosen = stage_of ("ws://127.0.0.1:2/prod");
  g_autoptr (DwStage) cleared = stage_of ("ws://127.0.0.1:1/beta");
  g_auto (Home) home = { 0 };
  DwChat *second;

  home_init (&home);
  open_at (&home, peer, "?token=1");
  second = open_at (&home, peer, "?token=2");
  expect_name (&home, 0, "prod (local)");
  expect_name (&home, 1, "prod (local) 2");

  dw_stage_set_name (moved, "prod (local) 2");
  g_assert_true (dw_chat_list_change (home.list, second, moved, NULL) == second);
  expect_name (&home, 1, "beta (local)");
  dw_stage_set_name (chosen, "Mine");
  g_assert_true (dw_chat_list_change (home.list, second, chosen, NULL) == second);
  expect_name (&home, 1, "Mine");
  home_restart (&home);
  expect_name (&home, 0, "prod (local)");
  expect_name (&home, 1, "Mine");

  /* Without the name it chose, the stage gets one again. */
  g_assert_nonnull (dw_chat_list_change (home.list, chat_at (&home, 1), cleared, NULL));
  expect_name (&home, 1, "beta (local)");
}

static gboolean
is_known (gpointer stage)
{
  return dw_stage_get_secret (stage) == DW_STAGE_SECRET_KNOWN;
}

static gboolean
is_missing (gpointer stage)
{
  return dw_stage_get_secret (stage) == DW_STAGE_SECRET_MISSING;
}

static gboolean
is_of_session (gpointer stage)
{
  return dw_stage_get_secret (stage) == DW_STAGE_SECRET_SESSION;
}

static gboolean
has_items (gpointer keyring)
{
  return dw_fake_keyring_get_n_items (keyring) > 0;
}

/* A stage with a token connects with it, at the next start too, and never before the keyring has delivered it. */
static void
test_secret (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_auto (Home) home = { 0 };
  g_autofree char *secret = NULL;
  guint attempts;

  home_init (&home);
  dw_test_until ("online", is_online, open_at (&home, peer, "?token=S3CR3T"));
  dw_test_until ("the keyring to have it", has_items, keyring);
  secret = dw_fake_keyring_dup_secret (keyring, dw_stage_get_uuid (dw_chat_get_stage (chat_at (&home, 0))));
  g_assert_nonnull (strstr (secret, "S3CR3T"));
  attempts = dw_raw_peer_get_attempts (peer);
  dw_fake_keyring_lock (keyring, TRUE);
  home_restart (&home);
  g_assert_cmpint (dw_stage_get_secret (dw_chat_get_stage (chat_at (&home, 0))), ==, DW_STAGE_SECRET_ASKED);
  g_assert_true (is_offline (chat_at (&home, 0)));
  dw_test_until ("the secret", is_known, dw_chat_get_stage (chat_at (&home, 0)));
  dw_test_until ("online", is_online, chat_at (&home, 0));
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, attempts + 1);
  g_assert_nonnull (strstr (dw_raw_peer_get_last_request (peer), "?token=S3CR3T "));
}

/* If the keyring does not deliver the token, the stage is not connected to without it, neither automatically nor by
 * pressing Connect. */
static void
test_secret_missing (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_auto (Home) home = { 0 };
  guint attempts;

  home_init (&home);
  dw_test_until ("online", is_online, open_at (&home, peer, "?token=S3CR3T"));
  dw_test_until ("the keyring to have it", has_items, keyring);
  attempts = dw_raw_peer_get_attempts (peer);
  dw_fake_keyring_lock (keyring, FALSE);
  home_restart (&home);
  dw_test_until ("no secret", is_missing, dw_chat_get_stage (chat_at (&home, 0)));
  dw_chat_list_connect (home.list, chat_at (&home, 0));
  dw_test_run_for (50);
  g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, attempts);
  g_assert_true (is_offline (chat_at (&home, 0)));
  /* The keyring still has it, so it can be unlocked another day. */
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 1);
}

/* On a desktop without a keyring the token is kept until the program ends, and the stage says so. */
static void
test_secret_of_session (void)
{
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_auto (Home) home = { 0 };
  DwStage *stage;

  home_init (&home);
  stage = dw_chat_get_stage (open_at (&home, peer, "?token=S3CR3T"));
  dw_test_until ("online", is_online, chat_at (&home, 0));
  dw_test_until ("the keyring's silence", is_of_session, stage);
}

/* A person who dismisses the keyring's question, or has not answered it yet, is told at once and goes on with the token;
 * and may try again. */
static void
test_secret_not_taken (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_auto (Home) home = { 0 };
      gint64 began = g_get_monotonic_time ();
      DwStage *stage;

      g_test_message ("%s", i == 0 ? "dismissed" : "not answered");
      dw_fake_keyring_lock (keyring, FALSE);
      if (i == 1)
        dw_fake_keyring_set_silent_at (keyring, "Prompt");
      home_init (&home);
      stage = dw_chat_get_stage (open_at (&home, peer, "?token=S3CR3T"));
      dw_test_until ("the keyring not to take it", is_of_session, stage);
      g_assert_cmpint ((g_get_monotonic_time () - began) / 1000, <, DW_SECRETS_PATIENCE_MS + 2000);
      dw_test_until ("online", is_online, chat_at (&home, 0));
      g_assert_nonnull (strstr (dw_raw_peer_get_last_request (peer), "?token=S3CR3T "));
      g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 0);
      if (i == 1)
        continue;

      dw_fake_keyring_lock (keyring, TRUE);
      dw_secrets_keep (dw_chat_list_get_secrets (home.list), stage);
      dw_test_until ("the keyring to have it", has_items, keyring);
      dw_test_until ("no more to be said", is_known, stage);
      /* What was said after a second is not said once it has it. */
      dw_test_run_for (DW_SECRETS_PATIENCE_MS + 200);
      g_assert_true (is_known (stage));
    }
}

static gboolean
has_no_items (gpointer keyring)
{
  return dw_fake_keyring_get_n_items (keyring) == 0;
}

static void
press_connect (Home *home, DwChat *chat)
{
  dw_chat_list_connect (home->list, chat);
}

static void
press_retry (Home *home, DwChat *chat)
{
  dw_session_retry (dw_chat_get_session (chat));
}

/* Pastes the address again, without its token. */
static void
open_again (Home *home, DwChat *chat)
{
  g_autoptr (DwStage) same = dw_stage_new (dw_stage_get_url (dw_chat_get_stage (chat), 0));

  g_assert_true (dw_chat_list_open (home->list, same, NULL) == chat);
}

/* Edits something else of the stage, and does not enter the token. */
static void
edit_dialect (Home *home, DwChat *chat)
{
  g_autoptr (DwStage) wanted = dw_stage_new (dw_stage_get_url (dw_chat_get_stage (chat), 0));
  g_autoptr (DwDialect) dialect = dw_dialect_new_custom ("route", "say", "text", NULL, NULL);

  dw_stage_set_dialect (wanted, dialect);
  g_assert_true (dw_chat_list_change (home->list, chat, wanted, NULL) == chat);
}

static void
remove_and_restore (Home *home, DwChat *chat)
{
  g_autoptr (DwStage) stage = g_object_ref (dw_chat_get_stage (chat));

  dw_chat_list_remove (home->list, chat);
  dw_chat_list_restore (home->list, stage, 0);
}

static void
read_again (Home *home, DwChat *chat)
{
  dw_chat_list_load (home->list);
}

/* Every action that can start a connection respects a token that is pending or missing: the stage is never contacted
 * without it. */
static void
test_no_way_without_secret (void)
{
  static void (*const ways[]) (Home *, DwChat *) = { press_connect, press_retry,        open_again,
                                                     edit_dialect,  remove_and_restore, read_again };

  for (guint answered = 0; answered < 2; answered++)
    {
      g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_auto (Home) home = { 0 };
      guint attempts;

      home_init (&home);
      dw_test_until ("online", is_online, open_at (&home, peer, "?token=S3CR3T"));
      dw_test_until ("the keyring to have it", has_items, keyring);
      attempts = dw_raw_peer_get_attempts (peer);
      if (answered)
        dw_fake_keyring_lock (keyring, FALSE);
      else
        dw_fake_keyring_set_silent_at (keyring, "SearchItems");
      home_restart (&home);
      if (answered)
        dw_test_until ("no secret", is_missing, dw_chat_get_stage (chat_at (&home, 0)));

      for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
        {
          g_test_message ("%s, way %u", answered ? "missing" : "asked", i);
          ways[i](&home, chat_at (&home, 0));
          dw_test_run_for (50);
          g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, attempts);
          g_assert_true (is_offline (chat_at (&home, 0)));
          g_assert_true (dw_stage_lacks_secret (dw_chat_get_stage (chat_at (&home, 0))));
        }
      g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 1);
    }
}

typedef struct
{
  DwStage *stage;
  GString *told;
} Told;

static void
on_secret (Told *told)
{
  g_string_append_printf (told->told, "%u ", dw_stage_get_secret (told->stage));
}

/* A secret that is found is reported once, as found. A stage that was disconnected during the lookup stays
 * disconnected. */
static void
test_secret_found (void)
{
  for (guint disconnects = 0; disconnects < 2; disconnects++)
    {
      g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_auto (Home) home = { 0 };
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree char *known = g_strdup_printf ("%u ", DW_STAGE_SECRET_KNOWN);
      Told told = { NULL, text };
      guint attempts;

      home_init (&home);
      dw_test_until ("online", is_online, open_at (&home, peer, "?token=S3CR3T"));
      dw_test_until ("the keyring to have it", has_items, keyring);
      attempts = dw_raw_peer_get_attempts (peer);
      home_restart (&home);
      told.stage = dw_chat_get_stage (chat_at (&home, 0));
      g_signal_connect_swapped (told.stage, "notify::secret", G_CALLBACK (on_secret), &told);
      if (disconnects)
        dw_chat_disconnect (chat_at (&home, 0));

      dw_test_until ("the secret", is_known, told.stage);
      if (!disconnects)
        dw_test_until ("online", is_online, chat_at (&home, 0));
      dw_test_run_for (50);
      g_assert_cmpstr (text->str, ==, known);
      g_assert_cmpuint (dw_raw_peer_get_attempts (peer), ==, attempts + !disconnects);
      g_signal_handlers_disconnect_by_data (told.stage, &told);
    }
}

static gboolean
gives_items (gpointer keyring)
{
  return dw_fake_keyring_get_n_calls (keyring, "GetSecrets") > 0;
}

static gboolean
has_the_new_one (gpointer data)
{
  Home *home = data;
  g_autofree char *secret =
      dw_fake_keyring_dup_secret (home->keyring, dw_stage_get_uuid (dw_chat_get_stage (chat_at (home, 0))));

  return strstr (secret, "N3W") != NULL && strstr (secret, "0LD") == NULL;
}

/* A token entered while the keyring is still being searched wins, and is saved. */
static void
test_secret_entered_meanwhile (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (DwStage) wanted = stage_at (peer, "?token=N3W");
  g_auto (Home) home = { 0 };

  home_init (&home);
  home.keyring = keyring;
  dw_test_until ("online", is_online, open_at (&home, peer, "?token=0LD"));
  dw_test_until ("the keyring to have it", has_items, keyring);
  home_restart (&home);
  /* The old one is on its way. */
  dw_test_until ("the keyring to be asked", gives_items, keyring);
  g_assert_nonnull (dw_chat_list_change (home.list, chat_at (&home, 0), wanted, NULL));

  dw_test_until ("online", is_online, chat_at (&home, 0));
  dw_test_until ("the keyring to have it", has_the_new_one, &home);
  dw_test_run_for (50);
  g_assert_nonnull (strstr (dw_raw_peer_get_last_request (peer), "?token=N3W "));
  g_assert_true (has_the_new_one (&home));
  g_assert_nonnull (
      strstr (dw_stage_url_get_text (dw_stage_get_url (dw_chat_get_stage (chat_at (&home, 0)), 0)), "N3W"));
}

static gboolean
has_made_items (gpointer keyring)
{
  return dw_fake_keyring_get_n_calls (keyring, "CreateItem") > 0;
}

/* A token that is removed while the keyring is storing it does not stay there. */
static void
test_secret_taken_back (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (DwStage) wanted = stage_at (peer, "");
  g_auto (Home) home = { 0 };
  DwChat *chat;

  home_init (&home);
  chat = open_at (&home, peer, "?token=S3CR3T");
  g_assert_true (dw_chat_list_change (home.list, chat, wanted, NULL) == chat);
  g_assert_cmpint (dw_stage_get_secret (dw_chat_get_stage (chat)), ==, DW_STAGE_SECRET_NONE);
  dw_test_until ("online", is_online, chat);
  dw_test_until ("the keyring to be asked", has_made_items, keyring);
  dw_test_until ("it to be forgotten", has_no_items, keyring);
  dw_test_run_for (50);
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 0);
  g_assert_cmpint (dw_stage_get_secret (dw_chat_get_stage (chat)), ==, DW_STAGE_SECRET_NONE);
}

/* A secret can consist of a header alone. */
static void
test_secret_header (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_autoptr (DwStage) stage = stage_at (peer, "");
  g_autoptr (GHashTable) headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (Home) home = { 0 };

  home_init (&home);
  g_hash_table_insert (headers, g_strdup ("x-api-key"), g_strdup ("S3CR3T"));
  dw_stage_set_headers (stage, headers);
  g_assert_nonnull (dw_chat_list_open (home.list, stage, NULL));
  dw_test_until ("the keyring to have it", has_items, keyring);
  home_restart (&home);
  dw_test_until ("online", is_online, chat_at (&home, 0));
  g_assert_nonnull (strstr (dw_raw_peer_get_last_request (peer), "x-api-key: S3CR3T\r\n"));
}

static gboolean
has_history (gpointer chat)
{
  DwConversation *conversation = dw_chat_get_conversation (chat);

  return dw_conversation_is_settled (conversation) && g_list_model_get_n_items (G_LIST_MODEL (conversation)) >= 2;
}

static void
write_line (Home *home, DwRawPeer *peer, DwChat *chat)
{
  dw_test_until ("online", is_online, chat);
  dw_raw_peer_write_text (peer, "{\"message\":\"said\"}");
  dw_test_until ("what was said", has_history, chat);
}

/* Undoing a removal puts the stage back in its old position, with its history, and reconnects it. */
static void
test_remove_and_restore (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
  g_auto (Home) home = { 0 };
  g_autoptr (DwMirror) chats = NULL;
  g_autoptr (DwMirror) stages = NULL;
  g_autoptr (DwStage) stage = NULL;
  DwChat *chat;
  guint position = 9;

  home_init (&home);
  chats = dw_mirror_new (G_LIST_MODEL (home.list), name_of_chat);
  stages = dw_mirror_new (G_LIST_MODEL (dw_chat_list_get_stages (home.list)), name_of_stage);
  open_at (&home, peer, "/a");
  chat = open_at (&home, peer, "/b?token=1");
  open_at (&home, peer, "/c");
  dw_stage_list_move (dw_chat_list_get_stages (home.list), dw_chat_get_stage (chat), 2);
  g_assert_true (chat_at (&home, 2) == chat);
  dw_stage_list_move (dw_chat_list_get_stages (home.list), dw_chat_get_stage (chat), 0);
  g_assert_true (chat_at (&home, 0) == chat);
  dw_stage_list_move (dw_chat_list_get_stages (home.list), dw_chat_get_stage (chat), 1);
  g_assert_cmpuint (dw_mirror_get_n_changes (chats), ==, 6);
  write_line (&home, peer, chat);
  dw_test_until ("the keyring to have it", has_items, keyring);

  g_assert_true (dw_chat_list_get_position (home.list, chat, &position));
  g_assert_cmpuint (position, ==, 1);
  stage = g_object_ref (dw_chat_get_stage (chat));
  dw_chat_list_remove (home.list, chat);
  g_assert_null (dw_chat_list_find (home.list, dw_stage_get_uuid (stage)));
  dw_chat_list_restore (home.list, stage, position);
  chat = chat_at (&home, 1);
  g_assert_true (dw_chat_get_stage (chat) == stage);
  dw_test_until ("online again", is_online, chat);
  dw_test_until ("what was said", has_history, chat);
  /* Undoing twice adds nothing, and a restored stage is not forgotten. */
  dw_chat_list_restore (home.list, stage, 0);
  dw_chat_list_forget (home.list, stage);
  g_assert_cmpuint (count (&home), ==, 3);
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 1);
  dw_mirror_check (chats);
  dw_mirror_check (stages);
  g_clear_pointer (&chats, dw_mirror_free);
  g_clear_pointer (&stages, dw_mirror_free);
  g_clear_object (&stage);
  home_restart (&home);
  dw_test_until ("online", is_online, chat_at (&home, 1));
  dw_test_until ("what was said", has_history, chat_at (&home, 1));
}

typedef enum
{
  THEN_WAIT,            /* the user's next step forgets it */
  THEN_QUIT,            /* quitting right after the removal */
  THEN_FORGET_AND_QUIT, /* quitting right after forgetting it */
} Then;

/* A removed stage's history and token are deleted when it is forgotten, and at the latest when the program ends. */
static void
test_forget (void)
{
  for (guint then = THEN_WAIT; then <= THEN_FORGET_AND_QUIT; then++)
    {
      g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_auto (Home) home = { 0 };
      g_autoptr (DwStage) stage = NULL;
      g_autofree char *lines = NULL;
      DwChat *chat;

      home_init (&home);
      chat = open_at (&home, peer, "?token=1");
      write_line (&home, peer, chat);
      dw_test_until ("the keyring to have it", has_items, keyring);
      stage = g_object_ref (dw_chat_get_stage (chat));
      dw_chat_list_remove (home.list, chat);
      dw_test_until ("the connection to go", has_none_open, peer);
      if (then != THEN_QUIT)
        dw_chat_list_forget (home.list, stage);
      if (then == THEN_WAIT)
        dw_test_until ("the token to go", has_no_items, keyring);
      g_clear_object (&stage);
      home_end (&home);
      g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 0);
      lines = ask_outside (&home.archive, "SELECT count(*) FROM lines");
      g_assert_cmpstr (lines, ==, "0");
      home_start (&home);
      dw_test_until ("the list", is_loaded, home.list);
      g_assert_cmpuint (count (&home), ==, 0);
    }
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static DwChat *
open_local (Home *home, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  dw_chat_list_open_local_async (home->list, "Ada", on_opened, &result);
  dw_test_until ("the stage on this computer", is_set, &result);
  return dw_chat_list_open_local_finish (home->list, result, error);
}

/* However often the local stage is opened, and whatever its port, there is one. It is back at the next start, and ends
 * with the program. */
static void
test_local (void)
{
  g_auto (Home) home = { 0 };
  g_autoptr (GError) error = NULL;
  DwChat *chat;

  home_init (&home);
  chat = open_local (&home, &error);
  g_assert_no_error (error);
  g_assert_true (dw_stage_is_local (dw_chat_get_stage (chat)));
  g_assert_cmpstr (dw_stage_get_own_name (dw_chat_get_stage (chat)), ==, "Ada");
  dw_test_until ("online", is_online, chat);
  g_assert_true (open_local (&home, NULL) == chat);
  home_restart (&home);
  g_assert_cmpuint (count (&home), ==, 1);
  chat = chat_at (&home, 0);
  dw_test_until ("online at the next start", is_online, chat);
  dw_session_disconnect (dw_chat_get_session (chat));
  g_assert_true (open_local (&home, NULL) == chat);
  g_assert_cmpuint (count (&home), ==, 1);
  dw_test_until ("online", is_online, chat);
}

/* Disconnecting while the local stage starts keeps it disconnected, and a second press of Connect does not start it
 * twice. */
static void
test_local_disconnected (void)
{
  g_auto (Home) home = { 0 };
  DwChat *chat;
  g_autofree char *address = NULL;

  home_init (&home);
  chat = open_local (&home, NULL);
  dw_test_until ("online", is_online, chat);
  address = g_strdup (dw_stage_url_get_text (dw_stage_get_url (dw_chat_get_stage (chat), 0)));
  dw_chat_disconnect (chat);
  home_restart (&home);
  chat = chat_at (&home, 0);
  dw_chat_list_connect (home.list, chat);
  dw_chat_list_connect (home.list, chat);
  dw_chat_disconnect (chat);
  dw_test_run_for (500);
  g_assert_true (is_offline (chat));
  g_assert_false (dw_stage_is_online (dw_chat_get_stage (chat)));
  g_assert_cmpstr (dw_stage_url_get_text (dw_stage_get_url (dw_chat_get_stage (chat), 0)), ==, address);
}

/* A local stage that cannot start is an error, and no stage is saved. */
static void
test_local_refused (void)
{
  g_autofree char *program = g_strdup (g_getenv ("DYNAMOWAVE_STAGE"));
  g_auto (Home) home = { 0 };
  g_autoptr (GError) error = NULL;

  home_init (&home);
  g_setenv ("DYNAMOWAVE_STAGE", "/no/such/program", TRUE);
  g_assert_null (open_local (&home, &error));
  g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_LOCAL_STAGE);
  g_assert_cmpuint (count (&home), ==, 0);
  g_setenv ("DYNAMOWAVE_STAGE", program, TRUE);
}

static void
count_stage (guint *count)
{
  *count += 1;
}

static gboolean
is_one (gpointer count)
{
  return *(guint *) count == 1;
}

/* A keyring that does not forget a removed stage's token, since it refuses or the person did not unlock it: that is said,
 * and asked again. Last, since libsecret says so to GLib too, loudly. */
static void
test_not_forgotten (void)
{
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
      g_autoptr (DwRawPeer) peer = dw_raw_peer_new (NULL);
      g_auto (Home) home = { 0 };
      g_autoptr (DwStage) stage = NULL;
      DwSecrets *secrets;
      guint left = 0;

      g_test_message ("%s", i == 0 ? "refused" : "dismissed");
      home_init (&home);
      secrets = dw_chat_list_get_secrets (home.list);
      g_signal_connect_swapped (secrets, "not-forgotten", G_CALLBACK (count_stage), &left);
      stage = g_object_ref (dw_chat_get_stage (open_at (&home, peer, "?token=S3CR3T")));
      dw_test_until ("the keyring to have it", has_items, keyring);
      if (i == 0)
        dw_fake_keyring_set_refuses (keyring, "Delete");
      else
        dw_fake_keyring_lock (keyring, FALSE);
      dw_chat_list_remove (home.list, chat_at (&home, 0));
      dw_chat_list_forget (home.list, stage);
      dw_test_until ("it to be said", is_one, &left);
      g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 1);

      if (i == 0)
        dw_fake_keyring_set_refuses (keyring, NULL);
      else
        dw_fake_keyring_lock (keyring, TRUE);
      dw_secrets_forget_again (secrets);
      dw_test_until ("it to be forgotten", has_no_items, keyring);
      dw_test_run_for (50);
      g_assert_cmpuint (left, ==, 1);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/chat-list/next-start", test_next_start);
  g_test_add_func ("/client/chat-list/drafts", test_drafts);
  g_test_add_func ("/client/chat-list/open", test_open);
  g_test_add_func ("/client/chat-list/too-many", test_too_many);
  g_test_add_func ("/client/chat-list/edit", test_edit);
  g_test_add_func ("/client/chat-list/names", test_names);
  g_test_add_func ("/client/chat-list/secret/AG-7", test_secret);
  g_test_add_func ("/client/chat-list/secret-missing", test_secret_missing);
  g_test_add_func ("/client/chat-list/no-way-without-secret", test_no_way_without_secret);
  g_test_add_func ("/client/chat-list/secret-found", test_secret_found);
  g_test_add_func ("/client/chat-list/secret-entered-meanwhile", test_secret_entered_meanwhile);
  g_test_add_func ("/client/chat-list/secret-taken-back", test_secret_taken_back);
  g_test_add_func ("/client/chat-list/secret-header", test_secret_header);
  g_test_add_func ("/client/chat-list/secret-of-session", test_secret_of_session);
  g_test_add_func ("/client/chat-list/secret-not-taken/DT-1", test_secret_not_taken);
  g_test_add_func ("/client/chat-list/remove-and-restore", test_remove_and_restore);
  g_test_add_func ("/client/chat-list/forget", test_forget);
  g_test_add_func ("/client/chat-list/local", test_local);
  g_test_add_func ("/client/chat-list/local-disconnected", test_local_disconnected);
  g_test_add_func ("/client/chat-list/local-refused", test_local_refused);
  g_test_add_func ("/client/chat-list/not-forgotten/DT-1", test_not_forgotten);
  return g_test_run ();
}
