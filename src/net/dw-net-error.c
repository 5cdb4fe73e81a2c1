/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-net-error.h"

G_DEFINE_QUARK (dw-net-error-quark, dw_net_error);
