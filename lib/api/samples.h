// What an infer_request refers to: one generation of a prompt, or several of them ("n"), or the best few of many
// ("best_of"). Each is a request of the engine of its own; the prompt's pages are shared through the prefix tree.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/engine.h"

namespace infer::api {

class Samples {
 public:
  Samples() = default;
  ~Samples() { cancel(); }  // what nobody pulls any more is not generated
  Samples(const Samples&) = delete;
  Samples& operator=(const Samples&) = delete;
  // Submits `task` so often; sample i draws with the seed plus i. wanted < often: all are generated, and those whose
  // tokens are likeliest on average come, each in one piece.
  static Result<std::shared_ptr<Samples>> submit(engine::Engine& engine, const engine::Task& task, int32_t wanted,
                                                 int32_t often);

  // As engine::Request::next. sample: whose piece it is, 0 .. wanted - 1. The failure of one is that of all.
  infer_status next(int32_t timeout_ms, const engine::Piece*& piece, int32_t& sample, Status& why);
  bool ready() const;
  // How the only one ended; nothing: it has not when the time has passed. Takes no piece.
  std::optional<Status> outcome(int32_t timeout_ms) { return all_[0].request->outcome(timeout_ms); }
  void cancel() noexcept;
  engine::Usage usage() const;  // of all together
  int32_t size() const { return static_cast<int32_t>(all_.size()); }
  std::vector<int32_t> tokens(int32_t sample) const;  // in order of submission

 private:
  struct Sample {
    std::shared_ptr<engine::Request> request;
    engine::Piece whole;  // best_of: all that came
    bool given = false;   // its last piece
  };
  size_t next_ready() const;
  infer_status fail(const Status& why) noexcept;
  infer_status gather(int32_t timeout_ms, Status& why);
  void pick();

  std::vector<Sample> all_;
  std::vector<size_t> order_;  // best_of: likeliest first, once all have ended
  size_t wanted_ = 1;
  size_t turn_ = 0;  // whose piece is looked for first
  Status failed_;    // of one, and so of all
};

}  // namespace infer::api
