/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-emoji.h"

#include <gio/gio.h>
#include <string.h>

/* What GTK's own chooser reads, in every version of it: codes, name, words for it, group; newer versions have names and
 * words in two languages, the second of which is English. */
#define DATA "/org/gtk/libgtk/emoji/en.data"
static const char *const formats[] = { "a(ausasu)", "a(aussasasu)" };

/* Stand for the color of a skin, which is left open. */
#define ANY_SKIN 0
#define LIGHT_SKIN 0x1f3fb
#define AS_PICTURE 0xfe0f

/* How well an emoji fits what was looked for; the best first. */
typedef enum
{
  FIT_NAME,
  FIT_WORD,
  FIT_NAME_START,
  FIT_WORD_START,
  FIT_NOT,
} Fit;

/* NULL where GTK has it in a format of the future: then nothing is found. */
static GVariant *
load (void)
{
  g_autoptr (GBytes) bytes = g_resources_lookup_data (DATA, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  for (guint i = 0; bytes != NULL && i < G_N_ELEMENTS (formats); i++)
    {
      g_autoptr (GVariant) data =
          g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (formats[i]), bytes, FALSE));

      if (g_variant_is_normal_form (data))
        return g_steal_pointer (&data);
    }
  return NULL;
}

static char *
dup_text (GVariant *codes)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (codes); i++)
    {
      guint32 code;

      g_variant_get_child (codes, i, "u", &code);
      if (code != LIGHT_SKIN)
        g_string_append_unichar (text, code == ANY_SKIN ? AS_PICTURE : code);
    }
  return g_string_free (text, FALSE);
}

static gboolean
has_word_start (const char *name, const char *start)
{
  for (const char *at = name; at != NULL; at = strpbrk (at, " -"))
    {
      at += *at == ' ' || *at == '-';
      if (g_str_has_prefix (at, start))
        return TRUE;
    }
  return FALSE;
}

static Fit
judge (const char *name, GVariant *words, const char *start)
{
  Fit fit = FIT_NOT;

  if (g_str_equal (name, start))
    return FIT_NAME;
  for (gsize i = 0; i < g_variant_n_children (words); i++)
    {
      const char *word;

      g_variant_get_child (words, i, "&s", &word);
      if (g_str_equal (word, start))
        return FIT_WORD;
      if (g_str_has_prefix (word, start))
        fit = FIT_WORD_START;
    }
  return has_word_start (name, start) ? FIT_NAME_START : fit;
}

static void
look_at (GVariant *entry, const char *start, GPtrArray **found, guint most)
{
  gsize n = g_variant_n_children (entry);
  g_autoptr (GVariant) codes = g_variant_get_child_value (entry, 0);
  g_autoptr (GVariant) words = g_variant_get_child_value (entry, n - 2);
  const char *name;
  DwEmoji *emoji;
  Fit fit;

  /* Codes, names, as many lists of words, group. */
  g_variant_get_child (entry, (n - 2) / 2, "&s", &name);
  fit = judge (name, words, start);
  if (fit == FIT_NOT || found[fit]->len >= most)
    return;
  emoji = g_new (DwEmoji, 1);
  *emoji = (DwEmoji){ dup_text (codes), g_strdup (name), fit <= FIT_WORD };
  g_ptr_array_add (found[fit], emoji);
}

/**
 * dw_emoji_free:
 * @emoji: (transfer full): an emoji
 */
void
dw_emoji_free (DwEmoji *emoji)
{
  g_free (emoji->text);
  g_free (emoji->name);
  g_free (emoji);
}

/**
 * dw_emoji_find:
 * @word: what somebody typed after a colon; “_” stands for a blank
 * @most: how many to find
 *
 * Returns: (transfer full) (element-type DwEmoji): emoji of that name, or with that word for them, or whose name or
 * words begin with it, in this order
 */
GPtrArray *
dw_emoji_find (const char *word, guint most)
{
  g_autoptr (GVariant) data = load ();
  g_autofree char *start = g_strdelimit (g_ascii_strdown (word, -1), "_", ' ');
  GPtrArray *found[FIT_NOT];

  for (guint i = 0; i < FIT_NOT; i++)
    found[i] = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_emoji_free);
  for (gsize i = 0; data != NULL && i < g_variant_n_children (data); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (data, i);

      look_at (entry, start, found, most);
    }
  for (guint i = 1; i < FIT_NOT; i++)
    g_ptr_array_extend_and_steal (found[0], found[i]);
  if (found[0]->len > most)
    g_ptr_array_set_size (found[0], (int) most);
  return found[0];
}
