/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-secrets.h"

#include "dw-access.h"
#include "dw-keyring.h"

#include "wire/dw-thread.h"

/**
 * SECTION:dw-secrets
 *
 * What is secret of the stages, and whether the keyring has it: a stage's property “secret” says so. The keyring does
 * one thing at a time for a stage, and the last that was wanted comes last: a token that is taken back while it is
 * being stored is not stored after all.
 */
typedef enum
{
  JOB_NONE,
  JOB_ASK,
  JOB_KEEP,
  JOB_FORGET,
} Job;

typedef struct
{
  DwSecrets *secrets; /* a reference, while the keyring works */
  DwStage *stage;     /* (unowned): it is the key */
  Job running;
  Job next;       /* the last one wanted meanwhile, or none; it replaces what was wanted before it */
  guint patience; /* until it is said that the keyring has not taken it yet */
} Queue;

struct _DwSecrets
{
  GObject parent_instance;

  GHashTable *queues; /* of Queue, by DwStage: those for which the keyring works now */
  GHashTable *left;   /* of DwStage: those whose secret it would not forget */
};

G_DEFINE_FINAL_TYPE (DwSecrets, dw_secrets, G_TYPE_OBJECT)

enum
{
  SIGNAL_NOT_FORGOTTEN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void run (DwStage *stage, Queue *queue);

static void
dw_secrets_finalize (GObject *object)
{
  /* Whatever runs holds a reference, so it is empty. */
  g_hash_table_unref (DW_SECRETS (object)->queues);
  g_hash_table_unref (DW_SECRETS (object)->left);
  G_OBJECT_CLASS (dw_secrets_parent_class)->finalize (object);
}

static void
dw_secrets_class_init (DwSecretsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_secrets_finalize;

  /**
   * DwSecrets::not-forgotten:
   * @stage: the #DwStage
   *
   * The keyring was to forget what is secret of a stage, and still has it. dw_secrets_forget_again() asks again.
   */
  signals[SIGNAL_NOT_FORGOTTEN] = g_signal_new ("not-forgotten", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                                NULL, NULL, NULL, G_TYPE_NONE, 1, DW_TYPE_STAGE);
}

static void
queue_free (gpointer data)
{
  Queue *queue = data;

  g_clear_handle_id (&queue->patience, g_source_remove);
  g_free (queue);
}

static void
dw_secrets_init (DwSecrets *self)
{
  self->queues = g_hash_table_new_full (g_direct_hash, g_direct_equal, g_object_unref, queue_free);
  self->left = g_hash_table_new_full (g_direct_hash, g_direct_equal, g_object_unref, NULL);
}

/**
 * dw_secrets_new:
 *
 * Returns: (transfer full): the secrets of a list of stages
 */
DwSecrets *
dw_secrets_new (void)
{
  return g_object_new (DW_TYPE_SECRETS, NULL);
}

static void
run_next (DwStage *stage, Queue *queue)
{
  g_autoptr (DwSecrets) self = queue->secrets;

  if (queue->next == JOB_NONE)
    {
      g_hash_table_remove (self->queues, stage);
      return;
    }
  queue->secrets = g_steal_pointer (&self);
  queue->running = queue->next;
  queue->next = JOB_NONE;
  run (stage, queue);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  DwStage *stage = DW_STAGE (source);
  Queue *queue = data;

  /* The person may have entered it meanwhile: then what the keyring has is not looked at. */
  if (dw_stage_get_secret (stage) == DW_STAGE_SECRET_ASKED)
    {
      gboolean found = dw_keyring_load_finish (stage, result, NULL);

      dw_stage_set_secret (stage, found ? DW_STAGE_SECRET_KNOWN : DW_STAGE_SECRET_MISSING);
    }
  run_next (stage, queue);
}

static void
on_kept (GObject *source, GAsyncResult *result, gpointer data)
{
  DwStage *stage = DW_STAGE (source);
  Queue *queue = data;
  gboolean kept = dw_keyring_save_finish (stage, result, NULL);

  if (queue->next == JOB_NONE)
    dw_stage_set_secret (stage, kept ? DW_STAGE_SECRET_KNOWN : DW_STAGE_SECRET_SESSION);
  run_next (stage, queue);
}

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer data)
{
  DwStage *stage = DW_STAGE (source);
  Queue *queue = data;
  g_autoptr (DwSecrets) self = g_object_ref (queue->secrets);
  gboolean forgotten = dw_keyring_forget_finish (stage, result, NULL);
  /* What is wanted by now is more than what it would not forget. */
  gboolean is_left = !forgotten && queue->next == JOB_NONE;
  g_autoptr (DwStage) keep = g_object_ref (stage);

  run_next (stage, queue);
  if (!is_left)
    return;
  g_hash_table_add (self->left, g_object_ref (stage));
  g_signal_emit (self, signals[SIGNAL_NOT_FORGOTTEN], 0, keep);
}

static void
run (DwStage *stage, Queue *queue)
{
  switch (queue->running)
    {
    case JOB_ASK:
      dw_keyring_load_async (stage, on_answered, queue);
      break;
    case JOB_KEEP:
      dw_keyring_save_async (stage, on_kept, queue);
      break;
    case JOB_FORGET:
      dw_keyring_forget_async (stage, on_forgotten, queue);
      break;
    case JOB_NONE:
    default:
      g_assert_not_reached ();
    }
}

static void
add_job (DwSecrets *self, DwStage *stage, Job job)
{
  Queue *queue = g_hash_table_lookup (self->queues, stage);

  DW_ASSERT_MAIN_THREAD ();

  if (queue != NULL)
    {
      queue->next = job;
      return;
    }
  queue = g_new0 (Queue, 1);
  queue->secrets = g_object_ref (self);
  queue->stage = stage;
  queue->running = job;
  g_hash_table_insert (self->queues, g_object_ref (stage), queue);
  run (stage, queue);
}

/* A keyring can ask the person for as long as they let it, and its question can be hidden, or never come. */
static gboolean
on_patience (gpointer data)
{
  Queue *queue = data;

  queue->patience = 0;
  if ((queue->running == JOB_KEEP || queue->next == JOB_KEEP)
      && dw_stage_get_secret (queue->stage) == DW_STAGE_SECRET_KNOWN)
    dw_stage_set_secret (queue->stage, DW_STAGE_SECRET_SESSION);
  return G_SOURCE_REMOVE;
}

static void
begin_patience (DwSecrets *self, DwStage *stage)
{
  Queue *queue = g_hash_table_lookup (self->queues, stage);

  if (queue == NULL)
    return;
  g_clear_handle_id (&queue->patience, g_source_remove);
  queue->patience = g_timeout_add (DW_SECRETS_PATIENCE_MS, on_patience, queue);
}

/**
 * dw_secrets_ask:
 * @self: the secrets
 * @stage: a stage whose secret is not here
 *
 * Asks the keyring for it; the stage's property “secret” changes when the answer is there, which can take as long as a
 * person takes to unlock a keyring.
 */
void
dw_secrets_ask (DwSecrets *self, DwStage *stage)
{
  if (!dw_stage_lacks_secret (stage))
    return;
  dw_stage_set_secret (stage, DW_STAGE_SECRET_ASKED);
  add_job (self, stage, JOB_ASK);
}

/**
 * dw_secrets_keep:
 * @self: the secrets
 * @stage: a stage whose addresses, headers or subprotocols were set
 *
 * Gives what is secret to the keyring, or has it forget what is gone. Where there is no keyring, or it does not take it,
 * the secret is kept until the program ends, and the stage's property “secret” says so: at once where the keyring refuses,
 * and after %DW_SECRETS_PATIENCE_MS where it does not answer.
 */
void
dw_secrets_keep (DwSecrets *self, DwStage *stage)
{
  if (dw_access_is_wanted (stage))
    {
      dw_stage_set_secret (stage, DW_STAGE_SECRET_KNOWN);
      g_hash_table_remove (self->left, stage);
      add_job (self, stage, JOB_KEEP);
      begin_patience (self, stage);
    }
  /* What the keyring did not give, the person did not take away. */
  else if (dw_stage_get_secret (stage) != DW_STAGE_SECRET_NONE && !dw_stage_lacks_secret (stage))
    {
      dw_stage_set_secret (stage, DW_STAGE_SECRET_NONE);
      add_job (self, stage, JOB_FORGET);
    }
}

/**
 * dw_secrets_forget:
 * @self: the secrets
 * @stage: a stage that is no more
 *
 * Has the keyring forget what is secret of it.
 */
void
dw_secrets_forget (DwSecrets *self, DwStage *stage)
{
  if (dw_stage_get_secret (stage) != DW_STAGE_SECRET_NONE)
    add_job (self, stage, JOB_FORGET);
}

/**
 * dw_secrets_forget_again:
 * @self: the secrets
 *
 * Asks the keyring once more to forget what it would not.
 */
void
dw_secrets_forget_again (DwSecrets *self)
{
  GHashTableIter iter;
  gpointer stage;
  g_autoptr (GHashTable) left = g_steal_pointer (&self->left);

  self->left = g_hash_table_new_full (g_direct_hash, g_direct_equal, g_object_unref, NULL);
  g_hash_table_iter_init (&iter, left);
  while (g_hash_table_iter_next (&iter, &stage, NULL))
    add_job (self, stage, JOB_FORGET);
}

/**
 * dw_secrets_forget_sync:
 * @self: the secrets
 * @stage: a stage that is no more
 *
 * As dw_secrets_forget(), for a program that is about to end: it returns when it is forgotten, or after
 * %DW_KEYRING_LAST_MS.
 */
void
dw_secrets_forget_sync (DwSecrets *self, DwStage *stage)
{
  if (dw_stage_get_secret (stage) != DW_STAGE_SECRET_NONE)
    dw_keyring_forget_sync (stage);
}

/**
 * dw_secrets_close:
 * @self: the secrets
 *
 * The program is about to end: what the keyring still has to forget it forgets now, within %DW_KEYRING_LAST_MS for
 * each.
 */
void
dw_secrets_close (DwSecrets *self)
{
  GHashTableIter iter;
  gpointer stage, value;

  g_hash_table_iter_init (&iter, self->queues);
  while (g_hash_table_iter_next (&iter, &stage, &value))
    {
      Queue *queue = value;

      if (queue->next == JOB_FORGET || (queue->next == JOB_NONE && queue->running == JOB_FORGET))
        dw_keyring_forget_sync (stage);
    }
}
