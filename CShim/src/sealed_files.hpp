// The files of one torrent, each held to what it was when its content was verified: only that very file, in
// that very version, is ever read for a peer.
#pragma once

#include "beneath.hpp"
#include "file_identity.hpp"

#include <libtorrent/fwd.hpp>
#include <libtorrent/sha1_hash.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace clt {

class open_files;

// What is wrong with a file. ESTALE: it is not the one that it was.
struct file_fault {
    int file = -1;
    int error = 0; // errno; 0: nothing is wrong
    std::string what;
    explicit operator bool() const { return error != 0; }
};

// A file that was left where it stood, and why.
struct left_file {
    std::string path; // absolute
    int error = 0;
};

// "errno path", a NUL byte after each: as events carry them.
std::string list_of(std::vector<left_file> const &left);

// Thread-safe, but for the three functions that say otherwise.
class sealed_files {
public:
    // `given`: one for each file, or none at all.
    sealed_files(lt::file_storage const &files, std::string folder,
                 std::vector<std::optional<file_identity>> const &given);

    // What each file is held to: nothing, which it is, or its version.
    enum class held_to : uint8_t { nothing, which, version };
    struct state {
        std::string path; // empty: never touched, as its path is none that is allowed
        uint64_t offset = 0, size = 0;
        bool is_pad = false;
        bool is_written = false; // by the engine, in this run
        held_to held = held_to::nothing;
        file_identity identity{};
    };

    // The same files in another folder. `now`: who each is there, where it is held to something.
    sealed_files(sealed_files const &of, std::string folder,
                 std::vector<std::optional<file_identity>> const &now);

    // The same files, one of them under another name. `now`: who it is, where it is there.
    sealed_files(sealed_files const &of, size_t file, std::string path,
                 std::optional<file_identity> const &now);

    uint64_t id() const { return id_; }
    std::string const &folder() const { return folder_; }
    std::vector<state> states() const;
    // What changed of a file was our own doing, and seen to be nothing else: its content is what it was.
    void reidentify(size_t file, file_identity const &now);
    size_t count() const { return files_.size(); }
    std::string const &path(size_t file) const { return files_[file].path; }
    std::string full_path(int file) const;
    int open(int file, descriptor *out) const; // 0 or an errno
    int file_at(int piece, int start) const;
    std::vector<std::string> paths_of(int piece) const; // in full, pad files left out

    // ---- Every file, or many: blocks on the file system ----

    // Before the engine first touches the files: holds each that is there to what it is now. A link, folder
    // or device where a file should be is a fault, and so is a given file that is not the given one.
    file_fault survey();
    // After the engine's last write: holds every file to what it is now. Each must be the one that it was,
    // and where the torrent is whole, be there and whole.
    file_fault seal(bool is_whole);
    // Is each of the next `most` files from `*next` on still what it was? Moves `*next` on, to 0 at the end.
    file_fault look(size_t *next, size_t most);
    bool is_sealed() const { return sealed_; }
    // Gives a file another name (rename_file_beneath).
    file_fault rename(size_t file, std::string const &to, std::optional<file_identity> *now) const;
    // Removes the files that are the torrent's: each that it wrote, or of which it had a piece (`had`, by
    // piece), where what stands there is still what it is held to; and the folders that are then empty. The
    // rest stays, and is named.
    std::vector<left_file> remove(std::vector<bool> const &had) const;

    // ---- Content: blocks on the file system ----

    file_fault read(int piece, int start, char *to, int length, open_files &open);
    file_fault hash(int piece, lt::sha1_hash *to, open_files &open);
    // Whether every file of the piece is held to its version, so that what is hashed is what will be sent.
    bool is_exact(int piece) const;

    // ---- Writing: network thread only; looks at no file more than once a second ----

    // The engine is about to write. From here on its files are held to which they are only, not to their
    // version.
    file_fault before_write(int piece, int start, int length);
    // It has written: a file that it has just made is held to which it is.
    void after_write(int piece, int start, int length);

private:
    using clock = std::chrono::steady_clock;

    struct file : state {
        clock::time_point looked_at{}; // network thread only; `held`, `identity`, `is_written` under mutex_
    };

    template <typename Body> file_fault each_range(int piece, int start, int length, Body body) const;
    size_t first_file_at(uint64_t offset) const;
    file_fault stat(int folder, size_t index, bool may_be_missing, struct stat *status, bool *is_there) const;
    file_fault fault(size_t index, int error) const;
    held_to held(size_t index) const;
    // Is it still what it is held to? What is held to nothing yet is from now on held to which it is.
    file_fault match(size_t index, file_identity const &now);
    file_fault match_held(size_t index, file_identity const &now) const; // under mutex_
    file_fault read_range(size_t index, uint64_t from, char *to, size_t length, open_files &open);

    uint64_t const id_; // never used again
    std::string const folder_;
    int64_t piece_length_, total_;
    std::vector<file> files_;
    std::atomic<bool> sealed_{false};
    mutable std::mutex mutex_;
};

} // namespace clt
