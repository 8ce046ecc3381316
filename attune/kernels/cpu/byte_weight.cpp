#include "attune/kernels/cpu/byte_weight.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attune/kernels/cpu/byte_weight.cpp"
#include <hwy/foreach_target.h>
// foreach_target comes first
#include <algorithm>
#include <cstring>

#include "attune/kernels/cpu/dispatch.h"
#include "attune/kernels/cpu/lanes-inl.h"
#include "attune/kernels/cpu/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace attune::kernels::cpu::HWY_NAMESPACE {
namespace {

using tensor::ByteWeight;
constexpr int64_t kBlock = ByteWeight::kBlock;
constexpr int64_t kTile = kBlock * kBlock;  // bytes

// values[j] = scale[j % 128] q[j] for a tile of 64 rows and columns, in the order of its bytes.
template <class T>
void widen_tile(const int8_t* q, const float* scales, T* values) {
  for (int64_t first = 0; first < kTile; first += 2 * kBlock)
    for (int64_t j = 0; j < 2 * kBlock; j += lanes()) {
      const hn::Rebind<int8_t, Floats> bytes;
      const hn::RebindToSigned<Floats> words;
      const Float value = hn::ConvertTo(Floats(), hn::PromoteTo(words, hn::LoadU(bytes, q + first + j)));
      store(values + first + j, Whole{}, hn::Mul(value, hn::LoadU(Floats(), scales + j)));
    }
}

// Rows [64 block, 64 block + 64) of W', as many as there are.
template <class T>
void unpack_row_block(const ByteWeight& w, const Tensor& to, int64_t block) {
  const int64_t in = to.cols(), rows = std::min(kBlock, to.rows() - block * kBlock);
  HWY_ALIGN float scales[2 * kBlock];  // of a pair of columns' bytes
  for (int64_t j = 0; j < 2 * kBlock; ++j) scales[j] = w.scale[block * kBlock + j / 2];
  HWY_ALIGN T values[kTile];
  for (int64_t col = 0; col < in; col += kBlock) {
    widen_tile(w.values + (block * ByteWeight::filled(in) + col) * kBlock, scales, values);
    const int64_t cols = std::min(kBlock, in - col);
    for (int64_t row = 0; row < rows; ++row) {
      T* const out = to.as<T>() + (block * kBlock + row) * in + col;
      const T* const pairs = values + 2 * row;
      for (int64_t pair = 0; pair < cols / 2; ++pair)
        std::memcpy(static_cast<void*>(out + 2 * pair), pairs + pair * 2 * kBlock, 2 * sizeof(T));
      if (cols % 2 == 1) out[cols - 1] = pairs[cols / 2 * 2 * kBlock];
    }
  }
}

void unpack_blocks(const ByteWeight& w, const Tensor& to, int64_t begin, int64_t end) {
  with_element(to.dtype, [&]<class T>(T) HWY_ATTR {
    for (int64_t block = begin; block < end; ++block) unpack_row_block<T>(w, to, block);
  });
}

}  // namespace
}  // namespace attune::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attune::kernels::cpu {

HWY_EXPORT(unpack_blocks);

void unpack_rows(int threads, const tensor::ByteWeight& weight, const tensor::Tensor& to) {
  parallel_chunks(threads, chunks_of(to.rows(), tensor::ByteWeight::kBlock), 1, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(unpack_blocks)(weight, to, begin, end);
  });
}

}  // namespace attune::kernels::cpu
#endif
