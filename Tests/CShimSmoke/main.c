#include "clibtorrent.h"
int main(void) { return 0; }
