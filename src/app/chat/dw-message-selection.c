/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message-selection.h"

#include "client/messages/dw-export.h"

/* Messages that a person has selected. It holds them, so they may leave the list meanwhile. */
struct _DwMessageSelection
{
  GObject parent_instance;

  GPtrArray *messages; /* of DwMessage; at most DW_MESSAGE_SELECTION_MOST and _BYTES */
  gsize bytes;
};

G_DEFINE_FINAL_TYPE (DwMessageSelection, dw_message_selection, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
dw_message_selection_finalize (GObject *object)
{
  g_ptr_array_unref (DW_MESSAGE_SELECTION (object)->messages);
  G_OBJECT_CLASS (dw_message_selection_parent_class)->finalize (object);
}

static void
dw_message_selection_class_init (DwMessageSelectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_message_selection_finalize;

  /**
   * DwMessageSelection::changed:
   *
   * Another message is selected, or one less.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
dw_message_selection_init (DwMessageSelection *self)
{
  self->messages = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * dw_message_selection_new:
 *
 * Returns: (transfer full): nothing yet
 */
DwMessageSelection *
dw_message_selection_new (void)
{
  return g_object_new (DW_TYPE_MESSAGE_SELECTION, NULL);
}

/* A line that is read again is another object. */
static gboolean
is_same (DwMessage *a, DwMessage *b)
{
  return a == b
         || (dw_message_get_place (a) == dw_message_get_place (b)
             && dw_message_get_time (a) == dw_message_get_time (b)
             && g_str_equal (dw_message_get_text (a), dw_message_get_text (b)));
}

static gboolean
find (DwMessageSelection *self, DwMessage *message, guint *index)
{
  for (*index = 0; *index < self->messages->len; ++*index)
    if (is_same (g_ptr_array_index (self->messages, *index), message))
      return TRUE;
  return FALSE;
}

/**
 * dw_message_selection_add:
 * @self: a selection
 * @message: a message
 *
 * Returns: whether it is selected now; not where there are too many, or where it is nobody's message
 */
gboolean
dw_message_selection_add (DwMessageSelection *self, DwMessage *message)
{
  gsize bytes = dw_record_get_size (dw_message_get_record (message));
  guint index;

  if (find (self, message, &index))
    return TRUE;
  if (dw_message_get_kind (message) > DW_MESSAGE_NOTICE || self->messages->len >= DW_MESSAGE_SELECTION_MOST
      || self->bytes + bytes > DW_MESSAGE_SELECTION_BYTES)
    return FALSE;

  g_ptr_array_add (self->messages, g_object_ref (message));
  self->bytes += bytes;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  return TRUE;
}

/**
 * dw_message_selection_toggle:
 * @self: a selection
 * @message: a message, which is selected or no longer
 *
 * Returns: as dw_message_selection_add(), and %TRUE if it was selected before
 */
gboolean
dw_message_selection_toggle (DwMessageSelection *self, DwMessage *message)
{
  guint index;

  if (!find (self, message, &index))
    return dw_message_selection_add (self, message);
  self->bytes -= dw_record_get_size (dw_message_get_record (g_ptr_array_index (self->messages, index)));
  g_ptr_array_remove_index (self->messages, index);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  return TRUE;
}

/**
 * dw_message_selection_drop:
 * @self: a selection
 * @message: a message that was deleted; it need not be selected
 */
void
dw_message_selection_drop (DwMessageSelection *self, DwMessage *message)
{
  if (dw_message_selection_has (self, message))
    dw_message_selection_toggle (self, message);
}

/**
 * dw_message_selection_has:
 * @self: a selection
 * @message: a message
 *
 * Returns: whether it is selected
 */
gboolean
dw_message_selection_has (DwMessageSelection *self, DwMessage *message)
{
  guint index;

  return find (self, message, &index);
}

/**
 * dw_message_selection_get_n:
 * @self: a selection
 *
 * Returns: how many are selected
 */
guint
dw_message_selection_get_n (DwMessageSelection *self)
{
  return self->messages->len;
}

static int
compare_places (gconstpointer a, gconstpointer b)
{
  gint64 place_a = dw_message_get_place (*(DwMessage *const *) a);
  gint64 place_b = dw_message_get_place (*(DwMessage *const *) b);

  return (place_a > place_b) - (place_a < place_b);
}

/**
 * dw_message_selection_dup_text:
 * @self: a selection
 *
 * Returns: (transfer full): one message as it was received; several as they are exported, the oldest first
 */
char *
dw_message_selection_dup_text (DwMessageSelection *self)
{
  GString *text;

  if (self->messages->len == 1)
    return g_strdup (dw_message_get_text (g_ptr_array_index (self->messages, 0)));
  text = g_string_new (NULL);
  g_ptr_array_sort (self->messages, compare_places);
  for (guint i = 0; i < self->messages->len; i++)
    {
      g_autofree char *line = dw_export_dup_text (dw_message_get_record (g_ptr_array_index (self->messages, i)));

      g_string_append (text, line);
    }
  return g_string_free (text, FALSE);
}
