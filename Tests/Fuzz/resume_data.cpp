// Any bytes as the resume data of small torrents: what is accepted fits the torrent, and says of the pieces
// what the engine itself reads in it. Twenty times 'H' in the input stands for the torrent's own info-hash.
#include "torrents.hpp"

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/read_resume_data.hpp>

#include <algorithm>

namespace {

void check(clt_resume_data *resume, small_torrent const &torrent, std::string const &input) {
    clt_resume_summary summary{};
    summary.struct_size = sizeof(summary);
    expect(clt_resume_data_get_summary(resume, &summary, nullptr) == CLT_OK);
    expect(summary.piece_count == torrent.summary.piece_count);
    expect(summary.had_pieces <= summary.piece_count);
    expect(summary.added_time >= 0 && summary.completed_time >= 0);

    uint8_t const *bytes = nullptr;
    size_t length = 0;
    expect(clt_resume_data_get_file_priorities(resume, &bytes, &length, nullptr) == CLT_OK);
    expect(length == torrent.summary.file_count);
    for (size_t i = 0; i < length; ++i)
        expect(bytes[i] <= 7);

    expect(clt_resume_data_get_pieces(resume, &bytes, &length, nullptr) == CLT_OK);
    expect(length == (summary.piece_count + 7) / 8);
    lt::error_code error;
    lt::add_torrent_params const engine = lt::read_resume_data(input, error);
    expect(!error);
    expect(engine.info_hashes.v1 ==
           lt::sha1_hash(reinterpret_cast<char const *>(torrent.summary.info_hash_v1)));
    expect(uint64_t(engine.total_uploaded) == summary.uploaded_bytes);
    bool const trusting = bool(engine.flags & lt::torrent_flags::seed_mode);
    uint64_t had = 0;
    for (size_t i = 0; i < length * 8; ++i) {
        bool const ours = (bytes[i / 8] & (0x80 >> (i % 8))) != 0;
        lt::piece_index_t const piece(static_cast<int>(i));
        bool const theirs = piece < engine.have_pieces.end_index() && engine.have_pieces[piece] &&
                            (!trusting || engine.verified_pieces[piece]);
        expect(ours ? theirs : !theirs || trusting);
        had += ours;
    }
    expect(had == summary.had_pieces);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size) {
    // Never freed, as the process needs them to its end.
    static auto const &torrents = *new std::vector<small_torrent>{
        make_torrent("one", 1, 100), make_torrent("three", 1, 40'000), make_torrent("folder", 5, 33'000)};
    static std::string const placeholder(20, 'H');
    for (small_torrent const &torrent : torrents) {
        std::string input(reinterpret_cast<char const *>(data), size);
        for (size_t at = 0; (at = input.find(placeholder, at)) != std::string::npos; at += 20)
            std::copy_n(torrent.summary.info_hash_v1, 20, input.begin() + std::ptrdiff_t(at));
        clt_error error{};
        error.struct_size = sizeof(error);
        clt_resume_data *resume = nullptr;
        int32_t const code = clt_resume_data_parse(reinterpret_cast<uint8_t const *>(input.data()),
                                                   input.size(), torrent.metainfo, nullptr, &resume, &error);
        if (code == CLT_OK)
            check(resume, torrent, input);
        else
            expect(code == CLT_MALFORMED || code == CLT_LIMIT || code == CLT_MISMATCH);
        clt_resume_data_free(resume);
    }
    return 0;
}
