/* base/auto.h - cleanup that runs itself.
 *
 *     ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
 *
 * calls att_buf_free(&out) when the scope ends. For pointers whose destructor takes the pointer itself,
 * define a by-address cleaner once with ATT_AUTO_PTR(type, destructor) and use ATT_AUTO(type_auto). ATT_MOVE
 * gives the value away and leaves NULL, so that the cleanup sees nothing.
 */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#define ATT_AUTO(cleaner) __attribute__((cleanup(cleaner)))

#define ATT_AUTO_PTR(name, type, destructor)                                                                 \
    static inline void name(type **p)                                                                        \
    {                                                                                                        \
        if (*p)                                                                                              \
            destructor(*p);                                                                                  \
        *p = NULL;                                                                                           \
    }

#define ATT_MOVE(p)                                                                                          \
    __extension__({                                                                                          \
        __typeof__(p) att_moved_ = (p);                                                                      \
        (p) = NULL;                                                                                          \
        att_moved_;                                                                                          \
    })

#endif
