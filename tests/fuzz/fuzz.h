/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>
#include <stdlib.h>

/* Called by libFuzzer for each input. Aborts if something is wrong. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
