/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The longest that any wait in a test may take, in milliseconds. */
#define DW_TEST_DEADLINE_MS 60000

typedef gboolean (*DwTestCheck) (gpointer data);

/* The time zone of the process, which a test changes with g_setenv() for as long as this lives. */
typedef struct
{
  char *before;
} DwTestZone;

DwTestZone dw_test_zone_keep (void);
void dw_test_zone_restore (DwTestZone *zone);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwTestZone, dw_test_zone_restore)

char *dw_test_make_folder (void);
void dw_test_init (int *argc, char ***argv);
/* Runs the main loop until the condition is true. If that takes too long, the failure names @what. */
#define DW_TEST_WAIT(what, condition)                                                                              \
  for (gint64 wait_began = g_get_monotonic_time (); !(condition); dw_test_turn (what, wait_began))

void dw_test_turn (const char *what, gint64 began);
void dw_test_until (const char *what, DwTestCheck check, gpointer data);
void dw_test_run_for (guint milliseconds);
void dw_test_finalize (gpointer object);

G_END_DECLS
