// The cells of a grid, shared among the threads of an OpenMP team: each owns a band of rows, which it walks column by
// column, and who is done takes cells from the others' bands. So the rows of a batch stay with the core that worked on
// them in the kernel before (cores need not share a cache: on a virtual machine they often do not, and a line that the
// other core wrote then costs 350 ns), and a core that is held up holds up nobody. A cell must be worked out the same
// by whoever takes it.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace attune::kernels::cpu {

inline int this_thread() {
#ifdef _OPENMP
  return omp_get_thread_num();
#else
  return 0;
#endif
}

inline int team_size() {
#ifdef _OPENMP
  return omp_get_num_threads();
#else
  return 1;
#endif
}

class Grid {
 public:
  Grid(int threads, int64_t rows, int64_t columns)
      : rows_(rows), columns_(columns), bands_(std::clamp<int64_t>(std::min<int64_t>(threads, rows), 1, kMostBands)) {}

  int64_t cells() const { return rows_ * columns_; }
  int64_t bands() const { return bands_; }
  // Rows [band_begin(b), band_begin(b + 1)) are band b's.
  int64_t band_begin(int64_t band) const { return band * rows_ / bands_; }

  // Called by every thread of the team once: body(row, column) for one cell after another until none is left.
  template <class Body>
  void share(const Body& body) {
    for (int64_t i = 0; i < bands_; ++i) work_off((this_thread() + i) % bands_, body);
  }

 private:
  static constexpr int64_t kMostBands = 64;
  struct alignas(64) Taken {
    std::atomic<int64_t> cells{0};
  };

  template <class Body>
  void work_off(int64_t band, const Body& body) {
    const int64_t begin = band_begin(band), rows = band_begin(band + 1) - begin;
    std::atomic<int64_t>& taken = taken_[static_cast<size_t>(band)].cells;
    for (int64_t cell; (cell = taken.fetch_add(1, std::memory_order_relaxed)) < rows * columns_;)
      body(begin + cell % rows, cell / rows);
  }

  int64_t rows_, columns_, bands_;
  std::array<Taken, kMostBands> taken_;
};

// All of a grid, on a team of its own. The body must not throw.
template <class Body>
void parallel_grid(int threads, int64_t rows, int64_t columns, const Body& body) {
  Grid grid(threads, rows, columns);
#pragma omp parallel num_threads(threads) if (grid.cells() > 1)
  grid.share(body);
}

}  // namespace attune::kernels::cpu
