/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/stages/dw-stage.h"

/* Counts a stage's signals. */

typedef struct
{
  GString *told;
} Follower;

static void
on_notify (DwStage *stage, GParamSpec *property, gpointer data)
{
  g_string_append_printf (((Follower *) data)->told, "%s ", property->name);
}

static DwStage *
make_stage (void)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("wss://stage.example/prod", NULL);

  return dw_stage_new (url);
}

static void
expect (Follower *follower, const char *told)
{
  g_assert_cmpstr (follower->told->str, ==, told);
  g_string_truncate (follower->told, 0);
}

/* A draft changes with every key, and must not notify observers of the name; setting the same value twice notifies
 * once. */
static void
test_tells_what_changed (void)
{
  g_autoptr (DwStage) stage = make_stage ();
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (DwStageUrl) other = dw_stage_url_parse ("wss://other.example/prod", NULL);
  Follower follower = { told };

  g_signal_connect (stage, "notify", G_CALLBACK (on_notify), &follower);

  for (guint twice = 0; twice < 2; twice++)
    {
      const char *once = twice == 0 ? NULL : "";

      dw_stage_set_draft (stage, "a");
      expect (&follower, once != NULL ? once : "draft ");
      dw_stage_set_name (stage, "Name");
      expect (&follower, once != NULL ? once : "name ");
      dw_stage_set_own_name (stage, "Ada");
      expect (&follower, once != NULL ? once : "own-name ");
      dw_stage_set_muted (stage, TRUE);
      expect (&follower, once != NULL ? once : "muted ");
      dw_stage_set_online (stage, FALSE);
      expect (&follower, once != NULL ? once : "online ");
      dw_stage_set_local (stage, TRUE);
      expect (&follower, once != NULL ? once : "local ");
      dw_stage_set_echoes (stage, TRUE);
      expect (&follower, once != NULL ? once : "echoes ");
      dw_stage_set_seen (stage, 7);
      expect (&follower, once != NULL ? once : "seen ");
      dw_stage_set_left_at (stage, 7);
      expect (&follower, once != NULL ? once : "left-at ");
      dw_stage_set_number (stage, 7);
      expect (&follower, once != NULL ? once : "number ");
      dw_stage_set_secret (stage, DW_STAGE_SECRET_ASKED);
      expect (&follower, once != NULL ? once : "secret ");
    }

  dw_stage_set_url (stage, 0, other);
  expect (&follower, "urls ");
  dw_stage_set_name (stage, "");
  expect (&follower, "name ");
  dw_stage_set_name (stage, NULL);
  expect (&follower, "");
}

/* Properties return the same as the getters. */
static void
test_properties (void)
{
  g_autoptr (DwStage) stage = make_stage ();
  g_autofree char *name = NULL;
  g_autofree char *draft = NULL;
  gboolean muted = FALSE;
  gint64 seen = 0;
  guint secret = 0;

  dw_stage_set_name (stage, "Name");
  dw_stage_set_draft (stage, "half a sentence");
  dw_stage_set_muted (stage, TRUE);
  dw_stage_set_seen (stage, 12);
  dw_stage_set_secret (stage, DW_STAGE_SECRET_MISSING);

  g_object_get (stage, "name", &name, "draft", &draft, "muted", &muted, "seen", &seen, "secret", &secret, NULL);
  g_assert_cmpstr (name, ==, "Name");
  g_assert_cmpstr (draft, ==, "half a sentence");
  g_assert_true (muted);
  g_assert_cmpint (seen, ==, 12);
  g_assert_cmpuint (secret, ==, DW_STAGE_SECRET_MISSING);
}

/* What a stage is called that nobody has named, before its list gives it a name that differs. */
static void
test_name (void)
{
  static const struct
  {
    const char *url, *name;
  } rows[] = {
    { "wss://abc123defg.execute-api.eu-west-1.amazonaws.com/prod", "prod" },
    { "wss://chat.example/", "chat.example" },
    { "ws://127.0.0.1:8080/prod", "prod (local)" },
    { "wss://localhost/prod", "prod (local)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwStageUrl) url = dw_stage_url_parse (rows[i].url, NULL);
      g_autoptr (DwStage) stage = dw_stage_new (url);
      g_autofree char *name = dw_stage_dup_name (stage);
      g_autofree char *given = NULL;

      g_assert_cmpstr (name, ==, rows[i].name);
      dw_stage_set_name (stage, "Team");
      given = dw_stage_dup_name (stage);
      g_assert_cmpstr (given, ==, "Team");
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/stage/tells-what-changed", test_tells_what_changed);
  g_test_add_func ("/client/stage/name", test_name);
  g_test_add_func ("/client/stage/properties", test_properties);
  return g_test_run ();
}
