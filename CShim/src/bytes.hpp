// Owned, immutable bytes handed to the caller.
#pragma once

#include "clibtorrent.h"

#include <libtorrent/bitfield.hpp>
#include <libtorrent/span.hpp>

#include <string>
#include <vector>

struct clt_bytes {
    std::vector<char> data;
};

namespace clt {
// A borrowed text of the caller's; NULL with length 0 is empty, any other NULL is an error.
std::string text_in(char const *text, size_t length, char const *what);
// Borrowed bytes of the caller's; NULL with length 0 is none, any other NULL is an error.
libtorrent::span<char const> bytes_in(uint8_t const *bytes, size_t length);
// A bit each, the first in the highest bit of the first byte (as in BEP 3's bitfield).
std::vector<char> bits_out(libtorrent::bitfield const &bits);
} // namespace clt
