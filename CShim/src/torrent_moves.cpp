// A torrent whose files are moved to another folder, or renamed.
#include "error.hpp"
#include "file_names.hpp"
#include "torrent.hpp"

#include <utility>

namespace clt {

void torrent::stand_still(uint64_t request, char const *wish) {
    if (metadata_ != metadata_state::there || !checked_)
        throw failure(CLT_WRONG_STATE,
                      std::string("there is nothing to ") + wish + " before the content was checked");
    if (move_ != move_state::none)
        throw failure(CLT_WRONG_STATE, "the torrent is being moved, or a file of it renamed");
    move_ = move_state::moving;
    move_request_ = request;
    content_->is_running = false;
    handle_.pause();
}

void torrent::move(std::string path, uint64_t request) {
    require(!path.empty() && path.front() == '/', "path is not absolute");
    while (path.size() > 1 && path.back() == '/')
        path.pop_back();
    stand_still(request, "move");
    handle_.move_storage(path, lt::move_flags_t::fail_if_exist);
}

void torrent::rename(int file, std::string const &path, uint64_t request) {
    if (auto const info = handle_.torrent_file()) {
        with_names(info->files(), {{lt::file_index_t(file), path}});
        require(info->files().file_path(lt::file_index_t(file)) != path, "the file has that name already");
    }
    stand_still(request, "rename");
    handle_.rename_file(lt::file_index_t(file), path);
}

void torrent::answer_move(clt_event_kind kind, file_fault const &fault, std::string const &path) {
    event e = make_event(kind, id_);
    e.fields.request = std::exchange(move_request_, 0);
    e.fields.value = fault ? 0 : 1;
    e.fields.system_errno = fault.error;
    e.text = fault.what;
    e.data = path;
    push(std::move(e));
}

void torrent::content_renamed(file_fault const &fault, std::string const &path) {
    answer_move(CLT_EVENT_RENAMED, fault, path);
    go_on_after_move();
}

void torrent::content_moved(file_fault const &fault, std::string const &path) {
    answer_move(CLT_EVENT_MOVED, fault, path);
    if (!fault)
        move_ = move_state::moved;
    else
        go_on_after_move();
}

void torrent::end_move(bool discarding, uint64_t request) {
    if (move_ != move_state::moved) throw failure(CLT_WRONG_STATE, "the torrent was not moved");
    move_ = move_state::ending;
    move_request_ = request;
    context_.disk->end_move(*content_, discarding);
}

void torrent::sources_discarded(std::vector<left_file> left) {
    event e = make_event(CLT_EVENT_MOVED, id_);
    e.fields.request = std::exchange(move_request_, 0);
    e.fields.value = 2;
    e.fields.count = left.size();
    e.data = list_of(left);
    push(std::move(e));
    go_on_after_move();
}

void torrent::go_on_after_move() {
    move_ = move_state::none;
    if (started_ && !failed_) start(std::exchange(to_dial_, {}));
}

} // namespace clt
