/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-frame.h"
#include "dw-limits.h"
#include "dw-wire-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static char *
encode (const DwDialect *dialect, const char *text, const char *sender, const char *id)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, dw_dialect_get_route_key (dialect));
  json_builder_add_string_value (builder, dw_dialect_get_send_route (dialect));
  json_builder_set_member_name (builder, dw_dialect_get_body_key (dialect));
  json_builder_add_string_value (builder, text);
  if (sender != NULL)
    {
      json_builder_set_member_name (builder, dw_dialect_get_sender_key (dialect));
      json_builder_add_string_value (builder, sender);
    }
  if (id != NULL)
    {
      json_builder_set_member_name (builder, dw_dialect_get_id_key (dialect));
      json_builder_add_string_value (builder, id);
    }
  json_builder_end_object (builder);

  root = json_builder_get_root (builder);
  json_generator_set_root (generator, root);
  return json_generator_to_data (generator, NULL);
}

/**
 * dw_frame_encode:
 * @dialect: how the stage names things
 * @text: the message
 * @sender: (nullable): one's own name; only for a stage that announces %DW_FEATURE_SENDER
 * @id: (nullable): the message's id; only for a stage that announces %DW_FEATURE_ID
 * @error: %DW_WIRE_ERROR_TOO_LARGE or %DW_WIRE_ERROR_TEXT
 *
 * Makes the frame that asks the stage to broadcast @text. Without @sender and @id it is the documented frame, byte
 * for byte. libsoup sends one frame a message in every version (measured), so the limit that counts is the
 * gateway's for a frame.
 *
 * Returns: (transfer full): the frame's text, or %NULL
 */
char *
dw_frame_encode (const DwDialect *dialect, const char *text, const char *sender, const char *id, GError **error)
{
  g_autofree char *frame = NULL;

  if (!g_utf8_validate (text, -1, NULL) || (sender != NULL && !g_utf8_validate (sender, -1, NULL)))
    {
      g_set_error_literal (error, DW_WIRE_ERROR, DW_WIRE_ERROR_TEXT, _ ("The text is not UTF-8."));
      return NULL;
    }
  frame = encode (dialect, text, sender, id);
  if (strlen (frame) > DW_LIMIT_FRAME_BYTES)
    {
      g_set_error (error, DW_WIRE_ERROR, DW_WIRE_ERROR_TOO_LARGE,
                   _ ("The message takes %u bytes, but the limit is %d. Split it into several messages."),
                   (guint) MIN (strlen (frame), G_MAXUINT), DW_LIMIT_FRAME_BYTES);
      return NULL;
    }
  return g_steal_pointer (&frame);
}

/**
 * dw_frame_encoded_size:
 * @dialect: how the stage names things
 * @text: the message, UTF-8
 * @sender: (nullable): as for dw_frame_encode()
 * @id: (nullable): as for dw_frame_encode()
 *
 * Returns: the bytes the frame would need, to compare with %DW_LIMIT_FRAME_BYTES
 */
gsize
dw_frame_encoded_size (const DwDialect *dialect, const char *text, const char *sender, const char *id)
{
  g_autofree char *frame = encode (dialect, text, sender, id);

  return strlen (frame);
}
