/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * DwDialectPreset:
 * @DW_DIALECT_DYNAMOWAVE: `{"action":"sendMessage","message":"…"}`, the documented one
 * @DW_DIALECT_LOWER_CASE: the tutorials' `sendmessage`, otherwise the same
 * @DW_DIALECT_DATA: `{"action":"sendmessage","data":"…"}`, the AWS chat sample
 * @DW_DIALECT_CUSTOM: made by dw_dialect_new_custom()
 *
 * Which names a stage uses.
 */
typedef enum
{
  DW_DIALECT_DYNAMOWAVE,
  DW_DIALECT_LOWER_CASE,
  DW_DIALECT_DATA,
  DW_DIALECT_CUSTOM,
} DwDialectPreset;

/**
 * DwDialect:
 *
 * The names one stage uses for its keys and routes. Immutable, reference-counted.
 */
typedef struct _DwDialect DwDialect;

#define DW_TYPE_DIALECT (dw_dialect_get_type ())
GType dw_dialect_get_type (void);

/** DW_DIALECT_NAME_BYTES: the longest name of a key or a route. */
#define DW_DIALECT_NAME_BYTES 128

/** DW_DIALECT_TEXT_BYTES: the longest text form of a dialect: its names, and a probe as large as a frame, all
 * escaped. */
#define DW_DIALECT_TEXT_BYTES (256 * 1024)

DwDialect *dw_dialect_new_preset (DwDialectPreset preset);
DwDialect *dw_dialect_new_custom (const char *route_key,
                                  const char *send_route,
                                  const char *body_key,
                                  const char *probe,
                                  GError **error);
DwDialect *dw_dialect_from_text (const char *text, GError **error);
char *dw_dialect_to_text (const DwDialect *dialect);
DwDialect *dw_dialect_ref (DwDialect *dialect);
void dw_dialect_unref (DwDialect *dialect);

DwDialectPreset dw_dialect_get_preset (const DwDialect *dialect);
const char *dw_dialect_get_route_key (const DwDialect *dialect);
const char *dw_dialect_get_send_route (const DwDialect *dialect);
const char *dw_dialect_get_body_key (const DwDialect *dialect);
const char *dw_dialect_get_sender_key (const DwDialect *dialect);
const char *dw_dialect_get_id_key (const DwDialect *dialect);
const char *dw_dialect_get_time_key (const DwDialect *dialect);
const char *dw_dialect_get_probe (const DwDialect *dialect);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwDialect, dw_dialect_unref)

G_END_DECLS
