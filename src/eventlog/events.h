/* eventlog/events.h - numbers and registers that the decoders of bodies share; for the files of this folder only. */
#ifndef EVENTLOG_EVENTS_H
#define EVENTLOG_EVENTS_H

enum {
    BODY_EVENT_TAG = 0x06,
};
/* Above INT_MAX, so not in an enum. */
#define BODY_VARIABLE_DRIVER_CONFIG 0x80000001u
#define BODY_VARIABLE_BOOT          0x80000002u
#define BODY_VARIABLE_BOOT2         0x8000000cu
#define BODY_VARIABLE_AUTHORITY     0x800000e0u

enum {
    PCR_SECURE_BOOT = 7, /* the last register of the firmware */
    PCR_IMA = 10,
};
/* Registers of Windows' events: 11 to 14, and after a dynamic launch 17 to 20. */
enum {
    PCRS_WINDOWS = 0xf << 11 | 0xf << 17,
    PCRS_WINDOWS_STATIC = 1 << 12 | 1 << 13,
    PCRS_WINDOWS_DYNAMIC = 1 << 19 | 1 << 20,
};

#endif
