/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-recording.h"

#include "dw-json.h"
#include "dw-time.h"
#include "dw-wire-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * SECTION:dw-recording
 *
 * A session in a file: JSON Lines, an object a line, whose members are strings and numbers.
 */

/* More than an entry has, so that a later version may add some. */
#define MEMBERS_MAX 32

/* The last microsecond of the year 9999, after which no date can be written. */
#define TIME_MAX (G_GINT64_CONSTANT (253402300800) * G_USEC_PER_SEC - 1)

/* No handshake takes a day. */
#define MILLISECONDS_MAX (24 * 60 * 60 * 1000)

#define CODE_MAX 65535

static const char *const kind_names[] = { "in", "out", "ping", "pong", "connecting", "open", "failed", "closed" };
static const char *const step_names[DW_RECORDING_STEPS] = { "resolvedMs", "connectedMs", "securedMs" };

/**
 * dw_recording_kind_get_name:
 * @kind: a kind
 *
 * Returns: its name in a recording
 */
const char *
dw_recording_kind_get_name (DwRecordingKind kind)
{
  return kind_names[kind];
}

/**
 * dw_recording_entry_clear:
 * @entry: an entry, or zeros
 *
 * Frees what is in it.
 */
void
dw_recording_entry_clear (DwRecordingEntry *entry)
{
  g_clear_pointer (&entry->bytes, g_bytes_unref);
  g_clear_pointer (&entry->note, g_free);
  g_clear_pointer (&entry->request, g_free);
  g_clear_pointer (&entry->response, g_free);
  g_clear_pointer (&entry->transport, g_free);
}

static void
add_number (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_text (JsonBuilder *builder, const char *name, const char *value)
{
  g_autofree char *valid = NULL;

  if (value == NULL)
    return;
  valid = g_utf8_make_valid (value, -1);
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, valid);
}

/* As text where it is text. Not even JSON's escape can carry a NUL through json-glib, so a text with one is written like
 * a binary frame. */
static void
add_payload (JsonBuilder *builder, GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = NULL;

  add_number (builder, "bytes", (gint64) size);
  /* It finds a NUL invalid. */
  if (size == 0 || g_utf8_validate_len (data, size, NULL))
    {
      text = g_strndup (size > 0 ? data : "", size);
      add_text (builder, "payload", text);
      return;
    }
  text = g_base64_encode ((const guchar *) data, size);
  add_text (builder, "base64", text);
}

/**
 * dw_recording_write:
 * @entry: an entry, whose time is of the years 1970 to 9999
 *
 * Returns: (transfer full): it as one line of JSON without a line break: time, kind, connection, and what there is of
 * bytes, payload or base64, code, tookMs, resolvedMs, connectedMs, securedMs, note, request, response and transport. Texts that are
 * not UTF-8 get U+FFFD; a payload that is not is in base64
 */
char *
dw_recording_write (const DwRecordingEntry *entry)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *time = dw_time_format (entry->time);

  json_builder_begin_object (builder);
  add_text (builder, "time", time);
  add_text (builder, "kind", dw_recording_kind_get_name (entry->kind));
  add_number (builder, "connection", entry->connection);
  if (entry->bytes != NULL)
    add_payload (builder, entry->bytes);
  if (entry->code != 0)
    add_number (builder, "code", entry->code);
  if (entry->took_ms != 0)
    add_number (builder, "tookMs", entry->took_ms);
  for (guint i = 0; i < DW_RECORDING_STEPS; i++)
    if (entry->steps_ms[i] != 0)
      add_number (builder, step_names[i], entry->steps_ms[i]);
  add_text (builder, "note", entry->note);
  add_text (builder, "request", entry->request);
  add_text (builder, "response", entry->response);
  add_text (builder, "transport", entry->transport);
  json_builder_end_object (builder);

  root = json_builder_get_root (builder);
  return dw_json_write (root);
}

/* A parser makes a tree many times as large as a text of brackets. An entry has one object of a few members, so a line with
 * more than that is refused before it is parsed. */
static gboolean
is_small (const char *line, gsize length)
{
  guint members = 1, objects = 0;
  gboolean quoted = FALSE;

  for (gsize i = 0; i < length; i++)
    if (line[i] == '"')
      quoted = !quoted;
    else if (quoted)
      i += line[i] == '\\' ? 1 : 0;
    else if (line[i] == '[' || (line[i] == '{' && ++objects > 1) || (line[i] == ',' && ++members > MEMBERS_MAX))
      return FALSE;
  return TRUE;
}

/* Whether the member is a string, or absent. */
static gboolean
read_text (JsonObject *object, const char *name, const char **text)
{
  JsonNode *node = json_object_get_member (object, name);

  *text = NULL;
  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return FALSE;
  *text = json_node_get_string (node);
  return TRUE;
}

/* Whether the member is a whole number from 0 to @most, or absent. */
static gboolean
read_number (JsonObject *object, const char *name, gint64 most, guint *number)
{
  JsonNode *node = json_object_get_member (object, name);
  gint64 value;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  value = json_node_get_int (node);
  if (value < 0 || value > most)
    return FALSE;
  *number = (guint) value;
  return TRUE;
}

static gboolean
read_time (JsonObject *object, gint64 *time)
{
  const char *text;

  if (!read_text (object, "time", &text) || text == NULL)
    return FALSE;
  *time = dw_time_parse (text);
  return *time > 0 && *time <= TIME_MAX;
}

static gboolean
read_kind (JsonObject *object, DwRecordingKind *kind)
{
  const char *text;

  if (!read_text (object, "kind", &text) || text == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (kind_names); i++)
    if (strcmp (text, kind_names[i]) == 0)
      {
        *kind = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
read_base64 (const char *text, GBytes **bytes)
{
  gsize size;
  g_autofree guchar *data = g_base64_decode (text, &size);
  g_autofree char *again = g_base64_encode (data, size);

  /* The decoder skips what it does not know. */
  if (strcmp (text, again) != 0)
    return FALSE;
  *bytes = g_bytes_new (data, size);
  return TRUE;
}

static gboolean
read_payload (JsonObject *object, DwRecordingEntry *entry)
{
  gboolean is_frame = entry->kind == DW_RECORDING_IN || entry->kind == DW_RECORDING_OUT;
  const char *text, *base64;

  if (!read_text (object, "payload", &text) || !read_text (object, "base64", &base64)
      || (text != NULL && base64 != NULL))
    return FALSE;
  if (base64 != NULL)
    return read_base64 (base64, &entry->bytes);
  if (text != NULL)
    entry->bytes = g_bytes_new (text, strlen (text));
  return text != NULL || !is_frame;
}

static gboolean
read_note (JsonObject *object, const char *name, char **note)
{
  const char *text;

  if (!read_text (object, name, &text))
    return FALSE;
  *note = g_strdup (text);
  return TRUE;
}

/* Returns: the first member that is missing or wrong, or NULL. */
static const char *
read_members (JsonObject *object, DwRecordingEntry *entry)
{
  if (!read_time (object, &entry->time))
    return "time";
  if (!read_kind (object, &entry->kind))
    return "kind";
  if (!read_number (object, "connection", G_MAXINT, &entry->connection))
    return "connection";
  if (!read_payload (object, entry))
    return "payload";
  if (!read_number (object, "code", CODE_MAX, &entry->code))
    return "code";
  if (!read_number (object, "tookMs", MILLISECONDS_MAX, &entry->took_ms))
    return "tookMs";
  for (guint i = 0; i < DW_RECORDING_STEPS; i++)
    if (!read_number (object, step_names[i], MILLISECONDS_MAX, &entry->steps_ms[i]))
      return step_names[i];
  if (!read_note (object, "note", &entry->note))
    return "note";
  if (!read_note (object, "request", &entry->request))
    return "request";
  if (!read_note (object, "response", &entry->response))
    return "response";
  if (!read_note (object, "transport", &entry->transport))
    return "transport";
  return NULL;
}

/**
 * dw_recording_read:
 * @entry: (out caller-allocates): where it is read to; dw_recording_entry_clear() frees what is in it
 * @line: a line of a recording, without its line break, of any quality
 * @length: its length in bytes
 * @number: its number in the file, from 1, for the error's message
 * @error: %DW_WIRE_ERROR_RECORDING
 *
 * Reads what dw_recording_write() wrote. Members that it does not know are ignored.
 *
 * Returns: whether it is an entry; if not, @entry is empty
 */
gboolean
dw_recording_read (DwRecordingEntry *entry, const char *line, gsize length, guint number, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_auto (DwRecordingEntry) read = { 0 };
  JsonNode *root;
  const char *wrong;

  *entry = (DwRecordingEntry){ 0 };
  if (length > DW_RECORDING_LINE_BYTES)
    {
      g_set_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_RECORDING, _ ("Line %u is too long."), number);
      return FALSE;
    }

  root = is_small (line, length) ? dw_json_parse (parser, line, (gssize) length, NULL) : NULL;
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_RECORDING, _ ("Line %u is not a line of a recording."),
                   number);
      return FALSE;
    }

  wrong = read_members (json_node_get_object (root), &read);
  if (wrong != NULL)
    {
      g_set_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_RECORDING, _ ("Line %u: “%s” is missing or not valid."),
                   number, wrong);
      return FALSE;
    }
  *entry = read;
  read = (DwRecordingEntry){ 0 };
  return TRUE;
}
