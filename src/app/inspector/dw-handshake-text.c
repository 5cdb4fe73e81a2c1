/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-handshake-text.h"

#include "wire/dw-safe-text.h"
#include "wire/dw-transport.h"

#include <glib/gi18n.h>

/**
 * dw_handshake_text_name_phase:
 * @phase: a part of a handshake
 *
 * Returns: what it is called
 */
const char *
dw_handshake_text_name_phase (DwTimingPhase phase)
{
  switch (phase)
    {
    case DW_TIMING_NAME:
      return "DNS";
    case DW_TIMING_TCP:
      return "TCP";
    case DW_TIMING_PROXY:
      return _ ("Proxy");
    case DW_TIMING_TLS:
      return "TLS";
    case DW_TIMING_UPGRADE:
    case DW_TIMING_PHASES:
    default:
      /* Translators: the HTTP request that opens a WebSocket, and its answer. */
      return _ ("Upgrade");
    }
}

/**
 * dw_handshake_text_describe_bar:
 * @bar: how long a part took
 *
 * Returns: (transfer full): that in words
 */
char *
dw_handshake_text_describe_bar (const DwTimingBar *bar)
{
  if (bar->failed)
    /* Translators: of a part of a handshake: it failed, after that many milliseconds. */
    return g_strdup_printf (_ ("failed after %'u ms"), bar->length_ms);
  return g_strdup_printf (_ ("%'u ms"), bar->length_ms);
}

static const char *
name_fact (DwTransportFact fact)
{
  switch (fact)
    {
    case DW_TRANSPORT_LOCAL:
      return _ ("Local Address");
    case DW_TRANSPORT_PEER:
      return _ ("Peer Address");
    case DW_TRANSPORT_PROXY:
      return _ ("Proxy");
    case DW_TRANSPORT_TLS:
      return "TLS";
    case DW_TRANSPORT_SUBJECT:
      /* Translators: whose a TLS certificate is. */
      return _ ("Subject");
    case DW_TRANSPORT_ISSUER:
      /* Translators: who signed a TLS certificate. */
      return _ ("Issuer");
    case DW_TRANSPORT_VALID_FROM:
      return _ ("Valid From");
    case DW_TRANSPORT_VALID_UNTIL:
      return _ ("Valid Until");
    case DW_TRANSPORT_SHA256:
      return _ ("SHA-256 Fingerprint");
    case DW_TRANSPORT_PROXIED_MS:
    case DW_TRANSPORT_FACTS:
    default:
      return NULL;
    }
}

static void
add_heading (GString *text, const char *heading)
{
  g_string_append_printf (text, "%s%s\n", text->len > 0 ? "\n" : "", heading);
}

static void
add_phases (GString *text, const DwTraceEntry *entry)
{
  DwTimingBar bars[DW_TIMING_PHASES];
  guint n = dw_timing_measure (entry, bars);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *words = dw_handshake_text_describe_bar (&bars[i]);

      g_string_append_printf (text, "%s: %s\n", dw_handshake_text_name_phase (bars[i].phase), words);
    }
}

static void
add_facts (GString *text,
           const DwTransport *transport,
           const char *heading,
           DwTransportFact from,
           DwTransportFact to)
{
  gboolean any = FALSE;

  for (DwTransportFact fact = from; fact <= to; fact++)
    {
      if (transport->facts[fact] == NULL || name_fact (fact) == NULL)
        continue;
      if (!any)
        add_heading (text, heading);
      any = TRUE;
      g_string_append_printf (text, "%s: %s\n", name_fact (fact), transport->facts[fact]);
    }
}

static void
add_head (GString *text, const char *heading, const char *head)
{
  g_autofree char *safe = head != NULL ? dw_safe_text (head, DW_SAFE_TEXT_WHOLE, G_MAXUINT, NULL) : NULL;

  if (safe == NULL)
    return;
  add_heading (text, heading);
  g_string_append (text, g_strchomp (safe));
  g_string_append_c (text, '\n');
}

/**
 * dw_handshake_text:
 * @entry: a handshake in a trace
 *
 * Returns: (transfer full): all that is known of it, in lines: what took how long, the connection, its certificate, and
 *   both heads. Nothing secret is in a trace.
 */
char *
dw_handshake_text (const DwTraceEntry *entry)
{
  GString *text = g_string_new (NULL);
  g_auto (DwTransport) transport = { 0 };

  dw_transport_read (&transport, entry->transport);
  add_phases (text, entry);
  add_facts (text, &transport, _ ("Connection"), DW_TRANSPORT_LOCAL, DW_TRANSPORT_TLS);
  add_facts (text, &transport, _ ("Certificate"), DW_TRANSPORT_SUBJECT, DW_TRANSPORT_SHA256);
  add_head (text, _ ("Request"), entry->request);
  add_head (text, _ ("Response"), entry->response);
  return g_string_free (text, FALSE);
}
