// Carrying a torrent's files to another folder, so that at each moment all of it stands in one of the two.
#pragma once

#include "owned_files.hpp"
#include "sealed_files.hpp"

#include <libtorrent/sha1_hash.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace clt {

// One thread, but for cancel(). Blocks on the file system.
class content_move {
public:
    // `floor`: bytes that a copy is to leave free.
    content_move(std::shared_ptr<sealed_files const> files, std::string to, uint64_t floor);

    // Makes a hard link of each file in the other folder, or, where there can be none, a copy that is flushed
    // and read back; the sources stay. All, or, with a fault, nothing: then all of it is undone. Nothing that
    // stands in the other folder is touched.
    file_fault carry();
    // Takes away what carry() made.
    void undo();
    // Takes away the sources, each only where it is what was carried. Those that are left are named.
    std::vector<left_file> discard_sources();
    void cancel() { cancelled_ = true; }

    std::string const &to() const { return to_; }
    // For each file of the torrent: who it is now, in the other folder after carry() and discard_sources(),
    // else in the first. None where it is not there, or cannot be vouched for.
    std::vector<std::optional<file_identity>> identities() const;

private:
    enum class carried { no, linked, copied };

    struct item {
        size_t index;
        sealed_files::state file;
        carried how = carried::no;
        file_identity source{};             // while it is carried
        std::optional<file_identity> now{}; // as identities() says
    };

    file_fault open_folders();
    file_fault is_free(item const &of) const;
    file_fault is_room() const;
    file_fault carry_one(item &of);
    bool link(item &of, int source, int above, int *error);
    file_fault copy(item &of, int source, int above);
    file_fault copy_bytes(item const &of, int source, int target);
    file_fault check_bytes(item const &of, int source, int target, lt::sha1_hash const &expected);
    template <typename Body> file_fault each_data(item const &of, int source, Body body) const;
    file_fault flush_folders() const;
    file_fault fault(item const &of, int error, char const *what) const;
    std::string target_path(item const &of) const { return to_ + '/' + of.file.path; }

    std::shared_ptr<sealed_files const> const files_;
    std::string const from_, to_;
    uint64_t const floor_;
    std::vector<item> items_; // since carry() began
    descriptor from_folder_, to_folder_;
    std::vector<std::string> made_;       // folders below the other one
    std::vector<std::string> made_above_; // and it itself, with what is above it
    lt::sha1_hash copied_hash_;
    std::atomic<bool> cancelled_{false};
};

} // namespace clt
