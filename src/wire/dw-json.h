/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

JsonNode *dw_json_parse (JsonParser *parser, const char *text, gssize length, GError **error);
void dw_json_forget (JsonParser *parser);

char *dw_json_make_printable (const char *json);
char *dw_json_write (JsonNode *root);

G_END_DECLS
