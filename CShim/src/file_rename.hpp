// Giving one file another name, so that at each moment it stands under one of the two.
#pragma once

#include "file_identity.hpp"
#include "sealed_files.hpp"

#include <functional>
#include <optional>
#include <string>

namespace clt {

// Does nothing stand there? A fault (EEXIST) says what does.
file_fault is_free_beneath(int folder, std::string const &path);

// Gives a regular file below a folder another name, no link followed: both names first, made durable, then
// the new one alone; where there can be no second name, in one step. Folders are made where they are missing,
// and the old ones removed where they are then empty. Nothing that stands there already is touched (EEXIST),
// but the very file: what a crash cut off is brought to its end so. With a fault it has its old name.
// `is_ours` is asked of the file first. `is_exact`: its content is vouched for, so nobody may write to it
// meanwhile. `now`: who it is afterwards; none where it was not there, and only its new name is free.
file_fault rename_file_beneath(int folder, std::string const &from, std::string const &to,
                               std::function<bool(file_identity const &)> const &is_ours, bool is_exact,
                               std::optional<file_identity> *now);

} // namespace clt
