/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message-row.h"

#include "dw-message-layout.h"
#include "dw-message-parts.h"
#include "dw-remedies.h"

#include "app/text/dw-label.h"
#include "app/text/dw-message-text.h"
#include "app/text/dw-time-text.h"
#include "app/toolkit/dw-question.h"
#include "app/toolkit/dw-side-layout.h"

#include "wire/dw-mention.h"
#include "wire/dw-safe-text.h"

#include <adwaita.h>
#include <glib/gi18n.h>

struct _DwMessageRow
{
  GtkWidget parent_instance;

  GtkWidget *body;
  GtkWidget *column;
  DwMessageLayout *layout; /* of the column */
  GtkWidget *bubble;
  GtkLabel *text;
  GtkWidget *meta_box;
  GtkLabel *meta;

  /* Built by the first message that needs them, or NULL: GTK 4.8 has 205 rows, and a widget takes 2 to 5 kB of each. */
  AdwAvatar *avatar;
  GtkLabel *name;
  DwMessageParts *parts; /* instead of the text */
  GtkWidget *more;
  GtkWidget *mark;
  DwRemedies *remedies;
  GtkWidget *divider;
  GtkWidget *check;

  char *own_name;   /* the person's own name, or NULL */
  DwFold *fold;     /* (unowned): with the words, or NULL */
  GPtrArray *words; /* that were looked for and found here, or NULL */
  DwMessage *message;
  DwMessageSelection *selection; /* while messages are selected, or NULL */
  gulong selection_changed;
  GSignalGroup *changes;
  DwMessageKind kind; /* the kind of the shown line, which changes when an unloaded line is loaded */
  gsize shown_units;  /* how much of a long message to lay out, see dw_label_fit() */
  gboolean is_long;   /* whether it is slow to lay out */
  gboolean complete;  /* whether that much has been laid out already */
  gboolean waits;     /* whether the text is longer than that */
  gboolean mentions;  /* whether it mentions the person */
};

G_DEFINE_FINAL_TYPE (DwMessageRow, dw_message_row, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_LABEL_CHANGED,
  SIGNAL_MENU_WANTED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* How much of a message is laid out at first, and how much each “Show More” adds: 5 to 15 ms of layout, see
 * dw-label.c. */
#define SHOWN_UNITS 1500
#define SHOWN_LINES 24

/* What is laid out immediately: 1 to 2 ms. GTK 4.8 creates 205 rows however few are visible, so the rest of a long
 * message waits for dw_message_row_complete(). */
#define BRIEF_UNITS 240

/* The most that “Show More” shows. Beyond that the text can only be copied. */
#define MOST_UNITS 6000

/* To know how narrow a text can be, GTK 4.8 lays it out letter by letter, which is most of what a row costs (measured).
 * So one that is surely wider, by its number of letters, is given a least width, in letters too. */
#define SURELY_WIDE_CHARS 24
#define LEAST_CHARS 10

#define AVATAR_SIZE 32
#define AVATAR_TOP 18 /* below the name */
#define AVATAR_COLORS 14
#define MARK_SIZE 12
#define CHECK_GAP 6

/* How much of a long message its accessible name reads out. */
#define LABEL_CHARS 500

/* A bubble takes at most four fifths of the column. */
#define SHARE_NUMERATOR 4
#define SHARE_DENOMINATOR 5

static gboolean
is_kind (DwMessageRow *self, DwMessageKind kind)
{
  return self->message != NULL && dw_message_get_kind (self->message) == kind;
}

/* Whether it is a message. Everything else is a centred caption. */
static gboolean
is_said (DwMessageRow *self)
{
  return is_kind (self, DW_MESSAGE_THEIRS) || is_kind (self, DW_MESSAGE_OWN);
}

/* What the check box takes at the start. */
static int
check_width (DwMessageRow *self)
{
  int width;

  if (self->check == NULL || !gtk_widget_get_visible (self->check))
    return 0;
  gtk_widget_measure (self->check, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &width, NULL, NULL);
  return width + CHECK_GAP;
}

static int
body_width (DwMessageRow *self, int available)
{
  int minimum, natural;
  int most = available * SHARE_NUMERATOR / SHARE_DENOMINATOR;

  gtk_widget_measure (self->body, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL, NULL);
  return CLAMP (MIN (natural, most), MIN (minimum, available), available);
}

static GtkSizeRequestMode
dw_message_row_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
dw_message_row_measure (GtkWidget *widget,
                        GtkOrientation orientation,
                        int for_size,
                        int *minimum,
                        int *natural,
                        int *minimum_baseline,
                        int *natural_baseline)
{
  DwMessageRow *self = DW_MESSAGE_ROW (widget);

  if (is_kind (self, DW_MESSAGE_UNREAD))
    /* Its height does not depend on its width. */
    gtk_widget_measure (self->divider, orientation, -1, minimum, natural, NULL, NULL);
  else if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      gtk_widget_measure (self->body, orientation, -1, minimum, natural, NULL, NULL);
      *natural = *natural * SHARE_DENOMINATOR / SHARE_NUMERATOR + check_width (self);
      *minimum += check_width (self);
    }
  else
    gtk_widget_measure (self->body, orientation,
                        for_size < 0 ? -1 : body_width (self, MAX (for_size - check_width (self), 0)), minimum,
                        natural, NULL, NULL);
}

static void
dw_message_row_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  DwMessageRow *self = DW_MESSAGE_ROW (widget);
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  gboolean at_end = is_kind (self, DW_MESSAGE_OWN) != mirrored;
  int check = check_width (self);
  int taken = body_width (self, width - check);
  int x = mirrored ? 0 : check;

  if (is_kind (self, DW_MESSAGE_UNREAD))
    {
      gtk_widget_size_allocate (self->divider, &(GtkAllocation){ 0, 0, width, height }, baseline);
      return;
    }
  if (!is_said (self))
    x += (width - check - taken) / 2;
  else if (at_end)
    x += width - check - taken;
  gtk_widget_size_allocate (self->body, &(GtkAllocation){ x, 0, taken, height }, baseline);
  if (check > 0)
    gtk_widget_size_allocate (
        self->check, &(GtkAllocation){ mirrored ? width - check + CHECK_GAP : 0, 0, check - CHECK_GAP, height },
        -1);
}

/* A message that asks is shown as queued or unconfirmed, with the question below it. */
static DwDelivery
shown_delivery (DwMessage *message)
{
  DwDelivery delivery = dw_message_get_delivery (message);

  if (delivery != DW_DELIVERY_ASKING)
    return delivery;
  return dw_message_get_departure (message) == DW_DEPARTURE_NONE ? DW_DELIVERY_QUEUED : DW_DELIVERY_UNCONFIRMED;
}

static const char *
word_of (DwDelivery delivery)
{
  switch (delivery)
    {
    case DW_DELIVERY_QUEUED:
      return _ ("queued");
    case DW_DELIVERY_SENT:
      return _ ("sent");
    case DW_DELIVERY_DELIVERED:
      return _ ("delivered");
    case DW_DELIVERY_UNCONFIRMED:
      return _ ("unconfirmed");
    case DW_DELIVERY_FAILED:
      return C_ ("delivery", "failed");
    case DW_DELIVERY_ASKING:
    case DW_DELIVERY_NONE:
    default:
      return NULL;
    }
}

/* An icon that repeats the word, for a quick glance. */
static const char *
icon_of (DwDelivery delivery)
{
  switch (delivery)
    {
    case DW_DELIVERY_QUEUED:
      return "document-open-recent-symbolic";
    case DW_DELIVERY_DELIVERED:
      return "object-select-symbolic";
    case DW_DELIVERY_UNCONFIRMED:
      return "dialog-question-symbolic";
    case DW_DELIVERY_FAILED:
      return "dialog-error-symbolic";
    case DW_DELIVERY_SENT:
    case DW_DELIVERY_ASKING:
    case DW_DELIVERY_NONE:
    default:
      return NULL;
    }
}

static char *
name_of (DwMessage *message)
{
  g_autofree char *name = NULL;

  if (dw_message_get_kind (message) == DW_MESSAGE_OWN)
    return g_strdup (_ ("You"));
  if (dw_message_get_kind (message) == DW_MESSAGE_NOTICE)
    return g_strdup (_ ("Notice"));
  if (dw_message_get_sender (message) != NULL)
    name = dw_safe_name (dw_message_get_sender (message));
  /* Translators: the sender of a message that came without a name. */
  return name != NULL && *name != '\0' ? g_steal_pointer (&name) : g_strdup (_ ("Unknown Sender"));
}

static void
build_name (DwMessageRow *self)
{
  self->name = g_object_new (GTK_TYPE_LABEL, "xalign", 0.0f, "halign", GTK_ALIGN_START, "ellipsize",
                             PANGO_ELLIPSIZE_END, NULL);
  gtk_box_prepend (GTK_BOX (self->column), GTK_WIDGET (self->name));

  self->avatar =
      g_object_new (ADW_TYPE_AVATAR, "size", AVATAR_SIZE, "show-initials", TRUE, "valign", GTK_ALIGN_START,
                    "margin-top", AVATAR_TOP, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  gtk_box_prepend (GTK_BOX (self->body), GTK_WIDGET (self->avatar));
}

static void
show_name (DwMessageRow *self, gboolean visible)
{
  g_autofree char *name = name_of (self->message);
  g_autofree char *color = g_strdup_printf ("name-%u", g_str_hash (name) % AVATAR_COLORS + 1);
  const char *classes[] = { "message-name", color, NULL };
  gboolean theirs = dw_message_get_kind (self->message) == DW_MESSAGE_THEIRS;

  /* Later rows of a group are indented by the avatar's width, but need not be as tall. */
  gtk_widget_set_margin_start (self->column, theirs && !visible ? AVATAR_SIZE + DW_SIDE_LAYOUT_GAP : 0);
  if (self->name == NULL && visible)
    build_name (self);
  if (self->name == NULL)
    return;

  gtk_widget_set_visible (GTK_WIDGET (self->name), visible);
  gtk_widget_set_visible (GTK_WIDGET (self->avatar), visible);
  if (!visible)
    return;
  /* As AdwAvatar chooses its colors. */
  gtk_widget_set_css_classes (GTK_WIDGET (self->name), classes);
  dw_label_show (self->name, name, DW_LABEL_CHARS);
  adw_avatar_set_text (self->avatar, name);
}

static void
show_remedies (DwMessageRow *self, gboolean troubled)
{
  if (self->remedies == NULL && troubled)
    {
      self->remedies = DW_REMEDIES (dw_remedies_new ());
      gtk_box_append (GTK_BOX (self->column), GTK_WIDGET (self->remedies));
    }
  if (self->remedies == NULL)
    return;

  if (troubled)
    dw_remedies_set_message (self->remedies, self->message);
  gtk_widget_set_visible (GTK_WIDGET (self->remedies), troubled);
}

static void
show_mark (DwMessageRow *self, const char *icon)
{
  if (self->mark == NULL && icon != NULL)
    {
      self->mark = g_object_new (GTK_TYPE_IMAGE, "pixel-size", MARK_SIZE, "accessible-role",
                                 GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
      gtk_box_append (GTK_BOX (self->meta_box), self->mark);
    }
  if (self->mark == NULL)
    return;

  gtk_widget_set_visible (self->mark, icon != NULL);
  gtk_image_set_from_icon_name (GTK_IMAGE (self->mark), icon);
}

/* Of others’ messages the first in a row has the time, beside its name; of one's own the last, with how far it has
 * come. */
static gboolean
shows_meta (DwMessageRow *self)
{
  if (is_kind (self, DW_MESSAGE_THEIRS))
    return dw_message_starts_group (self->message);
  return is_kind (self, DW_MESSAGE_OWN)
         && (dw_message_ends_group (self->message) || dw_message_needs_decision (self->message));
}

static void
show_meta (DwMessageRow *self)
{
  DwDelivery delivery = shown_delivery (self->message);
  const char *word = word_of (delivery);
  gboolean troubled = is_kind (self, DW_MESSAGE_OWN) && dw_message_needs_decision (self->message);
  g_autofree char *time = dw_time_text_clock (dw_message_get_time (self->message));
  g_autofree char *text = NULL;

  if (word != NULL)
    /* Translators: time and delivery state, such as “18:04 · delivered”. */
    text = g_strdup_printf (_ ("%1$s · %2$s"), time, word);
  dw_label_show (self->meta, text != NULL ? text : time, DW_LABEL_CHARS);
  show_mark (self, icon_of (delivery));
  gtk_widget_set_visible (self->meta_box, shows_meta (self));
  show_remedies (self, troubled);
}

static GtkWidget *
build_divider (void)
{
  GtkWidget *divider = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 9);
  GtkWidget *label = gtk_label_new (_ ("New messages"));

  gtk_widget_add_css_class (divider, "unread-line");
  gtk_widget_add_css_class (label, "caption-heading");
  gtk_box_append (GTK_BOX (divider), label);
  for (guint i = 0; i < 2; i++)
    {
      GtkWidget *separator = gtk_separator_new (GTK_ORIENTATION_HORIZONTAL);

      gtk_widget_set_hexpand (separator, TRUE);
      gtk_widget_set_valign (separator, GTK_ALIGN_CENTER);
      gtk_box_insert_child_after (GTK_BOX (divider), separator, i == 0 ? NULL : label);
    }
  return divider;
}

static void
show_divider (DwMessageRow *self, gboolean visible)
{
  if (self->divider == NULL && visible)
    {
      self->divider = build_divider ();
      gtk_widget_set_parent (self->divider, GTK_WIDGET (self));
    }
  if (self->divider != NULL)
    gtk_widget_set_visible (self->divider, visible);
  gtk_widget_set_visible (self->body, !visible);
}

static void
set_class (GtkWidget *widget, const char *name, gboolean present)
{
  if (present)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

/* Searched only once, since a text can be long. */
static void
look_for_name (DwMessageRow *self)
{
  self->mentions =
      is_kind (self, DW_MESSAGE_THEIRS) && dw_mention_is (dw_message_get_text (self->message), self->own_name);
}

static void
show_kind (DwMessageRow *self)
{
  DwMessageKind kind = dw_message_get_kind (self->message);
  DwDelivery delivery = shown_delivery (self->message);
  gboolean own = kind == DW_MESSAGE_OWN;
  GtkAlign align = own ? GTK_ALIGN_END : GTK_ALIGN_START;

  show_divider (self, kind == DW_MESSAGE_UNREAD);
  /* A text that can be selected is a stop of the keyboard, which a caption need not be. */
  gtk_label_set_selectable (self->text, is_said (self) || kind == DW_MESSAGE_NOTICE);
  set_class (self->bubble, "bubble", is_said (self));
  set_class (self->bubble, "message-notice", kind == DW_MESSAGE_NOTICE);
  set_class (self->bubble, "message-day", kind == DW_MESSAGE_DAY);
  set_class (self->bubble, "message-gap", kind == DW_MESSAGE_GAP);
  set_class (self->bubble, "own", own);
  set_class (self->bubble, "mention", self->mentions);
  set_class (self->bubble, "unsent",
             own && (delivery == DW_DELIVERY_QUEUED || delivery == DW_DELIVERY_UNCONFIRMED));
  set_class (self->bubble, "failed", delivery == DW_DELIVERY_FAILED);
  dw_message_layout_set_align (self->layout, is_said (self) ? align : GTK_ALIGN_CENTER);
  /* A long text fills the width nearly, and it takes long to lay out. */
  dw_message_layout_set_fits (self->layout, !self->is_long);
  gtk_widget_set_margin_top (GTK_WIDGET (self), dw_message_starts_group (self->message) ? 9 : 3);
  show_name (self, kind == DW_MESSAGE_THEIRS && dw_message_starts_group (self->message));
  dw_message_layout_set_neighbor (self->layout, own ? self->bubble : GTK_WIDGET (self->name));
  show_meta (self);
}

/* The text of a line, or its start: of a message what it says, of a day or a gap its time in words. */
static char *
words_of (DwMessage *message, gsize max_chars, guint max_lines, gboolean *cut)
{
  *cut = FALSE;

  switch (dw_message_get_kind (message))
    {
    case DW_MESSAGE_DAY:
      return dw_time_text_day (dw_message_get_time (message), g_get_real_time ());
    case DW_MESSAGE_GAP:
      return dw_time_text_gap (dw_message_get_time (message), dw_message_get_until (message));
    case DW_MESSAGE_UNREAD:
      return g_strdup (_ ("New messages"));
    case DW_MESSAGE_THEIRS:
    case DW_MESSAGE_OWN:
    case DW_MESSAGE_NOTICE:
    case DW_MESSAGE_BLANK:
    default:
      return dw_safe_text (dw_message_get_text (message), max_chars, max_lines, cut);
    }
}

/* Stores the part of a text that may be laid out. */
static char *
fit (const char *safe, gsize units, gboolean *cut)
{
  return dw_safe_text (safe, dw_label_fit (safe, units), G_MAXUINT, cut);
}

static void on_more_clicked (DwMessageRow *self);
static gboolean on_part_link (DwMessageRow *self, const char *href, const char *words);

static void
show_more (DwMessageRow *self, gboolean visible)
{
  if (self->more == NULL && visible)
    {
      self->more = g_object_new (GTK_TYPE_BUTTON, "halign", GTK_ALIGN_START, NULL);
      g_signal_connect_object (self->more, "clicked", G_CALLBACK (on_more_clicked), self, G_CONNECT_SWAPPED);
      gtk_box_append (GTK_BOX (self->bubble), self->more);
    }
  if (self->more == NULL)
    return;

  gtk_widget_set_visible (self->more, visible);
  if (self->shown_units < MOST_UNITS)
    gtk_button_set_label (GTK_BUTTON (self->more), _ ("Show More"));
  else
    gtk_button_set_label (GTK_BUTTON (self->more), _ ("Too Long to Show: Copy All"));
}

/* Whether it has quotations or code: then these are shown instead of the one label. */
static gboolean
show_parts (DwMessageRow *self, const char *safe, gboolean cut)
{
  g_autoptr (GPtrArray) parts = NULL;
  gboolean any = is_said (self) && dw_message_text_has_parts (safe);

  if (any)
    {
      parts = dw_message_text_split (safe, cut);
      any = parts->len > 1
            || (parts->len == 1 && ((DwMessagePart *) g_ptr_array_index (parts, 0))->kind != DW_MESSAGE_PART_WORDS);
    }
  if (any && self->parts == NULL)
    {
      self->parts = DW_MESSAGE_PARTS (dw_message_parts_new ());
      g_signal_connect_object (self->parts, "activate-link", G_CALLBACK (on_part_link), self, G_CONNECT_SWAPPED);
      gtk_box_prepend (GTK_BOX (self->bubble), GTK_WIDGET (self->parts));
    }
  if (any)
    {
      dw_message_parts_show (self->parts, parts);
      /* What it said before, and what was selected of that, is another message's. */
      dw_label_show_message (self->text, "");
    }
  else if (self->parts != NULL)
    {
      gtk_box_remove (GTK_BOX (self->bubble), GTK_WIDGET (self->parts));
      self->parts = NULL;
    }
  gtk_widget_set_visible (GTK_WIDGET (self->text), !any);
  return any;
}

/* The words that were looked for, in each label. */
static void
mark (DwMessageRow *self, GtkWidget *widget)
{
  if (GTK_IS_LABEL (widget))
    dw_label_mark (GTK_LABEL (widget), self->fold, self->words);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    mark (self, child);
}

/* What is laid out of the text. */
static char *
dup_shown (DwMessageRow *self, gboolean *cut)
{
  guint lines = SHOWN_LINES * (guint) (self->shown_units / SHOWN_UNITS);
  gboolean costly;
  g_autofree char *words = words_of (self->message, self->shown_units, lines, cut);
  g_autofree char *all = fit (words, self->shown_units, &costly);
  g_autofree char *start = fit (all, BRIEF_UNITS, &self->is_long);

  *cut = *cut || costly;
  /* Trailing spaces are invisible, and make GTK 4.8 measure a label's width inconsistently. */
  if (self->is_long && self->complete)
    return g_strchomp (g_steal_pointer (&all));
  return g_strchomp (g_steal_pointer (&start));
}

static void
show_text (DwMessageRow *self)
{
  gboolean cut;
  g_autofree char *shown = dup_shown (self, &cut);

  self->kind = dw_message_get_kind (self->message);
  self->waits = self->is_long && !self->complete;
  gtk_label_set_width_chars (self->text, g_utf8_strlen (shown, -1) >= SURELY_WIDE_CHARS ? LEAST_CHARS : -1);
  if (!show_parts (self, shown, cut || self->waits))
    {
      dw_label_show_message (self->text, shown);
      set_class (GTK_WIDGET (self->text), "emoji", is_said (self) && dw_message_text_is_emoji (shown));
    }
  mark (self, self->bubble);
  show_more (self, cut);
}

/**
 * dw_message_row_dup_copy:
 * @message: a line
 *
 * Returns: (transfer full): what is copied of it: a message's whole text, exactly as received
 */
char *
dw_message_row_dup_copy (DwMessage *message)
{
  DwMessageKind kind = dw_message_get_kind (message);
  gboolean cut;

  if (kind == DW_MESSAGE_THEIRS || kind == DW_MESSAGE_OWN)
    return g_strdup (dw_message_get_text (message));
  return words_of (message, DW_SAFE_TEXT_WHOLE, G_MAXUINT, &cut);
}

static void
on_copy (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwMessageRow *self = DW_MESSAGE_ROW (widget);
  g_autofree char *text = NULL;

  if (self->message == NULL)
    return;
  text = dw_message_row_dup_copy (self->message);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
}

/* All of that code, even where only its start is shown. */
static void
on_copy_code (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwMessageRow *self = DW_MESSAGE_ROW (widget);
  guint left = g_variant_get_uint32 (parameter);
  g_autofree char *whole = NULL;
  g_autoptr (GPtrArray) parts = NULL;

  if (self->message == NULL)
    return;
  whole = dw_safe_text (dw_message_get_text (self->message), DW_SAFE_TEXT_WHOLE, G_MAXUINT, NULL);
  parts = dw_message_text_split (whole, TRUE);
  for (guint i = 0; i < parts->len; i++)
    {
      const DwMessagePart *part = g_ptr_array_index (parts, i);

      if (part->kind == DW_MESSAGE_PART_CODE && left-- == 0)
        {
          gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), part->text);
          return;
        }
    }
}

/* A screen reader finds this among the row's actions. */
static void
on_menu (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_signal_emit (widget, signals[SIGNAL_MENU_WANTED], 0);
}

typedef struct
{
  GtkWindow *window;
  char *href;
} Opening;

static void
opening_free (gpointer data, GClosure *closure)
{
  Opening *opening = data;

  g_object_unref (opening->window);
  g_free (opening->href);
  g_free (opening);
}

static void
on_open_answered (GtkWidget *question, const char *answer, gpointer data)
{
  Opening *opening = data;

  if (g_str_equal (answer, "open"))
    gtk_show_uri (opening->window, opening->href, GDK_CURRENT_TIME);
}

static void
ask_to_open (GtkWindow *window, const char *href)
{
  /* Translators: %s is the address that will be opened. */
  g_autofree char *body = g_strdup_printf (
      _ ("The link contained a username, which can make it look like another site. It opens:\n%s"), href);
  GtkWidget *question = dw_question_new (_ ("Open This Link?"), body, "cancel", _ ("_Cancel"));
  Opening *opening = g_new (Opening, 1);

  *opening = (Opening){ g_object_ref (window), g_strdup (href) };
  dw_question_add (question, "open", _ ("_Open"));
  g_signal_connect_data (question, "response", G_CALLBACK (on_open_answered), opening, opening_free, 0);
  dw_question_ask (question, GTK_WIDGET (window));
}

/* @words are exactly what is shown: in a longer text the same link may end elsewhere, or come after too many others. */
static gboolean
on_part_link (DwMessageRow *self, const char *href, const char *words)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (!GTK_IS_WINDOW (root) || !dw_label_asks (words, href))
    return FALSE;
  ask_to_open (GTK_WINDOW (root), href);
  return TRUE;
}

static gboolean
on_link (DwMessageRow *self, const char *href)
{
  gboolean cut;
  g_autofree char *shown = dup_shown (self, &cut);

  return on_part_link (self, href, shown);
}

static void
on_more_clicked (DwMessageRow *self)
{
  if (self->shown_units >= MOST_UNITS)
    {
      on_copy (GTK_WIDGET (self), NULL, NULL);
      return;
    }
  self->shown_units += SHOWN_UNITS;
  self->complete = TRUE;
  show_text (self);
}

static void
show_check (DwMessageRow *self)
{
  gboolean visible =
      self->selection != NULL && self->message != NULL && (is_said (self) || is_kind (self, DW_MESSAGE_NOTICE));
  gboolean selected = visible && dw_message_selection_has (self->selection, self->message);
  GtkWidget *item = gtk_widget_get_parent (GTK_WIDGET (self));

  if (self->check == NULL && visible)
    {
      /* The row takes the clicks and the keys. */
      self->check = g_object_new (GTK_TYPE_CHECK_BUTTON, "can-target", FALSE, "can-focus", FALSE, "valign",
                                  GTK_ALIGN_CENTER, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
      gtk_widget_set_parent (self->check, GTK_WIDGET (self));
    }
  if (self->check == NULL)
    return;

  gtk_widget_set_visible (self->check, visible);
  gtk_check_button_set_active (GTK_CHECK_BUTTON (self->check), selected);
  if (item != NULL && visible)
    gtk_accessible_update_state (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_STATE_SELECTED, selected, -1);
  else if (item != NULL)
    gtk_accessible_reset_state (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_STATE_SELECTED);
}

static void
on_message_changed (DwMessageRow *self)
{
  if (self->message == NULL)
    return;
  if (self->kind != dw_message_get_kind (self->message))
    show_text (self);
  look_for_name (self);
  show_kind (self);
  g_signal_emit (self, signals[SIGNAL_LABEL_CHANGED], 0);
}

static void
dw_message_row_dispose (GObject *object)
{
  DwMessageRow *self = DW_MESSAGE_ROW (object);

  dw_message_row_set_selection (self, NULL);
  g_clear_object (&self->changes);
  g_clear_object (&self->message);
  g_clear_pointer (&self->own_name, g_free);
  g_clear_pointer (&self->words, g_ptr_array_unref);
  g_clear_pointer (&self->body, gtk_widget_unparent);
  g_clear_pointer (&self->divider, gtk_widget_unparent);
  g_clear_pointer (&self->check, gtk_widget_unparent);
  G_OBJECT_CLASS (dw_message_row_parent_class)->dispose (object);
}

static void
dw_message_row_class_init (DwMessageRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_message_row_dispose;
  widget_class->get_request_mode = dw_message_row_get_request_mode;
  widget_class->measure = dw_message_row_measure;
  widget_class->size_allocate = dw_message_row_size_allocate;

  /**
   * DwMessageRow::label-changed:
   *
   * Emitted when the result of dw_message_row_dup_label() has changed.
   */
  signals[SIGNAL_LABEL_CHANGED] = g_signal_new ("label-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                                NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * DwMessageRow::menu-wanted:
   *
   * The menu of its message is to be opened.
   */
  signals[SIGNAL_MENU_WANTED] = g_signal_new ("menu-wanted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                              NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (DW_TYPE_MESSAGE_LAYOUT);
  g_type_ensure (DW_TYPE_SIDE_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-message-row.ui");
  gtk_widget_class_bind_template_child (widget_class, DwMessageRow, body);
  gtk_widget_class_bind_template_child (widget_class, DwMessageRow, column);
  gtk_widget_class_bind_template_child (widget_class, DwMessageRow, layout);
  gtk_widget_class_bind_template_child (widget_class, DwMessageRow, bubble);
  gtk_widget_class_bind_template_child (widget_class, DwMessageRow, text);
  gtk_widget_class_bind_template_child (widget_class, DwMessageRow, meta_box);
  gtk_widget_class_bind_template_child (widget_class, DwMessageRow, meta);
  gtk_widget_class_bind_template_callback (widget_class, on_link);
  gtk_widget_class_install_action (widget_class, "message.copy", NULL, on_copy);
  gtk_widget_class_install_action (widget_class, "message.copy-code", "u", on_copy_code);
  gtk_widget_class_install_action (widget_class, "message.menu", NULL, on_menu);
}

static void
dw_message_row_init (DwMessageRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  dw_message_layout_set_parts (self->layout, self->bubble, self->meta_box);
  self->changes = g_signal_group_new (DW_TYPE_MESSAGE);
  g_signal_group_connect_swapped (self->changes, "notify", G_CALLBACK (on_message_changed), self);
}

/**
 * dw_message_row_new:
 *
 * Returns: (transfer full): an empty row
 */
GtkWidget *
dw_message_row_new (void)
{
  return g_object_new (DW_TYPE_MESSAGE_ROW, NULL);
}

/**
 * dw_message_row_set_message:
 * @self: a row
 * @message: (nullable): what it shows, or %NULL when it is recycled
 */
void
dw_message_row_set_message (DwMessageRow *self, DwMessage *message)
{
  if (!g_set_object (&self->message, message))
    return;
  g_signal_group_set_target (self->changes, message);
  if (message == NULL)
    return;
  self->shown_units = SHOWN_UNITS;
  self->complete = FALSE;
  show_text (self);
  look_for_name (self);
  show_kind (self);
}

/**
 * dw_message_row_set_selection:
 * @self: a row
 * @selection: (nullable): what a person selects from, or %NULL while they do not
 *
 * Shows whether the message is selected.
 */
void
dw_message_row_set_selection (DwMessageRow *self, DwMessageSelection *selection)
{
  if (self->selection != NULL)
    g_clear_signal_handler (&self->selection_changed, self->selection);
  g_set_object (&self->selection, selection);
  if (selection != NULL)
    self->selection_changed =
        g_signal_connect_object (selection, "changed", G_CALLBACK (show_check), self, G_CONNECT_SWAPPED);
  show_check (self);
}

/**
 * dw_message_row_waits:
 * @self: a row
 *
 * Returns: whether it shows only the start of a message so far
 */
gboolean
dw_message_row_waits (DwMessageRow *self)
{
  return self->message != NULL && self->waits;
}

/**
 * dw_message_row_complete:
 * @self: a row that waits
 *
 * Lays out the rest, up to “Show More”.
 */
void
dw_message_row_complete (DwMessageRow *self)
{
  self->complete = TRUE;
  show_text (self);
}

/**
 * dw_message_row_show_times:
 * @self: a row
 *
 * Shows times and days anew: it is another day, or another time zone.
 */
void
dw_message_row_show_times (DwMessageRow *self)
{
  if (self->message == NULL)
    return;
  if (is_kind (self, DW_MESSAGE_DAY) || is_kind (self, DW_MESSAGE_GAP))
    show_text (self);
  show_meta (self);
  g_signal_emit (self, signals[SIGNAL_LABEL_CHANGED], 0);
}

/**
 * dw_message_row_set_own_name:
 * @self: a row
 * @own_name: (nullable): what the person is called; a message that has it is marked
 */
void
dw_message_row_set_own_name (DwMessageRow *self, const char *own_name)
{
  if (g_strcmp0 (self->own_name, own_name) == 0)
    return;
  g_free (self->own_name);
  self->own_name = g_strdup (own_name);
  on_message_changed (self);
}

/**
 * dw_message_row_get_message:
 * @self: a row
 *
 * Returns: (transfer none) (nullable): what it shows
 */
DwMessage *
dw_message_row_get_message (DwMessageRow *self)
{
  return self->message;
}

/**
 * dw_message_row_get_bubble:
 * @self: a row
 *
 * Returns: (transfer none): what stands around its text
 */
GtkWidget *
dw_message_row_get_bubble (DwMessageRow *self)
{
  return self->bubble;
}

/* What is selected in a widget's labels, or NULL. */
static char *
dup_selected (GtkWidget *widget)
{
  int start, end;

  if (GTK_IS_LABEL (widget) && gtk_label_get_selection_bounds (GTK_LABEL (widget), &start, &end))
    return g_utf8_substring (gtk_label_get_text (GTK_LABEL (widget)), start, end);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      char *selected = dup_selected (child);

      if (selected != NULL)
        return selected;
    }
  return NULL;
}

/**
 * dw_message_row_dup_selected:
 * @self: a row
 *
 * Returns: (transfer full) (nullable): the part of its text that is selected, or %NULL for none
 */
char *
dw_message_row_dup_selected (DwMessageRow *self)
{
  return dup_selected (self->bubble);
}

/**
 * dw_message_row_mark:
 * @self: a row
 * @fold: what folds; outlives the row
 * @words: (element-type utf8) (nullable): words that were looked for and found in this message, or %NULL
 *
 * Marks these words.
 */
void
dw_message_row_mark (DwMessageRow *self, DwFold *fold, GPtrArray *words)
{
  if (self->words == words)
    return;
  g_clear_pointer (&self->words, g_ptr_array_unref);
  self->fold = fold;
  self->words = words != NULL ? g_ptr_array_ref (words) : NULL;
  if (self->message == NULL)
    return;
  /* Attributes that a label had once stay in its markup's (GTK 4.8, measured), so that is set anew: another one, or nothing
   * would be done. */
  gtk_label_set_label (self->text, "");
  show_text (self);
}

/**
 * dw_message_row_get_place:
 * @self: a row
 *
 * Returns: the place of the line it shows, or 0
 */
gint64
dw_message_row_get_place (DwMessageRow *self)
{
  return self->message != NULL ? dw_message_get_place (self->message) : 0;
}

/**
 * dw_message_row_find_item:
 * @list: a list view of rows
 * @place: a place
 *
 * Returns: (transfer none) (nullable): the item of the list in which a row shows that place
 */
GtkWidget *
dw_message_row_find_item (GtkWidget *list, gint64 place)
{
  for (GtkWidget *item = gtk_widget_get_first_child (list); item != NULL; item = gtk_widget_get_next_sibling (item))
    {
      GtkWidget *row = gtk_widget_get_first_child (item);

      if (DW_IS_MESSAGE_ROW (row) && dw_message_row_get_place (DW_MESSAGE_ROW (row)) == place)
        return item;
    }
  return NULL;
}

/**
 * dw_message_row_dup_label:
 * @self: a row with a message
 *
 * Returns: (transfer full): sender, text, time and delivery state, for a screen reader
 */
char *
dw_message_row_dup_label (DwMessageRow *self)
{
  g_autofree char *name = name_of (self->message);
  gboolean cut;
  g_autofree char *text = words_of (self->message, LABEL_CHARS, G_MAXUINT, &cut);
  g_autofree char *time = dw_time_text_clock (dw_message_get_time (self->message));
  const char *word = word_of (shown_delivery (self->message));

  if (!is_said (self) && !is_kind (self, DW_MESSAGE_NOTICE))
    return g_steal_pointer (&text);
  if (self->mentions)
    /* Translators: a message with one’s own name, for a screen reader: sender, text, time. */
    return g_strdup_printf (_ ("%1$s mentions you: %2$s, %3$s"), name, text, time);
  if (word == NULL)
    /* Translators: a message for a screen reader: sender, text, time. */
    return g_strdup_printf (_ ("%1$s: %2$s, %3$s"), name, text, time);
  /* Translators: a message for a screen reader: sender, text, time, delivery state. */
  return g_strdup_printf (_ ("%1$s: %2$s, %3$s, %4$s"), name, text, time, word);
}
