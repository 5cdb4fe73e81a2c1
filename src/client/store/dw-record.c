/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-record.h"

#include <string.h>

/* Messages of one sender stand together while they are no further apart than this, in microseconds. */
#define GROUP_SPAN (5 * 60 * G_USEC_PER_SEC)

/**
 * dw_delivery_get_name:
 * @delivery: how far a message has come
 *
 * Returns: (nullable): its name for programs, or %NULL for a message that is not one's own
 */
const char *
dw_delivery_get_name (DwDelivery delivery)
{
  switch (delivery)
    {
    case DW_DELIVERY_QUEUED:
      return "queued";
    case DW_DELIVERY_SENT:
      return "sent";
    case DW_DELIVERY_DELIVERED:
      return "delivered";
    case DW_DELIVERY_UNCONFIRMED:
      return "unconfirmed";
    case DW_DELIVERY_FAILED:
      return "failed";
    case DW_DELIVERY_ASKING:
      return "asking";
    case DW_DELIVERY_NONE:
    default:
      return NULL;
    }
}

/**
 * dw_record_copy:
 * @record: a line
 *
 * Returns: (transfer full): a copy, which another thread may have
 */
DwRecord *
dw_record_copy (const DwRecord *record)
{
  DwRecord *copy = g_new (DwRecord, 1);

  *copy = *record;
  copy->text = g_strdup (record->text);
  copy->sender = g_strdup (record->sender);
  copy->id = g_strdup (record->id);
  copy->reason = g_strdup (record->reason);
  return copy;
}

/**
 * dw_record_free:
 * @record: (transfer full): a line
 */
void
dw_record_free (DwRecord *record)
{
  g_free (record->text);
  g_free (record->sender);
  g_free (record->id);
  g_free (record->reason);
  g_free (record);
}

/**
 * dw_record_get_size:
 * @record: a line
 *
 * Returns: how much memory it takes, roughly, in bytes
 */
gsize
dw_record_get_size (const DwRecord *record)
{
  /* Without the reason, which changes while a line waits: a queue adds this size and later subtracts it again. */
  return sizeof *record + strlen (record->text) + (record->sender != NULL ? strlen (record->sender) : 0)
         + (record->id != NULL ? strlen (record->id) : 0) + 64;
}

/**
 * dw_record_stands_with:
 * @record: a line
 * @next: the one after it
 *
 * Returns: whether the two stand together: messages of one sender, close in time
 */
gboolean
dw_record_stands_with (const DwRecord *record, const DwRecord *next)
{
  return record->kind == next->kind && record->kind <= DW_MESSAGE_OWN
         && g_strcmp0 (record->sender, next->sender) == 0 && ABS (next->time - record->time) <= GROUP_SPAN;
}
