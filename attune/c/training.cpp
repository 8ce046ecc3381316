// The half of the C interface that trains.
#include <nlohmann/json.hpp>

#include "attune/base/json.h"
#include "attune/c/failures.h"
#include "attune/c/json_options.h"
#include "attune/report/json.h"
#include "attune/report/profile.h"
#include "attune/train/event_json.h"
#include "attune/train/run.h"

namespace attune::c {
namespace {

using Json = nlohmann::ordered_json;

// A run's events, handed on as lines of JSON.
class Watched final : public train::Observer {
 public:
  Watched(const attune_watcher* watcher, int64_t log_every)
      : watcher_(watcher ? *watcher : attune_watcher{}), log_every_(log_every) {}

  void note(const std::string& text) override { tell(train::note_json(text)); }
  void planned(const train::RunPlan& plan) override { tell(train::plan_json(plan)); }
  void progressed(const train::Progress& progress) override {
    if (train::has_line(progress, log_every_)) tell(train::progress_json(progress));
  }
  void evaluated(int64_t step, double epoch, const std::string& split, const metrics::Scores& scores, bool) override {
    tell(train::evaluation_json(step, epoch, split, scores));
  }
  bool stop_requested() override { return watcher_.stop && watcher_.stop(watcher_.user) != 0; }

 private:
  void tell(const Json& event) const {
    if (!watcher_.event) return;
    watcher_.event(watcher_.user, json_text(event).c_str());
  }

  attune_watcher watcher_;
  int64_t log_every_;
};

const char* name_of(train::RunResult::State state) {
  switch (state) {
    case train::RunResult::State::finished:
      return "finished";
    case train::RunResult::State::interrupted:
      return "interrupted";
    case train::RunResult::State::was_finished:
      return "was_finished";
  }
  return "";
}

std::string result_text(const train::RunResult& result, const std::string& out) {
  Json object{{"state", name_of(result.state)}, {"out", out}};
  if (result.state == train::RunResult::State::finished) object["report"] = report::to_json(result.report);
  if (result.profile) object["profile"] = report::to_json(*result.profile);
  return json_text(object);
}

// The choice of a loss runs a program many times; a library has none to run.
void check_loss(const std::string& loss) {
  const size_t first = loss.find_first_not_of(' ');
  if (first == loss.npos || loss.compare(first, 4, "auto") != 0) return;
  const char after = first + 4 < loss.size() ? loss[first + 4] : ' ';
  if (after == ' ' || after == '(')
    fail(ErrorKind::usage,
         "loss {}: the choice of a loss is the program's work; run `attune train --loss auto` or "
         "`attune select-loss`, or name a loss",
         loss);
}

}  // namespace
}  // namespace attune::c

using namespace attune;

attune_status attune_train(const char* options, const attune_watcher* watcher, char** result) {
  return c::guarded([&] {
    c::check_given(options, "options");
    c::check_given(result, "result");
    train::TrainOptions training;
    OptionList list("");
    training.visit(list);
    c::read_options(options, list);
    list.check_required();
    c::check_loss(training.loss);
    training.max_length_is_a_demand = list.given("max-length");
    training.lr_is_given = list.given("lr");
    c::Watched observer(watcher, training.log_every);
    const std::string out = training.out;
    *result = c::handed_out(c::result_text(train::run_training(std::move(training), observer), out));
  });
}
