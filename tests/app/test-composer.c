/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A composer with an input method that keeps typed text as preedit until told to commit. */
#include "dw-test-widget.h"
#include "dw-test.h"

#include "app/chat/dw-composer.h"

#include "client/store/dw-store.h"

#include <adwaita.h>
#include <gdk/gdkkeysyms.h>
#include <glib/gstdio.h>
#include <string.h>
#include <time.h>

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
} ComposerWindow;

static void
shown_init (ComposerWindow *shown)
{
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("ws://127.0.0.1:1/prod", NULL);
  GtkWidget *view;

  newest = NULL;
  shown->store = dw_store_new (NULL);
  shown->stage = dw_stage_new (url);
  dw_stage_set_number (shown->stage, 1);
  shown->chat = dw_chat_new (shown->stage, shown->store, policy, NULL);
  shown->window = gtk_window_new ();
  shown->composer = g_object_new (DW_TYPE_COMPOSER, NULL);
  gtk_window_set_child (GTK_WINDOW (shown->window), shown->composer);
  dw_composer_set_chat (DW_COMPOSER (shown->composer), shown->chat);
  gtk_window_present (GTK_WINDOW (shown->window));
  dw_composer_focus (DW_COMPOSER (shown->composer));
  dw_test_run_for (300);
  view = dw_test_find_widget (shown->composer, GTK_TYPE_TEXT_VIEW);
  shown->buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (view));
  gtk_text_buffer_set_text (shown->buffer, "한", -1);
  g_assert_nonnull (newest);
}

static void
shown_clear (ComposerWindow *shown)
{
  gtk_window_destroy (GTK_WINDOW (shown->window));
  dw_test_run_for (50);
  g_clear_object (&shown->chat);
  g_clear_object (&shown->stage);
  g_clear_object (&shown->store);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ComposerWindow, shown_clear)

static char *
text_of (ComposerWindow *shown)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (shown->buffer, &start, &end);
  return gtk_text_buffer_get_text (shown->buffer, &start, &end, FALSE);
}

static gboolean
has_line (gpointer chat)
{
  return g_list_model_get_n_items (G_LIST_MODEL (dw_chat_get_conversation (chat))) > 1;
}

static void
check_sent (ComposerWindow *shown, const char *text)
{
  g_autoptr (DwMessage) message = NULL;
  g_autofree char *left = NULL;

  dw_test_until ("the message", has_line, shown->chat);
  message = g_list_model_get_item (G_LIST_MODEL (dw_chat_get_conversation (shown->chat)), 1);
  left = text_of (shown);
  g_assert_cmpstr (dw_message_get_text (message), ==, text);
  g_assert_cmpstr (left, ==, "");
}

/* Send includes the preedit text, whether a reset of the input method commits it or drops it. */
static void
test_send (gconstpointer drops)
{
  g_auto (ComposerWindow) shown = { 0 };

  resets_drop = GPOINTER_TO_INT (drops);
  shown_init (&shown);
  hold (newest, "글");
  gtk_widget_activate_action (shown.composer, "composer.send", NULL);
  check_sent (&shown, "한글");
}

/* A dead key waits for its letter: nothing is sent, and the two make one letter. */
static void
test_commit (void)
{
  g_auto (ComposerWindow) shown = { 0 };
  g_autofree char *text = NULL;

  resets_drop = FALSE;
  shown_init (&shown);
  hold (newest, "´");
  g_free (newest->held);
  newest->held = g_strdup ("é");
  give (newest);
  text = text_of (&shown);
  g_assert_cmpstr (text, ==, "한é");
  g_assert_false (has_line (shown.chat));
}

/* The most that a composer accepts of a pasted text. */
#define PASTED_BYTES (96 * 1024)

static char *
repeat (const char *part, gsize bytes)
{
  GString *text = g_string_sized_new (bytes);

  while (text->len < bytes)
    g_string_append (text, part);
  return g_string_free (text, FALSE);
}

static gboolean
shows (GtkWidget *widget, const char *words)
{
  gboolean found = GTK_IS_LABEL (widget) && strstr (gtk_label_get_text (GTK_LABEL (widget)), words) != NULL;

  if (!gtk_widget_get_visible (widget))
    return FALSE;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL && !found;
       child = gtk_widget_get_next_sibling (child))
    found = shows (child, words);
  return found;
}

/* The CPU time until the window responds, in milliseconds, since other programs use the machine as well. */
static gint64
answer_time (ComposerWindow *shown, const char *text)
{
  clock_t start = clock ();

  gtk_text_buffer_insert_at_cursor (shown->buffer, text, -1);
  dw_test_run_for (100);
  return (clock () - start) * 1000 / CLOCKS_PER_SEC;
}

/* However much is pasted, the window responds. Text too long to be sent is left out, the composer says so, and that
 * note disappears with the text. */
static void
test_paste (gconstpointer part)
{
  g_auto (ComposerWindow) shown = { 0 };
  g_autofree char *pasted = repeat (part, 5 * 1000 * 1000);
  g_autofree char *text = NULL;
  gint64 pasting, typing;

  resets_drop = FALSE;
  shown_init (&shown);
  gtk_text_buffer_set_text (shown.buffer, "", 0);
  pasting = answer_time (&shown, pasted);
  text = text_of (&shown);
  typing = answer_time (&shown, "x");
  g_test_message ("%" G_GINT64_FORMAT " ms, and %" G_GINT64_FORMAT " ms for a letter", pasting, typing);
  g_assert_cmpint (pasting, <, 1000);
  g_assert_cmpint (typing, <, 1500);
  g_assert_cmpuint (strlen (text), <=, PASTED_BYTES);
  g_assert_cmpuint (strlen (text), >, PASTED_BYTES - 4);
  g_assert_true (g_str_has_prefix (pasted, text));
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_true (shows (shown.composer, "cut off"));
  /* Empty lines are not sent. */
  g_assert_true (g_str_equal (part, "\n") || shows (shown.composer, "Send as "));
  gtk_text_buffer_set_text (shown.buffer, "short", -1);
  g_assert_false (shows (shown.composer, "cut off"));
}

static gboolean
press (ComposerWindow *shown, guint key)
{
  g_autoptr (GListModel) controllers =
      gtk_widget_observe_controllers (dw_test_find_widget (shown->composer, GTK_TYPE_TEXT_VIEW));
  gboolean handled = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (controllers) && !handled; i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_KEY (controller)
          && gtk_event_controller_get_propagation_phase (controller) == GTK_PHASE_CAPTURE)
        g_signal_emit_by_name (controller, "key-pressed", key, 0, 0, &handled);
    }
  return handled;
}

static void
type (ComposerWindow *shown, const char *text)
{
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    gtk_text_buffer_insert_at_cursor (shown->buffer, at, (int) (g_utf8_next_char (at) - at));
}

static void
check_text (ComposerWindow *shown, const char *expected)
{
  g_autofree char *text = text_of (shown);

  g_assert_cmpstr (text, ==, expected);
}

/* “:smile” and a key give an emoji; times, addresses and faces of letters do not. */
static void
test_emoji (void)
{
  static const char *const others[] = { "at 12:30", "https://e.example/", ":D",   ":-)",
                                        "a:smile",  ":nosuchemoji",       "smile" };
  g_auto (ComposerWindow) shown = { 0 };

  shown_init (&shown);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      gtk_text_buffer_set_text (shown.buffer, "", 0);
      type (&shown, others[i]);
      g_assert_false (press (&shown, GDK_KEY_Tab));
      check_text (&shown, others[i]);
    }

  gtk_text_buffer_set_text (shown.buffer, "", 0);
  type (&shown, "well :anch");
  g_assert_true (press (&shown, GDK_KEY_Tab));
  check_text (&shown, "well \u2693");

  gtk_text_buffer_set_text (shown.buffer, "", 0);
  type (&shown, ":+1");
  g_assert_true (press (&shown, GDK_KEY_colon));
  check_text (&shown, "\U0001f44d\ufe0f");

  /* It can be turned down, and nothing is offered for a text that was put there. */
  gtk_text_buffer_set_text (shown.buffer, "", 0);
  type (&shown, ":smile");
  g_assert_true (press (&shown, GDK_KEY_Down));
  g_assert_true (press (&shown, GDK_KEY_Escape));
  g_assert_false (press (&shown, GDK_KEY_Tab));
  check_text (&shown, ":smile");
  gtk_text_buffer_set_text (shown.buffer, ":anchor", -1);
  g_assert_false (press (&shown, GDK_KEY_Tab));
}

/* In a composer without text the arrow key brings one's own last message back; with text it moves the cursor. */
static void
test_recall (void)
{
  g_auto (ComposerWindow) shown = { 0 };

  shown_init (&shown);
  gtk_text_buffer_set_text (shown.buffer, "", 0);
  g_assert_false (press (&shown, GDK_KEY_Up));
  g_assert_nonnull (dw_chat_say (shown.chat, "the first"));
  g_assert_nonnull (dw_chat_say (shown.chat, "the\nsecond"));
  dw_test_until ("the messages", has_line, shown.chat);
  dw_test_run_for (100);
  g_assert_true (press (&shown, GDK_KEY_Up));
  check_text (&shown, "the\nsecond");
  g_assert_false (press (&shown, GDK_KEY_Up));
}

static gboolean
has_text (gpointer data)
{
  return gtk_text_buffer_get_char_count (((ComposerWindow *) data)->buffer) > 0;
}

static gboolean
shows_refusal (gpointer data)
{
  return shows (((ComposerWindow *) data)->composer, "Only text files");
}

/* Gives a file to the composer as a drop or as the clipboard does. */
static void
give_file (ComposerWindow *shown, const char *path, gboolean dropped)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GdkFileList *files = gdk_file_list_new_from_array (&file, 1);
  GtkWidget *view = dw_test_find_widget (shown->composer, GTK_TYPE_TEXT_VIEW);
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, files);
  if (dropped)
    {
      g_autoptr (GtkEventController) target = dw_composer_new_drop_target (DW_COMPOSER (shown->composer));
      gboolean taken = FALSE;

      g_signal_emit_by_name (target, "drop", &value, 0.0, 0.0, &taken);
      g_assert_true (taken);
      return;
    }
  gdk_clipboard_set_value (gtk_widget_get_clipboard (view), &value);
  g_signal_emit_by_name (view, "paste-clipboard");
}

/* A text file goes into the composer as if it were pasted, and can be sent in parts; what is none, or has no end, is
 * refused in words. */
static void
test_file (gconstpointer dropped)
{
  g_auto (ComposerWindow) shown = { 0 };
  g_autofree char *folder = dw_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "notes.txt", NULL);
  g_autofree char *lines = repeat ("a line of a file\n", 40 * 1024);
  g_autofree char *marked = g_strconcat ("\xef\xbb\xbf", lines, NULL);
  g_autofree char *large = repeat ("a line of a file\n", PASTED_BYTES + 1);

  shown_init (&shown);
  gtk_text_buffer_set_text (shown.buffer, "", 0);
  g_assert_true (g_file_set_contents (path, marked, -1, NULL));
  give_file (&shown, path, GPOINTER_TO_INT (dropped));
  dw_test_until ("the file", has_text, &shown);
  check_text (&shown, lines);
  g_assert_true (shows (shown.composer, "Send as 2 Messages"));

  for (guint i = 0; i < 3; i++)
    {
      gtk_text_buffer_set_text (shown.buffer, "", 0);
      g_assert_false (shows_refusal (&shown));
      if (i == 0)
        g_assert_true (g_file_set_contents (path, "a\0b", 3, NULL));
      else if (i == 1)
        g_assert_true (g_file_set_contents (path, large, -1, NULL));
      give_file (&shown, i < 2 ? path : "/dev/zero", GPOINTER_TO_INT (dropped));
      dw_test_until ("the refusal", shows_refusal, &shown);
      check_text (&shown, "");
      type (&shown, "x");
      g_assert_false (shows_refusal (&shown));
    }
  g_unlink (path);
  g_rmdir (folder);
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
  g_test_add_data_func ("/app/composer/paste-letters/UI-13", "a", test_paste);
  g_test_add_data_func ("/app/composer/paste-words/UI-13", "word ", test_paste);
  g_test_add_data_func ("/app/composer/paste-lines/UI-13", "a line of some words, as people write them\n",
                        test_paste);
  g_test_add_data_func ("/app/composer/paste-japanese/UI-13", "\u7d42\u308f\u308a", test_paste);
  g_test_add_data_func ("/app/composer/paste-empty-lines/UI-13", "\n", test_paste);
  g_test_add_data_func ("/app/composer/paste-quotes/UI-13", "\"", test_paste);
  g_test_add_func ("/app/composer/commit/UI-8", test_commit);
  g_test_add_func ("/app/composer/emoji", test_emoji);
  g_test_add_func ("/app/composer/recall", test_recall);
  g_test_add_data_func ("/app/composer/file-dropped", GINT_TO_POINTER (TRUE), test_file);
  g_test_add_data_func ("/app/composer/file-pasted", GINT_TO_POINTER (FALSE), test_file);
  return g_test_run ();
}
