/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who a client is behind reverse proxies, and that nobody else can say so. */
#include "dw-test.h"

#include "backend/dw-backend-error.h"
#include "backend/gateway/dw-forwarded.h"

#include <string.h>

static GPtrArray *
proxies_of (const char *texts)
{
  GPtrArray *proxies = g_ptr_array_new_with_free_func (g_object_unref);
  g_auto (GStrv) each = g_strsplit (texts, " ", -1);

  for (char **at = each; *at != NULL && **at != '\0'; at++)
    {
      GInetAddressMask *proxy = dw_forwarded_parse_proxy (*at, NULL);

      g_assert_nonnull (proxy);
      g_ptr_array_add (proxies, proxy);
    }
  return proxies;
}

static char *
client_of (const char *texts, const char *from, const char *header)
{
  g_autoptr (GPtrArray) proxies = proxies_of (texts);
  g_autoptr (GInetAddress) peer = g_inet_address_new_from_string (from);
  g_autoptr (GInetAddress) client = dw_forwarded_find_client (proxies, peer, header);

  return g_inet_address_to_string (client);
}

/* A network has the addresses that its bits say and none beside them. */
static void
test_networks (void)
{
  static const struct
  {
    const char *proxy;
    const char *inside;
    const char *outside;
  } rows[] = {
    { "192.0.2.1", "192.0.2.1", "192.0.2.2" },
    { "192.0.2.1/32", "192.0.2.1", "192.0.2.0" },
    { "192.0.2.2/31", "192.0.2.3", "192.0.2.4" },
    { "192.0.2.2/31", "192.0.2.2", "192.0.2.1" },
    { "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
    { "192.0.2.0/23", "192.0.3.255", "192.0.4.0" },
    { "192.0.2.0/25", "192.0.2.127", "192.0.2.128" },
    { "10.0.0.0/8", "10.255.255.255", "11.0.0.0" },
    { "128.0.0.0/1", "255.255.255.255", "127.255.255.255" },
    { "0.0.0.0/0", "203.0.113.9", "2001:db8::1" },
    { "2001:db8::1", "2001:db8::1", "2001:db8::2" },
    { "2001:db8::/32", "2001:db8:ffff::", "2001:db9::" },
    { "2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::" },
    { "2001:db8::2/127", "2001:db8::3", "2001:db8::4" },
    { "::1/128", "::1", "::2" },
    { "::/0", "2001:db8::1", "192.0.2.1" },
    /* Other proxies, and whoever configures this, may write an IPv4 address as a mapped one. */
    { "192.0.2.0/24", "::ffff:192.0.2.7", "::ffff:192.0.3.7" },
    { "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2" },
    { "::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.0" },
    { "::ffff:0.0.0.0/96", "203.0.113.9", "::203.0.113.9" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) proxies = proxies_of (rows[i].proxy);
      g_autoptr (GInetAddress) inside = g_inet_address_new_from_string (rows[i].inside);
      g_autoptr (GInetAddress) outside = g_inet_address_new_from_string (rows[i].outside);

      g_test_message ("%s: %s, not %s", rows[i].proxy, rows[i].inside, rows[i].outside);
      g_assert_true (dw_forwarded_is_trusted (proxies, inside));
      g_assert_false (dw_forwarded_is_trusted (proxies, outside));
      g_assert_false (dw_forwarded_is_trusted (NULL, inside));
    }
}

static void
test_no_networks (void)
{
  static const char *const texts[] = { "",
                                       "/",
                                       "/8",
                                       "localhost",
                                       "192.0.2",
                                       "192.0.2.1/",
                                       "192.0.2.1/33",
                                       "192.0.2.1/-1",
                                       "192.0.2.1/ 8",
                                       "192.0.2.1/+8",
                                       "192.0.2.1/8x",
                                       "192.0.2.1/24",
                                       "192.0.2.1/32/32",
                                       "192.0.2.1:80",
                                       " 192.0.2.1",
                                       "[::1]",
                                       "::1/129",
                                       "::1/127",
                                       "fe80::1%lo",
                                       "::ffff:0.0.0.0/95",
                                       "::ffff:192.0.2.1/129",
                                       "4294967296/0" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", texts[i]);
      g_assert_null (dw_forwarded_parse_proxy (texts[i], &error));
      g_assert_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG);
    }
}

/* Only what a trusted proxy wrote counts; what a client wrote before it changes nothing. */
static void
test_clients (void)
{
  static const struct
  {
    const char *proxies;
    const char *peer;
    const char *header;
    const char *client;
  } rows[] = {
    { "", "203.0.113.9", "192.0.2.1", "203.0.113.9" },
    { "127.0.0.1", "203.0.113.9", "192.0.2.1", "203.0.113.9" },
    { "127.0.0.1", "127.0.0.1", NULL, "127.0.0.1" },
    { "127.0.0.1", "127.0.0.1", "", "127.0.0.1" },
    { "127.0.0.1", "127.0.0.1", "192.0.2.1", "192.0.2.1" },
    { "127.0.0.1", "127.0.0.1", "  192.0.2.1\t", "192.0.2.1" },
    /* The client made up the first. */
    { "127.0.0.1", "127.0.0.1", "198.51.100.1, 192.0.2.1", "192.0.2.1" },
    { "127.0.0.1", "127.0.0.1", "127.0.0.1,192.0.2.1", "192.0.2.1" },
    { "127.0.0.1", "127.0.0.1", ",,192.0.2.1", "192.0.2.1" },
    { "127.0.0.1", "127.0.0.1", "192.0.2.1,", "127.0.0.1" },
    { "127.0.0.1", "127.0.0.1", "192.0.2.1, unknown", "127.0.0.1" },
    { "127.0.0.1", "127.0.0.1", "192.0.2.1, _hidden", "127.0.0.1" },
    /* A chain of proxies. */
    { "127.0.0.1 10.0.0.0/8", "127.0.0.1", "198.51.100.1, 192.0.2.1, 10.1.2.3", "192.0.2.1" },
    { "127.0.0.1 10.0.0.0/8", "127.0.0.1", "198.51.100.1, nonsense, 10.1.2.3", "10.1.2.3" },
    { "127.0.0.1 10.0.0.0/8", "127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9" },
    { "127.0.0.1 10.0.0.0/8", "127.0.0.1", "198.51.100.1, 11.0.0.0", "11.0.0.0" },
    /* With a port, as some proxies write it. */
    { "127.0.0.1", "127.0.0.1", "192.0.2.1:4711", "192.0.2.1" },
    { "127.0.0.1", "127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1" },
    { "127.0.0.1", "127.0.0.1", "[2001:db8::1]", "2001:db8::1" },
    { "127.0.0.1", "127.0.0.1", "2001:db8::1", "2001:db8::1" },
    { "127.0.0.1", "127.0.0.1", "[2001:db8::1", "127.0.0.1" },
    { "127.0.0.1", "127.0.0.1", "[2001:db8::1]x", "127.0.0.1" },
    { "127.0.0.1", "127.0.0.1", "[192.0.2.1]:80", "127.0.0.1" },
    { "127.0.0.1", "127.0.0.1", "[]", "127.0.0.1" },
    { "127.0.0.1", "127.0.0.1", ":80", "127.0.0.1" },
    { "127.0.0.1", "127.0.0.1", "fe80::1%lo", "127.0.0.1" },
    { "127.0.0.1", "127.0.0.1", "192.0.2.1\"}", "127.0.0.1" },
    /* An IPv4 address is one, however it is written. */
    { "127.0.0.1", "::ffff:127.0.0.1", "::ffff:192.0.2.1", "192.0.2.1" },
    { "::1", "::1", "2001:db8::1, ::ffff:192.0.2.1", "192.0.2.1" },
    { "", "::ffff:192.0.2.1", "198.51.100.1", "192.0.2.1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *client = client_of (rows[i].proxies, rows[i].peer, rows[i].header);

      g_test_message ("%s from %s", rows[i].header, rows[i].peer);
      g_assert_cmpstr (client, ==, rows[i].client);
    }
}

/* A header without an end is read as far as the bounds say. */
static void
test_bounds (void)
{
  for (int beyond = -1; beyond <= 1; beyond++)
    {
      g_autoptr (GString) header = g_string_new ("192.0.2.1");
      g_autofree char *client = NULL;

      for (int i = 0; i < DW_FORWARDED_HOPS - 1 + beyond; i++)
        g_string_append (header, ",127.0.0.1");
      client = client_of ("127.0.0.1", "127.0.0.1", header->str);
      g_assert_cmpstr (client, ==, beyond <= 0 ? "192.0.2.1" : "127.0.0.1");
    }

  for (int beyond = -1; beyond <= 1; beyond++)
    {
      g_autoptr (GString) header = g_string_new ("192.0.2.1");
      g_autofree char *client = NULL;

      while (header->len < (gsize) (DW_FORWARDED_HOP_BYTES + beyond))
        g_string_prepend_c (header, ' ');
      client = client_of ("127.0.0.1", "127.0.0.1", header->str);
      g_assert_cmpstr (client, ==, beyond <= 0 ? "192.0.2.1" : "127.0.0.1");
    }

  {
    g_autofree char *commas = g_strnfill (1 << 20, ',');
    g_autofree char *digits = g_strnfill (1 << 20, '1');
    g_autofree char *first = client_of ("127.0.0.1", "127.0.0.1", commas);
    g_autofree char *second = client_of ("127.0.0.1", "127.0.0.1", digits);

    g_assert_cmpstr (first, ==, "127.0.0.1");
    g_assert_cmpstr (second, ==, "127.0.0.1");
  }
}

static void
test_scheme (void)
{
  static const struct
  {
    const char *header;
    gboolean otherwise;
    gboolean encrypted;
  } rows[] = {
    { NULL, TRUE, TRUE },
    { NULL, FALSE, FALSE },
    { "https", FALSE, TRUE },
    { "HTTPS ", FALSE, TRUE },
    { "wss", FALSE, TRUE },
    { "http", TRUE, FALSE },
    { "ws", TRUE, FALSE },
    { "http, https", FALSE, TRUE },
    { "https,http", TRUE, FALSE },
    { "httpss", FALSE, FALSE },
    { "", TRUE, TRUE },
    { "gopher", TRUE, TRUE },
  };
  static const struct
  {
    const char *header;
    guint port;
  } ports[] = { { NULL, 443 },    { "8443", 8443 }, { " 1 ", 1 },  { "65535", 65535 }, { "0", 443 },
                { "65536", 443 }, { "-1", 443 },    { "1x", 443 }, { "", 443 },        { "1, 8443", 8443 } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].header);
      g_assert_cmpint (dw_forwarded_is_encrypted (rows[i].header, rows[i].otherwise), ==, rows[i].encrypted);
    }
  for (guint i = 0; i < G_N_ELEMENTS (ports); i++)
    g_assert_cmpuint (dw_forwarded_find_port (ports[i].header, TRUE), ==, ports[i].port);
  g_assert_cmpuint (dw_forwarded_find_port (NULL, FALSE), ==, 80);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/forwarded/networks", test_networks);
  g_test_add_func ("/backend/forwarded/no-networks", test_no_networks);
  g_test_add_func ("/backend/forwarded/EM-31/clients", test_clients);
  g_test_add_func ("/backend/forwarded/EM-31/bounds", test_bounds);
  g_test_add_func ("/backend/forwarded/scheme", test_scheme);
  return g_test_run ();
}
