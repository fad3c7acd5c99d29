#include "tests/cli/tool.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace infer::testing {
namespace {

std::vector<std::string> emulator() {
  std::vector<std::string> words;
  std::istringstream in(INFER_EMULATOR);
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

void redirect(const std::string& path, int flags, int descriptor) {
  const int file = open(path.c_str(), flags, 0600);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
}

pid_t spawn(const std::string& program, const std::vector<std::string>& arguments, const std::string& folder) {
  std::vector<std::string> words = emulator();
  words.push_back(program);
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  redirect(folder + "/in", O_RDONLY, 0);
  redirect(folder + "/out", O_WRONLY | O_CREAT | O_TRUNC, 1);
  redirect(folder + "/err", O_WRONLY | O_CREAT | O_TRUNC, 2);
  setenv("XDG_CACHE_HOME", (folder + "/cache").c_str(), 1);  // nothing of ours in the user's
  execvp(argv[0], argv.data());
  _exit(127);
}

int wait_for(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_text(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

Json Output::json() const {
  Json value = Json::parse(out, nullptr, false);
  REQUIRE_MESSAGE(!value.is_discarded(), "not JSON: ", out, err);
  return value;
}

std::vector<Json> Output::json_lines() const {
  std::vector<Json> lines;
  std::istringstream in(out);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(Json::parse(line, nullptr, false));
    REQUIRE_MESSAGE(!lines.back().is_discarded(), "not JSON: ", line);
  }
  return lines;
}

Tool::Tool(std::vector<std::string> arguments, const std::string& input) {
  write_text(folder_ / "in", input);
  pid_ = spawn(INFER_TOOL, arguments, folder_.path.string());
  REQUIRE(pid_ > 0);
}

std::string Tool::out_so_far() const { return read_text(folder_ / "out"); }

Output Tool::wait() {
  Output o;
  o.exit_code = wait_for(pid_);
  o.out = read_text(folder_ / "out");
  o.err = read_text(folder_ / "err");
  return o;
}

Output run_tool(std::vector<std::string> arguments, const std::string& input) {
  return Tool(std::move(arguments), input).wait();
}

Output run_program(const std::string& program, std::vector<std::string> arguments) {
  const Folder folder;
  write_text(folder / "in", "");
  Output o;
  o.exit_code = wait_for(spawn(program, arguments, folder.path.string()));
  o.out = read_text(folder / "out");
  o.err = read_text(folder / "err");
  return o;
}

Array read_npy(const std::string& path) {
  const std::string bytes = read_text(path);
  REQUIRE(bytes.size() > 10);
  REQUIRE(bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) == 0);
  const size_t header = static_cast<uint8_t>(bytes[8]) + 256u * static_cast<uint8_t>(bytes[9]);
  REQUIRE((10 + header) % 64 == 0);
  const std::string text = bytes.substr(10, header);
  REQUIRE(text.find("'descr': '<f4'") != std::string::npos);
  REQUIRE(text.find("'fortran_order': False") != std::string::npos);
  long long rows = 0, cols = 0;
  REQUIRE(std::sscanf(text.c_str() + text.find("'shape': (") + 10, "%lld, %lld)", &rows, &cols) == 2);
  Array a{rows, cols, std::vector<float>(static_cast<size_t>(rows * cols))};
  REQUIRE(bytes.size() - 10 - header == a.values.size() * sizeof(float));
  std::memcpy(a.values.data(), bytes.data() + 10 + header, a.values.size() * sizeof(float));
  return a;
}

std::string tiny(const std::string& name) { return golden_path("tiny/" + name + ".gguf"); }

std::string join(const std::vector<int32_t>& numbers) {
  std::string out;
  for (const int32_t n : numbers) out += (out.empty() ? "" : ",") + std::to_string(n);
  return out;
}

void check_refused(const Output& o, const std::string& word) {
  CAPTURE(o.err);
  CAPTURE(o.out);
  CHECK(o.exit_code == 1);
  CHECK(o.out.empty());
  CHECK(o.err.rfind("error: ", 0) == 0);
  CHECK(o.err.find("\nhint: ") != std::string::npos);
  CHECK(o.err.find(word) != std::string::npos);
  CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 2);
}

}  // namespace infer::testing
