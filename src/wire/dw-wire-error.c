/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-wire-error.h"

G_DEFINE_QUARK (dw-wire-error-quark, dw_wire_error);
