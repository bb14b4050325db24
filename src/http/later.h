/* http/later.h - answers that come from another thread: a queue per loop, filled by any thread, emptied by the loop's.
 *
 * A ticket is part of its connection, so that putting a request off and answering it cannot run out of memory. Whoever
 * finds the queue empty writes to the loop's eventfd; the loop reads that first and takes the queue afterwards, so an
 * answer that comes in between is taken at once or wakes the loop again, but is never left behind.
 */
#ifndef HTTP_LATER_H
#define HTTP_LATER_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

struct conn;

struct http_ticket {
    STAILQ_ENTRY(http_ticket) link;
    struct later_queue *queue;
    struct conn *conn;
    bool put_off;  /* set in on_request; both are taken back by the loop that has taken the answer */
    bool answered; /* set with the queue's lock held */
};
STAILQ_HEAD(ticket_list, http_ticket);

struct later_queue {
    pthread_mutex_t lock; /* guards `answered`, and the wake-up with it: see later_queue_free */
    struct ticket_list answered;
    int wake_fd; /* borrowed */
};

/* False when the system has no more locks. */
bool later_queue_init(struct later_queue *q, int wake_fd);
/* Only when every ticket that was put off has been taken, which needs the lock: then a thread may be in the last step
 * of an unlock at most, and POSIX allows a lock to be destroyed by whoever has had it after that. */
void later_queue_free(struct later_queue *q);
/* Moves all that is answered to `ret`, oldest first. */
void later_queue_take(struct later_queue *q, struct ticket_list *ret);

#endif
