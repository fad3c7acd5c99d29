#ifdef _WIN32
#include "bench/child.h"
#include "handles.h"

namespace infer::tool {

Child run_child(const std::vector<std::string>&, const std::string&, double) {
  throw Failure{"this build does not run other programs", "measure beside a peer on Linux or macOS", kExitUsage};
}

BusyProcess::BusyProcess() {
  throw Failure{"this build does not start a busy process", "leave out --busy", kExitUsage};
}
BusyProcess::~BusyProcess() = default;

}  // namespace infer::tool
#endif
