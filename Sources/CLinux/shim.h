// What Linux has and Swift's Glibc module does not: namespaces, packet sockets, and calls with "...".
#ifndef PRIVATETORRENT_CLINUX_H
#define PRIVATETORRENT_CLINUX_H

#include <linux/if_packet.h>
#include <stdint.h>

// <sched.h> has them for _GNU_SOURCE alone, and by then Swift has read it without.
extern int unshare(int flags);
extern int setns(int descriptor, int kind);

enum {
    LINUX_CLONE_NEWNS = 0x00020000,
    LINUX_CLONE_NEWUSER = 0x10000000,
    LINUX_CLONE_NEWNET = 0x40000000,
    LINUX_AF_PACKET = 17,
    LINUX_ETH_P_ALL = 0x0003,
    LINUX_SOL_PACKET = 263
};

#endif
