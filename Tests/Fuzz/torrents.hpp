// Small torrents for the targets, built through the API, the same in every process.
#pragma once

#include "check.hpp"

#include <string>
#include <vector>

struct small_torrent {
    clt_metainfo *metainfo = nullptr;
    clt_metainfo_summary summary{};
};

// `files` of `file_size` bytes each; a single file where that is 1. `hashes` is 20 bytes a piece of 16 KiB,
// or empty for any.
inline small_torrent make_torrent(std::string const &name, unsigned files, uint64_t file_size,
                                  std::vector<uint8_t> hashes = {}) {
    constexpr uint64_t piece_length = 16 * 1024;
    hashes.resize((files * file_size + piece_length - 1) / piece_length * 20, 7);
    std::vector<std::string> paths;
    std::vector<clt_file> entries;
    for (unsigned i = 0; i < files; ++i)
        paths.push_back(files == 1 ? name : "file " + std::to_string(i));
    for (std::string const &path : paths) {
        clt_file file{};
        file.struct_size = sizeof(file);
        file.size = file_size;
        file.path = path.data();
        file.path_length = path.size();
        entries.push_back(file);
    }
    clt_build_options options{};
    options.struct_size = sizeof(options);
    options.is_private = 1;
    options.name = name.data();
    options.name_length = name.size();
    options.single_file = files == 1;
    options.piece_length = piece_length;
    options.files = entries.data();
    options.file_count = entries.size();
    options.piece_hashes = hashes.data();
    options.piece_hashes_length = hashes.size();
    clt_bytes *bytes = nullptr;
    expect(clt_build_torrent(&options, &bytes, nullptr) == CLT_OK);
    size_t length = 0;
    uint8_t const *data = clt_bytes_data(bytes, &length);
    small_torrent out;
    expect(clt_metainfo_parse(data, length, nullptr, &out.metainfo, nullptr) == CLT_OK);
    clt_bytes_free(bytes);
    out.summary.struct_size = sizeof(out.summary);
    expect(clt_metainfo_get_summary(out.metainfo, &out.summary, nullptr) == CLT_OK);
    return out;
}
