// A program whose names are those of the library's inside, and which has exceptions of its own.   neighbour MODEL.gguf
// MODEL.gguf
#include <libinfer/infer.hpp>

#include <stdexcept>

namespace infer {
struct Status {
  explicit Status(int* count) : count_(count) {}
  ~Status() { ++*count_; }
  int* count_;
};
}  // namespace infer

int main(int argc, char** argv) {
  int ended = 0, caught = 0;
  try {
    infer::Status mine(&ended);
    (void)std::vector<int>().at(3);
  } catch (const std::out_of_range&) {
    caught = 1;
  }
  auto runtime = libinfer::Runtime::create();
  auto model = runtime->open(argc > 1 ? argv[1] : "");
  if (!model) return 1;
  auto engine = model->engine();
  auto request = engine->chat_json("{]");  // refused deep inside
  if (request || request.error().status != INFER_E_INVALID) return 2;
  return ended == 1 && caught == 1 ? 0 : 3;
}
