/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-text-scale.h"

/* The text size of conversations and the composer, in percent of the desktop's own. */
struct _DwTextScale
{
  GObject parent_instance;

  GSettings *settings;
  GtkCssProvider *provider;
};

G_DEFINE_FINAL_TYPE (DwTextScale, dw_text_scale, G_TYPE_OBJECT)

#define LEAST 80
#define NORMAL 100
#define MOST 300

/* How much larger a message of emoji alone is. */
#define EMOJI_TIMES 2

static void
show_scale (DwTextScale *self)
{
  int scale = g_settings_get_int (self->settings, "text-scale");
  g_autofree char *css = g_strdup_printf (
      ".scaled-text { font-size: %d%%; } .scaled-text.emoji { font-size: %d%%; }", scale, EMOJI_TIMES * scale);

  gtk_css_provider_load_from_data (self->provider, css, -1);
}

static void
dw_text_scale_dispose (GObject *object)
{
  DwTextScale *self = DW_TEXT_SCALE (object);
  GdkDisplay *display = gdk_display_get_default ();

  if (self->provider != NULL && display != NULL)
    gtk_style_context_remove_provider_for_display (display, GTK_STYLE_PROVIDER (self->provider));
  g_clear_object (&self->provider);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (dw_text_scale_parent_class)->dispose (object);
}

static void
dw_text_scale_class_init (DwTextScaleClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dw_text_scale_dispose;
}

static void
dw_text_scale_init (DwTextScale *self)
{
  self->provider = gtk_css_provider_new ();
}

/**
 * dw_text_scale_new:
 * @settings: the profile's settings
 *
 * Returns: (transfer full): an object that applies the text size from now on
 */
DwTextScale *
dw_text_scale_new (GSettings *settings)
{
  DwTextScale *self = g_object_new (DW_TYPE_TEXT_SCALE, NULL);

  self->settings = g_object_ref (settings);
  g_signal_connect_object (settings, "changed::text-scale", G_CALLBACK (show_scale), self, G_CONNECT_SWAPPED);
  show_scale (self);
  gtk_style_context_add_provider_for_display (gdk_display_get_default (), GTK_STYLE_PROVIDER (self->provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION + 1);
  return self;
}

/**
 * dw_text_scale_change:
 * @self: the scale
 * @by: how much larger, in percent; 0 for the normal size
 */
void
dw_text_scale_change (DwTextScale *self, int by)
{
  int scale = by == 0 ? NORMAL : g_settings_get_int (self->settings, "text-scale") + by;

  g_settings_set_int (self->settings, "text-scale", CLAMP (scale, LEAST, MOST));
}
