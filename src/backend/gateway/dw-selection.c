/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-selection.h"

#include "backend/dw-backend-error.h"

#include <string.h>

#define BODY "request.body."

/* Literal text, or a path into the body. */
typedef struct
{
  char *text;
  char **path; /* NULL for text */
} Part;

struct _DwSelection
{
  GArray *parts; /* of Part */
  gboolean single;
};

static void
part_clear (gpointer data)
{
  Part *part = data;

  g_free (part->text);
  g_strfreev (part->path);
}

static void
add_text (DwSelection *selection, const char *text, gsize length)
{
  Part part = { .text = g_strndup (text, length) };

  if (length > 0)
    g_array_append_val (selection->parts, part);
  else
    g_free (part.text);
}

static gboolean
add_path (DwSelection *selection, const char *text, gsize length, GError **error)
{
  g_autofree char *path = g_strndup (text, length);
  Part part = { NULL };

  if (!g_regex_match_simple ("^request\\.body(\\.[A-Za-z0-9_-]+)+\\z", path, 0, 0))
    {
      g_set_error (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT, "“%s” is not a path of the body", path);
      return FALSE;
    }
  part.path = g_strsplit (path + strlen (BODY), ".", -1);
  g_array_append_val (selection->parts, part);
  return TRUE;
}

/* Parses text with “${request.body.…}” in it. */
static gboolean
parse_template (DwSelection *selection, const char *expression, GError **error)
{
  const char *at = expression;
  const char *open;

  while ((open = strstr (at, "${")) != NULL)
    {
      const char *close = strchr (open, '}');

      if (close == NULL)
        {
          g_set_error_literal (error, DW_BACKEND_ERROR, DW_BACKEND_ERROR_EVENT, "a “${” has no “}”");
          return FALSE;
        }
      add_text (selection, at, (gsize) (open - at));
      if (!add_path (selection, open + 2, (gsize) (close - open - 2), error))
        return FALSE;
      at = close + 1;
    }

  add_text (selection, at, strlen (at));
  return TRUE;
}

/**
 * dw_selection_new:
 * @expression: such as `$request.body.action`, `${request.body.service}/${request.body.action}` or plain text
 * @error: %DW_BACKEND_ERROR_EVENT: it is not an expression
 *
 * Source: "Route selection expressions" in the API Gateway guide.
 *
 * Returns: (transfer full) (nullable): the expression
 */
DwSelection *
dw_selection_new (const char *expression, GError **error)
{
  g_autoptr (DwSelection) selection = g_new0 (DwSelection, 1);
  gboolean good;

  selection->parts = g_array_new (FALSE, FALSE, sizeof (Part));
  g_array_set_clear_func (selection->parts, part_clear);
  selection->single = g_str_has_prefix (expression, "$request.");
  if (selection->single)
    good = add_path (selection, expression + 1, strlen (expression + 1), error);
  else
    good = parse_template (selection, expression, error);
  return good ? g_steal_pointer (&selection) : NULL;
}

/**
 * dw_selection_free:
 * @selection: (transfer full): an expression
 */
void
dw_selection_free (DwSelection *selection)
{
  g_array_unref (selection->parts);
  g_free (selection);
}

static JsonNode *
look_up (JsonNode *node, char **path)
{
  for (char **at = path; *at != NULL && node != NULL; at++)
    node = JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_member (json_node_get_object (node), *at) : NULL;
  return node;
}

/* Route keys are text, whatever the type of the value. */
static char *
to_text (JsonNode *node)
{
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_dup_string (node);
  return json_to_string (node, FALSE);
}

/**
 * dw_selection_evaluate:
 * @selection: an expression
 * @body: (nullable): a message, or %NULL if it is not JSON
 *
 * If a path does not exist in @body, an expression that is just this path has no result; among several parts it
 * counts as empty.
 *
 * Returns: (transfer full) (nullable): the route key, or %NULL if there is no result
 */
char *
dw_selection_evaluate (const DwSelection *selection, JsonNode *body)
{
  g_autoptr (GString) key = g_string_new (NULL);

  if (body == NULL || !JSON_NODE_HOLDS_OBJECT (body))
    return NULL;
  for (guint i = 0; i < selection->parts->len; i++)
    {
      const Part *part = &g_array_index (selection->parts, Part, i);
      JsonNode *value = part->path != NULL ? look_up (body, part->path) : NULL;
      g_autofree char *text = value != NULL ? to_text (value) : NULL;

      if (part->path != NULL && value == NULL && selection->single)
        return NULL;
      g_string_append (key, part->path == NULL ? part->text : text != NULL ? text : "");
    }
  return g_strdup (key->str);
}
