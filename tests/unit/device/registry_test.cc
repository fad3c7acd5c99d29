#include "device/registry.h"

#include <filesystem>
#include <fstream>

#include "fixture.h"

using namespace infer;
using namespace infer::test;
using device::Registry;
using device::RegistryOptions;
namespace fs = std::filesystem;

namespace {

const std::string kMocks = std::string(INFER_BINARY_DIR) + "/mock/";  // a folder per fault: tests/mock/CMakeLists.txt

const Registry::Entry* entry(const std::vector<Registry::Entry>& all, const std::string& part_of_path) {
  for (const auto& e : all)
    if (e.path.find(part_of_path) != std::string::npos) return &e;
  return nullptr;
}

std::unique_ptr<Registry> with_folder(const std::string& folder) {
  RegistryOptions o;
  o.folders = {folder};
  o.builtin = {&kReference, 1};
  auto r = Registry::create(std::move(o), {});
  REQUIRE_MESSAGE(r.ok(), r.status().message());
  return r.take();
}

class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() / ("libinfer-registry-" + std::to_string(reinterpret_cast<uintptr_t>(this)))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("a plugin in a folder is found, checked and loaded") {
  const auto r = with_folder(kMocks + "good");
  REQUIRE(r->devices().size() == 2);
  CHECK(r->devices()[0]->name() == "mock");  // priority 50
  CHECK(r->devices()[1]->name() == "reference");
  const auto all = r->entries();
  const auto* e = entry(all, "mock/good");
  REQUIRE(e);
  CHECK(e->backend != nullptr);
  CHECK(e->note == "for tests");
}

TEST_CASE("a plugin that is wrong at the door is reported with the reason and skipped") {
  const struct {
    const char *fault, *says;
  } cases[] = {
      {"abi", "speaks backend ABI 77"},
      {"short", "lacks the function plan_new"},
      {"tiny", "a table of 8 bytes"},
      {"hole", "lacks the function plan_submit"},
      {"nameless", "no valid name"},
      {"misnamed", "no valid name"},
      {"other", "the plugin says 'other'"},
      {"throws", "no entry"},
      {"refuses", "not on this machine"},
      {"silent", "not supported"},
      {"none", "no device"},
      {"negative", "no device"},
      {"count_throws", "no device"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.fault);
    const auto r = with_folder(kMocks + c.fault);
    CHECK(r->devices().size() == 1);
    const auto all = r->entries();
    const auto* e = entry(all, std::string("mock/") + c.fault + "/");
    REQUIRE(e);
    CHECK(e->backend == nullptr);
    CHECK_MESSAGE(e->note.find(c.says) != std::string::npos, e->note);
  }
}

TEST_CASE("a count of devices and a table of options that do not end are cut") {
  CHECK(with_folder(kMocks + "many")->devices().size() == 2);  // the mock has no device 1, whatever it counts
  RegistryOptions o;
  o.folders = {kMocks + "endless"};
  o.settings = {{"mock.level", "5"}};
  CHECK(Registry::create(o, {}).ok());
}

TEST_CASE("broken manifests and files that are no plugins are reported and skipped") {
  Folder f;
  f.write("a.json", "{");
  f.write("b.json", "[1, 2]");
  f.write("c.json", R"({"name": "UPPER", "library": "x.so", "abi_major": 0})");
  f.write("d.json", R"({"name": "d", "library": "../x.so", "abi_major": 0})");
  f.write("e.json", R"({"name": "e", "library": "x.so"})");
  f.write("f.json", R"({"name": "f", "library": "x.so", "abi_major": 3})");
  f.write("g.json", R"({"name": "g", "library": "missing.so", "abi_major": 0})");
  f.write("h.json", R"({"name": "h", "library": "text.so", "abi_major": 0})");
  f.write("text.so", "this is not a library");
  f.write("i.json", std::string(100000, '['));
  f.write("j.json", "");
  f.write("k.json", R"({"name": 7, "library": {}, "abi_major": 1e300})");
  f.write("l.json", std::string(70000, ' ') + "{}");
  f.write("ignored.txt", "{");
  const auto r = with_folder(f.path());
  CHECK(r->devices().size() == 1);
  const auto all = r->entries();
  CHECK(all.size() == 13);
  const auto says = [&](const char* path, const char* text) {
    const auto* e = entry(all, path);
    REQUIRE(e);
    CHECK_MESSAGE(e->note.find(text) != std::string::npos, e->note);
  };
  says("a.json", "not a JSON object");
  says("b.json", "not a JSON object");
  says("c.json", "no valid \"name\"");
  says("d.json", "plain file name");
  says("e.json", "no \"abi_major\"");
  says("f.json", "for backend ABI 3");
  says("missing.so", "cannot load");
  says("text.so", "cannot load");
  says("l.json", "too large");
}

TEST_CASE("a folder that is not there is reported, and the rest works") {
  const auto r = with_folder("no/such/folder");
  CHECK(r->devices().size() == 1);
  const auto all = r->entries();
  const auto* e = entry(all, "no/such/folder");
  REQUIRE(e);
  CHECK(e->note.find("cannot read the folder") != std::string::npos);
}

TEST_CASE("of two backends with one name the first counts, folders before what is linked in") {
  RegistryOptions o;
  o.folders = {kMocks + "good", kMocks + "endless"};
  o.builtin = kBoth;
  const auto r = Registry::create(o, {});
  REQUIRE(r.ok());
  const auto all = (*r)->entries();
  CHECK((*r)->devices().size() == 2);
  CHECK(entry(all, "mock/good")->backend != nullptr);
  CHECK(entry(all, "mock/endless")->backend == nullptr);
  CHECK(all.back().name == "mock");
  CHECK(all.back().backend == nullptr);
  CHECK(all.back().note.find("found first") != std::string::npos);
}

TEST_CASE("the backends asked for come in the order asked, and no others") {
  RegistryOptions o;
  o.builtin = kBoth;
  o.use = {"reference", "mock"};
  auto r = Registry::create(o, {});
  REQUIRE(r.ok());
  CHECK((*r)->devices()[0]->name() == "reference");
  o.use = {"mock"};
  r = Registry::create(o, {});
  REQUIRE(r.ok());
  CHECK((*r)->devices().size() == 1);
  o.use = {"cuda"};
  r = Registry::create(o, {});
  REQUIRE(!r.ok());
  CHECK(r.status().code() == INFER_E_NOT_FOUND);
  CHECK(r.status().message().find("reference: not among") != std::string_view::npos);
}

TEST_CASE("a plugin can be loaded by its path, once") {
  const auto r = runtime(false);
  const std::string path = entry(with_folder(kMocks + "good")->entries(), "mock/good")->path;
  REQUIRE(r->load(path).ok());
  CHECK(r->devices()[0]->name() == "mock");
  CHECK(r->load(path).code() == INFER_E_INVALID);
  CHECK(r->devices().size() == 2);
  CHECK(r->load("no/such/plugin.so").code() == INFER_E_NOT_FOUND);
  CHECK(r->load("").code() == INFER_E_NOT_FOUND);
  CHECK(r->load(entry(with_folder(kMocks + "abi")->entries(), "mock/abi")->path).code() == INFER_E_ABI);
  CHECK(r->devices().size() == 2);
}

TEST_CASE("settings of a loaded backend are checked against its own table") {
  const auto made = [](Settings settings) {
    RegistryOptions o;
    o.builtin = kBoth;
    o.settings = std::move(settings);
    return Registry::create(o, {}).status();
  };
  CHECK(made({{"mock.level", "9"}}).ok());
  CHECK(made({{"cuda.graphs", "1"}}).ok());  // not loaded: nobody to ask
  Status s = made({{"mock.levle", "9"}});
  CHECK(s.code() == INFER_E_NOT_FOUND);
  CHECK(s.hint() == "did you mean 'mock.level'?");
  CHECK(made({{"reference.threads", "2"}}).code() == INFER_E_NOT_FOUND);
  for (const char* bad : {"0", "10", "x", "", "3.5", "99999999999999999999"}) {
    s = made({{"mock.level", bad}});
    CHECK(s.code() == INFER_E_INVALID);
    CHECK(s.hint().find("1..9") != std::string_view::npos);
  }
}
