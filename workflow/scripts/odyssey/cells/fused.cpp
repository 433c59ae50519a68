// The fused engine's kernel: a whole epoch of training, or a whole split's evaluation, in one call.
//
// Letters are the paper's (section II): x input, y block output, c cell, z block input, i, f, o
// gates; a bar is the value before the activation function, d a derivative of the loss. M inputs,
// N blocks, T frames. The file is compiled once for each instruction set (see build.py), with
//
//     ODYSSEY_SET      name of the instruction set, at the end of every exported function's name
//     ODYSSEY_VECTOR   floats in a vector register
//
// All that belongs to the recurrence of one direction lies in one matrix Theta, whose rows are
// [y, (gates, for gate recurrence), x, 1] and whose columns are the bars [z, i, f, o] that the
// variant has. With U the T x rows matrix of what the rows stand for, the input's share of all bars
// is one matrix product, and so is the gradient of Theta, biases and recurrences included: U' D.
//
// N is rounded up to whole vectors. What is padding in weights, activations and deltas is exactly
// zero, always, so it neither costs a mask nor reaches a result.
//
// A matrix of weights is stored in groups of columns: [group][row][column in group]. A group of
// Theta is one vector of blocks with all its parts, so a recurrent step reads each group from
// one end to the other, finishes those blocks, and goes on; arithmetic and loading overlap.
//
// The parts, lowest first: fused/vectors.h, noise.h, products.h, network.h, losses.h, and block.h,
// the one to read beside the paper's equations.

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "fused/block.h"
#include "fused/losses.h"
#include "fused/network.h"
#include "fused/noise.h"
#include "fused/products.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define EXPORT(name) extern "C" __attribute__((visibility("default"))) JOIN(name, ODYSSEY_SET)

namespace {

// Fill x, 1 and the state before the first step; noise is null or (T, inputs).
void present(Run &r, const float *x, int64_t T, const float *noise, float deviation) {
    const int64_t M = r.m.inputs, recurrent = r.s.recurrent;
    for (int64_t k = 0; k < r.m.directions; k++) {
        Direction &d = r.d[k];
        memset(d.U, 0, 4 * recurrent);
        memset(d.c, 0, 4 * r.s.N);
        for (int64_t t = 0; t < T; t++) {
            const int64_t frame = k ? T - 1 - t : t;
            float *u = d.U + t * r.u_row + recurrent;
            const float *from = x + frame * M;
            if (noise)
                for (int64_t n = 0; n < M; n++) u[n] = from[n] + deviation * noise[frame * M + n];
            else
                memcpy(u, from, 4 * M);
            u[M] = 1.0f;
        }
    }
}

// A direction's y as left factor, frames in the input's order. Row 0 is the y after frame 0.
Left outputs_of(const Run &r, int64_t direction, int64_t T, bool turned) {
    const float *U = r.d[direction].U + (direction ? T : 1) * r.u_row;
    const int64_t frame = direction ? -r.u_row : r.u_row;
    return turned ? Left{U, 1, frame} : Left{U, frame, 1};
}

void forward(Run &r, int64_t T) {
    const Shape &s = r.s;
    const int64_t width = s.parts * V, out_group = s.out_rows * 2 * V;
    for (int64_t k = 0; k < r.m.directions; k++) {
        Direction &d = r.d[k];
        multiply(T, r.m.inputs + 1, s.groups, s.parts, {d.U + s.recurrent, r.u_row, 1},
                 {d.theta + s.recurrent * width, s.rows * width, width},
                 {d.S, width, s.columns}, false);
        switch (s.parts) {
        case 1: recur<1>(r, d, T); break;
        case 2: recur<2>(r, d, T); break;
        case 3: recur<3>(r, d, T); break;
        case 4: recur<4>(r, d, T);
        }
    }
    for (int64_t o = 0; o < s.outputs; o += V) {
        vec bias = load(r.out + o / (2 * V) * out_group + (s.out_rows - 1) * 2 * V + o % (2 * V));
        for (int l = 0; l < V; l++)
            if (o + l >= r.m.outputs) bias[l] = NEVER;  // for padding all derivatives will be 0
        for (int64_t t = 0; t < T; t++) *(vec *)(r.L + t * s.outputs + o) = bias;
    }
    for (int64_t k = 0; k < r.m.directions; k++)
        multiply(T, s.N, s.outputs / (2 * V), 2, outputs_of(r, k, T, false),
                 {r.out + k * s.N * 2 * V, out_group, 2 * V}, {r.L, 2 * V, s.outputs}, true);
}

void backward(Run &r, int64_t T) {
    const Shape &s = r.s;
    const int64_t width = s.parts * V, out_group = s.out_rows * 2 * V;
    for (int64_t o = 0; o < s.outputs; o += V) {
        vec total = vec{};
        for (int64_t t = 0; t < T; t++) total += *(vec *)(r.L + t * s.outputs + o);
        float *d_bias = r.d_out + o / (2 * V) * out_group + (s.out_rows - 1) * 2 * V + o % (2 * V);
        *(vec *)d_bias = total;
    }
    for (int64_t k = 0; k < r.m.directions; k++) {
        Direction &d = r.d[k];
        multiply(s.N, T, s.outputs / (2 * V), 2, outputs_of(r, k, T, true),
                 {r.L, 2 * V, s.outputs}, {r.d_out + k * s.N * 2 * V, out_group, 2 * V}, false);

        // dy = dL out'; the transpose is made anew, because every step changes the weights.
        float *turned = r.out_turned + k * r.dy_row * s.outputs;
        memset(turned, 0, 4 * r.dy_row * s.outputs);
        for (int64_t n = 0; n < s.N; n++)
            for (int64_t o = 0; o < s.outputs; o++)
                turned[n / (2 * V) * s.outputs * 2 * V + o * 2 * V + n % (2 * V)] =
                    r.out[o / (2 * V) * out_group + (k * s.N + n) * 2 * V + o % (2 * V)];
        const int64_t frame = k ? -r.dy_row : r.dy_row;
        multiply(T, s.outputs, r.dy_row / (2 * V), 2, {r.L, s.outputs, 1},
                 {turned, s.outputs * 2 * V, 2 * V},
                 {d.dy + (k ? (T - 1) * r.dy_row : 0), 2 * V, frame}, false);
        switch (s.parts) {
        case 1: recur_back<1>(r, d, T); break;
        case 2: recur_back<2>(r, d, T); break;
        case 3: recur_back<3>(r, d, T); break;
        case 4: recur_back<4>(r, d, T);
        }
        multiply(s.rows, T, s.groups, s.parts, {d.U, 1, r.u_row}, {d.S, width, s.columns},
                 {d.d_theta, s.rows * width, width}, false);
        if (r.m.gate_recurrence)  // gates act on gates, not on z
            for (int64_t g = 0; g < s.groups; g++)
                for (int64_t row = s.N; row < s.recurrent; row++)
                    *(vec *)(d.d_theta + (g * s.rows + row) * width) = vec{};
    }
}

int64_t frames_of(const Model &m, int64_t sequence) {
    return m.frames[sequence + 1] - m.frames[sequence];
}

Run open(const Model &m, int64_t sequence) {
    Run r{m, shape_of(m), 0, 0, {}, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, vec{}};
    arrange(r, frames_of(m, sequence), m.labels[sequence + 1] - m.labels[sequence]);
    return r;
}

double gradient(const Model &m, int64_t sequence, const uint32_t *key, int64_t position,
                float deviation) {
    Run r = open(m, sequence);
    const int64_t T = frames_of(m, sequence);
    if (deviation > 0) gaussian_noise(key, position, T * m.inputs, r.noise);
    present(r, m.values + m.frames[sequence] * m.inputs, T, deviation > 0 ? r.noise : nullptr,
            deviation);
    forward(r, T);
    int64_t errors = 0;
    const double loss = loss_of(r, sequence, true, errors);
    backward(r, T);
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

// Floats in a vector, to which the caller rounds the number of blocks.
EXPORT(int64_t vector_floats)() { return V; }

// Floats that `workspace` must hold for sequences up to so many frames and labels, and that
// `weights`, `velocities` and `gradients` hold each.
EXPORT(int64_t workspace_floats)(const Model *m, int64_t frames, int64_t labels) {
    Run r{*m, shape_of(*m), 0, 0, {}, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, vec{}};
    return arrange(r, frames, labels);
}

EXPORT(int64_t weight_floats)(const Model *m) { return shape_of(*m).weights; }

EXPORT(void noise)(const uint32_t *key, int64_t sequence, int64_t size, float *out) {
    gaussian_noise(key, sequence, size, out);
}

// Loss of one sequence, and its gradients, in `gradients`.
EXPORT(double loss_and_gradients)(const Model *m, int64_t sequence) {
    FlushToZero flush;
    return gradient(*m, sequence, nullptr, 0, 0);
}

// One update for each position in `order`; `sequences` maps positions to sequences. Returns the
// loss a frame, or the first sequence's loss that is not finite.
EXPORT(double train_epoch)(const Model *m, const int64_t *sequences, const int64_t *order,
                           int64_t count, const uint32_t *key, double input_noise,
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
        const double loss = gradient(*m, sequence, key, order[n], float(input_noise));
        update(*m, size, *step, n + 1 < count && std::isfinite(loss));
        if (!std::isfinite(loss)) return loss;
        total += loss;
        frames += frames_of(*m, sequence);
    }
    return total / double(frames);
}

// Summed loss of the sequences; `errors` counts wrong frames (softmax). `logits`, unless null,
// receives the last sequence's, (frames, outputs).
EXPORT(double evaluate)(const Model *m, const int64_t *sequences, int64_t count, int64_t *errors,
                        float *logits) {
    FlushToZero flush;
    double total = 0;
    *errors = 0;
    for (int64_t n = 0; n < count; n++) {
        Run r = open(*m, sequences[n]);
        const int64_t T = frames_of(*m, sequences[n]);
        present(r, m->values + m->frames[sequences[n]] * m->inputs, T, nullptr, 0);
        forward(r, T);
        if (logits && n == count - 1)
            for (int64_t t = 0; t < T; t++)
                memcpy(logits + t * m->outputs, r.L + t * r.s.outputs, 4 * m->outputs);
        total += loss_of(r, sequences[n], false, *errors);
    }
    return total;
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
#endif
