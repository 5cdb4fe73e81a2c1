/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "wire/dw-dialect.h"
#include "wire/dw-frame.h"

/* Whatever a stage sends is classified, in each of the presets. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  for (guint i = 0; i < DW_DIALECT_CUSTOM; i++)
    {
      g_autoptr (DwDialect) dialect = dw_dialect_new_preset ((DwDialectPreset) i);
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_autoptr (DwFrame) frame = dw_frame_classify (dialect, parser, (const char *) data, size);

      if (frame == NULL || (frame->text != NULL && !g_utf8_validate (frame->text, -1, NULL)))
        abort ();
    }
  return 0;
}
