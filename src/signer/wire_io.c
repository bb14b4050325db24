#include "signer/wire.h"

#include <errno.h>
#include <sys/socket.h>

bool wire_send(int fd, struct att_span frame)
{
    while (frame.len > 0) {
        ssize_t sent = send(fd, frame.ptr, frame.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        frame = att_span_of(frame.ptr + sent, frame.len - (size_t)sent);
    }
    return true;
}

enum wire_got wire_receive(int fd, uint8_t *to, size_t len)
{
    size_t have = 0;

    while (have < len) {
        ssize_t got = recv(fd, to + have, len - have, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 && have == 0 ? WIRE_END : WIRE_CUT;
        have += (size_t)got;
    }
    return WIRE_WHOLE;
}
