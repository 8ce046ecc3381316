#include "attune/io/safetensors.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/io/safetensors_bytes.h"

namespace attune::io {
namespace {

using test::as_bytes;
using test::safetensors_bytes;
using test::slurp;
using test::TempFolder;

const std::string kGolden = ATTUNE_TEST_DATA "/io/golden/";

TEST(Safetensors, ReadsWhatTheReferenceWrote) {
  const Safetensors file(kGolden + "mixed.safetensors");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.tensors().size(), 10u);
  const auto golden = nlohmann::json::parse(slurp(kGolden + "mixed.json"));
  EXPECT_EQ(golden.size(), 6u);
  for (const auto& [name, values] : golden.items()) {
    std::vector<float> read(values.size());
    file.read_f32(name, read);
    EXPECT_EQ(read, values.get<std::vector<float>>()) << name;
  }
  const TensorView& twelve = file.at("double");
  EXPECT_EQ(twelve.dtype, FileDType::f64);
  EXPECT_EQ(twelve.shape, (std::vector<int64_t>{2, 2, 3}));
  EXPECT_EQ(twelve.elements, 12);
  EXPECT_EQ(file.at("scalar").elements, 1);
  EXPECT_TRUE(file.at("scalar").shape.empty());
  EXPECT_EQ(file.at("empty").elements, 0);
  EXPECT_EQ(file.at("ids").bytes.size(), 40u);
}

TEST(Safetensors, FindAtAndReadRefuseClearly) {
  const Safetensors file(kGolden + "mixed.safetensors");
  EXPECT_EQ(file.find("nothing"), nullptr);
  EXPECT_ERROR(ErrorKind::model, file.at("singel"), "mixed.safetensors", "no tensor 'singel'",
               "did you mean 'single'?");
  std::vector<float> out(5);
  EXPECT_ERROR(ErrorKind::model, file.read_f32("ids", out), "'ids' is I64", "expected F32, F16, BF16 or F64");
  EXPECT_ERROR(ErrorKind::model, file.read_f32("half", out), "mixed.safetensors",
               "'half' of shape [3, 4] holds 12 numbers, expected 5", "config.json");
  EXPECT_ERROR(ErrorKind::io, Safetensors(kGolden + "no.safetensors"), "no.safetensors", "No such file");
}

TEST(Safetensors, ShapeText) {
  EXPECT_EQ(shape_text(std::vector<int64_t>{768, 2}), "[768, 2]");
  EXPECT_EQ(shape_text({}), "[]");
}

void expect_refused(const std::string& bytes, std::initializer_list<std::string_view> parts, int line) {
  test::expect_error(
      __FILE__, line, ErrorKind::model, [&] { parse_safetensors(as_bytes(bytes), "m.safetensors"); }, parts);
}
#define REFUSED(bytes, ...) expect_refused(bytes, {"m.safetensors", __VA_ARGS__}, __LINE__)

constexpr const char* kAgain = "download or copy it again";

TEST(SafetensorsDamage, HeaderLength) {
  REFUSED("", "0 bytes are too few", kAgain);
  REFUSED("1234567", "7 bytes are too few");
  REFUSED(std::string("\0\0\0\0\0\0\0\x80", 8) + "{}", "a header of 9223372036854775808 bytes is announced",
          "at most 100000000");
  REFUSED(std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8), "18446744073709551615");
  REFUSED(std::string("\x10\0\0\0\0\0\0\0", 8) + "{}", "a header of 16 bytes is announced, but only 2 bytes follow",
          kAgain);
  REFUSED("version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS pointer", "git lfs pull");
}

TEST(SafetensorsDamage, HeaderText) {
  REFUSED(safetensors_bytes("", 0), "(header)", "not JSON");
  REFUSED(safetensors_bytes("{\"a\xff\": 1}", 0), "not UTF-8");
  REFUSED(safetensors_bytes("[]", 0), "the header is array, expected an object");
  REFUSED(safetensors_bytes(std::string(1 << 20, '['), 0), "nested deeper");
  REFUSED(safetensors_bytes(R"({"a": {"dtype":"U8","shape":[1],"data_offsets":[0,1]},
                                "a": {"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                            1),
          "the key 'a' stands twice");
  REFUSED(safetensors_bytes(R"({"__metadata__": 3})", 0), "__metadata__ is number");
  REFUSED(safetensors_bytes(R"({"__metadata__": {"a": 3}})", 0), "__metadata__ 'a' is 3, expected a string");
}

TEST(SafetensorsDamage, Fields) {
  const auto one = [](const char* object, size_t data = 4) {
    return safetensors_bytes(std::string("{\"w\": ") + object + "}", data);
  };
  parse_safetensors(as_bytes(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})")), "right");
  REFUSED(one("7"), "tensor 'w'", "expected an object, got number");
  REFUSED(one(R"({"shape":[1],"data_offsets":[0,4]})"), "tensor 'w'", "'dtype' is missing");
  REFUSED(one(R"({"dtype":"F32","data_offsets":[0,4]})"), "'shape' is missing");
  REFUSED(one(R"({"dtype":"F32","shape":[1]})"), "'data_offsets' is missing");
  REFUSED(one(R"({"dtype":"Q4","shape":[1],"data_offsets":[0,4]})"), "tensor 'w'", "unknown dtype \"Q4\"",
          "F32, F16, BF16 and F64");
  REFUSED(one(R"({"dtype":3,"shape":[1],"data_offsets":[0,4]})"), "unknown dtype 3");
  REFUSED(one(R"({"dtype":"F32","shape":4,"data_offsets":[0,4]})"), "the shape is number, expected an array");
  REFUSED(one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"), "shape [-1] holds -1");
  REFUSED(one(R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})"), "holds 1.0");
  REFUSED(one(R"({"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]})"), "holds 9223372036854775808");
  REFUSED(one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]})"),
          "more elements than can be counted");
  REFUSED(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"),
          "shape [2] of F32 needs 8 bytes, data_offsets give 4");
  REFUSED(one(R"({"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]})"), "needs", "data_offsets give 4");
}

TEST(SafetensorsDamage, Offsets) {
  const auto one = [](const char* offsets, size_t data = 4) {
    return safetensors_bytes(fmt::format(R"({{"w": {{"dtype":"F32","shape":[1],"data_offsets":{}}}}})", offsets), data);
  };
  REFUSED(one("3"), "data_offsets are 3, expected two whole numbers");
  REFUSED(one("[0]"), "data_offsets are [0]");
  REFUSED(one("[0, -4]"), "data_offsets are [0,-4]");
  REFUSED(one("[4, 0]"), "data_offsets [4, 0] end before they begin");
  REFUSED(one("[0, 4]", 3), "data_offsets [0, 4] lie outside of the 3 bytes", kAgain);
  REFUSED(one("[18446744073709551612, 18446744073709551615]"), "lie outside");
  REFUSED(one("[4, 8]", 8), "begins at 4, and the 4 bytes before belong to no tensor");
  REFUSED(one("[0, 4]", 6), "the tensors end at 4, but 6 bytes of data follow", kAgain);
}

TEST(SafetensorsDamage, OverlapAndHole) {
  const auto two = [](int b, int e) {
    return safetensors_bytes(fmt::format(R"({{"a": {{"dtype":"U8","shape":[4],"data_offsets":[0,4]}},
                                              "b": {{"dtype":"U8","shape":[4],"data_offsets":[{},{}]}}}})",
                                         b, e),
                             9);
  };
  REFUSED(two(3, 7), "tensor 'b'", "begins at 3, inside of 'a' that ends at 4");
  REFUSED(two(0, 4), "begins at 0, inside of");
  REFUSED(two(5, 9), "tensor 'b'", "begins at 5, and the 1 bytes before belong to no tensor");
}

TEST(SafetensorsDamage, EveryPrefixOfAGoodFileIsRefused) {
  const std::string good = slurp(kGolden + "mixed.safetensors");
  for (size_t size = 0; size < good.size(); ++size) {
    const std::string cut = good.substr(0, size);
    EXPECT_THROW(parse_safetensors(as_bytes(cut), "cut"), Error) << size;
  }
}

}  // namespace
}  // namespace attune::io
