#include "attune/io/safetensors_writer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "attune/base/error.h"

namespace attune::io {
namespace {

constexpr size_t kChunk = 1 << 16;  // floats converted at a time

uint64_t bytes_of(const TensorSpec& tensor) {
  uint64_t bytes = size_of(tensor.dtype);
  for (const int64_t axis : tensor.shape) {
    ATTUNE_CHECK(axis >= 0, "axis {} of '{}'", axis, tensor.name);
    bytes *= static_cast<uint64_t>(axis);
  }
  return bytes;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorSpec> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : where_(path.string()), file_(path) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorSpec& a, const TensorSpec& b) {
    return a.dtype != b.dtype ? a.dtype > b.dtype : a.name < b.name;
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t at = 0;
  for (const auto& tensor : tensors) {
    ATTUNE_CHECK(!places_.contains(tensor.name) && tensor.name != "__metadata__", "'{}' in {}", tensor.name, where_);
    const uint64_t end = at + bytes_of(tensor);
    header[tensor.name] = {{"dtype", name(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    places_[tensor.name] = {tensor.dtype, at, end};
    at = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  std::array<std::byte, sizeof length> prefix{};
  std::memcpy(prefix.data(), &length, sizeof length);
  file_.write(prefix);
  file_.write(text);
  for (auto& [unused, place] : places_) place.next += sizeof length + length, place.end += sizeof length + length;
}

SafetensorsWriter::Place& SafetensorsWriter::place(std::string_view name) {
  const auto found = places_.find(name);
  ATTUNE_CHECK(found != places_.end(), "'{}' was not announced for {}", name, where_);
  return found->second;
}

void SafetensorsWriter::append(std::string_view name, std::span<const std::byte> bytes) {
  Place& to = place(name);
  ATTUNE_CHECK(bytes.size() <= to.end - to.next, "{} bytes more for '{}', expected at most {}", bytes.size(), name,
               to.end - to.next);
  file_.write_at(to.next, bytes);
  to.next += bytes.size();
}

void SafetensorsWriter::append_f32(std::string_view name, std::span<const float> values) {
  const FileDType dtype = place(name).dtype;
  std::vector<std::byte> buffer(std::min(values.size(), kChunk) * size_of(dtype));
  while (!values.empty()) {
    const size_t count = std::min(values.size(), kChunk);
    const std::span<std::byte> piece(buffer.data(), count * size_of(dtype));
    from_float(dtype, values.first(count), piece);
    append(name, piece);
    values = values.subspan(count);
  }
}

void SafetensorsWriter::commit() {
  for (const auto& [name, place] : places_)
    ATTUNE_CHECK(place.next == place.end, "'{}' in {} lacks {} bytes", name, where_, place.end - place.next);
  file_.commit();
}

}  // namespace attune::io
