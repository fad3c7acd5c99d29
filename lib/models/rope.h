// Rope scaling of a Config as the attributes of INFER_OP_ROPE.
#pragma once
#include "graph/builder.h"
#include "models/config.h"

namespace infer::models {
graph::Rope rope_of(const Config& config);  // without factors and style
}
