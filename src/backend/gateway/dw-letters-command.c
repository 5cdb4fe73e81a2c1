/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-letters-command.h"

#include "dw-dead-letters.h"
#include "dw-secret-file.h"
#include "dw-server-options.h"

#include "wire/dw-stage-url.h"
#include "wire/dw-time.h"

#include <glib/gi18n.h>
#include <libsoup/soup.h>
#include <stdio.h>
#include <string.h>

/* The command `dynamowave-stage dead-letters list|redrive|purge`. */

typedef struct
{
  char *registry;
  char *url;
  char *token_file;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->registry);
  g_free (options->url);
  g_free (options->token_file);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* How many letters are read at once. */
#define PAGE 100

/* How long a stage may take to answer, in seconds. */
#define ANSWER_SECONDS 30

static gboolean
list (DwServerFile *file, GError **error)
{
  gint64 after = 0;

  for (;;)
    {
      g_autoptr (GPtrArray) letters = dw_dead_letters_list (file, after, PAGE, error);

      if (letters == NULL)
        return FALSE;
      if (letters->len == 0)
        return TRUE;
      for (guint i = 0; i < letters->len; i++)
        {
          const DwDeadLetter *letter = letters->pdata[i];
          g_autofree char *time = dw_time_format (letter->time * 1000);
          /* The texts come from clients, and a terminal would obey their escape sequences. */
          g_autofree char *id = g_strescape (letter->connection_id, NULL);
          g_autofree char *reason = g_strescape (letter->reason, NULL);
          g_autofree char *text = g_strescape (letter->text, NULL);

          printf ("%" G_GINT64_FORMAT "\t%s\t%s\t%s\t%s\n", letter->number, time, id, reason, text);
          after = letter->number;
        }
    }
}

/* Posts a letter again. It is settled once it is delivered or its connection is gone. */
static gboolean
post (SoupSession *session,
      const Options *options,
      const char *token,
      const DwDeadLetter *letter,
      gboolean *settled,
      GError **error)
{
  g_autofree char *id = g_uri_escape_string (letter->connection_id, NULL, FALSE);
  g_autofree char *address = g_strdup_printf ("%s/@connections/%s", options->url, id);
  g_autoptr (SoupMessage) message = soup_message_new ("POST", address);
  g_autoptr (GBytes) body = g_bytes_new (letter->text, strlen (letter->text));
  g_autoptr (GBytes) answer = NULL;
  g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);
  guint status;

  if (message == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("“%s” is not a valid address."),
                   options->url);
      return FALSE;
    }

  /* A redirection would take the token and the text elsewhere. */
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", bearer);
  soup_message_set_request_body_from_bytes (message, "application/octet-stream", body);
  answer = soup_session_send_and_read (session, message, NULL, error);
  if (answer == NULL)
    return FALSE;

  status = soup_message_get_status (message);
  printf ("%" G_GINT64_FORMAT "\t%u\n", letter->number, status);
  if (status == SOUP_STATUS_FORBIDDEN)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                           _ ("The stage rejected this token. Use the one from its --management-token-file."));
      return FALSE;
    }

  *settled = status == SOUP_STATUS_OK || status == SOUP_STATUS_GONE;
  return TRUE;
}

/* The token must not cross a network unencrypted. The rules for a stage's address are the client's. */
static gboolean
check_url (const char *text, gboolean *secure, GError **error)
{
  g_autofree char *rest = NULL;
  g_autoptr (DwStageUrl) url = NULL;

  if (g_ascii_strncasecmp (text, "http://", 7) == 0 || g_ascii_strncasecmp (text, "https://", 8) == 0)
    rest = g_strconcat ("ws", text + 4, NULL);
  url = rest != NULL ? dw_stage_url_parse (rest, NULL) : NULL;
  if (url == NULL && g_ascii_strncasecmp (text, "http://", 7) == 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         _ ("Unencrypted connections (http://) are only allowed to this computer. Use https://."));
  else if (url == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("“%s” is not a valid address."), text);
  else
    *secure = dw_stage_url_is_secure (url);
  return url != NULL;
}

static gboolean
redrive (DwServerFile *file, const Options *options, GError **error)
{
  g_autoptr (SoupSession) session = soup_session_new_with_options ("timeout", ANSWER_SECONDS, NULL);
  g_auto (GStrv) token = NULL;
  gboolean secure = FALSE;
  gint64 after = 0;

  if (options->url == NULL || options->token_file == NULL)
    {
      g_set_error_literal (
          error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
          _ ("“redrive” needs a running stage: --url http://127.0.0.1:PORT/STAGE --management-token-file FILE"));
      return FALSE;
    }

  if (!check_url (options->url, &secure, error))
    return FALSE;
  /* Nor through a proxy. */
  if (!secure)
    soup_session_set_proxy_resolver (session, NULL);
  token = dw_secret_file_read (options->token_file, DW_SECRET_TOKEN, error);
  if (token == NULL)
    return FALSE;
  if (dw_secret_file_is_exposed (options->token_file))
    g_printerr (_ ("“%s” is readable by every local user. Make it private: chmod 600\n"), options->token_file);
  for (;;)
    {
      g_autoptr (GPtrArray) letters = dw_dead_letters_list (file, after, PAGE, error);

      if (letters == NULL || letters->len == 0)
        return letters != NULL;
      for (guint i = 0; i < letters->len; i++)
        {
          const DwDeadLetter *letter = letters->pdata[i];
          gboolean settled = FALSE;

          if (!post (session, options, token[0], letter, &settled, error)
              || (settled && !dw_dead_letters_remove (file, letter->number, error)))
            return FALSE;
          after = letter->number;
        }
    }
}

static gboolean
purge (DwServerFile *file, GError **error)
{
  guint purged = 0;

  if (!dw_dead_letters_purge (file, &purged, error))
    return FALSE;
  printf (ngettext ("%u dead letter removed\n", "%u dead letters removed\n", purged), purged);
  return TRUE;
}

static gboolean
parse (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "registry", 0, 0, G_OPTION_ARG_STRING, &options->registry, N_ ("Registry of the stage"), "sqlite:PATH" },
    { "url", 0, 0, G_OPTION_ARG_STRING, &options->url, N_ ("Running stage to redrive to"), "http://ADDRESS/STAGE" },
    { "management-token-file", 0, 0, G_OPTION_ARG_FILENAME, &options->token_file,
      N_ ("Management token of that stage"), "FILE" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("list|redrive|purge");

  g_option_context_set_summary (
      context, _ ("Lists dead letters (posts that were throttled and finally given up), posts them\n"
                  "again to a running stage, or removes them."));
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  return g_option_context_parse (context, argc, argv, error);
}

static int
fail (const GError *error, int status)
{
  g_printerr ("%s\n", error->message);
  return status;
}

/**
 * dw_letters_command:
 * @argc: how many arguments, with the command's own name first
 * @argv: the arguments
 *
 * Returns: the process's exit status
 */
int
dw_letters_command (int argc, char **argv)
{
  g_auto (Options) options = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (DwServerFile) file = NULL;
  g_autofree char *path = NULL;
  const char *what;
  gboolean done;

  if (!parse (&options, &argc, &argv, &error))
    return fail (error, 2);

  what = argc == 2 ? argv[1] : "";
  if (!dw_server_options_read_registry (options.registry, &path, &error))
    return fail (error, 2);
  if (path == NULL || (strcmp (what, "list") != 0 && strcmp (what, "redrive") != 0 && strcmp (what, "purge") != 0))
    {
      g_printerr (
          _ ("A command and a registry are required: dynamowave-stage dead-letters list --registry sqlite:PATH\n"));
      return 2;
    }

  /* Without the lock, since a running stage may have the file: each waits only for the other's statements. */
  file = dw_server_file_new (path, FALSE, &error);
  if (file == NULL)
    return fail (error, 1);
  if (strcmp (what, "list") == 0)
    done = list (file, &error);
  else
    done = strcmp (what, "purge") == 0 ? purge (file, &error) : redrive (file, &options, &error);
  return done ? 0 : fail (error, 1);
}
