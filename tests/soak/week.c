/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A week of three clients and their stage, in minutes: see dw-fast-clock.
 *
 * Ada, Eve and Zoë write now and then. Meanwhile the stage is redeployed and crashes, the computer sleeps, the network
 * goes, the stage gets another token, its certificate expires and is renewed, and summer time ends. Each message comes
 * back to whoever wrote it, once; the others see it at most once, and exactly once where they were online. They come in
 * order, but for those that had to ask after an hour, and let others pass.
 * Connections roll over all the time. Memory and descriptors do not grow. Usage: week HOURS SEED */
#include "client/dw-fake-monitor.h"
#include "dw-fast-clock.h"
#include "dw-test.h"

#include "client/dw-chat.h"
#include "client/connection/dw-trace.h"
#include "client/messages/dw-pages.h"
#include "client/messages/dw-seen.h"
#include "backend/gateway/dw-server.h"

#include <malloc.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND ((gint64) G_USEC_PER_SEC)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

#define CLIENTS 3

/* Between two messages of one client, in seconds. */
#define LEAST_PAUSE 20
#define MOST_PAUSE 600

/* Between two events: so that a week has about 25, and every kind comes before any comes again. */
#define LEAST_QUIET (20 * MINUTE)
#define MOST_QUIET_OF(hours) ((hours) *HOUR / 14)

/* The longest sleep: nine hours of a week. */
#define MOST_NIGHT_OF(hours) (HOUR / 2 + (hours) *HOUR / 20)

/* So long nothing happens at the end, and the connections roll over all the same. */
#define CALM (5 * HOUR / 2)

/* How long after a message came back the others may see it, and how long they have to be online before. */
#define MARGIN (10 * SECOND)

/* Memory is measured each seventh of the time, a day of a week. It grows, as the clients remember more each day: the
 * traces what crossed the wire, pings and pongs above all, the pages what was said, the ids what came, and SQLite its
 * pages. Each has its bound, which a week of so little talk does not reach, so what they hold is counted. So much what
 * is none of them may grow after the second day, in bytes: what is allocated, and what the process has of the system.
 * Of 11.4 MiB more in five days 10.3 were measured to be theirs, 0.3 other allocations (the handlers of the messages in
 * the pages, and what connections have at the moment) and 0.8 free, between blocks in use. */
#define MEASURES 7
#define SETTLED 2
#define MOST_LIVE_GROWTH (1024 * 1024)
#define MOST_GROWTH (3 * 1024 * 1024)

/* What a line in the pages and an id that came take with what the allocator adds, in bytes, as a count of every block
 * had it. */
#define LINE_BYTES 224
#define ID_BYTES 132

/* SQLite's pages are 4000 KiB for a file at most; the rest is its schema and what it has prepared. */
#define MOST_SQLITE (CLIENTS * 5 * 1024 * 1024)

/* So many descriptors may be added: two sockets of each client while it rolls over, and one for its file. That is checked
 * once a week through another connection, whose descriptor SQLite keeps as long as the first one has locks, and uses
 * for the next check. */
#define MOST_DESCRIPTORS (3 * CLIENTS)

/* More than anybody says. */
#define MOST_SAID 8192

/* What the command line says. */
static guint hours;
static guint seed;

typedef struct _Week Week;

/* What came of one client's messages. */
typedef struct
{
  gboolean came[MOST_SAID]; /* by their numbers */
  guint n;
  guint last[2]; /* the numbers of the last one, and of the last that had asked */
} Account;

typedef struct
{
  Week *week;
  guint number;
  const char *name;
  char *path;
  DwFakeMonitor *monitor;
  DwStage *stage;
  DwStore *store;
  DwChat *chat;
  guint said;
  gboolean asked[MOST_SAID];
  Account accounts[CLIENTS]; /* of each client's messages, its own among them */
  gint64 online_since;       /* on the boot clock, or 0 */
  gint64 rolled_at;
  gint64 online;      /* in all, without sleep */
  gint64 online_from; /* as online_since, on the monotonic clock */
  char *connection;
  guint rollovers, outages;
} Client;

struct _Week
{
  char *folder;
  GRand *random; /* for what happens; what is said has one of its own */
  GRand *chatter;
  GArray *bag; /* of Event */
  guint16 port;
  guint token;
  GTlsCertificate *certificate;
  DwServer *stage;
  Client clients[CLIENTS];
  gint64 begun;   /* on the wall clock */
  gint64 expires; /* after so long, its certificate */
  gboolean over;  /* nothing more is said */
  guint events[8];
};

/* A message that came back to one client, and that another one has to see soon. */
typedef struct
{
  Client *reader;
  guint writer, number;
  gint64 online_since;
} Expectation;

static gboolean
on_due (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
run_for (gint64 microseconds)
{
  gboolean due = FALSE;

  g_timeout_add ((guint) (microseconds / 1000), on_due, &due);
  while (!due)
    g_main_context_iteration (NULL, TRUE);
}

static void
until (const char *what, gboolean (*check) (Week *), Week *week, gint64 limit)
{
  gint64 begun = g_get_monotonic_time ();

  while (!check (week))
    {
      if (g_get_monotonic_time () - begun > limit)
        g_error ("waited %d minutes for %s", (int) (limit / MINUTE), what);
      run_for (SECOND / 10);
    }
}

/* The stage */

static void
run_openssl (Week *week, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) command = g_strsplit (words, " ", -1);
  g_autofree char *said = NULL;
  int status = 0;

  g_spawn_sync (week->folder, command, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                &said, &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, NULL))
    g_error ("%s: %s", words, said);
}

#define NEW_KEY "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "

static void
renew_certificate (Week *week, guint days)
{
  g_autofree char *sign =
      g_strdup_printf ("openssl x509 -req -in stage.csr -CA authority.pem -CAkey authority.key -CAcreateserial "
                       "-days %u -extfile extensions -out stage.pem",
                       days);
  g_autofree char *pem = g_build_filename (week->folder, "stage.pem", NULL);
  g_autofree char *key = g_build_filename (week->folder, "stage.key", NULL);
  g_autoptr (GError) error = NULL;

  run_openssl (week, sign);
  g_clear_object (&week->certificate);
  week->certificate = g_tls_certificate_new_from_files (pem, key, &error);
  g_assert_no_error (error);
}

static void
make_authority (Week *week)
{
  g_autofree char *extensions = g_build_filename (week->folder, "extensions", NULL);
  g_autofree char *path = g_build_filename (week->folder, "authority.pem", NULL);
  g_autoptr (GTlsDatabase) trust = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (extensions, "subjectAltName=DNS:localhost\n", -1, NULL));
  run_openssl (week, "openssl req -x509 " NEW_KEY
                     "-subj /CN=Authority -days 3650 -keyout authority.key -out authority.pem");
  run_openssl (week, "openssl req -new " NEW_KEY "-subj /CN=localhost -keyout stage.key -out stage.csr");
  trust = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  g_tls_backend_set_default_database (g_tls_backend_get_default (), trust);
}

static char *
dup_token (Week *week)
{
  return g_strdup_printf ("the-token-number-%u", week->token);
}

static void
start_stage (Week *week)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", week->port);
  DwServerConfig *config = dw_server_config_new ("prod");
  g_autoptr (GError) error = NULL;

  config->token = dup_token (week);
  config->certificate = g_object_ref (week->certificate);
  week->stage = dw_server_new_with (config, &error);
  g_assert_no_error (error);
  if (!dw_server_listen (week->stage, address, &error))
    g_error ("%s", error->message);
  if (week->port == 0)
    {
      g_autofree char *text = dw_server_dup_url (week->stage);
      g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);

      week->port = (guint16) g_uri_get_port (uri);
    }
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  dw_server_stop_finish (DW_SERVER (source), result, NULL);
  *(gboolean *) data = TRUE;
}

static void
stop_stage (Week *week)
{
  gboolean stopped = FALSE;

  dw_server_stop_async (week->stage, on_stopped, &stopped);
  while (!stopped)
    g_main_context_iteration (NULL, TRUE);
  dw_test_finalize (g_steal_pointer (&week->stage));
}

static void
crash_stage (Week *week)
{
  dw_test_finalize (g_steal_pointer (&week->stage));
}

/* The clients */

static DwStageUrl *
url_of (Week *week)
{
  g_autofree char *token = dup_token (week);
  g_autofree char *text = g_strdup_printf ("wss://localhost:%u/prod?token=%s", week->port, token);

  return dw_stage_url_parse (text, NULL);
}

static gint64
boot_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_BOOTTIME, &now);
  return (gint64) now.tv_sec * SECOND + now.tv_nsec / 1000;
}

static void
end_epoch (Client *client)
{
  if (client->online_since == 0)
    return;
  client->online_since = 0;
  client->online += g_get_monotonic_time () - client->online_from;
  client->outages++;
}

static void
on_changed (Client *client)
{
  const DwSessionStatus *status = dw_session_get_status (dw_chat_get_session (client->chat));

  if (status->state != DW_SESSION_ONLINE)
    {
      end_epoch (client);
      return;
    }
  if (client->online_since == 0)
    {
      client->online_since = client->rolled_at = boot_now ();
      client->online_from = g_get_monotonic_time ();
    }
  else if (status->connection_id != NULL && client->connection != NULL
           && !g_str_equal (status->connection_id, client->connection))
    {
      /* Two hours are the gateway's limit. */
      g_assert_cmpint (boot_now () - client->rolled_at, <, 2 * HOUR);
      client->rolled_at = boot_now ();
      client->rollovers++;
    }
  if (status->connection_id != NULL)
    {
      g_free (client->connection);
      client->connection = g_strdup (status->connection_id);
    }
}

static guint
writer_of (Week *week, const char *text, guint *number)
{
  for (guint i = 0; i < CLIENTS; i++)
    if (g_str_has_prefix (text, week->clients[i].name))
      {
        *number = (guint) atoi (text + strlen (week->clients[i].name));
        return i;
      }
  g_error ("“%s” is nobody's", text);
}

/* Each comes once, and in order. */
static void
enter (Client *client, guint writer, guint number)
{
  Account *account = &client->accounts[writer];
  guint *last = &account->last[client->week->clients[writer].asked[number]];

  if (account->came[number] || number <= *last)
    g_error ("%u of %s came to %sagain, or late", number, client->week->clients[writer].name, client->name);
  account->came[number] = TRUE;
  account->n++;
  *last = number;
}

static void
on_shown (Client *client, GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++)
    {
      DwMessage *message = g_ptr_array_index (lines, i);
      guint number, writer;

      if (dw_message_get_kind (message) != DW_MESSAGE_THEIRS)
        continue;
      writer = writer_of (client->week, dw_message_get_text (message), &number);
      enter (client, writer, number);
    }
}

static gboolean
on_expected (gpointer data)
{
  Expectation *expected = data;
  Client *reader = expected->reader;

  if (reader->online_since == expected->online_since && !reader->accounts[expected->writer].came[expected->number])
    g_error ("%s was online and has not seen %u of %s", reader->name, expected->number,
             reader->week->clients[expected->writer].name);
  return G_SOURCE_REMOVE;
}

/* It came back: whoever is online sees it too. */
static void
on_delivery (DwMessage *message, GParamSpec *pspec, Client *client)
{
  guint number, writer;

  writer = writer_of (client->week, dw_message_get_text (message), &number);
  client->asked[number] |= dw_message_get_delivery (message) == DW_DELIVERY_ASKING;
  if (dw_message_get_delivery (message) != DW_DELIVERY_DELIVERED)
    return;
  enter (client, writer, number);
  g_signal_handlers_disconnect_by_func (message, on_delivery, client);
  for (guint i = 0; i < CLIENTS; i++)
    {
      Client *reader = &client->week->clients[i];
      Expectation *expected;

      if (i == client->number || reader->online_since == 0 || boot_now () - reader->online_since < MARGIN)
        continue;
      expected = g_new (Expectation, 1);
      *expected = (Expectation){ reader, writer, number, reader->online_since };
      g_timeout_add_full (G_PRIORITY_DEFAULT, MARGIN / 1000, on_expected, expected, g_free);
    }
}

static void plan_to_say (Client *client);

static gboolean
on_say (gpointer data)
{
  Client *client = data;
  g_autofree char *text = g_strdup_printf ("%s %u", client->name, client->said + 1);
  DwMessage *message;

  if (client->week->over)
    return G_SOURCE_REMOVE;
  g_assert_cmpuint (++client->said, <, MOST_SAID);
  message = dw_chat_say (client->chat, text);
  g_assert_nonnull (message);
  g_signal_connect (message, "notify::delivery", G_CALLBACK (on_delivery), client);
  plan_to_say (client);
  return G_SOURCE_REMOVE;
}

static void
plan_to_say (Client *client)
{
  g_timeout_add ((guint) g_rand_int_range (client->week->chatter, LEAST_PAUSE, MOST_PAUSE) * 1000, on_say, client);
}

static void
client_init (Client *client, Week *week, guint number)
{
  static const char *const names[CLIENTS] = { "Ada ", "Eve ", "Zoë " };
  g_autoptr (DwSessionPolicy) policy = dw_session_policy_new ();
  g_autoptr (DwStageUrl) url = url_of (week);
  g_autofree char *file = g_strdup_printf ("%u.sqlite", number);

  client->week = week;
  client->number = number;
  client->name = names[number];
  client->path = g_build_filename (week->folder, file, NULL);
  client->monitor = dw_fake_monitor_new (TRUE);
  client->stage = dw_stage_new (url);
  dw_stage_set_number (client->stage, 1);
  client->store = dw_store_new (client->path);
  client->chat = dw_chat_new (client->stage, client->store, policy, G_NETWORK_MONITOR (client->monitor));
  g_signal_connect_swapped (dw_chat_get_session (client->chat), "changed", G_CALLBACK (on_changed), client);
  g_signal_connect_swapped (dw_chat_get_conversation (client->chat), "shown", G_CALLBACK (on_shown), client);
  dw_chat_connect (client->chat);
  plan_to_say (client);
}

static gboolean
are_online (Week *week)
{
  for (guint i = 0; i < CLIENTS; i++)
    if (week->clients[i].online_since == 0)
      return FALSE;
  return TRUE;
}

static gboolean
are_done (Week *week)
{
  for (guint i = 0; i < CLIENTS; i++)
    if (week->clients[i].accounts[i].n < week->clients[i].said)
      return FALSE;
  return TRUE;
}

/* Events */

typedef enum
{
  REDEPLOY,
  CRASH,
  SLEEP,
  NAP,
  NO_NETWORK,
  TOKEN,
  CERTIFICATE,
  EVENTS,
} Event;

static const char *const event_names[EVENTS] = { "redeployments", "crashes", "nights",      "naps",
                                                 "lost networks", "tokens",  "certificates" };

static gint64
elapsed (Week *week)
{
  return g_get_real_time () - week->begun;
}

/* Nobody connects until it is renewed. */
static gboolean
is_expired (Week *week)
{
  return week->events[CERTIFICATE] == 0 && elapsed (week) > week->expires;
}

static gboolean
are_back (Week *week)
{
  return is_expired (week) || are_online (week);
}

static gint64
some (Week *week, gint64 least, gint64 most)
{
  return least + (gint64) (g_rand_double (week->random) * (double) (most - least));
}

static void
set_network (Week *week, gboolean available)
{
  for (guint i = 0; i < CLIENTS; i++)
    dw_fake_monitor_set (week->clients[i].monitor, available);
}

/* A person is asked about what has waited for an hour, and has it sent. */
static void
answer (Week *week)
{
  for (guint i = 0; i < CLIENTS; i++)
    dw_chat_answer_asking (week->clients[i].chat, TRUE);
}

static void
rotate_token (Week *week)
{
  week->token++;
  stop_stage (week);
  start_stage (week);
  /* All of them are refused, and stay so. */
  run_for (some (week, 5 * MINUTE, 40 * MINUTE));
  for (guint i = 0; i < CLIENTS; i++)
    {
      Client *client = &week->clients[i];
      g_autoptr (DwStageUrl) url = url_of (week);

      if (!is_expired (week))
        g_assert_cmpint (dw_session_get_status (dw_chat_get_session (client->chat))->state, ==, DW_SESSION_REFUSED);
      dw_stage_set_url (client->stage, 0, url);
      dw_chat_connect (client->chat);
    }
}

static void
happen (Week *week, Event event)
{
  week->events[event]++;
  switch (event)
    {
    case REDEPLOY:
      stop_stage (week);
      run_for (some (week, SECOND, MINUTE));
      start_stage (week);
      break;
    case CRASH:
      crash_stage (week);
      run_for (some (week, SECOND, 20 * MINUTE));
      start_stage (week);
      break;
    case SLEEP:
      /* The stage is somewhere else, and has given up its connections. */
      crash_stage (week);
      dw_fast_clock_sleep (some (week, HOUR / 2, MOST_NIGHT_OF (hours)));
      start_stage (week);
      break;
    case NAP:
      dw_fast_clock_sleep (some (week, SECOND, 5 * MINUTE));
      break;
    case NO_NETWORK:
      crash_stage (week);
      set_network (week, FALSE);
      run_for (some (week, SECOND, 30 * MINUTE));
      start_stage (week);
      set_network (week, TRUE);
      break;
    case TOKEN:
      rotate_token (week);
      break;
    case CERTIFICATE:
    case EVENTS:
    default:
      g_assert_not_reached ();
    }
  until ("everybody to be online again", are_back, week, 30 * MINUTE);
  answer (week);
}

/* Every kind comes before any comes again. */
static Event
draw (Week *week)
{
  guint at;
  Event event;

  if (week->bag->len == 0)
    for (event = REDEPLOY; event < CERTIFICATE; event++)
      g_array_append_val (week->bag, event);
  at = (guint) g_rand_int_range (week->random, 0, (gint32) week->bag->len);
  event = g_array_index (week->bag, Event, at);
  g_array_remove_index_fast (week->bag, at);
  return event;
}

static gboolean
are_expired (Week *week)
{
  for (guint i = 0; i < CLIENTS; i++)
    if (dw_session_get_status (dw_chat_get_session (week->clients[i].chat))->cause != DW_CAUSE_CERTIFICATE_EXPIRED)
      return FALSE;
  return TRUE;
}

/* The certificate has expired: nobody connects, until somebody renews it. */
static void
expire_certificate (Week *week)
{
  week->events[CERTIFICATE]++;
  stop_stage (week);
  start_stage (week);
  until ("the certificate to be found out", are_expired, week, 30 * MINUTE);
  run_for (some (week, 10 * MINUTE, 11 * MINUTE + hours * HOUR / 84));
  g_assert_true (are_expired (week));
  stop_stage (week);
  renew_certificate (week, 90);
  start_stage (week);
  until ("everybody to be online again", are_online, week, 30 * MINUTE);
  answer (week);
}

/* Measuring */

typedef struct
{
  gint64 resident; /* without what is read from files, in bytes */
  gint64 live;     /* of it, what is allocated and not SQLite's */
  gint64 sqlite;
  gint64 ring; /* where the entries of the traces stand, which is not in live */
  gint64 kept; /* of live, what the traces, the pages and the ids keep */
  guint descriptors;
} Size;

/* What the allocator takes for so many bytes. */
static gint64
block (gsize bytes)
{
  return MAX (32, (gint64) (bytes + 8 + 15) / 16 * 16);
}

static gint64
block_of (const char *text)
{
  return text != NULL ? block (strlen (text) + 1) : 0;
}

static void
count_trace (Size *size, DwTrace *trace)
{
  guint64 last = dw_trace_get_last (trace);

  size->ring += (gint64) (MIN (last, DW_TRACE_ENTRIES) * sizeof (DwTraceEntry));
  for (guint64 i = dw_trace_get_first (trace); i <= last; i++)
    {
      const DwTraceEntry *entry = dw_trace_get_entry (trace, i);

      if (entry->bytes != NULL)
        size->kept += block (5 * sizeof (gpointer)) + block (g_bytes_get_size (entry->bytes));
      size->kept += block_of (entry->note) + block_of (entry->request) + block_of (entry->response)
                    + block_of (entry->transport);
    }
}

static void
count_client (Size *size, Client *client)
{
  guint lines = g_list_model_get_n_items (G_LIST_MODEL (dw_chat_get_conversation (client->chat)));
  guint ids = 0;

  for (guint i = 0; i < CLIENTS; i++)
    ids += client->accounts[i].n;
  count_trace (size, dw_chat_get_trace (client->chat));
  size->kept += MIN (lines, DW_PAGES_KEPT * DW_PAGES_LINES) * LINE_BYTES + MIN (ids, DW_SEEN_IDS) * ID_BYTES;
}

static Size
measure (Week *week)
{
  g_autofree char *text = NULL;
  g_autoptr (GDir) folder = NULL;
  Size size = { 0 };
  char *at;

  malloc_trim (0);
  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  at = strchr (text, ' ');
  size.resident = strtol (at, &at, 10);
  size.resident -= strtol (at, NULL, 10);
  size.resident *= sysconf (_SC_PAGESIZE);
  size.sqlite = sqlite3_memory_used ();
  size.live = (gint64) mallinfo2 ().uordblks - size.sqlite;
  for (guint i = 0; i < CLIENTS; i++)
    count_client (&size, &week->clients[i]);
  folder = g_dir_open ("/proc/self/fd", 0, NULL);
  while (g_dir_read_name (folder) != NULL)
    size.descriptors++;
  return size;
}

static double
mib (gint64 bytes)
{
  return (double) bytes / (1024 * 1024);
}

static void
check_sizes (const Size *sizes, guint n)
{
  const Size *early = &sizes[MIN (SETTLED, n - 1) - 1], *late = &sizes[n - 1];

  for (guint i = 0; i < n; i++)
    {
      const Size *size = &sizes[i];

      g_test_message ("%.1f MiB: kept %.2f and %.2f, SQLite %.2f, other allocations %.2f; %u descriptors",
                      mib (size->resident), mib (size->kept), mib (size->ring), mib (size->sqlite),
                      mib (size->live - size->kept), size->descriptors);
    }
  g_assert_cmpuint (n, >, 1);
  g_assert_cmpuint (late->descriptors, <=, early->descriptors + MOST_DESCRIPTORS);
  /* A sanitizer keeps what was freed. */
  if (g_strcmp0 (g_getenv ("DYNAMOWAVE_SANITIZED"), "1") == 0)
    return;

  g_assert_cmpint (late->sqlite, <, MOST_SQLITE);
  g_assert_cmpint ((late->live - late->kept) - (early->live - early->kept), <, MOST_LIVE_GROWTH);
  g_assert_cmpint ((late->resident - late->kept - late->ring - late->sqlite)
                       - (early->resident - early->kept - early->ring - early->sqlite),
                   <, MOST_GROWTH);
}

static gint64
ask (sqlite3 *file, const char *sql)
{
  sqlite3_stmt *query = NULL;
  gint64 number;

  g_assert_cmpint (sqlite3_prepare_v2 (file, sql, -1, &query, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (query), ==, SQLITE_ROW);
  number = sqlite3_column_int64 (query, 0);
  sqlite3_finalize (query);
  return number;
}

/* Days begin where they begin on the wall, also the one of 25 hours. */
static guint
count_days (sqlite3 *file)
{
  sqlite3_stmt *query = NULL;
  int before = 0;
  guint days = 0;

  g_assert_cmpint (
      sqlite3_prepare_v2 (file, "SELECT time FROM lines WHERE kind <= 1 ORDER BY line", -1, &query, NULL), ==,
      SQLITE_OK);
  while (sqlite3_step (query) == SQLITE_ROW)
    {
      g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (sqlite3_column_int64 (query, 0) / SECOND);

      days += g_date_time_get_day_of_year (time) != before;
      before = g_date_time_get_day_of_year (time);
    }
  sqlite3_finalize (query);
  return days;
}

/* What is in the file is what was said: each message once, in order. */
static void
check_file (Client *client)
{
  sqlite3 *file = NULL;

  g_assert_cmpint (sqlite3_open (client->path, &file), ==, SQLITE_OK);
  g_assert_cmpint (ask (file, "SELECT count(*) FROM lines WHERE kind = 1"), ==, client->said);
  g_assert_cmpint (ask (file, "SELECT count(*) FROM lines WHERE kind = 1 AND delivery <> 3"), ==, 0);
  g_assert_cmpint (ask (file, "SELECT count(*) - count(DISTINCT text) FROM lines WHERE kind <= 1"), ==, 0);
  g_assert_cmpint (
      ask (file, "SELECT count(*) FROM (SELECT CAST(substr(text, 5) AS INTEGER) - row_number() OVER (ORDER BY "
                 "line) AS off FROM lines WHERE kind = 1) WHERE off <> 0"),
      ==, 0);
  g_assert_cmpint (ask (file, "SELECT count(*) FROM lines WHERE kind = 3"), ==, count_days (file));
  sqlite3_close (file);
}

/* The week */

/* Summer time ends in the night after the next, or in the middle of a week. */
static void
set_zone (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  int day = (g_date_time_get_day_of_year (now) + (hours > 48 ? 3 : 0)) % 365 + 1;
  g_autofree char *zone = g_strdup_printf ("WIN-1SUM,J%d/0,J%d/3", (day + 180) % 365 + 1, day);

  g_setenv ("TZ", zone, TRUE);
}

static void
report (Week *week)
{
  for (guint i = 0; i < CLIENTS; i++)
    {
      Client *client = &week->clients[i];
      guint missed = 0;

      for (guint j = 0; j < CLIENTS; j++)
        missed += week->clients[j].said - client->accounts[j].n;
      g_test_message ("%sin %d h: %u said, %u missed while offline, %u rollovers, %u outages", client->name,
                      (int) (elapsed (week) / HOUR), client->said, missed, client->rollovers, client->outages);
    }
  for (guint i = 0; i < EVENTS; i++)
    g_test_message ("%u %s", week->events[i], event_names[i]);
}

static void
test_week (void)
{
  static Week week;
  guint days = hours / 24 + 1;
  Size sizes[MEASURES];
  guint measured = 0;

  week.folder = dw_test_make_folder ();
  week.random = g_rand_new_with_seed (seed);
  week.chatter = g_rand_new_with_seed (seed);
  week.bag = g_array_new (FALSE, FALSE, sizeof (Event));
  make_authority (&week);
  renew_certificate (&week, days);
  /* In the middle of it. */
  week.expires = (hours * HOUR - CALM) / 2;
  dw_fast_clock_begin_at (days * 24 * HOUR - week.expires);
  week.begun = g_get_real_time ();
  start_stage (&week);
  for (guint i = 0; i < CLIENTS; i++)
    client_init (&week.clients[i], &week, i);
  until ("everybody to be online", are_online, &week, 5 * MINUTE);

  while (elapsed (&week) < hours * HOUR - CALM)
    {
      run_for (some (&week, LEAST_QUIET, MAX (MOST_QUIET_OF (hours), 2 * LEAST_QUIET)));
      if (are_online (&week) && measured < MEASURES - 1
          && elapsed (&week) > (measured + 1) * hours * HOUR / MEASURES)
        sizes[measured++] = measure (&week);
      if (is_expired (&week))
        expire_certificate (&week);
      else
        happen (&week, draw (&week));
    }
  g_assert_cmpuint (week.events[CERTIFICATE], ==, 1);
  run_for (CALM);

  week.over = TRUE;
  answer (&week);
  until ("every message to come back", are_done, &week, HOUR);
  run_for (15 * MINUTE);
  sizes[measured++] = measure (&week);
  report (&week);
  check_sizes (sizes, measured);

  for (guint i = 0; i < CLIENTS; i++)
    {
      Client *client = &week.clients[i];

      end_epoch (client);
      /* One every two hours, from each time that it was connected. */
      g_assert_cmpint (client->rollovers, >=, client->online / (2 * HOUR) - client->outages);
      g_assert_cmpuint (client->rollovers, >=, CALM / (2 * HOUR));
      g_signal_handlers_disconnect_by_data (dw_chat_get_session (client->chat), client);
      g_signal_handlers_disconnect_by_data (dw_chat_get_conversation (client->chat), client);
      dw_test_finalize (client->chat);
      dw_test_finalize (client->store);
      g_object_unref (client->stage);
      g_object_unref (client->monitor);
      check_file (client);
      g_free (client->path);
      g_free (client->connection);
    }
  stop_stage (&week);
  g_tls_backend_set_default_database (g_tls_backend_get_default (), NULL);
  g_object_unref (week.certificate);
  g_array_unref (week.bag);
  g_rand_free (week.random);
  g_rand_free (week.chatter);
  g_free (week.folder);
}

int
main (int argc, char *argv[])
{
  dw_fast_clock_install ();
  dw_test_init (&argc, &argv);
  hours = argc > 1 ? (guint) atoi (argv[1]) : 6;
  seed = argc > 2 ? (guint) atoi (argv[2]) : 1;
  set_zone ();
  g_test_add_func ("/system/week", test_week);
  return g_test_run ();
}
