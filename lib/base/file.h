// A file's bytes, mapped read-only. The only place that knows how a platform maps files.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"

namespace infer {

// Immutable; shared by whoever points into it. Bytes live as long as the object.
class File {
 public:
  enum class Links { kFollow, kRefuse };  // what to do when the last part of the path is a symbolic link

  // path: UTF-8. Refuses directories, empty files and what is not a regular file, each by a sentence that says what to
  // do. kRefuse is for files whose names were derived and not given by the caller: a link there could lead anywhere.
  static Result<std::shared_ptr<const File>> open(const std::string& path, Links links = Links::kFollow);
  // A window of an open descriptor (an Android asset). The mapping stays when the caller closes the descriptor; its
  // file position is neither used nor moved. length < 0: to the end of the file.
  static Result<std::shared_ptr<const File>> open_fd(int fd, int64_t offset, int64_t length);
  // Borrowed memory: must outlive the object.
  static Result<std::shared_ptr<const File>> from_memory(const void* data, int64_t length);
  virtual ~File() = default;

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::string& name() const { return name_; }  // for messages: the path, or "fd 3", or "memory"

  // Tells this file from others and from itself after a change: size, time of the last change (in the file system's
  // resolution) and window. Empty: nothing can be said (borrowed memory).
  const std::string& stamp() const { return stamp_; }

  // Does the file still have every mapped byte? Reading a mapping beyond a file that another process cut short ends the
  // process (SIGBUS), so whoever is about to read asks first: one fstat. A cut between asking and reading is not
  // caught.
  virtual Status intact() const { return {}; }

  // Copies bytes [at, at + out.size()). Where the system can read a file without its mapping, what was cut meanwhile is
  // an error and nothing worse.
  Status read(int64_t at, std::span<std::byte> out) const;

  // Tells the system that these bytes are needed soon. A hint: never fails.
  virtual void will_need(std::span<const std::byte>) const {}

 protected:
  virtual Status read_inside(int64_t at, std::span<std::byte> out) const;  // by the mapping, unless there is better
  std::span<const std::byte> bytes_;
  std::string name_, stamp_;
};

// Writes a whole file so that readers see the old one or the new one, never half (temporary name, flush, rename).
// Windows refuses to replace a file that someone has mapped.
// The pieces follow each other without a gap.
Status write_file(const std::string& path, std::span<const std::span<const std::byte>> pieces);
inline Status write_file(const std::string& path, std::span<const std::byte> bytes) {
  return write_file(path, std::span(&bytes, 1));
}

}  // namespace infer
