// File names are UTF-8, whatever the environment says.
//
// libtorrent 2.0.8 converts names to the locale unless LANG ends in ".UTF-8", and decides so once, at the
// first name that it meets. Without LANG, as in a container or under systemd, the locale of a program that
// never called setlocale is "C": every character beyond ASCII became a dot, and such files could neither be
// found nor made. So the first name is met here, before main and before there is a second thread that could
// read the environment meanwhile.
#include <libtorrent/create_torrent.hpp>
#include <libtorrent/file_storage.hpp>

#include <cstdlib>
#include <string>

namespace {

bool says_utf8(char const *lang) {
    std::string const text = lang == nullptr ? "" : lang;
    std::string const suffix = ".UTF-8";
    return text.size() >= suffix.size() &&
           text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

__attribute__((constructor)) void meet_the_first_name() {
    char const *const lang = std::getenv("LANG");
    if (says_utf8(lang)) return;
    bool const was_set = lang != nullptr;
    std::string const before = was_set ? lang : "";
    ::setenv("LANG", "C.UTF-8", 1);
    try {
        lt::file_storage files;
        lt::add_files(files, "/dev/null"); // not a file that is added: only looked at
    } catch (...) {
        // Looked at all the same.
    }
    if (was_set)
        ::setenv("LANG", before.c_str(), 1);
    else
        ::unsetenv("LANG");
}

} // namespace
