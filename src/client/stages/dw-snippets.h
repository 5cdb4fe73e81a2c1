/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define DW_TYPE_SNIPPET (dw_snippet_get_type ())
G_DECLARE_FINAL_TYPE (DwSnippet, dw_snippet, DW, SNIPPET, GObject)

#define DW_TYPE_SNIPPETS (dw_snippets_get_type ())
G_DECLARE_FINAL_TYPE (DwSnippets, dw_snippets, DW, SNIPPETS, GObject)

/** DW_SNIPPETS_MOST: how many snippets a stage may have. */
#define DW_SNIPPETS_MOST 50

/** DW_SNIPPETS_BYTES: how many bytes of names and texts they may have together: they are written with their stage. */
#define DW_SNIPPETS_BYTES (128 * 1024)

DwSnippet *dw_snippet_new (const char *name, const char *text);
const char *dw_snippet_get_name (DwSnippet *self);
const char *dw_snippet_get_text (DwSnippet *self);

DwSnippets *dw_snippets_new (void);
gboolean dw_snippets_has_room (DwSnippets *self, const char *name, const char *text);
gboolean dw_snippets_find (DwSnippets *self, const char *name, guint *position);
gboolean dw_snippets_insert (DwSnippets *self, guint position, DwSnippet *snippet);
DwSnippet *dw_snippets_remove (DwSnippets *self, guint position);
gboolean dw_snippets_rename (DwSnippets *self, guint position, const char *name);
char *dw_snippets_to_text (DwSnippets *self);
void dw_snippets_take_text (DwSnippets *self, const char *text);

G_END_DECLS
