/*
 * Copying and filling in loops, in place of those of the C library, which are single instructions: here every eight
 * bytes cost fuel, so that no loop over a large copy works on unpaid. Compiled with -fno-builtin: a compiler would see
 * that these are copies, and call them.
 */
#include <stddef.h>
#include <stdint.h>

typedef uint64_t __attribute__((aligned(1), may_alias)) Word;

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    for (; length >= 8; length -= 8, out += 8, in += 8)
        *(Word *)out = *(const Word *)in;
    for (; length; length--)
        *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    if (out <= in || out >= in + length)
        return memcpy(to, from, length);
    for (; length >= 8; length -= 8)
        *(Word *)(out + length - 8) = *(const Word *)(in + length - 8);
    for (; length; length--)
        out[length - 1] = in[length - 1];
    return to;
}

void *memset(void *to, int value, size_t length)
{
    uint8_t *out = to;
    uint64_t word = (uint8_t)value * 0x0101010101010101u;
    for (; length >= 8; length -= 8, out += 8)
        *(Word *)out = word;
    for (; length; length--)
        *out++ = value;
    return to;
}
