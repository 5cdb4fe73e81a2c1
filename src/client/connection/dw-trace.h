/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/dw-recording.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DwTraceKind:
 * @DW_TRACE_IN: a frame arrived
 * @DW_TRACE_OUT: a frame was handed to the socket
 * @DW_TRACE_PING: a ping was sent
 * @DW_TRACE_PONG: the peer answered a ping
 * @DW_TRACE_CONNECTING: a handshake began
 * @DW_TRACE_OPEN: a handshake succeeded
 * @DW_TRACE_FAILED: a handshake did not
 * @DW_TRACE_CLOSED: a connection ended
 *
 * What crossed the wire.
 */
typedef enum
{
  DW_TRACE_IN,
  DW_TRACE_OUT,
  DW_TRACE_PING,
  DW_TRACE_PONG,
  DW_TRACE_CONNECTING,
  DW_TRACE_OPEN,
  DW_TRACE_FAILED,
  DW_TRACE_CLOSED,
} DwTraceKind;

/** DW_TRACE_STEPS: the steps of a handshake before the upgrade. */
#define DW_TRACE_STEPS 3

/**
 * DwTraceEntry:
 * @serial: its number, from 1
 * @time: when, in microseconds since 1970 UTC
 * @kind: what
 * @connection: on which connection of the session
 * @bytes: (nullable): a frame's payload, as untrusted as a message
 * @note: (nullable): what else there is to say, without anything secret
 * @code: an HTTP status, a close code, or 0
 * @took_ms: how long a handshake took, in milliseconds
 * @steps_ms: when its steps were reached, in milliseconds since its start: name, TCP, TLS; 0 where it was not
 * @request: (nullable): the head that a handshake sent, without what may be secret
 * @response: (nullable): the head that answered it, as untrusted as a message
 * @transport: (nullable): addresses and certificate, as dw_transport_write() writes them
 *
 * One thing that crossed the wire.
 */
typedef struct
{
  guint64 serial;
  gint64 time;
  DwTraceKind kind;
  guint connection;
  GBytes *bytes;
  char *note;
  guint code;
  guint took_ms;
  guint steps_ms[DW_TRACE_STEPS];
  char *request;
  char *response;
  char *transport;
} DwTraceEntry;

#define DW_TYPE_TRACE (dw_trace_get_type ())
G_DECLARE_FINAL_TYPE (DwTrace, dw_trace, DW, TRACE, GObject)

/** DW_TRACE_ENTRIES: how many are remembered; then the oldest goes. */
#define DW_TRACE_ENTRIES 100000

/** DW_TRACE_BYTES: how many bytes all that is remembered takes; then the oldest goes. */
#define DW_TRACE_BYTES (32 * 1024 * 1024)

/** DW_TRACE_ENTRY_BYTES: what an entry takes besides its payload, note and heads: its place, and what the allocator adds. */
#define DW_TRACE_ENTRY_BYTES 160

/** DW_TRACE_TICK_MS: ::changed is emitted at most this often, in milliseconds. */
#define DW_TRACE_TICK_MS 100

DwTrace *dw_trace_new (void);
void dw_trace_add_frame (DwTrace *self, DwTraceKind kind, guint serial, GBytes *bytes);
void dw_trace_add_event (DwTrace *self, DwTraceKind kind, guint serial, guint code, const char *note);
void dw_trace_add_handshake (DwTrace *self,
                             DwTraceKind kind,
                             guint serial,
                             guint code,
                             guint took_ms,
                             const guint *steps_ms,
                             const char *note,
                             const char *request,
                             const char *response,
                             const char *transport);
void dw_trace_add_recorded (DwTrace *self, const DwRecordingEntry *recorded);
void dw_trace_clear (DwTrace *self);
guint64 dw_trace_get_first (DwTrace *self);
guint64 dw_trace_get_last (DwTrace *self);
const DwTraceEntry *dw_trace_get_entry (DwTrace *self, guint64 serial);
void dw_trace_entry_copy (DwTraceEntry *copy, const DwTraceEntry *entry);
void dw_trace_entry_clear (DwTraceEntry *entry);
char *dw_trace_entry_to_json (const DwTraceEntry *entry);
char *dw_trace_to_json_lines (DwTrace *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwTraceEntry, dw_trace_entry_clear)

G_END_DECLS
