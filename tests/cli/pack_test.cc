// Packed weights as the tool keeps them.
#include <filesystem>

#include "tests/cli/tool.h"

using namespace infer::testing;

namespace {

Json packed_weights(const std::vector<std::string>& options) {
  std::vector<std::string> arguments = {"doctor", "--json"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const Output o = run_tool(arguments);
  REQUIRE(o.exit_code == 0);
  return o.json()["packed_weights"];
}

}  // namespace

TEST_CASE("doctor says where packed weights are kept, how many, and how many may be") {
  const Json usual = packed_weights({});
  CHECK(usual["folder"].get<std::string>().ends_with("/cache/libinfer/packed"));  // of the user's, as the tests have it
  CHECK(usual["files"] == 0);
  CHECK(usual["limit"] == int64_t{32} << 30);
  CHECK(packed_weights({"-o", "pack.dir="})["folder"] == "");
  CHECK(packed_weights({"-o", "pack.limit=5"})["limit"] == 5);
  CHECK(run_tool({"doctor"}).out.find("/cache/libinfer/packed") != std::string::npos);
  CHECK(run_tool({"doctor", "-o", "pack.dir="}).out.find("not kept") != std::string::npos);
}

TEST_CASE("bench measures packed weights; the next start gives the same answer from them as one without") {
  const infer::Folder folder;
  const std::string model = folder / "model.gguf", packed = "pack.dir=" + (folder / "packed");
  REQUIRE(run_program(INFER_MAKE_BLOCK_MODEL, {"q4_k", model}).exit_code == 0);
  const auto answer = [&](const std::string& dir) {
    const Output o = run_tool({"eval", model, "--tokens", "1,5,9,40", "--json", "-o", dir});
    REQUIRE_MESSAGE(o.exit_code == 0, o.err);
    return o.json()["next"];
  };
  const Json expected = answer("pack.dir=");
  CHECK(!std::filesystem::exists(folder / "packed"));
  REQUIRE(run_tool({"bench", model, "-p", "8", "-n", "4", "-r", "1", "--json", "-o", packed}).exit_code == 0);
  const Json found = packed_weights({"-o", packed});
  CHECK(found["files"] == 1);
  CHECK(found["bytes"].get<int64_t>() > 0);
  CHECK(answer(packed) == expected);
  CHECK(packed_weights({"-o", packed}) == found);
}
