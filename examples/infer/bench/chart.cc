#include "bench/chart.h"

#include <algorithm>
#include <array>
#include <set>

#include "print.h"

namespace infer::tool {
namespace {

// Told apart by people who see colours differently, on white and on black.
constexpr std::array<const char*, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#8a8a00", "#888888"};
const char* colour(size_t i) { return kColours[i % kColours.size()]; }

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return format("<text x='%.1f' y='%.1f' text-anchor='%s'>", x, y, anchor) + html_escape(text) + "</text>";
}

std::string number_text(double v) {
  return v >= 100 || v == static_cast<double>(static_cast<int64_t>(v)) ? format("%.0f", v) : format("%.3g", v);
}

// A round number not below v: 1, 2 or 5 times a power of ten.
double round_up(double v) {
  double step = 1;
  while (step * 10 <= v) step *= 10;
  while (step > v && step > 1e-6) step /= 10;
  for (const double m : {1.0, 2.0, 5.0, 10.0}) {
    if (step * m >= v) return step * m;
  }
  return step * 10;
}

}  // namespace

std::string html_escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string line_chart(const std::string& x_name, const std::string& y_name, const std::vector<Series>& series) {
  constexpr double kLeft = 60, kTop = 14, kWidth = 430, kHeight = 210, kGrid = 4;
  std::set<double> xs;
  double most = 0;
  for (const Series& s : series) {
    for (const auto& [x, y] : s.points) {
      xs.insert(x);
      most = std::max(most, y);
    }
  }
  if (xs.empty() || most <= 0) return "";
  const double top = round_up(most);
  const auto px = [&](double x) {
    const auto place = static_cast<double>(std::distance(xs.begin(), xs.find(x)));
    return kLeft + kWidth * (xs.size() == 1 ? 0.5 : place / static_cast<double>(xs.size() - 1));
  };
  const auto py = [&](double y) { return kTop + kHeight * (1 - y / top); };
  const double legend = kTop + kHeight + 48;
  std::string out = format("<svg viewBox='0 0 520 %.0f' role='img'>", legend + 18 * static_cast<double>(series.size()));
  for (int i = 0; i <= static_cast<int>(kGrid); ++i) {
    const double y = top * i / kGrid;
    out += format("<line class='grid' x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f'/>", kLeft, kLeft + kWidth, py(y), py(y));
    out += text_at(kLeft - 6, py(y) + 4, "end", number_text(y));
  }
  for (const double x : xs) out += text_at(px(x), kTop + kHeight + 16, "middle", number_text(x));
  out += text_at(kLeft + kWidth / 2, kTop + kHeight + 34, "middle", x_name);
  out += text_at(4, 11, "start", y_name);
  for (size_t i = 0; i < series.size(); ++i) {
    const Series& s = series[i];
    const char* dash = s.peer ? " stroke-dasharray='5 4'" : "";
    std::string points;
    for (const auto& [x, y] : s.points) {
      points += format("%.1f,%.1f ", px(x), py(y));
      out += format("<circle cx='%.1f' cy='%.1f' r='3.5' fill='%s'><title>", px(x), py(y), colour(i)) +
             html_escape(s.name + ": " + number_text(y)) + "</title></circle>";
    }
    out += format("<polyline fill='none' stroke='%s' stroke-width='2'%s points='", colour(i), dash) + points + "'/>";
    const double y = legend + 18 * static_cast<double>(i);
    out += format("<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' stroke='%s' stroke-width='2'%s/>", kLeft, kLeft + 30,
                  y - 4, y - 4, colour(i), dash);
    out += text_at(kLeft + 38, y, "start", s.name);
  }
  return out + "</svg>";
}

std::string bar_chart(const std::vector<Bar>& bars) {
  constexpr double kLeft = 190, kWidth = 470, kEach = 26;
  double most = 0;
  std::vector<std::string> labels;
  for (const Bar& b : bars) {
    double sum = 0;
    for (const auto& [label, size] : b.parts) {
      sum += size;
      if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
    }
    most = std::max(most, sum);
  }
  if (most <= 0) return "";
  const double legend = kEach * static_cast<double>(bars.size()) + 20;
  const size_t rows = (labels.size() + 2) / 3;
  std::string out =
      format("<svg class='wide' viewBox='0 0 800 %.0f' role='img'>", legend + 18 * static_cast<double>(rows));
  for (size_t i = 0; i < bars.size(); ++i) {
    const double y = kEach * static_cast<double>(i);
    double x = kLeft;
    out += text_at(kLeft - 8, y + 17, "end", bars[i].name);
    for (const auto& [label, size] : bars[i].parts) {
      const auto at = static_cast<size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin());
      const double width = kWidth * std::max(0.0, size) / most;
      out += format("<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s'><title>", x, y + 3, width, kEach - 6,
                    colour(at)) +
             html_escape(label + ": " + number_text(size)) + "</title></rect>";
      x += width;
    }
    out += text_at(x + 6, y + 17, "start", bars[i].note);
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    const double x = kLeft + 200 * static_cast<double>(i % 3), y = legend + 18 * static_cast<double>(i / 3);
    out += format("<rect x='%.1f' y='%.1f' width='12' height='12' fill='%s'/>", x, y - 11, colour(i));
    out += text_at(x + 18, y, "start", labels[i]);
  }
  return out + "</svg>";
}

}  // namespace infer::tool
