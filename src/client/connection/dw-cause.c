/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-cause.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  const char *name;
  const char *sentence;
  DwRemedy remedy;
  DwCourse course;
} Row;

/* clang-format off */
static const Row rows[] = {
  [DW_CAUSE_NONE] = { "none", "", DW_REMEDY_NONE, DW_COURSE_RETRY },
  [DW_CAUSE_NAME_NOT_FOUND] = { "name-not-found", N_("Host not found. Check the address."), DW_REMEDY_EDIT, DW_COURSE_RETRY },
  [DW_CAUSE_NOTHING_LISTENS] = { "nothing-listens", N_("Nothing is listening at this address. The stage may not be running."), DW_REMEDY_RETRY, DW_COURSE_RETRY },
  [DW_CAUSE_UNREACHABLE] = { "unreachable", N_("The stage can’t be reached."), DW_REMEDY_RETRY, DW_COURSE_RETRY },
  [DW_CAUSE_HANDSHAKE_TIMEOUT] = { "handshake-timeout", N_("The stage didn’t respond in time."), DW_REMEDY_RETRY, DW_COURSE_RETRY },
  [DW_CAUSE_CERTIFICATE] = { "certificate", N_("The stage’s certificate isn’t valid, so the connection wouldn’t be secure."), DW_REMEDY_EDIT, DW_COURSE_LONGEST },
  [DW_CAUSE_CERTIFICATE_EXPIRED] = { "certificate-expired", N_("The stage’s certificate has expired. If this computer’s clock is right, ask whoever runs the stage to renew it."), DW_REMEDY_RETRY, DW_COURSE_LONGEST },
  [DW_CAUSE_CERTIFICATE_NOT_YET_VALID] = { "certificate-not-yet-valid", N_("The stage’s certificate isn’t valid yet. Check this computer’s clock."), DW_REMEDY_RETRY, DW_COURSE_LONGEST },
  [DW_CAUSE_CERTIFICATE_ISSUER] = { "certificate-issuer", N_("This computer doesn’t trust the issuer of the stage’s certificate. Check the address."), DW_REMEDY_EDIT, DW_COURSE_LONGEST },
  [DW_CAUSE_CERTIFICATE_HOST] = { "certificate-host", N_("The stage’s certificate is for another host. Check the address."), DW_REMEDY_EDIT, DW_COURSE_LONGEST },
  [DW_CAUSE_UNAUTHORIZED] = { "unauthorized", N_("The stage requires authorization (401). Check the token."), DW_REMEDY_TOKEN, DW_COURSE_REFUSE },
  [DW_CAUSE_FORBIDDEN] = { "forbidden", N_("The stage refused the connection (403). Check the token and the stage’s name."), DW_REMEDY_TOKEN, DW_COURSE_REFUSE },
  [DW_CAUSE_NOT_FOUND] = { "not-found", N_("There is no stage at this address (404). Check the address."), DW_REMEDY_EDIT, DW_COURSE_REFUSE },
  [DW_CAUSE_THROTTLED] = { "throttled", N_("The stage is receiving too many requests (429)."), DW_REMEDY_RETRY, DW_COURSE_LONG },
  [DW_CAUSE_SERVER_ERROR] = { "server-error", N_("The stage couldn’t open a connection."), DW_REMEDY_RETRY, DW_COURSE_LONG },
  [DW_CAUSE_SIGN_IN] = { "sign-in", N_("A web page responded instead of the stage. You may need to sign in to this network."), DW_REMEDY_SIGN_IN, DW_COURSE_RETRY },
  [DW_CAUSE_REDIRECT] = { "redirect", N_("The address redirects elsewhere, and redirects aren’t followed. Enter the stage’s own address."), DW_REMEDY_EDIT, DW_COURSE_REFUSE },
  [DW_CAUSE_NOT_A_STAGE] = { "not-a-stage", N_("The server at this address isn’t a stage. Check the address."), DW_REMEDY_EDIT, DW_COURSE_RETRY },
  [DW_CAUSE_SUBPROTOCOL] = { "subprotocol", N_("The stage didn’t accept the subprotocol. Check the stage’s settings."), DW_REMEDY_EDIT, DW_COURSE_REFUSE },
  [DW_CAUSE_PROXY] = { "proxy", N_("The proxy refused the connection. Check the network settings."), DW_REMEDY_RETRY, DW_COURSE_RETRY },
  [DW_CAUSE_CLOSED] = { "closed", N_("The stage closed the connection."), DW_REMEDY_RETRY, DW_COURSE_PROMPT },
  [DW_CAUSE_LOST] = { "lost", N_("The connection was lost."), DW_REMEDY_RETRY, DW_COURSE_PROMPT },
  [DW_CAUSE_SILENT] = { "silent", N_("The stage stopped responding."), DW_REMEDY_RETRY, DW_COURSE_PROMPT },
  [DW_CAUSE_PROTOCOL_ERROR] = { "protocol-error", N_("The stage sent invalid WebSocket data."), DW_REMEDY_RETRY, DW_COURSE_RETRY },
  [DW_CAUSE_MESSAGE_TOO_LARGE] = { "message-too-large", N_("A message was too large for the connection."), DW_REMEDY_RETRY, DW_COURSE_RETRY },
  [DW_CAUSE_POLICY] = { "policy", N_("The stage closed the connection because of a policy violation (1008)."), DW_REMEDY_TOKEN, DW_COURSE_RETRY },
  [DW_CAUSE_STAGE_FAILED] = { "stage-failed", N_("The stage had an internal error."), DW_REMEDY_RETRY, DW_COURSE_LONG },
  [DW_CAUSE_STAGE_RESTARTS] = { "stage-restarts", N_("The stage is restarting or overloaded."), DW_REMEDY_RETRY, DW_COURSE_LONG },
  [DW_CAUSE_NO_NETWORK] = { "no-network", N_("This computer has no network connection."), DW_REMEDY_RETRY, DW_COURSE_RETRY },
};
/* clang-format on */

static const Row *
row_of (DwCause cause)
{
  g_return_val_if_fail (cause < G_N_ELEMENTS (rows), &rows[DW_CAUSE_NONE]);
  return &rows[cause];
}

/**
 * dw_cause_get_name:
 * @cause: a cause
 *
 * Returns: its name for programs, such as `nothing-listens`; it never changes
 */
const char *
dw_cause_get_name (DwCause cause)
{
  return row_of (cause)->name;
}

/**
 * dw_cause_from_name:
 * @name: a name, of any quality
 *
 * Returns: the cause of that name, or %DW_CAUSE_NONE
 */
DwCause
dw_cause_from_name (const char *name)
{
  for (DwCause cause = DW_CAUSE_NONE; cause < G_N_ELEMENTS (rows); cause++)
    if (strcmp (rows[cause].name, name) == 0)
      return cause;
  return DW_CAUSE_NONE;
}

/**
 * dw_cause_get_sentence:
 * @cause: a cause
 *
 * Returns: a translated sentence for people; empty for %DW_CAUSE_NONE
 */
const char *
dw_cause_get_sentence (DwCause cause)
{
  const char *sentence = row_of (cause)->sentence;

  return *sentence != '\0' ? _ (sentence) : "";
}

/**
 * dw_cause_get_remedy:
 * @cause: a cause
 *
 * Returns: what a person can do about it
 */
DwRemedy
dw_cause_get_remedy (DwCause cause)
{
  return row_of (cause)->remedy;
}

/**
 * dw_cause_get_course:
 * @cause: a cause
 *
 * Returns: what a session does about it
 */
DwCourse
dw_cause_get_course (DwCause cause)
{
  return row_of (cause)->course;
}

/**
 * dw_cause_from_close_code:
 * @code: the peer's close code, or 0 where it sent none
 *
 * The table of close codes (RFC 6455 section 7.4.1 and the IANA registry):
 *
 * | code | what it means here | what follows |
 * |---|---|---|
 * | 1000, 1001, 1005 | a routine end: idle, two hours, deleted, going away | the first retry is immediate |
 * | 0, 1006 | the line broke | the first retry is immediate |
 * | 1002, 1003, 1007, 1015 | one of us broke the protocol | backoff |
 * | 1008 | the stage's rules | backoff |
 * | 1009 | a message was too large | backoff |
 * | 1011 | the stage failed | a longer backoff |
 * | 1012, 1013 | restart, try again later | a longer backoff |
 * | 3xxx, 4xxx | the stage's own reason | backoff |
 *
 * Every one of them is followed by another attempt, because the backoff bounds what a wrong guess costs, while
 * stopping for good would leave a person offline without a reason that they can mend.
 *
 * Returns: the cause
 */
DwCause
dw_cause_from_close_code (gushort code)
{
  switch (code)
    {
    case 0:
    case 1006:
      return DW_CAUSE_LOST;
    case 1000:
    case 1001:
    case 1005:
      return DW_CAUSE_CLOSED;
    case 1008:
      return DW_CAUSE_POLICY;
    case 1009:
      return DW_CAUSE_MESSAGE_TOO_LARGE;
    case 1011:
      return DW_CAUSE_STAGE_FAILED;
    case 1012:
    case 1013:
      return DW_CAUSE_STAGE_RESTARTS;
    default:
      return code >= 3000 ? DW_CAUSE_POLICY : DW_CAUSE_PROTOCOL_ERROR;
    }
}

/**
 * dw_cause_from_status:
 * @status: the HTTP status of a refused handshake
 * @content_type: (nullable): the type of what came with it
 *
 * API Gateway answers an upgrade with the status that `$connect` returned, 403 to a wrong stage, 429 when
 * throttled, 502 and 504 when the integration failed. A page of HTML comes from a captive portal.
 *
 * Returns: the cause
 */
DwCause
dw_cause_from_status (guint status, const char *content_type)
{
  switch (status)
    {
    case 401:
      return DW_CAUSE_UNAUTHORIZED;
    case 403:
      return DW_CAUSE_FORBIDDEN;
    case 404:
    case 410:
      return DW_CAUSE_NOT_FOUND;
    case 407:
      return DW_CAUSE_PROXY;
    case 429:
      return DW_CAUSE_THROTTLED;
    case 511:
      return DW_CAUSE_SIGN_IN;
    default:
      break;
    }
  if (status >= 500)
    return DW_CAUSE_SERVER_ERROR;
  if (status >= 300 && status < 400)
    return DW_CAUSE_REDIRECT;
  if (status == 200 && content_type != NULL && g_str_has_prefix (content_type, "text/html"))
    return DW_CAUSE_SIGN_IN;
  return DW_CAUSE_NOT_A_STAGE;
}

/**
 * dw_cause_from_certificate:
 * @flaws: what is wrong with a certificate
 *
 * A certificate can have several flaws, and GIO reports at least one of them. What a right clock would not mend comes
 * first: it makes no unknown issuer known.
 *
 * Returns: the cause
 */
DwCause
dw_cause_from_certificate (GTlsCertificateFlags flaws)
{
  if ((flaws & (G_TLS_CERTIFICATE_REVOKED | G_TLS_CERTIFICATE_INSECURE)) != 0)
    return DW_CAUSE_CERTIFICATE;
  if ((flaws & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
    return DW_CAUSE_CERTIFICATE_ISSUER;
  if ((flaws & G_TLS_CERTIFICATE_BAD_IDENTITY) != 0)
    return DW_CAUSE_CERTIFICATE_HOST;
  if ((flaws & G_TLS_CERTIFICATE_NOT_ACTIVATED) != 0)
    return DW_CAUSE_CERTIFICATE_NOT_YET_VALID;
  if ((flaws & G_TLS_CERTIFICATE_EXPIRED) != 0)
    return DW_CAUSE_CERTIFICATE_EXPIRED;
  return DW_CAUSE_CERTIFICATE;
}
