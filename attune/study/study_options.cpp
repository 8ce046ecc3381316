#include "attune/study/study_options.h"

#include <charconv>
#include <cmath>
#include <map>

#include "attune/base/error.h"

namespace attune::study {
namespace {

double with_unit(const std::string& text, const char* option, const std::map<std::string, double>& units,
                 const char* example) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto unit = units.find(std::string(static_cast<const char*>(end), text.data() + text.size()));
  if (error != std::errc() || !(number > 0) || !std::isfinite(number) || unit == units.end())
    fail(ErrorKind::usage, "{}: expected {}, above 0; got '{}'", option, example, text);
  return number * unit->second;
}

}  // namespace

void StudyOptions::visit(OptionList& list) {
  list.group("The search");
  list.add("metric", metric,
           {.help = "what counts, any that `attune eval` has (default: accuracy, micro_f1, spearman or entity_f1, by "
                    "task), or what mistakes cost, as in \"cost([[0, 10], [1, 0]])\", rows by the right label",
            .placeholder = "NAME"});
  list.add("budget", budget,
           {.help = "time that all of it may take, the final judgement included: 90s, 30m, 2h", .placeholder = "TIME"});
  list.add("search", search,
           {.help = "options to search within what they declare, parted by commas; auto: some that mostly matter; "
                    "none: those alone that were told a space",
            .placeholder = "NAMES"});
  list.add("space", space,
           {.help = "an option's space, as in lr=1e-5..5e-4:log, batch-size=8|16|32 or \"loss=cross_entropy | "
                    "focal(gamma=0.5..3)\"; repeated: several. The option itself takes it too: --lr 1e-5..5e-4:log",
            .placeholder = "SPACE"});
  list.add("max-latency", max_latency,
           {.help = "a model that needs longer for one text (median) is no answer, however good: 5ms, 0.2s",
            .placeholder = "TIME"});
  list.add(
      "max-size", max_size,
      {.help = "nor is one whose weights are larger, as they are held to answer: 30MB, 1GB", .placeholder = "SIZE"});
  list.add("trials", trials, {.help = "at most so many; 0: as many as the budget allows", .min = 0});
  list.add("random-share", random_share,
           {.help = "of the trials that are drawn at random, whatever was learnt", .min = 0, .max = 1});
  list.add("stop-hopeless", stop_hopeless,
           {.help = "end a run that lies below the median of others at the same place of their schedule"});
  list.add("seeds", seeds,
           {.help = "runs of each side that the final judgement should have; fewer where the budget is small",
            .min = 1,
            .max = 20});
  list.add("worth", worth,
           {.help = "a smaller difference does not matter; in points for shares and correlations (default: 0.5), else "
                    "in the metric's unit (default: 1% of the defaults' value)",
            .min = 0});
  list.add("strict", strict, {.help = "take what was found only where it is better by more than --worth"});
  list.add("by-time", by_time,
           {.help = "the rows stand in the order of time: later ones judge than were learned from"});
  list.add(
      "time", time,
      {.help = "the same by a column of the training files: numbers, or dates as 2026-11-29", .placeholder = "COLUMN"});
  list.add("level", level, {.help = "of intervals", .min = 0.5, .max = 0.9999});
  list.add("draws", draws, {.help = "resamples of the rows", .min = 100, .max = 1e6});
  list.add("jobs", jobs,
           {.help = "runs at once, each a process with its share of --threads; more processes may join by the same "
                    "command",
            .min = 1,
            .max = 256,
            .output_only = true});
  list.add("final-model", final_model,
           {.help = "train what was chosen on all rows at the end, within the budget, and leave the model here; --test "
                    "is judged then, once",
            .placeholder = "DIR",
            .output_only = true});
  train.visit(list);
}

double parse_seconds(const std::string& text, const char* option) {
  return with_unit(text, option, {{"s", 1}, {"m", 60}, {"h", 3600}}, "a time, as in 90s, 30m or 2h");
}

double parse_milliseconds(const std::string& text, const char* option) {
  return with_unit(text, option, {{"ms", 1}, {"s", 1000}}, "a time, as in 5ms or 0.2s");
}

double parse_bytes(const std::string& text, const char* option) {
  return with_unit(text, option, {{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}}, "a size, as in 30MB or 1GB");
}

}  // namespace attune::study
