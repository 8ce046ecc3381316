// Scratch memory of kernels that add up partial sums: it grows to the largest ever asked for and is then reused, so
// that a steady step allocates nothing.
#pragma once
#include <cstdint>

#include "attune/tensor/memory.h"

namespace attune::kernels::cpu {

class Workspace {
 public:
  // Room for `count` elements, contents undefined; valid until the next call.
  template <class T>
  T* get(int64_t count) {
    const size_t bytes = static_cast<size_t>(count) * sizeof(T);
    if (bytes > buffer_.bytes()) buffer_ = tensor::Buffer(bytes + bytes / 4);
    return static_cast<T*>(buffer_.data());
  }

 private:
  tensor::Buffer buffer_;
};

}  // namespace attune::kernels::cpu
