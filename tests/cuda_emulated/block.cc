#include "tests/cuda_emulated/block.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <vector>

namespace infer::cuda_emulated {

Fibre* now = nullptr;

struct Warp {
  uint32_t arrived = 0, generation = 0;
  uint32_t board[2][32] = {};
  int place = 0;  // where its threads are to meet
};

namespace {

constexpr size_t kStack = 64 << 10;
constexpr uint32_t kWarp = 32;

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
sigjmp_buf the_launch;   // back to run_blocks
ucontext_t the_starter;  // while a fibre is made
std::vector<std::unique_ptr<Fibre>> fibres;
std::vector<std::unique_ptr<std::byte[]>> stacks;
std::vector<std::unique_ptr<Warp>> warps;

bool can_run(const Fibre& f) { return !f.over && (!f.waits_for || *f.waits_for != f.seen); }

[[noreturn]] void leave() { siglongjmp(the_launch, 1); }

void go(Fibre* to) {
  now = to;
  to->waits_for = nullptr;
  _longjmp(to->at, 1);
}

// The next thread that can run, after this one. When there is none the block is over, or stuck.
void go_on() {
  const uint32_t from = now->thread.x, n = launch.threads;
  for (uint32_t i = 1; i <= n; ++i) {
    uint32_t at = from + i;
    if (at >= n) at -= n;
    if (can_run(*fibres[at])) {
      if (fibres[at].get() == now) return;
      if (_setjmp(now->at) == 0) go(fibres[at].get());
      return;
    }
  }
  for (uint32_t t = 0; t < n; ++t)
    if (!fibres[t]->over) violation("a barrier or an exchange that only some threads come to");
  if (_setjmp(now->at) == 0) leave();  // and here the next block begins
}

void fibre_main(unsigned number) {
  Fibre& me = *fibres[number];
  if (_setjmp(me.at) == 0) setcontext(&the_starter);
  for (;;) {
    launch.kernel(*launch.record);
    me.over = true;
    go_on();
  }
}

void make_fibre(size_t number) {
  ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = stacks[number].get();
  context.uc_stack.ss_size = kStack;
  context.uc_link = nullptr;
  volatile bool started = false;
  getcontext(&the_starter);
  if (started) return;
  started = true;
  makecontext(&context, reinterpret_cast<void (*)()>(fibre_main), 1, static_cast<unsigned>(number));
  setcontext(&context);
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
  leave();
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

uint32_t exchange(uint32_t mask, uint32_t value, uint32_t by, int place) {
  if (mask != 0xffffffffu) violation("an exchange between some lanes: not emulated");
  Fibre& me = *now;
  Warp& w = *me.warp;
  uint32_t* const board = w.board[me.turn ^= 1];
  board[me.lane] = value;
  if (w.arrived++ == 0) w.place = place;
  if (w.place != place) violation("two exchanges of a warp at a time");
  if (w.arrived == kWarp) {
    w.arrived = 0, ++w.generation;
  } else {
    me.waits_for = &w.generation, me.seen = w.generation;
    go_on();
  }
  return board[me.lane ^ by];
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
  volatile uint32_t block = 0;
  while (block < blocks && !launch.failed) {
    start_block(block);
    block = block + 1;
    if (sigsetjmp(the_launch, 0) == 0) go(fibres[0].get());
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
