// Vectors of floats and their elementary functions. Polynomials were fitted by Chebyshev
// interpolation; NaN stays NaN.

#pragma once

#include <cmath>
#include <cstdint>
#include <utility>

#if defined(__FMA__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace {

constexpr int V = ODYSSEY_VECTOR;
typedef float vec __attribute__((vector_size(4 * V), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * V), may_alias));
typedef uint32_t uvec __attribute__((vector_size(4 * V), may_alias));
typedef uint8_t bytes __attribute__((vector_size(V), may_alias, aligned(1)));
typedef float loose __attribute__((vector_size(4 * V), may_alias, aligned(4)));  // unaligned

constexpr float NEVER = -1e30f;  // log of a probability of 0, finite so that differences are

inline vec all(float value) { return vec{} + value; }
inline vec load(const float *from) { return *(const loose *)from; }
inline void store(float *to, vec value) { *(loose *)to = value; }
inline vec above(vec a, vec b) { return a > b ? all(1.0f) : vec{}; }
inline vec magnitude(vec a) { return a < 0.0f ? -a : a; }

// a b + c, rounded once where the processor has such an instruction; and a product that is rounded
// before it is added. So the last bits do not depend on what a compiler would rather contract.
inline vec fma(vec a, vec b, vec c) {
#if ODYSSEY_VECTOR == 16
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_FEATURE_FMA)
    return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}
inline vec rounded(vec a) {
#if defined(__AVX512F__)
    asm("" : "+v"(a));
#elif defined(__SSE__)
    asm("" : "+x"(a));
#elif defined(__ARM_NEON)
    asm("" : "+w"(a));
#endif
    return a;
}

inline vec larger(vec a, vec b) { return b > a ? b : a; }   // between them, these two
inline vec smaller(vec a, vec b) { return b > a ? a : b; }  // return both arguments, NaN or not

// Lane l: a[l] where l lacks the bit, else b[l ^ bit]; and a[l ^ bit] where l lacks it, else b[l].
#if defined(__clang__)
template <int bit, int... l>
inline void exchange(vec &a, vec &b, std::integer_sequence<int, l...>) {
    const vec first = __builtin_shufflevector(a, b, (l & bit ? V + (l ^ bit) : l)...);
    b = __builtin_shufflevector(a, b, (l & bit ? V + l : l ^ bit)...);
    a = first;
}
template <int bit> inline void exchange(vec &a, vec &b) {
    exchange<bit>(a, b, std::make_integer_sequence<int, V>());
}
#else
template <int bit> inline void exchange(vec &a, vec &b) {
    ivec keep, swap;
    for (int l = 0; l < V; l++) {
        keep[l] = l & bit ? V + (l ^ bit) : l;
        swap[l] = l & bit ? V + l : l ^ bit;
    }
    const vec first = __builtin_shuffle(a, b, keep);
    b = __builtin_shuffle(a, b, swap);
    a = first;
}
#endif

// Lane l of the result's row k is lane k of row l.
template <int bit = V / 2> inline void transpose(vec *rows) {
#pragma GCC unroll 16
    for (int n = 0; n < V; n++)
        if (!(n & bit)) exchange<bit>(rows[n], rows[n | bit]);
    if constexpr (bit > 1) transpose<bit / 2>(rows);
}

inline float sum(vec a) {
    float total = 0;
    for (int l = 0; l < V; l++) total += a[l];
    return total;
}

inline float largest(vec a) {
    float best = a[0];
    for (int l = 1; l < V; l++) best = a[l] > best ? a[l] : best;
    return best;
}

// exp(x) = scale (1 + p), p = exp(r) - 1 for the remainder |r| <= ln 2 / 2; exactly 0 below -87.
inline void split_exp(vec x, vec &scale, vec &p) {
    x = x > 88.0f ? all(88.0f) : x;
    const ivec vanishes = x < -87.0f;
    x = vanishes ? all(-87.0f) : x;
    vec shifted = x * 1.44269504f + 12582912.0f;  // rounds to an integer in the low mantissa bits
    vec n = shifted - 12582912.0f;
    scale = (vec)((((ivec)shifted << 23) + 0x3f800000) & ~vanishes);
    vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    vec q = 8.363180122e-3f + r * 1.393365035e-3f;
    q = 4.166646491e-2f + r * q;
    q = 1.666657698e-1f + r * q;
    q = 0.5f + r * q;
    p = r + r * r * q;
}

inline vec exp(vec x) {
    vec scale, p;
    split_exp(x, scale, p);
    return scale + scale * p;
}

inline vec sigmoid(vec x) { return 1.0f / (1.0f + exp(-x)); }

// By way of exp(2x) - 1, so that the relative error stays small near 0.
inline vec tanh(vec x) {
    vec scale, p;
    split_exp(x + x, scale, p);
    vec e = (scale - 1.0f) + scale * p;
    return e / (e + 2.0f);
}

inline vec softsign(vec x) { return x / (1.0f + magnitude(x)); }

inline vec log1p_small(vec f) {  // |f| <= sqrt(2) - 1
    vec q = 1.271401847e-1f + f * -8.103168169e-2f;
    q = -1.297243530e-1f + f * q;
    q = 1.420199096e-1f + f * q;
    q = -1.664221861e-1f + f * q;
    q = 2.000147348e-1f + f * q;
    q = -2.500029710e-1f + f * q;
    q = 3.333332858e-1f + f * q;
    return f + f * f * (-0.5f + f * q);
}

// x = 2^e m with m in [sqrt(1/2), sqrt(2)); x positive and normal.
inline void split_log(vec x, vec &e, vec &m) {
    ivec bits = (ivec)x - 0x3f3504f3;
    ivec n = bits >> 23;
    e = __builtin_convertvector(n, vec);
    m = (vec)((ivec)x - (n << 23));
}

inline vec log(vec x) {
    vec e, m;
    split_log(x, e, m);
    vec positive = e * 0.693359375f + (log1p_small(m - 1.0f) - e * 2.12194440e-4f);
    return x > 0.0f ? positive : x - x + NEVER;
}

inline vec root(vec x) {
    vec result;
    for (int l = 0; l < V; l++) result[l] = sqrtf(x[l]);
    return result;
}

}  // namespace
