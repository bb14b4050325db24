/* records/queue.h - records between the threads that answer and the one that writes: a ring of bytes, made once.
 *
 * Many put, one takes. A put copies under a lock that is held for the copying alone; the taker reads what it has seen without
 * the lock, as nobody writes there before queue_drop. */
#ifndef RECORDS_QUEUE_H
#define RECORDS_QUEUE_H

#include "records/records.h"

#include <pthread.h>

struct record_queue {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    uint8_t *bytes;
    size_t size, head, used; /* bytes; those between records count as used */
    size_t count, count_max;
    bool sleeping, ending;
};

ATT_CHECK bool record_queue_open(struct record_queue *q, size_t count_max, struct att_err *err);
void record_queue_free(struct record_queue *q);
/* False: no room. */
ATT_CHECK bool record_queue_put(struct record_queue *q, const struct record *r);
/* Waits for a record; false when the queue ends and nothing is left. The texts are in the ring until queue_drop. */
ATT_CHECK bool record_queue_first(struct record_queue *q, struct record *ret);
void record_queue_drop(struct record_queue *q);
void record_queue_end(struct record_queue *q);
size_t record_queue_count(struct record_queue *q);

#endif
