/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "backend/handlers/dw-event-json.h"

#include <string.h>

/* An event that was read can be written, and reads back the same. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (DwEvent) event = dw_event_from_json ((const char *) data, (gssize) size, NULL);
  g_autoptr (DwEvent) again = NULL;
  g_autofree char *json = NULL, *json_again = NULL;

  if (event == NULL)
    return 0;
  json = dw_event_to_json (event);
  again = dw_event_from_json (json, -1, NULL);
  if (again == NULL)
    abort ();
  json_again = dw_event_to_json (again);
  if (strcmp (json, json_again) != 0)
    abort ();
  return 0;
}
