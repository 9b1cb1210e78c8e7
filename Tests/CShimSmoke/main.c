/*
 * The C API driven from C11 through its public header alone: two files are hashed and made into a private
 * torrent, an engine on 127.0.0.1 seeds it, one on 127.0.0.2 fetches it by info-hash, and the copies are
 * compared. Then what a careless caller does: NULL, a struct without its size, a torrent that is gone. Exit
 * code 0: all of it held.
 *
 * What the program allocates it leaves to its end; what the API hands out it frees, so that a sanitizer's
 * leak check says something about the API.
 */
#define _GNU_SOURCE
#include "clibtorrent.h"

#include <ftw.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE_LENGTH (16u * 1024u)
#define CONTENT_NAME "content"
#define DEADLINE_MS 20000
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct source {
    const char *path; /* below the content's folder */
    size_t size;
};

static const struct source sources[] = {
    {"empty", 0},
    {"first.bin", 1000003},
    {"folder/second \xc3\xbc.bin", 70001},
};

static char work[] = "/tmp/cshim-smoke-XXXXXX";

/* ---- Failing
 * ------------------------------------------------------------------------------------------------ */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void clean_up(void) {
    nftw(work, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void fail(const char *what, const char *why) {
    fprintf(stderr, "CShimSmoke: %s: %s\n", what, why);
    exit(1);
}

static clt_error new_error(void) {
    clt_error error;
    memset(&error, 0, sizeof(error));
    error.struct_size = sizeof(error);
    return error;
}

static void must(int32_t result, const clt_error *error, const char *what) {
    if (result == CLT_OK) return;
    char why[640];
    snprintf(why, sizeof(why), "code %d, errno %d: %s", (int)result, (int)error->system_errno,
             error->message);
    fail(what, why);
}

static void must_be(int32_t result, clt_code wanted, const char *what) {
    if (result == (int32_t)wanted) return;
    char why[64];
    snprintf(why, sizeof(why), "code %d where %d was due", (int)result, (int)wanted);
    fail(what, why);
}

/* ---- Files
 * -------------------------------------------------------------------------------------------------- */

static char *joined(const char *a, const char *b) {
    char *out = malloc(strlen(a) + strlen(b) + 2);
    if (out == NULL) fail("malloc", "no memory");
    sprintf(out, "%s/%s", a, b);
    return out;
}

static uint8_t *content_of(const struct source *source) {
    uint8_t *bytes = malloc(source->size + 1);
    if (bytes == NULL) fail("malloc", "no memory");
    uint32_t x = 2463534242u + (uint32_t)source->size; /* xorshift32: any bytes that do not repeat */
    for (size_t i = 0; i < source->size; ++i) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        bytes[i] = (uint8_t)(x >> 8);
    }
    return bytes;
}

static void make_folder(const char *path) {
    if (mkdir(path, 0700) != 0) fail("mkdir", path);
}

static void write_sources(const char *folder) {
    for (size_t i = 0; i < COUNT_OF(sources); ++i) {
        char *path = joined(folder, sources[i].path);
        uint8_t *bytes = content_of(&sources[i]);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(bytes, 1, sources[i].size, file) != sources[i].size || fclose(file) != 0)
            fail("cannot write", path);
        free(bytes);
        free(path);
    }
}

static void compare_with_sources(const char *folder) {
    for (size_t i = 0; i < COUNT_OF(sources); ++i) {
        char *path = joined(folder, sources[i].path);
        uint8_t *wanted = content_of(&sources[i]);
        uint8_t *got = malloc(sources[i].size + 1);
        FILE *file = fopen(path, "rb");
        if (got == NULL || file == NULL) fail("cannot read the copy", path);
        size_t const length =
            fread(got, 1, sources[i].size + 1, file); /* one more: a longer copy is no copy */
        if (length != sources[i].size || memcmp(got, wanted, length) != 0) fail("the copy differs", path);
        fclose(file);
        free(got);
        free(wanted);
        free(path);
    }
}

/* ---- Making the torrent
 * ------------------------------------------------------------------------------------- */

static clt_metainfo *make_torrent(const char *folder) {
    clt_error error = new_error();
    clt_hash_file to_hash[COUNT_OF(sources)];
    clt_file files[COUNT_OF(sources)];
    memset(to_hash, 0, sizeof(to_hash));
    memset(files, 0, sizeof(files));
    size_t total = 0;
    for (size_t i = 0; i < COUNT_OF(sources); ++i) {
        to_hash[i].struct_size = sizeof(to_hash[i]);
        files[i].struct_size = sizeof(files[i]);
        to_hash[i].size = files[i].size = sources[i].size;
        to_hash[i].path = files[i].path = sources[i].path;
        to_hash[i].path_length = files[i].path_length = strlen(sources[i].path);
        total += sources[i].size;
    }

    clt_hash_options hashing;
    memset(&hashing, 0, sizeof(hashing));
    hashing.struct_size = sizeof(hashing);
    hashing.piece_length = PIECE_LENGTH;
    hashing.root = folder;
    hashing.root_length = strlen(folder);
    hashing.files = to_hash;
    hashing.file_count = COUNT_OF(sources);
    hashing.stop_at_failure = 1;
    clt_hash_job *job = NULL;
    must(clt_hash_job_new(&hashing, &job, &error), &error, "clt_hash_job_new");
    must(clt_hash_job_run(job, &error), &error, "clt_hash_job_run");
    if (clt_hash_job_progress(job) != total) fail("clt_hash_job_progress", "not all bytes were read");

    size_t const pieces = (total + PIECE_LENGTH - 1) / PIECE_LENGTH;
    uint8_t *hashes = malloc(pieces * 20);
    if (hashes == NULL) fail("malloc", "no memory");
    for (size_t i = 0; i < pieces; ++i) {
        int32_t state = 0;
        must(clt_hash_job_get_piece(job, i, &state, hashes + i * 20, &error), &error,
             "clt_hash_job_get_piece");
        if (state != CLT_PIECE_HASHED) fail("clt_hash_job_get_piece", "a piece was not hashed");
    }
    clt_hash_job_free(job);

    clt_build_options building;
    memset(&building, 0, sizeof(building));
    building.struct_size = sizeof(building);
    building.is_private = 1;
    building.name = CONTENT_NAME;
    building.name_length = strlen(CONTENT_NAME);
    building.piece_length = PIECE_LENGTH;
    building.files = files;
    building.file_count = COUNT_OF(sources);
    building.piece_hashes = hashes;
    building.piece_hashes_length = pieces * 20;
    clt_bytes *built = NULL;
    must(clt_build_torrent(&building, &built, &error), &error, "clt_build_torrent");
    free(hashes);

    size_t length = 0;
    const uint8_t *bytes = clt_bytes_data(built, &length);
    clt_metainfo *metainfo = NULL;
    must(clt_metainfo_parse(bytes, length, NULL, &metainfo, &error), &error, "clt_metainfo_parse");
    clt_bytes_free(built);
    return metainfo;
}

static clt_metainfo_summary summary_of(const clt_metainfo *metainfo) {
    clt_error error = new_error();
    clt_metainfo_summary summary;
    memset(&summary, 0, sizeof(summary));
    summary.struct_size = sizeof(summary);
    must(clt_metainfo_get_summary(metainfo, &summary, &error), &error, "clt_metainfo_get_summary");
    return summary;
}

/* ---- Engines
 * ------------------------------------------------------------------------------------------------ */

static clt_engine *new_engine(const char *listen, const char *outgoing) {
    clt_error error = new_error();
    clt_engine_options options;
    memset(&options, 0, sizeof(options));
    options.struct_size = sizeof(options);
    options.abi_version = CLT_ABI_VERSION;
    options.listen_interfaces = listen;
    options.listen_interfaces_length = strlen(listen);
    options.outgoing_interfaces = outgoing;
    options.outgoing_interfaces_length = strlen(outgoing);
    clt_engine *engine = NULL;
    must(clt_engine_create(&options, &engine, &error), &error, "clt_engine_create");
    return engine;
}

static void end_engine(clt_engine *engine) {
    clt_error error = new_error();
    must(clt_engine_destroy(engine, 5000, &error), &error, "clt_engine_destroy");
}

static clt_endpoint loopback(uint8_t last, uint16_t port) {
    clt_endpoint endpoint;
    memset(&endpoint, 0, sizeof(endpoint));
    endpoint.family = 4;
    endpoint.port = port;
    endpoint.address[0] = 127;
    endpoint.address[3] = last;
    return endpoint;
}

static clt_member member_at(clt_endpoint endpoint) {
    clt_member member;
    memset(&member, 0, sizeof(member));
    member.struct_size = sizeof(member);
    member.kind = CLT_MEMBER_ADDRESS_RANGE;
    member.rule = 7;
    member.first = endpoint;
    member.last = endpoint;
    return member;
}

static clt_add_options add_options(const char *folder, const clt_member *member) {
    clt_add_options options;
    memset(&options, 0, sizeof(options));
    options.struct_size = sizeof(options);
    options.save_path = folder;
    options.save_path_length = strlen(folder);
    options.members = member;
    options.member_count = 1;
    return options;
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What an event of interest left behind: the array of a drain lives only until the next. */
struct seen {
    clt_endpoint endpoint;
    clt_metainfo *metadata; /* parsed from the event's bytes; of the caller to free */
    uint64_t last_sequence;
};

/* Waits for an event of that kind (and with that request, where it is not 0), and throws the others away. */
static struct seen wait_for(clt_engine *engine, clt_event_kind kind, uint64_t request, struct seen *before,
                            const char *what) {
    clt_error error = new_error();
    int64_t const deadline = now_ms() + DEADLINE_MS;
    struct pollfd wake = {.fd = clt_engine_event_fd(engine), .events = POLLIN};
    bool found = false;
    struct seen out = *before;
    while (!found) {
        int64_t const left = deadline - now_ms();
        if (left <= 0 || poll(&wake, 1, (int)left) == 0) fail(what, "the event did not come in time");
        const clt_event *events = NULL;
        size_t count = 0;
        must(clt_engine_drain_events(engine, &events, &count, &error), &error, "clt_engine_drain_events");
        for (size_t i = 0; i < count; ++i) {
            if (events[i].sequence <= out.last_sequence) fail(what, "events are out of order");
            out.last_sequence = events[i].sequence;
            if (events[i].kind == CLT_EVENT_STORAGE_ERROR || events[i].kind == CLT_EVENT_LISTEN_FAILED)
                fail(what, events[i].text);
            /* The events before the one wanted are drained with it; those after it too, and a caller that
             * wants both would keep them. Here nothing that is waited for comes that early. */
            if ((clt_event_kind)events[i].kind != kind || (request != 0 && events[i].request != request))
                continue;
            out.endpoint = events[i].endpoint;
            if (kind == CLT_EVENT_METADATA_RECEIVED)
                must(clt_metainfo_parse_info(events[i].data, events[i].data_length, NULL, &out.metadata,
                                             &error),
                     &error, "clt_metainfo_parse_info");
            found = true;
        }
    }
    *before = out;
    return out;
}

static clt_torrent_status status_of(clt_engine *engine, clt_torrent_id torrent) {
    clt_error error = new_error();
    clt_torrent_status status;
    memset(&status, 0, sizeof(status));
    status.struct_size = sizeof(status);
    must(clt_torrent_get_status(engine, torrent, &status, &error), &error, "clt_torrent_get_status");
    return status;
}

/* ---- The main job
 * -------------------------------------------------------------------------------------------- */

static void seed_and_fetch(const clt_metainfo *metainfo, const char *from, const char *to) {
    clt_error error = new_error();
    clt_metainfo_summary const summary = summary_of(metainfo);
    if (!summary.is_private || !summary.has_v1 || summary.has_v2)
        fail("the torrent", "is not private and v1");

    clt_engine *seed = new_engine("127.0.0.1:0", "127.0.0.1");
    struct seen at_seed;
    memset(&at_seed, 0, sizeof(at_seed));
    uint16_t const port = wait_for(seed, CLT_EVENT_LISTENING, 0, &at_seed, "listening").endpoint.port;
    if (port == 0) fail("listening", "no port was told");
    clt_member const admitted = member_at(loopback(2, 0));
    clt_add_options options = add_options(from, &admitted);
    options.metainfo = metainfo;
    options.flags = CLT_ADD_HAVE_ALL;
    clt_torrent_id seeded = 0;
    must(clt_torrent_add(seed, &options, &seeded, &error), &error, "clt_torrent_add");
    must_be(clt_torrent_add(seed, &options, &seeded, NULL), CLT_DUPLICATE, "the same torrent twice");
    must(clt_torrent_start(seed, seeded, NULL, 0, &error), &error, "clt_torrent_start");

    clt_engine *fetch = new_engine("", "127.0.0.2"); /* no listening socket */
    struct seen at_fetch;
    memset(&at_fetch, 0, sizeof(at_fetch));
    clt_endpoint const dialled = loopback(1, port);
    clt_member const invited = member_at(dialled);
    options = add_options(to, &invited);
    memcpy(options.info_hash, summary.info_hash_v1, sizeof(options.info_hash));
    clt_torrent_id fetched = 0;
    must(clt_torrent_add(fetch, &options, &fetched, &error), &error, "clt_torrent_add by info-hash");
    must_be(clt_torrent_accept_metadata(fetch, fetched, metainfo, NULL), CLT_WRONG_STATE,
            "accept before there is metadata");
    must(clt_torrent_start(fetch, fetched, &dialled, 1, &error), &error, "clt_torrent_start with a peer");

    clt_metainfo *const received =
        wait_for(fetch, CLT_EVENT_METADATA_RECEIVED, 0, &at_fetch, "metadata").metadata;
    clt_metainfo_summary const told = summary_of(received);
    if (told.size != summary.size || told.file_count != COUNT_OF(sources))
        fail("metadata", "does not describe what is seeded");
    if (status_of(fetch, fetched).state != CLT_STATE_HELD) fail("metadata", "is not held");
    must(clt_torrent_accept_metadata(fetch, fetched, received, &error), &error,
         "clt_torrent_accept_metadata");
    clt_metainfo_free(received);
    wait_for(fetch, CLT_EVENT_FINISHED, 0, &at_fetch, "finished");
    clt_torrent_status const status = status_of(fetch, fetched);
    if (status.state != CLT_STATE_SEEDING || status.verified_bytes != summary.size ||
        status.wasted_bytes != 0)
        fail("finished", "the snapshot says otherwise");

    clt_peers *peers = NULL;
    must(clt_torrent_get_peers(fetch, fetched, &peers, &error), &error, "clt_torrent_get_peers");
    size_t peer_count = 0;
    const clt_peer *peer = clt_peers_data(peers, &peer_count);
    if (peer_count == 1 && (peer->endpoint.port != port || peer->member_rule != 7))
        fail("clt_torrent_get_peers", "the peer is not the one that was dialled");
    clt_peers_free(peers);

    clt_bytes *pieces = NULL;
    must(clt_torrent_get_pieces(fetch, fetched, &pieces, &error), &error, "clt_torrent_get_pieces");
    size_t length = 0;
    if (clt_bytes_data(pieces, &length)[0] != 0xff || length != (summary.piece_count + 7) / 8)
        fail("clt_torrent_get_pieces", "not every piece is there");
    clt_bytes_free(pieces);

    /* Files are closed, and so whole, when the removal is answered. The ID never names another torrent. */
    must(clt_torrent_remove(fetch, fetched, 42, &error), &error, "clt_torrent_remove");
    wait_for(fetch, CLT_EVENT_REMOVED, 42, &at_fetch, "removed");
    must_be(clt_torrent_stop(fetch, fetched, NULL), CLT_NOT_FOUND, "stopping a torrent that is gone");
    must_be(clt_torrent_remove(fetch, fetched, 43, NULL), CLT_NOT_FOUND, "removing a torrent that is gone");
    clt_torrent_id again = 0;
    must(clt_torrent_add(fetch, &options, &again, &error), &error, "adding it again");
    if (again == fetched) fail("adding it again", "the ID of a torrent that is gone was used again");

    end_engine(fetch);
    end_engine(seed);
    char *copy = joined(to, CONTENT_NAME);
    compare_with_sources(copy);
    free(copy);
    printf("fetched %llu bytes by info-hash: identical\n", (unsigned long long)summary.size);
}

/* ---- The careless caller
 * --------------------------------------------------------------------------------------- */

static void be_careless(const clt_metainfo *metainfo, const char *folder) {
    clt_error error = new_error();
    clt_metainfo *no_metainfo = NULL;
    clt_magnet *no_magnet = NULL;
    clt_engine *no_engine = NULL;
    clt_hash_job *no_job = NULL;
    clt_bytes *no_bytes = NULL;
    clt_peers *no_peers = NULL;
    clt_resume_data *no_resume = NULL;
    clt_refusals *refusals = NULL;
    const clt_event *no_events = NULL;
    size_t count = 0;
    clt_torrent_id torrent = 0;
    const uint8_t *borrowed = NULL;

    must_be(clt_get_versions(NULL, &error), CLT_INVALID_ARGUMENT, "clt_get_versions(NULL)");
    must_be(clt_metainfo_parse(NULL, 5, NULL, &no_metainfo, NULL), CLT_INVALID_ARGUMENT, "NULL bytes");
    must_be(clt_metainfo_parse((const uint8_t *)"de", 2, NULL, NULL, NULL), CLT_INVALID_ARGUMENT, "NULL out");
    must_be(clt_metainfo_parse((const uint8_t *)"de", 2, NULL, &no_metainfo, &error), CLT_MALFORMED,
            "no torrent");
    if (error.code != CLT_MALFORMED || error.message[0] == '\0')
        fail("no torrent", "the error was not filled");
    must_be(clt_metainfo_parse_info(NULL, 0, NULL, &no_metainfo, NULL), CLT_MALFORMED, "an empty info");
    must_be(clt_metainfo_get_summary(NULL, NULL, NULL), CLT_INVALID_ARGUMENT,
            "clt_metainfo_get_summary(NULL)");
    must_be(clt_metainfo_get_file(metainfo, 1u << 20, NULL, NULL), CLT_INVALID_ARGUMENT, "no such file");
    must_be(clt_metainfo_get_torrent(metainfo, &borrowed, NULL, NULL), CLT_INVALID_ARGUMENT, "NULL length");
    must_be(clt_magnet_parse(NULL, 3, &no_magnet, NULL), CLT_INVALID_ARGUMENT, "clt_magnet_parse(NULL)");
    must_be(clt_magnet_parse("magnet:?xt=urn:btih:zz", 22, &no_magnet, NULL), CLT_MALFORMED, "a short hash");
    must_be(clt_magnet_get_summary(NULL, NULL, NULL), CLT_INVALID_ARGUMENT, "clt_magnet_get_summary(NULL)");
    must_be(clt_resume_data_parse(NULL, 0, NULL, NULL, &no_resume, NULL), CLT_INVALID_ARGUMENT,
            "no metainfo");
    must_be(clt_resume_data_parse((const uint8_t *)"de", 2, metainfo, NULL, &no_resume, NULL), CLT_MALFORMED,
            "no resume data");
    must_be(clt_resume_data_get_summary(NULL, NULL, NULL), CLT_INVALID_ARGUMENT, "a summary of NULL");
    must_be(clt_resume_data_get_pieces(NULL, &borrowed, &count, NULL), CLT_INVALID_ARGUMENT,
            "pieces of NULL");
    must_be(clt_hash_job_new(NULL, &no_job, NULL), CLT_INVALID_ARGUMENT, "clt_hash_job_new(NULL)");
    must_be(clt_hash_job_run(NULL, NULL), CLT_INVALID_ARGUMENT, "clt_hash_job_run(NULL)");
    must_be(clt_build_torrent(NULL, &no_bytes, NULL), CLT_INVALID_ARGUMENT, "clt_build_torrent(NULL)");
    must_be(clt_engine_create(NULL, &no_engine, NULL), CLT_INVALID_ARGUMENT, "clt_engine_create(NULL)");
    must_be(clt_engine_drain_events(NULL, &no_events, &count, NULL), CLT_INVALID_ARGUMENT, "a drain of NULL");
    must_be(clt_torrent_add(NULL, NULL, &torrent, NULL), CLT_INVALID_ARGUMENT, "clt_torrent_add(NULL)");
    must_be(clt_torrent_start(NULL, 1, NULL, 0, NULL), CLT_INVALID_ARGUMENT, "clt_torrent_start(NULL)");
    must_be(clt_torrent_get_peers(NULL, 1, &no_peers, NULL), CLT_INVALID_ARGUMENT,
            "clt_torrent_get_peers(NULL)");
    must_be(clt_engine_get_refusals(NULL, &refusals, NULL), CLT_INVALID_ARGUMENT,
            "clt_engine_get_refusals(NULL)");
    must_be(clt_engine_get_counters(NULL, NULL, NULL), CLT_INVALID_ARGUMENT, "clt_engine_get_counters(NULL)");
    must_be(clt_engine_destroy(NULL, 0, NULL), CLT_OK, "clt_engine_destroy(NULL)");
    if (clt_engine_event_fd(NULL) != -1) fail("clt_engine_event_fd(NULL)", "is not -1");
    if (clt_bytes_data(NULL, &count) != NULL || count != 0) fail("clt_bytes_data(NULL)", "is something");
    clt_metainfo_free(NULL);
    clt_resume_data_free(NULL);
    clt_magnet_free(NULL);
    clt_hash_job_cancel(NULL);
    clt_hash_job_free(NULL);
    clt_bytes_free(NULL);
    clt_peers_free(NULL);
    if (clt_refusals_data(NULL, &count) != NULL || clt_refusals_total(NULL, CLT_REFUSAL_REVOKED) != 0 ||
        clt_refusals_forgotten(NULL) != 0)
        fail("no refusals", "are some");
    clt_refusals_free(NULL);

    clt_engine_options future;
    memset(&future, 0, sizeof(future));
    must_be(clt_engine_create(&future, &no_engine, NULL), CLT_INVALID_ARGUMENT, "options without their size");
    future.struct_size = sizeof(future);
    future.abi_version = CLT_ABI_VERSION + 1;
    must_be(clt_engine_create(&future, &no_engine, NULL), CLT_ABI_MISMATCH, "another ABI");

    clt_engine *engine = new_engine("", "127.0.0.1");
    must(clt_engine_get_refusals(engine, &refusals, &error), &error, "clt_engine_get_refusals");
    if (clt_refusals_data(refusals, &count) == NULL && count != 0) fail("refusals", "NULL with a count");
    if (count != 0 || clt_refusals_total(refusals, UINT32_MAX) != 0) fail("refusals", "of nobody");
    clt_refusals_free(refusals);
    clt_counters counters;
    memset(&counters, 0, sizeof(counters));
    must_be(clt_engine_get_counters(engine, &counters, NULL), CLT_INVALID_ARGUMENT, "no struct_size");
    counters.struct_size = sizeof(counters);
    must(clt_engine_get_counters(engine, &counters, &error), &error, "clt_engine_get_counters");
    if (counters.received_bytes != 0 || counters.dials != 0)
        fail("counters", "of an engine that did nothing");
    clt_torrent_status status;
    memset(&status, 0, sizeof(status));
    must_be(clt_torrent_get_status(engine, 0, &status, NULL), CLT_NOT_FOUND, "torrent 0");
    must_be(clt_torrent_start(engine, 99, NULL, 0, NULL), CLT_NOT_FOUND, "a torrent that never was");
    clt_member const member = member_at(loopback(2, 0));
    clt_add_options options = add_options(folder, &member);
    options.metainfo = metainfo;
    must_be(clt_torrent_add(engine, &options, NULL, NULL), CLT_INVALID_ARGUMENT, "NULL out");
    options.members = NULL;
    must_be(clt_torrent_add(engine, &options, &torrent, NULL), CLT_INVALID_ARGUMENT,
            "members without an array");
    options = add_options("relative", &member);
    options.metainfo = metainfo;
    must_be(clt_torrent_add(engine, &options, &torrent, NULL), CLT_INVALID_ARGUMENT, "a relative folder");
    options = add_options(folder, &member);
    options.metainfo = metainfo;
    must(clt_torrent_add(engine, &options, &torrent, &error), &error, "clt_torrent_add");
    must_be(clt_torrent_get_status(engine, torrent, NULL, NULL), CLT_INVALID_ARGUMENT, "NULL status");
    must_be(clt_torrent_get_peers(engine, torrent, NULL, NULL), CLT_INVALID_ARGUMENT, "NULL peers");
    must_be(clt_torrent_start(engine, torrent, NULL, 1, NULL), CLT_INVALID_ARGUMENT, "a count without peers");
    must_be(clt_torrent_set_members(engine, torrent, NULL, 1, NULL), CLT_INVALID_ARGUMENT,
            "a count without members");
    end_engine(engine);
    printf("careless calls: each refused with its code\n");
}

int main(void) {
    if (mkdtemp(work) == NULL) fail("mkdtemp", work);
    atexit(clean_up);
    char *from = joined(work, "from");
    char *to = joined(work, "to");
    char *content = joined(from, CONTENT_NAME);
    char *folder = joined(content, "folder");
    make_folder(from);
    make_folder(to);
    make_folder(content);
    make_folder(folder);
    write_sources(content);

    clt_error error = new_error();
    clt_versions versions;
    memset(&versions, 0, sizeof(versions));
    versions.struct_size = sizeof(versions);
    must(clt_get_versions(&versions, &error), &error, "clt_get_versions");
    printf("ABI %u, libtorrent %s compiled, %s running\n", versions.abi, versions.engine_compiled,
           versions.engine_running);

    clt_metainfo *metainfo = make_torrent(content);
    seed_and_fetch(metainfo, from, to);
    be_careless(metainfo, to);
    clt_metainfo_free(metainfo);
    free(folder);
    free(content);
    free(to);
    free(from);
    return 0;
}
