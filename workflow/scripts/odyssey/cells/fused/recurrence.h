// The frame of a recurrence, forward and backward; what a step computes stands on the cell's page.

#pragma once

#include <cstring>
#include <utility>

#include "network.h"

namespace {

inline Place place(const Run &r, const Direction &d, int64_t t, int64_t g, vec *totals) {
    const int64_t N = r.s.N;
    return {r, d, t, g * V, N,
            d.U + t * r.u_row, d.U + (t + 1) * r.u_row,
            d.states + t * STATES * N, d.states + (t + 1) * STATES * N,
            d.S + t * r.s.columns + g * COLUMNS * V, d.kept + t * KEPT * N,
            g == r.s.groups - 1 ? r.mask : ~ivec{}, totals};
}

// Some rows' share of one group's columns: sums += B' u. Two sums a column, because a sum waits for
// its previous addition.
template <int first, int P, int b>
inline void add_rows(const float *matrix, const float *u, int64_t from, int64_t to, vec *sums) {
    constexpr int width = BLOCKS[b].columns;
    for (int64_t k = from; k < to; k += 2)
#pragma GCC unroll 32
        for (int p = 0; p < 2 * width; p++)
            sums[(p < width ? 0 : P) + BLOCKS[b].column[p % width] - first] +=
                u[k + p / width] * *(const vec *)(matrix + (k * width + p) * V);
}

// The rows of a wave's blocks, as if they were one; `done` and `to` count all of them.
template <class W, int n = 0>
inline void add_blocks(const Run &r, const Direction &d, const float *u, int64_t g, int64_t done,
                       int64_t to, vec *sums) {
    if constexpr (n < W::blocks) {
        constexpr int b = W::first_block + n;
        const int64_t rows = BLOCKS[b].sources * r.s.N;
        const float *matrix = d.weights + r.s.block[b] + g * rows * BLOCKS[b].columns * V;
        if constexpr (W::blocks == 1) {
            add_rows<W::first, W::columns, b>(matrix, u + BLOCKS[b].source * r.s.N, done, to, sums);
        } else {
            if (done < rows)
                add_rows<W::first, W::columns, b>(matrix, u + BLOCKS[b].source * r.s.N,
                                                  done > 0 ? done : 0, to < rows ? to : rows, sums);
            if (to > rows) add_blocks<W, n + 1>(r, d, u, g, done - rows, to - rows, sums);
        }
    }
}

template <class W> constexpr int64_t sources_of() {
    int64_t sources = 0;
    for (int n = 0; n < W::blocks; n++) sources += BLOCKS[W::first_block + n].sources;
    return sources;
}

// One wave of a step, group after group. Loading the matrices takes longest, and the processor
// looks only some hundred instructions ahead; so each line of a group's arithmetic stands between
// the loads of the next group, `more()`.
template <class W> inline void wave(const Run &r, const Direction &d, int64_t t) {
    constexpr int P = W::columns;
    const int64_t groups = r.s.groups, rows = sources_of<W>() * r.s.N;
    const int64_t piece = rows / W::pieces & ~1;
    const float *u = d.U + t * r.u_row;
    vec bar[P + 1], totals[MEANS + 1];
    for (int k = 0; k < W::means; k++) totals[W::first_mean + k] = vec{};
    // There and back again: what a step read last is in the cache when the next begins.
    auto group = [&](int64_t n) { return t & 1 ? groups - 1 - n : n; };
    for (int64_t n = P ? -1 : 0; n < groups; n++) {
        const bool next = P && n + 1 < groups;
        const int64_t g = next ? group(n + 1) : 0;
        vec sums[2 * P + 1];
        int64_t row = 0;
        if (next) {
            const Place at = place(r, d, t, g, nullptr);
#pragma GCC unroll 32
            for (int p = 0; p < P; p++) {
                constexpr int f = W::first;
                sums[p] = FROM_INPUTS[f + p] ? at.column(f + p) : vec{};
                if (BIAS[f + p] >= 0)
                    sums[p] = FROM_INPUTS[f + p] ? sums[p] + at.weight(BIAS[f + p])
                                                 : at.weight(BIAS[f + p]);
                sums[P + p] = vec{};
            }
        }
        auto more_to = [&](int64_t to) {
            if (next) add_blocks<W>(r, d, u, g, row, to, sums);
            row = to;
        };
        if (n >= 0) W::units(place(r, d, t, group(n), totals), bar, [&] { more_to(row + piece); });
        if (!next) continue;
        more_to(rows);
#pragma GCC unroll 32
        for (int p = 0; p < P; p++) bar[p] = sums[p] + sums[P + p];
    }
    for (int k = W::first_mean; k < W::first_mean + W::means; k++)
        d.means[t * MEANS + k] = sum(totals[k]) / float(r.m.hidden);
}

template <int w = 0> inline void waves(const Run &r, const Direction &d, int64_t t) {
    wave<Forward<w>>(r, d, t);
    if constexpr (w + 1 < WAVES) waves<w + 1>(r, d, t);
}

void recur(const Run &r, const Direction &d, int64_t T) {
    for (int64_t t = 0; t < T; t++) waves(r, d, t);
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

// A block's rows, V at a time, all groups side by side: a step backward reads them in this order,
// and processors fetch ahead only along the way.
template <int b = 0> void by_rows(const Run &r, const Direction &d) {
    if constexpr (b < BLOCK_COUNT) {
        const int64_t rows = BLOCKS[b].sources * r.s.N, piece = V * BLOCKS[b].columns * V;
        float *to = d.by_rows + r.s.block[b];
        const float *from = d.weights + r.s.block[b];
        for (int64_t row = 0; row < rows; row += V)
            for (int64_t g = 0; g < r.s.groups; g++, to += piece)
                memcpy(to, from + (g * rows + row) * BLOCKS[b].columns * V, 4 * piece);
        by_rows<b + 1>(r, d);
    }
}

// V rows of a block, as `by_rows` left them, times the deltas of one step.
template <int b> inline vec back(const float *matrix, int64_t groups, const float *delta) {
    constexpr int width = BLOCKS[b].columns;
    vec total[V];
#pragma GCC unroll 16
    for (int l = 0; l < V; l++) total[l] = vec{};
    for (int64_t g = 0; g < groups; g++, matrix += V * width * V, delta += COLUMNS * V)
#pragma GCC unroll 32
        for (int p = 0; p < width; p++) {
            const vec d = *(const vec *)(delta + BLOCKS[b].column[p] * V);
#pragma GCC unroll 16
            for (int l = 0; l < V; l++) total[l] += *(const vec *)(matrix + (l * width + p) * V) * d;
        }
    return sum_each(total);
}

template <int b> inline vec Place::through_now(int source) const {
    const float *matrix = d.by_rows + r.s.block[b] + (source * N + at) * BLOCKS[b].columns * N;
    return back<b>(matrix, r.s.groups, d.S + t * r.s.columns);
}

template <int b> inline vec Place::through_after(int source) const {
    const float *matrix = d.by_rows + r.s.block[b] + (source * N + at) * BLOCKS[b].columns * N;
    return t + 1 < r.T ? back<b>(matrix, r.s.groups, d.S + (t + 1) * r.s.columns) : vec{};
}

template <int w = 0> inline void waves_back(const Run &r, const Direction &d, int64_t t) {
    using W = Backward<w>;
    vec totals[SUMS + 1];
    for (int k = 0; k < W::sums; k++) totals[W::first_sum + k] = vec{};
    for (int64_t n = 0; n < r.s.groups; n++)
        W::units(place(r, d, t, t & 1 ? r.s.groups - 1 - n : n, totals));
    for (int k = W::first_sum; k < W::first_sum + W::sums; k++)
        d.sums[k] = sum(totals[k]) / float(r.m.hidden);
    if constexpr (w + 1 < BACK_WAVES) waves_back<w + 1>(r, d, t);
}

void recur_back(const Run &r, const Direction &d, int64_t T) {
    by_rows(r, d);
    memset(d.carried, 0, 4 * 2 * CARRIED * r.s.N);
    memset(d.gradients + r.s.vectors, 0, 4 * VECTORS * r.s.N);
    for (int64_t t = T - 1; t >= 0; t--) waves_back(r, d, t);
}

}  // namespace
