/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame-filter.h"

#include "dw-trace-row.h"

#include <glib/gi18n.h>
#include <string.h>

/* An expression is the user's own, but the frames are anybody's: in 4 KiB of any text the slowest expressions that were
 * tried took 65 ms, and ordinary ones some microseconds. Without these bounds (a+)+b would not end. */
#define BOUNDS "(*LIMIT_MATCH=" G_STRINGIFY (DW_FRAME_FILTER_STEPS) ")(*LIMIT_HEAP=512)"

struct _DwFrameFilter
{
  DwFrameKinds kinds;
  gboolean pings; /* are shown too */
  char *folded;   /* what a line contains, or NULL */
  GRegex *regex;  /* what it matches, or NULL */
  gboolean unsure;
};

/**
 * dw_frame_filter_new:
 * @kinds: which lines it wants
 * @pings: whether pings and pongs are among them
 *
 * Returns: (transfer full): a filter that looks at no text
 */
DwFrameFilter *
dw_frame_filter_new (DwFrameKinds kinds, gboolean pings)
{
  DwFrameFilter *self = g_new0 (DwFrameFilter, 1);

  self->kinds = kinds;
  self->pings = pings;
  return self;
}

/**
 * dw_frame_filter_free:
 * @self: (transfer full): a filter
 */
void
dw_frame_filter_free (DwFrameFilter *self)
{
  g_free (self->folded);
  g_clear_pointer (&self->regex, g_regex_unref);
  g_free (self);
}

/**
 * dw_frame_filter_set_text:
 * @self: a filter
 * @text: what a line has to contain, in capitals or not
 */
void
dw_frame_filter_set_text (DwFrameFilter *self, const char *text)
{
  g_clear_pointer (&self->regex, g_regex_unref);
  g_free (self->folded);
  self->folded = *text != '\0' ? g_utf8_casefold (text, -1) : NULL;
}

/**
 * dw_frame_filter_set_expression:
 * @self: a filter
 * @expression: a regular expression as PCRE has them, of any quality, in capitals or not
 * @why: (out): what is wrong with it, for people
 *
 * Returns: whether it is an expression; if not, every line matches
 */
gboolean
dw_frame_filter_set_expression (DwFrameFilter *self, const char *expression, char **why)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *bounded = g_strconcat (BOUNDS, expression, NULL);
  const char *words;

  dw_frame_filter_set_text (self, "");
  if (*expression == '\0')
    return TRUE;
  if (g_utf8_strlen (expression, -1) > DW_FRAME_FILTER_CHARS)
    {
      *why = g_strdup (_ ("This expression is too long."));
      return FALSE;
    }

  self->regex = g_regex_new (bounded, G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, &error);
  if (self->regex != NULL)
    return TRUE;
  /* What GLib says begins with the whole expression, with the bounds before it. */
  words = g_strrstr (error->message, ": ");
  /* Translators: %s is what is wrong with a regular expression, such as “missing terminating )”. */
  *why = g_strdup_printf (_ ("Not a regular expression: %s"), words != NULL ? words + 2 : error->message);
  return FALSE;
}

static gboolean
is_of_kind (DwFrameFilter *self, const DwTraceEntry *entry, gboolean refusal)
{
  gboolean is_frame = entry->kind == DW_TRACE_IN || entry->kind == DW_TRACE_OUT;

  if (!self->pings && (entry->kind == DW_TRACE_PING || entry->kind == DW_TRACE_PONG))
    return FALSE;
  switch (self->kinds)
    {
    case DW_FRAME_KINDS_RECEIVED:
      return entry->kind == DW_TRACE_IN || entry->kind == DW_TRACE_PONG;
    case DW_FRAME_KINDS_SENT:
      return entry->kind == DW_TRACE_OUT || entry->kind == DW_TRACE_PING;
    case DW_FRAME_KINDS_CONNECTIONS:
      return !is_frame;
    case DW_FRAME_KINDS_ERRORS:
      return entry->kind == DW_TRACE_FAILED || (entry->kind == DW_TRACE_CLOSED && entry->code != 1000)
             || (entry->kind == DW_TRACE_IN && refusal);
    case DW_FRAME_KINDS_ALL:
    default:
      return TRUE;
    }
}

/* An end in the middle of a letter is made valid like any other fault. */
static char *
get_beginning (DwFrameFilter *self, const DwTraceEntry *entry)
{
  gsize size;
  const char *data;
  g_autofree char *words = NULL;

  if (entry->bytes == NULL)
    {
      words = dw_trace_row_dup_words (entry);
      return g_utf8_make_valid (words, (gssize) MIN (strlen (words), DW_FRAME_FILTER_BYTES));
    }
  data = g_bytes_get_data (entry->bytes, &size);
  self->unsure |= size > DW_FRAME_FILTER_BYTES;
  return data != NULL ? g_utf8_make_valid (data, (gssize) MIN (size, DW_FRAME_FILTER_BYTES)) : g_strdup ("");
}

static gboolean
matches (DwFrameFilter *self, const DwTraceEntry *entry)
{
  g_autofree char *text = get_beginning (self, entry);
  g_autoptr (GError) error = NULL;
  gboolean found = g_regex_match_full (self->regex, text, -1, 0, 0, NULL, &error);

  self->unsure |= error != NULL;
  return found;
}

static gboolean
contains (DwFrameFilter *self, const DwTraceEntry *entry)
{
  g_autofree char *words = dw_trace_row_dup_words (entry);
  g_autofree char *folded = g_utf8_casefold (words, -1);

  return strstr (folded, self->folded) != NULL;
}

/**
 * dw_frame_filter_wants:
 * @self: a filter
 * @entry: what crossed the wire
 * @refusal: whether it is an error of the gateway
 *
 * Returns: whether it is shown
 */
gboolean
dw_frame_filter_wants (DwFrameFilter *self, const DwTraceEntry *entry, gboolean refusal)
{
  if (!is_of_kind (self, entry, refusal))
    return FALSE;
  if (self->regex != NULL)
    return matches (self, entry);
  return self->folded == NULL || contains (self, entry);
}

/**
 * dw_frame_filter_is_unsure:
 * @self: a filter
 *
 * Returns: whether there was a frame that its expression did not look at to the end
 */
gboolean
dw_frame_filter_is_unsure (const DwFrameFilter *self)
{
  return self->unsure;
}
