#include "attune/kernels/profiled.h"

#include <regex>
#include <set>

#include "attune/base/files.h"
#include "attune/base/rng.h"

#include "devices.h"
#include "tests/base/expect_error.h"

namespace attune::kernels::test {
namespace {

// A device whose kernels only say that they were called, and with what.
class Witness final : public Kernels {
 public:
  const char* device() const override { return "witness"; }
  int threads() const override { return 7; }
  tensor::Memory& memory() override { return own; }

#define ATTUNE_WITNESS(name, Arguments, work) \
  void name(const Arguments& p) override {    \
    called.push_back({#name, &p});            \
  }
  ATTUNE_PROFILED_KERNELS(ATTUNE_WITNESS)
#undef ATTUNE_WITNESS

  struct Seen {
    std::string kernel;
    const void* arguments;
    bool operator==(const Seen&) const = default;
  };
  std::vector<Seen> called;
  struct Elsewhere final : tensor::Memory {
    void* allocate(size_t, tensor::Writes) override { return nullptr; }
    void release(void*, size_t) override {}
    bool is_host() const override { return false; }
    void copy_in(void*, const void*, size_t) override {}
    void copy_out(void*, const void*, size_t) override {}
  } own;
};

TEST(Profiled, EveryKernelGoesOnAndIsKept) {
  Witness witness;
  ProfiledKernels profiled(witness);
  EXPECT_STREQ(profiled.device(), "witness");
  EXPECT_EQ(profiled.threads(), 7);
  EXPECT_EQ(&profiled.memory(), &witness.own);
  std::vector<Witness::Seen> want;
  profiled.begin();
#define ATTUNE_CALL(name, Arguments, work) \
  {                                        \
    const Arguments p{};                   \
    profiled.name(p);                      \
    want.push_back({#name, &p});           \
  }
  ATTUNE_PROFILED_KERNELS(ATTUNE_CALL)
#undef ATTUNE_CALL
  EXPECT_EQ(witness.called, want);
  const auto& kept = profiled.end();
  ASSERT_EQ(kept.size(), want.size());
  for (size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(kept[i].kernel, want[i].kernel);
    EXPECT_LE(kept[i].begin, kept[i].end);
    EXPECT_LE(i > 0 ? kept[i - 1].end : kept[i].begin, kept[i].begin);
  }
}

// A kernel that the list lacks would throw 'lacks' in a profiled run only, or run unseen: so the list is held against
// the header that declares them.
TEST(Profiled, NoKernelIsForgotten) {
  const std::string header = read_file(fs::path(ATTUNE_TEST_DATA).parent_path() / "attune" / "kernels" / "kernels.h");
  const std::regex declaration(R"(virtual\s+[^~(;{]*?(\w+)\s*\()");
  std::set<std::string> declared;
  for (std::sregex_iterator at(header.begin(), header.end(), declaration), end; at != end; ++at)
    declared.insert((*at)[1]);
  std::set<std::string> forwarded{"device", "threads", "memory"};
#define ATTUNE_NAME(name, Arguments, work) forwarded.insert(#name);
  ATTUNE_PROFILED_KERNELS(ATTUNE_NAME)
#undef ATTUNE_NAME
  EXPECT_GE(declared.size(), 29u) << "kernels.h is not understood any more";
  EXPECT_EQ(forwarded, declared) << "ATTUNE_PROFILED_KERNELS in attune/kernels/profiled.h needs a line a kernel";
}

TEST(Profiled, NothingIsKeptUnlessAsked) {
  Witness witness;
  ProfiledKernels profiled(witness);
  profiled.fill({});
  profiled.begin();
  profiled.fill({});
  profiled.sum_squares({});
  EXPECT_EQ(profiled.end().size(), 2u);
  profiled.fill({});
  EXPECT_EQ(profiled.end().size(), 2u);
  profiled.begin();
  EXPECT_EQ(profiled.end().size(), 0u);
  EXPECT_EQ(witness.called.size(), 4u);
}

TEST(Profiled, ErrorsGoThroughAndAreNotKept) {
  struct Poor final : Kernels {
    const char* device() const override { return "poor"; }
    int threads() const override { return 1; }
  } poor;
  ProfiledKernels profiled(poor);
  profiled.begin();
  EXPECT_ERROR(ErrorKind::internal, profiled.fill({}), "'poor' has no kernel 'fill'");
  EXPECT_TRUE(profiled.end().empty());
}

TEST(Profiled, ResultsAreTheSame) {
  const auto kernels = cpu::make_kernels(2);
  ProfiledKernels profiled(*kernels);
  const Block a = normal(Shape{37, 65}, DType::f32, 1), b = normal(Shape{19, 65}, DType::f32, 2);
  const Block plain(Shape{37, 19}, DType::f32), timed(Shape{37, 19}, DType::f32);
  kernels->matmul({.a = a.tensor, .b = b.tensor, .c = plain.tensor, .transpose_b = true});
  profiled.begin();
  profiled.matmul({.a = a.tensor, .b = b.tensor, .c = timed.tensor, .transpose_b = true});
  EXPECT_TRUE(same_bits(plain.tensor, timed.tensor));
  ASSERT_EQ(profiled.end().size(), 1u);
}

// The three products of a linear layer y = x W^T with 5 rows, 3 inputs and 2 outputs.
TEST(Profiled, ProductsByRole) {
  Witness witness;
  ProfiledKernels profiled(witness);
  const Block x(Shape{5, 3}, DType::f32), w(Shape{2, 3}, DType::f32), y(Shape{5, 2}, DType::f32);
  profiled.begin();
  profiled.matmul({.a = x.tensor, .b = w.tensor, .c = y.tensor, .transpose_b = true});
  profiled.matmul({.a = y.tensor, .b = w.tensor, .c = x.tensor});
  profiled.matmul({.a = y.tensor, .b = x.tensor, .c = w.tensor, .transpose_a = true});
  const auto& calls = profiled.end();
  const std::vector<std::pair<std::string, std::array<int64_t, 3>>> want{
      {"forward", {5, 2, 3}}, {"data gradient", {5, 3, 2}}, {"weight gradient", {2, 3, 5}}};
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(calls[i].work.role, want[i].first);
    EXPECT_EQ(calls[i].work.sizes, want[i].second);
    EXPECT_EQ(calls[i].work.flops, 60);
    EXPECT_EQ(calls[i].work.bytes, 0);
  }
}

TEST(Profiled, BytesMoved) {
  Witness witness;
  ProfiledKernels profiled(witness);
  const Block x(Shape{5, 3}, DType::f32), y(Shape{5, 3}, DType::bf16), table(Shape{100, 3}, DType::f32);
  const Block p(Shape{8}, DType::f32), low(Shape{8}, DType::bf16);
  profiled.begin();
  profiled.convert({.x = x.tensor, .y = y.tensor});
  profiled.convert({.x = y.tensor, .y = x.tensor, .accumulate = true});
  LayerNorm norm{};  // no residual, no copy of the sum
  norm.x = norm.y = x.tensor;
  norm.mean = norm.rstd = p.tensor;
  profiled.layer_norm(norm);
  profiled.embedding_sum({.tables = 2, .table = {table.tensor, table.tensor}, .index = {}, .y = x.tensor});
  profiled.embedding_sum_backward(
      {.tables = 2, .table = {table.tensor, Tensor()}, .index = {}, .y = x.tensor, .rows = 4});
  profiled.adam_update({.w = p.tensor, .g = p.tensor, .m = p.tensor, .v = p.tensor, .low = low.tensor});
  AdamUpdate some{.w = table.tensor, .g = x.tensor, .m = table.tensor, .v = table.tensor};  // 5 rows of a table's 100
  profiled.adam_update(some);
  profiled.adam_replay({.w = table.tensor, .m = table.tensor, .v = table.tensor, .count = 4});
  const tensor::PackedWeight both{low.tensor.as<tensor::BFloat16>(), low.tensor.as<tensor::BFloat16>()};
  Tensor packed = p.tensor;
  packed.packed = &both;
  profiled.adam_update({.w = packed, .g = p.tensor, .m = p.tensor, .v = p.tensor});
  profiled.sgd_update({.w = packed, .g = p.tensor, .m = p.tensor});
  profiled.sgd_update({.w = p.tensor, .g = p.tensor, .m = {}, .low = low.tensor});
  const auto& calls = profiled.end();
  const std::vector<double> want{60 + 30, 30 + 2 * 60, 60 + 60 + 32 + 32, 60 + 2 * 60,     60 + 2 * 48, 7 * 32 + 16,
                                 7 * 60,  6 * 48,      7 * 32 + 2 * 16,   5 * 32 + 2 * 16, 3 * 32 + 16};
  for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(calls[i].work.bytes, want[i]) << calls[i].kernel;
  EXPECT_STREQ(calls[0].work.axes, "NC");
  EXPECT_EQ(calls[0].work.sizes, (std::array<int64_t, 3>{5, 3, 0}));
  EXPECT_EQ(calls[5].work.sizes, (std::array<int64_t, 3>{1, 8, 0}));
}

}  // namespace
}  // namespace attune::kernels::test
