/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-config.h"

#include "dw-command.h"
#include "dw-doctor.h"
#include "dw-load.h"
#include "dw-raw.h"
#include "dw-record.h"
#include "dw-talk.h"

#include "wire/dw-descriptors.h"
#include "wire/dw-secret.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>

/* The same client without a window. */

/* What it can do: a command is a row here, and a file of its own. */
static const DwCommand *const commands[] = { &dw_tail_command,   &dw_chat_command,
                                             &dw_send_command,   &dw_raw_command,
                                             &dw_doctor_command, &dw_load_command,
                                             &dw_record_command, NULL };

int
main (int argc, char *argv[])
{
  static const char *const secrets[] = { "--header", "-H", "--subprotocol", "-s", "--protocol", NULL };
  g_auto (GStrv) arguments = g_strdupv (argv);
  gboolean hidden = dw_secret_hide (argv, secrets);

  dw_descriptors_hold ();
  /* Past a limit on files a write is to fail, as on a full disk, and not to end the program. */
  signal (SIGXFSZ, SIG_IGN);
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, DW_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  if (hidden)
    g_printerr (_ ("The token or header on the command line was briefly visible to every local user. Use "
                   "--token-file or --header-file.\n"));
  return (int) dw_command_obey (commands, arguments);
}
