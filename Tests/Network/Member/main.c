/* One torrent of one engine, its members changed by lines on standard input, for Tests/Network/revocation.py:
 *
 *   NetworkMember ADDRESS FILE.torrent FOLDER seed|fetch
 *
 * Each line lists the members from then on, as IPv4 addresses with a port, which is dialled, or 0. Printed,
 * with CLOCK_MONOTONIC in nanoseconds: `listening PORT`, `connected NS`, `members BEFORE AFTER` around the
 * call that changes them, `finished NS`.
 */
#include "clibtorrent.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static clt_error error = {.struct_size = sizeof(error)};

static void must(int32_t result, char const *what) {
    if (result == CLT_OK) return;
    fprintf(stderr, "%s: %s\n", what, error.message);
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void read_torrent(char const *path, clt_metainfo **out) {
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    if (file == NULL) exit(1);
    size_t const length = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    must(clt_metainfo_parse(bytes, length, NULL, out, &error), "parse");
}

static void change_members(clt_engine *engine, clt_torrent_id torrent, char *line) {
    clt_member members[16];
    clt_endpoint dialled[16];
    uint64_t count = 0, dials = 0;
    for (char *word = strtok(line, " \n"); word != NULL && count < 16; word = strtok(NULL, " \n")) {
        char *colon = strchr(word, ':');
        if (colon == NULL) exit(1);
        *colon = '\0';
        clt_endpoint endpoint = {.family = 4, .port = (uint16_t)atoi(colon + 1)};
        if (inet_pton(AF_INET, word, endpoint.address) != 1) exit(1);
        members[count] = (clt_member){.struct_size = sizeof(clt_member),
                                      .kind = CLT_MEMBER_ADDRESS_RANGE,
                                      .rule = count,
                                      .first = endpoint,
                                      .last = endpoint};
        ++count;
        if (endpoint.port != 0) dialled[dials++] = endpoint;
    }
    int64_t const before = now();
    must(clt_torrent_set_members(engine, torrent, members, count, &error), "set members");
    int64_t const after = now();
    must(clt_torrent_start(engine, torrent, dialled, dials, &error), "dial");
    printf("members %" PRId64 " %" PRId64 "\n", before, after);
}

static void print_events(clt_engine *engine) {
    clt_event const *events;
    size_t count = 0;
    must(clt_engine_drain_events(engine, &events, &count, &error), "drain");
    for (size_t i = 0; i < count; ++i) {
        if (events[i].kind == CLT_EVENT_LISTENING) printf("listening %d\n", events[i].endpoint.port);
        if (events[i].kind == CLT_EVENT_PEER_CONNECTED) printf("connected %" PRId64 "\n", events[i].time_ns);
        if (events[i].kind == CLT_EVENT_FINISHED) printf("finished %" PRId64 "\n", events[i].time_ns);
    }
}

int main(int argc, char **argv) {
    if (argc != 5) return 64;
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0); /* what is buffered, poll() does not see */
    char listen[64];
    snprintf(listen, sizeof(listen), "%s:0", argv[1]);
    clt_engine *engine = NULL;
    clt_engine_options const options = {.struct_size = sizeof(options),
                                        .abi_version = CLT_ABI_VERSION,
                                        .listen_interfaces = listen,
                                        .listen_interfaces_length = strlen(listen),
                                        .outgoing_interfaces = argv[1],
                                        .outgoing_interfaces_length = strlen(argv[1])};
    must(clt_engine_create(&options, &engine, &error), "create an engine");
    clt_metainfo *metainfo = NULL;
    read_torrent(argv[2], &metainfo);
    clt_add_options const add = {.struct_size = sizeof(add),
                                 .flags = strcmp(argv[4], "seed") == 0 ? CLT_ADD_HAVE_ALL : 0,
                                 .metainfo = metainfo,
                                 .save_path = argv[3],
                                 .save_path_length = strlen(argv[3])};
    clt_torrent_id torrent = 0;
    must(clt_torrent_add(engine, &add, &torrent, &error), "add");
    must(clt_torrent_start(engine, torrent, NULL, 0, &error), "start");
    struct pollfd waiting[2] = {{.fd = clt_engine_event_fd(engine), .events = POLLIN},
                                {.fd = 0, .events = POLLIN}};
    char line[1024];
    for (;;) {
        poll(waiting, 2, -1);
        if (waiting[0].revents != 0) print_events(engine);
        if (waiting[1].revents == 0) continue;
        if (fgets(line, sizeof(line), stdin) == NULL) break;
        change_members(engine, torrent, line);
    }
    must(clt_engine_destroy(engine, 5000, &error), "destroy");
    clt_metainfo_free(metainfo);
    return 0;
}
