// In place of onednn.cc where the build found no oneDNN headers.
#include "backends/cpu/onednn.h"

namespace infer::cpu {

Result<std::unique_ptr<Onednn>> Onednn::open(const std::string&, int) {
  return Status::invalid("cpu.onednn: this libinfer was built without oneDNN",
                         "leave cpu.onednn at off, or build with INFER_ONEDNN_ROOT set to a folder of oneDNN 3");
}

}  // namespace infer::cpu
