/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Loaded into gtk4-builder-tool, which knows only GTK's own types: registers ours and libadwaita's. */

#include "app/chat/dw-chat-page.h"
#include "app/chat/dw-composer.h"
#include "app/chat/dw-connection-bar.h"
#include "app/chat/dw-message-list.h"
#include "app/chat/dw-message-row.h"
#include "app/chat/dw-remedies.h"
#include "app/chat/dw-search-page.h"
#include "app/desktop/dw-announcer.h"
#include "app/dw-window.h"
#include "app/inspector/dw-inspector.h"
#include "app/inspector/dw-latency-foot.h"
#include "app/inspector/dw-trace-detail.h"
#include "app/stages/dw-access-group.h"
#include "app/stages/dw-connection-details.h"
#include "app/stages/dw-dialect-group.h"
#include "app/stages/dw-failover-group.h"
#include "app/stages/dw-latency-graph.h"
#include "app/stages/dw-stage-editor.h"
#include "app/stages/dw-stage-title.h"
#include "app/stages/dw-stage-row.h"
#include "app/stages/dw-stage-sidebar.h"
#include "app/stages/dw-trial-group.h"
#include "app/stages/dw-welcome-page.h"
#include "app/toolkit/dw-banner.h"
#include "app/toolkit/dw-page.h"
#include "app/toolkit/dw-side-layout.h"
#include "app/toolkit/dw-split.h"

static void __attribute__ ((constructor)) ensure_types (void)
{
  const GType types[] = {
    DW_TYPE_ACCESS_GROUP,
    DW_TYPE_ANNOUNCER,
    DW_TYPE_BANNER,
    DW_TYPE_CHAT_PAGE,
    DW_TYPE_COMPOSER,
    DW_TYPE_CONNECTION_BAR,
    DW_TYPE_CONNECTION_DETAILS,
    DW_TYPE_LATENCY_FOOT,
    DW_TYPE_LATENCY_GRAPH,
    DW_TYPE_DIALECT_GROUP,
    DW_TYPE_FAILOVER_GROUP,
    DW_TYPE_INSPECTOR,
    DW_TYPE_MESSAGE_LIST,
    DW_TYPE_MESSAGE_ROW,
    DW_TYPE_PAGE,
    DW_TYPE_REMEDIES,
    DW_TYPE_SEARCH_PAGE,
    DW_TYPE_SIDE_LAYOUT,
    DW_TYPE_SPLIT,
    DW_TYPE_STAGE_EDITOR,
    DW_TYPE_STAGE_ROW,
    DW_TYPE_STAGE_TITLE,
    DW_TYPE_STAGE_SIDEBAR,
    DW_TYPE_TRACE_DETAIL,
    DW_TYPE_TRIAL_GROUP,
    DW_TYPE_WELCOME_PAGE,
    DW_TYPE_WINDOW,
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    g_assert (types[i] != G_TYPE_INVALID);
}
