// Writes a v1 .torrent (BEP 3) from what has been hashed.
#include "beneath.hpp"
#include "bytes.hpp"
#include "error.hpp"

#include <climits>
#include <libtorrent/bencode.hpp>
#include <libtorrent/create_torrent.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/file_storage.hpp>

namespace clt {

namespace {

void check(clt_build_options const &options, std::string const &name) {
    uint64_t const length = options.piece_length;
    require(length >= 16 * 1024 && length <= 16 * 1024 * 1024 && (length & (length - 1)) == 0,
            "piece_length is not a power of two from 16 KiB to 16 MiB");
    require(is_plain_relative_path(name) && name.find('/') == std::string::npos, "name is no file name");
    require(options.files != nullptr && options.file_count > 0 && options.file_count < INT_MAX, "no files");
    require(options.single_file == 0 || options.file_count == 1,
            "single_file is set, but there are more files");
    require(options.piece_hashes != nullptr || options.piece_hashes_length == 0, "piece_hashes is NULL");
    require(options.creation_date >= 0, "creation_date is before 1970");
}

lt::file_storage storage_of(clt_build_options const &options, std::string const &name) {
    lt::file_storage storage;
    uint64_t total = 0;
    auto const *next = reinterpret_cast<char const *>(options.files);
    for (uint64_t i = 0; i < options.file_count; ++i) {
        auto const *raw = reinterpret_cast<clt_file const *>(next);
        clt_file const file = read_struct(raw);
        next += raw->struct_size; // of the caller's header
        std::string path = name;
        if (options.single_file == 0) {
            std::string const relative = text_in(file.path, file.path_length, "path is NULL");
            require(is_plain_relative_path(relative), "a path is not relative and plain");
            path.append("/").append(relative);
        }
        constexpr auto most = static_cast<uint64_t>(lt::file_storage::max_file_size);
        if (file.size > most || (total += file.size) > most)
            throw failure(CLT_LIMIT, "the content is too large");
        lt::file_flags_t const flags =
            (file.flags & CLT_FILE_EXECUTABLE) != 0 ? lt::file_storage::flag_executable : lt::file_flags_t{};
        storage.add_file(path, static_cast<int64_t>(file.size), flags);
    }
    require(total > 0, "there is no content");
    return storage;
}

std::vector<char> build(clt_build_options const &options) {
    std::string const name = text_in(options.name, options.name_length, "name is NULL");
    check(options, name);
    lt::file_storage storage = storage_of(options, name);
    lt::create_torrent creator(storage, static_cast<int>(options.piece_length), lt::create_torrent::v1_only);
    require(options.piece_hashes_length == static_cast<size_t>(creator.num_pieces()) * 20,
            "piece_hashes does not have 20 bytes for each piece");
    auto const *hash = reinterpret_cast<char const *>(options.piece_hashes);
    for (auto const piece : storage.piece_range()) {
        creator.set_hash(piece, lt::sha1_hash(hash));
        hash += 20;
    }
    creator.set_priv(options.is_private != 0);
    // 0 leaves it out; the engine's default is now, which would make each run's bytes differ.
    creator.set_creation_date(static_cast<std::time_t>(options.creation_date));
    std::string const by = text_in(options.created_by, options.created_by_length, "created_by is NULL");
    if (!by.empty()) creator.set_creator(by.c_str());
    return creator.generate_buf();
}

} // namespace

} // namespace clt

extern "C" {

int32_t clt_build_torrent(clt_build_options const *options, clt_bytes **out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr, "out is NULL");
        *out = new clt_bytes{clt::build(clt::read_struct(options))};
    });
}

} // extern "C"
