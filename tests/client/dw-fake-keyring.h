/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A Secret Service on the test's own bus. It runs in its own thread, so that it can answer a caller that blocks. It has
 * one collection, and a user who answers its prompts. */
typedef struct _DwFakeKeyring DwFakeKeyring;

DwFakeKeyring *dw_fake_keyring_new (void);
void dw_fake_keyring_free (DwFakeKeyring *self);
void dw_fake_keyring_lock (DwFakeKeyring *self, gboolean person_unlocks);
void dw_fake_keyring_set_refuses (DwFakeKeyring *self, const char *method);
void dw_fake_keyring_set_dies_at (DwFakeKeyring *self, const char *method);
void dw_fake_keyring_set_silent_at (DwFakeKeyring *self, const char *method);
void dw_fake_keyring_put (DwFakeKeyring *self, const char *stage, const char *secret);
guint dw_fake_keyring_get_n_items (DwFakeKeyring *self);
char *dw_fake_keyring_dup_secret (DwFakeKeyring *self, const char *stage);
char *dw_fake_keyring_dup_label (DwFakeKeyring *self, const char *stage);
guint dw_fake_keyring_get_n_calls (DwFakeKeyring *self, const char *method);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwFakeKeyring, dw_fake_keyring_free)

G_END_DECLS
