/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-arrivals.h"

#include "dw-forwarded.h"

#include "wire/dw-thread.h"

typedef struct
{
  GSocket *socket;
  char *peer;    /* address and port */
  char *address; /* without the port; NULL for loopback and a trusted proxy, which everybody may share */
  gint64 since;  /* monotonic, in microseconds */
} Arrival;

struct _DwArrivals
{
  GQueue all;         /* of Arrival, the oldest first; @most at most */
  GHashTable *places; /* link in @all, by peer */
  GHashTable *each;   /* how many arrivals each address has */
  GPtrArray *proxies; /* of GInetAddressMask, or NULL */
  guint most;
  gint64 patience; /* in microseconds, from connecting to the end of the request */
};

static void
arrival_free (Arrival *arrival)
{
  g_object_unref (arrival->socket);
  g_free (arrival->peer);
  g_free (arrival->address);
  g_free (arrival);
}

/**
 * dw_arrivals_new:
 * @most: how many there may be at once
 * @patience_ms: how long each has in all, in milliseconds
 *
 * Returns: (transfer full): a list with nobody in it yet
 */
DwArrivals *
dw_arrivals_new (guint most, gint64 patience_ms)
{
  DwArrivals *self = g_new0 (DwArrivals, 1);

  self->most = most;
  self->patience = patience_ms * 1000;
  self->places = g_hash_table_new (g_str_hash, g_str_equal);
  self->each = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->all);

  return self;
}

/**
 * dw_arrivals_free:
 * @self: (transfer full): arrivals; their connections stay open
 */
void
dw_arrivals_free (DwArrivals *self)
{
  g_queue_clear_full (&self->all, (GDestroyNotify) arrival_free);
  g_hash_table_unref (self->places);
  g_hash_table_unref (self->each);
  g_clear_pointer (&self->proxies, g_ptr_array_unref);
  g_free (self);
}

/**
 * dw_arrivals_choose_most:
 * @descriptors: how many descriptors the process may have
 *
 * Returns: how many arrivals there may be: a quarter of the descriptors, within %DW_ARRIVALS_LEAST and
 *   %DW_ARRIVALS_MOST
 */
guint
dw_arrivals_choose_most (guint descriptors)
{
  return CLAMP (descriptors / 4, DW_ARRIVALS_LEAST, DW_ARRIVALS_MOST);
}

/**
 * dw_arrivals_set_proxies:
 * @self: arrivals
 * @proxies: (nullable) (element-type GInetAddressMask): reverse proxies, each of which brings clients of many addresses
 */
void
dw_arrivals_set_proxies (DwArrivals *self, GPtrArray *proxies)
{
  g_clear_pointer (&self->proxies, g_ptr_array_unref);
  self->proxies = proxies != NULL ? g_ptr_array_ref (proxies) : NULL;
}

static guint
count_from (DwArrivals *self, const char *address)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->each, address));
}

static void
count (DwArrivals *self, const char *address, int change)
{
  guint now = count_from (self, address) + (guint) change;

  if (now > 0)
    g_hash_table_replace (self->each, g_strdup (address), GUINT_TO_POINTER (now));
  else
    g_hash_table_remove (self->each, address);
}

static void
drop (DwArrivals *self, GList *place)
{
  Arrival *arrival = place->data;

  g_hash_table_remove (self->places, arrival->peer);
  if (arrival->address != NULL)
    count (self, arrival->address, -1);
  g_queue_delete_link (&self->all, place);
  arrival_free (arrival);
}

/* Shuts the socket down; the thread that uses the connection, perhaps a TLS thread, then reads its end and closes it.
 */
static void
evict (DwArrivals *self, GList *place)
{
  Arrival *arrival = place->data;

  g_socket_shutdown (arrival->socket, TRUE, TRUE, NULL);
  drop (self, place);
}

/* There is no signal for a connection that ended without a request, so look for them. */
static void
drop_closed (DwArrivals *self)
{
  GList *next;

  for (GList *at = self->all.head; at != NULL; at = next)
    {
      next = at->next;
      if (g_socket_is_closed (((Arrival *) at->data)->socket))
        drop (self, at);
    }
}

static gboolean
is_stalled (GList *place, gint64 now)
{
  return place != NULL && now - ((Arrival *) place->data)->since >= DW_ARRIVALS_STALL_MS * 1000;
}

static GList *
find_oldest_from (DwArrivals *self, const char *address)
{
  for (GList *at = self->all.head; at != NULL; at = at->next)
    if (g_strcmp0 (((Arrival *) at->data)->address, address) == 0)
      return at;

  return NULL;
}

static const char *
find_most_crowded_address (DwArrivals *self)
{
  GHashTableIter iter;
  gpointer address, n;
  const char *found = NULL;

  g_hash_table_iter_init (&iter, self->each);
  while (g_hash_table_iter_next (&iter, &address, &n))
    if (found == NULL || GPOINTER_TO_UINT (n) > count_from (self, found))
      found = address;

  return found;
}

/* Who has to make room: the oldest of the most crowded address, else the oldest of all; NULL if neither stalled. */
static GList *
find_victim (DwArrivals *self, gint64 now)
{
  const char *address = find_most_crowded_address (self);
  GList *place = address != NULL ? find_oldest_from (self, address) : NULL;

  if (place != NULL && is_stalled (place, now))
    return place;

  return is_stalled (self->all.head, now) ? self->all.head : NULL;
}

/**
 * dw_arrivals_have_room:
 * @self: arrivals
 * @now: the monotonic time, in microseconds
 *
 * If there is no room, a stalled arrival is thrown out. If none has stalled, this is a burst of honest clients: the
 * next one waits in the kernel's backlog, for less than %DW_ARRIVALS_STALL_MS.
 *
 * Returns: whether the next may be accepted
 */
gboolean
dw_arrivals_have_room (DwArrivals *self, gint64 now)
{
  GList *victim;

  DW_ASSERT_MAIN_THREAD ();

  if (self->all.length < self->most)
    return TRUE;
  drop_closed (self);
  if (self->all.length < self->most)
    return TRUE;

  victim = find_victim (self, now);
  if (victim == NULL)
    return FALSE;
  evict (self, victim);
  return TRUE;
}

static char *
peer_of (GSocketAddress *remote)
{
  g_autofree char *address =
      g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));

  return g_strdup_printf ("%s %u", address,
                          (guint) g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (remote)));
}

/* NULL for loopback and trusted proxies: a reverse proxy brings all its clients from one address. An IPv6 /64 counts
 * as one address, since a single client has all 2^64 addresses in it. */
static char *
key_of (DwArrivals *self, GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_is_loopback (address) || dw_forwarded_is_trusted (self->proxies, address))
    return NULL;
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    return g_strdup_printf ("%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", bytes[0], bytes[1], bytes[2], bytes[3],
                            bytes[4], bytes[5], bytes[6], bytes[7]);
  return g_inet_address_to_string (address);
}

/**
 * dw_arrivals_add:
 * @self: arrivals that have room
 * @socket: a connection that was accepted
 * @remote: the client's IP address and port
 * @now: the monotonic time, in microseconds
 *
 * One address may have a quarter of the places. At that limit a new arrival replaces the address's oldest, if that
 * has stalled, and is refused otherwise.
 *
 * Returns: whether @socket is one of them now
 */
DwArrivalsVerdict
dw_arrivals_add (DwArrivals *self, GSocket *socket, GSocketAddress *remote, gint64 now)
{
  g_autofree char *peer = peer_of (remote);
  g_autofree char *address = key_of (self, g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));
  Arrival *arrival;

  DW_ASSERT_MAIN_THREAD ();

  g_return_val_if_fail (self->all.length < self->most, DW_ARRIVALS_REFUSED);

  if (address != NULL && count_from (self, address) >= MAX (self->most / 4, 1))
    {
      GList *oldest;

      drop_closed (self);
      oldest = find_oldest_from (self, address);
      if (count_from (self, address) >= MAX (self->most / 4, 1))
        {
          if (!is_stalled (oldest, now))
            return DW_ARRIVALS_REFUSED;
          evict (self, oldest);
        }
    }

  /* If the same address and port were in the list, that connection is closed and the kernel has reused the port. */
  dw_arrivals_settle (self, remote);

  arrival = g_new0 (Arrival, 1);
  arrival->socket = g_object_ref (socket);
  arrival->peer = g_steal_pointer (&peer);
  arrival->address = g_steal_pointer (&address);
  arrival->since = now;
  if (arrival->address != NULL)
    count (self, arrival->address, 1);
  g_queue_push_tail (&self->all, arrival);
  g_hash_table_insert (self->places, arrival->peer, self->all.tail);

  return DW_ARRIVALS_IN;
}

/**
 * dw_arrivals_name:
 * @self: arrivals
 * @remote: a trusted proxy’s connection, whose request’s head has arrived
 * @client: whom it is for
 *
 * From here on the arrival counts among those of the client’s address. Does nothing if it is not on the list.
 *
 * Returns: %DW_ARRIVALS_REFUSED if that address has a quarter of the places already
 */
DwArrivalsVerdict
dw_arrivals_name (DwArrivals *self, GSocketAddress *remote, GInetAddress *client)
{
  g_autofree char *peer = peer_of (remote);
  g_autofree char *address = key_of (self, client);
  GList *place = g_hash_table_lookup (self->places, peer);
  Arrival *arrival = place != NULL ? place->data : NULL;

  DW_ASSERT_MAIN_THREAD ();

  if (arrival == NULL || address == NULL || g_strcmp0 (arrival->address, address) == 0)
    return DW_ARRIVALS_IN;
  if (count_from (self, address) >= MAX (self->most / 4, 1))
    {
      drop_closed (self);
      if (g_hash_table_lookup (self->places, peer) == NULL)
        return DW_ARRIVALS_IN;
      if (count_from (self, address) >= MAX (self->most / 4, 1))
        return DW_ARRIVALS_REFUSED;
    }

  if (arrival->address != NULL)
    count (self, arrival->address, -1);
  g_free (arrival->address);
  arrival->address = g_steal_pointer (&address);
  count (self, arrival->address, 1);
  return DW_ARRIVALS_IN;
}

/**
 * dw_arrivals_settle:
 * @self: arrivals
 * @remote: a client whose whole request has arrived
 *
 * Takes it off the list. Does nothing if it is not on it.
 */
void
dw_arrivals_settle (DwArrivals *self, GSocketAddress *remote)
{
  g_autofree char *peer = peer_of (remote);
  GList *place = g_hash_table_lookup (self->places, peer);

  DW_ASSERT_MAIN_THREAD ();

  if (place != NULL)
    drop (self, place);
}

/**
 * dw_arrivals_expire:
 * @self: arrivals
 * @now: the monotonic time, in microseconds
 *
 * Ends every arrival that took too long, even if it kept sending.
 */
void
dw_arrivals_expire (DwArrivals *self, gint64 now)
{
  DW_ASSERT_MAIN_THREAD ();

  drop_closed (self);
  while (self->all.head != NULL && now - ((Arrival *) self->all.head->data)->since >= self->patience)
    evict (self, self->all.head);
}

/**
 * dw_arrivals_get_size:
 * @self: arrivals
 *
 * Returns: how many there are
 */
guint
dw_arrivals_get_size (DwArrivals *self)
{
  return self->all.length;
}
