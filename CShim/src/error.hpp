// The one firewall between C++ exceptions and the C API, and the one place that fills a clt_error.
#pragma once

#include "clibtorrent.h"

#include <boost/system/system_error.hpp>
#include <exception>
#include <string>
#include <string_view>

namespace clt {

// Thrown inside the shim, caught by guard().
struct failure : std::exception {
    failure(clt_code c, std::string m, int err = 0, int file = -1)
        : code(c), message(std::move(m)), system_errno(err), file_index(file) {}
    char const *what() const noexcept override { return message.c_str(); }

    clt_code code;
    std::string message;
    int system_errno;
    int file_index;
};

// Throws INVALID_ARGUMENT unless `condition` holds.
void require(bool condition, char const *what);

// The errno behind an engine error code, or 0 where it is not the system's.
int system_errno_of(boost::system::error_code const &ec) noexcept;

int32_t report(clt_error *error, clt_code code, std::string_view message, int system_errno = 0,
               int file_index = -1) noexcept;
// Call from a catch block only: maps the current exception.
int32_t report_current_exception(clt_error *error) noexcept;

// Every function of the C API that can fail runs inside this.
template <typename Body> int32_t guard(clt_error *error, Body &&body) noexcept {
    try {
        body();
        return CLT_OK;
    } catch (...) {
        return report_current_exception(error);
    }
}

// A struct of the caller's, which may be older and smaller than ours: the rest is zero.
template <typename T> T read_struct(T const *from);
// Writes as much of `value` as the caller's struct has room for, and keeps its struct_size.
template <typename T> void write_struct(T *to, T const &value);

} // namespace clt

#include "error.ipp"
