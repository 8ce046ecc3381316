#include "attune/io/npy.h"

#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/io/half.h"

namespace attune::io {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read as they lie");

constexpr std::string_view kNpyMagic = "\x93NUMPY";

// What stands behind 'key': in the header's dictionary, up to `end`.
std::string_view field(std::string_view header, std::string_view key, std::string_view begin, char end,
                       const std::filesystem::path& path) {
  const size_t at = header.find(key);
  const size_t from = at == std::string_view::npos ? at : header.find(begin, at + key.size());
  const size_t to = from == std::string_view::npos ? from : header.find(end, from + begin.size());
  if (to == std::string_view::npos)
    fail(ErrorKind::input, "{}: the header of the .npy file lacks {}", path.string(), key);
  return header.substr(from + begin.size(), to - from - begin.size());
}

std::vector<int64_t> shape_of(std::string_view text, const std::filesystem::path& path) {
  std::vector<int64_t> shape;
  for (size_t at = 0; at < text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const std::string number(text.substr(at, comma - at));
    at = comma + 1;
    if (number.find_first_not_of(' ') == std::string::npos) continue;
    const size_t digit = number.find_first_not_of(' ');
    if (number.find_first_not_of("0123456789", digit) != std::string::npos || number.size() - digit > 12)
      fail(ErrorKind::input, "{}: '{}' is no length of an array", path.string(), number);
    shape.push_back(std::stoll(number));
  }
  return shape;
}

template <class T>
void read_as(std::string_view bytes, std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
}

struct NpyType {
  std::string_view name;
  size_t bytes;
  bool whole;
  void (*read)(std::string_view, std::vector<double>&);
};

void read_half(std::string_view bytes, std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + 2 * i, 2);
    values[i] = static_cast<double>(half_to_float(bits));
  }
}

constexpr NpyType kNpyTypes[] = {
    {"<f8", 8, false, read_as<double>},  {"<f4", 4, false, read_as<float>},   {"<f2", 2, false, read_half},
    {"<i8", 8, true, read_as<int64_t>},  {"<i4", 4, true, read_as<int32_t>},  {"<i2", 2, true, read_as<int16_t>},
    {"|i1", 1, true, read_as<int8_t>},   {"<u8", 8, true, read_as<uint64_t>}, {"<u4", 4, true, read_as<uint32_t>},
    {"<u2", 2, true, read_as<uint16_t>}, {"|u1", 1, true, read_as<uint8_t>},  {"|b1", 1, true, read_as<uint8_t>},
};

const NpyType& type_named(std::string_view name, const std::filesystem::path& path) {
  for (const NpyType& type : kNpyTypes)
    if (type.name == name) return type;
  fail(ErrorKind::input, "{}: numbers of type '{}' are not read; save it as float32, float64, int32 or int64",
       path.string(), name);
}

}  // namespace

NpyArray read_npy(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  const std::string_view bytes = file;
  if (!bytes.starts_with(kNpyMagic) || bytes.size() < 12)
    fail(ErrorKind::input, "{}: this is no .npy file (numpy.save writes them)", path.string());
  const bool first = bytes[6] == 1;  // version 1 has two bytes for the header's length, later ones four
  uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, first ? 2 : 4);
  const size_t begin = first ? 10 : 12;
  if (bytes.size() < begin + length) fail(ErrorKind::input, "{}: the file is cut off in its header", path.string());
  const std::string_view header = bytes.substr(begin, length), data = bytes.substr(begin + length);
  if (header.find("'fortran_order': True") != std::string_view::npos)
    fail(ErrorKind::input, "{}: the array is in Fortran order; save numpy.ascontiguousarray(array)", path.string());
  const NpyType& type = type_named(field(header, "'descr'", "'", '\'', path), path);
  NpyArray array{.shape = shape_of(field(header, "'shape'", "(", ')', path), path), .values = {}, .whole = type.whole};
  uint64_t count = 1;
  for (const int64_t size : array.shape) count *= static_cast<uint64_t>(size);
  if (data.size() / type.bytes < count || data.size() != count * type.bytes)
    fail(ErrorKind::input, "{}: {} bytes of numbers where the header promises {} of {}", path.string(), data.size(),
         count, type.bytes);
  array.values.resize(count);
  type.read(data, array.values);
  return array;
}

namespace {

// Up to the first number, a multiple of 64 bytes and at least `least`.
std::string head_of(const char* type, std::span<const int64_t> shape, size_t least = 0) {
  std::string sizes;
  for (const int64_t size : shape) sizes += std::to_string(size) + ",";
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, sizes);
  const size_t before = std::string_view(kNpyMagic).size() + 4;
  const size_t whole = std::max(least, (before + header.size() + 1 + 63) / 64 * 64);
  header.append(whole - before - header.size() - 1, ' ');
  header += '\n';
  const auto length = static_cast<uint16_t>(header.size());
  std::string head(kNpyMagic);
  head += '\x01', head += '\x00';
  head.append(reinterpret_cast<const char*>(&length), 2);
  return head + header;
}

constexpr size_t kRowsHead = 128;

}  // namespace

NpyRows::NpyRows(const std::filesystem::path& path, int64_t width) : file_(path), width_(width) {
  file_.write(head_of("<f4", std::array{int64_t{0}, width}, kRowsHead));
}

void NpyRows::append(std::span<const float> rows) {
  ATTUNE_CHECK(std::ssize(rows) % width_ == 0, "{} numbers are no rows of {}", rows.size(), width_);
  rows_ += std::ssize(rows) / width_;
  file_.write(std::as_bytes(rows));
}

void NpyRows::commit() {
  const std::string head = head_of("<f4", std::array{rows_, width_}, kRowsHead);
  file_.write_at(0, std::as_bytes(std::span(head)));
  file_.commit();
}

void write_npy(const std::filesystem::path& path, std::span<const int64_t> shape, std::span<const double> values) {
  std::string file = head_of("<f8", shape);
  file.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  write_file_atomically(path, file);
}

}  // namespace attune::io
