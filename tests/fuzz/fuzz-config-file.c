/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "backend/gateway/dw-config-file.h"

#include <string.h>

static void
append_quoted (GString *text, const char *value)
{
  g_string_append_c (text, '"');
  for (; *value != '\0'; value++)
    {
      if (*value == '"' || *value == '\\')
        g_string_append_c (text, '\\');
      g_string_append_c (text, *value);
    }
  g_string_append_c (text, '"');
}

/* What was read can be written, and reads the same. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GPtrArray) lines = dw_config_file_parse ((const char *) data, size, "x", NULL);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  if (lines == NULL)
    return 0;

  for (guint i = 0; i < lines->len; i++)
    {
      const DwConfigLine *line = lines->pdata[i];

      g_string_append (text, line->name);
      if (line->value != NULL)
        {
          g_string_append (text, " = ");
          append_quoted (text, line->value);
        }
      g_string_append_c (text, '\n');
    }

  if (text->len > DW_CONFIG_FILE_BYTES)
    return 0;
  again = dw_config_file_parse (text->str, text->len, "x", NULL);
  if (again == NULL || again->len != lines->len)
    abort ();
  for (guint i = 0; i < lines->len; i++)
    {
      const DwConfigLine *a = lines->pdata[i];
      const DwConfigLine *b = again->pdata[i];

      if (strcmp (a->name, b->name) != 0 || g_strcmp0 (a->value, b->value) != 0)
        abort ();
    }
  return 0;
}
