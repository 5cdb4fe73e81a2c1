/* SPDX-License-Identifier: GPL-3.0-or-later */
/* As tests/system/test-bounds.c, for what a function on AWS may take: its memory, its descriptors, its minutes. */
#include "dw-test.h"

#include "backend/aws/dw-connections-gateway.h"
#include "backend/aws/dw-dead-letter-queue.h"
#include "backend/aws/dw-http.h"
#include "backend/aws/dw-window.h"
#include "backend/lambda/dw-function.h"
#include "backend/lambda/dw-runtime.h"

#define NUMBER(name, number)                                                                                       \
  {                                                                                                                \
#name, (name), (number)                                                                                        \
  }

static const struct
{
  const char *name;
  gint64 is, number;
} numbers[] = {
  NUMBER (DW_CONNECTIONS_GATEWAY_SLOW_MOST, 400),
  NUMBER (DW_CONNECTIONS_GATEWAY_ATTEMPTS, 8),
  NUMBER (DW_CONNECTIONS_GATEWAY_ENDPOINTS, 16),
  NUMBER (DW_DEAD_LETTER_IDS, 1000),
  NUMBER (DW_HTTP_BODY_BYTES, 8 * 1024 * 1024),
  NUMBER (DW_HTTP_HEADERS, 64),
  NUMBER (DW_HTTP_CONNECTIONS, 600),
  NUMBER (DW_WINDOW_MOST, 500),
  NUMBER (DW_FUNCTION_HOPS, 64),
  NUMBER (DW_RUNTIME_RESPONSE_BYTES, 6291556),
  NUMBER (DW_RUNTIME_NEXT_ATTEMPTS, 3),
};

static void
test_numbers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_test_message ("%s", numbers[i].name);
      g_assert_cmpint (numbers[i].is, ==, numbers[i].number);
    }
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/aws/numbers/all", test_numbers);
  return g_test_run ();
}
