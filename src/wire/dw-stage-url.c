/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage-url.h"

#include "dw-limits.h"
#include "dw-wire-error.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

struct _DwStageUrl
{
  gatomicrefcount references;
  char *text;
  char *redacted;
  char *host;
  char *api_id;
  char *region;
  char *stage;
  gboolean secure;
  gboolean loopback;
};

G_DEFINE_BOXED_TYPE (DwStageUrl, dw_stage_url, dw_stage_url_ref, dw_stage_url_unref)

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, DW_WIRE_ERROR, DW_WIRE_ERROR_URL, sentence);
  return FALSE;
}

static gboolean
check_characters (const char *text, GError **error)
{
  if (!g_utf8_validate (text, -1, NULL))
    return refuse (error, _ ("The address is not text. Copy it again."));
  if (*text == '\0')
    return refuse (error, _ ("Enter the address of a stage. It starts with wss://."));
  if (strlen (text) > DW_LIMIT_URL_CHARS)
    return refuse (error, _ ("The address is longer than 4,096 characters. Shorten it."));
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (g_unichar_isspace (c) || g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT)
        return refuse (error, _ ("The address contains a space or an invisible character. Remove it."));
    }
  return TRUE;
}

/* RFC 3986 section 2.1. */
static gboolean
check_percents (const char *text, GError **error)
{
  for (const char *at = strchr (text, '%'); at != NULL; at = strchr (at + 1, '%'))
    if (!g_ascii_isxdigit (at[1]) || !g_ascii_isxdigit (at[2]))
      return refuse (error,
                     _ ("The address contains a “%” without two hexadecimal digits after it. Write it as %25."));
  return TRUE;
}

static gboolean
check_scheme (const char *text, GError **error)
{
  g_autofree char *scheme = g_uri_parse_scheme (text);

  if (scheme == NULL || strstr (text, "://") == NULL)
    return refuse (error, _ ("Add wss:// in front of the address."));
  if (g_ascii_strcasecmp (scheme, "https") == 0 || g_ascii_strcasecmp (scheme, "http") == 0)
    return refuse (error,
                   _ ("This is a web address. Use the stage’s WebSocket address, which starts with wss://."));
  if (g_ascii_strcasecmp (scheme, "wss") != 0 && g_ascii_strcasecmp (scheme, "ws") != 0)
    return refuse (error, _ ("The address must start with wss://."));
  return TRUE;
}

/* Of fe80::1%eth0 what other computers know; the rest says through which of this one's networks it is reached (RFC 4007). */
static char *
dup_without_zone (const char *host)
{
  return g_strndup (host, strchr (host, ':') != NULL ? strcspn (host, "%") : strlen (host));
}

static gboolean
host_is_loopback (const char *host)
{
  g_autofree char *plain = dup_without_zone (host);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (plain);

  if (address != NULL)
    return g_inet_address_get_is_loopback (address);
  /* RFC 6761 section 6.3: these names never leave the machine. */
  return g_ascii_strcasecmp (host, "localhost") == 0
         || (strlen (host) > 10 && g_ascii_strcasecmp (host + strlen (host) - 10, ".localhost") == 0);
}

/* Host names consist of letters, digits, “-” and “_” (RFC 3986 section 3.2.2, RFC 1123 section 2.1). GUri also
 * accepts `"`, `<` and `\`, which other parsers take for the end of the host. A colon is in IPv6 addresses; one that was
 * written as %3a is in none. */
static gboolean
host_is_well_formed (const char *host)
{
  if (strchr (host, ':') != NULL)
    {
      g_autofree char *plain = dup_without_zone (host);

      return g_hostname_is_ip_address (plain);
    }
  for (const char *at = host; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && *at != '-' && *at != '_' && *at != '.')
      return FALSE;
  return *host != '.' && strstr (host, "..") == NULL;
}

static gboolean
lacks_brackets (const char *text)
{
  const char *authority = strstr (text, "://") + 3;
  g_autofree char *host = g_strndup (authority, strcspn (authority, "/?#"));
  const char *first = strchr (host, ':');

  return first != NULL && strchr (first + 1, ':') != NULL && strpbrk (host, "[]@") == NULL;
}

static gboolean
check_parts (GUri *uri, GError **error)
{
  const char *host = g_uri_get_host (uri);

  if (g_uri_get_userinfo (uri) != NULL)
    return refuse (error, _ ("The address contains a username or password. Remove everything up to the “@”."));
  if (host == NULL || *host == '\0')
    return refuse (error, _ ("The address has no host. It looks like wss://host/stage."));
  if (!host_is_well_formed (host))
    return refuse (error, _ ("This is not a complete address. It looks like wss://host/stage."));
  if (g_uri_get_fragment (uri) != NULL)
    return refuse (error, _ ("The address contains a “#”. Remove it and what follows."));
  if (g_uri_get_port (uri) == 0)
    return refuse (error, _ ("Port 0 isn’t valid. Enter the port the stage listens on."));
  if (g_ascii_strcasecmp (g_uri_get_scheme (uri), "ws") == 0 && !host_is_loopback (host))
    return refuse (error, _ ("Unencrypted connections (ws://) are only allowed to this computer. Use wss://."));
  return TRUE;
}

/* {api}.execute-api.{region}.amazonaws.com[.cn]/{stage}. On other hosts a path of one segment is taken for the stage.
 * */
static void
read_names (DwStageUrl *url, GUri *uri)
{
  g_auto (GStrv) labels = g_strsplit (url->host, ".", -1);
  const char *path = g_uri_get_path (uri);
  g_autofree char *stage = g_strdup (*path == '/' ? path + 1 : path);

  if (g_str_has_suffix (stage, "/"))
    stage[strlen (stage) - 1] = '\0';
  if (*stage != '\0' && strchr (stage, '/') == NULL)
    url->stage = g_uri_unescape_string (stage, "/");
  if (g_strv_length (labels) >= 5 && strcmp (labels[1], "execute-api") == 0 && strcmp (labels[3], "amazonaws") == 0)
    {
      url->api_id = g_strdup (labels[0]);
      url->region = g_strdup (labels[2]);
    }
}

/* The scheme and the host are case-insensitive; everything after them is kept byte for byte. */
static char *
normalise (const char *text, const char *host, gboolean secure)
{
  const char *authority = strstr (text, "://") + 3;
  gsize length = strcspn (authority, "/?");
  g_autofree char *lower = g_ascii_strdown (authority, (gssize) length);

  if (g_hostname_is_non_ascii (lower))
    {
      const char *port = strrchr (lower, ':');

      return g_strconcat (secure ? "wss://" : "ws://", host, port != NULL ? port : "", authority + length, NULL);
    }
  return g_strconcat (secure ? "wss://" : "ws://", lower, authority + length, NULL);
}

/**
 * dw_stage_url_parse:
 * @text: what a person typed
 * @error: %DW_WIRE_ERROR_URL, with a message that says what to change
 *
 * Checks the address of a stage: `wss` to any host, `ws` only to loopback (RFC 6455 section 3 for the form). The path
 * and the query are kept as typed, since a stage's path is fixed and a token must arrive byte for byte.
 *
 * Returns: (transfer full): the address, or %NULL
 */
DwStageUrl *
dw_stage_url_parse (const char *text, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  g_autoptr (DwStageUrl) url = NULL;

  if (!check_characters (text, error) || !check_scheme (text, error) || !check_percents (text, error))
    return NULL;
  uri = g_uri_parse (text, G_URI_FLAGS_ENCODED | G_URI_FLAGS_HAS_PASSWORD, NULL);
  if (uri == NULL)
    {
      refuse (error, lacks_brackets (text)
                         ? _ ("An IPv6 address needs brackets around it. It looks like wss://[::1]/stage.")
                         : _ ("This is not a complete address. It looks like wss://host/stage."));
      return NULL;
    }
  if (!check_parts (uri, error))
    return NULL;

  url = g_new0 (DwStageUrl, 1);
  g_atomic_ref_count_init (&url->references);
  url->secure = g_ascii_strcasecmp (g_uri_get_scheme (uri), "wss") == 0;
  url->host = g_ascii_strdown (g_uri_get_host (uri), -1);
  url->loopback = host_is_loopback (url->host);
  /* No network leads to it, and no resolver takes one for it (glibc 2.36, measured). */
  if (url->loopback)
    {
      g_autofree char *host = g_steal_pointer (&url->host);

      url->host = dup_without_zone (host);
    }
  url->text = normalise (text, url->host, url->secure);
  url->redacted = dw_stage_url_redact (url->text);
  read_names (url, uri);
  return g_steal_pointer (&url);
}

/**
 * dw_stage_url_redact:
 * @text: any text that may be an address, valid or not
 *
 * Removes what may be secret: user info, the query and the fragment. For logs, titles and error messages.
 *
 * Returns: (transfer full): @text with "…" in place of what was removed
 */
char *
dw_stage_url_redact (const char *text)
{
  const char *authority = strstr (text, "://");
  const char *end;
  GString *redacted = g_string_new (NULL);
  const char *at;

  /* A “://” inside a query is not the start of an address. */
  authority = authority != NULL && authority < text + strcspn (text, "/?#@") ? authority + 3 : text;
  end = authority + strcspn (authority, "?#");
  g_string_append_len (redacted, text, authority - text);
  /* A password may contain a slash, so the user info ends at the last “@” before the query. */
  at = g_strrstr_len (authority, end - authority, "@");
  if (at != NULL)
    {
      g_string_append (redacted, "…@");
      authority = at + 1;
    }
  g_string_append_len (redacted, authority, end - authority);
  if (*end != '\0')
    g_string_append_printf (redacted, "%c…", *end);
  return g_string_free (redacted, FALSE);
}

/**
 * dw_stage_url_ref:
 * @url: an address
 *
 * Returns: (transfer full): @url
 */
DwStageUrl *
dw_stage_url_ref (DwStageUrl *url)
{
  g_atomic_ref_count_inc (&url->references);
  return url;
}

/**
 * dw_stage_url_unref:
 * @url: (transfer full): an address
 */
void
dw_stage_url_unref (DwStageUrl *url)
{
  if (!g_atomic_ref_count_dec (&url->references))
    return;
  g_free (url->text);
  g_free (url->redacted);
  g_free (url->host);
  g_free (url->api_id);
  g_free (url->region);
  g_free (url->stage);
  g_free (url);
}

/**
 * dw_stage_url_get_text:
 * @url: an address
 *
 * Returns: the whole address. It may contain a token: use it only to connect, never in a log or on a label.
 */
const char *
dw_stage_url_get_text (const DwStageUrl *url)
{
  return url->text;
}

/**
 * dw_stage_url_get_redacted:
 * @url: an address
 *
 * Returns: the address without what may be secret, for people to read
 */
const char *
dw_stage_url_get_redacted (const DwStageUrl *url)
{
  return url->redacted;
}

/**
 * dw_stage_url_dup_plain:
 * @url: an address
 *
 * Returns: (transfer full): the address without its query, which may be secret; still a valid address, and safe to
 *   save
 */
char *
dw_stage_url_dup_plain (const DwStageUrl *url)
{
  return g_strndup (url->text, strcspn (url->text, "?"));
}

/**
 * dw_stage_url_has_query:
 * @url: an address
 *
 * Returns: whether dw_stage_url_dup_plain() leaves something out
 */
gboolean
dw_stage_url_has_query (const DwStageUrl *url)
{
  return strchr (url->text, '?') != NULL;
}

/**
 * dw_stage_url_get_host:
 * @url: an address
 *
 * Returns: the host in lower case; an international name in its ASCII form
 */
const char *
dw_stage_url_get_host (const DwStageUrl *url)
{
  return url->host;
}

/**
 * dw_stage_url_get_port:
 * @url: an address
 *
 * Returns: the port, which is the scheme's where the address has none
 */
guint16
dw_stage_url_get_port (const DwStageUrl *url)
{
  int port = -1;

  g_uri_split (url->text, G_URI_FLAGS_ENCODED, NULL, NULL, NULL, &port, NULL, NULL, NULL, NULL);
  return port > 0 ? (guint16) port : url->secure ? 443 : 80;
}

static const char *
authority_of (const DwStageUrl *url)
{
  return strstr (url->text, "://") + 3;
}

/**
 * dw_stage_url_dup_authority:
 * @url: an address
 *
 * Returns: (transfer full): what a request's Host header says: without the port that the scheme has anyway (RFC 9112
 *   section 3.2), and without the zone of an IPv6 address, which concerns this computer alone (RFC 6874 section 3)
 */
char *
dw_stage_url_dup_authority (const DwStageUrl *url)
{
  const char *from = authority_of (url);
  char *authority = g_strndup (from, strcspn (from, "/?"));
  char *zone = *authority == '[' ? strchr (authority, '%') : NULL;
  char *end = zone != NULL ? strchr (zone, ']') : NULL;

  if (end != NULL)
    memmove (zone, end, strlen (end) + 1);
  if (g_str_has_suffix (authority, url->secure ? ":443" : ":80"))
    *strrchr (authority, ':') = '\0';
  return authority;
}

/**
 * dw_stage_url_dup_target:
 * @url: an address
 *
 * Parsing would resolve “..” in the path; a stage's path is sent as it was typed.
 *
 * Returns: (transfer full): path and query, as a request has them; the query may be secret
 */
char *
dw_stage_url_dup_target (const DwStageUrl *url)
{
  const char *from = authority_of (url);
  const char *rest = from + strcspn (from, "/?");

  return g_strconcat (*rest == '/' ? "" : "/", rest, NULL);
}

/**
 * dw_stage_url_get_api_id:
 * @url: an address
 *
 * Returns: (nullable): the API's id, from an execute-api host
 */
const char *
dw_stage_url_get_api_id (const DwStageUrl *url)
{
  return url->api_id;
}

/**
 * dw_stage_url_get_region:
 * @url: an address
 *
 * Returns: (nullable): the region, from an execute-api host
 */
const char *
dw_stage_url_get_region (const DwStageUrl *url)
{
  return url->region;
}

/**
 * dw_stage_url_get_stage:
 * @url: an address
 *
 * Returns: (nullable): the path's only part, which at execute-api is the stage's name
 */
const char *
dw_stage_url_get_stage (const DwStageUrl *url)
{
  return url->stage;
}

/**
 * dw_stage_url_is_secure:
 * @url: an address
 *
 * Returns: whether the connection is encrypted
 */
gboolean
dw_stage_url_is_secure (const DwStageUrl *url)
{
  return url->secure;
}

/**
 * dw_stage_url_is_loopback:
 * @url: an address
 *
 * Returns: whether the host is this computer
 */
gboolean
dw_stage_url_is_loopback (const DwStageUrl *url)
{
  return url->loopback;
}

/**
 * dw_stage_url_equal:
 * @a: an address
 * @b: another
 *
 * Returns: whether both are the same address
 */
gboolean
dw_stage_url_equal (const DwStageUrl *a, const DwStageUrl *b)
{
  return strcmp (a->text, b->text) == 0;
}
