/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-config.h"

#include "app/dw-application.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

typedef struct
{
  char *profile;
  gboolean version;
} Options;

static gboolean
profile_is_valid (const char *profile)
{
  return g_regex_match_simple ("^[A-Za-z0-9_-]{1,32}\\z", profile, 0, 0);
}

/* The profile decides which instance this is, so it is read before GApplication takes over. */
static gboolean
parse_options (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "profile", 'p', 0, G_OPTION_ARG_STRING, &options->profile,
      N_ ("Be another person, with data, settings and an instance of their own"), N_ ("NAME") },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version, N_ ("Print the version and exit"), NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("[URL…]"));

  g_option_context_set_summary (context,
                                _ ("Chat on a stage. A URL starts with wss://, or with ws:// for this computer."));
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  /* GApplication has options of its own, such as --gapplication-service. */
  g_option_context_set_ignore_unknown_options (context, TRUE);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  for (int i = 1; i < *argc; i++)
    if ((*argv)[i][0] == '-' && !g_str_has_prefix ((*argv)[i], "--gapplication-"))
      {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, _ ("Unknown option “%s”. See --help."),
                     (*argv)[i]);
        return FALSE;
      }
  return TRUE;
}

int
main (int argc, char *argv[])
{
  Options options = { 0 };
  g_autofree char *profile = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwApplication) application = NULL;
  /* A program that is run where it was built has its languages there. */
  const char *languages = g_getenv ("DYNAMOWAVE_LANGUAGES");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, languages != NULL ? languages : DW_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  if (!parse_options (&options, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  profile = options.profile;
  if (options.version)
    {
      printf ("dynamowave-chat %s\n", DW_VERSION);
      return 0;
    }
  if (profile != NULL && !profile_is_valid (profile))
    {
      g_printerr (_ ("A profile’s name has up to 32 letters, digits, “-” and “_”.\n"));
      return 2;
    }
  /* Past a limit on files a write is to fail, as on a full disk, and not to end the program. */
  signal (SIGXFSZ, SIG_IGN);
  application = dw_application_new (profile);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
