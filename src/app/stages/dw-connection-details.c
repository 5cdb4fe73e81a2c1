/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-connection-details.h"

#include "dw-latency-graph.h"

#include "app/text/dw-connection-text.h"
#include "app/text/dw-label.h"
#include "app/toolkit/dw-dialog.h"
#include "app/toolkit/dw-page.h"

#include "client/connection/dw-boot-clock.h"

#include <glib/gi18n.h>

/* How often the stage is probed while this is shown, so that the graph is worth looking at. */
#define PROBE_SECONDS 5

/* How many outages are shown; what is copied has all of them. */
#define SHOWN_OUTAGES 20

/* Details of a stage's connection, as they are at the moment. */
struct _DwConnectionDetails
{
  GtkWidget parent_instance;

  GtkWidget *page;
  AdwToastOverlay *toasts;
  AdwActionRow *state;
  AdwActionRow *id;
  AdwActionRow *since;
  AdwPreferencesGroup *addresses;
  DwLatencyGraph *graph;
  GtkLabel *latency;
  AdwPreferencesGroup *outages;

  DwSession *session;
  GPtrArray *address_rows;
  GPtrArray *outage_rows;
  guint timer;
};

G_DEFINE_FINAL_TYPE (DwConnectionDetails, dw_connection_details, GTK_TYPE_WIDGET)

static void
show_fact (AdwActionRow *row, const char *value)
{
  dw_label_show_subtitle (row, value);
  gtk_widget_set_visible (GTK_WIDGET (row), value != NULL);
}

/* Fills a group with as many rows as wanted, and keeps those that are there, for who reads them. */
static AdwActionRow *
get_row (AdwPreferencesGroup *group, GPtrArray *rows, guint index)
{
  if (index == rows->len)
    {
      GtkWidget *row = adw_action_row_new ();

      adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
      adw_preferences_group_add (group, row);
      g_ptr_array_add (rows, row);
    }
  return g_ptr_array_index (rows, index);
}

static void
remove_rows (AdwPreferencesGroup *group, GPtrArray *rows, guint from)
{
  for (guint i = from; i < rows->len; i++)
    adw_preferences_group_remove (group, g_ptr_array_index (rows, i));
  g_ptr_array_set_size (rows, (int) MIN (from, rows->len));
}

static void
show_addresses (DwConnectionDetails *self)
{
  DwStage *stage = dw_session_get_stage (self->session);
  DwStageUrl *used = dw_session_get_url (self->session);
  guint n = dw_stage_get_n_urls (stage);

  for (guint i = 0; i < n; i++)
    {
      DwStageUrl *url = dw_stage_get_url (stage, i);
      AdwActionRow *row = get_row (self->addresses, self->address_rows, i);

      dw_label_show_row_title (ADW_PREFERENCES_ROW (row), dw_stage_url_get_redacted (url));
      dw_label_show_subtitle (row, n > 1 && url == used ? _ ("In use") : NULL);
    }
  remove_rows (self->addresses, self->address_rows, n);
}

static void
show_outages (DwConnectionDetails *self)
{
  DwOutages *outages = dw_session_get_outages (self->session);
  gint64 boot_now = dw_boot_clock_now ();
  gint64 now = g_get_real_time ();
  guint n = MIN (dw_outages_count (outages, boot_now), SHOWN_OUTAGES);

  for (guint i = 0; i < n; i++)
    {
      AdwActionRow *row = get_row (self->outages, self->outage_rows, i);
      g_autofree char *title = dw_connection_text_outage (dw_outages_get (outages, i), boot_now, now);
      g_autofree char *cause = dw_connection_text_cause (dw_outages_get (outages, i));

      dw_label_show_row_title (ADW_PREFERENCES_ROW (row), title);
      dw_label_show_subtitle (row, cause);
    }
  remove_rows (self->outages, self->outage_rows, n);
  adw_preferences_group_set_description (self->outages, n == 0 ? _ ("None since the app started.") : NULL);
}

static void
on_changed (DwConnectionDetails *self)
{
  const DwSessionStatus *status = dw_session_get_status (self->session);
  const DwLatencies *latencies = dw_session_get_latencies (self->session);
  g_autofree char *state = dw_connection_text_state (status);
  g_autofree char *id = dw_connection_text_id (status);
  g_autofree char *since = dw_connection_text_since (status, g_get_real_time ());
  g_autofree char *latency = dw_connection_text_latency (latencies);

  show_fact (self->state, state);
  show_fact (self->id, id);
  show_fact (self->since, since);
  show_addresses (self);
  dw_label_show (self->latency, latency, DW_LABEL_CHARS);
  dw_latency_graph_show (self->graph, latencies, latency);
  show_outages (self);
}

static gboolean
on_probe_due (gpointer data)
{
  DwConnectionDetails *self = data;

  dw_session_measure (self->session);
  show_outages (self);
  return G_SOURCE_CONTINUE;
}

static void
copy (DwConnectionDetails *self, const char *text)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (_ ("Copied")));
}

static void
on_copy (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwConnectionDetails *self = DW_CONNECTION_DETAILS (widget);
  g_autofree char *text = dw_connection_text_all (self->session, dw_boot_clock_now (), g_get_real_time ());

  copy (self, text);
}

static void
on_copy_id (GtkWidget *widget, const char *name, GVariant *parameter)
{
  DwConnectionDetails *self = DW_CONNECTION_DETAILS (widget);
  g_autofree char *id = dw_connection_text_id (dw_session_get_status (self->session));

  if (id != NULL)
    copy (self, id);
}

static void
dw_connection_details_map (GtkWidget *widget)
{
  DwConnectionDetails *self = DW_CONNECTION_DETAILS (widget);

  GTK_WIDGET_CLASS (dw_connection_details_parent_class)->map (widget);
  dw_session_measure (self->session);
  if (self->timer == 0)
    self->timer = g_timeout_add_seconds (PROBE_SECONDS, on_probe_due, self);
}

static void
dw_connection_details_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (dw_connection_details_parent_class)->unmap (widget);
  g_clear_handle_id (&DW_CONNECTION_DETAILS (widget)->timer, g_source_remove);
}

static void
dw_connection_details_dispose (GObject *object)
{
  DwConnectionDetails *self = DW_CONNECTION_DETAILS (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->page, gtk_widget_unparent);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (dw_connection_details_parent_class)->dispose (object);
}

static void
dw_connection_details_finalize (GObject *object)
{
  g_ptr_array_unref (DW_CONNECTION_DETAILS (object)->address_rows);
  g_ptr_array_unref (DW_CONNECTION_DETAILS (object)->outage_rows);
  G_OBJECT_CLASS (dw_connection_details_parent_class)->finalize (object);
}

static void
dw_connection_details_class_init (DwConnectionDetailsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dw_connection_details_dispose;
  G_OBJECT_CLASS (klass)->finalize = dw_connection_details_finalize;
  widget_class->map = dw_connection_details_map;
  widget_class->unmap = dw_connection_details_unmap;
  g_type_ensure (DW_TYPE_PAGE);
  g_type_ensure (DW_TYPE_LATENCY_GRAPH);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/dynamowave/Chat/dw-connection-details.ui");
  gtk_widget_class_bind_template_child (widget_class, DwConnectionDetails, page);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionDetails, toasts);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionDetails, state);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionDetails, id);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionDetails, since);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionDetails, addresses);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionDetails, graph);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionDetails, latency);
  gtk_widget_class_bind_template_child (widget_class, DwConnectionDetails, outages);
  gtk_widget_class_install_action (widget_class, "details.copy", NULL, on_copy);
  gtk_widget_class_install_action (widget_class, "details.copy-id", NULL, on_copy_id);
}

static void
dw_connection_details_init (DwConnectionDetails *self)
{
  self->address_rows = g_ptr_array_new ();
  self->outage_rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * dw_connection_details_present:
 * @session: a session that has a stage
 * @parent: over which window
 *
 * Shows the details of a connection in a dialog.
 */
void
dw_connection_details_present (DwSession *session, GtkWidget *parent)
{
  DwConnectionDetails *self = g_object_new (DW_TYPE_CONNECTION_DETAILS, NULL);

  self->session = g_object_ref (session);
  g_signal_connect_object (session, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  on_changed (self);
  dw_dialog_present (dw_dialog_new (_ ("Connection Details"), GTK_WIDGET (self)), parent);
}
