#include "file_names.hpp"
#include "error.hpp"
#include "names.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace clt {

namespace {

[[noreturn]] void refuse(lt::file_index_t file, std::string const &path, std::string const &why) {
    throw failure(CLT_INVALID_ARGUMENT, "\"" + clean_text(path, 300) + "\" " + why, 0,
                  static_cast<int>(file));
}

// The one entry in the save folder; is it a folder?
std::pair<std::string, bool> top_of(lt::file_storage const &files) {
    for (auto const i : files.file_range()) {
        if (files.pad_file_at(i)) continue;
        std::string const path = files.file_path(i);
        size_t const slash = path.find('/');
        return {path.substr(0, slash), slash != std::string::npos};
    }
    return {};
}

void check_name(lt::file_storage const &files, lt::file_index_t file, std::string const &path,
                std::string const &top, bool is_folder) {
    if (file < lt::file_index_t(0) || file >= files.end_file() || files.pad_file_at(file))
        throw failure(CLT_INVALID_ARGUMENT, "there is no file of that index", 0, static_cast<int>(file));
    if (path.size() > max_path) refuse(file, path, "is longer than " + std::to_string(max_path) + " bytes");
    size_t count = 0;
    for (size_t start = 0; start <= path.size(); ++count) {
        size_t const end = std::min(path.find('/', start), path.size());
        std::string const part = path.substr(start, end - start);
        if (part.empty()) refuse(file, path, "has an empty component");
        if (part.find('\\') != std::string::npos || clean_component(part) != part)
            refuse(file, path, "has a component that no file of a torrent may have");
        start = end + 1;
    }
    if (is_folder && (count < 2 || path.compare(0, top.size() + 1, top + '/') != 0))
        refuse(file, path, "is not in the torrent's folder, \"" + clean_text(top, 300) + "/\"");
    if (!is_folder && count != 1) refuse(file, path, "is no name alone, as the one file of a torrent has it");
    if (!is_folder && path.front() == '.') refuse(file, path, "begins with a dot");
}

} // namespace

lt::file_storage with_names(lt::file_storage const &files, file_names const &names) {
    auto const [top, is_folder] = top_of(files);
    lt::file_storage out = files;
    for (auto const &[file, path] : names) {
        check_name(files, file, path, top, is_folder);
        out.rename_file(file, path);
    }
    std::vector<std::string> paths;
    for (auto const i : out.file_range())
        if (!out.pad_file_at(i)) paths.push_back(out.file_path(i));
    unique_paths unique(paths);
    for (std::string const &path : paths)
        if (unique.claim(path) != path)
            throw failure(CLT_IO,
                          "\"" + clean_text(path, 300) +
                              "\" is the name of another file or folder of the torrent",
                          EEXIST);
    return out;
}

} // namespace clt
