// The C API of a torrent's files: which are wanted, and how far each has come.
#include "bytes.hpp"
#include "engine_call.hpp"
#include "file_selection.hpp"

#include <libtorrent/torrent_info.hpp>

#include <string>
#include <vector>

struct clt_files {
    std::vector<clt_file_status> files;
    std::vector<std::string> paths;
};

extern "C" {

int32_t clt_torrent_set_file_priorities(clt_engine *engine, clt_torrent_id torrent, uint8_t const *priorities,
                                        uint64_t count, clt_error *error) noexcept {
    return clt::with_torrent(engine, torrent, error, [&](clt::engine &native, clt::torrent &t) {
        native.wanting_more(t, [&] { t.set_file_priorities(clt::file_selection::read(priorities, count)); });
    });
}

int32_t clt_torrent_set_sequential(clt_engine *engine, clt_torrent_id torrent, int32_t sequential,
                                   clt_error *error) noexcept {
    return clt::with_torrent(engine, torrent, error,
                             [&](clt::engine &, clt::torrent &t) { t.set_sequential(sequential != 0); });
}

int32_t clt_torrent_get_files(clt_engine *engine, clt_torrent_id torrent, clt_files **out,
                              clt_error *error) noexcept {
    return clt::with_torrent(engine, torrent, error, [&](clt::engine &, clt::torrent &t) {
        clt::require(out != nullptr, "out is NULL");
        auto const info = t.handle().torrent_file();
        if (!info)
            throw clt::failure(CLT_WRONG_STATE, "its files are not known before the metadata is there");
        lt::file_storage const &files = info->files();
        std::vector<std::int64_t> done;
        t.handle().file_progress(done, lt::torrent_handle::piece_granularity);
        auto snapshot = std::make_unique<clt_files>();
        snapshot->paths.reserve(size_t(files.num_files())); // the files point into it
        for (lt::file_index_t const i : files.file_range()) {
            auto const index = size_t(static_cast<int>(i));
            snapshot->paths.push_back(files.file_path(i));
            clt_file_status file{};
            file.struct_size = sizeof(file);
            file.flags = files.pad_file_at(i) ? CLT_FILE_PAD : 0;
            file.priority = t.selection().of_file(index);
            file.size = uint64_t(files.file_size(i));
            file.verified_bytes = index < done.size() ? uint64_t(done[index]) : 0;
            file.path = snapshot->paths.back().c_str();
            file.path_length = snapshot->paths.back().size();
            snapshot->files.push_back(file);
        }
        *out = snapshot.release();
    });
}

clt_file_status const *clt_files_data(clt_files const *files, size_t *count) noexcept {
    if (count != nullptr) *count = files == nullptr ? 0 : files->files.size();
    return files == nullptr ? nullptr : files->files.data();
}

void clt_files_free(clt_files *files) noexcept {
    delete files;
}

} // extern "C"
