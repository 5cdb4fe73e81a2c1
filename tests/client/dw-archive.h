/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/store/dw-store-lines.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* A store in a file of its own. */
typedef struct
{
  char *folder;
  char *path;
  DwStore *store;
  guint64 serial; /* of the latest write by add_later() */
} Archive;

void archive_init (Archive *archive);
void archive_reopen (Archive *archive);
void archive_clear (Archive *archive);
void on_done (GObject *source, GAsyncResult *result, gpointer data);
GAsyncResult *await (GAsyncResult **result);
DwRecord *record_new (gint64 place, DwMessageKind kind, const char *text);
GPtrArray *records_new (void);
void add_records (Archive *archive, gint64 stage, GPtrArray *records);
void add_text (Archive *archive, gint64 stage, gint64 place, const char *text);
void add_later (Archive *archive, gint64 place, DwMessageKind kind, const char *text);
GPtrArray *read_records (Archive *archive, gint64 stage, gint64 first, gint64 last);
guint count_records (Archive *archive, gint64 stage);
void until_written (Archive *archive);
void run_outside (Archive *archive, const char *sql);
char *ask_outside (Archive *archive, const char *sql);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Archive, archive_clear)

G_END_DECLS
