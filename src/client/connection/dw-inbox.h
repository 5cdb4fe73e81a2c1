/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwInbox:
 *
 * Where frames arrive.
 */
typedef struct _DwInbox DwInbox;

/**
 * DwInboxFunc:
 * @bytes: one frame
 * @serial: what was given with it
 * @data: what the inbox was made with
 */
typedef void (*DwInboxFunc) (GBytes *bytes, guint serial, gpointer data);

DwInbox *dw_inbox_new (DwInboxFunc function, gpointer data);
void dw_inbox_free (DwInbox *inbox);

void dw_inbox_push (DwInbox *inbox, GBytes *bytes, guint serial);
guint dw_inbox_get_length (const DwInbox *inbox);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwInbox, dw_inbox_free)

G_END_DECLS
