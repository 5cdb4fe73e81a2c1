/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

GtkWidget *dw_question_new (const char *heading, const char *untrusted, const char *answer, const char *label);
void dw_question_add (GtkWidget *question, const char *answer, const char *label);
void dw_question_set_default (GtkWidget *question, const char *answer);
void dw_question_set_destructive (GtkWidget *question, const char *answer);
void dw_question_ask (GtkWidget *question, GtkWidget *parent);

G_END_DECLS
