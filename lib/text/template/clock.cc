#include "text/template/clock.h"

#include <algorithm>

namespace infer::text::jinja {

namespace {

constexpr std::string_view kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};

struct Civil {
  int64_t year;
  int month, day, weekday, yearday, hour, minute,
      second;  // month and day from 1, weekday from Sunday = 0, yearday from 1
};

// Days are counted in eras of 400 years that begin on the first of March.
Civil civil(int64_t seconds) {
  int64_t days = seconds / 86400, rest = seconds % 86400;
  if (rest < 0) rest += 86400, days--;
  const int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int64_t day_of_era = shifted - era * 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t m = (5 * day_of_year + 2) / 153;
  Civil c{};
  c.day = static_cast<int>(day_of_year - (153 * m + 2) / 5 + 1);
  c.month = static_cast<int>(m < 10 ? m + 3 : m - 9);
  c.year = year_of_era + era * 400 + (c.month <= 2);
  c.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  const bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
  c.yearday = static_cast<int>(c.month > 2 ? day_of_year + 60 + leap : day_of_year - 305);
  c.hour = static_cast<int>(rest / 3600);
  c.minute = static_cast<int>(rest / 60 % 60);
  c.second = static_cast<int>(rest % 60);
  return c;
}

// At least `width` characters, filled up with `fill`; 0: as short as it is.
std::string padded(int64_t v, size_t width, char fill) {
  std::string s = std::to_string(v);
  return s.size() < width && fill ? std::string(width - s.size(), fill) + s : s;
}

}  // namespace

Result<std::string> format_time(int64_t seconds, std::string_view format) {
  if (format.size() > 1000) return Status::invalid("a date format longer than 1000 bytes");
  constexpr int64_t kFarthest = 253402300799;  // end of the year 9999
  const Civil c = civil(std::clamp<int64_t>(seconds, 0, kFarthest));
  const int hour12 = c.hour % 12 == 0 ? 12 : c.hour % 12;
  std::string out;
  for (size_t i = 0; i < format.size(); i++) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    char fill = '0';
    if (format[i + 1] == '-' && i + 2 < format.size()) fill = 0, i++;
    switch (format[++i]) {
      case 'Y':
        out += std::to_string(c.year);
        break;
      case 'y':
        out += padded(c.year % 100, 2, fill);
        break;
      case 'm':
        out += padded(c.month, 2, fill);
        break;
      case 'd':
        out += padded(c.day, 2, fill);
        break;
      case 'e':
        out += padded(c.day, 2, fill ? ' ' : fill);
        break;
      case 'j':
        out += padded(c.yearday, 3, fill);
        break;
      case 'H':
        out += padded(c.hour, 2, fill);
        break;
      case 'I':
        out += padded(hour12, 2, fill);
        break;
      case 'M':
        out += padded(c.minute, 2, fill);
        break;
      case 'S':
        out += padded(c.second, 2, fill);
        break;
      case 'f':
        out += "000000";
        break;
      case 'p':
        out += c.hour < 12 ? "AM" : "PM";
        break;
      case 'A':
        out += kDays[c.weekday];
        break;
      case 'a':
        out += kDays[c.weekday].substr(0, 3);
        break;
      case 'B':
        out += kMonths[c.month - 1];
        break;
      case 'b':
      case 'h':
        out += kMonths[c.month - 1].substr(0, 3);
        break;
      case 'w':
        out += std::to_string(c.weekday);
        break;
      case 'u':
        out += std::to_string(c.weekday == 0 ? 7 : c.weekday);
        break;
      case 's':
        out += std::to_string(seconds);
        break;
      case 'Z':
        out += "UTC";
        break;
      case 'z':
        out += "+0000";
        break;
      case 'F':
        out += padded(c.year, 4, '0') + '-' + padded(c.month, 2, '0') + '-' + padded(c.day, 2, '0');
        break;
      case 'D':
        out += padded(c.month, 2, '0') + '/' + padded(c.day, 2, '0') + '/' + padded(c.year % 100, 2, '0');
        break;
      case 'T':
        out += padded(c.hour, 2, '0') + ':' + padded(c.minute, 2, '0') + ':' + padded(c.second, 2, '0');
        break;
      case 'R':
        out += padded(c.hour, 2, '0') + ':' + padded(c.minute, 2, '0');
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case '%':
        out += '%';
        break;
      default:
        return Status::unsupported(str("strftime_now does not know the directive %", format[i]));
    }
  }
  return out;
}

}  // namespace infer::text::jinja
