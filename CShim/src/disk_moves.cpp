// The disk layer's moves, and the removal of files.
#include "disk_layer.hpp"

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/error_code.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>

namespace clt {

struct disk_layer::moving {
    storage_pointer storage;
    move_handler handler; // the engine's
    std::shared_ptr<content_move> move;
};

// The inner layer would rename over what stands there, and copy without flushing: it is not asked. The files
// are carried, and then it gets a storage in the new folder in the place of the old one.
void disk_layer::async_move_storage(lt::storage_index_t index, std::string path, lt::move_flags_t,
                                    move_handler handler) {
    auto job = std::make_shared<moving>();
    job->storage = storages_.at(index);
    job->handler = std::move(handler);
    auto const &watch = job->storage->watch;
    job->move =
        std::make_shared<content_move>(job->storage->files, std::move(path), watch ? watch->floor : 0);
    job->storage->move = job->move;
    job->storage->after_jobs([this, job] {
        disk_storage &s = *job->storage;
        s.close();
        open_.drop(s.files->id());
        // Answered when all is written and the files are closed.
        inner_->async_release_files(s.inner, [this, job] {
            mover_.add(
                [move = job->move] { return move->carry(); },
                [this, job](file_fault const &fault, int error) {
                    carried(job, error != 0 ? file_fault{-1, error, "the move was called off"} : fault);
                });
            mover_.submit();
        });
        inner_->submit_jobs();
    });
}

void disk_layer::carried(std::shared_ptr<moving> const &job, file_fault const &fault) {
    disk_storage &s = *job->storage;
    bool const is_over = s.is_removed || !s.watch || s.watch->observer == nullptr;
    if (fault)
        move_back(job, fault);
    else if (is_over)
        mover_.add([move = job->move] { return move->undo(), 0; },
                   [this, job](int, int) {
                       move_back(job, {-1, ECANCELED, "the torrent was removed"});
                   });
    else
        switch_to(job);
    mover_.submit();
}

lt::storage_holder disk_layer::make_inner(disk_storage const &s, std::string const &folder) {
    lt::aux::vector<lt::download_priority_t, lt::file_index_t> const
        all; // none is set: files have no priorities
    return inner_->new_torrent({*s.layout, s.names, folder, s.mode, all, s.info_hash}, s.owner.lock());
}

void disk_layer::renew_inner(storage_pointer const &s, std::string const &folder,
                             std::function<void(int)> done) {
    auto fresh = std::make_shared<lt::storage_holder>(make_inner(*s, folder));
    // It looks at the files before it is used, as at the start of a torrent.
    inner_->async_check_files(*fresh, nullptr, {},
                              [s, fresh, done](lt::status_t status, lt::storage_error const &error) {
                                  if (status == lt::status_t::fatal_disk_error || s->is_removed) {
                                      fresh->reset();
                                      done(error.ec ? error.ec.value() : ECANCELED);
                                      return;
                                  }
                                  s->inner = std::move(*fresh); // closes the old one
                                  done(0);
                              });
    inner_->submit_jobs();
}

void disk_layer::switch_to(std::shared_ptr<moving> const &job) {
    renew_inner(job->storage, job->move->to(), [this, job](int error) {
        disk_storage &s = *job->storage;
        if (error != 0) {
            mover_.add([move = job->move] { return move->undo(), 0; },
                       [this, job, error](int, int) {
                           move_back(job, {-1, error, "the files could not be taken up"});
                       });
            mover_.submit();
            return;
        }
        s.files = std::make_shared<sealed_files>(*s.files, job->move->to(), job->move->identities());
        s.is_moved = true;
        job->handler(lt::status_t::no_error, job->move->to(), {});
        if (s.watch && s.watch->observer != nullptr)
            s.watch->observer->content_moved({}, job->move->to());
        else
            open_again(job->storage);
    });
}

void disk_layer::move_back(std::shared_ptr<moving> const &job, file_fault const &fault) {
    storage_pointer const s = job->storage;
    auto const identities = job->move->identities();
    for (size_t i = 0; i < identities.size(); ++i)
        if (identities[i]) s->files->reidentify(i, *identities[i]);
    job->handler(lt::status_t::fatal_disk_error, s->files->folder(), told(lt::operation_t::file_rename, -1));
    std::string const place = fault.file < 0 || fault.error != EEXIST
                                  ? s->files->full_path(fault.file)
                                  : job->move->to() + '/' + s->files->states()[size_t(fault.file)].path;
    open_again(s);
    if (s->watch && s->watch->observer != nullptr)
        s->watch->observer->content_moved(fault, fault.file < 0 ? job->move->to() : place);
}

void disk_layer::open_again(storage_pointer const &s) {
    s->move.reset();
    s->is_moved = false;
    s->open();
    submit_jobs();
}

void disk_layer::cancel_move(content_watch const &watch) {
    storage_pointer const s = watch.storage.lock();
    if (!s || !s->move) return;
    s->move->cancel();
    // Nobody will say what becomes of the sources: they stay.
    bool const is_over = s->watch && s->watch->observer == nullptr;
    if (is_over && s->is_moved) open_again(s);
}

void disk_layer::end_move(content_watch const &watch, bool discarding) {
    storage_pointer const s = watch.storage.lock();
    if (!s || !s->is_moved) return;
    s->is_moved = false;
    using result = std::vector<left_file>;
    mover_.add([move = s->move, discarding] { return discarding ? move->discard_sources() : result{}; },
               [this, s](result &&left, int) {
                   auto const identities = s->move->identities();
                   for (size_t i = 0; i < identities.size(); ++i)
                       if (identities[i]) s->files->reidentify(i, *identities[i]);
                   open_again(s);
                   if (s->watch && s->watch->observer != nullptr)
                       s->watch->observer->sources_discarded(std::move(left));
               });
    mover_.submit();
}

void disk_layer::remove_files(storage_pointer const &s, std::function<void()> handler) {
    auto const removal = std::exchange(s->watch->removal, nullptr);
    open_.drop(s->files->id());
    mover_.add([files = s->files, removal] { return removal->left = files->remove(removal->had), 0; },
               [handler = std::move(handler)](int, int) {
                   if (handler) handler();
               });
    mover_.submit();
}

} // namespace clt
