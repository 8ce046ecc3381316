#include "attune/tensor/memory.h"

#include <cstdint>
#include <gtest/gtest.h>

namespace attune::tensor {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

// Counts what is out, so that a leak or a second request shows.
class CountingMemory final : public Memory {
 public:
  void* allocate(size_t bytes, Writes writes) override {
    ++requests;
    out += bytes;
    return host_memory().allocate(bytes, writes);
  }
  void release(void* block, size_t bytes) override {
    out -= bytes;
    host_memory().release(block, bytes);
  }
  bool is_host() const override { return true; }
  void copy_in(void* to, const void* from, size_t bytes) override { host_memory().copy_in(to, from, bytes); }
  void copy_out(void* to, const void* from, size_t bytes) override { host_memory().copy_out(to, from, bytes); }
  int requests = 0;
  size_t out = 0;
};

TEST(Arena, ASteadyStateAsksTheSystemForNothing) {
  CountingMemory memory;
  Arena arena(memory);
  const auto step = [&](int64_t rows) {
    arena.reset();
    for (int i = 0; i < 20; ++i) arena.tensor(Shape{rows, 768}, DType::f32);
  };
  step(400);
  step(400);
  step(400);
  const int requests = memory.requests;
  for (const int64_t rows : {400, 16, 399, 1, 400}) step(rows);
  EXPECT_EQ(memory.requests, requests);
  EXPECT_EQ(arena.system_allocations(), requests);
}

TEST(Arena, ResetMakesOneBlockOfMany) {
  CountingMemory memory;
  Arena arena(memory);
  for (int i = 0; i < 5; ++i) arena.allocate(3 * kMiB);
  EXPECT_GT(memory.requests, 1);
  EXPECT_GE(arena.used(), 15 * kMiB);
  arena.reset();
  EXPECT_EQ(arena.used(), 0u);
  EXPECT_GE(arena.peak(), 15 * kMiB);
  EXPECT_GE(memory.out, 15 * kMiB);
  EXPECT_LE(memory.out, 20 * kMiB) << "the small blocks were given back";
  const int requests = memory.requests;
  auto* first = static_cast<char*>(arena.allocate(3 * kMiB));
  auto* second = static_cast<char*>(arena.allocate(3 * kMiB));
  EXPECT_EQ(second - first, static_cast<ptrdiff_t>(3 * kMiB)) << "one block, handed out in order";
  EXPECT_EQ(memory.requests, requests);
  arena.reset();
  EXPECT_EQ(arena.allocate(1), first) << "and from its beginning again";
}

TEST(Arena, AlignedAndNeverOverlapping) {
  Arena arena;
  const char* end = nullptr;
  for (const size_t bytes : {0, 1, 63, 64, 65, 1000}) {
    const char* block = static_cast<char*>(arena.allocate(bytes));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
    EXPECT_GE(block, end);
    end = block + bytes;
  }
}

TEST(Arena, TheLimitNamesBothFigures) {
  Arena arena;
  arena.set_limit(8 * kMiB);
  arena.allocate(6 * kMiB);
  try {
    arena.allocate(3 * kMiB);
    FAIL() << "9 MiB of 8";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::memory);
    for (const char* part : {"6.0 MiB", "3.0 MiB", "8.0 MiB", "--micro-batch"})
      EXPECT_NE(error.message().find(part), std::string::npos) << error.message();
  }
  EXPECT_EQ(arena.used(), 6 * kMiB) << "what was refused does not count";
  arena.allocate(2 * kMiB);
  arena.reset();
  arena.allocate(8 * kMiB);
}

TEST(Arena, GivesEverythingBack) {
  CountingMemory memory;
  {
    Arena arena(memory);
    for (int i = 0; i < 5; ++i) arena.allocate(3 * kMiB);
    arena.reset();
    arena.allocate(40 * kMiB);
  }
  EXPECT_EQ(memory.out, 0u);
}

TEST(Buffer, OwnsAndMoves) {
  CountingMemory memory;
  {
    Buffer one(100, memory);
    EXPECT_EQ(static_cast<char*>(one.data())[99], 0) << "zero-filled";
    void* data = one.data();
    Buffer two(std::move(one));
    EXPECT_EQ(two.data(), data);
    EXPECT_EQ(one.data(), nullptr);  // NOLINT(bugprone-use-after-move): what is left is an empty buffer
    Buffer three(10, memory);
    three = std::move(two);
    EXPECT_EQ(three.data(), data);
    EXPECT_EQ(three.bytes(), 100u);
  }
  EXPECT_EQ(memory.out, 0u);
}

TEST(Buffer, AViewMustFit) {
  const Buffer buffer(16);
  EXPECT_EQ(buffer.view(Shape{2, 2}, DType::f32).as<float>(), buffer.data());
  EXPECT_THROW(buffer.view(Shape{5}, DType::f32), Error);
}

}  // namespace
}  // namespace attune::tensor
