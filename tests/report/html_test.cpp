#include "attune/report/html.h"

#include <gtest/gtest.h>
#include <regex>

#include "attune/report/html_parts.h"

#include "tests/report/sample_report.h"

namespace attune::report {
namespace {

// Every element is closed by its own name, in order. Style and script are skipped; void elements are known.
void expect_balanced(const std::string& page) {
  const std::regex tag("<(/?)([a-zA-Z][a-zA-Z0-9]*)([^>]*)>");
  std::vector<std::string> open;
  const auto begin = std::sregex_iterator(page.begin(), page.end(), tag);
  for (auto at = begin; at != std::sregex_iterator(); ++at) {
    const std::string name = (*at)[2], rest = (*at)[3];
    if (name == "meta" || name == "br" || rest.ends_with("/")) continue;
    if ((*at)[1].length() == 0) {
      open.push_back(name);
    } else {
      ASSERT_FALSE(open.empty()) << "</" << name << "> closes nothing";
      ASSERT_EQ(open.back(), name) << "at byte " << at->position();
      open.pop_back();
    }
  }
  EXPECT_TRUE(open.empty()) << open.back() << " is never closed";
}

std::string without_script(std::string page) {
  for (const char* name : {"style", "script"}) {
    const size_t begin = page.find(std::string("<") + name + ">"), end = page.find(std::string("</") + name + ">");
    page.erase(begin, end - begin + std::string(name).size() + 3);
  }
  return page;
}

TEST(Html, EscapeCoversTextAndAttributes) {
  EXPECT_EQ(escape("<a href=\"x\" id='y'>&"), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;");
  EXPECT_EQ(escape("\x1b\xff"), "\uFFFD\uFFFD");
}

TEST(Html, IsWellFormed) {
  expect_balanced(without_script(to_html(sample_report())));
  expect_balanced(without_script(to_html(sample_report(40, 900))));
  expect_balanced(without_script(to_html(sample_tagging())));
  expect_balanced(without_script(to_html({.task = "classify"})));
}

TEST(Html, NothingOfTheDataIsMarkup) {
  Report report = sample_report();
  report.show_texts = true;
  const std::string page = without_script(to_html(report));
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<b>message"), std::string::npos);
  EXPECT_EQ(page.find("<key>"), std::string::npos);
  EXPECT_EQ(page.find("<lm>"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;"), std::string::npos);
  EXPECT_NE(page.find("&lt;b&gt;message"), std::string::npos);
  EXPECT_NE(page.find("a&lt;b"), std::string::npos) << "the data report";
}

TEST(Html, AsksForNothingFromElsewhere) {
  const std::string page = to_html(sample_report());
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  for (const char* what : {"http:", "https:", "src=\"", "@import", "url(", "<link"}) {
    EXPECT_EQ(page.find(what), std::string::npos) << what;
  }
}

TEST(Html, TextsOnlyWhenAsked) {
  Report report = sample_report();
  EXPECT_EQ(to_html(report).find("SECRET"), std::string::npos);
  report.show_texts = true;
  EXPECT_NE(to_html(report).find("SECRET"), std::string::npos);
}

TEST(Html, HasItsSectionsAndLinksToThem) {
  const std::string page = to_html(sample_report());
  for (const char* id : {"ladder", "metrics", "routing", "classes", "confusion", "calibration", "mistakes", "curves",
                         "truncation", "data", "run"}) {
    EXPECT_NE(page.find(std::string("<section id=\"") + id + "\""), std::string::npos) << id;
    EXPECT_NE(page.find(std::string("<a href=\"#") + id + "\">"), std::string::npos) << id;
  }
  EXPECT_EQ(to_html(sample_tagging()).find("id=\"ladder\""), std::string::npos) << "what is not there is not shown";
}

TEST(Html, SaysWhatItShowsAndNoMore) {
  Report scores;
  scores.task = "regress";
  scores.splits.push_back({.name = "test", .rows = 1});
  scores.splits[0].scores.set("spearman", 0.5);
  scores.splits[0].mistakes = {{.file = "a.csv", .line = 2, .gold = "4", .predicted = "1"}};
  const std::string page = to_html(scores);
  EXPECT_NE(page.find("farthest from gold"), std::string::npos);
  EXPECT_EQ(page.find("surest"), std::string::npos);
  EXPECT_EQ(page.find("95%"), std::string::npos) << "there are no intervals";
  EXPECT_NE(to_html(sample_report()).find("95% interval"), std::string::npos);
}

TEST(Html, ConfusionOfManyClassesShowsThoseWithErrors) {
  std::vector<metrics::ConfusionCell> cells;
  for (int32_t k = 0; k < 150; ++k) cells.push_back({k, k, 10});
  for (int32_t k = 0; k < 30; ++k) cells.push_back({k, k + 1, 3});
  const std::string plot = plot_confusion(cells, sample_labels(150));
  EXPECT_NE(plot.find("Of 150 classes the 60 with the most errors are shown"), std::string::npos);
  EXPECT_NE(plot.find("gold label_5, predicted label_6: 3 rows (23.1% of the class)"), std::string::npos);
  EXPECT_EQ(plot.find("label_149"), std::string::npos);
}

}  // namespace
}  // namespace attune::report
