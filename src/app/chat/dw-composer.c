/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-composer.h"

#include "dw-emoji-list.h"
#include "dw-text-file.h"
#include "dw-text-split.h"

#include "app/text/dw-label.h"
#include "app/text/dw-text-pieces.h"
#include "app/text/dw-text-room.h"
#include "app/toolkit/dw-spelling.h"
#include "app/toolkit/dw-toolkit.h"

#include "wire/dw-limits.h"
#include "wire/dw-safe-text.h"

#include <adwaita.h>
#include <glib/gi18n.h>

struct _DwComposer
{
  GtkWidget parent_instance;

  GtkWidget *clamp;
  GtkTextView *view;
  GtkWidget *placeholder;
  GtkLabel *counter;
  GtkButton *split;
  GtkWidget *send;
  GtkStack *send_face;

  GObject *spelling; /* or NULL where it cannot be checked */
  gboolean check_spelling;
  gboolean enter_sends;
  gsize bytes;      /* of the text */
  gboolean refused; /* the last file that was added */
  guint left_out;   /* of what was pasted there, in characters */
  GtkWidget *emoji_list;
  gboolean typed;            /* a letter, and not a text that was put there */
  GCancellable *cancellable; /* of the file that is read, or NULL */
  char *preedit;             /* what an input method holds and has not given yet, or NULL */
  DwChat *chat;
  GSignalGroup *session;
};

G_DEFINE_FINAL_TYPE (DwComposer, dw_composer, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_ENTER_SENDS,
  PROP_CHECK_SPELLING,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_SENT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* The frame size in bytes from which the counter is shown. */
#define COUNTER_FROM (DW_LIMIT_FRAME_BYTES * 3 / 4)

/* The most an id and a name can add to a frame: a message should fit on every stage. */
#define FRAME_RESERVE 512

/* How much a composer holds, in bytes. It can be sent whole, in several messages; of more, GTK and Pango would need a
 * second and longer at each key (measured: 0.1 to 0.7 s for this, 5 s for a megabyte). */
#define MOST_BYTES (3 * DW_LIMIT_FRAME_BYTES)

/* How many of the newest lines are looked at for one's own last message. */
#define RECALLED_LINES 200

static char *
dup_text (DwComposer *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  g_autofree char *text = NULL;
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  /* Pasted text may contain any kind of line break. */
  return dw_safe_lines (text);
}

static gboolean
is_blank (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (!g_unichar_isspace (g_utf8_get_char (text)))
      return FALSE;
  return TRUE;
}

static gsize
frame_size (DwComposer *self, const char *text)
{
  if (self->chat == NULL)
    return 0;
  return dw_frame_encoded_size (dw_stage_get_dialect (dw_chat_get_stage (self->chat)), text, NULL, NULL)
         + FRAME_RESERVE;
}

static gboolean
text_fits (const char *text, gpointer data)
{
  /* A frame is never shorter than its text. */
  return strlen (text) <= DW_LIMIT_FRAME_BYTES && frame_size (data, text) <= DW_LIMIT_FRAME_BYTES;
}

/* A text too large for one frame can be sent in several. */
static void
offer_split (DwComposer *self, const char *text, gboolean too_large)
{
  g_auto (GStrv) parts = too_large ? dw_text_split (text, text_fits, self) : NULL;
  guint n = parts != NULL ? g_strv_length (parts) : 0;
  g_autofree char *label = g_strdup_printf (ngettext ("Send as %u Message", "Send as %u Messages", n), n);

  dw_label_show_button (self->split, label);
  gtk_widget_set_visible (GTK_WIDGET (self->split), n > 0);
}

static char *
count_bytes (gsize size)
{
  guint over = size > DW_LIMIT_FRAME_BYTES ? (guint) (size - DW_LIMIT_FRAME_BYTES) : 0;
  guint left = over == 0 ? (guint) (DW_LIMIT_FRAME_BYTES - size) : 0;

  return over > 0 ? g_strdup_printf (ngettext ("%u byte over the limit", "%u bytes over the limit", over), over)
                  : g_strdup_printf (ngettext ("%u byte left", "%u bytes left", left), left);
}

static void
show_count (DwComposer *self, gsize size)
{
  g_autofree char *count = NULL;

  if (self->refused)
    count = g_strdup_printf (_ ("Only text files of up to %u KB can be added"), MOST_BYTES / 1024);
  else if (self->left_out > 0)
    /* Translators: of a text that was pasted, since it is more than can be sent. */
    count = g_strdup_printf (ngettext ("%u character cut off", "%u characters cut off", self->left_out),
                             self->left_out);
  else
    count = count_bytes (size);
  if (self->refused || self->left_out > 0 || size > DW_LIMIT_FRAME_BYTES)
    gtk_widget_add_css_class (GTK_WIDGET (self->counter), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->counter), "error");
  dw_label_show (self->counter, count, DW_LABEL_CHARS);
  gtk_widget_set_visible (GTK_WIDGET (self->counter), self->refused || self->left_out > 0 || size > COUNTER_FROM);
}

static void
update (DwComposer *self)
{
  g_autofree char *text = dup_text (self);
  gsize length = strlen (text);
  /* A frame is at most six times as long as its text, so short texts need not be measured. */
  gsize size = length > COUNTER_FROM / 7 ? frame_size (self, text) : 0;
  gboolean too_large = size > DW_LIMIT_FRAME_BYTES;
  gboolean blank = is_blank (text);

  self->bytes = length;
  if (length == 0)
    self->left_out = 0;
  /* A draft belongs to the stage it was typed for. */
  if (self->chat != NULL)
    dw_stage_set_draft (dw_chat_get_stage (self->chat), text);
  gtk_widget_set_visible (self->placeholder, length == 0);
  gtk_widget_set_sensitive (self->send, self->chat != NULL && !blank && !too_large);
  show_count (self, size);
  offer_split (self, text, too_large);
  self->refused = FALSE;
  dw_emoji_list_update (DW_EMOJI_LIST (self->emoji_list), self->typed);
  self->typed = FALSE;
}

/* Everything that may be there is taken as text, as from the clipboard. */
static void
on_file_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwComposer) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = dw_text_file_read_finish (G_FILE (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (text != NULL)
    {
      gtk_text_buffer_insert_at_cursor (gtk_text_view_get_buffer (self->view), text, -1);
      dw_composer_focus (self);
      return;
    }
  self->refused = TRUE;
  gtk_widget_error_bell (GTK_WIDGET (self));
  update (self);
}

static gboolean
add_files (DwComposer *self, const GValue *value)
{
  GSList *files = G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST) ? g_value_get_boxed (value) : NULL;

  if (files == NULL)
    return FALSE;
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  /* One at a time: a person sees what was added, and adds the next. */
  dw_text_file_read_async (files->data, MOST_BYTES, self->cancellable, on_file_read, g_object_ref (self));
  return TRUE;
}

static gboolean
on_drop (DwComposer *self, const GValue *value, double x, double y)
{
  return add_files (self, value);
}

static void
on_files_pasted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwComposer) self = data;
  const GValue *value = gdk_clipboard_read_value_finish (GDK_CLIPBOARD (source), result, NULL);

  if (value != NULL)
    add_files (self, value);
}

/* A file that was copied comes as its address too, which is what a text view would take. */
static void
on_paste (DwComposer *self)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (self));

  if (!gdk_content_formats_contain_gtype (gdk_clipboard_get_formats (clipboard), GDK_TYPE_FILE_LIST))
    return;
  g_signal_stop_emission_by_name (self->view, "paste-clipboard");
  gdk_clipboard_read_value_async (clipboard, GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, NULL, on_files_pasted,
                                  g_object_ref (self));
}

/* What the person said last, if that is among the newest lines. */
static DwMessage *
find_last_own (DwComposer *self)
{
  GListModel *lines = G_LIST_MODEL (dw_chat_get_conversation (self->chat));
  guint n = g_list_model_get_n_items (lines);

  for (guint i = 0; i < MIN (n, RECALLED_LINES); i++)
    {
      g_autoptr (DwMessage) line = g_list_model_get_item (lines, n - 1 - i);

      if (dw_message_get_kind (line) == DW_MESSAGE_OWN)
        return g_steal_pointer (&line);
    }
  return NULL;
}

static gboolean
recall (DwComposer *self)
{
  g_autoptr (DwMessage) message = self->chat != NULL ? find_last_own (self) : NULL;

  if (message == NULL)
    return GDK_EVENT_PROPAGATE;
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->view), dw_message_get_text (message), -1);
  return GDK_EVENT_STOP;
}

/* Of what is more than could be sent the start is taken. */
static void
on_insert (GtkTextBuffer *buffer, GtkTextIter *at, const char *text, int length, DwComposer *self)
{
  gsize size = length >= 0 ? (gsize) length : strlen (text);
  gsize room = MOST_BYTES - MIN (self->bytes, MOST_BYTES);

  self->typed = size > 0 && g_utf8_next_char (text) == text + size;
  if (!dw_text_room_keep (buffer, at, text, length, room, &self->left_out))
    update (self);
}

static void
on_cursor_moved (DwComposer *self)
{
  dw_emoji_list_update (DW_EMOJI_LIST (self->emoji_list), FALSE);
}

static void
on_left (DwComposer *self)
{
  dw_emoji_list_hide (DW_EMOJI_LIST (self->emoji_list));
}

static void
on_session_changed (DwComposer *self)
{
  gboolean online = dw_session_get_status (dw_chat_get_session (self->chat))->state == DW_SESSION_ONLINE;

  gtk_stack_set_visible_child_name (self->send_face, online ? "send" : "queue");
  gtk_widget_set_tooltip_text (self->send, online ? _ ("Send") : _ ("Queue until reconnected"));
  dw_toolkit_set_label (self->send, _ ("Send"));
}

static void
send_text (DwComposer *self)
{
  g_autofree char *text = dup_text (self);

  if (!gtk_widget_get_sensitive (self->send))
    return;
  g_strchomp (text);
  /* What was not taken stays where it was written. */
  if (dw_chat_say (self->chat, text) == NULL)
    {
      gtk_widget_error_bell (GTK_WIDGET (self->view));
      return;
    }
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->view), "", 0);
  g_signal_emit (self, signals[SIGNAL_SENT], 0);
}

static void
on_split_clicked (DwComposer *self)
{
  g_autofree char *text = dup_text (self);
  g_auto (GStrv) parts = dw_text_split (text, text_fits, self);

  g_autofree char *rest = NULL;
  guint n = 0;

  while (parts != NULL && parts[n] != NULL && dw_chat_say (self->chat, parts[n]) != NULL)
    n++;
  if (n == 0)
    return;
  rest = g_strjoinv ("\n", parts + n);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->view), rest, -1);
  g_signal_emit (self, signals[SIGNAL_SENT], 0);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
on_preedit_changed (DwComposer *self, const char *preedit)
{
  g_free (self->preedit);
  self->preedit = preedit != NULL && *preedit != '\0' ? g_strdup (preedit) : NULL;
}

/* The preedit text belongs to the message. When reset, some input methods commit it and some drop it. */
static void
commit_preedit (DwComposer *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  g_autofree char *held = g_steal_pointer (&self->preedit);
  int before = gtk_text_buffer_get_char_count (buffer);

  gtk_text_view_reset_im_context (self->view);
  if (held != NULL && gtk_text_buffer_get_char_count (buffer) == before)
    gtk_text_buffer_insert_at_cursor (buffer, held, -1);
  g_clear_pointer (&self->preedit, g_free);
}

static void
on_send (GtkWidget *widget, const char *name, GVariant *parameter)
{
  commit_preedit (DW_COMPOSER (widget));
  send_text (DW_COMPOSER (widget));
}

static void
on_send_clicked (DwComposer *self)
{
  on_send (GTK_WIDGET (self), NULL, NULL);
  dw_composer_focus (self);
}

static void
on_emoji (GtkWidget *widget, const char *name, GVariant *parameter)
{
  /* Create the emoji chooser only when needed: it is large. */
  gtk_widget_grab_focus (GTK_WIDGET (DW_COMPOSER (widget)->view));
  g_signal_emit_by_name (DW_COMPOSER (widget)->view, "insert-emoji");
}

static gboolean
is_enter (guint key)
{
  return key == GDK_KEY_Return || key == GDK_KEY_KP_Enter || key == GDK_KEY_ISO_Enter;
}

/* Keys that would do nothing in a text that is not there. */
static gboolean
on_key_of_empty (DwComposer *self, guint key, GdkModifierType held)
{
  if (key == GDK_KEY_Up && held == 0)
    return recall (self);
  if ((key == GDK_KEY_Home || key == GDK_KEY_End) && held == GDK_CONTROL_MASK)
    return gtk_widget_activate_action (GTK_WIDGET (self), "chat.end", "i", key == GDK_KEY_Home ? -1 : 1);
  return GDK_EVENT_PROPAGATE;
}

static gboolean
on_key_pressed (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, DwComposer *self)
{
  GdkEvent *event = gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (controller));
  GdkModifierType held = state & gtk_accelerator_get_default_mod_mask ();

  if (self->preedit == NULL && dw_emoji_list_take_key (DW_EMOJI_LIST (self->emoji_list), key, state))
    return GDK_EVENT_STOP;
  if (self->bytes == 0 && self->preedit == NULL && on_key_of_empty (self, key, held))
    return GDK_EVENT_STOP;
  /* Leave most of the page to the conversation. */
  if ((key == GDK_KEY_Page_Up || key == GDK_KEY_Page_Down) && held == 0)
    return gtk_widget_activate_action (GTK_WIDGET (self), "chat.page", "i", key == GDK_KEY_Page_Up ? -1 : 1);
  if (!is_enter (key) || (state & (GDK_SHIFT_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;
  if ((state & GDK_CONTROL_MASK) != 0)
    {
      on_send (GTK_WIDGET (self), NULL, NULL);
      return GDK_EVENT_STOP;
    }
  if (!self->enter_sends)
    return GDK_EVENT_PROPAGATE;
  /* The input method gets the key first: it may use it to pick a candidate. */
  if (gtk_text_view_im_context_filter_keypress (self->view, event))
    return GDK_EVENT_STOP;
  send_text (self);
  return GDK_EVENT_STOP;
}

static gboolean
dw_composer_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (DW_COMPOSER (widget)->view));
}

static void
set_check_spelling (DwComposer *self, gboolean check_spelling)
{
  self->check_spelling = check_spelling;
  if (self->spelling != NULL)
    dw_spelling_set_enabled (self->spelling, check_spelling);
}

static void
dw_composer_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_ENTER_SENDS:
      g_value_set_boolean (value, DW_COMPOSER (object)->enter_sends);
      break;
    case PROP_CHECK_SPELLING:
      g_value_set_boolean (value, DW_COMPOSER (object)->check_spelling);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
dw_composer_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_ENTER_SENDS:
      DW_COMPOSER (object)->enter_sends = g_value_get_boolean (value);
      break;
    case PROP_CHECK_SPELLING:
      set_check_spelling (DW_COMPOSER (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
dw_composer_dispose (GObject *object)
{
  DwComposer *self = DW_COMPOSER (object);

  g_clear_object (&self->session);
  g_clear_object (&self->chat);
  g_clear_pointer (&self->preedit, g_free);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->spelling);
  g_clear_pointer (&self->emoji_list, gtk_widget_unparent);
  g_clear_pointer (&self->clamp, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_composer_parent_class)->dispose (object);
}

static void
dw_composer_class_init (DwComposerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_composer_dispose;
  G_OBJECT_CLASS (klass)->get_property = dw_composer_get_property;
  G_OBJECT_CLASS (klass)->set_property = dw_composer_set_property;
  widget_class->grab_focus = dw_composer_grab_focus;
  widget_class->focus = dw_toolkit_focus;

  /**
   * DwComposer:enter-sends:
   *
   * Whether Enter sends; otherwise it begins a new line. Ctrl+Enter sends either way.
   */
  properties[PROP_ENTER_SENDS] =
      g_param_spec_boolean ("enter-sends", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);

  /**
   * DwComposer:check-spelling:
   *
   * Whether words that are in no dictionary are underlined, where spelling can be checked.
   */
  properties[PROP_CHECK_SPELLING] =
      g_param_spec_boolean ("check-spelling", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);

  /**
   * DwComposer::sent:
   *
   * Emitted when a message was sent or queued.
   */
  signals[SIGNAL_SENT] =
      g_signal_new ("sent", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-composer.ui");
  gtk_widget_class_bind_template_child (widget_class, DwComposer, clamp);
  gtk_widget_class_bind_template_child (widget_class, DwComposer, view);
  gtk_widget_class_bind_template_child (widget_class, DwComposer, placeholder);
  gtk_widget_class_bind_template_child (widget_class, DwComposer, counter);
  gtk_widget_class_bind_template_child (widget_class, DwComposer, split);
  gtk_widget_class_bind_template_child (widget_class, DwComposer, send);
  gtk_widget_class_bind_template_child (widget_class, DwComposer, send_face);
  gtk_widget_class_bind_template_callback (widget_class, on_paste);
  gtk_widget_class_bind_template_callback (widget_class, on_left);
  gtk_widget_class_bind_template_callback (widget_class, on_split_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_preedit_changed);
  gtk_widget_class_install_action (widget_class, "composer.send", NULL, on_send);
  gtk_widget_class_install_action (widget_class, "composer.emoji", NULL, on_emoji);
  gtk_widget_class_bind_template_callback (widget_class, on_send_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_key_pressed);
}

static void
dw_composer_init (DwComposer *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->spelling = dw_spelling_new (self->view);
  self->emoji_list = dw_emoji_list_new (self->view);
  gtk_widget_set_parent (self->emoji_list, GTK_WIDGET (self));
  self->enter_sends = TRUE;
  self->session = g_signal_group_new (DW_TYPE_SESSION);
  g_signal_group_connect_swapped (self->session, "changed", G_CALLBACK (on_session_changed), self);
  dw_text_pieces_cut (gtk_text_view_get_buffer (self->view));
  g_signal_connect_object (gtk_text_view_get_buffer (self->view), "insert-text", G_CALLBACK (on_insert), self, 0);
  g_signal_connect_object (gtk_text_view_get_buffer (self->view), "notify::cursor-position",
                           G_CALLBACK (on_cursor_moved), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_text_view_get_buffer (self->view), "changed", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  update (self);
}

/**
 * dw_composer_set_chat:
 * @self: a composer
 * @chat: the chat it sends to
 */
void
dw_composer_set_chat (DwComposer *self, DwChat *chat)
{
  if (self->chat == chat)
    return;
  g_set_object (&self->chat, chat);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->view), dw_stage_get_draft (dw_chat_get_stage (chat)),
                            -1);
  g_signal_group_set_target (self->session, dw_chat_get_session (chat));
  on_session_changed (self);
  update (self);
}

/**
 * dw_composer_insert:
 * @self: a composer
 * @text: the text to put before the draft
 *
 * Puts a text back into the composer to be edited.
 */
void
dw_composer_insert (DwComposer *self, const char *text)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  GtkTextIter start;

  gtk_text_buffer_get_start_iter (buffer, &start);
  if (gtk_text_buffer_get_char_count (buffer) > 0)
    gtk_text_buffer_insert (buffer, &start, "\n", 1);
  gtk_text_buffer_get_start_iter (buffer, &start);
  gtk_text_buffer_insert (buffer, &start, text, -1);
  gtk_text_buffer_place_cursor (buffer, &start);
}

/**
 * dw_composer_focus:
 * @self: a composer
 *
 * Moves the focus to the text.
 */
void
dw_composer_focus (DwComposer *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

/**
 * dw_composer_take_key:
 * @self: a composer
 * @controller: the controller that received the key elsewhere
 *
 * Moves the focus to the text and forwards the key, so that the input method sees it too.
 *
 * Returns: whether the text took it
 */
gboolean
dw_composer_take_key (DwComposer *self, GtkEventControllerKey *controller)
{
  dw_composer_focus (self);
  return gtk_event_controller_key_forward (controller, GTK_WIDGET (self->view));
}

/**
 * dw_composer_choose_emoji:
 * @self: a composer
 *
 * Opens the chooser of emoji.
 */
void
dw_composer_choose_emoji (DwComposer *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "composer.emoji", NULL);
}

/**
 * dw_composer_new_drop_target:
 * @self: a composer
 *
 * Returns: (transfer full): what takes a text file that is dropped on a widget, and adds it to the text
 */
GtkEventController *
dw_composer_new_drop_target (DwComposer *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  /* Before the text view, which would take the file's address. */
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (target), GTK_PHASE_CAPTURE);
  g_signal_connect_object (target, "drop", G_CALLBACK (on_drop), self, G_CONNECT_SWAPPED);
  return GTK_EVENT_CONTROLLER (target);
}
