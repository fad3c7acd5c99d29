// What happens when an exception finds no handler inside of this library, which is a fault of it: the default handler
// of the C++ runtime, which is linked into libinfer.so, would print, and with it comes a demangler of 40 KB.
#include <exception>

namespace __gnu_cxx {
void __verbose_terminate_handler() { __builtin_trap(); }
}  // namespace __gnu_cxx
