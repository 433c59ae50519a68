// The network's shape and its places in memory, for the cell whose page is built in.

#pragma once

#include "vectors.h"

// Everything the caller hands over; mirrored field by field in training/fused.py.
struct Model {
    int64_t inputs, hidden, outputs, directions, layers, loss;
    const float *values;           // (frames, inputs)
    const void *targets;           // int32 classes or labels, or uint8 or float (frames, outputs)
    const uint8_t *scored;         // (frames,) 0 where a frame does not count; null: all count
    const int64_t *frames;         // (sequences + 1,) where each sequence begins in `values`
    const int64_t *labels;         // (sequences + 1,) where each begins in `targets`
    float *weights, *velocities, *gradients;
    float *workspace;
};

struct Step {
    double rate, momentum, clip;   // rate: (1 - momentum) * learning rate; clip: infinity for none
    int64_t nesterov;
};

namespace {

enum Loss { SOFTMAX = 0, SIGMOID = 1, CTC = 2, SQUARED = 3 };

constexpr int LAYERS = 8;  // at most, as MOST_LAYERS in search_space.py

inline int64_t whole(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

// Matrices that lie together: rows for some sources, columns for what they reach.
struct Block {
    int source, sources, columns;
    int column[32];
};

struct Run;
struct Direction;

// One vector of units at one frame, as a cell's page sees it.
struct Place {
    const Run &r;
    const Direction &d;
    int64_t t, at, N;     // frame; the first of the units; units, rounded up
    float *u, *u_after;   // rows of U and of the other states: before the step, and after it
    float *s, *s_after;
    float *bars, *frame;  // these units' columns; what is kept of this frame
    ivec mask;
    vec *totals;

    vec &source_before(int k) const { return *(vec *)(u + k * N + at); }
    vec &source_after(int k) const { return *(vec *)(u_after + k * N + at); }
    vec &state_before(int k) const { return *(vec *)(s + k * N + at); }
    vec &state_after(int k) const { return *(vec *)(s_after + k * N + at); }
    vec &column(int k) const { return *(vec *)(bars + k * V); }
    vec &kept(int k) const { return *(vec *)(frame + k * N + at); }
    vec masked(vec a) const { return (vec)((ivec)a & mask); }
    void add(int k, vec a) const { totals[k] += a; }
    vec weight(int k) const;
    vec &gradient(int k) const;
    vec &temporary(int k) const;
    vec mean(int k) const;
    vec sum(int k) const;
    vec output() const;
    vec carried(int k) const;  // from the step after
    vec &carry(int k) const;   // to the step before
    // What a source's matrices bring back from the deltas of a step.
    template <int block> vec through_after(int source) const;
    template <int block> vec through_now(int source) const;
};

// A cell's arithmetic, wave by wave.
template <int wave> struct Forward;
template <int wave> struct Backward;

#include ODYSSEY_PAGE

struct Shape {
    int64_t N, groups;          // units, rounded up; vectors of them
    int64_t columns, outputs;   // rounded up
    int64_t block[BLOCK_COUNT + 1], inputs;  // offsets in a direction's weights
    // Of each layer: rows of the matrices on its inputs; offset and floats of a direction.
    int64_t in_rows[LAYERS], vectors[LAYERS], direction[LAYERS];
    int64_t layer[LAYERS + 1];  // where a layer's weights begin, and at last the output layer's
    int64_t out_rows, weights;  // rows of the output layer's matrix; floats of all weights
};

Shape shape_of(const Model &m) {
    Shape s;
    s.N = whole(m.hidden, V);
    s.groups = s.N / V;
    s.columns = s.N * COLUMNS;
    s.outputs = whole(m.outputs, 2 * V);
    s.block[0] = 0;
    for (int b = 0; b < BLOCK_COUNT; b++)
        s.block[b + 1] = s.block[b] + BLOCKS[b].sources * s.N * BLOCKS[b].columns * s.N;
    s.inputs = s.block[BLOCK_COUNT];
    s.layer[0] = 0;
    for (int64_t l = 0; l < m.layers; l++) {
        s.in_rows[l] = l ? m.directions * s.N : m.inputs;
        s.vectors[l] = s.inputs + s.in_rows[l] * INPUTS.columns * s.N;
        s.direction[l] = s.vectors[l] + VECTORS * s.N;
        s.layer[l + 1] = s.layer[l] + m.directions * s.direction[l];
    }
    s.out_rows = m.directions * s.N + 1;
    s.weights = s.layer[m.layers] + s.out_rows * s.outputs;
    return s;
}

// Weights of one direction of a layer, their gradients, and what a sequence leaves behind.
struct Direction {
    float *weights, *gradients;
    float *vectors, *d_vectors;  // among them
    int64_t u_row;
    float *U;              // (T + 1, u_row): [sources, x]; row t holds states of t - 1. Of the
                           // layers above the first, without x
    float *S;              // (T, columns): bars, then what is kept, then deltas, each in its place
    float *states;         // (T + 1, STATES, N): the states that no matrix acts on
    float *kept;           // (T, KEPT, N)
    float *means;          // (T, MEANS)
    // What no other layer needs at the same time, and all use in turn.
    float *dy;             // (T, dy_row): the loss's derivative by y, from the layer above alone
    float *carried;        // (2, CARRIED, N): from the step after, and to the step before
    float *temporary;      // (TEMPORARY, N)
    float *sums;           // (SUMS,)
    float *by_rows;        // the blocks once more: see recurrence.h
};

struct Run {
    const Model &m;
    Shape s;
    int64_t T, dy_row;
    Direction d[LAYERS][2];
    float *out, *d_out;    // output layer: [y forward, y backward, 1] x outputs, in groups
    float *turned;         // a transpose, of what acts on a direction's y
    float *L;              // (T, outputs): logits, then their derivatives
    float *noise;          // (T * inputs,)
    float *ctc;
    ivec mask;             // of the last group: all bits for a unit, none for padding
};

inline vec Place::weight(int k) const { return *(vec *)(d.vectors + k * N + at); }
inline vec &Place::gradient(int k) const { return *(vec *)(d.d_vectors + k * N + at); }
inline vec &Place::temporary(int k) const { return *(vec *)(d.temporary + k * N + at); }
inline vec Place::mean(int k) const { return all(d.means[t * MEANS + k]); }
inline vec Place::sum(int k) const { return all(d.sums[k]); }
inline vec Place::output() const { return *(vec *)(d.dy + t * r.dy_row + at); }
inline vec Place::carried(int k) const {
    return *(vec *)(d.carried + ((t + 1) % 2 * CARRIED + k) * N + at);
}
inline vec &Place::carry(int k) const {
    return *(vec *)(d.carried + (t % 2 * CARRIED + k) * N + at);
}

int64_t ctc_states(int64_t labels) { return whole(2 * labels + 1, V) + 2 * V; }

// Lay a run's arrays into memory; return where they end.
float *arrange(Run &r, float *next, int64_t T, int64_t labels) {
    const Model &m = r.m;
    const Shape &s = r.s;
    r.T = T;
    auto take = [&](int64_t size) {
        float *here = next;
        next += whole(size, 16);
        return here;
    };
    r.dy_row = whole(s.N, 2 * V);
    for (int64_t l = 0; l < m.layers; l++)
        for (int64_t k = 0; k < m.directions; k++) {
            Direction &d = r.d[l][k];
            const int64_t begin = s.layer[l] + k * s.direction[l];
            d.weights = m.weights + begin;
            d.gradients = m.gradients + begin;
            d.vectors = d.weights + s.vectors[l];
            d.d_vectors = d.gradients + s.vectors[l];
            d.u_row = whole(SOURCES * s.N + (l ? 0 : m.inputs), V);
            d.U = take((T + 1) * d.u_row);
            d.S = take(T * s.columns);
            d.states = take((T + 1) * STATES * s.N);
            d.kept = take(T * KEPT * s.N);
            d.means = take(T * MEANS);
            const Direction &first = r.d[0][k];
            d.dy = l ? first.dy : take(T * r.dy_row);
            d.carried = l ? first.carried : take(2 * CARRIED * s.N);
            d.temporary = l ? first.temporary : take(TEMPORARY * s.N);
            d.sums = l ? first.sums : take(SUMS);
            d.by_rows = l ? first.by_rows : take(s.inputs);
        }
    r.out = m.weights + s.layer[m.layers];
    r.d_out = m.gradients + s.layer[m.layers];
    const int64_t above = m.layers > 1 && s.columns > s.outputs ? s.columns : s.outputs;
    r.turned = take(r.dy_row * above);
    r.L = take(T * s.outputs);
    r.noise = take(T * m.inputs);
    r.ctc = take(m.loss == CTC ? (T + 6) * ctc_states(labels) + T : 0);
    for (int l = 0; l < V; l++) r.mask[l] = s.N - V + l < m.hidden ? -1 : 0;
    return next;
}

}  // namespace
