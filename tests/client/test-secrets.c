/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keyring is asked to do of a list's stages, one thing after the other. */
#include "dw-fake-keyring.h"
#include "dw-test.h"

#include "client/stages/dw-secrets.h"

#include <string.h>

static DwStage *
stage_of (const char *address)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, NULL);

  return dw_stage_new (url);
}

static void
set_address (DwStage *stage, const char *address)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (address, NULL);

  dw_stage_set_url (stage, 0, url);
}

static gboolean
is_known (gpointer stage)
{
  return dw_stage_get_secret (stage) == DW_STAGE_SECRET_KNOWN;
}

static gboolean
is_of_session (gpointer stage)
{
  return dw_stage_get_secret (stage) == DW_STAGE_SECRET_SESSION;
}

static gboolean
has_one (gpointer keyring)
{
  return dw_fake_keyring_get_n_items (keyring) == 1;
}

static gboolean
has_none (gpointer keyring)
{
  return dw_fake_keyring_get_n_items (keyring) == 0;
}

/* Nothing is under way, since whatever is holds a reference. */
static gboolean
is_idle (gpointer secrets)
{
  return G_OBJECT (secrets)->ref_count == 1;
}

/* How long a keyring is waited for begins with the newest secret. */
static void
test_patience (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  DwSecrets *secrets = dw_secrets_new ();
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");
  gint64 again;

  dw_fake_keyring_lock (keyring, FALSE);
  dw_fake_keyring_set_silent_at (keyring, "Prompt");
  dw_secrets_keep (secrets, stage);
  g_assert_true (is_known (stage));
  dw_test_run_for (DW_SECRETS_PATIENCE_MS * 7 / 10);
  again = g_get_monotonic_time ();
  dw_secrets_keep (secrets, stage);
  g_assert_true (is_known (stage));
  dw_test_until ("the keyring's silence", is_of_session, stage);
  g_assert_cmpint ((g_get_monotonic_time () - again) / 1000, >=, DW_SECRETS_PATIENCE_MS - 50);
}

/* Of what was wanted while the keyring was busy the last thing is done. */
static void
test_last_wish (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  DwSecrets *secrets = dw_secrets_new ();
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");
  g_autofree char *secret = NULL;

  dw_secrets_keep (secrets, stage);
  set_address (stage, "wss://h.example/prod");
  dw_secrets_keep (secrets, stage);
  g_assert_cmpint (dw_stage_get_secret (stage), ==, DW_STAGE_SECRET_NONE);
  set_address (stage, "wss://h.example/prod?token=2");
  dw_secrets_keep (secrets, stage);
  dw_test_until ("the keyring to have done it", is_idle, secrets);
  g_assert_cmpuint (dw_fake_keyring_get_n_calls (keyring, "CreateItem"), ==, 2);
  secret = dw_fake_keyring_dup_secret (keyring, dw_stage_get_uuid (stage));
  g_assert_nonnull (strstr (secret, "token=2"));
  g_assert_true (is_known (stage));
  dw_test_finalize (secrets);
}

/* A stage that has no secret is nothing for the keyring, and a secret that the keyring did not give stays there. */
static void
test_asked_nothing (void)
{
  static const DwStageSecret states[] = { DW_STAGE_SECRET_NONE, DW_STAGE_SECRET_ASKED, DW_STAGE_SECRET_MISSING };
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  DwSecrets *secrets = dw_secrets_new ();

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod");

      dw_stage_set_secret (stage, states[i]);
      dw_secrets_keep (secrets, stage);
      g_assert_true (is_idle (secrets));
      g_assert_cmpint (dw_stage_get_secret (stage), ==, states[i]);
      if (states[i] != DW_STAGE_SECRET_NONE)
        continue;
      dw_secrets_ask (secrets, stage);
      dw_secrets_forget (secrets, stage);
      dw_secrets_forget_sync (secrets, stage);
      g_assert_true (is_idle (secrets));
      g_assert_cmpint (dw_stage_get_secret (stage), ==, DW_STAGE_SECRET_NONE);
    }
  g_assert_cmpuint (dw_fake_keyring_get_n_calls (keyring, "SearchItems"), ==, 0);
  g_assert_cmpuint (dw_fake_keyring_get_n_calls (keyring, "CreateItem"), ==, 0);
  dw_test_finalize (secrets);
}

/* At the end of the program what is to be forgotten is forgotten at once, and nothing else is. */
static void
test_close (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  DwSecrets *secrets = dw_secrets_new ();
  g_autoptr (DwStage) gone = stage_of ("wss://h.example/prod?token=1");
  g_autoptr (DwStage) kept = stage_of ("wss://h.example/prod?token=2");
  g_autoptr (DwStage) gone_late = stage_of ("wss://h.example/prod?token=3");
  g_autofree char *secret = NULL;

  dw_secrets_keep (secrets, gone);
  dw_secrets_keep (secrets, kept);
  dw_secrets_keep (secrets, gone_late);
  dw_test_until ("the keyring to have done it", is_idle, secrets);
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 3);

  dw_secrets_forget (secrets, gone);
  dw_secrets_keep (secrets, kept);
  dw_secrets_ask (secrets, gone_late);
  dw_secrets_keep (secrets, gone_late);
  dw_secrets_forget (secrets, gone_late);
  dw_secrets_close (secrets);
  g_assert_cmpuint (dw_fake_keyring_get_n_items (keyring), ==, 1);
  secret = dw_fake_keyring_dup_secret (keyring, dw_stage_get_uuid (kept));
  g_assert_nonnull (strstr (secret, "token=2"));
  dw_test_until ("the rest of it", is_idle, secrets);
  dw_test_finalize (secrets);
}

/* As soon as a person leaves, and before the program goes on. */
static void
test_forget (void)
{
  g_autoptr (DwFakeKeyring) keyring = dw_fake_keyring_new ();
  DwSecrets *secrets = dw_secrets_new ();
  g_autoptr (DwStage) stage = stage_of ("wss://h.example/prod?token=1");

  for (guint i = 0; i < 2; i++)
    {
      dw_secrets_keep (secrets, stage);
      dw_test_until ("the keyring to have it", has_one, keyring);
      dw_test_until ("it to be done", is_idle, secrets);
      if (i == 0)
        dw_secrets_forget (secrets, stage);
      else
        dw_secrets_forget_sync (secrets, stage);
      g_assert_true (i == 0 || has_none (keyring));
      dw_test_until ("it to be forgotten", has_none, keyring);
      dw_test_until ("it to be done", is_idle, secrets);
    }
  dw_test_finalize (secrets);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/secrets/last-wish", test_last_wish);
  g_test_add_func ("/client/secrets/asked-nothing", test_asked_nothing);
  g_test_add_func ("/client/secrets/close", test_close);
  g_test_add_func ("/client/secrets/forget", test_forget);
  g_test_add_func ("/client/secrets/patience", test_patience);
  return g_test_run ();
}
