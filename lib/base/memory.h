// What the system is asked and told about memory.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace infer {

// Bytes that this process may still use without pushing others out, limits of its container included; 0: not known.
int64_t free_memory();

// These bytes of a file that is mapped read-only will hardly be read again: their pages need not stay. A hint. Reading
// them still works. Never for other memory, which would lose what it holds.
void forget_mapped(std::span<const std::byte> bytes);

// What these bytes hold is not needed any more: afterwards they read as zeros or as before, and the system may use
// their memory until they are written again. Of memory that this process allocated. Returns the bytes that the system
// got back; what was never touched had none.
int64_t give_back(std::span<std::byte> bytes);

}  // namespace infer
