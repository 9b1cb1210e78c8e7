#include "error.hpp"

#include <cerrno>
#include <new>
#include <system_error>

namespace clt {

namespace {

// Cut before a character that does not fit whole.
size_t utf8_prefix(std::string_view text, size_t room) {
    if (text.size() <= room) return text.size();
    size_t end = room;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    return end;
}

} // namespace

void require(bool condition, char const *what) {
    if (!condition) throw failure(CLT_INVALID_ARGUMENT, what);
}

int system_errno_of(boost::system::error_code const &ec) noexcept {
    if (ec.category() == boost::system::system_category() ||
        ec.category() == boost::system::generic_category())
        return ec.value();
    return 0;
}

int32_t report(clt_error *error, clt_code code, std::string_view message, int system_errno,
               int file_index) noexcept {
    if (error == nullptr || error->struct_size < sizeof(clt_error)) return code;
    error->code = code;
    error->system_errno = system_errno;
    error->file_index = file_index;
    size_t const length = utf8_prefix(message, sizeof(error->message) - 1);
    std::memcpy(error->message, message.data(), length);
    error->message[length] = '\0';
    return code;
}

int32_t report_current_exception(clt_error *error) noexcept {
    try {
        throw;
    } catch (failure const &e) {
        return report(error, e.code, e.message, e.system_errno, e.file_index);
    } catch (boost::system::system_error const &e) {
        int const err = system_errno_of(e.code());
        return report(error, err != 0 ? CLT_IO : CLT_INTERNAL, e.code().message(), err);
    } catch (std::system_error const &e) {
        return report(error, CLT_IO, e.what(), e.code().value());
    } catch (std::bad_alloc const &) {
        return report(error, CLT_NO_MEMORY, "out of memory", ENOMEM);
    } catch (std::exception const &e) {
        return report(error, CLT_INTERNAL, e.what());
    } catch (...) {
        return report(error, CLT_INTERNAL, "unknown exception");
    }
}

} // namespace clt
