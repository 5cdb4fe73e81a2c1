/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-stage.h"

G_BEGIN_DECLS

#define DW_TYPE_SECRETS (dw_secrets_get_type ())
G_DECLARE_FINAL_TYPE (DwSecrets, dw_secrets, DW, SECRETS, GObject)

/** DW_SECRETS_PATIENCE_MS: after how long a keyring that takes no token, and does not refuse it, is said to, in milliseconds. */
#define DW_SECRETS_PATIENCE_MS 1000

DwSecrets *dw_secrets_new (void);
void dw_secrets_ask (DwSecrets *self, DwStage *stage);
void dw_secrets_keep (DwSecrets *self, DwStage *stage);
void dw_secrets_forget (DwSecrets *self, DwStage *stage);
void dw_secrets_forget_again (DwSecrets *self);
void dw_secrets_forget_sync (DwSecrets *self, DwStage *stage);
void dw_secrets_close (DwSecrets *self);

G_END_DECLS
