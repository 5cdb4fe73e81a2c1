/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "backend/gateway/dw-forwarded.h"

#include <string.h>

/* Whatever a client sends, the proxy adds the client’s address, and that is what counts. Who is no proxy is believed
 * nothing. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *sent = g_strndup ((const char *) data, size);
  g_autofree char *added = g_strconcat (sent, ", 203.0.113.9", NULL);
  g_autoptr (GInetAddress) near = g_inet_address_new_from_string ("127.0.0.1");
  g_autoptr (GInetAddress) far = g_inet_address_new_from_string ("203.0.113.9");
  g_autoptr (GPtrArray) proxies = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GInetAddress) behind = NULL;
  g_autoptr (GInetAddress) past = NULL;
  g_autoptr (GInetAddress) alone = NULL;
  GInetAddressMask *mask = dw_forwarded_parse_proxy (sent, NULL);

  if (mask != NULL)
    {
      g_autofree char *text = g_inet_address_mask_to_string (mask);
      g_autoptr (GInetAddressMask) again = dw_forwarded_parse_proxy (text, NULL);

      if (again == NULL || !g_inet_address_mask_equal (mask, again))
        abort ();
      g_object_unref (mask);
    }

  g_ptr_array_add (proxies, dw_forwarded_parse_proxy ("127.0.0.0/8", NULL));
  behind = dw_forwarded_find_client (proxies, near, added);
  past = dw_forwarded_find_client (proxies, far, sent);
  alone = dw_forwarded_find_client (proxies, near, sent);
  if (!g_inet_address_equal (behind, far) || !g_inet_address_equal (past, far) || alone == NULL)
    abort ();

  dw_forwarded_is_encrypted (sent, TRUE);
  if (dw_forwarded_find_port (sent, TRUE) == 0)
    abort ();
  return 0;
}
