// The names that are made on disk, and text that is shown: what a stranger wrote, made harmless.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace clt {

// Bytes of a path below the save folder: leaves room for that below PATH_MAX.
constexpr size_t max_path = 3072;

// The rule for one component of a path, applied on top of the engine's own cleaning (which drops '/', '\',
// seven bidirectional controls and the components "." and "..", turns control characters into '_', and cuts
// at about 250 bytes, but lets "...", ".. " and " .." pass, and in one case "..": a last component that was
// dropped because it is "..", after a folder whose name ends in two dots, comes back as the file's name):
//
// - valid UTF-8; each byte that is not becomes '_'
// - no control character (C0, DEL, C1), line or paragraph separator, byte-order mark, or character that
// changes the
//   direction of writing: each becomes '_'
// - never empty, and not made of dots, spaces and invisible characters alone: else it becomes "_"
// - at most 255 bytes, cut at a character boundary, a short extension kept
//
// Left alone, since they are ordinary names on Linux: leading '-' and '~', trailing dots and spaces, a
// leading dot below the top level. Whoever hands names to a shell must quote them.
std::string clean_component(std::string_view component);

// Text for people: as above, but with no limit on what it is made of, and cut at `max_bytes`.
std::string clean_text(std::string_view text, size_t max_bytes);

// Makes paths unique. Comparison is by bytes: a file system that folds case is not catered for. A path that
// is taken, by a file or as a folder, gets ".1", ".2" … before its extension.
class unique_paths {
public:
    // All the paths there will be, so that no file takes the place of a folder.
    explicit unique_paths(std::vector<std::string> const &paths);
    std::string claim(std::string const &path);

private:
    bool is_free(std::string const &path) const;

    std::unordered_set<std::string> folders_;
    std::unordered_set<std::string> files_;
    std::unordered_map<std::string, unsigned> next_number_; // so that n equal names cost n tries, not n²
};

} // namespace clt
