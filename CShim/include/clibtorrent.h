/*
 * clibtorrent.h: a flat C API over libtorrent-rasterbar for private swarms.
 *
 * Conventions, true of every function unless it says otherwise:
 *
 * - Result: `int32_t`, CLT_OK (0) or a `clt_code`. Outputs are written only on success. The last argument is
 * a nullable `clt_error *` that the caller owns; it is filled on failure. There is no "last error" elsewhere.
 * - Nothing is thrown across this boundary, and no argument can crash it: NULL where a value is needed is
 *   CLT_INVALID_ARGUMENT.
 * - Structs that cross the boundary begin with `uint32_t struct_size`. The caller sets it to `sizeof`; a
 * smaller (older) struct is read as far as it goes, and the rest takes its default of zero.
 * - Strings in: UTF-8 pointer and length, not NUL-terminated, copied before return. NULL with length 0 is
 * "none".
 * - Strings and bytes out: borrowed from the named owner, valid until that owner is freed or, for events,
 * drained again. They are NUL-terminated too, but may hold NUL bytes: use the length.
 * - Handles: `X_free(NULL)` is allowed. A handle may be used from any thread, from one at a time, except
 *   `clt_engine`, which any number of threads may use at once.
 * - Torrent IDs are never reused within a process: a stale ID is CLT_NOT_FOUND and never another torrent.
 * - "Blocks briefly": the call waits for the engine's network thread to answer, microseconds when it is idle
 * and milliseconds under load. Do not make such a call from a thread that must not wait.
 *
 * An engine cannot be made public: DHT, PEX, LSD, UPnP, NAT-PMP, uTP, trackers and web seeds are closed for
 * every session, and there is no option to open them.
 */
#ifndef CLIBTORRENT_H
#define CLIBTORRENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define CLT_NOEXCEPT noexcept
extern "C" {
#else
#define CLT_NOEXCEPT
#endif

#define CLT_EXPORT __attribute__((visibility("default")))
#define CLT_RESULT CLT_EXPORT __attribute__((warn_unused_result)) int32_t

/* ---- Versions and errors
 * ------------------------------------------------------------------------------------ */

/* Raised by one whenever a caller compiled against the older header could misbehave. */
#define CLT_ABI_VERSION 1u

typedef enum clt_code {
    CLT_OK = 0,
    CLT_INVALID_ARGUMENT = 1, /* a caller's mistake */
    CLT_NO_MEMORY = 2,
    CLT_ABI_MISMATCH = 3, /* header and shim differ */
    CLT_ENGINE_MISMATCH =
        4,              /* libtorrent at run time is not binary compatible with the one compiled against */
    CLT_NOT_FOUND = 5,  /* no such torrent (any more) */
    CLT_DUPLICATE = 6,  /* that info-hash is in the engine already */
    CLT_MALFORMED = 7,  /* bytes that are no torrent, info dictionary or magnet link */
    CLT_LIMIT = 8,      /* well-formed, but larger than the limits given */
    CLT_IO = 9,         /* file system; `system_errno` says what */
    CLT_NETWORK = 10,   /* socket; `system_errno` says what */
    CLT_SHUT_DOWN = 11, /* the engine is stopping or has stopped */
    CLT_CANCELLED = 12,
    CLT_CHANGED = 13,     /* a file changed while it was read */
    CLT_WRONG_STATE = 14, /* not possible in the torrent's present state */
    CLT_TIMED_OUT = 15,
    CLT_INTERNAL = 16, /* anything else; the message has the engine's words */
    CLT_MISMATCH = 17  /* resume data of another torrent */
} clt_code;

typedef struct clt_error {
    uint32_t struct_size;
    int32_t code;         /* clt_code */
    int32_t system_errno; /* 0 where no system call failed */
    int32_t file_index;   /* the file concerned, or -1 */
    char message[512];    /* NUL-terminated English, cut at a character boundary */
} clt_error;

typedef struct clt_versions {
    uint32_t struct_size;
    uint32_t abi;                /* of the shim that runs */
    const char *engine_compiled; /* e.g. "2.0.8.0"; static */
    const char *engine_running;  /* static */
    int32_t internals_usable;    /* 1 where the locks that rest on engine internals are active */
} clt_versions;

/* Thread-safe, never blocks. */
CLT_RESULT clt_get_versions(clt_versions *out, clt_error *error) CLT_NOEXCEPT;

/* ---- Metainfo: .torrent files and info dictionaries (BEP 3, 12, 17, 19, 27, 38, 47, 52)
 * ----------------------- */

typedef struct clt_limits {
    uint32_t struct_size;
    uint32_t max_depth;         /* nesting of bencoded values; 0 = 32 */
    uint64_t max_bytes;         /* of the whole file; 0 = 4 MiB */
    uint64_t max_tokens;        /* bencoded values; 0 = 500,000 */
    uint64_t max_pieces;        /* 0 = 65,536 */
    uint64_t max_files;         /* 0 = 100,000 */
    uint64_t max_content_bytes; /* 0 = no limit */
} clt_limits;

/* What a private swarm cannot carry. Facts; whether one is refused is the caller's policy. */
enum {
    CLT_FEATURE_V2 = 1u << 0,         /* BEP 52: v2 or hybrid */
    CLT_FEATURE_SYMLINK = 1u << 1,    /* BEP 47 `attr` l */
    CLT_FEATURE_SIMILAR = 1u << 2,    /* BEP 38 `similar` or `collections` in the info dictionary */
    CLT_FEATURE_SSL = 1u << 3,        /* `ssl-cert` in the info dictionary */
    CLT_FEATURE_HIDDEN_NAME = 1u << 4 /* the top-level name begins with a dot */
};

/* What lies outside the info dictionary (or names outsiders in a magnet) and is not carried over. */
enum {
    CLT_DROPPED_TRACKERS = 1u << 0,   /* announce, announce-list; magnet tr */
    CLT_DROPPED_WEB_SEEDS = 1u << 1,  /* url-list; magnet ws, as, xs */
    CLT_DROPPED_HTTP_SEEDS = 1u << 2, /* httpseeds */
    CLT_DROPPED_NODES = 1u << 3,      /* DHT nodes; magnet dht */
    CLT_DROPPED_SIMILAR = 1u << 4,    /* similar, collections outside the info dictionary */
    CLT_DROPPED_HOST_NAMES = 1u << 5  /* magnet x.pe with a DNS name */
};

typedef struct clt_metainfo clt_metainfo; /* immutable once parsed: any number of threads may read it */

typedef struct clt_metainfo_summary {
    uint32_t struct_size;
    uint32_t features;  /* CLT_FEATURE_… */
    uint32_t dropped;   /* CLT_DROPPED_… */
    int32_t is_private; /* BEP 27 */
    int32_t has_v1, has_v2;
    uint8_t info_hash_v1[20];
    uint8_t info_hash_v2[32];
    uint64_t size;         /* bytes of content, pad files not counted */
    uint64_t piece_length; /* bytes */
    uint64_t piece_count;
    uint64_t file_count; /* pad files included */
    const char *name;    /* cleaned: the one entry that is made in the save path */
    size_t name_length;
} clt_metainfo_summary;

enum {
    CLT_FILE_PAD = 1u << 0,
    CLT_FILE_EXECUTABLE = 1u << 1,
    CLT_FILE_HIDDEN = 1u << 2,
    CLT_FILE_SYMLINK = 1u << 3
};

typedef struct clt_file {
    uint32_t struct_size;
    uint32_t flags;        /* CLT_FILE_… */
    uint64_t size, offset; /* bytes; offset within the torrent's content */
    const char *path;      /* '/'-separated, cleaned, begins with the torrent's name */
    size_t path_length;
    const char *original_path; /* as the creator wrote it, '/'-joined; may hold any byte */
    size_t original_path_length;
} clt_file;

/* Parses a whole .torrent, or (`_info`) an info dictionary alone. Never blocks; CPU bound. Limits may be
 * NULL. */
CLT_RESULT clt_metainfo_parse(const uint8_t *bytes, size_t length, const clt_limits *limits,
                              clt_metainfo **out, clt_error *error) CLT_NOEXCEPT;
CLT_RESULT clt_metainfo_parse_info(const uint8_t *bytes, size_t length, const clt_limits *limits,
                                   clt_metainfo **out, clt_error *error) CLT_NOEXCEPT;
CLT_EXPORT void clt_metainfo_free(clt_metainfo *metainfo) CLT_NOEXCEPT;

typedef struct clt_renaming {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t file;    /* its index */
    const char *path; /* as clt_file has it */
    size_t path_length;
} clt_renaming;

/* The same torrent (info-hash and bytes) with other names for some of its files; free both. A new path begins
 * with the torrent's folder as the old one does, or, where the torrent is a file alone, is its new name; what
 * the cleaning of names would change is refused (CLT_INVALID_ARGUMENT), and so is what another file or folder
 * of the torrent has (CLT_IO, EEXIST). The message names the path. Never blocks; CPU bound. */
CLT_RESULT clt_metainfo_rename(const clt_metainfo *metainfo, const clt_renaming *names, uint64_t count,
                               clt_metainfo **out, clt_error *error) CLT_NOEXCEPT;

/* All borrowed from the metainfo, until it is freed. */
CLT_RESULT clt_metainfo_get_summary(const clt_metainfo *metainfo, clt_metainfo_summary *out,
                                    clt_error *error) CLT_NOEXCEPT;
CLT_RESULT clt_metainfo_get_file(const clt_metainfo *metainfo, uint64_t index, clt_file *out,
                                 clt_error *error) CLT_NOEXCEPT;
/* The sanitised .torrent: the info dictionary to the byte (its hash does not change) and nothing else. */
CLT_RESULT clt_metainfo_get_torrent(const clt_metainfo *metainfo, const uint8_t **out, size_t *out_length,
                                    clt_error *error) CLT_NOEXCEPT;
/* The SHA-1 of each piece in order, 20 bytes each; v1 only (else CLT_WRONG_STATE). */
CLT_RESULT clt_metainfo_get_piece_hashes(const clt_metainfo *metainfo, const uint8_t **out,
                                         size_t *out_length, clt_error *error) CLT_NOEXCEPT;

/* ---- Magnet links (BEP 9, BEP 53)
 * ----------------------------------------------------------------------------- */

typedef struct clt_magnet clt_magnet; /* immutable once parsed */

typedef struct clt_magnet_summary {
    uint32_t struct_size;
    uint32_t dropped; /* CLT_DROPPED_… */
    int32_t has_v1, has_v2;
    uint8_t info_hash_v1[20];
    uint8_t info_hash_v2[32];
    uint64_t size;       /* xl, bytes; 0 where absent */
    uint64_t peer_count; /* x.pe entries that are literal addresses with a port */
    const char *name;    /* dn, percent-decoded, cleaned for display */
    size_t name_length;
} clt_magnet_summary;

/* Strict where the engine is lenient: a hash that is not exactly 40 hexadecimal or 32 base32 digits (btih) or
 * a 32-byte SHA-256 multihash (btmh) is CLT_MALFORMED. Never blocks. */
CLT_RESULT clt_magnet_parse(const char *text, size_t length, clt_magnet **out, clt_error *error) CLT_NOEXCEPT;
CLT_EXPORT void clt_magnet_free(clt_magnet *magnet) CLT_NOEXCEPT;
CLT_RESULT clt_magnet_get_summary(const clt_magnet *magnet, clt_magnet_summary *out,
                                  clt_error *error) CLT_NOEXCEPT;

/* family 4 or 6; the address in network order, IPv4 in the first four bytes; port in host order. */
typedef struct clt_endpoint {
    uint8_t family;
    uint8_t reserved;
    uint16_t port;
    uint8_t address[16];
} clt_endpoint;

CLT_RESULT clt_magnet_get_peer(const clt_magnet *magnet, uint64_t index, clt_endpoint *out,
                               clt_error *error) CLT_NOEXCEPT;

/* ---- Hashing pieces straight from files, and building a .torrent
 * ------------------------------------------------ */

/* Which file, and in which version: any write, truncation, replacement, change of mode or new link alters
 * it. */
typedef struct clt_file_identity {
    uint32_t struct_size;
    int32_t is_known; /* 0: the rest is not read */
    uint64_t device, inode, size;
    int64_t mtime_ns, ctime_ns; /* nanoseconds since 1970 */
} clt_file_identity;

typedef struct clt_hash_file {
    uint32_t struct_size;
    uint32_t flags;   /* CLT_FILE_PAD: zeros, nothing is opened */
    uint64_t size;    /* bytes that belong to the content */
    const char *path; /* relative to the root, '/'-separated */
    size_t path_length;
    /* Where not all zero: the file must be this very one, before and after it is read (else CLT_CHANGED). */
    uint64_t device, inode;
    int64_t mtime_ns, ctime_ns;
} clt_hash_file;

typedef struct clt_hash_options {
    uint32_t struct_size;
    uint32_t threads;      /* 0 = one a core */
    uint64_t piece_length; /* bytes; a multiple of 16 KiB, or any value for an existing torrent */
    const char *root;      /* folder; paths below it are opened without following any symbolic link */
    size_t root_length;
    const clt_hash_file *files;
    uint64_t file_count;
    const uint8_t *wanted; /* bit per piece, first piece = highest bit of byte 0; NULL = every piece */
    size_t wanted_length;
    int32_t stop_at_failure; /* 1: the first unreadable or changed file ends the run with an error */
    uint64_t rate_limit;     /* bytes read a second, of all threads together; 0 = none. Holes cost nothing */
} clt_hash_options;

/* Holes of sparse files (SEEK_HOLE) are hashed as the zeros that they are, and not read. */
typedef struct clt_hash_job clt_hash_job;

enum { CLT_PIECE_NOT_HASHED = 0, CLT_PIECE_HASHED = 1, CLT_PIECE_UNREADABLE = 2 };

/* Copies the options. Touches no file yet. */
CLT_RESULT clt_hash_job_new(const clt_hash_options *options, clt_hash_job **out,
                            clt_error *error) CLT_NOEXCEPT;
/* Blocks until all is hashed: minutes, for large content. Works on threads of its own. Once per job. */
CLT_RESULT clt_hash_job_run(clt_hash_job *job, clt_error *error) CLT_NOEXCEPT;
/* All three from any thread, while the job runs too; none blocks. A cancelled run ends with CLT_CANCELLED, at
 * once also where it waits for its rate. A rate of 0 is none. */
CLT_EXPORT void clt_hash_job_cancel(clt_hash_job *job) CLT_NOEXCEPT;
CLT_EXPORT void clt_hash_job_set_rate_limit(clt_hash_job *job, uint64_t rate) CLT_NOEXCEPT;
/* Bytes of wanted pieces done with so far: hashed, holes among them, or found unreadable. */
CLT_EXPORT uint64_t clt_hash_job_progress(const clt_hash_job *job) CLT_NOEXCEPT;
/* After the run. `state` is one of CLT_PIECE_…, `hash` the SHA-1 (BEP 3). */
CLT_RESULT clt_hash_job_get_piece(const clt_hash_job *job, uint64_t index, int32_t *state, uint8_t hash[20],
                                  clt_error *error) CLT_NOEXCEPT;
/* After the run: the errno that file met (0 = none; ENODATA = shorter than it should be; ESTALE = changed).
 */
CLT_RESULT clt_hash_job_get_file_errno(const clt_hash_job *job, uint64_t index, int32_t *out,
                                       clt_error *error) CLT_NOEXCEPT;
/* After the run: who the file was when its content was read. `is_known` is 0 for a pad file and for one that
 * could not be opened. Hand it to clt_torrent_add: nothing else is then sent in its place. */
CLT_RESULT clt_hash_job_get_file_identity(const clt_hash_job *job, uint64_t index, clt_file_identity *out,
                                          clt_error *error) CLT_NOEXCEPT;
CLT_EXPORT void clt_hash_job_free(clt_hash_job *job) CLT_NOEXCEPT; /* not while it runs */

/* Makes durable what was written to files below `root`: the data of those in `wanted` (a bit for each file,
 * the first = highest bit of byte 0), and every folder on the way to them, `root` included. Of `files`, the
 * paths and CLT_FILE_PAD count. `out` has room for an identity for each file: who it is afterwards;
 * `is_known` is 0 for a pad file, and for one that is not there or no regular file, which is an error only
 * where it is wanted: CLT_IO with `file_index` and `system_errno`, after everything else was done. Follows no
 * link below `root`. Blocks as long as the disk takes, seconds perhaps; any thread, and none of an engine's
 * is waited for. */
CLT_RESULT clt_files_sync(const char *root, size_t root_length, const clt_hash_file *files,
                          uint64_t file_count, const uint8_t *wanted, size_t wanted_length,
                          clt_file_identity *out, clt_error *error) CLT_NOEXCEPT;

/* Gives a regular file below `root` another name, as clt_torrent_rename does for a torrent that is in an
 * engine; also the rest of that where a crash has left it with both names. `found`: 0 where it is not there,
 * and the new name is free. CLT_IO with `system_errno`; EEXIST: something stands there already. Blocks for as
 * long as the disk takes. */
CLT_RESULT clt_file_rename(const char *root, size_t root_length, const char *from, size_t from_length,
                           const char *to, size_t to_length, int32_t *found, clt_error *error) CLT_NOEXCEPT;

typedef struct clt_build_options {
    uint32_t struct_size;
    int32_t is_private; /* BEP 27 */
    const char *name;   /* top-level file or folder */
    size_t name_length;
    int32_t single_file;   /* 1: `name` is the file itself, and file_count is 1 */
    uint64_t piece_length; /* bytes; a power of two, 16 KiB … 16 MiB */
    const clt_file *files; /* `path` relative to the folder; flags EXECUTABLE is kept */
    uint64_t file_count;
    const uint8_t *piece_hashes; /* 20 bytes each */
    size_t piece_hashes_length;
    const char *created_by; /* none where length is 0 */
    size_t created_by_length;
    int64_t creation_date; /* seconds since 1970; 0 = leave it out, so that equal content gives equal bytes */
} clt_build_options;

typedef struct clt_bytes clt_bytes; /* immutable, owned by the caller */
CLT_EXPORT const uint8_t *clt_bytes_data(const clt_bytes *bytes, size_t *length) CLT_NOEXCEPT;
CLT_EXPORT void clt_bytes_free(clt_bytes *bytes) CLT_NOEXCEPT;

/* A v1 .torrent (BEP 3). Never blocks; CPU bound. */
CLT_RESULT clt_build_torrent(const clt_build_options *options, clt_bytes **out,
                             clt_error *error) CLT_NOEXCEPT;

/* ---- Resume data: what a torrent had when it was last saved
 * ------------------------------------------------------ */

typedef struct clt_resume_data clt_resume_data; /* immutable once parsed: any number of threads may read it */

typedef struct clt_resume_summary {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t piece_count, had_pieces;          /* of the torrent; of those, the ones had */
    uint64_t uploaded_bytes, downloaded_bytes; /* payload, over all sessions */
    int64_t added_time, completed_time;        /* seconds since 1970; 0 = not recorded */
} clt_resume_summary;

/* Reads what clt_torrent_save_resume_data gave (or any libtorrent since 1.2 wrote) for this torrent. It is a
 * claim: only hashing says what is on disk. What the getters below do not name is never looked at: peers,
 * trackers, web seeds, DHT nodes, flags, limits, paths, names, blocks of unfinished pieces. CLT_MISMATCH: it
 * is another torrent's; CLT_MALFORMED: it is no resume data, or none that fits the torrent. Limits (bytes,
 * depth, tokens) may be NULL. The metainfo may be freed afterwards. Never blocks; CPU bound. */
CLT_RESULT clt_resume_data_parse(const uint8_t *bytes, size_t length, const clt_metainfo *metainfo,
                                 const clt_limits *limits, clt_resume_data **out,
                                 clt_error *error) CLT_NOEXCEPT;
CLT_EXPORT void clt_resume_data_free(clt_resume_data *resume) CLT_NOEXCEPT;

/* All borrowed from the resume data, until it is freed. */
CLT_RESULT clt_resume_data_get_summary(const clt_resume_data *resume, clt_resume_summary *out,
                                       clt_error *error) CLT_NOEXCEPT;
/* A bit per piece that is had, as clt_add_options.have_pieces takes it: exactly as long as the torrent needs,
 * spare bits zero. */
CLT_RESULT clt_resume_data_get_pieces(const clt_resume_data *resume, const uint8_t **out, size_t *out_length,
                                      clt_error *error) CLT_NOEXCEPT;
/* A priority per file of the torrent, pad files included: 0 = not wanted … 7; 4 where none was set. */
CLT_RESULT clt_resume_data_get_file_priorities(const clt_resume_data *resume, const uint8_t **out,
                                               size_t *out_length, clt_error *error) CLT_NOEXCEPT;

/* ---- Engine
 * ----------------------------------------------------------------------------------------------------- */

typedef struct clt_engine clt_engine;
typedef uint64_t clt_torrent_id; /* 0 = none */

/* MSE/PE stream obfuscation. It hides nothing from whoever knows the info-hash. */
typedef enum clt_encryption {
    CLT_ENCRYPTION_HANDSHAKE = 0, /* dial with the MSE handshake, then plaintext; accept both (default) */
    CLT_ENCRYPTION_OFF = 1,       /* dial in plaintext; accept plaintext only */
    CLT_ENCRYPTION_FULL = 2,      /* dial with MSE and RC4; accept both */
    CLT_ENCRYPTION_REQUIRED = 3   /* MSE and RC4 only, both ways */
} clt_encryption;

typedef struct clt_engine_options {
    uint32_t struct_size;
    uint32_t abi_version; /* CLT_ABI_VERSION of the caller's header */
    const char
        *listen_interfaces; /* "127.0.0.1:0", "[::1]:6881", "wg0:6881"; comma-separated; none = no socket */
    size_t listen_interfaces_length;
    /* To dial from: of each family the first address, or a device for both; 0.0.0.0 and :: leave that family
     * to the kernel, and a family that is not named is not dialled. None at all = the kernel chooses. A
     * device named here or above must be up and have an address; while it has not, the engine stands still:
     * CLT_EVENT_INTERFACE. */
    const char *outgoing_interfaces;
    size_t outgoing_interfaces_length;
    int32_t encryption;         /* clt_encryption */
    uint32_t connections_limit; /* 0 = 2,000 */
    uint32_t disk_threads;      /* 0 = 4; shared by all sessions of the engine */
    uint32_t event_queue_limit; /* 0 = 16,384; beyond it events are dropped and counted, never memory grown */
    uint32_t progress_interval_ms; /* 0 = 250; how often CLT_EVENT_PROGRESS may be sent for a torrent */
    uint64_t max_metadata_bytes;   /* accepted from a peer; 0 = 4 MiB */
    uint64_t max_pieces;           /* 0 = 65,536 */
    uint64_t max_tokens;           /* 0 = 500,000 */
    int32_t
        stealth; /* 1: the kernel leaves a stranger's SYN unanswered (classic BPF on our listening sockets) */
    uint32_t
        newcomers_per_address;  /* that have not sent their handshake; above it the oldest is cut; 0 = 32 */
    uint32_t peers_per_address; /* in one torrent; above it a peer that dials us is refused; 0 = 64 */
} clt_engine_options;

/* Starts the network thread. Blocks until the session stands (milliseconds). CLT_NETWORK where a device that
 * is named is not there or not up, has no address, or a socket cannot be bound to it. */
CLT_RESULT clt_engine_create(const clt_engine_options *options, clt_engine **out,
                             clt_error *error) CLT_NOEXCEPT;
/* Stops: closes every connection, flushes what is written, joins the threads. Blocks, at most about
 * `timeout_ms`; on CLT_TIMED_OUT the engine is gone for the caller all the same and what is left ends in the
 * background. No other call on this engine may be under way or follow. NULL is allowed. */
CLT_RESULT clt_engine_destroy(clt_engine *engine, uint32_t timeout_ms, clt_error *error) CLT_NOEXCEPT;
/* An eventfd that is readable while events wait: poll it, never read, write or close it. Owned by the engine.
 */
CLT_EXPORT int32_t clt_engine_event_fd(const clt_engine *engine) CLT_NOEXCEPT;

typedef enum clt_event_kind {
    CLT_EVENT_STATE = 1,             /* value: clt_torrent_state; torrent may be removed */
    CLT_EVENT_METADATA_RECEIVED = 2, /* held until clt_torrent_accept_metadata; data: the info dictionary */
    CLT_EVENT_PROGRESS = 3,          /* coalesced; ask for a snapshot */
    CLT_EVENT_CHECKED = 4,           /* what is on disk is known; count: bytes that are there and verified */
    /* every piece that is wanted is verified; again, where more came to be wanted since */
    CLT_EVENT_FINISHED = 5,
    CLT_EVENT_PEER_CONNECTED =
        6, /* handshake complete; endpoint, direction, member; text: what it says it is */
    CLT_EVENT_PEER_REFUSED = 7, /* by us; endpoint, direction, value: clt_refusal; count: tries from there */
    CLT_EVENT_PEER_DISCONNECTED =
        8,                     /* endpoint, direction, value: clt_disconnect; text: the engine's words */
    CLT_EVENT_HASH_FAILED = 9, /* value: piece */
    CLT_EVENT_STORAGE_ERROR =
        10, /* system_errno (ESTALE: the file is not the one that was verified, and nothing of what stands
               there was sent); text: what failed; data: the path; the torrent has stopped. After ENOSPC and
               EDQUOT it goes on by itself once there is room, after EMFILE and ENFILE once files can be
               opened, unless it is stopped */
    CLT_EVENT_LISTENING = 11, /* endpoint: where, with the real port */
    /* endpoint, system_errno; text. It does not stand, or stands no longer; it is tried again each second,
     * but where it could not be bound or filtered as it must be. The same failure is told once until it
     * stands */
    CLT_EVENT_LISTEN_FAILED = 12,
    CLT_EVENT_RESUME_DATA =
        13, /* request; data: bencoded resume data without peers; system_errno set: none */
    CLT_EVENT_REMOVED =
        14,             /* request; the ID is gone, its files are closed; count, data: files left, below */
    CLT_EVENT_GAP = 15, /* count: events dropped since; take snapshots */
    CLT_EVENT_LOG = 16, /* value: 0 debug … 4 error; text */
    CLT_EVENT_PEER_BANNED = 17, /* endpoint; sent corrupt data */
    /* text: a device that the engine is bound to; value: 0 it is down or has lost an address, and every
     * connection is cut, every listening socket closed and nothing dialled; 1 it is back */
    CLT_EVENT_INTERFACE = 18,
    /* endpoint, member; value: clt_message_kind; text: the proven peer ID; data: the body. Beyond 4 MiB that
     * wait they are dropped and counted: clt_message_counters */
    CLT_EVENT_MESSAGE = 19,
    CLT_EVENT_PIECE_DATA = 20, /* request, value: piece; data: its bytes; system_errno set: none, text */
    /* request. value 0: nothing was moved; system_errno, text, data: the path. 1: the files stand in the new
     * folder (data), and in the old one too, until clt_torrent_end_move. 2: that is done; count: source files
     * that were left, data: of each its errno in decimal, a space, its path and a NUL byte. */
    CLT_EVENT_MOVED = 21,
    /* value: a piece that CLT_ADD_VERIFY_ON_READ took for good and that is not; data: the paths of its files,
     * a NUL byte after each. Nothing of it was sent; all is checked now, and what is bad is fetched again. */
    CLT_EVENT_CORRUPT = 22,
    /* endpoint, direction; value: clt_peer_stage. Each at most once for a connection */
    CLT_EVENT_PEER_STAGE = 23,
    /* request; value 1: the file has its new name, 0: it has its old one; system_errno, text, data: the path.
     */
    CLT_EVENT_RENAMED = 24
} clt_event_kind;

/* How far a member's connection got, beside its handshake (CLT_EVENT_PEER_CONNECTED). */
typedef enum clt_peer_stage {
    CLT_STAGE_TCP = 1,        /* the connection that we dialled stands */
    CLT_STAGE_EXTENSIONS = 2, /* its extension handshake came (BEP 10) */
    CLT_STAGE_PIECES = 3      /* it said which pieces it has (BEP 3, BEP 6) */
} clt_peer_stage;

typedef enum clt_direction { CLT_INCOMING = 1, CLT_OUTGOING = 2 } clt_direction;

typedef enum clt_refusal {
    CLT_REFUSAL_NOT_A_MEMBER = 1,   /* of any torrent: dropped at accept */
    CLT_REFUSAL_NOT_OF_TORRENT = 2, /* a member, but not of this one */
    CLT_REFUSAL_REVOKED = 3,
    CLT_REFUSAL_NOT_DIALLED = 4, /* the engine wanted to dial where policy did not send it */
    CLT_REFUSAL_PROTOCOL = 5,    /* handshake that would harm the engine */
    CLT_REFUSAL_NOT_BOUND = 6,   /* it could not go by the address or device that the engine is bound to */
    CLT_REFUSAL_TOO_MANY = 7     /* more connections than one address may have */
} clt_refusal;

typedef enum clt_disconnect {
    CLT_DISCONNECT_OTHER = 0,
    CLT_DISCONNECT_CONNECT_REFUSED = 1, /* nobody listens there */
    CLT_DISCONNECT_UNREACHABLE = 2,
    CLT_DISCONNECT_TIMED_OUT = 3,
    CLT_DISCONNECT_BEFORE_HANDSHAKE = 4, /* the other side closed before its handshake: it may not list us */
    CLT_DISCONNECT_CLOSED = 5,           /* the other side closed */
    CLT_DISCONNECT_BY_US = 6,            /* we did: shutdown, removal, both seeds … */
    CLT_DISCONNECT_PROTOCOL = 7
} clt_disconnect;

typedef struct clt_event {
    uint32_t struct_size;
    uint32_t kind;          /* clt_event_kind */
    clt_torrent_id torrent; /* 0: the engine's */
    uint64_t sequence;      /* 1, 2, 3 …; one order for the whole engine */
    uint64_t request;       /* of the call that this answers, else 0 */
    int64_t time_ns;        /* CLOCK_MONOTONIC */
    int64_t value;
    uint64_t count;
    int32_t system_errno;
    uint32_t direction; /* clt_direction */
    clt_endpoint endpoint;
    uint64_t member_rule; /* of the member entry that admitted the peer, else 0 */
    const char *text;
    size_t text_length;
    const uint8_t *data;
    size_t data_length;
} clt_event;

/* Hands over all that waits, in order, and empties the eventfd. Never blocks. The array and what it points to
 * stay valid until the next drain or the engine's end. From one thread at a time. */
CLT_RESULT clt_engine_drain_events(clt_engine *engine, const clt_event **out, size_t *out_count,
                                   clt_error *error) CLT_NOEXCEPT;

/* ---- Refusals: who was turned away
 * ------------------------------------------------------------------------------- */

/* One address that was refused by one torrent. Members of other torrents and strangers are remembered apart,
 * the last 1,024 addresses of each, so that a flood of strangers does not push out what members did. */
typedef struct clt_refused {
    uint32_t struct_size;
    uint32_t direction;     /* clt_direction, of the last try */
    uint32_t reason;        /* clt_refusal, of the last try */
    uint32_t reserved;      /* 0 */
    clt_torrent_id torrent; /* 0: refused before it named one. The torrent may be gone */
    clt_endpoint endpoint;  /* of the last try */
    uint64_t tries;
    int64_t first_time_ns, last_time_ns; /* CLOCK_MONOTONIC, as in events */
} clt_refused;

typedef struct clt_refusals clt_refusals; /* a snapshot, owned by the caller; immutable */

/* Blocks briefly. */
CLT_RESULT clt_engine_get_refusals(clt_engine *engine, clt_refusals **out, clt_error *error) CLT_NOEXCEPT;
/* The last ones, the most recent first; borrowed from the snapshot. */
CLT_EXPORT const clt_refused *clt_refusals_data(const clt_refusals *refusals, size_t *count) CLT_NOEXCEPT;
/* Tries refused for that reason (a clt_refusal) since the engine was made; 0 for a reason that there is not.
 */
CLT_EXPORT uint64_t clt_refusals_total(const clt_refusals *refusals, uint32_t reason) CLT_NOEXCEPT;
/* How often an address was dropped from the list to make room; the totals keep its tries. */
CLT_EXPORT uint64_t clt_refusals_forgotten(const clt_refusals *refusals) CLT_NOEXCEPT;
CLT_EXPORT void clt_refusals_free(clt_refusals *refusals) CLT_NOEXCEPT;

/* What an engine has counted since it was made, on all of its connections; the last two are as they are now.
 */
typedef struct clt_counters {
    uint32_t struct_size;
    uint32_t reserved;                   /* 0 */
    uint64_t received_bytes, sent_bytes; /* BitTorrent traffic: content, messages, handshakes; not TCP/IP */
    uint64_t received_payload, sent_payload; /* of those, content, in bytes */
    uint64_t failed_bytes, redundant_bytes;  /* of the content received: failed its hash; came twice */
    uint64_t pieces_passed; /* passed their hash, or were taken over as verified when the torrent was added */
    uint64_t pieces_failed; /* failed it */
    uint64_t dials;         /* begun */
    uint64_t incoming_handshakes, outgoing_handshakes;     /* of members, complete */
    uint64_t download_limited_peers, upload_limited_peers; /* wait for a rate limit of ours */
} clt_counters;

/* Blocks briefly. */
CLT_RESULT clt_engine_get_counters(clt_engine *engine, clt_counters *out, clt_error *error) CLT_NOEXCEPT;

/* Upload and download limits of the whole engine, bytes a second, 0 = none; loopback is not exempt. Blocks
 * briefly. */
CLT_RESULT clt_engine_set_rate_limits(clt_engine *engine, uint64_t upload, uint64_t download,
                                      clt_error *error) CLT_NOEXCEPT;

/* Limits that all torrents of a class share, beside each torrent's own and the engine's. What a class is for
 * is the caller's to say. 1 … CLT_RATE_CLASSES; bytes a second, 0 = none. CLT_ENGINE_MISMATCH where
 * libtorrent is another than the one that the shim was written for. Blocks briefly. */
#define CLT_RATE_CLASSES 8u
CLT_RESULT clt_engine_set_class_limits(clt_engine *engine, uint32_t rate_class, uint64_t upload,
                                       uint64_t download, clt_error *error) CLT_NOEXCEPT;

/* The effective value of every engine setting that closes a channel, as "name=value" lines. Blocks briefly.
 */
CLT_RESULT clt_engine_get_settings(clt_engine *engine, clt_bytes **out, clt_error *error) CLT_NOEXCEPT;

/* ---- Members: who may be in a swarm
 * ------------------------------------------------------------------------------ */

#define CLT_PEER_ID_MAX 64u /* bytes */

typedef enum clt_member_kind {
    CLT_MEMBER_ADDRESS_RANGE = 1 /* later: certificate fingerprint, authenticated peer ID */
} clt_member_kind;

typedef struct clt_member {
    uint32_t struct_size;
    uint32_t kind;   /* clt_member_kind */
    uint64_t rule;   /* the caller's own number, handed back with every peer that it admits */
    uint32_t source; /* the caller's own tag: invite list, overlay … */
    clt_endpoint
        first; /* port: 0 = any; else the one that may be dialled (a peer that dials us comes from any) */
    clt_endpoint last;   /* same family; the range is inclusive; its port is not read */
    const char *peer_id; /* whose address that is, as policy knows it; at most CLT_PEER_ID_MAX bytes; none
                            where length is 0: then nobody may send signals from there */
    size_t peer_id_length;
} clt_member;

/* ---- Torrents
 * ------------------------------------------------------------------------------------------------------ */

typedef enum clt_torrent_state {
    CLT_STATE_METADATA = 1, /* a magnet that waits for its info dictionary */
    CLT_STATE_HELD = 2,     /* metadata is here and waits to be accepted */
    CLT_STATE_CHECKING = 3,
    CLT_STATE_DOWNLOADING = 4,
    CLT_STATE_SEEDING = 5,
    CLT_STATE_FAILED = 6,  /* storage error; stopped */
    CLT_STATE_FINISHED = 7 /* has every piece that is wanted, and not every piece */
} clt_torrent_state;

enum {
    CLT_ADD_HAVE_ALL = 1u << 0,       /* the caller has just hashed every piece */
    CLT_ADD_VERIFY_ON_READ = 1u << 1, /* seed mode: each piece is hashed before it is first sent */
    CLT_ADD_SEQUENTIAL = 1u << 2,
    CLT_ADD_MESSAGES = 1u << 3 /* speak `slskdn` (BEP 10) with members; else the swarm hears nothing of it */
};

typedef struct clt_add_options {
    uint32_t struct_size;
    uint32_t flags;               /* CLT_ADD_… */
    const clt_metainfo *metainfo; /* or NULL, with an info_hash: metadata comes from members (BEP 9) */
    uint8_t info_hash[20];
    const char *save_path; /* absolute; the folder that holds the torrent's top-level entry */
    size_t save_path_length;
    const clt_member *members;
    uint64_t member_count;
    const uint8_t *have_pieces; /* bit per piece known to be good; NULL: what is on disk is hashed */
    size_t have_pieces_length;
    uint32_t upload_limit, download_limit; /* bytes a second; 0 = none */
    /* One for each file of the metainfo, pad files too, in order: who it was when its content was hashed.
     * NULL or not known: whoever stands there when the torrent is added. See CLT_EVENT_STORAGE_ERROR. */
    const clt_file_identity *identities;
    uint64_t identity_count;
    const char *peer_id;   /* with CLT_ADD_MESSAGES: who we are, said in the extension handshake; none where
                              length is 0: then we may receive signals, and send none */
    size_t peer_id_length; /* at most CLT_PEER_ID_MAX */
    /* Bytes that are to stay free where the files are: before a write would leave less, the torrent stops
     * with CLT_EVENT_STORAGE_ERROR and ENOSPC, as on a full disk. 0 = none. */
    uint64_t free_space_floor;
    /* As clt_torrent_set_file_priorities takes them; with a metainfo: none, or one for each file. */
    const uint8_t *file_priorities;
    uint64_t file_priority_count;
    uint32_t rate_class; /* 1 … CLT_RATE_CLASSES, or 0 for none: see clt_engine_set_class_limits */
} clt_add_options;

/* Adds it stopped: nothing is dialled, nobody admitted. Blocks briefly. */
CLT_RESULT clt_torrent_add(clt_engine *engine, const clt_add_options *options, clt_torrent_id *out,
                           clt_error *error) CLT_NOEXCEPT;
/* Starts it, and dials `peers` at once, each of which must be a member (others are CLT_EVENT_PEER_REFUSED).
 * On a running torrent: only dials. Blocks briefly. */
CLT_RESULT clt_torrent_start(clt_engine *engine, clt_torrent_id torrent, const clt_endpoint *peers,
                             uint64_t peer_count, clt_error *error) CLT_NOEXCEPT;
/* Closes its connections. Blocks briefly. */
CLT_RESULT clt_torrent_stop(clt_engine *engine, clt_torrent_id torrent, clt_error *error) CLT_NOEXCEPT;
/* Lets the held metadata in. CLT_WRONG_STATE where none is held, or where cleaning changed a name: the engine
 * would make files under the names before, so remove the torrent and add it by its metainfo. `metainfo` is
 * what the caller parsed of it and looked at; another torrent's is CLT_INVALID_ARGUMENT. Blocks briefly. */
CLT_RESULT clt_torrent_accept_metadata(clt_engine *engine, clt_torrent_id torrent,
                                       const clt_metainfo *metainfo, clt_error *error) CLT_NOEXCEPT;
/* The torrent is gone from the swarm at once; CLT_EVENT_REMOVED with `request` comes when its files are
 * closed. The files stay. Blocks briefly. */
CLT_RESULT clt_torrent_remove(clt_engine *engine, clt_torrent_id torrent, uint64_t request,
                              clt_error *error) CLT_NOEXCEPT;
/* The same, and its files are removed before that event: each that it wrote or had a verified piece of, where
 * what stands there is still that very file. No link is followed; what else stands there stays, and folders
 * that are not empty. The event lists what was left, as CLT_EVENT_MOVED does. */
CLT_RESULT clt_torrent_remove_with_files(clt_engine *engine, clt_torrent_id torrent, uint64_t request,
                                         clt_error *error) CLT_NOEXCEPT;
/* Moves its files to another folder (absolute; made where it is not there), in two steps, each answered by
 * CLT_EVENT_MOVED with its `request`; meanwhile the torrent stands still. First each file is linked there,
 * or, on another file system, copied, flushed and read back; nothing that stands there is touched, and what
 * fails or is cancelled leaves the torrent where it was. Then the caller makes a note of the new folder, so
 * that a crash loses nothing, and has the old files removed or left (clt_torrent_end_move); the torrent goes
 * on as it was before. CLT_WRONG_STATE before CLT_EVENT_CHECKED, and while it is moved already. Blocks
 * briefly. */
CLT_RESULT clt_torrent_move(clt_engine *engine, clt_torrent_id torrent, const char *path, size_t path_length,
                            uint64_t request, clt_error *error) CLT_NOEXCEPT;
/* Of the first step; too late for it, or without a move, it does nothing. Blocks briefly. */
CLT_RESULT clt_torrent_cancel_move(clt_engine *engine, clt_torrent_id torrent, clt_error *error) CLT_NOEXCEPT;
/* CLT_WRONG_STATE unless the first step is done. Blocks briefly. */
CLT_RESULT clt_torrent_end_move(clt_engine *engine, clt_torrent_id torrent, int32_t discard_sources,
                                uint64_t request, clt_error *error) CLT_NOEXCEPT;
/* Gives a file another name, as clt_metainfo_rename says, and answers with CLT_EVENT_RENAMED; meanwhile the
 * torrent stands still, and goes on as it was before. At each moment, and after a crash, the file has one of
 * the two names, or both, which clt_file_rename brings to an end. Nothing that stands there already is
 * touched. A file that is not there yet gets its new name when it comes. Of other files nothing changes, and
 * nothing for members. The caller makes a note of the name, and adds the torrent by a metainfo that has it.
 * CLT_WRONG_STATE before CLT_EVENT_CHECKED, and while it is moved. Blocks briefly. */
CLT_RESULT clt_torrent_rename(clt_engine *engine, clt_torrent_id torrent, uint64_t file, const char *path,
                              size_t path_length, uint64_t request, clt_error *error) CLT_NOEXCEPT;
/* Replaces the members. Whoever no longer matches is cut before this returns. Blocks briefly. */
CLT_RESULT clt_torrent_set_members(clt_engine *engine, clt_torrent_id torrent, const clt_member *members,
                                   uint64_t member_count, clt_error *error) CLT_NOEXCEPT;
/* Answered by CLT_EVENT_RESUME_DATA with `request`. CLT_WRONG_STATE before CLT_EVENT_CHECKED: what would be
 * saved then would forget pieces that are there. Blocks briefly. */
CLT_RESULT clt_torrent_save_resume_data(clt_engine *engine, clt_torrent_id torrent, uint64_t request,
                                        clt_error *error) CLT_NOEXCEPT;
/* Limits of its own, bytes a second, 0 = none. Blocks briefly. */
CLT_RESULT clt_torrent_set_rate_limits(clt_engine *engine, clt_torrent_id torrent, uint32_t upload,
                                       uint32_t download, clt_error *error) CLT_NOEXCEPT;
/* Puts it into a class, or (0) into none. Blocks briefly. */
CLT_RESULT clt_torrent_set_rate_class(clt_engine *engine, clt_torrent_id torrent, uint32_t rate_class,
                                      clt_error *error) CLT_NOEXCEPT;

/* One for each file of the torrent, pad files too (theirs are not looked at), in order: 0 = not wanted, 1 the
 * least … 7 the most wanted, 4 what each has by default. None at all: every file has the default. Above 7 is
 * CLT_INVALID_ARGUMENT, and so is another number of them than there are files; before the metadata is there
 * any number is kept for then, the files beyond have the default. At any time, and at once.
 *
 * A piece is wanted as much as the file in it that is wanted most. So what is not wanted may be written in
 * part all the same, at its place, where it shares a piece with what is; no other file is made for it. */
CLT_RESULT clt_torrent_set_file_priorities(clt_engine *engine, clt_torrent_id torrent,
                                           const uint8_t *priorities, uint64_t count,
                                           clt_error *error) CLT_NOEXCEPT; /* blocks briefly */
/* Fetches pieces in order (1) or the rarest first (0). Blocks briefly. */
CLT_RESULT clt_torrent_set_sequential(clt_engine *engine, clt_torrent_id torrent, int32_t sequential,
                                      clt_error *error) CLT_NOEXCEPT;

typedef struct clt_torrent_status {
    uint32_t struct_size;
    uint32_t state; /* clt_torrent_state */
    int32_t is_started;
    uint32_t connected_peers;            /* past the handshake */
    uint64_t content_bytes;              /* 0 before metadata */
    uint64_t verified_bytes;             /* in pieces that passed their hash */
    uint64_t reused_bytes;               /* found good on disk when it was checked */
    uint64_t downloaded_bytes;           /* payload received in this session, whatever became of it */
    uint64_t wasted_bytes;               /* of those: failed their hash, or came twice */
    uint64_t uploaded_bytes;             /* payload sent in this session */
    uint32_t download_rate, upload_rate; /* payload bytes a second */
    uint32_t piece_count, verified_pieces;
    uint64_t wanted_bytes, wanted_verified_bytes; /* in pieces that are wanted; of those, verified */
    int32_t is_moving; /* from clt_torrent_move on, until it is answered with a failure or the end of it is */
    uint64_t piece_length; /* bytes; 0 before metadata */
} clt_torrent_status;

/* Blocks briefly. */
CLT_RESULT clt_torrent_get_status(clt_engine *engine, clt_torrent_id torrent, clt_torrent_status *out,
                                  clt_error *error) CLT_NOEXCEPT;

typedef struct clt_peer {
    uint32_t struct_size;
    uint32_t direction; /* clt_direction */
    clt_endpoint endpoint;
    uint64_t member_rule;
    uint32_t member_source;
    uint32_t flags;                      /* CLT_PEER_… */
    uint32_t download_rate, upload_rate; /* payload bytes a second */
    uint64_t downloaded_bytes, uploaded_bytes;
    uint32_t piece_count;   /* that it has */
    int32_t last_active_ms; /* since the last byte either way */
    const char *client;     /* what it says it is; untrusted text; borrowed from the snapshot */
    size_t client_length;
} clt_peer;

enum {
    CLT_PEER_INTERESTED = 1u << 0, /* we are, in it */
    CLT_PEER_CHOKED = 1u << 1,     /* by us */
    CLT_PEER_REMOTE_INTERESTED = 1u << 2,
    CLT_PEER_REMOTE_CHOKED = 1u << 3, /* it chokes us */
    CLT_PEER_CONNECTING = 1u << 4,
    CLT_PEER_HANDSHAKE = 1u << 5,
    CLT_PEER_SEED = 1u << 6,
    CLT_PEER_MSE = 1u << 7, /* plaintext after an MSE handshake */
    CLT_PEER_RC4 = 1u << 8,
    CLT_PEER_DOWNLOAD_LIMITED = 1u << 9, /* what it sends waits for a rate limit of ours */
    CLT_PEER_UPLOAD_LIMITED = 1u << 10   /* what we send it does */
};

typedef struct clt_peers clt_peers; /* a snapshot, owned by the caller */
CLT_RESULT clt_torrent_get_peers(clt_engine *engine, clt_torrent_id torrent, clt_peers **out,
                                 clt_error *error) CLT_NOEXCEPT; /* blocks briefly */
CLT_EXPORT const clt_peer *clt_peers_data(const clt_peers *peers, size_t *count) CLT_NOEXCEPT;
/* The pieces of the peer at that index: a bit each, first piece = highest bit of byte 0; none where that is
 * not known. Borrowed from the snapshot. */
CLT_EXPORT const uint8_t *clt_peers_pieces(const clt_peers *peers, size_t index, size_t *length) CLT_NOEXCEPT;
CLT_EXPORT void clt_peers_free(clt_peers *peers) CLT_NOEXCEPT;

typedef struct clt_file_status {
    uint32_t struct_size;
    uint32_t flags;          /* CLT_FILE_PAD, or 0 */
    uint32_t priority;       /* 0 = not wanted … 7 */
    uint32_t reserved;       /* 0 */
    uint64_t size;           /* bytes */
    uint64_t verified_bytes; /* of those, in pieces that passed their hash */
    const char *path;        /* '/'-separated, below the save path; borrowed from the snapshot */
    size_t path_length;
} clt_file_status;

typedef struct clt_files clt_files; /* a snapshot, owned by the caller */
/* Every file in order, pad files too. CLT_WRONG_STATE before the metadata is there. Blocks briefly. */
CLT_RESULT clt_torrent_get_files(clt_engine *engine, clt_torrent_id torrent, clt_files **out,
                                 clt_error *error) CLT_NOEXCEPT;
CLT_EXPORT const clt_file_status *clt_files_data(const clt_files *files, size_t *count) CLT_NOEXCEPT;
CLT_EXPORT void clt_files_free(clt_files *files) CLT_NOEXCEPT;

/* A bit per piece that passed its hash, first piece = highest bit of byte 0 (as in BEP 3's bitfield). Blocks
 * briefly. */
CLT_RESULT clt_torrent_get_pieces(clt_engine *engine, clt_torrent_id torrent, clt_bytes **out,
                                  clt_error *error) CLT_NOEXCEPT;

/* Asks for a piece's bytes: answered by CLT_EVENT_PIECE_DATA with `request`, at once where the piece is
 * verified, else as soon as it is. While such requests wait, the torrent is fetched in order, and what they
 * wait for first: a reader that asks for the next few pieces, and for one more with each that it has used,
 * gets the content in order while it arrives, and holds no more in memory than it asked for. At most
 * CLT_PIECE_READS_MAX may be open in a torrent (else CLT_LIMIT). A piece that the torrent does not have is
 * CLT_INVALID_ARGUMENT; before the metadata is there, CLT_WRONG_STATE. Blocks briefly. */
#define CLT_PIECE_READS_MAX 4096u
CLT_RESULT clt_torrent_read_piece(clt_engine *engine, clt_torrent_id torrent, uint32_t piece,
                                  uint64_t request, clt_error *error) CLT_NOEXCEPT;
/* Forgets requests that nobody waits for any more; unknown ones are no error. Their answers do not come, but
 * for those that wait in the queue already. Blocks briefly. */
CLT_RESULT clt_torrent_cancel_reads(clt_engine *engine, clt_torrent_id torrent, const uint64_t *requests,
                                    uint64_t request_count, clt_error *error) CLT_NOEXCEPT;

/* ---- Messages between members: the extension `slskdn` (BEP 10)
 * ------------------------------------------------------ */

/* The first byte of a message. 2 … 127 are reserved; 128 … 255 are for messages between shims, and there are
 * none yet. */
typedef enum clt_message_kind {
    CLT_MESSAGE_SIGNAL = 1 /* the body: a signal's envelope, JSON in UTF-8; only from a proven peer ID */
} clt_message_kind;

#define CLT_MESSAGE_BODY_MAX 65536u /* bytes */

typedef struct clt_message {
    uint32_t struct_size;
    uint32_t kind;         /* clt_message_kind */
    clt_endpoint endpoint; /* to that connection; family 0: to `peer_id` */
    const char *peer_id;   /* to a connection that has proven to be that peer's */
    size_t peer_id_length;
    const uint8_t *body;
    size_t body_length; /* at most CLT_MESSAGE_BODY_MAX (else CLT_LIMIT) */
} clt_message;

typedef enum clt_send_outcome {
    CLT_SEND_SENT = 1,       /* it is in the connection's send buffer; nothing says that it arrived */
    CLT_SEND_NO_SESSION = 2, /* no connection to that peer, or none that speaks `slskdn` */
    CLT_SEND_WOULD_BLOCK = 3 /* the peer does not read as fast as we send: later, or another way */
} clt_send_outcome;

/* `outcome` is a clt_send_outcome. A torrent added without CLT_ADD_MESSAGES is CLT_WRONG_STATE. Blocks
 * briefly. */
CLT_RESULT clt_torrent_send_message(clt_engine *engine, clt_torrent_id torrent, const clt_message *message,
                                    int32_t *outcome, clt_error *error) CLT_NOEXCEPT;

/* Of all connections of the torrent so far. All but the first two are messages that were dropped. */
typedef struct clt_message_counters {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t sent;
    uint64_t received; /* handed up */
    uint64_t unknown_kind;
    uint64_t malformed;      /* no kind byte */
    uint64_t oversize;       /* a body above CLT_MESSAGE_BODY_MAX */
    uint64_t no_identity;    /* a signal without a claim, or from an address that has no ID of its own */
    uint64_t wrong_identity; /* a signal from a connection that claims another ID than its address has */
    uint64_t over_budget;    /* more messages or bytes than a peer may send in a second */
    uint64_t queue_full;     /* more waited in the event queue than it holds */
    uint64_t second_claims;  /* handshakes after the first of a connection that claimed another ID: ignored */
    uint64_t cut;            /* connections that were cut because so much of theirs was dropped */
} clt_message_counters;

/* All zero in a torrent added without CLT_ADD_MESSAGES. Blocks briefly. */
CLT_RESULT clt_torrent_get_message_counters(clt_engine *engine, clt_torrent_id torrent,
                                            clt_message_counters *out, clt_error *error) CLT_NOEXCEPT;

/* ---- SHA-256
 * ------------------------------------------------------ */

/* Of bytes that come in parts. Never blocks. */
typedef struct clt_sha256 clt_sha256;

CLT_RESULT clt_sha256_new(clt_sha256 **out, clt_error *error) CLT_NOEXCEPT;
CLT_RESULT clt_sha256_update(clt_sha256 *hash, const void *data, size_t length,
                             clt_error *error) CLT_NOEXCEPT;
/* Begins anew: the next bytes are those of another hash. */
CLT_RESULT clt_sha256_finish(clt_sha256 *hash, uint8_t out[32], clt_error *error) CLT_NOEXCEPT;
CLT_EXPORT void clt_sha256_free(clt_sha256 *hash) CLT_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* CLIBTORRENT_H */
