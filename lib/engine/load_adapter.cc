// Adapters in and out of an engine while it runs. The caller's thread reads and checks the file; the engine's thread
// copies some of it at a time into the banks, between two steps. No row uses the slot before all of it is there.
#include <algorithm>

#include "engine/engine.h"
#include "models/adapter.h"

namespace infer::engine {
namespace {
constexpr size_t kBytesAtOnce = size_t{4} << 20;
}

Status Engine::load_adapter(const std::string& name, const std::string& path, double scale) {
  TRY_SET(const int32_t slot, adapters_.begin(name));
  const auto load = [&]() -> Status {
    TRY_SET(const auto file, formats::open_model(path));
    TRY_SET(const models::Adapter adapter, models::read_adapter(*file, *parts_.source.file, *parts_.model, scale));
    return write_adapter(adapter, slot);
  };
  Status status;
  try {
    status = load().in(str("adapter '", name, "'"));
  } catch (...) {
    adapters_.abandon(slot);
    throw;
  }
  status.ok() ? adapters_.loaded(slot) : adapters_.abandon(slot);
  return status;
}

Status Engine::write_adapter(const models::Adapter& adapter, int32_t slot) {
  const models::Model& model = *parts_.model;
  const auto bank_bytes = [&](graph::TensorId t) {  // of one slot
    return static_cast<int64_t>(model.program.bytes(t, {})) / model.program.tensor(t).dim[0];
  };
  size_t next = 0;
  const auto write_some = [&]() -> Status {
    for (size_t written = 0; next < adapter.parts.size() && written < kBytesAtOnce; ++next) {
      const models::Adapter::Part& p = adapter.parts[next];
      const models::Bank& bank = model.banks[p.bank];
      TRY(parts_.executor->write(bank.down, slot * bank_bytes(bank.down), p.down));
      TRY(parts_.executor->write(bank.up, slot * bank_bytes(bank.up), p.up));
      written += p.down.size() + p.up.size();
    }
    return {};
  };
  while (next < adapter.parts.size()) TRY(call(write_some));
  return call([&]() -> Status {
    std::vector<int32_t> ranks(model.banks.size(), 0);  // of weights that it leaves alone
    for (const models::Adapter::Part& p : adapter.parts) ranks[p.bank] = p.rank;
    for (size_t b = 0; b < ranks.size(); ++b)
      TRY(parts_.executor->write(model.banks[b].ranks, slot * int64_t{sizeof(int32_t)},
                                 std::as_bytes(std::span(&ranks[b], 1))));
    return {};
  });
}

Status Engine::drop_adapter(const std::string& name) { return adapters_.drop(name); }

}  // namespace infer::engine
