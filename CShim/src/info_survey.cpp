#include "info_survey.hpp"

#include "error.hpp"

#include <string_view>
#include <unordered_map>

namespace clt {

namespace {

constexpr uint64_t max_path_bytes = 64u << 20;     // of all files together
constexpr uint64_t max_lookup_steps = 200'000'000; // in the engine's linear table of folders: half a second
constexpr uint64_t max_symlinks = 64;
constexpr int max_path_components = 512;

using lt::bdecode_node;

std::string text_of(bdecode_node const &node) {
    auto const value = node.string_value();
    return std::string(value.data(), value.size());
}

class surveyor {
public:
    surveyor(bdecode_node const &info, clt_limits const &limits) : info_(info), limits_(limits) {}

    info_survey run() {
        bdecode_node name = info_.dict_find_string("name.utf-8");
        if (!name) name = info_.dict_find_string("name");
        if (!name) throw failure(CLT_MALFORMED, "the torrent has no name");
        name_ = out_.name = text_of(name);

        bdecode_node const tree = info_.dict_find_dict("file tree");
        bdecode_node const files = info_.dict_find_list("files");
        out_.has_v2 = info_.dict_find("meta version") || info_.dict_find("file tree");
        out_.has_files = bool(files);
        if (out_.has_v2) out_.features |= CLT_FEATURE_V2;
        if (info_.dict_find("similar") || info_.dict_find("collections"))
            out_.features |= CLT_FEATURE_SIMILAR;
        if (info_.dict_find("ssl-cert")) out_.features |= CLT_FEATURE_SSL;

        if (tree) walk_tree(tree, name_);
        if (files) {
            // A hybrid torrent lists its files twice; the v1 list has the pad files too, as the engine has.
            out_.originals.clear();
            walk_list(files);
        } else if (!tree) {
            attributes(info_);
            out_.originals.push_back(name_);
        }
        return std::move(out_);
    }

private:
    void walk_list(bdecode_node const &files) {
        int const count = files.list_size();
        if (static_cast<uint64_t>(count) > limits_.max_files) throw too_many_files();
        out_.originals.reserve(static_cast<size_t>(count));
        for (int i = 0; i < count; ++i) {
            bdecode_node const file = files.list_at(i);
            if (file.type() != bdecode_node::dict_t)
                throw failure(CLT_MALFORMED, "a file entry is no dictionary", 0, i);
            attributes(file);
            bdecode_node path = file.dict_find_list("path.utf-8");
            if (!path) path = file.dict_find_list("path");
            std::string folder = name_;
            std::string leaf;
            int const parts = path ? path.list_size() : 0;
            if (parts > max_path_components) throw failure(CLT_LIMIT, "a path has too many folders", 0, i);
            for (int part = 0; part < parts; ++part) {
                bdecode_node const component = path.list_at(part);
                if (component.type() != bdecode_node::string_t)
                    throw failure(CLT_MALFORMED, "a path has a component that is no string", 0, i);
                if (part > 0) folder.append("/").append(leaf);
                leaf = text_of(component);
            }
            add(folder, leaf);
        }
    }

    // BEP 52. The decoder has limited the depth already.
    void walk_tree(bdecode_node const &tree, std::string const &folder) {
        int const count = tree.dict_size();
        for (int i = 0; i < count; ++i) {
            auto const [key, value] = tree.dict_at(i);
            std::string const name(key.data(), key.size());
            if (value.type() != bdecode_node::dict_t || name.empty())
                throw failure(CLT_MALFORMED, "the file tree is broken");
            if (value.dict_size() == 1 && value.dict_at(0).first.empty()) {
                attributes(value.dict_at(0).second);
                add(folder, name);
                if (out_.originals.size() > limits_.max_files) throw too_many_files();
            } else {
                if (folder.size() + name.size() > max_path_bytes / 64)
                    throw failure(CLT_LIMIT, "the file tree has too long names");
                walk_tree(value, folder + "/" + name);
            }
        }
    }

    void attributes(bdecode_node const &file) {
        if (file.type() != bdecode_node::dict_t)
            throw failure(CLT_MALFORMED, "a file entry is no dictionary");
        bdecode_node const attr = file.dict_find_string("attr");
        if (!attr || attr.string_value().find('l') == lt::string_view::npos) return;
        out_.features |= CLT_FEATURE_SYMLINK;
        if (++symlinks_ > max_symlinks) throw failure(CLT_LIMIT, "the torrent has too many symbolic links");
        bdecode_node const target = file.dict_find_list("symlink path");
        if (target && (target.list_size() > 64 || target.data_section().size() > 4096))
            throw failure(CLT_LIMIT, "a symbolic link has too long a target");
        if (!target) return;
        for (int i = 0, end = target.list_size(); i < end; ++i)
            if (target.list_at(i).type() != bdecode_node::string_t)
                throw failure(CLT_MALFORMED, "a symbolic link has a target that is no path");
    }

    void add(std::string const &folder, std::string const &leaf) {
        path_bytes_ += folder.size() + 1 + leaf.size();
        if (path_bytes_ > max_path_bytes)
            throw failure(CLT_LIMIT, "the paths of all files together are too long");

        // The engine looks from the newest folder backwards.
        auto const [entry, is_new] = folders_.emplace(folder, folders_.size());
        lookup_steps_ += is_new ? folders_.size() : folders_.size() - entry->second;
        if (lookup_steps_ > max_lookup_steps) throw failure(CLT_LIMIT, "the torrent has too many folders");
        out_.originals.push_back(folder + "/" + leaf);
    }

    failure too_many_files() const {
        return failure(CLT_LIMIT, "more than " + std::to_string(limits_.max_files) + " files");
    }

    bdecode_node const &info_;
    clt_limits const &limits_;
    info_survey out_;
    std::string name_;
    std::unordered_map<std::string, size_t> folders_;
    uint64_t path_bytes_ = 0, lookup_steps_ = 0, symlinks_ = 0;
};

} // namespace

info_survey survey_info(bdecode_node const &info, clt_limits const &limits) {
    return surveyor(info, limits).run();
}

} // namespace clt
