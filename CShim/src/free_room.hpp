// How much room a file system has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace clt {

// Bytes that a process without privileges may still write where `folder` is, or would be once it is made.
// None where that cannot be told. May wait for the file system.
std::optional<uint64_t> free_room_at(std::string folder) noexcept;

} // namespace clt
