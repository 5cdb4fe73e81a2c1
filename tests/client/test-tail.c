/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stage that is listened to and not saved: each message once, notices, and gaps. */
#include "dw-raw-peer.h"
#include "dw-session-fixture.h"
#include "dw-test.h"

#include "client/dw-tail.h"

#include <string.h>

#define ANSWER                                                                                                     \
  "{\"message\":\"Connected\",\"connectionId\":\"c\",\"connectedAt\":\"2026-11-25T10:00:00.000Z\",\"features\":["  \
  "\"id\"]}"

typedef struct
{
  DwRawPeer *peer;
  DwTail *tail;
  GPtrArray *lines; /* of DwMessage */
} TailFixture;

static void
on_line (TailFixture *fixture, DwMessage *message)
{
  g_ptr_array_add (fixture->lines, g_object_ref (message));
}

static gboolean
is_online (TailFixture *fixture)
{
  return dw_session_get_status (dw_tail_get_session (fixture->tail))->state == DW_SESSION_ONLINE;
}

static void
fixture_init (TailFixture *fixture)
{
  g_autoptr (DwSessionPolicy) policy = fixture_policy ();
  g_autofree char *text = NULL;
  g_autoptr (DwStageUrl) url = NULL;
  g_autoptr (DwStage) stage = NULL;

  fixture->peer = dw_raw_peer_new (NULL);
  dw_raw_peer_set_greeting_text (fixture->peer, ANSWER);
  text = dw_raw_peer_dup_url (fixture->peer);
  url = dw_stage_url_parse (text, NULL);
  stage = dw_stage_new (url);
  fixture->lines = g_ptr_array_new_with_free_func (g_object_unref);
  fixture->tail = dw_tail_new (stage, policy, NULL);
  g_signal_connect_swapped (fixture->tail, "line", G_CALLBACK (on_line), fixture);
  dw_session_connect (dw_tail_get_session (fixture->tail));
  DW_TEST_WAIT ("online", is_online (fixture));
}

static void
fixture_clear (TailFixture *fixture)
{
  dw_test_finalize (fixture->tail);
  g_object_unref (fixture->peer);
  g_ptr_array_unref (fixture->lines);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TailFixture, fixture_clear)

static void
check_line (TailFixture *fixture, guint i, DwMessageKind kind, const char *text, const char *sender)
{
  DwMessage *message = g_ptr_array_index (fixture->lines, i);

  g_assert_cmpint (dw_message_get_kind (message), ==, kind);
  if (text != NULL)
    g_assert_cmpstr (dw_message_get_text (message), ==, text);
  g_assert_cmpstr (dw_message_get_sender (message), ==, sender);
}

/* What arrives twice under an id is one line, what has none is as many as arrive, and an error is no message. */
static void
test_lines (void)
{
  g_auto (TailFixture) fixture = { 0 };

  fixture_init (&fixture);
  dw_raw_peer_write_text (fixture.peer, "{\"message\":\"one\",\"sender\":\"Ada\",\"id\":\"1\"}");
  dw_raw_peer_write_text (fixture.peer, "{\"message\":\"one\",\"sender\":\"Ada\",\"id\":\"1\"}");
  dw_raw_peer_write_text (fixture.peer, "two");
  dw_raw_peer_write_text (fixture.peer, "two");
  dw_raw_peer_write_text (fixture.peer,
                          "{\"message\":\"Internal server error\",\"connectionId\":\"c\",\"requestId\":\"r\"}");
  dw_raw_peer_write_text (fixture.peer, "last");
  DW_TEST_WAIT ("the lines", fixture.lines->len == 5);
  check_line (&fixture, 0, DW_MESSAGE_THEIRS, "one", "Ada");
  check_line (&fixture, 1, DW_MESSAGE_THEIRS, "two", NULL);
  check_line (&fixture, 2, DW_MESSAGE_THEIRS, "two", NULL);
  check_line (&fixture, 3, DW_MESSAGE_NOTICE, NULL, NULL);
  check_line (&fixture, 4, DW_MESSAGE_THEIRS, "last", NULL);
}

/* A gap lasts from when nothing could be heard any more until there is a connection again; a short one is none, and each is
 * told once. */
static void
test_gaps (void)
{
  static const guint pauses[] = { 1200, 0 };
  g_auto (TailFixture) fixture = { 0 };

  fixture_init (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    {
      gint64 lost, back;
      DwMessage *gap;

      lost = g_get_real_time ();
      dw_session_disconnect (dw_tail_get_session (fixture.tail));
      if (pauses[i] > 0)
        dw_test_run_for (pauses[i]);
      back = g_get_real_time ();
      dw_session_connect (dw_tail_get_session (fixture.tail));
      DW_TEST_WAIT ("online again", is_online (&fixture));
      if (pauses[i] == 0 && g_get_real_time () - lost >= DW_TAIL_GAP_US)
        continue; /* a machine that stands still */

      g_assert_cmpuint (fixture.lines->len, ==, 1);
      gap = g_ptr_array_index (fixture.lines, 0);
      g_assert_cmpint (dw_message_get_kind (gap), ==, DW_MESSAGE_GAP);
      if (i > 0)
        continue;
      g_assert_cmpint (dw_message_get_time (gap), >=, lost - G_USEC_PER_SEC / 10);
      g_assert_cmpint (dw_message_get_time (gap), <=, back);
      g_assert_cmpint (dw_message_get_until (gap), >=, back);
      g_assert_cmpint (dw_message_get_until (gap), <=, g_get_real_time ());
    }
  /* Nothing is told of the time before. */
  dw_raw_peer_write_text (fixture.peer, "hello");
  DW_TEST_WAIT ("a line", fixture.lines->len >= 2);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/tail/lines", test_lines);
  g_test_add_func ("/client/tail/gaps", test_gaps);
  return g_test_run ();
}
