/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

#define DW_CLOUD_KEY_ID "AKIDEXAMPLE"
#define DW_CLOUD_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define DW_CLOUD_TOKEN "a/session+token=="

/* How many connections a large room has. With full stack traces a sanitizer makes each post a hundred times slower.
 * */
#ifdef __SANITIZE_ADDRESS__
#define DW_CLOUD_CROWD 100
#else
#define DW_CLOUD_CROWD 1000
#endif

/* The parts of AWS that a function uses: DynamoDB's tables, `@connections`, SQS and Lambda's Invoke. Every signature is
 * verified. Tests inject the faults. */

typedef enum
{
  DW_FAULT_NONE,
  DW_FAULT_STATUS, /* answers with a status and a name, and does nothing */
  DW_FAULT_RESET,  /* closes the connection without doing anything */
  DW_FAULT_LOST,   /* does it, but closes the connection before answering */
  DW_FAULT_TORN,   /* does it, but answers with a wrong checksum */
  DW_FAULT_SLOW,   /* does it, but answers after the client's timeout */
  DW_FAULT_GARBAGE /* does it, and answers with invalid JSON */
} DwFaultKind;

typedef struct
{
  DwFaultKind kind;
  guint status;
  const char *name;
} DwFault;

typedef struct
{
  char *id;
  guint posts;     /* posts received */
  guint throttles; /* how many of the next posts get a 429 */
  guint status;    /* the status it always answers with, or 0 */
  guint slow_ms;   /* the delay of each answer */
} DwCloudConnection;

typedef struct
{
  SoupServer *server;
  char *origin;       /* http://127.0.0.1:PORT */
  GHashTable *tables; /* of GTree of JsonObject by its key, by name */
  GHashTable *connections;
  GPtrArray *letters; /* bodies sent to the queue */
  GPtrArray *invocations;
  GHashTable *pauses; /* delayed answers */
  GQueue faults;      /* of DwFault, one for each of the next requests of any kind */
  guint requests;
  guint unsigned_requests;
  guint skewed_requests; /* refused for their date alone */
  gint64 clock;          /* ahead of ours, in seconds */
  gint64 drift;          /* by so much more after each such refusal, in seconds */
  guint page;            /* rows in a page */
  guint delay_ms;        /* of the answer to each post */
  guint in_flight;       /* posts */
  guint most_in_flight;
  gboolean counts_rate; /* posts beyond @rate_most in flight get a 429 */
  guint rate_most;
  char *last_text;
  GPtrArray *texts; /* the ids of posts that arrived, in order, if not NULL */
} DwCloud;

void dw_cloud_listen (SoupServer *server);
void dw_cloud_init (DwCloud *cloud);
void dw_cloud_clear (DwCloud *cloud);
void dw_cloud_fail (DwCloud *cloud, DwFaultKind kind, guint status, const char *name);
DwCloudConnection *dw_cloud_connect (DwCloud *cloud, const char *id);
void dw_cloud_fill (DwCloud *cloud, const char *table, guint n, const char *endpoint);
guint dw_cloud_count (DwCloud *cloud, const char *table);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DwCloud, dw_cloud_clear)

G_END_DECLS
