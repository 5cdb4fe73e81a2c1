/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DwClientError:
 * @DW_CLIENT_ERROR_HANDSHAKE: a connection could not be opened; its failure says why
 * @DW_CLIENT_ERROR_POLICY: the text is no policy
 * @DW_CLIENT_ERROR_ACCESS: what is to let a person in cannot be said in a handshake
 * @DW_CLIENT_ERROR_LOCAL_STAGE: the stage on this computer could not be started
 * @DW_CLIENT_ERROR_KEYRING: the keyring is missing, locked or refused
 * @DW_CLIENT_ERROR_STORE: the store failed in a way that has no name
 * @DW_CLIENT_ERROR_STORE_LOCKED: another program holds the store
 * @DW_CLIENT_ERROR_STORE_FULL: the disk or the quota is full
 * @DW_CLIENT_ERROR_STORE_READ_ONLY: the store's file or folder may not be written
 * @DW_CLIENT_ERROR_STORE_IO: the disk failed
 * @DW_CLIENT_ERROR_STORE_DAMAGED: the store's file is no store, or is damaged
 * @DW_CLIENT_ERROR_STORE_NEWER: the store's file was written by a newer version
 * @DW_CLIENT_ERROR_STORE_HELD: another process of this program has the store, and nothing is written to it here
 * @DW_CLIENT_ERROR_STORE_LATE: not written yet; it will be when it can
 * @DW_CLIENT_ERROR_RECORDING: a file is too large to be a recording
 *
 * The errors of this library.
 */
typedef enum
{
  DW_CLIENT_ERROR_HANDSHAKE,
  DW_CLIENT_ERROR_LOCAL_STAGE,
  DW_CLIENT_ERROR_POLICY,
  DW_CLIENT_ERROR_ACCESS,
  DW_CLIENT_ERROR_KEYRING,
  DW_CLIENT_ERROR_STORE,
  DW_CLIENT_ERROR_STORE_LOCKED,
  DW_CLIENT_ERROR_STORE_FULL,
  DW_CLIENT_ERROR_STORE_READ_ONLY,
  DW_CLIENT_ERROR_STORE_IO,
  DW_CLIENT_ERROR_STORE_DAMAGED,
  DW_CLIENT_ERROR_STORE_NEWER,
  DW_CLIENT_ERROR_STORE_HELD,
  DW_CLIENT_ERROR_STORE_LATE,
  DW_CLIENT_ERROR_RECORDING,
} DwClientError;

#define DW_CLIENT_ERROR (dw_client_error_quark ())
GQuark dw_client_error_quark (void);

G_END_DECLS
