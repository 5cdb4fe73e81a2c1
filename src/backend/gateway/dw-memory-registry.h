/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "backend/handlers/dw-registry.h"

G_BEGIN_DECLS

#define DW_TYPE_MEMORY_REGISTRY (dw_memory_registry_get_type ())
G_DECLARE_FINAL_TYPE (DwMemoryRegistry, dw_memory_registry, DW, MEMORY_REGISTRY, GObject)

DwMemoryRegistry *dw_memory_registry_new (guint page_size);
guint dw_memory_registry_get_size (DwMemoryRegistry *self);

G_END_DECLS
