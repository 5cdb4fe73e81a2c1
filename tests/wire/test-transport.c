/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-transport.h"

#include <string.h>

/* What is written is read again, and what is not known is not there. */
static void
test_round_trip (void)
{
  g_auto (DwTransport) transport = { 0 };
  g_auto (DwTransport) again = { 0 };
  g_autofree char *nothing = dw_transport_write (&transport);
  g_autofree char *text = NULL;

  g_assert_null (nothing);
  dw_transport_set (&transport, DW_TRANSPORT_PEER, "[2001:db8::1]:443");
  dw_transport_set (&transport, DW_TRANSPORT_SUBJECT, "CN=a: b,O=Ünïcode");
  dw_transport_set (&transport, DW_TRANSPORT_TLS, "");
  dw_transport_set_ms (&transport, DW_TRANSPORT_PROXIED_MS, 34);
  text = dw_transport_write (&transport);
  g_assert_cmpstr (text, ==, "peer: [2001:db8::1]:443\nproxied-ms: 34\nsubject: CN=a: b,O=Ünïcode\n");

  dw_transport_read (&again, text);
  for (guint i = 0; i < DW_TRANSPORT_FACTS; i++)
    g_assert_cmpstr (again.facts[i], ==, transport.facts[i]);
  g_assert_cmpuint (dw_transport_get_ms (&again, DW_TRANSPORT_PROXIED_MS), ==, 34);
  g_assert_cmpuint (dw_transport_get_ms (&again, DW_TRANSPORT_PEER), ==, 0);
}

/* A certificate names itself, and a recording is anybody's: nothing in them begins a line or fills the memory. */
static void
test_hostile (void)
{
  g_autofree char *huge = g_strnfill (1000 * 1000, 'x');
  g_autofree char *recording = g_strconcat ("subject: ", huge,
                                            "\nsubject: last\npeer:x\nlocal\n: \nproxied-ms: -5\n"
                                            "sha256: \xff\x1b[31m\nunknown: y\nissuer: ",
                                            NULL);
  g_auto (DwTransport) transport = { 0 };
  g_auto (DwTransport) read = { 0 };
  g_autofree char *text = NULL;

  dw_transport_set (&transport, DW_TRANSPORT_SUBJECT, "CN=a\npeer: 192.0.2.1:443\r\n");
  dw_transport_set (&transport, DW_TRANSPORT_ISSUER, huge);
  text = dw_transport_write (&transport);
  g_assert_null (strstr (text, "\npeer"));
  g_assert_cmpuint (strlen (text), <, 2 * 4 * DW_TRANSPORT_FACT_CHARS);

  dw_transport_read (&read, recording);
  g_assert_cmpstr (read.facts[DW_TRANSPORT_SUBJECT], ==, "last");
  g_assert_null (read.facts[DW_TRANSPORT_PEER]);
  g_assert_null (read.facts[DW_TRANSPORT_LOCAL]);
  g_assert_null (read.facts[DW_TRANSPORT_ISSUER]);
  g_assert_cmpuint (dw_transport_get_ms (&read, DW_TRANSPORT_PROXIED_MS), ==, 0);
  g_assert_true (g_utf8_validate (read.facts[DW_TRANSPORT_SHA256], -1, NULL));
  g_assert_null (strchr (read.facts[DW_TRANSPORT_SHA256], '\x1b'));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/transport/round-trip", test_round_trip);
  g_test_add_func ("/wire/transport/hostile", test_hostile);
  return g_test_run ();
}
