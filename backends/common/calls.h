// Functions of a backend's table that are the same for all that are written in C++: handles become objects, and what
// fails or throws is told to the host. A backend fills its table with them.
#pragma once
#include <libinfer/backend.h>

#include "backends/common/check.h"
#include "backends/common/host.h"
#include "backends/common/host_buffer.h"

namespace infer::backend {

// Of a class of buffers with write(at, src, n), read(at, dst, n) and host().
template <const Host& host, class Buffer>
struct BufferCalls {
  static Buffer& of(infer_buf* b) { return *reinterpret_cast<Buffer*>(b); }
  // A buffer of its own for whoever asked. made: Result<std::unique_ptr<Buffer>>().
  template <class F>
  static infer_status give(infer_buf** out, F&& made) {
    return host.guard([&]() -> Status {
      TRY_SET(auto buffer, made());
      *out = reinterpret_cast<infer_buf*>(buffer.release());
      return {};
    });
  }
  static void free(infer_buf* b) { delete &of(b); }
  static infer_status write(infer_buf* b, int64_t at, const void* src, int64_t n) {
    return host.guard([&] { return of(b).write(at, src, n); });
  }
  static infer_status read(infer_buf* b, int64_t at, void* dst, int64_t n) {
    return host.guard([&] { return of(b).read(at, dst, n); });
  }
  static void* address(infer_buf* b) { return of(b).host(); }
};

// Of backends whose memory is the host's.
template <const Host& host>
struct HostBufferCalls : BufferCalls<host, HostBuffer> {
  using Calls = BufferCalls<host, HostBuffer>;
  static infer_status make(infer_dev*, int64_t bytes, int32_t, infer_buf** out) {
    return Calls::give(out, [&] { return HostBuffer::make(bytes); });
  }
  static infer_status import(infer_dev*, const void* data, int64_t bytes, int32_t read_only, infer_buf** out) {
    return Calls::give(out, [&] { return HostBuffer::import(data, bytes, read_only != 0); });
  }
  static infer_status source(infer_buf* b, const infer_source* from) {
    return host.guard([&] { return Calls::of(b).tell(*from); });
  }
  static infer_status discard(infer_buf* b, int64_t at, int64_t n, int64_t* freed) {
    return host.guard([&] { return Calls::of(b).discard(at, n, *freed); });
  }
};

// Of a class of plans with make(device, program, weights, n, bad_op), bytes(), kernel(op), submit(symbols, binds, n),
// wait(timeout_ms) -> Result<bool> (false: not over yet) and cancel(), on a class of devices with supported(program,
// op) -> Status.
template <const Host& host, class Device, class Plan>
struct PlanCalls {
  static Device& on(infer_dev* d) { return *reinterpret_cast<Device*>(d); }
  static Plan& of(infer_plan* p) { return *reinterpret_cast<Plan*>(p); }
  static int32_t supports(infer_dev* d, const infer_program* p, uint32_t op) {
    try {
      return sound_node(p, op) && on(d).supported(*p, op).ok();
    } catch (...) {
      return 0;
    }
  }
  static infer_status make(infer_dev* d, const infer_program* p, const infer_binding* weights, uint32_t n_weights,
                           uint32_t* bad_op, int64_t* bytes, infer_plan** out) {
    return host.guard([&]() -> Status {
      TRY_SET(auto made, Plan::make(on(d), *p, weights, n_weights, bad_op));
      if (bytes) *bytes = made->bytes();
      *out = reinterpret_cast<infer_plan*>(made.release());
      return {};
    });
  }
  static void free(infer_plan* p) { delete &of(p); }
  static const char* kernel(infer_plan* p, uint32_t op) { return of(p).kernel(op); }
  static infer_status submit(infer_plan* p, const int64_t* symbols, const infer_binding* binds, uint32_t n_binds) {
    return host.guard([&] { return of(p).submit(symbols, binds, n_binds); });
  }
  static infer_status wait(infer_plan* p, int32_t timeout_ms) {
    bool over = true;
    const infer_status s = host.guard([&]() -> Status {
      TRY_SET(over, of(p).wait(timeout_ms));
      return {};
    });
    return s == INFER_OK && !over ? INFER_PENDING : s;
  }
  static void cancel(infer_plan* p) { of(p).cancel(); }
};

}  // namespace infer::backend
