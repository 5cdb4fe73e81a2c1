/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "wire/dw-safe-text.h"

static void
check (const char *safe, gboolean one_line)
{
  if (!g_utf8_validate (safe, -1, NULL))
    abort ();
  for (const char *at = safe; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (g_unichar_iscntrl (c) && (one_line || (c != '\n' && c != '\t')))
        abort ();
      if (c == 0x2028 || c == 0x2029 || (one_line && c >= 0x202a && c <= 0x202e))
        abort ();
    }
}

/* For any input the result is valid, short and free of control characters. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *untrusted = g_strndup ((const char *) data, size);
  gsize most = size > 0 ? data[0] + 1u : 1;
  gboolean cut;
  g_autofree char *text = dw_safe_text (untrusted, most, 3, &cut);
  g_autofree char *line = dw_safe_line (untrusted, most);
  g_autofree char *again = dw_safe_line (line, DW_SAFE_TEXT_WHOLE);
  g_autofree char *name = dw_safe_name (untrusted);

  check (text, FALSE);
  check (line, TRUE);
  check (name, TRUE);
  if ((gsize) g_utf8_strlen (text, -1) > most + DW_SAFE_TEXT_CLUSTER_CHARS || !g_str_equal (line, again)
      || g_utf8_strlen (name, -1) > DW_SAFE_TEXT_NAME_CHARS + DW_SAFE_TEXT_CLUSTER_CHARS)
    abort ();
  return 0;
}
