/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GTlsCertificate *dw_certificate_load (const char *path, const char *key_path, GError **error);

G_END_DECLS
