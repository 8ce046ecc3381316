// attune's losses against public implementations (tests/losses/golden/parity, made by tools/loss_parity.py; in words:
// docs/loss-parity.md). Where conventions part, a test states the conversion: what theirs is of ours, and what their
// mean divides by.
#include "tests/losses/parity.h"

#include <gtest/gtest-spi.h>

namespace attune {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace): the room's own helpers

// How many expectations fail in it.
int failures(const std::function<void()>& run) {
  testing::TestPartResultArray results;
  {
    testing::ScopedFakeTestPartResultReporter reporter(&results);
    run();
  }
  return results.size();
}

// Every comparison sees an option, a factor or a denominator that is a little off.
TEST(LossParity, SeesWhatIsOff) {
  struct Wrong {
    const char *file, *name, *right, *wrong;
    losses::TargetKind kind;
    int64_t labels;
  };
  for (const Wrong& each :
       {Wrong{"torch_cross_entropy", "smoothed", "cross_entropy(label_smoothing=0.25)",
              "cross_entropy(label_smoothing=0.2500001)", kClasses, 3},
        Wrong{"timm_poly", "plain", "poly1(epsilon=2)", "poly1(epsilon=2.0000001)", kClasses, 3},
        Wrong{"dlordinal_emd", "plain", "emd", "oll", kClasses, 5},
        Wrong{"timm_zlpr", "plain", "zlpr", "bce", kLabels, 4}, Wrong{"torch_mse", "plain", "mse", "mae", kScores, 1},
        Wrong{"torch_huber", "delta_0.25", "huber(delta=0.25)", "huber(delta=0.2500001)", kScores, 1},
        Wrong{"sklearn_pinball", "alpha_0.9", "quantile(tau=0.9)", "quantile(tau=0.1)", kScores, 1}}) {
    const json row = golden(each.file)["cases"][each.name];
    const auto count = [&](const char* text, const Convention& theirs) {
      return failures([&] { compare(row, text, each.kind, {.labels = each.labels}, batch_of(row), theirs); });
    };
    const double n = items_of(row);
    EXPECT_EQ(count(each.right, {.mean_over = n}), 0) << each.right;
    EXPECT_GT(count(each.wrong, {.mean_over = n}), 0) << each.wrong;
    EXPECT_GT(count(each.right, {.mean_over = n * (1 + 1e-9)}), 0) << each.right;
    EXPECT_GT(count(each.right, {.mean_over = n, .factor = 1 + 1e-9}), 0) << each.right;
  }
}

// ---- One class an item.

TEST(LossParity, CrossEntropyIsPyTorchs) {
  each_case("torch_cross_entropy", 12, [](const json& row) {
    const json& told = row["arguments"];
    const losses::Batch batch = batch_of(row);
    const bool soft = batch.targets.classes.empty();
    std::string text = fmt::format("cross_entropy(label_smoothing={})", number(row, "label_smoothing", 0));
    if (told.contains("weight")) text.insert(text.size() - 1, ", weights=" + list(told["weight"]));
    // Hard targets: both divide by the weights of the targets. Soft ones: PyTorch by items, attune by sum_c w_c t_c.
    const double denominator = losses::make_loss(text, kClasses, {.labels = 3})->denominator(batch.targets);
    const Outcome got =
        compare(row, text, kClasses, {.labels = 3}, batch, {.mean_over = soft ? items_of(row) : denominator});
    if (soft && told.contains("weight")) {
      EXPECT_GT(std::abs(got.denominator - items_of(row)), 0.1);
    }
  });
}

TEST(LossParity, SquareIsPyTorchsMseOnOneHotTargets) {
  each_case("torch_square", 2, [](const json& row) {
    // Theirs is by cell and divides by items * classes; ours has the classes in the item.
    compare(row, fmt::format("square(m={})", number(row, "m", 1)), kClasses, {.labels = 3}, batch_of(row),
            {.mean_over = cells_of(row), .factor = 3});
  });
}

TEST(LossParity, Poly1IsTimms) {
  each_case("timm_poly", 4, [](const json& row) {
    compare(
        row,
        fmt::format("poly1(epsilon={}, label_smoothing={})", number(row, "epsilon", 2), number(row, "smoothing", 0)),
        kClasses, {.labels = 3}, batch_of(row), {.mean_over = items_of(row)});
  });
}

TEST(LossParity, FocalIsImbalancedLosses) {
  each_case("imbalanced_losses_focal", 5, [](const json& row) {
    const bool weighed = row["arguments"].contains("alpha");
    const std::string text = fmt::format("focal(gamma={}, weights={})", number(row, "gamma", 2),
                                         weighed ? list(row["arguments"]["alpha"]) : "none");
    double valid = 0;  // theirs divides by the items that are not ignored, whatever they weigh
    for (const auto& y : row["targets"]) valid += y.get<int>() == losses::kIgnored ? 0 : 1;
    if (!row["arguments"].contains("label_smoothing")) {
      compare(row, text, kClasses, {.labels = 3}, batch_of(row), {.mean_over = valid});
      return;
    }
    // Smoothing: theirs is (1 - p_y)^gamma times the smoothed cross-entropy, ours the mean under the smoothed target.
    const auto ours = losses::make_loss("focal(gamma=2, label_smoothing=0.25)", kClasses, {.labels = 3});
    EXPECT_GT(std::abs(losses::try_loss(*ours, batch_of(row), losses::Precision::f64).sum - row["sum"].get<double>()),
              0.1);
  });
}

TEST(LossParity, EffectiveWeightsAreBalancedLosss) {
  each_case("balanced_loss", 2, [](const json& row) {
    // Theirs divides by items, ours by the weights of the targets.
    compare(row, fmt::format("cross_entropy(weights=effective({}))", number(row, "beta", 0)), kClasses,
            {.labels = 3, .counts = flat(row["arguments"]["samples_per_class"]), .items = 555}, batch_of(row),
            {.mean_over = items_of(row)});
  });
}

TEST(LossParity, BiTemperedIsToolbelts) {
  each_case("toolbelt_bi_tempered", 5, [](const json& row) {
    const double t1 = number(row, "t1", 0), t2 = number(row, "t2", 0), e = number(row, "label_smoothing", 0);
    const auto log_t = [t1](double x) { return t1 == 1 ? std::log(x) : (std::pow(x, 1 - t1) - 1) / (1 - t1); };
    // Their target is 1 - e at the class and e / (K - 1) elsewhere: our smoothing of e K / (K - 1). Theirs is a
    // divergence from that target, with log_t(q + 1e-10); ours the mean of the costs: they differ by a number.
    double offset = 1 / (2 - t1);
    for (const double q : {1 - e, e / 2, e / 2}) offset += q * log_t(q + 1e-10) - std::pow(q, 2 - t1) / (2 - t1);
    compare(row, fmt::format("bi_tempered(t1={}, t2={}, label_smoothing={})", t1, t2, e * 3 / 2), kClasses,
            {.labels = 3}, batch_of(row), {.mean_over = items_of(row), .offset = offset});
  });
}

// ---- One class an item, in order.

TEST(LossParity, CornIsItsAuthorsAndDlordinals) {
  for (const auto& [file, cases] : {std::pair{"coral_pytorch_corn", 4}, std::pair{"dlordinal_corn", 1}})
    each_case(file, static_cast<size_t>(cases), [](const json& row) {
      double asked = 0;
      const auto questions = static_cast<int>(columns_of(row));
      for (const auto& y : row["targets"]) asked += std::min(y.get<int>() + 1, questions);
      const Outcome got =
          compare(row, "corn", kClasses, {.labels = questions + 1}, batch_of(row), {.mean_over = asked});
      EXPECT_EQ(got.denominator, asked);
    });
}

TEST(LossParity, CoralIsItsAuthors) {
  each_case("coral_pytorch_coral", 2, [](const json& row) {
    // Importance weights of questions: attune has none.
    if (!row["arguments"]["importance_weights"].is_null()) return;
    losses::Batch batch = batch_of(row);
    batch.own = flat(row["thresholds"]);
    const Outcome got = compare(row, "coral", kClasses, {.labels = 5}, batch, {.mean_over = items_of(row)});
    EXPECT_EQ(got.denominator, items_of(row));
    all_near(got.d_own, flat(row["d_thresholds"]), 1, 1e-12, "d_own");
  });
}

// The authors count the questions answered yes: the median label. attune says the most probable one.
TEST(LossParity, CornsAnswerIsTheModeTheirsTheMedian) {
  each_case("coral_pytorch_corn", 4, [](const json& row) {
    const auto labels = static_cast<size_t>(columns_of(row) + 1);
    const auto loss = losses::make_loss("corn", kClasses, {.labels = columns_of(row) + 1});
    for (size_t i = 0; i < row["logits"].size(); ++i) {
      std::vector<float> z(labels);
      loss->link()->to_logits(row["logits"][i].get<std::vector<float>>(), z);
      double above = 1;
      int median = 0;
      for (size_t k = 0; k + 1 < labels; ++k) {
        above -= std::exp(static_cast<double>(z[k]));
        median += above > 0.5 ? 1 : 0;
      }
      EXPECT_EQ(median, row["labels_said"][i].get<int>());
      if (labels == 3) {
        EXPECT_EQ(std::max_element(z.begin(), z.end()) - z.begin(), median - 1);
      }
    }
  });
}

TEST(LossParity, EmdIsDlordinals) {
  each_case("dlordinal_emd", 1, [](const json& row) {
    compare(row, "emd", kClasses, {.labels = 5}, batch_of(row), {.mean_over = items_of(row)});
  });
}

TEST(LossParity, OllIsDlordinalsClassDistanceWeightedLoss) {
  each_case("dlordinal_cdw", 3, [](const json& row) {
    const json& weight = row["arguments"]["weight"];
    const std::string weights = weight.is_null() ? "none" : list(weight);
    // Theirs scales class weights to a sum of 1 and divides by items. It adds 1e-8 inside its logarithms, so that
    // 1e-12 cannot be had.
    compare(row, fmt::format("oll(alpha={}, weights={})", number(row, "alpha", 1), weights), kClasses, {.labels = 5},
            batch_of(row),
            {.mean_over = items_of(row), .factor = weight.is_null() ? 1 : 1 / total(flat(weight)), .tolerance = 1e-6});
  });
}

// ---- Any number of labels an item.

TEST(LossParity, BceIsPyTorchs) {
  each_case("torch_bce", 4, [](const json& row) {
    const json& told = row["arguments"];
    std::string text = "bce";
    if (told.contains("pos_weight")) text = "bce(pos_weight=" + list(told["pos_weight"]) + ")";
    if (told.contains("weight")) text = "bce(weights=" + list(told["weight"]) + ")";
    // PyTorch divides by cells; so does attune, but with label weights, where it divides by their sum.
    const Outcome got = compare(row, text, kLabels, {.labels = 4}, batch_of(row), {.mean_over = cells_of(row)});
    EXPECT_EQ(got.denominator, told.contains("weight") ? items_of(row) * total(flat(told["weight"])) : cells_of(row));
  });
}

TEST(LossParity, FocalBceIsTorchvisionsAndImbalancedLosses) {
  for (const char* file : {"torchvision_focal", "imbalanced_losses_sigmoid_focal"})
    each_case(file, 4, [](const json& row) {
      // Targets between 0 and 1: theirs take p_t and alpha_t at y and multiply, ours is a mean of the two sides.
      const std::string text =
          fmt::format("focal_bce(gamma={}, alpha={})", number(row, "gamma", 2), number(row, "alpha", 0.25));
      bool hard = true;
      for (const double y : flat(row["targets"])) hard = hard && (y == 0 || y == 1);
      if (hard) {
        compare(row, text, kLabels, {.labels = 4}, batch_of(row), {.mean_over = cells_of(row)});
      } else {
        const auto ours = losses::make_loss(text, kLabels, {.labels = 4});
        EXPECT_GT(
            std::abs(losses::try_loss(*ours, batch_of(row), losses::Precision::f64).sum - row["sum"].get<double>()),
            0.1);
      }
    });
}

TEST(LossParity, AsymmetricIsTimms) {
  each_case("timm_asymmetric", 3, [](const json& row) {
    const std::string text =
        fmt::format("asymmetric(gamma_neg={}, gamma_pos={}, margin={})", number(row, "gamma_neg", 4),
                    number(row, "gamma_pos", 1), number(row, "clip", 0.05));
    const Outcome got = compare(row, text, kLabels, {.labels = 4}, batch_of(row), {.mean_over = cells_of(row)});
    near(got.sum / items_of(row), row["batchmean"].get<double>(), 1e-12, "timm's default: over items, not cells");
  });
}

TEST(LossParity, ZlprIsTimms) {
  each_case("timm_zlpr", 1, [](const json& row) {
    compare(row, "zlpr", kLabels, {.labels = 4}, batch_of(row), {.mean_over = items_of(row)});
  });
}

TEST(LossParity, DistributionBalancedIsTimms) {
  each_case("timm_distribution_balanced", 3, [](const json& row) {
    // attune smooths counts by half an item of one more; timm's are as given.
    LossFacts facts{.labels = 4,
                    .counts = flat(row["arguments"]["class_counts"]),
                    .items = row["arguments"]["num_samples"].get<double>() - 1};
    for (double& n : facts.counts) n -= 0.5;
    const double lambda = number(row, "neg_scale", 2);
    const auto text = [&](double kappa) {
      return fmt::format("distribution_balanced(mu={}, lambda={}, gamma={}, kappa={})", number(row, "map_mu", 0.2),
                         lambda, number(row, "focal_gamma", 2), kappa);
    };
    Convention theirs{.mean_over = cells_of(row), .factor = number(row, "focal_balance", 2)};
    // timm divides its kappa by lambda (the authors of the text form do not). It makes the prior's logits in f32: so
    // far is the whole equal ...
    theirs.tolerance = 2e-6;
    compare(row, text(number(row, "init_bias", 0.05) / lambda), kLabels, facts, batch_of(row), theirs);
    // ... and to the last digits with the logits that it made.
    theirs.tolerance = 1e-12;
    losses::Batch batch = batch_of(row);
    const auto prior = flat(row["logit_bias"]);
    for (size_t i = 0; i < batch.logits.size(); ++i) batch.logits[i] += prior[i % 4];
    compare(row, text(0), kLabels, facts, batch, theirs);
  });
}

TEST(LossParity, TverskyAndDiceAreSegmentationModels) {
  each_case("smp_tversky", 2, [](const json& row) {
    compare(row,
            fmt::format("tversky(alpha={}, beta={}, smooth={})", number(row, "alpha", 0), number(row, "beta", 0),
                        number(row, "smooth", 0)),
            kLabels, {.labels = 4}, batch_of(row), {.mean_over = 4});
  });
  each_case("smp_dice", 2, [](const json& row) {
    // Their smooth is added to TP, ours to 2 TP.
    compare(row, fmt::format("dice(smooth={})", 2 * number(row, "smooth", 0)), kLabels, {.labels = 4}, batch_of(row),
            {.mean_over = 4});
  });
}

// ---- A score.

TEST(LossParity, ScoresArePyTorchs) {
  const auto check = [](const std::string& file, size_t cases, const std::function<std::string(const json&)>& text,
                        const std::function<double(const json&)>& factor) {
    each_case(file, cases, [&](const json& row) {
      const Outcome got = compare(row, text(row), kScores, {.labels = 1}, batch_of(row),
                                  {.mean_over = items_of(row), .factor = factor(row)});
      EXPECT_EQ(got.denominator, items_of(row));
    });
  };
  const auto same = [](const json&) { return 1.0; };
  check(
      "torch_mse", 1, [](const json&) { return "mse"; }, same);
  check(
      "torch_l1", 1, [](const json&) { return "mae"; }, same);
  check(
      "torch_huber", 3, [](const json& row) { return fmt::format("huber(delta={})", number(row, "delta", 1)); }, same);
  // smooth_l1(beta) = huber(beta) / beta
  check(
      "torch_smooth_l1", 3, [](const json& row) { return fmt::format("huber(delta={})", number(row, "beta", 1)); },
      [](const json& row) { return 1 / number(row, "beta", 1); });
}

TEST(LossParity, GaussianNllIsPyTorchs) {
  each_case("torch_gaussian_nll", 2, [](json row) {
    // full adds log(2 pi) / 2; attune leaves it out.
    const double constant = row["arguments"]["full"].get<bool>() ? 0.5 * std::log(2 * M_PI) : 0;
    // Item 0 lies below the floor. PyTorch's clamp is unseen by its gradient, which there is not that of the value:
    // (1 - r^2 / floor) / 2 * exp(s) / floor. Ours is: 0.
    const double floor = row["arguments"]["eps"].get<double>(), s = row["logits"][0][1].get<double>();
    const double off = row["logits"][0][0].get<double>() - row["targets"][0][0].get<double>();
    ASSERT_LT(std::exp(s), floor);
    const double through = (1 - off * off / floor) / 2 * std::exp(s) / floor;
    near(row["d_sum"][0][1].get<double>(), through, 1e-12, "through the clamp");
    near(row["d_mean"][0][1].get<double>(), through / items_of(row), 1e-12, "through the clamp");
    row["d_sum"][0][1] = row["d_mean"][0][1] = 0;
    compare(row, "gaussian_nll", kScores, {.labels = 1}, batch_of(row),
            {.mean_over = items_of(row), .offset = constant});
  });
}

TEST(LossParity, LogCoshAndQuantileAreToolbeltsAndScikitLearns) {
  each_case("toolbelt_log_cosh", 1, [](const json& row) {
    compare(row, "log_cosh", kScores, {.labels = 1}, batch_of(row), {.mean_over = items_of(row)});
  });
  each_case("sklearn_pinball", 3, [](const json& row) {
    compare(row, fmt::format("quantile(tau={})", number(row, "alpha", 0.5)), kScores, {.labels = 1}, batch_of(row),
            {.mean_over = items_of(row)});
  });
}

}  // namespace
}  // namespace attune
