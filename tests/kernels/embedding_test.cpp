#include <fmt/format.h>

#include "devices.h"

namespace attune::kernels::test {
namespace {

// Ids that repeat, some often.
std::vector<int32_t> ids(int64_t count, int32_t bound, uint64_t key) {
  std::vector<int32_t> made;
  for (int64_t i = 0; i < count; ++i)
    made.push_back(static_cast<int32_t>(random_below(key, static_cast<uint32_t>(i), static_cast<uint32_t>(bound))));
  return made;
}

TEST(EmbeddingSum, ForwardAndBackward) {
  for (const int64_t rows : kRows)
    for (const int64_t cols : kColumns) {
      const auto words = ids(rows, 57, 1), places = ids(rows, 20, 2), segments = ids(rows, 2, 3);
      const int64_t counted = rows > 1 ? rows - 1 : rows;
      compare_devices(
          [&](const Device& device) {
            const Block word = device.input(Shape{57, cols}, DType::f32, 4);
            const Block place = device.input(Shape{20, cols}, DType::f32, 5);
            const Block segment = device.input(Shape{2, cols}, DType::f32, 6);
            Outputs out;
            out.push_back(device.output(Shape{rows, cols}, DType::f32));
            EmbeddingSum sum{.tables = 3,
                             .table = {word.tensor, place.tensor, segment.tensor},
                             .index = {words.data(), places.data(), segments.data()},
                             .y = out[0].tensor,
                             .rows = counted};
            device->embedding_sum(sum);
            const Block dy = device.input(Shape{rows, cols}, DType::f32, 7);
            out.push_back(device.input(Shape{57, cols}, DType::f32, 8));
            out.push_back(device.input(Shape{2, cols}, DType::f32, 9));
            sum.y = dy.tensor;
            sum.table = {out[1].tensor, Tensor{}, out[2].tensor};  // the positions are frozen
            device->embedding_sum_backward(sum);
            return out;
          },
          {Kind::pointwise, Kind::long_sum, Kind::long_sum}, fmt::format("[{}, {}]", rows, cols));
    }
}

TEST(EmbeddingSum, AnIndexOutsideItsTableIsAnError) {
  const auto kernels = cpu::make_kernels(2);
  const Block table(Shape{5, 3}, DType::f32), y(Shape{2, 3}, DType::f32);
  for (const int32_t wrong : {-1, 5}) {
    const std::vector<int32_t> index = {4, wrong};
    const EmbeddingSum sum{.tables = 1, .table = {table.tensor}, .index = {index.data()}, .y = y.tensor, .rows = 2};
    EXPECT_THROW(kernels->embedding_sum(sum), Error);
    EXPECT_THROW(kernels->embedding_sum_backward(sum), Error);
  }
}

TEST(GatherRows, ForwardAndBackward) {
  for (const DType dtype : kElements)
    for (const int64_t cols : kColumns) {
      const std::vector<int32_t> index = {3, -1, 0, 16, 9, -1};
      const Shape picked{6, cols}, all{17, cols};
      compare_devices(
          [&](const Device& device) {
            const Block x = device.input(all, dtype, 1), dy = device.input(picked, DType::f32, 2);
            Outputs out;
            out.push_back(device.output(picked, dtype));
            out.push_back(device.input(all, DType::f32, 3, 0));
            device->gather_rows({.x = x.tensor, .index = index.data(), .y = out[0].tensor});
            device->gather_rows_backward({.x = out[1].tensor, .index = index.data(), .y = dy.tensor});
            return out;
          },
          {Kind::copied, Kind::pointwise}, fmt::format("{} columns {}", cols, tensor::name(dtype)));
    }
  const auto kernels = cpu::make_kernels(1);
  const std::vector<int32_t> index = {17};
  const Block x(Shape{17, 2}, DType::f32), y(Shape{1, 2}, DType::f32);
  EXPECT_THROW(kernels->gather_rows({.x = x.tensor, .index = index.data(), .y = y.tensor}), Error);
}

TEST(MeanRows, ForwardAndBackward) {
  const std::vector<int32_t> offsets = {0, 1, 1, 40, 390};  // the second is empty; ten rows belong to none
  for (const DType dtype : kElements)
    for (const int64_t cols : kColumns)
      compare_devices(
          [&](const Device& device) {
            const Block x = device.input(Shape{400, cols}, dtype, 1), dy = device.input(Shape{6, cols}, dtype, 2);
            Outputs out;
            out.push_back(device.output(Shape{6, cols}, dtype));
            out.push_back(device.output(Shape{400, cols}, dtype));
            MeanRows mean{.x = x.tensor, .offsets = offsets.data(), .sequences = 4, .y = out[0].tensor};
            device->mean_rows(mean);
            mean.x = out[1].tensor;
            mean.y = dy.tensor;
            device->mean_rows_backward(mean);
            return out;
          },
          {Kind::row_sum, Kind::pointwise}, fmt::format("{} columns {}", cols, tensor::name(dtype)));
}

}  // namespace
}  // namespace attune::kernels::test
