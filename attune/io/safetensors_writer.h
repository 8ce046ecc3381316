// Writing safetensors, tensor by tensor and piece by piece: memory does not grow with the file, and the file appears
// under its name only when it is whole.
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

struct TensorSpec {
  std::string name;
  FileDType dtype;
  std::vector<int64_t> shape;
};

class SafetensorsWriter {
 public:
  // The file is laid out at once, as the reference library does it: header padded with spaces to 8 bytes, widest
  // dtype first, then by name. Errors: io; internal where a name comes twice or is "__metadata__", or an axis is
  // negative.
  SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorSpec> tensors,
                    const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

  // The next elements of a tensor, in its own dtype or rounded to it from float. Tensors may come in any order, each
  // in as many pieces as one likes. Errors: io (disk full ...); internal where the name is unknown or too much comes.
  void append(std::string_view name, std::span<const std::byte> bytes);
  void append_f32(std::string_view name, std::span<const float> values);

  // Syncs and renames. Error (internal) where a tensor is not complete. Without commit() nothing appears.
  void commit();

 private:
  struct Place {
    FileDType dtype;
    uint64_t next, end;  // in the file
  };
  Place& place(std::string_view name);

  std::string where_;
  AtomicFile file_;
  std::map<std::string, Place, std::less<>> places_;
};

}  // namespace attune::io
