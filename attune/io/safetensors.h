// Reading safetensors: a mapped file of named tensors. Nothing in the file is believed before it is checked.
//
// The format: 8 bytes, little-endian: the length of the header; the header, a JSON object that gives each tensor's
// dtype, shape and [begin, end) in what follows; the tensors' bytes, without holes. (Format 0.4 as the reference
// library reads it: https://github.com/huggingface/safetensors.)
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attune/base/files.h"
#include "attune/io/file_dtype.h"

namespace attune::io {

struct TensorView {
  std::string name;
  FileDType dtype;
  std::vector<int64_t> shape;        // empty for a single number
  int64_t elements;                  // product of the shape
  std::span<const std::byte> bytes;  // into the map; not aligned
};

// "[768, 384]"
std::string shape_text(std::span<const int64_t> shape);

struct SafetensorsContent {
  std::vector<TensorView> tensors;  // in the order of the file
  std::map<std::string, std::string> metadata;
};

// What `file`, a whole safetensors file in memory, holds. `where` names it in errors. Errors (model), each with the
// file, the tensor, the value and the remedy: too short, header length beyond the file or 100 MB, header not UTF-8 or
// JSON, a name twice, unknown dtype, bad shape or offsets, overlap, hole, size that is not shape times dtype, and data
// that is shorter or longer than the header says.
SafetensorsContent parse_safetensors(std::span<const std::byte> file, std::string_view where);

class Safetensors {
 public:
  // Errors: as parse_safetensors; io where the file cannot be read.
  explicit Safetensors(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const std::vector<TensorView>& tensors() const { return content_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return content_.metadata; }

  // The tensor of this name, or null.
  const TensorView* find(std::string_view name) const;
  // The same; a name that is not there is an error (model) with the nearest names.
  const TensorView& at(std::string_view name) const;
  // All elements as float, row by row. Errors (model): no such name; not a weight type; out.size() != elements.
  void read_f32(std::string_view name, std::span<float> out) const;
  // Elements [first, first + out.size()) of one of tensors(), whose bytes' memory is given back to the system: a file
  // that is read tensor by tensor is never held whole. Errors: those of io::read_f32_part.
  void read_f32_part(const TensorView& tensor, int64_t first, std::span<float> out) const;

 private:
  std::filesystem::path path_;
  MappedFile map_;
  SafetensorsContent content_;
  std::map<std::string, size_t, std::less<>> by_name_;
};

// `tensor` of `file` as float; the body of Safetensors::read_f32.
void read_f32(const TensorView& tensor, const std::filesystem::path& file, std::span<float> out);
// Elements [first, first + out.size()) of it. Errors (model): not a weight type; they are not all there.
void read_f32_part(const TensorView& tensor, const std::filesystem::path& file, int64_t first, std::span<float> out);

}  // namespace attune::io
