/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-link.h"

#include <string.h>

#define SCHEME "dynamowave:"
#define SECURE "wss://"

/**
 * SECTION:dw-stage-link
 *
 * A link that opens a stage in the program: `dynamowave://host/stage` for `wss://host/stage`, and
 * `dynamowave:ws://127.0.0.1:8080/dev` for an unencrypted stage.
 */

/**
 * dw_stage_link_is:
 * @text: what somebody typed, pasted or clicked
 *
 * Returns: whether it is such a link, valid or not
 */
gboolean
dw_stage_link_is (const char *text)
{
  return g_ascii_strncasecmp (text, SCHEME, strlen (SCHEME)) == 0;
}

/**
 * dw_stage_link_dup_address:
 * @link: a link
 *
 * Returns: (transfer full): the address in it, to be parsed with dw_stage_url_parse()
 */
char *
dw_stage_link_dup_address (const char *link)
{
  const char *rest = link + strlen (SCHEME);

  return g_str_has_prefix (rest, "//") ? g_strconcat (SECURE, rest + strlen ("//"), NULL) : g_strdup (rest);
}

/**
 * dw_stage_link_new:
 * @url: an address
 *
 * Returns: (transfer full): a link to it for other people: without its query, which may be secret
 */
char *
dw_stage_link_new (const DwStageUrl *url)
{
  g_autofree char *plain = dw_stage_url_dup_plain (url);

  if (g_str_has_prefix (plain, SECURE))
    return g_strconcat (SCHEME "//", plain + strlen (SECURE), NULL);
  return g_strconcat (SCHEME, plain, NULL);
}
