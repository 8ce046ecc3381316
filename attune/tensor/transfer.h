// Between the host and a device's memory, by type. Where the memory is the host's own nothing is copied: values are
// read and written in place.
#pragma once
#include <span>
#include <vector>

#include "attune/tensor/memory.h"

namespace attune::tensor {

// Reads a tensor's elements on the host for as long as this lives.
template <class T>
class OnHost {
 public:
  OnHost(Memory& memory, const Tensor& tensor) : OnHost(memory, tensor, tensor.count()) {}
  // The first `count` elements.
  OnHost(Memory& memory, const Tensor& tensor, int64_t count) : values_(tensor.as<T>(), static_cast<size_t>(count)) {
    if (memory.is_host()) return;
    copy_.resize(static_cast<size_t>(count));
    memory.copy_out(copy_.data(), tensor.data, copy_.size() * sizeof(T));
    values_ = copy_;
  }
  OnHost(const OnHost&) = delete;
  OnHost& operator=(const OnHost&) = delete;

  std::span<const T> values() const { return values_; }

 private:
  std::vector<T> copy_;
  std::span<const T> values_;
};

// The first `count` elements of a tensor of f32 or f64, in f64.
inline std::vector<double> doubles_on_host(Memory& memory, const Tensor& tensor, int64_t count) {
  if (tensor.dtype == DType::f64) {
    const OnHost<double> wide(memory, tensor, count);
    return {wide.values().begin(), wide.values().end()};
  }
  const OnHost<float> values(memory, tensor, count);
  return {values.values().begin(), values.values().end()};
}

// Makes all of a tensor's elements on the host: body(std::span<T>) gets room for them, contents undefined.
template <class T, class Body>
void write_from_host(Memory& memory, const Tensor& tensor, const Body& body) {
  const auto count = static_cast<size_t>(tensor.count());
  if (memory.is_host()) return body(std::span<T>(tensor.as<T>(), count));
  std::vector<T> made(count);
  body(std::span<T>(made));
  memory.copy_in(tensor.data, made.data(), count * sizeof(T));
}

// The same of a tensor of f32 or f64: T is its own.
template <class Body>
void write_either_from_host(Memory& memory, const Tensor& tensor, const Body& body) {
  if (tensor.dtype == DType::f64) return write_from_host<double>(memory, tensor, body);
  write_from_host<float>(memory, tensor, body);
}

// The values as a device reads them: themselves on the host (they must live as long as they are read), else a copy in
// the arena.
template <class T>
const T* to_device(Arena& arena, std::span<const T> values) {
  if (arena.memory().is_host() || values.empty()) return values.data();
  void* copy = arena.allocate(values.size_bytes());
  arena.memory().copy_in(copy, values.data(), values.size_bytes());
  return static_cast<const T*>(copy);
}

}  // namespace attune::tensor
