/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/** DW_FUNCTION_PAYLOAD_BYTES: the longest response of a function, in bytes (measured on AWS's own emulator). */
#define DW_FUNCTION_PAYLOAD_BYTES 6291556

#define DW_TYPE_FUNCTION_PROCESS (dw_function_process_get_type ())
G_DECLARE_FINAL_TYPE (DwFunctionProcess, dw_function_process, DW, FUNCTION_PROCESS, GObject)

/**
 * DwFunctionProcessOwner:
 * @ready: it asks for an event, and is frozen until it gets one
 * @answered: it answered its event; for an error, with the type of the error
 * @ended: it ended or could not start, and is of no more use; with the reason, for the log
 * @invoke: it invokes a function by name, without waiting; returns whether that was accepted
 *
 * The callbacks of whoever runs a process.
 */
typedef struct
{
  void (*ready) (DwFunctionProcess *process, gpointer data);
  void (*answered) (DwFunctionProcess *process, const char *error_type, GBytes *body, gpointer data);
  void (*ended) (DwFunctionProcess *process, const char *why, gpointer data);
  gboolean (*invoke) (DwFunctionProcess *process, const char *function, GBytes *payload, gpointer data);
} DwFunctionProcessOwner;

DwFunctionProcess *dw_function_process_new (const char *const *argv,
                                            const char *const *environment,
                                            const DwFunctionProcessOwner *owner,
                                            gpointer data,
                                            GError **error);
void dw_function_process_give (DwFunctionProcess *self,
                               const char *request_id,
                               const char *arn,
                               GBytes *event,
                               gint64 deadline_ms);
gboolean dw_function_process_is_ready (DwFunctionProcess *self);
void dw_function_process_kill (DwFunctionProcess *self);

G_END_DECLS
