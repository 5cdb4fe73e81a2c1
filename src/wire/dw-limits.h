/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/**
 * SECTION:dw-limits
 *
 * The numbers of an API Gateway WebSocket API, from its quota page
 * ("Quotas for configuring and running a WebSocket API").
 */

/** DW_LIMIT_FRAME_BYTES: the largest frame in bytes; above it the gateway closes with 1009. */
#define DW_LIMIT_FRAME_BYTES 32768

/** DW_LIMIT_MESSAGE_BYTES: the largest message in bytes, however many frames carry it; above it: 1009. */
#define DW_LIMIT_MESSAGE_BYTES 131072

/** DW_LIMIT_IDLE_SECONDS: without traffic for this long the gateway closes with 1001. */
#define DW_LIMIT_IDLE_SECONDS 600

/** DW_LIMIT_CONNECTION_SECONDS: no connection lives longer than this. */
#define DW_LIMIT_CONNECTION_SECONDS 7200

/** DW_LIMIT_INTEGRATION_SECONDS: the longest a handler, and so a handshake, may take at the gateway. */
#define DW_LIMIT_INTEGRATION_SECONDS 29

/** DW_LIMIT_URL_CHARS: the longest URL the gateway takes. */
#define DW_LIMIT_URL_CHARS 4096

/** DW_LIMIT_CONNECTION_ID_CHARS: the longest connection ID we accept; the gateway's have 16 characters. */
#define DW_LIMIT_CONNECTION_ID_CHARS 128

/** DW_LIMIT_STAGE_CHARS: the longest name of a stage, from the same page. */
#define DW_LIMIT_STAGE_CHARS 128

/**
 * DW_LIMIT_JSON_DEPTH: how deep a JSON text may nest before we call it unreadable. json-glib's parser
 * recurses: 100,000 brackets crash 1.6.6 and 60,000 survive (measured). No frame of ours needs more than 4.
 */
#define DW_LIMIT_JSON_DEPTH 64
