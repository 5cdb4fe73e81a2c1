/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-client-error.h"

G_DEFINE_QUARK (dw-client-error-quark, dw_client_error);
