/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * DwStageUrl:
 *
 * The checked address of a stage. Immutable, reference-counted.
 */
typedef struct _DwStageUrl DwStageUrl;

#define DW_TYPE_STAGE_URL (dw_stage_url_get_type ())
GType dw_stage_url_get_type (void);

DwStageUrl *dw_stage_url_parse (const char *text, GError **error);
DwStageUrl *dw_stage_url_ref (DwStageUrl *url);
void dw_stage_url_unref (DwStageUrl *url);

const char *dw_stage_url_get_text (const DwStageUrl *url);
const char *dw_stage_url_get_redacted (const DwStageUrl *url);
char *dw_stage_url_dup_plain (const DwStageUrl *url);
gboolean dw_stage_url_has_query (const DwStageUrl *url);
const char *dw_stage_url_get_host (const DwStageUrl *url);
guint16 dw_stage_url_get_port (const DwStageUrl *url);
char *dw_stage_url_dup_authority (const DwStageUrl *url);
char *dw_stage_url_dup_target (const DwStageUrl *url);
const char *dw_stage_url_get_api_id (const DwStageUrl *url);
const char *dw_stage_url_get_region (const DwStageUrl *url);
const char *dw_stage_url_get_stage (const DwStageUrl *url);
gboolean dw_stage_url_is_secure (const DwStageUrl *url);
gboolean dw_stage_url_is_loopback (const DwStageUrl *url);
gboolean dw_stage_url_equal (const DwStageUrl *a, const DwStageUrl *b);

char *dw_stage_url_redact (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwStageUrl, dw_stage_url_unref)

G_END_DECLS
