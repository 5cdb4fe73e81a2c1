/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-retention.h"

/* Deletes history that is older than the person chose to keep. */
struct _DwRetention
{
  GObject parent_instance;

  DwChatList *chats;
  GSettings *settings; /* or NULL */
  guint timer;
};

G_DEFINE_FINAL_TYPE (DwRetention, dw_retention, G_TYPE_OBJECT)

/* Old history is deleted a while after the start, when nobody waits for the disk, and then once a day. */
#define FIRST_SECONDS 10
#define SECONDS (24 * 3600)

static void
dw_retention_dispose (GObject *object)
{
  g_clear_handle_id (&DW_RETENTION (object)->timer, g_source_remove);
  g_clear_object (&DW_RETENTION (object)->chats);
  g_clear_object (&DW_RETENTION (object)->settings);
  G_OBJECT_CLASS (dw_retention_parent_class)->dispose (object);
}

static void
dw_retention_class_init (DwRetentionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_retention_dispose;
}

static void
dw_retention_init (DwRetention *self)
{
}

/* The age beyond which history is deleted, in microseconds; 0 if nothing is kept after the program ends, -1 to keep
 * everything. */
static gint64
oldest_to_keep (GSettings *settings)
{
  static const gint64 ages[] = { -1, 365 * G_TIME_SPAN_DAY, 31 * G_TIME_SPAN_DAY, 7 * G_TIME_SPAN_DAY, 0 };
  int index = settings != NULL ? g_settings_get_enum (settings, "retention") : 0;

  return ages[CLAMP (index, 0, (int) G_N_ELEMENTS (ages) - 1)];
}

static gboolean
on_timer (gpointer data)
{
  DwRetention *self = data;
  gint64 age = oldest_to_keep (self->settings);

  if (age > 0)
    dw_chat_list_expire (self->chats, g_get_real_time () - age);
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = g_timeout_add_seconds (SECONDS, on_timer, self);
  return G_SOURCE_REMOVE;
}

/**
 * dw_retention_new:
 * @chats: the chats whose history it deletes
 * @settings: (nullable): the profile's settings
 *
 * Returns: (transfer full): an object that deletes old history from now on
 */
DwRetention *
dw_retention_new (DwChatList *chats, GSettings *settings)
{
  DwRetention *self = g_object_new (DW_TYPE_RETENTION, NULL);

  self->chats = g_object_ref (chats);
  g_set_object (&self->settings, settings);
  /* Delete what was kept under an earlier setting. */
  if (dw_retention_is_none (settings))
    dw_chat_list_expire (chats, G_MAXINT64);
  self->timer = g_timeout_add_seconds (FIRST_SECONDS, on_timer, self);
  if (settings != NULL)
    g_signal_connect_object (settings, "changed::retention", G_CALLBACK (on_timer), self, G_CONNECT_SWAPPED);
  return self;
}

/**
 * dw_retention_is_none:
 * @settings: (nullable): the profile's settings
 *
 * Returns: whether history is deleted when the program ends
 */
gboolean
dw_retention_is_none (GSettings *settings)
{
  return oldest_to_keep (settings) == 0;
}
