#pragma once

#include <algorithm>
#include <cstring>

namespace clt {

template <typename T> T read_struct(T const *from) {
    require(from != nullptr && from->struct_size >= sizeof(uint32_t),
            "struct is NULL or struct_size is not set");
    T value{};
    std::memcpy(&value, from, std::min<size_t>(from->struct_size, sizeof(T)));
    return value;
}

template <typename T> void write_struct(T *to, T const &value) {
    require(to != nullptr && to->struct_size >= sizeof(uint32_t), "struct is NULL or struct_size is not set");
    uint32_t const size = to->struct_size;
    std::memcpy(to, &value, std::min<size_t>(size, sizeof(T)));
    to->struct_size = size;
}

} // namespace clt
