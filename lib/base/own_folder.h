// Where the file lies that this code was loaded from.
#pragma once
#include <string>

namespace infer {

// Folder of the shared library (of the program, when linked statically), UTF-8; empty when the system does not tell.
std::string own_folder();

}  // namespace infer
