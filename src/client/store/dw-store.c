/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-store.h"

#include "wire/dw-thread.h"

/**
 * SECTION:dw-store
 *
 * What is remembered: stages, conversations, drafts. The face of a thread that has an SQLite file to itself; what
 * is asked of it is answered in the caller's main context. The statements are in the rooms that own the tables:
 * dw-store-lines and dw-store-stages.
 */
struct _DwStore
{
  GObject parent_instance;

  DwStoreWorker *worker; /* or NULL once it is closed */
  DwPassing *passing;    /* what is kept of a store in memory, or NULL for a file */
  DwStoreTrouble trouble;
  char *kept_as;
  gboolean kept_newer;
  guint64 saved;         /* messages, of that file */
  guint64 copied;        /* messages that wait in a copy */
  DwStoreHolder *holder; /* or NULL where this process has the file */
};

G_DEFINE_FINAL_TYPE (DwStore, dw_store, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_TROUBLE,
  PROP_KEPT_AS,
  PROP_COPIED,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_REPLACED,
  SIGNAL_RECOVERED,
  SIGNAL_REARRANGED,
  SIGNAL_PASSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
dw_store_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_TROUBLE:
      g_value_set_uint (value, DW_STORE (object)->trouble);
      break;
    case PROP_KEPT_AS:
      g_value_set_string (value, DW_STORE (object)->kept_as);
      break;
    case PROP_COPIED:
      g_value_set_uint64 (value, DW_STORE (object)->copied);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
dw_store_dispose (GObject *object)
{
  dw_store_close (DW_STORE (object));
  g_clear_pointer (&DW_STORE (object)->kept_as, g_free);
  g_clear_pointer (&DW_STORE (object)->holder, dw_store_holder_free);
  g_clear_pointer (&DW_STORE (object)->passing, dw_passing_free);
  G_OBJECT_CLASS (dw_store_parent_class)->dispose (object);
}

static void
dw_store_class_init (DwStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = dw_store_get_property;
  object_class->dispose = dw_store_dispose;

  properties[PROP_TROUBLE] =
      g_param_spec_uint ("trouble", NULL, NULL, DW_STORE_FINE, DW_STORE_HELD, DW_STORE_FINE, flags);
  properties[PROP_KEPT_AS] = g_param_spec_string ("kept-as", NULL, NULL, NULL, flags);
  properties[PROP_COPIED] = g_param_spec_uint64 ("copied", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * DwStore::replaced:
   *
   * The file was damaged while it was in use, and a new one with what could be read of it has taken its place: whoever
   * knows something has to say it again.
   */
  signals[SIGNAL_REPLACED] =
      g_signal_new ("replaced", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * DwStore::recovered:
   *
   * The file could not be used so far, and can be now: what was read before was not what it holds.
   */
  signals[SIGNAL_RECOVERED] =
      g_signal_new ("recovered", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * DwStore::rearranged:
   *
   * Lines went, and others have taken their places.
   */
  signals[SIGNAL_REARRANGED] = g_signal_new ("rearranged", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                             NULL, NULL, G_TYPE_NONE, 0);
  /**
   * DwStore::passed:
   * @stage: a stage's number
   *
   * The oldest lines of its conversation went, since a store in memory does not keep everything; the others stay
   * where they are. dw_store_get_passing() knows the first that is left.
   */
  signals[SIGNAL_PASSED] = g_signal_new ("passed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
}

static void
dw_store_init (DwStore *self)
{
}

static void
on_news (const DwStoreNews *news, gpointer data)
{
  DwStore *self = data;

  if (news->kept_as != NULL)
    {
      g_free (self->kept_as);
      self->kept_as = g_strdup (news->kept_as);
      self->kept_newer = news->newer;
      self->saved = news->saved;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEPT_AS]);
    }
  if (news->copied > 0)
    {
      self->copied = news->copied;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COPIED]);
    }
  if (news->holder != NULL)
    {
      g_clear_pointer (&self->holder, dw_store_holder_free);
      self->holder = g_new (DwStoreHolder, 1);
      *self->holder = (DwStoreHolder){ news->holder->pid, g_strdup (news->holder->host) };
    }
  if (news->replaced)
    g_signal_emit (self, signals[SIGNAL_REPLACED], 0);
  if (news->recovered)
    g_signal_emit (self, signals[SIGNAL_RECOVERED], 0);
  if (news->trouble == self->trouble)
    return;
  self->trouble = news->trouble;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TROUBLE]);
}

/**
 * dw_store_new:
 * @path: (nullable): the file, made where it is missing with its folder, or %NULL for a store in memory
 *
 * Returns: (transfer full): a store; the file is opened by its thread
 */
DwStore *
dw_store_new (const char *path)
{
  return dw_store_new_paced (path, &DW_STORE_PACE);
}

/**
 * dw_store_new_paced:
 * @path: (nullable): as for dw_store_new()
 * @pace: how long it waits where the disk fails
 *
 * Returns: (transfer full): a store
 */
DwStore *
dw_store_new_paced (const char *path, const DwStorePace *pace)
{
  DwStore *self = g_object_new (DW_TYPE_STORE, NULL);

  self->worker = dw_store_worker_new (path, pace, on_news, self);
  if (path == NULL)
    self->passing = dw_passing_new ();
  return self;
}

/**
 * dw_store_dup_default_path:
 * @profile: (nullable): the profile
 *
 * Returns: (transfer full): where the profile's store is, in the XDG data folder, which a Flatpak has too
 */
char *
dw_store_dup_default_path (const char *profile)
{
  if (profile != NULL)
    return g_build_filename (g_get_user_data_dir (), "dynamowave-chat", "profiles", profile, DW_STORE_NAME, NULL);
  return g_build_filename (g_get_user_data_dir (), "dynamowave-chat", DW_STORE_NAME, NULL);
}

/**
 * dw_store_close:
 * @self: a store
 *
 * Writes what can be written within %DW_STORE_CLOSE_MS, and closes the file.
 */
void
dw_store_close (DwStore *self)
{
  DW_ASSERT_MAIN_THREAD ();

  g_clear_pointer (&self->worker, dw_store_worker_close);
}

/**
 * dw_store_get_trouble:
 * @self: a store
 *
 * Returns: why nothing is saved at the moment
 */
DwStoreTrouble
dw_store_get_trouble (DwStore *self)
{
  return self->trouble;
}

/**
 * dw_store_get_kept_as:
 * @self: a store
 * @newer: (out): whether that file was from a newer version, and not damaged
 *
 * Returns: (nullable): where a file that could not be used was put
 */
const char *
dw_store_get_kept_as (DwStore *self, gboolean *newer)
{
  *newer = self->kept_newer;
  return self->kept_as;
}

/**
 * dw_store_get_saved:
 * @self: a store
 *
 * Returns: how many messages could be read of the file that dw_store_get_kept_as() is about, and are in the new one
 */
guint64
dw_store_get_saved (DwStore *self)
{
  return self->saved;
}

/**
 * dw_store_get_copied:
 * @self: a store
 *
 * A file that was copied, or restored from a backup, has messages that the original may have sent since.
 *
 * Returns: how many waited in it when it was opened: each asks before it is sent. 0 where the file is no copy, or nothing
 *   waited
 */
guint64
dw_store_get_copied (DwStore *self)
{
  return self->copied;
}

/**
 * dw_store_get_holder:
 * @self: a store
 *
 * Returns: (nullable): for %DW_STORE_HELD, the process that has the file
 */
const DwStoreHolder *
dw_store_get_holder (DwStore *self)
{
  return self->holder;
}

/**
 * dw_store_run_async:
 * @self: a store
 * @job: (transfer full): what to do
 * @callback: (nullable): called when it is done; for a write also when that takes long
 * @data: for @callback
 *
 * Reads or writes, in the store's thread.
 *
 * Returns: for a write its number, for dw_store_get_written(), or 0 where it will never be written
 */
guint64
dw_store_run_async (DwStore *self, DwStoreJob *job, GAsyncReadyCallback callback, gpointer data)
{
  DW_ASSERT_MAIN_THREAD ();

  if (callback != NULL)
    {
      job->task = g_task_new (self, NULL, callback, data);
      g_task_set_source_tag (job->task, dw_store_run_async);
    }
  if (self->worker != NULL)
    return dw_store_worker_run (self->worker, job);

  if (job->task != NULL)
    g_task_return_new_error (job->task, G_IO_ERROR, G_IO_ERROR_CLOSED, "the store is closed");
  dw_store_job_free (job);
  return 0;
}

/**
 * dw_store_run_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %DW_CLIENT_ERROR_STORE_LATE where a write is not done yet, %DW_CLIENT_ERROR_STORE where it never will be;
 *   for a read all kinds of %DW_CLIENT_ERROR_STORE; %G_IO_ERROR_CLOSED once the store is closed
 *
 * Returns: (transfer full) (nullable): what a read found; for a write something that is not %NULL
 */
gpointer
dw_store_run_finish (DwStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * dw_store_get_written:
 * @self: a store
 *
 * Returns: the number of the newest write such that it and all before are done
 */
guint64
dw_store_get_written (DwStore *self)
{
  return self->worker != NULL ? dw_store_worker_get_written (self->worker) : G_MAXUINT64;
}

/**
 * dw_store_tell_rearranged:
 * @self: a store
 *
 * For whoever moved lines: emits ::rearranged.
 */
void
dw_store_tell_rearranged (DwStore *self)
{
  g_signal_emit (self, signals[SIGNAL_REARRANGED], 0);
}

/**
 * dw_store_get_passing:
 * @self: a store
 *
 * Returns: (transfer none) (nullable): what is kept of a store in memory, or %NULL for one in a file
 */
DwPassing *
dw_store_get_passing (DwStore *self)
{
  return self->passing;
}

/**
 * dw_store_tell_passed:
 * @self: a store in memory
 * @stage: a stage's number
 *
 * For whoever dropped its oldest lines: emits ::passed.
 */
void
dw_store_tell_passed (DwStore *self, gint64 stage)
{
  g_signal_emit (self, signals[SIGNAL_PASSED], 0, stage);
}
