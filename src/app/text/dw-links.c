/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-links.h"

#include <string.h>

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

/* Some scripts have letters that look Latin. Only scripts without them may be mixed with Latin. */
static gboolean
has_look_alikes (GUnicodeScript script)
{
  static const GUnicodeScript alike[] = { G_UNICODE_SCRIPT_CYRILLIC, G_UNICODE_SCRIPT_GREEK,
                                          G_UNICODE_SCRIPT_ARMENIAN, G_UNICODE_SCRIPT_CHEROKEE,
                                          G_UNICODE_SCRIPT_COPTIC,   G_UNICODE_SCRIPT_LISU };

  for (guint i = 0; i < G_N_ELEMENTS (alike); i++)
    if (script == alike[i])
      return TRUE;
  return FALSE;
}

/* Such letters deceive when mixed with Latin. A host that is entirely in that script, including its top-level domain,
 * does not. */
static gboolean
deceives (const char *host)
{
  gboolean latin = FALSE;
  gboolean alike = FALSE;

  for (; *host != '\0'; host = g_utf8_next_char (host))
    {
      gunichar c = g_utf8_get_char (host);
      GUnicodeScript script = g_unichar_get_script (c);

      /* No honest host name contains a stray combining mark or a modifier letter. */
      if (g_unichar_ismark (c) || g_unichar_type (c) == G_UNICODE_MODIFIER_LETTER)
        return TRUE;
      latin |= script == G_UNICODE_SCRIPT_LATIN;
      alike |= has_look_alikes (script);
    }
  return latin && alike;
}

/* Splits after the scheme: [user@]host[:port][/…]. */
static gboolean
find_host (const char *address, const char *scheme, const char **host, const char **end)
{
  const char *rest = address + strlen (scheme);
  gsize length = strcspn (rest, "/?#");
  const char *at = g_strrstr_len (rest, (gssize) length, "@");

  *host = at != NULL ? at + 1 : rest;
  *end = *host + strcspn (*host, ":/?#");
  return *end > *host;
}

static char *
replace (const char *text, const char *start, const char *end, const char *with)
{
  g_autofree char *before = g_strndup (text, start - text);

  return g_strconcat (before, with, end, NULL);
}

static DwLink *
make_link (const char *text, const char *start, const char *end, const char *scheme)
{
  g_autofree char *address = g_strndup (start, end - start);
  g_autofree char *host = NULL;
  g_autofree char *ascii = NULL;
  const char *host_start, *host_end;
  DwLink *link;

  if (!find_host (address, scheme, &host_start, &host_end))
    return NULL;
  host = g_strndup (host_start, host_end - host_start);
  /* An IPv6 address stands in brackets; it is not a name. */
  ascii = *host == '[' ? g_strdup (host) : g_hostname_to_ascii (host);
  if (ascii == NULL || *ascii == '\0' || *ascii == '.')
    return NULL;
  if (g_str_equal (scheme, "mailto:") && strchr (address, '@') == NULL)
    return NULL;
  link = g_new (DwLink, 1);
  link->start = (gsize) (start - text);
  link->end = (gsize) (end - text);
  link->href = replace (address, host_start, host_end, ascii);
  link->shown = deceives (host) ? g_strdup (link->href) : g_strdup (address);
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
