// The one header that Swift sees: the shim's flat C API.
#include "../../CShim/include/clibtorrent.h"
