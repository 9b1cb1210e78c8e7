// What the targets share: a condition that must hold, and the promises of clibtorrent.h about a metainfo.
#pragma once

#include "clibtorrent.h"

#include <cstdlib>
#include <cstring>
#include <set>
#include <string>

inline void expect(bool condition) {
    if (!condition) std::abort();
}

inline void check_component(std::string const &part) {
    expect(!part.empty() && part.size() <= 255);
    expect(part.find_first_not_of(". ") != std::string::npos);
    for (char const c : part)
        expect(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

inline void check_metainfo(clt_metainfo *metainfo) {
    clt_metainfo_summary summary{};
    summary.struct_size = sizeof(summary);
    expect(clt_metainfo_get_summary(metainfo, &summary, nullptr) == CLT_OK);
    std::string const name(summary.name, summary.name_length);
    check_component(name);
    expect(name.find('/') == std::string::npos && summary.size > 0 && summary.file_count > 0);

    std::set<std::string> files, folders;
    for (uint64_t i = 0; i < summary.file_count; ++i) {
        clt_file file{};
        file.struct_size = sizeof(file);
        expect(clt_metainfo_get_file(metainfo, i, &file, nullptr) == CLT_OK);
        std::string const path(file.path, file.path_length);
        expect(path == name || path.compare(0, name.size() + 1, name + "/") == 0);
        for (size_t start = 0, end = 0; end != std::string::npos; start = end + 1) {
            end = path.find('/', start);
            check_component(path.substr(start, end == std::string::npos ? end : end - start));
            if (end != std::string::npos && (file.flags & CLT_FILE_PAD) == 0)
                folders.insert(path.substr(0, end));
        }
        if ((file.flags & CLT_FILE_PAD) == 0) expect(files.insert(path).second);
    }
    for (auto const &file : files)
        expect(folders.count(file) == 0);

    uint8_t const *bytes = nullptr;
    size_t length = 0;
    if (clt_metainfo_get_piece_hashes(metainfo, &bytes, &length, nullptr) == CLT_OK) {
        uint8_t sum = 0;
        for (size_t i = 0; i < length; ++i)
            sum ^= bytes[i]; // the sanitizer checks the bounds
        static volatile uint8_t sink;
        sink = sum;
    }

    // What is sanitised loads again, and is the same torrent.
    expect(clt_metainfo_get_torrent(metainfo, &bytes, &length, nullptr) == CLT_OK);
    clt_limits limits{};
    limits.struct_size = sizeof(limits);
    limits.max_depth = 100;
    limits.max_tokens = 1'000'000;
    limits.max_bytes = 16 << 20;
    clt_metainfo *again = nullptr;
    expect(clt_metainfo_parse(bytes, length, &limits, &again, nullptr) == CLT_OK);
    clt_metainfo_summary second{};
    second.struct_size = sizeof(second);
    expect(clt_metainfo_get_summary(again, &second, nullptr) == CLT_OK);
    expect(second.dropped == 0 && second.features == summary.features && second.size == summary.size);
    expect(std::memcmp(second.info_hash_v1, summary.info_hash_v1, 20) == 0);
    expect(std::string(second.name, second.name_length) == name);
    clt_metainfo_free(again);
}
