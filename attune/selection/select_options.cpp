#include "attune/selection/select_options.h"

namespace attune::selection {

void SelectOptions::visit(OptionList& list) {
  list.group("The choice");
  list.add("metric", metric,
           {.help = "what counts, any that `attune eval` has (default: accuracy, micro_f1, spearman or entity_f1, by "
                    "task), or what mistakes cost, as in \"cost([[0, 10], [1, 0]])\", rows by the right label; decide "
                    "before you look",
            .placeholder = "NAME"});
  list.add("budget", budget,
           {.help = "what may be spent: plain runs (one of the plain loss on all rows), or time as in 20m. 1: "
                    "corrections of the plain loss, judged on one run; from 8 on losses race and a verdict follows",
            .placeholder = "BUDGET"});
  list.add("worth", worth,
           {.help = "a smaller difference does not matter; in points for shares and correlations (default: 0.5), else "
                    "in the metric's unit (default: 1% of the plain loss's value)",
            .min = 0});
  list.add(
      "strict", strict,
      {.help =
           "another loss only where it is better by more than --worth, corrections only where they are shown to pay"});
  list.add("candidate", candidates,
           {.help = "a loss to race first, as --loss takes it; repeated: several", .placeholder = "LOSS"});
  list.add("only-candidates", only_candidates,
           {.help = "race the losses of --candidate alone, without those of the rules and without other rates of the "
                    "plain loss"});
  list.add("ordered", ordered, {.help = "the labels are grades, lowest first in --labels or in their sorted order"});
  list.add("by-time", by_time,
           {.help = "the rows stand in the order of time: early ones are compared with late ones, and without --dev "
                    "every run is judged by later rows than it learned from"});
  list.add(
      "time", time,
      {.help = "the same by a column of the training files: numbers, or dates as 2026-11-29", .placeholder = "COLUMN"});
  list.add("level", level, {.help = "of intervals", .min = 0.5, .max = 0.9999});
  list.add("draws", draws, {.help = "resamples of the rows", .min = 100, .max = 1e6});
  list.add(
      "jobs", jobs,
      {.help = "runs at once, each a process with its share of --threads", .min = 1, .max = 256, .output_only = true});
  list.add(
      "final-model", final_model,
      {.help = "train the chosen loss on all rows at the end and leave the model here; --test is judged then, once, "
               "beside the plain loss",
       .placeholder = "DIR",
       .output_only = true});
  list.add("replay", replay,
           {.help = "make the choice of this folder again from its predictions alone, and say whether it is the same",
            .placeholder = "DIR",
            .output_only = true});
  train.visit(list);
}

}  // namespace attune::selection
