/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-config.h"

#include "app/dw-application.h"

#include "wire/dw-descriptors.h"
#include "wire/dw-secret.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>

int
main (int argc, char *argv[])
{
  static const char *const secrets[] = { NULL };
  g_auto (GStrv) arguments = g_strdupv (argv);
  g_autoptr (DwApplication) application = NULL;
  /* A program that runs from its build folder finds its translations there. */
  const char *languages = g_getenv ("DYNAMOWAVE_LANGUAGES");

  dw_descriptors_hold ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, languages != NULL ? languages : DW_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  /* Hide a token in an address from the list of processes. */
  dw_secret_hide (argv, secrets);
  /* Writing past a file size limit should fail, as on a full disk, not end the program. */
  signal (SIGXFSZ, SIG_IGN);

  application = dw_application_new ();
  return g_application_run (G_APPLICATION (application), argc, arguments);
}
