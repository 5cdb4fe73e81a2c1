/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/toolkit/dw-question.h"

#include "app/text/dw-label.h"

/**
 * dw_question_new:
 * @heading: what it is about, a string of the program's own
 * @untrusted: the rest
 * @answer: the id of the answer that changes nothing, which is also that of a person who only leaves
 * @label: what its button says
 *
 * What is returned has the signal “response”, with the id of the answer.
 *
 * Returns: (transfer none): a question with one answer
 */
GtkWidget *
dw_question_new (const char *heading, const char *untrusted, const char *answer, const char *label)
{
  g_autofree char *body = dw_label_dup_body (untrusted);
  AdwMessageDialog *self = ADW_MESSAGE_DIALOG (adw_message_dialog_new (NULL, heading, body));

  adw_message_dialog_add_response (self, answer, label);
  adw_message_dialog_set_default_response (self, answer);
  adw_message_dialog_set_close_response (self, answer);
  return GTK_WIDGET (self);
}

/**
 * dw_question_add:
 * @question: a question
 * @answer: the id of another answer
 * @label: what its button says
 */
void
dw_question_add (GtkWidget *question, const char *answer, const char *label)
{
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (question), answer, label);
}

/**
 * dw_question_set_default:
 * @question: a question
 * @answer: the answer that Enter gives
 */
void
dw_question_set_default (GtkWidget *question, const char *answer)
{
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (question), answer);
}

/**
 * dw_question_set_destructive:
 * @question: a question
 * @answer: an answer that destroys something
 */
void
dw_question_set_destructive (GtkWidget *question, const char *answer)
{
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (question), answer, ADW_RESPONSE_DESTRUCTIVE);
}

/**
 * dw_question_ask:
 * @question: a question
 * @parent: the window it belongs to
 */
void
dw_question_ask (GtkWidget *question, GtkWidget *parent)
{
  gtk_window_set_transient_for (GTK_WINDOW (question), GTK_WINDOW (parent));
  gtk_window_set_modal (GTK_WINDOW (question), TRUE);
  gtk_window_present (GTK_WINDOW (question));
}
