#include "attune/tensor/memory.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace attune::tensor {
namespace {

constexpr size_t kSmallestBlock = size_t{1} << 20;

// Anonymous maps: zero-filled, page aligned, given back to the system when released, and large pages where possible
// (a step walks through hundreds of megabytes), unless one write in it would take 2 MiB.
class HostMemory final : public Memory {
 public:
  void* allocate(size_t bytes, Writes writes) override {
    void* block =
        ::mmap(nullptr, std::max<size_t>(bytes, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
      fail(ErrorKind::memory,
           "the system has no {:.1f} MiB of memory to give; use a smaller --micro-batch or --max-length",
           static_cast<double>(bytes) / 1048576.0);
    ::madvise(block, bytes, writes == Writes::everywhere ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    return block;
  }
  void release(void* block, size_t bytes) override { ::munmap(block, std::max<size_t>(bytes, 1)); }
  bool is_host() const override { return true; }
  void copy_in(void* to, const void* from, size_t bytes) override { std::memcpy(to, from, bytes); }
  void copy_out(void* to, const void* from, size_t bytes) override { std::memcpy(to, from, bytes); }
};

}  // namespace

Memory& host_memory() {
  static HostMemory memory;
  return memory;
}

Buffer::Buffer(size_t bytes, Memory& memory, Writes writes)
    : data_(memory.allocate(bytes, writes)), bytes_(bytes), memory_(&memory) {}

Buffer::~Buffer() {
  if (data_) memory_->release(data_, bytes_);
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)), memory_(other.memory_) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(memory_, other.memory_);
  return *this;
}

Tensor Buffer::view(Shape shape, DType dtype) const {
  Tensor whole{.data = data_, .shape = shape, .dtype = dtype};
  ATTUNE_CHECK(whole.bytes() <= bytes_, "a view of {} bytes over a buffer of {}", whole.bytes(), bytes_);
  return whole;
}

void* Arena::allocate(size_t bytes) {
  bytes = aligned(std::max<size_t>(bytes, 1));
  if (limit_ != 0 && used_ + bytes > limit_)
    fail(ErrorKind::memory,
         "this step needs more than the memory limit: {:.1f} MiB in use, {:.1f} MiB more asked for, limit {:.1f} MiB; "
         "use a "
         "smaller --micro-batch or --max-length, or raise --memory-limit",
         static_cast<double>(used_) / 1048576.0, static_cast<double>(bytes) / 1048576.0,
         static_cast<double>(limit_) / 1048576.0);
  while (block_ < blocks_.size() && block_used_ + bytes > blocks_[block_].bytes()) ++block_, block_used_ = 0;
  if (block_ == blocks_.size()) {
    blocks_.emplace_back(std::max({bytes, kSmallestBlock, used_ / 2}), *memory_);
    ++system_allocations_;
  }
  void* at = static_cast<char*>(blocks_[block_].data()) + block_used_;
  block_used_ += bytes;
  used_ += bytes;
  peak_ = std::max(peak_, used_);
  return at;
}

Tensor Arena::tensor(Shape shape, DType dtype) {
  Tensor made{.data = nullptr, .shape = shape, .dtype = dtype};
  made.data = allocate(made.bytes());
  return made;
}

void Arena::reset() {
  if (blocks_.size() > 1) {
    blocks_.clear();
    blocks_.emplace_back(peak_ + peak_ / 8, *memory_);
    ++system_allocations_;
  }
  block_ = block_used_ = used_ = 0;
}

}  // namespace attune::tensor
