// What reads the calls of one section of an answer, byte by byte, whatever their notation, and whom it tells.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/json_tree.h"
#include "text/tools/format.h"

namespace infer::text::tools {

inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

class CallSink {
 public:
  // False: such a call is not taken. id: empty if the format has none.
  virtual bool begin(std::string name, std::string id) = 0;
  virtual void arguments(std::string_view json) = 0;  // more of the object
  virtual bool end() = 0;                             // false: what was read cannot be a call
  // All that was read is part of complete calls, or between them.
  virtual void settled() = 0;
  // The schema of a parameter of the call; null if nothing is known.
  virtual const Json* schema(std::string_view key) const = 0;

 protected:
  ~CallSink() = default;
};

class CallReader {
 public:
  enum class Step : uint8_t {
    kMore,
    kDone,   // the section ends with this byte
    kLeave,  // it was over held() bytes before this one, or what came since the last call is none
  };
  virtual ~CallReader() = default;
  virtual Step take(char c) = 0;
  // Bytes, the newest, which could have become a mark.
  virtual size_t held() const = 0;

  // The reader of a section whose begin was just read. name: of its one call, if that stood before.
  static std::unique_ptr<CallReader> make(const CallSyntax& syntax, CallSink& sink, std::string name = {});
};

std::unique_ptr<CallReader> make_object_reader(const CallSyntax&, CallSink&);
std::unique_ptr<CallReader> make_tag_reader(const CallSyntax&, CallSink&, std::string name);
std::unique_ptr<CallReader> make_literal_reader(const CallSyntax&, CallSink&);

}  // namespace infer::text::tools
