/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-dialect.h"

#include "dw-json.h"
#include "dw-limits.h"
#include "dw-wire-error.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>

struct _DwDialect
{
  gatomicrefcount references;
  DwDialectPreset preset;
  char *route_key;
  char *send_route;
  char *body_key;
  char *probe;
};

G_DEFINE_BOXED_TYPE (DwDialect, dw_dialect, dw_dialect_ref, dw_dialect_unref)

/* No route of any stage we know has this name, so the frame reaches $default; where a stage has no $default the
 * gateway's "Forbidden" answers, which proves the connection just as well. */
#define PROBE_ROUTE "dynamowave-status"

static DwDialect *
dialect_new (DwDialectPreset preset,
             const char *route_key,
             const char *send_route,
             const char *body_key,
             const char *probe)
{
  DwDialect *dialect = g_new0 (DwDialect, 1);

  g_atomic_ref_count_init (&dialect->references);
  dialect->preset = preset;
  dialect->route_key = g_strdup (route_key);
  dialect->send_route = g_strdup (send_route);
  dialect->body_key = g_strdup (body_key);
  dialect->probe = g_strdup (probe);
  return dialect;
}

/**
 * dw_dialect_new_preset:
 * @preset: which one; %DW_DIALECT_CUSTOM gives the documented names
 *
 * Returns: (transfer full): a dialect that deployed stages are known to speak
 */
DwDialect *
dw_dialect_new_preset (DwDialectPreset preset)
{
  const char *probe = "{\"action\":\"" PROBE_ROUTE "\"}";

  switch (preset)
    {
    case DW_DIALECT_LOWER_CASE:
      return dialect_new (preset, "action", "sendmessage", "message", probe);
    case DW_DIALECT_DATA:
      return dialect_new (preset, "action", "sendmessage", "data", probe);
    case DW_DIALECT_DYNAMOWAVE:
    case DW_DIALECT_CUSTOM:
    default:
      return dialect_new (preset, "action", "sendMessage", "message", probe);
    }
}

static gboolean
check_name (const char *name, const char *complaint, GError **error)
{
  if (name != NULL && *name != '\0' && strlen (name) <= DW_DIALECT_NAME_BYTES && g_utf8_validate (name, -1, NULL))
    {
      const char *at = name;

      while (*at != '\0' && !g_unichar_iscntrl (g_utf8_get_char (at)))
        at = g_utf8_next_char (at);
      if (*at == '\0')
        return TRUE;
    }
  g_set_error_literal (error, DW_WIRE_ERROR, DW_WIRE_ERROR_DIALECT, complaint);
  return FALSE;
}

/**
 * dw_dialect_new_custom:
 * @route_key: the key the stage's route selection expression reads, such as `action`
 * @send_route: the route that broadcasts, such as `sendMessage`
 * @body_key: the key that holds the text, such as `message`
 * @probe: (nullable): a frame that matches no route, or %NULL to make one for @route_key
 * @error: %DW_WIRE_ERROR_DIALECT, with a message that says what to change
 *
 * Returns: (transfer full): the dialect, or %NULL
 */
DwDialect *
dw_dialect_new_custom (const char *route_key,
                       const char *send_route,
                       const char *body_key,
                       const char *probe,
                       GError **error)
{
  g_autofree char *made = NULL;

  if (!check_name (route_key, _ ("Enter the key that names the route, such as “action”."), error)
      || !check_name (send_route, _ ("Enter the route that sends a message, such as “sendMessage”."), error)
      || !check_name (body_key, _ ("Enter the key that holds the text, such as “message”."), error))
    return NULL;
  if (strcmp (route_key, body_key) == 0)
    {
      g_set_error_literal (error, DW_WIRE_ERROR, DW_WIRE_ERROR_DIALECT,
                           _ ("The route key and the text key must be different."));
      return NULL;
    }
  if (probe == NULL || *probe == '\0')
    {
      g_autofree char *escaped = g_strescape (route_key, NULL);

      made =
          g_strdup_printf ("{\"%s\":\"" PROBE_ROUTE "\"}", strcmp (escaped, route_key) == 0 ? route_key : "action");
      probe = made;
    }
  if (strlen (probe) > DW_LIMIT_FRAME_BYTES || !g_utf8_validate (probe, -1, NULL))
    {
      g_set_error_literal (error, DW_WIRE_ERROR, DW_WIRE_ERROR_DIALECT,
                           _ ("The probe frame must be text of at most 32,768 bytes."));
      return NULL;
    }
  return dialect_new (DW_DIALECT_CUSTOM, route_key, send_route, body_key, probe);
}

static const char *const preset_names[] = { "dynamowave", "lower-case", "data" };

static const char *
member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

/**
 * dw_dialect_from_text:
 * @text: `dynamowave`, `lower-case`, `data`, or what dw_dialect_to_text() made of a custom one; untrusted
 * @error: %DW_WIRE_ERROR_DIALECT, with a message that says what to change
 *
 * Returns: (transfer full): the dialect, or %NULL
 */
DwDialect *
dw_dialect_from_text (const char *text, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonNode *root = NULL;
  JsonObject *names;

  for (guint i = 0; i < G_N_ELEMENTS (preset_names); i++)
    if (strcmp (text, preset_names[i]) == 0)
      return dw_dialect_new_preset ((DwDialectPreset) i);
  if (*text == '{' && strlen (text) <= DW_DIALECT_TEXT_BYTES)
    root = dw_json_parse (parser, text, -1, NULL);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_DIALECT,
                   _ ("Unknown message format “%s”. Use dynamowave, lower-case or data."), text);
      return NULL;
    }
  names = json_node_get_object (root);
  return dw_dialect_new_custom (member (names, "routeKey"), member (names, "sendRoute"), member (names, "bodyKey"),
                                member (names, "probe"), error);
}

/**
 * dw_dialect_to_text:
 * @dialect: a dialect
 *
 * Returns: (transfer full): text that dw_dialect_from_text() turns back into this dialect
 */
char *
dw_dialect_to_text (const DwDialect *dialect)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonObject) names = json_object_new ();

  if (dialect->preset != DW_DIALECT_CUSTOM)
    return g_strdup (preset_names[dialect->preset]);
  json_object_set_string_member (names, "routeKey", dialect->route_key);
  json_object_set_string_member (names, "sendRoute", dialect->send_route);
  json_object_set_string_member (names, "bodyKey", dialect->body_key);
  json_object_set_string_member (names, "probe", dialect->probe);
  json_node_set_object (root, names);
  return json_to_string (root, FALSE);
}

/**
 * dw_dialect_ref:
 * @dialect: a dialect
 *
 * Returns: (transfer full): @dialect
 */
DwDialect *
dw_dialect_ref (DwDialect *dialect)
{
  g_atomic_ref_count_inc (&dialect->references);
  return dialect;
}

/**
 * dw_dialect_unref:
 * @dialect: (transfer full): a dialect
 */
void
dw_dialect_unref (DwDialect *dialect)
{
  if (!g_atomic_ref_count_dec (&dialect->references))
    return;
  g_free (dialect->route_key);
  g_free (dialect->send_route);
  g_free (dialect->body_key);
  g_free (dialect->probe);
  g_free (dialect);
}

/**
 * dw_dialect_get_preset:
 * @dialect: a dialect
 *
 * Returns: which preset it is, or %DW_DIALECT_CUSTOM
 */
DwDialectPreset
dw_dialect_get_preset (const DwDialect *dialect)
{
  return dialect->preset;
}

/**
 * dw_dialect_get_route_key:
 * @dialect: a dialect
 *
 * Returns: the key the stage's route selection expression reads
 */
const char *
dw_dialect_get_route_key (const DwDialect *dialect)
{
  return dialect->route_key;
}

/**
 * dw_dialect_get_send_route:
 * @dialect: a dialect
 *
 * Returns: the route that broadcasts
 */
const char *
dw_dialect_get_send_route (const DwDialect *dialect)
{
  return dialect->send_route;
}

/**
 * dw_dialect_get_body_key:
 * @dialect: a dialect
 *
 * Returns: the key of the text, in both directions
 */
const char *
dw_dialect_get_body_key (const DwDialect *dialect)
{
  return dialect->body_key;
}

/**
 * dw_dialect_get_sender_key:
 * @dialect: a dialect
 *
 * Returns: the key of the sender's name, where the stage has that feature
 */
const char *
dw_dialect_get_sender_key (const DwDialect *dialect)
{
  return "sender";
}

/**
 * dw_dialect_get_id_key:
 * @dialect: a dialect
 *
 * Returns: the key of the message's id, where the stage has that feature
 */
const char *
dw_dialect_get_id_key (const DwDialect *dialect)
{
  return "id";
}

/**
 * dw_dialect_get_time_key:
 * @dialect: a dialect
 *
 * Returns: the key of the time the stage accepted a message, where the stage has that feature
 */
const char *
dw_dialect_get_time_key (const DwDialect *dialect)
{
  return "sentAt";
}

/**
 * dw_dialect_get_probe:
 * @dialect: a dialect
 *
 * Returns: a frame that matches no route, so that `$default` answers it
 */
const char *
dw_dialect_get_probe (const DwDialect *dialect)
{
  return dialect->probe;
}
