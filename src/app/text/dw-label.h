/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-fold.h"

#include <adwaita.h>

G_BEGIN_DECLS

/** DW_LABEL_CHARS: how much of a sentence or an address a label shows. */
#define DW_LABEL_CHARS 300

/** DW_LABEL_TOOLTIP_CHARS: how much a tooltip shows. */
#define DW_LABEL_TOOLTIP_CHARS 600

void dw_label_show (GtkLabel *label, const char *untrusted, gsize max_chars);
void dw_label_show_code (GtkLabel *label, const char *safe);
void dw_label_show_message (GtkLabel *label, const char *safe);
void dw_label_mark (GtkLabel *label, DwFold *fold, GPtrArray *words);
void dw_label_show_button (GtkButton *button, const char *untrusted);
void dw_label_wrap_button (GtkButton *button);
void dw_label_show_subtitle (AdwActionRow *row, const char *untrusted);
void dw_label_show_row_title (AdwPreferencesRow *row, const char *untrusted);
void dw_label_show_heading (AdwWindowTitle *heading, const char *untrusted);
void dw_label_show_title (GtkWindow *window, const char *untrusted);
void dw_label_show_tooltip (GtkWidget *widget, const char *untrusted);
AdwToast *dw_label_new_toast (const char *untrusted);
char *dw_label_dup_body (const char *untrusted);

char *dw_label_markup (const char *safe, gboolean links);
PangoAttrList *dw_label_find_marks (const char *shown, DwFold *fold, GPtrArray *words, const GdkRGBA *color);
gboolean dw_label_asks (const char *safe, const char *href);
gsize dw_label_fit (const char *safe, gsize units);

G_END_DECLS
