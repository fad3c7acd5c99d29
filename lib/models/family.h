// A family: how one layer is put together. The whole list is in registry.cc.
#pragma once
#include "models/decoder.h"

namespace infer::models {

// x [T, n_embd] in, the layer's output; of the last layer only wanted rows, [R, n_embd].
using Layer = TensorId (*)(Decoder& d, TensorId x);

TensorId llama_layer(Decoder& d, TensorId x);
TensorId qwen2_layer(Decoder& d, TensorId x);
TensorId qwen3_layer(Decoder& d, TensorId x);
TensorId qwen2moe_layer(Decoder& d, TensorId x);
TensorId qwen3moe_layer(Decoder& d, TensorId x);

}  // namespace infer::models
