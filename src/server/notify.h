/* server/notify.h - tells a service manager how we are, when one listens ($NOTIFY_SOCKET, sd_notify(3)). */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

/* "READY=1", "RELOADING=1", "STOPPING=1". */
void notify_manager(const char *state);

#endif
