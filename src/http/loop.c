#include "http/loop.h"

#include "http/conn.h"
#include "http/listener.h"

#include "base/err.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { ACCEPTS_PER_TURN = 64, ACCEPT_PAUSE_MS = 100 };

static int64_t now_us(void)
{
    struct timespec t = { 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t loop_now_ms(void)
{
    return now_us() / 1000;
}

/* The base's cached time tells turns from one another, and no more: it is of the wall's clock, as it was up to five seconds ago.
 * Held against the present one a clock that was set forward by a second would look like a second's queue. */
void loop_turn(struct loop *loop)
{
    struct timeval turn = { 0 };

    if (event_base_gettimeofday_cached(loop->base, &turn) == 0 && evutil_timercmp(&turn, &loop->turn, ==))
        return;
    loop->turn = turn;
    loop->turn_began_us = now_us();
}

uint32_t loop_waited_us(const struct loop *loop)
{
    int64_t us = now_us() - loop->turn_began_us;

    return us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

const char *loop_date(struct loop *loop)
{
    struct timespec t = { 0 };

    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (t.tv_sec == loop->date_unix_s)
        return loop->date.text;
    loop->date_unix_s = t.tv_sec;
    return http_date_text(&loop->date, t.tv_sec);
}

static struct timeval in_ms(int64_t ms)
{
    if (ms < 0)
        ms = 0;
    return (struct timeval){ .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
}

static bool evict_one(struct loop *loop)
{
    struct conn *longest_idle = TAILQ_FIRST(&loop->idle);

    if (longest_idle)
        conn_evict(longest_idle);
    return longest_idle != NULL;
}

static bool have_room(struct loop *loop)
{
    struct http_shared *shared = loop->shared;
    size_t open = atomic_load_explicit(&shared->connections, memory_order_relaxed);

    return open < shared->options.connections_max || evict_one(loop);
}

static void take_in(struct loop *loop, int fd, const struct http_peer *peer)
{
    if (have_room(loop)) {
        conn_accept(loop, fd, peer);
        return;
    }
    loop_count(&loop->counters.refused);
    (void)close(fd);
}

/* The socket stays readable while descriptors are short: polling it would burn the processor. */
static void pause_accepting(struct loop *loop)
{
    struct timeval pause = in_ms(ACCEPT_PAUSE_MS);

    (void)evict_one(loop);
    (void)event_del(&loop->accept_event);
    if (event_add(&loop->accept_pause, &pause) != 0)
        (void)event_add(&loop->accept_event, NULL); /* was added a moment ago: its memory is still there */
}

/* False when nobody is waiting any more, or nobody can be taken in. */
static bool accept_some(struct loop *loop)
{
    for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct http_peer peer = { 0 };
        int got = -1;
        switch (listener_accept(loop->listen_fd, &got, &peer)) {
        case ACCEPT_OK:
            take_in(loop, got, &peer);
            break;
        case ACCEPT_NONE:
            return false;
        case ACCEPT_AGAIN:
            break;
        case ACCEPT_EXHAUSTED:
            pause_accepting(loop);
            return false;
        }
    }
    return true;
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    loop_turn(arg);
    (void)accept_some(arg); /* who is still waiting wakes the next turn */
}

static void on_accept_pause(evutil_socket_t fd, short what, void *arg)
{
    struct loop *loop = arg;

    (void)fd;
    (void)what;
    if (loop->listen_fd >= 0)
        (void)event_add(&loop->accept_event, NULL);
}

static void stop_if_empty(struct loop *loop)
{
    if (loop->draining && TAILQ_EMPTY(&loop->idle) && TAILQ_EMPTY(&loop->busy))
        (void)event_base_loopbreak(loop->base);
}

static void begin_drain(struct loop *loop)
{
    int64_t until_ms = atomic_load(&loop->shared->drain_until_ms);
    struct timeval left = in_ms(until_ms - loop_now_ms());
    struct conn *c;

    if (loop->draining)
        return;
    /* Whoever has connected already is served: closing the socket would reset them. */
    while (accept_some(loop) && loop_now_ms() < until_ms)
        continue;
    loop->draining = true;
    (void)event_del(&loop->accept_event);
    (void)event_del(&loop->accept_pause);
    (void)close(loop->listen_fd);
    loop->listen_fd = -1;
    if (event_add(&loop->drain_timer, &left) != 0)
        (void)event_base_loopbreak(loop->base); /* without a deadline it might never end */
    while ((c = TAILQ_FIRST(&loop->idle)))
        conn_drain(c);
    stop_if_empty(loop);
}

static void on_drain_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct loop *loop = arg;

    (void)fd;
    (void)what;
    loop->cut = true;
    (void)event_base_loopbreak(loop->base);
}

/* Each of the batch is another connection, and none of them frees another one of the batch: a connection whose answer
 * is put off is neither idle nor has it a timer. */
static void take_answers(struct loop *loop, void (*take)(struct conn *))
{
    struct ticket_list answered;

    later_queue_take(&loop->later, &answered);
    while (!STAILQ_EMPTY(&answered)) {
        struct http_ticket *t = STAILQ_FIRST(&answered);
        STAILQ_REMOVE_HEAD(&answered, link);
        t->put_off = t->answered = false;
        loop->put_off--;
        take(t->conn);
    }
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct loop *loop = arg;
    uint64_t count;

    (void)what;
    loop_turn(loop);
    (void)!read(fd, &count, sizeof count); /* resets it; command and queue say what is wanted */
    take_answers(loop, conn_answer);
    switch (atomic_load(&loop->shared->command)) {
    case LOOP_DRAIN:
        begin_drain(loop);
        break;
    case LOOP_STOP:
        (void)event_base_loopbreak(loop->base);
        break;
    default:
        break;
    }
}

bool loop_open(struct loop *loop, struct http_shared *shared, int listen_fd, struct att_err *err)
{
    *loop = (struct loop){ .shared = shared, .listen_fd = listen_fd, .date_unix_s = -1 };
    TAILQ_INIT(&loop->idle);
    TAILQ_INIT(&loop->busy);
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct event_config *config = event_config_new();
    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
        loop->base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    loop->later_ready = later_queue_init(&loop->later, loop->wake_fd);
    if (loop->wake_fd < 0 || !loop->base || !loop->later_ready) {
        loop_close(loop);
        return att_fail(err, ATT_IO_FAILED, "http.loop", "an event loop", "none");
    }
    (void)event_assign(&loop->accept_event, loop->base, listen_fd, EV_READ | EV_PERSIST, on_accept, loop);
    (void)event_assign(&loop->accept_pause, loop->base, -1, 0, on_accept_pause, loop);
    (void)event_assign(&loop->wake_event, loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
    (void)event_assign(&loop->drain_timer, loop->base, -1, 0, on_drain_deadline, loop);
    if (event_add(&loop->accept_event, NULL) == 0 && event_add(&loop->wake_event, NULL) == 0)
        return true;
    loop_close(loop);
    return att_fail(err, ATT_IO_FAILED, "http.loop", "events for the listening socket", "none");
}

void loop_run(struct loop *loop)
{
    (void)event_base_dispatch(loop->base);
}

void loop_wake(struct loop *loop)
{
    uint64_t one = 1;
    (void)!write(loop->wake_fd, &one, sizeof one); /* fails when full only: then it is awake */
}

void loop_conn_gone(struct loop *loop)
{
    (void)atomic_fetch_sub_explicit(&loop->shared->connections, 1, memory_order_relaxed);
    loop_count(&loop->counters.closed);
    stop_if_empty(loop);
}

/* Their requests are in the hands of other threads. The loop's own thread has ended: nobody else reads the eventfd. */
static void wait_for_answers(struct loop *loop)
{
    while (loop->put_off > 0) {
        struct pollfd wake = { .fd = loop->wake_fd, .events = POLLIN };
        uint64_t count;
        if (poll(&wake, 1, -1) > 0)
            (void)!read(loop->wake_fd, &count, sizeof count);
        take_answers(loop, conn_cut);
    }
}

void loop_close(struct loop *loop)
{
    struct conn *c;

    wait_for_answers(loop);
    while ((c = TAILQ_FIRST(&loop->idle)) || (c = TAILQ_FIRST(&loop->busy)))
        conn_cut(c);
    if (loop->base)
        event_base_free(loop->base);
    if (loop->listen_fd >= 0)
        (void)close(loop->listen_fd);
    if (loop->later_ready)
        later_queue_free(&loop->later);
    if (loop->wake_fd >= 0)
        (void)close(loop->wake_fd);
    loop->later_ready = false;
    loop->base = NULL;
    loop->listen_fd = loop->wake_fd = -1;
}
