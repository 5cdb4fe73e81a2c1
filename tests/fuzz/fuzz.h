/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>
#include <stdlib.h>

/* What libFuzzer calls, again and again. It aborts where something is wrong. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
