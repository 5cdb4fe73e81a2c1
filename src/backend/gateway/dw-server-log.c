/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-server-log.h"

#include "wire/dw-json.h"
#include "wire/dw-time.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

static const char *
field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, key) == 0 && fields[i].length < 0)
      return fields[i].value;
  return NULL;
}

static const char *
name_of (GLogLevelFlags level)
{
  if (level & G_LOG_LEVEL_ERROR)
    return "error";
  if (level & G_LOG_LEVEL_CRITICAL)
    return "critical";
  if (level & G_LOG_LEVEL_WARNING)
    return "warning";
  if (level & G_LOG_LEVEL_MESSAGE)
    return "message";
  return level & G_LOG_LEVEL_INFO ? "info" : "debug";
}

static void
add (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value != NULL ? value : "");
}

static char *
write_json (GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  g_autofree char *time = dw_time_format (g_get_real_time ());
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  add (builder, "time", time);
  add (builder, "level", name_of (level));
  add (builder, "domain", field (fields, n_fields, "GLIB_DOMAIN"));
  add (builder, "message", field (fields, n_fields, "MESSAGE"));
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return dw_json_write (root);
}

/* Everything goes to standard error: standard output carries only the stage's address. */
static GLogWriterOutput
write_line (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer json)
{
  g_autofree char *line = NULL;

  if (g_log_writer_default_would_drop (level, NULL) && (level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) != 0)
    return G_LOG_WRITER_HANDLED;
  line = GPOINTER_TO_INT (json) ? write_json (level, fields, n_fields)
                                : g_log_writer_format_fields (level, fields, n_fields, FALSE);
  fprintf (stderr, "%s\n", line);
  return G_LOG_WRITER_HANDLED;
}

/**
 * dw_server_log_start:
 * @json: whether to write JSON Lines instead of text
 *
 * Starts the log. It can be called only once in a process.
 */
void
dw_server_log_start (gboolean json)
{
  g_log_set_writer_func (write_line, GINT_TO_POINTER (json), NULL);
}
