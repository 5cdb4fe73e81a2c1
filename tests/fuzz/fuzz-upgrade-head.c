/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "net/dw-upgrade-head.h"

#include <string.h>

/* Whatever a server answers, its texts are valid and bounded, and bytes after the head do not change the result. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static char *protocols[] = { (char *) "chat.v1", NULL };
  DwUpgradeRequest request = {
    .host = "h", .target = "/", .key = "dGhlIHNhbXBsZSBub25jZQ==", .protocols = protocols
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (DwUpgradeHead) head = dw_upgrade_head_parse ((const char *) data, size, &error);
  g_autoptr (DwUpgradeHead) alone = NULL;
  g_autofree char *body = NULL;
  gsize end;

  if (head == NULL)
    return 0;
  if (error != NULL || head->status < 101 || head->status > 999 || !g_utf8_validate (head->reason, -1, NULL)
      || strlen (head->reason) > DW_UPGRADE_REASON_BYTES)
    abort ();
  for (guint i = 0; i < head->headers->len; i++)
    {
      const DwUpgradeHeader *header = head->headers->pdata[i];

      if (*header->name == '\0' || !g_utf8_validate (header->value, -1, NULL)
          || strpbrk (header->value, "\r\n\x1b") != NULL)
        abort ();
    }
  body = dw_upgrade_head_dup_body (head);
  if (!g_utf8_validate (body, -1, NULL) || strlen (body) > 3 * DW_UPGRADE_BODY_BYTES)
    abort ();
  if (dw_upgrade_head_check (head, &request, NULL) && head->status != 101)
    abort ();

  end = size - g_bytes_get_size (head->rest);
  alone = dw_upgrade_head_parse ((const char *) data, end, NULL);
  if (alone == NULL || alone->status != head->status || alone->headers->len != head->headers->len)
    abort ();
  return 0;
}
