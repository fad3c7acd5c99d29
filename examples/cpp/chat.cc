// A conversation: a line in, an answer out, until the input ends. Each turn sends all that was said so far; what the
// engine has computed of it before is not computed again.   chat MODEL.gguf
#include <iostream>
#include <libinfer/infer.hpp>

static int failed(const libinfer::Error& e) {
  std::cerr << e.message << "\n" << e.hint << "\n";
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: " << argv[0] << " MODEL.gguf\n", 2;
  auto runtime = libinfer::Runtime::create();
  if (!runtime) return failed(runtime.error());
  auto model = runtime->open(argv[1]);
  if (!model) return failed(model.error());
  auto engine = model->engine();
  if (!engine) return failed(engine.error());
  const auto options = libinfer::Options().set("temperature", 0);
  std::vector<libinfer::Message> said;
  for (std::string line; std::getline(std::cin, line);) {
    said.push_back({"user", line});
    auto request = engine->chat(said, options);
    if (!request) return failed(request.error());
    std::string answer;
    for (const libinfer::Piece& piece : *request) {
      std::cout << piece.text << std::flush;
      answer += piece.text;
    }
    std::cout << "\n";
    if (!request->outcome()) return failed(request->outcome().error());
    said.push_back({"assistant", answer});
  }
  return 0;
}
