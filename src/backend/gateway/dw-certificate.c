/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-certificate.h"

#include "backend/dw-backend-error.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <sys/socket.h>

/* How long each end of the trial handshake waits for the other, in seconds. */
#define TRIAL_SECONDS 10

static GIOStream *
make_end (int descriptor, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (descriptor, error);

  if (socket == NULL)
    return NULL;
  g_socket_set_timeout (socket, TRIAL_SECONDS);
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static gpointer
serve (gpointer data)
{
  g_tls_connection_handshake (data, NULL, NULL);
  g_io_stream_close (data, NULL, NULL);
  return NULL;
}

static gboolean
accept_any (void)
{
  return TRUE;
}

/* A handshake with ourselves shows whether the key fits the certificate. GIO loads any two files, and a mismatch
 * would only show when the first client connects. */
static gboolean
try_handshake (GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GIOStream) near = NULL;
  g_autoptr (GIOStream) far = NULL;
  g_autoptr (GIOStream) server = NULL;
  g_autoptr (GIOStream) client = NULL;
  GThread *thread;
  gboolean shaken;
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, g_strerror (errno));
      return FALSE;
    }

  near = make_end (pair[0], error);
  far = near != NULL ? make_end (pair[1], error) : NULL;
  server = far != NULL ? g_tls_server_connection_new (near, certificate, error) : NULL;
  client = server != NULL ? g_tls_client_connection_new (far, NULL, error) : NULL;
  if (client == NULL)
    return FALSE;

  g_signal_connect (client, "accept-certificate", G_CALLBACK (accept_any), NULL);

  thread = g_thread_new ("certificate", serve, server);
  shaken = g_tls_connection_handshake (G_TLS_CONNECTION (client), NULL, error);
  g_io_stream_close (client, NULL, NULL);
  g_thread_join (thread);
  return shaken;
}

/**
 * dw_certificate_load:
 * @path: a certificate and its chain, PEM
 * @key_path: its private key, PEM
 * @error: a #GTlsError or #GFileError, or %DW_BACKEND_ERROR_CONFIG if the key does not fit
 *
 * Checks the pair with a handshake with itself, and blocks for it.
 *
 * Returns: (transfer full) (nullable): the certificate with its key
 */
GTlsCertificate *
dw_certificate_load (const char *path, const char *key_path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_files (path, key_path, error);

  if (certificate == NULL || try_handshake (certificate, &problem))
    return g_steal_pointer (&certificate);
  g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_CONFIG,
               /* Translators: two files, and what the TLS library says. */
               _ ("The key “%1$s” doesn’t match the certificate “%2$s”: %3$s"), key_path, path, problem->message);
  return NULL;
}
