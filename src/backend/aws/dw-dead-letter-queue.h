/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dw-service.h"

G_BEGIN_DECLS

/** DW_DEAD_LETTER_IDS: how many connections one letter is for. */
#define DW_DEAD_LETTER_IDS 1000

/**
 * DwDeadLetter:
 * @connection_ids: (element-type utf8): the connections it did not reach
 * @endpoint: where they are reached
 * @text: what was to be posted
 * @reason: why it was given up
 *
 * Posts that were given up.
 */
typedef struct
{
  GPtrArray *connection_ids;
  char *endpoint;
  char *text;
  char *reason;
} DwDeadLetter;

DwDeadLetter *dw_dead_letter_new (const char *endpoint, const char *text, const char *reason);
void dw_dead_letter_free (DwDeadLetter *letter);
char *dw_dead_letter_to_json (const DwDeadLetter *letter);
DwDeadLetter *dw_dead_letter_from_json (const char *json, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DwDeadLetter, dw_dead_letter_free)

#define DW_TYPE_DEAD_LETTER_QUEUE (dw_dead_letter_queue_get_type ())
G_DECLARE_FINAL_TYPE (DwDeadLetterQueue, dw_dead_letter_queue, DW, DEAD_LETTER_QUEUE, GObject)

DwDeadLetterQueue *dw_dead_letter_queue_new (DwService *service, const char *queue_url);
void dw_dead_letter_queue_send_async (DwDeadLetterQueue *self,
                                      const DwDeadLetter *letter,
                                      GAsyncReadyCallback callback,
                                      gpointer data);
gboolean dw_dead_letter_queue_send_finish (DwDeadLetterQueue *self, GAsyncResult *result, GError **error);

G_END_DECLS
