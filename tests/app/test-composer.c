/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A composer with an input method that keeps typed text as preedit until told to commit. */
#include "dw-test.h"

#include "app/chat/dw-composer.h"

#include "client/store/dw-store.h"

#include <adwaita.h>
#include <gdk/gdkkeysyms.h>

/* Keeps one letter as preedit, and consumes Enter meanwhile. */
struct _FakeContext
{
  GtkIMContext parent_instance;

  char *held;
};

#define FAKE_TYPE_CONTEXT (fake_context_get_type ())
G_DECLARE_FINAL_TYPE (FakeContext, fake_context, FAKE, CONTEXT, GtkIMContext)

G_DEFINE_FINAL_TYPE (FakeContext, fake_context, GTK_TYPE_IM_CONTEXT)

static FakeContext *newest;
static gboolean resets_drop;

static void
hold (FakeContext *self, const char *text)
{
  g_free (self->held);
  self->held = g_strdup (text);
  if (text != NULL)
    g_signal_emit_by_name (self, "preedit-start");
  g_signal_emit_by_name (self, "preedit-changed");
  if (text == NULL)
    g_signal_emit_by_name (self, "preedit-end");
}

static void
give (FakeContext *self)
{
  g_autofree char *held = g_steal_pointer (&self->held);

  hold (self, NULL);
  g_signal_emit_by_name (self, "commit", held);
}

static void
fake_context_get_preedit_string (GtkIMContext *context, char **text, PangoAttrList **attributes, int *cursor)
{
  FakeContext *self = FAKE_CONTEXT (context);

  if (text != NULL)
    *text = g_strdup (self->held != NULL ? self->held : "");
  if (attributes != NULL)
    *attributes = pango_attr_list_new ();
  if (cursor != NULL)
    *cursor = self->held != NULL ? (int) g_utf8_strlen (self->held, -1) : 0;
}

static gboolean
fake_context_filter_keypress (GtkIMContext *context, GdkEvent *event)
{
  FakeContext *self = FAKE_CONTEXT (context);

  if (self->held == NULL)
    return FALSE;
  if (gdk_event_get_event_type (event) == GDK_KEY_PRESS)
    give (self);
  return TRUE;
}

static void
fake_context_reset (GtkIMContext *context)
{
  FakeContext *self = FAKE_CONTEXT (context);

  if (self->held == NULL)
    return;
  if (resets_drop)
    hold (self, NULL);
  else
    give (self);
}

static void
fake_context_class_init (FakeContextClass *klass)
{
  GTK_IM_CONTEXT_CLASS (klass)->get_preedit_string = fake_context_get_preedit_string;
  GTK_IM_CONTEXT_CLASS (klass)->filter_keypress = fake_context_filter_keypress;
  GTK_IM_CONTEXT_CLASS (klass)->reset = fake_context_reset;
}

static void
fake_context_init (FakeContext *self)
{
  newest = self;
}

typedef struct
{
  DwStore *store;
  DwStage *stage;
  DwChat *chat;
  GtkWidget *window;
  GtkWidget *composer;
  GtkTextBuffer *buffer;
} Desk;

static GtkWidget *
find (GtkWidget *widget, GType type)
{
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find (child, type);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static void
desk_init (Desk *desk)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("ws://127.0.0.1:1/prod", NULL);
  GtkWidget *view;

  newest = NULL;
  desk->store = dw_store_new (NULL);
  desk->stage = dw_stage_new (url);
  dw_stage_set_number (desk->stage, 1);
  desk->chat = dw_chat_new (desk->stage, desk->store, policy, NULL);
  desk->window = gtk_window_new ();
  desk->composer = g_object_new (DW_TYPE_COMPOSER, NULL);
  gtk_window_set_child (GTK_WINDOW (desk->window), desk->composer);
  dw_composer_set_chat (DW_COMPOSER (desk->composer), desk->chat);
  gtk_window_present (GTK_WINDOW (desk->window));
  dw_composer_focus (DW_COMPOSER (desk->composer));
  dw_test_run_for (300);
  view = find (desk->composer, GTK_TYPE_TEXT_VIEW);
  desk->buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (view));
  gtk_text_buffer_set_text (desk->buffer, "한", -1);
  g_assert_nonnull (newest);
}

static void
desk_clear (Desk *desk)
{
  gtk_window_destroy (GTK_WINDOW (desk->window));
  dw_test_run_for (50);
  g_clear_object (&desk->chat);
  g_clear_object (&desk->stage);
  g_clear_object (&desk->store);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Desk, desk_clear)

static char *
text_of (Desk *desk)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (desk->buffer, &start, &end);
  return gtk_text_buffer_get_text (desk->buffer, &start, &end, FALSE);
}

static gboolean
has_line (gpointer chat)
{
  return g_list_model_get_n_items (G_LIST_MODEL (dw_chat_get_conversation (chat))) > 1;
}

static void
check_sent (Desk *desk, const char *text)
{
  g_autoptr (DwMessage) message = NULL;
  g_autofree char *left = NULL;

  dw_test_until ("the message", has_line, desk->chat);
  message = g_list_model_get_item (G_LIST_MODEL (dw_chat_get_conversation (desk->chat)), 1);
  left = text_of (desk);
  g_assert_cmpstr (dw_message_get_text (message), ==, text);
  g_assert_cmpstr (left, ==, "");
}

/* Send includes the preedit text, whether a reset of the input method commits it or drops it. */
static void
test_send (gconstpointer drops)
{
  g_auto (Desk) desk = { 0 };

  resets_drop = GPOINTER_TO_INT (drops);
  desk_init (&desk);
  hold (newest, "글");
  gtk_widget_activate_action (desk.composer, "composer.send", NULL);
  check_sent (&desk, "한글");
}

/* A dead key waits for its letter: nothing is sent, and the two make one letter. */
static void
test_commit (void)
{
  g_auto (Desk) desk = { 0 };
  g_autofree char *text = NULL;

  resets_drop = FALSE;
  desk_init (&desk);
  hold (newest, "´");
  g_free (newest->held);
  newest->held = g_strdup ("é");
  give (newest);
  text = text_of (&desk);
  g_assert_cmpstr (text, ==, "한é");
  g_assert_false (has_line (desk.chat));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_setenv ("GTK_IM_MODULE", "fake", TRUE);
  gtk_init ();
  adw_init ();
  g_io_extension_point_implement ("gtk-im-module", FAKE_TYPE_CONTEXT, "fake", 100);
  g_test_add_data_func ("/app/composer/send-gives/UI-8", GINT_TO_POINTER (FALSE), test_send);
  g_test_add_data_func ("/app/composer/send-drops/UI-8", GINT_TO_POINTER (TRUE), test_send);
  g_test_add_func ("/app/composer/commit/UI-8", test_commit);
  return g_test_run ();
}
