#include "resume_data.hpp"

#include "bytes.hpp"
#include "decode.hpp"
#include "error.hpp"
#include "metainfo.hpp"

#include <libtorrent/info_hash.hpp>

#include <string>
#include <string_view>

// Not lt::read_resume_data: it fills in an add_torrent_params with everything that stands in the bytes, and
// what opens a channel (peers, trackers, flags such as apply_ip_filter=0, save paths, renamed files) would
// have to be taken out again, key by key, in every version of the engine. Here a key that is not named is not
// read.

namespace clt {

namespace {

constexpr char had = 1, verified = 2; // bits of a byte of `pieces`
constexpr int64_t default_priority = 4, top_priority = 7;

failure malformed(char const *what) {
    return failure(CLT_MALFORMED, what);
}

template <typename Hash> bool is_hash(lt::bdecode_node const &value, Hash const &expected) {
    return std::string_view(value.string_ptr(), size_t(value.string_length())) ==
           std::string_view(expected.data(), size_t(Hash::size()));
}

void check_torrent(lt::bdecode_node const &root, lt::info_hash_t const &expected) {
    auto const v1 = root.dict_find_string("info-hash");
    auto const v2 = root.dict_find_string("info-hash2");
    if (!v1 && !v2) throw malformed("there is no info-hash");
    // The engine writes both, the one that a torrent has not as zeros; before 2.0 there was no second one.
    bool const is_v1 = v1 ? is_hash(v1, expected.v1) : !expected.has_v1();
    bool const is_v2 = v2 ? is_hash(v2, expected.v2) : !expected.has_v2();
    if (!is_v1 || !is_v2) throw failure(CLT_MISMATCH, "it belongs to another torrent");
}

void read_pieces(lt::bdecode_node const &root, clt_resume_data &out) {
    uint64_t const count = out.summary.piece_count;
    out.pieces.resize(size_t(count + 7) / 8);
    auto const bytes = root.dict_find_string("pieces");
    if (!bytes) throw malformed("it does not say which pieces there are");
    if (bytes.string_length() == 0) return; // as the engine writes none at all
    if (uint64_t(bytes.string_length()) != count) throw malformed("it has another number of pieces");
    // In seed mode every piece is taken for had until it is first read: only those count that were verified
    // then.
    bool const trusting = root.dict_find_int_value("seed_mode", 0) != 0;
    for (size_t i = 0; i < count; ++i) {
        char const state = bytes.string_ptr()[i];
        if ((state & ~(had | verified)) != 0) throw malformed("a piece is in no known state");
        if ((state & had) == 0 || (trusting && (state & verified) == 0)) continue;
        out.pieces[i / 8] |= uint8_t(0x80 >> (i % 8));
        ++out.summary.had_pieces;
    }
}

void read_file_priorities(lt::bdecode_node const &root, size_t files, clt_resume_data &out) {
    out.file_priorities.assign(files, uint8_t(default_priority));
    auto const list = root.dict_find_list("file_priority");
    if (!list) return;
    // It may end early: the rest has the default.
    if (size_t(list.list_size()) > files) throw malformed("it has priorities for more files than there are");
    for (int i = 0, end = list.list_size(); i < end; ++i) {
        auto const value = list.list_at(i);
        int64_t const priority = value.type() == lt::bdecode_node::int_t ? value.int_value() : -1;
        if (priority < 0 || priority > top_priority) throw malformed("a file's priority is none of 0 to 7");
        out.file_priorities[size_t(i)] = uint8_t(priority);
    }
}

// Absent: 0.
int64_t read_number(lt::bdecode_node const &root, char const *key) {
    int64_t const value = root.dict_find_int_value(key, 0);
    if (value < 0) throw malformed("a total or a time is negative");
    return value;
}

} // namespace

std::unique_ptr<clt_resume_data> parse_resume_data(lt::span<char const> bytes, clt_metainfo const &metainfo,
                                                   clt_limits const &limits) {
    auto const root = decode_dictionary(bytes, limits);
    if (root.data_section().size() != bytes.size()) throw malformed("bytes follow the resume data");
    if (root.dict_find_string_value("file-format") != "libtorrent resume file")
        throw malformed("not libtorrent's resume data");
    check_torrent(root, metainfo.info->info_hashes());

    auto out = std::make_unique<clt_resume_data>();
    out->summary.piece_count = uint64_t(metainfo.info->num_pieces());
    out->summary.uploaded_bytes = uint64_t(read_number(root, "total_uploaded"));
    out->summary.downloaded_bytes = uint64_t(read_number(root, "total_downloaded"));
    out->summary.added_time = read_number(root, "added_time");
    out->summary.completed_time = read_number(root, "completed_time");
    read_pieces(root, *out);
    read_file_priorities(root, metainfo.files.size(), *out);
    return out;
}

} // namespace clt

extern "C" {

int32_t clt_resume_data_parse(uint8_t const *bytes, size_t length, clt_metainfo const *metainfo,
                              clt_limits const *limits, clt_resume_data **out, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(metainfo != nullptr && out != nullptr, "an argument is NULL");
        *out = clt::parse_resume_data(clt::bytes_in(bytes, length), *metainfo, clt::effective_limits(limits))
                   .release();
    });
}

void clt_resume_data_free(clt_resume_data *resume) noexcept {
    delete resume;
}

int32_t clt_resume_data_get_summary(clt_resume_data const *resume, clt_resume_summary *out,
                                    clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(resume != nullptr, "resume is NULL");
        clt::write_struct(out, resume->summary);
    });
}

int32_t clt_resume_data_get_pieces(clt_resume_data const *resume, uint8_t const **out, size_t *out_length,
                                   clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(resume != nullptr && out != nullptr && out_length != nullptr, "an argument is NULL");
        *out = resume->pieces.data();
        *out_length = resume->pieces.size();
    });
}

int32_t clt_resume_data_get_file_priorities(clt_resume_data const *resume, uint8_t const **out,
                                            size_t *out_length, clt_error *error) noexcept {
    return clt::guard(error, [&] {
        clt::require(resume != nullptr && out != nullptr && out_length != nullptr, "an argument is NULL");
        *out = resume->file_priorities.data();
        *out_length = resume->file_priorities.size();
    });
}

} // extern "C"
