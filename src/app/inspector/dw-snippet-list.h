/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/stages/dw-snippets.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define DW_TYPE_SNIPPET_LIST (dw_snippet_list_get_type ())
G_DECLARE_FINAL_TYPE (DwSnippetList, dw_snippet_list, DW, SNIPPET_LIST, GtkWidget)

DwSnippetList *dw_snippet_list_new (DwSnippets *snippets, const char *text);
void dw_snippet_list_present (DwSnippetList *self, GtkWidget *parent);

G_END_DECLS
