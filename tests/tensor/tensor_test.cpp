#include "attune/tensor/tensor.h"

#include <array>
#include <gtest/gtest.h>

namespace attune::tensor {
namespace {

TEST(Shape, RowsAndColumns) {
  EXPECT_EQ((Shape{2, 3, 4}.rows()), 6);
  EXPECT_EQ((Shape{2, 3, 4}.cols()), 4);
  EXPECT_EQ((Shape{5}.rows()), 1);
  EXPECT_EQ((Shape{5}.cols()), 5);
  EXPECT_EQ((Shape{0, 5}.rows()), 0);
  EXPECT_EQ((Shape{0}.count()), 0);
  EXPECT_EQ(Shape{}.count(), 1);
  EXPECT_EQ((Shape{400, 384}.text()), "[400, 384]");
  EXPECT_NE((Shape{2, 3}), (Shape{3, 2}));
  EXPECT_THROW((Shape{1, 2, 3, 4, 5}), Error);
}

class TensorTest : public ::testing::Test {
 protected:
  std::array<float, 12> values_{};
  std::array<BFloat16, 12> twins_{};
  Tensor matrix_{.data = values_.data(), .shape = Shape{4, 3}, .dtype = DType::f32, .var = 7, .twin = twins_.data()};
};

TEST_F(TensorTest, AnotherTypeIsRefusedByName) {
  EXPECT_EQ(matrix_.as<float>(), values_.data());
  try {
    matrix_.as<BFloat16>();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("f32"), std::string::npos) << error.message();
  }
}

TEST_F(TensorTest, SlicesOfRowsMoveTheTwinToo) {
  const Tensor part = matrix_.slice_rows(1, 3);
  EXPECT_EQ(part.as<float>(), values_.data() + 3);
  EXPECT_EQ(part.twin, twins_.data() + 3);
  EXPECT_EQ(part.shape, (Shape{2, 3}));
  EXPECT_EQ(part.var, -1) << "a slice is no variable of the tape";
  EXPECT_EQ(matrix_.slice_rows(4, 4).count(), 0);
  EXPECT_THROW(matrix_.slice_rows(2, 5), Error);
  EXPECT_THROW(matrix_.slice_rows(3, 2), Error);
}

TEST_F(TensorTest, Reshaped) {
  EXPECT_EQ(matrix_.reshaped(Shape{2, 6}).cols(), 6);
  EXPECT_THROW(matrix_.reshaped(Shape{5, 2}), Error);
  EXPECT_EQ(matrix_.bytes(), 48u);
  EXPECT_FALSE(Tensor{}.defined());
}

}  // namespace
}  // namespace attune::tensor
