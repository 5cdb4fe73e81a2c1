/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "wire/dw-secret.h"
#include "wire/dw-wire-error.h"

#include <string.h>

static char *
parse (const char *text, DwSecretShape shape, char **sentence)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = dw_secret_parse (text, strlen (text), shape, "F", &error);

  if (lines != NULL)
    return g_strjoinv ("|", lines);
  g_assert_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_SECRET);
  *sentence = g_strdup (error->message);
  return NULL;
}

/* The file with a token may come from an editor, a shell or Windows: line ends are dropped and nothing else is. */
static void
test_file (void)
{
  static const struct
  {
    const char *text;
    DwSecretShape shape;
    const char *lines; /* or NULL */
    const char *words; /* of the error message */
  } table[] = {
    { "token", DW_SECRET_TOKEN, "token", NULL },
    { "token\n", DW_SECRET_TOKEN, "token", NULL },
    { "token\r\n", DW_SECRET_TOKEN, "token", NULL },
    { " to ken ", DW_SECRET_TOKEN, " to ken ", NULL },
    { "100%s", DW_SECRET_TOKEN, "100%s", NULL },
    { "", DW_SECRET_TOKEN, NULL, "“F” is empty." },
    { "\n", DW_SECRET_TOKEN, NULL, "“F” is empty." },
    { "\r\n", DW_SECRET_TOKEN, NULL, "“F” is empty." },
    { "one\ntwo", DW_SECRET_TOKEN, NULL, "one line" },
    { "one\n\n", DW_SECRET_TOKEN, NULL, "one line" },
    { "\none", DW_SECRET_TOKEN, NULL, "one line" },
    { "one\rtwo", DW_SECRET_TOKEN, NULL, "control characters" },
    { "one\x1b[2J", DW_SECRET_TOKEN, NULL, "control characters" },
    { "one\xff", DW_SECRET_TOKEN, NULL, "not UTF-8" },
    { "one\x7f", DW_SECRET_TOKEN, NULL, "control characters" },
    { "one\ttwo", DW_SECRET_TOKEN, NULL, "control characters" },
    { "tökén~", DW_SECRET_TOKEN, "tökén~", NULL },
    { "one\r", DW_SECRET_TOKEN, NULL, "control characters" },
    { "one\n\r\n", DW_SECRET_TOKEN, NULL, "one line" },
    { "\nsecret\n", DW_SECRET_KEY, NULL, "two lines" },
    { "AKID\nsec\x1bret\n", DW_SECRET_KEY, NULL, "control characters" },
    { "", DW_SECRET_KEY, NULL, "“F” is empty." },
    { "\na: 1\n\n\nb: 2\nc: 3", DW_SECRET_HEADERS, "a: 1|b: 2|c: 3", NULL },
    { "a: 1\nb: \x01", DW_SECRET_HEADERS, NULL, "control characters" },
    { "AKID\nsecret\n", DW_SECRET_KEY, "AKID|secret", NULL },
    { "AKID\r\nsecret\r\n", DW_SECRET_KEY, "AKID|secret", NULL },
    { "AKID\n", DW_SECRET_KEY, NULL, "two lines" },
    { "AKID\n\n", DW_SECRET_KEY, NULL, "two lines" },
    { "AKID\nsecret\nmore", DW_SECRET_KEY, NULL, "two lines" },
    { "a: 1\n\nb: 2\n", DW_SECRET_HEADERS, "a: 1|b: 2", NULL },
    { "\n\n", DW_SECRET_HEADERS, NULL, "“F” is empty." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *sentence = NULL;
      g_autofree char *lines = parse (table[i].text, table[i].shape, &sentence);

      g_assert_cmpstr (lines, ==, table[i].lines);
      if (table[i].words != NULL)
        g_assert_nonnull (strstr (sentence, table[i].words));
    }
}

/* A NUL would cut a token short, and a large file is a mistake. The error message repeats neither. */
static void
test_bounds (void)
{
  g_autofree char *large = g_strnfill (DW_SECRET_FILE_BYTES + 1, 'x');
  g_autoptr (GError) nul = NULL;
  g_autoptr (GError) size = NULL;
  g_auto (GStrv) fits = dw_secret_parse (large, DW_SECRET_FILE_BYTES, DW_SECRET_TOKEN, "F", NULL);

  g_assert_nonnull (fits);
  g_assert_null (dw_secret_parse ("canary\0more", 11, DW_SECRET_TOKEN, "F", &nul));
  g_assert_null (strstr (nul->message, "canary"));
  g_assert_null (dw_secret_parse (large, DW_SECRET_FILE_BYTES + 1, DW_SECRET_TOKEN, "F", &size));
  g_assert_nonnull (strstr (size->message, "64 KiB"));
}

static void
test_equal (void)
{
  g_assert_true (dw_secret_equal ("S3CR3T", "S3CR3T"));
  g_assert_false (dw_secret_equal ("S3CR3T", "S3CR3"));
  g_assert_false (dw_secret_equal ("S3CR3T", "S3CR3T "));
  g_assert_false (dw_secret_equal ("S3CR3T", "s3CR3T"));
  g_assert_false (dw_secret_equal ("S3CR3T", ""));
  g_assert_false (dw_secret_equal ("", "S3CR3T"));
  g_assert_false (dw_secret_equal ("ab", "abab"));
  g_assert_true (dw_secret_equal ("", ""));
}

/* A list of processes shows no secret, whichever way it was passed on the command line. */
static void
test_hide (void)
{
  static const char *const options[] = { "--token", "--header", "-H", NULL };
  static const struct
  {
    const char *typed;
    const char *shown;
    gboolean found;
  } table[] = {
    { "cli|send|ws://h/prod|text", "cli|send|ws://h/prod|text", FALSE },
    { "cli|--token=abc|x", "cli|--token=***|x", TRUE },
    { "cli|--token|abc|x", "cli|--token|***|x", TRUE },
    { "cli|--token-file=abc", "cli|--token-file=abc", FALSE },
    { "cli|--token-file|abc", "cli|--token-file|abc", FALSE },
    { "cli|-Ha: b|x", "cli|-H****|x", TRUE },
    { "cli|-H|a: b", "cli|-H|****", TRUE },
    { "cli|tail|wss://h/p?t=1", "cli|tail|wss://h/p?***", TRUE },
    { "cli|tail|wss://u:pw@h/p?t=@", "cli|tail|wss://****@h/p?***", TRUE },
    { "cli|send|ws://h/p|see https://h/x?y", "cli|send|ws://h/p|see https://h/x?*", FALSE },
    { "chat|dynamowave://h/p?t=1", "chat|dynamowave://h/p?***", TRUE },
    { "cli|tail|wss://h/@p", "cli|tail|wss://h/@p", FALSE },
    { "cli|tail|wss://h/p?", "cli|tail|wss://h/p?", FALSE },
    { "cli|--|--token|wss://h/p?t=1", "cli|--|--token|wss://h/p?***", TRUE },
    { "cli|--token", "cli|--token", FALSE },
    { "cli|what?", "cli|what?", FALSE },
    { "cli|--token=|x", "cli|--token=|x", FALSE },
    { "cli|--token||x", "cli|--token||x", FALSE },
    { "cli|--tokenabc", "cli|--tokenabc", FALSE },
    { "cli|-H", "cli|-H", FALSE },
    { "cli|--token|a|--header|b|-Hc|d", "cli|--token|*|--header|*|-H*|d", TRUE },
    { "cli|WS://h/p?t", "cli|WS://h/p?*", TRUE },
    { "chat|DynamoWave://h/?t", "chat|DynamoWave://h/?*", TRUE },
    { "cli|ws://u@h", "cli|ws://*@h", TRUE },
    { "cli|ws://u@h/p", "cli|ws://*@h/p", TRUE },
    { "cli|ws://h?a@b", "cli|ws://h?***", TRUE },
    { "cli|ws://h#a@b", "cli|ws://h#a@b", FALSE },
    { "cli|say|ftp://u:p@h/", "cli|say|ftp://***@h/", FALSE },
    { "cli|?a://b", "cli|?a://b", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_auto (GStrv) arguments = g_strsplit (table[i].typed, "|", -1);
      gboolean found = dw_secret_hide (arguments, options);
      g_autofree char *shown = g_strjoinv ("|", arguments);

      g_assert_cmpstr (shown, ==, table[i].shown);
      g_assert_cmpint (found, ==, table[i].found);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/wire/secret/file", test_file);
  g_test_add_func ("/wire/secret/bounds", test_bounds);
  g_test_add_func ("/wire/secret/equal", test_equal);
  g_test_add_func ("/wire/secret/hide", test_hide);
  return g_test_run ();
}
