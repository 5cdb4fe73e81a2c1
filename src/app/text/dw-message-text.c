/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message-text.h"

#include "wire/dw-safe-text.h"

#include <string.h>

/* What people write in a chat without a syntax for it: code between backticks, and quoted lines. Everything else is drawn
 * as it came. Whatever a text holds, it is read a fixed number of times. */

#define FENCE 3

/* The longest run of backticks around inline code. */
#define MOST_TICKS 2

static void
part_free (gpointer data)
{
  DwMessagePart *part = data;

  g_free (part->text);
  g_free (part);
}

static const char *
line_end (const char *line)
{
  const char *end = strchr (line, '\n');

  return end != NULL ? end : line + strlen (line);
}

static const char *
next_line (const char *line)
{
  const char *end = line_end (line);

  return *end == '\n' ? end + 1 : end;
}

static gboolean
is_quoted (const char *line)
{
  return line[0] == '>' && (line[1] == ' ' || line[1] == '\n' || line[1] == '\0');
}

static gboolean
is_fence (const char *line)
{
  return strncmp (line, "```", FENCE) == 0;
}

/* It may name a language, but a line that has backticks further on is inline code. */
static gboolean
opens_code (const char *line)
{
  return is_fence (line) && memchr (line + FENCE, '`', (gsize) (line_end (line) - line - FENCE)) == NULL;
}

static gboolean
closes_code (const char *line)
{
  const char *at = line + FENCE;

  if (!is_fence (line))
    return FALSE;
  at += strspn (at, " ");
  return *at == '\n' || *at == '\0';
}

/* The line that closes the code, or NULL. */
static const char *
find_close (const char *line)
{
  for (; *line != '\0'; line = next_line (line))
    if (closes_code (line))
      return line;
  return NULL;
}

/**
 * dw_message_text_has_parts:
 * @safe: a text from dw_safe_text()
 *
 * Returns: whether dw_message_text_split() can find anything but words in it, for a quick look
 */
gboolean
dw_message_text_has_parts (const char *safe)
{
  return is_quoted (safe) || is_fence (safe) || strstr (safe, "\n>") != NULL || strstr (safe, "\n```") != NULL;
}

static void
add_part (GPtrArray *parts, DwMessagePartKind kind, const char *start, const char *end)
{
  DwMessagePart *part;

  /* The line break between two parts, and empty lines beside them, are none of either. */
  while (kind == DW_MESSAGE_PART_WORDS && start < end && *start == '\n')
    start++;
  while (start < end && (end[-1] == '\n' || (end[-1] == ' ' && kind != DW_MESSAGE_PART_CODE)))
    end--;
  if (start == end)
    return;

  part = g_new (DwMessagePart, 1);
  *part = (DwMessagePart){ kind, g_strndup (start, (gsize) (end - start)) };
  g_ptr_array_add (parts, part);
}

/* The lines without what marks them. */
static void
add_quote (GPtrArray *parts, const char *start, const char *end)
{
  GString *text = g_string_new (NULL);

  for (const char *line = start; line < end; line = next_line (line))
    {
      const char *from = line + (line[1] == ' ' ? 2 : 1);

      g_string_append_len (text, from, next_line (line) - from);
    }
  add_part (parts, DW_MESSAGE_PART_QUOTE, text->str, text->str + text->len);
  g_string_free (text, TRUE);
}

/**
 * dw_message_text_split:
 * @safe: a text from dw_safe_text()
 * @cut: whether the text went on; code that is open at its end then closes there
 *
 * Returns: (transfer full) (element-type DwMessagePart): its parts, at most %DW_MESSAGE_TEXT_PARTS + 1
 */
GPtrArray *
dw_message_text_split (const char *safe, gboolean cut)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func (part_free);
  const char *end = safe + strlen (safe);
  const char *words = safe; /* since here there were only words */
  gboolean closed = TRUE;   /* a later fence may still close what one opens */
  const char *line = safe;

  while (*line != '\0' && parts->len + 2 <= DW_MESSAGE_TEXT_PARTS)
    {
      const char *next = next_line (line);
      const char *close = NULL;

      if (is_quoted (line))
        {
          while (*next != '\0' && is_quoted (next))
            next = next_line (next);
          add_part (parts, DW_MESSAGE_PART_WORDS, words, line);
          add_quote (parts, line, next);
          words = next;
        }
      else if (closed && opens_code (line))
        {
          close = find_close (next);
          closed = close != NULL;
          if (close == NULL && cut && *next != '\0')
            close = end;
        }
      if (close != NULL)
        {
          add_part (parts, DW_MESSAGE_PART_WORDS, words, line);
          add_part (parts, DW_MESSAGE_PART_CODE, next, close);
          words = next = next_line (close);
        }
      line = next;
    }
  add_part (parts, DW_MESSAGE_PART_WORDS, words, end);
  return parts;
}

static gsize
count_ticks (const char *at)
{
  return strspn (at, "`");
}

/* The same number of backticks on the same line, or NULL. */
static const char *
find_ticks (const char *at, gsize ticks)
{
  while (*at != '\0' && *at != '\n')
    {
      gsize n = count_ticks (at);

      if (n == ticks)
        return at;
      at += MAX (n, 1);
    }
  return NULL;
}

/**
 * dw_message_text_find_code:
 * @safe: a text from dw_safe_text()
 *
 * Returns: (transfer full) (element-type DwMessageSpan): the code inside its lines, at most %DW_MESSAGE_TEXT_SPANS
 */
GArray *
dw_message_text_find_code (const char *safe)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (DwMessageSpan));
  /* Which runs have no fellow on the rest of this line: what was looked for once is not looked for again. */
  gboolean alone[MOST_TICKS + 1] = { FALSE };
  const char *at = safe;

  while ((at = strpbrk (at, "`\n")) != NULL && spans->len < DW_MESSAGE_TEXT_SPANS)
    {
      gsize ticks = count_ticks (at);
      const char *close = NULL;

      if (ticks == 0)
        {
          memset (alone, 0, sizeof alone);
          at++;
          continue;
        }
      if (ticks <= MOST_TICKS && !alone[ticks])
        {
          close = find_ticks (at + ticks, ticks);
          alone[ticks] = close == NULL;
        }
      if (close != NULL)
        {
          DwMessageSpan span = { (gsize) (at - safe), (gsize) (close - safe) + ticks, ticks };

          g_array_append_val (spans, span);
          at = close;
        }
      at += ticks;
    }
  return spans;
}

/* These are emoji unless it is said otherwise (Emoji_Presentation=Yes in Unicode’s emoji-data.txt, below U+1F000). */
static gboolean
is_drawn_as_emoji (gunichar c)
{
  static const gunichar ranges[][2] = {
    { 0x231a, 0x231b }, { 0x23e9, 0x23ec }, { 0x23f0, 0x23f0 }, { 0x23f3, 0x23f3 }, { 0x25fd, 0x25fe },
    { 0x2614, 0x2615 }, { 0x2648, 0x2653 }, { 0x267f, 0x267f }, { 0x2693, 0x2693 }, { 0x26a1, 0x26a1 },
    { 0x26aa, 0x26ab }, { 0x26bd, 0x26be }, { 0x26c4, 0x26c5 }, { 0x26ce, 0x26ce }, { 0x26d4, 0x26d4 },
    { 0x26ea, 0x26ea }, { 0x26f2, 0x26f3 }, { 0x26f5, 0x26f5 }, { 0x26fa, 0x26fa }, { 0x26fd, 0x26fd },
    { 0x2705, 0x2705 }, { 0x270a, 0x270b }, { 0x2728, 0x2728 }, { 0x274c, 0x274c }, { 0x274e, 0x274e },
    { 0x2753, 0x2755 }, { 0x2757, 0x2757 }, { 0x2795, 0x2797 }, { 0x27b0, 0x27b0 }, { 0x27bf, 0x27bf },
    { 0x2b1b, 0x2b1c }, { 0x2b50, 0x2b50 }, { 0x2b55, 0x2b55 },
  };

  if (c >= 0x1f1e6 && c <= 0x1faff)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    if (c >= ranges[i][0] && c <= ranges[i][1])
      return TRUE;
  return c == 0x1f004 || c == 0x1f0cf || c == 0x1f18e || (c >= 0x1f191 && c <= 0x1f19a);
}

/* What is text unless U+FE0F follows: hearts, arrows, the sun. */
static gboolean
can_be_emoji (gunichar c)
{
  return (c >= 0x203c && c <= 0x3299 && !g_unichar_isalpha (c)) || (c >= 0x1f000 && c <= 0x1f1e5);
}

/* What goes with the emoji before it: selectors, joiners, flags of regions. Skin tones are emoji themselves. */
static gboolean
is_joined (gunichar c)
{
  return c == 0xfe0f || c == 0x200d || (c >= 0xe0020 && c <= 0xe007f);
}

/**
 * dw_message_text_is_emoji:
 * @safe: a text from dw_safe_text()
 *
 * Returns: whether it is short, and emoji alone
 */
gboolean
dw_message_text_is_emoji (const char *safe)
{
  gboolean any = FALSE;
  guint chars = 0;

  for (const char *at = safe; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      gunichar next = g_utf8_get_char (g_utf8_next_char (at));
      gboolean emoji = is_drawn_as_emoji (c) || (next == 0xfe0f && can_be_emoji (c));

      if (++chars > DW_MESSAGE_TEXT_EMOJI_CHARS || !(emoji || c == ' ' || (any && is_joined (c))))
        return FALSE;
      any |= emoji;
    }
  return any;
}

/**
 * dw_message_text_quote:
 * @untrusted: a text
 *
 * Returns: (transfer full): its start as lines that begin with “> ”, and an end of line
 */
char *
dw_message_text_quote (const char *untrusted)
{
  gboolean cut;
  g_autofree char *safe = dw_safe_text (untrusted, DW_MESSAGE_TEXT_QUOTE_CHARS, DW_MESSAGE_TEXT_QUOTE_LINES, &cut);
  GString *quotation = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;

  g_strchomp (safe);
  lines = g_strsplit (safe, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (quotation, "> %s%s\n", lines[i], cut && lines[i + 1] == NULL ? "…" : "");
  return g_string_free (quotation, FALSE);
}
