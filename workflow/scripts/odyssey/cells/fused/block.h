// The LSTM block, step after step, forward and backward (section II of the paper).

#pragma once

#include <cstring>
#include <utility>

#include "network.h"

namespace {

// Some rows' share of one group's bars: sums += Theta' [y, gates]. Two sums a bar, because a sum
// waits for its previous addition.
template <int P>
inline void add_rows(const float *theta, const float *u, int64_t from, int64_t to, vec *sums) {
    for (int64_t k = from; k < to; k += 2)
#pragma GCC unroll 8
        for (int p = 0; p < 2 * P; p++)
            sums[p] += u[k + p / P] * *(const vec *)(theta + (k * P + p) * V);
}

// The steps of a sequence, group after group. Loading Theta takes longest, and the processor looks
// only some hundred instructions ahead; so each line of a group's arithmetic stands between the
// loads of the next group, `more()`.
template <int P> void recur(Run &r, Direction &d, int64_t T) {
    const Model &m = r.m;
    const Shape &s = r.s;
    const vec one = all(1.0f), none = vec{};
    const int pi = s.part[I], pf = s.part[F], po = s.part[O];
    const int64_t fifth = s.recurrent / 5 & ~1;
    for (int64_t t = 0; t < T; t++) {
        const float *u = d.U + t * r.u_row;
        float *next = d.U + (t + 1) * r.u_row;
        // There and back again: what a step read last is in the cache when the next begins.
        auto group = [&](int64_t n) { return t & 1 ? s.groups - 1 - n : n; };
        auto bars = [&](int64_t g) { return (vec *)(d.S + t * s.columns + g * P * V); };
        vec bar[4];
        for (int64_t n = -1; n < s.groups; n++) {
            const float *theta = nullptr;
            vec sums[2 * P];
            int64_t row = 0;
            if (n + 1 < s.groups) {
                theta = d.theta + group(n + 1) * s.rows * P * V;
#pragma GCC unroll 4
                for (int p = 0; p < P; p++) sums[p] = bars(group(n + 1))[p], sums[P + p] = none;
            }
            auto more = [&](int64_t to) {
                if (theta) add_rows<P>(theta, u, row, to, sums);
                row = to;
            };
            if (n >= 0) {
                const int64_t g = group(n), at = g * V;
                vec *S = bars(g);
                const vec c_before = *(vec *)(d.c + t * s.N + at);
                auto p = [&](int gate) { return d.p[gate] ? *(vec *)(d.p[gate] + at) : none; };

                const vec z = m.input_activation ? tanh(bar[0]) : bar[0];
                more(fifth);
                const vec i = pi > 0 ? sigmoid(bar[pi] + p(I) * c_before) : one;
                more(2 * fifth);
                const vec f = pf > 0 ? sigmoid(bar[pf] + p(F) * c_before)
                                     : m.coupled ? one - i : one;
                const vec c = z * i + c_before * f;
                more(3 * fifth);
                const vec o = po > 0 ? sigmoid(bar[po] + p(O) * c) : one;
                more(4 * fifth);
                const vec h = m.output_activation ? tanh(c) : c;
                *(vec *)(next + at) = h * o;  // y

                *(vec *)(d.c + (t + 1) * s.N + at) = c;
                *(vec *)(d.h + t * s.N + at) = h;
                S[0] = z;
                if (pi > 0) S[pi] = i;
                if (pf > 0) S[pf] = f;
                if (po > 0) S[po] = o;
                if (m.gate_recurrence)  // sigma(0) = 1/2, so here padding needs the mask
                    for (int part = 1; part < P; part++)
                        *(vec *)(next + part * s.N + at) =
                            g == s.groups - 1 ? S[part] * r.mask : S[part];
            }
            if (!theta) break;
            more(s.recurrent);
#pragma GCC unroll 4
            for (int p = 0; p < P; p++) bar[p] = sums[p] + sums[P + p];
        }
    }
}

// Lane l: a[l] + a[l ^ bit] where l lacks the bit, and the same of b where it has it.
#if defined(__clang__)
template <int bit, int... l> inline vec fold(vec a, vec b, std::integer_sequence<int, l...>) {
    return __builtin_shufflevector(a, b, (l & bit ? V + l : l)...)
           + __builtin_shufflevector(a, b, ((l & bit ? V : 0) + (l ^ bit))...);
}
template <int bit> inline vec fold(vec a, vec b) {
    return fold<bit>(a, b, std::make_integer_sequence<int, V>());
}
#else
template <int bit> inline vec fold(vec a, vec b) {
    ivec keep, swap;
    for (int l = 0; l < V; l++) {
        keep[l] = l & bit ? V + l : l;
        swap[l] = (l & bit ? V : 0) + (l ^ bit);
    }
    return __builtin_shuffle(a, b, keep) + __builtin_shuffle(a, b, swap);
}
#endif

// Lane l of the result is the sum of the lanes of rows[l].
template <int bit = V / 2> inline vec sum_each(const vec *rows) {
    if constexpr (bit == 0) {
        return rows[0];
    } else {
        vec halves[bit];
#pragma GCC unroll 8
        for (int n = 0; n < bit; n++) halves[n] = fold<bit>(rows[n], rows[n + bit]);
        return sum_each<bit / 2>(halves);
    }
}

// The recurrent rows, V at a time, all groups side by side: a step backward reads them in this
// order, and processors fetch ahead only along the way.
template <int P> void by_rows(const Shape &s, const Direction &d) {
    const int64_t piece = V * P * V;
    float *to = d.theta_by_rows;
    for (int64_t row = 0; row < s.recurrent; row += V)
        for (int64_t g = 0; g < s.groups; g++, to += piece)
            memcpy(to, d.theta + (g * s.rows + row) * P * V, 4 * piece);
}

// V rows of Theta, as `by_rows` left them, times the deltas of one step.
template <int P> inline vec back(const float *theta, int64_t groups, const float *delta) {
    vec total[V];
#pragma GCC unroll 16
    for (int l = 0; l < V; l++) total[l] = vec{};
    for (int64_t g = 0; g < groups; g++, theta += V * P * V, delta += P * V)
#pragma GCC unroll 4
        for (int p = 0; p < P; p++) {
            const vec d = *(const vec *)(delta + p * V);
#pragma GCC unroll 16
            for (int l = 0; l < V; l++) total[l] += *(const vec *)(theta + (l * P + p) * V) * d;
        }
    return sum_each(total);
}

template <int P> void recur_back(Run &r, Direction &d, int64_t T) {
    const Model &m = r.m;
    const Shape &s = r.s;
    const vec one = all(1.0f), none = vec{};
    const int pi = s.part[I], pf = s.part[F], po = s.part[O];
    by_rows<P>(s, d);
    memset(d.dc, 0, 4 * s.N);
    for (int gate : {I, F, O})
        if (d.dp[gate]) memset(d.dp[gate], 0, 4 * s.N);
    for (int64_t t = T - 1; t >= 0; t--) {
        const float *after = d.S + (t + 1) * s.columns;  // the deltas of t + 1
        for (int64_t n = 0; n < s.groups; n++) {
            const int64_t g = t & 1 ? s.groups - 1 - n : n, at = g * V;
            vec *S = (vec *)(d.S + t * s.columns + g * P * V);
            auto through = [&](int64_t rows) {  // Theta delta+, for V rows of Theta
                const float *theta = d.theta_by_rows + (rows + at) * s.columns;
                return t + 1 < T ? back<P>(theta, s.groups, after) : none;
            };
            auto gates = [&](int p) {
                return m.gate_recurrence && p > 0 ? through(p * s.N) : none;
            };
            auto peephole = [&](int gate) { return d.p[gate] ? *(vec *)(d.p[gate] + at) : none; };
            const vec z = S[0], i = pi > 0 ? S[pi] : one, o = po > 0 ? S[po] : one;
            const vec f = pf > 0 ? S[pf] : m.coupled ? one - i : one;
            const vec c = *(vec *)(d.c + (t + 1) * s.N + at);
            const vec c_before = *(vec *)(d.c + t * s.N + at);
            const vec h = *(vec *)(d.h + t * s.N + at);
            vec &dc_after = *(vec *)(d.dc + at);

            const vec dy = *(vec *)(d.dy + t * r.dy_row + at) + through(0);
            const vec d_o = po > 0 ? (dy * h + gates(po)) * o * (one - o) : none;
            const vec dh = m.output_activation ? one - h * h : one;
            const vec dc = dy * o * dh + peephole(O) * d_o + dc_after;
            const vec d_f = pf > 0 ? (dc * c_before + gates(pf)) * f * (one - f) : none;
            const vec through_f = m.coupled ? c_before : none;  // f = 1 - i
            const vec d_i = pi > 0 ? (dc * (z - through_f) + gates(pi)) * i * (one - i) : none;
            const vec d_z = dc * i * (m.input_activation ? one - z * z : one);
            dc_after = peephole(I) * d_i + peephole(F) * d_f + dc * f;

            S[0] = d_z;
            if (pi > 0) S[pi] = d_i;
            if (pf > 0) S[pf] = d_f;
            if (po > 0) S[po] = d_o;
            if (d.dp[I]) *(vec *)(d.dp[I] + at) += c_before * d_i;
            if (d.dp[F]) *(vec *)(d.dp[F] + at) += c_before * d_f;
            if (d.dp[O]) *(vec *)(d.dp[O] + at) += c * d_o;
        }
    }
}

}  // namespace
