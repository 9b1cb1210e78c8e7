#include "metainfo.hpp"

#include "decode.hpp"
#include "error.hpp"
#include "info_survey.hpp"
#include "names.hpp"
#include "unlocks.hpp"

#include <algorithm>
#include <climits>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/info_hash.hpp>
#include <string_view>

namespace clt {

namespace {

constexpr int64_t most_piece_length = 256 << 20; // the piece picker refuses 1 GiB by throwing

std::string_view const prefix = "d4:info";

uint32_t dropped_by(lt::bdecode_node const &torrent) {
    uint32_t dropped = 0;
    auto const has = [&](char const *key) { return bool(torrent.dict_find(key)); };
    if (has("announce") || has("announce-list")) dropped |= CLT_DROPPED_TRACKERS;
    if (has("url-list")) dropped |= CLT_DROPPED_WEB_SEEDS;
    if (has("httpseeds")) dropped |= CLT_DROPPED_HTTP_SEEDS;
    if (has("nodes")) dropped |= CLT_DROPPED_NODES;
    if (has("similar") || has("collections")) dropped |= CLT_DROPPED_SIMILAR;
    return dropped;
}

// As the engine checks them; it is not handed the layers, since it takes their hashes on trust.
void check_piece_layers(lt::bdecode_node const &layers, lt::file_storage const &files) {
    auto const broken = [] { return failure(CLT_MALFORMED, "a piece layer is invalid"); };
    for (int i = 0, end = layers.dict_size(); i < end; ++i) {
        auto const [root, hashes] = layers.dict_at(i);
        if (root.size() != 32 || hashes.type() != lt::bdecode_node::string_t ||
            hashes.string_length() % 32 != 0)
            throw broken();
    }
    for (auto const i : files.file_range()) {
        if (files.pad_file_at(i) || files.file_size(i) <= files.piece_length()) continue;
        auto const root = files.root(i);
        auto const layer = layers.dict_find_string({root.data(), static_cast<size_t>(root.size())});
        int64_t const pieces = (files.file_size(i) + files.piece_length() - 1) / files.piece_length();
        if (layer && layer.string_length() != pieces * 32) throw broken();
    }
}

std::shared_ptr<lt::torrent_info> parse_by_engine(lt::bdecode_node const &info, clt_limits const &limits) {
    // Not the constructors: they go on to resolve duplicate names in a time that a hostile torrent can make
    // quadratic. This is also the way in which metadata from peers is parsed, so the names are the same.
    auto out = std::make_shared<lt::torrent_info>(lt::info_hash_t());
    lt::error_code ec;
    if (!out->parse_info_section(info, ec, static_cast<int>(limits.max_pieces)) || ec) {
        bool const large = ec == lt::errors::too_many_pieces_in_torrent;
        throw failure(large ? CLT_LIMIT : CLT_MALFORMED, ec ? ec.message() : "not a torrent");
    }
    if (!out->is_valid()) throw failure(CLT_MALFORMED, "not a torrent");
    return out;
}

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> parts;
    for (size_t slash; (slash = path.find('/')) != std::string_view::npos; path.remove_prefix(slash + 1))
        parts.push_back(path.substr(0, slash));
    parts.push_back(path);
    return parts;
}

// The engine's name of the top-level folder: of the first file that has one (a pad file without a path has
// not).
std::string engine_root(lt::file_storage const &files) {
    std::string first;
    for (auto const i : files.file_range()) {
        std::string path = files.file_path(i);
        if (first.empty()) first = path;
        if (files.pad_file_at(i)) continue;
        first = std::move(path);
        break;
    }
    return first.substr(0, first.find('/'));
}

void clean_paths(clt_metainfo &metainfo, info_survey const &survey) {
    auto &info = *metainfo.info;
    auto const &engine_files = info.files();
    int const count = engine_files.num_files();
    std::string const root = engine_root(engine_files);
    metainfo.name = clean_component(root);
    bool const flat =
        count == 1 && engine_files.file_path(lt::file_index_t(0)).find('/') == std::string::npos;

    std::vector<std::string> engine, cleaned;
    uint64_t total = 0;
    for (auto const i : engine_files.file_range()) {
        engine.push_back(engine_files.file_path(i));
        std::string path = metainfo.name;
        if (!flat) {
            auto parts = split(engine.back());
            if (parts.size() > 1 && parts.front() == root) parts.erase(parts.begin());
            for (auto const part : parts)
                path.append("/").append(clean_component(part));
        }
        if (path.size() > max_path)
            throw failure(CLT_LIMIT, "a path is longer than " + std::to_string(max_path) + " bytes", 0,
                          int(i));
        total += path.size();
        if (total > (64u << 20)) throw failure(CLT_LIMIT, "the paths of all files together are too long");
        cleaned.push_back(std::move(path));
    }

    // Originals are known one by one where the engine has added no pad files of its own (v2 only).
    bool const aligned = survey.originals.size() == static_cast<size_t>(count);
    unique_paths unique(cleaned);
    for (auto const i : engine_files.file_range()) {
        auto const n = static_cast<size_t>(static_cast<int>(i));
        // Pad files are never made, and by custom share their names.
        std::string path = engine_files.pad_file_at(i) ? cleaned[n] : unique.claim(cleaned[n]);
        bool const differs = path != engine[n];
        std::string original = flat ? survey.name : aligned ? survey.originals[n] : engine[n];
        metainfo.files.push_back({std::move(path), std::move(original), differs});
    }
    for (auto const &[index, path] : renames_after_cleaning(metainfo))
        info.rename_file(index, path);
}

std::unique_ptr<clt_metainfo> build(lt::span<char const> section, clt_limits const &limits,
                                    lt::bdecode_node const *layers, uint32_t dropped) {
    auto const node = decode_dictionary(section, limits);
    if (node.data_section().size() != section.size())
        throw failure(CLT_MALFORMED, "bytes follow the info dictionary");
    auto const survey = survey_info(node, limits);

    auto out = std::make_unique<clt_metainfo>();
    out->features = survey.features;
    out->dropped = dropped;
    out->info = parse_by_engine(node, limits);
    auto const &files = out->info->files();
    if (static_cast<uint64_t>(files.num_files()) > limits.max_files * 2) // v2 adds a pad file to each
        throw failure(CLT_LIMIT, "too many files");
    if (files.piece_length() > most_piece_length) throw failure(CLT_LIMIT, "the pieces are too large");

    auto const pieces = node.dict_find_string("pieces");
    out->has_piece_hashes = pieces && pieces.string_length() == files.num_pieces() * 20;
    if (out->info->info_hashes().has_v1() && !out->has_piece_hashes)
        throw failure(CLT_MALFORMED, "the torrent has no piece hashes");
    if (layers != nullptr && out->info->info_hashes().has_v2()) check_piece_layers(*layers, files);

    for (auto const i : files.file_range())
        if (!files.pad_file_at(i)) out->size += static_cast<uint64_t>(files.file_size(i));
    if (out->size == 0) throw failure(CLT_MALFORMED, "the torrent has no content");
    if (limits.max_content_bytes != 0 && out->size > limits.max_content_bytes)
        throw failure(CLT_LIMIT,
                      "more than " + std::to_string(limits.max_content_bytes) + " bytes of content");

    clean_paths(*out, survey);
    if (out->name.front() == '.') out->features |= CLT_FEATURE_HIDDEN_NAME;

    out->torrent.reserve(prefix.size() + static_cast<size_t>(section.size()) + 1);
    out->torrent.assign(prefix.begin(), prefix.end());
    out->torrent.insert(out->torrent.end(), section.begin(), section.end());
    out->torrent.push_back('e');
    return out;
}

#ifdef CLT_UNLOCKED
// What the rebuilding of a torrent leaves out, put back where a test asks for it.
void restore_outsiders(lt::bdecode_node const &torrent, lt::torrent_info &info) {
    auto const text = [](lt::bdecode_node const &node) { return std::string(node.string_value()); };
    auto const for_each = [&](char const *key, auto const &body) {
        auto const list = torrent.dict_find_list(key);
        for (int i = 0, end = list ? list.list_size() : 0; i < end; ++i)
            body(list.list_at(i));
    };
    static_cast<void>(text), static_cast<void>(for_each), static_cast<void>(info);
#ifdef CLT_TEST_UNLOCK_TRACKERS
    for_each("announce-list", [&](auto const &tier) { info.add_tracker(text(tier.list_at(0))); });
#endif
#ifdef CLT_TEST_UNLOCK_WEB_SEEDS
    for_each("url-list", [&](auto const &url) { info.add_url_seed(text(url)); });
    for_each("httpseeds", [&](auto const &url) { info.add_http_seed(text(url)); });
#endif
#ifdef CLT_TEST_UNLOCK_NODES
    for_each("nodes", [&](auto const &node) {
        info.add_node({text(node.list_at(0)), int(node.list_at(1).int_value())});
    });
#endif
}
#endif

} // namespace

std::unique_ptr<clt_metainfo> parse_torrent(lt::span<char const> bytes, clt_limits const &given) {
    auto const limits = effective_limits(&given);
    auto const torrent = decode_dictionary(bytes, limits);
    auto const info = torrent.dict_find_dict("info");
    if (!info) throw failure(CLT_MALFORMED, "there is no info dictionary");
    auto const layers = torrent.dict_find_dict("piece layers");
    auto out = build(info.data_section(), limits, layers ? &layers : nullptr, dropped_by(torrent));
#ifdef CLT_UNLOCKED
    restore_outsiders(torrent, *out->info);
#endif
    return out;
}

std::unique_ptr<clt_metainfo> parse_info(lt::span<char const> bytes, clt_limits const &given) {
    clt_limits const limits = given.struct_size == 0 ? effective_limits(nullptr) : effective_limits(&given);
    return build(bytes, limits, nullptr, 0);
}

std::unique_ptr<clt_metainfo> renamed(clt_metainfo const &metainfo, file_names const &names) {
    with_names(metainfo.info->files(), names);
    auto out = std::make_unique<clt_metainfo>(metainfo);
    out->info = std::make_shared<lt::torrent_info>(*metainfo.info);
    for (auto const &[index, path] : names) {
        auto &file = out->files[static_cast<size_t>(static_cast<int>(index))];
        out->info->rename_file(index, path);
        file.path = path;
        file.engine_differs = path != out->info->orig_files().file_path(index);
    }
    return out;
}

std::vector<std::pair<lt::file_index_t, std::string>> renames_after_cleaning(clt_metainfo const &metainfo) {
    std::vector<std::pair<lt::file_index_t, std::string>> out;
    for (size_t i = 0; i < metainfo.files.size(); ++i)
        if (metainfo.files[i].engine_differs)
            out.emplace_back(lt::file_index_t(static_cast<int>(i)), metainfo.files[i].path);
    return out;
}

} // namespace clt

lt::span<char const> clt_metainfo::info_section() const {
    return lt::span<char const>(torrent).subspan(
        static_cast<ptrdiff_t>(clt::prefix.size()),
        static_cast<ptrdiff_t>(torrent.size() - clt::prefix.size() - 1));
}
