/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-backend-error.h"

G_DEFINE_QUARK (dw-backend-error-quark, dw_backend_error);
