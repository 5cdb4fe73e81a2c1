/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "backend/aws/dw-dead-letter-queue.h"
#include "backend/aws/dw-dynamo-registry.h"
#include "wire/dw-json.h"

#include <string.h>

/* Answers of DynamoDB and SQS are untrusted: a page is a page or an error, its lists are equally long, and a letter
 * that was read is written and read back the same. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = dw_json_parse (parser, (const char *) data, (gssize) size, NULL);
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (DwDeadLetter) letter = dw_dead_letter_from_json (text, NULL);

  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DwRegistryPage) page = dw_dynamo_registry_read_page (root, "https://x/prod", 1000, &error);

      if ((page == NULL) == (error == NULL))
        abort ();
      if (page != NULL
          && (page->timestamps->len != page->connection_ids->len
              || page->endpoints->len != page->connection_ids->len))
        abort ();
    }
  if (letter != NULL)
    {
      g_autofree char *json = dw_dead_letter_to_json (letter);
      g_autoptr (DwDeadLetter) again = dw_dead_letter_from_json (json, NULL);

      if (again == NULL || strcmp (again->text, letter->text) != 0
          || again->connection_ids->len != letter->connection_ids->len)
        abort ();
    }
  return 0;
}
