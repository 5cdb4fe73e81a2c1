/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-secret.h"

G_BEGIN_DECLS

char **dw_secret_file_read (const char *path, DwSecretShape shape, GError **error);
gboolean dw_secret_file_is_exposed (const char *path);

G_END_DECLS
