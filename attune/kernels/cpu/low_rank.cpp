#include "attune/kernels/cpu/low_rank.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/low_rank.cpp"
#include <hwy/foreach_target.h>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/grid.h"
#include "attune/kernels/cpu/low_rank-inl.h"
#include "attune/kernels/cpu/low_rank_pack-inl.h"
#include "attune/kernels/cpu/low_rank_tiles.h"
#include "attune/kernels/cpu/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

// Calls body(first, rows) for each group of rows that are worked on together.
template <class Body>
void for_blocks(int64_t begin, int64_t end, const Body& body) {
  for (int64_t i = begin; i < end; i += kLowRankRows) body(i, std::min(kLowRankRows, end - i));
}

void down_on_tiles(const LowRankDown& p, const BFloat16* tiles, int64_t begin, int64_t end) {
  const int64_t cols = p.x.cols(), rank = p.a.rows();
  for (int64_t t = 0; t < low_rank_tiles(rank); ++t)
    tile_project({.x = p.x.as<BFloat16>() + begin * cols,
                  .x_stride = cols,
                  .rows = end - begin,
                  .depth = cols,
                  .tile = tiles + t * cols * kLowRankTile,
                  .scale = 1,
                  .out = p.u.as<float>() + begin * rank + t * kLowRankTile,
                  .out_stride = rank,
                  .count = std::min(kLowRankTile, rank - t * kLowRankTile)});
}

// `packed`: A^T.
void down_chunk(const LowRankDown& p, const LowRankPacked& packed, float* room, int64_t begin, int64_t end) {
  if (packed.bf16) down_on_tiles(p, packed.bf16, begin, end);
  const int64_t cols = p.x.cols(), rank = p.a.rows();
  float* const u = p.u.as<float>();
  with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
    if (!packed.f32) return;
    for_blocks(begin, end, [&](int64_t first, int64_t rows) HWY_ATTR {
      const float* x = as_floats(p.x.as<X>() + first * cols, cols, rows, cols, room);
      for (int64_t t = 0; t < low_rank_tiles(rank); ++t)
        project({.x = x,
                 .rows = rows,
                 .cols = cols,
                 .tile = packed.f32 + t * cols * kLowRankTile,
                 .out = u + first * rank + t * kLowRankTile,
                 .out_stride = rank,
                 .count = std::min(kLowRankTile, rank - t * kLowRankTile)});
    });
  });
  if (!p.bias.defined()) return;
  for (int64_t i = begin; i < end; ++i)
    for (int64_t k = 0; k < rank; ++k) u[i * rank + k] += p.bias.as<float>()[k];
}

// `sums`: of this chunk's rows, dA [R, C] and then d_bias [R]; nullptr: nobody wants them.
void down_backward_chunk(const LowRankDownBackward& p, float* room, float* sums, int64_t begin, int64_t end) {
  const int64_t cols = p.x.cols(), rank = p.a.rows();
  const float* const du = p.du.as<float>();
  if (sums) std::fill_n(sums, rank * (cols + 1), 0.0f);
  with_element(p.x.dtype, [&]<class X>(X) HWY_ATTR {
    for_blocks(begin, end, [&](int64_t first, int64_t rows) HWY_ATTR {
      const float* factor = du + first * rank;
      if (sums)
        add_outer({.factor = factor,
                   .factor_stride = rank,
                   .rows = rows,
                   .depth = rank,
                   .x = as_floats(p.x.as<X>() + first * cols, cols, rows, cols, room),
                   .cols = cols,
                   .sums = sums});
      for (int64_t i = 0; sums && i < rows * rank; ++i) sums[rank * cols + i % rank] += factor[i];
      if (!p.dx.defined()) return;
      with_element(p.dx.dtype, [&]<class D>(D) HWY_ATTR {
        spread(Spreading<D>{.factor = factor,
                            .factor_stride = rank,
                            .rows = rows,
                            .depth = rank,
                            .m = p.a.as<float>(),
                            .m_stride = cols,
                            .cols = cols,
                            .from = p.dx.as<D>() + first * cols,
                            .to = p.dx.as<D>() + first * cols,
                            .to_stride = cols});
      });
    });
  });
}

// `b_rows`: scale * B^T of part after part, [r, width]. `bias`: scale * bias, or nullptr.
void up_chunk(const LowRankUp& p, const float* b_rows, const float* bias, int64_t begin, int64_t end) {
  const int64_t cols = p.y.cols(), rank = p.b.cols(), all = p.u.cols();
  with_element(p.y.dtype, [&]<class Y>(Y) HWY_ATTR {
    Y* const y = p.y.as<Y>();
    const Y* const from = p.before.defined() ? p.before.as<Y>() : y;
    p.parts.for_each([&](int part, int64_t first, int64_t width, int64_t before) HWY_ATTR {
      spread(Spreading<Y>{.factor = p.u.as<float>() + begin * all + part * rank,
                          .factor_stride = all,
                          .rows = end - begin,
                          .depth = rank,
                          .m = b_rows + rank * before,
                          .m_stride = width,
                          .cols = width,
                          .from = from + begin * cols + first,
                          .to = y + begin * cols + first,
                          .to_stride = cols,
                          .bias = bias});
    });
  });
}

// `packed`: B of part after part, that of f32 times `scale`. `sums`: of this chunk's rows, dB^T of part after part
// [r, width] and then d_bias [columns]; nullptr: nobody wants them.
void up_backward_chunk(const LowRankUpBackward& p, const LowRankPacked& packed, float* room, float* sums, int64_t begin,
                       int64_t end) {
  const int64_t cols = p.dy.cols(), rank = p.b.cols(), all = p.u.cols();
  if (sums) std::fill_n(sums, rank * p.parts.columns() + cols, 0.0f);
  with_element(p.dy.dtype, [&]<class D>(D) HWY_ATTR {
    const D* const dy = p.dy.as<D>();
    for_blocks(begin, end, [&](int64_t first, int64_t rows) HWY_ATTR {
      p.parts.for_each([&](int part, int64_t column, int64_t width, int64_t before) HWY_ATTR {
        const int64_t at = low_rank_tiles(rank) * before * kLowRankTile;
        const float* x = as_floats(dy + first * cols + column, cols, rows, width, room);
        for (int64_t t = 0; p.du.defined() && t < low_rank_tiles(rank); ++t) {
          float* const du = p.du.as<float>() + first * all + part * rank + t * kLowRankTile;
          const int64_t count = std::min(kLowRankTile, rank - t * kLowRankTile), tile = at + t * width * kLowRankTile;
          if constexpr (std::is_same_v<D, BFloat16>)
            if (packed.bf16) {
              tile_project({.x = dy + first * cols + column,
                            .x_stride = cols,
                            .rows = rows,
                            .depth = width,
                            .tile = packed.bf16 + tile,
                            .scale = static_cast<float>(p.scale),
                            .out = du,
                            .out_stride = all,
                            .count = count});
              continue;
            }
          project({.x = x,
                   .rows = rows,
                   .cols = width,
                   .tile = packed.f32 + tile,
                   .out = du,
                   .out_stride = all,
                   .count = count});
        }
        if (!sums) return;
        add_outer({.factor = p.u.as<float>() + first * all + part * rank,
                   .factor_stride = all,
                   .rows = rows,
                   .depth = rank,
                   .x = x,
                   .cols = width,
                   .sums = sums + rank * before});
      });
      if (!sums || !p.d_bias.defined()) return;
      float* const sum = sums + rank * p.parts.columns();
      const Float scale = set(p.scale);
      for (int64_t i = first; i < first + rows; ++i)
        for_lanes(0, cols, [&](int64_t j, auto lane) HWY_ATTR {
          store(sum + j, lane, hn::MulAdd(load(dy + i * cols + j, lane), scale, load(sum + j, lane)));
        });
    });
  });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {
namespace {

constexpr int64_t kMostSums = 16;  // blocks of rows whose sums are added in order

// Rows of a block, from the number of rows alone.
int64_t rows_of_block(int64_t rows) {
  return std::max<int64_t>(32, chunks_of(chunks_of(rows, kMostSums), 16) * 16);
}

// to [tiles, from's rows of length `cols` .., 16] = scale * from^T, filled up with zeros: from [rank, cols].
void tile_rows(const float* from, int64_t rank, int64_t cols, float* to) {
  for (int64_t t = 0; t < low_rank_tiles(rank); ++t, to += cols * kLowRankTile) {
    const int64_t first = t * kLowRankTile, count = std::min(kLowRankTile, rank - first);
    for (int64_t j = 0; j < cols; ++j) {
      for (int64_t k = 0; k < count; ++k) to[j * kLowRankTile + k] = from[(first + k) * cols + j];
      std::fill(to + j * kLowRankTile + count, to + (j + 1) * kLowRankTile, 0.0f);
    }
  }
}

// The same of a matrix whose rows are the tiles': from [width, rank].
void tile_columns(const float* from, int64_t rank, int64_t width, float scale, float* to) {
  for (int64_t t = 0; t < low_rank_tiles(rank); ++t, to += width * kLowRankTile) {
    const int64_t first = t * kLowRankTile, count = std::min(kLowRankTile, rank - first);
    for (int64_t j = 0; j < width; ++j) {
      for (int64_t k = 0; k < count; ++k) to[j * kLowRankTile + k] = scale * from[j * rank + first + k];
      std::fill(to + j * kLowRankTile + count, to + (j + 1) * kLowRankTile, 0.0f);
    }
  }
}

bool all_on_tiles(const LowRankParts& parts) {
  bool all = true;
  parts.for_each([&](int, int64_t, int64_t width, int64_t) { all = all && projects_on_tiles(width); });
  return all;
}

int64_t widest(const LowRankParts& parts) {
  int64_t widest = 0;
  parts.for_each([&](int, int64_t, int64_t width, int64_t) { widest = std::max(widest, width); });
  return widest;
}

// to (+)= the sum over blocks of sums[block, i], in order. `to` may be the first block.
void add_blocks(int threads, const float* sums, int64_t blocks, int64_t stride, int64_t count, bool add, float* to) {
  constexpr int64_t kTogether = 1024;
  parallel_chunks(threads, count, kChunkElements, [&](int64_t begin, int64_t end) {
    for (int64_t first = begin; first < end; first += kTogether) {
      const int64_t some = std::min(kTogether, end - first);
      alignas(64) float sum[kTogether] = {};
      for (int64_t b = 0; b < blocks; ++b)
        for (int64_t i = 0; i < some; ++i) sum[i] += sums[b * stride + first + i];
      for (int64_t i = 0; i < some; ++i) to[first + i] = sum[i] + (add ? to[first + i] : 0.0f);
    }
  });
}

}  // namespace

HWY_EXPORT(pack_rows_for_tiles);
HWY_EXPORT(pack_columns_for_tiles);
HWY_EXPORT(down_chunk);
HWY_EXPORT(down_backward_chunk);
HWY_EXPORT(up_chunk);
HWY_EXPORT(up_backward_chunk);

void low_rank_down(Workspace& workspace, int threads, const LowRankDown& p) {
  const int64_t cols = p.x.cols(), rank = p.a.rows(), tiles = low_rank_tiles(rank) * cols * kLowRankTile;
  ATTUNE_CHECK(p.a.cols() == cols && p.u.cols() == rank && p.u.rows() == p.x.rows(), "low rank: x {} A {} u {}",
               p.x.shape.text(), p.a.shape.text(), p.u.shape.text());
  float* const packed = workspace.get<float>(tiles + threads * kLowRankRows * cols);
  const bool on_tiles = p.x.dtype == DType::bf16 && projects_on_tiles(cols);
  if (on_tiles)
    HWY_DYNAMIC_DISPATCH(pack_rows_for_tiles)(p.a.as<float>(), rank, cols, reinterpret_cast<BFloat16*>(packed));
  else
    tile_rows(p.a.as<float>(), rank, cols, packed);
  const LowRankPacked form =
      on_tiles ? LowRankPacked{.bf16 = reinterpret_cast<const BFloat16*>(packed)} : LowRankPacked{.f32 = packed};
  parallel_chunks(threads, p.x.rows(), 32, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(down_chunk)(p, form, packed + tiles + this_thread() * kLowRankRows * cols, begin, end);
  });
}

void low_rank_down_backward(Workspace& workspace, int threads, const LowRankDownBackward& p) {
  const int64_t rows = p.x.rows(), cols = p.x.cols(), rank = p.a.rows();
  const int64_t block = rows_of_block(rows), blocks = chunks_of(rows, block), stride = rank * (cols + 1);
  const bool wanted = p.da.defined() || p.d_bias.defined();
  float* const sums = workspace.get<float>((wanted ? blocks * stride : 0) + threads * kLowRankRows * cols);
  float* const rooms = sums + (wanted ? blocks * stride : 0);
  parallel_chunks(threads, rows, block, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(down_backward_chunk)
    (p, rooms + this_thread() * kLowRankRows * cols, wanted ? sums + begin / block * stride : nullptr, begin, end);
  });
  if (p.da.defined()) add_blocks(threads, sums, blocks, stride, rank * cols, p.add_to_da, p.da.as<float>());
  if (p.d_bias.defined()) add_blocks(1, sums + rank * cols, blocks, stride, rank, p.add_to_bias, p.d_bias.as<float>());
}

void low_rank_up(Workspace& workspace, int threads, const LowRankUp& p) {
  const int64_t rank = p.b.cols();
  ATTUNE_CHECK(p.b.rows() == p.parts.columns() && p.u.cols() == p.parts.count * rank && p.u.rows() == p.y.rows(),
               "low rank: u {} B {} y {}", p.u.shape.text(), p.b.shape.text(), p.y.shape.text());
  ATTUNE_CHECK(!p.bias.defined() || p.parts.columns() == p.y.cols(), "low rank: a bias for some of the columns");
  ATTUNE_CHECK(!p.before.defined() ||
                   (p.parts.columns() == p.y.cols() && p.before.shape == p.y.shape && p.before.dtype == p.y.dtype),
               "low rank: {} {} before y {} {}", name(p.before.dtype), p.before.shape.text(), name(p.y.dtype),
               p.y.shape.text());
  const int64_t size = rank * p.parts.columns();
  float* const b_rows = workspace.get<float>(size + (p.bias.defined() ? p.y.cols() : 0));
  const auto scale = static_cast<float>(p.scale);
  float* const bias = p.bias.defined() ? b_rows + size : nullptr;
  for (int64_t j = 0; bias && j < p.y.cols(); ++j) bias[j] = scale * p.bias.as<float>()[j];
  p.parts.for_each([&](int, int64_t, int64_t width, int64_t before) {
    const float* const from = p.b.as<float>() + before * rank;
    float* const to = b_rows + before * rank;
    for (int64_t j = 0; j < width; ++j)
      for (int64_t k = 0; k < rank; ++k) to[k * width + j] = scale * from[j * rank + k];
  });
  parallel_chunks(threads, p.y.rows(), 32, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(up_chunk)(p, b_rows, bias, begin, end);
  });
}

void low_rank_up_backward(Workspace& workspace, int threads, const LowRankUpBackward& p) {
  const int64_t rows = p.dy.rows(), cols = p.dy.cols(), rank = p.b.cols(), width_of_all = p.parts.columns();
  const int64_t tiles = low_rank_tiles(rank) * width_of_all * kLowRankTile;
  const int64_t block = rows_of_block(rows), blocks = chunks_of(rows, block), stride = rank * width_of_all + cols;
  const int64_t room = kLowRankRows * widest(p.parts);
  const bool wanted = p.db.defined() || p.d_bias.defined();
  float* const packed =
      workspace.get<float>(tiles + threads * room + (wanted ? std::max<int64_t>(1, blocks) * stride : 0));
  float *const rooms = packed + tiles, *const sums = rooms + threads * room;
  const bool on_tiles = p.dy.dtype == DType::bf16 && all_on_tiles(p.parts);
  const LowRankPacked form =
      on_tiles ? LowRankPacked{.bf16 = reinterpret_cast<const BFloat16*>(packed)} : LowRankPacked{.f32 = packed};
  p.parts.for_each([&](int, int64_t, int64_t width, int64_t before) {
    const float* const from = p.b.as<float>() + before * rank;
    const int64_t at = low_rank_tiles(rank) * before * kLowRankTile;
    if (on_tiles)
      HWY_DYNAMIC_DISPATCH(pack_columns_for_tiles)(from, rank, width, reinterpret_cast<BFloat16*>(packed) + at);
    else
      tile_columns(from, rank, width, static_cast<float>(p.scale), packed + at);
  });
  parallel_chunks(threads, rows, block, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(up_backward_chunk)
    (p, form, rooms + this_thread() * room, wanted ? sums + begin / block * stride : nullptr, begin, end);
  });
  if (p.d_bias.defined())
    add_blocks(1, sums + rank * width_of_all, blocks, stride, cols, p.add_to_bias, p.d_bias.as<float>());
  if (!p.db.defined()) return;
  add_blocks(threads, sums, blocks, stride, rank * width_of_all, false, sums);  // (of no rows: zeros)
  p.parts.for_each([&](int, int64_t, int64_t width, int64_t before) {           // dB^T of each part back into rows of B
    const float* const sum = sums + before * rank;
    float* const db = p.db.as<float>() + before * rank;
    for (int64_t j = 0; j < width; ++j)
      for (int64_t k = 0; k < rank; ++k)
        db[j * rank + k] = static_cast<float>(p.scale) * sum[k * width + j] + (p.add_to_db ? db[j * rank + k] : 0.0f);
  });
}

}  // namespace attune::kernels::cpu
#endif
