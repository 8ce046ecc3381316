#include "attune/base/suggest.h"

#include <gtest/gtest.h>

namespace attune {
namespace {

using Names = std::vector<std::string>;

TEST(EditDistance, KnownValues) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("ab", "ba"), 1);   // a swap of neighbours is one step
  EXPECT_EQ(edit_distance("ca", "abc"), 3);  // optimal string alignment, not the unrestricted distance (2)
}

TEST(Nearest, OrdersBoundsAndLimits) {
  const Names known{"epochs", "eval-every", "max-steps", "epoch-size", "seed"};
  EXPECT_EQ(nearest("epoch", known), (Names{"epochs", "epoch-size"}));
  EXPECT_EQ(nearest("sede", known), (Names{"seed"}));
  EXPECT_EQ(nearest("zzzz", known), Names{});
  EXPECT_EQ(nearest("aa", {"ab", "ac", "ad", "ae"}, 2), (Names{"ab", "ac"}));
  EXPECT_EQ(nearest("x", {}), Names{});
}

TEST(Nearest, WordsInitialsAndStems) {
  const Names options{"lr", "max-length", "max-steps", "epochs", "batch-size", "micro-batch", "warmup", "train", "out"};
  EXPECT_EQ(nearest("learning-rate", options), Names{"lr"});
  EXPECT_EQ(nearest("bs", options), Names{"batch-size"});
  EXPECT_EQ(nearest("max_seq_length", options), Names{"max-length"});
  EXPECT_EQ(nearest("num-train-epochs", options), (Names{"epochs", "train"}));
  EXPECT_EQ(nearest("size", options), Names{"batch-size"});
  EXPECT_EQ(nearest("warmup-ratio", options), Names{"warmup"});
  EXPECT_EQ(nearest("classification", {"classify", "multilabel", "regress", "tag"}), Names{"classify"});
  EXPECT_EQ(nearest("regression", {"classify", "multilabel", "regress", "tag"}), Names{"regress"});
  EXPECT_EQ(nearest("f1_macro", {"f1", "macro_f1", "macro_recall"}), (Names{"macro_f1", "f1"}));
  EXPECT_EQ(nearest("a-b-c", {"x", ""}), Names{}) << "nothing in common";
  EXPECT_EQ(nearest("-", {"ab"}), Names{}) << "no words at all";
}

TEST(DidYouMean, Wording) {
  EXPECT_EQ(did_you_mean("seeed", {"seed"}), "; did you mean 'seed'?");
  EXPECT_EQ(did_you_mean("aa", {"ab", "ac"}), "; did you mean 'ab' or 'ac'?");
  EXPECT_EQ(did_you_mean("aa", {"ab", "ac", "ad"}), "; did you mean 'ab', 'ac' or 'ad'?");
  EXPECT_EQ(did_you_mean("nothing", {"else"}), "");
}

}  // namespace
}  // namespace attune
