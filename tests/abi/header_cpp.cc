// The public headers as C++17: infer.h is noexcept, infer.hpp needs no exceptions and moves its handles.
#include <libinfer/backend.h>
#include <libinfer/infer.h>
#include <libinfer/options.h>
#include <libinfer/infer.hpp>

#include <type_traits>

static_assert(noexcept(infer_runtime_new(nullptr, nullptr, nullptr)));
static_assert(std::is_same_v<decltype(INFER_ABI_MAJOR), int>);
static_assert(std::is_move_constructible_v<libinfer::Request> && !std::is_copy_constructible_v<libinfer::Request>);
static_assert(std::is_move_constructible_v<libinfer::Engine> && !std::is_copy_constructible_v<libinfer::Engine>);
static_assert(std::is_move_constructible_v<libinfer::Model> && !std::is_copy_constructible_v<libinfer::Model>);
static_assert(std::is_move_constructible_v<libinfer::Runtime> && !std::is_copy_constructible_v<libinfer::Runtime>);

int main() { return infer_abi_version() >> 16 == INFER_ABI_MAJOR ? 0 : 1; }
