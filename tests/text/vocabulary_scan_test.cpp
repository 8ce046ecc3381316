#include "attune/text/vocabulary_scan.h"

#include <cmath>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attune/text/reference_number.h"

namespace attune::text {
namespace {

std::string in_model(const std::string& vocabulary) {
  return R"({"version": "1.0", "a": [{"vocab": {"x": 1}}, "}\"{", -1e5, true], "model": {"type": "T", "vocab": )" +
         vocabulary + R"(, "last": null}})";
}
std::optional<ScannedVocabulary> scan(const std::string& document) {
  return scan_vocabulary(document);
}

TEST(VocabularyScan, IdsInAnyOrder) {
  const std::string document = in_model("{\"b\": 1,\n \"\": 2 , \"中\":0}");
  const auto scanned = scan(document);
  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned->pieces, (std::vector<std::string_view>{"中", "b", ""}));
  EXPECT_TRUE(scanned->scores.empty());
  EXPECT_EQ(scanned->rest, in_model("{}"));
}

TEST(VocabularyScan, ScoresAsTheReferenceReadsThem) {
  const std::string document = in_model(R"([["a", -13.598176002502441], ["b",0], ["a", 2.50 ],["c", -0.0]])");
  const auto scanned = scan(document);
  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned->pieces, (std::vector<std::string_view>{"a", "b", "a", "c"}));
  EXPECT_EQ(scanned->scores, (std::vector<double>{as_reference_reads(-13.598176002502441), 0, 2.5, 0}));
  EXPECT_TRUE(std::signbit(scanned->scores[3]));
  EXPECT_EQ(scanned->rest, in_model("[]"));
}

TEST(VocabularyScan, Escapes) {
  const std::string document = in_model(R"({"\u2581\"\\\/": 0, "\ud83d\uDE00\n": 1, "plain": 2})");
  const auto scanned = scan(document);
  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned->pieces, (std::vector<std::string_view>{"▁\"\\/", "😀\n", "plain"}));
}

TEST(VocabularyScan, LeavesWhatIsUnusualToTheGeneralReader) {
  for (const char* vocabulary : {"{}",
                                 "[]",
                                 "3",
                                 "null",
                                 R"({"a": 0, "a": 1})",
                                 R"({"a": 0, "b": 0})",
                                 R"({"a": 0, "b": 2})",
                                 R"({"a": -0})",
                                 R"({"a": 0.0})",
                                 R"({"a": 00})",
                                 R"({"a": 0,})",
                                 R"({"a": 0)",
                                 R"({"a" 0})",
                                 R"({"a": 99999999999999999999})",
                                 R"({"\ud83d": 0})",
                                 R"({"\udE00\ud83d": 0})",
                                 R"({"\x": 0})",
                                 R"({"\u12": 0})",
                                 "{\"\xFF\": 0}",
                                 "{\"\xED\xA0\x80\": 0}",
                                 "{\"a\nb\": 0}",
                                 R"([["a", 1e5]])",
                                 R"([["a", .5]])",
                                 R"([["a", 1.]])",
                                 R"([["a", -]])",
                                 R"([["a", 0.12345678901234567890]])",
                                 R"([["a"]])",
                                 R"([["a", 1, 2]])",
                                 R"([["a", 1],])",
                                 R"([["a", "1"]])",
                                 R"(["a", 1])",
                                 R"([["a", +1]])",
                                 R"([["a", 01]])",
                                 R"([["a", 1] ["b", 1]])"})
    EXPECT_FALSE(scan(in_model(vocabulary))) << vocabulary;
  for (const char* document : {"", "{", "[]", "3", R"({"model": 3})", R"({"model": {"vocab": {"a": )",
                               R"({"vocab": {"a": 0}})", R"({"x": {"model": {"vocab": {"a": 0}}}})",
                               R"({"model": {"x": {"vocab": {"a": 0}}}})", R"({"a": ]], "model": )"})
    EXPECT_FALSE(scan(document)) << document;
}

void expect_rest_as_valid(const std::string& document) {
  const auto scanned = scan(document);
  if (!scanned) return;
  EXPECT_EQ(nlohmann::json::accept(scanned->rest), nlohmann::json::accept(document)) << document;
}

// Cut off anywhere, changed anywhere: nothing is scanned, or the rest is valid if and only if the document is.
TEST(VocabularyScan, DamagedDocuments) {
  const std::string whole = in_model(R"({"a": 0, "\u0062": 1})");
  for (size_t at = 0; at < whole.size(); ++at) {
    expect_rest_as_valid(whole.substr(0, at));
    for (const char byte : {'"', '{', '}', '[', ']', ',', ':', '\\', '\0', '\xFF', ' ', '1'}) {
      std::string changed = whole;
      changed[at] = byte;
      expect_rest_as_valid(changed);
    }
  }
}

}  // namespace
}  // namespace attune::text
