// The C functions over clt_metainfo.
#include "bytes.hpp"
#include "decode.hpp"
#include "error.hpp"
#include "metainfo.hpp"

#include <cstring>
#include <libtorrent/file_storage.hpp>

namespace {

template <typename Hash> void copy_hash(uint8_t *to, Hash const &from) {
    std::memcpy(to, from.data(), static_cast<size_t>(Hash::size()));
}

} // namespace

extern "C" {

int32_t clt_metainfo_parse(uint8_t const *bytes, size_t length, clt_limits const *limits, clt_metainfo **out,
                           clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr, "out is NULL");
        *out = clt::parse_torrent(clt::bytes_in(bytes, length), clt::effective_limits(limits)).release();
    });
}

int32_t clt_metainfo_parse_info(uint8_t const *bytes, size_t length, clt_limits const *limits,
                                clt_metainfo **out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(out != nullptr, "out is NULL");
        *out = clt::parse_info(clt::bytes_in(bytes, length), clt::effective_limits(limits)).release();
    });
}

int32_t clt_metainfo_rename(clt_metainfo const *metainfo, clt_renaming const *names, uint64_t count,
                            clt_metainfo **out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(metainfo != nullptr && out != nullptr && (names != nullptr || count == 0),
                     "an argument is NULL");
        clt::file_names list;
        auto const *next = reinterpret_cast<char const *>(names);
        for (uint64_t i = 0; i < count; ++i) {
            auto const *raw = reinterpret_cast<clt_renaming const *>(next);
            clt_renaming const given = clt::read_struct(raw);
            next += raw->struct_size; // of the caller's header
            clt::require(given.file < metainfo->files.size(), "there is no file of that index");
            list.emplace_back(lt::file_index_t(static_cast<int>(given.file)),
                              clt::text_in(given.path, given.path_length, "path is NULL with a length"));
        }
        *out = clt::renamed(*metainfo, list).release();
    });
}

void clt_metainfo_free(clt_metainfo *metainfo) noexcept {
    delete metainfo;
}

int32_t clt_metainfo_get_summary(clt_metainfo const *metainfo, clt_metainfo_summary *out,
                                 clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(metainfo != nullptr, "metainfo is NULL");
        auto const &info = *metainfo->info;
        auto const &hashes = info.info_hashes();
        clt_metainfo_summary summary{};
        summary.features = metainfo->features;
        summary.dropped = metainfo->dropped;
        summary.is_private = info.priv();
        summary.has_v1 = hashes.has_v1();
        summary.has_v2 = hashes.has_v2();
        copy_hash(summary.info_hash_v1, hashes.v1);
        copy_hash(summary.info_hash_v2, hashes.v2);
        summary.size = metainfo->size;
        summary.piece_length = static_cast<uint64_t>(info.piece_length());
        summary.piece_count = static_cast<uint64_t>(info.num_pieces());
        summary.file_count = metainfo->files.size();
        summary.name = metainfo->name.c_str();
        summary.name_length = metainfo->name.size();
        clt::write_struct(out, summary);
    });
}

int32_t clt_metainfo_get_file(clt_metainfo const *metainfo, uint64_t index, clt_file *out,
                              clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(metainfo != nullptr, "metainfo is NULL");
        clt::require(index < metainfo->files.size(), "there is no file of that index");
        auto const &files = metainfo->info->files();
        auto const &names = metainfo->files[index];
        lt::file_index_t const i(static_cast<int>(index));
        auto const flags = files.file_flags(i);
        clt_file file{};
        if (flags & lt::file_storage::flag_pad_file) file.flags |= CLT_FILE_PAD;
        if (flags & lt::file_storage::flag_executable) file.flags |= CLT_FILE_EXECUTABLE;
        if (flags & lt::file_storage::flag_hidden) file.flags |= CLT_FILE_HIDDEN;
        if (flags & lt::file_storage::flag_symlink) file.flags |= CLT_FILE_SYMLINK;
        file.size = static_cast<uint64_t>(files.file_size(i));
        file.offset = static_cast<uint64_t>(files.file_offset(i));
        file.path = names.path.c_str();
        file.path_length = names.path.size();
        file.original_path = names.original.c_str();
        file.original_path_length = names.original.size();
        clt::write_struct(out, file);
    });
}

int32_t clt_metainfo_get_torrent(clt_metainfo const *metainfo, uint8_t const **out, size_t *out_length,
                                 clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(metainfo != nullptr && out != nullptr && out_length != nullptr, "an argument is NULL");
        *out = reinterpret_cast<uint8_t const *>(metainfo->torrent.data());
        *out_length = metainfo->torrent.size();
    });
}

int32_t clt_metainfo_get_piece_hashes(clt_metainfo const *metainfo, uint8_t const **out, size_t *out_length,
                                      clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(metainfo != nullptr && out != nullptr && out_length != nullptr, "an argument is NULL");
        if (!metainfo->has_piece_hashes)
            throw clt::failure(CLT_WRONG_STATE, "a v2 torrent has no SHA-1 piece hashes");
        *out = reinterpret_cast<uint8_t const *>(metainfo->info->hash_for_piece_ptr(lt::piece_index_t(0)));
        *out_length = static_cast<size_t>(metainfo->info->num_pieces()) * 20;
    });
}

} // extern "C"
