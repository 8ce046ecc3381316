#include "devices.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "attune/base/rng.h"

namespace attune::kernels::test {

Block::Block(Shape shape, DType dtype)
    : buffer(static_cast<size_t>(shape.count()) * tensor::size_of(dtype)), tensor(buffer.view(shape, dtype)) {}

double Block::at(int64_t i) const {
  switch (tensor.dtype) {
    case DType::f32:
      return static_cast<double>(tensor.as<float>()[i]);
    case DType::bf16:
      return static_cast<double>(static_cast<float>(tensor.as<BFloat16>()[i]));
    case DType::f64:
      return tensor.as<double>()[i];
    case DType::i32:
      return tensor.as<int32_t>()[i];
    case DType::i8:
      return tensor.as<int8_t>()[i];
  }
  return 0;
}

void Block::put(int64_t i, double value) const {
  switch (tensor.dtype) {
    case DType::f32:
      tensor.as<float>()[i] = static_cast<float>(value);
      break;
    case DType::bf16:
      tensor.as<BFloat16>()[i] = BFloat16(static_cast<float>(value));
      break;
    case DType::f64:
      tensor.as<double>()[i] = value;
      break;
    case DType::i32:
      tensor.as<int32_t>()[i] = static_cast<int32_t>(value);
      break;
    case DType::i8:
      tensor.as<int8_t>()[i] = static_cast<int8_t>(value);
      break;
  }
}

Block normal(Shape shape, DType dtype, uint64_t key, double scale) {
  Block block(shape, dtype);
  for (int64_t i = 0; i < shape.count(); ++i) block.put(i, scale * random_normal(key, static_cast<uint32_t>(i)));
  return block;
}

Block converted(const Tensor& from, DType dtype) {
  Block source(from.shape, from.dtype), block(from.shape, dtype);
  std::memcpy(source.tensor.data, from.data, from.bytes());
  for (int64_t i = 0; i < from.count(); ++i) block.put(i, source.at(i));
  return block;
}

Block Device::input(Shape shape, DType dtype, uint64_t key, double scale) const {
  Block block = normal(shape, dtype, key, scale);
  return reference_ ? converted(block.tensor, DType::f64) : std::move(block);
}

Block Device::values(Shape shape, DType dtype, const std::vector<double>& values) const {
  Block block(shape, dtype);
  for (int64_t i = 0; i < shape.count(); ++i) block.put(i, values[static_cast<size_t>(i)]);
  return reference_ ? converted(block.tensor, DType::f64) : std::move(block);
}

Block Device::output(Shape shape, DType dtype) const {
  Block block(shape, reference_ ? DType::f64 : dtype);
  for (int64_t i = 0; i < shape.count(); ++i) block.put(i, std::numeric_limits<double>::quiet_NaN());
  return block;
}

Block Device::twin(Shape shape) const {
  return Block(shape, DType::bf16);
}

void Device::seal_twin(Block& twin, const Block& whole) const {
  for (int64_t i = 0; i < twin.tensor.count(); ++i) {
    const BFloat16 want(static_cast<float>(whole.at(i)));
    ASSERT_EQ(twin.tensor.as<BFloat16>()[i].bits, want.bits) << "the bf16 copy is not the value rounded, at " << i;
  }
  if (reference_) twin = converted(whole.tensor, DType::f64);
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.dtype == b.dtype && a.shape == b.shape && std::memcmp(a.data, b.data, a.bytes()) == 0;
}

void expect_near(const Block& got, const Block& want, Tolerance tolerance, const std::string& label) {
  ASSERT_EQ(got.tensor.shape, want.tensor.shape) << label;
  int64_t wrong = 0;
  for (int64_t i = 0; i < got.tensor.count(); ++i) {
    const double g = got.at(i), w = want.at(i);
    const bool near = std::isnan(w)   ? std::isnan(g)
                      : std::isinf(w) ? g == w
                                      : std::abs(g - w) <= tolerance.absolute + tolerance.relative * std::abs(w);
    if (!near && ++wrong == 1)
      ADD_FAILURE() << label << ", element " << i << " of " << got.tensor.shape.text() << ": got " << g << ", want "
                    << w;
  }
  EXPECT_EQ(wrong, 0) << label << ": that many elements are off";
}

void compare_devices(const Work& work, const std::vector<Kind>& kinds, const std::string& label) {
  const auto plain = reference::make_kernels();
  const Outputs want = work(Device(*plain, true));
  ASSERT_EQ(want.size(), kinds.size()) << label;
  Outputs first;
  for (int threads = 1; threads <= 4; ++threads) {
    const auto kernels = cpu::make_kernels(threads);
    Outputs got = work(Device(*kernels, false));
    for (size_t i = 0; i < got.size(); ++i) {
      const std::string what = label + ", output " + std::to_string(i);
      if (threads == 1)
        expect_near(got[i], want[i], tolerance(got[i].tensor.dtype, kinds[i]), what);
      else
        EXPECT_TRUE(same_bits(got[i].tensor, first[i].tensor)) << what << ": other bits with " << threads << " threads";
    }
    if (threads == 1) first = std::move(got);
  }
}

std::vector<uint64_t> row_keys(int64_t rows) {
  std::vector<uint64_t> keys;
  for (int64_t r = 0; r < rows; ++r) keys.push_back(mix_key(77, static_cast<uint64_t>(r)));
  return keys;
}

}  // namespace attune::kernels::test
