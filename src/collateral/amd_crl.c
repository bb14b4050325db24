#include "collateral/amd_crl.h"
