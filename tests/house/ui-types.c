/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Loaded into gtk4-builder-tool, which knows no types but GTK's own: ours, and libadwaita's. */

#include "app/dw-access-group.h"
#include "app/dw-announcer.h"
#include "app/dw-banner.h"
#include "app/dw-chat-page.h"
#include "app/dw-composer.h"
#include "app/dw-connection-bar.h"
#include "app/dw-dialect-group.h"
#include "app/dw-failover-group.h"
#include "app/dw-inspector.h"
#include "app/dw-message-list.h"
#include "app/dw-message-row.h"
#include "app/dw-search-page.h"
#include "app/dw-side-layout.h"
#include "app/dw-stage-editor.h"
#include "app/dw-stage-picker.h"
#include "app/dw-stage-row.h"
#include "app/dw-trace-detail.h"
#include "app/dw-trial-group.h"
#include "app/dw-welcome-page.h"
#include "app/dw-window.h"

static void __attribute__ ((constructor)) ensure_types (void)
{
  const GType types[] = {
    DW_TYPE_ACCESS_GROUP, DW_TYPE_ANNOUNCER,      DW_TYPE_BANNER,        DW_TYPE_CHAT_PAGE,
    DW_TYPE_COMPOSER,     DW_TYPE_CONNECTION_BAR, DW_TYPE_DIALECT_GROUP, DW_TYPE_FAILOVER_GROUP,
    DW_TYPE_INSPECTOR,    DW_TYPE_MESSAGE_LIST,   DW_TYPE_MESSAGE_ROW,   DW_TYPE_SEARCH_PAGE,
    DW_TYPE_SIDE_LAYOUT,  DW_TYPE_STAGE_EDITOR,   DW_TYPE_STAGE_PICKER,  DW_TYPE_STAGE_ROW,
    DW_TYPE_TRACE_DETAIL, DW_TYPE_TRIAL_GROUP,    DW_TYPE_WELCOME_PAGE,  DW_TYPE_WINDOW,
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    g_assert (types[i] != G_TYPE_INVALID);
}
