/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-connection-id.h"

#include <string.h>

/* 11 bytes make 15 base64 characters and one "=", which is the shape of every id seen from AWS. */
#define ID_BYTES 11
#define ID_CHARS 16

/**
 * dw_connection_id_new:
 *
 * Makes an id in AWS's shape: 15 characters of the base64url alphabet and `=`, such as `L0SM9cOFvHcCIhw=`. It
 * need not be secret: whoever has the token of `@connections` can reach every connection anyway.
 *
 * Returns: (transfer full): a new id
 */
char *
dw_connection_id_new (void)
{
  guint32 words[3];
  g_autofree char *id = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    words[i] = g_random_int ();
  id = g_base64_encode ((const guchar *) words, ID_BYTES);
  g_strdelimit (id, "+", '-');
  g_strdelimit (id, "/", '_');
  return g_steal_pointer (&id);
}

/**
 * dw_connection_id_is_valid:
 * @id: a text
 *
 * Returns: whether @id has the shape of an id; AWS answers 400 if it has not, and 410 if it has but is unknown
 */
gboolean
dw_connection_id_is_valid (const char *id)
{
  if (strlen (id) != ID_CHARS || id[ID_CHARS - 1] != '=')
    return FALSE;
  for (guint i = 0; i < ID_CHARS - 1; i++)
    if (!g_ascii_isalnum (id[i]) && id[i] != '-' && id[i] != '_')
      return FALSE;
  return TRUE;
}
