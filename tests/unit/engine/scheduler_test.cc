// The plan of a step: chunks, pages, what is reused.
#include <doctest/doctest.h>

#include <algorithm>

#include "engine/pace.h"
#include "schedule_bed.h"

using namespace infer::engine;
using toy::ScheduleBed;

TEST_CASE("a prompt longer than the budget is computed in chunks; only the last has a row") {
  ScheduleBed f({4, 10, 4, 8});
  f.add(25, 5);
  for (const int32_t expected : {10, 10, 5}) {
    const Plan plan = f.scheduler.plan(0);
    REQUIRE(plan.size() == 1);
    CHECK(plan[0].count == expected);
    CHECK(plan[0].n_rows == (expected == 5 ? 1 : 0));
    f.scheduler.commit();
  }
}

TEST_CASE("decodes come before prefill chunks, which take what is left of the budget") {
  ScheduleBed f({4, 8, 4, 8});
  Request& a = f.add(3, 10);
  f.step();
  Request& b = f.add(20, 10);
  const Plan plan = f.scheduler.plan(0);
  REQUIRE(plan.size() == 2);
  CHECK(plan[0].request == &a);
  CHECK(plan[0].count == 1);
  CHECK(plan[1].request == &b);
  CHECK(plan[1].count == 7);
}

TEST_CASE("beside a decode prompts get as many tokens as are said, alone all") {
  ScheduleBed f({4, 64, 4, 8});
  f.add(3, 10);
  f.step();
  f.add(60, 10);
  CHECK(f.scheduler.plan(0, 7)[1].count == 7);
  f.scheduler.rollback();
  CHECK(f.scheduler.plan(0)[1].count == 60);
  f.scheduler.rollback();
  ScheduleBed alone({4, 64, 4, 8});
  alone.add(60, 10);
  CHECK(alone.scheduler.plan(0, 7)[0].count == 60);
}

TEST_CASE("beside a decode of higher priority a prompt gets less, beside a lower one as much as beside its own") {
  for (const int32_t priority : {-1, 0, 1}) {
    ScheduleBed f({4, 64, 4, 8});
    Task decode = toy::task({1, 2, 3}, 10);
    decode.priority = priority;
    f.add(decode);
    f.step();
    f.add(60, 10);
    CHECK(f.scheduler.plan(0, 20)[1].count == (priority > 0 ? 20 / Scheduler::kLess : 20));
  }
}

TEST_CASE("who has waited long goes first, and is held back for those that decode all the same") {
  ScheduleBed f({4, 64, 4, 8, 1000});
  f.add(3, 10);
  f.step();
  f.add(40, 10);
  f.now = 50000;  // its level has risen above the other's
  const Plan plan = f.scheduler.plan(f.now, 7);
  REQUIRE(plan.size() == 2);
  CHECK(plan[1].count == 7);
}

TEST_CASE("a pace is learnt from steps, and gives the tokens that fit") {
  Pace pace;
  CHECK(pace.tokens_within(1000, 512) == 512);  // nothing is known
  for (int i = 0; i < 50; ++i) pace.learn(100, 100 * 1000);
  CHECK(pace.ns_per_token() == doctest::Approx(1000));
  CHECK(pace.tokens_within(200 * 1000, 512) == 200);
  CHECK(pace.tokens_within(1000 * 1000, 512) == 512);
  CHECK(pace.tokens_within(1000, 512) == Pace::kLeast);
  CHECK(pace.tokens_within(1000, 8) == 8);
  pace.learn(0, 5);
  CHECK(pace.ns_per_token() < 1000);
}

TEST_CASE("no plan exceeds tokens, sequences or rows, and every request ends") {
  ScheduleBed f({4, 6, 3, 3});
  for (size_t n : {1u, 30u, 7u, 2u, 11u}) f.add(n, 4);
  for (int step = 0; step < 100; ++step) {
    const Plan plan = f.scheduler.plan(0);
    int32_t tokens = 0, rows = 0;
    for (const Part& p : plan) tokens += p.count, rows += p.n_rows;
    REQUIRE(tokens <= 6);
    REQUIRE(rows <= 3);
    REQUIRE(plan.size() <= 3);
    for (const Part& p : plan) {
      if (p.n_rows) p.request->sequence().tokens.push_back(1);
    }
    f.scheduler.commit();
    for (auto& r : f.requests) {
      if (r && r->generated() == 4) f.scheduler.remove(*r), r.reset();
    }
  }
  CHECK(f.scheduler.n_running() + f.scheduler.n_waiting() == 0);
  CHECK(f.scheduler.tree().available() == 64);
}

TEST_CASE("a request waits until there are pages for its prompt; nobody overtakes it") {
  ScheduleBed f({4, 100, 8, 8}, 10);
  Request& large = f.add(22, 14);  // 23 positions: 6 pages
  f.add(15, 14);                   // 4 more, and one for the first's next, do not fit into 10
  f.add(1, 1);                     // would fit, but was later
  CHECK(f.scheduler.plan(0).size() == 1);
  CHECK(f.scheduler.n_waiting() == 2);
  f.scheduler.commit();
  f.scheduler.remove(large);
  CHECK(f.scheduler.plan(0).size() == 2);
}

TEST_CASE("pages are taken only when positions reach them") {
  ScheduleBed f({4, 100, 8, 8}, 10);
  Request& r = f.add(5, 30);
  f.step();
  CHECK(r.sequence().pages.size() == 2);
  CHECK(f.scheduler.tree().available() == 8);
  for (int i = 0; i < 4; ++i) f.step();
  CHECK(r.sequence().n_cached == 9);
  CHECK(r.sequence().pages.size() == 3);
}

TEST_CASE("a plan that was not run can be undone: positions and pages are as before") {
  ScheduleBed f({4, 100, 8, 8}, 10);
  Request& r = f.add(5, 30);
  f.step();
  const auto pages = r.sequence().pages;
  for (int i = 0; i < 3; ++i) f.step();
  f.scheduler.plan(0);  // position 8: a third page
  CHECK(r.sequence().pages.size() == 3);
  f.scheduler.rollback();
  CHECK(r.sequence().pages == pages);
  CHECK(r.sequence().n_cached == 8);
  CHECK(f.scheduler.tree().available() == 8);
}

TEST_CASE("rows of a scored prompt end the chunk where there is no more room for them") {
  ScheduleBed f({4, 16, 4, 5});
  Task t = toy::task({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  float sink = 0;
  t.scores = &sink;
  t.first_score = 3;
  Request r(t, nullptr, {}, 100);
  f.scheduler.add(r, 0);
  std::vector<std::pair<int32_t, int32_t>> chunks;
  for (int i = 0; i < 3; ++i) {
    const Plan& plan = f.scheduler.plan(0);
    if (plan.empty()) break;
    chunks.emplace_back(plan[0].count, plan[0].n_rows);
    f.scheduler.commit();
  }
  CHECK(chunks == std::vector<std::pair<int32_t, int32_t>>{{8, 5}, {4, 4}});
}

TEST_CASE("a later request begins behind the pages that an earlier one has left, and behind part of one") {
  ScheduleBed f({4, 100, 8, 8}, 16);
  Request& a = f.add(11, 3);  // 13 positions: three whole pages, and one of a fourth
  while (a.generated() < 3) f.step();
  f.scheduler.remove(a);
  CHECK(f.scheduler.pages_used() == 0);
  CHECK(f.scheduler.tree().idle() == 4);
  Request& b = f.add(11, 3);
  const Plan plan = f.scheduler.plan(0);
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].first == 10);  // the last one is computed anew: its logits are wanted
  CHECK(plan[0].count == 1);
  CHECK(plan[0].begins);
  CHECK(plan[0].copy_from >= 0);  // positions 8 and 9 are the beginning of a page
  CHECK(plan[0].copy_to == b.sequence().pages[2]);
  CHECK(b.sequence().n_reused == 10);
  f.scheduler.commit();
  CHECK(b.sequence().copy_from == -1);
  f.scheduler.remove(b);
  CHECK(f.scheduler.pages_used() == 0);
}

TEST_CASE("a request that wants what another computes in this step waits for it, and takes its pages") {
  ScheduleBed f({4, 100, 8, 8}, 64);
  f.add(21, 3);
  Request& b = f.add(21, 3);
  CHECK(f.scheduler.plan(0).size() == 1);
  f.scheduler.commit();
  const Plan plan = f.scheduler.plan(0);
  CHECK(std::any_of(plan.begin(), plan.end(), [&](const Part& p) { return p.request == &b && p.first == 20; }));
  CHECK(b.sequence().n_reused == 20);
  CHECK(f.scheduler.pages_used() <= 8);  // not twice six
}

TEST_CASE("two that computed the same pages at the same time hold one copy of them") {
  ScheduleBed f({4, 6, 8, 8}, 64);  // less than two pages a step, so neither waits for the other's page
  Request& a = f.add(9, 2);
  f.scheduler.plan(0);
  f.scheduler.commit();
  Request& b = f.add(9, 2);
  for (int i = 0; i < 4; ++i) f.step();
  REQUIRE(a.sequence().n_kept >= 2);
  REQUIRE(b.sequence().n_kept >= 2);
  CHECK(a.sequence().pages[0] == b.sequence().pages[0]);
  CHECK(a.sequence().pages[1] == b.sequence().pages[1]);
}

TEST_CASE("what is kept gives way to what runs: no request waits for an idle page") {
  ScheduleBed f({4, 100, 8, 8}, 6);
  for (int i = 0; i < 5; ++i) {
    Request& r = f.add(toy::task(std::vector<int32_t>(20, i), 4));
    while (r.generated() < 4) {
      f.step();
      REQUIRE(f.planned(r));
    }
    f.scheduler.remove(r);
  }
  CHECK(f.scheduler.tree().evicted() > 0);
  CHECK(f.scheduler.tree().available() == 6);
}

TEST_CASE("a request that wants no reuse neither takes from the cache nor leaves anything there") {
  ScheduleBed f({4, 100, 8, 8});
  Task t = toy::task({1, 2, 3, 4, 5, 6, 7, 8, 9}, 2);
  t.reuse = false;
  for (int i = 0; i < 2; ++i) {
    Request& r = f.add(t);
    f.step();
    REQUIRE(f.planned(r));
    CHECK(f.scheduler.planned()[0].first == 0);
    f.scheduler.remove(r);
    CHECK(f.scheduler.tree().nodes() == 0);
  }
}

TEST_CASE("what was committed cannot be undone") {
  ScheduleBed f({4, 100, 8, 8}, 10);
  Request& r = f.add(9, 30);
  f.step();
  const auto pages = r.sequence().pages;
  f.scheduler.rollback();
  CHECK(r.sequence().pages == pages);
  f.scheduler.remove(r);
  CHECK(f.scheduler.pages_used() == 0);
  CHECK(f.scheduler.tree().nodes() == 3);
}
