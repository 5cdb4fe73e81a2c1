/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which lines of the inspector are wanted, whatever is in the frames and in the expression. */
#include "dw-test.h"

#include "app/inspector/dw-frame-filter.h"

#include <string.h>

static gboolean
wants_frame (DwFrameFilter *filter, DwTraceKind kind, const char *text, gssize length)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, length < 0 ? strlen (text) : (gsize) length);
  const DwTraceEntry entry = { .serial = 1, .time = 1, .kind = kind, .bytes = bytes };

  return dw_frame_filter_wants (filter, &entry, FALSE);
}

static gboolean
wants_event (DwFrameFilter *filter, DwTraceKind kind, guint code, const char *note)
{
  const DwTraceEntry entry = { .serial = 1, .time = 1, .kind = kind, .code = code, .note = (char *) note };

  return dw_frame_filter_wants (filter, &entry, FALSE);
}

/* Each kind shows what its name says, and pings only if they are asked for. */
static void
test_kinds (void)
{
  static const struct
  {
    DwFrameKinds kinds;
    gboolean in, out, open, failed;
  } rows[] = {
    { DW_FRAME_KINDS_ALL, TRUE, TRUE, TRUE, TRUE },       { DW_FRAME_KINDS_RECEIVED, TRUE, FALSE, FALSE, FALSE },
    { DW_FRAME_KINDS_SENT, FALSE, TRUE, FALSE, FALSE },   { DW_FRAME_KINDS_CONNECTIONS, FALSE, FALSE, TRUE, TRUE },
    { DW_FRAME_KINDS_ERRORS, FALSE, FALSE, FALSE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (DwFrameFilter) filter = dw_frame_filter_new (rows[i].kinds, FALSE);

      g_assert_true (wants_frame (filter, DW_TRACE_IN, "a", -1) == rows[i].in);
      g_assert_true (wants_frame (filter, DW_TRACE_OUT, "a", -1) == rows[i].out);
      g_assert_true (wants_event (filter, DW_TRACE_OPEN, 101, NULL) == rows[i].open);
      g_assert_true (wants_event (filter, DW_TRACE_FAILED, 403, "forbidden") == rows[i].failed);
      g_assert_false (wants_event (filter, DW_TRACE_PING, 0, NULL));
      g_assert_false (wants_event (filter, DW_TRACE_PONG, 0, NULL));
    }
  {
    g_autoptr (DwFrameFilter) filter = dw_frame_filter_new (DW_FRAME_KINDS_ALL, TRUE);

    g_assert_true (wants_event (filter, DW_TRACE_PING, 0, NULL));
    g_assert_true (wants_event (filter, DW_TRACE_PONG, 0, NULL));
  }
}

/* Errors are what the gateway refused, handshakes that failed, and ends that were not ordinary. */
static void
test_errors (void)
{
  g_autoptr (DwFrameFilter) filter = dw_frame_filter_new (DW_FRAME_KINDS_ERRORS, FALSE);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("a", 1);
  const DwTraceEntry refusal = { .serial = 1, .time = 1, .kind = DW_TRACE_IN, .bytes = bytes };

  g_assert_true (dw_frame_filter_wants (filter, &refusal, TRUE));
  g_assert_true (wants_event (filter, DW_TRACE_CLOSED, 1001, "Going away"));
  g_assert_true (wants_event (filter, DW_TRACE_CLOSED, 0, NULL));
  g_assert_false (wants_event (filter, DW_TRACE_CLOSED, 1000, NULL));
}

/* A text is found in any case, behind a NUL, in the words of an event, and at the end of the longest frame. */
static void
test_text (void)
{
  g_autoptr (DwFrameFilter) filter = dw_frame_filter_new (DW_FRAME_KINDS_ALL, FALSE);
  g_autoptr (GString) large = g_string_new (NULL);

  dw_frame_filter_set_text (filter, "größe(");
  g_assert_true (wants_frame (filter, DW_TRACE_IN, "GRÖSSE(", -1));
  g_assert_true (wants_frame (filter, DW_TRACE_IN, "\0größe(", 9));
  g_assert_false (wants_frame (filter, DW_TRACE_IN, "größe", -1));
  for (guint i = 0; i < 128 * 1024; i++)
    g_string_append_c (large, 'a');
  g_string_append (large, "größe(");
  g_assert_true (wants_frame (filter, DW_TRACE_IN, large->str, -1));

  dw_frame_filter_set_text (filter, "(403)");
  g_assert_true (wants_event (filter, DW_TRACE_FAILED, 403, "forbidden"));
  dw_frame_filter_set_text (filter, "");
  g_assert_true (wants_frame (filter, DW_TRACE_IN, "", 0));
}

/* An expression is one as PCRE has them; a bad one says why and without our own additions, and wants everything. */
static void
test_expression (void)
{
  g_autoptr (DwFrameFilter) filter = dw_frame_filter_new (DW_FRAME_KINDS_ALL, FALSE);
  g_autofree char *endless = g_strnfill (DW_FRAME_FILTER_CHARS + 1, 'a');
  const char *const bad[] = { "(", "[", "a{2,1}", "(?<", "\\", "*", endless };
  char *why = NULL;

  g_assert_true (dw_frame_filter_set_expression (filter, "^\\{.*\"n\":\\s*\\d{2}\\}$", &why));
  g_assert_true (wants_frame (filter, DW_TRACE_IN, "{\"N\": 42}", -1));
  g_assert_false (wants_frame (filter, DW_TRACE_IN, "{\"n\": 4}", -1));
  g_assert_false (wants_frame (filter, DW_TRACE_IN, "\xff", 1));
  g_assert_false (wants_frame (filter, DW_TRACE_IN, NULL, 0));

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_false (dw_frame_filter_set_expression (filter, bad[i], &why));
      g_assert_nonnull (why);
      g_assert_null (strstr (why, "LIMIT"));
      g_assert_true (wants_frame (filter, DW_TRACE_IN, "b", -1));
      g_clear_pointer (&why, g_free);
    }
  g_assert_true (dw_frame_filter_set_expression (filter, "", &why));
  g_assert_true (wants_frame (filter, DW_TRACE_IN, "b", -1));
}

/* Expressions that take forever on frames made for that end, and the filter says that it could not see to the end. */
static void
test_hostile_frames (void)
{
  const char *const slow[] = { "(a+)+b",
                               "(a|aa)+b",
                               "(a*)*b",
                               "(.*)(.*)(.*)(.*)(.*)b",
                               "(?=(a+))\\1*b",
                               "(a|a?)+b",
                               "(*LIMIT_MATCH=99999999)(a+)+b",
                               "([a-z]+[0-9]?)+b",
                               "(?:(?:a?){20}){20}b" };
  g_autofree char *frame = g_strnfill (128 * 1024, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (slow); i++)
    {
      g_autoptr (DwFrameFilter) filter = dw_frame_filter_new (DW_FRAME_KINDS_ALL, FALSE);
      g_autofree char *why = NULL;

      g_assert_true (dw_frame_filter_set_expression (filter, slow[i], &why));
      g_assert_false (dw_frame_filter_is_unsure (filter));
      g_assert_false (wants_frame (filter, DW_TRACE_IN, frame, 128 * 1024));
      g_assert_true (dw_frame_filter_is_unsure (filter));
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/app/frame-filter/kinds", test_kinds);
  g_test_add_func ("/app/frame-filter/errors", test_errors);
  g_test_add_func ("/app/frame-filter/text", test_text);
  g_test_add_func ("/app/frame-filter/expression", test_expression);
  g_test_add_func ("/app/frame-filter/S-31/hostile-frames", test_hostile_frames);
  return g_test_run ();
}
