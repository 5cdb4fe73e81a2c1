/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwCause:
 *
 * Why a session is not online. Each has a sentence and a remedy, in a table in dw-cause.c.
 */
typedef enum
{
  DW_CAUSE_NONE,
  DW_CAUSE_NAME_NOT_FOUND,
  DW_CAUSE_NOTHING_LISTENS,
  DW_CAUSE_UNREACHABLE,
  DW_CAUSE_HANDSHAKE_TIMEOUT,
  DW_CAUSE_CERTIFICATE,
  DW_CAUSE_CERTIFICATE_EXPIRED,
  DW_CAUSE_CERTIFICATE_NOT_YET_VALID,
  DW_CAUSE_CERTIFICATE_ISSUER,
  DW_CAUSE_CERTIFICATE_HOST,
  DW_CAUSE_UNAUTHORIZED,
  DW_CAUSE_FORBIDDEN,
  DW_CAUSE_NOT_FOUND,
  DW_CAUSE_THROTTLED,
  DW_CAUSE_SERVER_ERROR,
  DW_CAUSE_SIGN_IN,
  DW_CAUSE_REDIRECT,
  DW_CAUSE_NOT_A_STAGE,
  DW_CAUSE_SUBPROTOCOL,
  DW_CAUSE_PROXY,
  DW_CAUSE_CLOSED,
  DW_CAUSE_LOST,
  DW_CAUSE_SILENT,
  DW_CAUSE_PROTOCOL_ERROR,
  DW_CAUSE_MESSAGE_TOO_LARGE,
  DW_CAUSE_POLICY,
  DW_CAUSE_STAGE_FAILED,
  DW_CAUSE_STAGE_RESTARTS,
  DW_CAUSE_NO_NETWORK,
} DwCause;

/**
 * DwRemedy:
 * @DW_REMEDY_NONE: nothing is wrong
 * @DW_REMEDY_RETRY: trying again may help, and happens by itself
 * @DW_REMEDY_EDIT: the stage's address or settings have to change
 * @DW_REMEDY_TOKEN: the authorisation has to change
 * @DW_REMEDY_SIGN_IN: the network asks for a sign-in
 *
 * What a person can do.
 */
typedef enum
{
  DW_REMEDY_NONE,
  DW_REMEDY_RETRY,
  DW_REMEDY_EDIT,
  DW_REMEDY_TOKEN,
  DW_REMEDY_SIGN_IN,
} DwRemedy;

/**
 * DwCourse:
 * @DW_COURSE_RETRY: an ordinary failure: wait for the backoff
 * @DW_COURSE_PROMPT: a routine end: the first retry is immediate where the connection had been stable
 * @DW_COURSE_LONG: the stage is overloaded: wait longer than after an ordinary failure
 * @DW_COURSE_LONGEST: it mends itself, but hardly within seconds: wait about as long as the backoff ever does
 * @DW_COURSE_REFUSE: trying again cannot help: stop after a second refusal
 *
 * What a session does about a cause.
 */
typedef enum
{
  DW_COURSE_RETRY,
  DW_COURSE_PROMPT,
  DW_COURSE_LONG,
  DW_COURSE_LONGEST,
  DW_COURSE_REFUSE,
} DwCourse;

const char *dw_cause_get_name (DwCause cause);
const char *dw_cause_get_sentence (DwCause cause);
DwRemedy dw_cause_get_remedy (DwCause cause);
DwCourse dw_cause_get_course (DwCause cause);

DwCause dw_cause_from_name (const char *name);
DwCause dw_cause_from_close_code (gushort code);
DwCause dw_cause_from_status (guint status, const char *content_type);
DwCause dw_cause_from_certificate (GTlsCertificateFlags flaws);

G_END_DECLS
