#include "http/later.h"
#include "http/http.h"

#include <stdlib.h>
#include <unistd.h>

bool later_queue_init(struct later_queue *q, int wake_fd)
{
    STAILQ_INIT(&q->answered);
    q->wake_fd = wake_fd;
    return pthread_mutex_init(&q->lock, NULL) == 0;
}

void later_queue_free(struct later_queue *q)
{
    (void)pthread_mutex_destroy(&q->lock);
}

void later_queue_take(struct later_queue *q, struct ticket_list *ret)
{
    STAILQ_INIT(ret);
    (void)pthread_mutex_lock(&q->lock);
    STAILQ_CONCAT(ret, &q->answered);
    (void)pthread_mutex_unlock(&q->lock);
}

void http_answer_later(const struct http_request *request)
{
    request->ticket->put_off = true;
}

void http_answer_now(const struct http_request *request)
{
    struct http_ticket *t = request->ticket;
    struct later_queue *q = t->queue; /* the ticket is the loop's again as soon as it is in the queue */
    uint64_t one = 1;

    (void)pthread_mutex_lock(&q->lock);
    if (!t->put_off || t->answered)
        abort(); /* never put off, or answered twice: the application's mistake, and memory would be broken */
    bool first = STAILQ_EMPTY(&q->answered);
    t->answered = true;
    STAILQ_INSERT_TAIL(&q->answered, t, link);
    /* Inside the lock: once it is open the loop may take the ticket and the whole server may go. */
    if (first)
        (void)!write(q->wake_fd, &one, sizeof one); /* fails when full only: then the loop is awake */
    (void)pthread_mutex_unlock(&q->lock);
}
