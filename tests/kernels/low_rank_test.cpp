// Products with matrices of few rows: the CPU against the plain loops, and a row alone against the row in company.
#include "attune/kernels/low_rank.h"

#include <fmt/format.h>

#include "devices.h"

namespace attune::kernels::test {
namespace {

struct Size {
  int64_t rows, in, rank;
};
const std::vector<Size> kSizes = {{0, 7, 3}, {1, 1, 1}, {5, 33, 8}, {37, 384, 16}, {300, 70, 17}, {400, 384, 24}};

// An f32 matrix that rounding to bf16 leaves as it is where x is bf16: kernels may round it then.
Block as_read(const Device& device, Shape shape, DType type, uint64_t key, double scale = 1) {
  if (type != DType::bf16) return device.input(shape, DType::f32, key, scale);
  const Block rounded = device.input(shape, DType::bf16, key, scale);
  return converted(rounded.tensor, device.is_reference() ? DType::f64 : DType::f32);
}

TEST(LowRank, Down) {
  for (const Size& size : kSizes)
    for (const DType type : kElements)
      for (const bool bias : {false, true})
        compare_devices(
            [&](const Device& device) {
              const int64_t rows = size.rows, in = size.in, rank = size.rank;
              const Block x = device.input({rows, in}, type, 1), a = as_read(device, {rank, in}, type, 2, 0.1),
                          b = device.input({rank}, DType::f32, 3);
              Outputs out;
              out.push_back(device.output({rows, rank}, DType::f32));
              device->low_rank_down(
                  {.x = x.tensor, .a = a.tensor, .bias = bias ? b.tensor : Tensor(), .u = out[0].tensor});
              return out;
            },
            {Kind::long_sum}, fmt::format("down {} x {} rank {}", size.rows, size.in, size.rank));
}

TEST(LowRank, DownBackward) {
  for (const Size& size : kSizes)
    for (const DType type : kElements)
      for (const bool add : {false, true})
        compare_devices(
            [&](const Device& device) {
              const int64_t rows = size.rows, in = size.in, rank = size.rank;
              const Block x = device.input({rows, in}, type, 1), a = device.input({rank, in}, DType::f32, 2, 0.1),
                          du = device.input({rows, rank}, DType::f32, 3);
              Outputs out;
              out.push_back(device.input({rows, in}, type, 4));
              const auto gradient = [&](Shape shape, uint64_t key) {
                out.push_back(add ? device.input(shape, DType::f32, key) : device.output(shape, DType::f32));
              };
              gradient({rank, in}, 5), gradient({rank}, 6);
              device->low_rank_down_backward({.x = x.tensor,
                                              .du = du.tensor,
                                              .a = a.tensor,
                                              .dx = out[0].tensor,
                                              .da = out[1].tensor,
                                              .d_bias = out[2].tensor,
                                              .add_to_da = add,
                                              .add_to_bias = add});
              return out;
            },
            {Kind::long_sum, Kind::long_sum, Kind::long_sum},
            fmt::format("down backward {} x {} rank {}", size.rows, size.in, size.rank));
}

// Columns of y, and the parts that are updated: all, two of three, one that ends within a vector.
struct Columns {
  int64_t all;
  LowRankParts parts;
};
const std::vector<Columns> kParts = {{33, {.count = 1, .begin = {0}, .end = {33}}},
                                     {96, {.count = 2, .begin = {0, 64}, .end = {32, 96}}},
                                     {50, {.count = 1, .begin = {10}, .end = {31}}},
                                     {1152, {.count = 2, .begin = {0, 768}, .end = {384, 1152}}}};

TEST(LowRank, Up) {
  for (const int64_t rows : {0, 1, 37, 300})
    for (const int64_t rank : {1, 8, 17})
      for (const DType type : kElements)
        for (const auto& [all, parts] : kParts)
          compare_devices(
              [&, all = all, parts = parts](const Device& device) {
                const Block u = device.input({rows, parts.count * rank}, DType::f32, 1),
                            b = device.input({parts.columns(), rank}, DType::f32, 2),
                            bias = device.input({all}, DType::f32, 3);
                Outputs out;
                out.push_back(device.input({rows, all}, type, 4));
                device->low_rank_up({.u = u.tensor,
                                     .b = b.tensor,
                                     .bias = parts.columns() == all ? bias.tensor : Tensor(),
                                     .scale = 1.7,
                                     .parts = parts,
                                     .y = out[0].tensor});
                return out;
              },
              {Kind::long_sum}, fmt::format("up {} of {} rank {}", rows, all, rank));
}

// In other memory than what it adds to, with the bits that it has in place.
TEST(LowRank, UpBesideWhatItAddsTo) {
  for (const int64_t rows : {0, 1, 37, 300})
    for (const DType type : kElements) {
      const int64_t cols = 33, rank = 17;
      const LowRankParts parts{.count = 1, .begin = {0}, .end = {cols}};
      const auto kernels = cpu::make_kernels(2);
      const Block u = normal({rows, rank}, DType::f32, 1), b = normal({cols, rank}, DType::f32, 2),
                  bias = normal({cols}, DType::f32, 3);
      const Block before = converted(normal({rows, cols}, DType::f32, 4).tensor, type),
                  in_place = converted(before.tensor, type), kept = converted(before.tensor, type);
      Block apart({rows, cols}, type);
      for (int64_t i = 0; i < rows * cols; ++i) apart.put(i, NAN);
      LowRankUp args{
          .u = u.tensor, .b = b.tensor, .bias = bias.tensor, .scale = 1.7, .parts = parts, .y = in_place.tensor};
      kernels->low_rank_up(args);
      args.before = before.tensor, args.y = apart.tensor;
      kernels->low_rank_up(args);
      EXPECT_TRUE(same_bits(apart.tensor, in_place.tensor)) << rows;
      EXPECT_TRUE(same_bits(before.tensor, kept.tensor)) << rows;
    }
  const Block u = normal({2, 1}, DType::f32, 1), b = normal({3, 1}, DType::f32, 2), y = normal({2, 4}, DType::f32, 3);
  EXPECT_THROW(cpu::make_kernels(1)->low_rank_up({.u = u.tensor,
                                                  .b = b.tensor,
                                                  .parts = {.count = 1, .begin = {0}, .end = {3}},
                                                  .before = y.tensor,
                                                  .y = y.tensor}),
               Error)
      << "columns that nobody would write";
}

TEST(LowRank, UpBackward) {
  for (const int64_t rows : {0, 1, 37, 300})
    for (const int64_t rank : {1, 8, 17})
      for (const DType type : kElements)
        for (const auto& [all, parts] : kParts)
          for (const bool add : {false, true})
            compare_devices(
                [&, all = all, parts = parts](const Device& device) {
                  const Block u = device.input({rows, parts.count * rank}, DType::f32, 1),
                              b = as_read(device, {parts.columns(), rank}, type, 2, 0.1),
                              dy = device.input({rows, all}, type, 3);
                  Outputs out;
                  out.push_back(device.output({rows, parts.count * rank}, DType::f32));
                  const auto gradient = [&](Shape shape, uint64_t key) {
                    out.push_back(add ? device.input(shape, DType::f32, key) : device.output(shape, DType::f32));
                  };
                  gradient({parts.columns(), rank}, 5), gradient({all}, 6);
                  device->low_rank_up_backward({.u = u.tensor,
                                                .b = b.tensor,
                                                .dy = dy.tensor,
                                                .scale = 1.7,
                                                .parts = parts,
                                                .du = out[0].tensor,
                                                .db = out[1].tensor,
                                                .d_bias = out[2].tensor,
                                                .add_to_db = add,
                                                .add_to_bias = add});
                  return out;
                },
                {Kind::long_sum, Kind::long_sum, Kind::long_sum},
                fmt::format("up backward {} of {} rank {}", rows, all, rank));
}

TEST(LowRank, ScaleColumns) {
  for (const int64_t rows : {0, 1, 37, 300})
    for (const DType type : kElements)
      for (const auto& [all, parts] : kParts)
        for (const bool shift : {false, true}) {
          compare_devices(
              [&, all = all, parts = parts](const Device& device) {
                const Block x = device.input({rows, all}, type, 1), g = device.input({parts.columns()}, DType::f32, 2),
                            more = device.input({parts.columns()}, DType::f32, 3);
                Outputs out;
                out.push_back(device.output({rows, all}, type));
                device->scale_columns({.x = x.tensor,
                                       .g = g.tensor,
                                       .shift = shift ? more.tensor : Tensor(),
                                       .parts = parts,
                                       .y = out[0].tensor});
                return out;
              },
              {Kind::pointwise}, fmt::format("scale {} of {}", rows, all));
          compare_devices(
              [&, all = all, parts = parts](const Device& device) {
                const Block x = device.input({rows, all}, type, 1), g = device.input({parts.columns()}, DType::f32, 2),
                            center = device.input({parts.columns()}, DType::f32, 3),
                            dy = device.input({rows, all}, type, 4);
                Outputs out;
                out.push_back(device.output({rows, all}, type));
                out.push_back(shift ? device.input({parts.columns()}, DType::f32, 5)
                                    : device.output({parts.columns()}, DType::f32));
                device->scale_columns_backward({.x = x.tensor,
                                                .dy = dy.tensor,
                                                .g = g.tensor,
                                                .center = shift ? center.tensor : Tensor(),
                                                .parts = parts,
                                                .dx = out[0].tensor,
                                                .dg = out[1].tensor,
                                                .add_to_dg = shift});
                return out;
              },
              {Kind::pointwise, Kind::long_sum}, fmt::format("scale backward {} of {}", rows, all));
        }
}

// Rows of other adapters run in the same pass: which rows stand beside shows in no bit.
TEST(LowRank, ARowAloneHasTheBitsOfTheRowInCompany) {
  const auto kernels = cpu::make_kernels(2);
  for (const DType type : kElements) {
    const Block x = normal({37, 384}, type, 1), a = normal({16, 384}, DType::f32, 2, 0.1),
                b = normal({96, 16}, DType::f32, 3), u(Shape{37, 16}, DType::f32), y = normal({37, 96}, type, 4);
    const LowRankParts parts{.count = 1, .begin = {0}, .end = {96}};
    const Block before = converted(y.tensor, type);
    kernels->low_rank_down({.x = x.tensor, .a = a.tensor, .u = u.tensor});
    kernels->low_rank_up({.u = u.tensor, .b = b.tensor, .parts = parts, .y = y.tensor});
    for (int64_t row = 0; row < 37; ++row) {
      const Block u1(Shape{1, 16}, DType::f32);
      const Tensor y1 = before.tensor.slice_rows(row, row + 1);
      kernels->low_rank_down({.x = x.tensor.slice_rows(row, row + 1), .a = a.tensor, .u = u1.tensor});
      kernels->low_rank_up({.u = u1.tensor, .b = b.tensor, .parts = parts, .y = y1});
      ASSERT_TRUE(same_bits(u1.tensor, u.tensor.slice_rows(row, row + 1))) << row;
      ASSERT_TRUE(same_bits(y1, y.tensor.slice_rows(row, row + 1))) << row;
    }
  }
}

// Virtual tokens: copies are exact, sums over sequences in order.
TEST(Prefix, InsertAndPut) {
  const std::vector<int32_t> index{-1, -2, 0, 1, -1, -2, 2, -1};
  for (const DType type : kElements) {
    compare_devices(
        [&](const Device& device) {
          const Block x = device.input({4, 9}, type, 1), table = device.input({2, 14}, DType::f32, 2);
          Outputs out;
          out.push_back(device.output({8, 9}, type));
          device->insert_prefix(
              {.x = x.tensor, .table = table.tensor, .column = 5, .index = index.data(), .y = out[0].tensor});
          return out;
        },
        {Kind::pointwise}, "insert");
    compare_devices(
        [&](const Device& device) {
          const Block dy = device.input({8, 9}, type, 1);
          Outputs out;
          out.push_back(device.output({4, 9}, type));
          out.push_back(device.input({2, 14}, DType::f32, 3));
          device->insert_prefix_backward(
              {.dy = dy.tensor, .column = 5, .index = index.data(), .dx = out[0].tensor, .d_table = out[1].tensor});
          return out;
        },
        {Kind::pointwise, Kind::long_sum}, "insert backward");
  }
  const std::vector<int32_t> rows{0, 1, 4, 5}, of{0, 1, 0, 1}, at{1, 0, 2, 2};
  const auto put = [&](const Block& table, const Block& more, const Block& y) {
    return PutRows{.table = table.tensor,
                   .row = rows.data(),
                   .of = of.data(),
                   .count = 4,
                   .more0 = more.tensor,
                   .at0 = at.data(),
                   .y = y.tensor};
  };
  compare_devices(
      [&](const Device& device) {
        const Block table = device.input({2, 7}, DType::f32, 1), more = device.input({3, 7}, DType::f32, 2);
        Outputs out;
        out.push_back(device.input({6, 7}, DType::f32, 3));
        device->put_rows(put(table, more, out[0]));
        return out;
      },
      {Kind::pointwise}, "put");
  compare_devices(
      [&](const Device& device) {
        const Block more = device.input({3, 7}, DType::f32, 2), dy = device.input({6, 7}, DType::f32, 3);
        Outputs out;
        out.push_back(device.input({2, 7}, DType::f32, 1));
        device->put_rows_backward(put(out[0], more, dy));
        return out;
      },
      {Kind::long_sum}, "put backward");
}

}  // namespace
}  // namespace attune::kernels::test
