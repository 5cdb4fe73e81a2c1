/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-session-policy.h"

#include "client/dw-client-error.h"

#include "wire/dw-limits.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * dw_session_policy_new:
 *
 * Returns: (transfer full): what a person's sessions do. It may be changed until it is given to a session: all of
 *   them look at the same one.
 */
DwSessionPolicy *
dw_session_policy_new (void)
{
  DwSessionPolicy *policy = g_rc_box_new (DwSessionPolicy);

  *policy = (DwSessionPolicy){
    .handshake_ms = 35 * 1000,
    .confirm_ms = 5 * 1000,
    .backoff_base_ms = 1000,
    .backoff_cap_ms = 60 * 1000,
    .overload_floor_ms = 5 * 1000,
    .stable_ms = 60 * 1000,
    .ping_ms = 30 * 1000,
    .pong_ms = 10 * 1000,
    .answer_ms = 35 * 1000,
    .probe_ms = (DW_LIMIT_IDLE_SECONDS - 60) * 1000,
    .rollover_ms = (DW_LIMIT_CONNECTION_SECONDS - 300) * 1000,
    .overlap_ms = 2 * 1000,
    .refusals = 2,
    .failover = 2,
    .random = dw_backoff_random,
  };
  return policy;
}

/**
 * dw_session_policy_ref:
 * @policy: a policy
 *
 * Returns: (transfer full): @policy
 */
DwSessionPolicy *
dw_session_policy_ref (DwSessionPolicy *policy)
{
  return g_rc_box_acquire (policy);
}

/**
 * dw_session_policy_unref:
 * @policy: (transfer full): a policy
 */
void
dw_session_policy_unref (DwSessionPolicy *policy)
{
  g_rc_box_release (policy);
}

static guint *
field_of (DwSessionPolicy *policy, const char *name)
{
  const struct
  {
    const char *name;
    guint *field;
  } fields[] = {
    { "handshake", &policy->handshake_ms },
    { "confirm", &policy->confirm_ms },
    { "base", &policy->backoff_base_ms },
    { "cap", &policy->backoff_cap_ms },
    { "floor", &policy->overload_floor_ms },
    { "stable", &policy->stable_ms },
    { "ping", &policy->ping_ms },
    { "pong", &policy->pong_ms },
    { "answer", &policy->answer_ms },
    { "probe", &policy->probe_ms },
    { "rollover", &policy->rollover_ms },
    { "overlap", &policy->overlap_ms },
    { "refusals", &policy->refusals },
    { "failover", &policy->failover },
  };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (strcmp (fields[i].name, name) == 0)
      return fields[i].field;
  return NULL;
}

/**
 * dw_session_policy_parse:
 * @policy: a policy to change
 * @text: `name=number` with commas between, such as `ping=1000,stable=500`; the names are the fields' without `_ms`
 *   and `backoff_`, the numbers milliseconds or counts
 * @error: %DW_CLIENT_ERROR_POLICY
 *
 * The one knob for all durations, for programs and tests.
 *
 * Returns: whether every part was understood
 */
gboolean
dw_session_policy_parse (DwSessionPolicy *policy, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      char *equals = strchr (parts[i], '=');
      guint64 number = 0;
      guint *field = NULL;

      if (equals != NULL)
        {
          *equals = '\0';
          field = field_of (policy, parts[i]);
        }
      if (field == NULL || !g_ascii_string_to_unsigned (equals + 1, 10, 1, G_MAXINT, &number, NULL))
        {
          g_set_error (error, DW_CLIENT_ERROR, DW_CLIENT_ERROR_POLICY,
                       _ ("“%s” is not a valid policy. Use name=number, separated by commas."), parts[i]);
          return FALSE;
        }
      *field = (guint) number;
    }
  return TRUE;
}
