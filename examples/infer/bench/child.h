// A program run to its end, watched: what it printed, how long it took, how much memory it had.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace infer::tool {

struct Child {
  std::string out, err;     // out: at most 4 MiB; err: its last 4 KiB
  double first_byte_s = 0;  // from start to the first byte on stdout; 0: it printed nothing
  double seconds = 0;       // from start to end
  int64_t peak_bytes = 0;   // resident at most; 0: the system does not say
  int exit_code = 0;        // 128 + n: ended by signal n
  const char* broken = "";  // why it was ended by us: "it took too long", "it printed too much"; "" if it was not
  bool ended_well() const { return exit_code == 0 && *broken == '\0'; }
};

// words: program and arguments. library_folder: where the program's shared libraries lie besides the usual places; may
// be empty. Throws Failure when the program cannot be started.
Child run_child(const std::vector<std::string>& words, const std::string& library_folder, double most_seconds);

// A process that keeps one core busy until it is destroyed. Ends with this process, too.
class BusyProcess {
 public:
  BusyProcess();
  ~BusyProcess();
  BusyProcess(const BusyProcess&) = delete;

 private:
  long id_ = -1;
};

}  // namespace infer::tool
