// Runs one piece of work on the reference device in f64 and on the CPU with 1 to 4 threads, from the same inputs, and
// compares.
#pragma once
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "attune/kernels/kernels.h"
#include "attune/tensor/memory.h"

#include "tolerance.h"

namespace attune::kernels::test {

using tensor::BFloat16;
using tensor::DType;
using tensor::Shape;

// A tensor and its memory.
struct Block {
  tensor::Buffer buffer;
  Tensor tensor;

  Block(Shape shape, DType dtype);
  double at(int64_t i) const;
  void put(int64_t i, double value) const;
};

// Normally distributed values; the same for every element type but for rounding.
Block normal(Shape shape, DType dtype, uint64_t key, double scale = 1);
Block converted(const Tensor& from, DType dtype);

// Makes a kernel's inputs and outputs as the device under test needs them: in the CPU's element types, or in f64.
class Device {
 public:
  Device(Kernels& kernels, bool reference) : kernels_(kernels), reference_(reference) {}

  Kernels& operator*() const { return kernels_; }
  Kernels* operator->() const { return &kernels_; }

  // Values rounded to `dtype` on either device; normally distributed, or as given.
  Block input(Shape shape, DType dtype, uint64_t key, double scale = 1) const;
  Block values(Shape shape, DType dtype, const std::vector<double>& values) const;
  bool is_reference() const { return reference_; }
  // Filled with NaN: what a kernel forgets to write shows.
  Block output(Shape shape, DType dtype) const;
  // A bf16 copy that a kernel writes beside `whole`. On the reference device, `whole` itself takes its place in the
  // comparison (seal_twin, after the kernel ran): two roundings of nearly equal numbers may differ by a whole step.
  Block twin(Shape shape) const;
  void seal_twin(Block& twin, const Block& whole) const;

 private:
  Kernels& kernels_;
  bool reference_;
};

using Outputs = std::vector<Block>;
using Work = std::function<Outputs(const Device&)>;

// The CPU's outputs must be near the reference's, `kinds[i]` saying how near for output i, and have the same bits for
// 1, 2, 3 and 4 threads.
void compare_devices(const Work& work, const std::vector<Kind>& kinds, const std::string& label);

bool same_bits(const Tensor& a, const Tensor& b);
void expect_near(const Block& got, const Block& want, Tolerance tolerance, const std::string& label);

// Row counts and widths that kernels are tested at.
inline const std::vector<int64_t> kRows = {0, 1, 5, 16, 400};
inline const std::vector<int64_t> kColumns = {1, 7, 33, 384, 768};
inline const std::vector<DType> kElements = {DType::f32, DType::bf16};

// Row keys for dropout.
std::vector<uint64_t> row_keys(int64_t rows);

}  // namespace attune::kernels::test
