/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message.h"

struct _DwMessage
{
  GObject parent_instance;

  DwRecord record;
  gboolean starts_group;
  gboolean ends_group;
};

G_DEFINE_FINAL_TYPE (DwMessage, dw_message, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_DELIVERY,
  PROP_STARTS_GROUP,
  PROP_ENDS_GROUP,
  PROP_KIND,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
dw_message_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  DwMessage *self = DW_MESSAGE (object);

  switch (id)
    {
    case PROP_DELIVERY:
      g_value_set_uint (value, self->record.delivery);
      break;
    case PROP_STARTS_GROUP:
      g_value_set_boolean (value, self->starts_group);
      break;
    case PROP_ENDS_GROUP:
      g_value_set_boolean (value, self->ends_group);
      break;
    case PROP_KIND:
      g_value_set_uint (value, self->record.kind);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
clear_record (DwRecord *record)
{
  g_free (record->text);
  g_free (record->sender);
  g_free (record->id);
  g_free (record->reason);
}

static void
dw_message_finalize (GObject *object)
{
  DwMessage *self = DW_MESSAGE (object);

  clear_record (&self->record);
  G_OBJECT_CLASS (dw_message_parent_class)->finalize (object);
}

static void
dw_message_class_init (DwMessageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = dw_message_get_property;
  object_class->finalize = dw_message_finalize;

  properties[PROP_DELIVERY] =
      g_param_spec_uint ("delivery", NULL, NULL, DW_DELIVERY_NONE, DW_DELIVERY_ASKING, DW_DELIVERY_NONE, flags);
  properties[PROP_STARTS_GROUP] = g_param_spec_boolean ("starts-group", NULL, NULL, TRUE, flags);
  properties[PROP_ENDS_GROUP] = g_param_spec_boolean ("ends-group", NULL, NULL, TRUE, flags);
  /* Changes once at most: when a blank line is filled. */
  properties[PROP_KIND] =
      g_param_spec_uint ("kind", NULL, NULL, DW_MESSAGE_THEIRS, DW_MESSAGE_BLANK, DW_MESSAGE_BLANK, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
dw_message_init (DwMessage *self)
{
  self->starts_group = self->ends_group = TRUE;
}

/**
 * dw_message_new:
 * @kind: whose it is
 * @text: what it says, UTF-8
 * @sender: (nullable): the name it came with
 * @id: (nullable): its id
 * @time: when it arrived or was written, in microseconds since 1970 UTC
 *
 * Returns: (transfer full): a line of the conversation; one's own starts as %DW_DELIVERY_QUEUED
 */
DwMessage *
dw_message_new (DwMessageKind kind, const char *text, const char *sender, const char *id, gint64 time)
{
  DwMessage *self = g_object_new (DW_TYPE_MESSAGE, NULL);

  self->record.kind = kind;
  self->record.text = g_strdup (text);
  self->record.sender = g_strdup (sender);
  self->record.id = g_strdup (id);
  self->record.time = time;
  self->record.delivery = kind == DW_MESSAGE_OWN ? DW_DELIVERY_QUEUED : DW_DELIVERY_NONE;
  return self;
}

/**
 * dw_message_new_from_record:
 * @record: a line of the store
 *
 * Returns: (transfer full): that line
 */
DwMessage *
dw_message_new_from_record (const DwRecord *record)
{
  DwMessage *self = g_object_new (DW_TYPE_MESSAGE, NULL);

  dw_message_fill (self, record);
  return self;
}

/**
 * dw_message_new_blank:
 * @place: its place in the conversation
 *
 * Returns: (transfer full): a line that is not read from the store yet
 */
DwMessage *
dw_message_new_blank (gint64 place)
{
  DwMessage *self = dw_message_new (DW_MESSAGE_BLANK, "", NULL, NULL, 0);

  self->record.place = place;
  return self;
}

/**
 * dw_message_fill:
 * @self: a line that was blank
 * @record: what the store says it is
 */
void
dw_message_fill (DwMessage *self, const DwRecord *record)
{
  DwRecord *copy = dw_record_copy (record);

  clear_record (&self->record);
  self->record = *copy;
  g_free (copy);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KIND]);
}

/**
 * dw_message_get_record:
 * @self: a message
 *
 * Returns: (transfer none): it as the store holds it
 */
const DwRecord *
dw_message_get_record (DwMessage *self)
{
  return &self->record;
}

/**
 * dw_message_get_place:
 * @self: a message
 *
 * Returns: its place in the conversation, or 0 while it has none
 */
gint64
dw_message_get_place (DwMessage *self)
{
  return self->record.place;
}

/**
 * dw_message_set_place:
 * @self: a message
 * @place: its place in the conversation
 */
void
dw_message_set_place (DwMessage *self, gint64 place)
{
  self->record.place = place;
}

/**
 * dw_message_get_until:
 * @self: a gap
 *
 * Returns: its end, in microseconds since 1970 UTC
 */
gint64
dw_message_get_until (DwMessage *self)
{
  return self->record.until;
}

/**
 * dw_message_set_until:
 * @self: a gap
 * @until: its end, in microseconds since 1970 UTC
 */
void
dw_message_set_until (DwMessage *self, gint64 until)
{
  self->record.until = until;
}

/**
 * dw_message_get_departure:
 * @self: one's own message
 *
 * Returns: whether it may have left
 */
DwDeparture
dw_message_get_departure (DwMessage *self)
{
  return self->record.departure;
}

/**
 * dw_message_set_departure:
 * @self: one's own message
 * @departure: whether it may have left
 */
void
dw_message_set_departure (DwMessage *self, DwDeparture departure)
{
  self->record.departure = departure;
}

/**
 * dw_message_get_kind:
 * @self: a message
 *
 * Returns: whose it is
 */
DwMessageKind
dw_message_get_kind (DwMessage *self)
{
  return self->record.kind;
}

/**
 * dw_message_get_text:
 * @self: a message
 *
 * Returns: what it says. It comes from anybody: dw_safe_text() is its way to the screen.
 */
const char *
dw_message_get_text (DwMessage *self)
{
  return self->record.text;
}

/**
 * dw_message_get_sender:
 * @self: a message
 *
 * Returns: (nullable): the name it came with, as untrusted as the text
 */
const char *
dw_message_get_sender (DwMessage *self)
{
  return self->record.sender;
}

/**
 * dw_message_get_id:
 * @self: a message
 *
 * Returns: (nullable): its id
 */
const char *
dw_message_get_id (DwMessage *self)
{
  return self->record.id;
}

/**
 * dw_message_get_time:
 * @self: a message
 *
 * Returns: when it arrived or was written, in microseconds since 1970 UTC
 */
gint64
dw_message_get_time (DwMessage *self)
{
  return self->record.time;
}

/**
 * dw_message_get_delivery:
 * @self: a message
 *
 * Returns: how far it has come
 */
DwDelivery
dw_message_get_delivery (DwMessage *self)
{
  return self->record.delivery;
}

/**
 * dw_message_get_reason:
 * @self: a message
 *
 * Returns: (nullable): a translated sentence that says why it failed, is unconfirmed or asks
 */
const char *
dw_message_get_reason (DwMessage *self)
{
  return self->record.reason;
}

/**
 * dw_message_set_delivery:
 * @self: a message
 * @delivery: how far it has come
 * @reason: (nullable): why it failed, is unconfirmed or asks
 */
void
dw_message_set_delivery (DwMessage *self, DwDelivery delivery, const char *reason)
{
  if (self->record.delivery == delivery && g_strcmp0 (self->record.reason, reason) == 0)
    return;
  self->record.delivery = delivery;
  g_free (self->record.reason);
  self->record.reason = g_strdup (reason);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DELIVERY]);
}

/**
 * dw_message_needs_decision:
 * @self: a message
 *
 * Returns: whether the person may send it again or discard it: it failed, is unconfirmed or asks
 */
gboolean
dw_message_needs_decision (DwMessage *self)
{
  return self->record.delivery == DW_DELIVERY_FAILED || self->record.delivery == DW_DELIVERY_UNCONFIRMED
         || self->record.delivery == DW_DELIVERY_ASKING;
}

/**
 * dw_message_starts_group:
 * @self: a message
 *
 * Returns: whether it is the first of its sender's in a row
 */
gboolean
dw_message_starts_group (DwMessage *self)
{
  return self->starts_group;
}

/**
 * dw_message_ends_group:
 * @self: a message
 *
 * Returns: whether it is the last of its sender's in a row
 */
gboolean
dw_message_ends_group (DwMessage *self)
{
  return self->ends_group;
}

/**
 * dw_message_set_group:
 * @self: a message
 * @starts: whether it is the first in a row
 * @ends: whether it is the last in a row
 */
void
dw_message_set_group (DwMessage *self, gboolean starts, gboolean ends)
{
  if (self->starts_group != starts)
    {
      self->starts_group = starts;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STARTS_GROUP]);
    }
  if (self->ends_group != ends)
    {
      self->ends_group = ends;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ENDS_GROUP]);
    }
}
