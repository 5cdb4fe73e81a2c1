/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-snippets.h"

#include "wire/dw-json.h"
#include "wire/dw-safe-text.h"

#include <string.h>

/**
 * SECTION:dw-snippets
 *
 * The frames that somebody saved for a stage, to send them again, in the order in which they were saved: a list model of
 * #DwSnippet. Placeholders in them are not filled here. They are in the store and nowhere else, in no log above all.
 */
struct _DwSnippet
{
  GObject parent_instance;

  char *name; /* a safe line, not empty */
  char *text;
};

G_DEFINE_FINAL_TYPE (DwSnippet, dw_snippet, G_TYPE_OBJECT)

struct _DwSnippets
{
  GObject parent_instance;

  GPtrArray *all; /* of DwSnippet; at most DW_SNIPPETS_MOST */
  gsize bytes;    /* of names and texts; at most DW_SNIPPETS_BYTES */
};

static void dw_snippets_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwSnippets,
                               dw_snippets,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, dw_snippets_iface_init))

static void
dw_snippet_finalize (GObject *object)
{
  g_free (DW_SNIPPET (object)->name);
  g_free (DW_SNIPPET (object)->text);
  G_OBJECT_CLASS (dw_snippet_parent_class)->finalize (object);
}

static void
dw_snippet_class_init (DwSnippetClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_snippet_finalize;
}

static void
dw_snippet_init (DwSnippet *self)
{
}

/**
 * dw_snippet_new:
 * @name: what somebody calls it; made safe and short
 * @text: the frame
 *
 * Returns: (transfer full): a snippet
 */
DwSnippet *
dw_snippet_new (const char *name, const char *text)
{
  DwSnippet *self = g_object_new (DW_TYPE_SNIPPET, NULL);

  self->name = dw_safe_name (name);
  self->text = g_strdup (text);
  return self;
}

/**
 * dw_snippet_get_name:
 * @self: a snippet
 *
 * Returns: what somebody calls it
 */
const char *
dw_snippet_get_name (DwSnippet *self)
{
  return self->name;
}

/**
 * dw_snippet_get_text:
 * @self: a snippet
 *
 * Returns: the frame, with its placeholders
 */
const char *
dw_snippet_get_text (DwSnippet *self)
{
  return self->text;
}

static gsize
size_of (DwSnippet *snippet)
{
  return strlen (snippet->name) + strlen (snippet->text);
}

static GType
dw_snippets_get_item_type (GListModel *model)
{
  return DW_TYPE_SNIPPET;
}

static guint
dw_snippets_get_n_items (GListModel *model)
{
  return DW_SNIPPETS (model)->all->len;
}

static gpointer
dw_snippets_get_item (GListModel *model, guint position)
{
  DwSnippets *self = DW_SNIPPETS (model);

  return position < self->all->len ? g_object_ref (g_ptr_array_index (self->all, position)) : NULL;
}

static void
dw_snippets_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = dw_snippets_get_item_type;
  iface->get_n_items = dw_snippets_get_n_items;
  iface->get_item = dw_snippets_get_item;
}

static void
dw_snippets_finalize (GObject *object)
{
  g_ptr_array_unref (DW_SNIPPETS (object)->all);
  G_OBJECT_CLASS (dw_snippets_parent_class)->finalize (object);
}

static void
dw_snippets_class_init (DwSnippetsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dw_snippets_finalize;
}

static void
dw_snippets_init (DwSnippets *self)
{
  self->all = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * dw_snippets_new:
 *
 * Returns: (transfer full): no snippets yet
 */
DwSnippets *
dw_snippets_new (void)
{
  return g_object_new (DW_TYPE_SNIPPETS, NULL);
}

/**
 * dw_snippets_has_room:
 * @self: snippets
 * @name: a name
 * @text: a frame
 *
 * Returns: whether that could be saved: it has a name, and %DW_SNIPPETS_MOST and %DW_SNIPPETS_BYTES are not reached. What
 *   has that name already makes room.
 */
gboolean
dw_snippets_has_room (DwSnippets *self, const char *name, const char *text)
{
  guint position;
  gboolean replaces = dw_snippets_find (self, name, &position);
  gsize gone = replaces ? size_of (g_ptr_array_index (self->all, position)) : 0;

  return dw_safe_text_is_seen (name) && self->all->len - (replaces ? 1 : 0) < DW_SNIPPETS_MOST
         && self->bytes - gone + strlen (name) + strlen (text) <= DW_SNIPPETS_BYTES;
}

/**
 * dw_snippets_find:
 * @self: snippets
 * @name: a name
 * @position: (out): where the snippet of that name is
 *
 * Returns: whether there is one
 */
gboolean
dw_snippets_find (DwSnippets *self, const char *name, guint *position)
{
  g_autofree char *safe = dw_safe_name (name);

  for (*position = 0; *position < self->all->len; (*position)++)
    if (g_str_equal (((DwSnippet *) g_ptr_array_index (self->all, *position))->name, safe))
      return TRUE;
  return FALSE;
}

/**
 * dw_snippets_insert:
 * @self: snippets
 * @position: where; a greater one than there are is at the end
 * @snippet: a snippet
 *
 * Returns: whether there was room, and no other one has its name
 */
gboolean
dw_snippets_insert (DwSnippets *self, guint position, DwSnippet *snippet)
{
  guint taken;

  if (dw_snippets_find (self, snippet->name, &taken) || !dw_snippets_has_room (self, snippet->name, snippet->text))
    return FALSE;

  position = MIN (position, self->all->len);
  g_ptr_array_insert (self->all, (int) position, g_object_ref (snippet));
  self->bytes += size_of (snippet);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
  return TRUE;
}

/**
 * dw_snippets_remove:
 * @self: snippets
 * @position: where
 *
 * Returns: (transfer full): what was there, for dw_snippets_insert()
 */
DwSnippet *
dw_snippets_remove (DwSnippets *self, guint position)
{
  DwSnippet *snippet;

  g_return_val_if_fail (position < self->all->len, NULL);

  snippet = g_ptr_array_steal_index (self->all, position);
  self->bytes -= size_of (snippet);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  return snippet;
}

/**
 * dw_snippets_rename:
 * @self: snippets
 * @position: where
 * @name: a new name
 *
 * Returns: whether it has it now: a name that cannot be seen, or that another one has, is none
 */
gboolean
dw_snippets_rename (DwSnippets *self, guint position, const char *name)
{
  g_autoptr (DwSnippet) renamed = NULL;
  g_autoptr (DwSnippet) old = NULL;
  guint taken;

  g_return_val_if_fail (position < self->all->len, FALSE);

  old = g_object_ref (g_ptr_array_index (self->all, position));
  renamed = dw_snippet_new (name, old->text);
  if (dw_snippets_find (self, renamed->name, &taken))
    return taken == position;
  if (!dw_safe_text_is_seen (name) || self->bytes - size_of (old) + size_of (renamed) > DW_SNIPPETS_BYTES)
    return FALSE;

  self->bytes += size_of (renamed) - size_of (old);
  g_object_unref (g_ptr_array_index (self->all, position));
  g_ptr_array_index (self->all, position) = g_steal_pointer (&renamed);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 1);
  return TRUE;
}

/**
 * dw_snippets_to_text:
 * @self: snippets
 *
 * Returns: (transfer full): all of them, for dw_snippets_take_text(); empty where there are none
 */
char *
dw_snippets_to_text (DwSnippets *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  if (self->all->len == 0)
    return g_strdup ("");

  json_builder_begin_array (builder);
  for (guint i = 0; i < self->all->len; i++)
    {
      const DwSnippet *snippet = g_ptr_array_index (self->all, i);

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "name");
      json_builder_add_string_value (builder, snippet->name);
      json_builder_set_member_name (builder, "text");
      json_builder_add_string_value (builder, snippet->text);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  root = json_builder_get_root (builder);
  return dw_json_write (root);
}

static const char *
string_member (JsonNode *node, const char *name)
{
  JsonNode *member =
      JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_member (json_node_get_object (node), name) : NULL;

  return member != NULL && json_node_get_value_type (member) == G_TYPE_STRING ? json_node_get_string (member)
                                                                              : NULL;
}

/**
 * dw_snippets_take_text:
 * @self: snippets, none yet
 * @text: what dw_snippets_to_text() made. Of a damaged one is taken what can be read and fits.
 */
void
dw_snippets_take_text (DwSnippets *self, const char *text)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = *text != '\0' ? dw_json_parse (parser, text, -1, NULL) : NULL;
  JsonArray *array = root != NULL && JSON_NODE_HOLDS_ARRAY (root) ? json_node_get_array (root) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      const char *name = string_member (json_array_get_element (array, i), "name");
      const char *frame = string_member (json_array_get_element (array, i), "text");
      g_autoptr (DwSnippet) snippet = name != NULL && frame != NULL ? dw_snippet_new (name, frame) : NULL;

      if (snippet != NULL)
        dw_snippets_insert (self, G_MAXUINT, snippet);
    }
}
