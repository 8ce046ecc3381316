// The space of `attune tune`: what was told of it, within what `attune train`'s options declare (OptionInfo::search),
// and what each of its points means for a run.
//
//   lr-times   is no option of a run: the rate as a multiple of what it would be, which is an adapter's own where there
//              is one. 0.2..10 by logarithms; searched in place of lr where lr was told no space
//   loss       what mostly matters of the task's losses, and the default's own smoothing
//   adapter    none stands for all weights
#pragma once
#include <map>
#include <string>
#include <vector>

#include "attune/losses/loss.h"
#include "attune/study/study_options.h"
#include "attune/tasks/model_bundle.h"
#include "attune/tune/space.h"

namespace attune::study {

inline constexpr const char* kRateTimes = "lr-times";

struct StudySpace {
  tune::Space space;
  std::map<std::string, std::string> defaults;  // of what is searched, as a run without any choice has it
  std::optional<tune::Point> defaults_point;    // where they are a point of the space
  std::vector<std::string> notes;               // why they are not
};

// Names that the space may have, in the order of the options.
std::vector<std::string> searchable_names();

// What --search would search each of them in; of the loss it goes by the task.
std::vector<std::pair<std::string, std::string>> declared_spaces();

// Whether `text`, told as the value of the option, is a space rather than a value: "1e-5..5e-4:log", "8|16". Options
// that cannot be searched have values alone.
bool is_space(const std::string& option, const std::string& text);

// `bundle`: opened with the options as they were told, so that it knows what they mean. Errors (usage): those of
// tune::parse_space; a name in --search that declares nothing to search (suggests); nothing to search; lr-times beside
// a rate, or not above 0.
StudySpace make_space(const StudyOptions& options, const tasks::ModelBundle& bundle);

// Points that between them have every alternative of the space and both ends of every range, each with the name of the
// dimension that it is for: who tries them all finds whatever value no run could take.
struct SpaceProbe {
  std::string dimension;
  tune::Point point;
};
std::vector<SpaceProbe> probes_of(const tune::Space& space);

// What a run of the point is told; `point` null: the options as they were told.
train::TrainOptions options_at(const StudyOptions& options, const tune::Space& space, const tune::Point* point);

// The options whose values are not the usual ones, as a line: "lr 0.00012, batch-size 32"; "" where there is none.
std::string differences_text(const std::map<std::string, std::string>& options,
                             const std::map<std::string, std::string>& usual);
// What differs from the options as they were told, as a line: "lr 0.00012, batch-size 32"; "" where nothing does.
std::string changes_text(const StudySpace& space, const tune::Point& point);

}  // namespace attune::study
