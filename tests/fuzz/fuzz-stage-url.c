/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "wire/dw-stage-link.h"
#include "wire/dw-stage-url.h"

#include <string.h>

/* An accepted address is stable: its own text parses to the same, and its display form has no query. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, NULL);
  g_autoptr (DwStageUrl) again = NULL;

  if (dw_stage_link_is (text))
    {
      g_autofree char *address = dw_stage_link_dup_address (text);

      if (address == NULL)
        abort ();
    }
  if (url == NULL)
    return 0;
  again = dw_stage_url_parse (dw_stage_url_get_text (url), NULL);
  if (again == NULL || strcmp (dw_stage_url_get_text (again), dw_stage_url_get_text (url)) != 0)
    abort ();
  return 0;
}
