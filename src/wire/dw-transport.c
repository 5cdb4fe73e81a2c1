/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-transport.h"

#include "dw-safe-text.h"

#include <string.h>

/**
 * SECTION:dw-transport
 *
 * Addresses, proxy, TLS and certificate of a connection, as a trace remembers them and a recording keeps them: a line
 * `name: value` each.
 */

static const char *const names[DW_TRANSPORT_FACTS] = { "local",   "peer",   "proxy",      "proxied-ms",  "tls",
                                                       "subject", "issuer", "valid-from", "valid-until", "sha256" };

/**
 * dw_transport_clear:
 * @transport: facts, none afterwards
 */
void
dw_transport_clear (DwTransport *transport)
{
  for (guint i = 0; i < DW_TRANSPORT_FACTS; i++)
    g_clear_pointer (&transport->facts[i], g_free);
}

/**
 * dw_transport_set:
 * @transport: facts
 * @fact: which
 * @untrusted: (nullable): what it is; %NULL and an empty text are nothing
 */
void
dw_transport_set (DwTransport *transport, DwTransportFact fact, const char *untrusted)
{
  g_clear_pointer (&transport->facts[fact], g_free);
  if (untrusted != NULL && *untrusted != '\0')
    transport->facts[fact] = dw_safe_line (untrusted, DW_TRANSPORT_FACT_CHARS);
}

/**
 * dw_transport_set_ms:
 * @transport: facts
 * @fact: one that is a time
 * @ms: it, in milliseconds; 0 is nothing
 */
void
dw_transport_set_ms (DwTransport *transport, DwTransportFact fact, guint ms)
{
  g_autofree char *text = ms != 0 ? g_strdup_printf ("%u", ms) : NULL;

  dw_transport_set (transport, fact, text);
}

/**
 * dw_transport_get_ms:
 * @transport: facts
 * @fact: one that is a time
 *
 * Returns: it in milliseconds, or 0 if it is not known or no number
 */
guint
dw_transport_get_ms (const DwTransport *transport, DwTransportFact fact)
{
  guint64 ms = 0;

  if (transport->facts[fact] == NULL
      || !g_ascii_string_to_unsigned (transport->facts[fact], 10, 0, G_MAXUINT, &ms, NULL))
    return 0;
  return (guint) ms;
}

/**
 * dw_transport_write:
 * @transport: facts
 *
 * Returns: (transfer full) (nullable): them as lines, or %NULL where nothing is known
 */
char *
dw_transport_write (const DwTransport *transport)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < DW_TRANSPORT_FACTS; i++)
    if (transport->facts[i] != NULL)
      g_string_append_printf (text, "%s: %s\n", names[i], transport->facts[i]);
  return g_string_free (text, text->len == 0);
}

static void
read_line (DwTransport *transport, const char *line, gsize length)
{
  for (guint i = 0; i < DW_TRANSPORT_FACTS; i++)
    {
      gsize name = strlen (names[i]);
      g_autofree char *value = NULL;

      if (length < name + 2 || strncmp (line, names[i], name) != 0 || strncmp (line + name, ": ", 2) != 0)
        continue;
      /* What cannot be shown is not copied either. */
      value = g_strndup (line + name + 2, MIN (length - name - 2, 4 * DW_TRANSPORT_FACT_CHARS));
      dw_transport_set (transport, i, value);
      return;
    }
}

/**
 * dw_transport_read:
 * @transport: (out caller-allocates): facts, to be cleared with dw_transport_clear()
 * @text: (nullable): what dw_transport_write() wrote, or somebody else: a recording is a file like any other. Lines that
 *   are not understood are left out.
 */
void
dw_transport_read (DwTransport *transport, const char *text)
{
  *transport = (DwTransport){ 0 };
  while (text != NULL && *text != '\0')
    {
      gsize length = strcspn (text, "\n");

      read_line (transport, text, length);
      text += text[length] != '\0' ? length + 1 : length;
    }
}
