/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-event.h"

G_BEGIN_DECLS

/** DW_EVENT_JSON_BYTES: the longest event that is read; AWS allows an asynchronous payload of 1 MB. */
#define DW_EVENT_JSON_BYTES (1024 * 1024)

char *dw_event_to_json (const DwEvent *event);
DwEvent *dw_event_from_json (const char *json, gssize length, GError **error);

G_END_DECLS
