// The one file that knows the dot product of bf16: Highway 1.0.3 has none.
#include "attune/kernels/cpu/matmul_dot.h"

#include <algorithm>
#include <numeric>

#include "attune/base/error.h"
#include "attune/kernels/cpu/grid.h"
#include "attune/kernels/cpu/instructions.h"
#include "attune/kernels/cpu/matmul_products.h"
#include "attune/kernels/packed_weight.h"

#if defined(__x86_64__)
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#pragma GCC diagnostic ignored "-Wuninitialized"  // GCC 12 about its own intrinsics' undefined lanes (bug 105593)
#include <immintrin.h>

#define ATTUNE_DOT __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

namespace attune::kernels::cpu {
namespace {

using tensor::BFloat16;
using tensor::DType;

// A tile of C is 6 rows of 64 columns: 24 sums, 4 vectors of B and one element of A fill 29 of 32 registers.
constexpr int kTileRows = 6;
constexpr int kVectors = 4, kLanes = 16;
static_assert(kVectors * kLanes == kPackBlock);

template <int kRows>
struct Sums {
  __m512 of[kRows][kVectors];
};

// What a tile is the sum of. A pair of neighbours in k is one word: that of row i and pair p stands at
// a[i * a_row + p * a_pair]; those of the 64 columns at b[64 * p].
struct TileFactors {
  const uint32_t* a;
  int64_t a_row, a_pair;
  const uint32_t* b;
  int64_t pairs;
};

template <int kRows>
ATTUNE_DOT inline __attribute__((always_inline)) void add_up(const TileFactors& f, Sums<kRows>& sums) {
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) sums.of[i][j] = _mm512_setzero_ps();
  const uint32_t *a = f.a, *b = f.b;
  for (int64_t p = 0; p < f.pairs; ++p, a += f.a_pair, b += kPackBlock) {
    __m512bh right[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) right[j] = (__m512bh)_mm512_loadu_si512(b + kLanes * j);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const auto left = (__m512bh)_mm512_set1_epi32(static_cast<int>(a[i * f.a_row]));
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sums.of[i][j] = _mm512_dpbf16_ps(sums.of[i][j], left, right[j]);
    }
  }
}

const uint32_t* words(const BFloat16* x) {
  return reinterpret_cast<const uint32_t*>(x);
}

// Rows [row, row + kRows) of the product in column block `block`.
template <int kRows>
ATTUNE_DOT void product_tile(const DotProduct& p, int64_t row, int64_t block) {
  Sums<kRows> sums;
  add_up<kRows>({words(p.a + row * p.lda), p.lda / 2, 1, words(p.b) + block * (p.k / 2) * kPackBlock, p.k / 2}, sums);
  const int64_t col = block * kPackBlock;
#pragma GCC unroll 4
  for (int j = 0; j < kVectors; ++j) {
    const int64_t at = col + kLanes * j;
    const __m512 bias = p.bias != nullptr ? _mm512_loadu_ps(p.bias + at) : _mm512_setzero_ps();
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const int64_t place = (row + i) * p.n + at;
      __m512 sum = p.bias != nullptr ? _mm512_add_ps(sums.of[i][j], bias) : sums.of[i][j];
      if (p.result == DType::bf16) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(static_cast<BFloat16*>(p.c) + place),
                            (__m256i)_mm512_cvtneps_pbh(sum));
        continue;
      }
      float* const to = static_cast<float*>(p.c) + place;
      if (p.accumulate) sum = _mm512_add_ps(_mm512_loadu_ps(to), sum);
      _mm512_storeu_ps(to, sum);
    }
  }
}

// dy and x as packed_weight.h lays out a factor.
struct GradientWork {
  const BFloat16 *dy, *x;
};

// Columns [row, row + kRows) of dy with x's of column block `block`. Returns the sum of the tile's squares.
template <int kRows>
ATTUNE_DOT double gradient_tile(const DotGradient& g, const GradientWork& work, int64_t row, int64_t block) {
  Sums<kRows> sums;
  const int64_t pairs = g.k / 2, block_words = pairs * kPackBlock;
  const uint32_t *dy = words(work.dy) + row / kPackBlock * block_words + row % kPackBlock,
                 *x = words(work.x) + block * block_words;
  add_up<kRows>({dy, 1, kPackBlock, x, pairs}, sums);
  __m512 squares = _mm512_setzero_ps();
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
    float* const to = g.c + (row + i) * g.n + block * kPackBlock;
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) {
      float* const at = to + kLanes * j;
      const __m512 sum = g.accumulate ? _mm512_add_ps(_mm512_loadu_ps(at), sums.of[i][j]) : sums.of[i][j];
      squares = _mm512_fmadd_ps(sum, sum, squares);
      if (!g.accumulate && reinterpret_cast<uintptr_t>(at) % 64 == 0)
        _mm512_stream_ps(at, sum);  // past the caches: nobody reads it before the optimizer
      else
        _mm512_storeu_ps(at, sum);
    }
  }
  return static_cast<double>(_mm512_reduce_add_ps(squares));
}

// Calls tile<kRows>(row) for the rows of [row, end) in tiles.
template <class Tile>
void in_tiles(int64_t row, int64_t end, const Tile& tile) {
  for (; row + kTileRows <= end; row += kTileRows) tile.template operator()<kTileRows>(row);
  switch (end - row) {
    case 1:
      return tile.template operator()<1>(row);
    case 2:
      return tile.template operator()<2>(row);
    case 3:
      return tile.template operator()<3>(row);
    case 4:
      return tile.template operator()<4>(row);
    case 5:
      return tile.template operator()<5>(row);
    default:
      return;
  }
}

}  // namespace

bool dots_bf16() {
  static const bool known = [] {
    limit_instructions();
    return onednn_has_fast_bf16() && !onednn_has_amx() && __builtin_cpu_supports("avx512bf16");
  }();
  return known;
}

void dot_product(int threads, const DotProduct& p) {
  ATTUNE_CHECK(p.k % 2 == 0 && p.n % kPackBlock == 0 && p.lda % 2 == 0, "a dot product of {} x {} x {}", p.m, p.k, p.n);
  constexpr int64_t kRows = 4 * kTileRows;
  parallel_grid(threads, (p.m + kRows - 1) / kRows, p.n / kPackBlock, [&](int64_t chunk, int64_t block) {
    in_tiles(chunk * kRows, std::min(p.m, (chunk + 1) * kRows),
             [&]<int kTile>(int64_t row) { product_tile<kTile>(p, row, block); });
  });
}

// The wider factor is shared out in bands of columns, which their owners lay out. The other one each thread lays out
// for itself: cheaper than to fetch it from another core's cache, up to kFewThreads.
void dot_gradient(Workspace& workspace, int threads, const DotGradient& g) {
  ATTUNE_CHECK(g.k % 2 == 0 && g.m % kPackBlock == 0 && g.n % kPackBlock == 0, "a weight gradient of {} x {} x {}", g.m,
               g.k, g.n);
  constexpr int kFewThreads = 4;
  struct Factor {
    const BFloat16* from;
    int64_t cols;
    int64_t blocks() const { return cols / kPackBlock; }
  };
  const bool dy_is_wider = g.m >= g.n;
  const Factor dy{g.dy, g.m}, x{g.x, g.n}, wide = dy_is_wider ? dy : x, narrow = dy_is_wider ? x : dy;
  const int64_t blocks = dy.blocks() * x.blocks();
  const int copies = threads <= kFewThreads ? threads : 1;
  auto* const squares = workspace.get<double>(blocks + (wide.cols + copies * narrow.cols) * g.k / 4);
  auto* const wide_packed = reinterpret_cast<BFloat16*>(squares + blocks);
  BFloat16* const narrow_packed = wide_packed + wide.cols * g.k;
  Grid grid(threads, wide.blocks(), narrow.blocks());
#pragma omp parallel num_threads(threads)
  {
    const int64_t thread = this_thread(), team = team_size();
    const bool shared = copies == 1;
    BFloat16* const own = narrow_packed + (shared ? 0 : thread) * narrow.cols * g.k;
    for (int64_t band = thread; band < grid.bands(); band += team)
      pack_factor(wide.from, g.k, wide.cols, grid.band_begin(band), grid.band_begin(band + 1), wide_packed);
    pack_factor(narrow.from, g.k, narrow.cols, shared ? thread * narrow.blocks() / team : 0,
                shared ? (thread + 1) * narrow.blocks() / team : narrow.blocks(), own);
#pragma omp barrier
    grid.share([&](int64_t of_wide, int64_t of_narrow) {
      const GradientWork work = dy_is_wider ? GradientWork{wide_packed, own} : GradientWork{own, wide_packed};
      const int64_t row = dy_is_wider ? of_wide : of_narrow, block = dy_is_wider ? of_narrow : of_wide;
      double sum = 0;
      in_tiles(row * kPackBlock, (row + 1) * kPackBlock,
               [&]<int kTile>(int64_t r) { sum += gradient_tile<kTile>(g, work, r, block); });
      squares[row * x.blocks() + block] = sum;
      _mm_sfence();
    });
  }
  if (g.squares != nullptr) *g.squares = std::accumulate(squares, squares + blocks, 0.0);
}

}  // namespace attune::kernels::cpu
#pragma GCC diagnostic pop

#else

namespace attune::kernels::cpu {

bool dots_bf16() {
  return false;
}
void dot_product(int, const DotProduct&) {
  fail(ErrorKind::internal, "this processor has no dot products of bf16");
}
void dot_gradient(Workspace&, int, const DotGradient&) {
  fail(ErrorKind::internal, "this processor has no dot products of bf16");
}

}  // namespace attune::kernels::cpu
#endif
