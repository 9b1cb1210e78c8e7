// How much room a file system has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/statvfs.h>

namespace clt {

// Bytes that a process without privileges may still write where `folder` is, or would be once it is made.
// None where that cannot be told. May wait for the file system.
std::optional<uint64_t> free_room_at(std::string folder) noexcept;

// The same of what statvfs(2) said; as many as there can be where the file system claims more.
uint64_t free_room_of(struct statvfs const &room) noexcept;

} // namespace clt
