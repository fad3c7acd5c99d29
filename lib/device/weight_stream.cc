#include "device/weight_stream.h"

#include <algorithm>
#include <chrono>

namespace infer::device {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kChunk = size_t{4} << 20;  // bytes read at a time: between two the thread looks whether it is to stop
constexpr milliseconds kLook{50};           // between looks at the cancel flag

int64_t since(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
}

}  // namespace

Result<std::unique_ptr<WeightStream>> WeightStream::start(const Device& device, std::vector<Load> loads,
                                                          int64_t slot_bytes, int32_t n_slots) {
  if (loads.empty() || n_slots < 1) return Status::invalid("a stream of no weights");
  std::unique_ptr<WeightStream> s(new WeightStream(std::move(loads), slot_bytes));
  for (const Load& load : s->loads_)
    for (const Piece& p : load) s->step_bytes_ += static_cast<int64_t>(p.bytes.data.size());
  for (int32_t i = 0; i < n_slots; ++i) {
    TRY_SET(Buffer slot, Buffer::make(device, slot_bytes, INFER_USE_WEIGHT, "weights that are streamed"));
    s->slots_.push_back(std::move(slot));
  }
  if (!s->slots_.front().host()) s->staging_.resize(kChunk);
  TRY_SET(s->thread_, Thread::start([self = s.get()] { self->work(); }));
  return s;
}

WeightStream::~WeightStream() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void WeightStream::work() {
  std::unique_lock lock(mutex_);
  const auto wanted = [&] { return failed_.ok() && read_ < released_ + static_cast<int64_t>(slots_.size()); };
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || wanted(); });
    if (stop_) return;
    const int64_t n = read_, round = round_;
    lock.unlock();
    Status s;
    try {
      s = read(load(n), slot(n));
    } catch (...) {
      s = Status::out_of_memory();
    }
    lock.lock();
    if (round != round_) continue;  // read for a step that has ended
    if (s.ok()) {
      ++read_;
    } else {
      failed_ = std::move(s);
    }
    changed_.notify_all();
  }
}

Status WeightStream::read(size_t which, const Buffer& slot) {
  const Clock::time_point begin = Clock::now();
  // In the file's order as far as it goes: the system reads ahead by itself. (Asking for the next load beforehand
  // gained nothing, and lost much where memory was so short that it was gone again before its turn.)
  for (const Piece& p : loads_[which]) {
    for (size_t from = 0; from < p.bytes.data.size(); from += kChunk) {
      const size_t n = std::min(kChunk, p.bytes.data.size() - from);
      const int64_t at = p.at + static_cast<int64_t>(from);
      if (slot.host()) {
        TRY(p.bytes.read(from, {slot.host() + at, n}));
      } else {
        TRY(p.bytes.read(from, std::span(staging_).first(n)));
        TRY(slot.write(at, staging_.data(), static_cast<int64_t>(n)));
      }
      counts_.bytes.fetch_add(static_cast<int64_t>(n), std::memory_order_relaxed);
      std::lock_guard lock(mutex_);
      if (stop_) return Status(INFER_E_CANCELLED, "the engine ends");
    }
  }
  counts_.read_ns.fetch_add(since(begin), std::memory_order_relaxed);
  return {};
}

void WeightStream::begin() {
  std::lock_guard lock(mutex_);
  if (failed_.ok() && load(released_) == 0) return;  // the last step ended whole: what has been read is what comes now
  read_ = released_ = 0;
  ++round_;
  failed_ = {};
  changed_.notify_all();
}

Result<infer_buf*> WeightStream::wait(const std::atomic<bool>& cancelled) {
  const Clock::time_point begin = Clock::now();
  std::unique_lock lock(mutex_);
  while (read_ <= released_ && failed_.ok()) {
    if (cancelled.load()) return Status(INFER_E_CANCELLED, "the run was cancelled");
    changed_.wait_for(lock, kLook);
  }
  counts_.wait_ns.fetch_add(since(begin), std::memory_order_relaxed);
  if (read_ <= released_) return failed_;
  return slot(released_).get();
}

void WeightStream::release() {
  std::lock_guard lock(mutex_);
  ++released_;
  changed_.notify_all();
}

}  // namespace infer::device
