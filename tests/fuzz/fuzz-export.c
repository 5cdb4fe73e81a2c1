/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "client/messages/dw-export.h"

#include <glib/gstdio.h>
#include <string.h>

/* A conversation exported as text, partly written by an attacker. Its lines say who wrote what: no text of the
 * attacker's makes a record of its own, passes for ours or the stage's, or controls a terminal. */

/* The time of every line. */
#define NOON ((gint64) 1764158400 * G_USEC_PER_SEC)

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GAsyncResult *
await (GAsyncResult **done)
{
  while (*done == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *done;
}

static void
add (GPtrArray *records, DwMessageKind kind, const char *sender, const char *text)
{
  DwRecord *record = g_new0 (DwRecord, 1);

  record->place = (gint64) records->len + 1;
  record->kind = kind;
  record->time = NOON;
  record->sender = g_strdup (sender);
  record->text = g_strdup (text);
  g_ptr_array_add (records, record);
}

static char *export(GPtrArray *records)
{
  static char *path = NULL;
  g_autoptr (DwStore) store = dw_store_new (NULL);
  g_autoptr (GFile) file = NULL;
  g_autoptr (GAsyncResult) added = NULL, exported = NULL;
  char *text = NULL;

  if (path == NULL)
    {
      int fd = g_file_open_tmp ("dw-fuzz-export-XXXXXX", &path, NULL);

      g_close (fd, NULL);
    }
  dw_store_lines_add_async (store, 1, g_ptr_array_ref (records), on_done, &added);
  await (&added);
  file = g_file_new_for_path (path);
  dw_export_async (store, 1, file, DW_EXPORT_TEXT, NULL, on_done, &exported);
  if (!dw_export_finish (store, await (&exported), NULL, NULL) || !g_file_get_contents (path, &text, NULL, NULL))
    abort ();
  return text;
}

static char *
export_one (DwMessageKind kind, const char *sender, const char *text)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);

  add (records, kind, sender, text);
  return export(records);
}

/* Ends a line in some program, or controls a terminal. */
static gboolean
is_harmful (gunichar c)
{
  return (g_unichar_iscntrl (c) && c != '\n' && c != '\t') || c == 0x2028 || c == 0x2029;
}

/* An override of the direction must end in the same line. */
static void
check_harmless (const char *text)
{
  int embedded = 0, isolated = 0;

  if (!g_utf8_validate (text, -1, NULL))
    abort ();
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (is_harmful (c) || (c == '\n' && (embedded > 0 || isolated > 0)))
        abort ();
      if (c == 0x202a || c == 0x202b || c == 0x202d || c == 0x202e)
        embedded++;
      else if (c >= 0x2066 && c <= 0x2068)
        isolated++;
      else if (c == 0x202c)
        embedded = MAX (embedded - 1, 0);
      else if (c == 0x2069)
        isolated = MAX (isolated - 1, 0);
    }
}

/* Every record begins a line, and no other line looks like the beginning of one. */
static void
check_lines (const char *text, guint records)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = 0;

  for (char **at = lines; *at != NULL; at++)
    if (**at != '\0' && **at != ' ' && **at != '\t')
      n++;
  if (n != records)
    abort ();
}

/* The first line of the input is the name, the rest is the text. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *raw = g_strndup ((const char *) data, size);
  g_autofree char *valid = g_utf8_make_valid (raw, -1);
  char *end = strchr (valid, '\x1f');
  const char *text = end != NULL ? end + 1 : valid;
  const char *sender = end != NULL ? valid : NULL;
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_record_free);
  g_autofree char *all = NULL, *theirs = NULL, *ours = NULL, *notice = NULL;

  if (end != NULL)
    *end = '\0';
  add (records, DW_MESSAGE_OWN, NULL, "mine");
  add (records, DW_MESSAGE_THEIRS, sender, text);
  add (records, DW_MESSAGE_NOTICE, NULL, "of the stage");
  all = export(records);
  check_harmless (all);
  check_lines (all, 3);

  theirs = export_one (DW_MESSAGE_THEIRS, sender, text);
  ours = export_one (DW_MESSAGE_OWN, NULL, text);
  notice = export_one (DW_MESSAGE_NOTICE, NULL, text);
  if (strcmp (theirs, ours) == 0 || strcmp (theirs, notice) == 0)
    abort ();
  return 0;
}
