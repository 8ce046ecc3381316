#include <gtest/gtest.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "attune/report/columns.h"
#include "attune/selection/report/json.h"
#include "attune/selection/report/page.h"
#include "attune/selection/report/text.h"

#include "tests/selection/sample_choice.h"

namespace attune::selection {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// As one line, so that it does not matter where a terminal breaks it.
std::string unwrapped(const std::string& text) {
  std::istringstream words(text);
  std::string out;
  for (std::string word; words >> word;) out += word + " ";
  return out;
}

Choice choice_with(Judgement judgement) {
  Choice choice = sample_measured();
  choice.sentence = "A sentence.";
  choice.judgements = {std::move(judgement)};
  return choice;
}

std::string text_with(const Judgement& judgement) {
  return unwrapped(to_text(choice_with(judgement)));
}

Judgement same_run(const std::vector<double>& differences, double variance) {
  return judged_twice(differences, variance, 0.005);
}

TEST(ChoiceJson, HasEveryField) {
  const auto json = to_json(sample_choice());
  for (const char* key : {"sentence",
                          "loss",
                          "rate_times",
                          "loss_is_proven",
                          "corrections_pay",
                          "corrections_taken",
                          "correction",
                          "model",
                          "task",
                          "metric",
                          "plain_loss",
                          "files",
                          "worth",
                          "level",
                          "budget",
                          "strict",
                          "rows",
                          "plan",
                          "judgements",
                          "race",
                          "runs",
                          "seconds",
                          "profile",
                          "rulings",
                          "outlook",
                          "test",
                          "notes"})
    EXPECT_TRUE(json.contains(key)) << key;
  const auto& judgement = json["judgements"][1];
  for (const char* key : {"first",
                          "second",
                          "same_runs",
                          "state",
                          "better",
                          "difference",
                          "interval",
                          "level",
                          "worth",
                          "chance_order_wrong",
                          "chance_new_runs_turn_it",
                          "visible_difference",
                          "bottleneck",
                          "needed",
                          "rows",
                          "variance",
                          "blocks",
                          "gained",
                          "lost",
                          "classes",
                          "changed",
                          "notes"})
    EXPECT_TRUE(judgement.contains(key)) << key;
  EXPECT_EQ(judgement["state"], "undecided");
  EXPECT_TRUE(judgement["better"].is_null()) << "nobody wins where nothing is decided";
  EXPECT_EQ(json["judgements"][0]["better"], "cross_entropy with corrections");
  EXPECT_EQ(json["race"].size(), 7U);
  EXPECT_EQ(json["race"][6]["failed"], true);
  EXPECT_EQ(json["runs"][6]["failure"], "one answer for every row");
  EXPECT_EQ(json["rulings"][0]["standing"], "kept");
  EXPECT_EQ(json["rulings"][4]["standing"], "ruled_out");
  EXPECT_EQ(json["rulings"][0]["source"], "Hui & Belkin 2021, arXiv 2006.07322");
  EXPECT_EQ(json["profile"]["figures"][1]["unit"], "ratio");
  EXPECT_EQ(json["profile"]["suspicious"][0]["place"], "train.csv line 812");
  EXPECT_DOUBLE_EQ(json["test"]["interval"][1], 0.837);
}

TEST(ChoiceJson, SaysNullOfWhatIsNotKnown) {
  const auto json = to_json(sample_corrections());
  EXPECT_TRUE(json["test"].is_null());
  EXPECT_TRUE(json["correction"].is_null());
  const auto& judgement = json["judgements"][0];
  EXPECT_TRUE(judgement["chance_new_runs_turn_it"].is_null()) << "one run tells nothing of the next";
  EXPECT_TRUE(judgement["bottleneck"].is_null());
  EXPECT_TRUE(judgement["chance_order_wrong"].is_number()) << "of one model's two answers";
  const auto& order = json["profile"]["figures"][4];
  EXPECT_TRUE(order["value"].is_null());
  EXPECT_TRUE(order["interval"].is_null());
  EXPECT_TRUE(json["rulings"][2]["strength"].is_null());
  EXPECT_TRUE(json["rulings"][0]["calibrated"].is_null()) << "the literature's";
  const auto empty = to_json(Choice{});
  EXPECT_TRUE(empty["outlook"].is_null());
  EXPECT_TRUE(empty["race"].is_array() && empty["judgements"].is_array() && empty["runs"].is_array());
  Choice two_models = choice_with(judged("a", "b", {0.02}, 1e-5, 0.005));
  EXPECT_TRUE(to_json(two_models)["judgements"][0]["chance_order_wrong"].is_null());
}

TEST(ChoiceJson, RepairsBytesThatAreNoText) {
  Choice choice = sample_choice();
  choice.files = {"a\xff.csv"};
  choice.judgements[0].first = "\xff";
  choice.profile.suspicious[0].label = "\xff";
  EXPECT_NO_THROW(to_json(choice).dump());
}

TEST(ChoiceText, FitsATerminalAndOpensWithTheSentence) {
  Choice wide = sample_choice();
  wide.files = {std::string(300, 'x') + ".csv"};
  wide.judgements[0].first = std::string(150, 'a');
  wide.notes.push_back("\x1b[31mred\n" + std::string(140, 'n'));
  wide.judgements[0].seen.blocks.insert(wide.judgements[0].seen.blocks.end(), 20, {.first = 0.5, .second = 0.5});
  for (const Choice& choice : {sample_choice(), sample_corrections(), wide}) {
    const std::string text = to_text(choice);
    EXPECT_EQ(text.find(choice.sentence.substr(0, 40)), 1U);
    EXPECT_FALSE(has(text, "\x1b"));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(report::display_width(line), 100) << line;
  }
}

TEST(ChoiceText, SaysEachStateInItsWords) {
  EXPECT_TRUE(has(text_with(judged("a", "b", {0.03, 0.031, 0.029}, 1e-6, 0.005)), "a is better, by more than 0.5"));
  EXPECT_TRUE(has(text_with(judged("b", "a", {-0.03, -0.031, -0.029}, 1e-6, 0.005)), "a is better, by more than 0.5"));
  EXPECT_TRUE(has(text_with(judged("a", "b", {0.008, 0.009, 0.007}, 1e-5, 0.005)),
                  "a is better; whether by more than the 0.5 points that matter is open"));
  EXPECT_TRUE(has(text_with(judged("a", "b", {0.0005, 0.0001, -0.0002}, 1e-7, 0.005)), "no difference that matters"));
  const std::string undecided = text_with(judged("a", "b", {0.012, -0.004, 0.009}, 8e-5, 0.005));
  EXPECT_TRUE(has(undecided, "undecided, which does not mean equal"));
  EXPECT_TRUE(has(undecided, "would decide, were the difference as it looks"));
  EXPECT_TRUE(has(undecided, "chance that one new run of each, on as many new rows, turns it"));
  EXPECT_TRUE(has(text_with(judged("a", "b", {0.02}, 1e-6, 0.005)), "nothing of the next run of either"));
  for (const char* part : {"difference, in points", "95% interval", "chance that the order is wrong",
                           "smallest difference that would have been seen", "what holds it up"})
    EXPECT_TRUE(has(undecided, part)) << part;
}

TEST(ChoiceText, OneRunClaimsNothingOfTheNext) {
  struct Case {
    double difference, variance;
    std::string words;
  };
  const std::string of_one = ", for this trained model: one run tells nothing of the next.";
  for (const Case& one : std::vector<Case>{
           {0.03, 1e-6, "cross_entropy with corrections is better, by more than 0.5 points" + of_one},
           {0.006, 1e-6,
            "cross_entropy with corrections is better; whether by more than the 0.5 points that matter is open" +
                of_one},
           {0.0001, 1e-6, "no difference that matters: it is below 0.5 points either way" + of_one},
           {0.004, 1e-6,
            "undecided: cross_entropy with corrections is ahead, and whether by the 0.5 points that matter is open" +
                of_one},
           {0.004, 1e-5, "undecided, which does not mean equal"}}) {
    const std::string text = text_with(same_run({one.difference}, one.variance));
    EXPECT_TRUE(has(text, one.words)) << one.words << "\n" << text;
    EXPECT_FALSE(has(text, "turns it")) << "no chance of a turn is known from one run";
    EXPECT_TRUE(has(text, "chance that the order is wrong, for this trained model"));
  }
  EXPECT_TRUE(has(text_with(same_run({0.03, 0.031, 0.029}, 1e-6)), "chance that one new run, on as many new rows"));
  EXPECT_FALSE(has(text_with(same_run({0.004, 0.005}, 1e-6)), "nothing less")) << "two runs may tell any state";
  Choice choice = choice_with(same_run({0.03}, 1e-6));
  choice.corrections_taken = true, choice.correction = "prior +0.35";
  EXPECT_TRUE(
      has(unwrapped(to_text(choice)), "they lead and cost nothing, though no verdict says that they pay: prior"));
  choice.corrections_pay = true;
  EXPECT_TRUE(has(unwrapped(to_text(choice)), "they pay for this trained model: prior +0.35"));
}

TEST(ChoiceText, TheRaceCrownsNobody) {
  const std::string text = unwrapped(to_text(sample_choice()));
  EXPECT_TRUE(has(text, "A race crowns nobody"));
  EXPECT_TRUE(has(text, "+0.30 to +3.30 +1.04 finalist")) << "raw interval, shrunk difference";
  EXPECT_TRUE(has(text, "cross_entropy all 0.7840 square all 0.8019"))
      << "nothing is said of the plain loss against itself";
  EXPECT_TRUE(has(text, "gce(q=0.7) all 0.0130 failed")) << "a failed arm has no difference";
  EXPECT_TRUE(has(text, "13 runs in 15 min 51 s, 1 of them failed"));
  Choice none = sample_choice();
  none.race[1].finalist = false;
  EXPECT_TRUE(has(unwrapped(to_text(none)), "picked nobody"));
}

TEST(ChoiceText, SaysWhatToTakeAndWhy) {
  const std::string text = unwrapped(to_text(sample_choice()));
  EXPECT_TRUE(has(text, "--loss cross_entropy: the plain loss; no verdict chose another"));
  EXPECT_TRUE(has(text, "yes, a verdict says that they pay: a prior of +0.35"));
  EXPECT_TRUE(has(unwrapped(to_text(sample_corrections())), "none: no verdict says that they pay"));
  Choice proven = sample_choice();
  proven.loss = "square", proven.loss_is_proven = true, proven.strict = true;
  EXPECT_TRUE(has(unwrapped(to_text(proven)), "--loss square: a verdict chose it"));
  EXPECT_TRUE(has(unwrapped(to_text(proven)), "--strict"));
  proven.rate_times = 2;
  EXPECT_TRUE(has(unwrapped(to_text(proven)), "--loss square at 2 times the learning rate: a verdict"));
  EXPECT_TRUE(has(text, "chosen 0.8214 (95% interval 0.8060 to 0.8370, by rows alone), plain 0.8090"));
  EXPECT_TRUE(has(text, "crf, zlpr: of other tasks")) << "ruled out, by reason";
  EXPECT_TRUE(has(text, "label_smoothing, poly")) << "queued, by name alone";
}

TEST(ChoiceText, UnitsOfMetrics) {
  EXPECT_EQ(signed_amount("macro_f1", 0.0042), "+0.42 points");
  EXPECT_EQ(signed_amount("log_loss", -0.0042), "-0.0042");
  EXPECT_EQ(amount("macro_f1", -0.0042), "0.42 points");
  EXPECT_EQ(amount("log_loss", 0.00438), "0.00438");
  EXPECT_EQ(signed_amount("macro_f1", metrics::kUndefined), "-");
  Choice choice = choice_with(judged("a", "b", {0.012, -0.004, 0.009}, 8e-5, 0.005));
  choice.metric = "log_loss";
  EXPECT_TRUE(has(unwrapped(to_text(choice)), "difference (of less) +0.0057"));
}

TEST(ChoicePage, NothingOfTheDataIsMarkup) {
  for (const Choice& choice : {sample_choice(), sample_corrections()}) {
    std::string page = to_html(choice);
    EXPECT_TRUE(has(page, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;"));
    EXPECT_TRUE(has(page, "data/&lt;b onload=&#39;x&#39;&gt;.csv"));
    EXPECT_FALSE(has(page, "<b onload"));
    EXPECT_EQ(page.find("<script"), page.rfind("<script")) << "the house's own alone";
    EXPECT_FALSE(has(page, "<script>alert"));
  }
}

TEST(ChoicePage, AsksNothingOfTheNetwork) {
  const std::string page = to_html(sample_choice());
  for (const char* part : {"http://", "https://", "src=", "@import", "url(", "<link", "<img"})
    EXPECT_FALSE(has(page, part)) << part;
  EXPECT_TRUE(has(page, "default-src 'none'"));
  EXPECT_TRUE(has(page, "prefers-color-scheme:dark"));
}

TEST(ChoicePage, HasItsSectionsAndPlots) {
  const std::string page = to_html(sample_choice());
  for (const char* id : {"differences", "judgements", "race", "profile", "rules", "runs", "next", "test", "notes"}) {
    EXPECT_TRUE(has(page, std::string("<section id=\"") + id + "\"")) << id;
    EXPECT_TRUE(has(page, std::string("<a href=\"#") + id + "\">")) << id;
  }
  for (const char* part : {"class=\"matters\"", "class=\"judged yes\"", "class=\"judged\"", "class=\"raced\"",
                           "class=\"gain\"", "class=\"loss\"", "A race crowns nobody", "class=\"verdict yes\"",
                           "class=\"verdict maybe\"", "train.csv line 812", "undecided, which does not mean equal"})
    EXPECT_TRUE(has(page, part)) << part;
  EXPECT_TRUE(has(to_html(sample_corrections()), "<p class=\"verdict answer maybe\">")) << "no win, no green";
  EXPECT_FALSE(has(to_html(sample_corrections()), "id=\"race\""));
}

TEST(ChoicePage, DrawsWhatIsOutOfRangeOrUnknown) {
  Choice choice = sample_choice();
  choice.judgements[0].verdict.low = -std::numeric_limits<double>::infinity();
  choice.judgements[0].verdict.high = std::numeric_limits<double>::infinity();
  choice.judgements[0].classes[0].first = metrics::kUndefined;
  choice.race[2].low = choice.race[2].high = metrics::kUndefined;
  choice.race[3].shrunk = choice.race[3].difference = metrics::kUndefined;
  const std::string page = to_html(choice);
  for (const char* part : {"=\"nan", "=\"inf", "=\"-inf", "Mnan", "=\"-nan"}) EXPECT_FALSE(has(page, part)) << part;
}

TEST(Choice, NothingToShowIsShownAsNothing) {
  for (const char* metric : {"macro_f1", "log_loss"}) {
    const Choice empty = sample_base(metric);
    const std::string page = to_html(empty), text = to_text(empty);
    EXPECT_FALSE(has(page, "<section")) << page.substr(page.find("<section"));
    EXPECT_FALSE(has(page, "<svg"));
    EXPECT_FALSE(has(text, "Race"));
    EXPECT_FALSE(has(text, "Measured"));
    EXPECT_TRUE(to_json(empty)["profile"]["figures"].empty());
  }
  Choice bare = choice_with(judged("a", "b", {0.012, -0.004, 0.009}, 8e-5, 0));
  bare.worth = 0;
  bare.judgements[0].classes.clear(), bare.judgements[0].changed.clear();
  EXPECT_TRUE(has(to_html(bare), "<svg"));
  EXPECT_FALSE(has(to_html(bare), "Classes that change"));
  EXPECT_FALSE(has(to_text(bare), "answer differently"));
}

}  // namespace
}  // namespace attune::selection
