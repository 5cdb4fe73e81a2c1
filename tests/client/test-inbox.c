/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "client/connection/dw-inbox.h"
#include "client/connection/dw-rollover.h"

#include <string.h>

typedef struct
{
  DwInbox *inbox;
  guint worked;
  guint next; /* the number the next frame should have */
  guint free_at;
} Reader;

static void
on_frame (GBytes *bytes, guint line, gpointer data)
{
  Reader *reader = data;

  g_assert_cmpuint (line, ==, reader->next);
  reader->next++;
  reader->worked++;
  if (reader->worked == reader->free_at)
    g_clear_pointer (&reader->inbox, dw_inbox_free);
}

/* Frames are handled in order, each as it is pushed. */
static void
test_order (void)
{
  Reader reader = { 0 };
  g_autoptr (GBytes) small = g_bytes_new_static ("x", 1);

  reader.inbox = dw_inbox_new (on_frame, &reader);
  for (guint i = 0; i < 1000; i++)
    {
      dw_inbox_push (reader.inbox, small, i);
      g_assert_cmpuint (reader.worked, ==, i + 1);
      g_assert_cmpuint (dw_inbox_get_length (reader.inbox), ==, 0);
    }
  dw_inbox_free (reader.inbox);
}

/* A handler may push more frames: they are handled after the current one returns, not inside it. */
static void
on_first (GBytes *bytes, guint line, gpointer data)
{
  Reader *reader = data;

  if (line == 0)
    {
      for (guint i = 1; i < 10; i++)
        dw_inbox_push (reader->inbox, bytes, i);
      g_assert_cmpuint (reader->worked, ==, 0);
    }
  on_frame (bytes, line, data);
}

static void
test_within (void)
{
  Reader reader = { 0 };
  g_autoptr (GBytes) small = g_bytes_new_static ("x", 1);

  reader.inbox = dw_inbox_new (on_first, &reader);
  dw_inbox_push (reader.inbox, small, 0);
  g_assert_cmpuint (reader.worked, ==, 10);
  dw_inbox_free (reader.inbox);
}

static void
count_free (gpointer data)
{
  guint *freed = data;

  (*freed)++;
}

static void
test_freed_inside (void)
{
  Reader reader = { .free_at = 10 };
  g_autoptr (GBytes) small = g_bytes_new_static ("x", 1);

  reader.inbox = dw_inbox_new (on_first, &reader);
  dw_inbox_push (reader.inbox, small, 0);
  g_assert_null (reader.inbox);
  g_assert_cmpuint (reader.worked, ==, 10);
}

/* Freed while most of it waits: nothing more is worked on, and all of it is let go. */
static void
test_freed_full (void)
{
  static char storage[] = "x";
  Reader reader = { .free_at = 4 };
  guint left = 0;
  g_autoptr (GBytes) small = NULL;

  small = g_bytes_new_with_free_func (storage, 1, count_free, &left);
  reader.inbox = dw_inbox_new (on_first, &reader);
  dw_inbox_push (reader.inbox, small, 0);
  g_assert_null (reader.inbox);
  g_assert_cmpuint (reader.worked, ==, 4);
  g_assert_cmpuint (left, ==, 0);
  g_clear_pointer (&small, g_bytes_unref);
  g_assert_cmpuint (left, ==, 1);
}

static gboolean
is_first (DwOverlap *overlap, const char *text, const char *id, gboolean successor)
{
  DwFrame frame = { .kind = DW_FRAME_BROADCAST, .text = (char *) text, .id = (char *) id };

  return dw_overlap_is_first (overlap, &frame, successor);
}

static void
test_overlap (void)
{
  g_autoptr (DwOverlap) overlap = dw_overlap_new ();

  /* Two people say “hi”: both connections carry both, so four arrive and two are shown. */
  g_assert_true (is_first (overlap, "hi", NULL, FALSE));
  g_assert_true (is_first (overlap, "hi", NULL, FALSE));
  g_assert_false (is_first (overlap, "hi", NULL, TRUE));
  g_assert_false (is_first (overlap, "hi", NULL, TRUE));
  g_assert_true (is_first (overlap, "hi", NULL, TRUE));
  g_assert_false (is_first (overlap, "hi", NULL, FALSE));
  /* With ids, equal texts are two messages and equal ids are one. */
  g_assert_true (is_first (overlap, "x", "1", TRUE));
  g_assert_true (is_first (overlap, "x", "2", TRUE));
  g_assert_false (is_first (overlap, "x", "1", FALSE));
  /* An id is never compared with a text. */
  g_assert_true (is_first (overlap, "1", NULL, FALSE));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/inbox/order/WS-4", test_order);
  g_test_add_func ("/client/inbox/within", test_within);
  g_test_add_func ("/client/inbox/freed-inside/S-3", test_freed_inside);
  g_test_add_func ("/client/inbox/freed-full/S-3", test_freed_full);
  g_test_add_func ("/client/inbox/overlap", test_overlap);
  return g_test_run ();
}
