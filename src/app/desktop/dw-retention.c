/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-retention.h"

#include "client/connection/dw-boot-clock.h"
#include "client/store/dw-calendar.h"

/* Deletes history that is older than the user chose to keep, by a calendar that a wrong clock does not move. */
struct _DwRetention
{
  GObject parent_instance;

  DwChatList *chats;
  GSettings *settings; /* or NULL */
  guint timer;
};

G_DEFINE_FINAL_TYPE (DwRetention, dw_retention, G_TYPE_OBJECT)

/* Old history is deleted a while after the start, when the disk is not busy, and then a few times a day: the timer
 * stops while the computer sleeps. */
#define FIRST_SECONDS 10
#define SECONDS (6 * 3600)

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

static char *
dup_boot (void)
{
  char *boot = NULL;

  if (!g_file_get_contents ("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL))
    return g_strdup ("");
  return g_strstrip (boot);
}

/* Reads the clock, and saves the calendar for the next start. */
static void
look (DwRetention *self, DwCalendar *calendar, gint64 now)
{
  g_autoptr (GVariant) kept = g_settings_get_value (self->settings, "calendar");
  g_autofree char *boot = dup_boot ();

  dw_calendar_from_variant (calendar, kept);
  dw_calendar_look (calendar, now, boot, dw_boot_clock_now ());
  g_settings_set_value (self->settings, "calendar", dw_calendar_to_variant (calendar));
}

static void
expire (DwRetention *self)
{
  gint64 age = oldest_to_keep (self->settings);
  gint64 now = g_get_real_time ();
  DwCalendar calendar;

  if (self->settings == NULL)
    return;

  /* Even if everything is kept, so that after a change of the setting the calendar does not need days to begin. */
  look (self, &calendar, now);
  if (age > 0)
    dw_chat_list_expire (self->chats, &(DwStoreExpiry){ .before = calendar.believed - age,
                                                        .now = now,
                                                        .epoch = DW_CALENDAR_EPOCH,
                                                        .since = calendar.set });
}

static gboolean
on_timer (gpointer data)
{
  DwRetention *self = data;

  expire (self);
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
    dw_chat_list_expire (
        chats, &(DwStoreExpiry){ .before = G_MAXINT64, .now = G_MAXINT64, .epoch = G_MININT64, .since = 0 });
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
