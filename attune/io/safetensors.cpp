#include "attune/io/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "attune/base/error.h"
#include "attune/base/json.h"
#include "attune/base/suggest.h"

namespace attune::io {
namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kLongestHeader = 100'000'000;  // the reference library's own bound
constexpr const char* kFetchAgain = "the file is damaged or was cut off: download or copy it again";

// The header's text, after its length was checked.
std::string_view header_of(std::span<const std::byte> file, std::string_view where) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (text.starts_with("version https://git-lfs"))
    fail(ErrorKind::model, "{} is a Git LFS pointer, not the weights; run `git lfs pull` in its folder", where);
  if (file.size() < kLengthBytes)
    fail(ErrorKind::model, "{}: {} bytes are too few for a safetensors file (at least 8); {}", where, file.size(),
         kFetchAgain);
  uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > kLongestHeader)
    fail(ErrorKind::model,
         "{}: a header of {} bytes is announced (at most {} are allowed); this is no safetensors file, or {}", where,
         length, kLongestHeader, kFetchAgain);
  if (length > file.size() - kLengthBytes)
    fail(ErrorKind::model, "{}: a header of {} bytes is announced, but only {} bytes follow; {}", where, length,
         file.size() - kLengthBytes, kFetchAgain);
  return text.substr(kLengthBytes, length);
}

struct Parser {
  std::string_view where;
  std::span<const std::byte> data;  // what follows the header

  template <class... Args>
  [[noreturn]] void refuse(const std::string& tensor, fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::model, "{}: tensor '{}': {}; {}", where, tensor, fmt::format(format, std::forward<Args>(args)...),
         kFetchAgain);
  }

  const json& field(const std::string& tensor, const json& object, const char* key) const {
    if (!object.is_object()) refuse(tensor, "expected an object, got {}", object.type_name());
    const auto found = object.find(key);
    if (found == object.end()) refuse(tensor, "'{}' is missing", key);
    return *found;
  }

  FileDType dtype(const std::string& tensor, const json& object) const {
    const json& value = field(tensor, object, "dtype");
    const auto type = value.is_string() ? file_dtype(value.get_ref<const std::string&>()) : std::nullopt;
    if (!type)
      fail(ErrorKind::model,
           "{}: tensor '{}': unknown dtype {}; attune reads weights in F32, F16, BF16 and F64: save it in one of these",
           where, tensor, value.dump());
    return *type;
  }

  std::vector<int64_t> shape(const std::string& tensor, const json& object) const {
    const json& value = field(tensor, object, "shape");
    if (!value.is_array()) refuse(tensor, "the shape is {}, expected an array", value.type_name());
    std::vector<int64_t> shape;
    for (const json& axis : value) {
      if (!axis.is_number_unsigned() || axis.get<uint64_t>() > std::numeric_limits<int64_t>::max())
        refuse(tensor, "shape {} holds {}, expected whole numbers of at least 0", value.dump(), axis.dump());
      shape.push_back(axis.get<int64_t>());
    }
    return shape;
  }

  // Product of the shape; one that overflows is refused.
  int64_t elements(const std::string& tensor, std::span<const int64_t> shape) const {
    int64_t product = 1;
    bool overflow = false;
    for (const int64_t axis : shape) overflow |= __builtin_mul_overflow(product, axis, &product);
    if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
    if (overflow) refuse(tensor, "shape {} has more elements than can be counted", shape_text(shape));
    return product;
  }

  std::span<const std::byte> bytes(const std::string& tensor, const json& object) const {
    const json& value = field(tensor, object, "data_offsets");
    if (!value.is_array() || value.size() != 2 || !value[0].is_number_unsigned() || !value[1].is_number_unsigned())
      refuse(tensor, "data_offsets are {}, expected two whole numbers", value.dump());
    const auto begin = value[0].get<uint64_t>(), end = value[1].get<uint64_t>();
    if (begin > end) refuse(tensor, "data_offsets [{}, {}] end before they begin", begin, end);
    if (end > data.size())
      refuse(tensor, "data_offsets [{}, {}] lie outside of the {} bytes of data", begin, end, data.size());
    return data.subspan(begin, end - begin);
  }

  TensorView tensor(const std::string& name, const json& object) const {
    TensorView view{name, dtype(name, object), shape(name, object), 0, bytes(name, object)};
    view.elements = elements(name, view.shape);
    const size_t width = size_of(view.dtype);
    if (static_cast<uint64_t>(view.elements) > view.bytes.size() || view.elements * width != view.bytes.size())
      refuse(name, "shape {} of {} needs {} bytes, data_offsets give {}", shape_text(view.shape),
             attune::io::name(view.dtype), static_cast<double>(view.elements) * static_cast<double>(width),
             view.bytes.size());
    return view;
  }

  // Sorted by place, one tensor must begin where the one before ends.
  void check_cover(std::vector<TensorView>& tensors) const {
    const auto begin = [&](const TensorView& t) { return static_cast<size_t>(t.bytes.data() - data.data()); };
    std::stable_sort(tensors.begin(), tensors.end(), [&](const TensorView& a, const TensorView& b) {
      return std::pair(begin(a), a.bytes.size()) < std::pair(begin(b), b.bytes.size());
    });
    size_t end = 0;
    std::string before;
    for (const TensorView& t : tensors) {
      if (begin(t) < end) refuse(t.name, "begins at {}, inside of '{}' that ends at {}", begin(t), before, end);
      if (begin(t) > end)
        refuse(t.name, "begins at {}, and the {} bytes before belong to no tensor", begin(t), begin(t) - end);
      end = begin(t) + t.bytes.size(), before = t.name;
    }
    if (end != data.size())
      fail(ErrorKind::model, "{}: the tensors end at {}, but {} bytes of data follow the header; {}", where, end,
           data.size(), kFetchAgain);
  }
};

}  // namespace

std::string shape_text(std::span<const int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

SafetensorsContent parse_safetensors(std::span<const std::byte> file, std::string_view where) {
  const std::string_view text = header_of(file, where);
  const json header = parse_json(text, fmt::format("{} (header)", where), ErrorKind::model);
  if (!header.is_object())
    fail(ErrorKind::model, "{}: the header is {}, expected an object; {}", where, header.type_name(), kFetchAgain);
  const Parser parser{where, file.subspan(kLengthBytes + text.size())};
  SafetensorsContent content;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") {
      content.tensors.push_back(parser.tensor(name, value));
      continue;
    }
    if (!value.is_object())
      fail(ErrorKind::model, "{}: __metadata__ is {}, expected an object; {}", where, value.type_name(), kFetchAgain);
    for (const auto& [key, item] : value.items()) {
      if (!item.is_string())
        fail(ErrorKind::model, "{}: __metadata__ '{}' is {}, expected a string; {}", where, key, item.dump(),
             kFetchAgain);
      content.metadata[key] = item.get<std::string>();
    }
  }
  parser.check_cover(content.tensors);
  return content;
}

void read_f32_part(const TensorView& tensor, const std::filesystem::path& file, int64_t first, std::span<float> out) {
  if (!is_weight_type(tensor.dtype))
    fail(ErrorKind::model, "{}: tensor '{}' is {}, expected F32, F16, BF16 or F64; save it in one of these",
         file.string(), tensor.name, name(tensor.dtype));
  if (first < 0 || first + std::ssize(out) > tensor.elements)
    fail(ErrorKind::model, "{}: tensor '{}' holds {} numbers; {} from {} on were asked for", file.string(), tensor.name,
         tensor.elements, out.size(), first);
  const size_t size = size_of(tensor.dtype);
  to_float(tensor.dtype, tensor.bytes.subspan(static_cast<size_t>(first) * size, out.size() * size), out);
}

void read_f32(const TensorView& tensor, const std::filesystem::path& file, std::span<float> out) {
  if (static_cast<int64_t>(out.size()) != tensor.elements)
    fail(ErrorKind::model,
         "{}: tensor '{}' of shape {} holds {} numbers, expected {}; does config.json belong to these weights?",
         file.string(), tensor.name, shape_text(tensor.shape), tensor.elements, out.size());
  read_f32_part(tensor, file, 0, out);
}

Safetensors::Safetensors(const std::filesystem::path& path)
    : path_(path), map_(path), content_(parse_safetensors(map_.bytes(), path.string())) {
  for (size_t i = 0; i < content_.tensors.size(); ++i) by_name_[content_.tensors[i].name] = i;
}

const TensorView* Safetensors::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &content_.tensors[found->second];
}

const TensorView& Safetensors::at(std::string_view name) const {
  if (const TensorView* tensor = find(name)) return *tensor;
  std::vector<std::string> names;
  for (const auto& tensor : tensors()) names.push_back(tensor.name);
  fail(ErrorKind::model, "{}: there is no tensor '{}'{}", path_.string(), name, did_you_mean(name, names));
}

void Safetensors::read_f32_part(const TensorView& tensor, int64_t first, std::span<float> out) const {
  attune::io::read_f32_part(tensor, path_, first, out);
  const size_t size = size_of(tensor.dtype);
  map_.release(tensor.bytes.subspan(static_cast<size_t>(first) * size, out.size() * size));
}

void Safetensors::read_f32(std::string_view name, std::span<float> out) const {
  attune::io::read_f32(at(name), path_, out);
}

}  // namespace attune::io
