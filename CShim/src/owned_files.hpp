// Taking names of files away, each only where the very file stands there that it is taken for.
#pragma once

#include "beneath.hpp"
#include "file_identity.hpp"

#include <functional>
#include <string>

namespace clt {

// A lease on a file that nobody has open for writing (F_SETLEASE): while it holds, nobody has written to it.
class write_guard {
public:
    // Of a file that is open for reading only.
    explicit write_guard(int file);
    ~write_guard();
    write_guard(write_guard const &) = delete;
    write_guard &operator=(write_guard const &) = delete;
    bool holds() const;
    // There could be one, but somebody has the file open for writing.
    bool is_refused() const { return is_refused_; }

private:
    int const file_;
    bool const taken_;
    bool const is_refused_;
};

// Removes the name of a regular file below a folder, no link followed. 0 where it is gone, or was not there;
// ESTALE: something else stands there, and stays; or another errno. `is_ours` is asked of what stands there,
// and again once nobody else can put another file in its place.
int remove_file_beneath(int folder, std::string const &path,
                        std::function<bool(file_identity const &)> const &is_ours) noexcept;

// Removes a folder below another, where it is empty. Whether it is gone.
bool remove_empty_folder(int folder, std::string const &path) noexcept;
// Removes the folders above `path`, from the innermost, as long as they are empty; never `folder` itself.
void remove_empty_folders_above(int folder, std::string const &path) noexcept;

} // namespace clt
