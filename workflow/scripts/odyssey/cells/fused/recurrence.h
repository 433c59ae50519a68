// The frame of a recurrence, forward and backward; what a step computes stands on the cell's page.

#pragma once

#include <cstring>
#include <utility>

#include "network.h"

namespace {

inline Place place(const Run &r, const Direction &d, int64_t t, int64_t g, vec *totals) {
    const int64_t N = r.s.N;
    return {r, d, t, g * V, N,
            d.U + t * d.u_row, d.U + (t + 1) * d.u_row,
            d.states + t * STATES * N, d.states + (t + 1) * STATES * N,
            d.S + t * r.s.columns + g * COLUMNS * V, d.kept + t * KEPT * N,
            g == r.s.groups - 1 ? r.mask : ~ivec{}, totals};
}

// Some sequences that are read side by side, so that each matrix is read once for all of them.
template <int B> struct Abreast {
    const Run *r[B];
    const Direction *d[B];
};

// Some rows' share of some columns of a group, `p` counted from `c`: sums += B' u. Two sums a column,
// because a sum waits for its previous addition.
template <class W, int b, int B, int c, int... p>
inline void add_columns(const float *matrix, const float *const *u, int64_t from, int64_t to,
                        vec (*sums)[2 * W::columns + 1], std::integer_sequence<int, p...>) {
    constexpr int P = W::columns, width = BLOCKS[b].columns;
    for (int64_t k = from; k < to; k += 2)
#pragma GCC unroll 4
        for (int l = 0; l < B; l++) {
            const vec *row = (const vec *)matrix + k * width + c;
            const float even = u[l][k], odd = u[l][k + 1];
            ((sums[l][BLOCKS[b].column[c + p] - W::first] += even * row[p]), ...);
            ((sums[l][P + BLOCKS[b].column[c + p] - W::first] += odd * row[width + p]), ...);
        }
}

// All columns of a block, or of several sequences as many at once as the registers hold sums.
template <class W, int b, int B, int c = 0>
inline void add_rows(const float *matrix, const float *const *u, int64_t from, int64_t to,
                     vec (*sums)[2 * W::columns + 1]) {
    constexpr int left = BLOCKS[b].columns - c, at_once = B == 1 || left < 2 ? left : 2;
    add_columns<W, b, B, c>(matrix, u, from, to, sums,
                            std::make_integer_sequence<int, at_once>());
    if constexpr (at_once < left) add_rows<W, b, B, c + at_once>(matrix, u, from, to, sums);
}

// The rows of a wave's blocks, as if they were one; `done` and `to` count all of them.
template <class W, int B, int n = 0>
inline void add_blocks(const Abreast<B> &s, int64_t t, int64_t g, int64_t done, int64_t to,
                       vec (*sums)[2 * W::columns + 1]) {
    if constexpr (n < W::blocks) {
        constexpr int b = W::first_block + n;
        const Run &r = *s.r[0];
        const int64_t rows = BLOCKS[b].sources * r.s.N;
        const float *matrix = s.d[0]->weights + r.s.block[b] + g * rows * BLOCKS[b].columns * V;
        const float *u[B];
        for (int l = 0; l < B; l++)
            u[l] = s.d[l]->U + t * s.d[l]->u_row + BLOCKS[b].source * r.s.N;
        if constexpr (W::blocks == 1) {
            add_rows<W, b, B>(matrix, u, done, to, sums);
        } else {
            if (done < rows)
                add_rows<W, b, B>(matrix, u, done > 0 ? done : 0,
                                                     to < rows ? to : rows, sums);
            if (to > rows) add_blocks<W, B, n + 1>(s, t, g, done - rows, to - rows, sums);
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
template <class W, int B>
__attribute__((always_inline)) inline void wave(const Abreast<B> &s, int64_t t) {
    constexpr int P = W::columns, f = W::first;
    const int64_t groups = s.r[0]->s.groups, rows = sources_of<W>() * s.r[0]->s.N;
    const int64_t piece = rows / W::pieces & ~1;
    vec bar[B][P + 1], totals[B][MEANS + 1];
    for (int l = 0; l < B; l++)
        for (int k = 0; k < W::means; k++) totals[l][W::first_mean + k] = vec{};
    // Steps go through the groups in turn forwards and backwards, because what a step read last is
    // still in the cache when the next begins.
    auto group = [&](int64_t n) { return t & 1 ? groups - 1 - n : n; };
    auto begin = [&](int64_t g, vec (*sums)[2 * P + 1]) {
        for (int l = 0; l < B; l++) {
            const Place at = place(*s.r[l], *s.d[l], t, g, nullptr);
#pragma GCC unroll 32
            for (int p = 0; p < P; p++) {
                sums[l][p] = FROM_INPUTS[f + p] ? at.column(f + p) : vec{};
                if (BIAS[f + p] >= 0)
                    sums[l][p] = FROM_INPUTS[f + p] ? sums[l][p] + at.weight(BIAS[f + p])
                                                    : at.weight(BIAS[f + p]);
                sums[l][P + p] = vec{};
            }
        }
    };
    auto end = [&](vec (*sums)[2 * P + 1]) {
        for (int l = 0; l < B; l++)
#pragma GCC unroll 32
            for (int p = 0; p < P; p++) bar[l][p] = sums[l][p] + sums[l][P + p];
    };
    if (P) {
        vec sums[B][2 * P + 1];
        begin(group(0), sums);
        add_blocks<W, B>(s, t, group(0), 0, rows, sums);
        end(sums);
    }
    for (int64_t n = 0; n + 1 < groups; n++) {
        const int64_t g = group(n + 1);
        vec sums[B][2 * P + 1];
        int64_t row = 0;
        auto more_to = [&](int64_t to) {
            add_blocks<W, B>(s, t, g, row, to, sums);
            row = to;
        };
        begin(g, sums);
        for (int l = 0; l < B; l++) {
            W::units(place(*s.r[l], *s.d[l], t, group(n), totals[l]), bar[l], [&] {
                if (B == 1) more_to(row + piece);
            });
            if (B > 1) more_to((l + 1) * rows / B & ~1);
        }
        more_to(rows);
        end(sums);
    }
    for (int l = 0; l < B; l++)
        W::units(place(*s.r[l], *s.d[l], t, group(groups - 1), totals[l]), bar[l], [] {});
    for (int l = 0; l < B; l++)
        for (int k = W::first_mean; k < W::first_mean + W::means; k++)
            s.d[l]->means[t * MEANS + k] = sum(totals[l][k]) / float(s.r[l]->m.hidden);
}

template <int w, int B>
__attribute__((always_inline)) inline void waves(const Abreast<B> &s, int64_t t) {
    wave<Forward<w>>(s, t);
    if constexpr (w + 1 < WAVES) waves<w + 1>(s, t);
}

template <int B> void recur(const Abreast<B> &s, int64_t from, int64_t to) {
    for (int64_t t = from; t < to; t++) waves<0>(s, t);
}

// Lane l of the result is the sum of the lanes of rows[l].
template <int bit = V / 2> inline vec sum_each(const vec *rows) {
    if constexpr (bit == 0) {
        return rows[0];
    } else {
        vec halves[bit];
#pragma GCC unroll 8
        for (int n = 0; n < bit; n++) {
            vec a = rows[n], b = rows[n + bit];
            exchange<bit>(a, b);
            halves[n] = a + b;
        }
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

// `add`: to the gradients of the vectors, which else begin at 0.
void recur_back(const Run &r, const Direction &d, bool add) {
    by_rows(r, d);
    memset(d.carried, 0, 4 * 2 * CARRIED * r.s.N);
    if (!add) memset(d.d_vectors, 0, 4 * VECTORS * r.s.N);
    for (int64_t t = r.T - 1; t >= 0; t--) waves_back(r, d, t);
}

}  // namespace
