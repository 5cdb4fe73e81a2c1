/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-fake-keyring.h"

#include "dw-test.h"

#include <string.h>

#define ROOT "/org/freedesktop/secrets"
#define COLLECTION ROOT "/aliases/default"
#define ITEMS ROOT "/collection/fake"
#define SESSION ROOT "/session/fake"
#define PROMPT ROOT "/prompt/fake"
#define ATTRIBUTES "org.freedesktop.Secret.Item.Attributes"
#define LABEL "org.freedesktop.Secret.Item.Label"

static const char introspection[] =
    "<node>"
    "<interface name='org.freedesktop.Secret.Service'>"
    "<method name='OpenSession'><arg type='s' direction='in'/><arg type='v' direction='in'/>"
    "<arg type='v' direction='out'/><arg type='o' direction='out'/></method>"
    "<method name='SearchItems'><arg type='a{ss}' direction='in'/>"
    "<arg type='ao' direction='out'/><arg type='ao' direction='out'/></method>"
    "<method name='Unlock'><arg type='ao' direction='in'/>"
    "<arg type='ao' direction='out'/><arg type='o' direction='out'/></method>"
    "<method name='GetSecrets'><arg type='ao' direction='in'/><arg type='o' direction='in'/>"
    "<arg type='a{o(oayays)}' direction='out'/></method>"
    "</interface>"
    "<interface name='org.freedesktop.Secret.Collection'>"
    "<method name='CreateItem'><arg type='a{sv}' direction='in'/><arg type='(oayays)' direction='in'/>"
    "<arg type='b' direction='in'/><arg type='o' direction='out'/><arg type='o' direction='out'/></method>"
    "</interface>"
    "<interface name='org.freedesktop.Secret.Item'>"
    "<method name='Delete'><arg type='o' direction='out'/></method>"
    "<property name='Locked' type='b' access='read'/>"
    "</interface>"
    "<interface name='org.freedesktop.Secret.Prompt'>"
    "<method name='Prompt'><arg type='s' direction='in'/></method>"
    "<method name='Dismiss'/>"
    "<signal name='Completed'><arg type='b'/><arg type='v'/></signal>"
    "</interface>"
    "</node>";

typedef struct
{
  GVariant *attributes; /* a{ss} */
  char *label;
  char *secret;
  guint registration;
} Item;

struct _DwFakeKeyring
{
  GMutex mutex; /* protects everything below except what only the thread uses */
  GPtrArray *items;
  GHashTable *calls; /* of method name to the number of calls */
  gboolean locked;
  gboolean person_unlocks;
  char *refuses;
  char *dies_at;
  char *silent_at;
  gboolean owned;
  GVariant *prompted; /* ao: the items to unlock if the user confirms */

  /* Used by the thread alone. */
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  GDBusConnection *bus;
  GDBusNodeInfo *node;
  guint next;
};

static void
item_free (gpointer data)
{
  Item *item = data;

  g_variant_unref (item->attributes);
  g_free (item->label);
  g_free (item->secret);
  g_free (item);
}

static char *
dup_path (Item *item)
{
  return g_strdup_printf (ITEMS "/%u", item->registration);
}

static Item *
find_path (DwFakeKeyring *self, const char *path)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      g_autofree char *own = dup_path (g_ptr_array_index (self->items, i));

      if (g_str_equal (own, path))
        return g_ptr_array_index (self->items, i);
    }
  return NULL;
}

static gboolean
fits (Item *item, GVariant *wanted)
{
  GVariantIter iter;
  const char *name, *value, *own;

  g_variant_iter_init (&iter, wanted);
  while (g_variant_iter_next (&iter, "{&s&s}", &name, &value))
    if (!g_variant_lookup (item->attributes, name, "&s", &own) || !g_str_equal (own, value))
      return FALSE;
  return TRUE;
}

static Item *
find_stage (DwFakeKeyring *self, const char *stage)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      Item *item = g_ptr_array_index (self->items, i);
      const char *own;

      if (g_variant_lookup (item->attributes, "stage", "&s", &own) && g_str_equal (own, stage))
        return item;
    }
  return NULL;
}

static GVariant *
open_session (DwFakeKeyring *self, GVariant *arguments)
{
  return g_variant_new ("(vo)", g_variant_new_string (""), SESSION);
}

static GVariant *
search_items (DwFakeKeyring *self, GVariant *arguments)
{
  g_autoptr (GVariant) wanted = g_variant_get_child_value (arguments, 0);
  GVariantBuilder found, none;

  g_variant_builder_init (&found, G_VARIANT_TYPE ("ao"));
  g_variant_builder_init (&none, G_VARIANT_TYPE ("ao"));
  for (guint i = 0; i < self->items->len; i++)
    {
      g_autofree char *path = dup_path (g_ptr_array_index (self->items, i));

      if (fits (g_ptr_array_index (self->items, i), wanted))
        g_variant_builder_add (&found, "o", path);
    }
  if (self->locked)
    return g_variant_new ("(aoao)", &none, &found);
  return g_variant_new ("(aoao)", &found, &none);
}

static GVariant *
unlock (DwFakeKeyring *self, GVariant *arguments)
{
  g_autoptr (GVariant) paths = g_variant_get_child_value (arguments, 0);

  if (self->locked)
    {
      g_clear_pointer (&self->prompted, g_variant_unref);
      self->prompted = g_variant_ref (paths);
      return g_variant_new ("(@aoo)", g_variant_new_objv (NULL, 0), PROMPT);
    }
  return g_variant_new ("(@aoo)", paths, "/");
}

static GVariant *
get_secrets (DwFakeKeyring *self, GVariant *arguments)
{
  g_autoptr (GVariantIter) paths = NULL;
  GVariantBuilder secrets;
  const char *path;

  g_variant_builder_init (&secrets, G_VARIANT_TYPE ("a{o(oayays)}"));
  g_variant_get (arguments, "(ao&o)", &paths, NULL);
  while (g_variant_iter_next (paths, "&o", &path))
    {
      Item *item = find_path (self, path);

      if (item != NULL)
        g_variant_builder_add (
            &secrets, "{o(o@ay@ays)}", path, SESSION, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, NULL, 0, 1),
            g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, item->secret, strlen (item->secret), 1), "text/plain");
    }
  return g_variant_new ("(a{o(oayays)})", &secrets);
}

static void on_call (GDBusConnection *bus,
                     const char *sender,
                     const char *path,
                     const char *interface,
                     const char *method,
                     GVariant *arguments,
                     GDBusMethodInvocation *invocation,
                     gpointer data);

/* An item has one: whether it is locked. */
static GVariant *
get_property (GDBusConnection *bus,
              const char *sender,
              const char *path,
              const char *interface,
              const char *property,
              GError **error,
              gpointer data)
{
  DwFakeKeyring *self = data;
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return g_variant_new_boolean (self->locked);
}

static const GDBusInterfaceVTable calls = { .method_call = on_call, .get_property = get_property };

static guint export(DwFakeKeyring *self, const char *path, const char *interface)
{
  g_autoptr (GError) error = NULL;
  guint registration = g_dbus_connection_register_object (
      self->bus, path, g_dbus_node_info_lookup_interface (self->node, interface), &calls, self, NULL, &error);

  g_assert_no_error (error);
  return registration;
}

static Item *
add_item (DwFakeKeyring *self, GVariant *attributes, const char *label, char *secret)
{
  Item *item = NULL;

  for (guint i = 0; i < self->items->len && item == NULL; i++)
    if (g_variant_equal (((Item *) g_ptr_array_index (self->items, i))->attributes, attributes))
      item = g_ptr_array_index (self->items, i);
  if (item == NULL)
    {
      item = g_new0 (Item, 1);
      item->registration = ++self->next;
      item->attributes = g_variant_ref_sink (attributes);
      g_ptr_array_add (self->items, item);
    }
  g_free (item->label);
  g_free (item->secret);
  item->label = g_strdup (label);
  item->secret = secret;
  return item;
}

static GVariant *
create_item (DwFakeKeyring *self, GVariant *arguments)
{
  g_autoptr (GVariant) properties = g_variant_get_child_value (arguments, 0);
  g_autoptr (GVariant) attributes = g_variant_lookup_value (properties, ATTRIBUTES, G_VARIANT_TYPE ("a{ss}"));
  g_autoptr (GVariant) secret = g_variant_get_child_value (arguments, 1);
  g_autoptr (GVariant) value = g_variant_get_child_value (secret, 2);
  g_autofree char *path = NULL;
  const char *label = NULL;

  g_variant_lookup (properties, LABEL, "&s", &label);
  path = dup_path (
      add_item (self, attributes, label, g_strndup (g_variant_get_data (value), g_variant_get_size (value))));
  return g_variant_new ("(oo)", path, "/");
}

/* An item's object is exported for a single method. */
static GVariant *
delete_item (DwFakeKeyring *self, const char *path)
{
  Item *item = find_path (self, path);

  if (item != NULL)
    g_ptr_array_remove (self->items, item);
  return g_variant_new ("(o)", "/");
}

static GVariant *
prompt (DwFakeKeyring *self)
{
  if (self->person_unlocks)
    self->locked = FALSE;
  g_dbus_connection_emit_signal (
      self->bus, NULL, PROMPT, "org.freedesktop.Secret.Prompt", "Completed",
      g_variant_new ("(bv)", !self->person_unlocks, self->locked ? g_variant_new_objv (NULL, 0) : self->prompted),
      NULL);
  return g_variant_new ("()");
}

static GVariant *
answer (DwFakeKeyring *self, const char *method, const char *path, GVariant *arguments)
{
  if (g_str_equal (method, "OpenSession"))
    return open_session (self, arguments);
  if (g_str_equal (method, "SearchItems"))
    return search_items (self, arguments);
  if (g_str_equal (method, "Unlock"))
    return unlock (self, arguments);
  if (g_str_equal (method, "GetSecrets"))
    return get_secrets (self, arguments);
  if (g_str_equal (method, "CreateItem"))
    return create_item (self, arguments);
  if (g_str_equal (method, "Delete"))
    return delete_item (self, path);
  if (g_str_equal (method, "Prompt"))
    return prompt (self);
  return g_variant_new ("()");
}

static gboolean
needs_plain (const char *method, GVariant *arguments)
{
  const char *algorithm;

  if (!g_str_equal (method, "OpenSession"))
    return FALSE;
  g_variant_get (arguments, "(&sv)", &algorithm, NULL);
  return !g_str_equal (algorithm, "plain");
}

static void
on_call (GDBusConnection *bus,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *arguments,
         GDBusMethodInvocation *invocation,
         gpointer data)
{
  DwFakeKeyring *self = data;
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->calls, method));

  g_hash_table_insert (self->calls, g_strdup (method), GUINT_TO_POINTER (n + 1));
  if (g_strcmp0 (self->dies_at, method) == 0)
    {
      g_dbus_connection_close (self->bus, NULL, NULL, NULL);
      g_object_unref (invocation);
    }
  else if (g_strcmp0 (self->silent_at, method) == 0)
    g_object_unref (invocation);
  else if (g_strcmp0 (self->refuses, method) == 0)
    g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.DBus.Error.AccessDenied", "no");
  else if (needs_plain (method, arguments))
    g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.DBus.Error.NotSupported", "plain");
  else if (self->locked && g_str_equal (method, "CreateItem"))
    g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.Secret.Error.IsLocked", "locked");
  else
    g_dbus_method_invocation_return_value (invocation, answer (self, method, path, arguments));
  /* The test's thread checks its condition again. */
  g_main_context_wakeup (NULL);
}

static char **
list_items (GDBusConnection *bus, const char *sender, const char *path, gpointer data)
{
  return g_new0 (char *, 1);
}

static GDBusInterfaceInfo **
describe_item (GDBusConnection *bus, const char *sender, const char *path, const char *node, gpointer data)
{
  DwFakeKeyring *self = data;
  GDBusInterfaceInfo **all = g_new0 (GDBusInterfaceInfo *, 2);

  all[0] =
      g_dbus_interface_info_ref (g_dbus_node_info_lookup_interface (self->node, "org.freedesktop.Secret.Item"));
  return all;
}

static const GDBusInterfaceVTable *
dispatch_item (GDBusConnection *bus,
               const char *sender,
               const char *path,
               const char *interface,
               const char *node,
               gpointer *out_data,
               gpointer data)
{
  *out_data = data;
  return &calls;
}

static const GDBusSubtreeVTable items = { list_items, describe_item, dispatch_item, { 0 } };

static void
on_owned (GDBusConnection *bus, const char *name, gpointer data)
{
  DwFakeKeyring *self = data;
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->owned = TRUE;
  g_main_context_wakeup (NULL);
}

static gpointer
live (gpointer data)
{
  DwFakeKeyring *self = data;
  g_autoptr (GError) error = NULL;
  guint name;

  g_main_context_push_thread_default (self->context);
  self->bus = g_dbus_connection_new_for_address_sync (g_getenv ("DBUS_SESSION_BUS_ADDRESS"),
                                                      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                                          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                      NULL, NULL, &error);
  g_assert_no_error (error);
  export(self, ROOT, "org.freedesktop.Secret.Service");
  export(self, COLLECTION, "org.freedesktop.Secret.Collection");
  export(self, PROMPT, "org.freedesktop.Secret.Prompt");
  g_dbus_connection_register_subtree (self->bus, ITEMS, &items, G_DBUS_SUBTREE_FLAGS_DISPATCH_TO_UNENUMERATED_NODES,
                                      self, NULL, &error);
  g_assert_no_error (error);
  name = g_bus_own_name_on_connection (self->bus, "org.freedesktop.secrets", G_BUS_NAME_OWNER_FLAGS_NONE, on_owned,
                                       NULL, self, NULL);
  g_main_loop_run (self->loop);
  g_bus_unown_name (name);
  g_dbus_connection_close_sync (self->bus, NULL, NULL);
  g_clear_object (&self->bus);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static gboolean
is_owned (gpointer data)
{
  DwFakeKeyring *self = data;
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return self->owned;
}

DwFakeKeyring *
dw_fake_keyring_new (void)
{
  DwFakeKeyring *self = g_new0 (DwFakeKeyring, 1);

  g_mutex_init (&self->mutex);
  self->items = g_ptr_array_new_with_free_func (item_free);
  self->calls = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->node = g_dbus_node_info_new_for_xml (introspection, NULL);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("keyring", live, self);
  dw_test_until ("a keyring on the bus", is_owned, self);
  return self;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
dw_fake_keyring_free (DwFakeKeyring *self)
{
  g_main_context_invoke (self->context, quit, self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_dbus_node_info_unref (self->node);
  g_hash_table_unref (self->calls);
  g_ptr_array_unref (self->items);
  g_clear_pointer (&self->prompted, g_variant_unref);
  g_free (self->refuses);
  g_free (self->dies_at);
  g_free (self->silent_at);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* Locks the keyring. When prompted, the user then either unlocks it or dismisses the prompt. */
void
dw_fake_keyring_lock (DwFakeKeyring *self, gboolean person_unlocks)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->locked = TRUE;
  self->person_unlocks = person_unlocks;
}

static void
set_word (DwFakeKeyring *self, char **word, const char *method)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  g_free (*word);
  *word = g_strdup (method);
}

/* Answers a method with an error. */
void
dw_fake_keyring_set_refuses (DwFakeKeyring *self, const char *method)
{
  set_word (self, &self->refuses, method);
}

/* Leaves the bus in the middle of a method call. */
void
dw_fake_keyring_set_dies_at (DwFakeKeyring *self, const char *method)
{
  set_word (self, &self->dies_at, method);
}

/* Never answers a method. */
void
dw_fake_keyring_set_silent_at (DwFakeKeyring *self, const char *method)
{
  set_word (self, &self->silent_at, method);
}

/* Puts an item as another program, or an older version, would. */
void
dw_fake_keyring_put (DwFakeKeyring *self, const char *stage, const char *secret)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  GVariantBuilder attributes;

  g_variant_builder_init (&attributes, G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&attributes, "{ss}", "xdg:schema", "io.github.dynamowave.Chat.Stage");
  g_variant_builder_add (&attributes, "{ss}", "stage", stage);
  add_item (self, g_variant_builder_end (&attributes), "put", g_strdup (secret));
}

guint
dw_fake_keyring_get_n_items (DwFakeKeyring *self)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return self->items->len;
}

char *
dw_fake_keyring_dup_secret (DwFakeKeyring *self, const char *stage)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  Item *item = find_stage (self, stage);

  return item != NULL ? g_strdup (item->secret) : NULL;
}

char *
dw_fake_keyring_dup_label (DwFakeKeyring *self, const char *stage)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  Item *item = find_stage (self, stage);

  return item != NULL ? g_strdup (item->label) : NULL;
}

guint
dw_fake_keyring_get_n_calls (DwFakeKeyring *self, const char *method)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return GPOINTER_TO_UINT (g_hash_table_lookup (self->calls, method));
}
