/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_MESSAGE_TEXT_PARTS: the most parts of one message, since each is a widget or two and a flood may be made of such
 * messages; what comes after them is one more, as it was written. */
#define DW_MESSAGE_TEXT_PARTS 6

/** DW_MESSAGE_TEXT_SPANS: the most pieces of inline code that are drawn as such in one part. */
#define DW_MESSAGE_TEXT_SPANS 50

/** DW_MESSAGE_TEXT_EMOJI_CHARS: the longest message that can count as emoji alone, in characters. */
#define DW_MESSAGE_TEXT_EMOJI_CHARS 32

/** DW_MESSAGE_TEXT_QUOTE_LINES: how many lines are quoted; then comes “…”. */
#define DW_MESSAGE_TEXT_QUOTE_LINES 12

/** DW_MESSAGE_TEXT_QUOTE_CHARS: and how many characters. */
#define DW_MESSAGE_TEXT_QUOTE_CHARS 1000

/**
 * DwMessagePartKind:
 * @DW_MESSAGE_PART_WORDS: as it was written, but for inline code
 * @DW_MESSAGE_PART_QUOTE: lines that begin with “> ”
 * @DW_MESSAGE_PART_CODE: lines between two that begin with three backticks
 *
 * How a part of a message is drawn.
 */
typedef enum
{
  DW_MESSAGE_PART_WORDS,
  DW_MESSAGE_PART_QUOTE,
  DW_MESSAGE_PART_CODE,
} DwMessagePartKind;

/**
 * DwMessagePart:
 * @kind: how it is drawn
 * @text: what it says, without what marks it
 *
 * A part of a message: some lines.
 */
typedef struct
{
  DwMessagePartKind kind;
  char *text;
} DwMessagePart;

/**
 * DwMessageSpan:
 * @start: where it begins, in bytes of the text: at its first backtick
 * @end: where it ends, behind its last one
 * @ticks: how many backticks are on each side
 *
 * Code inside a line.
 */
typedef struct
{
  gsize start;
  gsize end;
  gsize ticks;
} DwMessageSpan;

gboolean dw_message_text_has_parts (const char *safe);
GPtrArray *dw_message_text_split (const char *safe, gboolean cut);
GArray *dw_message_text_find_code (const char *safe);
gboolean dw_message_text_is_emoji (const char *safe);
char *dw_message_text_quote (const char *untrusted);

G_END_DECLS
