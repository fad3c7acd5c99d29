// Who goes first, who gives way, and that pages add up whatever happens.
#include <doctest/doctest.h>

#include <map>
#include <random>

#include "schedule_bed.h"

using namespace infer::engine;
using toy::ScheduleBed;

namespace {

// Asked with a priority, a client, a deadline.
struct Wish {
  int32_t priority = 0;
  const char* client = nullptr;
  int64_t deadline_ms = 0;
};

// Each with tokens of its own.
struct Fixture : ScheduleBed {
  using ScheduleBed::ScheduleBed;
  Request& wish(size_t prompt, int64_t most, Wish w) {
    std::vector<int32_t> ids(prompt);
    std::iota(ids.begin(), ids.end(), static_cast<int32_t>(requests.size()) * 100);
    Task t = toy::task(ids, most);
    t.priority = w.priority;
    if (w.client) t.client = std::make_shared<const std::string>(w.client);
    t.deadline_ms = w.deadline_ms;
    return add(t);
  }
};

}  // namespace

TEST_CASE("a higher priority takes the place of a lower one, which goes on where it was") {
  Fixture f({4, 100, 2, 8});
  Request& a = f.wish(9, 10, {});
  Request& b = f.wish(9, 10, {});
  f.step();
  f.step();
  Request& high = f.wish(9, 2, {5});
  f.step();
  CHECK(f.planned(high));
  CHECK(f.planned(a));
  CHECK_FALSE(f.planned(b));
  CHECK(f.scheduler.preempted() == 1);
  const auto before = b.sequence().tokens;
  while (high.generated() < 2) f.step();
  f.scheduler.remove(high);
  f.step();
  CHECK(f.planned(b));
  CHECK(b.sequence().tokens.size() == before.size() + 1);
  CHECK(b.sequence().n_reused == static_cast<int32_t>(before.size()) - 1);  // nothing had to be computed anew
}

TEST_CASE("an equal priority does not preempt, and with fifo none does") {
  Fixture equal({4, 100, 1, 8}), fifo({4, 100, 1, 8}, 64, "fifo");
  for (Fixture* f : {&equal, &fifo}) {
    Request& a = f->wish(5, 10, {1});
    f->step();
    f->wish(5, 10, {f == &equal ? 1 : 100});
    f->step();
    CHECK(f->planned(a));
    CHECK(f->scheduler.preempted() == 0);
  }
}

TEST_CASE("a request that would not fit even so preempts nobody") {
  Fixture f({4, 100, 4, 8}, 12);
  f.wish(20, 4, {9});
  Request& low = f.wish(5, 10, {});
  f.step();
  f.wish(40, 4, {5});  // 11 pages, of which the first holds 6
  f.step();
  CHECK(f.planned(low));
  CHECK(f.scheduler.preempted() == 0);
}

TEST_CASE("when a decode finds no page the last admitted gives way, and all end") {
  Fixture f({4, 100, 4, 8}, 12);
  std::vector<Request*> all;
  for (int i = 0; i < 3; ++i) all.push_back(&f.wish(5, 40, {}));  // 45 positions each: 12 pages
  size_t done = 0;
  for (int i = 0; i < 1000 && done < all.size(); ++i) {
    f.step();
    CHECK(f.planned(*all[done]));  // the first is never preempted
    while (done < all.size() && all[done]->generated() >= 40) f.scheduler.remove(*all[done++]);
  }
  CHECK(done == 3);
  CHECK(f.scheduler.preempted() >= 2);
  CHECK(f.scheduler.pages_used() == 0);
}

TEST_CASE("of equal priority the earliest deadline goes first") {
  Fixture f({4, 100, 1, 8});
  Request& none = f.wish(5, 10, {});
  Request& late = f.wish(5, 10, {0, nullptr, 900});
  Request& soon = f.wish(5, 10, {0, nullptr, 100});
  for (Request* r : {&soon, &late, &none}) {
    f.step();
    CHECK(f.planned(*r));
    f.scheduler.remove(*r);
  }
}

TEST_CASE("clients get equal shares, however many requests each has") {
  Fixture f({4, 100, 1, 8});
  std::vector<Request*> many, few;
  for (int i = 0; i < 12; ++i) many.push_back(&f.wish(5, 4, {0, "many"}));
  for (int i = 0; i < 4; ++i) few.push_back(&f.wish(5, 4, {0, "few"}));
  int order = 0, last_few = 0;
  for (int i = 0; i < 1000 && f.scheduler.n_waiting() + f.scheduler.n_running() > 0; ++i) {
    f.step();
    for (auto* list : {&many, &few})
      for (Request*& r : *list)
        if (r && r->generated() == 4) {
          order++;
          if (list == &few) last_few = order;
          f.scheduler.remove(*r);
          r = nullptr;
        }
  }
  CHECK(order == 16);
  CHECK(last_few <= 9);  // in turn, not behind all of the other's
}

TEST_CASE("a client that was away is owed nothing") {
  Fixture f({4, 100, 1, 8});
  Request* r = &f.wish(5, 4, {0, "busy"});
  for (int i = 0; i < 5; ++i) {  // always one there
    Request& next = f.wish(5, 4, {0, "busy"});
    while (r->generated() < 4) f.step();
    f.scheduler.remove(*r);
    r = &next;
  }
  std::vector<Request*> back;
  for (int i = 0; i < 4; ++i) back.push_back(&f.wish(5, 4, {0, "back"}));
  int before = 0;
  while (r->generated() == 0) {
    f.step();
    for (Request*& b : back)
      if (b && b->generated() == 4) f.scheduler.remove(*b), b = nullptr, before++;
  }
  CHECK(before <= 2);  // not all four
}

TEST_CASE("who waits long enough goes before a higher priority, and is not preempted by it") {
  Fixture f({4, 100, 1, 8, 1000});
  Request& low = f.wish(5, 4, {0});
  f.now = 5500;
  Request& high = f.wish(5, 4, {5});
  f.step();
  CHECK(f.planned(low));  // five levels risen, and it came earlier
  f.now = 6400;
  f.step();
  CHECK(f.planned(low));  // and it keeps what it has risen to
  CHECK_FALSE(f.planned(high));
}

TEST_CASE("shortest: least to compute goes first within a level") {
  Fixture f({4, 100, 1, 8}, 64, "shortest");
  f.wish(50, 4, {});
  Request& small = f.wish(5, 4, {});
  f.step();
  CHECK(f.planned(small));
  CHECK(find_policy("none") == nullptr);
}

// No model: tokens come from nowhere. Plans without end of random arrivals, endings, failures, page pressure.
TEST_CASE("simulation: pages add up in every step, nobody starves, all end") {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto draw = [&](uint32_t n) { return static_cast<int32_t>(random() % n); };
    const int32_t n_pages = 16 + draw(40), sequences = 1 + draw(6), budget = sequences + draw(20);
    static constexpr const char* kPolicies[] = {"priority", "fifo", "shortest"};
    Fixture f({4, budget, sequences, sequences + draw(3), 50}, n_pages, kPolicies[seed % 3]);
    int64_t waited_most = 0;
    int arrivals = 0, ended = 0;
    for (f.now = 0; f.now < 3000 || !f.requests.empty(); ++f.now) {
      REQUIRE(f.now < 20000);
      if (f.now < 3000 && f.requests.size() < 40 && draw(6) == 0) {
        std::vector<int32_t> ids(static_cast<size_t>(1 + draw(40)));
        for (size_t i = 0; i < ids.size(); ++i) ids[i] = i < 12 ? static_cast<int32_t>(i) / 6 : draw(3);
        Task t = toy::task(ids, 1 + draw(20));
        t.priority = draw(4);
        t.reuse = draw(5) != 0;
        if (draw(2)) t.client = std::make_shared<const std::string>(1, static_cast<char>('a' + draw(5)));
        if (draw(3) == 0) t.domain = std::make_shared<const std::string>(1, static_cast<char>('a' + draw(3)));
        f.add(t, 64);
        ++arrivals;
      }
      const Plan& plan = f.scheduler.plan(f.now);
      REQUIRE((f.requests.empty() || !plan.empty()));
      int32_t tokens = 0, rows = 0;
      std::map<int32_t, int> writers;  // of pages
      for (const Part& p : plan) {
        const Sequence& s = p.request->sequence();
        tokens += p.count;
        rows += p.n_rows;
        REQUIRE(p.first == s.n_cached);
        REQUIRE(p.first + p.count <= static_cast<int32_t>(s.tokens.size()));
        REQUIRE(static_cast<int32_t>(s.pages.size()) == f.scheduler.pages_for(p.first + p.count));
        for (int32_t page = p.first / 4; page <= (p.first + p.count - 1) / 4; ++page) {
          const int32_t id = s.pages[static_cast<size_t>(page)];
          REQUIRE(++writers[id] == 1);                // nobody else writes it
          REQUIRE_FALSE(f.scheduler.tree().has(id));  // and nobody else reads it
        }
      }
      REQUIRE(tokens <= budget);
      REQUIRE(rows <= sequences + 2);
      REQUIRE(static_cast<int32_t>(plan.size()) <= sequences);
      if (draw(50) == 0) {
        f.scheduler.rollback();
        continue;
      }
      for (const Part& p : plan)
        if (p.n_rows) p.request->sequence().tokens.push_back(draw(3));
      f.scheduler.commit();
      for (auto& r : f.requests) {
        if (r->generated() < r->task().max_tokens && r->sequence().tokens.size() < 64 && draw(400) != 0) continue;
        waited_most = std::max(waited_most, f.now - r->sequence().arrived);
        f.scheduler.remove(*r);
        r.reset();
        ++ended;
      }
      std::erase(f.requests, nullptr);
      std::map<int32_t, int> held;
      for (const auto& r : f.requests) {
        for (const int32_t page : r->sequence().pages) held[page]++;
        if (r->sequence().copy_from >= 0) held[r->sequence().copy_from]++;
      }
      REQUIRE(f.scheduler.pages_used() == static_cast<int32_t>(held.size()));
    }
    CHECK(ended == arrivals);
    CHECK(f.scheduler.pages_used() == 0);
    CHECK(waited_most < 6000);
  }
}
