/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwRandomFunc:
 * @data: what the caller gave with the function
 *
 * A source of randomness, a parameter so that a test can choose it.
 *
 * Returns: a number in [0, 1)
 */
typedef double (*DwRandomFunc) (gpointer data);

double dw_backoff_random (gpointer unused);

guint dw_backoff_ceiling (guint base_ms, guint cap_ms, guint attempt);
guint dw_backoff_delay (guint base_ms, guint cap_ms, guint attempt, DwRandomFunc random, gpointer data);

G_END_DECLS
