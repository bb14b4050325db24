/* The mark of the prime generator of CVE-2017-15361 ("ROCA"; Nemec et al., ACM CCS 2017): its primes are
 * k * M + (65537^a mod M), M a product of the first primes. So the modulus, too, is a power of 65537 modulo
 * each of them. A modulus made otherwise is one for all primes below with a chance of less than 2^-27. */
#include "jose/jwk.h"

static unsigned modulo(struct att_span n, unsigned p)
{
    unsigned rest = 0;

    for (size_t i = 0; i < n.len; i++)
        rest = (rest << 8 | n.ptr[i]) % p;
    return rest;
}

static bool is_power_of_65537(unsigned value, unsigned p)
{
    unsigned power = 1;

    for (unsigned i = 0; i < p; i++) { /* the powers repeat after at most p - 1 steps */
        if (power == value)
            return true;
        power = power * (65537u % p) % p;
    }
    return false;
}

bool att_jwk_roca(struct att_span n)
{
    static const uint8_t primes[] = { 3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                      47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                      107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167 };

    for (size_t i = 0; i < sizeof primes; i++) {
        if (!is_power_of_65537(modulo(n, primes[i]), primes[i]))
            return false;
    }
    return n.len > 0;
}
