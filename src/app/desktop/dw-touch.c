/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-touch.h"

/* Larger targets where the display has a touchscreen: a sheet of its own, since dialogs can be windows too, and since what
 * it says comes before the theme and the other sheet, however exact those are. */
struct _DwTouch
{
  GObject parent_instance;

  GdkDisplay *display;
  GtkCssProvider *provider; /* while there is a touchscreen, or NULL */
  guint look;               /* idle source, after a device came or went */
};

G_DEFINE_FINAL_TYPE (DwTouch, dw_touch, G_TYPE_OBJECT)

#define STYLE "/io/github/dynamowave/Chat/dw-touch.css"

static void
look (DwTouch *self)
{
  GdkSeatCapabilities capabilities = GDK_SEAT_CAPABILITY_NONE;
  g_autoptr (GList) seats = gdk_display_list_seats (self->display);

  for (GList *l = seats; l != NULL; l = l->next)
    capabilities |= gdk_seat_get_capabilities (l->data);
  dw_touch_set_capabilities (self, capabilities);
}

static gboolean
on_look (gpointer data)
{
  DwTouch *self = data;

  self->look = 0;
  look (self);
  return G_SOURCE_REMOVE;
}

/* On Wayland a seat still has the capability while it says that the device goes. */
static void
look_later (DwTouch *self)
{
  if (self->look == 0)
    self->look = g_idle_add (on_look, self);
}

static void
follow_seat (DwTouch *self, GdkSeat *seat)
{
  g_signal_connect_object (seat, "device-added", G_CALLBACK (look_later), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (seat, "device-removed", G_CALLBACK (look_later), self, G_CONNECT_SWAPPED);
}

static void
on_seat_added (DwTouch *self, GdkSeat *seat)
{
  follow_seat (self, seat);
  look_later (self);
}

static void
dw_touch_dispose (GObject *object)
{
  DwTouch *self = DW_TOUCH (object);

  g_clear_handle_id (&self->look, g_source_remove);
  if (self->display != NULL)
    dw_touch_set_capabilities (self, GDK_SEAT_CAPABILITY_NONE);
  g_clear_object (&self->display);
  G_OBJECT_CLASS (dw_touch_parent_class)->dispose (object);
}

static void
dw_touch_class_init (DwTouchClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_touch_dispose;
}

static void
dw_touch_init (DwTouch *self)
{
}

/**
 * dw_touch_new:
 * @display: a display
 *
 * Returns: (transfer full): an object that makes targets large from now on while the display has a touchscreen
 */
DwTouch *
dw_touch_new (GdkDisplay *display)
{
  DwTouch *self = g_object_new (DW_TYPE_TOUCH, NULL);
  g_autoptr (GList) seats = gdk_display_list_seats (display);

  self->display = g_object_ref (display);
  for (GList *l = seats; l != NULL; l = l->next)
    follow_seat (self, l->data);
  g_signal_connect_object (display, "seat-added", G_CALLBACK (on_seat_added), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (display, "seat-removed", G_CALLBACK (look_later), self, G_CONNECT_SWAPPED);
  look (self);
  return self;
}

/**
 * dw_touch_set_capabilities:
 * @self: the object
 * @capabilities: of all seats of the display together
 *
 * Makes targets large, or no longer.
 */
void
dw_touch_set_capabilities (DwTouch *self, GdkSeatCapabilities capabilities)
{
  gboolean touches = (capabilities & GDK_SEAT_CAPABILITY_TOUCH) != 0;

  if (touches == (self->provider != NULL))
    return;
  if (touches)
    {
      self->provider = gtk_css_provider_new ();
      gtk_css_provider_load_from_resource (self->provider, STYLE);
      gtk_style_context_add_provider_for_display (self->display, GTK_STYLE_PROVIDER (self->provider),
                                                  GTK_STYLE_PROVIDER_PRIORITY_APPLICATION + 1);
    }
  else
    {
      gtk_style_context_remove_provider_for_display (self->display, GTK_STYLE_PROVIDER (self->provider));
      g_clear_object (&self->provider);
    }
}
