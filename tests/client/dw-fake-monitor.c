/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-fake-monitor.h"

struct _DwFakeMonitor
{
  GObject parent_instance;

  gboolean available;
};

static void dw_fake_monitor_iface_init (GNetworkMonitorInterface *iface);
static void dw_fake_monitor_initable_init (GInitableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DwFakeMonitor,
                               dw_fake_monitor,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, dw_fake_monitor_initable_init)
                                   G_IMPLEMENT_INTERFACE (G_TYPE_NETWORK_MONITOR, dw_fake_monitor_iface_init))

enum
{
  PROP_0,
  PROP_AVAILABLE,
  PROP_METERED,
  PROP_CONNECTIVITY,
};

static void
dw_fake_monitor_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  DwFakeMonitor *self = DW_FAKE_MONITOR (object);

  if (id == PROP_AVAILABLE)
    g_value_set_boolean (value, self->available);
  else if (id == PROP_METERED)
    g_value_set_boolean (value, FALSE);
  else
    g_value_set_enum (value, self->available ? G_NETWORK_CONNECTIVITY_FULL : G_NETWORK_CONNECTIVITY_LOCAL);
}

static void
dw_fake_monitor_class_init (DwFakeMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = dw_fake_monitor_get_property;
  g_object_class_override_property (object_class, PROP_AVAILABLE, "network-available");
  g_object_class_override_property (object_class, PROP_METERED, "network-metered");
  g_object_class_override_property (object_class, PROP_CONNECTIVITY, "connectivity");
}

static void
dw_fake_monitor_init (DwFakeMonitor *self)
{
}

static void
dw_fake_monitor_iface_init (GNetworkMonitorInterface *iface)
{
}

static void
dw_fake_monitor_initable_init (GInitableIface *iface)
{
}

DwFakeMonitor *
dw_fake_monitor_new (gboolean available)
{
  DwFakeMonitor *self = g_object_new (DW_TYPE_FAKE_MONITOR, NULL);

  self->available = available;
  return self;
}

void
dw_fake_monitor_set (DwFakeMonitor *self, gboolean available)
{
  self->available = available;
  g_signal_emit_by_name (self, "network-changed", available);
}
