// The network's shape and its places in memory.

#pragma once

#include <initializer_list>

#include "vectors.h"

// Everything the caller hands over; mirrored field by field in training/fused.py.
struct Model {
    int64_t inputs, hidden, outputs, directions, loss;
    int64_t input_gate, forget_gate, output_gate;  // gates with weights of their own
    int64_t coupled, input_activation, output_activation, peepholes, gate_recurrence;
    const float *values;           // (frames, inputs)
    const void *targets;           // int32 classes or labels, or uint8 (frames, outputs)
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

enum Loss { SOFTMAX = 0, SIGMOID = 1, CTC = 2 };

inline int64_t whole(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

enum Part { Z, I, F, O };

struct Shape {
    int64_t N, groups;         // blocks, rounded up; vectors of them
    int64_t recurrent, rows;   // rows of Theta that come from the step before, and all
    int64_t columns, outputs;  // rounded up
    int parts;                 // 1 + gates that have weights
    int part[4];               // column of each bar within a group, in vectors; -1: no such bar
    int64_t theta, direction;  // floats of Theta; of one direction, peepholes included
    int64_t out_rows, weights; // rows of the output layer's matrix; floats of all weights
};

Shape shape_of(const Model &m) {
    Shape s;
    s.N = whole(m.hidden, V);
    s.groups = s.N / V;
    s.parts = 1;
    s.part[Z] = 0;
    s.part[I] = m.input_gate ? s.parts++ : -1;
    s.part[F] = m.forget_gate ? s.parts++ : -1;
    s.part[O] = m.output_gate ? s.parts++ : -1;
    s.recurrent = s.N * (m.gate_recurrence ? s.parts : 1);
    s.rows = s.recurrent + m.inputs + 1;
    s.columns = s.N * s.parts;
    s.outputs = whole(m.outputs, 2 * V);
    s.theta = s.rows * s.columns;
    s.direction = s.theta + (m.peepholes ? (s.parts - 1) * s.N : 0);
    s.out_rows = m.directions * s.N + 1;
    s.weights = m.directions * s.direction + s.out_rows * s.outputs;
    return s;
}

// One direction's weights, their gradients, and what a sequence leaves behind.
struct Direction {
    float *theta, *d_theta;
    float *p[4], *dp[4];  // peepholes of i, f, o; null without
    float *U;             // (T + 1, u_row): [y, (gates), x, 1]; row t holds y and gates of t - 1
    float *S;             // (T, columns): bars, then activations, then deltas, each in its place
    float *c;             // (T + 1, N); row t holds c of t - 1
    float *h;             // (T, N): h(c)
    float *dy;            // (T, N): the loss's derivative by y, from the output layer alone
    float *dc;            // (N,): what reaches c from the step after
    float *theta_by_rows; // (recurrent, columns)
};

struct Run {
    const Model &m;
    Shape s;
    int64_t u_row, dy_row;
    Direction d[2];
    float *out, *d_out;   // output layer: [y forward, y backward, 1] x outputs, in groups
    float *out_turned;    // its transpose: outputs x y, one direction after the other
    float *L;             // (T, outputs): logits, then their derivatives
    float *noise;         // (T * inputs,)
    float *ctc;
    vec mask;             // of the last group: 1 for a block, 0 for padding
};

int64_t ctc_states(int64_t labels) { return whole(2 * labels + 1, V) + 2 * V; }

// Lay a run's arrays into the workspace; with null as workspace, only count floats.
int64_t arrange(Run &r, int64_t T, int64_t labels) {
    const Model &m = r.m;
    const Shape &s = r.s;
    float *next = m.workspace;
    auto take = [&](int64_t size) {
        float *here = next;
        next += whole(size, 16);
        return here;
    };
    r.u_row = whole(s.rows, V);
    r.dy_row = whole(s.N, 2 * V);
    for (int64_t k = 0; k < m.directions; k++) {
        Direction &d = r.d[k];
        d.theta = m.weights + k * s.direction;
        d.d_theta = m.gradients + k * s.direction;
        for (int part : {Z, I, F, O}) {
            const bool has = m.peepholes && part != Z && s.part[part] > 0;
            const int64_t at = s.theta + (s.part[part] - 1) * s.N;
            d.p[part] = has ? d.theta + at : nullptr;
            d.dp[part] = has ? d.d_theta + at : nullptr;
        }
        d.U = take((T + 1) * r.u_row);
        d.S = take(T * s.columns);
        d.c = take((T + 1) * s.N);
        d.h = take(T * s.N);
        d.dy = take(T * r.dy_row);
        d.dc = take(s.N);
        d.theta_by_rows = take(s.recurrent * s.columns);
    }
    r.out = m.weights + m.directions * s.direction;
    r.d_out = m.gradients + m.directions * s.direction;
    r.out_turned = take(m.directions * r.dy_row * s.outputs);
    r.L = take(T * s.outputs);
    r.noise = take(T * m.inputs);
    r.ctc = take(m.loss == CTC ? (T + 6) * ctc_states(labels) + T : 0);
    for (int l = 0; l < V; l++) r.mask[l] = s.N - V + l < m.hidden ? 1.0f : 0.0f;
    return next - m.workspace;
}

}  // namespace
