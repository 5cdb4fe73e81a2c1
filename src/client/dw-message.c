/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-message.h"

struct _DwMessage
{
  GObject parent_instance;

  DwMessageKind kind;
  DwDelivery delivery;
  char *text;
  char *sender;
  char *id;
  char *reason;
  gint64 time;
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
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

/* Messages of one sender stand together while they are no further apart than this, in microseconds. */
#define GROUP_SPAN (5 * 60 * G_USEC_PER_SEC)

static void
dw_message_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  DwMessage *self = DW_MESSAGE (object);

  switch (id)
    {
    case PROP_DELIVERY:
      g_value_set_uint (value, self->delivery);
      break;
    case PROP_STARTS_GROUP:
      g_value_set_boolean (value, self->starts_group);
      break;
    case PROP_ENDS_GROUP:
      g_value_set_boolean (value, self->ends_group);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
dw_message_finalize (GObject *object)
{
  DwMessage *self = DW_MESSAGE (object);

  g_free (self->text);
  g_free (self->sender);
  g_free (self->id);
  g_free (self->reason);
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
      g_param_spec_uint ("delivery", NULL, NULL, DW_DELIVERY_NONE, DW_DELIVERY_FAILED, DW_DELIVERY_NONE, flags);
  properties[PROP_STARTS_GROUP] = g_param_spec_boolean ("starts-group", NULL, NULL, TRUE, flags);
  properties[PROP_ENDS_GROUP] = g_param_spec_boolean ("ends-group", NULL, NULL, TRUE, flags);
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

  self->kind = kind;
  self->text = g_strdup (text);
  self->sender = g_strdup (sender);
  self->id = g_strdup (id);
  self->time = time;
  self->delivery = kind == DW_MESSAGE_OWN ? DW_DELIVERY_QUEUED : DW_DELIVERY_NONE;
  return self;
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
  return self->kind;
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
  return self->text;
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
  return self->sender;
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
  return self->id;
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
  return self->time;
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
  return self->delivery;
}

/**
 * dw_message_get_reason:
 * @self: a message
 *
 * Returns: (nullable): for %DW_DELIVERY_FAILED, a translated sentence that says why
 */
const char *
dw_message_get_reason (DwMessage *self)
{
  return self->reason;
}

/**
 * dw_message_set_delivery:
 * @self: a message
 * @delivery: how far it has come
 * @reason: (nullable): why it failed
 */
void
dw_message_set_delivery (DwMessage *self, DwDelivery delivery, const char *reason)
{
  if (self->delivery == delivery && g_strcmp0 (self->reason, reason) == 0)
    return;
  self->delivery = delivery;
  g_free (self->reason);
  self->reason = g_strdup (reason);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DELIVERY]);
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

/**
 * dw_message_is_grouped_with:
 * @self: a message
 * @next: the one after it
 *
 * Returns: whether the two stand together: one sender, close in time
 */
gboolean
dw_message_is_grouped_with (DwMessage *self, DwMessage *next)
{
  return self->kind == next->kind && self->kind != DW_MESSAGE_NOTICE && g_strcmp0 (self->sender, next->sender) == 0
         && ABS (next->time - self->time) <= GROUP_SPAN;
}
