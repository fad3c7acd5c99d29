// Hostile templates: each ends with an error, in less than a second, in little memory, on a small stack.
#include <doctest/doctest.h>
#include <pthread.h>
#include <time.h>

#include <functional>

#include "chat.h"
#include "tests/support/memory.h"

using namespace infer;
using namespace infer::text;

static std::string repeat(const std::string& s, size_t n) {
  std::string out;
  out.reserve(s.size() * n);
  for (size_t i = 0; i < n; i++) out += s;
  return out;
}

// The sanitizers' frames are several times as large.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static constexpr size_t kStack = 4 << 20;
static constexpr double kSeconds = 20;
#else
static constexpr size_t kStack = 512 << 10;
static constexpr double kSeconds = 1;
#endif

static constexpr size_t kMemory = 64 << 20;  // bytes beyond what was there before

static void on_small_stack(const std::function<void()>& f) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, kStack) == 0);
  pthread_t thread;
  auto run = [](void* p) -> void* {
    (*static_cast<const std::function<void()>*>(p))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, const_cast<std::function<void()>*>(&f)) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

static Status outcome(const std::string& source, const TemplateLimits& limits = {}) {
  const TemplateLimits usual;
  const MemoryWatch memory;
  Status status;
  timespec cpu{};  // of the thread alone: a busy machine does not matter
  on_small_stack([&] {
    const auto r = render(source, {}, limits);
    if (!r.ok()) status = r.status();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  });
  if (limits.source_bytes <= usual.source_bytes) {
    const std::string begin = source.substr(0, 200);
    CAPTURE(begin);
    CHECK(memory.peak() < kMemory);
  }
  CHECK(static_cast<double>(cpu.tv_sec) + 1e-9 * static_cast<double>(cpu.tv_nsec) < kSeconds);
  return status;
}

// With an error or without, but within the bounds.
static void ends(const std::string& source) { (void)outcome(source); }

static void refused(const std::string& source, const char* because) {
  const Status s = outcome(source);
  const std::string begin = source.substr(0, 200), message(s.message());
  CAPTURE(begin);
  CAPTURE(message);
  REQUIRE_FALSE(s.ok());
  CHECK(s.message().find(because) != std::string::npos);
}

TEST_CASE("a range of a thousand million is refused before it is made") {
  refused("{{ range(1000000000) | list }}", "range");
  refused("{% for i in range(1000000000) %}{% endfor %}", "range");
}

TEST_CASE("loops in loops run out of steps") {
  refused("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "steps");
  refused("{% for i in range(99999) %}{{ range(99999) | list | length }}{% endfor %}", "steps");
}

TEST_CASE("a macro that calls itself ends at the depth limit") {
  refused("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "deep");
  refused(
      "{% macro m(x) %}{% if 1 %}{% for i in [1] %}{{ [m([x])] | list }}{% endfor %}{% endif %}{% endmacro %}{{ m(1) "
      "}}",
      "deep");
  refused(
      "{% macro m() %}{{ caller() }}{% endmacro %}{% macro n() %}{% call m() %}{{ n() }}{% endcall %}{% endmacro %}{{ "
      "n() }}",
      "deep");
  refused("{% macro m(a=m()) %}{% endmacro %}{{ m() }}", "deep");
}

TEST_CASE("a hundred thousand levels of nesting are refused by the parser") {
  const size_t n = 100'000;
  const TemplateLimits large{.source_bytes = 8 << 20};
  for (const std::string open :
       {"(", "[", "{1:", "-", "not ", "x if y else ", "f(", "x[", "x|f(", "x is eq(", "1+(", "[1,["}) {
    std::string close;
    for (char c : open) {
      if (c == '(' || c == '[' || c == '{') close.insert(0, 1, c == '(' ? ')' : c == '[' ? ']' : '}');
    }
    const Status s = outcome("{{ " + repeat(open, n) + "1" + repeat(close, n) + " }}", large);
    CAPTURE(open);
    CHECK(s.message().find("deeper") != std::string::npos);
  }
  for (const std::string open : {"{% if 1 %}", "{% for x in y %}", "{% macro m() %}", "{% call f() %}",
                                 "{% filter upper %}", "{% set x %}", "{% with %}", "{% generation %}"}) {
    const Status s = outcome(repeat(open, n), large);
    CAPTURE(open);
    CHECK(s.message().find("deeper") != std::string::npos);
  }
  const Status targets = outcome("{% for " + repeat("(", n) + "x" + repeat(")", n) + " in y %}{% endfor %}", large);
  CHECK(targets.message().find("deeper") != std::string::npos);
}

TEST_CASE("long chains are refused or evaluated, never overflow the stack") {
  const TemplateLimits large{.source_bytes = 8 << 20};
  CHECK_FALSE(outcome("{{ x" + repeat(".a", 100'000) + " }}", large).ok());
  CHECK_FALSE(outcome("{{ 1" + repeat("|abs", 100'000) + " }}", large).ok());
  CHECK_FALSE(outcome("{{ x" + repeat("()", 100'000) + " }}", large).ok());
  CHECK_FALSE(outcome("{{ x" + repeat("[0]", 100'000) + " }}", large).ok());
  CHECK(outcome("{{ 1" + repeat("+1", 100'000) + " }}", large).ok());
  CHECK(outcome("{{ 1" + repeat(" or 1", 100'000) + " }}", large).ok());
  CHECK(outcome("{{ 1" + repeat(" < 1", 100'000) + " }}", large).ok());
  CHECK(outcome("{{ 1" + repeat("~1", 100'000) + " }}", large).ok());
  CHECK(outcome("{% if 0 %}" + repeat("{% elif 0 %}", 100'000) + "{% endif %}", large).ok());
}

TEST_CASE("the deepest source that the parser takes is also evaluated on a small stack") {
  const auto nested = [](const std::string& open, const std::string& inner, const std::string& close, size_t n) {
    return repeat(open, n) + inner + repeat(close, n);
  };
  CHECK(outcome("{{ " + nested("(1 or 1 and not 1 < 1 + 1 ~ 1 * 1 ** -", "1", ")", 20) + " }}").ok());
  CHECK(outcome("{{ " + nested("[", "1", "]", 60) + " }}").ok());
  CHECK(outcome(nested("{% if 1 %}{% for a in [1] %}", "x", "{% endfor %}{% endif %}", 30)).ok());
  CHECK(outcome("{{ " + nested("dict(a=[", "1", "]) ", 25) + " }}").ok());
}

TEST_CASE("doubling a string or a list runs out of bytes") {
  refused("{% set ns = namespace(s='x') %}{% for i in range(40) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "bytes");
  refused("{% set ns = namespace(s='x') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "bytes");
  refused("{% set ns = namespace(s=[1]) %}{% for i in range(40) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "bytes");
  refused(
      "{% set ns = namespace(s='ab') %}{% for i in range(40) %}{% set ns.s = ns.s | replace('a', ns.s) %}{% endfor %}",
      "bytes");
  refused("{{ 'x' * 1000000000 }}", "bytes");
  refused("{{ 'x' * 9223372036854775807 }}", "bytes");
  refused("{{ [1] * 9223372036854775807 }}", "bytes");
  refused("{{ ('x' * 10000000) | list | length }}", "");
  refused("{{ 'a'.center(1000000000) }}", "bytes");
  refused("{{ 'x' | indent(1000000000) }}", "bytes");
  refused("{{ '%1000000000d' % 1 }}", "");
  refused("{{ '{:1000000000}'.format(1) }}", "");
  refused("{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}", "bytes");
  refused("{% for i in range(90000) %}{% set x = 'y' * 1000 %}{% macro k() %}{% endmacro %}{% endfor %}", "bytes");
}

TEST_CASE("many values that live at the same time share one budget") {
  std::string source;
  for (int i = 0; i < 100; i++) source += "{% set a" + std::to_string(i) + " = 'x' * 1000000 %}";
  refused(source, "bytes");
  CHECK(outcome("{% for i in range(100) %}{% set a = 'x' * 1000000 %}{% endfor %}").ok());
}

TEST_CASE("lists in lists, made by a loop, stop at the depth limit") {
  refused("{% set ns = namespace(x=1) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}", "deeper");
  refused("{% set ns = namespace(x=1) %}{% for i in range(100000) %}{% set ns.x = {'a': ns.x} %}{% endfor %}",
          "deeper");
  refused(
      "{% set ns = namespace(x=[1]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] | map('list') %}{% endfor %}",
      "");
}

TEST_CASE("a list that holds the same list many times cannot be printed or compared for ever") {
  const std::string wide =
      "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}";
  refused(wide + "{{ ns.x }}", "");
  refused(wide + "{{ ns.x | tojson }}", "");
  refused(wide + "{% set y = [ns.x, 1] %}{{ [ns.x, 2] == y }}", "steps");
  refused(wide + "{{ ns.x < ns.x }}", "steps");
}

TEST_CASE("a namespace that holds itself is let go") {  // the leak checker of the check preset sees it otherwise
  CHECK(outcome("{% set ns = namespace() %}{% set ns.me = ns %}{% set ns.all = [ns, ns] %}x").ok());
  CHECK(outcome("{% for i in [1, 2] %}{{ loop.changed(loop) }}{{ loop.changed([loop]) }}{% endfor %}").ok());
  CHECK(outcome("{% set ns = namespace() %}{% for i in [1] %}{% set ns.l = loop %}{% endfor %}{{ ns.l.changed(ns.l) }}")
            .ok());
  CHECK(outcome("{% set ns = namespace() %}{% for i in [1] %}{% macro m() %}{{ i }}{% endmacro %}{% set ns.m = m %}{% "
                "endfor %}{{ ns.m() }}")
            .ok());
}

TEST_CASE("integers that do not fit are errors") {
  refused("{{ 9 ** 9 ** 9 ** 9 }}", "64 bits");
  refused("{{ 9223372036854775807 + 1 }}", "64 bits");
  refused("{{ -9223372036854775807 - 2 }}", "64 bits");
  refused("{{ 9223372036854775807 * 2 }}", "64 bits");
  refused("{{ 99999999999999999999 }}", "64 bits");
  refused("{{ (-9223372036854775807 - 1) // -1 }}", "64 bits");
  CHECK(outcome("{{ (-9223372036854775807 - 1) % -1 }}").ok());
  CHECK(outcome("{{ -(-9223372036854775807) }}{{ 'abc'[9223372036854775807:] }}{{ 'abc'[:-9223372036854775807] }}{{ "
                "[1][::9223372036854775807] }}")
            .ok());
  CHECK(outcome("{{ range(9223372036854775807, -9223372036854775807, -9223372036854775807) | list }}").ok());
  refused("{{ range(-9223372036854775807, 9223372036854775807, 1) }}", "range");
  refused("{{ 'fffffffffffffffff' | int(base=16) }}", "64 bits");
  refused("{{ '99999999999999999999' | int }}", "64 bits");
  refused("{{ 9223372036854775808.0 | int }}", "64 bits");
  refused("{{ 9223372036854775807 | round(-1) }}", "64 bits");
}

TEST_CASE("searching for hostile patterns is counted") {
  const std::string set = "{% set h = 'a' * 2000000 %}{% set n = 'a' * 1000000 ~ 'b' %}";
  refused(set + "{{ n in h }}{% for i in range(1000) %}{{ h.find(n) }}{% endfor %}", "steps");
  refused(set + "{% for i in range(1000) %}{{ h.replace(n, '') }}{% endfor %}", "steps");
  refused(set + "{% for i in range(1000) %}{{ h.rfind(n) }}{% endfor %}", "steps");
  refused(set + "{{ h.strip(n) }}", "steps");
}

TEST_CASE("a source that is too long is refused with both numbers") {
  const Status s = outcome(std::string(300'000, 'x'));
  CHECK(s.message().find("300000") != std::string::npos);
  CHECK(s.message().find("262144") != std::string::npos);
}

TEST_CASE("a recursive loop ends at the depth limit, and cannot be called when it has ended") {
  refused("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "deep");
  refused("{% macro m(l) %}{{ l([1]) }}{% endmacro %}{% for x in [1] recursive %}{{ m(loop) }}{% endfor %}", "deep");
  refused("{% set ns = namespace() %}{% for x in [1] recursive %}{% set ns.l = loop %}{% endfor %}{{ ns.l([1]) }}",
          "has ended");
}

TEST_CASE("what holds other values counts as a level of nesting") {
  const std::string loop = "{% set ns = namespace(x=1) %}{% for i in range(100000) %}{% set ns.x = ";
  refused(loop + "cycler(ns.x) %}{% endfor %}", "deeper");
  refused(loop + "joiner(ns.x) %}{% endfor %}", "deeper");
  refused(loop + "{'a': ns.x}.items() %}{% endfor %}", "deeper");
  refused(loop + "[ns.x] | groupby(0) %}{% endfor %}", "");
  CHECK(outcome("{% set ns = namespace() %}{% set ns.c = cycler(ns, 1) %}{% set ns.j = joiner(ns) %}{{ ns.c.next() is "
                "defined }}")
            .ok());
}

TEST_CASE("loops that walk over loops count as levels of nesting") {
  refused(
      "{% set ns = namespace(l=0) %}{% for i in range(100000) %}{% for x in [ns.l] %}{% set ns.l = loop %}{% endfor %}"
      "{% endfor %}",
      "deeper");
}

TEST_CASE("work that writes nothing is counted") {
  const TemplateLimits few{.steps = 20'000};
  const std::string values =
      "{% set s = '0' * 2000000 %}{% set tabs = '\t' * 2000000 %}{% set many = {}.fromkeys(range(2000) | "
      "map('string')) "
      "%}{% set big = {s: 1} %}{% set k = {'k': ''} %}{% set braces = '{' ~ s ~ '}' %}{% set percent = '%0' ~ s ~ 's' "
      "%}{% for i in range(100) %}{% set x = ";
  const auto small = outcome(values + "1 %}{% endfor %}", few);
  CHECK_MESSAGE(small.ok(), std::string(small.message()));
  for (const std::string work : {"('{0}' * 2000).format('')", "('{k}' * 2000).format_map(k)", "('%(k)s' * 2000) % k",
                                 "braces.format('')", "percent % ''", "'x'.format(**big)", "s | filesizeformat",
                                 "'x' | truncate(2000000, end=s)", "many[s]", "s in many", "many.get(s)", "s.count('')",
                                 "tabs.expandtabs(0)", "s.removeprefix(s)", "s.removesuffix(s)", "many | xmlattr"}) {
    const Status s = outcome(values + work + " %}{% endfor %}", few);
    const std::string message(s.message());
    CAPTURE(work);
    CAPTURE(message);
    CHECK(message.find("steps") != std::string::npos);
  }
}

TEST_CASE("a format costs its length, not its fields times something") {
  const std::string keys = "{% set d = {}.fromkeys(range(60000) | map('string') | map('replace', '', 'k', 1)) %}";
  CHECK(outcome(keys + "{% for i in range(2000) %}{{ ''.format_map(d) }}{% endfor %}").ok());
  CHECK(outcome(keys + "{{ ('{k59999}' * 60000).format_map(d) }}").ok());
  std::string named;
  for (int i = 0; i < 15'000; i++) named += str("k", i, "='',");
  refused("{{ ('{k14999}' * 1000000).format(" + named + ") }}", "steps");
  Template::Context c;
  c.messages = {{"user", {{"text", "x"}}, ""}};
  const std::string source =
      "{% set f %}{% for i in range(90000) %}{{ '{0:1}' }}{{ messages[0].content }}{% endfor %}{% endset %}"
      "{{ f.format('') | length }}";
  on_small_stack([&] {
    const auto r = render(source, c);
    REQUIRE(r.ok());
    CHECK(r->text == "180000");
    timespec cpu{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    CHECK(static_cast<double>(cpu.tv_sec) + 1e-9 * static_cast<double>(cpu.tv_nsec) < kSeconds);
  });
}

TEST_CASE("the style of tojson is not copied") {
  ends("{% set s = ' ' * 30000000 %}{{ 1 | tojson(indent=s, separators=[s, s]) }}");
}

TEST_CASE("many names, parameters and arguments cost their number, not its square") {
  std::string parameters, sets, uses;
  for (int i = 0; i < 15'000; i++) {
    parameters += (i ? ",p" : "p") + std::to_string(i);
    if (i < 10'000) sets += "{%set v" + std::to_string(i) + "=1%}";
  }
  ends("{% macro m(" + parameters + ") %}{% endmacro %}{% for i in range(100000) %}{{ m() }}{% endfor %}");
  ends(sets + "{% for i in range(100000) %}{{ nothing }}{{ v0 }}{% endfor %}");
  ends(sets + "{% macro m() %}{{ kwargs }}{% endmacro %}{% for i in range(100000) %}{{ m() }}{% endfor %}");
  ends("{% macro m() %}{{ varargs | length }}{{ m(*varargs) }}{% endmacro %}{{ m(*range(1000)) }}");
  ends(
      "{% macro m() %}{{ m(**d) }}{{ kwargs }}{% endmacro %}{% set d = dict.fromkeys(range(1000) | map('string')) "
      "%}{{ m(**d) }}");
  refused("{{ dict(*range(1001)) }}", "1001 arguments");
  refused("{{ dict(**{}.fromkeys(range(1001) | map('string'))) }}", "1001 arguments");
  ends("{% set ns = namespace() %}{% for i in range(100000) %}{% set ns.x = i %}{% endfor %}");
}

TEST_CASE("the largest sources take little memory") {
  const size_t most = TemplateLimits().source_bytes;
  for (const std::string unit :
       {"{{a}}", "{{1}}", "{%set a=1%}", "{%if a%}{%endif%}", "{#", "{", "a{{a}}", "{{a}}{{b}}"}) {
    ends(repeat(unit, most / unit.size()));
  }
  for (const std::string unit :
       {"1,", "[],", "{},", "a,", "a+", "a|e,", "-1,", "'',", "a.b,", "a[1],", "a(),", "a if b,", "a is b,", "''"}) {
    ends("{{ [" + repeat(unit, (most - 20) / unit.size()) + "1] }}");
  }
  ends("{{ '" + repeat("\\n", most / 2 - 10) + "' }}");
}

TEST_CASE("a value that holds itself many times over cannot be hashed for ever") {
  const std::string wide =
      "{% set ns = namespace(x=(1,)) %}{% for i in range(60) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}";
  refused(wide + "{{ {ns.x: 1} }}", "steps");
  refused(wide + "{{ ns.x is filter }}", "steps");
  refused(wide + "{{ [ns.x, ns.x] | unique | list }}", "steps");
  refused(wide + "{{ ns.x | urlencode }}", "");
}

TEST_CASE("fields, tabs and codes that swell are refused or fit the budget") {
  refused("{{ 'a\tb'.expandtabs(9223372036854775807) }}", "bytes");
  refused("{{ '%.1000000000d' % 1 }}", "");
  refused("{{ '%.1000000000f' % 1.5 }}", "");
  refused("{{ '{:.1000000000f}'.format(1.5) }}", "");
  refused("{{ '{:01000000000,}'.format(1) }}", "");
  refused("{% for i in range(100000) %}{{ '%9999d' % 1 }}{% endfor %}", "bytes");
  refused("{{ ('\u4f60' * 5000000) | urlencode }}", "bytes");
  refused("{{ ('<' * 10000000) | escape }}", "bytes");
  refused("{{ {'a': '<' * 10000000} | xmlattr }}", "bytes");
  refused("{{ [1] | batch(1000000000, 1) | list }}", "");
  refused("{{ [1] | slice(1000000000) | list }}", "");
  refused("{{ range(100000) | map('string') | map('center', 10000) | join }}", "bytes");
}

TEST_CASE("marks that alternate byte by byte, in many nested generation blocks, are counted") {
  Template::Context c;
  c.messages = {{"user", {{"text", "x"}}, ""}};
  const std::string inner = "{% for i in range(90000) %}a{{ messages[0].content }}{% endfor %}";
  const std::string source = repeat("{% generation %}", 60) + inner + repeat("{% endgeneration %}", 60);
  const MemoryWatch memory;
  on_small_stack([&] {
    const auto r = render(source, c);
    REQUIRE(r.ok());
    CHECK(r->text.size() == 180'000);
    CHECK(r->generated.size() == 1);
    CHECK(r->trusted.size() == 90'000);
    timespec cpu{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    CHECK(static_cast<double>(cpu.tv_sec) + 1e-9 * static_cast<double>(cpu.tv_nsec) < kSeconds);
  });
  CHECK(memory.peak() < kMemory);
}

TEST_CASE("no value leads to the machine") {
  for (const std::string expression : {"''.__class__.__mro__[1].__subclasses__()",
                                       "messages.__class__",
                                       "(1).__class__.__base__",
                                       "{}.__init__.__globals__",
                                       "cycler.__init__.__globals__",
                                       "lipsum.__globals__['os']",
                                       "''|attr('__class__')",
                                       "'{0.__class__}'.format(1)",
                                       "'%(__class__)s' % {}",
                                       "self.__init__",
                                       "joiner.__init__.__globals__.os",
                                       "namespace.__init__",
                                       "raise_exception.__globals__",
                                       "range.__self__",
                                       "messages|map(attribute='__class__')|list|first",
                                       "config",
                                       "request",
                                       "get_flashed_messages",
                                       "[].append(1)",
                                       "{}.update({'a': 1})",
                                       "messages.__len__()"}) {
    const auto r = render("{{ " + expression + " }}");
    CAPTURE(expression);
    if (r.ok()) CHECK(r->text == "");
  }
  for (const std::string statement : {"include '/etc/passwd'", "import 'os' as os", "from 'os' import system",
                                      "extends 'base'", "block x", "autoescape true", "do x.append(1)", "debug"}) {
    const auto r = render("{% " + statement + " %}");
    CAPTURE(statement);
    CHECK_FALSE(r.ok());
  }
}

TEST_CASE("limits are the caller's") {
  CHECK_FALSE(outcome("{% for i in range(100) %}{% endfor %}", {.steps = 50}).ok());
  CHECK_FALSE(outcome("{{ ((((1)))) }}", {.depth = 3}).ok());
  CHECK_FALSE(outcome("{{ 'x' * 2000 }}", {.bytes = 1000}).ok());
  CHECK(outcome("{{ 'x' * 2000 }}").ok());
}
