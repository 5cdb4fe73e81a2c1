/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-raw-state.h"

#include "wire/dw-limits.h"

#include <glib/gi18n.h>
#include <string.h>

static const char *
skip_blanks (const char *text)
{
  return text + strspn (text, " \t\r\n");
}

/* Frames that are no JSON are as good as others; those that begin so are meant to be. */
static gboolean
is_meant_as_json (const char *text)
{
  const char *start = skip_blanks (text);

  return *start == '{' || *start == '[' || *start == '"';
}

static void
place (DwRawState *state, const char *text, gsize start, gsize end)
{
  const char *line = text;

  state->start = start;
  state->end = end;
  state->flaw = (DwJsonFlaw){ .at = start, .line = 1 };
  for (const char *at = strchr (text, '\n'); at != NULL && at < text + start; at = strchr (line, '\n'))
    {
      line = at + 1;
      state->flaw.line++;
    }
  state->flaw.column = (guint) g_utf8_pointer_to_offset (line, text + start) + 1;
}

/* At the end there is nothing to mark but what is before it. */
static void
mark_flaw (DwRawState *state, const char *text)
{
  const char *at = text + state->flaw.at;

  if (*at == '\0' && at > text)
    at = g_utf8_prev_char (at);
  state->start = (gsize) (at - text);
  state->end = *at != '\0' ? (gsize) (g_utf8_next_char (at) - text) : state->start;
}

/**
 * dw_raw_state_read:
 * @state: (out caller-allocates): what the text is
 * @text: what somebody has written so far, UTF-8
 * @values: what it would be filled with now
 */
void
dw_raw_state_read (DwRawState *state, const char *text, const DwPlaceholderValues *values)
{
  g_autofree char *shape = dw_placeholder_shape (text);
  g_autofree char *sent = dw_placeholder_fill (text, values);
  gsize start, end;

  *state = (DwRawState){ .kind = DW_RAW_EMPTY, .bytes = strlen (sent) };
  if (*skip_blanks (text) == '\0')
    return;
  if (dw_placeholder_find_unknown (text, &start, &end))
    {
      state->kind = DW_RAW_UNKNOWN;
      place (state, text, start, end);
    }
  else if (dw_json_layout_check (shape, &state->flaw))
    state->kind = DW_RAW_JSON;
  else if (is_meant_as_json (text))
    {
      state->kind = DW_RAW_FLAW;
      mark_flaw (state, text);
    }
  else
    state->kind = DW_RAW_TEXT;
}

/**
 * dw_raw_state_can_be_sent:
 * @state: what a text is
 *
 * Returns: whether it can be sent: anything but nothing, what is larger than a frame, and what has an unknown placeholder
 */
gboolean
dw_raw_state_can_be_sent (const DwRawState *state)
{
  return state->kind != DW_RAW_EMPTY && state->kind != DW_RAW_UNKNOWN && state->bytes <= DW_LIMIT_FRAME_BYTES;
}

static const char *
describe_flaw (DwJsonFlawKind kind)
{
  switch (kind)
    {
    case DW_JSON_FLAW_VALUE:
      return _ ("value expected");
    case DW_JSON_FLAW_NAME:
      return _ ("name in quotation marks expected");
    case DW_JSON_FLAW_COLON:
      return _ ("colon expected");
    case DW_JSON_FLAW_COMMA:
      return _ ("comma or closing bracket expected");
    case DW_JSON_FLAW_STRING:
      return _ ("invalid character or escape in a string");
    case DW_JSON_FLAW_NUMBER:
      return _ ("invalid number");
    case DW_JSON_FLAW_MORE:
      return _ ("unexpected text after the end");
    case DW_JSON_FLAW_END:
    case DW_JSON_FLAW_NONE:
    default:
      return _ ("unexpected end");
    }
}

static char *
describe_size (const DwRawState *state)
{
  if (state->bytes > DW_LIMIT_FRAME_BYTES)
    /* Translators: of a frame: its size and the largest one, in bytes. The program refuses to send it. */
    return g_strdup_printf (_ ("%1$'u bytes, too large: API Gateway closes the connection above %2$'u"),
                            (guint) state->bytes, (guint) DW_LIMIT_FRAME_BYTES);
  /* Translators: of a frame: its size and the largest one. */
  return g_strdup_printf (_ ("%1$'u of %2$'u bytes"), (guint) state->bytes, (guint) DW_LIMIT_FRAME_BYTES);
}

static char *
describe_kind (const DwRawState *state, const char *text)
{
  g_autofree char *name = NULL;

  switch (state->kind)
    {
    case DW_RAW_FLAW:
      /* Translators: the last one is what is wrong there, such as “value expected”. */
      return g_strdup_printf (_ ("Line %1$u, column %2$u: %3$s"), state->flaw.line, state->flaw.column,
                              describe_flaw (state->flaw.kind));
    case DW_RAW_UNKNOWN:
      name = g_strndup (text + state->start, state->end - state->start);
      /* Translators: the third one is a name in double braces, {{name}}. */
      return g_strdup_printf (_ ("Line %1$u, column %2$u: unknown placeholder %3$s"), state->flaw.line,
                              state->flaw.column, name);
    case DW_RAW_JSON:
      return g_strdup (_ ("Valid JSON"));
    case DW_RAW_TEXT:
    case DW_RAW_EMPTY:
    default:
      return g_strdup (_ ("Plain text"));
    }
}

/**
 * dw_raw_state_describe:
 * @state: what a text is
 * @text: the text
 *
 * Returns: (transfer full): that in words, and its size; empty where there is none
 */
char *
dw_raw_state_describe (const DwRawState *state, const char *text)
{
  g_autofree char *kind = describe_kind (state, text);
  g_autofree char *size = describe_size (state);

  return state->kind == DW_RAW_EMPTY ? g_strdup ("") : g_strdup_printf ("%s · %s", kind, size);
}
