/* Loaded into a process (LD_PRELOAD), it notes what a power cut could not take away: at each fsync and
 * fdatasync below $DURABLE_ROOT, a copy of the file's bytes, or of the folder's entries, is put into
 * $DURABLE_NOTES before the call, and counts once the call has returned 0. Nothing else is durable: not a
 * write, not a rename, not a new entry, until its file or folder was synced. power_loss.py makes a disk out
 * of these notes.
 *
 * With $DURABLE_BLIND, fdatasync notes nothing: the test must find that bytes are lost then.
 *
 * NOTES/<key>: a file's bytes. NOTES/<key>.entries: "f KEY NAME" or "d KEY NAME" a line, closed by a zero
 * byte each. A key is "<inode>-<birth time>", so that a number that is used again is another file.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_uint counter;

static int look(int folder, char const *name, int flags, struct statx *out, char *key, size_t size) {
    if (statx(folder, name, flags | AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_INO | STATX_BTIME | STATX_SIZE,
              out) != 0)
        return 0;
    snprintf(key, size, "%llu-%lld.%09u", (unsigned long long)out->stx_ino, (long long)out->stx_btime.tv_sec,
             out->stx_btime.tv_nsec);
    return 1;
}

static int is_below_root(int fd) {
    char const *root = getenv("DURABLE_ROOT");
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t const length = readlink(link, path, sizeof(path) - 1);
    if (root == NULL || length < 0) return 0;
    path[length] = 0;
    size_t const most = strlen(root);
    return strncmp(path, root, most) == 0 && (path[most] == 0 || path[most] == '/');
}

static int copy_bytes(int fd, int to) {
    static __thread char buffer[1 << 18];
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    int const from = open(link, O_RDONLY | O_CLOEXEC); /* `fd` may be open for writing alone */
    if (from < 0) return 0;
    ssize_t got;
    while ((got = read(from, buffer, sizeof(buffer))) > 0)
        if (write(to, buffer, (size_t)got) != got) got = -1;
    close(from);
    return got == 0;
}

static int copy_entries(int fd, int to) {
    int const again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = again < 0 ? NULL : fdopendir(again);
    if (folder == NULL) return 0;
    struct dirent const *entry;
    while ((entry = readdir(folder)) != NULL) {
        struct statx info;
        char key[64];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            !look(fd, entry->d_name, 0, &info, key, sizeof(key)))
            continue;
        dprintf(to, "%c %s %s%c", S_ISDIR(info.stx_mode) ? 'd' : 'f', key, entry->d_name, 0);
    }
    closedir(folder);
    return 1;
}

static int noted(int fd, char const *name) {
    int (*const real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    char const *notes = getenv("DURABLE_NOTES");
    struct statx info;
    char key[64], made[PATH_MAX], final[PATH_MAX];
    if (notes == NULL || !is_below_root(fd) || !look(fd, "", AT_EMPTY_PATH, &info, key, sizeof(key)))
        return real(fd);
    int const is_folder = S_ISDIR(info.stx_mode);
    snprintf(made, sizeof(made), "%s/new.%d.%u", notes, getpid(), atomic_fetch_add(&counter, 1));
    snprintf(final, sizeof(final), "%s/%s%s", notes, key, is_folder ? ".entries" : "");
    int const to = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int const is_whole = to >= 0 && (is_folder ? copy_entries(fd, to) : copy_bytes(fd, to));
    if (to >= 0) close(to);
    if (!is_whole) { /* the test must not pass for want of notes */
        fprintf(stderr, "durable: %s cannot be noted: %s\n", key, strerror(errno));
        abort();
    }
    int const result = real(fd);
    int const code = errno;
    if (result == 0)
        rename(made, final);
    else
        unlink(made);
    errno = code;
    return result;
}

int fsync(int fd) {
    return noted(fd, "fsync");
}

int fdatasync(int fd) {
    if (getenv("DURABLE_BLIND") != NULL) return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
    return noted(fd, "fdatasync");
}
