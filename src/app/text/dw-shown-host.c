/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-shown-host.h"

#include <string.h>

/* How a name of the internet is shown: in its own letters where these can be taken for no others, and else in ASCII.
 * As Chrome and ICU do it (UTS #39, “highly restrictive”), and simpler where that is stricter: a part of a name has
 * letters that people write today, of one script, with digits of ASCII and hyphens. */

typedef enum
{
  LATIN,
  CYRILLIC,
  GREEK,
  ARMENIAN,
  HEBREW,
  ARABIC,
  DEVANAGARI,
  BENGALI,
  GURMUKHI,
  GUJARATI,
  ORIYA,
  TAMIL,
  TELUGU,
  KANNADA,
  MALAYALAM,
  SINHALA,
  THAI,
  LAO,
  MYANMAR,
  GEORGIAN,
  ETHIOPIC,
  KHMER,
  HANGUL,
  HAN,
  HIRAGANA,
  KATAKANA,
  BOPOMOFO,
  N_SCRIPTS,
} Script;

/* Letters and the marks that they need, without digits, punctuation, and what only phoneticians, historians and
 * forgers write. */
static const struct
{
  gunichar first;
  gunichar last;
  Script script;
} letters[] = {
  { 'a', 'z', LATIN },
  { 0x00df, 0x00f6, LATIN },
  { 0x00f8, 0x0130, LATIN }, /* U+0131 is an “i” whose dot is missed by nobody */
  { 0x0132, 0x0137, LATIN },
  { 0x0139, 0x0148, LATIN },
  { 0x014a, 0x017e, LATIN },
  { 0x01a1, 0x01a1, LATIN },
  { 0x01b0, 0x01b0, LATIN },
  { 0x0219, 0x0219, LATIN },
  { 0x021b, 0x021b, LATIN },
  { 0x1ea0, 0x1ef9, LATIN },
  { 0x0430, 0x045f, CYRILLIC },
  { 0x0491, 0x04ff, CYRILLIC },
  { 0x0390, 0x0390, GREEK },
  { 0x03ac, 0x03ce, GREEK },
  { 0x0561, 0x0587, ARMENIAN },
  { 0x05d0, 0x05ea, HEBREW },
  { 0x0620, 0x063f, ARABIC },
  { 0x0641, 0x064a, ARABIC },
  { 0x0671, 0x06d3, ARABIC },
  { 0x0901, 0x0903, DEVANAGARI },
  { 0x0905, 0x0939, DEVANAGARI },
  { 0x093c, 0x094d, DEVANAGARI },
  { 0x0981, 0x09ce, BENGALI },
  { 0x0a01, 0x0a4d, GURMUKHI },
  { 0x0a70, 0x0a71, GURMUKHI },
  { 0x0a81, 0x0acd, GUJARATI },
  { 0x0b01, 0x0b4d, ORIYA },
  { 0x0b5f, 0x0b5f, ORIYA },
  { 0x0b71, 0x0b71, ORIYA },
  { 0x0b82, 0x0bcd, TAMIL },
  { 0x0c01, 0x0c4d, TELUGU },
  { 0x0c82, 0x0ccd, KANNADA },
  { 0x0d02, 0x0d4d, MALAYALAM },
  { 0x0d7a, 0x0d7f, MALAYALAM },
  { 0x0d82, 0x0ddf, SINHALA },
  { 0x0e01, 0x0e3a, THAI },
  { 0x0e40, 0x0e4e, THAI },
  { 0x0e81, 0x0ecd, LAO },
  { 0x1000, 0x103f, MYANMAR },
  { 0x10d0, 0x10f0, GEORGIAN },
  { 0x1200, 0x135a, ETHIOPIC },
  { 0x1780, 0x17b3, KHMER },
  { 0x17b6, 0x17d2, KHMER },
  { 0xac00, 0xd7a3, HANGUL },
  { 0x3005, 0x3005, HAN },
  { 0x3007, 0x3007, HAN },
  { 0x3400, 0x4dbf, HAN },
  { 0x4e00, 0x9fff, HAN },
  { 0x3041, 0x3096, HIRAGANA },
  { 0x30a1, 0x30fa, KATAKANA },
  { 0x30fc, 0x30fc, KATAKANA },
  { 0x3105, 0x312f, BOPOMOFO },
};

/* Scripts that are written together: Japanese, Korean, Chinese. */
static const guint together[] = {
  1u << HAN | 1u << HIRAGANA | 1u << KATAKANA,
  1u << HAN | 1u << HANGUL,
  1u << HAN | 1u << BOPOMOFO,
};

/* Letters that look like Latin ones, or like a slash or a hyphen. A name that has no others looks like another name,
 * but for one in a place where people write so (Chrome’s table). */
static const struct
{
  Script script;
  const char *alike;
  const char *places;
} disguises[] = {
  { CYRILLIC, "аысԁеԍһіюјӏорԗԛѕԝхуъьҽпгѵѡ", "bg by kz ru su ua uz" },
  { GREEK, "αικνρυωηοτ", "gr" },
  { ARMENIAN, "ագզէլհյոսւօՙ", "am" },
  { ETHIOPIC, "ሀሠሰስበነተከዐዕዘጠፐꬅ", "er et" },
  { GEORGIAN, "იოყძხჽჿ", "ge" },
  { HEBREW, "דוחיןס", "il" },
  { DEVANAGARI, "ऽ", "" },
  { GUJARATI, "ડટ", "" },
  { KANNADA, "ಽ", "" },
  { MALAYALAM, "ടഠധനറ", "" },
  { ORIYA, "ଠ", "" },
  { TAMIL, "டப", "" },
  { MYANMAR, "ခဂငထပဝ", "mm" },
  { THAI, "ทนบพรหเแดลปฟม", "th" },
  { HAN, "一〇丶丿乀乁丨亅", "" },
  { HIRAGANA, "へ", "" },
  { KATAKANA, "ノンソゾヘー", "" },
};

static int
script_of (gunichar c)
{
  for (guint i = 0; i < G_N_ELEMENTS (letters); i++)
    if (c >= letters[i].first && c <= letters[i].last && g_unichar_isdefined (c))
      return (int) letters[i].script;
  return -1;
}

static gboolean
are_together (guint scripts)
{
  for (guint i = 0; i < G_N_ELEMENTS (together); i++)
    if ((scripts & ~together[i]) == 0)
      return TRUE;
  return (scripts & (scripts - 1)) == 0;
}

static gboolean
looks_like_another (gunichar c)
{
  for (guint i = 0; i < G_N_ELEMENTS (disguises); i++)
    if (g_utf8_strchr (disguises[i].alike, -1, c) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
is_at_home (const char *place, guint scripts)
{
  for (guint i = 0; i < G_N_ELEMENTS (disguises); i++)
    {
      g_auto (GStrv) places = g_strsplit (disguises[i].places, " ", -1);

      if ((scripts & 1u << disguises[i].script) != 0 && g_strv_contains ((const char *const *) places, place))
        return TRUE;
    }
  return FALSE;
}

/* Which scripts a part of a name is of, one bit each, or 0 where it is not plain. */
static guint
read_part (const char *part, gboolean *disguised)
{
  gunichar before = 0;
  guint scripts = 0;

  *disguised = TRUE;
  for (const char *at = part; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      int script = script_of (c);

      if (script < 0 && c != '-' && !(c < 0x80 && g_ascii_isdigit ((char) c)))
        return 0;
      /* A mark needs a letter of its script, and one on a letter that looks like it would be invisible. */
      if (g_unichar_ismark (c) && (c == before || before == 0 || script_of (before) != script))
        return 0;
      scripts |= script >= 0 ? 1u << script : 0;
      *disguised &= script < 0 || g_unichar_ismark (c) || looks_like_another (c);
      before = c;
    }
  return are_together (scripts) ? scripts : 0;
}

static gboolean
part_is_plain (const char *part, const char *place)
{
  gboolean disguised, place_disguised;
  guint scripts;

  if (g_str_is_ascii (part))
    return TRUE;
  scripts = read_part (part, &disguised);
  if (scripts == 0 || !disguised)
    return scripts != 0;
  if (is_at_home (place, scripts))
    return TRUE;
  return read_part (place, &place_disguised) == scripts && !place_disguised;
}

/* Digits between letters that are written from right to left change places with them (RFC 5893 section 1). */
static gboolean
turns_digits (const char *host)
{
  gboolean digits = strpbrk (host, "0123456789") != NULL;
  gboolean turned = FALSE;

  for (; *host != '\0'; host = g_utf8_next_char (host))
    {
      int script = script_of (g_utf8_get_char (host));

      turned |= script == HEBREW || script == ARABIC;
    }
  return digits && turned;
}

static gboolean
is_plain (const char *host)
{
  g_auto (GStrv) parts = g_strsplit (host, ".", -1);
  guint n = g_strv_length (parts);
  const char *place = n > 1 && *parts[n - 1] == '\0' ? parts[n - 2] : parts[n - 1];

  for (char **part = parts; *part != NULL; part++)
    if (!part_is_plain (*part, place))
      return FALSE;
  return !turns_digits (host);
}

/**
 * dw_shown_host:
 * @ascii: a host in ASCII and lower case, as it is looked up
 *
 * Returns: (transfer full): how it is shown to a person: in its own letters, or as it came where these would deceive
 */
char *
dw_shown_host (const char *ascii)
{
  g_autofree char *host = g_hostname_to_unicode (ascii);

  return host != NULL && is_plain (host) ? g_steal_pointer (&host) : g_strdup (ascii);
}
