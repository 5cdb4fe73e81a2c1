/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-endpoint.h"

#include <string.h>

static const char *
suffix_of (const char *region)
{
  return g_str_has_prefix (region, "cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

/* The services' names in environment variables, as the SDKs spell them. */
static const char *
override_of (const char *name)
{
  g_autofree char *upper = g_ascii_strup (name, -1);
  g_autofree char *variable = g_strconcat ("AWS_ENDPOINT_URL_", upper, NULL);
  const char *value = g_getenv (variable);

  return value != NULL && *value != '\0' ? value : g_getenv ("AWS_ENDPOINT_URL");
}

/**
 * dw_endpoint_new:
 * @name: a service: `dynamodb`, `sqs` or `lambda`
 * @region: such as `us-east-1`
 *
 * The endpoint can be overridden with `AWS_ENDPOINT_URL_` plus the service's name, or with `AWS_ENDPOINT_URL`, as in
 * the SDKs ("Service-specific endpoints", AWS SDKs and Tools Reference Guide).
 *
 * Returns: (transfer full): where the service is
 */
char *
dw_endpoint_new (const char *name, const char *region)
{
  const char *override = override_of (name);

  if (override != NULL && *override != '\0')
    return g_strdup (override);
  return g_strdup_printf ("https://%s.%s.%s", name, region, suffix_of (region));
}

/**
 * dw_endpoint_new_for_stage:
 * @api_id: the API's id
 * @region: its region
 * @stage: the stage's name
 *
 * This is the API's own host: behind a custom domain the stage is not part of the path, and `@connections` would not
 * be found.
 *
 * Returns: (transfer full): where `@connections` of the stage is
 */
char *
dw_endpoint_new_for_stage (const char *api_id, const char *region, const char *stage)
{
  const char *override = override_of ("apigatewaymanagementapi");
  g_autofree char *id = g_uri_escape_string (api_id, NULL, FALSE);
  g_autofree char *name = g_uri_escape_string (stage, NULL, FALSE);

  if (override != NULL && *override != '\0')
    return g_strdup (override);
  return g_strdup_printf ("https://%s.execute-api.%s.%s/%s", id, region, suffix_of (region), name);
}

#define HOST "^https://[a-z0-9-]+\\.execute-api\\.([a-z]{2}(?:-[a-z]+)+-[0-9]+)\\.amazonaws\\.com(?:\\.cn)?"

/**
 * dw_endpoint_dup_region:
 * @endpoint: where a stage's `@connections` is
 *
 * Returns: (transfer full) (nullable): the region it is in, or %NULL for a host that is not AWS's
 */
char *
dw_endpoint_dup_region (const char *endpoint)
{
  g_autoptr (GRegex) regex = g_regex_new (HOST "(?:/|\\z)", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  return g_regex_match (regex, endpoint, 0, &match) ? g_match_info_fetch (match, 1) : NULL;
}

/**
 * dw_endpoint_is_trusted:
 * @endpoint: the endpoint a row names for its connection
 * @own: the endpoint of the stage we run for
 *
 * Messages are posted to the endpoint in a row, signed with the function's credentials. So it must be an execute-api
 * host of AWS or our own endpoint. If our own stage runs on this machine, other stages on it are trusted as well.
 *
 * Returns: whether messages may go there
 */
gboolean
dw_endpoint_is_trusted (const char *endpoint, const char *own)
{
  if (strcmp (endpoint, own) == 0 || g_regex_match_simple (HOST "/[A-Za-z0-9_-]{1,128}\\z", endpoint, 0, 0))
    return TRUE;
  return g_str_has_prefix (own, "http://127.0.0.1:")
         && g_regex_match_simple ("^http://127\\.0\\.0\\.1:[0-9]{1,5}/[A-Za-z0-9_-]{1,128}\\z", endpoint, 0, 0);
}
