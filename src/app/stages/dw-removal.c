/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-removal.h"

#include "app/text/dw-label.h"

#include "wire/dw-safe-text.h"

#include <glib/gi18n.h>

/* A removed stage, for as long as the removal can be undone. */
struct _DwRemoval
{
  GObject parent_instance;

  DwChatList *chats;
  DwStage *stage;
  guint position;
};

G_DEFINE_FINAL_TYPE (DwRemoval, dw_removal, G_TYPE_OBJECT)

enum
{
  SIGNAL_UNDONE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
dw_removal_finalize (GObject *object)
{
  DwRemoval *self = DW_REMOVAL (object);

  g_object_unref (self->chats);
  g_object_unref (self->stage);
  G_OBJECT_CLASS (dw_removal_parent_class)->finalize (object);
}

static void
dw_removal_class_init (DwRemovalClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_removal_finalize;

  /**
   * DwRemoval::undone:
   * @stage: the #DwStage, which is back
   */
  signals[SIGNAL_UNDONE] = g_signal_new ("undone", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, DW_TYPE_STAGE);
}

static void
dw_removal_init (DwRemoval *self)
{
}

/**
 * dw_removal_new:
 * @chats: the stages
 * @chat: one of them
 *
 * Removes a stage.
 *
 * Returns: (transfer full): an object that can undo it
 */
DwRemoval *
dw_removal_new (DwChatList *chats, DwChat *chat)
{
  DwRemoval *self = g_object_new (DW_TYPE_REMOVAL, NULL);

  self->chats = g_object_ref (chats);
  self->stage = g_object_ref (dw_chat_get_stage (chat));
  dw_chat_list_get_position (chats, chat, &self->position);
  dw_chat_list_remove (chats, chat);
  return self;
}

static void
on_undo (DwRemoval *self)
{
  dw_chat_list_restore (self->chats, self->stage, self->position);
  g_signal_emit (self, signals[SIGNAL_UNDONE], 0, self->stage);
}

/* After an undo there is nothing left to delete. */
static void
on_dismissed (DwRemoval *self)
{
  dw_chat_list_forget (self->chats, self->stage);
}

static void
on_toast_gone (gpointer data, GClosure *closure)
{
  g_object_unref (data);
}

/**
 * dw_removal_make_toast:
 * @self: a removal
 *
 * The stage's history and secret are deleted when the toast is dismissed.
 *
 * Returns: (transfer full): a toast with an Undo button
 */
AdwToast *
dw_removal_make_toast (DwRemoval *self)
{
  g_autofree char *name = dw_stage_dup_name (self->stage);
  g_autofree char *safe = dw_safe_name (name);
  /* Translators: %s is a stage's name. */
  g_autofree char *title = g_strdup_printf (_ ("“%s” removed"), safe);
  AdwToast *toast = dw_label_new_toast (title);

  adw_toast_set_button_label (toast, _ ("Undo"));
  adw_toast_set_timeout (toast, DW_REMOVAL_SECONDS);
  g_signal_connect_data (toast, "button-clicked", G_CALLBACK (on_undo), g_object_ref (self), on_toast_gone,
                         G_CONNECT_SWAPPED);
  g_signal_connect_data (toast, "dismissed", G_CALLBACK (on_dismissed), g_object_ref (self), on_toast_gone,
                         G_CONNECT_SWAPPED);
  return toast;
}
