// The tool, spawned: arguments in, exit code and both outputs out.
#pragma once
#include <doctest/doctest.h>
#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/golden.h"
#include "tests/unit/folder.h"

namespace infer::testing {

using Json = nlohmann::json;

struct Output {
  int exit_code = -1;  // 128 + n: ended by signal n
  std::string out, err;

  Json json() const;                     // of all of out
  std::vector<Json> json_lines() const;  // one per line
};

// A running tool; its outputs go to files in a folder of its own.
class Tool {
 public:
  explicit Tool(std::vector<std::string> arguments, const std::string& input = "");
  pid_t pid() const { return pid_; }
  std::string out_so_far() const;
  Output wait();

 private:
  Folder folder_;
  pid_t pid_ = -1;
};

Output run_tool(std::vector<std::string> arguments, const std::string& input = "");
Output run_program(const std::string& program, std::vector<std::string> arguments);

struct Array {  // of a .npy file
  int64_t rows = 0, cols = 0;
  std::vector<float> values;
};
Array read_npy(const std::string& path);

std::string tiny(const std::string& name);  // path of a model in tests/golden/tiny
std::string join(const std::vector<int32_t>& numbers);
std::string read_text(const std::string& path);
void write_text(const std::string& path, const std::string& text);

// What every refusal must be: exit code 1, nothing on stdout, one line that says what is wrong and one what to do.
void check_refused(const Output& o, const std::string& word);

}  // namespace infer::testing
