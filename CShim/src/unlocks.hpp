// Every lock that can be taken off for a test: by its define on the command line of a scratch build, never in
// the tree. Tests/Unlocks/run takes each off and sees its test fail. A build that has one carries the mark
// below.
#pragma once

#if defined(CLT_TEST_UNLOCK_ADMISSION) || defined(CLT_TEST_UNLOCK_SESSION_FILTER) ||                         \
    defined(CLT_TEST_UNLOCK_GATE) || defined(CLT_TEST_UNLOCK_PEER_KEYS) ||                                   \
    defined(CLT_TEST_UNLOCK_HANDSHAKE_KEYS) || defined(CLT_TEST_UNLOCK_V2_BIT) ||                            \
    defined(CLT_TEST_UNLOCK_REVOKE) || defined(CLT_TEST_UNLOCK_UNSENT) ||                                    \
    defined(CLT_TEST_UNLOCK_STEALTH) || defined(CLT_TEST_UNLOCK_DIAL_ONLY_WHERE_SENT) ||                     \
    defined(CLT_TEST_UNLOCK_METADATA_INSPECTION) || defined(CLT_TEST_UNLOCK_DHT) ||                          \
    defined(CLT_TEST_UNLOCK_NODES) || defined(CLT_TEST_UNLOCK_LSD) || defined(CLT_TEST_UNLOCK_UPNP) ||       \
    defined(CLT_TEST_UNLOCK_NATPMP) || defined(CLT_TEST_UNLOCK_UTP) || defined(CLT_TEST_UNLOCK_TRACKERS) ||  \
    defined(CLT_TEST_UNLOCK_WEB_SEEDS) || defined(CLT_TEST_UNLOCK_PEX) ||                                    \
    defined(CLT_TEST_UNLOCK_BINDING) || defined(CLT_TEST_UNLOCK_SEALED_FILES) ||                             \
    defined(CLT_TEST_UNLOCK_MESSAGE_IDENTITY) || defined(CLT_TEST_UNLOCK_CLOSE_TIME)
#define CLT_UNLOCKED 1
namespace clt {
__attribute__((used)) static char const unlocked_mark[] = "CShim: a lock is off, for a test";
}
#endif
