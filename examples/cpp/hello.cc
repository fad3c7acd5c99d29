// One question, one answer, as it is written.   hello MODEL.gguf [QUESTION]
#include <cstdio>
#include <libinfer/infer.hpp>

static int failed(const libinfer::Error& e) {
  std::fprintf(stderr, "%s\n%s\n", e.message.c_str(), e.hint.c_str());
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: %s MODEL.gguf [QUESTION]\n", argv[0]), 2;
  auto runtime = libinfer::Runtime::create();
  if (!runtime) return failed(runtime.error());
  auto model = runtime->open(argv[1]);
  if (!model) return failed(model.error());
  auto engine = model->engine();
  if (!engine) return failed(engine.error());
  const char* question = argc > 2 ? argv[2] : "Name the capital of France.";
  auto request = engine->chat({{"user", question}}, libinfer::Options().set("temperature", 0));
  if (!request) return failed(request.error());
  for (const libinfer::Piece& piece : *request) {
    std::fwrite(piece.text.data(), 1, piece.text.size(), stdout);
    std::fflush(stdout);
  }
  std::putchar('\n');
  if (!request->outcome()) return failed(request->outcome().error());
  return 0;
}
