// Makes durable what was written to the files of a torrent.
#include "beneath.hpp"
#include "bytes.hpp"
#include "error.hpp"
#include "file_identity.hpp"

#include <cerrno>
#include <set>
#include <unistd.h>

namespace {

struct first_failure {
    int error = 0;
    int file = -1;

    void note(int code, uint64_t index) {
        if (error != 0) return;
        error = code;
        file = static_cast<int>(index);
    }
};

int sync_data(int fd) {
    while (::fdatasync(fd) != 0)
        if (errno != EINTR) return errno;
    return 0;
}

// A new name lasts only once the folder that it stands in does.
int sync_folder(int root, std::string const &path) {
    clt::descriptor folder;
    if (int const error = clt::open_folder_beneath(root, path, &folder); error != 0) return error;
    while (::fsync(folder.get()) != 0)
        // Some file systems have nothing to sync in a folder.
        if (errno != EINTR) return errno == EINVAL ? 0 : errno;
    return 0;
}

void add_folders(std::string const &path, std::set<std::string> *out) {
    out->insert("");
    for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
        out->insert(path.substr(0, slash));
}

} // namespace

extern "C" int32_t clt_files_sync(char const *root, size_t root_length, clt_hash_file const *files,
                                  uint64_t file_count, uint8_t const *wanted, size_t wanted_length,
                                  clt_file_identity *out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        using clt::require;
        require(files != nullptr && file_count > 0, "no files");
        require(out != nullptr, "out is NULL");
        require(wanted != nullptr && wanted_length >= (file_count + 7) / 8, "wanted is too short");
        std::string const path = clt::text_in(root, root_length, "root is NULL");
        require(!path.empty() && path.find('\0') == std::string::npos, "root is empty or has a NUL byte");
        clt::descriptor const folder = clt::open_folder(path);
        if (!folder) {
            int const code = errno;
            throw clt::failure(CLT_IO, "the folder cannot be opened", code);
        }

        first_failure failed;
        std::set<std::string> folders;
        uint64_t last_wanted = 0;
        auto const *next = reinterpret_cast<char const *>(files);
        auto *next_out = reinterpret_cast<char *>(out);
        for (uint64_t i = 0; i < file_count; ++i) {
            auto const *raw = reinterpret_cast<clt_hash_file const *>(next);
            clt_hash_file const file = clt::read_struct(raw);
            next += raw->struct_size;
            auto *const to = reinterpret_cast<clt_file_identity *>(next_out);
            next_out += to->struct_size;
            clt_file_identity identity{};
            bool const is_pad = (file.flags & CLT_FILE_PAD) != 0;
            bool const is_wanted = !is_pad && (wanted[i / 8] & (0x80 >> (i % 8))) != 0;
            if (!is_pad) {
                std::string const name = clt::text_in(file.path, file.path_length, "path is NULL");
                require(clt::is_plain_relative_path(name), "a path is not relative and plain");
                struct stat status {};
                int code = 0;
                if (is_wanted) {
                    add_folders(name, &folders);
                    last_wanted = i;
                    clt::descriptor opened;
                    code = clt::open_file_beneath(folder.get(), name, &opened, &status);
                    if (code == 0) code = sync_data(opened.get());
                    // Times may change when delayed writes are carried out.
                    if (code == 0 && ::fstat(opened.get(), &status) != 0) code = errno;
                    if (code != 0) failed.note(code, i);
                } else {
                    code = clt::stat_file_beneath(folder.get(), name, &status);
                }
                if (code == 0) identity = clt::file_identity::of(status).out();
            }
            clt::write_struct(to, identity);
        }
        // From the bottom up: a name lasts before what it stands in does.
        for (auto it = folders.rbegin(); it != folders.rend(); ++it)
            if (int const code = sync_folder(folder.get(), *it); code != 0) failed.note(code, last_wanted);
        if (failed.error != 0)
            throw clt::failure(CLT_IO, "a file could not be made durable", failed.error, failed.file);
    });
}
