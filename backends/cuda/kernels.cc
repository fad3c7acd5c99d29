#include "backends/cuda/kernels.h"

#include <algorithm>

namespace infer::cuda {
namespace {

std::vector<KernelName> make_names() {
  std::vector<KernelName> all;
  const auto add = [&](Module module, std::string name) { all.push_back({name, "infer_" + name, module}); };
  for (const char* name : {"elementwise", "norm", "norm_int8", "round_int8", "rope", "gather", "route", "expert_sum"})
    add(kRows, name);
  for (const char* type : {"f32", "f16", "bf16", "q8_0", "q4_0"}) {
    add(kAttention, str("kv_write_", type));
    for (const char* where : {"whole", "part"})
      for (const char* heads : {"1", "4"})
        for (const char* own : {"1", "4"}) add(kAttention, str("attention_", type, "_", heads, "_", own, "_", where));
  }
  add(kAttention, "attention_sum");
  const auto weights = [&](Module module, const char* type) {
    for (const char* columns : {"1", "2", "4", "8"}) add(module, str("matvec_", type, "_", columns));
    add(module, str("matmat_", type));
    add(module, str("embed_", type));
  };
  for (const char* type : {"f32", "f16", "bf16"}) {
    weights(kWeightsPlain, type);
    for (const char* half : {"adapt_down_", "adapt_up_"}) add(kWeightsPlain, str(half, type));
  }
  for (const char* type : {"q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "iq4_nl", "mxfp4", "nvfp4"})
    weights(kWeightsBlocks, type);
  for (const char* type : {"q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_xs", "tq1_0", "tq2_0"})
    weights(kWeightsSuper, type);
  for (const char* type : {"iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq3_xxs", "iq3_s"})
    weights(kWeightsGrids, type);
  for (const char* type :
       {"q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_nl", "iq4_xs", "mxfp4"}) {
    for (const char* columns : {"1", "2", "4", "8"}) add(kWeightsInt8, str("matvec_int8_", type, "_", columns));
    add(kWeightsInt8, str("matmat_int8_", type));
  }
  return all;
}

}  // namespace

const std::vector<KernelName>& all_kernels() {
  static const std::vector<KernelName> names = make_names();
  return names;
}

uint32_t find_kernel(std::string_view kernel, std::string_view variant) {
  const std::string name = variant.empty() ? std::string(kernel) : str(kernel, "_", variant);
  const std::vector<KernelName>& all = all_kernels();
  const auto found = std::find_if(all.begin(), all.end(), [&](const KernelName& k) {
    return k.name == name || (!variant.empty() && k.name.starts_with(name + "_"));
  });
  return found == all.end() ? UINT32_MAX : static_cast<uint32_t>(found - all.begin());
}

void Functions::unload() {
  for (CUmodule& m : modules_)
    if (m) (void)driver_.cuModuleUnload(m);
  modules_.assign(kModules, nullptr);
}

Result<CUfunction> Functions::load(uint32_t kernel) {
  const KernelName& k = all_kernels()[kernel];
  const std::lock_guard lock(mutex_);
  if (functions_[kernel]) return functions_[kernel];
  CUmodule& module = modules_[k.module];
  if (!module)
    TRY(check(driver_, driver_.cuModuleLoadData(&module, fatbins()[k.module].data),
              str("loading kernels for ", k.name)));
  TRY(check(driver_, driver_.cuModuleGetFunction(&functions_[kernel], module, k.symbol.c_str()),
            str("looking for kernel ", k.name)));
  return functions_[kernel];
}

int64_t Functions::loaded() const {
  const std::lock_guard lock(mutex_);
  return std::count_if(functions_.begin(), functions_.end(), [](CUfunction f) { return f != nullptr; });
}

}  // namespace infer::cuda
