// Contract: oneDNN's matrix products, made once a shape and kept. The only place that knows oneDNN's API; builds
// with 2.6 and 3.x.
//
//   C[m, n] (+)= A'[m, k] B'[k, n] + bias[n]
//
// A and B of one dtype, f32 or bf16; C f32 or bf16; bias f32; sums in f32. Rows are lda, ldb, n elements apart. m, k, n
// > 0.
#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

#include "attune/kernels/cpu/workspace.h"
#include "attune/tensor/dtype.h"

namespace attune::kernels::cpu {

struct Product {
  int64_t m = 0, k = 0, n = 0;
  int64_t lda = 0, ldb = 0;
  int threads = 1;  // what the OpenMP team will be: blocking may follow it
  tensor::DType operands = tensor::DType::f32;
  tensor::DType result = tensor::DType::f32;
  bool transpose_a = false, transpose_b = false;
  bool accumulate = false, bias = false;
  bool packed = false;  // B lies as packed_weight.h says: not for oneDNN

  bool operator==(const Product&) const = default;
};

struct ProductHash {
  size_t operator()(const Product& p) const;
};

struct ProductData {
  const void* a = nullptr;
  const void* b = nullptr;
  const void* bias = nullptr;
  void* c = nullptr;
  double* squares = nullptr;  // where the sum of C's squares goes (matmul_dot.h's weight gradients alone)
  const tensor::ByteWeight* bytes = nullptr;  // in place of b
};

class Products {
 public:
  explicit Products(size_t limit);
  ~Products();

  // Whether oneDNN has a fast kernel for this product; makes it if so. A false answer is remembered too.
  bool supports(const Product& product);
  // Runs it on the current OpenMP setting. Error (internal) where supports() is false.
  void run(const Product& product, const ProductData& data);

  size_t size() const { return order_.size(); }

 private:
  struct Entry;
  Entry& find_or_make(const Product& product);

  size_t limit_;
  std::list<std::unique_ptr<Entry>> order_;  // the most recently used first
  std::unordered_map<Product, std::list<std::unique_ptr<Entry>>::iterator, ProductHash> places_;
  Workspace scratch_;
};

// What oneDNN sees of the processor (and of ONEDNN_MAX_CPU_ISA): AVX-512 at all, instructions made for bf16 products
// (AVX-512 BF16 or AMX), AVX-512 VNNI, and AMX.
bool onednn_has_avx512();
bool onednn_has_amx();
bool onednn_has_fast_bf16();
bool onednn_has_vnni();

// Holds oneDNN to lesser instructions. False once this process has used oneDNN, which then does not listen.
enum class OneDnnLimit { avx512_with_bf16, avx512_without_bf16, avx2, sse41 };
bool limit_onednn(OneDnnLimit limit);

}  // namespace attune::kernels::cpu
