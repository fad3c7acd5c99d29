// Where memory may not become executable, oneDNN cannot make its kernels: then there is none, and no crash. In a
// program of its own, because what it forbids stays forbidden.
#include <doctest/doctest.h>
#include <libinfer/backend.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>

#include "backends/cpu/onednn.h"

namespace infer::cpu {
namespace {

// From now on anonymous memory cannot be mapped executable, and no memory becomes executable.
bool deny_executable_memory() {
  constexpr auto argument = [](int i) {
    return static_cast<uint32_t>(offsetof(seccomp_data, args) + 8 * static_cast<size_t>(i));
  };
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(3)),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument(2)),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 13),
  };
  sock_fprog program = {static_cast<unsigned short>(std::size(code)), code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_CASE("without memory that may be executed there is no oneDNN kernel and nothing breaks") {
  const auto before = Onednn::open(INFER_ONEDNN_LIBRARY, 1);
  REQUIRE(before.ok());
  REQUIRE((*before)->product(INFER_TYPE_F32, 128, 128));
  REQUIRE(deny_executable_memory());
  REQUIRE(mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  CHECK((*before)->product(INFER_TYPE_F32, 192, 192) == nullptr);
  const auto after = Onednn::open(INFER_ONEDNN_LIBRARY, 1);
  if (after.ok()) CHECK((*after)->product(INFER_TYPE_F32, 320, 64) == nullptr);
}

}  // namespace
}  // namespace infer::cpu
