/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-test.h"

#include "backend/gateway/dw-gateway-frame.h"

static void
test_frame_spacing (void)
{
  g_autofree char *frame =
      dw_gateway_frame_new (DW_GATEWAY_FRAME_FORBIDDEN, "XDmENcnwIE0CFEQ=", "XDmGEE2RoE0FRdQ=");

  g_assert_cmpstr (
      frame, ==,
      "{\"message\": \"Forbidden\", \"connectionId\":\"XDmENcnwIE0CFEQ=\", \"requestId\":\"XDmGEE2RoE0FRdQ=\"}");
}

int
main (int argc, char *argv[])
{
  dw_test_init (&argc, &argv);
  g_test_add_func ("/backend/gateway-frame/spacing", test_frame_spacing);
  return g_test_run ();
}
