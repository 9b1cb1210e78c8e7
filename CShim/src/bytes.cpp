#include "bytes.hpp"
#include "error.hpp"

namespace clt {

std::string text_in(char const *text, size_t length, char const *what) {
    require(text != nullptr || length == 0, what);
    return length == 0 ? std::string() : std::string(text, length);
}

libtorrent::span<char const> bytes_in(uint8_t const *bytes, size_t length) {
    require(bytes != nullptr || length == 0, "bytes is NULL");
    require(length <= static_cast<size_t>(PTRDIFF_MAX), "length is out of range");
    return {reinterpret_cast<char const *>(bytes), static_cast<ptrdiff_t>(length)};
}

std::vector<char> bits_out(libtorrent::bitfield const &bits) {
    return {bits.data(), bits.data() + (bits.size() + 7) / 8};
}

} // namespace clt

extern "C" {

uint8_t const *clt_bytes_data(clt_bytes const *bytes, size_t *length) noexcept {
    if (length != nullptr) *length = bytes == nullptr ? 0 : bytes->data.size();
    return bytes == nullptr ? nullptr : reinterpret_cast<uint8_t const *>(bytes->data.data());
}

void clt_bytes_free(clt_bytes *bytes) noexcept {
    delete bytes;
}

} // extern "C"
