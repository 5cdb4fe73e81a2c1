/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a proxy does with its clients. It speaks HTTP CONNECT and SOCKS 5, depending on the first byte. */
typedef enum
{
  DW_TEST_PROXY_OPEN,
  DW_TEST_PROXY_PASSWORD, /* requires Ada's password, which is “secret” */
  DW_TEST_PROXY_FORBIDS,
  DW_TEST_PROXY_SILENT,
} DwTestProxyMode;

#define DW_TYPE_TEST_PROXY (dw_test_proxy_get_type ())
G_DECLARE_FINAL_TYPE (DwTestProxy, dw_test_proxy, DW, TEST_PROXY, GObject)

/* It runs in threads of its own, so that the code under test may block. */
DwTestProxy *dw_test_proxy_new (DwTestProxyMode mode);
GProxyResolver *dw_test_proxy_dup_resolver (DwTestProxy *self, const char *scheme, const char *user);
guint16 dw_test_proxy_get_port (DwTestProxy *self);
char *dw_test_proxy_dup_asked (DwTestProxy *self);
guint dw_test_proxy_get_requests (DwTestProxy *self);

G_END_DECLS
