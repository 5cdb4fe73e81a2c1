/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwTransportFact:
 * @DW_TRANSPORT_LOCAL: our own address and port
 * @DW_TRANSPORT_PEER: the address and port that were connected to, or tried last; a proxy's if there is one
 * @DW_TRANSPORT_PROXY: the proxy's kind, address and port, without the user's name and password
 * @DW_TRANSPORT_PROXIED_MS: when the proxy had connected to the stage, in milliseconds since the start
 * @DW_TRANSPORT_TLS: the version of TLS, and the cipher suite
 * @DW_TRANSPORT_SUBJECT: whose certificate it is
 * @DW_TRANSPORT_ISSUER: who signed it
 * @DW_TRANSPORT_VALID_FROM: since when it is valid, as dw_time_format() writes it
 * @DW_TRANSPORT_VALID_UNTIL: until when
 * @DW_TRANSPORT_SHA256: its fingerprint, in hexadecimal with colons
 * @DW_TRANSPORT_FACTS: how many there are
 *
 * What is known of a connection below its WebSocket.
 */
typedef enum
{
  DW_TRANSPORT_LOCAL,
  DW_TRANSPORT_PEER,
  DW_TRANSPORT_PROXY,
  DW_TRANSPORT_PROXIED_MS,
  DW_TRANSPORT_TLS,
  DW_TRANSPORT_SUBJECT,
  DW_TRANSPORT_ISSUER,
  DW_TRANSPORT_VALID_FROM,
  DW_TRANSPORT_VALID_UNTIL,
  DW_TRANSPORT_SHA256,
  DW_TRANSPORT_FACTS,
} DwTransportFact;

/** DW_TRANSPORT_FACT_CHARS: the longest fact that is kept, in characters: a certificate says of itself what it likes. */
#define DW_TRANSPORT_FACT_CHARS 300

/**
 * DwTransport:
 * @facts: each a line of safe text, or %NULL
 *
 * The facts of one connection. Zeros are none.
 */
typedef struct
{
  char *facts[DW_TRANSPORT_FACTS];
} DwTransport;

void dw_transport_clear (DwTransport *transport);
void dw_transport_set (DwTransport *transport, DwTransportFact fact, const char *untrusted);
void dw_transport_set_ms (DwTransport *transport, DwTransportFact fact, guint ms);
guint dw_transport_get_ms (const DwTransport *transport, DwTransportFact fact);
char *dw_transport_write (const DwTransport *transport);
void dw_transport_read (DwTransport *transport, const char *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwTransport, dw_transport_clear)

G_END_DECLS
