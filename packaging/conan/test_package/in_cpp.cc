// The same in C++; and what fails says why.
#include <cstdio>
#include <libinfer/infer.hpp>

int main() {
  auto runtime = libinfer::Runtime::create();
  if (!runtime || runtime->devices().empty()) return 1;
  auto model = runtime->open("no such file");
  if (model || model.error().status != INFER_E_NOT_FOUND) return 2;
  std::printf("%s\n", model.error().message.c_str());
  return 0;
}
