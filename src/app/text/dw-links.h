/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** DW_LINKS_MOST: the most links of one message that are clickable. */
#define DW_LINKS_MOST 50

/** DW_LINKS_CHARS: the longest address that becomes a link. */
#define DW_LINKS_CHARS 2048

/**
 * DwLink:
 * @start: where it begins, in bytes of the text
 * @end: where it ends
 * @href: where it leads: http, https or mailto, its host in ASCII and without user info
 * @shown: what stands for it: @href, its host in its own letters where these deceive nobody
 * @asks: whether user info was left out, so that a person should be asked before it is opened
 *
 * An address in a text.
 */
typedef struct
{
  gsize start;
  gsize end;
  char *href;
  char *shown;
  gboolean asks;
} DwLink;

GPtrArray *dw_links_find (const char *text);

G_END_DECLS
