// Losses of a sequence, summed over scored frames and outputs; the logits become their derivatives,
// which are 0 where a frame is not scored.

#pragma once

#include <cmath>
#include <cstring>

#include "network.h"

namespace {

// log of the sum of exp over a row of logits, and the largest of them.
inline float log_sum_exp(const Run &r, const float *row, float &top) {
    vec high = *(const vec *)row, total = vec{};
    for (int64_t o = V; o < r.s.outputs; o += V) high = larger(high, *(const vec *)(row + o));
    top = largest(high);
    for (int64_t o = 0; o < r.s.outputs; o += V) total += exp(*(const vec *)(row + o) - top);
    return top + logf(sum(total));
}

inline void softmax(const Run &r, float *row, float norm) {
    for (int64_t o = 0; o < r.s.outputs; o += V) *(vec *)(row + o) = exp(*(vec *)(row + o) - norm);
}

// Whether a frame does not count; `scored` is null or (T,).
inline bool passed_over(const Run &r, const uint8_t *scored, int64_t t) {
    if (!scored || scored[t]) return false;
    memset(r.L + t * r.s.outputs, 0, 4 * r.s.outputs);
    return true;
}

double softmax_loss(Run &r, int64_t T, const int32_t *classes, const uint8_t *scored,
                    int64_t &errors) {
    double loss = 0;
    for (int64_t t = 0; t < T; t++) {
        if (passed_over(r, scored, t)) continue;
        float *row = r.L + t * r.s.outputs, top;
        const int32_t target = classes[t];
        const float norm = log_sum_exp(r, row, top);
        bool wrong = row[target] != top;
        for (int32_t o = 0; o < target && !wrong; o++) wrong = row[o] == top;  // the first counts
        errors += wrong;
        loss += norm - row[target];
        softmax(r, row, norm);
        row[target] -= 1.0f;
    }
    return loss;
}

double sigmoid_loss(Run &r, int64_t T, const uint8_t *notes, const uint8_t *scored) {
    const int64_t outputs = r.m.outputs;
    double loss = 0;
    for (int64_t t = 0; t < T; t++, notes += outputs) {
        if (passed_over(r, scored, t)) continue;
        vec total = vec{};
        for (int64_t o = 0; o < outputs; o += V) {
            vec &x = *(vec *)(r.L + t * r.s.outputs + o), target = vec{};
            if (o + V <= outputs)
                target = __builtin_convertvector(*(const bytes *)(notes + o), vec);
            else
                for (int64_t l = 0; o + l < outputs; l++) target[l] = notes[o + l];
            // -log of the probability of the target: max(x, 0) - x target + log(1 + exp(-|x|))
            const vec size = x < 0.0f ? -x : x, e = exp(-size), u = 1.0f + e;
            const vec log1p = log(u) + (e - (u - 1.0f)) / u;
            total += 0.5f * (x + size) - x * target + log1p;
            x = (x < 0.0f ? e : all(1.0f)) / u - target;
        }
        loss += sum(total);
        for (int64_t o = whole(outputs, V); o < r.s.outputs; o++) r.L[t * r.s.outputs + o] = 0;
    }
    return loss;
}

double squared_loss(Run &r, int64_t T, const float *targets, const uint8_t *scored) {
    const int64_t outputs = r.m.outputs;
    double loss = 0;
    for (int64_t t = 0; t < T; t++, targets += outputs) {
        if (passed_over(r, scored, t)) continue;
        vec total = vec{};
        for (int64_t o = 0; o < r.s.outputs; o += V) {
            vec &x = *(vec *)(r.L + t * r.s.outputs + o), target = x;  // no difference in padding
            if (o + V <= outputs)
                target = load(targets + o);
            else
                for (int64_t l = 0; o + l < outputs; l++) target[l] = targets[o + l];
            const vec difference = x - target;
            total += difference * difference;
            x = 2.0f * difference;
        }
        loss += sum(total);
    }
    return loss;
}

inline vec log_add(vec a, vec b, vec c) {
    const vec high = larger(a, b), low = smaller(a, b), top = larger(high, c);
    return top + log(1.0f + exp(low - top) + exp(smaller(high, c) - top));
}

// Connectionist temporal classification (Graves et al. 2006), in logarithms. State s of the
// 2 labels + 1 is a blank if even. Each frame's alpha and beta are shifted so that the largest is
// 0, which keeps single precision accurate however long the sequence.
double ctc_loss(Run &r, int64_t T, const int32_t *labels, int64_t count, bool derivative) {
    const int64_t states = 2 * count + 1, S = whole(states, V);
    const int64_t row = ctc_states(count), blank = r.m.outputs - 1;
    float *norm = r.ctc, *alphas = norm + whole(T, V) + V;  // V floats of NEVER before each row,
    float *e = alphas + T * row, *skip = e + row;           // and V after
    float *q = skip + row, *b = q + row;
    int32_t *unit = (int32_t *)(b + row);
    for (int64_t s = 0; s < S; s++) unit[s] = int32_t(s & 1 && s < states ? labels[s / 2] : blank);
    for (int64_t s = -V; s < S + V; s++) {
        e[s] = q[s] = skip[s] = NEVER;
        if (s >= 3 && s < states && s & 1 && unit[s] != unit[s - 2]) skip[s] = 0;
    }
    auto emit = [&](int64_t t) {
        const float *x = r.L + t * r.s.outputs;
        for (int64_t s = 0; s < states; s++) e[s] = x[unit[s]] - norm[t];
    };
    auto shift = [&](float *values) {
        vec high = *(vec *)values;
        for (int64_t s = V; s < S; s += V) high = larger(high, *(vec *)(values + s));
        const float top = largest(high);
        for (int64_t s = 0; s < S; s += V) *(vec *)(values + s) -= top;
        return top;
    };

    double log_probability = 0;
    for (int64_t t = 0; t < T; t++) {
        float top;
        norm[t] = log_sum_exp(r, r.L + t * r.s.outputs, top);
        emit(t);
        float *alpha = alphas + t * row, *before = alpha - row;
        for (int l = 1; l <= V; l++) alpha[-l] = alpha[S + l - 1] = NEVER;
        for (int64_t s = 0; s < S; s += V)
            *(vec *)(alpha + s) =
                t == 0 ? all(NEVER)
                       : load(e + s) + log_add(load(before + s), load(before + s - 1),
                                               load(before + s - 2) + load(skip + s));
        if (t == 0) {
            alpha[0] = e[0];
            if (count) alpha[1] = e[1];
        }
        log_probability += shift(alpha);
    }
    const float *last = alphas + (T - 1) * row;
    const double blank_end = last[states - 1], label_end = count ? last[states - 2] : NEVER;
    const bool blank_likelier = blank_end > label_end;
    const double high = blank_likelier ? blank_end : label_end;
    const double low = blank_likelier ? label_end : blank_end;
    log_probability += high + std::log1p(std::exp(low - high));
    if (log_probability < 0.1 * NEVER) return INFINITY;  // more labels than frames can hold
    if (!derivative) return -log_probability;

    for (int64_t s = 0; s < S; s++) b[s] = NEVER;
    b[states - 1] = 0;
    if (count) b[states - 2] = 0;
    for (int64_t t = T - 1; t >= 0; t--) {
        const float *alpha = alphas + t * row;
        float *x = r.L + t * r.s.outputs;
        if (t < T - 1)
            for (int64_t s = 0; s < S; s += V)
                *(vec *)(b + s) = log_add(load(q + s), load(q + s + 1),
                                          load(q + s + 2) + load(skip + s + 2));
        emit(t);
        for (int64_t s = 0; s < S; s += V) *(vec *)(q + s) = load(b + s) + load(e + s);
        shift(q);
        // The probability of each state, given the labels: exp(alpha + b), scaled to sum to 1.
        vec high = all(NEVER), total = vec{};
        for (int64_t s = 0; s < S; s += V) high = larger(high, load(alpha + s) + load(b + s));
        const float top = largest(high);
        for (int64_t s = 0; s < S; s += V) {
            *(vec *)(b + s) = exp(load(alpha + s) + load(b + s) - top);
            total += *(vec *)(b + s);
        }
        const float scale = 1.0f / sum(total);
        softmax(r, x, norm[t]);
        for (int64_t s = 0; s < states; s++) x[unit[s]] -= scale * b[s];
    }
    return -log_probability;
}

int64_t frames_of(const Model &m, int64_t sequence) {
    return m.frames[sequence + 1] - m.frames[sequence];
}

int64_t scored_frames_of(const Model &m, int64_t sequence) {
    if (!m.scored) return frames_of(m, sequence);
    int64_t frames = 0;
    for (int64_t t = m.frames[sequence]; t < m.frames[sequence + 1]; t++) frames += m.scored[t] != 0;
    return frames;
}

double loss_of(Run &r, int64_t sequence, bool derivative, int64_t &errors) {
    const Model &m = r.m;
    const int64_t T = frames_of(m, sequence), at = m.labels[sequence];
    const uint8_t *scored = m.scored ? m.scored + m.frames[sequence] : nullptr;
    switch (m.loss) {
    case SOFTMAX: return softmax_loss(r, T, (const int32_t *)m.targets + at, scored, errors);
    case SIGMOID:
        return sigmoid_loss(r, T, (const uint8_t *)m.targets + at * m.outputs, scored);
    case SQUARED: return squared_loss(r, T, (const float *)m.targets + at * m.outputs, scored);
    default:
        return ctc_loss(r, T, (const int32_t *)m.targets + at, m.labels[sequence + 1] - at,
                        derivative);
    }
}

}  // namespace
