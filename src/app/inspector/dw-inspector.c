/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-inspector.h"

#include "dw-config.h"
#include "dw-frame-list.h"
#include "dw-frame-menu.h"
#include "dw-latency-foot.h"
#include "dw-trace-cells.h"
#include "dw-trace-detail.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-page.h"
#include "app/toolkit/dw-regions.h"
#include "app/toolkit/dw-speech.h"
#include "app/toolkit/dw-toolkit.h"

#include "client/connection/dw-trace-file.h"

#include <glib/gi18n.h>
#include <string.h>

/* Shows the frames as they crossed the wire, for developers: those of a chat, or of a file. */
struct _DwInspector
{
  AdwWindow parent_instance;

  AdwWindowTitle *heading;
  GtkToggleButton *pause;
  GtkWidget *menu;
  GtkEditable *filter;
  GtkToggleButton *expression;
  GtkDropDown *kind;
  GtkLabel *notice;
  GtkScrolledWindow *scroller;
  GtkListView *list;
  DwTraceDetail *detail;
  DwLatencyFoot *foot;
  DwRawEditor *raw;

  DwChat *chat; /* or NULL */
  DwTrace *trace;
  DwDialect *dialect;
  DwFrameList *frames;
  GtkSingleSelection *selection;
  gboolean pings;
  gboolean refused;  /* the filter's expression is none */
  gboolean follows;  /* the end stays in view */
  gboolean moving;   /* it is we who scroll */
  guint settle;      /* idle source after the list was laid out */
  guint64 wanted;    /* the frame that is to be selected when it is read, or 0 */
  guint64 seen_sent; /* the last frame that was sent and came into view */
};

G_DEFINE_FINAL_TYPE (DwInspector, dw_inspector, ADW_TYPE_WINDOW)

enum
{
  PROP_0,
  PROP_PINGS,
  N_PROPS,
};

static void
scroll_to_end (DwInspector *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  self->moving = TRUE;
  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_upper (adjustment));
  self->moving = FALSE;
}

static gboolean
is_at_end (DwInspector *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  return gtk_adjustment_get_value (adjustment) + gtk_adjustment_get_page_size (adjustment)
         >= gtk_adjustment_get_upper (adjustment) - 24;
}

static gboolean
on_settled (gpointer data)
{
  DwInspector *self = data;

  self->settle = 0;
  /* While a trace is read the end moves on with each slice, and all rows would be built for each. */
  if (self->follows && dw_frame_list_is_ready (self->frames))
    scroll_to_end (self);
  return G_SOURCE_REMOVE;
}

/* The list has another height: lines came or were laid out, or the window is another size. Not at once: the list listens to
 * its adjustment again only after it. */
static void
on_height_changed (DwInspector *self)
{
  if (self->settle == 0)
    self->settle = g_idle_add_full (G_PRIORITY_HIGH_IDLE, on_settled, self, NULL);
}

/* What the list itself did to its place is no scrolling. */
static void
on_scrolled (DwInspector *self)
{
  if (!self->moving && self->settle == 0)
    self->follows = is_at_end (self);
}

static void
select_frame (DwInspector *self, guint64 serial)
{
  guint position;

  if (!dw_frame_list_find (self->frames, serial, &position))
    return;
  self->wanted = 0;
  self->follows = FALSE;
  gtk_single_selection_set_selected (self->selection, position);
  gtk_widget_activate_action (GTK_WIDGET (self->list), "list.scroll-to-item", "u", position);
}

static void
show_notice (DwInspector *self, const char *words)
{
  gboolean changes = g_strcmp0 (gtk_label_get_text (self->notice), words) != 0;

  gtk_widget_set_visible (GTK_WIDGET (self->notice), *words != '\0');
  dw_label_show (self->notice, words, DW_LABEL_CHARS);
  if (changes && *words != '\0')
    dw_speech_announce (GTK_WIDGET (self->notice), words);
}

/* A frame that was sent from this window is brought into view. Nothing else of this program sends while it is the active
 * one. */
static void
follow_sent (DwInspector *self)
{
  guint64 sent = dw_frame_list_get_sent (self->frames);

  if (sent == self->seen_sent)
    return;
  self->seen_sent = sent;
  if (gtk_window_is_active (GTK_WINDOW (self)))
    {
      self->follows = TRUE;
      scroll_to_end (self);
    }
}

static void
on_updated (DwInspector *self)
{
  dw_latency_foot_show (self->foot, dw_frame_list_get_latencies (self->frames));
  follow_sent (self);
  if (self->wanted != 0)
    select_frame (self, self->wanted);
  if (dw_frame_list_is_ready (self->frames))
    {
      self->wanted = 0;
      on_height_changed (self);
    }
  if (!self->refused)
    show_notice (self, dw_frame_list_is_unsure (self->frames)
                           ? _ ("Some frames are too long or too complex to be searched to their end.")
                           : "");
}

static void
on_pause_toggled (DwInspector *self)
{
  dw_frame_list_set_paused (self->frames, gtk_toggle_button_get_active (self->pause));
}

static void
on_filter_changed (DwInspector *self)
{
  g_autoptr (DwFrameFilter) filter =
      dw_frame_filter_new ((DwFrameKinds) gtk_drop_down_get_selected (self->kind), self->pings);
  const char *text = gtk_editable_get_text (self->filter);
  g_autofree char *why = NULL;

  self->refused = FALSE;
  if (!gtk_toggle_button_get_active (self->expression))
    dw_frame_filter_set_text (filter, text);
  else
    self->refused = !dw_frame_filter_set_expression (filter, text, &why);

  if (self->refused)
    gtk_widget_add_css_class (GTK_WIDGET (self->filter), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->filter), "error");
  show_notice (self, self->refused ? why : "");
  /* What was shown stays, until it is an expression. */
  if (!self->refused && self->frames != NULL)
    {
      DwTraceRow *line = gtk_single_selection_get_selected_item (self->selection);

      /* What was found stays selected, with what stands around it. */
      self->wanted = line != NULL ? dw_trace_row_get_serial (line) : 0;
      self->follows = TRUE;
      dw_frame_list_take_filter (self->frames, g_steal_pointer (&filter));
    }
}

static void
on_chosen (DwInspector *self)
{
  dw_trace_detail_show (self->detail, gtk_single_selection_get_selected_item (self->selection));
}

static void
on_copy (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwInspector *self = DW_INSPECTOR (widget);
  g_autofree char *text = dw_trace_detail_dup_text (self->detail);

  if (text != NULL)
    gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
}

/* What the detail can do with the frame that is selected, from anywhere in the window. */
static void
on_frame (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_widget_activate_action (GTK_WIDGET (DW_INSPECTOR (widget)->detail), g_variant_get_string (parameter, NULL),
                              NULL);
}

static void
on_other (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwInspector *self = DW_INSPECTOR (widget);
  DwTraceRow *line = gtk_single_selection_get_selected_item (self->selection);
  guint64 other = line != NULL ? dw_frame_list_get_other (self->frames, dw_trace_row_get_serial (line)) : 0;

  if (other != 0)
    select_frame (self, other);
  else
    gtk_widget_error_bell (widget);
}

static void
on_search (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_widget_grab_focus (GTK_WIDGET (DW_INSPECTOR (widget)->filter));
}

static void
on_clear (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwInspector *self = DW_INSPECTOR (widget);

  dw_trace_clear (self->trace);
  self->follows = TRUE;
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwInspector) self = data;
  g_autoptr (GError) error = NULL;

  if (!dw_trace_file_save_finish (result, &error))
    show_notice (self, _ ("The frames couldn’t be saved. Choose another location."));
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwInspector) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DwTrace) trace = dw_trace_file_load_finish (result, &error);
  g_autofree char *name = NULL;
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));

  if (trace == NULL)
    {
      show_notice (self, error->message);
      return;
    }
  name = g_file_get_basename (G_FILE (source));
  /* The program may be about to quit. */
  if (application != NULL)
    gtk_window_present (GTK_WINDOW (dw_inspector_new_for_file (application, trace, self->dialect, name)));
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static void
on_place_chosen (DwInspector *self, int response, GtkNativeDialog *dialog, DwTraceFormat format)
{
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  if (file != NULL)
    dw_trace_file_save_async (self->trace, file, format, DW_VERSION, on_saved, g_object_ref (self));
  g_object_unref (dialog);
}

static void
on_lines_chosen (DwInspector *self, int response, GtkNativeDialog *dialog)
{
  on_place_chosen (self, response, dialog, DW_TRACE_FORMAT_JSON_LINES);
}

static void
on_archive_chosen (DwInspector *self, int response, GtkNativeDialog *dialog)
{
  on_place_chosen (self, response, dialog, DW_TRACE_FORMAT_HAR);
}

static void
on_file_chosen (DwInspector *self, int response, GtkNativeDialog *dialog)
{
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  if (file != NULL)
    dw_trace_file_load_async (file, on_loaded, g_object_ref (self));
  g_object_unref (dialog);
}

static void
ask_for_file (DwInspector *self, GtkFileChooserNative *native, GCallback callback)
{
  g_signal_connect_object (native, "response", callback, self, G_CONNECT_SWAPPED);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (native), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (native));
}

static void
on_save (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gboolean is_archive = g_str_equal (name, "inspector.save-har");
  GtkFileChooserNative *native = gtk_file_chooser_native_new (_ ("Save Frames"), GTK_WINDOW (widget),
                                                              GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), NULL);

  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (native), is_archive ? "frames.har" : "frames.jsonl");
  ask_for_file (DW_INSPECTOR (widget), native,
                is_archive ? G_CALLBACK (on_archive_chosen) : G_CALLBACK (on_lines_chosen));
}

static void
on_open (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkFileChooserNative *native = gtk_file_chooser_native_new (_ ("Open Frames"), GTK_WINDOW (widget),
                                                              GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), NULL);

  ask_for_file (DW_INSPECTOR (widget), native, G_CALLBACK (on_file_chosen));
}

G_GNUC_END_IGNORE_DEPRECATIONS

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *cells = dw_trace_cells_new ();

  gtk_list_item_set_child (item, cells);
  dw_frame_menu_watch (item, cells);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  dw_trace_cells_show (DW_TRACE_CELLS (gtk_list_item_get_child (item)), gtk_list_item_get_item (item));
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  dw_trace_cells_show (DW_TRACE_CELLS (gtk_list_item_get_child (item)), NULL);
}

static void
dw_inspector_dispose (GObject *object)
{
  DwInspector *self = DW_INSPECTOR (object);

  g_clear_handle_id (&self->settle, g_source_remove);
  if (self->frames != NULL)
    g_signal_handlers_disconnect_by_func (self->frames, on_updated, self);
  g_clear_object (&self->frames);
  g_clear_object (&self->trace);
  g_clear_object (&self->chat);
  g_clear_pointer (&self->dialect, dw_dialect_unref);
  G_OBJECT_CLASS (dw_inspector_parent_class)->dispose (object);
}

static void
dw_inspector_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_PINGS)
    g_value_set_boolean (value, DW_INSPECTOR (object)->pings);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dw_inspector_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  DwInspector *self = DW_INSPECTOR (object);

  if (id != PROP_PINGS)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  if (self->pings == g_value_get_boolean (value))
    return;
  self->pings = g_value_get_boolean (value);
  on_filter_changed (self);
  g_object_notify_by_pspec (object, pspec);
}

static void
move_region (DwInspector *self, int by)
{
  GtkWidget *regions[] = { GTK_WIDGET (self->filter), GTK_WIDGET (self->kind), GTK_WIDGET (self->list),
                           GTK_WIDGET (self->detail), GTK_WIDGET (self->raw) };

  dw_regions_move (regions, G_N_ELEMENTS (regions), by);
}

static void
on_region (GtkWidget *widget, const char *name, GVariant *parameter)
{
  move_region (DW_INSPECTOR (widget), g_variant_get_int32 (parameter));
}

static gboolean
open_menu (DwInspector *self)
{
  DwTraceRow *line = gtk_single_selection_get_selected_item (self->selection);
  GtkWidget *row = gtk_widget_get_focus_child (GTK_WIDGET (self->list));

  if (line == NULL || row == NULL)
    return GDK_EVENT_PROPAGATE;
  dw_frame_menu_popup (gtk_widget_get_first_child (row), line, NULL);
  return GDK_EVENT_STOP;
}

/* Otherwise Tab would step through every frame in the list. */
static gboolean
on_list_key (DwInspector *self, guint key, guint code, GdkModifierType state)
{
  if (key == GDK_KEY_Menu || (key == GDK_KEY_F10 && (state & GDK_SHIFT_MASK) != 0))
    return open_menu (self);
  if (key != GDK_KEY_Tab && key != GDK_KEY_KP_Tab && key != GDK_KEY_ISO_Left_Tab)
    return GDK_EVENT_PROPAGATE;
  move_region (self, (state & GDK_SHIFT_MASK) != 0 ? -1 : 1);
  return GDK_EVENT_STOP;
}

static void
dw_inspector_class_init (DwInspectorClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_inspector_dispose;
  G_OBJECT_CLASS (klass)->get_property = dw_inspector_get_property;
  G_OBJECT_CLASS (klass)->set_property = dw_inspector_set_property;

  /**
   * DwInspector:pings:
   *
   * Whether pings and pongs are shown.
   */
  g_object_class_install_property (
      G_OBJECT_CLASS (klass), PROP_PINGS,
      g_param_spec_boolean ("pings", NULL, NULL, FALSE,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY));

  g_type_ensure (DW_TYPE_LATENCY_FOOT);
  g_type_ensure (DW_TYPE_PAGE);
  g_type_ensure (DW_TYPE_RAW_EDITOR);
  g_type_ensure (DW_TYPE_TRACE_DETAIL);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-inspector.ui");
  gtk_widget_class_bind_template_child (widget_class, DwInspector, heading);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, pause);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, filter);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, kind);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, detail);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, scroller);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, list);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, raw);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, notice);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, menu);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, foot);
  gtk_widget_class_bind_template_child (widget_class, DwInspector, expression);
  gtk_widget_class_bind_template_callback (widget_class, on_pause_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_filter_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_list_key);
  gtk_widget_class_install_action (widget_class, "inspector.copy", NULL, on_copy);
  gtk_widget_class_install_action (widget_class, "inspector.save", NULL, on_save);
  gtk_widget_class_install_action (widget_class, "inspector.save-har", NULL, on_save);
  gtk_widget_class_install_action (widget_class, "inspector.open", NULL, on_open);
  gtk_widget_class_install_action (widget_class, "inspector.other", NULL, on_other);
  gtk_widget_class_install_action (widget_class, "inspector.clear", NULL, on_clear);
  gtk_widget_class_install_action (widget_class, "inspector.frame", "s", on_frame);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_r, GDK_CONTROL_MASK, "inspector.frame", "s",
                                       "frame.resend");
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_e, GDK_CONTROL_MASK, "inspector.frame", "s",
                                       "frame.edit");
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_d, GDK_CONTROL_MASK, "inspector.frame", "s",
                                       "frame.compare");
  gtk_widget_class_install_action (widget_class, "inspector.search", NULL, on_search);
  gtk_widget_class_install_property_action (widget_class, "inspector.pings", "pings");
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_w, GDK_CONTROL_MASK, "window.close", NULL);
  gtk_widget_class_install_action (widget_class, "inspector.region", "i", on_region);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F6, 0, "inspector.region", "i", 1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F6, GDK_SHIFT_MASK, "inspector.region", "i", -1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_s, GDK_CONTROL_MASK, "inspector.save", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_s, GDK_CONTROL_MASK | GDK_SHIFT_MASK,
                                       "inspector.save-har", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_o, GDK_CONTROL_MASK, "inspector.open", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_j, GDK_CONTROL_MASK, "inspector.other", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_l, GDK_CONTROL_MASK, "inspector.clear", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_f, GDK_CONTROL_MASK, "inspector.search", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "inspector.copy",
                                       NULL);
}

static void
dw_inspector_init (DwInspector *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  GtkAdjustment *adjustment;

  gtk_widget_init_template (GTK_WIDGET (self));
  dw_speech_name_button (GTK_WIDGET (self->kind), _ ("Type"));
  dw_speech_name_button (self->menu, _ ("Inspector Menu"));
  dw_toolkit_override_label (GTK_WIDGET (self->expression), _ ("Regular Expression"));
  self->follows = TRUE;
  adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  g_signal_connect_object (adjustment, "changed", G_CALLBACK (on_height_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (adjustment, "value-changed", G_CALLBACK (on_scrolled), self, G_CONNECT_SWAPPED);
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), NULL);
  gtk_list_view_set_factory (self->list, factory);
}

static DwInspector *
inspector_new (GtkApplication *application, DwTrace *trace, DwDialect *dialect, gboolean live)
{
  DwInspector *self = g_object_new (DW_TYPE_INSPECTOR, "application", application, NULL);
  g_autoptr (GtkSingleSelection) selection = NULL;

  self->trace = g_object_ref (trace);
  self->dialect = dw_dialect_ref (dialect);
  self->frames = dw_frame_list_new (trace, dialect, live);
  self->seen_sent = dw_frame_list_get_sent (self->frames);
  selection = gtk_single_selection_new (G_LIST_MODEL (g_object_ref (self->frames)));
  gtk_single_selection_set_autoselect (selection, FALSE);
  gtk_single_selection_set_can_unselect (selection, TRUE);
  g_signal_connect_object (selection, "notify::selected-item", G_CALLBACK (on_chosen), self, G_CONNECT_SWAPPED);
  self->selection = selection;
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (selection));
  g_signal_connect_object (self->frames, "updated", G_CALLBACK (on_updated), self, G_CONNECT_SWAPPED);
  on_updated (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
  return self;
}

/**
 * dw_inspector_new:
 * @window: the parent window
 * @chat: whose frames it shows
 *
 * Returns: (transfer none): a window that follows what crosses the wire
 */
DwInspector *
dw_inspector_new (GtkWindow *window, DwChat *chat)
{
  DwStage *stage = dw_chat_get_stage (chat);
  g_autofree char *name = dw_stage_dup_name (stage);
  DwInspector *self = inspector_new (gtk_window_get_application (window), dw_chat_get_trace (chat),
                                     dw_stage_get_dialect (stage), TRUE);

  self->chat = g_object_ref (chat);
  dw_raw_editor_set_chat (self->raw, chat);
  dw_trace_detail_set_chat (self->detail, chat, self->raw);
  dw_label_show_heading (self->heading, name);
  return self;
}

/**
 * dw_inspector_new_for_file:
 * @application: the program
 * @trace: what was in the file
 * @dialect: how its stage named things
 * @name: the file's name
 *
 * Returns: (transfer none): a window that shows a recording, and says whose it is
 */
DwInspector *
dw_inspector_new_for_file (GtkApplication *application, DwTrace *trace, DwDialect *dialect, const char *name)
{
  DwInspector *self = inspector_new (application, trace, dialect, FALSE);

  adw_window_title_set_title (self->heading, _ ("Recording"));
  gtk_window_set_title (GTK_WINDOW (self), _ ("Recording"));
  dw_label_show_heading (self->heading, name);
  gtk_widget_set_visible (GTK_WIDGET (self->raw), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->pause), FALSE);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "inspector.clear", FALSE);
  return self;
}

/**
 * dw_inspector_show_frame:
 * @self: an inspector that filters nothing yet
 * @serial: a number in its trace
 *
 * Selects that frame and scrolls to it, if it is remembered, when it has been read.
 */
void
dw_inspector_show_frame (DwInspector *self, guint64 serial)
{
  self->wanted = serial;
  select_frame (self, serial);
}
