/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages in the narrowest window, with the desktop's text at twice its size. */
#include "dw-test-widget.h"
#include "dw-test.h"

#include "app/chat/dw-composer.h"
#include "app/chat/dw-search-page.h"
#include "app/stages/dw-welcome-page.h"

#include <adwaita.h>

/* The least width of the window, in pixels. */
#define NARROWEST 360

/* Of a field in which one still sees what one types, in pixels: some eight letters of this size. */
#define FIELD 150

/* In the units of the setting. */
#define DOUBLE_DPI (2 * 96 * 1024)

/* Returns: (transfer floating): a page in its place, of the window's least width or of its own; it is not drawn. */
static GtkWidget *
make_page (GType type, int *least)
{
  GtkWidget *page = g_object_new (type, NULL);
  int height;

  gtk_widget_measure (page, GTK_ORIENTATION_HORIZONTAL, -1, least, NULL, NULL, NULL);
  gtk_widget_measure (page, GTK_ORIENTATION_VERTICAL, MAX (*least, NARROWEST), &height, NULL, NULL, NULL);
  gtk_widget_allocate (page, MAX (*least, NARROWEST), height, -1, NULL);
  return page;
}

static void
test_fits (gconstpointer get_type)
{
  int least;
  g_autoptr (GtkWidget) page = g_object_ref_sink (make_page (((GType (*) (void)) get_type) (), &least));

  g_assert_cmpint (least, <=, NARROWEST);
}

static void
test_search_field (void)
{
  int least;
  g_autoptr (GtkWidget) page = g_object_ref_sink (make_page (DW_TYPE_SEARCH_PAGE, &least));

  g_assert_cmpint (gtk_widget_get_width (dw_test_find_widget (page, GTK_TYPE_SEARCH_ENTRY)), >=, FIELD);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  gtk_init ();
  adw_init ();
  g_object_set (gtk_settings_get_default (), "gtk-xft-dpi", DOUBLE_DPI, NULL);
  g_test_add_data_func ("/app/large-text/composer", dw_composer_get_type, test_fits);
  g_test_add_data_func ("/app/large-text/welcome", dw_welcome_page_get_type, test_fits);
  g_test_add_data_func ("/app/large-text/search", dw_search_page_get_type, test_fits);
  g_test_add_func ("/app/large-text/search-field", test_search_field);
  return g_test_run ();
}
