// A shared library loaded at run time. The only place that knows how a platform does that.
#pragma once
#include <string>

#include "base/status.h"

namespace infer {

// Loaded libraries stay loaded until the process ends: drivers keep threads and thread-local data that make unloading
// unsafe.
class Library {
 public:
  // path: UTF-8. Made absolute first: the system's search path and the current folder are never searched for it.
  static Result<Library> open(const std::string& path);
  // nullptr when it exports no such symbol.
  void* symbol(const char* name) const;

 private:
  explicit Library(void* handle) : handle_(handle) {}
  void* handle_;  // the system's
};

}  // namespace infer
