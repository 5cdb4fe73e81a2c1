/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-snippets.h"

#include "wire/dw-dialect.h"
#include "wire/dw-stage-url.h"

G_BEGIN_DECLS

#define DW_TYPE_STAGE (dw_stage_get_type ())
G_DECLARE_FINAL_TYPE (DwStage, dw_stage, DW, STAGE, GObject)

/** DW_STAGE_URLS: how many addresses a stage may have. */
#define DW_STAGE_URLS 8

/**
 * DwStageSecret:
 * @DW_STAGE_SECRET_NONE: it has none
 * @DW_STAGE_SECRET_KNOWN: it is here
 * @DW_STAGE_SECRET_ASKED: the keyring was asked for it
 * @DW_STAGE_SECRET_MISSING: the keyring could not give it
 * @DW_STAGE_SECRET_SESSION: it is here and the keyring would not take it: it is gone when the program ends
 *
 * Where the secret part of a stage is: queries of its addresses, headers and subprotocols.
 */
typedef enum
{
  DW_STAGE_SECRET_NONE,
  DW_STAGE_SECRET_KNOWN,
  DW_STAGE_SECRET_ASKED,
  DW_STAGE_SECRET_MISSING,
  DW_STAGE_SECRET_SESSION,
} DwStageSecret;

/** DW_STAGE_DRAFT_BYTES: how much of a draft is remembered. */
#define DW_STAGE_DRAFT_BYTES (1024 * 1024)

DwStage *dw_stage_new (DwStageUrl *url);

gint64 dw_stage_get_number (DwStage *self);
void dw_stage_set_number (DwStage *self, gint64 number);
const char *dw_stage_get_uuid (DwStage *self);
void dw_stage_set_uuid (DwStage *self, const char *uuid);
const char *dw_stage_get_name (DwStage *self);
gboolean dw_stage_is_local (DwStage *self);
void dw_stage_set_local (DwStage *self, gboolean local);
gboolean dw_stage_is_online (DwStage *self);
void dw_stage_set_online (DwStage *self, gboolean online);
gboolean dw_stage_is_muted (DwStage *self);
void dw_stage_set_muted (DwStage *self, gboolean muted);
gboolean dw_stage_echoes (DwStage *self);
void dw_stage_set_echoes (DwStage *self, gboolean echoes);
gint64 dw_stage_get_seen (DwStage *self);
void dw_stage_set_seen (DwStage *self, gint64 seen);
gint64 dw_stage_get_left_at (DwStage *self);
void dw_stage_set_left_at (DwStage *self, gint64 left_at);
const char *dw_stage_get_draft (DwStage *self);
void dw_stage_set_draft (DwStage *self, const char *draft);
DwSnippets *dw_stage_get_snippets (DwStage *self);
DwStageSecret dw_stage_get_secret (DwStage *self);
void dw_stage_set_secret (DwStage *self, DwStageSecret secret);
gboolean dw_stage_lacks_secret (DwStage *self);

char *dw_stage_dup_name (DwStage *self);
void dw_stage_set_name (DwStage *self, const char *name);
guint dw_stage_get_n_urls (DwStage *self);
DwStageUrl *dw_stage_get_url (DwStage *self, guint index);
void dw_stage_set_url (DwStage *self, guint index, DwStageUrl *url);
gboolean dw_stage_add_url (DwStage *self, DwStageUrl *url);
void dw_stage_set_urls (DwStage *self, GPtrArray *urls);
DwDialect *dw_stage_get_dialect (DwStage *self);
void dw_stage_set_dialect (DwStage *self, DwDialect *dialect);
const char *dw_stage_get_own_name (DwStage *self);
void dw_stage_set_own_name (DwStage *self, const char *own_name);
char **dw_stage_get_protocols (DwStage *self);
void dw_stage_set_protocols (DwStage *self, char **protocols);
GHashTable *dw_stage_get_headers (DwStage *self);
void dw_stage_set_headers (DwStage *self, GHashTable *headers);

gboolean dw_stage_take_over (DwStage *stage, DwStage *wanted);

G_END_DECLS
