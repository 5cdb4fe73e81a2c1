/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "wire/dw-dialect.h"
#include "wire/dw-frame.h"

#include <string.h>

/* The fast path and the parser agree. */
static void
expect_same (const DwFrame *a, const DwFrame *b)
{
  if (a->kind != b->kind || a->sent_at != b->sent_at || a->connected_at != b->connected_at
      || a->features != b->features || a->gateway_error != b->gateway_error || g_strcmp0 (a->text, b->text) != 0
      || g_strcmp0 (a->sender, b->sender) != 0 || g_strcmp0 (a->id, b->id) != 0
      || g_strcmp0 (a->connection_id, b->connection_id) != 0 || g_strcmp0 (a->stage, b->stage) != 0
      || g_strcmp0 (a->reason, b->reason) != 0)
    abort ();
}

/* Any frame is classified without a crash, in each preset. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  for (guint i = 0; i < DW_DIALECT_CUSTOM; i++)
    {
      g_autoptr (DwDialect) dialect = dw_dialect_new_preset ((DwDialectPreset) i);
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_autoptr (DwFrame) parsed = NULL;
      g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, (const char *) data, size);

      if (frame == NULL || (frame->text != NULL && !g_utf8_validate (frame->text, -1, NULL)))
        abort ();
      parsed = dw_frame_classify_parsed (dialect, parser, (const char *) data, size);
      expect_same (frame, parsed);
    }
  return 0;
}
