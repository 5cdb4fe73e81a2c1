/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose a frame of the gateway's shape is, by what the connection was told before. */
#include "dw-test.h"

#include "client/connection/dw-identity.h"

#define ID DW_FEATURE_ID
#define NONE DW_FEATURE_NONE

/* What comes after a probe that is not answered yet, and what comes unasked; on a connection that was just opened, or on
 * an older one. */
#define ASKED TRUE
#define UNASKED FALSE
#define YOUNG TRUE
#define OLD FALSE

typedef struct
{
  char what; /* n: a notification, f: “Forbidden”, t: “Too Many Requests”; 0: the connection is another one */
  const char *id;
  DwFeatures features;
  gboolean probed, young;
  DwIdentityVerdict verdict;
} Row;

static DwIdentityVerdict
judge (DwIdentity *identity, const Row *row)
{
  DwFrame frame = { .kind = row->what == 'n' ? DW_FRAME_NOTIFICATION : DW_FRAME_GATEWAY_ERROR,
                    .connection_id = (char *) row->id,
                    .features = row->features };

  if (row->what == 'f')
    frame.gateway_error = DW_GATEWAY_FORBIDDEN;
  else if (row->what == 't')
    frame.gateway_error = DW_GATEWAY_THROTTLED;
  return dw_identity_judge (identity, &frame, row->probed, row->young);
}

static void
check (const Row *rows, guint n)
{
  DwIdentity identity = { 0 };

  for (guint i = 0; i < n; i++)
    {
      g_test_message ("row %u", i);
      if (rows[i].what == 0)
        dw_identity_clear (&identity);
      else
        g_assert_cmpint (judge (&identity, &rows[i]), ==, rows[i].verdict);
    }
  dw_identity_clear (&identity);
  g_assert_null (identity.connection_id);
  g_assert_false (identity.answered || identity.disputed);
}

/* Before the first answer nothing is known, and only an answer teaches anything. */
static void
test_unknown (void)
{
  static const Row rows[] = {
    { 'n', "a", ID, UNASKED, OLD, DW_IDENTITY_FOREIGN },  { 'n', "a", ID, UNASKED, YOUNG, DW_IDENTITY_FOREIGN },
    { 'f', "a", NONE, UNASKED, OLD, DW_IDENTITY_UNSURE }, { 't', "a", NONE, UNASKED, OLD, DW_IDENTITY_UNSURE },
    { 't', "a", NONE, ASKED, OLD, DW_IDENTITY_UNSURE },   { 'f', "a", ID, ASKED, OLD, DW_IDENTITY_LEARNS },
    { 'n', "a", ID, ASKED, OLD, DW_IDENTITY_LEARNS },     { 0 },
    { 'n', "b", ID, ASKED, OLD, DW_IDENTITY_LEARNS },
  };

  check (rows, G_N_ELEMENTS (rows));
}

/* Afterwards everything is the gateway's that has the connection's ID, and nothing else is. */
static void
test_known (void)
{
  static const Row rows[] = {
    { 'n', "a", ID, ASKED, YOUNG, DW_IDENTITY_LEARNS },     { 'n', "a", ID, UNASKED, YOUNG, DW_IDENTITY_REPEATS },
    { 'n', "a", ID, UNASKED, OLD, DW_IDENTITY_REPEATS },    { 'n', "a", NONE, ASKED, OLD, DW_IDENTITY_LEARNS },
    { 'n', "a", ID, ASKED, OLD, DW_IDENTITY_LEARNS },       { 'f', "a", NONE, ASKED, OLD, DW_IDENTITY_CONFIRMS },
    { 'f', "a", NONE, UNASKED, OLD, DW_IDENTITY_OURS },     { 't', "a", NONE, ASKED, OLD, DW_IDENTITY_OURS },
    { 't', "a", NONE, UNASKED, OLD, DW_IDENTITY_OURS },     { 'n', "b", ID, ASKED, OLD, DW_IDENTITY_FOREIGN },
    { 'n', "b", ID, UNASKED, OLD, DW_IDENTITY_FOREIGN },    { 'n', NULL, ID, ASKED, OLD, DW_IDENTITY_FOREIGN },
    { 'f', "b", NONE, ASKED, OLD, DW_IDENTITY_FOREIGN },    { 't', "b", NONE, UNASKED, OLD, DW_IDENTITY_FOREIGN },
    { 't', NULL, NONE, UNASKED, OLD, DW_IDENTITY_FOREIGN }, { 'n', "a", ID, ASKED, OLD, DW_IDENTITY_LEARNS },
  };

  check (rows, G_N_ELEMENTS (rows));
}

/* Somebody was quicker than the gateway: two IDs on a young connection, and neither is believed any more. */
static void
test_disputed (void)
{
  static const Row rows[] = {
    { 'n', "a", ID, ASKED, YOUNG, DW_IDENTITY_LEARNS },   { 'n', "b", ID, ASKED, YOUNG, DW_IDENTITY_DISPUTES },
    { 'n', "a", ID, UNASKED, OLD, DW_IDENTITY_FOREIGN },  { 'n', "b", ID, UNASKED, YOUNG, DW_IDENTITY_FOREIGN },
    { 'f', "a", NONE, UNASKED, OLD, DW_IDENTITY_UNSURE }, { 't', "b", NONE, ASKED, OLD, DW_IDENTITY_UNSURE },
    { 'n', "a", ID, ASKED, OLD, DW_IDENTITY_CONFIRMS },   { 'n', "c", ID, ASKED, YOUNG, DW_IDENTITY_CONFIRMS },
    { 'f', "b", NONE, ASKED, OLD, DW_IDENTITY_CONFIRMS }, { 0 },
    { 'n', "a", ID, ASKED, YOUNG, DW_IDENTITY_LEARNS },   { 't', "b", NONE, UNASKED, YOUNG, DW_IDENTITY_DISPUTES },
    { 'n', "a", ID, UNASKED, OLD, DW_IDENTITY_FOREIGN },
  };

  check (rows, G_N_ELEMENTS (rows));
}

/* A stage whose answers carry no ID: they are alike at least, and an error can be anybody's. */
static void
test_without_id (void)
{
  static const Row rows[] = {
    { 'n', NULL, ID, ASKED, YOUNG, DW_IDENTITY_LEARNS },     { 'n', NULL, ID, UNASKED, YOUNG, DW_IDENTITY_FOREIGN },
    { 'n', NULL, ID, ASKED, YOUNG, DW_IDENTITY_CONFIRMS },   { 'f', NULL, NONE, ASKED, OLD, DW_IDENTITY_CONFIRMS },
    { 'f', NULL, NONE, UNASKED, OLD, DW_IDENTITY_UNSURE },   { 't', NULL, NONE, ASKED, OLD, DW_IDENTITY_UNSURE },
    { 'n', NULL, NONE, ASKED, OLD, DW_IDENTITY_FOREIGN },    { 'n', "a", ID, ASKED, OLD, DW_IDENTITY_FOREIGN },
    { 'n', NULL, NONE, ASKED, YOUNG, DW_IDENTITY_DISPUTES }, { 'n', NULL, ID, ASKED, YOUNG, DW_IDENTITY_CONFIRMS },
  };

  check (rows, G_N_ELEMENTS (rows));
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/client/identity/unknown", test_unknown);
  g_test_add_func ("/client/identity/known", test_known);
  g_test_add_func ("/client/identity/disputed", test_disputed);
  g_test_add_func ("/client/identity/without-id", test_without_id);
  return g_test_run ();
}
