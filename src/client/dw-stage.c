/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-stage.h"

#include <glib/gi18n-lib.h>

struct _DwStage
{
  GObject parent_instance;

  char *name;      /* or NULL: made from the address */
  GPtrArray *urls; /* of DwStageUrl, the primary first; 1 to DW_STAGE_URLS */
  DwDialect *dialect;
  char *own_name; /* or NULL */
  char **protocols;
  GHashTable *headers;
};

G_DEFINE_FINAL_TYPE (DwStage, dw_stage, G_TYPE_OBJECT)

static void
dw_stage_finalize (GObject *object)
{
  DwStage *self = DW_STAGE (object);

  g_free (self->name);
  g_free (self->own_name);
  g_ptr_array_unref (self->urls);
  dw_dialect_unref (self->dialect);
  g_strfreev (self->protocols);
  g_clear_pointer (&self->headers, g_hash_table_unref);
  G_OBJECT_CLASS (dw_stage_parent_class)->finalize (object);
}

static void
dw_stage_class_init (DwStageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_stage_finalize;
}

static void
dw_stage_init (DwStage *self)
{
  self->urls = g_ptr_array_new_with_free_func ((GDestroyNotify) dw_stage_url_unref);
  self->dialect = dw_dialect_new_preset (DW_DIALECT_DYNAMOWAVE);
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
  DwStageUrl *url = dw_stage_get_url (self, 0);
  const char *stage = dw_stage_url_get_stage (url);
  const char *place =
      dw_stage_url_get_api_id (url) != NULL ? dw_stage_url_get_api_id (url) : dw_stage_url_get_host (url);

  if (self->name != NULL)
    return g_strdup (self->name);
  if (dw_stage_url_is_loopback (url))
    return g_strdup (_ ("This computer"));
  return stage != NULL ? g_strdup_printf ("%s · %s", stage, place) : g_strdup (place);
}

/**
 * dw_stage_set_name:
 * @self: a stage
 * @name: (nullable): what a person calls it
 */
void
dw_stage_set_name (DwStage *self, const char *name)
{
  g_free (self->name);
  self->name = name != NULL && *name != '\0' ? g_strdup (name) : NULL;
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
  return TRUE;
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
  g_free (self->own_name);
  self->own_name = own_name != NULL && *own_name != '\0' ? g_strdup (own_name) : NULL;
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
}
