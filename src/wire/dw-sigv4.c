/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-sigv4.h"

#include "dw-secret.h"
#include "dw-wire-error.h"

#include <string.h>

/* AWS Signature Version 4 ("Create a signed AWS API request"), for both signing and verifying. */

#define ALGORITHM "AWS4-HMAC-SHA256"

/* The most headers a signature may cover. */
#define SIGNED_HEADERS_MAX 64

/* The path is percent-encoded again, on top of how it is sent (measured against the AWS SDK for JavaScript). */
static void
append_path (GString *text, const char *path)
{
  static const char digits[] = "0123456789ABCDEF";

  for (const char *at = path; *at != '\0'; at++)
    if (g_ascii_isalnum (*at) || strchr ("-._~/", *at) != NULL)
      g_string_append_c (text, *at);
    else
      {
        const char escape[] = { '%', digits[(guchar) *at >> 4], digits[(guchar) *at & 15] };

        g_string_append_len (text, escape, sizeof escape);
      }
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static char *
canonical_query (const char *query)
{
  g_auto (GStrv) parts = g_strsplit (query, "&", -1);
  g_autoptr (GPtrArray) sorted = g_ptr_array_new_with_free_func (g_free);

  for (char **at = parts; *at != NULL; at++)
    if (**at != '\0')
      g_ptr_array_add (sorted, strchr (*at, '=') != NULL ? g_strdup (*at) : g_strconcat (*at, "=", NULL));
  g_ptr_array_sort (sorted, compare);
  g_ptr_array_add (sorted, NULL);
  return g_strjoinv ("&", (char **) sorted->pdata);
}

/* Trims spaces at both ends and collapses runs of them. */
static void
append_trimmed (GString *text, const char *value)
{
  g_auto (GStrv) words = NULL;
  gboolean first = TRUE;

  if (strpbrk (value, " \t") == NULL)
    {
      g_string_append (text, value);
      return;
    }
  words = g_strsplit_set (value, " \t", -1);

  for (char **at = words; *at != NULL; at++)
    if (**at != '\0')
      {
        if (!first)
          g_string_append_c (text, ' ');
        g_string_append (text, *at);
        first = FALSE;
      }
}

static char *
hash_of (const DwSigv4Request *request)
{
  if (request->hash != NULL)
    return g_strdup (request->hash);
  if (request->body == NULL)
    return g_compute_checksum_for_string (G_CHECKSUM_SHA256, "", 0);
  return g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, request->body);
}

/**
 * dw_sigv4_canonical_request:
 * @request: a request
 * @signed_headers: the names of its headers that the signature covers, in order, with “;” between
 *
 * Returns: (transfer full): the canonical request, which is hashed and signed
 */
char *
dw_sigv4_canonical_request (const DwSigv4Request *request, const char *signed_headers)
{
  g_autoptr (GString) text = g_string_sized_new (1024);
  g_autofree char *query = request->query != NULL ? canonical_query (request->query) : NULL;
  g_autofree char *hash = hash_of (request);
  g_auto (GStrv) names = g_strsplit (signed_headers, ";", SIGNED_HEADERS_MAX);

  g_string_append (text, request->method);
  g_string_append_c (text, '\n');
  append_path (text, request->path);
  g_string_append_c (text, '\n');
  g_string_append (text, query != NULL ? query : "");
  g_string_append_c (text, '\n');
  for (char **at = names; *at != NULL; at++)
    {
      const char *value = g_hash_table_lookup (request->headers, *at);

      g_string_append (text, *at);
      g_string_append_c (text, ':');
      append_trimmed (text, value != NULL ? value : "");
      g_string_append_c (text, '\n');
    }
  g_string_append_c (text, '\n');
  g_string_append (text, signed_headers);
  g_string_append_c (text, '\n');
  g_string_append (text, hash);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
hmac (const guint8 *key, gsize key_length, const char *text, guint8 result[32])
{
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, key, key_length);
  gsize length = 32;

  g_hmac_update (hmac, (const guchar *) text, -1);
  g_hmac_get_digest (hmac, result, &length);
}

/**
 * dw_sigv4_derive_key:
 * @scope: what the signatures are valid for
 * @secret: the secret access key
 * @key: (out): the signing key, which stays the same for a day
 */
void
dw_sigv4_derive_key (const DwSigv4Scope *scope, const char *secret, guint8 key[DW_SIGV4_KEY_BYTES])
{
  g_autofree char *day = g_strndup (scope->date, 8);
  g_autofree char *seed = g_strconcat ("AWS4", secret, NULL);

  hmac ((const guint8 *) seed, strlen (seed), day, key);
  hmac (key, DW_SIGV4_KEY_BYTES, scope->region, key);
  hmac (key, DW_SIGV4_KEY_BYTES, scope->service, key);
  hmac (key, DW_SIGV4_KEY_BYTES, "aws4_request", key);
}

/**
 * dw_sigv4_sign_with_key:
 * @request: a request
 * @signed_headers: the names of its headers that the signature covers
 * @scope: what the signature is good for
 * @key: of dw_sigv4_derive_key()
 *
 * Returns: (transfer full): the signature, in hexadecimal
 */
char *
dw_sigv4_sign_with_key (const DwSigv4Request *request,
                        const char *signed_headers,
                        const DwSigv4Scope *scope,
                        const guint8 key[DW_SIGV4_KEY_BYTES])
{
  g_autofree char *canonical = dw_sigv4_canonical_request (request, signed_headers);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, canonical, -1);
  g_autofree char *to_sign = g_strdup_printf (ALGORITHM "\n%s\n%.8s/%s/%s/aws4_request\n%s", scope->date,
                                              scope->date, scope->region, scope->service, hash);

  return g_compute_hmac_for_string (G_CHECKSUM_SHA256, key, DW_SIGV4_KEY_BYTES, to_sign, -1);
}

/**
 * dw_sigv4_sign:
 * @request: a request
 * @signed_headers: the names of its headers that the signature covers
 * @scope: what the signature is good for
 * @secret: the secret access key
 *
 * Returns: (transfer full): the signature, in hexadecimal
 */
char *
dw_sigv4_sign (const DwSigv4Request *request,
               const char *signed_headers,
               const DwSigv4Scope *scope,
               const char *secret)
{
  guint8 key[DW_SIGV4_KEY_BYTES];

  dw_sigv4_derive_key (scope, secret, key);
  return dw_sigv4_sign_with_key (request, signed_headers, scope, key);
}

static gboolean
refuse (GError **error, const char *words)
{
  g_set_error_literal (error, DW_WIRE_ERROR, DW_WIRE_ERROR_SIGNATURE, words);
  return FALSE;
}

/* The value of “Name=…” in an authorization header. */
static char *
dup_part (const char *header, const char *name)
{
  const char *at = strstr (header, name);
  gsize length;

  if (at == NULL)
    return NULL;
  at += strlen (name);
  length = strcspn (at, ", ");
  return g_strndup (at, length);
}

static gboolean
is_recent (const char *date, gint64 now)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = strlen (date) == 16 ? g_date_time_new_from_iso8601 (date, utc) : NULL;

  return time != NULL && ABS (g_date_time_to_unix (time) - now) <= DW_SIGV4_SKEW_SECONDS;
}

/**
 * dw_sigv4_verify:
 * @request: a request with its `authorization` and `x-amz-date`
 * @service: the service it must be signed for, such as `execute-api`
 * @key_id: the expected access key ID
 * @secret: its secret access key
 * @now: the time, in seconds since 1970 UTC
 * @error: %DW_WIRE_ERROR_SIGNATURE: what is wrong
 *
 * Returns: whether this request was signed with the secret, recently and for this service
 */
gboolean
dw_sigv4_verify (const DwSigv4Request *request,
                 const char *service,
                 const char *key_id,
                 const char *secret,
                 gint64 now,
                 GError **error)
{
  const char *header = g_hash_table_lookup (request->headers, "authorization");
  const char *date = g_hash_table_lookup (request->headers, "x-amz-date");
  g_autofree char *credential = NULL, *signed_headers = NULL, *signature = NULL, *wanted = NULL;
  g_auto (GStrv) parts = NULL;
  DwSigv4Scope scope;

  if (header == NULL || !g_str_has_prefix (header, ALGORITHM " "))
    return refuse (error, "Missing Authentication Token");
  credential = dup_part (header, "Credential=");
  signed_headers = dup_part (header, "SignedHeaders=");
  signature = dup_part (header, "Signature=");
  parts = g_strsplit (credential != NULL ? credential : "", "/", 6);
  if (date == NULL || signed_headers == NULL || signature == NULL || g_strv_length (parts) != 5)
    return refuse (error, "Authorization header requires Credential, SignedHeaders, Signature and X-Amz-Date.");
  if (!dw_secret_equal (key_id, parts[0]))
    return refuse (error, "The security token included in the request is invalid.");
  if (!g_str_has_prefix (date, parts[1]) || strlen (parts[1]) != 8 || !is_recent (date, now))
    return refuse (error, "Signature expired or not yet current.");
  if (strcmp (parts[3], service) != 0 || strcmp (parts[4], "aws4_request") != 0)
    {
      g_set_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_SIGNATURE,
                   "Credential should be scoped to correct service: '%s'.", service);
      return FALSE;
    }
  /* A signature that does not cover the host and the date could be replayed elsewhere. */
  if (!g_regex_match_simple ("(^|;)host(;|$)", signed_headers, 0, 0)
      || !g_regex_match_simple ("(^|;)x-amz-date(;|$)", signed_headers, 0, 0))
    return refuse (error, "The signature does not cover the host and the date.");
  scope = (DwSigv4Scope){ date, parts[2], parts[3] };
  wanted = dw_sigv4_sign (request, signed_headers, &scope, secret);
  if (!dw_secret_equal (wanted, signature))
    {
      g_autofree char *canonical = dw_sigv4_canonical_request (request, signed_headers);

      g_set_error (
          error, DW_WIRE_ERROR, DW_WIRE_ERROR_SIGNATURE,
          "The request signature we calculated does not match the signature you provided.\n\nThe Canonical "
          "String for this request should have been\n'%s'",
          canonical);
      return FALSE;
    }
  return TRUE;
}
