// A file in the making: filled piece by piece under a name of its own, readable as it fills, then given its real name
// at once. Written by plain writes, never through a mapping: a full disk is an error and no signal.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "base/file.h"

namespace infer {

class NewFile {
 public:
  // Makes path, which must not exist (E_INVALID), with `bytes` bytes of zeros; room for them is taken where the file
  // system can do that, so that a full disk refuses here.
  static Result<std::unique_ptr<NewFile>> make(const std::string& path, int64_t bytes);
  // Goes on with a file that exists, under a name of its own from now on: of several who try, one gets it. What cannot
  // be written to (a link, which is not followed) is removed.
  static Result<std::unique_ptr<NewFile>> take(const std::string& path, const std::string& own);
  virtual ~NewFile() = default;  // removes the file when it got no other name
  virtual Status write(int64_t at, std::span<const std::byte> bytes) = 0;
  virtual Result<std::shared_ptr<const File>> map() const = 0;  // read-only; shows what is written later, too
  // Replaces what has this name. Not flushed to the disk: who reads the file after a power cut must be able to tell.
  virtual Status rename(const std::string& path) = 0;
};

}  // namespace infer
