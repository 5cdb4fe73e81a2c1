/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwRecordingKind:
 * @DW_RECORDING_IN: a frame arrived
 * @DW_RECORDING_OUT: a frame was sent
 * @DW_RECORDING_PING: a ping was sent
 * @DW_RECORDING_PONG: the peer answered a ping
 * @DW_RECORDING_CONNECTING: a handshake began
 * @DW_RECORDING_OPEN: a handshake succeeded
 * @DW_RECORDING_FAILED: a handshake did not
 * @DW_RECORDING_CLOSED: a connection ended
 *
 * What a line of a recording is about.
 */
typedef enum
{
  DW_RECORDING_IN,
  DW_RECORDING_OUT,
  DW_RECORDING_PING,
  DW_RECORDING_PONG,
  DW_RECORDING_CONNECTING,
  DW_RECORDING_OPEN,
  DW_RECORDING_FAILED,
  DW_RECORDING_CLOSED,
} DwRecordingKind;

/** DW_RECORDING_STEPS: the steps of a handshake before the upgrade. */
#define DW_RECORDING_STEPS 3

/** DW_RECORDING_LINE_BYTES: the longest line that is read. The largest frame takes three quarters of it, when each of its
 * bytes is an escape. */
#define DW_RECORDING_LINE_BYTES (1024 * 1024)

/**
 * DwRecordingEntry:
 * @time: when, in microseconds since 1970 UTC; a line has milliseconds
 * @kind: what
 * @connection: on which connection of the session, from 1
 * @bytes: (nullable): the payload, as untrusted as a message; never %NULL for a frame
 * @note: (nullable): what else there is to say
 * @code: an HTTP status, a close code, or 0
 * @took_ms: how long a handshake took, in milliseconds
 * @steps_ms: when its steps were reached, in milliseconds since its start: name, TCP, TLS; 0 where it was not
 * @request: (nullable): the head that a handshake sent
 * @response: (nullable): the head that answered it
 * @transport: (nullable): addresses and certificate, for dw_transport_read()
 *
 * One line of a recording. What was read from a file is as untrusted as the file.
 */
typedef struct
{
  gint64 time;
  DwRecordingKind kind;
  guint connection;
  GBytes *bytes;
  char *note;
  guint code;
  guint took_ms;
  guint steps_ms[DW_RECORDING_STEPS];
  char *request;
  char *response;
  char *transport;
} DwRecordingEntry;

const char *dw_recording_kind_get_name (DwRecordingKind kind);
char *dw_recording_write (const DwRecordingEntry *entry);
gboolean dw_recording_read (DwRecordingEntry *entry, const char *line, gsize length, guint number, GError **error);
void dw_recording_entry_clear (DwRecordingEntry *entry);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwRecordingEntry, dw_recording_entry_clear)

G_END_DECLS
