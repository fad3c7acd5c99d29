// The tables of filters, by what they work on. find_filter (call.h) looks through them.
#pragma once
#include <span>

#include "text/template/call.h"

namespace infer::text::jinja {

std::span<const Entry> text_filters();
std::span<const Entry> list_filters();  // sequences and dicts
std::span<const Entry> number_filters();
std::span<const Entry> web_filters();

}  // namespace infer::text::jinja
