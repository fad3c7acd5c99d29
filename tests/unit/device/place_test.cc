// Rules that say which device runs what.
#include "device/place_rule.h"

#include <set>

#include "graph/signature.h"
#include "tests/unit/device/fixture.h"

using namespace infer;
using namespace infer::test;
using device::Executor;
using device::PlaceRule;

namespace {

struct Placed {  // on mock (0) and reference (1), in this order of preference
  Placed(const SmallModel& model, const std::vector<PlaceRule>& rules, Settings settings = {})
      : registry(runtime(true, std::move(settings))) {
    Executor::Limits limits = kLimits;
    limits.place = rules;
    auto e = model.executor(*registry, limits);
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    executor = e.take();
  }
  std::string of(size_t node) const { return executor->placement()[node].device; }
  std::unique_ptr<device::Registry> registry;
  std::unique_ptr<Executor> executor;
};

std::vector<float> expected(const SmallModel& model) {
  const auto plain = runtime(false);
  auto e = model.executor(*plain);
  REQUIRE(e.ok());
  return run(**e, one_sequence(0, 8));
}

}  // namespace

TEST_CASE("patterns fit whole names") {
  CHECK(device::matches("blk.*.ffn_up.weight", "blk.11.ffn_up.weight"));
  CHECK(device::matches("*_exps.*", "blk.0.ffn_up_exps.weight"));
  CHECK(device::matches("*", ""));
  CHECK(device::matches("a?c*", "abc"));
  CHECK(device::matches("*a*b", "aabab"));
  CHECK_FALSE(device::matches("blk.*", "output.weight"));
  CHECK_FALSE(device::matches("output", "output.weight"));
  CHECK_FALSE(device::matches("?", ""));
  CHECK_FALSE(device::matches("", "a"));
  CHECK_FALSE(device::matches("*a*b", "aaba"));
  CHECK_FALSE(device::matches(std::string(40, '*') + "b", std::string(4000, 'a')));
}

TEST_CASE("layers run where a rule says, all others where they would") {
  const SmallModel model(INFER_TYPE_F32, 4);
  for (const auto& [pattern, first, last] : {std::tuple("1", 1, 1), {"1..2", 1, 2}, {"0..99", 0, 3}}) {
    CAPTURE(pattern);
    const Placed placed(model, {{pattern, 1}});
    for (size_t n = 0; n < model.program.nodes().size(); ++n) {
      const int64_t layer = model.program.nodes()[n].layer;
      CAPTURE(n);
      if (layer >= 0) CHECK((placed.of(n) == "reference") == (layer >= first && layer <= last));
    }
    CHECK(run(*placed.executor, one_sequence(0, 8)) == expected(model));
  }
}

TEST_CASE("weights run where a rule names them, and what lies between them stays there") {
  const SmallModel model;
  const Placed placed(model, {{"gate", 1}, {"up", 1}, {"down", 1}});
  std::set<std::string> elsewhere;
  for (size_t n = 0; n < model.program.nodes().size(); ++n) {
    const auto& node = model.program.nodes()[n];
    if (placed.of(n) == "mock") continue;
    elsewhere.insert(node.kind == INFER_OP_MATMUL ? model.program.tensor(node.in[1]).name
                                                  : std::string(graph::op_name(node.kind)));
  }
  CHECK(elsewhere == std::set<std::string>{"gate", "up", "glu", "down", "add", "gather"});
  CHECK(run(*placed.executor, one_sequence(0, 8)) == expected(model));
}

TEST_CASE("the first rule that fits counts; where its device does not take a node or has no room, others do") {
  const SmallModel model;
  const Placed first(model, {{"0", 0}, {"0..1", 1}});
  for (size_t n = 0; n < model.program.nodes().size(); ++n)
    if (const int64_t layer = model.program.nodes()[n].layer; layer >= 0)
      CHECK(first.of(n) == (layer == 0 ? "mock" : "reference"));

  const Placed refused(model, {{"0..1", 0}}, {{"mock.refuse", "matmul"}});
  const Placed small(model, {{"0..1", 0}}, {{"mock.size", "1"}});
  for (size_t n = 0; n < model.program.nodes().size(); ++n) {
    if (model.program.nodes()[n].kind == INFER_OP_MATMUL) CHECK(refused.of(n) == "reference");
    if (model.program.nodes()[n].kind == INFER_OP_MATMUL) CHECK(small.of(n) == "reference");
  }
  for (const Placed* p : {&first, &refused, &small}) CHECK(run(*p->executor, one_sequence(0, 8)) == expected(model));
}

TEST_CASE("a rule that fits nothing is refused by name") {
  const SmallModel model;
  const auto r = runtime(true);
  for (const auto& [pattern, message] : {std::pair("2", "the model has no layer 2"),
                                         {"gat", "no weight is called like 'gat'"},
                                         {"1..0", "no weight is called like '1..0'"},
                                         {"", "no weight is called like ''"}}) {
    const std::vector<PlaceRule> rules{{"0", 1}, {pattern, 1}};
    Executor::Limits limits = kLimits;
    limits.place = rules;
    const auto e = model.executor(*r, limits);
    REQUIRE_FALSE(e.ok());
    CHECK(e.status().code() == INFER_E_NOT_FOUND);
    CHECK_MESSAGE(e.status().message().find(message) != std::string_view::npos, e.status().message());
  }
}
