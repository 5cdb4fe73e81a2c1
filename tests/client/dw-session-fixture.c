/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-session-fixture.h"

static void
on_state (Fixture *fixture)
{
  const DwSessionStatus *status = dw_session_get_status (fixture->session);

  g_ptr_array_add (fixture->states, (gpointer) dw_session_state_get_name (status->state));
}

static void
on_frame (Fixture *fixture, const DwFrame *frame)
{
  g_ptr_array_add (fixture->frames, dw_frame_copy (frame));
}

static void
on_lost (Fixture *fixture, gint64 before)
{
  /* The signal is also emitted when a rollover ends, which loses nothing. */
  if (before == G_MAXINT64)
    fixture->lost++;
}

static double
middle (gpointer unused)
{
  return 0.5;
}

/* The default policy, a hundred times as fast. Pings stay slow: libsoup sends them, and counts whole seconds. */
DwSessionPolicy *
fixture_policy (void)
{
  DwSessionPolicy *policy = dw_session_policy_new ();

  policy->handshake_ms = 350;
  policy->confirm_ms = 100;
  policy->backoff_base_ms = 20;
  policy->backoff_cap_ms = 200;
  policy->overload_floor_ms = 100;
  policy->stable_ms = 300;
  policy->ping_ms = 1000;
  policy->pong_ms = 300;
  policy->probe_ms = 60000;
  policy->rollover_ms = 60000;
  policy->overlap_ms = 50;
  policy->random = middle;
  return policy;
}

/* The session starts offline, with the given addresses. */
Fixture *
fixture_new (DwSessionPolicy *policy, GNetworkMonitor *monitor, ...)
{
  Fixture *fixture = g_new0 (Fixture, 1);
  g_autoptr (DwStage) stage = NULL;
  va_list urls;
  const char *text;

  fixture->states = g_ptr_array_new ();
  fixture->frames = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_frame_free);
  fixture->session = dw_session_new (policy, monitor, NULL);
  va_start (urls, monitor);
  while ((text = va_arg (urls, const char *)) != NULL)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DwStageUrl) url = dw_stage_url_parse (text, &error);

      g_assert_no_error (error);
      if (stage == NULL)
        stage = dw_stage_new (url);
      else
        dw_stage_add_url (stage, url);
    }
  va_end (urls);
  dw_session_set_stage (fixture->session, stage);
  g_signal_connect_swapped (fixture->session, "notify::state", G_CALLBACK (on_state), fixture);
  g_signal_connect_swapped (fixture->session, "frame", G_CALLBACK (on_frame), fixture);
  g_signal_connect_swapped (fixture->session, "lost", G_CALLBACK (on_lost), fixture);
  return fixture;
}

void
fixture_free (Fixture *fixture)
{
  dw_session_disconnect (fixture->session);
  dw_test_finalize (fixture->session);
  g_ptr_array_unref (fixture->states);
  g_ptr_array_unref (fixture->frames);
  g_free (fixture);
}

typedef struct
{
  Fixture *fixture;
  guint wanted;
} Wanted;

static gboolean
has_state (gpointer data)
{
  Wanted *wanted = data;

  return dw_session_get_status (wanted->fixture->session)->state == wanted->wanted;
}

static gboolean
has_frames (gpointer data)
{
  Wanted *wanted = data;

  return wanted->fixture->frames->len >= wanted->wanted;
}

void
fixture_until_state (Fixture *fixture, DwSessionState state)
{
  Wanted wanted = { fixture, state };

  dw_test_until (dw_session_state_get_name (state), has_state, &wanted);
}

void
fixture_until_frames (Fixture *fixture, guint n)
{
  Wanted wanted = { fixture, n };

  dw_test_until ("frames", has_frames, &wanted);
}

typedef struct
{
  DwMessage *message;
  DwDelivery delivery;
} Awaited;

static gboolean
has_delivery (gpointer data)
{
  return dw_message_get_delivery (((Awaited *) data)->message) == ((Awaited *) data)->delivery;
}

void
fixture_until_delivery (DwMessage *message, DwDelivery delivery)
{
  Awaited awaited = { message, delivery };

  dw_test_until (dw_delivery_get_name (delivery), has_delivery, &awaited);
}

typedef struct
{
  DwRawPeer *peer;
  const char *part;
  guint n;
} Sent;

static gboolean
was_sent (gpointer data)
{
  Sent *sent = data;

  return dw_raw_peer_get_n_frames (sent->peer, sent->part) == sent->n;
}

/* Waits until the peer has received @n frames that contain @part. */
void
fixture_until_sent (DwRawPeer *peer, const char *part, guint n)
{
  Sent sent = { peer, part, n };

  dw_test_until ("frames at the peer", was_sent, &sent);
}

const char *
fixture_text (Fixture *fixture, guint index)
{
  return ((DwFrame *) g_ptr_array_index (fixture->frames, index))->text;
}

/* A stage at an address where nothing listens, with its number in the store. */
DwStage *
fixture_stage_new (gint64 number)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("ws://127.0.0.1:1", NULL);
  DwStage *stage = dw_stage_new (url);

  dw_stage_set_number (stage, number);
  return stage;
}
