#include "attune/nn/parameter.h"

#include <gtest/gtest.h>

#include "tests/base/expect_error.h"

namespace attune::nn {
namespace {

// An embedding (depth 0), a product's weight and bias (depth 1), a norm (depth 2).
struct Some {
  explicit Some(DType compute = DType::f32) {
    table = parameters.add("embeddings.table", {5, 4}, {});
    weight = parameters.add("layer.weight", {3, 4}, {.product_weight = true, .depth = 1});
    bias = parameters.add("layer.bias", {3}, {.init = Init::zeros, .decays = false, .depth = 1});
    gain = parameters.add("norm.weight", {4}, {.init = Init::ones, .decays = false, .depth = 2});
    parameters.allocate(compute);
  }
  Parameters parameters;
  Parameter *table, *weight, *bias, *gain;
};

TEST(Parameters, AreFoundByNameAndCounted) {
  Some some;
  EXPECT_EQ(some.parameters.find("layer.bias"), some.bias);
  EXPECT_EQ(some.parameters.find("layer"), nullptr);
  EXPECT_EQ(some.parameters.find(""), nullptr);
  EXPECT_EQ(some.parameters.count(), 20 + 12 + 3 + 4);
  EXPECT_EQ(some.parameters.trainable_count(), 39);
  some.table->trainable = some.gain->trainable = false;
  EXPECT_EQ(some.parameters.count(), 39);
  EXPECT_EQ(some.parameters.trainable_count(), 15);
  EXPECT_ERROR(ErrorKind::internal, some.parameters.add("norm.weight", {4}, {}), "two parameters named norm.weight");
}

// Files may keep a parameter's rows under several names; by default it is one piece of its own name, a vector's
// elements counting as rows.
TEST(Parameters, Pieces) {
  Some some;
  ASSERT_EQ(some.weight->options.pieces.size(), 1U);
  EXPECT_EQ(some.weight->options.pieces[0].name, "layer.weight");
  EXPECT_EQ(some.weight->options.pieces[0].end, 3);
  EXPECT_EQ(some.bias->options.pieces[0].end, 3);
  EXPECT_EQ(some.gain->options.pieces[0].end, 4);
  const auto* split = some.parameters.add("qkv", {6, 2}, {.pieces = {{"query", 0, 2}, {"key", 2, 6}}});
  ASSERT_EQ(split->options.pieces.size(), 2U);
  EXPECT_EQ(split->options.pieces[1].name, "key");
}

// A weight and a table of an int8 model: bytes alone, put in row by row; what does not ask for them is as ever.
TEST(Parameters, HeldAsBytes) {
  Parameters parameters;
  auto* const table = parameters.add("words", {5, 4}, {.int8 = true});
  auto* const weight = parameters.add("layer.weight", {3, 4}, {.product_weight = true, .int8 = true});
  auto* const head = parameters.add("head.weight", {2, 4}, {.product_weight = true});
  parameters.allocate(Precision(DType::f32, /*bytes=*/true));
  EXPECT_TRUE(parameters.holds_bytes(*table) && parameters.holds_bytes(*weight) && !parameters.holds_bytes(*head));
  EXPECT_EQ(table->value.dtype, DType::i8);
  EXPECT_TRUE(weight->value.quantized != nullptr && !weight->value.defined());
  EXPECT_EQ(head->value.dtype, DType::f32);
  std::vector<float> rows{1, -2, 0.5, 0, 254, 0, -127, 2};
  const Tensor two{.data = rows.data(), .shape = {2, 4}};
  parameters.put_rows(*weight, 1, two);
  parameters.put_rows(*table, 3, two);
  EXPECT_EQ(weight->quantized.scale[0], 0.0f);  // not yet put in
  EXPECT_EQ(weight->quantized.scale[2], 2.0f);
  EXPECT_EQ(weight->quantized.sums[2], 127 - 64 + 1);  // -63.5 is rounded to even
  EXPECT_EQ(weight->quantized.values[2 * 4], 127);
  EXPECT_EQ(tensor::quantized_table_scales(table->value)[3], 2.0f / 127);
  EXPECT_EQ(table->value.as<int8_t>()[3 * 4 + 1], -127);
  EXPECT_ERROR(ErrorKind::internal, parameters.put_rows(*head, 0, two), "head.weight holds f32 values");
  EXPECT_ERROR(ErrorKind::internal, parameters.initialise(*weight, 1, 1), "held as bytes");
  EXPECT_ERROR(ErrorKind::internal, parameters.prepare_gradients(), "cannot be trained");
}

// Of a frozen base what may be bytes is, whatever `compute`; what trains, and an adapter's own, is as ever.
TEST(Parameters, AFrozenBaseAsBytes) {
  for (const DType compute : {DType::f32, DType::bf16}) {
    Parameters parameters;
    auto* const table = parameters.add("words", {5, 64}, {.read_by_rows = true, .int8 = true});
    auto* const weight = parameters.add("layer.weight", {64, 64}, {.product_weight = true, .int8 = true});
    auto* const trained = parameters.add("upper.weight", {64, 64}, {.product_weight = true, .int8 = true});
    auto* const own = parameters.add("own.weight", {64, 64}, {.product_weight = true, .int8 = true, .adapter = true});
    auto* const bias = parameters.add("layer.bias", {64}, {});
    for (Parameter* frozen : {table, weight, bias}) frozen->trainable = false;
    Precision precision = compute;
    precision.frozen = Frozen::bytes;
    parameters.allocate(precision);
    EXPECT_TRUE(parameters.holds_bytes(*table) && parameters.holds_bytes(*weight));
    EXPECT_TRUE(parameters.has_values(*trained) && parameters.has_values(*own) && parameters.has_values(*bias));
    EXPECT_EQ(table->value.dtype, DType::i8);
    EXPECT_TRUE(weight->value.byte_weight == &weight->byte_weight && !weight->value.defined());
    EXPECT_EQ(weight->value.quantized, nullptr);
    EXPECT_EQ(bias->value.dtype, DType::f32);
    std::vector<float> rows(64, 0.5f);
    rows[1] = -1;
    parameters.put_rows(*weight, 2, {.data = rows.data(), .shape = {1, 64}});
    EXPECT_EQ(weight->byte_weight.scale[2], 1.0f / 127);
    EXPECT_EQ(weight->byte_weight.values[tensor::ByteWeight::place(2, 1, 64)], -127);
    EXPECT_EQ(weight->byte_weight.values[tensor::ByteWeight::place(2, 0, 64)], 64) << "63.5 is rounded to even";
    EXPECT_ERROR(ErrorKind::internal, parameters.initialise(*weight, 1, 1), "held as bytes");
    parameters.refresh_twins();
    parameters.prepare_gradients();  // (an int8 model could not)
    EXPECT_TRUE(trained->gradient.defined() && !weight->gradient.defined());
  }
}

// Of what stays in its file a reader gets what it asks for, and memory no more than that.
TEST(Parameters, ValuesThatStayInTheirFile) {
  Parameters parameters;
  auto* const table = parameters.add("words", {5, 2}, {.read_by_rows = true});
  auto* const weight = parameters.add("layer.weight", {3, 2}, {.product_weight = true});
  auto* const other = parameters.add("other.weight", {2, 2}, {.product_weight = true});
  auto* const head = parameters.add("head.weight", {2, 2}, {.product_weight = true});
  for (Parameter* frozen : {table, weight, other}) frozen->trainable = false;
  Precision precision = DType::f32;
  precision.frozen = Frozen::in_file;
  parameters.allocate(precision);
  EXPECT_TRUE(parameters.stays_in_file(*weight) && parameters.stays_in_file(*table) && parameters.has_values(*head));
  EXPECT_FALSE(weight->value.defined());
  parameters.read_from_file([&](const Parameter& p, int64_t first, const Tensor& rows) {
    for (int64_t i = 0; i < rows.count(); ++i)
      rows.as<float>()[i] = static_cast<float>((&p == table ? 100 : &p == weight ? 10 : 20) + first * 2 + i);
  });
  EXPECT_EQ(head->in_file, nullptr);
  EXPECT_EQ(weight->in_file->whole(*weight).as<float>()[5], 15);
  EXPECT_EQ(other->in_file->whole(*other).as<float>()[3], 23);
  const std::vector<int32_t> asked{3, 1, 3};
  table->in_file->put_rows(*table, asked);
  EXPECT_EQ(std::vector<float>(table->value.as<float>(), table->value.as<float>() + 10),
            (std::vector<float>{0, 0, 102, 103, 0, 0, 106, 107, 0, 0}));
}

TEST(Parameters, LieOneAfterAnotherAndDoNotOverlap) {
  Some some;
  some.parameters.prepare_gradients();
  const char* end = nullptr;
  for (const auto& p : some.parameters.all()) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(p->value.data) % tensor::kAlignment, 0U) << p->name;
    EXPECT_GE(static_cast<const char*>(p->value.data), end) << p->name;
    end = static_cast<const char*>(p->value.data) + p->value.bytes();
    EXPECT_EQ(p->gradient.shape, p->value.shape);
    EXPECT_NE(p->gradient.data, p->value.data);
  }
}

TEST(Parameters, InitialValuesAreKeyedByNameAndSeed) {
  Some one, two;
  const auto drawn = [](Some& some, Parameter& p, uint64_t seed) {
    some.parameters.initialise(p, seed, 0.5);
    return std::vector<float>(p.value.as<float>(), p.value.as<float>() + p.shape.count());
  };
  const auto first = drawn(one, *one.table, 7);
  EXPECT_EQ(first, drawn(two, *two.table, 7));
  EXPECT_NE(first, drawn(two, *two.table, 8));
  const auto weight = drawn(one, *one.weight, 7);
  EXPECT_NE(std::vector<float>(first.begin(), first.begin() + 12), weight) << "another name, other numbers";
  EXPECT_EQ(drawn(one, *one.bias, 7), std::vector<float>(3, 0));
  EXPECT_EQ(drawn(one, *one.gain, 7), std::vector<float>(4, 1));
  Parameters large;
  Parameter* p = large.add("w", {100, 100}, {});
  large.allocate(DType::f64);
  large.initialise(*p, 1, 0.5);
  double sum = 0, squares = 0;
  for (int i = 0; i < 10000; ++i) sum += p->value.as<double>()[i], squares += std::pow(p->value.as<double>()[i], 2);
  EXPECT_NEAR(sum / 10000, 0, 0.015);
  EXPECT_NEAR(std::sqrt(squares / 10000), 0.5, 0.01);
}

TEST(Parameters, TwinsOfProductWeightsInABf16Run) {
  Some f32, bf16(DType::bf16);
  EXPECT_EQ(f32.weight->value.twin, nullptr);
  EXPECT_EQ(bf16.weight->value.dtype, DType::f32);
  for (auto* p : {bf16.table, bf16.bias, bf16.gain}) EXPECT_EQ(p->value.twin, nullptr) << p->name;
  ASSERT_NE(bf16.weight->value.twin, nullptr);
  bf16.parameters.initialise(*bf16.weight, 1, 1);
  bf16.parameters.refresh_twins();
  for (int i = 0; i < 12; ++i)
    EXPECT_EQ(bf16.weight->value.twin[i].bits, tensor::BFloat16(bf16.weight->value.as<float>()[i]).bits) << i;
}

// Frozen: no gradient, no leaf on the tape; thawed: both again.
TEST(Parameters, Freezing) {
  Some some;
  const auto kernels = kernels::cpu::make_kernels(1);
  tensor::Arena arena;
  autograd::Tape tape(arena, *kernels);
  some.table->trainable = false;
  some.parameters.prepare_gradients();
  some.parameters.attach(tape);
  EXPECT_FALSE(some.table->gradient.defined());
  EXPECT_FALSE(autograd::Tape::wants(some.table->value));
  EXPECT_TRUE(some.weight->gradient.defined());
  EXPECT_TRUE(autograd::Tape::wants(some.weight->value));
  some.table->trainable = true, some.weight->trainable = false;
  some.parameters.prepare_gradients();
  tape.clear();
  some.parameters.attach(tape);
  EXPECT_TRUE(some.table->gradient.defined());
  EXPECT_TRUE(autograd::Tape::wants(some.table->value));
  EXPECT_FALSE(some.weight->gradient.defined());
  EXPECT_FALSE(autograd::Tape::wants(some.weight->value)) << "the old recording's number was left";
}

TEST(Parameters, WhatTheLossDoesNotReachIsNamed) {
  Some some;
  some.parameters.prepare_gradients();
  some.parameters.begin_step();
  for (auto* p : {some.table, some.bias}) p->state.started = true;
  EXPECT_ERROR(ErrorKind::internal, some.parameters.check_gradients_arrived(), "no gradient had reached",
               "layer.weight, norm.weight", "Freeze them");
  some.weight->state.started = true;
  some.gain->trainable = false;
  EXPECT_NO_THROW(some.parameters.check_gradients_arrived()) << "frozen ones may go without";
  some.parameters.begin_step();
  EXPECT_ERROR(ErrorKind::internal, some.parameters.check_gradients_arrived(), "embeddings.table, layer.weight");
}

}  // namespace
}  // namespace attune::nn
