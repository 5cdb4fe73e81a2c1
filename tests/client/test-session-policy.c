/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/connection/dw-session-policy.h"
#include "client/dw-client-error.h"

#include <string.h>

/* What people were promised in docs/design.md, and what the gateway does: it ends a connection that was idle for ten
 * minutes or is two hours old, and an integration may take 29 s. */
static void
test_defaults (void)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();

  g_assert_cmpuint (policy->handshake_ms, ==, 35000);
  g_assert_cmpuint (policy->answer_ms, ==, 35000);
  g_assert_cmpuint (policy->confirm_ms, ==, 5000);
  g_assert_cmpuint (policy->backoff_base_ms, ==, 1000);
  g_assert_cmpuint (policy->backoff_cap_ms, ==, 60000);
  g_assert_cmpuint (policy->overload_floor_ms, ==, 5000);
  g_assert_cmpuint (policy->stable_ms, ==, 60000);
  g_assert_cmpuint (policy->ping_ms, ==, 30000);
  g_assert_cmpuint (policy->pong_ms, ==, 10000);
  g_assert_cmpuint (policy->probe_ms, ==, 9 * 60 * 1000);
  g_assert_cmpuint (policy->rollover_ms, ==, 115 * 60 * 1000);
  g_assert_cmpuint (policy->overlap_ms, ==, 2000);
  g_assert_cmpuint (policy->refusals, ==, 2);
  g_assert_cmpuint (policy->failover, ==, 2);
}

/* Each name changes its own number and no other. */
static void
test_names (void)
{
  static const struct
  {
    const char *name;
    gsize offset;
  } fields[] = {
    { "handshake", G_STRUCT_OFFSET (DwSessionPolicy, handshake_ms) },
    { "confirm", G_STRUCT_OFFSET (DwSessionPolicy, confirm_ms) },
    { "base", G_STRUCT_OFFSET (DwSessionPolicy, backoff_base_ms) },
    { "cap", G_STRUCT_OFFSET (DwSessionPolicy, backoff_cap_ms) },
    { "floor", G_STRUCT_OFFSET (DwSessionPolicy, overload_floor_ms) },
    { "stable", G_STRUCT_OFFSET (DwSessionPolicy, stable_ms) },
    { "ping", G_STRUCT_OFFSET (DwSessionPolicy, ping_ms) },
    { "pong", G_STRUCT_OFFSET (DwSessionPolicy, pong_ms) },
    { "answer", G_STRUCT_OFFSET (DwSessionPolicy, answer_ms) },
    { "probe", G_STRUCT_OFFSET (DwSessionPolicy, probe_ms) },
    { "rollover", G_STRUCT_OFFSET (DwSessionPolicy, rollover_ms) },
    { "overlap", G_STRUCT_OFFSET (DwSessionPolicy, overlap_ms) },
    { "refusals", G_STRUCT_OFFSET (DwSessionPolicy, refusals) },
    { "failover", G_STRUCT_OFFSET (DwSessionPolicy, failover) },
  };
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    g_string_append_printf (all, "%s%s=%u", i == 0 ? "" : ",", fields[i].name, i + 1);
  g_assert_true (dw_session_policy_parse (policy, all->str, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    g_assert_cmpuint (G_STRUCT_MEMBER (guint, policy, fields[i].offset), ==, i + 1);
}

static void
test_refused (void)
{
  static const char *const bad[] = { "ping",    "ping=",   "ping=x",          "=1",           "nope=1",
                                     "ping=0",  "ping=-1", "ping=2147483648", "ping=1,",      ",ping=1",
                                     "ping=1 ", "Ping=1",  "ping=1;stable=2", "ping=1,nope=2" };
  g_autoptr (DwSessionPolicy) most = dw_session_policy_new ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_false (dw_session_policy_parse (policy, bad[i], &error));
      g_assert_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_POLICY);
    }
  g_assert_true (dw_session_policy_parse (most, "", NULL));
  g_assert_true (dw_session_policy_parse (most, "ping=2147483647,cap=1", NULL));
  g_assert_cmpuint (most->ping_ms, ==, G_MAXINT);
  g_assert_cmpuint (most->backoff_cap_ms, ==, 1);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/session-policy/defaults", test_defaults);
  g_test_add_func ("/client/session-policy/names", test_names);
  g_test_add_func ("/client/session-policy/refused", test_refused);
  return g_test_run ();
}
