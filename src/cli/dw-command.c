/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-config.h"

#include "dw-command.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  gboolean version;
} General;

static const GOptionEntry general_entries[] = {
  { "version", 'V', 0, G_OPTION_ARG_NONE, DW_OPTION (General, version), N_ ("Print the version and exit"), NULL },
  { NULL },
};

static gboolean
is_own (const GOptionEntry *entry, const char *argument)
{
  gsize length = strcspn (argument, "=");

  if (argument[1] != '-')
    return entry->short_name != '\0' && argument[1] == entry->short_name;
  return strlen (entry->long_name) == length - 2 && strncmp (entry->long_name, argument + 2, length - 2) == 0;
}

/* Whether the next argument is the value of this one. */
static gboolean
takes_next (const GOptionEntry *entries, const char *argument)
{
  for (const GOptionEntry *entry = entries; entry->long_name != NULL; entry++)
    if (is_own (entry, argument))
      return entry->arg != G_OPTION_ARG_NONE
             && (argument[1] == '-' ? strchr (argument, '=') == NULL : argument[2] == '\0');
  return FALSE;
}

static gboolean
takes_next_anywhere (const DwCommand *const *commands, const char *argument)
{
  for (; *commands != NULL; commands++)
    for (const DwOptionTable *table = (*commands)->tables; table->entries != NULL; table++)
      if (takes_next (table->entries, argument))
        return TRUE;
  return FALSE;
}

/* The first word that is neither an option nor the value of one: options may stand before the command. */
static const char *
find_name (const DwCommand *const *commands, char **arguments)
{
  for (char **at = arguments + 1; *at != NULL; at++)
    {
      if ((*at)[0] != '-' || (*at)[1] == '\0')
        return *at;
      if (strcmp (*at, "--") == 0)
        return at[1];
      if (takes_next_anywhere (commands, *at) && *++at == NULL)
        return NULL;
    }
  return NULL;
}

static const DwCommand *
find_command (const DwCommand *const *commands, const char *name)
{
  for (; *commands != NULL; commands++)
    if (g_strcmp0 ((*commands)->name, name) == 0)
      return *commands;
  return NULL;
}

/* The same options, with the addresses of their values. */
static void
add_entries (GOptionGroup *group, const GOptionEntry *entries, gpointer values)
{
  g_autoptr (GArray) placed = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));

  for (; entries->long_name != NULL; entries++)
    {
      GOptionEntry entry = *entries;

      entry.arg_data = (guint8 *) values + GPOINTER_TO_SIZE (entry.arg_data);
      g_array_append_val (placed, entry);
    }
  g_option_group_add_entries (group, (const GOptionEntry *) (gpointer) placed->data);
}

static void
add_tables (GOptionGroup *group, const DwCommand *command, gpointer options)
{
  for (const DwOptionTable *table = command->tables; table->entries != NULL; table++)
    add_entries (group, table->entries, (guint8 *) options + table->offset);
}

static void
clear_entry (const GOptionEntry *entry, gpointer value)
{
  if (entry->arg == G_OPTION_ARG_STRING || entry->arg == G_OPTION_ARG_FILENAME)
    g_clear_pointer ((char **) value, g_free);
  else if (entry->arg == G_OPTION_ARG_STRING_ARRAY || entry->arg == G_OPTION_ARG_FILENAME_ARRAY)
    g_clear_pointer ((char ***) value, g_strfreev);
}

static void
clear_options (const DwCommand *command, gpointer options)
{
  for (const DwOptionTable *table = command->tables; table->entries != NULL; table++)
    for (const GOptionEntry *entry = table->entries; entry->long_name != NULL; entry++)
      clear_entry (entry, (guint8 *) options + table->offset + GPOINTER_TO_SIZE (entry->arg_data));
}

static char *
list_commands (const DwCommand *const *commands)
{
  GString *list = g_string_new (_ ("The DynamoWave client for the command line."));

  g_string_append (list, "\n");
  for (; *commands != NULL; commands++)
    {
      g_autofree char *usage = g_strdup_printf ("%s %s", (*commands)->name, (*commands)->arguments);

      g_string_append_printf (list, "\n  %-20s %s", usage, _ ((*commands)->summary));
    }
  return g_string_free (list, FALSE);
}

static GOptionContext *
describe_program (const DwCommand *const *commands)
{
  GOptionContext *context = g_option_context_new ("COMMAND URL");
  g_autofree char *summary = list_commands (commands);
  g_autofree char *description =
      g_strconcat (_ ("Use “dynamowave-cli COMMAND --help” for the options of a command."), "\n\n",
                   _ ("Exit status: 0 if all went well, 1 if a message was not delivered or may not have been,\n"
                      "2 for a wrong command line, 3 on timeout, 4 if the stage refused the connection."),
                   NULL);

  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  return context;
}

static GOptionContext *
describe_command (const DwCommand *command)
{
  g_autofree char *usage = g_strdup_printf ("%s %s", command->name, command->arguments);
  GOptionContext *context = g_option_context_new (usage);

  g_option_context_set_summary (context, _ (command->summary));
  if (command->description != NULL)
    g_option_context_set_description (context, _ (command->description));
  return context;
}

/* Anything after “--” is not an option. */
static void
drop_dashes (char **arguments)
{
  char **at = arguments;

  while (*at != NULL && strcmp (*at, "--") != 0)
    at++;
  if (*at == NULL)
    return;
  g_free (*at);
  for (; *at != NULL; at++)
    at[0] = at[1];
}

static DwExit
complain (const char *words)
{
  g_printerr ("%s\n", words);
  return DW_EXIT_USAGE;
}

static DwExit
print_version (void)
{
  if (printf ("dynamowave-cli %s\n", DW_VERSION) > 0 && fflush (stdout) == 0)
    return DW_EXIT_WELL;
  g_printerr (_ ("Cannot write: %s\n"), g_strerror (errno));
  return DW_EXIT_FAILED;
}

/* Without a command: --help, --version, or something that makes no sense. */
static DwExit
obey_no_command (const DwCommand *const *commands, char **arguments)
{
  g_auto (GStrv) left = g_strdupv (arguments);
  g_autoptr (GOptionContext) context = describe_program (commands);
  GOptionGroup *main_group = g_option_group_new (NULL, NULL, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;
  General general = { 0 };

  g_option_group_set_translation_domain (main_group, GETTEXT_PACKAGE);
  add_entries (main_group, general_entries, &general);
  g_option_context_set_main_group (context, main_group);
  if (!g_option_context_parse_strv (context, &left, &error))
    return complain (error->message);
  if (general.version)
    return print_version ();
  if (left[1] != NULL)
    g_printerr (_ ("There is no command “%s”.\n"), left[1]);
  return complain (_ ("Use “dynamowave-cli --help” for the commands."));
}

static DwExit
run_command (const DwCommand *command, gpointer options, char ***arguments)
{
  g_autoptr (GOptionContext) context = describe_command (command);
  GOptionGroup *main_group = g_option_group_new (NULL, NULL, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;
  General general = { 0 };
  guint n;

  g_option_group_set_translation_domain (main_group, GETTEXT_PACKAGE);
  add_tables (main_group, command, options);
  add_entries (main_group, general_entries, &general);
  g_option_context_set_main_group (context, main_group);
  if (!g_option_context_parse_strv (context, arguments, &error))
    return complain (error->message);
  if (general.version)
    return print_version ();

  drop_dashes (*arguments);
  n = g_strv_length (*arguments) - 2;
  if (n >= command->least && n <= command->most)
    return command->run (options, *arguments + 2);
  g_printerr (_ ("Use “%s %s”. See --help.\n"), command->name, command->arguments);
  return DW_EXIT_USAGE;
}

/**
 * dw_command_obey:
 * @commands: what the program can do, ended by %NULL
 * @arguments: the program's name and what was typed after it
 *
 * Does what was typed, or says on standard error why not.
 *
 * Returns: the program's exit status
 */
DwExit
dw_command_obey (const DwCommand *const *commands, char **arguments)
{
  const DwCommand *command = find_command (commands, find_name (commands, arguments));
  g_auto (GStrv) left = g_strdupv (arguments);
  g_autofree gpointer options = NULL;
  DwExit status;

  if (command == NULL)
    return obey_no_command (commands, arguments);
  options = g_malloc0 (command->options_bytes);
  status = run_command (command, options, &left);
  clear_options (command, options);
  return status;
}
