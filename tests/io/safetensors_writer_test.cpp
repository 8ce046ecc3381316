#include "attune/io/safetensors_writer.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

#include "attune/io/safetensors.h"

#include "tests/base/expect_error.h"
#include "tests/base/small_disk.h"
#include "tests/base/temp_folder.h"
#include "tests/io/safetensors_bytes.h"

namespace attune::io {
namespace {

using test::as_bytes;
using test::slurp;
using test::TempFolder;

// The file that the reference library writes, byte for byte, whatever the order in which tensors come.
TEST(SafetensorsWriter, EqualsTheReference) {
  const TempFolder temp;
  const std::string golden = ATTUNE_TEST_DATA "/io/golden/mixed.safetensors";
  const Safetensors original(golden);
  std::vector<TensorSpec> specs;
  for (const auto& t : original.tensors()) specs.push_back({t.name, t.dtype, t.shape});
  std::reverse(specs.begin(), specs.end());
  SafetensorsWriter writer(temp / "copy", specs);
  for (const auto& spec : specs) {
    const auto bytes = original.at(spec.name).bytes;
    for (size_t at = 0; at < bytes.size(); at += 3)
      writer.append(spec.name, bytes.subspan(at, std::min<size_t>(3, bytes.size() - at)));
  }
  EXPECT_FALSE(fs::exists(temp / "copy"));
  writer.commit();
  EXPECT_EQ(slurp(temp / "copy"), slurp(golden));
}

TEST(SafetensorsWriter, HeaderIsAlignedAndRoundTrips) {
  const TempFolder temp;
  std::vector<float> values(200000);
  std::iota(values.begin(), values.end(), -1000.0f);
  for (const char* name : {"w", "ww", "www", "wwww", "wwwww", "wwwwww", "wwwwwww", "wwwwwwww"}) {
    SafetensorsWriter writer(temp / "m", {{name, FileDType::f32, {400, 500}}});
    writer.append_f32(name, std::span<const float>(values).first(70000));
    writer.append_f32(name, std::span<const float>(values).subspan(70000));
    writer.commit();
    const Safetensors file(temp / "m");
    std::vector<float> back(values.size());
    file.read_f32(name, back);
    EXPECT_EQ(back, values);
    // In parts, whose pages are given back, and once more: they come again.
    std::vector<float> part(30000);
    for (int again = 0; again < 2; ++again)
      for (const int64_t first : {0, 1234, 170000}) {
        file.read_f32_part(file.at(name), first, part);
        EXPECT_TRUE(std::equal(part.begin(), part.end(), values.begin() + first));
      }
    file.read_f32(name, back);
    EXPECT_EQ(back, values);
    EXPECT_ERROR(ErrorKind::model, file.read_f32_part(file.at(name), 170001, part), "30000 from 170001 on");
    EXPECT_ERROR(ErrorKind::model, file.read_f32_part(file.at(name), -1, part), "from -1 on");
    EXPECT_EQ((fs::file_size(temp / "m") - values.size() * 4) % 8, 0u);
    EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{{"format", "pt"}}));
  }
}

TEST(SafetensorsWriter, RoundsToTheTensorsType) {
  const TempFolder temp;
  const std::vector<float> third{1.0f / 3};
  SafetensorsWriter writer(temp / "m",
                           {{"h", FileDType::f16, {1}}, {"b", FileDType::bf16, {1}}, {"d", FileDType::f64, {1}}}, {});
  for (const char* name : {"h", "b", "d"}) writer.append_f32(name, third);
  writer.commit();
  const Safetensors file(temp / "m");
  std::vector<float> out(1);
  file.read_f32("h", out);
  EXPECT_EQ(out[0], 0.333251953125f);
  file.read_f32("b", out);
  EXPECT_EQ(out[0], 0.333984375f);
  file.read_f32("d", out);
  EXPECT_EQ(out[0], third[0]);
  EXPECT_TRUE(file.metadata().empty());
}

TEST(SafetensorsWriter, NoTensorsAtAll) {
  const TempFolder temp;
  SafetensorsWriter(temp / "m", {}).commit();
  EXPECT_TRUE(Safetensors(temp / "m").tensors().empty());
}

TEST(SafetensorsWriter, MistakesOfTheCaller) {
  const TempFolder temp;
  const std::string four(4, 'x');
  EXPECT_ERROR(ErrorKind::internal,
               SafetensorsWriter(temp / "m", {{"a", FileDType::u8, {1}}, {"a", FileDType::u8, {1}}}), "'a'");
  EXPECT_ERROR(ErrorKind::internal, SafetensorsWriter(temp / "m", {{"__metadata__", FileDType::u8, {1}}}),
               "__metadata__");
  EXPECT_ERROR(ErrorKind::internal, SafetensorsWriter(temp / "m", {{"a", FileDType::u8, {-1}}}), "axis -1 of 'a'");
  {
    SafetensorsWriter writer(temp / "m", {{"a", FileDType::u8, {5}}});
    EXPECT_ERROR(ErrorKind::internal, writer.append("b", as_bytes(four)), "'b' was not announced");
    writer.append("a", as_bytes(four));
    EXPECT_ERROR(ErrorKind::internal, writer.append("a", as_bytes(four)), "4 bytes more for 'a', expected at most 1");
    EXPECT_ERROR(ErrorKind::internal, writer.commit(), "'a'", "lacks 1 bytes");
  }
  EXPECT_TRUE(fs::is_empty(temp.path()));
}

TEST(SafetensorsWriter, DiskFullKeepsTheOldFile) {
  const TempFolder temp;
  const test::SmallDisk disk(temp / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "no tmpfs could be mounted here (needs root): a full disk is not tested";
  temp.put("disk/m", "old");
  const std::vector<float> values(1 << 20);
  EXPECT_ERROR(
      ErrorKind::io,
      {
        SafetensorsWriter writer(temp / "disk/m", {{"w", FileDType::f32, {1 << 20}}});
        writer.append_f32("w", values);
        writer.commit();
      },
      (temp / "disk/m").string(), "No space left on device", "nothing was changed");
  EXPECT_EQ(slurp(temp / "disk/m"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(temp / "disk"), {}), 1);
}

TEST(SafetensorsWriter, NoFolder) {
  const TempFolder temp;
  EXPECT_ERROR(ErrorKind::io, SafetensorsWriter(temp / "no/m", {}), (temp / "no/m").string(),
               "No such file or directory");
}

}  // namespace
}  // namespace attune::io
