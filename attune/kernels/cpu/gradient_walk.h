// How the threads share out a weight gradient, C[m, n] (+)= dy[k, m]^T x[k, n], whatever multiplies its blocks.
#pragma once
#include <numeric>

#include "attune/base/error.h"
#include "attune/kernels/cpu/grid.h"
#include "attune/kernels/cpu/matmul_dot.h"
#include "attune/kernels/packed_weight.h"

namespace attune::kernels::cpu {

// The factors as the unit laid them out.
struct LaidOut {
  const tensor::BFloat16 *dy, *x;
};

// Unit, of which each thread has one of its own:
//   static int64_t depth(int64_t k)                               rows that a factor has once laid out
//   static void lay_out_left, lay_out_right(const Factor&, int64_t first, int64_t last, BFloat16* to)
//                                                                 column blocks [first, last) of dy, of x
//   double block(const DotGradient&, const LaidOut&, int64_t of_dy, int64_t of_x)
//                                                                 writes 64 x 64 elements, returns the sum of their
//                                                                 squares
//
// The wider factor is shared out in bands of columns, which their owners lay out. The other one each thread lays out
// for itself: cheaper than to fetch it from another core's cache, up to kFewThreads.
template <class Unit>
void walk_gradient(Workspace& workspace, int threads, const DotGradient& g) {
  ATTUNE_CHECK(g.k % 2 == 0 && g.m % kPackBlock == 0 && g.n % kPackBlock == 0, "a weight gradient of {} x {} x {}", g.m,
               g.k, g.n);
  constexpr int kFewThreads = 4;
  using tensor::BFloat16;
  const int64_t depth = Unit::depth(g.k);
  const Factor dy{g.dy, g.k, g.m, depth}, x{g.x, g.k, g.n, depth};
  const bool dy_is_wider = g.m >= g.n;
  const Factor &wide = dy_is_wider ? dy : x, &narrow = dy_is_wider ? x : dy;
  const auto lay_out = [](const Factor& factor, bool left, int64_t first, int64_t last, BFloat16* to) {
    left ? Unit::lay_out_left(factor, first, last, to) : Unit::lay_out_right(factor, first, last, to);
  };
  const int64_t blocks = dy.blocks() * x.blocks();
  const int64_t before = (blocks + 7) / 8 * 8;  // doubles, so that the factors begin on a cache line
  const int copies = threads <= kFewThreads ? threads : 1;
  auto* const squares = workspace.get<double>(before + (wide.cols + copies * narrow.cols) * depth / 4);
  auto* const wide_laid_out = reinterpret_cast<BFloat16*>(squares + before);
  BFloat16* const narrow_laid_out = wide_laid_out + wide.cols * depth;
  Grid grid(threads, wide.blocks(), narrow.blocks());
#pragma omp parallel num_threads(threads)
  {
    const int64_t thread = this_thread(), team = team_size();
    const bool shared = copies == 1;
    BFloat16* const own = narrow_laid_out + (shared ? 0 : thread) * narrow.cols * depth;
    for (int64_t band = thread; band < grid.bands(); band += team)
      lay_out(wide, dy_is_wider, grid.band_begin(band), grid.band_begin(band + 1), wide_laid_out);
    lay_out(narrow, !dy_is_wider, shared ? thread * narrow.blocks() / team : 0,
            shared ? (thread + 1) * narrow.blocks() / team : narrow.blocks(), own);
#pragma omp barrier
    Unit unit;
    const LaidOut factors = dy_is_wider ? LaidOut{wide_laid_out, own} : LaidOut{own, wide_laid_out};
    grid.share([&](int64_t of_wide, int64_t of_narrow) {
      const int64_t of_dy = dy_is_wider ? of_wide : of_narrow, of_x = dy_is_wider ? of_narrow : of_wide;
      squares[of_dy * x.blocks() + of_x] = unit.block(g, factors, of_dy, of_x);
    });
  }
  if (g.squares != nullptr) *g.squares = std::accumulate(squares, squares + blocks, 0.0);
}

}  // namespace attune::kernels::cpu
