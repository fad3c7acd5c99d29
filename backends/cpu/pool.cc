#include "backends/cpu/pool.h"

#include <algorithm>
#include <cfenv>
#include <utility>

#include "base/processors.h"

namespace infer::cpu {
namespace {

constexpr int kSpins = 4000;   // 30 to 60 microseconds: looks at the notice before sleeping
constexpr int kPatience = 30;  // some 0.5 microseconds: looks before taking what is another's

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Part i of n things in so many parts begins here.
int64_t part_begin(int64_t n, int64_t i, int64_t parts) { return (n * i + parts - 1) / parts; }

// While it lives, this thread rounds as threads do that nobody changed: a host may have told its own to flush small
// numbers to zero, and the answer must not show it.
class UsualArithmetic {
 public:
  UsualArithmetic() {
    std::fegetenv(&before_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~UsualArithmetic() { std::fesetenv(&before_); }
  UsualArithmetic(const UsualArithmetic&) = delete;

 private:
  std::fenv_t before_;
};

}  // namespace

Pool::Pool(Crew crew)
    : crew_(std::move(crew)), parts_(std::make_unique<Part[]>(static_cast<size_t>(std::max(crew_.few, crew_.many)))) {
  const int n = std::min(std::max(crew_.few, crew_.many), std::max(1, crew_.processors));
  if (crew_.executor) {
    threads_ = n;
    return;
  }
  workers_.reserve(static_cast<size_t>(n - 1));
  for (; threads_ < n; threads_++) {
    auto started = Thread::start([this, t = threads_] { stay(t); });
    if (!started.ok()) return;  // no more threads to be had: fewer do
    workers_.push_back(started.take());
  }
}

Pool::~Pool() {
  stop_.exchange(true, std::memory_order_seq_cst);  // (see announce)
  some_.ring(INT32_MAX);
  rest_.ring(INT32_MAX);
  for (Thread& t : workers_) t.join();
}

void Pool::run(Work& work, bool few) {
  const std::lock_guard lock(turn_);
  if (!crew_.bound_to.empty() && bound_caller_ != std::this_thread::get_id()) {
    bind(0);
    bound_caller_ = std::this_thread::get_id();
  }
  work_ = &work;
  announce(few);
  const infer_executor* lent = crew_.executor;
  if (const int n = std::min(parts(few), threads_); lent && n > 1) lent->parallel(lent->user, n, enter, this);
  share(0);  // all of it, or what the executor left: nothing, unless it made no call
}

void Pool::enter(void* pool, int32_t thread) {
  Pool& p = *static_cast<Pool*>(pool);
  const bool few = is_few(p.notice_.load(std::memory_order_relaxed));
  if (thread < 0 || thread >= std::min(p.parts(few), p.threads_)) return;  // not one of those that were asked for
  const UsualArithmetic usual;
  p.share(thread);
}

void Pool::share(int thread) {
  for (Word now = notice_.load(std::memory_order_acquire); units(now) != 0; now = await(thread, now)) help(thread, now);
}

void Pool::bind(int thread) const {
  const std::vector<int>& to = crew_.bound_to;
  if (!to.empty()) bind_this_thread(to[static_cast<size_t>(thread) % to.size()]);
}

void Pool::stay(int thread) {
  bind(thread);
  for (Word seen = 0;;) {
    seen = await(thread, seen);
    if (stop_.load(std::memory_order_relaxed)) return;
    help(thread, seen);
  }
}

// Nobody is in a step: the caller's begin, or the end of one.
void Pool::announce(bool few) {
  const int64_t n = work_->next();
  const Word before = notice_.load(std::memory_order_relaxed);
  const uint64_t next_tag = ((tag(before) >> 1) + 1) << 1 | static_cast<uint64_t>(few);
  // Where await's order matters. An exchange, which costs no more: after a store, qemu 7.2 lets an Arm program's next
  // load go first, whatever its order, and a sleeper would not be seen.
  notice_.exchange(next_tag << kUnitBits | static_cast<Word>(n), std::memory_order_seq_cst);
  caller_.ring(1);
  if (n == 1) return;                     // one unit needs no company
  if (n == 0 && !crew_.executor) return;  // the pool's own threads stay where they are at the end, others leave
  const int64_t most = n == 0 ? INT32_MAX : n - 1;
  some_.ring(most);
  if (!few) rest_.ring(most);
}

void Pool::report(Word notice, int64_t done) {
  if (done_.fetch_add(done, std::memory_order_acq_rel) + done < units(notice)) return;
  done_.store(0, std::memory_order_relaxed);
  announce(is_few(notice));
}

void Pool::help(int thread, Word notice) {
  const int parts = this->parts(is_few(notice));
  int64_t unit, done = 0;
  for (; take(thread, notice, &unit); done++) work_->unit(thread, unit);
  if (done > 0) report(notice, done);
  // In a balanced step the others are about to finish: what is theirs stays in their caches.
  for (int i = 0; i < kPatience; i++) {
    if (notice_.load(std::memory_order_relaxed) != notice) return;
    relax();
  }
  done = 0;
  for (int i = 1; i < parts; i++)
    for (; take((thread + i) % parts, notice, &unit); done++) work_->unit(thread, unit);
  if (done > 0) report(notice, done);
}

bool Pool::take(int part, Word notice, int64_t* unit) {
  const int parts = this->parts(is_few(notice));
  const int64_t begin = part_begin(units(notice), part, parts), n = part_begin(units(notice), part + 1, parts) - begin;
  std::atomic<Word>& word = parts_[static_cast<size_t>(part)].taken;
  for (Word w = word.load(std::memory_order_relaxed);;) {
    const int64_t taken = tag(w) == tag(notice) ? units(w) : tag(w) < tag(notice) ? 0 : n;
    if (taken >= n) return false;
    const Word mine = tag(notice) << kUnitBits | static_cast<Word>(taken + 1);
    if (word.compare_exchange_weak(w, mine, std::memory_order_relaxed)) {
      *unit = begin + taken;
      return true;
    }
  }
}

// Has the thread something to do about this notice, after one that it has seen?
bool Pool::concerns(int thread, Word notice, Word seen) const {
  if (notice == seen) return false;
  return thread == 0 || crew_.executor || (units(notice) > 0 && thread < parts(is_few(notice)));
}

// Spins, then sleeps, until there is a notice that concerns the thread, or the pool ends.
Pool::Word Pool::await(int thread, Word seen) {
  for (int i = 0; i < kSpins; i++) {
    const Word now = notice_.load(std::memory_order_acquire);
    if (concerns(thread, now, seen)) return now;
    relax();
  }
  Bell& bell = thread == 0 ? caller_ : thread < crew_.few ? some_ : rest_;
  for (;;) {
    // Either this thread sees the new notice, or who wrote it sees that somebody sleeps: in the one order of
    // sequentially consistent accesses, the first of the two writes is read by the other.
    bell.asleep.fetch_add(1, std::memory_order_seq_cst);
    const uint32_t rung = bell.rung.load(std::memory_order_seq_cst);
    Word now = notice_.load(std::memory_order_seq_cst);
    if (!concerns(thread, now, seen) && !stop_.load(std::memory_order_seq_cst)) bell.rung.wait(rung);
    bell.asleep.fetch_sub(1, std::memory_order_relaxed);
    now = notice_.load(std::memory_order_acquire);
    if (concerns(thread, now, seen) || stop_.load(std::memory_order_relaxed)) return now;
  }
}

void Pool::Bell::ring(int64_t most) {
  const int64_t n = asleep.load(std::memory_order_seq_cst);
  if (n == 0) return;
  rung.fetch_add(1, std::memory_order_seq_cst);
  if (most >= n) return rung.notify_all();
  for (int64_t i = 0; i < most; i++) rung.notify_one();
}

}  // namespace infer::cpu
