/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How large the targets of a window are with a touchscreen and without; the display of a test has none. */
#include "dw-test-widget.h"
#include "dw-test.h"

#include "app/chat/dw-composer.h"
#include "app/desktop/dw-touch.h"
#include "app/stages/dw-stage-row.h"
#include "app/stages/dw-welcome-page.h"

#include "client/store/dw-store.h"

#include <adwaita.h>

/* WCAG 2.2, 2.5.5, in pixels. */
#define TARGET 44

typedef struct
{
  GtkCssProvider *style;
  DwStore *store;
  DwStage *stage;
  DwChat *chat;
  GtkWidget *window;
  GtkWidget *menu;
  DwTouch *touch;
} Touched;

/* Looks of buttons that have sizes of their own. */
static const char *const looks[] = { "flat", "circular", "pill", "row-menu", "new-messages", "suggested-action" };
#define N_BUTTONS G_N_ELEMENTS (looks)

/* A button of each look, of a bar and of code, and a menu. */
static void
add_buttons (Touched *touched, GtkWidget *box)
{
  g_autoptr (GMenu) model = g_menu_new ();
  GtkWidget *bar = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  GtkWidget *code = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

  for (guint i = 0; i < N_BUTTONS; i++)
    {
      GtkWidget *button = gtk_button_new_from_icon_name ("open-menu-symbolic");

      gtk_widget_add_css_class (button, looks[i]);
      gtk_widget_set_halign (button, GTK_ALIGN_START);
      gtk_widget_set_valign (button, GTK_ALIGN_START);
      gtk_box_append (GTK_BOX (box), button);
    }

  gtk_widget_add_css_class (bar, "connection-bar");
  gtk_box_append (GTK_BOX (bar), gtk_button_new_with_label ("I"));
  gtk_box_append (GTK_BOX (box), bar);
  gtk_widget_add_css_class (box, "bubble");
  gtk_widget_add_css_class (code, "code");
  gtk_box_append (GTK_BOX (code), gtk_button_new_from_icon_name ("edit-copy-symbolic"));
  gtk_box_append (GTK_BOX (box), code);

  g_menu_append (model, "_Quote", "app.quit");
  touched->menu = gtk_menu_button_new ();
  gtk_widget_set_halign (touched->menu, GTK_ALIGN_START);
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (touched->menu), G_MENU_MODEL (model));
  gtk_box_append (GTK_BOX (box), touched->menu);
}

static gboolean
is_laid_out (gpointer window)
{
  return gtk_widget_get_width (window) > 0;
}

static void
touched_init (Touched *touched)
{
  g_autoptr (DwStageUrl) url = dw_stage_url_parse ("ws://127.0.0.1:1/prod", NULL);
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  GdkDisplay *display = gdk_display_get_default ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *list = gtk_list_box_new ();
  GtkWidget *composer = g_object_new (DW_TYPE_COMPOSER, NULL);

  touched->style = gtk_css_provider_new ();
  gtk_css_provider_load_from_resource (touched->style, "/io/github/dynamowave/Chat/style.css");
  gtk_style_context_add_provider_for_display (display, GTK_STYLE_PROVIDER (touched->style),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  touched->store = dw_store_new (NULL);
  touched->stage = dw_stage_new (url);
  dw_stage_set_number (touched->stage, 1);
  touched->chat = dw_chat_new (touched->stage, touched->store, policy, NULL);

  dw_composer_set_chat (DW_COMPOSER (composer), touched->chat);
  gtk_list_box_append (GTK_LIST_BOX (list), dw_stage_row_new (touched->chat, TRUE));
  add_buttons (touched, box);
  gtk_box_append (GTK_BOX (box), list);
  gtk_box_append (GTK_BOX (box), g_object_new (DW_TYPE_WELCOME_PAGE, NULL));
  gtk_box_append (GTK_BOX (box), composer);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), box);

  touched->window = gtk_window_new ();
  gtk_window_set_default_size (GTK_WINDOW (touched->window), 360, 800);
  gtk_window_set_child (GTK_WINDOW (touched->window), scroller);
  touched->touch = dw_touch_new (display);
  gtk_window_present (GTK_WINDOW (touched->window));
  dw_test_until ("the window", is_laid_out, touched->window);
}

static void
touched_clear (Touched *touched)
{
  gtk_window_destroy (GTK_WINDOW (touched->window));
  dw_test_run_for (50);
  dw_test_finalize (touched->touch);
  g_clear_object (&touched->chat);
  g_clear_object (&touched->stage);
  g_clear_object (&touched->store);
  gtk_style_context_remove_provider_for_display (gdk_display_get_default (), GTK_STYLE_PROVIDER (touched->style));
  g_clear_object (&touched->style);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Touched, touched_clear)

static gboolean
is_target (GtkWidget *widget)
{
  const char *name = gtk_widget_get_css_name (widget);

  return g_str_equal (name, "button") || g_str_equal (name, "row");
}

static gboolean
is_large (GtkWidget *widget)
{
  graphene_rect_t bounds;

  return gtk_widget_compute_bounds (widget, widget, &bounds) && bounds.size.width >= TARGET
         && bounds.size.height >= TARGET;
}

/* Returns: the first target in a widget that is too small, or NULL; counts the others. */
static GtkWidget *
find_small (GtkWidget *widget, guint *n_large)
{
  if (!gtk_widget_get_mapped (widget))
    return NULL;
  if (is_target (widget) && !is_large (widget))
    return widget;
  *n_large += is_target (widget);

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *small = find_small (child, n_large);

      if (small != NULL)
        return small;
    }
  return NULL;
}

/* A new one each time, not on the screen, where it gets no new style and GTK 4.24.1 warns about any popover. */
static int
measure_menu_item (Touched *touched)
{
  g_autoptr (GMenu) model = g_menu_new ();
  GtkWidget *menu;
  int height;

  g_menu_append (model, "_Quote", "app.quit");
  menu = gtk_popover_menu_new_from_model (G_MENU_MODEL (model));
  gtk_widget_set_parent (menu, touched->window);
  gtk_widget_measure (dw_test_find_widget (menu, g_type_from_name ("GtkModelButton")), GTK_ORIENTATION_VERTICAL, -1,
                      &height, NULL, NULL, NULL);
  gtk_widget_unparent (menu);
  return height;
}

static gboolean
are_large (gpointer data)
{
  Touched *touched = data;
  guint n_large = 0;
  GtkWidget *small = find_small (touched->window, &n_large);

  if (small != NULL && g_test_verbose ())
    g_test_message ("small: %s.%s in %s", gtk_widget_get_css_name (small), G_OBJECT_TYPE_NAME (small),
                    G_OBJECT_TYPE_NAME (gtk_widget_get_parent (small)));
  return small == NULL && n_large > N_BUTTONS && measure_menu_item (touched) >= TARGET;
}

static gboolean
are_small (gpointer data)
{
  Touched *touched = data;
  guint n_large = 0;

  return find_small (touched->window, &n_large) != NULL && measure_menu_item (touched) < TARGET;
}

static void
test_targets (void)
{
  g_auto (Touched) touched = { 0 };

  touched_init (&touched);
  dw_test_until ("small targets", are_small, &touched);
  dw_touch_set_capabilities (touched.touch, GDK_SEAT_CAPABILITY_POINTER | GDK_SEAT_CAPABILITY_TOUCH);
  dw_test_until ("large targets", are_large, &touched);
  dw_touch_set_capabilities (touched.touch, GDK_SEAT_CAPABILITY_POINTER);
  dw_test_until ("small targets again", are_small, &touched);
}

/* A touchscreen is unplugged: the seat of the test says so of what it has, and has none. */
static void
test_removed (void)
{
  g_auto (Touched) touched = { 0 };
  GdkSeat *seat = gdk_display_get_default_seat (gdk_display_get_default ());

  touched_init (&touched);
  dw_touch_set_capabilities (touched.touch, GDK_SEAT_CAPABILITY_TOUCH);
  dw_test_until ("large targets", are_large, &touched);
  g_signal_emit_by_name (seat, "device-removed", gdk_seat_get_pointer (seat));
  dw_test_until ("small targets", are_small, &touched);
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  gtk_init ();
  adw_init ();
  g_test_add_func ("/app/touch/targets/UI-12", test_targets);
  g_test_add_func ("/app/touch/removed/UI-12", test_removed);
  return g_test_run ();
}
