/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-forwarded.h"

#include "backend/dw-backend-error.h"

#include <glib/gi18n.h>
#include <string.h>

/* What a reverse proxy says of the client behind it. Anybody can write such a header, so it counts only from a proxy
 * that the stage was told to trust. */

/* Of the 128 bits of an IPv4-mapped address, such as ::ffff:192.0.2.1, the last 32 are the IPv4 address. */
#define MAPPED_BITS 96

/* GIO gives the IPv4 clients of a socket on IPv6 as IPv4; other proxies write them as mapped addresses. */
static GInetAddress *
unmap (GInetAddress *address)
{
  static const guint8 prefix[MAPPED_BITS / 8] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 && memcmp (bytes, prefix, sizeof prefix) == 0)
    return g_inet_address_new_from_bytes (bytes + sizeof prefix, G_SOCKET_FAMILY_IPV4);
  return g_object_ref (address);
}

/* Without a zone, which means something on one computer alone. */
static GInetAddress *
parse_address (const char *text)
{
  return strchr (text, '%') == NULL ? g_inet_address_new_from_string (text) : NULL;
}

static gboolean
parse_bits (const char *text, guint most, guint *bits)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, most, &number, NULL))
    return FALSE;
  *bits = (guint) number;
  return TRUE;
}

static GInetAddressMask *
parse_mask (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "/", 2);
  g_autoptr (GInetAddress) given = parts[0] != NULL ? parse_address (parts[0]) : NULL;
  g_autoptr (GInetAddress) address = given != NULL ? unmap (given) : NULL;
  guint all = given != NULL ? (guint) g_inet_address_get_native_size (given) * 8 : 0;
  guint bits = all;

  if (given == NULL || (parts[1] != NULL && !parse_bits (parts[1], all, &bits)))
    return NULL;
  if (g_inet_address_get_family (address) == g_inet_address_get_family (given))
    return g_inet_address_mask_new (address, bits, NULL);
  return bits >= MAPPED_BITS ? g_inet_address_mask_new (address, bits - MAPPED_BITS, NULL) : NULL;
}

/**
 * dw_forwarded_parse_proxy:
 * @text: an address, or a network such as `10.0.0.0/8`; without bits it is the one address
 * @error: %DW_BACKEND_ERROR_CONFIG: it is neither, or the address has bits beyond those of the network
 *
 * Returns: (transfer full) (nullable): the proxies that are meant
 */
GInetAddressMask *
dw_forwarded_parse_proxy (const char *text, GError **error)
{
  GInetAddressMask *mask = parse_mask (text);

  if (mask == NULL)
    g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG,
                 _ ("“%s” is not an address or a network. Use ADDRESS or ADDRESS/BITS."), text);
  return mask;
}

/**
 * dw_forwarded_is_trusted:
 * @proxies: (nullable) (element-type GInetAddressMask): the proxies that are trusted
 * @address: where a connection comes from
 *
 * Returns: whether @address is such a proxy
 */
gboolean
dw_forwarded_is_trusted (GPtrArray *proxies, GInetAddress *address)
{
  g_autoptr (GInetAddress) plain = unmap (address);

  for (guint i = 0; proxies != NULL && i < proxies->len; i++)
    if (g_inet_address_mask_matches (proxies->pdata[i], plain))
      return TRUE;
  return FALSE;
}

/* `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`: proxies write all of them. */
static GInetAddress *
parse_hop (const char *text, gsize length)
{
  g_autofree char *hop = NULL;
  char *end;

  if (length > DW_FORWARDED_HOP_BYTES)
    return NULL;

  hop = g_strstrip (g_strndup (text, length));
  if (*hop == '[')
    {
      end = strchr (hop, ']');
      if (end == NULL || (end[1] != '\0' && end[1] != ':'))
        return NULL;
      *end = '\0';
      return strchr (hop, ':') != NULL ? parse_address (hop + 1) : NULL;
    }

  end = strchr (hop, ':');
  if (end != NULL && strchr (end + 1, ':') == NULL)
    *end = '\0';
  return parse_address (hop);
}

/**
 * dw_forwarded_find_client:
 * @proxies: (nullable) (element-type GInetAddressMask): the proxies that are trusted
 * @peer: where the connection comes from
 * @header: (nullable): its `X-Forwarded-For`, several of them joined by commas
 *
 * Every proxy adds whom it talked to at the end of the header, and what stands before that is whatever it was sent. So
 * it is read from the end, for as long as the one who wrote an entry is trusted. It ends at an entry that cannot be
 * read, and after %DW_FORWARDED_HOPS of them: then the client is the last one that is known.
 *
 * Returns: (transfer full): the address of the client, never an IPv4-mapped one
 */
GInetAddress *
dw_forwarded_find_client (GPtrArray *proxies, GInetAddress *peer, const char *header)
{
  g_autoptr (GInetAddress) client = unmap (peer);
  const char *end = header != NULL ? header + strlen (header) : NULL;

  for (guint i = 0; i < DW_FORWARDED_HOPS && end != NULL && dw_forwarded_is_trusted (proxies, client); i++)
    {
      const char *begin = end;
      g_autoptr (GInetAddress) hop = NULL;

      while (begin > header && begin[-1] != ',' && end - begin <= DW_FORWARDED_HOP_BYTES)
        begin--;
      hop = parse_hop (begin, (gsize) (end - begin));
      if (hop == NULL)
        break;

      g_object_unref (client);
      client = unmap (hop);
      end = begin > header ? begin - 1 : NULL;
    }

  return g_steal_pointer (&client);
}

/* The last of several, which the nearest proxy wrote. */
static char *
last_of (const char *header)
{
  const char *comma = strrchr (header, ',');

  return g_strstrip (g_strndup (comma != NULL ? comma + 1 : header, DW_FORWARDED_HOP_BYTES));
}

/**
 * dw_forwarded_is_encrypted:
 * @header: (nullable): a trusted proxy’s `X-Forwarded-Proto`
 * @otherwise: what to take when it says nothing that is known
 *
 * Returns: whether the client talks TLS to the proxy
 */
gboolean
dw_forwarded_is_encrypted (const char *header, gboolean otherwise)
{
  g_autofree char *scheme = header != NULL ? last_of (header) : NULL;

  if (scheme == NULL)
    return otherwise;
  if (g_ascii_strcasecmp (scheme, "https") == 0 || g_ascii_strcasecmp (scheme, "wss") == 0)
    return TRUE;
  if (g_ascii_strcasecmp (scheme, "http") == 0 || g_ascii_strcasecmp (scheme, "ws") == 0)
    return FALSE;
  return otherwise;
}

/**
 * dw_forwarded_find_port:
 * @header: (nullable): a trusted proxy’s `X-Forwarded-Port`
 * @encrypted: whether the client talks TLS to the proxy
 *
 * Returns: the port that the client connected to; that of the scheme if the proxy does not say
 */
guint
dw_forwarded_find_port (const char *header, gboolean encrypted)
{
  g_autofree char *text = header != NULL ? last_of (header) : NULL;
  guint64 port;

  if (text != NULL && g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &port, NULL))
    return (guint) port;
  return encrypted ? 443 : 80;
}
