// The rules, sorted by task, then by the order in which they are to be tried within a strength. Gains were measured on
// planted causes; docs/selection.md tells how an order fitted to four of them did on the others. Thresholds are start
// values, most of them those of the note that the rules were drawn up in. Of our own making are the AUC of 0.6
// that counts as drift; the p of 0.5 from which confusions do not look like grades; the half of all rows in rare
// classes that counts as few rows a class; a tenth of words in entities (an imbalance of about 10, said of tags); the
// deviation of 1 from which Huber's delta of 1 can matter. Where what was found says nothing for text, or speaks
// against a loss, its strength is none.
#include <utility>

#include "attune/selection/rules.h"

namespace attune::selection {
namespace {

using tasks::TaskKind;

// What belongs together: several rules share conditions and what was found.
const std::vector<Condition> kImbalanced{{.figure = "imbalance_ratio", .at_least = 10}};
const std::vector<Condition> kHardlyImbalanced{{.figure = "imbalance_ratio", .below = 3}};
const std::vector<Condition> kNoisy{{.figure = "noise_ceiling", .at_least = 0.1}, {.figure = "classes", .below = 21}};
const std::vector<Condition> kHardlyNoisy{{.figure = "noise_ceiling", .below = 0.05}};
const std::vector<Condition> kSomeNoise{{.figure = "noise_ceiling", .at_least = 0.05, .below = 0.2}};
const std::vector<Condition> kDrifting{{.figure = "drift", .at_least = 0.6}};
const std::vector<Condition> kConfusedAnyhow{{.figure = "order_veto", .at_least = 0.5}};
const std::vector<Condition> kManyRows{{.figure = "rows", .at_least = 10'000}};
const std::vector<Condition> kMostlyOutside{{.figure = "entity_words", .below = 0.1}};

// Where gains were measured.
constexpr MeasuredOn kFlipped{"SST-2 with 40% of the training labels flipped, accuracy", "2026-11-29"};
constexpr MeasuredOn kFlippedFewer{"SST-2 with 20% of the training labels flipped, accuracy", "2026-11-30"};
constexpr MeasuredOn kFlippedAgain{"SST-2 with 40% of the training labels flipped, other rows, accuracy", "2026-11-30"};
constexpr MeasuredOn kGrades{"SST-5, quadratic kappa", "2026-11-29"};
constexpr MeasuredOn kRareLabels{"GoEmotions, 1,500 rows, macro F1", "2026-11-29"};
constexpr MeasuredOn kOneInFifty{"anger in GoEmotions, one row in fifty, macro F1", "2026-11-29"};

constexpr const char* kNothingFound = "No comparison on fine-tuned text models was found.";
constexpr const char* kRobustEvidence =
    "On BERT, methods for noisy labels often did not help and sometimes harmed; their gains come from images with "
    "made-up noise, and real noise is different.";
constexpr const char* kSmoothingEvidence =
    "With a temperature beside it, it calibrates fine-tuned encoders better out of domain; it can cost accuracy.";
constexpr const char* kSmoothingSource = "arXiv 2003.07892; the cost: arXiv 2302.06690";
constexpr const char* kWeightsEvidence =
    "Their effect on a network fades as it comes to separate its rows; on tables they ranked no better and calibrated "
    "worse. Moving the cut afterwards is free.";
constexpr const char* kWeightsSource = "Byrd & Lipton 2019, arXiv 1812.03372; tables: arXiv 2603.00208";
constexpr const char* kOllEvidence =
    "Best of its authors' comparison on four sets of text; a sum with cross-entropy keeps both kinds of metric in "
    "balance where data are plenty.";
constexpr const char* kOllSource = "Castagnos et al. 2022 (COLING); the sum: arXiv 2405.11775";
constexpr const char* kFewRowsEvidence =
    "As published it helps with few labelled rows; a first preprint claimed it for any number. Shown on one large "
    "encoder.";
constexpr const char* kFewRowsSource = "Gunel et al. 2021, arXiv 2011.01403 (proposers)";
constexpr const char* kRDropEvidence =
    "Its authors report gains on many language tasks; a run computes twice as much, so it must also beat "
    "cross-entropy trained for twice the steps.";
constexpr const char* kRDropElsewhere =
    "Its authors' gains are of classes and of generated text; none was found for this task. A run computes twice as "
    "much.";
constexpr const char* kRDropSource = "Liang et al. 2021, arXiv 2106.14448 (proposers)";
constexpr const char* kFgmEvidence =
    "Proposed for recurrent text classifiers; no test on fine-tuned Transformers by others was found. A run computes "
    "twice as much.";
constexpr const char* kFgmSource = "Miyato et al. 2017, arXiv 1605.07725 (proposers)";
constexpr const char* kPricesUnknown =
    "it wants the price of each mistake, which no figure tells: first cut by the expected price of the plain loss's "
    "answers, then try 0.5*cross_entropy + 0.5*cost_sensitive(costs=[[...], ...])";
constexpr const char* kPricesEvidence =
    "Theory alone: calibrated probabilities and the cheapest answer by them need no other loss.";
constexpr const char* kPricesSource = "Elkan 2001 (IJCAI)";
constexpr const char* kNoStrangers =
    "it wants a label whose rows belong to no class, which no figure tells: try open_set(unknown=LABEL)";
constexpr const char* kBalancedEvidence = "None of its own: it is logit adjustment with tau 1 by another name.";
constexpr const char* kBalancedSource = "Ren et al. 2020, arXiv 2007.10740, eq. 4";
constexpr const char* kStrangersSource = "Dhamija, Guenther & Boult 2018, arXiv 1811.04110 (proposers)";

std::vector<Rule> classify_rules() {
  return {
      // grades
      {.loss = "0.5*cross_entropy + 0.5*oll",
       .task = TaskKind::classify,
       .metrics = {MetricKind::decisions},
       .out_if = kConfusedAnyhow,
       .strength = Strength::medium,
       .evidence = kOllEvidence,
       .source = kOllSource,
       .measured = {{kGrades, -2.4, 1.8}},
       .variants = {"0.8*cross_entropy + 0.2*oll"}},
      {.loss = "oll",
       .task = TaskKind::classify,
       .metrics = {MetricKind::ordinal},
       .out_if = kConfusedAnyhow,
       .strength = Strength::medium,
       .evidence = kOllEvidence,
       .source = kOllSource,
       .measured = {{kGrades, -5.8, 1.3}},
       .variants = {"oll(alpha=1)", "oll(alpha=2)"}},
      {.loss = "corn",
       .task = TaskKind::classify,
       .metrics = {MetricKind::ordinal},
       .out_if = kConfusedAnyhow,
       .strength = Strength::weak,
       .evidence = "Losses that read the order help where the metric does; of this one by itself nothing on text was "
                   "found beside its authors.",
       .source = "Shi, Cao & Raschka 2021, arXiv 2111.08851 (proposers)",
       .measured = {{kGrades, -17.5, 2.2}}},
      {.loss = "0.5*cross_entropy + 0.5*emd",
       .task = TaskKind::classify,
       .metrics = {MetricKind::ordinal},
       .out_if = kConfusedAnyhow,
       .strength = Strength::weak,
       .evidence = "Losses that read the order help where the metric does; this one takes steps between grades for "
                   "equal, and alone starts slowly.",
       .source = "Hou et al. 2016, arXiv 1611.05916 (proposers)",
       .measured = {{kGrades, 1.2, 1.0}},
       .variants = {"emd"}},
      {.loss = "coral",
       .task = TaskKind::classify,
       .metrics = {MetricKind::ordinal},
       .out_if = kConfusedAnyhow,
       .strength = Strength::none,
       .evidence = "No comparison on fine-tuned text models was found; one direction must order all grades, which "
                   "limits what it can fit.",
       .source = "Cao, Mirjalili & Raschka 2020, arXiv 1901.07884 (proposers)"},
      // any data
      {.loss = "square",
       .task = TaskKind::classify,
       .metrics = {MetricKind::decisions},
       .in_if = {{.figure = "classes", .below = 42}},
       .strength = Strength::medium,
       .evidence = "As good as cross-entropy or better in most of one group's language tasks, and less at the mercy of "
                   "the seed; from 42 classes on it wants a rescaling.",
       .source = "Hui & Belkin 2021, arXiv 2006.07322",
       .measured = {{kGrades, -1.8, 0.7}, {kOneInFifty, 3.1, 1.6}}},
      {.loss = "square(m=15)",
       .task = TaskKind::classify,
       .metrics = {MetricKind::decisions},
       .in_if = {{.figure = "classes", .at_least = 42}},
       .strength = Strength::weak,
       .evidence = "The same comparison with its rescaling for many classes, which has two more settings to choose.",
       .source = "Hui & Belkin 2021, arXiv 2006.07322",
       .variants = {"square(m=30)", "square(k=15, m=30)"}},
      // imbalance
      {.loss = "logit_adjusted",
       .task = TaskKind::classify,
       .metrics = {MetricKind::class_means},
       .in_if = kImbalanced,
       .out_if = kHardlyImbalanced,
       .strength = Strength::weak,
       .evidence = "No study on text was found; a survey of language tasks says that a good choice is hard to find. "
                   "The same shift of logits after training is free: worth a run where that gains.",
       .source = "Menon et al. 2021, arXiv 2007.07314 (proposers); survey: arXiv 2210.04675",
       .measured = {{kOneInFifty, 8.5, 2.1}},
       .variants = {"logit_adjusted(tau=0.5)"}},
      {.loss = "focal",
       .task = TaskKind::classify,
       .in_if = kImbalanced,
       .out_if = {{.figure = "noise_ceiling", .at_least = 0.1}},
       .strength = Strength::weak,
       .evidence = "On text its proposers only; on images it calibrates. It dwells on rows that stay wrong, and with "
                   "noisy labels those are the mistaken ones.",
       .source = "Lin et al. 2017, arXiv 1708.02002 (proposers); images: arXiv 2002.09437",
       .measured = {{kOneInFifty, 6.3, 1.7}},
       .variants = {"focal(gamma=1)"}},
      {.loss = "cross_entropy(weights=balanced)",
       .task = TaskKind::classify,
       .metrics = {MetricKind::class_means},
       .in_if = kImbalanced,
       .strength = Strength::none,
       .evidence = kWeightsEvidence,
       .source = kWeightsSource,
       .measured = {{kOneInFifty, 5.7, 2.4}},
       .variants = {"cross_entropy(weights=effective(0.999))", "cross_entropy(weights=effective(0.999)) after 60%"}},
      {.loss = "ldam(weights=effective(0.9999)) after 80%",
       .task = TaskKind::classify,
       .in_if = {{.figure = "imbalance_ratio", .at_least = 50}, {.figure = "classes", .at_least = 20}},
       .strength = Strength::none,
       .evidence = "Shown on images alone, and with a last layer of cosines; nothing on text was found.",
       .source = "Cao et al. 2019, arXiv 1906.07413 (proposers)",
       .measured = {{kOneInFifty, 4.5, 1.6}},
       .variants = {"ldam"}},
      // probabilities
      {.loss = "cross_entropy(label_smoothing=0.1)",
       .task = TaskKind::classify,
       .metrics = {MetricKind::probabilities},
       .strength = Strength::weak,
       .evidence = kSmoothingEvidence,
       .source = kSmoothingSource,
       .variants = {"cross_entropy(label_smoothing=0.05)"}},
      {.loss = "cross_entropy(label_smoothing=0.1)",
       .task = TaskKind::classify,
       .in_if = kDrifting,
       .strength = Strength::weak,
       .evidence = kSmoothingEvidence,
       .source = kSmoothingSource,
       .variants = {"cross_entropy(label_smoothing=0.05)"}},
      {.loss = "cross_entropy(label_smoothing=0.1)",
       .task = TaskKind::classify,
       .in_if = kSomeNoise,
       .strength = Strength::weak,
       .evidence = kSmoothingEvidence,
       .source = kSmoothingSource,
       .measured = {{kFlipped, 0.0, 0.9}, {kFlippedFewer, 0.6, 0.4}, {kFlippedAgain, -1.1, 0.6}},
       .variants = {"cross_entropy(label_smoothing=0.05)"}},
      {.loss = "confidence_penalty",
       .task = TaskKind::classify,
       .metrics = {MetricKind::probabilities},
       .strength = Strength::none,
       .evidence = "Label smoothing's kin, and tried where that is; no comparison on fine-tuned text models was found.",
       .source = "Pereyra et al. 2017, arXiv 1701.06548 (proposers)"},
      {.loss = "confidence_penalty",
       .task = TaskKind::classify,
       .in_if = kDrifting,
       .strength = Strength::none,
       .evidence = "Label smoothing's kin, and tried where that is; no comparison on fine-tuned text models was found.",
       .source = "Pereyra et al. 2017, arXiv 1701.06548 (proposers)"},
      // mistaken labels
      {.loss = "generalized_ce",
       .task = TaskKind::classify,
       .in_if = kNoisy,
       .out_if = kHardlyNoisy,
       .strength = Strength::none,
       .evidence = kRobustEvidence,
       .source = "Zhang & Sabuncu 2018, arXiv 1805.07836 (proposers); against: arXiv 2204.09371, 2305.10709",
       .measured = {{kFlipped, 1.8, 1.0}, {kFlippedFewer, 3.1, 1.2}, {kFlippedAgain, -2.3, 1.2}},
       .variants = {"generalized_ce(q=0.4)"}},
      {.loss = "symmetric_ce",
       .task = TaskKind::classify,
       .in_if = kNoisy,
       .out_if = kHardlyNoisy,
       .strength = Strength::none,
       .evidence = kRobustEvidence,
       .source = "Wang et al. 2019, arXiv 1908.06112 (proposers); against: arXiv 2204.09371, 2305.10709",
       .measured = {{kFlipped, 3.3, 0.5}, {kFlippedFewer, 2.7, 0.9}, {kFlippedAgain, -1.3, 2.7}},
       .variants = {"symmetric_ce(alpha=6, beta=0.1)"}},
      {.loss = "bi_tempered",
       .task = TaskKind::classify,
       .in_if = kNoisy,
       .out_if = kHardlyNoisy,
       .strength = Strength::none,
       .evidence = kRobustEvidence,
       .source = "Amid et al. 2019, arXiv 1906.03361 (proposers); against: arXiv 2204.09371, 2305.10709",
       .measured = {{kFlipped, 0.1, 0.6}, {kFlippedFewer, -0.9, 0.8}, {kFlippedAgain, 0.6, 1.6}}},
      {.loss = "early_learning",
       .task = TaskKind::classify,
       .in_if = kNoisy,
       .out_if = kHardlyNoisy,
       .strength = Strength::none,
       .evidence = kRobustEvidence,
       .source = "Liu et al. 2020, arXiv 2007.00151 (proposers); against: arXiv 2204.09371, 2305.10709",
       .measured = {{kFlipped, 0.2, 1.8}, {kFlippedFewer, 3.8, 0.7}, {kFlippedAgain, 0.3, 1.2}},
       .variants = {"early_learning(lambda=1)"}},
      // few rows
      {.loss = "0.7*cross_entropy + 0.3*supcon",
       .task = TaskKind::classify,
       .in_if = {{.figure = "rows", .below = 1001}},
       .out_if = kManyRows,
       .strength = Strength::weak,
       .evidence = kFewRowsEvidence,
       .source = kFewRowsSource,
       .variants = {"0.9*cross_entropy + 0.1*supcon"}},
      {.loss = "0.7*cross_entropy + 0.3*supcon",
       .task = TaskKind::classify,
       .in_if = {{.figure = "rare_rows", .at_least = 0.5}},
       .out_if = kManyRows,
       .strength = Strength::weak,
       .evidence = kFewRowsEvidence,
       .source = kFewRowsSource,
       .variants = {"0.9*cross_entropy + 0.1*supcon"}},
      // any data, at twice the price
      {.loss = "r_drop(cross_entropy)",
       .task = TaskKind::classify,
       .strength = Strength::weak,
       .evidence = kRDropEvidence,
       .source = kRDropSource,
       .price = 2,
       .variants = {"r_drop(cross_entropy, alpha=4)"}},
      {.loss = "fgm(cross_entropy)",
       .task = TaskKind::classify,
       .strength = Strength::none,
       .evidence = kFgmEvidence,
       .source = kFgmSource,
       .price = 2},
      // any data
      {.loss = "poly1",
       .task = TaskKind::classify,
       .strength = Strength::none,
       .evidence = "Proposed for images; no comparison on fine-tuned text models was found.",
       .source = "Leng et al. 2022, arXiv 2204.12511 (proposers)",
       .variants = {"poly1(epsilon=-1)"}},
      // not without a person
      {.loss = "0.5*cross_entropy + 0.5*cost_sensitive",
       .task = TaskKind::classify,
       .strength = Strength::none,
       .evidence = kPricesEvidence,
       .source = kPricesSource,
       .reads_prices = true,
       .untried = kPricesUnknown},
      {.loss = "open_set",
       .task = TaskKind::classify,
       .strength = Strength::none,
       .evidence = kNothingFound,
       .source = kStrangersSource,
       .untried = kNoStrangers},
      {.loss = "balanced_softmax",
       .task = TaskKind::classify,
       .strength = Strength::none,
       .evidence = kBalancedEvidence,
       .source = kBalancedSource,
       .untried = "it equals logit_adjusted(tau=1), which stands in this list"},
  };
}

std::vector<Rule> multilabel_rules() {
  return {
      {.loss = "zlpr",
       .task = TaskKind::multilabel,
       .strength = Strength::weak,
       .evidence = "Its proposers alone; the one comparison on text with a long tail that was found is without it.",
       .source = "Su et al. 2022, arXiv 2208.02955 (proposers)",
       .measured = {{kRareLabels, -0.3, 0.2}}},
      {.loss = "asymmetric",
       .task = TaskKind::multilabel,
       .in_if = {{.figure = "density", .below = 0.03}},
       .strength = Strength::weak,
       .evidence = "Its proposers alone, on images; made for many labels of which few hold.",
       .source = "Ridnik et al. 2021, arXiv 2009.14119 (proposers)",
       .measured = {{kRareLabels, -1.4, 0.4}},
       .variants = {"asymmetric(gamma_neg=2)"}},
      {.loss = "distribution_balanced",
       .task = TaskKind::multilabel,
       .in_if = {{.figure = "imbalance_ratio", .at_least = 50}},
       .strength = Strength::weak,
       .evidence = "Best of one group's comparison with plain, focal and class-balanced losses on two sets of text "
                   "with a long tail, the first three within 0.12 of micro F1; the asymmetric loss and zlpr were not "
                   "in it.",
       .source = "Huang et al. 2021, arXiv 2109.04712",
       .measured = {{kRareLabels, -2.3, 0.2}},
       .variants = {"distribution_balanced(mu=0.05)"}},
      {.loss = "focal_bce",
       .task = TaskKind::multilabel,
       .in_if = kImbalanced,
       .strength = Strength::weak,
       .evidence = "Its proposers, on images; in one group's comparison on two sets of text with a long tail, "
                   "distribution balancing, which contains it, came out ahead.",
       .source = "Lin et al. 2017, arXiv 1708.02002 (proposers); Huang et al. 2021, arXiv 2109.04712",
       .measured = {{kRareLabels, -1.8, 0.4}},
       .variants = {"focal_bce(alpha=-1)"}},
      {.loss = "bce(weights=effective(0.999))",
       .task = TaskKind::multilabel,
       .metrics = {MetricKind::class_means},
       .in_if = kImbalanced,
       .strength = Strength::none,
       .evidence = kWeightsEvidence,
       .source = "Cui et al. 2019, arXiv 1901.05555 (proposers); Byrd & Lipton 2019, arXiv 1812.03372",
       .measured = {{kRareLabels, 1.0, 0.55}},
       .variants = {"bce(weights=balanced)"}},
      {.loss = "0.5*bce + 0.5*dice",
       .task = TaskKind::multilabel,
       .metrics = {MetricKind::labels_f1},
       .strength = Strength::none,
       .evidence = "Claimed for tags and reading; other users report runs that do not train, or end in NaN. It depends "
                   "on the batch.",
       .source =
           "Li et al. 2020, arXiv 1911.02855 (proposers); against: ShannonAI/dice_loss_for_NLP, issues 6, 21, 24"},
      {.loss = "0.5*bce + 0.5*tversky",
       .task = TaskKind::multilabel,
       .metrics = {MetricKind::labels_f1},
       .strength = Strength::none,
       .evidence = "Proposed for images of medicine; no comparison on fine-tuned text models was found. It depends on "
                   "the batch.",
       .source = "Salehi et al. 2017, arXiv 1706.05721 (proposers)"},
      {.loss = "r_drop(bce)",
       .task = TaskKind::multilabel,
       .strength = Strength::none,
       .evidence = kRDropElsewhere,
       .source = kRDropSource,
       .price = 2},
      {.loss = "fgm(bce)",
       .task = TaskKind::multilabel,
       .strength = Strength::none,
       .evidence = kFgmEvidence,
       .source = kFgmSource,
       .price = 2},
  };
}

std::vector<Rule> regress_rules() {
  return {
      {.loss = "huber",
       .task = TaskKind::regress,
       .in_if = {{.figure = "score_deviation", .at_least = 1}},
       .strength = Strength::none,
       .evidence = "No comparison on fine-tuned text models was found. Below its delta of 1 it is half the squared "
                   "error; beyond, far-off scores count less.",
       .source = "Huber 1964 (Ann. Math. Statist. 35)",
       .variants = {"huber(delta=0.5)"}},
      {.loss = "mae",
       .task = TaskKind::regress,
       .strength = Strength::none,
       .evidence = "No comparison on fine-tuned text models was found. The score becomes the median, which far-off "
                   "scores hardly move.",
       .source = "Laplace's"},
      {.loss = "gaussian_nll",
       .task = TaskKind::regress,
       .strength = Strength::none,
       .evidence = "No comparison on fine-tuned text models was found. It also tells how sure a score is, and may "
                   "explain hard rows away.",
       .source = "Nix & Weigend 1994; Kendall & Gal 2017, arXiv 1703.04977"},
      {.loss = "r_drop(mse)",
       .task = TaskKind::regress,
       .strength = Strength::none,
       .evidence = kRDropElsewhere,
       .source = kRDropSource,
       .price = 2},
      {.loss = "fgm(mse)",
       .task = TaskKind::regress,
       .strength = Strength::none,
       .evidence = kFgmEvidence,
       .source = kFgmSource,
       .price = 2},
      {.loss = "quantile",
       .task = TaskKind::regress,
       .strength = Strength::none,
       .evidence = "It is for those who want another quantile than the median.",
       .source = "Koenker & Bassett 1978 (Econometrica 46)",
       .untried = "with its tau of 0.5 it is half of mae, which stands in this list"},
  };
}

std::vector<Rule> tag_rules() {
  return {
      {.loss = "crf",
       .task = TaskKind::tag,
       .in_if = {{.figure = "illegal_tags", .at_least = 0.005}},
       .strength = Strength::weak,
       .evidence = "Mixed: over a pre-trained encoder often no gain, mostly where its transitions learn as slowly as "
                   "the encoder. Decoding without illegal tags heals those for free.",
       .source = "kexue.fm 7196"},
      {.loss = "focal",
       .task = TaskKind::tag,
       .in_if = kMostlyOutside,
       .strength = Strength::none,
       .evidence = "Words outside entities outnumber the others five to eight times in common sets; for this loss no "
                   "comparison on fine-tuned text models by others was found.",
       .source = "Lin et al. 2017, arXiv 1708.02002 (proposers); the numbers: Li et al. 2020, arXiv 1911.02855"},
      {.loss = "cross_entropy(weights=effective(0.999))",
       .task = TaskKind::tag,
       .metrics = {MetricKind::class_means, MetricKind::entities},
       .in_if = kMostlyOutside,
       .strength = Strength::none,
       .evidence = kWeightsEvidence,
       .source = "Cui et al. 2019, arXiv 1901.05555 (proposers); Byrd & Lipton 2019, arXiv 1812.03372"},
      {.loss = "r_drop(cross_entropy)",
       .task = TaskKind::tag,
       .strength = Strength::none,
       .evidence = kRDropElsewhere,
       .source = kRDropSource,
       .price = 2},
      {.loss = "fgm(cross_entropy)",
       .task = TaskKind::tag,
       .strength = Strength::none,
       .evidence = kFgmEvidence,
       .source = kFgmSource,
       .price = 2},
      {.loss = "0.5*cross_entropy + 0.5*cost_sensitive",
       .task = TaskKind::tag,
       .strength = Strength::none,
       .evidence = kPricesEvidence,
       .source = kPricesSource,
       .untried = kPricesUnknown},
      {.loss = "open_set",
       .task = TaskKind::tag,
       .strength = Strength::none,
       .evidence = kNothingFound,
       .source = kStrangersSource,
       .untried = kNoStrangers},
      {.loss = "balanced_softmax",
       .task = TaskKind::tag,
       .strength = Strength::none,
       .evidence = kBalancedEvidence,
       .source = kBalancedSource,
       .untried = "it equals logit_adjusted(tau=1), which stands in this list"},
  };
}

}  // namespace

const std::vector<Rule>& rules_list() {
  static const std::vector<Rule> list = [] {
    std::vector<Rule> all;
    for (auto* of_task : {classify_rules, multilabel_rules, regress_rules, tag_rules})
      for (Rule& rule : of_task()) all.push_back(std::move(rule));
    return all;
  }();
  return list;
}

}  // namespace attune::selection
