// Which file it is, and in which version.
#pragma once

#include "clibtorrent.h"

#include <cstdint>
#include <sys/stat.h>

namespace clt {

struct file_identity {
    uint64_t device = 0, inode = 0, size = 0;
    int64_t mtime_ns = 0, ctime_ns = 0;

    static file_identity of(struct stat const &status);
    static file_identity of(clt_file_identity const &given);
    clt_file_identity out() const;
    bool is_same_file(file_identity const &other) const {
        return device == other.device && inode == other.inode;
    }
    // All but the change time, which a link more or less alters.
    bool is_same_content(file_identity const &other) const {
        return is_same_file(other) && size == other.size && mtime_ns == other.mtime_ns;
    }
    bool operator==(file_identity const &other) const;
};

// 0, or an errno. Of an open file.
int identity_of(int file, file_identity *out);

} // namespace clt
