// Who owns memory. A Buffer owns one block for as long as it lives. An Arena hands out blocks that all die together at
// reset(): one arena holds one step. After the first steps an arena owns one block as large as the largest step needed
// and asks the system for nothing more.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "attune/tensor/tensor.h"

namespace attune::tensor {

// Where tensors begin: on cache lines. `bytes` rounded up to the next such place.
inline constexpr size_t kAlignment = 64;
constexpr size_t aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// How a block will be written: all over, or in a few places of it, the others staying zero. Those then cost nothing
// where a device gives memory page by page as it is written.
enum class Writes { everywhere, few_places };

// The memory of a device. The host's own is one; a device with memory of its own brings another, which the host must
// not touch: it goes in and out by the two copies below (transfer.h has them by type). Copies and kernels of one device
// happen in the order in which they were asked for.
class Memory {
 public:
  virtual ~Memory() = default;
  // 64-byte aligned, zero-filled; error (memory) where there is none.
  virtual void* allocate(size_t bytes, Writes writes) = 0;
  virtual void release(void* block, size_t bytes) = 0;
  // Whether the host may read and write it as its own memory: then nothing needs to be copied.
  virtual bool is_host() const = 0;
  // From the host; `from` may change as soon as this returns.
  virtual void copy_in(void* to, const void* from, size_t bytes) = 0;
  // To the host: returns when the bytes are there, so after every kernel that was asked for before.
  virtual void copy_out(void* to, const void* from, size_t bytes) = 0;
};
Memory& host_memory();

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t bytes, Memory& memory = host_memory(), Writes writes = Writes::everywhere);
  ~Buffer();
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  Memory& memory() const { return memory_ ? *memory_ : host_memory(); }
  // A view of the whole buffer.
  Tensor view(Shape shape, DType dtype) const;

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
  Memory* memory_ = nullptr;
};

class Arena {
 public:
  explicit Arena(Memory& memory = host_memory()) : memory_(&memory) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // 64-byte aligned; contents undefined. Never fails for want of the limit below: it throws (memory) then.
  void* allocate(size_t bytes);
  Tensor tensor(Shape shape, DType dtype);
  Memory& memory() const { return *memory_; }

  // Everything handed out becomes invalid. Where several blocks were needed they are replaced by one.
  void reset();

  // Everything handed out after mark() becomes invalid at rewind(): what a layer needed, once its result stands
  // elsewhere.
  struct Mark {
    size_t block, block_used, used;
  };
  Mark mark() const { return {block_, block_used_, used_}; }
  void rewind(const Mark& mark) { block_ = mark.block, block_used_ = mark.block_used, used_ = mark.used; }

  // Bytes in use now, the most ever in use, and how often the system was asked for a block.
  size_t used() const { return used_; }
  size_t peak() const { return peak_; }
  int system_allocations() const { return system_allocations_; }
  // 0: no limit. Beyond it allocate() throws an error of kind memory that names both figures.
  void set_limit(size_t bytes) { limit_ = bytes; }

 private:
  Memory* memory_;
  std::vector<Buffer> blocks_;
  size_t block_ = 0;       // the one in use
  size_t block_used_ = 0;  // of it
  size_t used_ = 0, peak_ = 0, limit_ = 0;
  int system_allocations_ = 0;
};

}  // namespace attune::tensor
