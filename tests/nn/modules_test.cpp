// Linear and Norm as modules: the parameters they ask for, and that the right ones do the work.
#include <gtest/gtest.h>

#include "attune/nn/linear.h"
#include "attune/nn/norm.h"

namespace attune::nn {
namespace {

class Modules : public ::testing::Test {
 protected:
  Context context() { return {.kernels = *kernels_, .arena = arena_, .compute = DType::f64}; }
  void fill(const char* name, std::initializer_list<double> values) {
    Parameter* p = parameters_.find(name);
    ASSERT_NE(p, nullptr) << name;
    ASSERT_EQ(p->shape.count(), static_cast<int64_t>(values.size())) << name;
    std::copy(values.begin(), values.end(), p->value.as<double>());
  }
  Tensor row(std::initializer_list<double> values) {
    const Tensor t = arena_.tensor({1, static_cast<int64_t>(values.size())}, DType::f64);
    std::copy(values.begin(), values.end(), t.as<double>());
    return t;
  }

  std::unique_ptr<kernels::Kernels> kernels_ = kernels::reference::make_kernels();
  tensor::Arena arena_;
  Parameters parameters_;
};

TEST_F(Modules, Linear) {
  const Linear linear(parameters_, "dense", {.in = 2, .out = 3, .depth = 4, .pieces = {{"q", 0, 1}, {"kv", 1, 3}}});
  parameters_.allocate(DType::f64);
  const Parameter *weight = parameters_.find("dense.weight"), *bias = parameters_.find("dense.bias");
  ASSERT_TRUE(weight && bias);
  EXPECT_TRUE(weight->options.decays && weight->options.product_weight);
  EXPECT_FALSE(bias->options.decays || bias->options.product_weight);
  EXPECT_EQ(weight->options.depth, 4);
  EXPECT_EQ(bias->options.depth, 4);
  EXPECT_EQ(weight->options.pieces[0].name, "q.weight");
  EXPECT_EQ(bias->options.pieces[1].name, "kv.bias");
  fill("dense.weight", {1, 2, 3, 4, 5, 6});
  fill("dense.bias", {0.5, 0.25, 0.125});
  Context run = context();
  const Tensor y = linear.forward(run, row({10, 100}));
  EXPECT_EQ(std::vector<double>(y.as<double>(), y.as<double>() + 3), (std::vector<double>{210.5, 430.25, 650.125}));
}

TEST_F(Modules, Norm) {
  const Norm norm(parameters_, "norm", 2, 3);
  parameters_.allocate(DType::f64);
  for (const char* name : {"norm.weight", "norm.bias"}) {
    ASSERT_NE(parameters_.find(name), nullptr);
    EXPECT_FALSE(parameters_.find(name)->options.decays) << name;
    EXPECT_EQ(parameters_.find(name)->options.depth, 3) << name;
  }
  fill("norm.weight", {10, 20});
  fill("norm.bias", {1, 2});
  Context run = context();
  const Tensor y = norm.forward(run, row({1, 5}), {}, {.eps = 0});
  EXPECT_NEAR(y.as<double>()[0], -9, 1e-12);
  EXPECT_NEAR(y.as<double>()[1], 22, 1e-12);
}

}  // namespace
}  // namespace attune::nn
