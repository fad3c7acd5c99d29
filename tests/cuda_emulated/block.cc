#include "tests/cuda_emulated/block.h"

#include <sys/mman.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <vector>

// From one stack to another: keeps what a function must keep (System V ABI of x86-64), and comes back when somebody
// switches to *from.
asm(R"(
.pushsection .text
.globl infer_emulated_switch
.hidden infer_emulated_switch
.type infer_emulated_switch, @function
infer_emulated_switch:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.popsection
)");
extern "C" void infer_emulated_switch(void** from, void* to);

namespace infer::cuda_emulated {

Fibre* now = nullptr;

constexpr uint32_t kWarp = 32, kWords = 6;
using Board = uint32_t[kWarp][kWords];  // what lanes give each other
struct Warp {
  uint32_t arrived = 0, generation = 0;
  Board boards[2] = {};
  int place = 0;  // where its threads are to meet
};

namespace {

constexpr size_t kStack = 64 << 10;

const Registration* registered = nullptr;

// The launch that is on.
struct {
  Kernel kernel;
  const backend::Record* record;
  uint32_t threads, arrived, generation;
  int place;
  std::byte *shared, *shared_end;
  uint32_t shared_bytes;
  const char* failed;
} launch;
void* the_launch = nullptr;  // the stack of run_blocks while a block runs
std::vector<std::unique_ptr<Fibre>> fibres;
std::vector<std::unique_ptr<std::byte[]>> stacks;
std::vector<std::unique_ptr<Warp>> warps;

bool can_run(const Fibre& f) { return !f.over && (!f.waits_for || *f.waits_for != f.seen); }

// Out of the launch; its threads are begun anew before they run again.
[[noreturn]] void give_up() {
  void* abandoned = nullptr;
  infer_emulated_switch(&abandoned, the_launch);
  __builtin_unreachable();
}

// The next thread that can run, after this one. When there is none the block is over, or stuck.
void go_on() {
  Fibre* const me = now;
  const uint32_t from = me->thread.x, n = launch.threads;
  for (uint32_t i = 1; i <= n; ++i) {
    uint32_t at = from + i;
    if (at >= n) at -= n;
    Fibre* const next = fibres[at].get();
    if (!can_run(*next)) continue;
    next->waits_for = nullptr;
    if (next == me) return;
    now = next;
    infer_emulated_switch(&me->stack, next->stack);
    return;
  }
  for (uint32_t t = 0; t < n; ++t)
    if (!fibres[t]->over) violation("a barrier or an exchange that only some threads come to");
  infer_emulated_switch(&me->stack, the_launch);  // and here the next block begins
}

void fibre_main() {
  for (;;) {
    launch.kernel(*launch.record);
    now->over = true;
    go_on();
  }
}

// A stack that infer_emulated_switch returns to the beginning of fibre_main from.
void make_fibre(size_t number) {
  auto* top = reinterpret_cast<uintptr_t*>(stacks[number].get() + kStack) - 2;
  top = reinterpret_cast<uintptr_t*>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t{15});
  *--top = 0;  // where fibre_main would return to
  *--top = reinterpret_cast<uintptr_t>(fibre_main);
  fibres[number]->stack = top - 6;
}

void make_fibres(uint32_t n) {
  while (fibres.size() < n) {
    fibres.push_back(std::make_unique<Fibre>());
    stacks.push_back(std::make_unique<std::byte[]>(kStack));
    if (fibres.size() % kWarp == 1) warps.push_back(std::make_unique<Warp>());
    make_fibre(fibres.size() - 1);
  }
  if (launch.shared) return;
  const size_t page = 4096, bytes = kMostShared + page;
  launch.shared =
      static_cast<std::byte*>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  launch.shared_end = launch.shared + kMostShared;
  mprotect(launch.shared_end, page, PROT_NONE);
}

void on_fault(int) { violation("an address that is nobody's"); }

void start_block(uint32_t block) {
  if (launch.shared_bytes) std::memset(launch.shared_end - launch.shared_bytes, 0xff, launch.shared_bytes);
  launch.arrived = 0;
  for (uint32_t t = 0; t < launch.threads; ++t) {
    Fibre& f = *fibres[t];
    f.thread.x = t, f.block.x = block, f.block_dim.x = launch.threads;
    f.warp = warps[t / kWarp].get(), f.lane = t % kWarp;
    f.waits_for = nullptr, f.over = false;
    if (f.lane == 0) f.warp->arrived = 0;
  }
}

}  // namespace

void violation(const char* what) {
  launch.failed = what;
  give_up();
}

void barrier(int place) {
  if (launch.arrived++ == 0) launch.place = place;
  if (launch.place != place) violation("two barriers at a time");
  if (launch.arrived == launch.threads) {
    launch.arrived = 0, ++launch.generation;
    return;
  }
  now->waits_for = &launch.generation, now->seen = launch.generation;
  go_on();
}

namespace {
// Words of all lanes; good until the warp meets twice more.
const Board& meet(const uint32_t* words, uint32_t n, int place) {
  Fibre& me = *now;
  Warp& w = *me.warp;
  Board& board = w.boards[me.turn ^= 1];
  std::memcpy(board[me.lane], words, n * sizeof(uint32_t));
  if (w.arrived++ == 0) w.place = place;
  if (w.place != place) violation("two exchanges of a warp at a time");
  if (w.arrived == kWarp) {
    w.arrived = 0, ++w.generation;
  } else {
    me.waits_for = &w.generation, me.seen = w.generation;
    go_on();
  }
  return board;
}
}  // namespace

uint32_t exchange(uint32_t mask, uint32_t value, uint32_t by, int place) {
  if (mask != 0xffffffffu) violation("an exchange between some lanes: not emulated");
  return meet(&value, 1, place)[now->lane ^ by][0];
}

void mma(int32_t (&d)[4], const uint32_t* a, const uint32_t* b, uint32_t k, int place) {
  const uint32_t halves = k / 16;
  uint32_t words[kWords];
  std::memcpy(words, a, 2 * halves * sizeof(uint32_t));
  std::memcpy(words + 2 * halves, b, halves * sizeof(uint32_t));
  const Board& all = meet(words, 3 * halves, place);
  const uint32_t g = now->lane / 4, t = now->lane % 4;
  for (uint32_t i = 0; i < 4; ++i)
    for (uint32_t at = 0; at < k; ++at) {
      const uint32_t half = at / 16, from = at % 16 / 4, byte = at % 4;
      const uint32_t row = all[4 * g + from][i / 2 + 2 * half];
      const uint32_t column = all[4 * (2 * t + i % 2) + from][2 * halves + half];
      d[i] += static_cast<int8_t>(row >> 8 * byte) * static_cast<int8_t>(column >> 8 * byte);
    }
}

float* shared_floats() { return reinterpret_cast<float*>(launch.shared_end - launch.shared_bytes); }

Registration::Registration(const char* n, Kernel k, uint32_t most)
    : name(n), kernel(k), most_threads(most), next(registered) {
  registered = this;
}
const Registration* all_kernels() { return registered; }

std::string run_blocks(Kernel kernel, const backend::Record& record, uint32_t blocks, uint32_t threads,
                       uint32_t shared_memory) {
  make_fibres(threads);
  launch.kernel = kernel, launch.record = &record, launch.threads = threads;
  launch.shared_bytes = (shared_memory + 15) / 16 * 16, launch.failed = nullptr;
  struct sigaction fault {
  }, before{};
  fault.sa_handler = on_fault;
  fault.sa_flags = SA_NODEFER;
  sigaction(SIGSEGV, &fault, &before);
  for (uint32_t block = 0; block < blocks && !launch.failed; ++block) {
    start_block(block);
    now = fibres[0].get();
    infer_emulated_switch(&the_launch, now->stack);
  }
  sigaction(SIGSEGV, &before, nullptr);
  if (!launch.failed) return {};
  fibres.clear(), stacks.clear(), warps.clear();  // in the middle of something
  return launch.failed;
}

float half_to_float(uint32_t h) {
  const uint32_t sign = (h & 0x8000u) << 16, mag = h & 0x7fffu;
  uint32_t bits;
  if (mag < 0x400u) {
    const float small = static_cast<float>(mag) * 5.9604644775390625e-8f;
    std::memcpy(&bits, &small, 4);
    bits |= sign;
  } else {
    bits = ((mag << 13) + (mag >= 0x7c00u ? 0x70000000u : 0x38000000u)) | sign;
  }
  float f;
  std::memcpy(&f, &bits, 4);
  return f;
}

uint32_t float_to_half(float f) {  // to nearest, ties to even; one NaN, as of cvt.rn.f16.f32
  uint32_t bits;
  std::memcpy(&bits, &f, 4);
  const uint32_t sign = (bits >> 16) & 0x8000u, mag = bits & 0x7fffffffu;
  if (mag > 0x7f800000u) return 0x7fffu;
  if (mag >= 0x477ff000u) return sign | 0x7c00u;
  if (mag < 0x38800000u) {
    float small;
    std::memcpy(&small, &mag, 4);
    return sign | static_cast<uint32_t>(__builtin_rintf(small * 16777216.0f));
  }
  return sign | ((mag + 0xfffu + ((mag >> 13) & 1u) - 0x38000000u) >> 13);
}

}  // namespace infer::cuda_emulated
