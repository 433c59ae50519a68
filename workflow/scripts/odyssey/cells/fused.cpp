// The fused engine's kernel: a whole epoch of training, or a whole split's evaluation, in one call.
//
// Letters are the paper's (section II): x input, y block output; d is a derivative of the loss. M
// inputs, N hidden units, T frames. What a step computes for a unit is generated from the cell's equations
// (generate.py); the file is compiled for each cell and each instruction set (build.py), with
//
//     ODYSSEY_PAGE     the cell's page
//     ODYSSEY_DIGEST   of all that the kernel is made of
//     ODYSSEY_SET      name of the instruction set, at the end of every exported function's name
//     ODYSSEY_VECTOR   floats in a vector register
//
// A cell's matrices lie in blocks: rows for the vectors that they act on (its sources, y first),
// columns for the sums that they make. With U the T x rows matrix of sources and x, what x adds to
// all columns is one matrix product, and so is the gradient of a block: U' D, with D the deltas.
//
// N is rounded up to whole vectors. What is padding in weights, sources and deltas is exactly zero,
// always, so it neither costs a mask nor reaches a result.
//
// A matrix of weights is stored in groups of columns: [group][row][column in group]. A group is one
// vector of units with all its columns, so a recurrent step reads each group from one end to the
// other, finishes those units, and goes on; arithmetic and loading overlap.
//
// A layer reads the y of the one below where that has left them, in U; its deltas come back by one
// product a pair of directions. The gradients of a batch's sequences are added where they lie.
//
// The parts, lowest first: fused/vectors.h, noise.h, products.h, network.h, losses.h, recurrence.h.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <new>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "fused/losses.h"
#include "fused/network.h"
#include "fused/noise.h"
#include "fused/products.h"
#include "fused/recurrence.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define EXPORT(name) extern "C" __attribute__((visibility("default"))) JOIN(name, ODYSSEY_SET)

namespace {

// Sequences that are evaluated side by side: the fewer registers of narrower vectors hold the sums
// of one. Small matrices stay in the cache from step to step, whoever reads them.
constexpr int ABREAST = V == 16 ? 4 : 1;
constexpr int64_t ABREAST_FROM = 200'000;  // bytes of a direction's recurrent matrices

// Fill x and the states before the first step; noise is null or (T, inputs).
void present(Run &r, const float *x, const float *noise, float deviation) {
    const int64_t M = r.m.inputs, T = r.T, sources = SOURCES * r.s.N;
    for (int64_t l = 0; l < r.m.layers; l++)
        for (int64_t k = 0; k < r.m.directions; k++) {
            memset(r.d[l][k].U, 0, 4 * sources);
            memset(r.d[l][k].states, 0, 4 * STATES * r.s.N);
        }
    for (int64_t k = 0; k < r.m.directions; k++) {
        const Direction &d = r.d[0][k];
        for (int64_t t = 0; t < T; t++) {
            const int64_t frame = k ? T - 1 - t : t;
            float *u = d.U + t * d.u_row + sources;
            const float *from = x + frame * M;
            if (noise)
                for (int64_t n = 0; n < M; n++) u[n] = from[n] + deviation * noise[frame * M + n];
            else
                memcpy(u, from, 4 * M);
        }
    }
}

// Tell `act` of each run of a block's columns that lie side by side: the first one's place in the
// block and among all columns, and their number.
template <class Act> void runs_of(const Block &block, Act act) {
    for (int from = 0, to; from < block.columns; from = to) {
        for (to = from + 1; to < block.columns && block.column[to] == block.column[to - 1] + 1;) to++;
        act(from, block.column[from], to - from);
    }
}

// A direction's y as left factor, frames in the order of another direction, or turned.
Left outputs_of(const Run &r, int64_t layer, int64_t direction, int64_t reader, bool turned) {
    const Direction &d = r.d[layer][direction];  // row t + 1 of U is its y after frame t
    const bool same = direction == reader;
    const float *y = d.U + (same ? 1 : r.T) * d.u_row;
    const int64_t frame = same ? d.u_row : -d.u_row;
    return turned ? Left{y, 1, frame} : Left{y, frame, 1};
}

// Tell `act` of what a direction reads, x or the y of the layer below, as left factors; and of each
// the first row of the matrices that act on it, and the number of rows.
template <class Act>
void inputs_of(const Run &r, int64_t layer, int64_t direction, bool turned, Act act) {
    if (layer == 0) {
        const Direction &d = r.d[0][direction];
        const float *x = d.U + SOURCES * r.s.N;
        return act(turned ? Left{x, 1, d.u_row} : Left{x, d.u_row, 1}, 0, r.m.inputs);
    }
    for (int64_t below = 0; below < r.m.directions; below++)
        act(outputs_of(r, layer - 1, below, direction, turned), below * r.s.N, r.s.N);
}

// What a layer's inputs add to all columns.
void multiply_inputs(const Run &r, int64_t layer) {
    const Shape &s = r.s;
    const int64_t group = s.in_rows[layer] * INPUTS.columns * V, row = INPUTS.columns * V;
    for (int64_t k = 0; k < r.m.directions; k++)
        runs_of(INPUTS, [&](int from, int column, int width) {
            const Direction &d = r.d[layer][k];
            inputs_of(r, layer, k, false, [&](Left x, int64_t first, int64_t rows) {
                multiply(r.T, rows, s.groups, width, x,
                         {d.weights + s.inputs + first * row + from * V, group, row},
                         {d.S + column * V, COLUMNS * V, s.columns}, first > 0);
            });
        });
}

// The output layer: r.L of all y.
void multiply_outputs(const Run &r) {
    const Shape &s = r.s;
    const int64_t T = r.T, out_group = s.out_rows * 2 * V;
    for (int64_t o = 0; o < s.outputs; o += V) {
        vec bias = load(r.out + o / (2 * V) * out_group + (s.out_rows - 1) * 2 * V + o % (2 * V));
        for (int l = 0; l < V; l++)
            if (o + l >= r.m.outputs) bias[l] = NEVER;  // for padding all derivatives will be 0
        for (int64_t t = 0; t < T; t++) *(vec *)(r.L + t * s.outputs + o) = bias;
    }
    for (int64_t k = 0; k < r.m.directions; k++)
        multiply(T, s.N, s.outputs / (2 * V), 2, outputs_of(r, r.m.layers - 1, k, 0, false),
                 {r.out + k * s.N * 2 * V, out_group, 2 * V}, {r.L, 2 * V, s.outputs}, true);
}

void forward(Run &r) {
    for (int64_t l = 0; l < r.m.layers; l++) {
        multiply_inputs(r, l);
        for (int64_t k = 0; k < r.m.directions; k++) recur<1>({{&r}, {&r.d[l][k]}}, 0, r.T);
    }
    multiply_outputs(r);
}

// The same for several sequences abreast, the longest first: what goes on alone, goes on alone.
void forward_abreast(Run *runs) {
    for (int64_t l = 0; l < runs[0].m.layers; l++) {
        for (int n = 0; n < ABREAST; n++) multiply_inputs(runs[n], l);
        for (int64_t k = 0; k < runs[0].m.directions; k++) {
            Abreast<ABREAST> all;
            for (int n = 0; n < ABREAST; n++) all.r[n] = &runs[n], all.d[n] = &runs[n].d[l][k];
            const int64_t together = runs[ABREAST - 1].T;
            recur<ABREAST>(all, 0, together);
            for (int n = 0; n < ABREAST - 1; n++)
                recur<1>({{&runs[n]}, {&runs[n].d[l][k]}}, together, runs[n].T);
        }
    }
    for (int n = 0; n < ABREAST; n++) multiply_outputs(runs[n]);
}

// Write the transpose of V rows of V floats.
inline void turn(const float *from, int64_t from_row, float *to, int64_t to_row) {
    vec rows[V];
#pragma GCC unroll 16
    for (int l = 0; l < V; l++) rows[l] = load(from + l * from_row);
    transpose(rows);
#pragma GCC unroll 16
    for (int l = 0; l < V; l++) store(to + l * to_row, rows[l]);
}

// Gradients of the output layer, and what it brings back to the last layer's y: dy = dL out'.
// Here as below: the transpose is made anew, because every update changes the weights; `add`: to
// the gradients of the batch's sequences before.
void backward_outputs(const Run &r, bool add) {
    const Shape &s = r.s;
    const int64_t T = r.T, out_group = s.out_rows * 2 * V, last = r.m.layers - 1;
    for (int64_t o = 0; o < s.outputs; o += V) {
        float *d_bias = r.d_out + o / (2 * V) * out_group + (s.out_rows - 1) * 2 * V + o % (2 * V);
        vec total = add ? *(vec *)d_bias : vec{};
        for (int64_t t = 0; t < T; t++) total += *(vec *)(r.L + t * s.outputs + o);
        *(vec *)d_bias = total;
    }
    for (int64_t k = 0; k < r.m.directions; k++) {
        multiply(s.N, T, s.outputs / (2 * V), 2, outputs_of(r, last, k, 0, true),
                 {r.L, 2 * V, s.outputs}, {r.d_out + k * s.N * 2 * V, out_group, 2 * V}, add);
        if (s.N % (2 * V))
            memset(r.turned + (r.dy_row - 2 * V) * s.outputs, 0, 4 * 2 * V * s.outputs);
        for (int64_t n = 0; n < s.N; n += V)
            for (int64_t o = 0; o < s.outputs; o += V)
                turn(r.out + o / (2 * V) * out_group + (k * s.N + n) * 2 * V + o % (2 * V), 2 * V,
                     r.turned + n / (2 * V) * s.outputs * 2 * V + o * 2 * V + n % (2 * V), 2 * V);
        const int64_t frame = k ? -r.dy_row : r.dy_row;
        multiply(T, s.outputs, r.dy_row / (2 * V), 2, {r.L, s.outputs, 1},
                 {r.turned, s.outputs * 2 * V, 2 * V},
                 {r.d[last][k].dy + (k ? (T - 1) * r.dy_row : 0), 2 * V, frame}, false);
    }
}

// Deltas of a direction, and from them the gradients of its weights.
void backward_direction(const Run &r, int64_t layer, int64_t k, bool add) {
    const Shape &s = r.s;
    const Direction &d = r.d[layer][k];
    recur_back(r, d, add);
    // Of the matrices of a block, `rows` long, the rows for a left factor.
    auto gradient = [&](const Block &block, int64_t rows, float *at, Left u, int64_t of) {
        const int64_t row = block.columns * V;
        runs_of(block, [&](int from, int column, int width) {
            multiply(of, r.T, s.groups, width, u, {d.S + column * V, COLUMNS * V, s.columns},
                     {at + from * V, rows * row, row}, add);
        });
    };
    for (int b = 0; b < BLOCK_COUNT; b++) {
        const int64_t rows = BLOCKS[b].sources * s.N;
        const Left u = {d.U + BLOCKS[b].source * s.N, 1, d.u_row};
        gradient(BLOCKS[b], rows, d.gradients + s.block[b], u, rows);
    }
    inputs_of(r, layer, k, true, [&](Left x, int64_t first, int64_t rows) {
        float *at = d.gradients + s.inputs + first * INPUTS.columns * V;
        gradient(INPUTS, s.in_rows[layer], at, x, rows);
    });
    for (int c = 0; c < COLUMNS; c++)
        for (int64_t g = 0; BIAS[c] >= 0 && g < s.groups; g++) {
            vec &d_bias = *(vec *)(d.d_vectors + BIAS[c] * s.N + g * V);
            vec total = add ? d_bias : vec{};
            for (int64_t t = 0; t < r.T; t++)
                total += *(vec *)(d.S + t * s.columns + (g * COLUMNS + c) * V);
            d_bias = total;
        }
}

// What a layer's deltas D bring back to the y of the layer below: dy = D W', of all directions.
void backward_inputs(const Run &r, int64_t layer) {
    const Shape &s = r.s;
    const int64_t row = INPUTS.columns * V;
    for (int64_t below = 0; below < r.m.directions; below++)
        for (int64_t k = 0; k < r.m.directions; k++) {
            const Direction &d = r.d[layer][k];
            if (INPUTS.columns < COLUMNS || s.N % (2 * V))
                memset(r.turned, 0, 4 * r.dy_row * s.columns);
            for (int64_t n = 0; n < s.N; n += V)
                for (int64_t g = 0; g < s.groups; g++)
                    for (int p = 0; p < INPUTS.columns; p++) {
                        const int64_t from = g * s.in_rows[layer] + below * s.N + n;
                        const int64_t to = (g * COLUMNS + INPUTS.column[p]) * V;
                        turn(d.weights + s.inputs + from * row + p * V, row,
                             r.turned + n / (2 * V) * s.columns * 2 * V + to * 2 * V + n % (2 * V),
                             2 * V);
                    }
            const bool same = k == below;
            const Left D = {same ? d.S : d.S + (r.T - 1) * s.columns,
                            same ? s.columns : -s.columns, 1};
            multiply(r.T, s.columns, r.dy_row / (2 * V), 2, D, {r.turned, s.columns * 2 * V, 2 * V},
                     {r.d[layer - 1][below].dy, 2 * V, r.dy_row}, k > 0);
        }
}

void backward(const Run &r, bool add) {
    backward_outputs(r, add);
    for (int64_t l = r.m.layers - 1; l >= 0; l--) {
        for (int64_t k = 0; k < r.m.directions; k++) backward_direction(r, l, k, add);
        if (l > 0) backward_inputs(r, l);
    }
}

// Lay a sequence's arrays into memory, and go on behind them.
Run open(const Model &m, int64_t sequence, float *&next) {
    Run r{m, shape_of(m)};
    next = arrange(r, next, frames_of(m, sequence), m.labels[sequence + 1] - m.labels[sequence]);
    return r;
}

double gradient(const Model &m, int64_t sequence, const uint32_t *key, int64_t position,
                float deviation, bool add) {
    float *next = m.workspace;
    Run r = open(m, sequence, next);
    if (deviation > 0) gaussian_noise(key, position, r.T * m.inputs, r.noise);
    present(r, m.values + m.frames[sequence] * m.inputs, deviation > 0 ? r.noise : nullptr,
            deviation);
    forward(r);
    int64_t errors = 0;
    const double loss = loss_of(r, sequence, true, errors);
    backward(r, add);
    return loss;
}

// Nesterov, before the gradient: v <- m v; w <- w + v.
inline void look_ahead(vec &w, vec &v, float momentum) {
    v *= momentum;
    w += v;
}

// After the gradient. Nesterov: v <- v - s g; w <- w - s g. Classical: v <- m v - s g; w <- w + v.
// `again`: another gradient follows, so that a look ahead may be done in passing.
void update(const Model &m, int64_t size, const Step &step, bool again) {
    const float rate = float(step.rate), momentum = float(step.momentum), clip = float(step.clip);
    for (int64_t n = 0; n < size; n += V) {
        vec g = *(vec *)(m.gradients + n);
        g = g > clip ? all(clip) : g;
        g = g < -clip ? all(-clip) : g;
        g *= rate;
        vec &v = *(vec *)(m.velocities + n), &w = *(vec *)(m.weights + n);
        if (step.nesterov) {
            v -= g;
            w -= g;
            if (again) look_ahead(w, v, momentum);
        } else {
            v = momentum * v - g;
            w += v;
        }
    }
}

// Numbers too small for a normal float become 0: they are slow, and nothing here needs them.
struct FlushToZero {
#if defined(__SSE__)
    unsigned before = _mm_getcsr();
    FlushToZero() { _mm_setcsr(before | 0x8040); }
    ~FlushToZero() { _mm_setcsr(before); }
#endif
};

}  // namespace

// What the kernel is made of, and the sizes of the structures that the caller fills.
EXPORT(const char *digest)() { return ODYSSEY_DIGEST; }
EXPORT(int64_t structure_bytes)() { return sizeof(Model) << 16 | sizeof(Step); }

// Floats in a vector, to which the caller rounds the number of hidden units.
EXPORT(int64_t vector_floats)() { return V; }

// Floats that `workspace` must hold for sequences up to so many frames and labels, and that
// `weights`, `velocities` and `gradients` hold each.
EXPORT(int64_t workspace_floats)(const Model *m, int64_t frames, int64_t labels) {
    Run r{*m, shape_of(*m)};
    return ABREAST * (arrange(r, nullptr, frames, labels) - (float *)nullptr);
}

// Sequences that `evaluate` takes at once.
EXPORT(int64_t abreast)() { return ABREAST; }

EXPORT(int64_t weight_floats)(const Model *m) { return shape_of(*m).weights; }

EXPORT(void noise)(const uint32_t *key, int64_t sequence, int64_t size, float *out) {
    gaussian_noise(key, sequence, size, out);
}

// Loss of one sequence, and its gradients, in `gradients`.
EXPORT(double loss_and_gradients)(const Model *m, int64_t sequence) {
    FlushToZero flush;
    return gradient(*m, sequence, nullptr, 0, 0, false);
}

// One update for each `batch` positions in `order`; `sequences` maps positions to sequences.
// Returns the loss a scored frame, or the first sequence's loss that is not finite.
EXPORT(double train_epoch)(const Model *m, const int64_t *sequences, const int64_t *order,
                           int64_t count, int64_t batch, const uint32_t *key, double input_noise,
                           const Step *step) {
    FlushToZero flush;
    const int64_t size = shape_of(*m).weights;
    const float momentum = float(step->momentum);
    double total = 0;
    int64_t frames = 0;
    if (step->nesterov)
        for (int64_t n = 0; n < size; n += V)
            look_ahead(*(vec *)(m->weights + n), *(vec *)(m->velocities + n), momentum);
    for (int64_t n = 0; n < count; n++) {
        const int64_t sequence = sequences[order[n]];
        const bool add = n % batch > 0, last = n + 1 == count;
        const double loss = gradient(*m, sequence, key, order[n], float(input_noise), add);
        const bool finite = std::isfinite(loss);
        if (last || (n + 1) % batch == 0 || !finite) update(*m, size, *step, !last && finite);
        if (!finite) return loss;
        total += loss;
        frames += scored_frames_of(*m, sequence);
    }
    return total / double(frames);
}

// Losses of up to ABREAST sequences, the longest first, and their wrong frames (softmax). `logits`,
// unless null, receives theirs one after another, (frames, outputs).
EXPORT(void evaluate)(const Model *m, const int64_t *sequences, int64_t count, double *losses,
                      int64_t *errors, float *logits) {
    FlushToZero flush;
    float *next = m->workspace;
    alignas(Run) char memory[ABREAST * sizeof(Run)];
    Run *runs = (Run *)memory;
    for (int64_t n = 0; n < count; n++) {
        new (&runs[n]) Run(open(*m, sequences[n], next));
        present(runs[n], m->values + m->frames[sequences[n]] * m->inputs, nullptr, 0);
    }
    if (ABREAST > 1 && count == ABREAST && 4 * runs[0].s.inputs > ABREAST_FROM)
        forward_abreast(runs);
    else
        for (int64_t n = 0; n < count; n++) forward(runs[n]);
    for (int64_t n = 0; n < count; n++) {
        const Run &r = runs[n];
        for (int64_t t = 0; logits && t < r.T; t++, logits += m->outputs)
            memcpy(logits, r.L + t * r.s.outputs, 4 * m->outputs);
        errors[n] = 0;
        losses[n] = loss_of(runs[n], sequences[n], false, errors[n]);
    }
}

#ifdef ODYSSEY_FIRST
// The instruction sets that this processor has, best first; the library may lack some.
extern "C" __attribute__((visibility("default"))) const char *instruction_sets() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return __builtin_cpu_supports("avx512f") ? "avx512 avx2 baseline" : "avx2 baseline";
#endif
    return "baseline";
}

// Whether this processor works through AVX-512 by halves (Zen 4), so that vectors half as wide are
// as fast, and faster where they need less padding.
extern "C" __attribute__((visibility("default"))) int64_t by_halves() {
#if defined(__x86_64__)
    return __builtin_cpu_is("amdfam19h") != 0;
#else
    return 0;
#endif
}
#endif
