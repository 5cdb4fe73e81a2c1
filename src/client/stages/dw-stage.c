/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage.h"

#include "dw-stage-name.h"

#include "wire/dw-safe-text.h"

struct _DwStage
{
  GObject parent_instance;

  char *name;      /* or NULL: made from the address */
  GPtrArray *urls; /* of DwStageUrl, the primary first; 1 to DW_STAGE_URLS */
  DwDialect *dialect;
  char *own_name; /* or NULL */
  char **protocols;
  GHashTable *headers;

  gint64 number; /* in the store, or 0 */
  char *uuid;
  char *draft;
  DwSnippets *snippets;
  gint64 seen;    /* the last place that was read */
  gint64 left_at; /* when it was last known to be online, in microseconds since 1970 UTC, or 0 */
  gboolean local;
  gboolean online;
  gboolean muted;
  gboolean echoes;
  DwStageSecret secret;
};

G_DEFINE_FINAL_TYPE (DwStage, dw_stage, G_TYPE_OBJECT)

/* One for each stored value. The functions below read them; observers are notified of each separately. */
enum
{
  PROP_0,
  PROP_NAME,
  PROP_URLS,
  PROP_DIALECT,
  PROP_OWN_NAME,
  PROP_PROTOCOLS,
  PROP_HEADERS,
  PROP_NUMBER,
  PROP_LOCAL,
  PROP_ONLINE,
  PROP_MUTED,
  PROP_ECHOES,
  PROP_SEEN,
  PROP_LEFT_AT,
  PROP_DRAFT,
  PROP_SNIPPETS,
  PROP_SECRET,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

static void
notify (DwStage *self, guint property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
set_flag (DwStage *self, gboolean *flag, gboolean value, guint property)
{
  if (*flag == value)
    return;
  *flag = value;
  notify (self, property);
}

static void
set_number (DwStage *self, gint64 *number, gint64 value, guint property)
{
  if (*number == value)
    return;
  *number = value;
  notify (self, property);
}

/* A name without visible characters counts as none. */
static const char *
name_or_none (const char *name)
{
  return name != NULL && dw_safe_text_is_seen (name) ? name : NULL;
}

/* Empty is none. */
static void
set_text (DwStage *self, char **text, const char *value, guint property)
{
  if (value != NULL && *value == '\0')
    value = NULL;
  if (g_strcmp0 (*text, value) == 0)
    return;
  g_free (*text);
  *text = g_strdup (value);
  notify (self, property);
}

static void
dw_stage_get_property (GObject *object, guint property, GValue *value, GParamSpec *pspec)
{
  DwStage *self = DW_STAGE (object);

  switch (property)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_URLS:
      g_value_set_boxed (value, self->urls);
      break;
    case PROP_DIALECT:
      g_value_set_pointer (value, self->dialect);
      break;
    case PROP_OWN_NAME:
      g_value_set_string (value, self->own_name);
      break;
    case PROP_PROTOCOLS:
      g_value_set_boxed (value, self->protocols);
      break;
    case PROP_HEADERS:
      g_value_set_boxed (value, self->headers);
      break;
    case PROP_NUMBER:
      g_value_set_int64 (value, self->number);
      break;
    case PROP_LOCAL:
      g_value_set_boolean (value, self->local);
      break;
    case PROP_ONLINE:
      g_value_set_boolean (value, self->online);
      break;
    case PROP_MUTED:
      g_value_set_boolean (value, self->muted);
      break;
    case PROP_ECHOES:
      g_value_set_boolean (value, self->echoes);
      break;
    case PROP_SEEN:
      g_value_set_int64 (value, self->seen);
      break;
    case PROP_LEFT_AT:
      g_value_set_int64 (value, self->left_at);
      break;
    case PROP_DRAFT:
      g_value_set_string (value, self->draft);
      break;
    case PROP_SNIPPETS:
      g_value_set_object (value, self->snippets);
      break;
    case PROP_SECRET:
      g_value_set_uint (value, self->secret);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property, pspec);
    }
}

static void
dw_stage_finalize (GObject *object)
{
  DwStage *self = DW_STAGE (object);

  g_free (self->name);
  g_free (self->own_name);
  g_free (self->uuid);
  g_free (self->draft);
  g_object_unref (self->snippets);
  g_ptr_array_unref (self->urls);
  dw_dialect_unref (self->dialect);
  g_strfreev (self->protocols);
  g_clear_pointer (&self->headers, g_hash_table_unref);
  G_OBJECT_CLASS (dw_stage_parent_class)->finalize (object);
}

static void
dw_stage_class_init (DwStageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = dw_stage_finalize;
  object_class->get_property = dw_stage_get_property;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_URLS] = g_param_spec_boxed ("urls", NULL, NULL, G_TYPE_PTR_ARRAY, flags);
  properties[PROP_DIALECT] = g_param_spec_pointer ("dialect", NULL, NULL, flags);
  properties[PROP_OWN_NAME] = g_param_spec_string ("own-name", NULL, NULL, NULL, flags);
  properties[PROP_PROTOCOLS] = g_param_spec_boxed ("protocols", NULL, NULL, G_TYPE_STRV, flags);
  properties[PROP_HEADERS] = g_param_spec_boxed ("headers", NULL, NULL, G_TYPE_HASH_TABLE, flags);
  properties[PROP_NUMBER] = g_param_spec_int64 ("number", NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);
  properties[PROP_LOCAL] = g_param_spec_boolean ("local", NULL, NULL, FALSE, flags);
  properties[PROP_ONLINE] = g_param_spec_boolean ("online", NULL, NULL, FALSE, flags);
  properties[PROP_MUTED] = g_param_spec_boolean ("muted", NULL, NULL, FALSE, flags);
  properties[PROP_ECHOES] = g_param_spec_boolean ("echoes", NULL, NULL, FALSE, flags);
  properties[PROP_SEEN] = g_param_spec_int64 ("seen", NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);
  properties[PROP_LEFT_AT] = g_param_spec_int64 ("left-at", NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);
  properties[PROP_DRAFT] = g_param_spec_string ("draft", NULL, NULL, NULL, flags);
  properties[PROP_SNIPPETS] = g_param_spec_object ("snippets", NULL, NULL, DW_TYPE_SNIPPETS, flags);
  properties[PROP_SECRET] = g_param_spec_uint ("secret", NULL, NULL, 0, DW_STAGE_SECRET_SESSION, 0, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
on_snippets_changed (DwStage *self)
{
  notify (self, PROP_SNIPPETS);
}

static void
dw_stage_init (DwStage *self)
{
  self->urls = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_stage_url_unref);
  self->dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
  self->uuid = g_uuid_string_random ();
  self->online = TRUE;
  self->snippets = dw_snippets_new ();
  g_signal_connect_object (self->snippets, "items-changed", G_CALLBACK (on_snippets_changed), self,
                           G_CONNECT_SWAPPED);
}

/**
 * dw_stage_new:
 * @url: its primary address
 *
 * Returns: (transfer full): a stage of the documented dialect
 */
DwStage *
dw_stage_new (DwStageUrl *url)
{
  DwStage *self = g_object_new (DW_TYPE_STAGE, NULL);

  dw_stage_add_url (self, url);
  return self;
}

/**
 * dw_stage_dup_name:
 * @self: a stage
 *
 * Returns: (transfer full): the name a person gave it, or one made from its address
 */
char *
dw_stage_dup_name (DwStage *self)
{
  return self->name != NULL ? g_strdup (self->name) : dw_stage_name_plain (dw_stage_get_url (self, 0), self->local);
}

/**
 * dw_stage_get_name:
 * @self: a stage
 *
 * Returns: (nullable): the name that a person or its list gave it
 */
const char *
dw_stage_get_name (DwStage *self)
{
  return self->name;
}

/**
 * dw_stage_set_name:
 * @self: a stage
 * @name: (nullable): what a person calls it
 */
void
dw_stage_set_name (DwStage *self, const char *name)
{
  set_text (self, &self->name, name_or_none (name), PROP_NAME);
}

/**
 * dw_stage_get_n_urls:
 * @self: a stage
 *
 * Returns: how many addresses it has, at least 1
 */
guint
dw_stage_get_n_urls (DwStage *self)
{
  return self->urls->len;
}

/**
 * dw_stage_get_url:
 * @self: a stage
 * @index: which; 0 is the primary
 *
 * Returns: (transfer none): an address
 */
DwStageUrl *
dw_stage_get_url (DwStage *self, guint index)
{
  return g_ptr_array_index (self->urls, index);
}

/**
 * dw_stage_set_url:
 * @self: a stage
 * @index: which; 0 is the primary
 * @url: the address in its place
 */
void
dw_stage_set_url (DwStage *self, guint index, DwStageUrl *url)
{
  dw_stage_url_ref (url);
  dw_stage_url_unref (g_ptr_array_index (self->urls, index));
  g_ptr_array_index (self->urls, index) = url;
  notify (self, PROP_URLS);
}

/**
 * dw_stage_add_url:
 * @self: a stage
 * @url: a further address, for failover
 *
 * Returns: whether there was room for it
 */
gboolean
dw_stage_add_url (DwStage *self, DwStageUrl *url)
{
  if (self->urls->len >= DW_STAGE_URLS)
    return FALSE;
  g_ptr_array_add (self->urls, dw_stage_url_ref (url));
  notify (self, PROP_URLS);
  return TRUE;
}

/**
 * dw_stage_set_urls:
 * @self: a stage
 * @urls: (element-type DwStageUrl): its addresses, the primary first; 1 to %DW_STAGE_URLS
 */
void
dw_stage_set_urls (DwStage *self, GPtrArray *urls)
{
  g_return_if_fail (urls->len > 0 && urls->len <= DW_STAGE_URLS);

  g_ptr_array_ref (urls);
  g_ptr_array_unref (self->urls);
  self->urls = urls;
  notify (self, PROP_URLS);
}

/**
 * dw_stage_get_dialect:
 * @self: a stage
 *
 * Returns: (transfer none): how it names things
 */
DwDialect *
dw_stage_get_dialect (DwStage *self)
{
  return self->dialect;
}

/**
 * dw_stage_set_dialect:
 * @self: a stage
 * @dialect: how it names things
 */
void
dw_stage_set_dialect (DwStage *self, DwDialect *dialect)
{
  dw_dialect_ref (dialect);
  dw_dialect_unref (self->dialect);
  self->dialect = dialect;
  notify (self, PROP_DIALECT);
}

/**
 * dw_stage_get_own_name:
 * @self: a stage
 *
 * Returns: (nullable): what one is called there
 */
const char *
dw_stage_get_own_name (DwStage *self)
{
  return self->own_name;
}

/**
 * dw_stage_set_own_name:
 * @self: a stage
 * @own_name: (nullable): what one is called there
 */
void
dw_stage_set_own_name (DwStage *self, const char *own_name)
{
  set_text (self, &self->own_name, name_or_none (own_name), PROP_OWN_NAME);
}

/**
 * dw_stage_get_protocols:
 * @self: a stage
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): subprotocols to offer
 */
char **
dw_stage_get_protocols (DwStage *self)
{
  return self->protocols;
}

/**
 * dw_stage_set_protocols:
 * @self: a stage
 * @protocols: (nullable) (array zero-terminated=1): subprotocols to offer
 */
void
dw_stage_set_protocols (DwStage *self, char **protocols)
{
  char **copy = g_strdupv (protocols);

  g_strfreev (self->protocols);
  self->protocols = copy;
  notify (self, PROP_PROTOCOLS);
}

/**
 * dw_stage_get_headers:
 * @self: a stage
 *
 * Returns: (transfer none) (nullable): further headers of the handshake, which may be secret
 */
GHashTable *
dw_stage_get_headers (DwStage *self)
{
  return self->headers;
}

/**
 * dw_stage_set_headers:
 * @self: a stage
 * @headers: (nullable) (element-type utf8 utf8): further headers of the handshake, which may be secret
 */
void
dw_stage_set_headers (DwStage *self, GHashTable *headers)
{
  if (headers != NULL)
    g_hash_table_ref (headers);
  g_clear_pointer (&self->headers, g_hash_table_unref);
  self->headers = headers;
  notify (self, PROP_HEADERS);
}

/**
 * dw_stage_get_number:
 * @self: a stage
 *
 * Returns: its number in the store, or 0 while it has none
 */
gint64
dw_stage_get_number (DwStage *self)
{
  return self->number;
}

/**
 * dw_stage_set_number:
 * @self: a stage
 * @number: its number in the store
 */
void
dw_stage_set_number (DwStage *self, gint64 number)
{
  set_number (self, &self->number, number, PROP_NUMBER);
}

/**
 * dw_stage_is_local:
 * @self: a stage
 *
 * Returns: whether it is the stage on this computer, wherever that listens
 */
gboolean
dw_stage_is_local (DwStage *self)
{
  return self->local;
}

/**
 * dw_stage_set_local:
 * @self: a stage
 * @local: whether it is
 */
void
dw_stage_set_local (DwStage *self, gboolean local)
{
  set_flag (self, &self->local, local, PROP_LOCAL);
}

/**
 * dw_stage_is_online:
 * @self: a stage
 *
 * Returns: whether the person wants it connected
 */
gboolean
dw_stage_is_online (DwStage *self)
{
  return self->online;
}

/**
 * dw_stage_set_online:
 * @self: a stage
 * @online: whether the person wants it
 */
void
dw_stage_set_online (DwStage *self, gboolean online)
{
  set_flag (self, &self->online, online, PROP_ONLINE);
}

/**
 * dw_stage_is_muted:
 * @self: a stage
 *
 * Returns: whether it is not to notify
 */
gboolean
dw_stage_is_muted (DwStage *self)
{
  return self->muted;
}

/**
 * dw_stage_set_muted:
 * @self: a stage
 * @muted: whether it is not to
 */
void
dw_stage_set_muted (DwStage *self, gboolean muted)
{
  set_flag (self, &self->muted, muted, PROP_MUTED);
}

/**
 * dw_stage_echoes:
 * @self: a stage
 *
 * Returns: whether it was seen to broadcast to the sender too
 */
gboolean
dw_stage_echoes (DwStage *self)
{
  return self->echoes;
}

/**
 * dw_stage_set_echoes:
 * @self: a stage
 * @echoes: whether it was seen to
 */
void
dw_stage_set_echoes (DwStage *self, gboolean echoes)
{
  set_flag (self, &self->echoes, echoes, PROP_ECHOES);
}

/**
 * dw_stage_get_seen:
 * @self: a stage
 *
 * Returns: the last place of its conversation that was read
 */
gint64
dw_stage_get_seen (DwStage *self)
{
  return self->seen;
}

/**
 * dw_stage_set_seen:
 * @self: a stage
 * @seen: the last place
 */
void
dw_stage_set_seen (DwStage *self, gint64 seen)
{
  set_number (self, &self->seen, seen, PROP_SEEN);
}

/**
 * dw_stage_get_left_at:
 * @self: a stage
 *
 * Returns: when it was last known to be online, in microseconds since 1970 UTC, or 0
 */
gint64
dw_stage_get_left_at (DwStage *self)
{
  return self->left_at;
}

/**
 * dw_stage_set_left_at:
 * @self: a stage
 * @left_at: when it was
 */
void
dw_stage_set_left_at (DwStage *self, gint64 left_at)
{
  set_number (self, &self->left_at, left_at, PROP_LEFT_AT);
}

/**
 * dw_stage_get_secret:
 * @self: a stage
 *
 * Returns: where its secret part is
 */
DwStageSecret
dw_stage_get_secret (DwStage *self)
{
  return self->secret;
}

/**
 * dw_stage_set_secret:
 * @self: a stage
 * @secret: where it is
 */
void
dw_stage_set_secret (DwStage *self, DwStageSecret secret)
{
  if (self->secret == secret)
    return;
  self->secret = secret;
  notify (self, PROP_SECRET);
}

/**
 * dw_stage_lacks_secret:
 * @self: a stage
 *
 * Returns: whether it has a secret that is not here, so that a request would go without it
 */
gboolean
dw_stage_lacks_secret (DwStage *self)
{
  return self->secret == DW_STAGE_SECRET_ASKED || self->secret == DW_STAGE_SECRET_MISSING;
}

/**
 * dw_stage_get_uuid:
 * @self: a stage
 *
 * Returns: its permanent identifier in the keyring and in notifications
 */
const char *
dw_stage_get_uuid (DwStage *self)
{
  return self->uuid;
}

/**
 * dw_stage_set_uuid:
 * @self: a stage
 * @uuid: what names it
 */
void
dw_stage_set_uuid (DwStage *self, const char *uuid)
{
  char *copy = g_strdup (uuid);

  g_free (self->uuid);
  self->uuid = copy;
}

/**
 * dw_stage_get_draft:
 * @self: a stage
 *
 * Returns: what was typed there and not sent, perhaps empty
 */
const char *
dw_stage_get_draft (DwStage *self)
{
  return self->draft != NULL ? self->draft : "";
}

/**
 * dw_stage_set_draft:
 * @self: a stage
 * @draft: what is typed and not sent; of more than %DW_STAGE_DRAFT_BYTES the start
 */
void
dw_stage_set_draft (DwStage *self, const char *draft)
{
  char *copy;

  if (g_str_equal (dw_stage_get_draft (self), draft))
    return;
  copy = g_strndup (draft, DW_STAGE_DRAFT_BYTES);
  g_free (self->draft);
  self->draft = g_utf8_make_valid (copy, -1);
  g_free (copy);
  notify (self, PROP_DRAFT);
}

/**
 * dw_stage_get_snippets:
 * @self: a stage
 *
 * Returns: (transfer none): the frames that somebody saved for it; each change of them is a change of the stage
 */
DwSnippets *
dw_stage_get_snippets (DwStage *self)
{
  return self->snippets;
}

static GPtrArray *
copy_urls (DwStage *stage)
{
  GPtrArray *urls = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_stage_url_unref);

  for (guint i = 0; i < dw_stage_get_n_urls (stage); i++)
    g_ptr_array_add (urls, dw_stage_url_ref (dw_stage_get_url (stage, i)));
  return urls;
}

static void
copy_way (DwStage *stage, DwStage *from)
{
  g_autoptr (GPtrArray) urls = copy_urls (from);

  dw_stage_set_urls (stage, urls);
  dw_stage_set_dialect (stage, dw_stage_get_dialect (from));
  dw_stage_set_headers (stage, dw_stage_get_headers (from));
  dw_stage_set_protocols (stage, dw_stage_get_protocols (from));
}

static gboolean
have_same_urls (DwStage *a, DwStage *b)
{
  if (dw_stage_get_n_urls (a) != dw_stage_get_n_urls (b))
    return FALSE;
  for (guint i = 0; i < dw_stage_get_n_urls (a); i++)
    if (!dw_stage_url_equal (dw_stage_get_url (a, i), dw_stage_get_url (b, i)))
      return FALSE;
  return TRUE;
}

static gboolean
have_same_headers (GHashTable *a, GHashTable *b)
{
  GHashTableIter iter;
  gpointer name, value;

  if ((a != NULL ? g_hash_table_size (a) : 0) != (b != NULL ? g_hash_table_size (b) : 0))
    return FALSE;
  if (a == NULL || b == NULL)
    return TRUE;
  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (g_strcmp0 (g_hash_table_lookup (b, name), value) != 0)
      return FALSE;
  return TRUE;
}

static gboolean
have_same_protocols (char **a, char **b)
{
  static const char *const none[] = { NULL };

  return g_strv_equal (a != NULL ? (const char *const *) a : none, b != NULL ? (const char *const *) b : none);
}

static gboolean
have_same_dialect (DwDialect *a, DwDialect *b)
{
  g_autofree char *one = dw_dialect_to_text (a);
  g_autofree char *other = dw_dialect_to_text (b);

  return g_str_equal (one, other);
}

/**
 * dw_stage_take_over:
 * @stage: a stage
 * @wanted: the stage as it is to be
 *
 * Takes over what a person edits of a stage: its name, addresses, dialect, own name and access. @wanted is not saved
 * itself. A local stage whose address was changed is an ordinary one from now on.
 *
 * Returns: whether a new connection is needed, since the way to the stage changed
 */
gboolean
dw_stage_take_over (DwStage *stage, DwStage *wanted)
{
  gboolean same_urls = have_same_urls (stage, wanted);
  gboolean same_way = same_urls && have_same_headers (dw_stage_get_headers (stage), dw_stage_get_headers (wanted))
                      && have_same_protocols (dw_stage_get_protocols (stage), dw_stage_get_protocols (wanted))
                      && have_same_dialect (dw_stage_get_dialect (stage), dw_stage_get_dialect (wanted));

  dw_stage_set_name (stage, dw_stage_get_name (wanted));
  dw_stage_set_own_name (stage, dw_stage_get_own_name (wanted));
  if (!same_urls)
    dw_stage_set_local (stage, FALSE);
  if (!same_way)
    copy_way (stage, wanted);
  return !same_way;
}
