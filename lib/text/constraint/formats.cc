// date, time, date-time (RFC 3339; a second of 60 only at 23:59 UTC written with Z or an offset of 0), duration, uuid,
// ipv4, ipv6, hostname (RFC 1123; four labels, or fifteen short ones; none with hyphens as third and fourth character,
// which are encoded names), email (RFC 5321, also quoted), uri, uri-reference (RFC 3986), iri, iri-reference (RFC
// 3987), uri-template (RFC 6570), json-pointer, relative-json-pointer.
#include "text/constraint/formats.h"

#include "base/status.h"

namespace infer::text::json_schema {
namespace {

std::string group(const std::string& alternatives) { return "(?:" + alternatives + ")"; }

// The days that there are, with those of leap years.
const char kDate[] =
    R"((?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8])))"
    R"(|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29))";
const char kTime[] =
    R"((?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)|23:59:60(?:\.\d+)?(?:[Zz]|[+-]00:00)))";
const char kDuration[] =
    R"(P(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?)"
    R"(|T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S)))";
const char kPointer[] = R"((?:/(?:[^/~]|~[01])*)*)";

std::string ipv4() {
  const std::string part = R"((?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))";
  return part + R"((?:\.)" + part + "){3}";
}

// RFC 3986: so many groups, :: in place of those that are missing, the last two perhaps as in IPv4.
std::string ipv6() {
  const std::string h = "[0-9A-Fa-f]{1,4}", last = group(h + ":" + h + "|" + ipv4());
  std::string all = str("(?:", h, ":){6}", last, "|::(?:", h, ":){5}", last);
  for (int before = 1; before <= 5; ++before)
    all += str("|(?:(?:", h, ":){0,", before - 1, "}", h, ")?::(?:", h, ":){", 5 - before, "}", last);
  all += str("|(?:(?:", h, ":){0,5}", h, ")?::", h, "|(?:(?:", h, ":){0,6}", h, ")?::");
  return group(all);
}

// A label of at most `most` characters. At most 253 in all.
std::string label(int most) {
  return str("[a-zA-Z0-9](?:[a-zA-Z0-9]|[a-zA-Z0-9-][a-zA-Z0-9]|[a-zA-Z0-9-]{2}[a-zA-Z0-9]|",
             "[a-zA-Z0-9-](?:[a-zA-Z0-9][a-zA-Z0-9-]|-[a-zA-Z0-9])[a-zA-Z0-9-]{0,", most - 5, "}[a-zA-Z0-9])?");
}
std::string hostname() {
  return group(str(label(61), R"((?:\.)", label(63), "){0,3}|", label(15), R"((?:\.)", label(15), "){4,14}"));
}

std::string email() {
  const std::string atom = R"([a-zA-Z0-9!#$%&'*+/=?^_`{|}~\-]+)";
  return str("(?:", atom, R"((?:\.)", atom, R"()*|"(?:[ !#-\[\]-~]|\\[ -~])*")@(?:)", hostname(), R"(|\[)", ipv4(),
             R"(\]|\[IPv6:)", ipv6(), R"(\]))");
}

// RFC 3986, appendix A; RFC 3987, 2.2, has more letters.
std::string uri(bool reference, bool international) {
  const std::string more = international
                               ? R"(\u{a0}-\u{d7ff}\u{f900}-\u{fdcf}\u{fdf0}-\u{ffef}\u{10000}-\u{1fffd})"
                                 R"(\u{20000}-\u{2fffd}\u{30000}-\u{3fffd}\u{40000}-\u{dfffd}\u{e1000}-\u{efffd})"
                               : "";
  const std::string letters = R"(a-zA-Z0-9._~!$&'()*+,;=\-)" + more, percent = "%[0-9A-Fa-f]{2}";
  const std::string pchar = group("[" + letters + ":@]|" + percent), no_colon = group("[" + letters + "@]|" + percent);
  const std::string extra = international ? R"(\u{e000}-\u{f8ff}\u{f0000}-\u{ffffd}\u{100000}-\u{10fffd})" : "";
  const std::string host = str(R"((?:\[(?:)", ipv6(), R"(|[vV][0-9A-Fa-f]+\.[a-zA-Z0-9._~!$&'()*+,;=:\-]+)\]|(?:[)",
                               letters, "]|", percent, ")*)");
  const std::string authority = str("(?:(?:[", letters, ":]|", percent, ")*@)?", host, "(?::[0-9]*)?");
  const std::string below = str("(?:/", pchar, "*)*"), rooted = str("/(?:", pchar, "+", below, ")?");
  const std::string end =
      str(R"((?:\?(?:[)", letters, ":@/?", extra, "]|", percent, ")*)?(?:#(?:[", letters, ":@/?]|", percent, ")*)?");
  const std::string whole =
      str("[a-zA-Z][a-zA-Z0-9+.-]*:(?://", authority, below, "|", rooted, "|", pchar, "+", below, ")?");
  if (!reference) return whole + end;
  return str("(?:", whole, "|(?://", authority, below, "|", rooted, "|", no_colon, "+", below, ")?)", end);
}

std::string uri_template() {
  const std::string varchar = "(?:[a-zA-Z0-9_]|%[0-9A-Fa-f]{2})";
  const std::string name = str(varchar, R"((?:\.?)", varchar, R"()*(?::[1-9]\d{0,3}|\*)?)");
  return str(
      R"((?:[!#$&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~\u{a0}-\u{d7ff}\u{e000}-\u{ffef}\u{10000}-\u{1fffd}]|%[0-9A-Fa-f]{2}|)",
      R"(\{[+#./;?&=,!@|]?)", name, "(?:,", name, R"()*\})*)");
}

}  // namespace

std::optional<std::string> format_pattern(std::string_view name) {
  if (name == "date") return kDate;
  if (name == "time") return kTime;
  if (name == "date-time") return str(kDate, "[Tt]", kTime);
  if (name == "duration") return kDuration;
  if (name == "uuid") return R"([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})";
  if (name == "ipv4") return ipv4();
  if (name == "ipv6") return ipv6();
  if (name == "hostname") return hostname();
  if (name == "email") return email();
  if (name == "uri") return uri(false, false);
  if (name == "uri-reference") return uri(true, false);
  if (name == "iri") return uri(false, true);
  if (name == "iri-reference") return uri(true, true);
  if (name == "uri-template") return uri_template();
  if (name == "json-pointer") return kPointer;
  if (name == "relative-json-pointer") return str("(?:0|[1-9][0-9]*)(?:#|", kPointer, ")");
  return std::nullopt;
}

}  // namespace infer::text::json_schema
