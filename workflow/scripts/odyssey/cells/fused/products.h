// Matrix products, blocked for registers and the L1 cache.

#pragma once

#include "vectors.h"

namespace {

// A matrix whose element (row, column) lies at group * (column / width) + row_stride * row
// + column % width; width is the product's own.
struct Grouped {
    float *at;
    int64_t group, row;
};

// The left factor: element (row, k) at row * row_stride + k * k_stride. Strides may be negative.
struct Left {
    const float *at;
    int64_t row, k;
};

#if defined(__AVX512F__)
constexpr int ROWS = 12;
#else
constexpr int ROWS = 6;
#endif
  // a tile of results: ROWS x up to 3 vectors, in registers
constexpr int K_BLOCK = 256;            // rows of the right factor that stay in the L1 cache

template <int R, int W>
inline void tile(int64_t k, Left a, const float *b, int64_t b_row, float *c, int64_t c_row,
                 bool add) {
    vec total[R][W];
#pragma GCC unroll 12
    for (int r = 0; r < R; r++)
#pragma GCC unroll 3
        for (int w = 0; w < W; w++) total[r][w] = add ? load(c + r * c_row + w * V) : vec{};
    const float *left = a.at;
    for (int64_t n = 0; n < k; n++, b += b_row, left += a.k) {
        vec right[W];
#pragma GCC unroll 3
        for (int w = 0; w < W; w++) right[w] = *(const vec *)(b + w * V);
#pragma GCC unroll 12
        for (int r = 0; r < R; r++)
#pragma GCC unroll 3
            for (int w = 0; w < W; w++) total[r][w] += left[r * a.row] * right[w];
    }
#pragma GCC unroll 12
    for (int r = 0; r < R; r++)
#pragma GCC unroll 3
        for (int w = 0; w < W; w++) store(c + r * c_row + w * V, total[r][w]);
}

template <int R, int W>
inline void last_tile(int64_t rows, int64_t k, Left a, const float *b, int64_t b_row, float *c,
                      int64_t c_row, bool add) {
    if (rows == R) return tile<R, W>(k, a, b, b_row, c, c_row, add);
    if constexpr (R > 1) last_tile<R - 1, W>(rows, k, a, b, b_row, c, c_row, add);
}

// C = A B, or C += A B, for one stripe of W vectors of columns.
template <int W>
void stripe(int64_t rows, int64_t k, Left a, const float *b, int64_t b_row, float *c,
            int64_t c_row, bool add) {
    constexpr int R = W == 3 ? ROWS * 2 / 3 : ROWS;
    alignas(64) float packed[K_BLOCK * W * V];
    for (int64_t k0 = 0; k0 < k; k0 += K_BLOCK) {
        const int64_t part = k - k0 < K_BLOCK ? k - k0 : K_BLOCK;
        const float *right = b + k0 * b_row;
        int64_t right_row = b_row;
        if (b_row > 4 * V) {  // far apart: rows of a plain matrix, which would fight for cache sets
            for (int64_t n = 0; n < part; n++)
                for (int w = 0; w < W; w++)
                    *(vec *)(packed + (n * W + w) * V) = load(right + n * b_row + w * V);
            right = packed;
            right_row = W * V;
        }
        Left left = {a.at + k0 * a.k, a.row, a.k};
        int64_t r = 0;
        for (; r + R <= rows; r += R, left.at += R * a.row)
            tile<R, W>(part, left, right, right_row, c + r * c_row, c_row, add || k0);
        if (r < rows)
            last_tile<R - 1, W>(rows - r, part, left, right, right_row, c + r * c_row, c_row,
                                add || k0);
    }
}

// C = A B, or C += A B; B and C have `groups` groups of `width` vectors of columns.
void multiply(int64_t rows, int64_t k, int64_t groups, int width, Left a, Grouped b, Grouped c,
              bool add) {
    for (int64_t g = 0; g < groups; g++) {
        const float *right = b.at + g * b.group;
        float *out = c.at + g * c.group;
        for (int at = 0; at < width;) {  // four columns go by two and two, all others by three
            const int left = width - at, w = left == 4 ? 2 : left < 3 ? left : 3;
            const float *b_at = right + at * V;
            float *c_at = out + at * V;
            if (w == 1) stripe<1>(rows, k, a, b_at, b.row, c_at, c.row, add);
            if (w == 2) stripe<2>(rows, k, a, b_at, b.row, c_at, c.row, add);
            if (w == 3) stripe<3>(rows, k, a, b_at, b.row, c_at, c.row, add);
            at += w;
        }
    }
}

}  // namespace
