/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "wire/dw-stage-link.h"
#include "wire/dw-stage-url.h"

#include <string.h>

/* The link made from an accepted address leads to the same place, contains no query, name or password, and no space
 * that would end it in the middle of a text. Its host is valid. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *tail = g_strndup ((const char *) data, size);
  g_autofree char *link = g_strconcat ("dynamowave:", tail, NULL);
  g_autofree char *address = NULL;
  g_autofree char *address_again = NULL;
  g_autofree char *link_again = NULL;
  g_autofree char *plain = NULL;
  g_autofree char *plain_again = NULL;
  g_autoptr (DwStageUrl) url = NULL;
  g_autoptr (DwStageUrl) again = NULL;

  if (!dw_stage_link_is (link))
    abort ();
  address = dw_stage_link_dup_address (link);
  url = dw_stage_url_parse (address, NULL);
  if (url == NULL)
    return 0;

  link_again = dw_stage_link_new (url);
  if (!dw_stage_link_is (link_again) || strpbrk (link_again, "?# \t\r\n") != NULL
      || strpbrk (dw_stage_url_get_host (url), "<>\"'`\\@/%") != NULL || !g_utf8_validate (link_again, -1, NULL))
    abort ();

  address_again = dw_stage_link_dup_address (link_again);
  again = dw_stage_url_parse (address_again, NULL);
  if (again == NULL)
    abort ();
  plain = dw_stage_url_dup_plain (url);
  plain_again = dw_stage_url_dup_plain (again);
  if (strcmp (plain, plain_again) != 0)
    abort ();
  return 0;
}
