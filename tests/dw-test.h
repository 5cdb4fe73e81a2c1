/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Every wait in a test ends here at the latest, in milliseconds. */
#define DW_TEST_DEADLINE_MS 20000

typedef gboolean (*DwTestCheck) (gpointer data);

char *dw_test_make_folder (void);
void dw_test_init (int *argc, char ***argv);
void dw_test_until (const char *what, DwTestCheck check, gpointer data);
void dw_test_run_for (guint milliseconds);
void dw_test_finalize (gpointer object);

G_END_DECLS
