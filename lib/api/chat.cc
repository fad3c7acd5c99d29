#include "api/chat.h"

#include <chrono>
#include <cstring>

#include "api/guard.h"
#include "api/structs.h"
#include "base/utf8.h"

namespace infer::api {
namespace {

constexpr int64_t kMostParts = 1 << 20;

std::string piece_of(const text::Tokenizer& tokenizer, int32_t id) {
  std::string out;
  if (id >= 0 && id < tokenizer.n_vocab()) tokenizer.append_piece(id, /*special=*/true, /*first=*/false, out);
  return out;
}

}  // namespace

Status add_messages(const infer_part* parts, int64_t n_parts, std::vector<text::Message>& messages) {
  if (n_parts < 1 || n_parts > kMostParts)
    return Status::invalid(str("n_parts is ", n_parts, "; a chat has 1..", kMostParts));
  TRY(need(parts, "parts"));
  uint32_t stride = 0;  // the caller's sizeof(infer_part)
  std::memcpy(&stride, parts, sizeof stride);
  for (int64_t i = 0; i < n_parts; ++i) {
    const std::string where = str("parts[", i, "]");
    infer_part part{};
    const char* at = reinterpret_cast<const char*>(parts) + static_cast<uint64_t>(i) * stride;
    TRY(read_struct(reinterpret_cast<const infer_part*>(at), where, part));
    if (part.struct_size != stride)
      return Status(INFER_E_ABI, str(where, ".struct_size is ", part.struct_size, ", that of parts[0] is ", stride),
                    "all parts have one size");
    TRY(need(part.kind, str(where, ".kind")));
    TRY(need(part.data, str(where, ".data")));
    if (std::string_view(part.kind) != "text") {
      return Status::unsupported(
          str(where, " is of kind '", std::string_view(part.kind).substr(0, 64), "'; this version takes 'text'"),
          "leave it out");
    }
    const std::string_view data =
        part.len < 0 ? std::string_view(part.data) : std::string_view(part.data, static_cast<size_t>(part.len));
    if (!valid_utf8(data)) return Status::invalid(str(where, ".data is not UTF-8"));
    if (part.role) {
      messages.emplace_back().role = part.role;
    } else if (messages.empty()) {
      return Status::invalid("parts[0] has no role", "the first part begins a message: give it a role");
    }
    messages.back().parts.push_back({"text", std::string(data)});
  }
  return {};
}

int64_t time_of(const Settings& settings) {
  if (const int64_t now = settings.integer(Key::chat_now); now >= 0) return now;
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

Result<text::Template::Context> chat_context(const Loaded& model, const Settings& settings) {
  text::Template::Context context;
  context.add_generation_prompt = settings.flag(Key::chat_generate);
  if (model.tokenizer.ok()) {
    const text::Tokenizer& t = **model.tokenizer;
    context.bos_token = piece_of(t, t.data().bos);
    context.eos_token = piece_of(t, t.data().eos);
  }
  for (const std::string& entry : settings.list(Key::chat_variable)) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Status::invalid(str("option 'chat.variable': '", entry.substr(0, 64), "' is not name=JSON"),
                             "write for example enable_thinking=false");
    }
    context.extra_json[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  context.now = time_of(settings);
  return context;
}

Result<text::Rendered> render_chat(const Loaded& model, std::vector<text::Message> messages, const Settings& settings) {
  TRY(model.chat.status());
  TRY_SET(text::Template::Context context, chat_context(model, settings));
  context.messages = std::move(messages);
  return render_chat(model, context);
}

Result<text::Rendered> render_chat(const Loaded& model, const text::Template::Context& context) {
  TRY(model.chat.status());
  auto rendered = (*model.chat)->render(context);
  if (!rendered.ok()) return rendered.status().in("the chat template");
  return rendered;
}

Result<std::vector<int32_t>> encode_chat(const Loaded& model, const text::Rendered& prompt) {
  TRY(model.tokenizer.status());
  const text::Tokenizer& tokenizer = **model.tokenizer;
  std::vector<text::Range> trusted;
  trusted.reserve(prompt.trusted.size());
  for (const auto& span : prompt.trusted) trusted.push_back({span.begin, span.end});
  // A template writes BOS itself or leaves it to the tokenizer. The tokenizer adds it when the model wants it and the
  // template has not; what the model wants after a text (EOS) has no place before an answer.
  std::vector<int32_t> ids;
  TRY(tokenizer.encode(prompt.text, /*add_special=*/false, trusted, ids));
  const std::span<const int32_t> before = tokenizer.before();
  if (tokenizer.adds_bos() && (ids.empty() || ids.front() != before.front()))
    ids.insert(ids.begin(), before.begin(), before.end());
  return ids;
}

}  // namespace infer::api
