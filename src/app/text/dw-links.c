/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-links.h"

#include "dw-shown-host.h"

#include "wire/dw-safe-text.h"

#include <string.h>

#define LEFT_TO_RIGHT_MARK "\xe2\x80\x8e" /* U+200E */

static void
link_free (gpointer data)
{
  DwLink *link = data;

  g_free (link->href);
  g_free (link->shown);
  g_free (link);
}

static const char *const schemes[] = { "https://", "http://", "mailto:" };

/* An address must not start in the middle of a word. */
static const char *
find_scheme (const char *text, const char *from, const char **scheme)
{
  for (const char *at = from; *at != '\0'; at = g_utf8_next_char (at))
    {
      const char *before = at > text ? g_utf8_prev_char (at) : NULL;

      if (before != NULL && g_unichar_isalnum (g_utf8_get_char (before)))
        continue;
      for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
        if (g_ascii_strncasecmp (at, schemes[i], strlen (schemes[i])) == 0)
          {
            *scheme = schemes[i];
            return at;
          }
    }
  return NULL;
}

static gboolean
can_be_in_address (gunichar c)
{
  return !g_unichar_isspace (c) && !g_unichar_iscntrl (c) && g_unichar_isdefined (c)
         && g_unichar_type (c) != G_UNICODE_FORMAT && strchr ("<>\"`{}|\\^", (int) MIN (c, 0x7f)) == NULL
         && c != 0x7f && c != 0x300c && c != 0x300d && c != 0x3001 && c != 0x3002;
}

static guint
count (const char *start, const char *end, char wanted)
{
  guint n = 0;

  for (; start < end; start++)
    n += *start == wanted;
  return n;
}

/* A trailing full stop belongs to the sentence, and a closing bracket to one opened before the address, unless it was
 * opened inside it. */
static const char *
trim_end (const char *start, const char *end)
{
  while (end > start)
    {
      char last = end[-1];

      if (strchr (".,;:!?'*", last) != NULL)
        end--;
      else if ((last == ')' && count (start, end, ')') > count (start, end, '('))
               || (last == ']' && count (start, end, ']') > count (start, end, '[')))
        end--;
      else
        break;
    }
  return end;
}

static const char *
find_end (const char *start)
{
  const char *at = start;

  for (guint n = 0; *at != '\0' && n < DW_LINKS_CHARS && can_be_in_address (g_utf8_get_char (at)); n++)
    at = g_utf8_next_char (at);
  return trim_end (start, at);
}

/* What an address consists of behind its scheme: [user@]host[rest], the rest from the port on. */
typedef struct
{
  const char *user; /* or NULL; a mailbox has one before its host */
  const char *host;
  const char *rest;
} Parts;

static gboolean
split_host (const char *start, const char *end, Parts *parts)
{
  const char *bracket = *start == '[' ? memchr (start, ']', (gsize) (end - start)) : NULL;
  const char *colon = memchr (start, ':', (gsize) (end - start));

  parts->host = start;
  if (*start == '[')
    parts->rest = bracket != NULL ? bracket + 1 : start;
  else
    parts->rest = colon != NULL ? colon : end;
  if (parts->rest == start)
    return FALSE;
  /* Nothing but a port stands behind a host: browsers do not agree on what else would mean. */
  if (parts->rest < end && *parts->rest != ':')
    return FALSE;
  for (const char *at = parts->rest + 1; at < end; at++)
    if (!g_ascii_isdigit (*at))
      return FALSE;
  return end - parts->rest <= (gssize) strlen (":65535");
}

/* The last “@” is the one that counts (RFC 3986 section 3.2, and what browsers do). */
static gboolean
split (const char *address, gboolean is_mail, Parts *parts)
{
  const char *end = address + strcspn (address, is_mail ? "?#" : "/?#");
  const char *at = g_strrstr_len (address, end - address, "@");

  parts->user = at != NULL ? address : NULL;
  if (is_mail && (at == NULL || at == address || memchr (address, '@', (gsize) (at - address)) != NULL))
    return FALSE;
  return split_host (at != NULL ? at + 1 : address, end, parts);
}

static gboolean
is_name (const char *ascii)
{
  for (const char *at = ascii; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr ("-_.", *at) == NULL)
      return FALSE;
  return *ascii != '\0' && *ascii != '.' && strstr (ascii, "..") == NULL;
}

static gboolean
is_ip6 (const char *host)
{
  g_autofree char *inner = g_strndup (host + 1, strlen (host) - 2);

  return strchr (inner, ':') != NULL && g_hostname_is_ip_address (inner);
}

/* The host as it is looked up, or %NULL: a wide slash or dot in it has become the narrow one (RFC 3490). */
static char *
find_ascii (const char *host)
{
  g_autofree char *ascii = NULL;
  g_autofree char *lower = NULL;

  if (*host == '[')
    return is_ip6 (host) ? g_ascii_strdown (host, -1) : NULL;
  ascii = g_hostname_to_ascii (host);
  lower = ascii != NULL ? g_ascii_strdown (ascii, -1) : NULL;
  return lower != NULL && is_name (lower) ? g_steal_pointer (&lower) : NULL;
}

static gboolean
turns (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (dw_safe_text_is_right_to_left (g_utf8_get_char (text)))
      return TRUE;
  return FALSE;
}

static DwLink *
make_link (const char *text, const char *start, const char *end, const char *scheme)
{
  g_autofree char *address = g_strndup (start + strlen (scheme), (gsize) (end - start) - strlen (scheme));
  g_autofree char *begin = NULL;
  g_autofree char *host = NULL;
  g_autofree char *ascii = NULL;
  g_autofree char *shown = NULL;
  gboolean is_mail = g_str_equal (scheme, "mailto:");
  Parts parts;
  DwLink *link;

  if (!split (address, is_mail, &parts))
    return NULL;
  host = g_strndup (parts.host, (gsize) (parts.rest - parts.host));
  ascii = find_ascii (host);
  if (ascii == NULL)
    return NULL;
  shown = g_str_is_ascii (host) ? g_strdup (ascii) : dw_shown_host (ascii);
  begin = g_strndup (start, strlen (scheme) + (is_mail ? (gsize) (parts.host - address) : 0));

  link = g_new (DwLink, 1);
  link->start = (gsize) (start - text);
  link->end = (gsize) (end - text);
  link->asks = !is_mail && parts.user != NULL;
  link->href = g_strconcat (begin, ascii, parts.rest, NULL);
  /* What is behind a host that is written from right to left stays behind it. */
  link->shown = g_strconcat (begin, shown, turns (shown) ? LEFT_TO_RIGHT_MARK : "", parts.rest, NULL);
  return link;
}

/**
 * dw_links_find:
 * @text: a text from dw_safe_text()
 *
 * Finds web and mail addresses in a text, in order; at most %DW_LINKS_MOST.
 *
 * Returns: (transfer full) (element-type DwLink): the addresses
 */
GPtrArray *
dw_links_find (const char *text)
{
  GPtrArray *links = g_ptr_array_new_with_free_func (link_free);
  const char *at = text;
  const char *scheme;

  while (links->len < DW_LINKS_MOST && (at = find_scheme (text, at, &scheme)) != NULL)
    {
      const char *end = find_end (at);
      DwLink *link = end > at + strlen (scheme) ? make_link (text, at, end, scheme) : NULL;

      if (link != NULL)
        g_ptr_array_add (links, link);
      at = link != NULL ? end : at + strlen (scheme);
    }
  return links;
}
