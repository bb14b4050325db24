#ifndef SERVER_VERSION_H
#define SERVER_VERSION_H

#define ATTESTD_VERSION ATT_VERSION /* of CMakeLists.txt */

#endif
