// The disk layer's renames.
#include "disk_layer.hpp"
#include "file_rename.hpp"

#include <libtorrent/error_code.hpp>

#include <cerrno>

namespace clt {

struct disk_layer::renaming {
    storage_pointer storage;
    int file;
    std::string name, former;
    std::function<void(std::string const &, lt::file_index_t, lt::storage_error const &)>
        handler; // the engine's
    std::optional<file_identity> now;
};

// The inner layer would rename over what stands there: it is not asked, but gets a storage with the new name
// in the place of the old one, as after a move.
void disk_layer::async_rename_file(
    lt::storage_index_t index, lt::file_index_t file, std::string name,
    std::function<void(std::string const &, lt::file_index_t, lt::storage_error const &)> handler) {
    auto job = std::make_shared<renaming>();
    job->storage = storages_.at(index);
    job->file = static_cast<int>(file);
    job->name = std::move(name);
    job->former = job->storage->files->path(size_t(job->file));
    job->handler = std::move(handler);
    job->storage->after_jobs([this, job] {
        disk_storage &s = *job->storage;
        s.close();
        open_.drop(s.files->id());
        // Answered when all is written and the files are closed.
        inner_->async_release_files(s.inner, [this, job] {
            mover_.add([job] { return job->storage->files->rename(size_t(job->file), job->name, &job->now); },
                       [this, job](file_fault const &fault, int error) {
                           renamed(job, error != 0
                                            ? file_fault{job->file, error, "the renaming was called off"}
                                            : fault);
                       });
            mover_.submit();
        });
        inner_->submit_jobs();
    });
}

void disk_layer::renamed(std::shared_ptr<renaming> const &job, file_fault const &fault) {
    disk_storage &s = *job->storage;
    if (fault) {
        end_rename(job, fault);
        return;
    }
    auto const former_names = s.names;
    auto names = std::make_shared<lt::file_storage>(s.names != nullptr ? *s.names : *s.layout);
    names->rename_file(lt::file_index_t(job->file), job->name);
    s.names = names.get();
    renew_inner(job->storage, s.files->folder(), [this, job, names, former_names](int error) {
        disk_storage &s = *job->storage;
        auto files = std::make_shared<sealed_files>(*s.files, size_t(job->file), job->name, job->now);
        if (error == 0) {
            s.files = std::move(files);
            s.given_names = names;
            end_rename(job, {});
            return;
        }
        s.names = former_names;
        mover_.add([job, files] { return files->rename(size_t(job->file), job->former, &job->now); },
                   [this, job, error](file_fault const &, int) {
                       if (job->now) job->storage->files->reidentify(size_t(job->file), *job->now);
                       end_rename(job, {job->file, error, "the file could not be taken up"});
                   });
        mover_.submit();
    });
}

void disk_layer::end_rename(std::shared_ptr<renaming> const &job, file_fault const &fault) {
    storage_pointer const s = job->storage;
    job->handler(job->name, lt::file_index_t(job->file),
                 fault ? told(lt::operation_t::file_rename, job->file) : lt::storage_error());
    open_again(s);
    if (s->watch && s->watch->observer != nullptr)
        s->watch->observer->content_renamed(fault, s->files->folder() + '/' +
                                                       (fault.error == EEXIST ? job->name : job->former));
}

} // namespace clt
