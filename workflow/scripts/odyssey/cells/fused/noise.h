// The input noise, `odyssey.seeds.gaussian_noise`, a vector of pairs at a time.

#pragma once

#include "vectors.h"

namespace {

inline void threefry(const uint32_t key[2], uvec &x0, uvec &x1) {
    const uint32_t keys[3] = {key[0], key[1], 0x1BD11BDAu ^ key[0] ^ key[1]};
    const int rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
    x0 += keys[0];
    x1 += keys[1];
#pragma GCC unroll 5
    for (int group = 0; group < 5; group++) {
#pragma GCC unroll 4
        for (int n = 0; n < 4; n++) {
            const int rotation = rotations[group % 2][n];
            x0 += x1;
            x1 = (x1 << rotation) | (x1 >> (32 - rotation));
            x1 ^= x0;
        }
        x0 += keys[(group + 1) % 3];
        x1 += keys[(group + 2) % 3] + uint32_t(group + 1);
    }
}

// Box-Muller. u = (k + 1/2) / 2^24 needs 25 bits, so where it matters the integer k is used.
inline void normal_pair(uvec bits0, uvec bits1, vec &first, vec &second) {
    ivec k = (ivec)(bits0 >> 8);
    vec u = (__builtin_convertvector(k, vec) + 0.5f) * 0x1p-24f;
    vec below = (__builtin_convertvector(0xffffff - k, vec) + 0.5f) * 0x1p-24f;  // 1 - u
    vec e, m;
    split_log(u, e, m);
    vec f = e == 0.0f ? -below : m - 1.0f;
    vec radius = root(-2.0f * (e * 0.693147181f + log1p_small(f)));

    k = (ivec)(bits1 >> 8);
    ivec quarter = (k + (1 << 21)) >> 22;  // the nearest multiple of a quarter turn
    vec a = (__builtin_convertvector(k - (quarter << 22), vec) + 0.5f) * (0x1p-22f * 1.57079633f);
    vec s = a * a;
    vec sine = a + a * s * (-1.666666467e-1f + s * (8.332748635e-3f - s * 1.958794987e-4f));
    vec cosine = 1.0f + s * (-0.5f + s * (4.166666466e-2f
                                          + s * (-1.388830334e-3f + s * 2.454799090e-5f)));
    ivec odd = -(quarter & 1);
    ivec x = ((ivec)cosine & ~odd) | ((ivec)sine & odd);
    ivec y = ((ivec)sine & ~odd) | ((ivec)cosine & odd);
    x ^= ((quarter + 1) & 2) << 30;  // cosine is negative in quarters 1 and 2,
    y ^= (quarter & 2) << 30;        // sine in quarters 2 and 3
    first = radius * (vec)x;
    second = radius * (vec)y;
}

void gaussian_noise(const uint32_t key[2], int64_t sequence, int64_t size, float *out) {
    const int64_t half = (size + 1) / 2;
    uvec lane;
    for (int l = 0; l < V; l++) lane[l] = uint32_t(l);
    for (int64_t p = 0; p < half; p += V) {
        uvec x0 = lane + uint32_t(p), x1 = uvec{} + uint32_t(sequence);
        threefry(key, x0, x1);
        vec first, second;
        normal_pair(x0, x1, first, second);
        if (p + V <= half && half + p + V <= size) {
            store(out + p, first);
            store(out + half + p, second);
        } else {
            for (int64_t l = 0; l < V && p + l < half; l++) {
                out[p + l] = first[l];
                if (half + p + l < size) out[half + p + l] = second[l];
            }
        }
    }
}

}  // namespace
