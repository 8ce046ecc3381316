#include "attune/kernels/profiled.h"

#include <initializer_list>

namespace attune::kernels {
namespace {

KernelWork product(const Matmul& p) {
  const int64_t m = p.c.rows(), n = p.c.cols(), k = p.transpose_a ? p.a.rows() : p.a.cols();
  return {.role = p.transpose_a   ? "weight gradient"
                  : p.transpose_b ? "forward"
                                  : "data gradient",
          .flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k),
          .axes = "mnk",
          .sizes = {m, n, k}};
}

KernelWork product(const QuantizedMatmul& p) {
  return {.role = "forward",
          .flops = 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k),
          .axes = "mnk",
          .sizes = {p.m, p.n, p.k}};
}

// The first operand is defined and says the shape.
KernelWork moved_beside(std::initializer_list<Tensor> operands, double more) {
  KernelWork work{.bytes = more, .axes = "NC"};
  for (const Tensor& operand : operands)
    if (operand.defined()) work.bytes += static_cast<double>(operand.bytes());
  work.sizes = {operands.begin()->rows(), operands.begin()->cols()};
  return work;
}

KernelWork moved(std::initializer_list<Tensor> operands) {
  return moved_beside(operands, 0);
}

// Bytes of a weight's bf16 copies, which an update writes: its twin, or its packed forms.
double bf16_copies(const Tensor& w, const Tensor& low) {
  const int copies = low.defined() + (w.packed ? (w.packed->forward != nullptr) + (w.packed->backward != nullptr) : 0);
  return static_cast<double>(copies) * static_cast<double>(size_of(tensor::DType::bf16));  // an element
}

// `times` the bytes of so many rows as wide as `like`, and as many of the weight's bf16 copies: updates may reach some
// rows of a table only.
KernelWork adam_rows(const Tensor& like, int times, int64_t rows, double copies) {
  const auto count = static_cast<double>(rows * like.cols());
  return {.bytes = count * (static_cast<double>(times) * static_cast<double>(size_of(like.dtype)) + copies),
          .axes = "NC",
          .sizes = {rows, like.cols()}};
}

// Bytes of `rows` rows of every table.
double table_rows(const EmbeddingSum& p, int64_t rows) {
  double bytes = 0;
  for (int t = 0; t < p.tables; ++t) {
    const Tensor& table = p.table[static_cast<size_t>(t)];
    if (table.defined()) bytes += static_cast<double>(static_cast<size_t>(rows * table.cols()) * size_of(table.dtype));
  }
  return bytes;
}

}  // namespace

#define ATTUNE_DEFINE_KERNEL(name, Arguments, work) \
  void ProfiledKernels::name(const Arguments& p) {  \
    if (!recording_) return kernels_.name(p);       \
    const auto begin = KernelCall::Clock::now();    \
    kernels_.name(p);                               \
    const auto end = KernelCall::Clock::now();      \
    calls_.push_back({#name, work, begin, end});    \
  }
ATTUNE_PROFILED_KERNELS(ATTUNE_DEFINE_KERNEL)
#undef ATTUNE_DEFINE_KERNEL

}  // namespace attune::kernels
