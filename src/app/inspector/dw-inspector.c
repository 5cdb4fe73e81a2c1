/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-inspector.h"

#include "dw-trace-detail.h"
#include "dw-trace-row.h"

#include "app/text/dw-label.h"
#include "app/toolkit/dw-page.h"
#include "app/toolkit/dw-regions.h"
#include "app/toolkit/dw-speech.h"
#include "app/toolkit/dw-toolkit.h"

#include "wire/dw-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/* Shows the frames as they crossed the wire, for developers. */
struct _DwInspector
{
  AdwWindow parent_instance;

  AdwWindowTitle *heading;
  GtkToggleButton *pause;
  GtkEditable *filter;
  GtkDropDown *kind;
  GtkScrolledWindow *scroller;
  GtkListView *list;
  DwTraceDetail *detail;
  GtkEditable *raw;

  DwChat *chat;
  GListStore *lines; /* of DwTraceRow, one per trace entry; at most DW_TRACE_ENTRIES */
  GtkCustomFilter *wanted;
  GtkSingleSelection *selection;
  char *folded;  /* the filter text, case-folded */
  guint64 first; /* the serial of the first line */
  guint64 last;  /* the serial of the last one */
  guint follow;
};

/* In the order of the list in the window. */
enum
{
  KIND_EVERYTHING,
  KIND_RECEIVED,
  KIND_SENT,
  KIND_CONNECTIONS,
};

G_DEFINE_FINAL_TYPE (DwInspector, dw_inspector, ADW_TYPE_WINDOW)

static gboolean
on_follow (gpointer data)
{
  DwInspector *self = data;
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  self->follow = 0;
  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_upper (adjustment));
  return G_SOURCE_REMOVE;
}

static gboolean
is_at_end (DwInspector *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  return gtk_adjustment_get_value (adjustment) + gtk_adjustment_get_page_size (adjustment)
         >= gtk_adjustment_get_upper (adjustment) - 24;
}

/* Adds the new entries in one splice, and removes those the trace has dropped. */
static void
update (DwInspector *self)
{
  DwTrace *trace = dw_chat_get_trace (self->chat);
  guint64 first = dw_trace_get_first (trace);
  guint64 last = dw_trace_get_last (trace);
  g_autoptr (GPtrArray) added = g_ptr_array_new_with_free_func (g_object_unref);
  gboolean at_end = is_at_end (self);
  guint gone;

  if (gtk_toggle_button_get_active (self->pause))
    return;
  gone =
      (guint) MIN (MAX (first, self->first) - self->first, g_list_model_get_n_items (G_LIST_MODEL (self->lines)));
  g_list_store_splice (self->lines, 0, gone, NULL, 0);
  for (guint64 serial = MAX (self->last + 1, first); serial <= last; serial++)
    g_ptr_array_add (added, dw_trace_row_new (dw_trace_get_entry (trace, serial)));
  g_list_store_splice (self->lines, g_list_model_get_n_items (G_LIST_MODEL (self->lines)), 0, added->pdata,
                       added->len);
  self->first = MAX (first, self->first);
  self->last = last;
  if (at_end && self->follow == 0)
    self->follow = g_timeout_add (50, on_follow, self);
}

static void
on_pause_toggled (DwInspector *self)
{
  update (self);
}

static gboolean
is_of_kind (DwTraceRow *line, guint kind)
{
  switch (dw_trace_row_get_kind (line))
    {
    case DW_TRACE_IN:
      return kind == KIND_RECEIVED;
    case DW_TRACE_OUT:
      return kind == KIND_SENT;
    case DW_TRACE_PING:
    case DW_TRACE_PONG:
    case DW_TRACE_CONNECTING:
    case DW_TRACE_OPEN:
    case DW_TRACE_FAILED:
    case DW_TRACE_CLOSED:
    default:
      return kind == KIND_CONNECTIONS;
    }
}

static gboolean
is_wanted (gpointer item, gpointer data)
{
  DwInspector *self = data;
  guint kind = gtk_drop_down_get_selected (self->kind);

  if (kind != KIND_EVERYTHING && !is_of_kind (item, kind))
    return FALSE;
  return self->folded == NULL || *self->folded == '\0' || dw_trace_row_has (item, self->folded);
}

static void
on_filter_changed (DwInspector *self)
{
  g_free (self->folded);
  self->folded = g_utf8_casefold (gtk_editable_get_text (self->filter), -1);
  gtk_filter_changed (GTK_FILTER (self->wanted), GTK_FILTER_CHANGE_DIFFERENT);
}

static void
on_chosen (DwInspector *self)
{
  dw_trace_detail_show (self->detail, gtk_single_selection_get_selected_item (self->selection));
}

/* Sends any frame, valid or not: that is the purpose of the raw editor. */
static void
on_send_raw (DwInspector *self)
{
  const char *text = gtk_editable_get_text (self->raw);

  if (*text == '\0' || strlen (text) > DW_LIMIT_FRAME_BYTES)
    return;
  if (dw_session_send (dw_chat_get_session (self->chat), text))
    gtk_editable_set_text (self->raw, "");
  else
    gtk_widget_error_bell (GTK_WIDGET (self));
}

static void
on_copy (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwInspector *self = DW_INSPECTOR (widget);
  DwTraceRow *line = gtk_single_selection_get_selected_item (self->selection);

  if (line != NULL)
    gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), dw_trace_row_get_whole (line));
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DwInspector) self = data;
  g_autoptr (GError) error = NULL;

  if (g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    return;
  adw_window_title_set_subtitle (self->heading, _ ("The frames couldn’t be saved. Choose another location."));
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static void
on_file_chosen (DwInspector *self, int response, GtkNativeDialog *dialog)
{
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  if (file != NULL)
    {
      char *lines = dw_trace_to_json_lines (dw_chat_get_trace (self->chat));
      g_autoptr (GBytes) bytes = g_bytes_new_take (lines, strlen (lines));

      g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_PRIVATE, NULL, on_saved,
                                           g_object_ref (self));
    }
  g_object_unref (dialog);
}

static void
on_save (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkFileChooserNative *native = gtk_file_chooser_native_new (_ ("Save Frames"), GTK_WINDOW (widget),
                                                              GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), NULL);

  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (native), "frames.jsonl");
  g_signal_connect_object (native, "response", G_CALLBACK (on_file_chosen), widget, G_CONNECT_SWAPPED);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (native), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (native));
}

G_GNUC_END_IGNORE_DEPRECATIONS

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *head = gtk_label_new (NULL);
  GtkWidget *text = gtk_label_new (NULL);

  gtk_widget_set_margin_start (box, 6);
  gtk_widget_set_margin_end (box, 6);
  gtk_widget_add_css_class (box, "monospace");
  gtk_widget_add_css_class (box, "caption");
  gtk_widget_add_css_class (head, "dim-label");
  gtk_label_set_xalign (GTK_LABEL (head), 0);
  gtk_label_set_width_chars (GTK_LABEL (head), 24);
  gtk_label_set_xalign (GTK_LABEL (text), 0);
  gtk_label_set_ellipsize (GTK_LABEL (text), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (text, TRUE);
  gtk_box_append (GTK_BOX (box), head);
  gtk_box_append (GTK_BOX (box), text);
  gtk_list_item_set_child (item, box);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  DwTraceRow *line = gtk_list_item_get_item (item);
  GtkWidget *box = gtk_list_item_get_child (item);
  g_autofree char *label = g_strdup_printf ("%s %s", dw_trace_row_get_head (line), dw_trace_row_get_text (line));

  dw_label_show (GTK_LABEL (gtk_widget_get_first_child (box)), dw_trace_row_get_head (line), DW_LABEL_CHARS);
  dw_label_show (GTK_LABEL (gtk_widget_get_last_child (box)), dw_trace_row_get_text (line), DW_LABEL_CHARS);
  dw_toolkit_set_list_item_label (item, box, label);
}

static void
dw_inspector_dispose (GObject *object)
{
  DwInspector *self = DW_INSPECTOR (object);

  g_clear_handle_id (&self->follow, g_source_remove);
  if (self->wanted != NULL)
    gtk_custom_filter_set_filter_func (self->wanted, NULL, NULL, NULL);
  g_clear_object (&self->wanted);
  g_clear_object (&self->lines);
  g_clear_object (&self->chat);
  g_clear_pointer (&self->folded, g_free);
  G_OBJECT_CLASS (dw_inspector_parent_class)->dispose (object);
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

/* Otherwise Tab would step through every frame in the list. */
static gboolean
on_list_key (DwInspector *self, guint key, guint code, GdkModifierType state)
{
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
  g_type_ensure (DW_TYPE_PAGE);
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
  gtk_widget_class_bind_template_callback (widget_class, on_pause_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_filter_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_send_raw);
  gtk_widget_class_bind_template_callback (widget_class, on_list_key);
  gtk_widget_class_install_action (widget_class, "inspector.copy", NULL, on_copy);
  gtk_widget_class_install_action (widget_class, "inspector.save", NULL, on_save);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_w, GDK_CONTROL_MASK, "window.close", NULL);
  gtk_widget_class_install_action (widget_class, "inspector.region", "i", on_region);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F6, 0, "inspector.region", "i", 1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_F6, GDK_SHIFT_MASK, "inspector.region", "i", -1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_s, GDK_CONTROL_MASK, "inspector.save", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_c, GDK_CONTROL_MASK | GDK_SHIFT_MASK, "inspector.copy",
                                       NULL);
}

static void
dw_inspector_init (DwInspector *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  GtkFilterListModel *filtered;

  gtk_widget_init_template (GTK_WIDGET (self));
  dw_speech_name_button (GTK_WIDGET (self->kind), _ ("Type"));
  self->lines = g_list_store_new (DW_TYPE_TRACE_ROW);
  self->wanted = gtk_custom_filter_new (is_wanted, self, NULL);
  filtered = gtk_filter_list_model_new (G_LIST_MODEL (g_object_ref (self->lines)),
                                        GTK_FILTER (g_object_ref (self->wanted)));
  self->selection = gtk_single_selection_new (G_LIST_MODEL (filtered));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (on_chosen), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), NULL);
  gtk_list_view_set_factory (self->list, factory);
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));
  g_object_unref (self->selection);
  self->first = 1;
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
  DwInspector *self = g_object_new (DW_TYPE_INSPECTOR, "application", gtk_window_get_application (window), NULL);
  g_autofree char *name = dw_stage_dup_name (dw_chat_get_stage (chat));

  self->chat = g_object_ref (chat);
  dw_label_show_heading (self->heading, name);
  g_signal_connect_object (dw_chat_get_trace (chat), "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  self->first = dw_trace_get_first (dw_chat_get_trace (chat));
  self->last = self->first - 1;
  update (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
  return self;
}

/**
 * dw_inspector_show_frame:
 * @self: an inspector that filters nothing yet
 * @serial: a number in its chat's trace
 *
 * Selects that frame and scrolls to it, if it is remembered.
 */
void
dw_inspector_show_frame (DwInspector *self, guint64 serial)
{
  guint position;

  if (serial < self->first || serial > self->last)
    return;

  position = (guint) (serial - self->first);
  g_clear_handle_id (&self->follow, g_source_remove);
  gtk_single_selection_set_selected (self->selection, position);
  gtk_widget_activate_action (GTK_WIDGET (self->list), "list.scroll-to-item", "u", position);
}
