// NumPy's .npy files: one array of numbers, in C order. Format: NumPy Enhancement Proposal 1 (versions 1 to 3).
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "attune/base/files.h"

namespace attune::io {

struct NpyArray {
  std::vector<int64_t> shape;
  std::vector<double> values;  // whatever the file's type was
  bool whole = false;          // the file's type was one of whole numbers (or truth values)
};

// Types: f2, f4, f8, i1 to i8, u1 to u8, bool; little-endian. Errors (input): no .npy file, cut off, another type,
// Fortran order (says how to write it in C order), objects; (io): it cannot be read.
NpyArray read_npy(const std::filesystem::path& path);

// Writes f64. Errors: io.
void write_npy(const std::filesystem::path& path, std::span<const int64_t> shape, std::span<const double> values);

// Writes f32 rows [n, width] as they come; how many there are is known at the end. The file is whole or absent.
class NpyRows {
 public:
  NpyRows(const std::filesystem::path& path, int64_t width);
  // Some whole rows. Errors: io.
  void append(std::span<const float> rows);
  // Errors: io.
  void commit();

 private:
  AtomicFile file_;
  int64_t width_, rows_ = 0;
};

}  // namespace attune::io
