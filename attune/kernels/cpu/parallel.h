// Work shared among threads in pieces whose borders depend on the problem alone, never on the number of threads: what
// is computed within a piece, and in what order pieces are added afterwards, gives the same bits for any number of
// threads.
#pragma once
#include <algorithm>
#include <cstdint>
#include <exception>

namespace attune::kernels::cpu {

// Elements that pass through one core's first-level cache at a time; less work than this is not worth a second thread.
inline constexpr int64_t kChunkElements = 16384;

// Rows of `cols` elements that make up a chunk.
constexpr int64_t chunk_rows(int64_t cols) {
  return std::max<int64_t>(1, kChunkElements / std::max<int64_t>(1, cols));
}

constexpr int64_t chunks_of(int64_t count, int64_t chunk) {
  return (count + chunk - 1) / chunk;
}

// Calls body(begin, end) for each chunk of [0, count), in any order, on up to `threads` threads. An exception of the
// body is thrown here once all chunks are done.
template <class Body>
void parallel_chunks(int threads, int64_t count, int64_t chunk, const Body& body) {
  const int64_t chunks = chunks_of(count, chunk);
  const auto run = [&](int64_t i) { body(i * chunk, std::min(count, (i + 1) * chunk)); };
  if (threads <= 1 || chunks <= 1) {
    for (int64_t i = 0; i < chunks; ++i) run(i);
    return;
  }
  std::exception_ptr error;  // an exception must not leave an OpenMP region
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int64_t i = 0; i < chunks; ++i) {
    try {
      run(i);
    } catch (...) {
#pragma omp critical(attune_parallel_chunks)
      error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace attune::kernels::cpu
